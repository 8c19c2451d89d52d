//! Migration files and what stands in them: statements, syntax errors, secrets, statements of unknown effect.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::evaluate::migration_ref;
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject, secrets as detector};
use crate::catalog::{ObjectKind, ObjectRef};
use crate::coverage::{Coverage, CoverageKind};
use crate::location::Location;
use crate::migrations::{ChangeKind, Executed, Migration, Within};

pub(super) fn migrations(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let order = Order::of(model.migrations());
    model.migrations().iter().enumerate().map(|(at, migration)| subject(model, needed, &order, at, migration)).collect()
}

/// What a file's place among the others says.
struct Order<'a> {
    /// Version → the first file that has it.
    first: BTreeMap<&'a str, usize>,
    /// The last file that was there before the change under review.
    last_old: Option<(usize, &'a str)>,
}

impl<'a> Order<'a> {
    fn of(migrations: &'a [Migration]) -> Self {
        let mut first = BTreeMap::new();
        let run = migrations.iter().enumerate().filter(|(_, migration)| migration.file.skipped.is_none());
        for (at, migration) in run.clone() {
            if let Some(version) = migration.file.version.as_deref() {
                first.entry(version).or_insert(at);
            }
        }
        let old = run.filter(|(_, migration)| !migration.file.changed);
        let last_old = old.into_iter().next_back().map(|(at, migration)| (at, migration.file.path.as_ref()));
        Self { first, last_old }
    }
}

fn subject(model: &Model<'_>, needed: &Needed, order: &Order<'_>, at: usize, migration: &Migration) -> Subject {
    let file = &migration.file;
    let path = file.path.as_ref();
    let mut b = Builder::new(needed, migration_ref(path)).at(Some(top(migration)));
    let version = file.version.as_deref();
    let twin = version.filter(|_| file.skipped.is_none()).and_then(|version| order.first.get(version));
    let twin = twin.filter(|first| **first < at).and_then(|first| model.migrations().get(*first));
    let later = order.last_old.filter(|(last, _)| file.changed && file.skipped.is_none() && *last > at);
    b.set("file", || path);
    b.set("name", || path.rsplit('/').next().unwrap_or(path));
    b.set("version", || version.unwrap_or_default());
    b.set("skipped", || file.skipped.is_some());
    b.set("skipped_reason", || file.skipped.clone().unwrap_or_default());
    b.set("version_duplicate", || twin.is_some());
    b.set("duplicate_of", || twin.map(|twin| twin.file.path.to_string()).unwrap_or_default());
    b.set("out_of_order", || later.is_some());
    b.set("later_file", || later.map_or("", |(_, path)| path));
    b.set("statements", || migration.statements.len());
    b.set("syntax_errors", || migration.syntax_errors.len());
    b.set("secrets", || detector::find(&file.text).len());
    b.set("opaque", || opaque_entries(model).filter(|(_, at)| at.file.as_ref() == path).count());
    b.set("changed", || file.changed);
    b.build()
}

/// The first byte of a file.
fn top(migration: &Migration) -> Location {
    migration.lines.locate(&migration.file.text, crate::location::Span::new(0, 0))
}

pub(super) fn syntax_errors(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let mut out = Vec::new();
    for migration in model.migrations() {
        for (number, error) in migration.syntax_errors.iter().enumerate() {
            let mut b = Builder::new(needed, migration_ref(&migration.file.path))
                .at(Some(migration.lines.locate(&migration.file.text, error.span)))
                .discriminator(format!("{number}"));
            b.set("file", || migration.file.path.as_ref());
            b.set("message", || error.message.as_str());
            out.push(b.build());
        }
    }
    out
}

pub(super) fn secrets(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let found: Vec<_> = model.migrations().par_iter().map(|migration| detector::find(&migration.file.text)).collect();
    let mut out = Vec::new();
    for (migration, found) in model.migrations().iter().zip(found) {
        let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
        for secret in found {
            let number = seen.entry(secret.kind).and_modify(|count| *count += 1).or_insert(1);
            let mut b = Builder::new(needed, migration_ref(&migration.file.path))
                .at(Some(migration.lines.locate(&migration.file.text, secret.span)))
                .discriminator(format!("{} {number}", secret.kind));
            b.set("file", || migration.file.path.as_ref());
            b.set("kind", || secret.kind);
            out.push(b.build());
        }
    }
    out
}

fn opaque_entries<'m>(model: &'m Model<'_>) -> impl Iterator<Item = (&'m Coverage, &'m Location)> {
    let entries = model.input().coverage.iter();
    let entries = entries.filter(|entry| matches!(entry.kind, CoverageKind::DynamicSql | CoverageKind::Opaque));
    entries.filter_map(|entry| entry.location.as_ref().map(|at| (entry, at)))
}

pub(super) fn opaque(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut out = Vec::new();
    for (entry, at) in opaque_entries(model) {
        let number = seen.entry((&at.file, &entry.message)).and_modify(|count| *count += 1).or_insert(1);
        let mut b = Builder::new(needed, migration_ref(&at.file))
            .at(Some(at.clone()))
            .discriminator(format!("{} {number}", entry.message));
        b.set("file", || at.file.as_ref());
        b.set("kind", || if entry.kind == CoverageKind::DynamicSql { "dynamic-sql" } else { "opaque" });
        b.set("message", || entry.message.as_str());
        b.set("object", || entry.object.as_ref().map(|object| object.name.clone()).unwrap_or_default());
        out.push(b.build());
    }
    out
}

pub(super) fn statements(model: &Model<'_>, needed: &Needed, add: &mut dyn FnMut(Subject)) {
    for migration in model.migrations() {
        let created = migration.changes.iter().filter(|change| change.kind == ChangeKind::Created);
        let created: BTreeSet<&str> = created.map(|change| change.object.name.as_str()).collect();
        let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for executed in &migration.statements {
            let object = statement_ref(executed, migration);
            let number = seen.entry((executed.command.as_str(), object.name.clone())).or_insert(0);
            *number += 1;
            let discriminator = format!("{} {number} in {}", executed.command, migration.file.path);
            add(statement_subject(needed, executed, object, discriminator, &created));
        }
    }
}

/// A statement goes by the one object it names or the parameter it sets, else by its file.
fn statement_ref(executed: &Executed, migration: &Migration) -> ObjectRef {
    match (executed.objects.as_slice(), &executed.setting) {
        ([object], _) => object.clone(),
        ([], Some((name, _))) => ObjectRef::new(ObjectKind::Other, name),
        _ => ObjectRef::new(ObjectKind::Migration, migration.file.path.as_ref()),
    }
}

fn statement_subject(
    needed: &Needed,
    executed: &Executed,
    object: ObjectRef,
    discriminator: String,
    created: &BTreeSet<&str>,
) -> Subject {
    let mut b = Builder::new(needed, object)
        .at(Some(executed.at.clone()))
        .conditional(executed.conditional)
        .discriminator(discriminator);
    let setting = executed.setting.as_ref();
    b.set("command", || executed.command.as_str());
    b.set("file", || executed.at.file.as_ref());
    b.set("objects", || executed.objects.iter().map(|object| object.name.clone()).collect::<Vec<_>>());
    b.set("has_where", || executed.has_where);
    b.set("cascade", || executed.cascade);
    b.set("setting.name", || setting.map_or("", |(name, _)| name.as_str()));
    b.set("setting.value", || setting.map_or("", |(_, value)| value.as_str()));
    b.set("within", || match executed.within {
        Within::File => "file",
        Within::Do => "do",
        Within::Dynamic => "dynamic",
        Within::Function => "function",
    });
    b.set("conditional", || executed.conditional);
    b.set("only_new_objects", || {
        !executed.objects.is_empty() && executed.objects.iter().all(|object| created.contains(object.name.as_str()))
    });
    b.build()
}
