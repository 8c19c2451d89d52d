//! No reset: nothing empties or undoes the protected core, however each statement may look alone.

use std::collections::{BTreeMap, BTreeSet};

use super::history::run;
use super::pattern::Pattern;
use super::protected;
use crate::catalog::{ObjectKind, ObjectRef};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
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
    for migration in run(model.migrations()) {
        judged.looked_at += migration.statements.len();
        judged.violations.extend(emptied(migration, &tables));
        judged.violations.extend(schemas(migration, &tables, &core));
        judged.violations.extend(undone(migration, &is_protected));
    }
    judged
}

/// `TRUNCATE`, and `DELETE` without a condition.
fn emptied(migration: &Migration, tables: &BTreeSet<String>) -> Vec<Violation> {
    let mut found = Vec::new();
    for executed in &migration.statements {
        let all = executed.command == "truncate" || executed.command == "delete" && !executed.has_where;
        for object in executed.objects.iter().filter(|object| all && tables.contains(&object.name)) {
            let message = format!("`{}` empties `{}`, which protected objects rest on", executed.command, object.name);
            let mut violation = Violation::new(object.clone(), Some(executed.at.clone()), message);
            violation.discriminator = format!("{} {}", migration.file.path, executed.command);
            found.push(violation);
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
