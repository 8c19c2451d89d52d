//! Observed densities of one group in full precision, a chunk at a time in loops that vectorise: what one row gives, to
//! the bit, because the arithmetic is the same functions.

use super::super::Group;
use super::super::batch::{CHUNK, Chunk};
use super::zones::{Constants, Units, solve};
use super::{Base, Hydrometer, Precision, VcfDecimals, Zone, check_density};

/// What is the same for all rows.
pub(in super::super) struct Lanes {
    pub(in super::super) units: &'static Units,
    pub(in super::super) group: Group,
    pub(in super::super) hydrometer: Hydrometer,
    pub(in super::super) vcf_decimals: VcfDecimals,
}

impl Lanes {
    /// `None` for a group the method does not have.
    pub(in super::super) fn new(
        base: Base,
        group: Group,
        hydrometer: Hydrometer,
        vcf_decimals: VcfDecimals,
    ) -> Option<Self> {
        let units = Units::of(base);
        units.zone(group, 800.0).ok()?;
        Some(Self { units, group, hydrometer, vcf_decimals })
    }

    /// The zone of a base density.
    pub(in super::super) fn zone(&self, density: f64) -> Zone {
        self.units.zone(self.group, density).map_or(Zone::Alpha, |constants| constants.zone)
    }

    /// Computes up to [`CHUNK`] rows.
    pub(in super::super) fn run(&self, densities: &[f64], temperatures: &[f64], out: &mut Chunk) {
        match self.units.zone(self.group, 800.0) {
            Ok(constants) if !matches!(self.group, Group::Refined) => {
                self.pass(densities, temperatures, out, |_, _| [constants.a, constants.b, constants.c]);
            }
            _ => self.pass(densities, temperatures, out, |observed, dt| {
                let Constants { a, b, c, .. } = *self.units.refined_zone(self.units.estimate(observed, dt));
                [a, b, c]
            }),
        }
        self.check(densities, temperatures, out);
        if self.vcf_decimals != VcfDecimals::Computational {
            out.vcf.iter_mut().for_each(|vcf| *vcf = self.vcf_decimals.apply(*vcf, Precision::Full));
        }
    }

    #[inline(always)]
    fn pass(&self, densities: &[f64], temperatures: &[f64], out: &mut Chunk, constants: impl Fn(f64, f64) -> [f64; 3]) {
        let (mut observed, mut dt) = ([800.0; CHUNK], [0.0; CHUNK]);
        let (mut a, mut b, mut c) = ([0.0; CHUNK], [0.0; CHUNK], [0.0; CHUNK]);
        for ((density, celsius), (o, d)) in densities.iter().zip(temperatures).zip(observed.iter_mut().zip(&mut dt)) {
            let (linear, square) = self.hydrometer.terms(*celsius, self.units);
            *o = density * (1.0 - linear - square);
            *d = self.units.scale(*celsius) - self.units.base;
        }
        for i in 0..CHUNK {
            [a[i], b[i], c[i]] = constants(observed[i], dt[i]);
        }
        for i in 0..CHUNK {
            let (density, vcf, settled) = solve(observed[i], dt[i], [a[i], b[i], c[i]]);
            out.density[i] = density;
            out.key[i] = density;
            out.vcf[i] = vcf;
            out.sure[i] = settled;
        }
    }

    /// Keeps only rows that are plain in every respect.
    fn check(&self, densities: &[f64], temperatures: &[f64], out: &mut Chunk) {
        let refined = matches!(self.group, Group::Refined);
        let rows = densities.iter().zip(temperatures).zip(out.density.iter().zip(&mut out.sure));
        for ((observed, celsius), (density, sure)) in rows {
            *sure &= (100.0..=2000.0).contains(observed)
                && (-18.0..=95.0).contains(celsius)
                && check_density(self.group, *density).is_ok()
                && (!refined || self.keeps_zone(*observed, *celsius, *density));
        }
    }

    fn keeps_zone(&self, observed: f64, celsius: f64, density: f64) -> bool {
        let (linear, square) = self.hydrometer.terms(celsius, self.units);
        let corrected = observed * (1.0 - linear - square);
        let dt = self.units.scale(celsius) - self.units.base;
        let guess = self.units.refined_zone(self.units.estimate(corrected, dt));
        std::ptr::eq(guess, self.units.refined_zone(density)) && !self.units.near_limit(density)
    }
}
