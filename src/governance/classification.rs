//! Every migration says what class of change it is, and does no more than its class allows.

use super::history::{is_before, operation, run, top};
use super::sections::{Classification, Limit};
use crate::catalog::{ObjectKind, ObjectRef};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::migrations::{ChangeKind, Migration};
use crate::rule::Rule;
use crate::suggest::hint;

/// Files to look at, with what their header says.
fn classified<'a>(model: &'a Model<'_>, section: &Classification) -> Vec<(&'a Migration, Option<(String, Location)>)> {
    let files = run(model.migrations()).filter(|migration| !is_before(&migration.file, section.since.as_ref()));
    files.map(|migration| (migration, class(migration, &section.header))).collect()
}

/// The class in a comment before the first statement.
fn class(migration: &Migration, header: &str) -> Option<(String, Location)> {
    let first = migration.statements.first().map_or(u32::MAX, |executed| executed.at.span.start);
    let heads = migration.comments.iter().filter(|comment| comment.span.start <= first);
    heads.into_iter().find_map(|comment| {
        comment.text.lines().find_map(|line| {
            let rest = line.trim().trim_start_matches(['*', '-', ' ']);
            let (word, class) = rest.split_once(':')?;
            let at = migration.lines.locate(&migration.file.text, comment.span);
            word.trim().eq_ignore_ascii_case(header).then(|| (class.trim().to_owned(), at))
        })
    })
}

fn violation(migration: &Migration, at: Location, message: String) -> Violation {
    Violation::new(ObjectRef::new(ObjectKind::Migration, &migration.file.path), Some(at), message)
}

/// Files without a class, or with an unknown one.
pub(super) fn missing(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(section) = section(model) else { return Judged::default() };
    let mut judged = Judged::default();
    for (migration, class) in classified(model, section) {
        judged.looked_at += 1;
        let name = migration.file.path.rsplit('/').next().unwrap_or("");
        let values = section.values.join(", ");
        match class {
            None => {
                let message = format!(
                    "`{name}` does not say what class of change it is: begin it with `-- {}: …` ({values})",
                    section.header
                );
                judged.violations.push(violation(migration, top(migration), message));
            }
            Some((class, at)) if !section.values.contains(&class) => {
                let hint = hint(&class, section.values.iter().map(String::as_str));
                let message = format!("`{name}` has the unknown class `{class}`{hint} ({values})");
                judged.violations.push(violation(migration, at, message));
            }
            Some(_) => {}
        }
    }
    judged
}

/// Files that do more than their class allows.
pub(super) fn exceeded(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(section) = section(model) else { return Judged::default() };
    let mut judged = Judged::default();
    for (migration, class) in classified(model, section) {
        let Some((class, _)) = class else { continue };
        let Some(limits) = section.rules.get(&class) else { continue };
        judged.looked_at += 1;
        for limit in &limits.0 {
            let Some((at, what, count)) = breach(migration, *limit) else { continue };
            let more = if count > 1 { format!(", and {} more like it", count - 1) } else { String::new() };
            let name = migration.file.path.rsplit('/').next().unwrap_or("");
            let message = format!("`{name}` is {class}, which is {}, and {what}{more}", words(*limit));
            let mut violation = violation(migration, at, message);
            violation.discriminator = words(*limit).to_owned();
            judged.violations.push(violation);
        }
    }
    judged
}

fn section<'a>(model: &'a Model<'_>) -> Option<&'a Classification> {
    model.governance()?.sections.classification.as_ref().map(|placed| &placed.value)
}

const fn words(limit: Limit) -> &'static str {
    match limit {
        Limit::ReadOnly => "read-only",
        Limit::NoNewTables => "without new tables",
        Limit::NoDrops => "without drops",
        Limit::NoData => "without changes of rows",
        Limit::NoAccess => "without changes of access",
        Limit::NoSchema => "without changes of the schema",
    }
}

/// The first thing in a file that a limit forbids, and how many there are.
fn breach(migration: &Migration, limit: Limit) -> Option<(Location, String, usize)> {
    let mut found: Vec<(Location, String)> = Vec::new();
    let changes = migration.changes.iter().filter(|change| match limit {
        Limit::ReadOnly | Limit::NoSchema => true,
        Limit::NoNewTables => {
            change.kind == ChangeKind::Created
                && matches!(change.object.kind, ObjectKind::Table | ObjectKind::ForeignTable)
        }
        Limit::NoDrops => change.kind == ChangeKind::Dropped,
        Limit::NoAccess => matches!(change.object.kind, ObjectKind::Policy | ObjectKind::Role),
        Limit::NoData => false,
    });
    let verb = |kind| match kind {
        ChangeKind::Created => "creates",
        ChangeKind::Altered => "alters",
        ChangeKind::Replaced => "replaces",
        ChangeKind::Dropped => "drops",
    };
    found.extend(changes.map(|change| {
        (change.at.clone(), format!("{} {} `{}`", verb(change.kind), change.object.kind, change.object.name))
    }));
    for executed in &migration.statements {
        let data = operation(executed).is_some();
        let access = executed.command.starts_with("grant")
            || executed.command.starts_with("revoke")
            || executed.command == "alter default privileges";
        let forbidden = match limit {
            Limit::ReadOnly => data || access || executed.command == "call",
            Limit::NoData => data,
            Limit::NoAccess => access,
            Limit::NoNewTables | Limit::NoDrops | Limit::NoSchema => false,
        };
        if forbidden {
            let object = executed.objects.first().map(|object| format!(" on `{}`", object.name)).unwrap_or_default();
            found.push((executed.at.clone(), format!("runs `{}`{object}", executed.command)));
        }
    }
    found.sort();
    let count = found.len();
    let (at, what) = found.into_iter().next()?;
    Some((at, what, count))
}
