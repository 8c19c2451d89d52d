//! Lookup tables of observed density × temperature: written for engines that interpolate, read for method `grid`.

use std::fs::File;
use std::path::Path;

use super::strict;
use crate::volumetrics::{Base, Density, DensityKind, Grid, Group, Procedure, Temperature, Vcf, VolumetricError};

/// The columns of a table file, in order.
pub const COLUMNS: [&str; 4] = ["density_kgm3", "temperature_c", "density15_kgm3", "vcf"];

/// More nodes than this are a mistake in the steps.
const MOST_NODES: usize = 1_000_000;

/// One node.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Node {
    /// Observed density, kg/m³.
    pub density_kgm3: f64,
    /// Observed temperature, °C.
    pub temperature_c: f64,
    /// Density at 15 °C, kg/m³.
    pub density15_kgm3: f64,
    /// Volume correction factor to 15 °C.
    pub vcf: f64,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum GridFileError {
    #[error("{name} from {from} to {to} by {step} is no range; give a lower and a higher end and a step above 0")]
    Range { name: &'static str, from: f64, to: f64, step: f64 },
    #[error("{0} nodes are too many; take larger steps")]
    TooMany(usize),
    #[error("density {density} kg/m³ at {temperature} °C cannot be computed: {source}")]
    Node { density: f64, temperature: f64, source: VolumetricError },
    #[error("{path}: {message}")]
    File { path: String, message: String },
}

/// `from`, `from + step`, … up to `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// First value.
    pub from: f64,
    /// Last value, taken when the steps hit it.
    pub to: f64,
    /// Step.
    pub step: f64,
}

impl Range {
    fn values(self, name: &'static str) -> Result<Vec<f64>, GridFileError> {
        let Self { from, to, step } = self;
        let steps = ((to - from) / step + 1e-9).floor();
        if !(step > 0.0 && (0.0..1e9).contains(&steps)) {
            return Err(GridFileError::Range { name, from, to, step });
        }
        let steps = steps as usize;
        if steps > MOST_NODES {
            return Err(GridFileError::TooMany(steps));
        }
        // Decimal steps add up to decimal values.
        Ok((0..=steps).map(|i| ((from + i as f64 * step) * 1e9).round() / 1e9).collect())
    }
}

impl std::str::FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<f64> = text.split(':').map(super::units::number).collect::<Result<_, _>>()?;
        match numbers.as_slice() {
            [from, to, step] => Ok(Self { from: *from, to: *to, step: *step }),
            _ => Err(format!("`{text}` is no range; write from:to:step, such as 10:40:5")),
        }
    }
}

/// The nodes of a table, density by density.
///
/// # Errors
/// A range that is none, or a node the method cannot compute: a table with holes is of no use.
pub fn nodes(
    procedure: &Procedure,
    group: Group,
    densities: Range,
    temperatures: Range,
) -> Result<Vec<Node>, GridFileError> {
    let (densities, temperatures) = (densities.values("density")?, temperatures.values("temperature")?);
    let count = densities.len() * temperatures.len();
    if count > MOST_NODES {
        return Err(GridFileError::TooMany(count));
    }
    let pairs = densities.iter().flat_map(|density| temperatures.iter().map(move |celsius| (*density, *celsius)));
    pairs.map(|(density, celsius)| node(procedure, group, density, celsius)).collect()
}

fn node(procedure: &Procedure, group: Group, density: f64, temperature: f64) -> Result<Node, GridFileError> {
    let failed = |source| GridFileError::Node { density, temperature, source };
    let typed =
        (Density::from_kg_m3(density).map_err(failed)?, Temperature::from_celsius(temperature).map_err(failed)?);
    let measurement = super::measurement(group, typed.0, DensityKind::Observed, typed.1, Base::C15);
    let correction = procedure.correct(&measurement).map_err(failed)?;
    let (density15_kgm3, vcf) = (correction.density_base.kg_m3(), correction.vcf.factor());
    Ok(Node { density_kgm3: density, temperature_c: temperature, density15_kgm3, vcf })
}

/// Reads a table from a CSV file with the columns of [`COLUMNS`].
///
/// # Errors
/// An unreadable file, a missing column, a bad number (with its line), a table with holes.
pub fn read(path: &Path) -> Result<Grid, GridFileError> {
    let printed = path.display().to_string();
    let failed = |message: String| GridFileError::File { path: printed.clone(), message };
    let file = File::open(path).map_err(|error| failed(format!("{error}; name a file that can be read")))?;
    let mut reader = strict::reader(file, csv::Trim::All);
    let header = strict::header(&mut reader).map_err(failed)?;
    let place = |name: &str| {
        let found = header.iter().position(|column| column == name);
        found.ok_or_else(|| failed(format!("column `{name}` is missing; the columns are {}", COLUMNS.join(", "))))
    };
    let [density, temperature, density15, vcf] = COLUMNS;
    let places = [place(density)?, place(temperature)?, place(density15)?, place(vcf)?];
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let (line, message) = strict::malformed(&error);
            failed(format!("line {line}: {message}; correct the file"))
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = row(&record, places).map_err(|message| failed(format!("line {line}: {message}")))?;
        rows.push(row);
    }
    Grid::new(&rows).map_err(|error| failed(error.to_string()))
}

type Row = (Density, Temperature, Density, Vcf);

fn row(record: &csv::StringRecord, [density, temperature, density15, vcf]: [usize; 4]) -> Result<Row, String> {
    let number = |at: usize| super::units::number(record.get(at).unwrap_or(""));
    let said = |error: VolumetricError| error.to_string();
    Ok((
        Density::from_kg_m3(number(density)?).map_err(said)?,
        Temperature::from_celsius(number(temperature)?).map_err(said)?,
        Density::from_kg_m3(number(density15)?).map_err(said)?,
        Vcf::new(number(vcf)?).map_err(said)?,
    ))
}
