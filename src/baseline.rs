//! Baselines: findings recorded once so that only new ones count. A file of fingerprints, with rule and object beside
//! them so that a reviewer sees what is being accepted.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::catalog::{ObjectKind, ObjectRef};
use crate::finding::{Finding, Severity, State};
use crate::report::json;
use crate::suppression::KnownRules;

/// Rule id of entries whose finding is gone.
pub const STALE: &str = "config/stale-baseline";

const VERSION: u32 = 1;

/// A baseline file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: Vec<Entry>,
}

/// One finding recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    object: ObjectRef,
    fingerprint: String,
    /// How many findings with this fingerprint there were.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: usize,
}

const fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_one(count: &usize) -> bool {
    *count == 1
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum BaselineError {
    #[error("baseline {path}: {source}; write one with `gardefou baseline -o {path}`")]
    Read { path: String, source: std::io::Error },
    #[error("baseline {path}: {source}; write it again with `gardefou baseline -o {path}`")]
    Shape { path: String, source: serde_json::Error },
    #[error(
        "baseline {path} has version {version}, this program reads {VERSION}; write it again with `gardefou baseline -o {path}`"
    )]
    Version { path: String, version: u32 },
}

impl Baseline {
    /// The findings that count now.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut entries: BTreeMap<(String, ObjectRef, String), usize> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.state == State::New && !is_about_silencing(finding)) {
            *entries.entry((finding.rule.clone(), finding.object.clone(), finding.fingerprint())).or_default() += 1;
        }
        let entry = |((rule, object, fingerprint), count)| Entry { rule, object, fingerprint, count };
        Self { version: VERSION, findings: entries.into_iter().map(entry).collect() }
    }

    /// Reads a baseline; `path` is also how it is named in errors.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let printed = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| BaselineError::Read { path: printed.clone(), source })?;
        Self::parse(&text, &printed)
    }

    /// A baseline from its text.
    pub fn parse(text: &str, path: &str) -> Result<Self, BaselineError> {
        let path = path.to_owned();
        match serde_json::from_str::<Self>(text) {
            Ok(baseline) if baseline.version == VERSION => Ok(baseline),
            Ok(Self { version, .. }) => Err(BaselineError::Version { path, version }),
            Err(source) => Err(BaselineError::Shape { path, source }),
        }
    }

    /// The file's text: sorted, one finding per entry.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }

    /// Findings recorded.
    #[must_use]
    pub fn len(&self) -> usize {
        self.findings.iter().map(|entry| entry.count).sum()
    }

    /// No findings recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Marks what the baseline records. Where one fingerprint occurs more often than recorded, the surplus is new. With
/// `whole` (the whole schema was checked), entries of rules that ran whose finding is gone are notes.
#[must_use]
pub fn apply(mut findings: Vec<Finding>, baseline: &Baseline, known: KnownRules<'_>, whole: bool) -> Vec<Finding> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &baseline.findings {
        *left.entry(&entry.fingerprint).or_default() += entry.count;
    }
    for finding in findings.iter_mut().filter(|finding| !is_about_silencing(finding)) {
        let Some(count) = left.get_mut(finding.fingerprint().as_str()).filter(|count| **count > 0) else { continue };
        *count -= 1;
        if finding.state == State::New {
            finding.state = State::Baselined;
            finding.silenced_by = Some("recorded in the baseline".to_owned());
        }
    }
    if whole {
        let gone = |entry: &&Entry| {
            known.ran.contains(&entry.rule) && left.get(entry.fingerprint.as_str()).is_some_and(|count| *count > 0)
        };
        findings.extend(baseline.findings.iter().filter(gone).map(stale));
    }
    findings
}

/// Findings about suppressions, waivers and baselines cannot be recorded: they would hide that silencing is broken.
fn is_about_silencing(finding: &Finding) -> bool {
    finding.rule.starts_with("config/")
}

fn stale(entry: &Entry) -> Finding {
    Finding {
        rule: STALE.to_owned(),
        severity: Severity::Note,
        message: format!("`{}` no longer has the finding `{}` the baseline records", entry.object.name, entry.rule),
        object: ObjectRef::new(ObjectKind::Other, "baseline"),
        location: None,
        state: State::New,
        silenced_by: None,
        related: Vec::new(),
        detail: None,
        fix: None,
        discriminator: entry.fingerprint.clone(),
    }
}
