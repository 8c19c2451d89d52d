//! Gates as a runbook checklist.

use super::evidence::{ByGate, Surroundings, look};
use crate::governance::sections::{Gate, Placed};
use crate::report::escape;

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is asked for.
    pub asked: String,
    /// The file looked at.
    pub file: Option<String>,
    /// What is missing.
    pub problems: Vec<String>,
    /// What could not be verified.
    pub unverified: Vec<String>,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// What it stands before.
    pub touches: Vec<String>,
    /// What it asks for.
    pub items: Vec<Item>,
}

impl Status {
    /// Nothing is missing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.items.iter().all(|item| item.problems.is_empty())
    }
}

/// Looks at every gate.
#[must_use]
pub fn statuses(gates: &[Placed<Gate>], around: Surroundings<'_>) -> Vec<Status> {
    let status = |placed: &Placed<Gate>| {
        let items = look(&placed.value, around).into_iter().map(|looked| Item {
            asked: looked.asked,
            file: looked.file,
            problems: looked.problems,
            unverified: looked.unverified,
        });
        Status { name: placed.value.name.clone(), touches: placed.value.when.touches.clone(), items: items.collect() }
    };
    gates.iter().map(status).collect()
}

/// Looks at every gate, for the rule.
pub(in crate::governance) fn looked(gates: &[Placed<Gate>], around: Surroundings<'_>) -> ByGate {
    gates.iter().map(|placed| (placed.value.name.clone(), look(&placed.value, around))).collect()
}

/// The checklist, to be worked off from top to bottom.
#[must_use]
pub fn checklist(statuses: &[Status]) -> String {
    let mut out = String::new();
    for status in statuses {
        let state = if status.is_open() { "open" } else { "closed" };
        out.push_str(&format!("{}: {state}\n", escape::line(&status.name)));
        out.push_str(&format!("  before touching {}\n", escape::line(&status.touches.join(", "))));
        for item in &status.items {
            let mark = if item.problems.is_empty() { "x" } else { " " };
            let file = item.file.as_ref().map(|file| format!(" ({file})")).unwrap_or_default();
            out.push_str(&format!("  [{mark}] {}\n", escape::line(&format!("{}{file}", item.asked))));
            let lines = item.problems.iter().map(|problem| format!("      - {}\n", escape::line(problem)));
            out.extend(lines);
            out.extend(item.unverified.iter().map(|why| format!("      ? {}\n", escape::line(why))));
        }
        out.push('\n');
    }
    out
}
