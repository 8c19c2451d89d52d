//! Renames and `SET SCHEMA`, followed wherever the object is referred to.

use super::columns::nextval;
use super::rewrite::Renaming;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{
    Column, ConstraintRule, Expression, Fact, FunctionKey, ObjectKind, ObjectRef, QualifiedName, Relation, Shared,
};
use crate::sql::ast::quote_ident;

impl Fold {
    /// Moves a relation to another name or schema; `name` becomes the new one.
    pub(super) fn rename_relation(&mut self, name: &mut QualifiedName, to: QualifiedName) -> Effect {
        let kind = self.catalog().relations.get(name).map_or(ObjectKind::Table, |relation| relation.kind);
        let object = ObjectRef::new(kind, &to);
        if self.is_known_relation(&to) {
            return self.would_fail("duplicate_table", object, "already exists");
        }
        if self.conditional {
            return self.doubt_rename(ObjectRef::new(kind, &*name));
        }
        let Some(relation) = self.store.remove_relation(name) else { return Ok(()) };
        self.note_renamed(ObjectRef::new(kind, &*name), object);
        self.note_parts_renamed(&relation, name, &to);
        for constraint in relation.constraints.keys() {
            self.constraint_names.insert((to.schema.clone(), constraint.clone()));
        }
        self.gone.insert(Key::Relation(name.clone()));
        self.gone.remove(&Key::Relation(to.clone()));
        self.store.insert_relation(to.clone(), relation);
        self.referenced.insert(to.name.clone());
        if self.parents.contains(name) {
            self.parents.insert(to.clone());
        }
        self.follow_relation(name, &to);
        *name = to;
        Ok(())
    }

    fn doubt_rename(&mut self, object: ObjectRef) -> Effect {
        let message = format!("{object} may have been renamed or moved");
        self.cover_here(crate::coverage::CoverageKind::Undecided, Some(object), message);
        Ok(())
    }

    fn note_parts_renamed(&mut self, relation: &Relation, from: &QualifiedName, to: &QualifiedName) {
        let parts = [
            (ObjectKind::Policy, relation.policies.keys().collect::<Vec<_>>()),
            (ObjectKind::Trigger, relation.triggers.keys().collect()),
            (ObjectKind::Rule, relation.rules.keys().collect()),
            (ObjectKind::Constraint, relation.constraints.keys().collect()),
            (ObjectKind::Column, relation.columns.iter().map(|column| &column.name).collect()),
        ];
        for (kind, names) in parts {
            for name in names {
                self.note_carried(ObjectRef::on(kind, from, name), ObjectRef::on(kind, to, name));
            }
        }
    }

    /// Lets everything that refers to a relation refer to its new name.
    fn follow_relation(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let renaming = Renaming::Relation { from: from.clone(), to: to.clone() };
        let affected: Vec<QualifiedName> = self.catalog().relations.keys().cloned().collect();
        for name in affected {
            let Some(relation) = self.catalog().relations.get(&name) else { continue };
            if !refers(relation, from, &renaming) {
                continue;
            }
            if let Some(relation) = self.store.relation_mut(&name) {
                rewrite_relation(relation, from, to, &renaming);
            }
        }
        for (index, new) in self.indexes_moved(from, to) {
            if let Some(mut found) = self.store.remove_index(&index) {
                found.table = to.clone();
                self.note_carried(ObjectRef::new(ObjectKind::Index, &index), ObjectRef::new(ObjectKind::Index, &new));
                self.move_index(&index, new, found);
            }
        }
        for sequence in self.owned_sequences(from, None) {
            let moved = QualifiedName::new(to.schema.clone(), sequence.name.clone());
            if let Some(mut found) = self.store.remove_sequence(&sequence) {
                found.owned_by = found.owned_by.map(|(_, column)| (to.clone(), column));
                self.store.insert_sequence(moved.clone(), found);
                if moved != sequence {
                    self.follow_sequence(&sequence, &moved);
                }
            }
        }
        self.follow_in_publications(from, to);
        self.follow_row_type(from, to);
    }

    fn indexes_moved(&self, from: &QualifiedName, to: &QualifiedName) -> Vec<(QualifiedName, QualifiedName)> {
        let names = self.indexes_of(from).into_iter();
        names.map(|name| (name.clone(), QualifiedName::new(to.schema.clone(), name.name))).collect()
    }

    fn follow_in_publications(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let holding: Vec<String> = self
            .catalog()
            .publications
            .iter()
            .filter(|(_, publication)| publication.tables.contains_key(from))
            .map(|(name, _)| name.clone())
            .collect();
        for name in holding {
            if let Some(publication) = self.store.publication_mut(&name)
                && let Some(fact) = publication.tables.remove(from)
            {
                publication.tables.insert(to.clone(), fact);
            }
        }
    }

    /// Functions and columns that use a type, or a table's row type.
    pub(super) fn follow_row_type(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let (old, new) = (from.to_string(), to.to_string());
        let swap = |ty: &str| replace_type(ty, &old, &new);
        let functions: Vec<FunctionKey> = self
            .catalog()
            .functions
            .iter()
            .filter(|(_, function)| {
                function.params.iter().any(|param| swap(&param.ty).is_some())
                    || function.returns.as_ref().is_some_and(|ty| swap(ty).is_some())
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in functions {
            let Some(mut function) = self.store.remove_function(&key) else { continue };
            for param in &mut function.params {
                param.ty = swap(&param.ty).unwrap_or_else(|| param.ty.clone());
            }
            function.returns = function.returns.map(|ty| swap(&ty).unwrap_or(ty));
            let args = key.args.iter().map(|ty| swap(ty).unwrap_or_else(|| ty.clone())).collect();
            let moved = FunctionKey { name: key.name.clone(), args };
            if let Some(routine) = self.routines.remove(&key) {
                self.routines.insert(moved.clone(), routine);
            }
            self.store.insert_function(moved, function);
        }
        let tables: Vec<QualifiedName> = self
            .catalog()
            .relations
            .iter()
            .filter(|(_, relation)| relation.columns.iter().any(|c| c.ty.get().is_some_and(|ty| swap(ty).is_some())))
            .map(|(name, _)| name.clone())
            .collect();
        for table in tables {
            let Some(relation) = self.store.relation_mut(&table) else { continue };
            for column in &mut relation.columns {
                if let Some(ty) = column.ty.value.as_ref().and_then(|ty| swap(ty)) {
                    column.ty.value = Some(ty);
                }
            }
        }
    }

    pub(super) fn rename_column(&mut self, table: &QualifiedName, from: &str, to: &str) -> Effect {
        self.require_column(table, from)?;
        let taken = self.catalog().relations.get(table).is_some_and(|relation| relation.column(to).is_some());
        if taken {
            let object = ObjectRef::on(ObjectKind::Column, table, to);
            return self.would_fail("duplicate_column", object, "already exists");
        }
        if self.conditional {
            return self.doubt_rename(ObjectRef::on(ObjectKind::Column, table, from));
        }
        self.note_renamed(ObjectRef::on(ObjectKind::Column, table, from), ObjectRef::on(ObjectKind::Column, table, to));
        let renaming = Renaming::Column { table: table.name.clone(), from: from.to_owned(), to: to.to_owned() };
        if let Some(relation) = self.store.relation_mut(table) {
            relation
                .columns
                .iter_mut()
                .filter(|column| column.name == from)
                .for_each(|column| to.clone_into(&mut column.name));
            for_each_expression(relation, |expression| {
                renaming.apply(expression);
            });
            relation.constraints.values_mut().for_each(|constraint| rename_key_column(&mut constraint.kind, from, to));
            relation.partition_by = relation.partition_by.take().map(|key| with_word(&key, from, to));
        }
        self.follow_column(table, &renaming, (from, to));
        for child in self.children(table) {
            self.rename_column(&child, from, to)?;
        }
        Ok(())
    }

    fn follow_column(&mut self, table: &QualifiedName, renaming: &Renaming, (from, to): (&str, &str)) {
        for name in self.indexes_of(table) {
            if let Some(index) = self.store.index_mut(&name) {
                index.include.iter_mut().filter(|key| *key == from).for_each(|key| to.clone_into(key));
                for key in &mut index.keys {
                    *key = if key == from { to.to_owned() } else { with_word(key, from, to) };
                }
                if let Some(filter) = &mut index.filter {
                    renaming.apply(filter);
                }
            }
        }
        for view in self.views_of(table) {
            let definition = self.store.relation_mut(&view).and_then(|view| view.definition.as_mut()?.value.as_mut());
            if let Some(definition) = definition {
                definition.outdated = true;
            }
        }
        for sequence in self.owned_sequences(table, Some(from)) {
            if let Some(sequence) = self.store.sequence_mut(&sequence) {
                sequence.owned_by = Some((table.clone(), to.to_owned()));
            }
        }
        if !self.referenced.contains(&table.name) {
            return;
        }
        let referring: Vec<QualifiedName> = self
            .catalog()
            .relations
            .iter()
            .filter(|(_, relation)| relation.constraints.values().any(|c| references_column(&c.kind, table, from)))
            .map(|(name, _)| name.clone())
            .collect();
        for name in referring {
            let Some(relation) = self.store.relation_mut(&name) else { continue };
            for constraint in relation.constraints.values_mut() {
                if let ConstraintRule::ForeignKey { references, referenced_columns, .. } = &mut constraint.kind
                    && references == table
                {
                    referenced_columns
                        .iter_mut()
                        .filter(|column| *column == from)
                        .for_each(|column| to.clone_into(column));
                }
            }
        }
    }

    pub(super) fn rename_constraint(&mut self, table: &QualifiedName, from: &str, to: &str) -> Effect {
        let Some(relation) = self.store.relation_mut(table) else { return Ok(()) };
        let Some(constraint) = relation.constraints.remove(from) else { return Ok(()) };
        relation.constraints.insert(to.to_owned(), constraint);
        self.constraint_names.insert((table.schema.clone(), to.to_owned()));
        self.note_renamed(
            ObjectRef::on(ObjectKind::Constraint, table, from),
            ObjectRef::on(ObjectKind::Constraint, table, to),
        );
        let old = QualifiedName::new(table.schema.clone(), from);
        if self.catalog().indexes.get(&old).is_some_and(|index| index.constraint && index.table == *table) {
            let new = QualifiedName::new(table.schema.clone(), to);
            if let Some(index) = self.store.remove_index(&old) {
                self.move_index(&old, new.clone(), index);
            }
            self.note_renamed(ObjectRef::new(ObjectKind::Index, &old), ObjectRef::new(ObjectKind::Index, &new));
        }
        Ok(())
    }

    /// The constraint an index belongs to is renamed with it.
    pub(super) fn rename_index(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let Some(index) = self.store.remove_index(from) else { return };
        if index.constraint {
            let table = index.table.clone();
            if let Some(relation) = self.store.relation_mut(&table)
                && let Some(constraint) = relation.constraints.remove(&from.name)
            {
                relation.constraints.insert(to.name.clone(), constraint);
            }
            self.constraint_names.insert((table.schema, to.name.clone()));
        }
        self.note_renamed(ObjectRef::new(ObjectKind::Index, from), ObjectRef::new(ObjectKind::Index, to));
        self.gone.remove(&Key::Index(to.clone()));
        self.move_index(from, to.clone(), index);
    }

    pub(super) fn rename_sequence(&mut self, from: &QualifiedName, to: QualifiedName) -> QualifiedName {
        let Some(sequence) = self.store.remove_sequence(from) else { return to };
        self.note_renamed(ObjectRef::new(ObjectKind::Sequence, from), ObjectRef::new(ObjectKind::Sequence, &to));
        self.store.insert_sequence(to.clone(), sequence);
        self.follow_sequence(from, &to);
        to
    }

    /// Defaults that draw from a sequence hold on to it, not to its name.
    fn follow_sequence(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let (old, new) = (nextval(from).canonical, nextval(to));
        let draws = |column: &Shared<Column>| column.default.as_ref().is_some_and(|default| default.canonical == old);
        let drawing = self.catalog().relations.iter().filter(|(_, relation)| relation.columns.iter().any(draws));
        let drawing: Vec<QualifiedName> = drawing.map(|(name, _)| name.clone()).collect();
        for name in drawing {
            let columns = self.store.relation_mut(&name).into_iter().flat_map(|relation| &mut relation.columns);
            columns.filter(|column| draws(column)).for_each(|column| column.default = Some(new.clone()));
        }
    }

    pub(super) fn rename_function(&mut self, key: &mut FunctionKey, to: FunctionKey) -> Effect {
        let kind = self.catalog().functions.get(key).map_or(ObjectKind::Function, |function| function.kind);
        if self.catalog().functions.contains_key(&to) {
            return self.would_fail("duplicate_function", ObjectRef::new(kind, &to), "already exists");
        }
        if self.conditional {
            return self.doubt_rename(ObjectRef::new(kind, &*key));
        }
        let others = self.overloads(&key.name).count();
        let Some(function) = self.store.remove_function(key) else { return Ok(()) };
        self.note_renamed(ObjectRef::new(kind, &*key), ObjectRef::new(kind, &to));
        self.gone.insert(Key::Function(key.clone()));
        self.store.insert_function(to.clone(), function);
        if let Some(routine) = self.routines.remove(key) {
            self.routines.insert(to.clone(), routine);
        }
        if self.referenced.contains(&key.name.name) && (others == 1 || to.args.is_empty()) {
            self.follow_function(&key.name.clone(), &to.name);
        }
        *key = to;
        Ok(())
    }

    /// Triggers, event triggers, views and expressions that call a function.
    fn follow_function(&mut self, from: &QualifiedName, to: &QualifiedName) {
        self.referenced.insert(to.name.clone());
        let renaming = Renaming::Function { from: from.clone(), to: to.clone() };
        let names: Vec<QualifiedName> = self.catalog().relations.keys().cloned().collect();
        for name in names {
            let Some(relation) = self.catalog().relations.get(&name) else { continue };
            let view = relation.definition.as_ref().and_then(Fact::get).is_some_and(|view| view.calls.contains(from));
            let trigger = relation.triggers.values().any(|trigger| trigger.function == *from);
            if !view && !trigger && !rewrites(relation, &renaming) {
                continue;
            }
            let Some(relation) = self.store.relation_mut(&name) else { continue };
            relation.triggers.values_mut().filter(|t| t.function == *from).for_each(|t| t.function = to.clone());
            if let Some(view) = relation.definition.as_mut().and_then(|fact| fact.value.as_mut()) {
                view.calls.iter_mut().filter(|call| *call == from).for_each(|call| *call = to.clone());
            }
            for_each_expression(relation, |expression| {
                renaming.apply(expression);
            });
        }
        let events: Vec<String> = self
            .catalog()
            .event_triggers
            .iter()
            .filter(|(_, trigger)| trigger.function == *from)
            .map(|(name, _)| name.clone())
            .collect();
        for name in events {
            if let Some(trigger) = self.store.event_trigger_mut(&name) {
                trigger.function = to.clone();
            }
        }
    }
}

/// A partition key with a column under its new name.
fn with_word(key: &str, from: &str, to: &str) -> String {
    let (from, to) = (quote_ident(from), quote_ident(to));
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"');
    let mut out = String::new();
    for piece in key.split_inclusive(|c: char| !is_word(c)) {
        let end = piece.trim_end_matches(|c: char| !is_word(c)).len();
        let (word, rest) = piece.split_at(end);
        out.push_str(if word == from { &to } else { word });
        out.push_str(rest);
    }
    out
}

fn rename_key_column(rule: &mut ConstraintRule, from: &str, to: &str) {
    match rule {
        ConstraintRule::Unique { columns }
        | ConstraintRule::PrimaryKey { columns }
        | ConstraintRule::ForeignKey { columns, .. } => {
            columns.iter_mut().filter(|column| *column == from).for_each(|column| to.clone_into(column));
        }
        ConstraintRule::Check { .. } | ConstraintRule::Exclude { .. } => {}
    }
}

fn references_column(rule: &ConstraintRule, table: &QualifiedName, column: &str) -> bool {
    matches!(rule, ConstraintRule::ForeignKey { references, referenced_columns, .. }
        if references == table && referenced_columns.iter().any(|name| name == column))
}

/// Runs `change` on every expression on a relation.
fn for_each_expression(relation: &mut Relation, mut change: impl FnMut(&mut Expression)) {
    for policy in relation.policies.values_mut() {
        let policy = &mut **policy;
        [&mut policy.using, &mut policy.check]
            .into_iter()
            .filter_map(|fact| fact.value.as_mut())
            .flatten()
            .for_each(&mut change);
    }
    for column in &mut relation.columns {
        let column = &mut **column;
        column.default.iter_mut().chain(&mut column.generated).for_each(&mut change);
    }
    relation.triggers.values_mut().filter_map(|trigger| trigger.when.as_mut()).for_each(&mut change);
    for constraint in relation.constraints.values_mut() {
        if let ConstraintRule::Check { expression } = &mut constraint.kind {
            change(expression);
        }
    }
}

fn rewrites(relation: &Relation, renaming: &Renaming) -> bool {
    let mut hit = false;
    for_each_expression(&mut relation.clone(), |expression| hit |= renaming.apply(expression));
    hit
}

fn refers(relation: &Relation, from: &QualifiedName, renaming: &Renaming) -> bool {
    let view = relation.definition.as_ref().and_then(Fact::get).is_some_and(|view| view.reads.contains(from));
    let foreign = relation.constraints.values().any(
        |constraint| matches!(&constraint.kind, ConstraintRule::ForeignKey { references, .. } if references == from),
    );
    let rule = relation.rules.values().any(|rule| rule.writes.contains(from));
    view || foreign || rule || relation.parents.contains(from) || rewrites(relation, renaming)
}

fn rewrite_relation(relation: &mut Relation, from: &QualifiedName, to: &QualifiedName, renaming: &Renaming) {
    relation.parents.iter_mut().filter(|parent| *parent == from).for_each(|parent| *parent = to.clone());
    if let Some(view) = relation.definition.as_mut().and_then(|fact| fact.value.as_mut()) {
        view.outdated |= view.reads.contains(from);
        view.reads.iter_mut().filter(|read| *read == from).for_each(|read| *read = to.clone());
        view.reads.sort();
    }
    for constraint in relation.constraints.values_mut() {
        if let ConstraintRule::ForeignKey { references, .. } = &mut constraint.kind
            && references == from
        {
            *references = to.clone();
        }
    }
    relation.rules.values_mut().flat_map(|rule| &mut rule.writes).filter(|w| *w == from).for_each(|w| *w = to.clone());
    for_each_expression(relation, |expression| {
        renaming.apply(expression);
    });
}

/// The printed type with `old` replaced, where it is that type (or `SETOF`, or an array of it).
fn replace_type(ty: &str, old: &str, new: &str) -> Option<String> {
    let (set, base) = ty.strip_prefix("SETOF ").map_or(("", ty), |base| ("SETOF ", base));
    let rest = base.strip_prefix(old)?;
    (rest.is_empty() || rest.starts_with(['[', '('])).then(|| format!("{set}{new}{rest}"))
}
