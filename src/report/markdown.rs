//! Markdown for a pull request comment or a job summary.

use std::collections::BTreeSet;

use crate::finding::{Finding, State};

use super::{RenderOptions, Report, escape, help, many, place, word};

/// Rows shown without `-v`: comments and job summaries have size limits. The rest is counted below the table.
const ROWS: usize = 200;

pub(super) fn render(report: &Report, options: &RenderOptions) -> String {
    let mut out = format!("**gardefou**: {}\n", escape::markdown_text(&report.summary.line()));
    let new: Vec<&Finding> = report.findings.iter().filter(|finding| finding.state == State::New).collect();
    let shown = if options.verbose { new.len() } else { ROWS };
    if !new.is_empty() {
        out.push_str("\n| severity | rule | finding | where |\n| --- | --- | --- | --- |\n");
        out.extend(new.iter().take(shown).map(|finding| row(report, finding, options)));
    }
    if new.len() > shown {
        out.push_str(&format!("\n… and {} more findings (`-v` shows all)\n", new.len() - shown));
    }
    out.extend(new.iter().take(shown).map(|finding| detail(finding)));
    out.push_str(&fixes(new.iter().take(shown).copied()));
    out.push_str(&crate::access::render::deltas_markdown(&report.access));
    out.push_str(&silenced(report));
    out.push_str(&coverage(report));
    out
}

fn row(report: &Report, finding: &Finding, options: &RenderOptions) -> String {
    let place = finding.location.as_ref().map(|_| {
        let place = place::of(report, finding, &options.base);
        code(&format!("{}:{}", place.path, place.line))
    });
    let help = help(report, finding).map(|help| format!("<br>{}", escape::markdown(&help))).unwrap_or_default();
    let (severity, rule) = (word(finding.severity), code(&finding.rule));
    let message = escape::markdown(&finding.message);
    format!("| {severity} | {rule} | {message}{help} | {} |\n", place.unwrap_or_default())
}

/// A diff or path below the table, as code.
fn detail(finding: &Finding) -> String {
    let Some(text) = &finding.detail else { return String::new() };
    let title = format!("{}: {}", finding.rule, finding.object.name);
    details(&escape::markdown_text(&title), escape::fenced("diff", text.lines()))
}

/// SQL for a person to copy, each statement once.
fn fixes<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut seen = BTreeSet::new();
    let fixes: Vec<&str> =
        findings.filter_map(|finding| finding.fix.as_deref()).filter(|fix| seen.insert(*fix)).collect();
    if fixes.is_empty() {
        return String::new();
    }
    let title = format!("SQL for {}, to be reviewed and run by a person", many(fixes.len(), "remediation"));
    details(&title, escape::fenced("sql", fixes.iter().flat_map(|fix| fix.lines())))
}

fn silenced(report: &Report) -> String {
    let silenced: Vec<&Finding> = report.findings.iter().filter(|finding| finding.state != State::New).collect();
    let line = |finding: &&Finding| {
        let reason = finding.silenced_by.as_deref().map(|reason| format!(" ({})", escape::markdown_text(reason)));
        format!("- {}: {}{}\n", code(&finding.rule), escape::markdown(&finding.message), reason.unwrap_or_default())
    };
    details(&format!("{} silenced", silenced.len()), silenced.iter().map(line).collect())
}

fn coverage(report: &Report) -> String {
    let line = |entry: &crate::coverage::Coverage| {
        let at = entry.location.as_ref().map(|at| format!("{}: ", code(&at.to_string()))).unwrap_or_default();
        format!("- {}: {at}{}\n", entry.kind.word(), escape::markdown(&entry.message))
    };
    let entries: Vec<String> = report.coverage.iter().take(ROWS).map(line).collect();
    let more = report.coverage.len().saturating_sub(ROWS);
    let more = if more > 0 { format!("- … and {more} more\n") } else { String::new() };
    details(&format!("{} not seen, or assumed", report.coverage.len()), entries.concat() + &more)
}

fn details(title: &str, body: String) -> String {
    if body.is_empty() {
        return body;
    }
    format!("\n<details><summary>{title}</summary>\n\n{body}\n</details>\n")
}

/// A code span; backticks inside, which would end it, make it plain text.
fn code(text: &str) -> String {
    let text = escape::line(text);
    if text.contains('`') { escape::markdown_text(&text) } else { format!("`{}`", text.replace('|', "\\|")) }
}
