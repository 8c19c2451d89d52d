//! Why a row may be wrong: ways in which such values have been computed wrongly, each with what it would have stored.

mod altered;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::judge::{Computed, Judge, Judged, Stored};
use crate::volumetrics::{
    Base, DensityKind, Hydrometer, Measurement, MethodName, Precision, Procedure, Temperature, VcfDecimals, zone_778,
};

/// A cause, and how well it fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// Stable name, kebab case.
    pub id: Cow<'static, str>,
    /// In words.
    pub text: String,
    /// Stored results it explains, of how many there are.
    pub explains: (usize, usize),
}

/// What a wrong way of computing would have stored.
#[derive(Debug, Clone)]
struct Candidate {
    id: &'static str,
    text: Cow<'static, str>,
    /// Any of these may stand as density at base.
    densities: [f64; 2],
    vcf: f64,
    /// Volume at base, where it is not V × VCF.
    volume15: Option<f64>,
    /// The stored factor may also be the right one: only the volume was made with the other.
    or_right_vcf: bool,
    /// How much less likely it is than a plain mistake: it has something to adjust.
    doubt: f64,
}

/// The neighbours' computed values and volumes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Neighbours {
    /// The row before.
    pub before: Option<Computed>,
    /// The row after.
    pub after: Option<Computed>,
}

/// Multiples of this are coefficients people write into a linear formula, per °C.
const LINEAR_STEP: f64 = 5e-5;

/// Coefficients in common use for petrol, kerosine, gasoil and fuel oil.
const COMMON_K: [f64; 11] = [6.4e-4, 6.5e-4, 7e-4, 8e-4, 8.3e-4, 8.4e-4, 8.5e-4, 9e-4, 1e-3, 1.1e-3, 1.2e-3];

/// Every named mistake that gives all stored results of a row, in words.
pub type Fitting = BTreeMap<&'static str, Cow<'static, str>>;

/// The named cause that explains every stored result best, and every other that does too; what can be said where none
/// does.
#[must_use]
pub fn explain(judge: &Judge<'_>, row: &Judged, neighbours: Neighbours) -> (Cause, Fitting) {
    let (Some(measurement), Some(computed)) = (&row.measurement, &row.computed) else {
        return (without_method(&row.stored), Fitting::new());
    };
    let stored = &row.stored;
    let mut fitting: Vec<(f64, Candidate)> = candidates(judge, measurement, computed, stored, neighbours)
        .into_iter()
        .filter_map(|candidate| Some((fit(judge, &candidate, stored, computed)?, candidate)))
        .collect();
    fitting.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let all = fitting.iter().map(|(_, candidate)| (candidate.id, candidate.text.clone())).collect();
    let results = [stored.density15, stored.vcf, stored.volume15].iter().flatten().count();
    let cause = match fitting.into_iter().next() {
        Some((_, Candidate { id, text, .. })) => {
            Cause { id: id.into(), text: text.into_owned(), explains: (results, results) }
        }
        None => altered::explain(judge, row, measurement, computed),
    };
    (cause, all)
}

fn without_method(stored: &Stored) -> Cause {
    let product = stored.volume.zip(stored.vcf).map_or(0.0, |(volume, vcf)| volume * vcf);
    let text = format!("V × VCF is {product:.1} L");
    Cause { id: "volume-not-v-times-vcf".into(), text, explains: (1, 2) }
}

/// How badly the candidate fits, `None` where it does not explain every stored result: allowed differences used up, and
/// one more for each assumption beyond the candidate's own.
fn fit(judge: &Judge<'_>, candidate: &Candidate, stored: &Stored, right: &Computed) -> Option<f64> {
    let half = judge.half;
    let off = |stored: Option<f64>, value: f64, allowed: f64| {
        let used = stored.map_or(0.0, |stored| (stored - value).abs() / (allowed + 1e-9));
        (used <= 1.0).then_some(used)
    };
    let right_vcf = off(stored.vcf, right.vcf, half.vcf).filter(|_| candidate.or_right_vcf);
    let vcf = off(stored.vcf, candidate.vcf, half.vcf).or(right_vcf)?;
    let [own, other] = candidate.densities;
    let density = |value: f64| off(stored.density15, value, 0.05 + half.density15);
    let density = density(own).or_else(|| density(other).map(|used| used + 1.0))?;
    let volume = stored.volume.map_or(Some(0.0), |volume| {
        // A factor rounded on purpose leaves no room for the stored one's rounding.
        let slack = if candidate.or_right_vcf { 0.0 } else { volume * half.vcf };
        let made = |litres: f64| off(stored.volume15, litres, half.volume15 + slack);
        made(volume * candidate.vcf).or_else(|| candidate.volume15.and_then(made))
    })?;
    Some(vcf + density + volume + candidate.doubt)
}

/// All of them.
fn candidates(
    judge: &Judge<'_>,
    measurement: &Measurement,
    right: &Computed,
    stored: &Stored,
    neighbours: Neighbours,
) -> Vec<Candidate> {
    let given = measurement.density.kg_m3();
    let procedure = &judge.plan.procedure;
    let mut all = Vec::new();
    let mut add = |id, text: Cow<'static, str>, density: f64, vcf: f64| {
        all.push(Candidate {
            id,
            text,
            densities: [density, right.density15],
            vcf,
            volume15: None,
            or_right_vcf: false,
            doubt: 0.0,
        });
    };
    let applied = |procedure: &Procedure, measurement: &Measurement| {
        procedure.correct(measurement).ok().map(|done| (done.density_base.kg_m3(), done.vcf.factor()))
    };
    let at_base = Measurement { density_kind: DensityKind::At(measurement.base), ..*measurement };
    if let Some((density, vcf)) =
        applied(procedure, &at_base).filter(|_| measurement.density_kind != at_base.density_kind)
    {
        add("observed-density-as-base", "the observed density was used as density at 15 °C".into(), density, vcf);
    }
    add("no-correction", "no correction was applied: VCF 1".into(), given, 1.0);
    for (base, id, text) in OTHER_BASES {
        let other = Measurement { base, ..*measurement };
        if let Some((density, vcf)) = applied(procedure, &other).filter(|_| base != measurement.base) {
            add(id, text.into(), density, vcf);
        }
    }
    for (id, text, temperature) in misread(measurement.temperature) {
        let other = temperature.map(|temperature| Measurement { temperature, ..*measurement });
        if let Some((density, vcf)) = other.and_then(|other| applied(procedure, &other)) {
            add(id, text.into(), density, vcf);
        }
    }
    if let Ok(done) = zone_778(measurement) {
        let text = "the \"778\" variant of the transition zone was used";
        add("zone-778", text.into(), done.density_base.kg_m3(), done.vcf.factor());
    }
    for (id, text, variant) in variants(procedure) {
        if let Some((density, vcf)) = applied(&variant, measurement) {
            add(id, text.into(), density, vcf);
        }
    }
    for (decimals, id) in [(3, "vcf-rounded-3"), (4, "vcf-rounded-4"), (5, "vcf-rounded-5")] {
        all.push(rounded(decimals, id, right));
    }
    for (computed, id, side) in
        [(neighbours.before, "values-of-previous-row", "before"), (neighbours.after, "values-of-next-row", "after")]
    {
        let text = format!("the values belong to the row {side}").into();
        all.extend(computed.map(|other| Candidate {
            id,
            text,
            densities: [other.density15, right.density15],
            vcf: other.vcf,
            volume15: other.volume15,
            or_right_vcf: false,
            doubt: 0.5,
        }));
    }
    all.extend(linear(stored, measurement, right));
    all
}

const OTHER_BASES: [(Base, &str, &str); 3] = [
    (Base::C15, "base-15", "base 15 °C was used"),
    (Base::C20, "base-20", "base 20 °C was used"),
    (Base::F60, "base-60f", "base 60 °F was used"),
];

/// Readings of a temperature in the wrong unit.
fn misread(temperature: Temperature) -> [(&'static str, &'static str, Option<Temperature>); 2] {
    let celsius = temperature.celsius();
    [
        (
            "celsius-read-as-fahrenheit",
            "°F and °C were mixed up: the stored temperature was converted as if it were °F",
            Temperature::from_fahrenheit(celsius).ok(),
        ),
        (
            "fahrenheit-used-as-celsius",
            "°F and °C were mixed up: the temperature in °F was used as °C",
            Temperature::from_celsius(celsius * 1.8 + 32.0).ok(),
        ),
    ]
}

/// The factor was rounded before multiplying; what is stored may be the rounded or the full one.
fn rounded(decimals: i32, id: &'static str, right: &Computed) -> Candidate {
    let scale = 10_f64.powi(decimals);
    let vcf = (right.vcf * scale).round() / scale;
    let text = format!("the VCF was rounded to {decimals} decimals before multiplying").into();
    Candidate { id, text, densities: [right.density15; 2], vcf, volume15: None, or_right_vcf: true, doubt: 0.5 }
}

/// `1 − k(t − 15)` with a k a person would write. The density at base is then observed density over VCF, or the observed
/// one; with the right one beside it only a k in common use is believed.
fn linear(stored: &Stored, measurement: &Measurement, right: &Computed) -> Option<Candidate> {
    let dt = measurement.temperature.celsius() - 15.0;
    let from = stored.vcf.or_else(|| Some(stored.volume15? / stored.volume?))?;
    let seen = (1.0 - from) / dt;
    let common = COMMON_K.into_iter().find(|k| ((k - seen) * dt).abs() < 1e-5);
    let k = common.unwrap_or((seen / LINEAR_STEP).round() * LINEAR_STEP);
    let plausible = dt.abs() >= 1.0 && (3e-4..=1.6e-3).contains(&k);
    let vcf = 1.0 - k * dt;
    let given = measurement.density.kg_m3();
    let off = |value: f64| stored.density15.map_or(0.0, |density| (density - value).abs());
    let own = if off(given) < off(given / vcf) { given } else { given / vcf };
    let other = if common.is_some() { right.density15 } else { own };
    plausible.then(|| Candidate {
        id: "linear",
        text: format!("a linear formula was used: 1 − {k:.5}·(t − 15)").into(),
        densities: [own, other],
        vcf,
        volume15: None,
        or_right_vcf: false,
        doubt: 4.0,
    })
}

/// The same method with one setting changed, and the other methods.
fn variants(own: &Procedure) -> Vec<(&'static str, &'static str, Procedure)> {
    let mut all = Vec::new();
    for (hydrometer, id, text) in [
        (Hydrometer::None, "without-hydrometer", "computed without the hydrometer's glass correction"),
        (Hydrometer::Glass15, "hydrometer-glass-15", "computed with the glass correction of a 15 °C hydrometer"),
        (Hydrometer::Glass20, "hydrometer-glass-20", "computed with the glass correction of a 20 °C hydrometer"),
    ] {
        all.push((id, text, Procedure { hydrometer, ..own.clone() }));
    }
    let old = own.method == MethodName::D1250_1980;
    let (precision, id, text) = match own.precision {
        Precision::Full => (Precision::Table, "table-precision", "computed with the rounding of the printed tables"),
        Precision::Table => (Precision::Full, "full-precision", "computed in full precision"),
    };
    if old {
        all.push((id, text, Procedure { precision, ..own.clone() }));
    }
    for (vcf_decimals, id, text) in [
        (VcfDecimals::Four, "vcf-4-decimals", "the VCF was kept with 4 decimals"),
        (VcfDecimals::Five, "vcf-5-decimals", "the VCF was kept with 5 decimals"),
    ] {
        all.push((id, text, Procedure { vcf_decimals, ..own.clone() }));
    }
    let other = if old { MethodName::D1250_2004 } else { MethodName::D1250_1980 };
    let text = if old { "computed by d1250-2004" } else { "computed by d1250-1980" };
    let id = if old { "method-2004" } else { "method-1980" };
    all.push((id, text, Procedure { method: other, precision: Precision::Full, ..own.clone() }));
    if own.grid.is_some() && own.method != MethodName::Grid {
        let hydrometer = Hydrometer::None;
        let (method, precision) = (MethodName::Grid, Precision::Full);
        all.push((
            "method-grid",
            "interpolated in the given grid",
            Procedure { method, precision, hydrometer, ..own.clone() },
        ));
    }
    all.retain(|(_, _, variant)| variant != own);
    all
}
