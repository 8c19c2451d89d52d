//! Canonical data: a closed set of rows, the literals that name them wherever SQL may hold one, and the rows a live
//! database really has.

mod copied;
mod statements;
mod stored;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use super::pattern;
use super::sections::{Canonical, ReferencedBy};
use super::validate::split_column;
use crate::catalog::{Catalog, ConstraintRule, ObjectKind, ObjectRef, QualifiedName};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::rule::Rule;
use crate::sql::ast::Name;

/// A column of a table.
type Column = (QualifiedName, String);

/// A canonical set with the columns that refer to it.
pub(super) struct Set<'a> {
    pub(super) set: &'a Canonical,
    pub(super) table: QualifiedName,
    pub(super) at: &'a Location,
    /// Columns that hold keys.
    pub(super) references: BTreeSet<Column>,
    /// Columns that hold labels.
    pub(super) labelled: BTreeSet<Column>,
    /// Labels by key.
    pub(super) keys: BTreeMap<String, &'a str>,
}

impl<'a> Set<'a> {
    fn new(set: &'a Canonical, at: &'a Location, catalog: &Catalog) -> Self {
        let table = pattern::table(&set.table);
        let mut references = references(&table, &set.key, catalog);
        if let ReferencedBy::Columns(listed) = &set.referenced_by {
            let listed = listed.iter().filter_map(|column| split_column(column));
            references.extend(listed.map(|(table, column)| (pattern::table(&table), column)));
        }
        let labelled = set.label.as_ref().map(|label| self::references(&table, label, catalog)).unwrap_or_default();
        let keys = set.values.iter().map(|(label, key)| (normal(&key.0), label.as_str())).collect();
        Self { set, table, at, references, labelled, keys }
    }

    /// Whether a column of the table refers to the set.
    fn refers_from(&self, table: &QualifiedName) -> bool {
        self.references.iter().chain(&self.labelled).any(|(from, _)| from == table)
    }

    fn is_reference(&self, column: &Column) -> bool {
        self.references.contains(column) || self.labelled.contains(column)
    }

    fn is_key(&self, column: &Column) -> bool {
        self.references.contains(column) || column.0 == self.table && column.1 == self.set.key
    }

    fn is_label(&self, column: &Column) -> bool {
        self.labelled.contains(column) || column.0 == self.table && self.set.label.as_ref() == Some(&column.1)
    }

    /// Why a literal may not stand for this column; nothing, where it may.
    fn problem(&self, column: &Column, literal: &str) -> Option<String> {
        let name = &self.set.name;
        if self.is_key(column) && !self.keys.contains_key(&normal(literal)) {
            return Some(format!("`{literal}` is no key of the canonical set `{name}`"));
        }
        if self.is_label(column) && !self.set.values.contains_key(literal) {
            return Some(format!("`{literal}` is no label of the canonical set `{name}`"));
        }
        None
    }

    /// The canonical keys, quoted for SQL.
    pub(super) fn quoted_keys(&self) -> String {
        quoted(self.keys.keys().map(String::as_str))
    }

    /// The canonical labels, quoted for SQL.
    pub(super) fn quoted_labels(&self) -> String {
        quoted(self.set.values.keys().map(String::as_str))
    }
}

fn quoted<'k>(all: impl Iterator<Item = &'k str>) -> String {
    all.map(|one| format!("'{}'", one.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
}

/// All sets of the configuration.
pub(super) fn sets<'a>(sections: &'a super::sections::Sections, catalog: &'a Catalog) -> impl Iterator<Item = Set<'a>> {
    sections.canonical.iter().map(|placed| Set::new(&placed.value, &placed.at, catalog))
}

/// Columns with a foreign key to a column, directly or through other columns with one.
fn references(table: &QualifiedName, column: &str, catalog: &Catalog) -> BTreeSet<Column> {
    let mut columns = BTreeSet::new();
    let mut open = vec![(table.clone(), column.to_owned())];
    while let Some((to, wanted)) = open.pop() {
        for (name, relation) in &catalog.relations {
            for constraint in relation.constraints.values() {
                let ConstraintRule::ForeignKey { columns: from, references, referenced_columns, .. } = &constraint.kind
                else {
                    continue;
                };
                if *references != to {
                    continue;
                }
                // Without a list the primary key is meant.
                let listed = if referenced_columns.is_empty() { primary_key(catalog, &to) } else { referenced_columns };
                let at = listed.iter().position(|column| *column == wanted);
                let found = at.and_then(|at| from.get(at)).map(|column| (name.clone(), column.clone()));
                open.extend(found.filter(|found| columns.insert(found.clone())));
            }
        }
    }
    columns.remove(&(table.clone(), column.to_owned()));
    columns
}

fn primary_key<'a>(catalog: &'a Catalog, table: &QualifiedName) -> &'a [String] {
    let constraints = catalog.relations.get(table).into_iter().flat_map(|relation| relation.constraints.values());
    let mut keys = constraints.filter_map(|constraint| match &constraint.kind {
        ConstraintRule::PrimaryKey { columns } => Some(columns.as_slice()),
        _ => None,
    });
    keys.next().unwrap_or(&[])
}

/// One spelling per key: UUIDs in lower case.
pub(super) fn normal(key: &str) -> String {
    let key = key.trim();
    let uuid = key.len() == 36 && key.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    if uuid { key.to_ascii_lowercase() } else { key.to_owned() }
}

/// The relation a name means: in `public`, or the only one of that name.
pub(super) fn resolve(catalog: &Catalog, name: &Name) -> QualifiedName {
    if let Some(schema) = &name.schema {
        return QualifiedName::new(schema, &name.name);
    }
    let public = QualifiedName::new("public", &name.name);
    if catalog.relations.contains_key(&public) {
        return public;
    }
    let mut others = catalog.relations.keys().filter(|known| known.name == name.name);
    match (others.next(), others.next()) {
        (Some(only), None) => only.clone(),
        _ => public,
    }
}

/// Statements that add, change or remove canonical rows.
pub(super) fn rows(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(governance) = model.governance() else { return Judged::default() };
    let sets: Vec<Set<'_>> = sets(&governance.sections, model.catalog()).collect();
    statements::rows(model, &sets)
}

/// Identifiers outside the set where one of it belongs.
pub(super) fn references_outside(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(governance) = model.governance() else { return Judged::default() };
    let sets: Vec<Set<'_>> = sets(&governance.sections, model.catalog()).collect();
    let mut judged = statements::references(model, &sets);
    let stored = stored::references(model, &sets);
    judged.looked_at += stored.looked_at;
    judged.violations.extend(stored.violations);
    judged.not_run.extend(stored.not_run);
    judged
}

/// Rows of a live database that are missing, extra or relabelled, and rows that refer to none.
pub(super) fn drift(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(governance) = model.governance() else { return Judged::default() };
    let mut judged = Judged::default();
    let Some(live) = &governance.live else {
        if model.migrations().is_empty() {
            judged.not_run.push("rows were not counted: this source has none".to_owned());
        }
        return judged;
    };
    for facts in &live.canonical {
        judged.looked_at += 1 + facts.outside.len();
        let Some(placed) = governance.sections.canonical.iter().find(|placed| placed.value.name == facts.name) else {
            continue;
        };
        let table = ObjectRef::new(ObjectKind::Table, pattern::table(&placed.value.table));
        let mut say = |object: &ObjectRef, what: &str, message: String| {
            let mut violation = Violation::new(object.clone(), Some(placed.at.clone()), message);
            violation.discriminator = format!("{} {what}", facts.name);
            judged.violations.push(violation);
        };
        let name = &facts.name;
        for (label, key) in &facts.missing {
            say(&table, key, format!("`{}` lacks the row `{label}` ({key}) of the canonical set `{name}`", table.name));
        }
        for (key, expected, found) in &facts.relabelled {
            let message =
                format!("`{}` calls {key} `{found}`; the canonical set `{name}` calls it `{expected}`", table.name);
            say(&table, key, message);
        }
        if facts.extra.count > 0 {
            let message = format!(
                "`{}` has {} outside the canonical set `{name}`: {}",
                table.name,
                crate::report::many(facts.extra.count, "row"),
                facts.extra.examples()
            );
            say(&table, "extra", message);
        }
        for (column, outside) in facts.outside.iter().filter(|(_, outside)| outside.count > 0) {
            let object = ObjectRef::new(ObjectKind::Column, column);
            let message = format!(
                "`{column}` refers outside the canonical set `{name}` in {}: {}",
                crate::report::many(outside.count, "row"),
                outside.examples()
            );
            say(&object, column, message);
        }
    }
    judged
        .not_run
        .extend(live.failed.iter().filter(|(section, _)| *section == "canonical").map(|(_, why)| why.clone()));
    judged
}
