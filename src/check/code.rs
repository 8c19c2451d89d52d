//! Checks written in code, for rules that carry `check: <name>`.

use super::{Model, squawk};
use crate::catalog::ObjectRef;
use crate::location::Location;
use crate::rule::Rule;

/// A check in code.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Name in rule files.
    pub name: &'static str,
    /// Looks at the model for the rule.
    pub run: fn(&Model<'_>, &Rule) -> Judged,
    /// The part of a rule's id after the slash tells what is looked for: whether there is such a thing.
    pub knows: Option<fn(&str) -> bool>,
}

/// What a check in code says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// How many subjects it looked at.
    pub looked_at: usize,
    /// What is wrong with which.
    pub violations: Vec<Violation>,
    /// What it could not look at, and why: each a line of Coverage.
    pub not_run: Vec<String>,
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
    Check { name: "squawk", run: squawk::judge, knows: Some(crate::sql::is_lint) },
    stored("volumetrics-density-mismatch"),
    stored("volumetrics-drift"),
    stored("volumetrics-not-computable"),
    stored("volumetrics-volume-mismatch"),
];

/// A check of stored measurements: a schema has none, `gardefou drift` runs it.
const fn stored(name: &'static str) -> Check {
    Check { name, run: |_, _| Judged { looked_at: 0, violations: Vec::new(), not_run: Vec::new() }, knows: None }
}

/// The check called `name`.
#[must_use]
pub fn find(name: &str) -> Option<Check> {
    all().find(|check| check.name == name)
}

fn all() -> impl Iterator<Item = Check> {
    CHECKS.iter().chain(super::access::CHECKS).copied().chain(crate::governance::checks())
}

/// Names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|check| check.name)
}
