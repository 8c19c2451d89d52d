//! Rows of a CSV file.

use std::fs::File;
use std::path::Path;

use super::{Cell, Row, Source, day};
use crate::drift::DriftError;
use crate::drift::section::Section;
use crate::suggest::hint;
use crate::vcf::strict::{self, Quotes};

/// An open file.
pub struct CsvFile {
    reader: csv::Reader<Quotes<File>>,
    record: csv::StringRecord,
    /// As printed.
    path: String,
    key: usize,
    product: Option<usize>,
    group: Vec<usize>,
    time: Option<usize>,
    cells: [Option<usize>; 6],
    /// Bytes, where the system tells.
    size: Option<u64>,
}

impl CsvFile {
    /// Opens `path`, printed as `printed`, and finds the section's columns.
    ///
    /// # Errors
    /// An unreadable file or a missing column.
    pub fn open(path: &Path, printed: &str, section: &Section) -> Result<Self, DriftError> {
        let failed = |message: String| DriftError::File { path: printed.to_owned(), message };
        let file = File::open(path).map_err(|error| failed(format!("{error}; name a file that can be read")))?;
        let size = file.metadata().map(|about| about.len()).ok();
        let mut reader = strict::reader(file, csv::Trim::All);
        let header = strict::header(&mut reader).map_err(failed)?;
        let place = |name: &str| {
            let found = header.iter().position(|column| column == name);
            found.ok_or_else(|| failed(format!("there is no column `{name}`{}", hint(name, header.iter()))))
        };
        let maybe = |name: Option<&str>| name.map(place).transpose();
        let mut cells = [None; 6];
        for (slot, (_, column)) in cells.iter_mut().zip(section.columns.all()) {
            *slot = maybe(column)?;
        }
        let group = section.group_by.iter().map(|name| place(name)).collect::<Result<_, _>>()?;
        let (key, product) = (place(&section.key)?, maybe(section.product.column.as_deref())?);
        let time = maybe(section.time.as_deref())?;
        let (record, path) = (csv::StringRecord::new(), printed.to_owned());
        Ok(Self { reader, record, path, key, product, group, time, cells, size })
    }

    fn malformed(&self, error: &csv::Error) -> DriftError {
        let (line, message) = strict::malformed(error);
        DriftError::File { path: self.path.clone(), message: format!("line {line}: {message}; correct the file") }
    }
}

impl Source for CsvFile {
    fn part(&self) -> Option<f64> {
        let size = self.size.filter(|size| *size > 0)?;
        Some(self.reader.position().byte() as f64 / size as f64)
    }

    fn read(&mut self, row: &mut Row) -> Result<bool, DriftError> {
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => return Err(self.malformed(&error)),
        }
        let text = |at: usize| self.record.get(at).unwrap_or("");
        let line = self.record.position().map(csv::Position::line);
        row.line = line;
        row.key.clear();
        match text(self.key) {
            "" => row.key.push_str(&format!("line {}", line.unwrap_or(0))),
            key => row.key.push_str(key),
        }
        row.product = self.product.map(|at| text(at).to_owned()).filter(|product| !product.is_empty());
        row.group.clear();
        row.group.extend(self.group.iter().map(|at| text(*at).to_owned()));
        row.day = self.time.and_then(|at| day(text(at)));
        for (cell, at) in row.cells.iter_mut().zip(self.cells) {
            *cell = at.map_or(Cell::Absent, |at| number(text(at)));
        }
        Ok(true)
    }
}

fn number(text: &str) -> Cell {
    if text.is_empty() || text.eq_ignore_ascii_case("null") {
        return Cell::Null;
    }
    match text.parse::<f64>() {
        Ok(value) => Cell::Number(value, decimals(text)),
        Err(_) => Cell::Bad(text.to_owned()),
    }
}

/// Decimals written; `9.8633e-1` has five.
fn decimals(text: &str) -> u8 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let written = mantissa.split_once('.').map_or(0, |(_, digits)| i64::try_from(digits.len()).unwrap_or(i64::MAX));
    let decimals = written.saturating_sub(exponent.parse::<i64>().unwrap_or(0));
    u8::try_from(decimals.max(0)).unwrap_or(u8::MAX)
}
