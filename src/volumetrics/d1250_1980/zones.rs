//! Constants of the 1980 method and the solver of its inversion.

use super::super::error::VolumetricError;
use super::super::numeric::{SMALL, exp, exp_small};
use super::super::{Base, Group, Zone};

/// One zone's constants: `alpha = a + b/rho + c/rho²`, per °C or per °F.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constants {
    pub(super) zone: Zone,
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) c: f64,
}

/// A system of units: base temperature, constants and zone limits.
pub(in super::super) struct Units {
    pub(super) base: f64,
    pub(super) metric: bool,
    crude: Constants,
    lube: Constants,
    /// Gasoline, transition, jet, fuel.
    refined: [Constants; 4],
    /// Lower limits of transition, jet and fuel: between the table's rows.
    pub(super) limits: [f64; 3],
}

static METRIC: Units = Units {
    base: 15.0,
    metric: true,
    crude: Constants { zone: Zone::Crude, a: 0.0, b: 0.0, c: 613.9723 },
    lube: Constants { zone: Zone::Lube, a: 0.0, b: 0.6278, c: 0.0 },
    refined: [
        Constants { zone: Zone::Gasoline, a: 0.0, b: 0.4388, c: 346.4228 },
        Constants { zone: Zone::Transition, a: -0.003_363_12, b: 0.0, c: 2680.3206 },
        Constants { zone: Zone::Jet, a: 0.0, b: 0.0, c: 594.5418 },
        Constants { zone: Zone::Fuel, a: 0.0, b: 0.4862, c: 186.9696 },
    ],
    limits: [770.5, 787.5, 838.75],
};

static US: Units = Units {
    base: 60.0,
    metric: false,
    crude: Constants { zone: Zone::Crude, a: 0.0, b: 0.0, c: 341.0957 },
    lube: Constants { zone: Zone::Lube, a: 0.0, b: 0.34878, c: 0.0 },
    refined: [
        Constants { zone: Zone::Gasoline, a: 0.0, b: 0.2438, c: 192.4571 },
        Constants { zone: Zone::Transition, a: -0.001_868_40, b: 0.0, c: 1489.0670 },
        Constants { zone: Zone::Jet, a: 0.0, b: 0.0, c: 330.3010 },
        Constants { zone: Zone::Fuel, a: 0.0, b: 0.2701, c: 103.8720 },
    ],
    limits: [770.352, 787.5195, 838.3127],
};

/// Closer than this to a zone limit, kg/m³, the jump of alpha may leave two solutions or none.
const NEAR_LIMIT: f64 = 0.5;

const UNSUPPORTED_ALPHA: VolumetricError =
    VolumetricError::Unsupported { what: "a supplied coefficient of thermal expansion" };

/// A solved inversion.
#[derive(Debug, Clone, Copy)]
pub(super) struct Solution {
    pub(super) density: f64,
    pub(super) vcf: f64,
    pub(super) constants: &'static Constants,
    /// The limit at whose jump no formula fits, where it came to that.
    pub(super) forced_at: Option<f64>,
}

impl Units {
    pub(super) fn of(base: Base) -> &'static Self {
        if base == Base::F60 { &US } else { &METRIC }
    }

    /// `celsius` on this system's scale.
    #[inline]
    pub(super) fn scale(&self, celsius: f64) -> f64 {
        if self.metric { celsius } else { celsius * 1.8 + 32.0 }
    }

    /// The group's formula at a base density.
    #[inline]
    pub(super) fn zone(&'static self, group: Group, density: f64) -> Result<&'static Constants, VolumetricError> {
        match group {
            Group::Crude => Ok(&self.crude),
            Group::Lube => Ok(&self.lube),
            Group::Refined => Ok(self.refined_zone(density)),
            Group::Alpha(_) => Err(UNSUPPORTED_ALPHA),
        }
    }

    #[inline]
    pub(super) fn refined_zone(&'static self, density: f64) -> &'static Constants {
        let [transition, jet, fuel] = self.limits;
        let [gasoline_k, transition_k, jet_k, fuel_k] = &self.refined;
        match density {
            d if d < transition => gasoline_k,
            d if d <= jet => transition_k,
            d if d < fuel => jet_k,
            _ => fuel_k,
        }
    }

    /// The refined zone of that name; fuel for any other name.
    pub(super) fn refined_named(&'static self, zone: Zone) -> &'static Constants {
        let [gasoline, transition, jet, fuel] = &self.refined;
        match zone {
            Zone::Gasoline => gasoline,
            Zone::Transition => transition,
            Zone::Jet => jet,
            _ => fuel,
        }
    }

    /// Base density of a refined product to about 1 kg/m³: enough to guess its zone.
    #[inline(always)]
    pub(super) fn estimate(&self, observed: f64, dt: f64) -> f64 {
        let per_degree = 0.71 + (838.0 - observed) * 0.0025;
        observed + per_degree * if self.metric { dt } else { dt / 1.8 }
    }

    /// Whether `density` lies so near a refined zone limit that the zones on both sides must be tried.
    #[inline(always)]
    pub(super) fn near_limit(&self, density: f64) -> bool {
        let [transition, jet, fuel] = self.limits;
        (density - transition).abs() < NEAR_LIMIT
            || (density - jet).abs() < NEAR_LIMIT
            || (density - fuel).abs() < NEAR_LIMIT
    }

    /// Solves `rho · VCF(rho) = observed` for rho.
    #[inline]
    pub(super) fn invert(&'static self, group: Group, observed: f64, dt: f64) -> Result<Solution, VolumetricError> {
        let refined = matches!(group, Group::Refined);
        let guess = if refined { self.refined_zone(self.estimate(observed, dt)) } else { self.zone(group, observed)? };
        if let Some(solution) = guess.invert(observed, dt) {
            let density = solution.density;
            if !refined || (self.refined_zone(density).zone == guess.zone && !self.near_limit(density)) {
                return Ok(solution);
            }
        }
        if refined { self.invert_across_zones(observed, dt) } else { Err(NO_SOLUTION) }
    }

    /// Near a limit: the uppermost zone whose solution lies in it. Where the jump of alpha leaves none, the upper
    /// zone's formula counts, and the limit is named.
    #[cold]
    fn invert_across_zones(&'static self, observed: f64, dt: f64) -> Result<Solution, VolumetricError> {
        let mut above: Option<Solution> = None;
        for (index, constants) in self.refined.iter().enumerate().rev() {
            let here = constants.invert(observed, dt);
            if let Some(solution) = here {
                if self.refined_zone(solution.density).zone == constants.zone {
                    return Ok(solution);
                }
                if let (Some(upper), Some(limit)) = (above, self.limits.get(index))
                    && upper.density < *limit
                    && solution.density >= *limit
                {
                    return Ok(Solution { forced_at: Some(*limit), ..upper });
                }
            }
            above = here;
        }
        Err(NO_SOLUTION)
    }
}

const NO_SOLUTION: VolumetricError = VolumetricError::NoConvergence { iterations: 4 };

impl Constants {
    #[inline(always)]
    pub(super) fn alpha(&self, density: f64) -> f64 {
        self.a + (self.b + self.c / density) / density
    }

    /// VCF of a base density at `dt` degrees from base.
    #[inline(always)]
    pub(super) fn vcf(&self, density: f64, dt: f64) -> f64 {
        let u = self.alpha(density) * dt;
        exp(-u * (1.0 + 0.8 * u))
    }

    #[inline(always)]
    pub(super) fn invert(&'static self, observed: f64, dt: f64) -> Option<Solution> {
        let (density, vcf, settled) = solve(observed, dt, [self.a, self.b, self.c]);
        settled.then_some(Solution { density, vcf, constants: self, forced_at: None })
    }
}

/// Solves one zone's formula: base density, VCF, and whether it settled. No branches, so that a loop over it
/// vectorises, and the same operations for one row as for many.
///
/// With s = ln(rho/observed) and E = e⁻ˢ = VCF, alpha becomes `a + (b/observed)E + (c/observed²)E²`, and
/// `s = u(1 + 0.8u)`, `u = alpha·dt`, is solved by four Newton steps from s = 0. The first leaves an error below 1e-2,
/// the second 1e-4, the third 1e-8 anywhere in the method's range; E follows each step by a shorter polynomial.
#[inline(always)]
pub(super) fn solve(observed: f64, dt: f64, [a, b, c]: [f64; 3]) -> (f64, f64, bool) {
    let inverse = 1.0 / observed;
    let (b, c) = (b * inverse, c * inverse * inverse);
    let newton = |s: f64, e: f64| {
        let (linear, quadratic) = (b * e, c * e * e);
        let u = (a + linear + quadratic) * dt;
        let slope = 1.0 + (linear + 2.0 * quadratic) * dt * (1.0 + 1.6 * u);
        (u * (1.0 + 0.8 * u) - s) / slope
    };
    let first = newton(0.0, 1.0);
    let e = exp_small(-first);
    let second = newton(first, e);
    let x = -second;
    let e =
        e * (1.0 + x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x / 720.0))))));
    let third = newton(first + second, e);
    let x = -third;
    let e = e * (1.0 + x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0))));
    let fourth = newton(first + second + third, e);
    let vcf = e * (1.0 - fourth);
    let settled = (first.abs() <= SMALL) & (second.abs() <= 0.02) & (third.abs() <= 1e-3) & (fourth.abs() <= 1e-7);
    (observed / vcf, vcf, settled)
}
