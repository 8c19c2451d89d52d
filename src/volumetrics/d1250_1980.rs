//! ASTM D1250-80 (API 2540): Tables 53/54 (base 15 °C), their 20 °C and 60 °F relatives, in full precision or with the
//! rounding cascade that produced the printed tables.

use super::error::{Limit, VolumetricError, within};
use super::numeric::{exp, round, round_to, trunc};
use super::{Base, Correction, Density, DensityKind, Group, Measurement, Note, Vcf, Zone};

/// How the 1980 method is to be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings1980 {
    /// Full precision or printed table.
    pub precision: Precision,
    /// Correction for the expansion of a glass hydrometer, for observed densities.
    pub hydrometer: Hydrometer,
    /// Decimals of the resulting VCF under [`Precision::Table`].
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

/// Decimals of a table's VCF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VcfDecimals {
    /// Four from 1 upwards, five below.
    #[default]
    Computational,
    /// Four, as printed.
    Four,
    /// Five, as some meters have it.
    Five,
}

/// One zone's constants: `alpha = a + b/rho + c/rho²`, per °C or per °F.
#[derive(Debug, Clone, Copy)]
struct Constants {
    zone: Zone,
    a: f64,
    b: f64,
    c: f64,
}

/// A system of units: base temperature, constants and zone limits.
struct Units {
    base: f64,
    constants: [Constants; 6],
    /// Upper limits of gasoline and transition, lower limit of fuel: between the table's rows.
    limits: [f64; 3],
}

const METRIC: Units = Units {
    base: 15.0,
    constants: [
        Constants { zone: Zone::Crude, a: 0.0, b: 0.0, c: 613.9723 },
        Constants { zone: Zone::Gasoline, a: 0.0, b: 0.4388, c: 346.4228 },
        Constants { zone: Zone::Transition, a: -0.003_363_12, b: 0.0, c: 2680.3206 },
        Constants { zone: Zone::Jet, a: 0.0, b: 0.0, c: 594.5418 },
        Constants { zone: Zone::Fuel, a: 0.0, b: 0.4862, c: 186.9696 },
        Constants { zone: Zone::Lube, a: 0.0, b: 0.6278, c: 0.0 },
    ],
    limits: [770.5, 787.5, 838.75],
};

const US: Units = Units {
    base: 60.0,
    constants: [
        Constants { zone: Zone::Crude, a: 0.0, b: 0.0, c: 341.0957 },
        Constants { zone: Zone::Gasoline, a: 0.0, b: 0.2438, c: 192.4571 },
        Constants { zone: Zone::Transition, a: -0.001_868_40, b: 0.0, c: 1489.0670 },
        Constants { zone: Zone::Jet, a: 0.0, b: 0.0, c: 330.3010 },
        Constants { zone: Zone::Fuel, a: 0.0, b: 0.2701, c: 103.8720 },
        Constants { zone: Zone::Lube, a: 0.0, b: 0.34878, c: 0.0 },
    ],
    limits: [770.352, 787.5195, 838.3127],
};

const MAX_STEPS: u32 = 30;

impl Units {
    fn of(base: Base) -> &'static Self {
        if base == Base::F60 { &US } else { &METRIC }
    }

    /// `celsius` on this system's scale.
    fn scale(&self, celsius: f64) -> f64 {
        if self.base > 20.0 { celsius * 1.8 + 32.0 } else { celsius }
    }

    fn zone(&self, group: Group, density: f64) -> Result<&Constants, VolumetricError> {
        let [gasoline, transition, fuel] = self.limits;
        let index = match group {
            Group::Crude => 0,
            Group::Lube => 5,
            Group::Refined if density < gasoline => 1,
            Group::Refined if density <= transition => 2,
            Group::Refined if density < fuel => 3,
            Group::Refined => 4,
            Group::Alpha(_) => return Err(UNSUPPORTED_ALPHA),
        };
        self.constants.get(index).ok_or(UNSUPPORTED_ALPHA)
    }

    fn zone_named(&self, zone: Zone) -> Result<&Constants, VolumetricError> {
        self.constants.iter().find(|constants| constants.zone == zone).ok_or(UNSUPPORTED_ALPHA)
    }
}

const UNSUPPORTED_ALPHA: VolumetricError =
    VolumetricError::Unsupported { what: "a supplied coefficient of thermal expansion" };

impl Constants {
    fn alpha(&self, density: f64) -> f64 {
        self.a + (self.b + self.c / density) / density
    }

    /// ln VCF at `dt` degrees from base.
    fn ln_vcf(&self, density: f64, dt: f64) -> f64 {
        let u = self.alpha(density) * dt;
        -u * (1.0 + 0.8 * u)
    }

    fn vcf(&self, density: f64, dt: f64) -> f64 {
        exp(self.ln_vcf(density, dt))
    }

    /// VCF and its derivative by density.
    fn vcf_with_slope(&self, density: f64, dt: f64) -> (f64, f64) {
        let slope = -(self.b + 2.0 * self.c / density) / (density * density);
        let u = self.alpha(density) * dt;
        let vcf = exp(-u * (1.0 + 0.8 * u));
        (vcf, -vcf * (1.0 + 1.6 * u) * dt * slope)
    }

    /// The printed table's alpha: each term cut off where the procedure says.
    fn table_alpha(&self, density: f64) -> f64 {
        if self.zone == Zone::Transition {
            return round(round(trunc(self.c / density, 6) / density, 8) + self.a, 7);
        }
        let quadratic = trunc(trunc(self.c / density, 8) / density, 10);
        round(quadratic + trunc(self.b / density, 10), 7)
    }

    /// The printed table's VCF, six decimals.
    fn table_vcf(&self, density: f64, dt: f64) -> f64 {
        let t1 = trunc(self.table_alpha(density) * dt, 8);
        let t2 = trunc(0.8 * t1, 8);
        let t3 = trunc(t1 * t2, 8);
        round(exp(round(-t1 - t3, 8)), 6)
    }
}

/// Computes one measurement.
pub(super) fn correct(settings: &Settings1980, measurement: &Measurement) -> Result<Correction, VolumetricError> {
    let celsius = within(Limit::Temperature, measurement.temperature.celsius(), -50.0, 150.0)?;
    if measurement.pressure.psig() > 0.0 {
        return Err(VolumetricError::Unsupported { what: "a pressure correction" });
    }
    let mut run = Run { settings, units: Units::of(measurement.base), group: measurement.group, steps: Vec::new() };
    let density = run.density_at_units_base(measurement, celsius)?;
    check_density(measurement.group, density)?;
    let (vcf, zone) = run.vcf(density, celsius)?;
    let mut notes = run.notes(density, celsius, zone);
    notes.dedup();
    let (density, vcf) = if measurement.base == Base::C20 { run.to_20(density, vcf)? } else { (density, vcf) };
    Ok(Correction { density_base: Density::computed(density), vcf: Vcf::computed(vcf), zone, notes, steps: run.steps })
}

/// Density range of the group's table.
fn check_density(group: Group, density: f64) -> Result<f64, VolumetricError> {
    let (low, high) = match group {
        Group::Crude => (610.5, 1075.0),
        Group::Lube => (800.0, 1164.0),
        Group::Refined | Group::Alpha(_) => (653.0, 1075.0),
    };
    within(Limit::BaseDensity, density, low, high)
}

/// The state of one computation.
struct Run<'a> {
    settings: &'a Settings1980,
    units: &'static Units,
    group: Group,
    steps: Vec<(&'static str, f64)>,
}

impl Run<'_> {
    fn step(&mut self, name: &'static str, value: f64) -> f64 {
        self.steps.push((name, value));
        value
    }

    fn table(&self) -> bool {
        self.settings.precision == Precision::Table
    }

    /// Density at 15 °C (or 60 °F), whatever the density given was measured at.
    fn density_at_units_base(&mut self, measurement: &Measurement, celsius: f64) -> Result<f64, VolumetricError> {
        let density = measurement.density.kg_m3();
        match measurement.density_kind {
            DensityKind::Observed => self.invert(density, celsius, self.settings.hydrometer),
            // A density stated at another base is one observed there, without glass.
            DensityKind::At(base) => {
                let stated = base.celsius();
                if (self.units.scale(stated) - self.units.base).abs() < 1e-9 {
                    return Ok(density);
                }
                self.invert(density, stated, Hydrometer::None)
            }
        }
    }

    /// From a density at `celsius` to the density at base (Table 53).
    fn invert(&mut self, density: f64, celsius: f64, hydrometer: Hydrometer) -> Result<f64, VolumetricError> {
        if self.table() {
            return self.invert_table(density, celsius, hydrometer);
        }
        let corrected = density * self.glass(celsius, hydrometer);
        self.step("density_corrected_kgm3", corrected);
        let dt = self.units.scale(celsius) - self.units.base;
        let found = invert_full(self.units, self.group, corrected, dt)?;
        Ok(self.step("density_base_kgm3", found))
    }

    /// Glass expansion factor of a hydrometer reading at `celsius`.
    fn glass(&mut self, celsius: f64, hydrometer: Hydrometer) -> f64 {
        let metric = self.units.base < 20.0;
        let (d, linear, square) = match hydrometer {
            Hydrometer::None => return 1.0,
            Hydrometer::Glass15 if metric => (celsius - 15.0, 0.000_023, 0.000_000_02),
            Hydrometer::Glass20 if metric => (celsius - 20.0, 0.000_023, 0.000_000_02),
            Hydrometer::Glass15 => (self.units.scale(celsius) - 60.0, 0.000_012_78, 0.000_000_006_2),
            Hydrometer::Glass20 => (self.units.scale(celsius) - 68.0, 0.000_012_78, 0.000_000_006_2),
        };
        let factor = if self.table() {
            1.0 - round(linear * d, 9) - round(square * d * d, 9)
        } else {
            1.0 - linear * d - square * d * d
        };
        self.step("hydrometer_factor", factor)
    }

    /// Table 53's own procedure: rounded inputs, zone chosen twice, 0.1 kg/m³ out.
    fn invert_table(&mut self, density: f64, celsius: f64, hydrometer: Hydrometer) -> Result<f64, VolumetricError> {
        let density = self.step("density_rounded_kgm3", round_to(density, 0.5));
        let celsius = self.step("temperature_rounded_c", round_to(celsius, 0.05));
        let corrected = round(density * self.glass(celsius, hydrometer), 2);
        self.step("density_corrected_kgm3", corrected);
        let dt = self.units.scale(celsius) - self.units.base;
        let first = self.first_zone(corrected)?;
        let rough = settle_table(first, corrected, dt)?;
        let second = self.second_zone(rough)?;
        let found = if second.zone == first.zone { rough } else { settle_table(second, corrected, dt)? };
        Ok(self.step("density_base_kgm3", round(found, 1)))
    }

    /// Pass 1 knows no transition zone.
    fn first_zone(&self, density: f64) -> Result<&'static Constants, VolumetricError> {
        match self.group {
            Group::Refined if density < 779.0 => self.units.zone_named(Zone::Gasoline),
            Group::Refined if density < 839.0 => self.units.zone_named(Zone::Jet),
            Group::Refined => self.units.zone_named(Zone::Fuel),
            group => self.units.zone(group, density),
        }
    }

    /// Pass 2 chooses by the result of pass 1, on the table's rows.
    fn second_zone(&self, density: f64) -> Result<&'static Constants, VolumetricError> {
        match self.group {
            Group::Refined if density <= 770.0 => self.units.zone_named(Zone::Gasoline),
            Group::Refined if density < 788.0 => self.units.zone_named(Zone::Transition),
            Group::Refined if density < 839.0 => self.units.zone_named(Zone::Jet),
            Group::Refined => self.units.zone_named(Zone::Fuel),
            group => self.units.zone(group, density),
        }
    }

    /// VCF of a base density at `celsius` (Table 54).
    fn vcf(&mut self, density: f64, celsius: f64) -> Result<(f64, Zone), VolumetricError> {
        if !self.table() {
            let constants = self.units.zone(self.group, density)?;
            let dt = self.step("dt", self.units.scale(celsius) - self.units.base);
            self.step("alpha", constants.alpha(density));
            return Ok((self.step("vcf", constants.vcf(density, dt)), constants.zone));
        }
        let density = self.step("density_row_kgm3", round_to(density, 0.5));
        let constants = self.units.zone(self.group, density)?;
        let dt = self.step("dt", self.units.scale(round_to(celsius, 0.05)) - self.units.base);
        self.step("alpha", constants.table_alpha(density));
        let six = self.step("vcf_6", constants.table_vcf(density, round(dt, 8)));
        Ok((self.step("vcf", self.round_vcf(six)), constants.zone))
    }

    fn round_vcf(&self, vcf: f64) -> f64 {
        let decimals = match self.settings.vcf_decimals {
            VcfDecimals::Computational if vcf >= 1.0 => 4,
            VcfDecimals::Four => 4,
            VcfDecimals::Computational | VcfDecimals::Five => 5,
        };
        round(vcf, decimals)
    }

    /// From base 15 °C to base 20 °C.
    fn to_20(&mut self, density15: f64, vcf15: f64) -> Result<(f64, f64), VolumetricError> {
        let at_20 = self.units.zone(self.group, density15)?.vcf(density15, 5.0);
        self.step("vcf15_at_20", at_20);
        let vcf = vcf15 / at_20;
        Ok((density15 * at_20, if self.table() { self.round_vcf(vcf) } else { vcf }))
    }

    fn notes(&self, density: f64, celsius: f64, zone: Zone) -> Vec<Note> {
        let mut notes = Vec::new();
        if matches!(self.group, Group::Refined) && !self.table() {
            let between = |limit: &f64| (density - limit).abs() < 0.25;
            notes.extend(self.units.limits.iter().copied().filter(|l| between(l)).map(Note::ZoneBoundary));
        }
        let warmest = match (zone, density) {
            (_, d) if d <= 778.75 => 95.0,
            (_, d) if d < 824.25 => 125.0,
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

/// Iterates the printed procedure in one zone.
fn settle_table(constants: &Constants, corrected: f64, dt: f64) -> Result<f64, VolumetricError> {
    let tolerance = if constants.zone == Zone::Transition { 0.07 } else { 0.05 };
    let mut density = corrected;
    for _ in 0..MAX_STEPS {
        let next = trunc(corrected / constants.table_vcf(round(density, 2), dt), 3);
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

/// Solves `rho · VCF(rho) = observed`: Newton within a zone, then the zone the solution falls in. Where the jump of
/// alpha at a limit leaves two solutions or none, the upper zone's formula counts and the result carries a note.
fn invert_full(units: &Units, group: Group, observed: f64, dt: f64) -> Result<f64, VolumetricError> {
    let mut constants = units.zone(group, observed)?;
    let mut density = observed;
    let mut best: Option<(Zone, f64)> = None;
    for _ in 0..6 {
        density = newton(constants, observed, dt, density)?;
        let there = units.zone(group, density)?;
        if there.zone == constants.zone {
            return Ok(density);
        }
        if best.is_some_and(|(zone, _)| zone == there.zone) {
            let upper = if there.zone > constants.zone { there } else { constants };
            return newton(upper, observed, dt, density);
        }
        best = Some((constants.zone, density));
        constants = there;
    }
    Err(VolumetricError::NoConvergence { iterations: MAX_STEPS })
}

fn newton(constants: &Constants, observed: f64, dt: f64, start: f64) -> Result<f64, VolumetricError> {
    let mut density = start;
    for _ in 0..MAX_STEPS {
        let (vcf, slope) = constants.vcf_with_slope(density, dt);
        let step = (density * vcf - observed) / (vcf + density * slope);
        density -= step;
        if !(1.0..1e5).contains(&density) {
            break;
        }
        if step.abs() < 1e-7 {
            return Ok(density);
        }
    }
    Err(VolumetricError::NoConvergence { iterations: MAX_STEPS })
}
