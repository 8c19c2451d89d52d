//! For people at a terminal: a code frame per finding, what was not seen, and one line that says how much was.

use std::collections::BTreeMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use owo_colors::{OwoColorize, Style};
use rayon::prelude::*;

use crate::coverage::{Coverage, CoverageKind};
use crate::finding::{Finding, Severity, State};
use crate::location::Location;

use super::{RenderOptions, Report, escape, help, many};

/// Entries of one coverage kind shown without `-v`.
const FIRST_FEW: usize = 3;
/// Characters of a long source line shown around a span.
const WINDOW: usize = 160;

pub(super) fn render(report: &Report, options: &RenderOptions) -> String {
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let new = report.findings.par_iter().filter(|finding| finding.state == State::New);
    let mut out: String = new.map(|finding| frame(report, finding, &renderer) + &detail(finding) + "\n\n").collect();
    out.push_str(&silenced(report, options.verbose));
    if !options.quiet {
        out.push_str(&coverage(report, options));
    }
    out.push_str(&crate::access::render::deltas(&report.access));
    out.push_str(&summary(report, options));
    out.push('\n');
    out
}

/// What shows what the message says, indented: no line of it can be taken for a command to whoever reads the log.
fn detail(finding: &Finding) -> String {
    let lines = finding.detail.iter().flat_map(|detail| detail.lines());
    lines.map(|line| format!("\n    {}", escape::line(line))).collect()
}

fn frame(report: &Report, finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(escape::line(&finding.message)).id(escape::line(&finding.rule));
    let mut group = match &finding.location {
        Some(at) => place(title.element(origin(at)), report, at, AnnotationKind::Primary, None),
        None => Group::with_title(title).element(Level::NOTE.message(escape::line(&finding.object.to_string()))),
    };
    for (at, message) in &finding.related {
        group = place(group.element(origin(at)), report, at, AnnotationKind::Context, Some(escape::line(message)));
    }
    if let Some(help) = help(report, finding) {
        group = group.element(Level::HELP.message(escape::line(&help)));
    }
    group = group.element(Level::NOTE.message(format!("see `gardefou explain {}`", escape::line(&finding.rule))));
    let text = renderer.render(&[group]);
    text.lines().filter_map(arrow).collect::<Vec<_>>().join("\n")
}

/// A rendered line with `:::`, the renderer's mark of a further place, as an arrow like the first one's: a line that
/// starts with `::` may be a command to whoever reads the log. The mark alone, before a frame, is left out.
fn arrow(line: &str) -> Option<String> {
    let only_colour = |before: &str| before.chars().all(|c| matches!(c, ' ' | '\u{1b}' | '[' | ';' | 'm' | '0'..='9'));
    let mark = line.find(":::").filter(|at| line.get(..*at).is_some_and(only_colour));
    let Some(mark) = mark else { return Some(line.to_owned()) };
    let rest = line.get(mark + 3..).unwrap_or("");
    let alone = !rest.contains(['/', ':']);
    (!alone).then(|| line.replacen(":::", "-->", 1))
}

fn origin(at: &Location) -> Origin<'static> {
    Origin::path(escape::line(&at.file)).line(at.line.get() as usize).char_column(at.column.get() as usize)
}

fn place<'a>(
    group: Group<'a>,
    report: &Report,
    at: &Location,
    kind: AnnotationKind,
    label: Option<String>,
) -> Group<'a> {
    let text = report.sources.get(&at.file);
    let Some((shown, span)) = text.and_then(|text| source_line(text, at)) else {
        let label = label.map(|label| Level::NOTE.message(label));
        return group.elements(label);
    };
    let annotation = kind.span(span).label(label);
    group.element(Snippet::source(shown).line_start(at.line.get() as usize).annotation(annotation))
}

/// The first line of the span, safe to print and cut to a window if it is very long, and where the span lies in it.
fn source_line(text: &str, at: &Location) -> Option<(String, std::ops::Range<usize>)> {
    let (start, end) = (at.span.start as usize, (at.span.end as usize).min(text.len()));
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(line_start..)?.lines().next().unwrap_or("");
    let from = start - line_start;
    let to = end.saturating_sub(line_start).min(line.len()).max(from);
    if from > line.len() {
        return None;
    }
    let low = floor(line, from.saturating_sub(WINDOW / 2));
    let high = floor(line, to.min(from + WINDOW).max((from + WINDOW / 2).min(line.len())));
    let (low_mark, high_mark) = (if low > 0 { "…" } else { "" }, if high < line.len() { "…" } else { "" });
    let (shown, [from, to]) = escape::code(line.get(low..high)?, [from - low, to.min(high) - low]);
    let offset = low_mark.len();
    Some((format!("{low_mark}{shown}{high_mark}"), offset + from..offset + to.max(from)))
}

/// The character boundary at or before `at`.
fn floor(line: &str, at: usize) -> usize {
    let mut at = at.min(line.len());
    while !line.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One line for each finding that was silenced, with the reason: those waived always, so that nobody forgets them.
fn silenced(report: &Report, all: bool) -> String {
    let mut out = String::new();
    let told = |finding: &&Finding| finding.state == State::Waived || all && finding.state != State::New;
    for finding in report.findings.iter().filter(told) {
        let state = match finding.state {
            State::New => "",
            State::Baselined => "baselined",
            State::Suppressed => "suppressed",
            State::Waived => "waived",
        };
        let at = finding.location.as_ref().map(|at| format!(" at {}", escape::line(&at.to_string())));
        let reason = finding.silenced_by.as_deref().map(|reason| format!(" ({})", escape::line(reason)));
        let message = escape::line(&finding.message);
        let (at, reason) = (at.unwrap_or_default(), reason.unwrap_or_default());
        out.push_str(&format!("{state}[{}]: {message}{at}{reason}\n", escape::line(&finding.rule)));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn coverage(report: &Report, options: &RenderOptions) -> String {
    let mut kinds: BTreeMap<CoverageKind, Vec<&Coverage>> = BTreeMap::new();
    for entry in &report.coverage {
        kinds.entry(entry.kind).or_default().push(entry);
    }
    if kinds.is_empty() {
        return String::new();
    }
    let mut out = paint("not seen, or assumed:", Style::new().bold(), options) + "\n";
    for (kind, entries) in &kinds {
        out.push_str(&format!("  {} ({}): {}\n", kind.word(), entries.len(), kind.meaning()));
        let shown = if options.verbose { entries.len() } else { FIRST_FEW };
        for entry in entries.iter().take(shown) {
            let at = entry.location.as_ref().map(|at| format!("{}: ", escape::line(&at.to_string())));
            out.push_str(&format!("    - {}{}\n", at.unwrap_or_default(), escape::line(&entry.message)));
        }
        if entries.len() > shown {
            out.push_str(&format!("    … and {} more (-v shows all)\n", entries.len() - shown));
        }
    }
    out + "\n"
}

fn summary(report: &Report, options: &RenderOptions) -> String {
    let style = match () {
        () if report.summary.count(Severity::Error) > 0 => Style::new().red().bold(),
        () if report.summary.count(Severity::Warning) > 0 => Style::new().yellow().bold(),
        () => Style::new().bold(),
    };
    let mut line = paint(&report.summary.line(), style, options);
    let gaps = report.gaps().count();
    if gaps > 0 {
        line.push_str(&format!("; {}", many(gaps, "coverage gap")));
    }
    line
}

fn paint(text: &str, style: Style, options: &RenderOptions) -> String {
    if options.color { text.style(style).to_string() } else { text.to_owned() }
}
