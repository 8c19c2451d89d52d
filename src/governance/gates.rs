//! STOP gates: evidence that must be there before something is touched. What lies on the disk is looked at once, before
//! the rules run; the rule only compares.

mod evidence;
mod status;

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::written_columns;
use super::history::{is_before, operation, run};
use super::pattern;
use super::sections::{Gate, Placed};
use super::validate::split_column;
use crate::catalog::{ObjectKind, ObjectRef, QualifiedName};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::migrations::Migration;
use crate::rule::Rule;

pub use evidence::{Surroundings, look};
pub(super) use status::looked;
pub use status::{Item, Status, checklist, statuses};

/// One requirement, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What is asked for, in words.
    pub asked: String,
    /// The file that was looked at, if there is one.
    pub file: Option<String>,
    /// What is missing or wrong, each with what to do.
    pub problems: Vec<String>,
    /// What could not be verified, and why.
    pub unverified: Vec<String>,
}

/// What is named under `touches`.
struct Touched {
    table: QualifiedName,
    column: Option<String>,
}

fn touched(gate: &Gate) -> Vec<Touched> {
    let one = |written: &String| match split_column(written) {
        Some((table, column)) => Touched { table: pattern::table(&table), column: Some(column) },
        None => Touched { table: pattern::table(written), column: None },
    };
    gate.when.touches.iter().map(one).collect()
}

/// The first statement of a migration that touches what a gate names, with what it touches.
fn touches(model: &Model<'_>, migration: &Migration, gate: &Gate) -> Option<(Location, String)> {
    let mut found: Vec<(Location, String)> = Vec::new();
    for wanted in touched(gate) {
        let table = wanted.table.to_string();
        let name = wanted.column.as_ref().map_or_else(|| table.clone(), |column| format!("{table}.{column}"));
        let changes = migration.changes.iter().filter(|change| match &wanted.column {
            Some(column) => change.object == ObjectRef::on(ObjectKind::Column, &wanted.table, column),
            None => change.object.name == table || change.object.name.starts_with(&format!("{table}.")),
        });
        found.extend(changes.map(|change| (change.at.clone(), name.clone())));
        let Some(column) = &wanted.column else {
            let statements = migration.statements.iter().filter(|executed| {
                operation(executed).is_some() && executed.objects.first().is_some_and(|object| object.name == table)
            });
            found.extend(statements.map(|executed| (executed.at.clone(), name.clone())));
            continue;
        };
        for (written, columns, span) in written_columns(model.catalog(), migration) {
            let hit = columns.as_ref().is_none_or(|columns: &BTreeSet<String>| columns.contains(column));
            if written == wanted.table && hit {
                found.push((migration.lines.locate(&migration.file.text, span), name.clone()));
            }
        }
    }
    found.sort();
    found.into_iter().next()
}

/// Migrations that touch what a closed gate names.
pub(super) fn closed(model: &Model<'_>, _: &Rule) -> Judged {
    let mut judged = Judged::default();
    let Some(governance) = model.governance() else { return judged };
    let none = BTreeMap::new();
    let looked = governance.gates.as_ref().unwrap_or(&none);
    for placed in &governance.sections.gates {
        let files: Vec<&Migration> = under(model, placed).collect();
        for migration in files {
            judged.looked_at += 1;
            let Some((at, name)) = touches(model, migration, &placed.value) else { continue };
            let items = looked.get(&placed.value.name).map_or(&[][..], Vec::as_slice);
            let problems: Vec<&String> = items.iter().flat_map(|item| &item.problems).collect();
            judged.not_run.extend(items.iter().flat_map(|item| &item.unverified).cloned());
            if problems.is_empty() && !items.is_empty() {
                continue;
            }
            judged.violations.push(violation(&placed.value, (at, &name), migration, &problems));
        }
    }
    judged.not_run.sort();
    judged.not_run.dedup();
    judged
}

/// Files a gate looks at: those under review, and not older than it.
fn under<'a>(model: &'a Model<'_>, placed: &'a Placed<Gate>) -> impl Iterator<Item = &'a Migration> {
    let reviewed = model.input().changed_only;
    run(model.migrations()).filter(move |migration| {
        !is_before(&migration.file, placed.value.since.as_ref()) && (!reviewed || migration.file.changed)
    })
}

fn violation(gate: &Gate, (at, name): (Location, &str), migration: &Migration, problems: &[&String]) -> Violation {
    let first = problems.first().map_or("its evidence was not looked at", |problem| problem.as_str());
    let more = problems.len().saturating_sub(1);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let message = format!("`{name}` is touched behind the gate `{}`, which is closed: {first}{more}", gate.name);
    let kind = if split_column(name).is_some() { ObjectKind::Column } else { ObjectKind::Table };
    let mut violation = Violation::new(ObjectRef::new(kind, name), Some(at), message);
    violation.discriminator = format!("{} {}", gate.name, migration.file.path);
    let lines: Vec<String> = problems.iter().map(|problem| format!("[ ] {problem}")).collect();
    violation.detail = Some(lines.join("\n"));
    violation
}
