//! Protected objects against the lock: dropped, renamed, switched off, given away, or no longer the same.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::{Definition, Describer};
use super::diff;
use super::lock::{Entry, Lock, is_intact, is_off, is_switch};
use super::pattern::Pattern;
use super::sections::{Allowed, Placed, Protected};
use super::{Governance, LOCK_FILE};
use crate::catalog::{ObjectKind, ObjectRef};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::migrations::{Change, ChangeKind};
use crate::rule::Rule;

/// What the checks of this section have in common.
struct Case<'a> {
    live: bool,
    governance: &'a Governance,
    lock: &'a Lock,
    now: &'a BTreeMap<ObjectRef, Definition>,
}

impl<'a> Case<'a> {
    /// Nothing where nothing is declared or locked: `protected-not-locked` says so.
    fn new(model: &'a Model<'_>) -> Option<Self> {
        let governance = model.governance()?;
        let live = model.migrations().is_empty();
        Some(Self { live, governance, lock: governance.lock.as_ref()?, now: objects(model)? })
    }

    /// Locked objects that are still protected, with the entry that protects them.
    fn locked(&self) -> impl Iterator<Item = (&'a ObjectRef, &'a Entry, &'a Protected)> {
        let sections = &self.governance.sections;
        let entries = self.lock.entries.iter();
        entries.filter_map(|(object, entry)| Some((object, entry, &guard(&sections.protected, object)?.value)))
    }

    fn violation(&self, object: &ObjectRef, entry: &Entry, at: Option<Location>, message: String) -> Violation {
        // Live objects have no place: the lock's entry stands for it.
        let location = at.or_else(|| Some(entry.at.clone()));
        let mut violation = Violation::new(object.clone(), location, message);
        violation.discriminator = "locked".to_owned();
        violation
    }
}

/// The protected objects of the schema, described once per run.
fn objects<'a>(model: &'a Model<'_>) -> Option<&'a BTreeMap<ObjectRef, Definition>> {
    let sections = &model.governance()?.sections;
    let describe = || {
        let patterns: Vec<&Pattern> = sections.protected.iter().map(|placed| &placed.value.object).collect();
        Describer::new(model.catalog(), model.migrations()).matching(&patterns)
    };
    Some(model.protected(describe))
}

/// The first entry that means the object; what any of them allows is allowed.
fn guard<'a>(protected: &'a [Placed<Protected>], object: &ObjectRef) -> Option<&'a Placed<Protected>> {
    protected.iter().find(|placed| placed.value.object.matches(object))
}

fn why(protected: &Protected) -> String {
    protected.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default()
}

/// Missing, under its name.
pub(super) fn dropped(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(case) = Case::new(model) else { return Judged::default() };
    let mut judged = Judged::default();
    for (object, entry, protected) in case.locked() {
        judged.looked_at += 1;
        if protected.allow.contains(&Allowed::Drop) {
            continue;
        }
        if let Some(now) = case.now.get(object) {
            judged.violations.extend(remade(model, &case, (object, entry, protected), now));
            continue;
        }
        let renamed = last(model, |change| change.renamed_from.as_deref() == Some(object.name.as_str()));
        let gone = last(model, |change| change.kind == ChangeKind::Dropped && is_or_was(change, object));
        let what = match (renamed, gone, carried_off(model, object)) {
            (Some(change), ..) => format!("was renamed to `{}`", change.object.name),
            (None, Some(_), _) => "is dropped".to_owned(),
            (None, None, Some(change)) => format!("went with its table, which is `{}` now", change.object.name),
            (None, None, None) => "is not there".to_owned(),
        };
        let change = renamed.or(gone).or_else(|| carried_off(model, object));
        let maybe =
            if change.is_some_and(|change| change.conditional) { " (in a branch that may not run)" } else { "" };
        let by = change.and_then(|change| change.by.as_ref());
        let by = by.map(|by| format!(" along with `{}`", by.name)).unwrap_or_default();
        let message = format!("protected {} `{}`{} {what}{by}{maybe}", object.kind, object.name, why(protected));
        judged.violations.push(case.violation(object, entry, change.map(|change| change.at.clone()), message));
    }
    judged
}

/// The renaming of the table an object hung on.
fn carried_off<'a>(model: &'a Model<'_>, object: &ObjectRef) -> Option<&'a Change> {
    let parts = crate::check::name_parts(&object.name);
    let [schema, table, _] = parts.as_slice() else { return None };
    let table = crate::catalog::QualifiedName::new(schema, table).to_string();
    last(model, |change| change.renamed_from.as_deref() == Some(table.as_str()))
}

/// A table or column of the same name and shape that is not the one that was locked: the rows are gone.
fn remade(
    model: &Model<'_>,
    case: &Case<'_>,
    (object, entry, protected): (&ObjectRef, &Entry, &Protected),
    now: &Definition,
) -> Option<Violation> {
    if !matches!(object.kind, ObjectKind::Table | ObjectKind::Column) || is_where_locked(entry, now) {
        return None;
    }
    let was = |change: &Change| match change.kind {
        _ if change.renamed_from.as_deref() == Some(object.name.as_str()) => true,
        ChangeKind::Dropped | ChangeKind::Replaced => change.object == *object,
        _ => false,
    };
    let change = last(model, was)?;
    let what = if change.renamed_from.is_some() {
        format!("was renamed to `{}`, and another has its name", change.object.name)
    } else {
        "is dropped and created anew".to_owned()
    };
    let rows = if object.kind == ObjectKind::Column { "values" } else { "rows" };
    let message =
        format!("protected {} `{}`{} {what}: its {rows} are not there", object.kind, object.name, why(protected));
    Some(case.violation(object, entry, Some(change.at.clone()), message))
}

/// Whether an object stands where it stood when it was locked.
fn is_where_locked(entry: &Entry, now: &Definition) -> bool {
    let (Some(locked), Some(now)) = (&entry.defined, &now.at) else { return true };
    // The lock names files from its own folder.
    let now = format!("{}:{}", now.file, now.line);
    now == *locked || now.strip_suffix(locked.as_str()).is_some_and(|folder| folder.ends_with('/'))
}

/// There, and switched off.
pub(super) fn disabled(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(case) = Case::new(model) else { return Judged::default() };
    let mut judged = Judged::default();
    for (object, entry, protected) in case.locked() {
        let Some(now) = case.now.get(object) else { continue };
        judged.looked_at += 1;
        let off = is_off(&now.lines) && !is_off(&entry.lines);
        if !off || protected.allow.contains(&Allowed::Disable) {
            continue;
        }
        let what = match object.kind {
            ObjectKind::Trigger if now.lines.iter().any(|line| line == "fires in replica mode only") => {
                "fires in replica mode only"
            }
            ObjectKind::Trigger => "is disabled",
            ObjectKind::Policy => "is without effect: row level security is off",
            _ => "has row level security off",
        };
        let message = format!("protected {} `{}`{} {what}", object.kind, object.name, why(protected));
        let at = place(model, object, now, is_switch);
        judged.violations.push(case.violation(object, entry, at, message));
    }
    judged
}

/// There, and not the same.
pub(super) fn changed(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(case) = Case::new(model) else { return Judged::default() };
    let mut judged = Judged::default();
    for (object, entry, protected) in case.locked() {
        let Some(now) = case.now.get(object) else { continue };
        judged.looked_at += 1;
        if let Some(unknown) = now.unknown {
            judged.not_run.push(not_compared(object, unknown));
            continue;
        }
        if now.digest() == entry.digest || protected.allow.contains(&Allowed::Replace) {
            continue;
        }
        let (removed, added) = differing(entry, now);
        // Being switched off is told on its own.
        let only_off = removed.iter().chain(&added).all(|line| is_switch(line)) && !removed.is_empty();
        if only_off && (is_off(&now.lines) || is_off(&entry.lines)) {
            continue;
        }
        let headline = headline(&removed, &added);
        let message =
            format!("protected {} `{}`{} is no longer as locked: {headline}", object.kind, object.name, why(protected));
        let at = place(model, object, now, |line| added.contains(&line));
        let mut violation = case.violation(object, entry, at, message);
        violation.detail = Some(unified(entry, now, violation.location.as_ref()));
        judged.violations.push(violation);
    }
    judged
}

/// There, and somebody else's.
pub(super) fn reowned(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(case) = Case::new(model) else { return Judged::default() };
    let others = owners(&case);
    let mut judged = Judged::default();
    for (object, entry, protected) in case.locked() {
        let Some((locked, now)) = entry.owner.as_ref().zip(case.now.get(object).and_then(|now| now.owner.as_ref()))
        else {
            continue;
        };
        judged.looked_at += 1;
        let expected = others.get(locked.as_str()).copied().unwrap_or(locked);
        if now == expected || protected.allow.contains(&Allowed::Owner) {
            continue;
        }
        let message = format!(
            "protected {} `{}`{} belongs to `{now}`, where `{expected}` owned it",
            object.kind,
            object.name,
            why(protected)
        );
        let at = last(model, |change| change.object == *object).map(|change| change.at.clone());
        judged.violations.push(case.violation(object, entry, at, message));
    }
    judged
}

/// Who owns, in a live database, what a role owns in the migrations: whoever owns most of it. Migrations seldom say
/// who runs them.
fn owners<'a>(case: &Case<'a>) -> BTreeMap<&'a str, &'a String> {
    let mut votes: BTreeMap<&str, BTreeMap<&String, usize>> = BTreeMap::new();
    if !case.live {
        return BTreeMap::new();
    }
    for (object, entry, _) in case.locked() {
        let now = case.now.get(object).and_then(|now| now.owner.as_ref());
        if let Some((locked, now)) = entry.owner.as_ref().zip(now) {
            *votes.entry(locked).or_default().entry(now).or_default() += 1;
        }
    }
    let winner = |(locked, votes): (&'a str, BTreeMap<&'a String, usize>)| {
        let most = votes.values().copied().max()?;
        let same = votes.iter().find(|(now, n)| **n == most && now.as_str() == locked);
        let (now, _) = same.or_else(|| votes.iter().find(|(_, n)| **n == most))?;
        // One object says nothing about the others.
        (votes.values().sum::<usize>() > 1).then_some((locked, *now))
    };
    votes.into_iter().filter_map(winner).collect()
}

/// Protected and not in the lock, or the other way round.
pub(super) fn not_locked(model: &Model<'_>, _: &Rule) -> Judged {
    let Some((governance, now)) = model.governance().zip(objects(model)) else { return Judged::default() };
    let protected = &governance.sections.protected;
    let Some(lock) = &governance.lock else {
        let at = protected.first().map(|placed| placed.at.clone());
        let count = crate::report::many(now.len(), "object");
        let message = format!("there is no `{LOCK_FILE}`, so nothing holds {count} under `protected:` as agreed");
        let object = ObjectRef::new(ObjectKind::Other, LOCK_FILE);
        let violations = vec![Violation::new(object, at, message)];
        return Judged { looked_at: now.len(), violations, not_run: Vec::new() };
    };
    let mut judged = Judged { looked_at: now.len(), ..Judged::default() };
    for (object, definition) in now {
        let Some(guard) = guard(protected, object).filter(|_| !lock.entries.contains_key(object)) else { continue };
        if guard.value.allow.contains(&Allowed::Create) {
            continue;
        }
        if let Some(unknown) = definition.unknown {
            judged.not_run.push(not_compared(object, unknown));
            continue;
        }
        let message = format!("{} `{}` is protected and not in `{LOCK_FILE}`", object.kind, object.name);
        let at = definition.at.clone().or_else(|| Some(guard.at.clone()));
        judged.violations.push(Violation::new(object.clone(), at, message));
    }
    let edited = lock.entries.iter().filter(|(_, entry)| !is_intact(entry));
    judged.violations.extend(edited.map(|(object, entry)| {
        let message = format!(
            "`{LOCK_FILE}` was edited by hand: the digest of {} `{}` is not its definition's",
            object.kind, object.name
        );
        Violation::new(object.clone(), Some(entry.at.clone()), message)
    }));
    let stale = lock.entries.iter().filter(|(object, _)| guard(protected, object).is_none());
    judged.violations.extend(stale.map(|(object, entry)| {
        let message = format!("{} `{}` is in `{LOCK_FILE}` and no longer protected", object.kind, object.name);
        Violation::new(object.clone(), Some(entry.at.clone()), message)
    }));
    judged
}

fn not_compared(object: &ObjectRef, why: &str) -> String {
    format!("{} `{}` cannot be compared with the lock: {why}", object.kind, object.name)
}

/// Lines of the lock and of now that differ; those only the lock's escaping tells apart do not.
fn differing<'a>(entry: &'a Entry, now: &'a Definition) -> (Vec<&'a str>, Vec<&'a str>) {
    diff::differing(&entry.lines, &now.lines)
}

fn unified(entry: &Entry, now: &Definition, at: Option<&Location>) -> String {
    let before = entry.defined.as_ref().map(|defined| format!("{LOCK_FILE} (from {defined})"));
    let after = at
        .filter(|at| **at != entry.at)
        .map_or_else(|| "the database".to_owned(), |at| format!("{}:{}", at.file, at.line));
    diff::unified(&entry.lines, &now.lines, (&before.unwrap_or_else(|| LOCK_FILE.to_owned()), &after))
}

/// The most telling difference in a few words.
fn headline(removed: &[&str], added: &[&str]) -> String {
    let word = |line: &str| line.split_whitespace().next().map(ToOwned::to_owned);
    let same = |before: &str| added.iter().find(|after| word(after) == word(before)).copied();
    match (pick(removed), pick(added)) {
        (Some(before), _) => match same(before) {
            Some(after) => format!("`{}` became `{}`", shortened(before), shortened(after)),
            None => format!("`{}` is gone", shortened(before)),
        },
        (None, Some(after)) => format!("`{}` is new", shortened(after)),
        (None, None) => "the digest differs".to_owned(),
    }
}

fn pick<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let telling = |line: &&&str| line.starts_with("security") || line.starts_with("option") || line.starts_with("set ");
    lines.iter().find(telling).or(lines.first()).copied()
}

fn shortened(line: &str) -> String {
    let line = line.trim().trim_end_matches(',');
    let short: String = line.chars().take(80).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

/// The statement that made the difference: the one that set the first line `wanted`, else the last to touch the object.
fn place(model: &Model<'_>, object: &ObjectRef, now: &Definition, wanted: impl Fn(&str) -> bool) -> Option<Location> {
    let set = now.lines.iter().enumerate().filter(|(_, line)| wanted(line));
    let set = set.filter_map(|(at, _)| now.places.get(&at).cloned()).next();
    let touched = || last(model, |change| is_or_was(change, object) || is_part(change, object));
    set.or_else(|| touched().map(|change| change.at.clone())).or_else(|| now.at.clone())
}

fn is_or_was(change: &Change, object: &ObjectRef) -> bool {
    change.object == *object || change.renamed_from.as_deref() == Some(object.name.as_str())
}

/// A column, constraint or policy of a table is part of it.
fn is_part(change: &Change, object: &ObjectRef) -> bool {
    let relation = matches!(object.kind, ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView);
    relation && change.object.name.strip_prefix(&object.name).is_some_and(|rest| rest.starts_with('.'))
}

/// The last change that `wanted` means.
fn last<'a>(model: &'a Model<'_>, wanted: impl Fn(&Change) -> bool) -> Option<&'a Change> {
    model.migrations().iter().rev().flat_map(|migration| migration.changes.iter().rev()).find(|change| wanted(change))
}

/// The protected objects as they stand.
pub(super) fn now<'a>(model: &'a Model<'_>) -> Option<impl Iterator<Item = &'a ObjectRef>> {
    objects(model).map(BTreeMap::keys)
}

/// Tables that objects are, or hang on: what a reset must not touch.
pub(super) fn tables<'a>(objects: impl Iterator<Item = &'a ObjectRef>) -> BTreeSet<String> {
    let table = |object: &ObjectRef| match object.kind {
        ObjectKind::Table => Some(object.name.clone()),
        ObjectKind::Trigger | ObjectKind::Column | ObjectKind::Constraint => {
            let parts = crate::check::name_parts(&object.name);
            let [schema, table, _] = parts.as_slice() else { return None };
            Some(crate::catalog::QualifiedName::new(schema, table).to_string())
        }
        _ => None,
    };
    objects.filter_map(table).collect()
}
