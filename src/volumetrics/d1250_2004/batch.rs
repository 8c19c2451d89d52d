//! Observed densities of one group at atmospheric pressure, a chunk at a time in loops that vectorise: the operations of
//! the scalar code in its order, so the same bits.

use super::super::batch::{CHUNK, Chunk};
use super::super::numeric::{exp_m1_tiny, exp_small};
use super::super::{Base, Group, Zone};
use super::{
    BASE, Constants, DELTA_60, MAX_STEPS, SHIFTED_15, SHIFTED_20, TOLERANCE, ZONE_LIMITS, constants, near_limit, off,
    ranges, shifted_fahrenheit,
};

/// What is the same for all rows.
pub(in super::super) struct Lanes {
    pub(in super::super) group: Group,
    pub(in super::super) base: Base,
}

/// `alpha60 = (k0/rho* + k1)/rho* + k2`, and the damping of the inversion.
type Numbers = [f64; 4];

impl Lanes {
    /// The zone of a density at 60 °F.
    pub(in super::super) fn zone(&self, density60: f64) -> Zone {
        constants(self.group, density60).zone
    }

    /// Computes up to [`CHUNK`] rows. A supplied coefficient is the scalar code's.
    pub(in super::super) fn run(&self, densities: &[f64], temperatures: &[f64], out: &mut Chunk) {
        match self.group {
            Group::Refined => self.pass(densities, temperatures, out, refined),
            group => {
                let Constants { k0, k1, k2, damping, .. } = constants(group, 0.0);
                self.pass(densities, temperatures, out, |_| [k0, k1, k2, damping]);
            }
        }
    }

    #[inline(always)]
    fn pass(&self, densities: &[f64], temperatures: &[f64], out: &mut Chunk, numbers: impl Fn(f64) -> Numbers) {
        let ((low, high), (lightest, heaviest)) = ranges(self.group);
        let (mut observed, mut celsius, mut inside) = ([800.0; CHUNK], [15.0; CHUNK], [false; CHUNK]);
        let rows = densities.iter().zip(temperatures).zip(&mut inside).zip(observed.iter_mut().zip(&mut celsius));
        for (((density, temperature), inside), (observed, celsius)) in rows {
            *inside = (lightest..=heaviest).contains(density) && (-50.0..=150.0).contains(temperature);
            if *inside {
                (*observed, *celsius) = (*density, *temperature);
            }
        }
        let (mut shifted, mut density, mut open) = ([0.0; CHUNK], [0.0; CHUNK], [0.0; CHUNK]);
        for i in 0..CHUNK {
            shifted[i] = shifted_fahrenheit(celsius[i]);
            density[i] = observed[i].clamp(low, high);
        }
        let refined_group = matches!(self.group, Group::Refined);
        for _ in 0..MAX_STEPS {
            for i in 0..CHUNK {
                let fahrenheit = 1.8 * celsius[i] + 32.0;
                let near = refined_group & near_limit(density[i]);
                let (next, residual) =
                    newton(observed[i], density[i], fahrenheit, shifted[i], numbers(density[i]), near);
                let next = next.max(low).min(high);
                density[i] = if residual < TOLERANCE { density[i] } else { next };
                open[i] = if residual < TOLERANCE { 0.0 } else { 1.0 };
            }
            if open.iter().sum::<f64>() == 0.0 {
                break;
            }
        }
        let base = match self.base {
            Base::F60 => None,
            Base::C15 => Some(SHIFTED_15 - BASE),
            Base::C20 => Some(SHIFTED_20 - BASE),
        };
        for i in 0..CHUNK {
            let (_, alpha60) = shifted_density(density[i], numbers(density[i]));
            let to_base = base.map_or(1.0, |dt| ctl(alpha60, dt));
            out.vcf[i] = ctl(alpha60, shifted[i] - BASE) / to_base;
            out.density[i] = density[i] * to_base;
            out.key[i] = density[i];
            out.sure[i] = inside[i] && open[i] == 0.0;
        }
    }
}

#[inline(always)]
fn refined(density: f64) -> Numbers {
    let [transition, jet, fuel] = ZONE_LIMITS;
    let pick = |zones: [f64; 4]| {
        let light = if density < transition { zones[0] } else { zones[1] };
        let heavy = if density < fuel { zones[2] } else { zones[3] };
        if density < jet { light } else { heavy }
    };
    let zones = [super::GASOLINE, super::TRANSITION, super::JET, super::FUEL];
    [pick(zones.map(|z| z.k0)), pick(zones.map(|z| z.k1)), pick(zones.map(|z| z.k2)), pick(zones.map(|z| z.damping))]
}

/// [`Constants::shifted_density`].
#[inline(always)]
fn shifted_density(density60: f64, [k0, k1, k2, _]: Numbers) -> (f64, f64) {
    let a = DELTA_60 / 2.0 * ((k0 / density60 + k1) / density60 + k2);
    let b = (2.0 * k0 + k1 * density60) / (k0 + (k1 + k2 * density60) * density60);
    let density = density60 * (1.0 + exp_m1_tiny(a * (1.0 + 0.8 * a)) / (1.0 + a * (1.0 + 1.6 * a) * b));
    (density, (k0 / density + k1) / density + k2)
}

/// [`super::ctl`]: inside the method's limits the exponent stays where the polynomial holds.
#[inline(always)]
fn ctl(alpha60: f64, dt: f64) -> f64 {
    exp_small(-alpha60 * dt * (1.0 + 0.8 * alpha60 * (dt + DELTA_60)))
}

/// The next density, not yet held inside the range, and how far the present one is off.
#[inline(always)]
fn newton(observed: f64, density: f64, fahrenheit: f64, shifted: f64, numbers: Numbers, near: bool) -> (f64, f64) {
    let (_, alpha60) = shifted_density(density, numbers);
    let ctl = ctl(alpha60, shifted - BASE);
    let error = observed / ctl - density;
    let u = alpha60 * (fahrenheit - 60.0);
    let thermal = numbers[3] * u * (1.0 + 1.6 * u);
    let step = error / (1.0 + thermal);
    (density + step, off(observed - density * ctl, step, near))
}
