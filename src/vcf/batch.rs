//! A CSV file in, the same rows with results out: every row gets a status, none is dropped.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use crate::suggest::hint;
use crate::volumetrics::{Base, DensityKind, Grid, Measurement, Pressure, Procedure};

use super::{Answer, Request, group, strict, units};

/// Columns read. A column that is not there, or empty in a row, takes the default given.
pub const COLUMNS: &[&str] = &[
    "id",
    "method",
    "precision",
    "hydrometer",
    "vcf_decimals",
    "group",
    "density_kgm3",
    "density_kind",
    "temperature_c",
    "pressure_psig",
    "alpha60_per_f",
    "base",
    "volume_l",
];

/// Columns appended.
pub const RESULTS: [&str; 4] = ["density15_kgm3", "vcf", "volume15_l", "status"];

/// Values for columns a file or a row does not have, by column name.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Text by column.
    pub values: BTreeMap<&'static str, String>,
    /// The table of method `grid`.
    pub grid: Option<Arc<Grid>>,
}

/// What a file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows computed.
    pub computed: usize,
    /// Rows that could not be.
    pub failed: usize,
}

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum BatchError {
    #[error("{path}: line {line}: {message}; correct the file")]
    Malformed { path: String, line: u64, message: String },
    #[error("{path}: {message}")]
    Header { path: String, message: String },
    #[error("{0}; the results are incomplete")]
    Write(#[from] csv::Error),
}

/// One row's result.
pub type Row = Result<Answer, String>;

/// Reads `input` (printed as `path`) row by row; `each` gets the record and its result, and may fail.
///
/// # Errors
/// A file that is no CSV, has no usable header or no rows.
pub fn read(
    input: impl Read,
    path: &str,
    defaults: &Defaults,
    mut each: impl FnMut(&csv::StringRecord, &Row) -> Result<(), csv::Error>,
    header: impl FnOnce(&csv::StringRecord) -> Result<(), csv::Error>,
) -> Result<Tally, BatchError> {
    let mut reader = strict::reader(input, csv::Trim::Headers);
    let failed = |message| BatchError::Header { path: path.to_owned(), message };
    let names = strict::header(&mut reader).map_err(failed)?;
    let places = places(&names).map_err(failed)?;
    header(&names)?;
    let (mut tally, mut record) = (Tally::default(), csv::StringRecord::new());
    while reader.read_record(&mut record).map_err(|error| malformed(path, &error))? {
        let result = Fields { record: &record, places: &places, defaults }.answer();
        match result {
            Ok(_) => tally.computed += 1,
            Err(_) => tally.failed += 1,
        }
        each(&record, &result)?;
    }
    if tally == Tally::default() {
        return Err(BatchError::Header { path: path.to_owned(), message: "no rows; nothing was computed".to_owned() });
    }
    Ok(tally)
}

/// Reads `input` and writes its rows with the columns of [`RESULTS`] behind them.
///
/// # Errors
/// As [`read`], and a failing `output`.
pub fn run(input: impl Read, path: &str, defaults: &Defaults, output: impl Write) -> Result<Tally, BatchError> {
    let writer = std::cell::RefCell::new(csv::Writer::from_writer(output));
    let tally = read(
        input,
        path,
        defaults,
        |record, row| writer.borrow_mut().write_record(record.iter().map(str::to_owned).chain(cells(row))),
        |names| writer.borrow_mut().write_record(names.iter().chain(RESULTS)),
    )?;
    writer.borrow_mut().flush().map_err(csv::Error::from)?;
    Ok(tally)
}

/// The result's cells, in the order of [`RESULTS`].
#[must_use]
pub fn cells(row: &Row) -> [String; 4] {
    match row {
        Ok(answer) => [
            answer.density15_kgm3.to_string(),
            answer.vcf.to_string(),
            answer.volume15_l.map(|litres| litres.to_string()).unwrap_or_default(),
            status(row),
        ],
        Err(_) => [String::new(), String::new(), String::new(), status(row)],
    }
}

/// `ok`, `ok: a note`, or `error: why`.
#[must_use]
pub fn status(row: &Row) -> String {
    match row {
        Ok(answer) if answer.notes.is_empty() => "ok".to_owned(),
        Ok(answer) => format!("ok: {}", answer.notes.join("; ")),
        Err(why) => format!("error: {why}"),
    }
}

fn malformed(path: &str, error: &csv::Error) -> BatchError {
    let (line, message) = strict::malformed(error);
    BatchError::Malformed { path: path.to_owned(), line, message }
}

/// Where each known column stands. Others are passed through, unless they look like a known one misspelt.
fn places(header: &csv::StringRecord) -> Result<BTreeMap<&'static str, usize>, String> {
    let mut places = BTreeMap::new();
    for (at, name) in header.iter().enumerate() {
        if let Some(known) = COLUMNS.iter().find(|column| **column == name) {
            places.insert(*known, at);
        } else if RESULTS.contains(&name) {
            return Err(format!("column `{name}` is a result and there already; rename it"));
        }
    }
    let missing = || COLUMNS.iter().copied().filter(|column| !places.contains_key(column));
    for name in header.iter().filter(|name| !COLUMNS.contains(name)) {
        let hint = hint(name, missing());
        if !hint.is_empty() {
            return Err(format!("unknown column `{name}`{hint}"));
        }
    }
    Ok(places)
}

/// One row with the defaults behind it.
struct Fields<'a> {
    record: &'a csv::StringRecord,
    places: &'a BTreeMap<&'static str, usize>,
    defaults: &'a Defaults,
}

impl Fields<'_> {
    fn text(&self, column: &'static str) -> Option<&str> {
        let own = self.places.get(column).and_then(|at| self.record.get(*at)).map(str::trim);
        own.filter(|text| !text.is_empty()).or_else(|| self.defaults.values.get(column).map(String::as_str))
    }

    fn required(&self, column: &'static str) -> Result<&str, String> {
        self.text(column).ok_or_else(|| format!("{column} is missing"))
    }

    fn parsed<T: std::str::FromStr<Err = String> + Default>(&self, column: &'static str) -> Result<T, String> {
        self.text(column).map_or_else(|| Ok(T::default()), str::parse)
    }

    fn number(&self, column: &'static str) -> Result<Option<f64>, String> {
        self.text(column).map(units::number).transpose().map_err(|error| format!("{column}: {error}"))
    }

    fn answer(&self) -> Row {
        self.request()?.answer().map_err(|error| error.to_string())
    }

    fn request(&self) -> Result<Request, String> {
        let procedure = Procedure {
            method: self.parsed("method")?,
            precision: self.parsed("precision")?,
            hydrometer: self.parsed("hydrometer")?,
            vcf_decimals: self.parsed("vcf_decimals")?,
            grid: self.defaults.grid.clone(),
        };
        let pressure = self.number("pressure_psig")?.unwrap_or(0.0);
        let measurement = Measurement {
            group: group(self.text("group").unwrap_or("refined"), self.number("alpha60_per_f")?)?,
            density: units::density(self.required("density_kgm3")?)?,
            density_kind: self.parsed::<DensityKind>("density_kind")?,
            temperature: units::temperature(self.required("temperature_c")?)?,
            pressure: Pressure::from_psig(pressure).map_err(|error| error.to_string())?,
            base: self.parsed::<Base>("base")?,
        };
        let volume = self.text("volume_l").map(units::volume).transpose()?;
        Ok(Request { procedure, measurement, volume })
    }
}
