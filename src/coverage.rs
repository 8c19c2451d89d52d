//! What could not be seen, said out loud: every report carries it, so that "nothing found" never hides "not looked at".

use serde::{Deserialize, Serialize};

use crate::catalog::ObjectRef;
use crate::location::Location;

/// One thing the check could not see, or had to assume.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Coverage {
    /// What kind of gap.
    pub kind: CoverageKind,
    /// Where it arose, where there is a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The object it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// One line, lower case, no final period.
    pub message: String,
}

/// Kinds of gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageKind {
    /// A statement that could not be parsed: its effect is unknown.
    Unparsed,
    /// Dynamic SQL whose text is not known before it runs.
    DynamicSql,
    /// A statement that was read but is not interpreted.
    Opaque,
    /// An object used but never created in the files.
    Assumed,
    /// A condition that could not be decided; both ways were considered.
    Undecided,
    /// A file or section that was not read, and why.
    Skipped,
    /// A rule that was not run, and why.
    NotRun,
    /// Something about the platform or configuration had to be assumed.
    Assumption,
    /// A fact the source could not give (no permission, an unset parameter, an absent role).
    Unreadable,
    /// A statement that the server refused in a replay.
    Refused,
    /// Rules about what this kind of source does not have: statistics in migrations, files in a database.
    NotApplicable,
}

impl CoverageKind {
    /// The kind as it stands in every format: `dynamic-sql`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unparsed => "unparsed",
            Self::DynamicSql => "dynamic-sql",
            Self::Opaque => "opaque",
            Self::Assumed => "assumed",
            Self::Undecided => "undecided",
            Self::Skipped => "skipped",
            Self::NotRun => "not-run",
            Self::Assumption => "assumption",
            Self::Unreadable => "unreadable",
            Self::Refused => "refused",
            Self::NotApplicable => "not-applicable",
        }
    }

    /// What the kind means, for the digest.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Unparsed => "could not be parsed",
            Self::DynamicSql => "dynamic SQL, text unknown",
            Self::Opaque => "read but not interpreted",
            Self::Assumed => "used but never created here",
            Self::Undecided => "condition not decided, both ways considered",
            Self::Skipped => "not read",
            Self::NotRun => "rule not run",
            Self::Assumption => "assumed",
            Self::Unreadable => "not readable",
            Self::Refused => "refused by the server",
            Self::NotApplicable => "rules for another source",
        }
    }

    /// Says that part of the schema's state is unknown, rather than naming an assumption: what
    /// `--require-coverage` fails on.
    #[must_use]
    pub const fn is_gap(self) -> bool {
        !matches!(self, Self::Assumption | Self::Skipped | Self::NotApplicable)
    }
}
