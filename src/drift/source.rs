//! Stored rows, one at a time or a block at a time and in constant memory, from a CSV file or a table.

pub mod block;
pub mod copy;
pub mod csv_file;
mod numeric;
pub mod parquet;

use std::collections::VecDeque;

use super::DriftError;
use super::section::{DensityUnit, Plan, TemperatureUnit, VolumeUnit};
use block::{Block, Blocks};

/// One stored value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// There is no such column.
    #[default]
    Absent,
    /// NULL or empty.
    Null,
    /// A number with the decimals it is stored with.
    Number(f64, u8),
    /// Something else, as it stands there.
    Bad(String),
}

/// Places of the results in [`Row::cells`].
pub const DENSITY15: usize = 3;
/// Stored factor.
pub const VCF: usize = 4;
/// Stored volume at base.
pub const VOLUME15: usize = 5;

/// One stored row. Reused: reading overwrites it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Identifies it; its number where the key is NULL.
    pub key: String,
    /// Product, if there is such a column.
    pub product: Option<String>,
    /// Values of the `group-by` columns.
    pub group: Vec<String>,
    /// Days since 1970-01-01, if there is a time.
    pub day: Option<i32>,
    /// Line in a file.
    pub line: Option<u64>,
    /// Volume, temperature, density, density15, vcf, volume15.
    pub cells: [Cell; 6],
}

/// Where rows come from.
pub trait Source {
    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// What cannot be read, with its place.
    fn read(&mut self, row: &mut Row) -> Result<bool, DriftError>;

    /// How much has been read, 0 to 1, where that can be told.
    fn part(&self) -> Option<f64> {
        None
    }

    /// Where rows can be had as columns, many at once.
    fn blocks(&mut self) -> Option<&mut dyn Blocks> {
        None
    }
}

/// Rows looked at first to learn how many decimals the columns have.
const SAMPLE: usize = 1000;

/// A source whose first rows have been looked at.
pub struct Sampled<'s> {
    source: &'s mut dyn Source,
    ahead: VecDeque<Row>,
    /// The source has said that it is at its end.
    ended: bool,
    convert: [Conversion; 6],
    /// Most decimals seen by column.
    pub decimals: [u8; 6],
}

impl<'s> Sampled<'s> {
    /// Reads ahead.
    ///
    /// # Errors
    /// As the source.
    pub fn new(source: &'s mut dyn Source, plan: &Plan) -> Result<Self, DriftError> {
        let mut sampled =
            Self { source, ahead: VecDeque::new(), ended: false, convert: conversions(plan), decimals: [0; 6] };
        let mut row = Row::default();
        while sampled.ahead.len() < SAMPLE && sampled.next(&mut row)? {
            sampled.convert(&mut row);
            for (most, cell) in sampled.decimals.iter_mut().zip(&row.cells) {
                if let Cell::Number(_, decimals) = cell {
                    *most = (*most).max(*decimals);
                }
            }
            sampled.ahead.push_back(std::mem::take(&mut row));
        }
        Ok(sampled)
    }

    /// The next row, in kg/m³, °C and litres.
    ///
    /// # Errors
    /// As the source.
    pub fn read(&mut self, row: &mut Row) -> Result<bool, DriftError> {
        if let Some(next) = self.ahead.pop_front() {
            *row = next;
            return Ok(true);
        }
        let more = self.next(row)?;
        self.convert(row);
        Ok(more)
    }

    /// Whether the next rows can be had a block at a time.
    pub fn in_blocks(&mut self) -> bool {
        self.ahead.is_empty() && !self.ended && self.source.blocks().is_some()
    }

    /// The next block of rows, in kg/m³, °C and litres; false at the end.
    ///
    /// # Errors
    /// As the source.
    pub fn fill(&mut self, block: &mut Block) -> Result<bool, DriftError> {
        let Some(source) = self.source.blocks() else { return Ok(false) };
        let more = source.fill(block)?;
        for (column, conversion) in block.cells.iter_mut().zip(&self.convert) {
            conversion.apply_to_all(column);
        }
        Ok(more)
    }

    /// Row `at` of the block read last, in full.
    pub fn row(&mut self, at: usize, row: &mut Row) {
        if let Some(source) = self.source.blocks() {
            source.row(at, row);
        }
        self.convert(row);
    }

    /// Values of the `group-by` columns of a group met in a block.
    pub fn group(&mut self, id: u32) -> Vec<String> {
        self.source.blocks().map(|source| source.group(id)).unwrap_or_default()
    }

    /// A product met in a block.
    pub fn product(&mut self, id: u32) -> Option<String> {
        self.source.blocks().and_then(|source| source.product(id))
    }

    /// How much has been read, 0 to 1, where that can be told.
    #[must_use]
    pub fn part(&self) -> Option<f64> {
        self.source.part()
    }

    /// A source is not asked again after its end.
    fn next(&mut self, row: &mut Row) -> Result<bool, DriftError> {
        self.ended = self.ended || !self.source.read(row)?;
        Ok(!self.ended)
    }

    fn convert(&self, row: &mut Row) {
        for (cell, conversion) in row.cells.iter_mut().zip(&self.convert) {
            if let Cell::Number(value, decimals) = cell {
                conversion.apply(value, decimals);
            }
        }
    }
}

/// From a column's unit.
#[derive(Debug, Clone, Copy)]
enum Conversion {
    None,
    Thousand,
    Fahrenheit,
}

impl Conversion {
    fn apply(self, value: &mut f64, decimals: &mut u8) {
        match self {
            Self::None => {}
            Self::Thousand => {
                *value = self.value(*value);
                *decimals = decimals.saturating_sub(3);
            }
            Self::Fahrenheit => *value = self.value(*value),
        }
    }

    fn value(self, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::Thousand => value * 1000.0,
            Self::Fahrenheit => (value - 32.0) / 1.8,
        }
    }

    fn apply_to_all(self, column: &mut [f64]) {
        if !matches!(self, Self::None) {
            column.iter_mut().for_each(|value| *value = self.value(*value));
        }
    }
}

fn conversions(plan: &Plan) -> [Conversion; 6] {
    let units = plan.section.units;
    let thousand = |yes| if yes { Conversion::Thousand } else { Conversion::None };
    let density = thousand(units.density == DensityUnit::GCm3);
    let volume = thousand(units.volume == VolumeUnit::M3);
    let fahrenheit = units.temperature == TemperatureUnit::F;
    let temperature = if fahrenheit { Conversion::Fahrenheit } else { Conversion::None };
    [volume, temperature, density, density, Conversion::None, volume]
}

/// The day of a date or an instant written as ISO 8601.
#[must_use]
pub fn day(text: &str) -> Option<i32> {
    let mut parts = text.get(..10)?.splitn(3, '-');
    let mut part = || parts.next()?.parse::<i32>().ok();
    let (year, month, day) = (part()?, part()?, part()?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| days_from_civil(year, month, day))
}

/// Days since 1970-01-01 of a Gregorian date.
const fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    // Years that begin in March end with the leap day.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
#[must_use]
pub const fn civil(days: i32) -> (i32, i32, i32) {
    let days = days as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year as i32, month as i32, day as i32)
}
