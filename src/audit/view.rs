//! What both pages show, every text made safe for one line and cut into code and prose.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Audit;
use crate::finding::{Finding, Severity, State};
use crate::report::json::JsonFinding;
use crate::report::{RenderOptions, RuleDoc, escape, many};

/// A page.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) database: String,
    pub(super) host: String,
    pub(super) version: String,
    pub(super) started: String,
    pub(super) finished: String,
    pub(super) tool: String,
    pub(super) summary: String,
    /// The audit compared with.
    pub(super) since: Option<String>,
    pub(super) tiles: Vec<Tile>,
    /// New and resolved, where there is something to compare with.
    pub(super) new: Vec<Line>,
    pub(super) resolved: Vec<Line>,
    pub(super) not_looked_at: Vec<Line>,
    pub(super) severities: Vec<SeverityView>,
    pub(super) acknowledged: Vec<Line>,
    pub(super) gaps: Vec<Line>,
    pub(super) assumptions: Vec<Line>,
    pub(super) catalog: Vec<(String, usize)>,
}

/// A number with what it counts.
#[derive(Debug, Serialize)]
pub(super) struct Tile {
    pub(super) count: usize,
    pub(super) word: &'static str,
    pub(super) class: &'static str,
}

/// A piece of a text.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) code: bool,
}

/// A text in pieces, with a word in front and one behind.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Line {
    pub(super) rule: String,
    pub(super) text: Vec<Piece>,
    pub(super) note: String,
    pub(super) is_new: bool,
    /// SQL for this one.
    #[serde(skip)]
    pub(super) fix: Option<String>,
}

/// The findings of one severity, by rule.
#[derive(Debug, Serialize)]
pub(super) struct SeverityView {
    pub(super) word: &'static str,
    pub(super) count: usize,
    pub(super) rules: Vec<RuleView>,
}

/// The findings of one rule.
#[derive(Debug, Serialize)]
pub(super) struct RuleView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) rationale: Vec<Vec<Piece>>,
    pub(super) remediation: Vec<Vec<Piece>>,
    pub(super) references: Vec<String>,
    pub(super) findings: Vec<Line>,
    /// SQL that does what the remediation says, line by line, for all findings.
    pub(super) fix: Vec<String>,
}

impl View {
    pub(super) fn of(audit: &Audit, options: &RenderOptions) -> Self {
        let (report, facts) = (&audit.report, &audit.facts);
        let compared = facts.since.is_some();
        let count = |severity| report.summary.count(severity);
        let mut tiles = vec![
            Tile { count: count(Severity::Error), word: "errors", class: "error" },
            Tile { count: count(Severity::Warning), word: "warnings", class: "warning" },
            Tile { count: count(Severity::Note), word: "notes", class: "note" },
        ];
        if compared {
            tiles.push(Tile { count: facts.new.len(), word: "new", class: "new" });
            tiles.push(Tile { count: facts.still_open.len(), word: "still open", class: "open" });
            tiles.push(Tile { count: facts.resolved.len(), word: "resolved", class: "resolved" });
        }
        tiles.push(Tile { count: facts.acknowledged.len(), word: "acknowledged", class: "acknowledged" });
        tiles.push(Tile { count: report.gaps().count(), word: "gaps in what was seen", class: "gap" });
        let lines = |wanted: fn(&crate::coverage::Coverage) -> bool| {
            let entries = report.coverage.iter().filter(|entry| wanted(entry));
            entries.map(|entry| Line::new(entry.kind.word(), &entry.message, "", false)).collect()
        };
        let findings = Findings::of(audit, options);
        Self {
            database: escape::line(&facts.server.database),
            host: escape::line(&facts.server.host),
            version: escape::line(&facts.server.version),
            started: facts.started.clone(),
            finished: facts.finished.clone(),
            tool: facts.tool.clone(),
            summary: escape::line(&report.summary.line()),
            since: facts.since.as_deref().map(escape::line),
            tiles,
            new: if compared { findings.new } else { Vec::new() },
            resolved: facts.resolved.iter().map(earlier).collect(),
            not_looked_at: facts.not_looked_at.iter().map(earlier).collect(),
            severities: findings.severities,
            acknowledged: findings.acknowledged,
            gaps: lines(|entry| entry.kind.is_gap()),
            assumptions: lines(|entry| !entry.kind.is_gap()),
            catalog: facts.catalog.iter().map(|(kind, n)| (kind.clone(), *n)).collect(),
        }
    }

    /// `PostgreSQL 15.14, database depot on db.example.org`.
    pub(super) fn server(&self) -> String {
        format!("PostgreSQL {}, database {} on {}", self.version, self.database, self.host)
    }
}

/// The report's findings, sorted for reading.
struct Findings {
    severities: Vec<SeverityView>,
    new: Vec<Line>,
    acknowledged: Vec<Line>,
}

impl Findings {
    fn of(audit: &Audit, options: &RenderOptions) -> Self {
        let facts = &audit.facts;
        let compared = facts.since.is_some();
        let known_new: BTreeSet<&str> = facts.new.iter().map(String::as_str).collect();
        let (mut new, mut acknowledged) = (Vec::new(), Vec::new());
        let mut by_rule: BTreeMap<(std::cmp::Reverse<Severity>, &str), Vec<Line>> = BTreeMap::new();
        for (finding, fingerprint) in audit.report.fingerprinted() {
            if finding.state != State::New {
                acknowledged.push(Line::new(&finding.rule, &finding.message, &acknowledgement(finding), false));
                continue;
            }
            let is_new = compared && known_new.contains(fingerprint.as_str());
            let line = Line::new(&finding.rule, &finding.message, &place(finding, options), is_new);
            if is_new {
                new.push(line.clone());
            }
            let line = Line { fix: finding.fix.clone(), ..line };
            by_rule.entry((std::cmp::Reverse(finding.severity), &finding.rule)).or_default().push(line);
        }
        let mut severities: Vec<SeverityView> = Vec::new();
        for ((severity, rule), findings) in by_rule {
            let word = crate::report::word(severity.0);
            if severities.last().is_none_or(|last| last.word != word) {
                severities.push(SeverityView { word, count: 0, rules: Vec::new() });
            }
            if let Some(last) = severities.last_mut() {
                last.count += findings.len();
                last.rules.push(RuleView::of(rule, audit.report.rules.get(rule), findings));
            }
        }
        Self { severities, new, acknowledged }
    }
}

impl RuleView {
    fn of(id: &str, doc: Option<&RuleDoc>, findings: Vec<Line>) -> Self {
        let prose = |text: Option<&String>| text.map(|text| paragraphs(text)).unwrap_or_default();
        let safe = |uri: &String| uri.starts_with("https://");
        Self {
            id: escape::line(id),
            title: escape::line(doc.map_or("", |doc| &doc.title)),
            rationale: prose(doc.map(|doc| &doc.rationale)),
            remediation: prose(doc.map(|doc| &doc.remediation)),
            references: doc
                .iter()
                .flat_map(|doc| &doc.references)
                .filter(|u| safe(u))
                .map(|u| escape::line(u))
                .collect(),
            fix: statements(&findings),
            findings,
        }
    }
}

/// The lines of SQL of some findings, each statement once.
fn statements(findings: &[Line]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let fixes = findings.iter().filter_map(|line| line.fix.as_deref()).filter(|fix| seen.insert(*fix));
    fixes.flat_map(str::lines).map(escape::whole_line).collect()
}

impl Line {
    fn new(rule: &str, text: &str, note: &str, is_new: bool) -> Self {
        Self { rule: escape::line(rule), text: pieces(text), note: escape::line(note), is_new, fix: None }
    }
}

fn earlier(finding: &JsonFinding) -> Line {
    Line::new(&finding.rule, &finding.message, "", false)
}

fn place(finding: &Finding, options: &RenderOptions) -> String {
    finding.location.as_ref().map_or_else(String::new, |at| format!("{}:{}", options.base.relative(&at.file), at.line))
}

/// How and why a finding was accepted.
fn acknowledgement(finding: &Finding) -> String {
    let how = match finding.state {
        State::New => "",
        State::Baselined => "baseline",
        State::Suppressed => "comment",
        State::Waived => "waiver",
    };
    finding.silenced_by.as_ref().map_or_else(|| how.to_owned(), |reason| format!("{how}: {reason}"))
}

/// A text of several lines as paragraphs; one whose lines are indented is code.
fn paragraphs(text: &str) -> Vec<Vec<Piece>> {
    let is_code = |block: &str| block.lines().all(|line| line.starts_with("    "));
    let block = |block: &str| {
        if is_code(block) {
            return block.lines().map(|line| Piece { text: escape::line(line.trim_start()), code: true }).collect();
        }
        pieces(&block.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    text.trim_end().split("\n\n").filter(|one| !one.trim().is_empty()).map(block).collect()
}

/// What stands between backticks is code.
fn pieces(text: &str) -> Vec<Piece> {
    let text = escape::line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![Piece { text, code: false }];
    }
    let parts = parts.into_iter().enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(at, part)| Piece { text: part.to_owned(), code: at % 2 == 1 }).collect()
}

/// `3 new findings` and the like, for headings.
pub(super) fn counted(n: usize, noun: &str) -> String {
    many(n, noun)
}
