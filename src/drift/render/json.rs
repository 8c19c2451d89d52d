//! For programs: the findings as `gardefou check` prints them, and each section's figures.

use serde_json::{Value, json};

use super::super::run::DriftReport;
use super::super::{Outcome, Wrong};
use crate::report::{RenderOptions, json as report_json};

/// The shape's version.
const VERSION: u32 = 1;

pub(super) fn render(report: &DriftReport) -> String {
    let findings = report_json::render(&report.report, &RenderOptions::default());
    let mut document: Value = serde_json::from_str(&findings).unwrap_or_default();
    document["drift_version"] = VERSION.into();
    document["sections"] = report.outcomes.iter().map(section).collect();
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn section(outcome: &Outcome) -> Value {
    let totals = &outcome.totals;
    let sum = |sum: &super::super::totals::Sum| {
        json!({
            "rows": sum.rows, "wrong": sum.wrong, "litres": sum.litres,
            "value": outcome.price.map(|price| price * sum.litres),
        })
    };
    let groups: serde_json::Map<String, Value> = totals.groups.iter().map(|(name, s)| (name.clone(), sum(s))).collect();
    let months: Vec<Value> = totals
        .cumulative()
        .map(|(month, s, total)| {
            let mut value = sum(&s);
            value["month"] = month.into();
            value["cumulative_litres"] = total.into();
            value
        })
        .collect();
    let causes: serde_json::Map<String, Value> = outcome
        .causes
        .iter()
        .map(|(id, (rows, litres))| (id.clone(), json!({ "rows": rows, "litres": litres })))
        .collect();
    let distribution: Vec<Value> = totals.bins().map(|(bin, rows)| json!({ "litres": bin, "rows": rows })).collect();
    let inference = outcome.inference.as_ref().map(|inference| {
        let ways = inference.ranked().into_iter().map(|tally| {
            json!({
                "way": tally.name, "all": tally.all, "density15": tally.density15, "vcf": tally.vcf,
                "volume15": tally.volume15, "volume15_own": tally.volume15_own,
            })
        });
        json!({ "rows": inference.rows, "ways": ways.collect::<Vec<_>>() })
    });
    json!({
        "name": outcome.name, "source": outcome.source, "method": outcome.method, "rows": outcome.rows,
        "not_computable": outcome.not_computable, "unlisted": outcome.unlisted.values().sum::<usize>(), "undated": totals.undated,
        "total": sum(&totals.all), "groups": groups, "months": months, "causes": causes, "fits": outcome.fits, "best_cause": outcome.best_cause().map(|(id, rows)| json!({ "id": id, "rows": rows })),
        "distribution": distribution, "worst": outcome.worst.iter().map(row).collect::<Vec<_>>(),
        "rows_wrong": outcome.wrong.iter().map(row).collect::<Vec<_>>(), "inference": inference,
    })
}

fn row(wrong: &Wrong) -> Value {
    let Wrong { key, line, cause, stored, computed, residuals, .. } = wrong;
    json!({
        "key": key, "line": line,
        "cause": { "id": cause.id, "text": cause.text, "explains": cause.explains.0, "of": cause.explains.1 },
        "stored": {
            "volume_l": stored.volume, "temperature_c": stored.celsius, "density_kgm3": stored.density,
            "density15_kgm3": stored.density15, "vcf": stored.vcf, "volume15_l": stored.volume15,
        },
        "computed": computed.map(|done| json!({
            "density15_kgm3": done.density15, "vcf": done.vcf, "volume15_l": done.volume15,
        })),
        "residuals": { "density15_kgm3": residuals.density15, "vcf": residuals.vcf, "litres": residuals.litres },
    })
}
