//! Volume correction for petroleum: ASTM D1250 as of 1980 (API 2540, Tables 53/54) and as of 2004 (API MPMS 11.1),
//! and interpolation in a user's own table. Pure numbers; imports nothing else of ours.
//!
//! Density in kg/m³, temperature in °C, pressure in psig, volume in litres. VCF is the factor that turns an observed
//! volume into the volume at base temperature. Sources and what was validated against what: `docs/volumetrics.md`.

mod batch;
mod d1250_1980;
mod d1250_2004;
mod error;
mod grid;
mod numeric;
mod procedure;
mod quantity;

pub use batch::{BatchInput, BatchOutput, correct_batch};
pub use d1250_1980::{Hydrometer, Precision, Settings1980, VcfDecimals, zone_778};
pub use error::{Limit, VolumetricError};
pub use grid::{Grid, GridError};
pub use procedure::{MethodName, Procedure};
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correction {
    /// Density at the base temperature.
    pub density_base: Density,
    /// Volume correction factor to the base temperature (and to atmospheric pressure).
    pub vcf: Vcf,
    /// Zone used.
    pub zone: Zone,
    /// What to know about the result.
    pub notes: Notes,
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

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ZoneBoundary(limit) => {
                write!(f, "the table is undefined between its rows here: {limit} kg/m³ was taken as the zone limit")
            }
            Self::AcceptedWithoutConvergence(limit) => {
                write!(
                    f,
                    "the iteration does not settle at the zone limit {limit} kg/m³: the standard accepts the value"
                )
            }
            Self::OutsideTable(limit) => write!(f, "beyond {limit} °C, the end of the printed table for this density"),
        }
    }
}

/// The few notes a result can carry, without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Notes([Option<Note>; 2]);

impl Notes {
    fn push(&mut self, note: Note) {
        if let Some(free) = self.0.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(note);
        }
    }

    fn extend(&mut self, note: Option<Note>) {
        if let Some(note) = note {
            self.push(note);
        }
    }

    /// The notes.
    pub fn iter(&self) -> impl Iterator<Item = Note> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// Takes note of intermediate values; `()` does not.
trait Trace {
    fn step(&mut self, name: &'static str, value: f64) -> f64;
}

impl Trace for () {
    #[inline(always)]
    fn step(&mut self, _: &'static str, value: f64) -> f64 {
        value
    }
}

impl Trace for Vec<(&'static str, f64)> {
    fn step(&mut self, name: &'static str, value: f64) -> f64 {
        self.push((name, value));
        value
    }
}

/// Computes the correction of one measurement. Does not allocate.
///
/// # Errors
/// [`VolumetricError`] says which limit was left, or that the iteration did not settle.
pub fn correct(method: &Method, measurement: &Measurement) -> Result<Correction, VolumetricError> {
    traced(method, measurement, &mut ())
}

/// As [`correct`], with the intermediate values by name in order of computation; where it fails, those up to there.
pub fn explain(
    method: &Method,
    measurement: &Measurement,
) -> (Result<Correction, VolumetricError>, Vec<(&'static str, f64)>) {
    let mut steps = Vec::new();
    let result = traced(method, measurement, &mut steps);
    (result, steps)
}

#[inline]
fn traced<T: Trace>(method: &Method, measurement: &Measurement, trace: &mut T) -> Result<Correction, VolumetricError> {
    match method {
        Method::D1250_1980(settings) => d1250_1980::correct(*settings, measurement, trace),
        Method::D1250_2004 => d1250_2004::correct(measurement, trace),
        Method::Grid(grid) => grid.correct(measurement, trace),
    }
}
