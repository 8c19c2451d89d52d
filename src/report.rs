//! What a run says: findings in order, what could not be seen, and how much was looked at, with one pure function per
//! output format. Reporters decide how things look, never what is reported.

pub mod escape;
mod github;
mod gitlab;
mod human;
pub mod json;
mod junit;
mod markdown;
mod place;
pub(crate) mod redact;
pub(crate) mod sarif;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::finding::{Finding, Severity, State};

pub use place::Base;

/// Everything one run has to say.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Report {
    /// By place, then severity (worst first), then rule and object.
    pub findings: Vec<Finding>,
    /// Sorted, without repetitions.
    pub coverage: Vec<Coverage>,
    /// How much was looked at and what came of it.
    pub summary: Summary,
    /// Every rule that ran, by id, and those that findings name.
    pub rules: BTreeMap<String, RuleDoc>,
    /// File texts for code frames, by path as in locations.
    pub sources: BTreeMap<Arc<str>, Arc<str>>,
    /// What each role gained or lost since the ref of `--since`.
    pub access: Vec<crate::access::Delta>,
}

/// What a report says about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDoc {
    /// Rule id, `group/name`.
    pub id: String,
    /// What it finds, in a few words.
    pub title: String,
    /// Severity unless configured otherwise.
    pub severity: Severity,
    /// Why it matters.
    pub rationale: String,
    /// What to do about it; the first sentence stands alone.
    pub remediation: String,
    /// Template of the SQL that does it.
    pub fix: Option<String>,
    /// Addresses of further reading.
    pub references: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// How much was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookedAt {
    /// Migration files folded.
    pub files: usize,
    /// Statements in them.
    pub statements: usize,
    /// Objects that rules looked at, by kind of subject.
    pub objects: BTreeMap<String, usize>,
}

/// Counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// How much was looked at.
    pub looked_at: LookedAt,
    /// Findings that count, by severity.
    pub by_severity: BTreeMap<Severity, usize>,
    /// All findings, by what became of them.
    pub by_state: BTreeMap<State, usize>,
    /// Rules that ran.
    pub rules: usize,
}

impl Summary {
    /// Findings of this severity that count.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.by_severity.get(&severity).copied().unwrap_or(0)
    }

    /// Findings in this state.
    #[must_use]
    pub fn in_state(&self, state: State) -> usize {
        self.by_state.get(&state).copied().unwrap_or(0)
    }

    /// `3 findings in 42 objects (5 files, 80 statements): 2 errors, 1 warning (1 suppressed)`.
    #[must_use]
    pub fn line(&self) -> String {
        let looked = &self.looked_at;
        let new = self.in_state(State::New);
        let mut line = format!("{} in {}", many(new, "finding"), many(looked.objects.values().sum(), "object"));
        let extent = [(looked.files, "file"), (looked.statements, "statement"), (self.rules, "rule")];
        line.push_str(&format!(" ({})", extent.map(|(n, noun)| many(n, noun)).join(", ")));
        let severities = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
        let counts = severities.map(|(severity, noun)| (self.count(severity), noun));
        let counts: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| many(*n, noun)).collect();
        if !counts.is_empty() {
            line.push_str(&format!(": {}", counts.join(", ")));
        }
        let states = [(State::Suppressed, "suppressed"), (State::Waived, "waived"), (State::Baselined, "baselined")];
        let silenced = states.map(|(state, word)| (self.in_state(state), word));
        let silenced: Vec<_> = silenced.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if !silenced.is_empty() {
            line.push_str(&format!(" ({})", silenced.join(", ")));
        }
        line
    }
}

/// `1 file`, `2 files`.
#[must_use]
pub fn many(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

impl Report {
    /// Sorts findings and coverage, once for every format, and counts. Secrets in messages and in the sources that
    /// are shown are masked: a report travels further than the repository.
    #[must_use]
    pub fn new(
        mut findings: Vec<Finding>,
        mut coverage: Vec<Coverage>,
        looked_at: LookedAt,
        rules: BTreeMap<String, RuleDoc>,
        mut sources: BTreeMap<Arc<str>, Arc<str>>,
    ) -> Self {
        redact::findings(&mut findings, &mut sources);
        redact::coverage(&mut coverage);
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
        coverage.sort();
        coverage.dedup();
        let mut summary = Summary { looked_at, rules: rules.len(), ..Summary::default() };
        for finding in &findings {
            *summary.by_state.entry(finding.state).or_default() += 1;
            if finding.state == State::New {
                *summary.by_severity.entry(finding.severity).or_default() += 1;
            }
        }
        Self { findings, coverage, summary, rules, sources, access: Vec::new() }
    }

    /// Each finding with a fingerprint that no other one in this report has: equal ones are numbered in order.
    pub fn fingerprinted(&self) -> impl Iterator<Item = (&Finding, String)> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        self.findings.iter().map(move |finding| {
            let fingerprint = finding.fingerprint();
            let n = seen.entry(fingerprint.clone()).or_default();
            *n += 1;
            let unique = if *n == 1 { fingerprint } else { format!("{fingerprint}-{n}") };
            (finding, unique)
        })
    }

    /// Whether a finding that counts is at least this severe.
    #[must_use]
    pub fn fails(&self, fail_on: FailOn) -> bool {
        let Some(threshold) = fail_on.threshold() else { return false };
        self.summary.by_severity.iter().any(|(severity, n)| *severity >= threshold && *n > 0)
    }

    /// Coverage entries that are gaps, not assumptions.
    pub fn gaps(&self) -> impl Iterator<Item = &Coverage> {
        self.coverage.iter().filter(|entry| entry.kind.is_gap())
    }
}

fn order(finding: &Finding) -> impl Ord + '_ {
    let unplaced = finding.location.is_none();
    let severity = std::cmp::Reverse(finding.severity);
    (unplaced, &finding.location, severity, &finding.rule, &finding.object, &finding.discriminator, &finding.message)
}

/// The least severity that makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Warnings and errors.
    Warning,
    /// Any finding.
    Note,
    /// Nothing: report only.
    Never,
}

impl FailOn {
    pub(crate) const fn threshold(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Note => Some(Severity::Note),
            Self::Never => None,
        }
    }
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people, with code frames.
    #[default]
    Human,
    /// For programs: versioned, with a JSON Schema.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub workflow commands: annotations on the changed lines.
    Github,
    /// GitLab Code Quality.
    Gitlab,
    /// JUnit XML.
    Junit,
    /// Markdown, for a pull request comment or a job summary.
    Markdown,
}

/// How a report is rendered; nothing here changes what is reported.
#[derive(Debug, Clone, Default)]
pub struct RenderOptions {
    /// The format.
    pub format: Format,
    /// Terminal colours (human only).
    pub color: bool,
    /// Everything rather than the first few: coverage, silenced findings (human and Markdown).
    pub verbose: bool,
    /// No coverage digest (human only).
    pub quiet: bool,
    /// Where paths stand in the repository.
    pub base: Base,
}

/// The report in the format asked for, newline-terminated.
#[must_use]
pub fn render(report: &Report, options: &RenderOptions) -> String {
    match options.format {
        Format::Human => human::render(report, options),
        Format::Json => json::render(report, options),
        Format::Sarif => sarif::render(report, options),
        Format::Github => github::render(report, options),
        Format::Gitlab => gitlab::render(report, options),
        Format::Junit => junit::render(report, options),
        Format::Markdown => markdown::render(report, options),
    }
}

/// A severity's word, as every format prints it.
pub(crate) const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The first sentence of a rule's remediation, on one line.
fn help(report: &Report, finding: &Finding) -> Option<String> {
    let remediation = &report.rules.get(&finding.rule)?.remediation;
    let paragraph: Vec<&str> = remediation.trim().lines().take_while(|line| !line.trim().is_empty()).collect();
    let line = paragraph.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut ends = line.match_indices(". ").map(|(at, _)| at + 1);
    let end = ends.find(|end| ends_sentence(line.get(..*end).unwrap_or(""), line.get(*end + 1..).unwrap_or("")));
    let sentence = end.and_then(|end| line.get(..end)).unwrap_or(&line).to_owned();
    (!sentence.is_empty()).then_some(sentence)
}

/// `e.g. x` goes on, `Y` and `` `alter …` `` begin anew.
fn ends_sentence(before: &str, after: &str) -> bool {
    let abbreviated = ["e.g.", "i.e."].iter().any(|word| before.ends_with(word));
    !abbreviated && after.starts_with(|first: char| first.is_uppercase() || first == '`')
}
