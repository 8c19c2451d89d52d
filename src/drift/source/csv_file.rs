//! Rows of a CSV file.

use std::fs::File;
use std::path::Path;

use super::{Cell, Row, Source, day};
use crate::drift::DriftError;
use crate::drift::section::Section;
use crate::suggest::hint;

/// An open file.
pub struct CsvFile {
    reader: csv::Reader<File>,
    record: csv::StringRecord,
    /// As printed.
    path: String,
    key: usize,
    product: Option<usize>,
    group: Vec<usize>,
    time: Option<usize>,
    cells: [Option<usize>; 6],
}

impl CsvFile {
    /// Opens `path`, printed as `printed`, and finds the section's columns.
    ///
    /// # Errors
    /// An unreadable file or a missing column.
    pub fn open(path: &Path, printed: &str, section: &Section) -> Result<Self, DriftError> {
        let failed = |message: String| DriftError::Csv { path: printed.to_owned(), message };
        let file = File::open(path).map_err(|error| failed(format!("{error}; name a file that can be read")))?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
        let header = reader.headers().map_err(|error| failed(error.to_string()))?.clone();
        let place = |name: &str| {
            let found = header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
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
        Ok(Self { reader, record, path, key, product, group, time, cells })
    }

    fn malformed(&self, error: &csv::Error) -> DriftError {
        let line = error.position().map_or(1, csv::Position::line);
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} fields where the header has {expected_len}")
            }
            csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        DriftError::Csv { path: self.path.clone(), message: format!("line {line}: {message}; correct the file") }
    }
}

impl Source for CsvFile {
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
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let decimals = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len());
    match text.parse::<f64>() {
        Ok(value) => Cell::Number(value, u8::try_from(decimals).unwrap_or(u8::MAX)),
        Err(_) => Cell::Bad(text.to_owned()),
    }
}
