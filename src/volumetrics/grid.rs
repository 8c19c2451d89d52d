//! Bilinear interpolation in a user's table of observed density × temperature. No extrapolation.

use super::error::{Limit, VolumetricError, within};
use super::{Base, Correction, Density, DensityKind, Measurement, Notes, Trace, Vcf, Zone};

/// A complete rectangular table: rows by observed density, columns by temperature.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    densities: Vec<f64>,
    temperatures: Vec<f64>,
    /// (density at 15 °C, VCF), row-major.
    nodes: Vec<(f64, f64)>,
}

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GridError {
    /// Fewer than two values on an axis.
    #[error("the grid needs at least two densities and two temperatures: it has {densities} and {temperatures}")]
    TooSmall {
        /// Distinct densities.
        densities: usize,
        /// Distinct temperatures.
        temperatures: usize,
    },
    /// A missing node.
    #[error("the grid has a hole at density {density} kg/m³, {temperature} °C: add the row")]
    Hole {
        /// kg/m³.
        density: f64,
        /// °C.
        temperature: f64,
    },
    /// Two different values for one node.
    #[error("the grid has two rows for density {density} kg/m³, {temperature} °C: remove one")]
    Duplicate {
        /// kg/m³.
        density: f64,
        /// °C.
        temperature: f64,
    },
}

impl Grid {
    /// Builds a grid from `(observed density, temperature, density at 15 °C, VCF)` rows in any order.
    ///
    /// # Errors
    /// [`GridError`] where the rows do not fill a rectangle exactly once.
    pub fn new(rows: &[(Density, super::Temperature, Density, Vcf)]) -> Result<Self, GridError> {
        let densities = axis(rows.iter().map(|row| row.0.kg_m3()));
        let temperatures = axis(rows.iter().map(|row| row.1.celsius()));
        if densities.len() < 2 || temperatures.len() < 2 {
            return Err(GridError::TooSmall { densities: densities.len(), temperatures: temperatures.len() });
        }
        let mut nodes = vec![None; densities.len() * temperatures.len()];
        for (density, temperature, density15, vcf) in rows {
            let (density, temperature) = (density.kg_m3(), temperature.celsius());
            let row = densities.partition_point(|d| *d < density);
            let column = temperatures.partition_point(|t| *t < temperature);
            match nodes.get_mut(row * temperatures.len() + column) {
                Some(node @ None) => *node = Some((density15.kg_m3(), vcf.factor())),
                _ => return Err(GridError::Duplicate { density, temperature }),
            }
        }
        let filled: Option<Vec<_>> = nodes.iter().copied().collect();
        filled.map_or_else(
            || Err(hole(&densities, &temperatures, &nodes)),
            |nodes| Ok(Self { densities: densities.clone(), temperatures: temperatures.clone(), nodes }),
        )
    }

    pub(super) fn correct<T: Trace>(
        &self,
        measurement: &Measurement,
        trace: &mut T,
    ) -> Result<Correction, VolumetricError> {
        if measurement.base != Base::C15 {
            return Err(VolumetricError::Unsupported { what: "a base other than 15 °C" });
        }
        if measurement.pressure.psig() > 0.0 {
            return Err(VolumetricError::Unsupported { what: "a pressure correction" });
        }
        if measurement.density_kind != DensityKind::Observed {
            return Err(VolumetricError::Unsupported { what: "a density at base temperature" });
        }
        let (row, across) = locate(&self.densities, measurement.density.kg_m3(), Limit::ObservedDensity)?;
        let (column, along) = locate(&self.temperatures, measurement.temperature.celsius(), Limit::Temperature)?;
        let blend = |pick: fn(&(f64, f64)) -> f64| {
            let at = |r: usize, c: usize| self.nodes.get(r * self.temperatures.len() + c).map_or(0.0, pick);
            let low = at(row, column) + (at(row, column + 1) - at(row, column)) * along;
            let high = at(row + 1, column) + (at(row + 1, column + 1) - at(row + 1, column)) * along;
            low + (high - low) * across
        };
        for (name, value) in [("row", row as f64), ("column", column as f64), ("across", across), ("along", along)] {
            trace.step(name, value);
        }
        let density_base = Density::computed(trace.step("density_base_kgm3", blend(|node| node.0)));
        let vcf = Vcf::computed(trace.step("vcf", blend(|node| node.1)));
        Ok(Correction { density_base, vcf, zone: Zone::Grid, notes: Notes::default() })
    }
}

fn axis(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

fn hole(densities: &[f64], temperatures: &[f64], nodes: &[Option<(f64, f64)>]) -> GridError {
    let at = nodes.iter().position(Option::is_none).unwrap_or(0);
    GridError::Hole {
        density: densities.get(at / temperatures.len()).copied().unwrap_or(0.0),
        temperature: temperatures.get(at % temperatures.len()).copied().unwrap_or(0.0),
    }
}

/// The cell holding `value` and how far into it.
fn locate(axis: &[f64], value: f64, limit: Limit) -> Result<(usize, f64), VolumetricError> {
    let (low, high) = (axis.first().copied().unwrap_or(0.0), axis.last().copied().unwrap_or(0.0));
    within(limit, value, low, high)?;
    let cell = axis.partition_point(|node| *node <= value).clamp(1, axis.len() - 1) - 1;
    match (axis.get(cell), axis.get(cell + 1)) {
        (Some(from), Some(to)) => Ok((cell, (value - from) / (to - from))),
        _ => Err(VolumetricError::OutOfRange { limit, value, low, high }),
    }
}
