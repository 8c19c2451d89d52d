//! Indexes.

use super::naming;
use super::refs::Refs;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Constraint, ConstraintRule, Index, ObjectKind, ObjectRef, QualifiedName};
use crate::sql::ast::{CreateIndex, Expr, ExprKind, IndexKey, Name};

impl Fold {
    pub(super) fn create_index(&mut self, create: &CreateIndex) -> Effect {
        let table = self.relation(&create.table, ObjectKind::Table);
        let name = match &create.name {
            Some(name) => naming::identifier(name),
            None => self.index_name(&table, &key_names(&create.keys, &create.include), "idx"),
        };
        let name = QualifiedName::new(table.schema.clone(), name);
        let object = ObjectRef::new(ObjectKind::Index, &name);
        self.name(object.clone());
        if self.relation_name_taken(&name) {
            if create.if_not_exists {
                return Ok(());
            }
            return self.would_fail("duplicate_table", object, "already exists");
        }
        for key in &create.keys {
            for column in Refs::of_expr(&key.expr).columns {
                column.last().iter().for_each(|column| self.assume_column(&table, column));
            }
        }
        self.refer(create.keys.iter().map(|key| &key.expr).chain(&create.filter));
        let filter = create.filter.as_ref().map(|filter| self.expression_on(filter, &table));
        let index = Index {
            provenance: self.provenance(),
            table,
            unique: create.unique,
            method: create.method.clone(),
            keys: create.keys.iter().map(crate::sql::canonical_index_key).collect(),
            include: create.include.clone(),
            filter,
            constraint: false,
            comment: None,
        };
        self.gone.remove(&Key::Index(name.clone()));
        self.note_altered(object);
        // A child that is no partition has indexes of its own only.
        let partitions = self.children(&index.table).into_iter();
        let is_partition = |name: &QualifiedName| self.catalog().relations.get(name).is_some_and(|r| r.is_partition);
        for child in partitions.filter(is_partition).collect::<Vec<_>>() {
            self.copy_index(&child, &index, None);
        }
        self.put_index(name, index);
        Ok(())
    }

    /// Stores a new index.
    pub(super) fn put_index(&mut self, name: QualifiedName, index: Index) {
        self.index_order.insert(name.clone(), self.index_order.len());
        self.store.insert_index(name, index);
    }

    /// Stores an index under another name.
    pub(super) fn move_index(&mut self, from: &QualifiedName, to: QualifiedName, index: Index) {
        if let Some(order) = self.index_order.remove(from) {
            self.index_order.insert(to.clone(), order);
        }
        self.store.insert_index(to, index);
    }

    fn index_name(&self, table: &QualifiedName, keys: &[String], label: &str) -> String {
        let middle = naming::joined(keys.iter().map(String::as_str));
        let taken = |name: &str| self.relation_name_taken(&QualifiedName::new(table.schema.clone(), name));
        naming::first_free(&table.name, Some(&middle), label, taken)
    }

    /// Gives `table` the indexes and keys of `source`, with names of its own.
    pub(super) fn copy_indexes(&mut self, table: &QualifiedName, source: &QualifiedName) {
        let mut indexes = self.indexes_of(source);
        // The server goes through them in the order they were made.
        indexes.sort_by_key(|name| self.index_order.get(name).copied().unwrap_or(0));
        for name in indexes {
            let Some(index) = self.catalog().indexes.get(&name).cloned() else { continue };
            let constraint = self
                .catalog()
                .relations
                .get(source)
                .and_then(|r| r.constraints.get(&name.name))
                .map(|constraint| (**constraint).clone());
            self.copy_index(table, &index, constraint);
        }
    }

    fn copy_index(&mut self, table: &QualifiedName, index: &Index, constraint: Option<Constraint>) {
        let simple = numbered(index.keys.iter().map(|key| simple_key(key)).chain(index.include.iter().cloned()));
        let name = match constraint.as_ref().map(|constraint| &constraint.kind) {
            Some(ConstraintRule::PrimaryKey { .. }) => {
                let taken = |name: &str| self.relation_name_taken(&QualifiedName::new(table.schema.clone(), name));
                naming::first_free(&table.name, None, "pkey", taken)
            }
            Some(_) => self.index_name(table, &simple, "key"),
            None => self.index_name(table, &simple, "idx"),
        };
        let copy = Index { provenance: self.provenance(), table: table.clone(), comment: None, ..index.clone() };
        if let (Some(constraint), at) = (constraint, self.here()) {
            if let ConstraintRule::PrimaryKey { columns } = &constraint.kind {
                columns.iter().for_each(|column| self.set_not_null(table, column, true));
            }
            self.constraint_names.insert((table.schema.clone(), name.clone()));
            if let Some(relation) = self.store.relation_mut(table) {
                relation.constraints.insert(name.clone(), Constraint { at, ..constraint }.into());
            }
        }
        let name = QualifiedName::new(table.schema.clone(), name);
        self.note_altered(ObjectRef::new(ObjectKind::Index, &name));
        self.put_index(name, copy);
    }

    /// Indexes on a table or materialized view.
    pub(super) fn indexes_of(&self, table: &QualifiedName) -> Vec<QualifiedName> {
        let from = QualifiedName::new(table.schema.clone(), "");
        let same_schema = self.catalog().indexes.range(from..).take_while(|(name, _)| name.schema == table.schema);
        same_schema.filter(|(_, index)| index.table == *table).map(|(name, _)| name.clone()).collect()
    }

    /// The index an `ALTER INDEX` names, where the Catalog has it.
    pub(super) fn index(&mut self, name: &Name) -> Option<QualifiedName> {
        let found = self.find_index(name)?;
        self.name(ObjectRef::new(ObjectKind::Index, &found));
        Some(found)
    }
}

/// What the columns of an index are called inside it, included ones too: the column's name, the function's, or `expr`;
/// repeated ones are numbered.
fn key_names(keys: &[IndexKey], include: &[String]) -> Vec<String> {
    let keys = keys.iter().map(|key| expr_name(&key.expr).unwrap_or_else(|| "expr".to_owned()));
    numbered(keys.chain(include.iter().cloned()))
}

/// The name PostgreSQL derives from an expression, as for an unnamed output column.
pub(super) fn expr_name(expr: &Expr) -> Option<String> {
    let mut expr = expr;
    // The operand of a cast, collation or subscript gives the name.
    for _ in 0..64 {
        match &expr.kind {
            ExprKind::Cast { expr: inner, ty } => match expr_name_once(inner) {
                Some(name) => return Some(name),
                None if matches!(
                    inner.kind,
                    ExprKind::Cast { .. } | ExprKind::Collate { .. } | ExprKind::Index { .. }
                ) =>
                {
                    expr = inner
                }
                None => return Some(internal_name(&ty.name.name)),
            },
            ExprKind::Collate { expr: inner, .. }
            | ExprKind::Index { expr: inner, .. }
            | ExprKind::Slice { expr: inner, .. } => {
                expr = inner;
            }
            _ => return expr_name_once(expr),
        }
    }
    None
}

fn expr_name_once(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Column(parts) => parts.last().cloned(),
        ExprKind::Call(call) => Some(call.name.name.clone()),
        ExprKind::Field { field, .. } => Some(field.clone()),
        ExprKind::Keyword(word) => Some((*word).to_owned()),
        ExprKind::Exists(_) => Some("exists".to_owned()),
        ExprKind::ArrayQuery(_) | ExprKind::Array(_) => Some("array".to_owned()),
        ExprKind::Row(_) => Some("row".to_owned()),
        ExprKind::Bool(_) => Some("bool".to_owned()),
        ExprKind::AtTimeZone { .. } => Some("timezone".to_owned()),
        ExprKind::Case { otherwise, .. } => {
            otherwise.as_ref().and_then(|value| expr_name_once(value)).or_else(|| Some("case".to_owned()))
        }
        _ => None,
    }
}

/// `pg_type.typname` of a type spelled in words: what a cast of a constant is called.
fn internal_name(formal: &str) -> String {
    let internal = match formal {
        "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "boolean" => "bool",
        "real" => "float4",
        "double precision" => "float8",
        "character varying" => "varchar",
        "character" => "bpchar",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        other => other,
    };
    internal.to_owned()
}

/// The name of an index column, from the key's printed form: a column, a function, or `expr`.
fn simple_key(key: &str) -> String {
    if let Some(quoted) = key.strip_prefix('"') {
        return quoted.split('"').next().unwrap_or("expr").to_owned();
    }
    let word: String = key.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.')).collect();
    let rest = key.get(word.len()..).unwrap_or_default();
    let options =
        rest.split_whitespace().all(|part| part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"')));
    let call = rest.starts_with('(');
    if word.is_empty() || !call && !options {
        return "expr".to_owned();
    }
    word.rsplit('.').next().unwrap_or("expr").to_owned()
}

/// Numbers names that repeat: `lower`, `lower1`.
fn numbered(bases: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for base in bases {
        let mut name = base.clone();
        let mut pass = 1;
        while names.contains(&name) {
            name = format!("{base}{pass}");
            pass += 1;
        }
        names.push(name);
    }
    names
}
