//! Volume correction for people: quantities with units as text, one computation, whole CSV files, and lookup tables.

pub mod batch;
pub mod grid;
pub mod strict;
pub mod units;

use serde::Serialize;

use crate::volumetrics::{
    Base, Correction, Density, DensityKind, Group, Measurement, Pressure, Procedure, Temperature, ThermalExpansion,
    Volume, VolumetricError,
};

/// Product groups by name; `alpha` needs a coefficient beside it.
pub const GROUPS: &[&str] = &["refined", "crude", "lube", "alpha"];

/// What to compute, in SI-like units as typed quantities.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Method and settings.
    pub procedure: Procedure,
    /// The measurement.
    pub measurement: Measurement,
    /// Observed volume, where known.
    pub volume: Option<Volume>,
}

/// The answer, as `--format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Density at the base temperature, kg/m³.
    pub density15_kgm3: f64,
    /// Volume correction factor.
    pub vcf: f64,
    /// Volume at the base temperature, litres.
    pub volume15_l: Option<f64>,
    /// Method with its settings.
    pub method: String,
    /// Zone of the formula.
    pub zone: &'static str,
    /// What to know about the result.
    pub notes: Vec<String>,
}

impl Request {
    /// Computes.
    ///
    /// # Errors
    /// As the method says.
    pub fn answer(&self) -> Result<Answer, VolumetricError> {
        self.procedure.correct(&self.measurement).map(|correction| self.describe(&correction))
    }

    /// As [`Request::answer`], with the intermediate values in order.
    pub fn explain(&self) -> (Result<Answer, VolumetricError>, Vec<(&'static str, f64)>) {
        let (result, steps) = self.procedure.explain(&self.measurement);
        (result.map(|correction| self.describe(&correction)), steps)
    }

    fn describe(&self, correction: &Correction) -> Answer {
        Answer {
            density15_kgm3: correction.density_base.kg_m3(),
            vcf: correction.vcf.factor(),
            volume15_l: self.volume.map(|volume| volume.at_base(correction.vcf).litres()),
            method: self.procedure.describe(),
            zone: correction.zone.name(),
            notes: correction.notes.iter().map(|note| note.to_string()).collect(),
        }
    }
}

/// The product group called `name`.
///
/// # Errors
/// An unknown name, or `alpha` without a usable coefficient; a line that says what to write.
pub fn group(name: &str, alpha60: Option<f64>) -> Result<Group, String> {
    match (name.trim(), alpha60) {
        ("refined", _) => Ok(Group::Refined),
        ("crude", _) => Ok(Group::Crude),
        ("lube", _) => Ok(Group::Lube),
        ("alpha", Some(alpha)) => {
            ThermalExpansion::from_per_fahrenheit(alpha).map(Group::Alpha).map_err(|error| error.to_string())
        }
        ("alpha", None) => Err("group alpha needs the coefficient of thermal expansion per °F; give it".to_owned()),
        (other, _) => Err(format!("`{other}` is no product group; write {}", GROUPS.join(" or "))),
    }
}

/// A measurement at atmospheric pressure.
#[must_use]
pub const fn measurement(
    group: Group,
    density: Density,
    density_kind: DensityKind,
    temperature: Temperature,
    base: Base,
) -> Measurement {
    Measurement { group, density, density_kind, temperature, pressure: Pressure::ATMOSPHERIC, base }
}
