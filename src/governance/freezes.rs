//! Operations that rest for a time: migrations and grants that touch them, rows made all the same, and freezes whose
//! time is over.

use super::history::{day, run, writing};
use super::pattern;
use super::sections::{Freeze, Operation, Placed};
use super::triggered::Triggered;
use super::writes::Written;
use crate::catalog::{ObjectKind, ObjectRef, Privilege, QualifiedName};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::date::Date;
use crate::migrations::{Migration, MigrationFile};
use crate::rule::Rule;

fn active(freeze: &Freeze, today: Date) -> bool {
    freeze.since <= today && freeze.until.is_none_or(|until| today <= until)
}

/// Whether a file belongs to the time of the freeze; one without a date does where it is under review.
fn is_during(file: &MigrationFile, freeze: &Freeze, reviewed: bool) -> bool {
    match day(file) {
        Some(day) => day >= freeze.since && freeze.until.is_none_or(|until| day <= until),
        None => reviewed && file.changed,
    }
}

fn freezes<'a>(model: &'a Model<'_>) -> impl Iterator<Item = &'a Placed<Freeze>> {
    model.governance().into_iter().flat_map(|governance| &governance.sections.freezes)
}

fn today(model: &Model<'_>) -> Option<Date> {
    Some(model.governance()?.today)
}

/// Statements and grants that touch what rests.
pub(super) fn touched(model: &Model<'_>, _: &Rule) -> Judged {
    let mut judged = Judged::default();
    let Some(today) = today(model) else { return judged };
    let reviewed = model.input().changed_only;
    let triggered = Triggered::new(model.catalog());
    for placed in freezes(model).filter(|placed| active(&placed.value, today)) {
        let freeze = &placed.value;
        judged.looked_at += 1;
        let tables: Vec<QualifiedName> = freeze.tables.iter().map(|table| pattern::table(table)).collect();
        let files: Vec<&Migration> =
            run(model.migrations()).filter(|migration| is_during(&migration.file, freeze, reviewed)).collect();
        let during = writing(model).filter(|(migration, _)| is_during(&migration.file, freeze, reviewed));
        for (migration, written) in during {
            let more: Vec<Written> = written.iter().flat_map(|one| triggered.of(one)).collect();
            judged.violations.extend(statements(migration, written.iter().chain(&more), freeze, &tables));
        }
        for table in &tables {
            judged.violations.extend(grants(model, &files, freeze, table));
        }
        let undated = run(model.migrations()).filter(|migration| day(&migration.file).is_none()).count();
        if undated > 0 && !reviewed {
            let files = crate::report::many(undated, "file");
            judged.not_run.push(format!(
                "freeze `{}`: {files} without a date in the name: whether written while it holds is not known",
                freeze.name
            ));
        }
    }
    judged
}

fn statements<'w>(
    migration: &Migration,
    written: impl Iterator<Item = &'w Written>,
    freeze: &Freeze,
    tables: &[QualifiedName],
) -> Vec<Violation> {
    let mut found: Vec<Violation> = Vec::new();
    for one in written.filter(|one| tables.contains(&one.table)) {
        let Some(operation) = one.operations.iter().find(|done| freeze.operations.contains(done)) else { continue };
        let message = format!(
            "`{}` on `{}`{} is frozen since {} by `{}`: {}",
            operation.word(),
            one.table,
            one.by(),
            freeze.since,
            freeze.name,
            freeze.reason
        );
        let mut violation =
            Violation::new(ObjectRef::new(ObjectKind::Table, &one.table), Some(one.at.clone()), message);
        violation.discriminator = format!("{} {} {}", freeze.name, migration.file.path, operation.word());
        if !found.contains(&violation) {
            found.push(violation);
        }
    }
    found
}

fn grants(model: &Model<'_>, files: &[&Migration], freeze: &Freeze, table: &QualifiedName) -> Vec<Violation> {
    let Some(relation) = model.catalog().relations.get(table) else { return Vec::new() };
    let frozen = |privilege: Privilege| {
        let operation = match privilege {
            Privilege::Insert => Operation::Insert,
            Privilege::Update => Operation::Update,
            Privilege::Delete | Privilege::Truncate => Operation::Delete,
            _ => return false,
        };
        freeze.operations.contains(&operation)
    };
    let columns = relation.columns.iter().map(|column| &column.acl);
    let entries = std::iter::once(&relation.acl).chain(columns).flat_map(|acl| acl.iter());
    let during = entries.filter(|entry| {
        let at = entry.at.as_ref().filter(|_| frozen(entry.privilege));
        at.is_some_and(|at| files.iter().any(|migration| migration.file.path == at.file))
    });
    let violation = |entry: &crate::catalog::AclEntry| {
        let message = format!(
            "{} on `{table}` is granted to `{}` while `{}` freezes it: {}",
            entry.privilege.sql(),
            entry.grantee,
            freeze.name,
            freeze.reason
        );
        let mut violation = Violation::new(ObjectRef::new(ObjectKind::Table, table), entry.at.clone(), message);
        violation.discriminator = format!("{} {} {}", freeze.name, entry.grantee, entry.privilege.sql());
        violation
    };
    during.map(violation).collect()
}

/// Rows made although they must not be.
pub(super) fn rows(model: &Model<'_>, _: &Rule) -> Judged {
    let mut judged = Judged::default();
    let Some(governance) = model.governance() else { return judged };
    let Some(live) = &governance.live else {
        if model.migrations().is_empty() {
            judged.not_run.push("rows were not counted: this source has none".to_owned());
        }
        return judged;
    };
    for facts in &live.freezes {
        judged.looked_at += 1;
        let placed = governance.sections.freezes.iter().find(|placed| placed.value.name == facts.name);
        let Some(placed) = placed.filter(|_| facts.rows > 0) else { continue };
        let rows = crate::report::many(facts.rows, "row");
        let message = format!(
            "`{}` has {rows} made since {}, when `{}` froze it (by `{}`)",
            facts.table, placed.value.since, facts.name, facts.column
        );
        let mut violation =
            Violation::new(ObjectRef::new(ObjectKind::Table, &facts.table), Some(placed.at.clone()), message);
        violation.discriminator.clone_from(&facts.name);
        judged.violations.push(violation);
    }
    judged.not_run.extend(live.failed.iter().filter(|(section, _)| *section == "freezes").map(|(_, why)| why.clone()));
    judged
}

/// Freezes whose time is over.
pub(super) fn expired(model: &Model<'_>, _: &Rule) -> Judged {
    let mut judged = Judged::default();
    let Some(today) = today(model) else { return judged };
    for placed in freezes(model) {
        judged.looked_at += 1;
        let Some(until) = placed.value.until.filter(|until| *until < today) else { continue };
        let message = format!("freeze `{}` ended on {until}", placed.value.name);
        let mut violation =
            Violation::new(ObjectRef::new(ObjectKind::Other, &placed.at.file), Some(placed.at.clone()), message);
        violation.discriminator.clone_from(&placed.value.name);
        judged.violations.push(violation);
    }
    judged
}
