//! One result of a check.

use serde::{Deserialize, Serialize};

use crate::catalog::ObjectRef;
use crate::location::Location;

/// How bad, in SARIF's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Should be looked at.
    Warning,
    /// Should not be merged.
    Error,
}

/// What became of a finding on its way to the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Counts.
    New,
    /// Recorded in the baseline.
    Baselined,
    /// Silenced by a comment in the source.
    Suppressed,
    /// Accepted by a waiver in the configuration.
    Waived,
}

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Rule id, `group/name`.
    pub rule: String,
    /// Severity after configuration.
    pub severity: Severity,
    /// One line: object in backticks, what is wrong, lower case, no final period.
    pub message: String,
    /// The object it is about.
    pub object: ObjectRef,
    /// Where the offending fact was set.
    pub location: Option<Location>,
    /// What became of it.
    pub state: State,
    /// Why, where it was silenced: the reason given.
    pub silenced_by: Option<String>,
    /// Other places that matter, with a word on each.
    pub related: Vec<(Location, String)>,
    /// Distinguishes findings of one rule on one object (a column, a role); part of the fingerprint.
    pub discriminator: String,
    /// Several lines that show what the message says: a diff, a path.
    pub detail: Option<String>,
    /// SQL that does what the rule's remediation says, for a person to run; nothing where only a person can write it.
    pub fix: Option<String>,
}

impl Finding {
    /// Stable identity: rule, object and discriminator, no line numbers.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for part in [&self.rule, self.object.kind.words(), &self.object.name, &self.discriminator] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}
