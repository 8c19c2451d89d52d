//! The weekly audit of a database: a run's report together with what changed since the last one, as a page to read
//! (HTML, Markdown) and as data (JSON, SARIF).

pub mod alerts;
mod html;
pub mod lifecycle;
mod markdown;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::State;
use crate::report::json::{self, Document, JsonFinding};
use crate::report::{RenderOptions, Report, sarif};
use crate::run::Checked;

/// An audit, ready to be written.
#[derive(Debug, Clone)]
pub struct Audit {
    report: Report,
    facts: JsonAudit,
    /// Who can reach what, as markup.
    map: String,
}

/// The files of an audit.
pub const FILES: [&str; 4] = ["report.html", "report.md", "report.json", "report.sarif"];

/// What an audit says beyond a report: `audit` in its JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonAudit {
    /// `gardefou 0.1.0`.
    pub tool: String,
    /// What was audited.
    pub server: JsonServer,
    /// When it began, UTC.
    pub started: String,
    /// When it ended, UTC.
    pub finished: String,
    /// Objects in the database, by kind.
    pub catalog: BTreeMap<String, usize>,
    /// End of the audit it is compared with; nothing where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Fingerprints of findings that the last audit did not have.
    pub new: Vec<String>,
    /// Those it had too.
    pub still_open: Vec<String>,
    /// Those accepted: by a waiver, a comment or the baseline.
    pub acknowledged: Vec<String>,
    /// Findings of the last audit that are gone.
    pub resolved: Vec<JsonFinding>,
    /// Findings of the last audit whose rule did not run, or whose object could not be judged, this time.
    pub not_looked_at: Vec<JsonFinding>,
    /// What became of every finding so far, by fingerprint.
    #[serde(default)]
    pub lifecycle: Vec<lifecycle::Life>,
}

/// The database audited.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonServer {
    /// PostgreSQL's version.
    pub version: String,
    /// Database.
    pub database: String,
    /// Host.
    pub host: String,
}

/// Why an earlier audit cannot be compared with.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum AuditError {
    #[error("earlier audit {path}: {source}; name the report.json of one, or leave --since away the first time")]
    Read { path: String, source: std::io::Error },
    #[error("earlier audit {path}: {source}; name the report.json that `gardefou audit` wrote")]
    Shape { path: String, source: serde_json::Error },
    #[error("earlier audit {path} has version {version}, this program reads {known}; leave --since away once", known = json::VERSION)]
    Version { path: String, version: u32 },
}

/// Reads an earlier audit's `report.json`.
///
/// # Errors
/// [`AuditError`].
pub fn previous(path: &Path) -> Result<Document, AuditError> {
    let printed = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| AuditError::Read { path: printed.clone(), source })?;
    let document: Document =
        serde_json::from_str(&text).map_err(|source| AuditError::Shape { path: printed.clone(), source })?;
    if document.version != json::VERSION {
        return Err(AuditError::Version { path: printed, version: document.version });
    }
    Ok(document)
}

impl Audit {
    /// An audit of what was checked, against an earlier one.
    #[must_use]
    pub fn new(checked: Checked, previous: Option<&Document>, started: &str, finished: &str) -> Self {
        let Checked { report, server, counts, ran, access } = checked;
        let map = access.map(|table| html::map(&table)).unwrap_or_default();
        let mut facts = JsonAudit {
            tool: format!("gardefou {}", env!("CARGO_PKG_VERSION")),
            server: JsonServer { version: server.version, database: server.database, host: server.host },
            started: started.to_owned(),
            finished: finished.to_owned(),
            catalog: counts.into_iter().map(|(kind, n)| (kind.to_owned(), n)).collect(),
            since: previous.map(|document| {
                document.audit.as_ref().map_or_else(|| "a time not recorded".to_owned(), |audit| audit.finished.clone())
            }),
            ..JsonAudit::default()
        };
        compare(&report, &ran, previous, &mut facts);
        let present = report.fingerprinted();
        let present = present.map(|(finding, fingerprint)| (fingerprint, finding.state != State::New)).collect();
        let seen = lifecycle::Seen { present: &present, resolved: &facts.resolved, now: finished };
        facts.lifecycle = lifecycle::advance(&lives(previous), seen);
        Self { report, facts, map }
    }

    /// SQL that brings the team's table of findings up to date.
    #[must_use]
    pub fn alerts_sql(&self, alerts: &crate::governance::sections::Alerts) -> String {
        let document = json::document(&self.report);
        alerts::sql(alerts, &document.findings, &self.facts.lifecycle, &self.facts.finished)
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What the audit says beyond it.
    #[must_use]
    pub fn facts(&self) -> &JsonAudit {
        &self.facts
    }

    /// Writes one of [`FILES`] as it is made: they are large.
    ///
    /// # Errors
    /// Where `out` cannot be written to.
    pub fn write(&self, name: &str, options: &RenderOptions, out: &mut impl Write) -> io::Result<()> {
        match name {
            "report.html" => out.write_all(html::render(&view::View::of(self, options), &self.map).as_bytes()),
            "report.md" => out.write_all(markdown::render(&view::View::of(self, options)).as_bytes()),
            "report.json" => {
                json::write(out, &Document { audit: Some(self.facts.clone()), ..json::document(&self.report) })
            }
            _ => sarif::write(out, &self.report, options),
        }
    }
}

/// The lives an earlier audit recorded; one that recorded none knows when it found what it found.
fn lives(previous: Option<&Document>) -> Vec<lifecycle::Life> {
    let Some(document) = previous else { return Vec::new() };
    let recorded = document.audit.as_ref().filter(|audit| !audit.lifecycle.is_empty());
    if let Some(audit) = recorded {
        return audit.lifecycle.clone();
    }
    let at = document.audit.as_ref().map(|audit| audit.finished.clone()).unwrap_or_default();
    let present = document.findings.iter().map(|finding| (finding.fingerprint.clone(), finding.state != State::New));
    let seen = lifecycle::Seen { present: &present.collect(), resolved: &[], now: &at };
    lifecycle::advance(&[], seen)
}

/// Sorts findings, by fingerprint, into new, still open, acknowledged and resolved.
fn compare(report: &Report, ran: &BTreeSet<String>, previous: Option<&Document>, facts: &mut JsonAudit) {
    let counted = |finding: &&JsonFinding| finding.state == State::New;
    let before: BTreeSet<&str> = previous
        .iter()
        .flat_map(|document| document.findings.iter().filter(counted))
        .map(|finding| finding.fingerprint.as_str())
        .collect();
    let mut now = BTreeSet::new();
    for (finding, fingerprint) in report.fingerprinted() {
        let list = match finding.state {
            State::New if before.contains(fingerprint.as_str()) => &mut facts.still_open,
            State::New => &mut facts.new,
            State::Baselined | State::Suppressed | State::Waived => &mut facts.acknowledged,
        };
        list.push(fingerprint.clone());
        now.insert(fingerprint);
    }
    let unjudged: BTreeSet<&str> =
        report.gaps().filter_map(|gap| gap.object.as_ref()).map(|object| object.name.as_str()).collect();
    for gone in previous.iter().flat_map(|document| &document.findings).filter(|one| !now.contains(&one.fingerprint)) {
        let judged = (ran.contains(&gone.rule) || gone.rule.starts_with("config/"))
            && !unjudged.contains(gone.object.name.as_str());
        if judged { facts.resolved.push(gone.clone()) } else { facts.not_looked_at.push(gone.clone()) }
    }
}

/// The time, as `2026-11-22 20:45:28 UTC`; `SOURCE_DATE_EPOCH` stands in for the clock where it is set.
#[must_use]
pub fn now() -> String {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse::<u64>().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    instant(fixed.unwrap_or_else(clock))
}

fn instant(seconds: u64) -> String {
    let days = i32::try_from(seconds / 86_400).unwrap_or(i32::MAX / 2);
    let (year, month, day) = crate::drift::source::civil(days);
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}
