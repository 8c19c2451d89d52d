//! The page as Markdown, for a mail, an issue or a job summary.

use super::view::{Line, Piece, RuleView, View, counted};
use crate::report::escape::{fenced, markdown_text};

pub(super) fn render(view: &View) -> String {
    let mut out = format!("# Audit of {}\n\n{}\n", markdown_text(&view.database), markdown_text(&view.server()));
    out.push_str(&format!("{} – {}, {}\n\n", view.started, view.finished, markdown_text(&view.tool)));
    out.push_str(&format!("**{}**\n", markdown_text(&view.summary)));
    out.push_str(&changes(view));
    for severity in &view.severities {
        out.push_str(&format!("\n## {}\n", counted(severity.count, severity.word)));
        out.extend(severity.rules.iter().map(rule));
    }
    out.push_str(&section("Acknowledged", &view.acknowledged));
    out.push_str("\n## What was not seen, or assumed\n\n");
    if view.gaps.is_empty() {
        out.push_str("Everything the rules need was seen.\n");
    }
    out.extend(view.gaps.iter().chain(&view.assumptions).map(ruled));
    out.push_str("\n## What is in the database\n\n| kind | number |\n| --- | ---: |\n");
    out.extend(view.catalog.iter().map(|(kind, n)| format!("| {kind} | {n} |\n")));
    out
}

fn changes(view: &View) -> String {
    let Some(since) = &view.since else {
        return "\nNothing to compare with: this is the first audit, or `--since` was not given.\n".to_owned();
    };
    let mut out = format!("\n## What changed since {}\n", markdown_text(since));
    if view.new.is_empty() {
        out.push_str("\nNo new finding.\n");
    }
    let parts = [("New", &view.new), ("Resolved", &view.resolved)];
    for (title, lines) in parts.into_iter().chain([("Found last time, not looked at this time", &view.not_looked_at)]) {
        if !lines.is_empty() {
            out.push_str(&format!("\n### {title}\n\n"));
            out.extend(lines.iter().map(ruled));
        }
    }
    out
}

fn section(title: &str, lines: &[Line]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("\n## {title} ({})\n\n{}", lines.len(), lines.iter().map(ruled).collect::<String>())
}

fn rule(rule: &RuleView) -> String {
    let mut out = format!("\n### {} (`{}`)\n\n", markdown_text(&rule.title), rule.id);
    for line in &rule.findings {
        let mark = if line.is_new { "**new** " } else { "" };
        out.push_str(&format!("- {mark}{}{}\n", pieces(&line.text), note(line)));
    }
    for paragraph in &rule.remediation {
        out.push_str(&format!("\n> {}\n", pieces(paragraph)));
    }
    if !rule.fix.is_empty() {
        out.push_str(&format!("\n{}", fenced("sql", rule.fix.iter().map(String::as_str))));
    }
    out
}

fn ruled(line: &Line) -> String {
    format!("- {}: {}{}\n", code(&line.rule), pieces(&line.text), note(line))
}

fn note(line: &Line) -> String {
    if line.note.is_empty() { String::new() } else { format!(" ({})", markdown_text(&line.note)) }
}

fn pieces(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| if piece.code { code(&piece.text) } else { markdown_text(&piece.text) }).collect()
}

fn code(text: &str) -> String {
    if text.contains('`') { markdown_text(text) } else { format!("`{}`", text.replace('|', "\\|")) }
}
