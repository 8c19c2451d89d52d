//! A drift report in each format: one pure function per format.

mod csv;
mod html;
mod human;
mod json;
mod markdown;
mod plot;

use super::run::DriftReport;
use super::{Outcome, Wrong};
use crate::finding::Finding;
use crate::report::many;

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
    /// One line per finding.
    Csv,
    /// For a pull request or a summary.
    Markdown,
    /// A page with plots.
    Html,
}

/// The report, newline-terminated.
///
/// # Errors
/// A plot that cannot be drawn.
pub fn render(report: &DriftReport, format: Format) -> Result<String, String> {
    Ok(match format {
        Format::Human => human::render(report),
        Format::Json => json::render(report),
        Format::Csv => csv::render(report),
        Format::Markdown => markdown::render(report),
        Format::Html => html::render(report)?,
    })
}

/// Findings with the rows they are about, in the report's order.
fn rows(report: &DriftReport) -> impl Iterator<Item = (&Finding, Option<(&Outcome, &Wrong)>)> {
    let by_name: std::collections::BTreeMap<String, (&Outcome, &Wrong)> = report
        .outcomes
        .iter()
        .flat_map(|outcome| outcome.wrong.iter().map(move |wrong| (outcome.object(&wrong.key).name, (outcome, wrong))))
        .collect();
    report.report.findings.iter().map(move |finding| (finding, by_name.get(&finding.object.name).copied()))
}

/// `3 findings in 48 rows of 1 section: 2 errors, 1 warning (1 waived)`.
#[must_use]
pub fn summary(report: &DriftReport) -> String {
    let rows = report.outcomes.iter().map(|outcome| outcome.rows).sum();
    let extent = format!("{} of {}", many(rows, "row"), many(report.outcomes.len(), "section"));
    let line = report.report.summary.line();
    let (found, rest) = line.split_once(" in ").unwrap_or((line.as_str(), ""));
    // What stands behind the extent of a schema check is the same here.
    let rest = rest.split_once(')').map_or("", |(_, rest)| rest);
    format!("{found} in {extent}{rest}")
}

/// Header of [`causes`].
const CAUSES: [&str; 4] = ["cause", "rows", "explains in full", "litres"];

/// Each cause with its rows, the wrong rows of which it gives every stored value, and litres.
fn causes(outcome: &Outcome) -> impl Iterator<Item = [String; 4]> {
    outcome.causes.iter().map(|(id, (rows, sum))| {
        let fits = outcome.fits.get(id.as_str()).map(usize::to_string).unwrap_or_default();
        [id.clone(), rows.to_string(), fits, litres(outcome, *sum)]
    })
}

/// The one mistake that explains most of the set, in words.
fn best(outcome: &Outcome) -> Option<String> {
    let (id, rows) = outcome.best_cause()?;
    let wrong = many(outcome.totals.all.wrong, "wrong row");
    Some(format!("for the whole set: {id} gives every stored value of {rows} of {wrong}"))
}

/// Header of [`worst`].
const WORST: [&str; 3] = ["worst rows", "litres", "cause"];

/// The rows that are farthest off.
fn worst(outcome: &Outcome) -> impl Iterator<Item = [String; 3]> {
    outcome.worst.iter().filter_map(|wrong| {
        let off = wrong.residuals.litres?;
        Some([wrong.key.clone(), litres(outcome, off), wrong.cause.id.to_string()])
    })
}

/// `3 wrong, 1 not computable of 48 rows`.
fn extent(outcome: &Outcome) -> String {
    let Outcome { rows, not_computable, totals, .. } = outcome;
    format!("{} wrong, {not_computable} not computable of {}", totals.all.wrong, many(*rows, "row"))
}

/// Litres, with their price where there is one.
fn litres(outcome: &Outcome, litres: f64) -> String {
    // No minus before a nought.
    let litres = if litres.abs() < 0.05 { 0.0 } else { litres };
    match outcome.price {
        Some(price) => format!("{litres:+.1} L ({:+.2})", litres * price),
        None => format!("{litres:+.1} L"),
    }
}
