//! No reset: nothing empties or undoes the protected core, however each statement may look alone.

use std::collections::{BTreeMap, BTreeSet};

use super::history::writing;
use super::pattern::Pattern;
use super::protected;
use super::writes::Written;
use crate::catalog::{Catalog, ConstraintRule, ObjectKind, ObjectRef};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::migrations::{ChangeKind, Migration};
use crate::rule::Rule;

/// From so many protected objects on that a file takes away, it undoes the core.
const MANY: usize = 3;

/// Schemas dropped, tables emptied, the core undone.
pub(super) fn reset(model: &Model<'_>, _: &Rule) -> Judged {
    let mut judged = Judged::default();
    let Some(governance) = model.governance() else { return judged };
    let patterns: Vec<&Pattern> = governance.sections.protected.iter().map(|placed| &placed.value.object).collect();
    let is_protected = |object: &ObjectRef| patterns.iter().any(|pattern| pattern.matches(object));
    let locked = governance.lock.iter().flat_map(|lock| lock.entries.keys());
    let core: BTreeSet<&ObjectRef> = locked.filter(|object| is_protected(object)).collect();
    let tables = protected::tables(core.iter().copied().chain(protected::now(model).into_iter().flatten()));
    for (migration, written) in writing(model) {
        judged.looked_at += migration.statements.len();
        judged.violations.extend(emptied(model.catalog(), migration, written, &tables));
        judged.violations.extend(schemas(migration, &tables, &core));
        judged.violations.extend(undone(migration, &is_protected));
    }
    judged
}

/// `TRUNCATE`, with what it takes along by `CASCADE`, and `DELETE` that keeps nothing.
fn emptied(catalog: &Catalog, migration: &Migration, written: &[Written], tables: &BTreeSet<String>) -> Vec<Violation> {
    let mut found: Vec<Violation> = Vec::new();
    let mut add = |table: &str, at: &Location, command: &str, by: &str| {
        let message = format!("`{command}`{by} empties `{table}`, which protected objects rest on");
        let mut violation = Violation::new(ObjectRef::new(ObjectKind::Table, table), Some(at.clone()), message);
        violation.discriminator = format!("{} {command}", migration.file.path);
        if !found.contains(&violation) {
            found.push(violation);
        }
    };
    for one in written.iter().filter(|one| one.empties && tables.contains(&one.table.to_string())) {
        add(&one.table.to_string(), &one.at, &one.command, &one.by());
    }
    let cascades = migration.statements.iter().filter(|it| it.command == "truncate" && it.cascade);
    for executed in cascades {
        let named: BTreeSet<&str> = executed.objects.iter().map(|object| object.name.as_str()).collect();
        for (table, through) in taken_along(catalog, &named) {
            if tables.contains(&table) {
                add(&table, &executed.at, "truncate", &format!(" of `{through}` with `cascade`"));
            }
        }
    }
    found
}

/// Tables with a foreign key to one of these, directly or through others, each with the one it hangs on.
fn taken_along(catalog: &Catalog, named: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut open: Vec<(String, String)> = named.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    while let Some((to, root)) = open.pop() {
        for (name, relation) in &catalog.relations {
            let refers = relation.constraints.values().any(|constraint| {
                matches!(&constraint.kind, ConstraintRule::ForeignKey { references, .. } if references.to_string() == to)
            });
            let name = name.to_string();
            if refers && !named.contains(name.as_str()) && !found.contains_key(&name) {
                found.insert(name.clone(), root.clone());
                open.push((name, root.clone()));
            }
        }
    }
    found
}

fn schemas(migration: &Migration, tables: &BTreeSet<String>, core: &BTreeSet<&ObjectRef>) -> Vec<Violation> {
    let mut found = Vec::new();
    let dropped = migration.statements.iter().filter(|executed| executed.command == "drop schema");
    for executed in dropped {
        for object in &executed.objects {
            let within = |name: &str| name.strip_prefix(&object.name).is_some_and(|rest| rest.starts_with('.'));
            let held = tables.iter().map(String::as_str).chain(core.iter().map(|object| object.name.as_str()));
            let held: BTreeSet<&str> = held.filter(|name| within(name)).collect();
            if object.kind == ObjectKind::Schema && !held.is_empty() {
                let count = crate::report::many(held.len(), "protected object");
                let message = format!("drops schema `{}`, which holds {count}", object.name);
                found.push(Violation::new(object.clone(), Some(executed.at.clone()), message));
            }
        }
    }
    found
}

/// Protected objects a file drops or creates anew: many at once are a reset, even where each may go or comes back.
fn undone(migration: &Migration, is_protected: &dyn Fn(&ObjectRef) -> bool) -> Option<Violation> {
    let gone = migration.changes.iter().filter(|change| {
        change.kind == ChangeKind::Dropped
            && (is_protected(&change.object)
                || change
                    .renamed_from
                    .as_ref()
                    .is_some_and(|from| is_protected(&ObjectRef::new(change.object.kind, from))))
    });
    let gone: BTreeMap<&ObjectRef, _> = gone.map(|change| (&change.object, &change.at)).collect();
    if gone.len() < MANY {
        return None;
    }
    let first = gone.values().min()?;
    let names: Vec<String> = gone.keys().take(MANY).map(|object| format!("`{}`", object.name)).collect();
    let more = if gone.len() > MANY { ", …" } else { "" };
    let message = format!("undoes {} protected objects in one file: {}{more}", gone.len(), names.join(", "));
    let object = ObjectRef::new(ObjectKind::Migration, &migration.file.path);
    Some(Violation::new(object, Some((*first).clone()), message))
}
