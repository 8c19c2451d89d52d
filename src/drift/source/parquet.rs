//! Rows of a Parquet file: behind the feature `parquet`, because the crate takes long to build.

#[cfg(feature = "parquet")]
mod column;
#[cfg(feature = "parquet")]
mod file;

use std::path::Path;

use super::Source;
use crate::drift::DriftError;
use crate::drift::section::Section;

/// Opens `path`, printed as `printed`, and finds the section's columns.
///
/// # Errors
/// A file that cannot be read or is not Parquet, a missing column, a column of the wrong type; always, in a build
/// without the feature.
#[cfg(feature = "parquet")]
pub fn open(path: &Path, printed: &str, section: &Section) -> Result<Box<dyn Source>, DriftError> {
    file::ParquetFile::open(path, printed, section).map(|file| Box::new(file) as Box<dyn Source>)
}

/// Says which build reads Parquet.
///
/// # Errors
/// Always.
#[cfg(not(feature = "parquet"))]
pub fn open(_: &Path, printed: &str, _: &Section) -> Result<Box<dyn Source>, DriftError> {
    let message = "this build does not read Parquet; build with `--features parquet`, or export the rows as CSV";
    Err(DriftError::File { path: printed.to_owned(), message: message.to_owned() })
}
