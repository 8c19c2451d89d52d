//! The `volumetrics:` section of the configuration: which stored volumes to check, and how they should have been
//! computed.

mod plan;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

pub use plan::{Groups, Plan};

/// One table or file of stored volumes, as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Section {
    /// Name in findings: `receptions/<key>`.
    pub name: String,
    /// Table or view, `schema.name`.
    pub table: Option<String>,
    /// CSV file in place of a table, relative to the configuration.
    pub csv: Option<PathBuf>,
    /// Parquet file in place of a table, relative to the configuration; needs a build with the feature `parquet`.
    pub parquet: Option<PathBuf>,
    /// Column that identifies a row.
    pub key: String,
    /// SQL condition on the rows (tables only); runs in a read-only transaction.
    pub r#where: Option<String>,
    /// Columns to sum up by.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// Column with the day or the instant, for totals by month.
    pub time: Option<String>,
    /// What is stored where.
    pub columns: Columns,
    /// Product group of the rows.
    #[serde(default)]
    pub product: Product,
    /// How the values should have been computed; where it is not known, tolerances are wider.
    pub method: Option<String>,
    /// `full` or `table`.
    pub precision: Option<String>,
    /// `none`, `glass-15` or `glass-20`.
    pub hydrometer: Option<String>,
    /// `computational`, `4` or `5`.
    #[schemars(with = "Option<String>")]
    pub vcf_decimals: Option<Word>,
    /// `15`, `20` or `60f`.
    #[schemars(with = "Option<String>")]
    pub base: Option<Word>,
    /// What the column `density` holds: `observed`, `at-15`, `at-20` or `at-60f`.
    pub density_kind: Option<String>,
    /// The table of method `grid`, relative to the configuration.
    pub grid: Option<PathBuf>,
    /// Units of the columns, where they are not kg/m³, °C and litres.
    #[serde(default)]
    pub units: Units,
    /// Steps stored values are rounded to; told from their decimals where not said.
    #[serde(default)]
    pub rounding: Values,
    /// `auto`, or allowed differences.
    #[serde(default)]
    pub tolerance: Tolerance,
    /// Money per litre at 15 °C, to put a price on the difference.
    pub price: Option<f64>,
}

/// A word YAML may read as a number: `15`, `5`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Word {
    /// A number.
    Number(u32),
    /// A text.
    Text(String),
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// Columns by what they hold. What a table does not have is not checked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Columns {
    /// Observed volume.
    pub volume: Option<String>,
    /// Observed temperature.
    pub temperature: Option<String>,
    /// Density, observed unless `density-kind` says otherwise.
    pub density: Option<String>,
    /// Stored density at base.
    pub density15: Option<String>,
    /// Stored volume correction factor.
    pub vcf: Option<String>,
    /// Stored volume at base.
    pub volume15: Option<String>,
}

impl Columns {
    /// The columns in the order of [`super::source::Row::cells`].
    #[must_use]
    pub fn all(&self) -> [(&'static str, Option<&str>); 6] {
        let Self { volume, temperature, density, density15, vcf, volume15 } = self;
        [
            ("volume", volume.as_deref()),
            ("temperature", temperature.as_deref()),
            ("density", density.as_deref()),
            ("density15", density15.as_deref()),
            ("vcf", vcf.as_deref()),
            ("volume15", volume15.as_deref()),
        ]
    }
}

/// Product → group.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Product {
    /// Column with the product.
    pub column: Option<String>,
    /// Its values and their groups: refined, crude or lube.
    pub groups: BTreeMap<String, String>,
    /// One group for all rows.
    pub group: Option<String>,
}

/// Units of the stored columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Units {
    /// Of both densities.
    pub density: DensityUnit,
    /// Of the temperature.
    pub temperature: TemperatureUnit,
    /// Of both volumes.
    pub volume: VolumeUnit,
}

/// Unit of a density.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum DensityUnit {
    /// kg/m³.
    #[default]
    #[serde(rename = "kg/m3")]
    KgM3,
    /// g/cm³.
    #[serde(rename = "g/cm3")]
    GCm3,
}

/// Unit of a temperature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TemperatureUnit {
    /// °C.
    #[default]
    C,
    /// °F.
    F,
}

/// Unit of a volume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum VolumeUnit {
    /// Litres.
    #[default]
    L,
    /// m³.
    #[serde(rename = "m3")]
    M3,
}

/// A number per stored result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Values {
    /// kg/m³.
    pub density15: Option<f64>,
    /// The factor.
    pub vcf: Option<f64>,
    /// Litres.
    pub volume15: Option<f64>,
}

/// Allowed differences.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Tolerance {
    /// From the method and the stored digits.
    Word(Auto),
    /// Given; what is left out is `auto`.
    Values(Values),
}

/// The word `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auto {
    /// From the method and the stored digits.
    Auto,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self::Word(Auto::Auto)
    }
}

impl Tolerance {
    /// What was given.
    #[must_use]
    pub fn values(self) -> Values {
        match self {
            Self::Word(Auto::Auto) => Values::default(),
            Self::Values(values) => values,
        }
    }
}
