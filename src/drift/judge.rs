//! One stored row: can it be computed, does it agree with itself, does it agree with the method?

use super::section::{Groups, Plan, Values};
use super::source::{Cell, DENSITY15, Row, VCF, VOLUME15};
use crate::volumetrics::{
    Base, Correction, Density, DensityKind, Group, Hydrometer, Measurement, Pressure, Temperature, Vcf,
};

/// Digits beyond these are not counted: the method's constants circulate in two roundings that differ by 4e-7.
const MOST_DECIMALS: [u8; 6] = [3, 3, 3, 3, 6, 3];

/// A factor stored with fewer decimals is a coarse one, not a coarse tolerance: a column of plain ones must not pass.
const LEAST_VCF_DECIMALS: u8 = 4;

/// Below this a difference is arithmetic, not rounding.
const NOISE: f64 = 1e-9;

/// A row's numbers, NULL and absent ones alike `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stored {
    /// Litres.
    pub volume: Option<f64>,
    /// °C.
    pub celsius: Option<f64>,
    /// kg/m³, as the section's density kind says.
    pub density: Option<f64>,
    /// kg/m³ at base.
    pub density15: Option<f64>,
    /// Factor.
    pub vcf: Option<f64>,
    /// Litres at base.
    pub volume15: Option<f64>,
}

impl From<[Option<f64>; 6]> for Stored {
    /// In the order of [`Row::cells`].
    #[inline]
    fn from([volume, celsius, density, density15, vcf, volume15]: [Option<f64>; 6]) -> Self {
        Self { volume, celsius, density, density15, vcf, volume15 }
    }
}

/// Half a step of what is stored, by result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalfUnits {
    /// kg/m³.
    pub density15: f64,
    /// Factor.
    pub vcf: f64,
    /// Litres.
    pub volume15: f64,
}

/// Results of a computation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Computed {
    /// kg/m³ at base.
    pub density15: f64,
    /// Factor.
    pub vcf: f64,
    /// Litres at base.
    pub volume15: Option<f64>,
}

/// Stored minus computed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Residuals {
    /// kg/m³.
    pub density15: Option<f64>,
    /// Factor.
    pub vcf: Option<f64>,
    /// Litres: of the stored volume, or of what the stored factor makes of it.
    pub litres: Option<f64>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// V × VCF is not V15.
    VolumeMismatch,
    /// The density at 15 °C does not belong to the observed one and the VCF.
    DensityMismatch,
    /// The method gives something else.
    Drift,
}

/// A row that could be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Its numbers.
    pub stored: Stored,
    /// Input of the method, where the row has it.
    pub measurement: Option<Measurement>,
    /// The method's answer.
    pub computed: Option<Computed>,
    /// The difference.
    pub residuals: Residuals,
    /// In order.
    pub faults: Vec<Fault>,
}

/// Judges rows of one section.
#[derive(Debug)]
pub struct Judge<'p> {
    /// The section.
    pub plan: &'p Plan,
    /// Half a step of what is stored.
    pub half: HalfUnits,
}

impl<'p> Judge<'p> {
    /// From the section and the decimals its columns have.
    #[must_use]
    pub fn new(plan: &'p Plan, decimals: [u8; 6]) -> Self {
        let half = |column: usize, said: Option<f64>| {
            let most = MOST_DECIMALS.get(column).copied().unwrap_or(3);
            let least = if column == VCF { LEAST_VCF_DECIMALS } else { 0 };
            let decimals = decimals.get(column).copied().unwrap_or(0).clamp(least, most);
            said.map_or_else(|| 0.5 * 10_f64.powi(-i32::from(decimals)), |step| step / 2.0)
        };
        let Values { density15, vcf, volume15 } = plan.section.rounding;
        let half = HalfUnits {
            density15: half(DENSITY15, density15),
            vcf: if plan.section.columns.vcf.is_some() { half(VCF, vcf) } else { vcf.map_or(5e-6, |step| step / 2.0) },
            volume15: half(VOLUME15, volume15),
        };
        Self { plan, half }
    }

    /// Judges one row.
    ///
    /// # Errors
    /// Why the row cannot be computed, in a few words.
    pub fn judge(&self, row: &Row) -> Result<Judged, String> {
        let stored = self.stored(row)?;
        let measurement = self.measurement(row, &stored)?;
        let computed = match &measurement {
            Some(measurement) => {
                let correction = self.plan.procedure.correct(measurement).map_err(|error| error.to_string())?;
                Some(computed(&correction, &stored))
            }
            None => None,
        };
        let residuals = computed.map(|computed| residuals(&stored, &computed)).unwrap_or_default();
        let mut faults = Vec::new();
        if self.volume_mismatch(&stored) {
            faults.push(Fault::VolumeMismatch);
        }
        if measurement.is_some_and(|measurement| self.density_mismatch(&stored, measurement.density_kind)) {
            faults.push(Fault::DensityMismatch);
        }
        if self.drifts(&stored, &residuals) {
            faults.push(Fault::Drift);
        }
        Ok(Judged { stored, measurement, computed, residuals, faults })
    }

    /// Every number, plausible or refused.
    fn stored(&self, row: &Row) -> Result<Stored, String> {
        let names = self.plan.section.columns.all();
        let mut values = [None; 6];
        for ((slot, cell), (name, _)) in values.iter_mut().zip(&row.cells).zip(names) {
            *slot = match cell {
                Cell::Absent => None,
                Cell::Null => return Err(format!("{name} is NULL")),
                Cell::Bad(text) => return Err(format!("{name} is `{text}`, no number")),
                Cell::Number(value, _) if value.is_finite() => Some(*value),
                Cell::Number(value, _) => return Err(format!("{name} is {value}")),
            };
        }
        let stored = Stored::from(values);
        let Stored { volume, density, density15, vcf, volume15, .. } = stored;
        for (name, litres) in [("volume", volume), ("volume15", volume15)] {
            if let Some(litres) = litres.filter(|litres| *litres <= 0.0) {
                return Err(format!("{name} is {litres} L"));
            }
        }
        let said = |error: crate::volumetrics::VolumetricError| error.to_string();
        for density in [density, density15].into_iter().flatten() {
            Density::from_kg_m3(density).map_err(said)?;
        }
        vcf.map(Vcf::new).transpose().map_err(said)?;
        Ok(stored)
    }

    /// Whether [`Judge::judge`] would take these numbers, NaN among them or not.
    #[inline]
    fn plausible(stored: &Stored) -> bool {
        let Stored { volume, celsius, density, density15, vcf, volume15 } = stored;
        let density_ok = |density: &f64| (100.0..=2000.0).contains(density);
        let litres_ok = |litres: &f64| litres.is_finite() && *litres > 0.0;
        volume.as_ref().is_none_or(litres_ok)
            && volume15.as_ref().is_none_or(litres_ok)
            && celsius.is_none_or(f64::is_finite)
            && density.as_ref().is_none_or(density_ok)
            && density15.as_ref().is_none_or(density_ok)
            && vcf.is_none_or(|vcf| (0.4..=1.6).contains(&vcf))
    }

    /// The litres of a row of which nothing has to be said, by its numbers and what the method gives; `None` where the
    /// row is to be judged in full.
    #[inline]
    pub(super) fn right(&self, stored: &Stored, computed: Option<&Computed>) -> Option<Option<f64>> {
        let residuals = computed.map(|computed| residuals(stored, computed)).unwrap_or_default();
        let wrong = !Self::plausible(stored)
            || self.volume_mismatch(stored)
            || computed.is_some() && self.density_mismatch(stored, self.given(stored)?.1)
            || self.drifts(stored, &residuals);
        (!wrong).then_some(residuals.litres)
    }

    /// The density the method starts from.
    #[inline]
    pub(super) fn given(&self, stored: &Stored) -> Option<(f64, DensityKind)> {
        match (stored.density, stored.density15) {
            (Some(density), _) => Some((density, self.plan.density_kind)),
            // Without an observed density the stored one at base is all there is to start from.
            (None, density15) => density15.map(|density15| (density15, DensityKind::At(self.plan.base))),
        }
    }

    /// The method's input; `None` where the table does not store it.
    fn measurement(&self, row: &Row, stored: &Stored) -> Result<Option<Measurement>, String> {
        let Some((density, density_kind)) = self.given(stored) else { return Ok(None) };
        let Some(celsius) = stored.celsius else { return Ok(None) };
        let said = |error: crate::volumetrics::VolumetricError| error.to_string();
        Ok(Some(Measurement {
            group: self.group(row)?,
            density: Density::from_kg_m3(density).map_err(said)?,
            density_kind,
            temperature: Temperature::from_celsius(celsius).map_err(said)?,
            pressure: Pressure::ATMOSPHERIC,
            base: self.plan.base,
        }))
    }

    fn group(&self, row: &Row) -> Result<Group, String> {
        match (&self.plan.groups, row.product.as_deref()) {
            (Groups::One(group), _) => Ok(*group),
            (Groups::ByProduct(groups), Some(product)) => groups
                .get(product)
                .copied()
                .ok_or_else(|| format!("product `{product}` has no group in the configuration")),
            (Groups::ByProduct(_), None) => Err("product is NULL".to_owned()),
        }
    }

    /// Allowed difference of the volume at base, litres.
    pub(super) fn volume_tolerance(&self, volume: f64) -> f64 {
        let given = self.plan.section.tolerance.values().volume15;
        given.unwrap_or_else(|| {
            let unknown = if self.plan.method_known { 0.0 } else { volume.abs() * 1e-4 };
            self.half.volume15 + volume.abs() * self.half.vcf + unknown + NOISE
        })
    }

    /// The stored triple multiplies out. One litre is always allowed, and what the stored digits cannot tell.
    fn volume_mismatch(&self, stored: &Stored) -> bool {
        let (Some(volume), Some(vcf), Some(volume15)) = (stored.volume, stored.vcf, stored.volume15) else {
            return false;
        };
        let allowed = (self.half.volume15 + volume * self.half.vcf + NOISE).max(1.0);
        (volume * vcf - volume15).abs() > allowed
    }

    /// Observed density, VCF and density at base belong together, with or without a glass hydrometer in between.
    fn density_mismatch(&self, stored: &Stored, kind: DensityKind) -> bool {
        let known = kind == DensityKind::Observed && self.plan.base == Base::C15;
        let (Some(density), Some(vcf), Some(density15), Some(celsius), true) =
            (stored.density, stored.vcf, stored.density15, stored.celsius, known)
        else {
            return false;
        };
        let glass = density * (1.0 - Hydrometer::Glass15.factor(celsius, Base::C15));
        let slack = density / vcf - density15;
        slack < glass.min(0.0) - 0.36 || slack > glass.max(0.0) + 0.36
    }

    fn drifts(&self, stored: &Stored, residuals: &Residuals) -> bool {
        let given = self.plan.section.tolerance.values();
        let known = self.plan.method_known;
        let density = given.density15.unwrap_or(if known { 0.05 + self.half.density15 + NOISE } else { 0.8 });
        let near_jump = stored.density15.or(stored.density).is_some_and(|density| (769.5..771.5).contains(&density));
        let vcf = given.vcf.unwrap_or(match (known, near_jump) {
            (true, _) => self.half.vcf + NOISE,
            (false, false) => 1e-4,
            (false, true) => 2e-4,
        });
        let over = |residual: Option<f64>, allowed: f64| residual.is_some_and(|residual| residual.abs() > allowed);
        let volume = stored.volume.map_or(0.0, |volume| self.volume_tolerance(volume));
        // Without a stored volume at base the litres only restate the factor.
        let litres = residuals.litres.filter(|_| stored.volume15.is_some());
        let density15 = residuals.density15.filter(|_| stored.density.is_some());
        over(density15, density) || over(residuals.vcf, vcf) || over(litres, volume)
    }
}

/// A correction applied to a row.
#[must_use]
pub fn computed(correction: &Correction, stored: &Stored) -> Computed {
    let vcf = correction.vcf.factor();
    Computed { density15: correction.density_base.kg_m3(), vcf, volume15: stored.volume.map(|volume| volume * vcf) }
}

fn residuals(stored: &Stored, computed: &Computed) -> Residuals {
    let vcf = stored.vcf.map(|vcf| vcf - computed.vcf);
    let litres = match (stored.volume15, computed.volume15) {
        (Some(stored), Some(computed)) => Some(stored - computed),
        _ => vcf.zip(stored.volume).map(|(vcf, volume)| vcf * volume),
    };
    Residuals { density15: stored.density15.map(|density| density - computed.density15), vcf, litres }
}
