//! STOP gates: evidence that must be there before something is touched. What lies on the disk is looked at once, before
//! the rules run; the rule only compares.

mod evidence;
mod status;

use std::collections::BTreeMap;

use super::history::{is_before, writing};
use super::pattern;
use super::sections::{Gate, Placed};
use super::validate::split_column;
use super::writes::Written;
use crate::catalog::{ObjectKind, ObjectRef, QualifiedName};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::migrations::{Change, ChangeKind, Migration};
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
fn touches(migration: &Migration, written: &[Written], gate: &Gate) -> Option<(Location, String)> {
    let mut found: Vec<(Location, String)> = Vec::new();
    for wanted in touched(gate) {
        let table = wanted.table.to_string();
        let name = wanted.column.as_ref().map_or_else(|| table.clone(), |column| format!("{table}.{column}"));
        let changes = migration.changes.iter().filter(|change| changes(change, &wanted, &table));
        found.extend(changes.map(|change| (change.at.clone(), name.clone())));
        let rows = written.iter().filter(|one| {
            one.table == wanted.table && wanted.column.as_ref().is_none_or(|column| one.may_write(column))
        });
        found.extend(rows.map(|one| (one.at.clone(), name.clone())));
    }
    found.sort();
    found.into_iter().next()
}

/// Whether a change is one of what is named, under its name before or after; a column goes with its table.
fn changes(change: &Change, wanted: &Touched, table: &str) -> bool {
    let names = [Some(&change.object.name), change.renamed_from.as_ref()];
    let mut names = names.into_iter().flatten();
    let whole = change.kind == ChangeKind::Dropped || change.renamed_from.is_some();
    match &wanted.column {
        Some(column) => {
            let column = ObjectRef::on(ObjectKind::Column, &wanted.table, column).name;
            names.any(|name| match change.object.kind {
                ObjectKind::Column => *name == column,
                _ => whole && name == table,
            })
        }
        None => names.any(|name| name == table || name.starts_with(&format!("{table}."))),
    }
}

/// Migrations that touch what a closed gate names.
pub(super) fn closed(model: &Model<'_>, _: &Rule) -> Judged {
    let mut judged = Judged::default();
    let Some(governance) = model.governance() else { return judged };
    let none = BTreeMap::new();
    let looked = governance.gates.as_ref().unwrap_or(&none);
    for placed in &governance.sections.gates {
        for (migration, written) in under(model, placed) {
            judged.looked_at += 1;
            let Some((at, name)) = touches(migration, written, &placed.value) else { continue };
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

/// Files a gate looks at: those under review, and not older than it; with what they write.
fn under<'a>(model: &'a Model<'_>, placed: &'a Placed<Gate>) -> impl Iterator<Item = (&'a Migration, &'a [Written])> {
    let reviewed = model.input().changed_only;
    writing(model).filter(move |(migration, _)| {
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
