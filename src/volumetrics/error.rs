//! Why a correction could not be computed.

use thiserror::Error;

/// Every failure is a value; there is no NaN and no panic.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum VolumetricError {
    /// NaN or infinite input.
    #[error("{quantity} is not a finite number: correct the value")]
    NotFinite {
        /// What.
        quantity: &'static str,
    },
    /// A value no such quantity can have.
    #[error("{quantity} {value} {unit} is implausible: {hint}")]
    WrongUnit {
        /// What.
        quantity: &'static str,
        /// The value given.
        value: f64,
        /// Unit it was taken in.
        unit: &'static str,
        /// What it may be instead.
        hint: &'static str,
    },
    /// Outside the method's range.
    #[error("{limit} {value} is outside {low} to {high} {unit}: the method is not defined there", unit = limit.unit())]
    OutOfRange {
        /// Which limit.
        limit: Limit,
        /// The value.
        value: f64,
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
    },
    /// The inversion did not settle.
    #[error("no base density found within {iterations} steps: check density, temperature and product group")]
    NoConvergence {
        /// Steps taken.
        iterations: u32,
    },
    /// The base density falls on a zone limit where the standard's iteration cycles (2004: 838.3127 kg/m³).
    #[error(
        "base density falls on the zone limit {limit} kg/m³, where the standard's iteration does not settle: recompute by hand"
    )]
    BoundaryAmbiguity {
        /// The limit.
        limit: f64,
    },
    /// The method has no such table.
    #[error("{what} is not part of this method: choose another method or group")]
    Unsupported {
        /// What.
        what: &'static str,
    },
}

/// Which limit was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Observed density.
    ObservedDensity,
    /// Density at base.
    BaseDensity,
    /// Temperature.
    Temperature,
    /// Pressure.
    Pressure,
}

impl Limit {
    const fn unit(self) -> &'static str {
        match self {
            Self::ObservedDensity | Self::BaseDensity => "kg/m³",
            Self::Temperature => "°C",
            Self::Pressure => "psig",
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ObservedDensity => "observed density",
            Self::BaseDensity => "base density",
            Self::Temperature => "temperature",
            Self::Pressure => "pressure",
        })
    }
}

/// `value` where it lies in `low..=high`, else the error that says so.
pub(super) fn within(limit: Limit, value: f64, low: f64, high: f64) -> Result<f64, VolumetricError> {
    if (low..=high).contains(&value) { Ok(value) } else { Err(VolumetricError::OutOfRange { limit, value, low, high }) }
}
