//! Which storage buckets are public: data, but data that decides what a policy opens.

use postgres::GenericClient;
use serde::Deserialize;

use super::super::{LiveError, Reader};

#[derive(Deserialize)]
struct Readable {
    readable: bool,
}

#[derive(Deserialize)]
struct Bucket {
    id: String,
}

/// Their ids; none where there is no storage, `None` where there is and it cannot be read in full.
pub(super) fn public(reader: &mut Reader<'_, impl GenericClient>) -> Result<Option<Vec<String>>, LiveError> {
    let rows: Vec<Readable> = reader.fetch("storage", include_str!("../sql/buckets_readable.sql"))?;
    match rows.first() {
        None => Ok(Some(Vec::new())),
        Some(row) if !row.readable => Ok(None),
        Some(_) => {
            let buckets: Vec<Bucket> = reader.fetch("storage buckets", include_str!("../sql/buckets.sql"))?;
            Ok(Some(buckets.into_iter().map(|bucket| bucket.id).collect()))
        }
    }
}
