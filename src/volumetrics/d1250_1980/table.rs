//! The rounding cascade that produced the printed tables.

use super::super::error::VolumetricError;
use super::super::numeric::{exp, round, trunc};
use super::super::{Group, Zone};
use super::zones::{Constants, Units};

const MAX_STEPS: u32 = 30;

impl Constants {
    /// The printed table's alpha: each term cut off where the procedure says.
    pub(super) fn table_alpha(&self, density: f64) -> f64 {
        if self.zone == Zone::Transition {
            return round(round(trunc(self.c / density, 6) / density, 8) + self.a, 7);
        }
        let quadratic = trunc(trunc(self.c / density, 8) / density, 10);
        round(quadratic + trunc(self.b / density, 10), 7)
    }

    /// The printed table's VCF, six decimals.
    pub(super) fn table_vcf(&self, density: f64, dt: f64) -> f64 {
        let t1 = trunc(self.table_alpha(density) * dt, 8);
        let t2 = trunc(0.8 * t1, 8);
        let t3 = trunc(t1 * t2, 8);
        round(exp(round(-t1 - t3, 8)), 6)
    }

    /// Iterates the printed procedure in one zone.
    fn settle(&self, corrected: f64, dt: f64) -> Result<f64, VolumetricError> {
        let tolerance = if self.zone == Zone::Transition { 0.07 } else { 0.05 };
        let mut density = corrected;
        for _ in 0..MAX_STEPS {
            let next = trunc(corrected / self.table_vcf(round(density, 2), dt), 3);
            if !next.is_finite() {
                break;
            }
            if (next - density).abs() < tolerance {
                return Ok(next);
            }
            density = next;
        }
        Err(VolumetricError::NoConvergence { iterations: MAX_STEPS })
    }
}

impl Units {
    /// Table 53's zone choice twice, then the density at base, not yet rounded to the row.
    pub(super) fn table_invert(&'static self, group: Group, corrected: f64, dt: f64) -> Result<f64, VolumetricError> {
        let first = self.first_zone(group, corrected)?;
        let rough = first.settle(corrected, dt)?;
        let second = self.second_zone(group, rough)?;
        if second.zone == first.zone { Ok(rough) } else { second.settle(corrected, dt) }
    }

    /// Pass 1 knows no transition zone.
    fn first_zone(&'static self, group: Group, density: f64) -> Result<&'static Constants, VolumetricError> {
        match group {
            Group::Refined if density < 779.0 => Ok(self.refined_named(Zone::Gasoline)),
            Group::Refined if density < 839.0 => Ok(self.refined_named(Zone::Jet)),
            Group::Refined => Ok(self.refined_named(Zone::Fuel)),
            group => self.zone(group, density),
        }
    }

    /// Pass 2 chooses by the result of pass 1, on the table's rows.
    fn second_zone(&'static self, group: Group, density: f64) -> Result<&'static Constants, VolumetricError> {
        match group {
            Group::Refined if !self.metric => self.zone(group, density),
            Group::Refined if density <= 770.0 => Ok(self.refined_named(Zone::Gasoline)),
            Group::Refined if density < 788.0 => Ok(self.refined_named(Zone::Transition)),
            Group::Refined if density < 839.0 => Ok(self.refined_named(Zone::Jet)),
            Group::Refined => Ok(self.refined_named(Zone::Fuel)),
            group => self.zone(group, density),
        }
    }
}
