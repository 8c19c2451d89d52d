//! SARIF 2.1.0 for code scanning. Every result has a physical location, because one without makes GitHub refuse the
//! whole upload; silenced findings carry their suppression.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::coverage::Coverage;
use crate::finding::{Finding, Severity, State};
use crate::location::Location;

use super::{RenderOptions, Report, RuleDoc, escape, json, place};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<R>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: R,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Text>,
    help: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Level,
    properties: Tags,
}

#[derive(Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Serialize)]
struct Tags {
    tags: Vec<String>,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    descriptor: Descriptor,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Placed>,
}

#[derive(Serialize)]
struct Descriptor {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: Vec<Placed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Placed>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
    kind: String,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
}

pub(super) fn render(report: &Report, options: &RenderOptions) -> String {
    json::pretty(&log(report, options))
}

/// Writes the log as it is made: it is large.
pub(crate) fn write(out: &mut impl Write, report: &Report, options: &RenderOptions) -> io::Result<()> {
    json::write(out, &log(report, options))
}

fn log<'a>(report: &'a Report, options: &'a RenderOptions) -> impl Serialize + 'a {
    let index: BTreeMap<&str, usize> = report.rules.keys().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let results = move |each: &mut dyn FnMut(SarifResult)| {
        for (finding, print) in report.fingerprinted() {
            each(result(report, finding, print, index.get(finding.rule.as_str()), options));
        }
    };
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "gardefou",
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: report.rules.values().map(rule).collect(),
            },
        },
        invocations: [Invocation {
            execution_successful: true,
            tool_execution_notifications: report.coverage.iter().map(|entry| notification(entry, options)).collect(),
        }],
        column_kind: "unicodeCodePoints",
        results: Each(results),
    };
    Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
}

/// A list of which each item is made when it is written.
struct Each<F>(F);

impl<F: Fn(&mut dyn FnMut(SarifResult))> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut outcome = Ok(());
        (self.0)(&mut |item| {
            if outcome.is_ok() {
                outcome = list.serialize_element(&item);
            }
        });
        outcome?;
        list.end()
    }
}

fn rule(doc: &RuleDoc) -> Rule {
    let rationale = escape_lines(doc.rationale.trim());
    Rule {
        id: escape::line(&doc.id),
        short_description: Text { text: escape::line(&doc.title) },
        full_description: (!rationale.is_empty()).then_some(Text { text: rationale }),
        help: Text { text: help(doc) },
        help_uri: doc.references.first().filter(|uri| uri.starts_with("https://")).map(|uri| escape::line(uri)),
        default_configuration: Level { level: super::word(doc.severity) },
        properties: Tags { tags: doc.tags.iter().map(|tag| escape::line(tag)).collect() },
    }
}

/// Remediation and references; never empty, as code scanning shows it beside every alert.
fn help(doc: &RuleDoc) -> String {
    let remediation = escape_lines(doc.remediation.trim());
    let head = if remediation.is_empty() { escape::line(&doc.title) } else { remediation };
    let references: String = doc.references.iter().map(|uri| format!("\n{}", escape::line(uri))).collect();
    if references.is_empty() { head } else { format!("{head}\n{references}") }
}

/// Prose of several lines, each safe.
fn escape_lines(text: &str) -> String {
    text.lines().map(escape::line).collect::<Vec<_>>().join("\n")
}

fn result(
    report: &Report,
    finding: &Finding,
    fingerprint: String,
    rule_index: Option<&usize>,
    options: &RenderOptions,
) -> SarifResult {
    let place = place::of(report, finding, &options.base);
    let object = &finding.object;
    let logical = Logical { fully_qualified_name: escape::line(&object.name), kind: object.kind.words().to_owned() };
    let related =
        finding.related.iter().map(|(at, message)| Placed { message: Some(text(message)), ..placed(at, options) });
    SarifResult {
        rule_id: escape::line(&finding.rule),
        rule_index: rule_index.copied(),
        level: super::word(finding.severity),
        message: text(&finding.message),
        locations: vec![Placed {
            physical_location: physical(&place),
            logical_locations: vec![logical],
            message: None,
        }],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([("gardefou/v1", fingerprint)]),
        suppressions: suppression(finding).into_iter().collect(),
    }
}

fn suppression(finding: &Finding) -> Option<Suppression> {
    let kind = match finding.state {
        State::New => return None,
        State::Suppressed => "inSource",
        State::Baselined | State::Waived => "external",
    };
    let justification = finding.silenced_by.as_deref().map(escape::line);
    Some(Suppression { kind, status: "accepted", justification })
}

fn notification(entry: &Coverage, options: &RenderOptions) -> Notification {
    Notification {
        level: super::word(if entry.kind.is_gap() { Severity::Warning } else { Severity::Note }),
        descriptor: Descriptor { id: entry.kind.word() },
        message: text(&entry.message),
        locations: entry.location.iter().map(|at| placed(at, options)).collect(),
    }
}

/// A message: `](` would make SARIF viewers see a link.
fn text(message: &str) -> Text {
    let message = escape::line(message);
    Text { text: if message.contains("](") { message.replace('[', "\\[").replace(']', "\\]") } else { message } }
}

fn placed(at: &Location, options: &RenderOptions) -> Placed {
    let place =
        place::Place { path: options.base.relative(&at.file), line: at.line.get(), column: at.column.get(), end: None };
    Placed { physical_location: physical(&place), logical_locations: Vec::new(), message: None }
}

fn physical(place: &place::Place) -> Physical {
    let scheme = if place.path.starts_with('/') { "file://" } else { "" };
    Physical {
        artifact_location: Artifact { uri: format!("{scheme}{}", escape::uri_path(&place.path)) },
        region: Region {
            start_line: place.line,
            start_column: place.column,
            end_line: place.end.map(|(line, _)| line),
            end_column: place.end.map(|(_, column)| column),
        },
    }
}
