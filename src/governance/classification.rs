//! Every migration says what class of change it is, and does no more than its class allows.

use super::history::{is_before, operation, top, writing};
use super::sections::{Classification, Limit};
use super::writes::Written;
use crate::catalog::{ObjectKind, ObjectRef};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::migrations::{Change, ChangeKind, Executed, Migration, ObjectState};
use crate::rule::Rule;
use crate::suggest::hint;

/// A file with what it writes and what its header says.
type Classified<'a> = (&'a Migration, &'a [Written], Option<(String, Location)>);

/// Files to look at.
fn classified<'a>(model: &'a Model<'_>, section: &Classification) -> Vec<Classified<'a>> {
    let files = writing(model).filter(|(migration, _)| !is_before(&migration.file, section.since.as_ref()));
    files.map(|(migration, written)| (migration, written, class(migration, &section.header))).collect()
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
    for (migration, _, class) in classified(model, section) {
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
    for (migration, written, class) in classified(model, section) {
        let Some((class, _)) = class else { continue };
        let Some(limits) = section.rules.get(&class) else { continue };
        judged.looked_at += 1;
        for limit in &limits.0 {
            let Some((at, what, count)) = breach(migration, written, *limit) else { continue };
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
fn breach(migration: &Migration, written: &[Written], limit: Limit) -> Option<(Location, String, usize)> {
    let verb = |kind| match kind {
        ChangeKind::Created => "creates",
        ChangeKind::Altered => "alters",
        ChangeKind::Replaced => "replaces",
        ChangeKind::Dropped => "drops",
    };
    let changes = migration.changes.iter().filter(|change| forbids_change(limit, change));
    let mut found: Vec<(Location, String)> = changes
        .map(|change| {
            (change.at.clone(), format!("{} {} `{}`", verb(change.kind), change.object.kind, change.object.name))
        })
        .collect();
    for executed in migration.statements.iter().filter(|executed| forbids_command(limit, executed)) {
        let object = executed.objects.first().map(|object| format!(" on `{}`", object.name)).unwrap_or_default();
        found.push((executed.at.clone(), format!("runs `{}`{object}", executed.command)));
    }
    if matches!(limit, Limit::ReadOnly | Limit::NoData) {
        let rows = written
            .iter()
            .map(|one| (one.at.clone(), format!("runs `{}` on `{}`{}", one.command, one.table, one.by())));
        found.extend(rows);
    }
    found.sort();
    found.dedup();
    let count = found.len();
    let (at, what) = found.into_iter().next()?;
    Some((at, what, count))
}

fn forbids_change(limit: Limit, change: &Change) -> bool {
    match limit {
        Limit::ReadOnly | Limit::NoSchema => true,
        Limit::NoNewTables => {
            change.kind == ChangeKind::Created
                && matches!(change.object.kind, ObjectKind::Table | ObjectKind::ForeignTable)
        }
        Limit::NoDrops => change.kind == ChangeKind::Dropped,
        Limit::NoAccess => matches!(change.object.kind, ObjectKind::Policy | ObjectKind::Role) || opens(change),
        Limit::NoData => false,
    }
}

/// Row level security, an owner or the rights a routine or view runs with are others than before.
fn opens(change: &Change) -> bool {
    match (&change.before, &change.after) {
        (Some(ObjectState::Relation(before)), Some(ObjectState::Relation(after))) => {
            before.rls_enabled.get() != after.rls_enabled.get()
                || before.rls_forced.get() != after.rls_forced.get()
                || before.owner.get() != after.owner.get()
                || before.options != after.options
        }
        (Some(ObjectState::Function(before)), Some(ObjectState::Function(after))) => {
            before.security_definer.get() != after.security_definer.get() || before.owner.get() != after.owner.get()
        }
        _ => false,
    }
}

/// Commands that change nothing: queries, and the session's own business.
const HARMLESS: [&str; 19] = [
    "",
    "select",
    "set",
    "set role",
    "set session authorization",
    "show",
    "do",
    "transaction",
    "explain",
    "prepare",
    "execute",
    "deallocate",
    "discard",
    "declare cursor",
    "close cursor",
    "fetch",
    "move",
    "listen",
    "unlisten",
];

/// Objects of the schema that no change is recorded of.
const UNRECORDED: [&str; 12] = [
    "database",
    "system",
    "tablespace",
    "server",
    "subscription",
    "statistics",
    "foreign data",
    "user mapping",
    "cast",
    "collation",
    "operator",
    "text search",
];

/// Whether a limit forbids a command that is neither told as a change nor writes rows.
fn forbids_command(limit: Limit, executed: &Executed) -> bool {
    let command = executed.command.as_str();
    match limit {
        Limit::ReadOnly if operation(executed).is_some() || HARMLESS.contains(&command) => false,
        Limit::ReadOnly => match command.split_once(' ') {
            Some(("create" | "alter" | "drop", rest)) => UNRECORDED.iter().any(|kind| rest.starts_with(kind)),
            _ => true,
        },
        Limit::NoSchema => match command.split_once(' ') {
            Some(("create" | "alter" | "drop", rest)) => UNRECORDED.iter().any(|kind| rest.starts_with(kind)),
            _ => command == "comment",
        },
        Limit::NoAccess => {
            command.starts_with("grant")
                || command.starts_with("revoke")
                || matches!(
                    command,
                    "alter default privileges" | "reassign owned" | "alter role" | "create role" | "drop role"
                )
        }
        Limit::NoData | Limit::NoNewTables | Limit::NoDrops => false,
    }
}
