//! A Parquet file, row group by row group.

use std::fs::File;
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::column::{Column, Kind};
use crate::drift::DriftError;
use crate::drift::section::Section;
use crate::drift::source::{Cell, Row, Source};
use crate::suggest::hint;

/// An open file.
pub(super) struct ParquetFile {
    reader: SerializedFileReader<File>,
    /// As printed.
    path: String,
    /// Columns used: place in the file, how to read it, level of a value that is there.
    used: Vec<(usize, Kind, i16)>,
    /// Places in `used`.
    key: usize,
    product: Option<usize>,
    group: Vec<usize>,
    time: Option<usize>,
    cells: [Option<usize>; 6],
    next_group: usize,
    /// Columns of the present row group, in the order of `used`, and the rows it still has.
    columns: Vec<Column>,
    left: u64,
    rows: u64,
}

impl ParquetFile {
    pub(super) fn open(path: &Path, printed: &str, section: &Section) -> Result<Self, DriftError> {
        let failed = |message: String| DriftError::File { path: printed.to_owned(), message };
        let file = File::open(path).map_err(|error| failed(format!("{error}; name a file that can be read")))?;
        let reader = SerializedFileReader::new(file)
            .map_err(|error| failed(format!("not a Parquet file that can be read: {}", words(&error))))?;
        let mut used = Used { reader: &reader, places: Vec::new() };
        let any = |_: Kind| true;
        let maybe = |name: Option<&str>| name.map(str::to_owned);
        let key = used.place(&section.key, any, "").map_err(failed)?;
        let product = maybe(section.product.column.as_deref());
        let product = product.map(|name| used.place(&name, any, "")).transpose().map_err(failed)?;
        let group = section.group_by.iter().map(|name| used.place(name, any, "")).collect::<Result<_, _>>();
        let group = group.map_err(failed)?;
        let time = maybe(section.time.as_deref());
        let time = time.map(|name| used.place(&name, Kind::is_time, "neither date nor timestamp"));
        let time = time.transpose().map_err(failed)?;
        let mut cells = [None; 6];
        for (slot, (_, column)) in cells.iter_mut().zip(section.columns.all()) {
            let place = column.map(|name| used.place(name, Kind::is_number, "not a number"));
            *slot = place.transpose().map_err(failed)?;
        }
        let (used, path, columns) = (used.places, printed.to_owned(), Vec::new());
        Ok(Self { reader, path, used, key, product, group, time, cells, next_group: 0, columns, left: 0, rows: 0 })
    }

    fn failed(&self, error: &ParquetError) -> DriftError {
        let message = format!("row {}: {}; write the file again", self.rows + 1, words(error));
        DriftError::File { path: self.path.clone(), message }
    }

    /// Goes to the next row group with rows; false behind the last.
    fn advance(&mut self) -> Result<bool, ParquetError> {
        while self.left == 0 {
            if self.next_group >= self.reader.num_row_groups() {
                return Ok(false);
            }
            let group = self.reader.get_row_group(self.next_group)?;
            self.next_group += 1;
            self.left = u64::try_from(group.metadata().num_rows()).unwrap_or(0);
            let columns = self.used.iter();
            let open = |(at, _, defined): &(usize, Kind, i16)| Ok(Column::new(group.get_column_reader(*at)?, *defined));
            self.columns = columns.map(open).collect::<Result<_, ParquetError>>()?;
        }
        Ok(true)
    }

    fn take(&mut self, row: &mut Row) -> Result<bool, ParquetError> {
        if !self.advance()? {
            return Ok(false);
        }
        self.left -= 1;
        self.rows += 1;
        let values = self.columns.iter_mut().map(Column::next).collect::<Result<Vec<_>, _>>()?;
        let value = |at: usize| values.get(at).zip(self.used.get(at).map(|(_, kind, _)| *kind));
        let text = |at: usize| value(at).and_then(|(value, kind)| value.text(kind));
        row.line = None;
        row.key = text(self.key).unwrap_or_else(|| format!("row {}", self.rows));
        row.product = self.product.and_then(text);
        row.group = self.group.iter().map(|at| text(*at).unwrap_or_default()).collect();
        row.day = self.time.and_then(|at| value(at).and_then(|(value, kind)| value.day(kind)));
        for (cell, at) in row.cells.iter_mut().zip(self.cells) {
            *cell = match at {
                None => Cell::Absent,
                Some(at) => value(at).map_or(Cell::Null, |(value, kind)| value.cell(kind)),
            };
        }
        Ok(true)
    }
}

impl Source for ParquetFile {
    fn read(&mut self, row: &mut Row) -> Result<bool, DriftError> {
        self.take(row).map_err(|error| self.failed(&error))
    }

    fn part(&self) -> Option<f64> {
        let rows = self.reader.metadata().file_metadata().num_rows();
        (rows > 0).then(|| self.rows as f64 / rows as f64)
    }
}

/// Columns as they are asked for.
struct Used<'r> {
    reader: &'r SerializedFileReader<File>,
    places: Vec<(usize, Kind, i16)>,
}

impl Used<'_> {
    /// The column's place among those used.
    fn place(&mut self, name: &str, fits: impl Fn(Kind) -> bool, wanted: &str) -> Result<usize, String> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let names = || schema.columns().iter().map(|column| column.name());
        let found = schema.columns().iter().position(|column| column.path().string() == name);
        let (at, column) = found
            .and_then(|at| schema.columns().get(at).map(|column| (at, column)))
            .ok_or_else(|| format!("there is no column `{name}`{}", hint(name, names())))?;
        let kind = Kind::of(column).filter(|kind| fits(*kind));
        let kind = kind.ok_or_else(|| {
            let wanted = if wanted.is_empty() { "which cannot be read here" } else { wanted };
            format!("column `{name}` is of type {}, {wanted}", column.physical_type())
        })?;
        self.places.push((at, kind, column.max_def_level()));
        Ok(self.places.len() - 1)
    }
}

/// The library's words without its prefix.
fn words(error: &ParquetError) -> String {
    match error {
        ParquetError::General(message) | ParquetError::EOF(message) => message.clone(),
        other => other.to_string(),
    }
}
