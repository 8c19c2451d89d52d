//! For people at a terminal.

use super::super::Outcome;
use super::super::run::DriftReport;
use super::{best, causes, extent, litres, worst};
use crate::finding::{Severity, State};
use crate::report::escape;

/// Groups and months shown.
const MOST_LINES: usize = 24;

pub(super) fn render(report: &DriftReport) -> String {
    let mut out = String::new();
    for finding in report.report.findings.iter().filter(|finding| finding.state == State::New) {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let place = finding.location.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
        let (place, message) = (escape::line(&place), escape::line(&finding.message));
        out.push_str(&format!("{place}{word}[{}]: {message}\n", finding.rule));
    }
    for outcome in &report.outcomes {
        section(outcome, &mut out);
    }
    for entry in &report.report.coverage {
        out.push_str(&format!("note: {}\n", escape::line(&entry.message)));
    }
    out.push('\n');
    out.push_str(&super::summary(report));
    out.push('\n');
    out
}

fn section(outcome: &Outcome, out: &mut String) {
    let Outcome { name, source, method, totals, .. } = outcome;
    out.push_str(&format!("\n{} ({}), {}\n", escape::line(name), escape::line(source), escape::line(method)));
    out.push_str(&format!("  {}, stored minus computed {}\n", extent(outcome), litres(outcome, totals.all.litres)));
    if !outcome.causes.is_empty() {
        out.push_str("  causes (rows, of all wrong rows explained in full, litres)\n");
    }
    for [cause, rows, fits, litres] in causes(outcome) {
        out.push_str(&format!("    {cause:<28} {rows:>7} {fits:>7}  {litres}\n"));
    }
    out.extend(best(outcome).map(|line| format!("    {line}\n")));
    if !outcome.worst.is_empty() {
        out.push_str("  worst rows\n");
    }
    for [key, litres, cause] in worst(outcome) {
        out.push_str(&format!("    {:<28} {litres:>12}  {cause}\n", escape::line(&key)));
    }
    out.push_str("  rows by difference\n");
    for (bin, rows) in totals.bins() {
        out.push_str(&format!("    {bin:<28} {rows:>7}\n"));
    }
    let groups = totals.groups.iter().map(|(name, sum)| (escape::line(name), sum.wrong, litres(outcome, sum.litres)));
    lines("groups", groups, out);
    let months = totals.cumulative().map(|(month, sum, total)| {
        (month, sum.wrong, format!("{}, {} up to then", litres(outcome, sum.litres), litres(outcome, total)))
    });
    lines("months", months, out);
    if let Some(inference) = &outcome.inference {
        out.push_str(&format!("  ways of computing, rows given exactly of {}\n", inference.rows));
        out.push_str("        all  density15      vcf  volume15\n");
        for tally in inference.ranked().iter().take(12) {
            let super::super::infer::Tally { name, density15, vcf, volume15, all, .. } = tally;
            out.push_str(&format!("    {all:>7}  {density15:>9}  {vcf:>7}  {volume15:>8}  {name}\n"));
        }
    }
}

fn lines(title: &str, entries: impl Iterator<Item = (String, usize, String)>, out: &mut String) {
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() {
        return;
    }
    out.push_str(&format!("  {title} (wrong rows, litres)\n"));
    for (name, wrong, litres) in entries.iter().take(MOST_LINES) {
        out.push_str(&format!("    {name:<28} {wrong:>7}  {litres}\n"));
    }
    if entries.len() > MOST_LINES {
        out.push_str(&format!("    … and {} more (all in --format json)\n", entries.len() - MOST_LINES));
    }
}
