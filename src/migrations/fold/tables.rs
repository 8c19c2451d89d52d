//! `CREATE TABLE` in all its forms, and the parts tables take from others: `LIKE`, `INHERITS`, `PARTITION OF`, `OF`.

use std::collections::BTreeMap;

use super::assume::blank_relation;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{
    Column, Constraint, ConstraintRule, Identity, ObjectKind, ObjectRef, QualifiedName, Relation, Shared, TypeKind,
};
use crate::sql::ast::{ConstraintDef, ConstraintKind, CreateTable, LikeClause, Name, Query};

impl Fold {
    /// True where a relation, index, sequence or composite type already has this name.
    pub(super) fn relation_name_taken(&self, name: &QualifiedName) -> bool {
        let catalog = self.catalog();
        catalog.relations.contains_key(name)
            || catalog.indexes.contains_key(name)
            || catalog.sequences.contains_key(name)
            || catalog.types.get(name).is_some_and(|ty| matches!(ty.kind, TypeKind::Composite { .. }))
    }

    pub(super) fn create_table(&mut self, create: &CreateTable) -> Effect {
        let kind = if create.foreign { ObjectKind::ForeignTable } else { ObjectKind::Table };
        let name = self.new_name(&create.name, create.temporary);
        let object = ObjectRef::new(kind, &name);
        self.name(object.clone());
        if self.is_known_relation(&name) {
            if create.if_not_exists {
                return Ok(());
            }
            return self.would_fail("duplicate_table", object, "already exists");
        }
        let seen = self.catalog().relations.get(&name).cloned();
        let mut table = self.new_relation(kind, &name);
        table.unlogged = create.unlogged;
        table.partition_by.clone_from(&create.partition_by);
        table.options = self.fact(create.options.iter().cloned().collect());
        self.store.insert_relation(name.clone(), table);
        self.gone.remove(&Key::Relation(name.clone()));
        self.note_altered(object.clone());
        self.take_parents(&name, create)?;
        create.likes.iter().for_each(|like| self.take_like(&name, like));
        self.add_columns(&name, create)?;
        self.add_table_constraints(&name, create)?;
        if let Some(seen) = seen {
            self.keep_seen(&object, &name, &seen, create.if_not_exists);
        }
        create.likes.iter().for_each(|like| self.take_like_indexes(&name, like));
        if let Some(parent) = &create.partition_of {
            let parent = self.relation(parent, ObjectKind::Table);
            self.take_partition_parts(&name, &parent);
        }
        self.fire_event_triggers(&name);
        Ok(())
    }

    /// There for certain: an assumed relation is only now being created.
    pub(super) fn is_known_relation(&self, name: &QualifiedName) -> bool {
        self.catalog().relations.get(name).is_some_and(|relation| !relation.provenance.is_assumed())
    }

    /// An empty relation of the current role, with the privileges new ones get.
    pub(super) fn new_relation(&self, kind: ObjectKind, name: &QualifiedName) -> Relation {
        let mut relation = blank_relation(kind, self.provenance());
        relation.owner = self.fact(self.session.role.clone());
        relation.columns_complete = true;
        relation.rls_enabled = self.fact(false);
        relation.rls_forced = self.fact(false);
        relation.options = self.fact(BTreeMap::new());
        relation.acl = self.new_acl(kind, Some(&name.schema));
        relation
    }

    fn take_parents(&mut self, name: &QualifiedName, create: &CreateTable) -> Effect {
        let partition = create.partition_of.is_some();
        let parents: Vec<QualifiedName> = create
            .partition_of
            .iter()
            .chain(&create.inherits)
            .map(|parent| self.relation(parent, ObjectKind::Table))
            .collect();
        for parent in &parents {
            self.inherit_columns(name, parent, partition);
        }
        self.parents.extend(parents.iter().cloned());
        if let Some(table) = self.store.relation_mut(name) {
            table.parents = parents;
            table.is_partition = partition;
        }
        if let Some(ty) = &create.of_type {
            self.take_type(name, ty);
        }
        Ok(())
    }

    /// Columns and checks a child has from its parent; partitions also take defaults as they are.
    fn inherit_columns(&mut self, name: &QualifiedName, parent: &QualifiedName, partition: bool) {
        let Some(source) = self.catalog().relations.get(parent).cloned() else { return };
        let here = self.here();
        let Some(table) = self.store.relation_mut(name) else { return };
        table.columns_complete &= source.columns_complete;
        for column in &source.columns {
            if table.column(&column.name).is_none() {
                let keep = if partition { None } else { column.identity };
                let copy = Column {
                    identity: keep.and(None),
                    acl: Default::default(),
                    at: here.clone(),
                    ..(**column).clone()
                };
                table.columns.push(copy.into());
            }
        }
        for (constraint, rule) in &source.constraints {
            if matches!(rule.kind, ConstraintRule::Check { .. }) {
                let copy = Constraint { at: here.clone(), ..(**rule).clone() };
                table.constraints.entry(constraint.clone()).or_insert(copy.into());
            }
        }
    }

    fn take_type(&mut self, name: &QualifiedName, ty: &Name) {
        let found = self.find_type(ty).and_then(|ty| self.catalog().types.get(&ty).cloned());
        let Some(TypeKind::Composite { attributes }) = found.map(|ty| ty.kind) else {
            if let Some(table) = self.store.relation_mut(name) {
                table.columns_complete = false;
            }
            return;
        };
        let columns = attributes.into_iter().map(|(name, ty)| self.plain_column(name, Some(ty)).into());
        let columns: Vec<Shared<Column>> = columns.collect();
        if let Some(table) = self.store.relation_mut(name) {
            table.columns.extend(columns);
        }
    }

    /// A nullable column without a default; an unknown type is said to be unknown.
    pub(super) fn plain_column(&self, name: String, ty: Option<String>) -> Column {
        let mut column = super::assume::blank_column(&name, self.here());
        column.ty = ty.map_or_else(|| self.unknown(), |ty| self.fact(ty));
        column.not_null = self.fact(false);
        column
    }

    fn take_like(&mut self, name: &QualifiedName, like: &LikeClause) {
        let source_name = self.relation(&like.source, ObjectKind::Table);
        let Some(source) = self.catalog().relations.get(&source_name).cloned() else { return };
        let includes = |what: &str| like.including.iter().any(|included| included == what);
        let here = self.here();
        for column in &source.columns {
            let mut copy = Column { acl: Default::default(), at: here.clone(), ..(**column).clone() };
            if !includes("defaults") {
                copy.default = None;
            }
            if !includes("generated") {
                copy.generated = None;
            }
            if !includes("comments") {
                copy.comment = None;
            }
            let identity = copy.identity.take().filter(|_| includes("identity"));
            if let Some(table) = self.store.relation_mut(name) {
                table.columns.push(copy.into());
            }
            if let Some(identity) = identity {
                self.make_identity(name, &column.name, identity);
            }
        }
        let Some(table) = self.store.relation_mut(name) else { return };
        table.columns_complete &= source.columns_complete;
        if includes("constraints") {
            let checks = source.constraints.iter();
            let checks = checks.filter(|(_, rule)| matches!(rule.kind, ConstraintRule::Check { .. }));
            table.constraints.extend(checks.map(|(name, rule)| {
                let copy = Constraint { at: here.clone(), ..(**rule).clone() };
                (name.clone(), copy.into())
            }));
        }
    }

    fn take_like_indexes(&mut self, name: &QualifiedName, like: &LikeClause) {
        if like.including.iter().any(|included| included == "indexes") {
            let source = self.relation(&like.source, ObjectKind::Table);
            self.copy_indexes(name, &source);
        }
    }

    fn add_columns(&mut self, name: &QualifiedName, create: &CreateTable) -> Effect {
        for def in &create.columns {
            self.add_column_def(name, def);
        }
        Ok(())
    }

    /// Checks first, then indexes (the primary key before the others), then foreign keys: the order in which
    /// PostgreSQL names what has no name.
    fn add_table_constraints(&mut self, name: &QualifiedName, create: &CreateTable) -> Effect {
        let all: Vec<&ConstraintDef> =
            create.columns.iter().flat_map(|column| &column.constraints).chain(&create.constraints).collect();
        let rank = |def: &ConstraintDef| match def.kind {
            ConstraintKind::NotNull { .. } => 0,
            ConstraintKind::Check(_) => 1,
            ConstraintKind::PrimaryKey { .. } => 2,
            ConstraintKind::Unique { .. } | ConstraintKind::Exclude(_) => 3,
            ConstraintKind::ForeignKey { .. } => 4,
        };
        let mut sorted = all.clone();
        sorted.sort_by_key(|def| rank(def));
        let mut keys: Vec<(Vec<String>, bool)> = Vec::new();
        for def in sorted {
            if let Some(columns) = key_columns(def) {
                // A key over the same columns as an earlier one is the same index.
                let key = (columns.to_vec(), def.deferrable);
                if keys.contains(&key) {
                    continue;
                }
                keys.push(key);
                self.add_constraint(name, &with_later_name(def, &all))?;
            } else {
                self.add_constraint(name, def)?;
            }
        }
        Ok(())
    }

    /// A partition gets the indexes, keys, foreign keys and row triggers of its parent.
    pub(super) fn take_partition_parts(&mut self, name: &QualifiedName, parent: &QualifiedName) {
        self.copy_indexes(name, parent);
        let Some(source) = self.catalog().relations.get(parent).cloned() else { return };
        let here = self.here();
        let Some(table) = self.store.relation_mut(name) else { return };
        for (constraint, rule) in &source.constraints {
            if matches!(rule.kind, ConstraintRule::ForeignKey { .. }) {
                let copy = Constraint { at: here.clone(), ..(**rule).clone() };
                table.constraints.entry(constraint.clone()).or_insert(copy.into());
            }
        }
        for (trigger, definition) in &source.triggers {
            if definition.row {
                table.triggers.entry(trigger.clone()).or_insert_with(|| definition.clone());
            }
        }
    }

    pub(super) fn create_table_as(
        &mut self,
        name: &Name,
        if_not_exists: bool,
        temporary: bool,
        aliases: &[String],
        query: &Query,
    ) -> Effect {
        let name = self.new_name(name, temporary);
        let object = ObjectRef::new(ObjectKind::Table, &name);
        self.name(object.clone());
        if self.is_known_relation(&name) {
            if if_not_exists {
                return Ok(());
            }
            return self.would_fail("duplicate_table", object, "already exists");
        }
        let mut table = self.new_relation(ObjectKind::Table, &name);
        let output = self.query_columns(query);
        table.columns_complete = output.is_some();
        table.columns = self.output_columns(output.unwrap_or_default(), aliases).into();
        self.store.insert_relation(name.clone(), table);
        self.gone.remove(&Key::Relation(name.clone()));
        self.note_altered(object);
        self.fire_event_triggers(&name);
        Ok(())
    }

    /// Columns of a query's result, renamed by a column list.
    pub(super) fn output_columns(
        &self,
        output: Vec<(String, Option<String>)>,
        aliases: &[String],
    ) -> Vec<Shared<Column>> {
        let names = output.into_iter().enumerate();
        let renamed = names.map(|(at, (name, ty))| (aliases.get(at).cloned().unwrap_or(name), ty));
        let mut columns: Vec<Shared<Column>> = renamed.map(|(name, ty)| self.plain_column(name, ty).into()).collect();
        for alias in aliases.get(columns.len()..).unwrap_or_default() {
            columns.push(self.plain_column(alias.clone(), None).into());
        }
        columns
    }

    /// Sets an identity column's kind and creates its sequence.
    pub(super) fn make_identity(&mut self, table: &QualifiedName, column: &str, identity: Identity) {
        let not_null = self.fact(true);
        self.create_owned_sequence(table, column, true);
        if let Some(column) = self.column_mut(table, column) {
            column.identity = Some(identity);
            column.not_null = not_null;
        }
    }

    pub(super) fn column_mut(&mut self, table: &QualifiedName, column: &str) -> Option<&mut Column> {
        let columns = &mut self.store.relation_mut(table)?.columns;
        columns.iter_mut().find(|candidate| candidate.name == column).map(|column| &mut **column)
    }
}

/// Columns of a key that makes an index of its own.
fn key_columns(def: &ConstraintDef) -> Option<&[String]> {
    match &def.kind {
        ConstraintKind::PrimaryKey { columns, using_index: None }
        | ConstraintKind::Unique { columns, using_index: None, .. } => Some(columns),
        _ => None,
    }
}

/// An unnamed key takes the name of a later key over the same columns.
fn with_later_name(def: &ConstraintDef, all: &[&ConstraintDef]) -> ConstraintDef {
    let mut def = def.clone();
    if def.name.is_none() {
        let twin = all.iter().find(|other| {
            other.name.is_some() && key_columns(other) == key_columns(&def) && key_columns(&def).is_some()
        });
        def.name = twin.and_then(|other| other.name.clone());
    }
    def
}
