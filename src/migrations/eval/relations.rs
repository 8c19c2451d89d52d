//! The Catalog as the relations PostgreSQL shows it in: `pg_catalog` and `information_schema`, by their real column
//! names. What an incomplete history leaves open stands in them as rows of unknown content.

mod classes;
mod columns;
mod constraints;
mod globals;
mod information;
mod parts;
mod routines;
mod types;

use std::collections::BTreeSet;

use super::names::{Names, Oid};
use super::row::Presence;
use super::value::{Unknown, Value};
use crate::catalog::{Catalog, Fact, Provenance, QualifiedName, Relation};
use crate::sql::ast::Name;

/// What a query says about a column before rows are built: it must be one of these values.
#[derive(Debug, Clone)]
pub(super) struct Hint {
    /// Column.
    pub(super) column: String,
    /// Values it may have.
    pub(super) allowed: Vec<Value>,
}

/// A virtual relation's rows.
pub(super) struct Table {
    /// Column names.
    pub(super) columns: &'static [&'static str],
    /// Rows.
    pub(super) rows: Vec<(Vec<Value>, Presence)>,
}

/// Builds a [`Table`] whose rows have as many values as it has columns.
struct Builder<const N: usize> {
    columns: &'static [&'static str; N],
    rows: Vec<(Vec<Value>, Presence)>,
}

impl<const N: usize> Builder<N> {
    fn new(columns: &'static [&'static str; N]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    fn push(&mut self, presence: Presence, row: [Value; N]) {
        self.rows.push((row.into(), presence));
    }

    fn finish(self) -> Table {
        Table { columns: self.columns, rows: self.rows }
    }
}

/// One scan of a virtual relation.
struct Scan<'a> {
    names: Names<'a>,
    absent: &'a BTreeSet<QualifiedName>,
    hints: &'a [Hint],
}

/// The rows of a system relation; `None` where it is not modelled, or `name` is none.
pub(super) fn scan(names: Names<'_>, absent: &BTreeSet<QualifiedName>, name: &Name, hints: &[Hint]) -> Option<Table> {
    let scan = Scan { names, absent, hints };
    match name.schema.as_deref() {
        Some("information_schema") => information::table(&scan, &name.name),
        None | Some("pg_catalog") => catalog_table(&scan, &name.name),
        _ => None,
    }
}

fn catalog_table(scan: &Scan<'_>, name: &str) -> Option<Table> {
    Some(match name {
        "pg_class" => classes::pg_class(scan),
        "pg_namespace" => classes::pg_namespace(scan),
        "pg_tables" => classes::pg_tables(scan),
        "pg_views" => classes::pg_views(scan),
        "pg_matviews" => classes::pg_matviews(scan),
        "pg_sequences" => classes::pg_sequences(scan),
        "pg_inherits" => classes::pg_inherits(scan),
        "pg_policies" => parts::pg_policies(scan),
        "pg_policy" => parts::pg_policy(scan),
        "pg_trigger" => parts::pg_trigger(scan),
        "pg_indexes" => parts::pg_indexes(scan),
        "pg_index" => parts::pg_index(scan),
        "pg_attribute" => columns::pg_attribute(scan),
        "pg_constraint" => constraints::pg_constraint(scan),
        "pg_type" => types::pg_type(scan),
        "pg_enum" => types::pg_enum(scan),
        "pg_proc" => routines::pg_proc(scan),
        "pg_language" => routines::pg_language(scan),
        "pg_roles" | "pg_authid" => globals::pg_roles(scan),
        "pg_user" | "pg_shadow" => globals::pg_user(scan),
        "pg_auth_members" => globals::pg_auth_members(scan),
        "pg_extension" => globals::pg_extension(scan),
        "pg_publication" => globals::pg_publication(scan),
        "pg_publication_tables" => globals::pg_publication_tables(scan),
        "pg_publication_rel" => globals::pg_publication_rel(scan),
        "pg_event_trigger" => globals::pg_event_trigger(scan),
        _ => return None,
    })
}

impl<'a> Scan<'a> {
    fn catalog(&self) -> &'a Catalog {
        self.names.catalog
    }

    /// A row with `text` in `column` can pass what the query demands.
    fn admits(&self, column: &str, text: &str) -> bool {
        let possible = |value: &Value| match value {
            Value::Text(wanted) => wanted == text,
            Value::Null => false,
            _ => true,
        };
        self.hints.iter().filter(|hint| hint.column == column).all(|hint| hint.allowed.iter().any(possible))
    }

    /// As [`Self::admits`], for a column that holds a relation's `oid`.
    fn admits_relation(&self, column: &str, name: &QualifiedName) -> bool {
        let possible = |value: &Value| match value {
            Value::Object(object) => matches!(&object.id, Oid::Relation(wanted) if wanted == name),
            Value::Null => false,
            _ => true,
        };
        self.hints.iter().filter(|hint| hint.column == column).all(|hint| hint.allowed.iter().any(possible))
    }

    /// The texts a column may have, where the query leaves it no other.
    fn demanded(&self, column: &str) -> Option<BTreeSet<&str>> {
        let hint = self.hints.iter().find(|hint| hint.column == column)?;
        let mut texts = BTreeSet::new();
        for value in &hint.allowed {
            match value {
                Value::Text(text) => texts.insert(text.as_str()),
                Value::Null => false,
                _ => return None,
            };
        }
        Some(texts)
    }

    /// Relations whose schema and name can pass, in order: looked up where the query names them, for histories ask
    /// this once for each thing they make.
    fn relations(&self, schema: &str, name: &str) -> Vec<(&'a QualifiedName, &'a Relation)> {
        let relations = &self.catalog().relations;
        let Some(names) = self.demanded(name) else {
            let fits = |key: &QualifiedName| self.admits(name, &key.name) && self.admits(schema, &key.schema);
            return relations.iter().filter(|(key, _)| fits(key)).collect();
        };
        let schemas = self.schemas().filter(|found| self.admits(schema, found));
        let keys = schemas.flat_map(|schema| names.iter().map(move |name| QualifiedName::new(schema, *name)));
        let fits = |key: &QualifiedName| self.admits(name, &key.name);
        keys.filter(fits).filter_map(|key| relations.get_key_value(&key)).collect()
    }

    /// Schemas with relations, in order.
    fn schemas(&self) -> impl Iterator<Item = &'a str> {
        let relations = &self.catalog().relations;
        let mut next = relations.keys().next();
        std::iter::from_fn(move || {
            let schema = next?.schema.as_str();
            // No name sorts between a schema's and that name with a zero byte.
            next = relations.range(QualifiedName::new(format!("{schema}\0"), "")..).next().map(|(name, _)| name);
            Some(schema)
        })
    }

    /// Relations whose `oid` can pass.
    fn relations_by_oid(&self, column: &'a str) -> impl Iterator<Item = (&'a QualifiedName, &'a Relation)> + '_ {
        self.catalog().relations.iter().filter(move |(key, _)| self.admits_relation(column, key))
    }

    /// How likely unknown parts of an incomplete relation are: a query that does not name the relation asks for things
    /// the files make.
    fn hidden(&self, columns: &[&str]) -> Presence {
        let named = self.hints.iter().any(|hint| columns.contains(&hint.column.as_str()));
        if named { Presence::Any } else { Presence::Lean }
    }

    /// Relations that may have parts nobody has seen: assumed ones, and those a `regclass` named without their being
    /// in the files.
    fn incomplete(&self) -> impl Iterator<Item = &'a QualifiedName> + '_ {
        let assumed = self.catalog().relations.iter().filter(|(_, relation)| relation.provenance.is_assumed());
        assumed.map(|(name, _)| name).chain(self.absent)
    }

    /// As [`Self::incomplete`], those whose schema and name can pass.
    fn incomplete_named(&self, schema: &str, name: &str) -> Vec<&'a QualifiedName> {
        let relations = self.relations(schema, name).into_iter();
        let assumed = relations.filter(|(_, relation)| relation.provenance.is_assumed()).map(|(name, _)| name);
        let absent = self.absent.iter().filter(|key| self.admits(name, &key.name) && self.admits(schema, &key.schema));
        assumed.chain(absent).collect()
    }

    fn relation_oid(&self, name: &QualifiedName) -> Value {
        self.names.oid(Oid::Relation(name.clone()))
    }

    fn schema_oid(&self, name: &str) -> Value {
        self.names.oid(Oid::Schema(name.to_owned()))
    }

    fn role_oid(&self, owner: &Fact<String>) -> Value {
        match owner.get() {
            Some(role) => self.names.oid(Oid::Role(role.clone())),
            None => Value::unknown("an owner"),
        }
    }

    /// Schemas in which the files use relations they do not create.
    fn incomplete_schemas(&self) -> BTreeSet<&'a str> {
        let assumed = self.catalog().relations.iter().filter(|(_, relation)| relation.provenance.is_assumed());
        assumed.map(|(name, _)| name.schema.as_str()).collect()
    }
}

/// How sure it is that something is there.
pub(super) fn presence_of(provenance: &Provenance) -> Presence {
    if provenance.conditional || provenance.is_assumed() { Presence::Given } else { Presence::Certain }
}

/// How sure it is that a relation, index or sequence is there.
pub(super) fn presence(name: &QualifiedName, catalog: &Catalog) -> Presence {
    let relation = catalog.relations.get(name).map(|relation| &relation.provenance);
    let index = || catalog.indexes.get(name).map(|index| &index.provenance);
    let sequence = || catalog.sequences.get(name).map(|sequence| &sequence.provenance);
    relation.or_else(index).or_else(sequence).map_or(Presence::Maybe, presence_of)
}

/// The files use relations of the schema that they do not create.
pub(super) fn is_incomplete(schema: &str, catalog: &Catalog) -> bool {
    catalog.relations.iter().any(|(name, relation)| name.schema == schema && relation.provenance.is_assumed())
}

/// A schema of the server's own.
pub(super) fn is_system(schema: &str) -> bool {
    matches!(schema, "pg_catalog" | "information_schema" | "pg_toast")
}

fn text(text: &str) -> Value {
    Value::text(text)
}

/// The name of something the files never mention.
fn unseen(what: &str) -> Value {
    Value::Unknown(Unknown { unseen: true, ..Unknown::leaning(what, false) })
}

/// A name of something nobody has seen on a relation.
fn hidden(what: &str, on: &QualifiedName) -> Value {
    Value::unknown(format!("{what} of `{on}`, which the files do not create"))
}

fn boolean(fact: &Fact<bool>, what: &str, of: &QualifiedName) -> Value {
    fact.get().map_or_else(|| Value::unknown(format!("{what} of `{of}`")), |value| Value::Bool(*value))
}

fn owner(fact: &Fact<String>) -> Value {
    fact.get().map_or_else(|| Value::unknown("an owner"), |role| Value::text(role.clone()))
}
