//! A page that stands alone: tables and two plots per section.

use super::super::Outcome;
use super::super::run::DriftReport;
use super::{CAUSES, WORST, best, causes, extent, litres, plot, rows, worst};
use crate::finding::State;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#1c1c1c}\
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #d0d0d0;padding:.25em .6em;text-align:left}\
td.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}";

pub(super) fn render(report: &DriftReport) -> Result<String, String> {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Stored volumes</title><style>{STYLE}</style></head><body>\n\
         <h1>Stored volumes</h1>\n<p>{}</p>\n",
        text(&super::summary(report))
    );
    let wrong = rows(report).filter(|(finding, _)| finding.state == State::New).map(|(finding, row)| {
        let wrong = row.map(|(_, wrong)| wrong);
        let value = |value: Option<f64>, decimals: usize| value.map(|v| format!("{v:.decimals$}")).unwrap_or_default();
        vec![
            finding.object.name.clone(),
            finding.rule.clone(),
            value(wrong.and_then(|wrong| wrong.stored.vcf), 5),
            value(wrong.and_then(|wrong| wrong.computed).map(|done| done.vcf), 6),
            value(wrong.and_then(|wrong| wrong.residuals.litres), 1),
            wrong.map_or_else(|| finding.message.clone(), |wrong| wrong.cause.text.clone()),
        ]
    });
    table(&["row", "rule", "stored VCF", "computed", "litres", "why"], wrong, &mut out);
    for outcome in &report.outcomes {
        section(outcome, &mut out)?;
    }
    for entry in &report.report.coverage {
        out.push_str(&format!("<p>{}</p>\n", text(&entry.message)));
    }
    out.push_str("</body></html>\n");
    Ok(out)
}

fn section(outcome: &Outcome, out: &mut String) -> Result<(), String> {
    let Outcome { name, source, method, totals, .. } = outcome;
    out.push_str(&format!("<h2>{} ({})</h2>\n", text(name), text(source)));
    let total = litres(outcome, totals.all.litres);
    out.push_str(&format!("<p>{}: {}, stored minus computed {total}.</p>\n", text(method), extent(outcome)));
    out.push_str(&plot::histogram(totals)?);
    if totals.days.is_empty() {
        out.push_str("<p>No row has a day (is `time` set?): nothing to plot over time.</p>\n");
    } else {
        out.push_str(&plot::cumulative(totals)?);
    }
    table(&CAUSES, causes(outcome).map(Vec::from), out);
    out.extend(best(outcome).map(|line| format!("<p>{}</p>\n", text(&line))));
    table(&WORST, worst(outcome).map(Vec::from), out);
    table(&["difference", "rows"], totals.bins().map(|(bin, count)| vec![bin, count.to_string()]), out);
    let groups = totals.groups.iter();
    table(
        &["group", "wrong rows", "litres"],
        groups.map(|(name, sum)| vec![name.clone(), sum.wrong.to_string(), litres(outcome, sum.litres)]),
        out,
    );
    let months = totals.cumulative().map(|(month, sum, total)| {
        vec![month, sum.wrong.to_string(), litres(outcome, sum.litres), litres(outcome, total)]
    });
    table(&["month", "wrong rows", "litres", "up to then"], months, out);
    if let Some(inference) = &outcome.inference {
        let ways = inference.ranked().into_iter().map(|tally| {
            let counts = [tally.all, tally.density15, tally.vcf, tally.volume15].map(|count| count.to_string());
            std::iter::once(tally.name.clone()).chain(counts).collect()
        });
        table(&["way of computing", "all", "density15", "vcf", "volume15"], ways, out);
    }
    Ok(())
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, out: &mut String) {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    out.push_str("<table><tr>");
    header.iter().for_each(|name| out.push_str(&format!("<th>{name}</th>")));
    out.push_str("</tr>\n");
    for row in rows {
        out.push_str("<tr>");
        row.iter().for_each(|cell| out.push_str(&format!("<td>{}</td>", text(cell))));
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn text(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
