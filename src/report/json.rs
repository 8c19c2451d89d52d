//! The JSON report: its own types, versioned apart from the program's, described by `docs/report.schema.json`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::ObjectRef;
use crate::finding::{Severity, State};
use crate::location::Location;

use super::{RenderOptions, Report, escape};

/// The shape's version; raised when a field is removed or changes its meaning, not when one is added.
pub const VERSION: u32 = 1;

/// A report of `gardefou check --format json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "gardefou report")]
pub struct Document {
    /// Version of this shape.
    pub version: u32,
    /// Findings by place; silenced ones too, with their state.
    pub findings: Vec<JsonFinding>,
    /// What could not be seen or had to be assumed.
    pub coverage: Vec<JsonCoverage>,
    /// How much was looked at and what came of it.
    pub summary: JsonSummary,
    /// What `gardefou audit` adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<crate::audit::JsonAudit>,
    /// What each role gained or lost since the ref of `--since`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<JsonAccess>,
}

/// One verdict before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonAccess {
    /// Who; `public` is PUBLIC.
    pub role: String,
    /// What.
    pub relation: String,
    /// select, insert, update or delete.
    pub command: String,
    /// none, denied, rows, all or unknown.
    pub before: String,
    /// The same now.
    pub after: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the deciding statement stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<JsonLocation>,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonFinding {
    /// Rule id, `group/name`.
    pub rule: String,
    /// Severity after configuration.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// What it is about.
    pub object: JsonObject,
    /// Where the offending fact was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<JsonLocation>,
    /// Stable identity: does not change when lines move.
    pub fingerprint: String,
    /// What became of it; only `new` ones count.
    pub state: State,
    /// The reason given, where it was silenced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced_by: Option<String>,
    /// Other places that matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<JsonRelated>,
    /// Several lines that show what the message says: a diff, a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// SQL that does what the rule's remediation says, for a person to run; never run by this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonObject {
    /// Kind in words: `table`, `policy`, `materialized view`.
    pub kind: String,
    /// Qualified name, as PostgreSQL would print it.
    pub name: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonLocation {
    /// Path, relative to where the run started.
    pub file: String,
    /// 1-based line.
    #[schemars(range(min = 1))]
    pub line: u32,
    /// 1-based column, in characters.
    #[schemars(range(min = 1))]
    pub column: u32,
}

/// Another place that matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonRelated {
    /// The place.
    pub location: JsonLocation,
    /// Why it matters.
    pub message: String,
}

/// One gap or assumption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonCoverage {
    /// Kind of gap, kebab case: `dynamic-sql`, `assumed`, …
    pub kind: String,
    /// Whether part of the schema's state is unknown because of it.
    pub gap: bool,
    /// One line.
    pub message: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<JsonObject>,
    /// Where it arose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<JsonLocation>,
}

/// Counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonSummary {
    /// Migration files folded.
    pub files: usize,
    /// Statements in them.
    pub statements: usize,
    /// Rules that ran.
    pub rules: usize,
    /// Objects that rules looked at, by kind.
    pub objects: BTreeMap<String, usize>,
    /// Findings that count, by severity.
    pub by_severity: BTreeMap<Severity, usize>,
    /// All findings, by what became of them.
    pub by_state: BTreeMap<State, usize>,
}

/// The report as a document.
#[must_use]
pub fn document(report: &Report) -> Document {
    let summary = &report.summary;
    let looked_at = &summary.looked_at;
    Document {
        version: VERSION,
        findings: report.fingerprinted().map(|(finding, fingerprint)| json_finding(finding, fingerprint)).collect(),
        coverage: report.coverage.iter().map(json_coverage).collect(),
        summary: JsonSummary {
            files: looked_at.files,
            statements: looked_at.statements,
            rules: summary.rules,
            objects: looked_at.objects.clone(),
            by_severity: every([Severity::Error, Severity::Warning, Severity::Note], &summary.by_severity),
            by_state: every([State::New, State::Baselined, State::Suppressed, State::Waived], &summary.by_state),
        },
        audit: None,
        access: report.access.iter().map(json_access).collect(),
    }
}

/// `counts` with a zero for every key it lacks: readers need no special case.
fn every<K: Ord + Copy, const N: usize>(keys: [K; N], counts: &BTreeMap<K, usize>) -> BTreeMap<K, usize> {
    keys.into_iter().map(|key| (key, counts.get(&key).copied().unwrap_or(0))).collect()
}

fn json_finding(finding: &crate::finding::Finding, fingerprint: String) -> JsonFinding {
    let related = |(at, message): &(Location, String)| JsonRelated { location: place(at), message: message.clone() };
    JsonFinding {
        rule: finding.rule.clone(),
        severity: finding.severity,
        message: finding.message.clone(),
        object: object(&finding.object),
        location: finding.location.as_ref().map(place),
        fingerprint,
        state: finding.state,
        silenced_by: finding.silenced_by.clone(),
        related: finding.related.iter().map(related).collect(),
        detail: finding.detail.clone(),
        fix: finding.fix.clone(),
    }
}

fn json_access(delta: &crate::access::Delta) -> JsonAccess {
    JsonAccess {
        role: delta.role.clone(),
        relation: delta.relation.to_string(),
        command: delta.command.word().to_owned(),
        before: delta.before.word().to_owned(),
        after: delta.after.word().to_owned(),
        reason: delta.because.as_ref().map(|step| step.text.clone()),
        location: delta.because.as_ref().and_then(|step| step.at.as_ref()).map(place),
    }
}

fn json_coverage(entry: &crate::coverage::Coverage) -> JsonCoverage {
    JsonCoverage {
        kind: entry.kind.word().to_owned(),
        gap: entry.kind.is_gap(),
        message: entry.message.clone(),
        object: entry.object.as_ref().map(object),
        location: entry.location.as_ref().map(place),
    }
}

fn object(object: &ObjectRef) -> JsonObject {
    JsonObject { kind: object.kind.words().to_owned(), name: object.name.clone() }
}

fn place(at: &Location) -> JsonLocation {
    JsonLocation { file: at.file.to_string(), line: at.line.get(), column: at.column.get() }
}

/// The document, pretty-printed.
pub(crate) fn render(report: &Report, _: &RenderOptions) -> String {
    pretty(&document(report))
}

/// Any of our documents, pretty-printed, hostile characters as `\uXXXX`.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    // Our documents have string keys and no failing serialisers, and memory takes all: there is nothing to report here.
    let _ = write(&mut out, value);
    String::from_utf8(out).unwrap_or_default()
}

/// The same, written as it is made.
pub(crate) fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaped(&mut *out), value)?;
    out.write_all(b"\n")
}

/// Passes on what a serialiser writes, piece by piece, hostile characters escaped.
struct Escaped<'a, W>(&'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(piece).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if text.chars().any(|c| c != '\n' && escape::is_hostile(c)) {
            self.0.write_all(escape::json(text).as_bytes())?;
        } else {
            self.0.write_all(piece)?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
