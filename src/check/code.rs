//! Checks written in code, for rules that carry `check: <name>`.

use super::Model;
use crate::catalog::ObjectRef;
use crate::location::Location;

/// A check in code.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Name in rule files.
    pub name: &'static str,
    /// Returns how many subjects it looked at and what is wrong with which.
    pub run: fn(&Model<'_>) -> (usize, Vec<Violation>),
}

/// One violation found by code.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The object.
    pub object: ObjectRef,
    /// Where.
    pub location: Option<Location>,
    /// In place of the rule's own message, where that cannot say it.
    pub message: Option<String>,
    /// Tells violations on one object apart.
    pub discriminator: String,
    /// Several lines that show what the message says: a diff, a path.
    pub detail: Option<String>,
}

impl Violation {
    /// A violation with a message of its own.
    #[must_use]
    pub fn new(object: ObjectRef, location: Option<Location>, message: String) -> Self {
        Self { object, location, message: Some(message), discriminator: String::new(), detail: None }
    }
}

/// All of them.
static CHECKS: &[Check] = &[
    stored("volumetrics-density-mismatch"),
    stored("volumetrics-drift"),
    stored("volumetrics-not-computable"),
    stored("volumetrics-volume-mismatch"),
];

/// A check of stored measurements: a schema has none, `gardefou drift` runs it.
const fn stored(name: &'static str) -> Check {
    Check { name, run: |_| (0, Vec::new()) }
}

/// The check called `name`.
#[must_use]
pub fn find(name: &str) -> Option<Check> {
    all().find(|check| check.name == name)
}

fn all() -> impl Iterator<Item = Check> {
    CHECKS.iter().copied().chain(crate::governance::checks())
}

/// Names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|check| check.name)
}
