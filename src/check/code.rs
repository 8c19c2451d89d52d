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
}

/// All of them.
static CHECKS: &[Check] = &[];

/// The check called `name`.
#[must_use]
pub fn find(name: &str) -> Option<Check> {
    CHECKS.iter().find(|check| check.name == name).copied()
}

/// Names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.name)
}
