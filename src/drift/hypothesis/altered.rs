//! The cause left where no way of computing explains a row: one value was altered, by hand or by a slip, and all others
//! belong together. Which one follows from which of the others still agree.

use super::super::judge::{Computed, Judge, Judged, Stored};
use super::Cause;
use crate::volumetrics::{Density, DensityKind, Measurement, Temperature};

/// Which single value, altered, leaves all others consistent; what can be said where there is none.
pub(super) fn explain(judge: &Judge<'_>, row: &Judged, measurement: &Measurement, computed: &Computed) -> Cause {
    let (stored, residuals) = (&row.stored, &row.residuals);
    let density_right = residuals.density15.is_none_or(|off| off.abs() <= density_step(judge));
    let vcf_right = residuals.vcf.is_none_or(|off| off.abs() <= judge.half.vcf + 1e-9);
    let follows = product_is(judge, stored, stored.vcf);
    let results = [stored.density15, stored.vcf, stored.volume15].iter().flatten().count();
    let right = usize::from(stored.density15.is_some() && density_right)
        + usize::from(stored.vcf.is_some() && vcf_right)
        + usize::from(stored.volume15.is_some() && follows);
    let cause = |id: &'static str, text: String| Cause { id: id.into(), text, explains: (right, results) };
    let altered = |column: &str, how: &str| format!("single value altered: {column} ({how})");
    match (density_right, vcf_right, follows) {
        (true, true, false) => {
            let product = stored.volume.map_or(0.0, |volume| volume * stored.vcf.unwrap_or(computed.vcf));
            cause("volume15-altered", altered("volume15", &format!("V × VCF is {product:.1} L")))
        }
        (true, false, true) => {
            let off = residuals.vcf.unwrap_or(0.0);
            cause("vcf-altered", altered("vcf", &format!("off by {off:+.5}, and the volume was made with it")))
        }
        (true, false, false) if product_is(judge, stored, Some(computed.vcf)) => {
            let off = residuals.vcf.unwrap_or(0.0);
            cause("vcf-altered", altered("vcf", &format!("off by {off:+.5}; the volume was made with the right one")))
        }
        (false, true, true) => {
            cause("density15-altered", altered("density15", &format!("{:.1} belongs there", computed.density15)))
        }
        (false, false, true) => match input(judge, stored, measurement) {
            Some((id, column, how)) => Cause { explains: (results, results), ..cause(id, altered(column, &how)) },
            None => cause("unexplained", UNEXPLAINED.to_owned()),
        },
        _ => cause("unexplained", UNEXPLAINED.to_owned()),
    }
}

const UNEXPLAINED: &str = "no known mistake gives this, and more than one value is off";

fn density_step(judge: &Judge<'_>) -> f64 {
    0.05 + judge.half.density15 + 1e-9
}

/// The stored volume is what the factor makes of V.
fn product_is(judge: &Judge<'_>, stored: &Stored, vcf: Option<f64>) -> bool {
    match (stored.volume, vcf, stored.volume15) {
        (Some(volume), Some(vcf), Some(volume15)) => {
            (volume * vcf - volume15).abs() <= judge.half.volume15 + volume * judge.half.vcf + 1e-9
        }
        _ => true,
    }
}

/// All results belong together, under another observed density or another temperature than is stored.
fn input(
    judge: &Judge<'_>,
    stored: &Stored,
    measurement: &Measurement,
) -> Option<(&'static str, &'static str, String)> {
    let (density15, vcf) = (stored.density15?, stored.vcf?);
    stored.density.filter(|_| measurement.density_kind == DensityKind::Observed)?;
    let at_base = Measurement {
        density: Density::from_kg_m3(density15).ok()?,
        density_kind: DensityKind::At(measurement.base),
        ..*measurement
    };
    let factor = |temperature: Temperature| {
        judge.plan.procedure.correct(&Measurement { temperature, ..at_base }).ok().map(|done| done.vcf.factor())
    };
    let gives = |other: &Measurement| {
        judge.plan.procedure.correct(other).is_ok_and(|done| {
            (done.density_base.kg_m3() - density15).abs() <= density_step(judge)
                && (done.vcf.factor() - vcf).abs() <= judge.half.vcf + 1e-9
        })
    };
    let density = Density::from_kg_m3(tenth(density15 * vcf)).ok()?;
    // The reading of a hydrometer differs from the density by at most a few tenths.
    let read = (-15..=15).filter_map(|tenths| Density::from_kg_m3(density.kg_m3() + f64::from(tenths) / 10.0).ok());
    if let Some(density) =
        nearest(read, density).find(|density| gives(&Measurement { density: *density, ..*measurement }))
    {
        return Some(("density-altered", "density", format!("{:.1} would give the rest", density.kg_m3())));
    }
    let temperature = Temperature::from_celsius(tenth(temperature_for(vcf, factor)?)).ok()?;
    gives(&Measurement { temperature, ..*measurement })
        .then(|| ("temperature-altered", "temperature", format!("{:.1} °C would give the rest", temperature.celsius())))
}

/// Those nearest to `to` first.
fn nearest(densities: impl Iterator<Item = Density>, to: Density) -> impl Iterator<Item = Density> {
    let mut all: Vec<Density> = densities.collect();
    all.sort_by(|one, other| (one.kg_m3() - to.kg_m3()).abs().total_cmp(&(other.kg_m3() - to.kg_m3()).abs()));
    all.into_iter()
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The temperature with this factor: it falls as the temperature rises.
fn temperature_for(vcf: f64, factor: impl Fn(Temperature) -> Option<f64>) -> Option<f64> {
    let (mut low, mut high) = (-18.0, 95.0);
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        let here = factor(Temperature::from_celsius(middle).ok()?)?;
        if here > vcf { low = middle } else { high = middle }
    }
    (low > -17.9 && high < 94.9).then_some((low + high) / 2.0)
}
