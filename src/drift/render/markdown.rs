//! For a pull request or a job summary.

use super::super::Outcome;
use super::super::run::DriftReport;
use super::{CAUSES, WORST, best, causes, extent, litres, rows, worst};
use crate::finding::State;
use crate::report::escape::markdown_text;

/// Findings shown.
const MOST_ROWS: usize = 200;

pub(super) fn render(report: &DriftReport) -> String {
    let mut out = format!("## Stored volumes\n\n{}\n", super::summary(report));
    let counted: Vec<_> = rows(report).filter(|(finding, _)| finding.state == State::New).collect();
    if !counted.is_empty() {
        out.push_str(
            "\n| row | rule | stored VCF | computed | litres | why |\n| --- | --- | ---: | ---: | ---: | --- |\n",
        );
    }
    for (finding, row) in counted.iter().take(MOST_ROWS) {
        let value = |value: Option<f64>, decimals: usize| value.map(|v| format!("{v:.decimals$}")).unwrap_or_default();
        let wrong = row.map(|(_, wrong)| wrong);
        let stored = value(wrong.and_then(|wrong| wrong.stored.vcf), 5);
        let computed = value(wrong.and_then(|wrong| wrong.computed).map(|done| done.vcf), 6);
        let off = wrong.and_then(|wrong| wrong.residuals.litres).map(|l| format!("{l:+.1}")).unwrap_or_default();
        let why = wrong.map_or(finding.message.as_str(), |wrong| wrong.cause.text.as_str());
        let (name, why) = (markdown_text(&finding.object.name), markdown_text(why));
        out.push_str(&format!("| {name} | {} | {stored} | {computed} | {off} | {why} |\n", finding.rule));
    }
    if counted.len() > MOST_ROWS {
        out.push_str(&format!("\n… and {} more.\n", counted.len() - MOST_ROWS));
    }
    for outcome in &report.outcomes {
        section(outcome, &mut out);
    }
    for entry in &report.report.coverage {
        out.push_str(&format!("\n{}\n", markdown_text(&entry.message)));
    }
    out
}

fn section(outcome: &Outcome, out: &mut String) {
    let Outcome { name, source, method, totals, .. } = outcome;
    out.push_str(&format!("\n### {} ({})\n\n", markdown_text(name), markdown_text(source)));
    let total = litres(outcome, totals.all.litres);
    out.push_str(&format!("{}: {}, stored minus computed {total}.\n", markdown_text(method), extent(outcome)));
    table(&CAUSES, causes(outcome).map(Vec::from), out);
    out.extend(best(outcome).map(|line| format!("\n{line}\n")));
    table(&WORST, worst(outcome).map(|[key, litres, cause]| vec![markdown_text(&key), litres, cause]), out);
    let groups = totals.groups.iter();
    let groups =
        groups.map(|(name, sum)| vec![markdown_text(name), sum.wrong.to_string(), litres(outcome, sum.litres)]);
    table(&["group", "wrong rows", "litres"], groups, out);
    let months = totals.cumulative().map(|(month, sum, total)| {
        vec![month, sum.wrong.to_string(), litres(outcome, sum.litres), litres(outcome, total)]
    });
    table(&["month", "wrong rows", "litres", "up to then"], months, out);
    table(&["difference", "rows"], totals.bins().map(|(bin, count)| vec![bin, count.to_string()]), out);
    if let Some(inference) = &outcome.inference {
        let ways = inference.ranked().into_iter().map(|tally| {
            let counts = [tally.all, tally.density15, tally.vcf, tally.volume15].map(|count| count.to_string());
            std::iter::once(markdown_text(&tally.name)).chain(counts).collect()
        });
        table(&["way of computing", "all", "density15", "vcf", "volume15"], ways, out);
    }
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, out: &mut String) {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    out.push_str(&format!("\n| {} |\n|{}\n", header.join(" | "), " --- |".repeat(header.len())));
    for row in rows {
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
}
