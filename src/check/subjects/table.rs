//! Tables, columns, constraints and indexes.

use std::collections::BTreeSet;

use super::super::model::{is_own, known_text, origin_word};
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use super::{TABLES, kind_word, relations};
use crate::catalog::{
    Column, Constraint, ConstraintRule, Identity, Index, ObjectKind, ObjectRef, Origin, Privilege, QualifiedName,
    Relation,
};
use crate::sql::ast::RefAction;

pub(super) fn tables(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let own = relations(model, TABLES).filter(|(_, table)| is_own(table.provenance.origin));
    own.map(|(name, table)| subject(model, needed, name, table)).collect()
}

fn subject(model: &Model<'_>, needed: &Needed, name: &QualifiedName, table: &Relation) -> Subject {
    let mut b = Builder::new(needed, ObjectRef::new(table.kind, name)).provenance(&table.provenance);
    let known = !table.provenance.is_assumed();
    let held = |privileges: &'static [Privilege]| known.then(|| model.relation_holders(table, privileges));
    b.set("schema", || name.schema.as_str());
    b.set("name", || name.to_string());
    b.set("kind", || kind_word(table.kind));
    b.maybe("owner", || known_text(&table.owner));
    b.set("origin", || origin_word(table.provenance.origin));
    b.set("in_exposed_schema", || model.is_exposed_schema(&name.schema));
    b.maybe("exposed", || model.is_exposed(name, table, Model::ROW_PRIVILEGES));
    b.maybe("exposed_to", || held(Privilege::all_on(ObjectKind::Table)));
    b.maybe("readable_by", || held(&[Privilege::Select]));
    b.maybe("writable_by", || held(Model::WRITE_PRIVILEGES));
    b.fact("rls.enabled", &table.rls_enabled, |enabled| *enabled);
    b.fact("rls.forced", &table.rls_forced, |forced| *forced);
    policy_lists(&mut b, table);
    b.maybe("columns", || table.columns_complete.then(|| names(table)));
    b.maybe("column_words", || {
        table.columns_complete.then(|| table.columns.iter().map(|column| word(&column.name)).collect::<Vec<_>>())
    });
    b.maybe("primary_key", || known.then(|| primary_key(table)));
    b.set("parents", || table.parents.iter().map(ToString::to_string).collect::<Vec<_>>());
    b.set("is_partition", || table.is_partition);
    b.set("partitioned", || table.partition_by.is_some());
    b.set("unlogged", || table.unlogged);
    b.set("triggers", || table.triggers.keys().cloned().collect::<Vec<_>>());
    // Roots of partitioned tables are not shown, their partitions are.
    b.set("in_graphql", || model.has_graphql() && table.partition_by.is_none());
    b.set("comment", || table.comment.clone().unwrap_or_default());
    statistics(&mut b, model, name);
    b.build()
}

/// What a migration, or a hand, can have changed about the platform's tables, and the project answers for.
pub(super) fn of_platform(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let theirs = relations(model, TABLES).filter(|(_, table)| table.provenance.origin == Origin::Platform);
    theirs
        .map(|(name, table)| {
            let mut b = Builder::new(needed, ObjectRef::new(table.kind, name)).provenance(&table.provenance);
            b.set("schema", || name.schema.as_str());
            b.set("name", || name.to_string());
            b.maybe("reachable_by", || {
                let mut holders = model.relation_holders(table, Model::ROW_PRIVILEGES);
                let users = model.schema_users(&name.schema)?;
                holders.retain(|role| users.contains(role));
                Some(holders)
            });
            b.fact("rls.enabled", &table.rls_enabled, |enabled| *enabled);
            b.build()
        })
        .collect()
}

fn statistics(b: &mut Builder<'_>, model: &Model<'_>, name: &QualifiedName) {
    let facts = model.live().and_then(|live| live.tables.get(name));
    b.maybe("analyzed", || facts.map(|facts| facts.analyzed));
    b.maybe("rows", || facts.and_then(|facts| facts.rows));
    b.maybe("last_analyze", || facts.map(|facts| facts.last_analyze.clone().unwrap_or_default()));
    b.maybe("megabytes", || facts.and_then(|facts| facts.bytes).map(megabytes));
    b.maybe("needed_megabytes", || facts.and_then(|facts| facts.needed_bytes).map(megabytes));
}

const fn megabytes(bytes: i64) -> i64 {
    bytes / (1024 * 1024)
}

/// Policies are not all known where the table was never created, nor where dynamic SQL made its row security unknown.
fn policy_lists(b: &mut Builder<'_>, table: &Relation) {
    let known = !table.provenance.is_assumed() && table.rls_enabled.get().is_some();
    let list = |wanted: Option<bool>| {
        let policies = table.policies.iter().filter(|(_, policy)| wanted.is_none_or(|w| policy.permissive == w));
        known.then(|| policies.map(|(name, _)| name.clone()).collect::<Vec<_>>())
    };
    b.maybe("policies", || list(None));
    b.maybe("permissive_policies", || list(Some(true)));
    b.maybe("restrictive_policies", || list(Some(false)));
}

/// A column name to be compared with words: `"Credit-Card"` is `credit_card`.
fn word(column: &str) -> String {
    column.to_lowercase().replace('-', "_")
}

fn names(table: &Relation) -> Vec<String> {
    table.columns.iter().map(|column| column.name.clone()).collect()
}

fn primary_key(table: &Relation) -> Vec<String> {
    let keys = table.constraints.values().find_map(|constraint| match &constraint.kind {
        ConstraintRule::PrimaryKey { columns } => Some(columns.clone()),
        _ => None,
    });
    keys.unwrap_or_default()
}

pub(super) fn columns(model: &Model<'_>, needed: &Needed, add: &mut dyn FnMut(Subject)) {
    let own = model.catalog().relations.iter().filter(|(_, relation)| is_own(relation.provenance.origin));
    let wants_keys = needed.any(&["indexed", "primary_key", "foreign_key", "unique"]);
    for (name, table) in own {
        let keys = wants_keys.then(|| Keys::of(model, name, table));
        let exposed = needed.any(&["table_exposed"]).then(|| model.is_exposed(name, table, Model::ROW_PRIVILEGES));
        for column in &table.columns {
            add(column_subject(model, needed, (name, table), column, keys.as_ref(), exposed.flatten()));
        }
    }
}

fn column_subject(
    model: &Model<'_>,
    needed: &Needed,
    (name, table): (&QualifiedName, &Relation),
    column: &Column,
    keys: Option<&Keys>,
    exposed: Option<bool>,
) -> Subject {
    let object = ObjectRef::on(ObjectKind::Column, name, &column.name);
    let mut b = Builder::new(needed, object).provenance(&table.provenance);
    if column.at.is_some() {
        b = b.at(column.at.clone());
    }
    let known = !table.provenance.is_assumed();
    let key = |has: fn(&Keys) -> &BTreeSet<String>| keys.filter(|_| known).map(|keys| has(keys).contains(&column.name));
    b.set("schema", || name.schema.as_str());
    b.set("table", || name.to_string());
    b.set("table_kind", || kind_word(table.kind));
    b.set("name", || column.name.as_str());
    b.fact("type", &column.ty, Clone::clone);
    b.fact("not_null", &column.not_null, |not_null| *not_null);
    b.maybe("has_default", || known.then_some(column.default.is_some()));
    b.maybe("generated", || known.then_some(column.generated.is_some()));
    b.maybe("identity", || known.then(|| identity_word(column.identity)));
    b.maybe("primary_key", || key(|keys| &keys.primary));
    b.maybe("foreign_key", || key(|keys| &keys.foreign));
    b.maybe("unique", || key(|keys| &keys.unique));
    b.maybe("indexed", || key(|keys| &keys.leading));
    b.set("in_exposed_schema", || model.is_exposed_schema(&name.schema));
    b.maybe("table_exposed", || exposed);
    b.maybe("readable_by", || known.then(|| model.holders(&[&table.acl, &column.acl], &[Privilege::Select])));
    b.set("comment", || column.comment.clone().unwrap_or_default());
    b.build()
}

const fn identity_word(identity: Option<Identity>) -> &'static str {
    match identity {
        Some(Identity::Always) => "always",
        Some(Identity::ByDefault) => "by_default",
        None => "",
    }
}

/// Columns by the keys they are part of.
struct Keys {
    primary: BTreeSet<String>,
    foreign: BTreeSet<String>,
    unique: BTreeSet<String>,
    leading: BTreeSet<String>,
}

impl Keys {
    fn of(model: &Model<'_>, name: &QualifiedName, table: &Relation) -> Self {
        let mut keys = Self {
            primary: BTreeSet::new(),
            foreign: BTreeSet::new(),
            unique: BTreeSet::new(),
            leading: leading_keys(model, name, table).into_iter().filter_map(|key| key.first().cloned()).collect(),
        };
        for constraint in table.constraints.values() {
            match &constraint.kind {
                ConstraintRule::PrimaryKey { columns } => {
                    keys.primary.extend(columns.iter().cloned());
                    keys.unique.extend(columns.first().filter(|_| columns.len() == 1).cloned());
                }
                ConstraintRule::Unique { columns } if columns.len() == 1 => keys.unique.extend(columns.iter().cloned()),
                ConstraintRule::ForeignKey { columns, .. } => keys.foreign.extend(columns.iter().cloned()),
                _ => {}
            }
        }
        keys
    }
}

/// The column lists of all indexes and keys of a table, partial ones left out.
fn leading_keys(model: &Model<'_>, name: &QualifiedName, table: &Relation) -> Vec<Vec<String>> {
    let indexes = model.indexes_of(name).iter().map(|(_, index)| index).filter(|index| index.filter.is_none());
    let mut keys: Vec<Vec<String>> =
        indexes.map(|index| index.keys.iter().map(|key| bare_key(key, table)).collect()).collect();
    for constraint in table.constraints.values() {
        if let ConstraintRule::PrimaryKey { columns } | ConstraintRule::Unique { columns } = &constraint.kind {
            keys.push(columns.clone());
        }
    }
    keys
}

/// The column of an index key without its options (`a desc nulls last`); expressions match no column. A column's name may
/// hold spaces itself.
fn bare_key(key: &str, table: &Relation) -> String {
    let names = table.columns.iter().map(|column| column.name.as_str());
    let named =
        names.filter(|name| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
    let column = named.max_by_key(|name| name.len());
    column.unwrap_or_else(|| key.split(' ').next().unwrap_or("")).to_owned()
}

pub(super) fn constraints(model: &Model<'_>, needed: &Needed, add: &mut dyn FnMut(Subject)) {
    let own = relations(model, TABLES).filter(|(_, table)| is_own(table.provenance.origin));
    for (name, table) in own {
        let keys = if needed.any(&["indexed"]) { leading_keys(model, name, table) } else { Vec::new() };
        for (constraint_name, constraint) in &table.constraints {
            add(constraint_subject(model, needed, (name, table), (constraint_name, constraint), &keys));
        }
    }
}

fn constraint_subject(
    model: &Model<'_>,
    needed: &Needed,
    (table_name, table): (&QualifiedName, &Relation),
    (name, constraint): (&String, &Constraint),
    keys: &[Vec<String>],
) -> Subject {
    let object = ObjectRef::on(ObjectKind::Constraint, table_name, name);
    let mut b = Builder::new(needed, object).provenance(&table.provenance);
    if constraint.at.is_some() {
        b = b.at(constraint.at.clone());
    }
    let (ty, columns) = constraint_shape(&constraint.kind);
    let foreign = match &constraint.kind {
        ConstraintRule::ForeignKey { references, on_delete, on_update, .. } => {
            Some((references, *on_delete, *on_update))
        }
        _ => None,
    };
    b.set("schema", || table_name.schema.as_str());
    b.set("table", || table_name.to_string());
    b.set("name", || name.as_str());
    b.set("type", || ty);
    b.set("columns", || columns.to_vec());
    b.set("references", || foreign.map(|(table, ..)| table.to_string()).unwrap_or_default());
    b.set("references_schema", || foreign.map(|(table, ..)| table.schema.clone()).unwrap_or_default());
    b.maybe("references_key", || referenced_key(model, &constraint.kind));
    b.set("on_delete", || foreign.map_or("", |(_, action, _)| action_word(action)));
    b.set("on_update", || foreign.map_or("", |(.., action)| action_word(action)));
    b.set("validated", || constraint.validated);
    b.set("deferrable", || constraint.deferrable);
    b.maybe("indexed", || {
        let covered = keys.iter().any(|key| {
            let head: BTreeSet<&String> = key.iter().take(columns.len()).collect();
            !columns.is_empty() && columns.iter().all(|column| head.contains(column))
        });
        (covered || !table.provenance.is_assumed()).then_some(covered)
    });
    b.set("on_partitioned", || table.partition_by.is_some());
    b.set("in_exposed_schema", || model.is_exposed_schema(&table_name.schema));
    b.build()
}

/// The key a foreign key refers to; unknown where the referenced table is not known.
fn referenced_key(model: &Model<'_>, rule: &ConstraintRule) -> Option<&'static str> {
    let ConstraintRule::ForeignKey { references, referenced_columns, .. } = rule else { return Some("") };
    let table = model.catalog().relations.get(references).filter(|table| !table.provenance.is_assumed())?;
    let (key, named): (BTreeSet<String>, BTreeSet<String>) =
        (primary_key(table).into_iter().collect(), referenced_columns.iter().cloned().collect());
    Some(if key == named { "primary_key" } else { "unique" })
}

/// A constraint's type as fields spell it, and its columns.
pub(super) fn constraint_shape(rule: &ConstraintRule) -> (&'static str, &[String]) {
    match rule {
        ConstraintRule::Check { .. } => ("check", &[]),
        ConstraintRule::Unique { columns } => ("unique", columns),
        ConstraintRule::PrimaryKey { columns } => ("primary_key", columns),
        ConstraintRule::ForeignKey { columns, .. } => ("foreign_key", columns),
        ConstraintRule::Exclude { .. } => ("exclude", &[]),
    }
}

const fn action_word(action: RefAction) -> &'static str {
    match action {
        RefAction::NoAction => "no_action",
        RefAction::Restrict => "restrict",
        RefAction::Cascade => "cascade",
        RefAction::SetNull => "set_null",
        RefAction::SetDefault => "set_default",
    }
}

pub(super) fn indexes(model: &Model<'_>, needed: &Needed, add: &mut dyn FnMut(Subject)) {
    let own = model.catalog().indexes.iter().filter(|(_, index)| is_own(index.provenance.origin));
    own.for_each(|(name, index)| add(index_subject(model, needed, name, index)));
}

fn index_subject(model: &Model<'_>, needed: &Needed, name: &QualifiedName, index: &Index) -> Subject {
    let mut b = Builder::new(needed, ObjectRef::new(ObjectKind::Index, name)).provenance(&index.provenance);
    let same = |other: &Index| {
        (&other.table, &other.method, &other.keys, &other.include, &other.filter)
            == (&index.table, &index.method, &index.keys, &index.include, &index.filter)
    };
    // Of two equal ones the later name can go, but not a constraint's; beside a unique one the plain one can.
    let stands_in = |other_name: &QualifiedName, other: &Index| match (other.unique, index.unique) {
        (true, false) => true,
        (false, true) => false,
        _ => (!other.constraint, other_name) < (!index.constraint, name),
    };
    b.set("schema", || name.schema.as_str());
    b.set("name", || name.to_string());
    b.set("table", || index.table.to_string());
    b.set("unique", || index.unique);
    b.set("method", || index.method.as_str());
    b.set("keys", || index.keys.clone());
    b.set("include", || index.include.clone());
    b.set("partial", || index.filter.is_some());
    b.set("on_partitioned", || {
        model.catalog().relations.get(&index.table).is_some_and(|table| table.partition_by.is_some())
    });
    b.set("of_constraint", || index.constraint);
    b.set("duplicates", || {
        let others = model.indexes_of(&index.table).iter().filter(|(other, _)| *other != name);
        others
            .filter(|(at, other)| same(other) && stands_in(at, other))
            .map(|(other, _)| other.to_string())
            .collect::<Vec<_>>()
    });
    b.maybe("scans", || model.live().and_then(|live| live.indexes.get(name)).map(|facts| facts.scans));
    b.maybe("table_rows", || model.live().and_then(|live| live.tables.get(&index.table)).and_then(|facts| facts.rows));
    b.build()
}
