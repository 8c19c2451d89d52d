//! Volume correction for petroleum: ASTM D1250 as of 1980 (API 2540, Tables 53/54) and as of 2004 (API MPMS 11.1),
//! and interpolation in a user's own table. Pure numbers; imports nothing else of ours.
//!
//! Density in kg/m³, temperature in °C, pressure in psig, volume in litres. VCF is the factor that turns an observed
//! volume into the volume at base temperature. Sources and what was validated against what: `docs/volumetrics.md`.

mod d1250_1980;
mod d1250_2004;
mod error;
mod grid;
mod numeric;
mod quantity;

pub use d1250_1980::{Hydrometer, Precision, Settings1980, VcfDecimals};
pub use error::{Limit, VolumetricError};
pub use grid::{Grid, GridError};
pub use quantity::{Density, Pressure, Temperature, ThermalExpansion, Vcf, Volume};

/// Product group: which of the standard's tables applies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Group {
    /// Table A: generalised crude oils.
    Crude,
    /// Table B: generalised refined products; the zone follows from the density at base.
    Refined,
    /// Table D: lubricating oils.
    Lube,
    /// Table C: a measured coefficient of thermal expansion at 60 °F (2004 method only).
    Alpha(ThermalExpansion),
}

/// The part of a group's formula in use, chosen by base density.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// Crude oil.
    Crude,
    /// Gasolines.
    Gasoline,
    /// Between gasolines and jet fuels.
    Transition,
    /// Jet fuels, kerosines, solvents.
    Jet,
    /// Diesel, heating and fuel oils.
    Fuel,
    /// Lubricating oils.
    Lube,
    /// Coefficient supplied.
    Alpha,
    /// A user's table.
    Grid,
}

impl Zone {
    /// Lower-case name, as reports print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crude => "crude",
            Self::Gasoline => "gasoline",
            Self::Transition => "transition",
            Self::Jet => "jet",
            Self::Fuel => "fuel",
            Self::Lube => "lube",
            Self::Alpha => "alpha",
            Self::Grid => "grid",
        }
    }
}

/// Temperature volumes and densities are corrected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base {
    /// 15 °C.
    #[default]
    C15,
    /// 20 °C.
    C20,
    /// 60 °F.
    F60,
}

impl Base {
    /// The base temperature in °C.
    #[must_use]
    pub const fn celsius(self) -> f64 {
        match self {
            Self::C15 => 15.0,
            Self::C20 => 20.0,
            Self::F60 => 15.555_555_555_555_555,
        }
    }
}

/// What a density was measured or stated at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DensityKind {
    /// At the observed temperature and pressure.
    #[default]
    Observed,
    /// At a base temperature and atmospheric pressure.
    At(Base),
}

/// How to compute.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// ASTM D1250-80 / API 2540, Tables 53 and 54.
    D1250_1980(Settings1980),
    /// ASTM D1250-04, -08 / API MPMS 11.1-2004 with addenda.
    D1250_2004,
    /// Bilinear interpolation in a user's table.
    Grid(std::sync::Arc<Grid>),
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// Product group.
    pub group: Group,
    /// Density, observed or at a base temperature.
    pub density: Density,
    /// Which.
    pub density_kind: DensityKind,
    /// Observed temperature.
    pub temperature: Temperature,
    /// Observed gauge pressure; negative counts as zero, as the standard has it.
    pub pressure: Pressure,
    /// Base temperature of the result.
    pub base: Base,
}

/// A computed correction.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// Density at the base temperature.
    pub density_base: Density,
    /// Volume correction factor to the base temperature (and to atmospheric pressure).
    pub vcf: Vcf,
    /// Zone used.
    pub zone: Zone,
    /// What to know about the result.
    pub notes: Vec<Note>,
    /// Intermediate values by name, in order of computation, for `--explain`.
    pub steps: Vec<(&'static str, f64)>,
}

/// Remarks on an accepted result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Note {
    /// The density lies between two rows of the 1980 table that belong to different zones (kg/m³ of the limit used).
    ZoneBoundary(f64),
    /// 2004: within 1 kg/m³ of a zone limit the iteration did not settle; the standard accepts the last value.
    AcceptedWithoutConvergence(f64),
    /// Temperature outside the extended table for this density, inside what the formula allows (°C of the limit).
    OutsideTable(f64),
}

/// Computes the correction of one measurement.
///
/// # Errors
/// [`VolumetricError`] says which limit was left, or that the iteration did not settle.
pub fn correct(method: &Method, measurement: &Measurement) -> Result<Correction, VolumetricError> {
    match method {
        Method::D1250_1980(settings) => d1250_1980::correct(settings, measurement),
        Method::D1250_2004 => d1250_2004::correct(measurement),
        Method::Grid(grid) => grid.correct(measurement),
    }
}
