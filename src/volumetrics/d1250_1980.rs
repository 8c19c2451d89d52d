//! ASTM D1250-80 (API 2540): Tables 53/54 (base 15 °C), their 20 °C and 60 °F relatives, in full precision or with the
//! rounding cascade that produced the printed tables.

pub(super) mod batch;
mod table;
mod variant;
mod zones;

use super::error::{Limit, VolumetricError, within};
use super::numeric::{round, round_to};
use super::{Base, Correction, Density, DensityKind, Group, Measurement, Note, Notes, Trace, Vcf, Zone};
pub use variant::zone_778;
use zones::{Constants, Solution, Units};

/// How the 1980 method is to be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings1980 {
    /// Full precision or printed table.
    pub precision: Precision,
    /// Correction for the expansion of a glass hydrometer, for observed densities.
    pub hydrometer: Hydrometer,
    /// Decimals of the resulting VCF.
    pub vcf_decimals: VcfDecimals,
}

/// Precision of intermediate values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Nothing rounded.
    #[default]
    Full,
    /// Rounded and cut off step by step, as for the printed tables.
    Table,
}

/// Glass hydrometer the observed density was read with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hydrometer {
    /// None (densitometer), or the reading is corrected already.
    #[default]
    None,
    /// Calibrated at 15 °C (60 °F for base 60 °F).
    Glass15,
    /// Calibrated at 20 °C.
    Glass20,
}

impl Hydrometer {
    /// What a reading at `celsius` is to be multiplied by; `base` decides whether the °C or the °F form applies.
    #[must_use]
    pub fn factor(self, celsius: f64, base: Base) -> f64 {
        let (linear, square) = self.terms(celsius, Units::of(base));
        1.0 - linear - square
    }

    /// The two terms taken off 1.
    #[inline]
    fn terms(self, celsius: f64, units: &Units) -> (f64, f64) {
        let scaled = units.scale(celsius);
        let (calibration, linear, square) = match (self, units.metric) {
            (Self::None, _) => return (0.0, 0.0),
            (Self::Glass15, true) => (15.0, 0.000_023, 0.000_000_02),
            (Self::Glass20, true) => (20.0, 0.000_023, 0.000_000_02),
            (Self::Glass15, false) => (60.0, 0.000_012_78, 0.000_000_006_2),
            (Self::Glass20, false) => (68.0, 0.000_012_78, 0.000_000_006_2),
        };
        let d = scaled - calibration;
        (linear * d, square * d * d)
    }
}

/// Decimals of a VCF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VcfDecimals {
    /// Under [`Precision::Table`] four from 1 upwards and five below; under [`Precision::Full`] unrounded.
    #[default]
    Computational,
    /// Four, as printed.
    Four,
    /// Five, as some meters have it.
    Five,
}

impl VcfDecimals {
    #[inline]
    pub(super) fn apply(self, vcf: f64, precision: Precision) -> f64 {
        match (self, precision) {
            (Self::Computational, Precision::Full) => vcf,
            (Self::Computational, Precision::Table) => round(vcf, if vcf >= 1.0 { 4 } else { 5 }),
            (Self::Four, _) => round(vcf, 4),
            (Self::Five, _) => round(vcf, 5),
        }
    }
}

/// Base density, VCF, and the formula they came from.
struct Found {
    density: f64,
    vcf: f64,
    constants: &'static Constants,
    forced_at: Option<f64>,
}

/// Computes one measurement.
#[inline]
pub(super) fn correct<T: Trace>(
    settings: Settings1980,
    measurement: &Measurement,
    trace: &mut T,
) -> Result<Correction, VolumetricError> {
    let celsius = within(Limit::Temperature, measurement.temperature.celsius(), -50.0, 150.0)?;
    if measurement.pressure.psig() > 0.0 {
        return Err(VolumetricError::Unsupported { what: "a pressure correction" });
    }
    let run = Run { settings, units: Units::of(measurement.base), group: measurement.group };
    let found = match settings.precision {
        Precision::Full => run.full(measurement, celsius, trace)?,
        Precision::Table => run.table(measurement, celsius, trace)?,
    };
    let notes = run.notes(&found, celsius);
    let (density, vcf) = match measurement.base {
        Base::C20 => run.to_20(&found, trace),
        Base::C15 | Base::F60 => (found.density, found.vcf),
    };
    let vcf = settings.vcf_decimals.apply(vcf, settings.precision);
    trace.step("vcf", vcf);
    let given = measurement.density_kind == DensityKind::At(measurement.base);
    let density_base = if given { measurement.density } else { Density::computed(density) };
    Ok(Correction { density_base, vcf: Vcf::computed(vcf), zone: found.constants.zone, notes })
}

/// Density range of the group's table.
#[inline]
fn check_density(group: Group, density: f64) -> Result<f64, VolumetricError> {
    let (low, high) = match group {
        Group::Crude => (610.5, 1075.0),
        Group::Lube => (800.0, 1164.0),
        Group::Refined | Group::Alpha(_) => (653.0, 1075.0),
    };
    within(Limit::BaseDensity, density, low, high)
}

/// What stays the same during one computation.
struct Run {
    settings: Settings1980,
    units: &'static Units,
    group: Group,
}

impl Run {
    #[inline(always)]
    fn dt(&self, celsius: f64) -> f64 {
        self.units.scale(celsius) - self.units.base
    }

    /// Where a density was stated, if not at this system's own base; observed ones at `celsius`.
    fn read_at(&self, kind: DensityKind, celsius: f64) -> Option<f64> {
        match kind {
            DensityKind::Observed => Some(celsius),
            DensityKind::At(base) => Some(base.celsius()).filter(|stated| self.dt(*stated).abs() > 1e-9),
        }
    }

    /// A density stated at another base is one observed there, without glass.
    fn hydrometer(&self, kind: DensityKind) -> Hydrometer {
        if kind == DensityKind::Observed { self.settings.hydrometer } else { Hydrometer::None }
    }

    #[inline]
    fn full<T: Trace>(&self, measurement: &Measurement, celsius: f64, trace: &mut T) -> Result<Found, VolumetricError> {
        let stated = measurement.density.kg_m3();
        let kind = measurement.density_kind;
        let dt = trace.step("dt", self.dt(celsius));
        let (density, constants, vcf, forced_at) = match self.read_at(kind, celsius) {
            None => (stated, self.units.zone(self.group, stated)?, None, None),
            Some(read_at) => {
                let solution = self.invert(stated, read_at, self.hydrometer(kind), trace)?;
                let vcf = (kind == DensityKind::Observed).then_some(solution.vcf);
                (solution.density, solution.constants, vcf, solution.forced_at)
            }
        };
        check_density(self.group, density)?;
        trace.step("density_base_kgm3", density);
        trace.step("alpha", constants.alpha(density));
        let vcf = trace.step("vcf_unrounded", vcf.unwrap_or_else(|| constants.vcf(density, dt)));
        Ok(Found { density, vcf, constants, forced_at })
    }

    /// From a density at `celsius` to the density at base.
    #[inline]
    fn invert<T: Trace>(
        &self,
        density: f64,
        celsius: f64,
        hydrometer: Hydrometer,
        trace: &mut T,
    ) -> Result<Solution, VolumetricError> {
        let (linear, square) = hydrometer.terms(celsius, self.units);
        let factor = trace.step("hydrometer_factor", 1.0 - linear - square);
        let corrected = trace.step("density_corrected_kgm3", density * factor);
        self.units.invert(self.group, corrected, self.dt(celsius))
    }

    /// Table 53, then Table 54, each with its own rounding.
    fn table<T: Trace>(
        &self,
        measurement: &Measurement,
        celsius: f64,
        trace: &mut T,
    ) -> Result<Found, VolumetricError> {
        let stated = measurement.density.kg_m3();
        let kind = measurement.density_kind;
        let density = match self.read_at(kind, celsius) {
            None => stated,
            Some(read_at) => self.table_53(stated, read_at, self.hydrometer(kind), trace)?,
        };
        check_density(self.group, density)?;
        let row = trace.step("density_row_kgm3", self.round_density(density));
        let constants = self.units.zone(self.group, row)?;
        let dt = trace.step("dt", round(self.round_temperature(celsius) - self.units.base, 8));
        trace.step("alpha", constants.table_alpha(row));
        let vcf = trace.step("vcf_6", constants.table_vcf(row, dt));
        let vcf = self.settings.vcf_decimals.apply(vcf, Precision::Table);
        Ok(Found { density, vcf, constants, forced_at: None })
    }

    /// Table 53's own procedure: rounded inputs, zone chosen twice, 0.1 kg/m³ out.
    fn table_53<T: Trace>(
        &self,
        density: f64,
        celsius: f64,
        hydrometer: Hydrometer,
        trace: &mut T,
    ) -> Result<f64, VolumetricError> {
        let density = trace.step("density_rounded_kgm3", self.round_density(density));
        let scaled = trace.step("temperature_rounded", self.round_temperature(celsius));
        let celsius = if self.units.metric { scaled } else { (scaled - 32.0) / 1.8 };
        let (linear, square) = hydrometer.terms(celsius, self.units);
        let factor = trace.step("hydrometer_factor", 1.0 - round(linear, 9) - round(square, 9));
        let corrected = trace.step("density_corrected_kgm3", round(density * factor, 2));
        let found = self.units.table_invert(self.group, corrected, round(scaled - self.units.base, 8))?;
        Ok(trace.step("density_base_kgm3", round(found, 1)))
    }

    /// To the table's row. The 60 °F tables have rows of °API or relative density, none in kg/m³: taken as given there.
    fn round_density(&self, density: f64) -> f64 {
        if self.units.metric { round_to(density, 2.0) } else { density }
    }

    /// To 0.05 °C or 0.1 °F, on the system's scale.
    fn round_temperature(&self, celsius: f64) -> f64 {
        round_to(self.units.scale(celsius), if self.units.metric { 20.0 } else { 10.0 })
    }

    /// From base 15 °C to base 20 °C, in full precision: there is no 1980 table of that step.
    fn to_20<T: Trace>(&self, found: &Found, trace: &mut T) -> (f64, f64) {
        let at_20 = trace.step("vcf15_at_20", found.constants.vcf(found.density, 5.0));
        let density = found.density * at_20;
        let density = if self.settings.precision == Precision::Table { round(density, 1) } else { density };
        (density, found.vcf / at_20)
    }

    #[inline]
    fn notes(&self, found: &Found, celsius: f64) -> Notes {
        let mut notes = Notes::default();
        let full = self.settings.precision == Precision::Full;
        if matches!(self.group, Group::Refined) && full && self.units.near_limit(found.density) {
            let near = |limit: &&f64| (found.density - **limit).abs() < 0.25;
            let limit = found.forced_at.or_else(|| self.units.limits.iter().find(near).copied());
            notes.extend(limit.map(Note::ZoneBoundary));
        }
        let warmest = match found.density {
            d if d < 778.75 => 95.0,
            d if d < 824.25 => 125.0,
            _ => 150.0,
        };
        if celsius < -18.0 {
            notes.push(Note::OutsideTable(-18.0));
        } else if celsius > warmest {
            notes.push(Note::OutsideTable(warmest));
        }
        notes
    }
}
