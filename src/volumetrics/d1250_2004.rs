//! ASTM D1250-04/-08 (API MPMS 11.1-2004 with its addenda): base 60 °F, with temperatures taken from ITS-90 to IPTS-68,
//! pressure correction, and the standard's own inversion.

pub(super) mod batch;

use super::error::{Limit, VolumetricError, within};
use super::numeric::{exp, exp_m1_tiny};
use super::{Base, Correction, Density, DensityKind, Group, Measurement, Note, Notes, Trace, Vcf, Zone};

/// ITS-90 to IPTS-68, in powers of t/630 °C.
const SHIFT: [f64; 8] = [-0.148_759, -0.267_408, 1.080_760, 1.269_056, -4.089_591, -1.871_251, 7.438_081, -3.536_296];
/// 60 °F on IPTS-68.
const BASE: f64 = 60.006_874_9;
/// Difference of the two scales at 60 °F.
const DELTA_60: f64 = 0.013_749_795_47;
/// 15 °C and 20 °C in °F on IPTS-68: [`shifted_fahrenheit`] of them.
const SHIFTED_15: f64 = 59.006_621_316_269_12;
const SHIFTED_20: f64 = 68.008_921_288_339_99;
const MAX_STEPS: u32 = 15;
const TOLERANCE: f64 = 1e-6;
/// Limits of the refined zones, kg/m³ at 60 °F.
const ZONE_LIMITS: [f64; 3] = [770.3520, 787.5195, 838.3127];

/// A zone's constants: `alpha60 = (k0/rho* + k1)/rho* + k2`, and the damping of the inversion.
#[derive(Debug, Clone, Copy)]
struct Constants {
    zone: Zone,
    k0: f64,
    k1: f64,
    k2: f64,
    damping: f64,
}

const CRUDE: Constants = Constants { zone: Zone::Crude, k0: 341.0957, k1: 0.0, k2: 0.0, damping: 2.0 };
const GASOLINE: Constants = Constants { zone: Zone::Gasoline, k0: 192.4571, k1: 0.2438, k2: 0.0, damping: 1.5 };
const TRANSITION: Constants =
    Constants { zone: Zone::Transition, k0: 1489.0670, k1: 0.0, k2: -0.001_868_40, damping: 8.5 };
const JET: Constants = Constants { zone: Zone::Jet, k0: 330.3010, k1: 0.0, k2: 0.0, damping: 2.0 };
const FUEL: Constants = Constants { zone: Zone::Fuel, k0: 103.8720, k1: 0.2701, k2: 0.0, damping: 1.3 };
const LUBE: Constants = Constants { zone: Zone::Lube, k0: 0.0, k1: 0.34878, k2: 0.0, damping: 1.0 };

/// Ranges of a group: base density at 60 °F, observed density.
fn ranges(group: Group) -> ((f64, f64), (f64, f64)) {
    match group {
        Group::Crude => ((610.6, 1163.5), (470.5, 1201.8)),
        Group::Refined => ((610.6, 1163.5), (470.4, 1209.5)),
        Group::Lube => ((800.9, 1163.5), (714.3, 1208.3)),
        // The standard gives one range for a supplied coefficient, that of crude oil.
        Group::Alpha(_) => ((610.6, 1163.5), (470.5, 1201.8)),
    }
}

fn constants(group: Group, density60: f64) -> Constants {
    let [gasoline, transition, jet] = ZONE_LIMITS;
    match group {
        Group::Crude => CRUDE,
        Group::Lube => LUBE,
        Group::Refined if density60 < gasoline => GASOLINE,
        Group::Refined if density60 < transition => TRANSITION,
        Group::Refined if density60 < jet => JET,
        Group::Refined => FUEL,
        Group::Alpha(alpha) => {
            Constants { zone: Zone::Alpha, k0: 0.0, k1: 0.0, k2: alpha.per_fahrenheit(), damping: 0.0 }
        }
    }
}

/// °C on ITS-90 to °F on IPTS-68.
fn shifted_fahrenheit(celsius: f64) -> f64 {
    let tau = celsius / 630.0;
    let correction = SHIFT.iter().rev().fold(0.0, |sum, coefficient| (sum + coefficient) * tau);
    1.8 * (celsius - correction) + 32.0
}

/// What the conditions of a measurement come to, computed once.
struct Conditions {
    /// °F as measured (ITS-90): the inversion's damping uses it unshifted.
    fahrenheit: f64,
    /// °F on IPTS-68.
    shifted: f64,
    /// psig.
    pressure: f64,
}

impl Conditions {
    fn new(celsius: f64, pressure: f64) -> Self {
        Self { fahrenheit: 1.8 * celsius + 32.0, shifted: shifted_fahrenheit(celsius), pressure }
    }
}

/// Factors at one base density.
struct Factors {
    alpha60: f64,
    ctl: f64,
    cpl: f64,
    fp: f64,
}

impl Factors {
    fn ctpl(&self) -> f64 {
        self.ctl * self.cpl
    }
}

/// CTL to 60 °F, `dt` degrees (IPTS-68) away.
#[inline(always)]
fn ctl(alpha60: f64, dt: f64) -> f64 {
    exp(-alpha60 * dt * (1.0 + 0.8 * alpha60 * (dt + DELTA_60)))
}

impl Constants {
    /// rho* and alpha60 from rho60.
    #[inline(always)]
    fn shifted_density(&self, density60: f64) -> (f64, f64) {
        if self.zone == Zone::Alpha {
            let u = self.k2 * DELTA_60;
            return (density60 * exp(0.5 * u * (1.0 + 0.4 * u)), self.k2);
        }
        let a = DELTA_60 / 2.0 * ((self.k0 / density60 + self.k1) / density60 + self.k2);
        let b = (2.0 * self.k0 + self.k1 * density60) / (self.k0 + (self.k1 + self.k2 * density60) * density60);
        let density = density60 * (1.0 + exp_m1_tiny(a * (1.0 + 0.8 * a)) / (1.0 + a * (1.0 + 1.6 * a) * b));
        (density, (self.k0 / density + self.k1) / density + self.k2)
    }

    /// Factors from rho* and alpha60.
    #[inline(always)]
    fn factors(&self, density: f64, alpha60: f64, conditions: &Conditions) -> Factors {
        let ctl = ctl(alpha60, conditions.shifted - BASE);
        if conditions.pressure <= 0.0 {
            return Factors { alpha60, ctl, cpl: 1.0, fp: 0.0 };
        }
        let t = conditions.shifted;
        let fp = (-1.9947 + 0.000_134_27 * t + (793_920.0 + 2326.0 * t) / (density * density)).exp();
        Factors { alpha60, ctl, cpl: 1.0 / (1.0 - 1e-5 * fp * conditions.pressure), fp }
    }

    /// The inversion's denominator: how strongly CTPL answers to rho60.
    fn response(&self, factors: &Factors, density60: f64, conditions: &Conditions) -> f64 {
        let u = factors.alpha60 * (conditions.fahrenheit - 60.0);
        let thermal = self.damping * u * (1.0 + 1.6 * u);
        let pressure =
            -2.0 * factors.cpl * conditions.pressure * factors.fp * (7.93920 + 0.02326 * conditions.fahrenheit)
                / (density60 * density60);
        1.0 + thermal + pressure
    }
}

/// Computes one measurement.
#[inline]
pub(super) fn correct<T: Trace>(measurement: &Measurement, trace: &mut T) -> Result<Correction, VolumetricError> {
    let group = measurement.group;
    let (base_range, observed_range) = ranges(group);
    let celsius = within(Limit::Temperature, measurement.temperature.celsius(), -50.0, 150.0)?;
    let pressure = within(Limit::Pressure, measurement.pressure.psig(), 0.0, 1500.0)?;
    let conditions = Conditions::new(celsius, pressure);
    let density = measurement.density.kg_m3();
    let (density60, note) = match measurement.density_kind {
        DensityKind::Observed => {
            within(Limit::ObservedDensity, density, observed_range.0, observed_range.1)?;
            invert(group, density, &conditions)?
        }
        DensityKind::At(Base::F60) => (density, None),
        DensityKind::At(base) => invert(group, density, &Conditions::new(base.celsius(), 0.0))?,
    };
    within(Limit::BaseDensity, density60, base_range.0, base_range.1)?;
    Ok(finish(measurement, density60, note, &conditions, trace))
}

#[inline]
fn finish<T: Trace>(
    measurement: &Measurement,
    density60: f64,
    note: Option<Note>,
    conditions: &Conditions,
    trace: &mut T,
) -> Correction {
    let constants = constants(measurement.group, density60);
    let (density, alpha60) = constants.shifted_density(density60);
    let factors = constants.factors(density, alpha60, conditions);
    let to_base = match measurement.base {
        Base::F60 => 1.0,
        Base::C15 => ctl(alpha60, SHIFTED_15 - BASE),
        Base::C20 => ctl(alpha60, SHIFTED_20 - BASE),
    };
    trace.step("temperature_ipts68_f", conditions.shifted);
    trace.step("density60_kgm3", density60);
    trace.step("alpha60_per_f", alpha60);
    trace.step("ctl60", factors.ctl);
    trace.step("fp", factors.fp);
    trace.step("cpl", factors.cpl);
    trace.step("ctl60_at_base", to_base);
    let vcf = trace.step("vcf", factors.ctpl() / to_base);
    let given = measurement.density_kind == DensityKind::At(measurement.base);
    let mut notes = Notes::default();
    notes.extend(note);
    Correction {
        density_base: if given { measurement.density } else { Density::computed(density60 * to_base) },
        vcf: Vcf::computed(vcf),
        zone: constants.zone,
        notes,
    }
}

/// The standard's inversion: damped Newton steps on rho60, held inside the group's range.
fn invert(group: Group, observed: f64, conditions: &Conditions) -> Result<(f64, Option<Note>), VolumetricError> {
    let ((low, high), _) = ranges(group);
    let mut density = observed.clamp(low, high);
    for _ in 0..MAX_STEPS {
        let zone = constants(group, density);
        let (shifted, alpha60) = zone.shifted_density(density);
        let factors = zone.factors(shifted, alpha60, conditions);
        let error = observed / factors.ctpl() - density;
        let step = error / zone.response(&factors, density, conditions);
        let near = matches!(group, Group::Refined) && near_limit(density);
        if off(observed - density * factors.ctpl(), step, near) < TOLERANCE {
            return Ok((density, None));
        }
        let next = density + step;
        if !next.is_finite() {
            return Err(VolumetricError::NoConvergence { iterations: MAX_STEPS });
        }
        density = next.clamp(low, high);
    }
    not_settled(group, density, low, high)
}

/// How far an iteration is from its end. The standard looks at the observed density; that can leave the density at base a
/// little further away, so the step still to be made counts too, with what it may fall short of. Not near a zone limit, where the standard takes what it
/// gets (example 11.1.6.2-E5 is 1.1e-6 away).
#[inline(always)]
fn off(residual: f64, step: f64, near: bool) -> f64 {
    let step = if near { 0.0 } else { 1.08 * step.abs() };
    residual.abs().max(step)
}

/// Within 1 kg/m³ of a zone limit.
#[inline(always)]
fn near_limit(density60: f64) -> bool {
    let [gasoline, transition, jet] = ZONE_LIMITS.map(|limit| (density60 - limit).abs() <= 1.0);
    gasoline | transition | jet
}

/// Near two of the three zone limits the standard accepts the last value; at the third it says nothing, so we do.
fn not_settled(group: Group, density: f64, low: f64, high: f64) -> Result<(f64, Option<Note>), VolumetricError> {
    let [gasoline, transition, jet] = ZONE_LIMITS;
    if matches!(group, Group::Refined) {
        for limit in [gasoline, transition] {
            if (density - limit).abs() <= 1.0 {
                return Ok((density, Some(Note::AcceptedWithoutConvergence(limit))));
            }
        }
        if (density - jet).abs() <= 1.0 {
            return Err(VolumetricError::BoundaryAmbiguity { limit: jet });
        }
    }
    if density <= low || density >= high {
        return Err(VolumetricError::OutOfRange { limit: Limit::BaseDensity, value: density, low, high });
    }
    Err(VolumetricError::NoConvergence { iterations: MAX_STEPS })
}
