//! `ALTER TABLE` and its kin: one action after the other on one relation, index or sequence.

use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Identity, ObjectKind, ObjectRef, QualifiedName};
use crate::sql::ast::{Name, RelationAction, SequenceOptions, TriggerSelector, TriggerState};

impl Fold {
    pub(super) fn alter_relation(
        &mut self,
        kind: ObjectKind,
        name: &Name,
        if_exists: bool,
        actions: &[RelationAction],
    ) -> Effect {
        if self.find_relation(name).is_none() {
            if kind == ObjectKind::Index || kind == ObjectKind::Table && self.find_index(name).is_some() {
                return self.alter_index(name, if_exists, actions);
            }
            if kind == ObjectKind::Sequence || self.find_sequence(name).is_some() {
                return self.alter_sequence(name, if_exists, actions);
            }
        }
        if self.find_relation(name).is_none() {
            let guess = self.guess(name);
            let gone = self.gone.contains(&Key::Relation(guess.clone()));
            if if_exists && gone {
                return Ok(());
            }
            if gone {
                self.would_fail("undefined_table", ObjectRef::new(kind, &guess), "does not exist")?;
            }
        }
        let mut table = if if_exists { self.relation_if_there(name, kind) } else { self.relation(name, kind) };
        for action in actions {
            self.alter_one(&mut table, action)?;
        }
        Ok(())
    }

    fn alter_one(&mut self, table: &mut QualifiedName, action: &RelationAction) -> Effect {
        let kind = self.catalog().relations.get(table).map_or(ObjectKind::Table, |relation| relation.kind);
        self.note_altered(ObjectRef::new(kind, &*table));
        match action {
            RelationAction::Rename(to) => {
                self.rename_relation(table, QualifiedName::new(table.schema.clone(), to.clone()))?
            }
            RelationAction::SetSchema(to) => {
                self.assume_schema(to);
                self.rename_relation(table, QualifiedName::new(to.clone(), table.name.clone()))?;
            }
            RelationAction::RenameColumn { from, to } => self.rename_column(table, from, to)?,
            RelationAction::RenameConstraint { from, to } => self.rename_constraint(table, from, to)?,
            RelationAction::Owner(role) => {
                let role = self.role(role);
                self.change_relation_owner(table, &role);
            }
            RelationAction::AddColumn { .. }
            | RelationAction::DropColumn { .. }
            | RelationAction::ColumnType { .. }
            | RelationAction::ColumnDefault { .. }
            | RelationAction::ColumnNotNull { .. }
            | RelationAction::ColumnIdentity { .. }
            | RelationAction::ColumnGenerated { .. } => self.alter_column(table, action)?,
            RelationAction::AddConstraint(def) => self.add_constraint(table, def)?,
            RelationAction::DropConstraint { name, if_exists, cascade } => {
                self.drop_constraint(table, name, *if_exists, *cascade)?;
            }
            RelationAction::ValidateConstraint(name) => self.validate_constraint(table, name)?,
            RelationAction::AlterConstraint { name, deferrable } => {
                let constraint = self.store.relation_mut(table).and_then(|relation| relation.constraints.get_mut(name));
                if let Some(constraint) = constraint {
                    constraint.deferrable = *deferrable;
                }
                self.note_altered(ObjectRef::on(ObjectKind::Constraint, table, name));
            }
            RelationAction::RowSecurity(on) => self.set_row_security(table, *on),
            RelationAction::ForceRowSecurity(on) => {
                let fact = self.fact(*on);
                if let Some(relation) = self.store.relation_mut(table) {
                    relation.rls_forced = fact;
                }
            }
            RelationAction::Trigger { which, state } => self.set_triggers(table, which, *state)?,
            RelationAction::Rule { name, state } => self.set_rule(table, name, *state),
            RelationAction::SetOptions(_) | RelationAction::ResetOptions(_) => self.alter_options(table, action),
            RelationAction::Inherit(_)
            | RelationAction::NoInherit(_)
            | RelationAction::AttachPartition(_)
            | RelationAction::DetachPartition(_) => self.alter_inheritance(table, action)?,
            RelationAction::Logged(logged) => {
                if let Some(relation) = self.store.relation_mut(table) {
                    relation.unlogged = !logged;
                }
            }
            RelationAction::Sequence(_) | RelationAction::Other => {}
        }
        Ok(())
    }

    fn set_row_security(&mut self, table: &QualifiedName, on: bool) {
        let fact = self.fact(on);
        if let Some(relation) = self.store.relation_mut(table) {
            relation.rls_enabled = fact;
        }
    }

    fn alter_column(&mut self, table: &QualifiedName, action: &RelationAction) -> Effect {
        match action {
            RelationAction::AddColumn { column, if_not_exists } => {
                return self.add_column(table, column, *if_not_exists);
            }
            RelationAction::DropColumn { name, if_exists, cascade } => {
                return self.drop_column(table, name, *if_exists, *cascade);
            }
            RelationAction::ColumnType { column, ty } => {
                self.require_column(table, column)?;
                let ty = self.type_text(ty);
                let fact = self.fact(ty);
                if let Some(column) = self.column_mut(table, column) {
                    column.ty = fact;
                }
            }
            RelationAction::ColumnDefault { column, default } => {
                self.require_column(table, column)?;
                self.refer(default);
                let default = self.default_of(default.as_ref());
                if let Some(column) = self.column_mut(table, column) {
                    column.default = default;
                }
            }
            RelationAction::ColumnNotNull { column, not_null } => {
                self.require_column(table, column)?;
                self.set_not_null(table, column, *not_null);
            }
            RelationAction::ColumnIdentity { column, identity } => self.alter_identity(table, column, *identity)?,
            RelationAction::ColumnGenerated { column, generated } => {
                self.require_column(table, column)?;
                let generated = self.default_of(generated.as_ref());
                if let Some(column) = self.column_mut(table, column) {
                    column.generated = generated;
                }
            }
            _ => return Ok(()),
        }
        if let Some(name) = column_named(action) {
            self.note_altered(ObjectRef::on(ObjectKind::Column, table, name));
            // Identity is not inherited.
            if matches!(action, RelationAction::ColumnIdentity { .. }) {
                return Ok(());
            }
            for child in self.children(table) {
                self.alter_column(&child, action)?;
            }
        }
        Ok(())
    }

    fn alter_identity(&mut self, table: &QualifiedName, column: &str, identity: Option<bool>) -> Effect {
        self.require_column(table, column)?;
        let had = self.catalog().relations.get(table).and_then(|r| r.column(column)).and_then(|c| c.identity);
        let kind = identity.map(|always| if always { Identity::Always } else { Identity::ByDefault });
        match (had, kind) {
            (None, Some(kind)) => self.make_identity(table, column, kind),
            (Some(_), None) => self.drop_owned_sequences(table, Some(column), true),
            _ => {}
        }
        if let Some(column) = self.column_mut(table, column) {
            column.identity = kind;
        }
        Ok(())
    }

    fn alter_options(&mut self, table: &QualifiedName, action: &RelationAction) {
        let (at, conditional) = (self.here(), self.conditional);
        let Some(relation) = self.store.relation_mut(table) else { return };
        // Of a relation never created only the options set since are known.
        let mut options = relation.options.value.clone().unwrap_or_default();
        match action {
            RelationAction::SetOptions(set) => options.extend(set.iter().cloned()),
            RelationAction::ResetOptions(names) => options.retain(|name, _| !names.contains(name)),
            _ => {}
        }
        relation.options = crate::catalog::Fact { value: Some(options), at, conditional };
    }

    fn alter_inheritance(&mut self, table: &QualifiedName, action: &RelationAction) -> Effect {
        match action {
            RelationAction::Inherit(parent) => {
                let parent = self.relation(parent, ObjectKind::Table);
                self.set_parent(table, &parent, false);
            }
            RelationAction::AttachPartition(child) => {
                let child = self.relation(child, ObjectKind::Table);
                self.set_parent(&child, table, true);
                self.attach_parts(&child, table);
            }
            RelationAction::NoInherit(parent) => {
                let parent = self.relation(parent, ObjectKind::Table);
                self.require_child(table, &parent)?;
                self.unset_parent(table, &parent);
            }
            RelationAction::DetachPartition(child) => {
                let child = self.relation(child, ObjectKind::Table);
                self.require_child(&child, table)?;
                self.unset_parent(&child, table);
            }
            _ => {}
        }
        Ok(())
    }

    /// A child has to be one; of assumed tables nobody knows.
    fn require_child(&mut self, child: &QualifiedName, parent: &QualifiedName) -> Effect {
        let Some(relation) = self.catalog().relations.get(child) else { return Ok(()) };
        if relation.provenance.is_assumed() || relation.parents.contains(parent) {
            return Ok(());
        }
        let object = ObjectRef::new(relation.kind, child);
        self.would_fail("undefined_table", object, &format!("is no partition or child of {parent}"))
    }

    fn set_parent(&mut self, child: &QualifiedName, parent: &QualifiedName, partition: bool) {
        self.parents.insert(parent.clone());
        if let Some(relation) = self.store.relation_mut(child) {
            relation.is_partition |= partition;
            if !relation.parents.contains(parent) {
                relation.parents.push(parent.clone());
            }
        }
    }

    fn unset_parent(&mut self, child: &QualifiedName, parent: &QualifiedName) {
        if let Some(relation) = self.store.relation_mut(child) {
            relation.parents.retain(|candidate| candidate != parent);
            relation.is_partition &= !relation.parents.is_empty();
        }
    }

    /// An attached partition keeps matching indexes and gets those it lacks.
    fn attach_parts(&mut self, child: &QualifiedName, parent: &QualifiedName) {
        let has = |fold: &Self, table: &QualifiedName| -> Vec<(bool, Vec<String>)> {
            let names = fold.indexes_of(table);
            let indexes = names.iter().filter_map(|name| fold.catalog().indexes.get(name));
            indexes.map(|index| (index.unique, index.keys.clone())).collect()
        };
        let own = has(self, child);
        if has(self, parent).iter().any(|index| !own.contains(index)) && own.is_empty() {
            self.take_partition_parts(child, parent);
        }
    }

    fn alter_index(&mut self, name: &Name, if_exists: bool, actions: &[RelationAction]) -> Effect {
        let Some(mut index) = self.index(name) else {
            let guess = self.guess(name);
            if if_exists {
                return Ok(());
            }
            if self.gone.contains(&Key::Index(guess.clone())) {
                return self.would_fail("undefined_table", ObjectRef::new(ObjectKind::Index, guess), "does not exist");
            }
            self.assume_index(&guess, QualifiedName::new("", ""));
            return self.alter_index(name, true, actions);
        };
        for action in actions {
            self.note_altered(ObjectRef::new(ObjectKind::Index, &index));
            if let RelationAction::Rename(to) = action {
                let to = QualifiedName::new(index.schema.clone(), to.clone());
                self.rename_index(&index, &to);
                index = to;
            }
        }
        Ok(())
    }

    fn alter_sequence(&mut self, name: &Name, if_exists: bool, actions: &[RelationAction]) -> Effect {
        let mut sequence = match self.find_sequence(name) {
            Some(found) => found,
            None if if_exists => return Ok(()),
            None => {
                let guess = self.guess(name);
                self.assume_sequence(&guess);
                guess
            }
        };
        for action in actions {
            self.note_altered(ObjectRef::new(ObjectKind::Sequence, &sequence));
            match action {
                RelationAction::Rename(to) => {
                    let to = QualifiedName::new(sequence.schema.clone(), to.clone());
                    sequence = self.rename_sequence(&sequence, to);
                }
                RelationAction::SetSchema(to) => {
                    let to = QualifiedName::new(to.clone(), sequence.name.clone());
                    sequence = self.rename_sequence(&sequence, to);
                }
                RelationAction::Owner(role) => {
                    let role = self.role(role);
                    self.change_sequence_owner(&sequence, &role);
                }
                RelationAction::Sequence(options) => self.sequence_options(&sequence, options),
                _ => {}
            }
        }
        self.name(ObjectRef::new(ObjectKind::Sequence, &sequence));
        Ok(())
    }

    pub(super) fn sequence_options(&mut self, name: &QualifiedName, options: &SequenceOptions) {
        let Some(owned_by) = &options.owned_by else { return };
        let owned_by =
            owned_by.as_ref().map(|(table, column)| (self.relation(table, ObjectKind::Table), column.clone()));
        if let Some(sequence) = self.store.sequence_mut(name) {
            sequence.owned_by = owned_by;
        }
    }

    pub(super) fn create_sequence(
        &mut self,
        name: &Name,
        if_not_exists: bool,
        temporary: bool,
        options: &SequenceOptions,
    ) -> Effect {
        let name = self.new_name(name, temporary);
        let object = ObjectRef::new(ObjectKind::Sequence, &name);
        self.name(object.clone());
        if self.relation_name_taken(&name) {
            if if_not_exists {
                return Ok(());
            }
            return self.would_fail("duplicate_table", object, "already exists");
        }
        let sequence = crate::catalog::Sequence {
            provenance: self.provenance(),
            owner: self.fact(self.session.role.clone()),
            acl: self.new_acl(ObjectKind::Sequence, Some(&name.schema)),
            ..Default::default()
        };
        self.store.insert_sequence(name.clone(), sequence);
        self.gone.remove(&Key::Sequence(name.clone()));
        self.note_altered(object);
        self.sequence_options(&name, options);
        Ok(())
    }

    fn set_triggers(&mut self, table: &QualifiedName, which: &TriggerSelector, state: TriggerState) -> Effect {
        if let TriggerSelector::Name(name) = which {
            let known =
                self.catalog().relations.get(table).is_some_and(|relation| relation.triggers.contains_key(name));
            if !known {
                self.assume_trigger(table, name);
            }
            self.name(ObjectRef::on(ObjectKind::Trigger, table, name));
        }
        let fact = self.fact(state);
        let names: Vec<String> = self.catalog().relations.get(table).map_or(Vec::new(), |relation| {
            let chosen = relation.triggers.keys().filter(|name| match which {
                TriggerSelector::Name(wanted) => *name == wanted,
                TriggerSelector::All | TriggerSelector::User => true,
            });
            chosen.cloned().collect()
        });
        for name in names {
            self.note_altered(ObjectRef::on(ObjectKind::Trigger, table, &name));
            if let Some(trigger) = self.store.relation_mut(table).and_then(|relation| relation.triggers.get_mut(&name))
            {
                trigger.enabled = fact.clone();
            }
        }
        Ok(())
    }

    fn set_rule(&mut self, table: &QualifiedName, name: &str, state: TriggerState) {
        let fact = self.fact(state);
        self.note_altered(ObjectRef::on(ObjectKind::Rule, table, name));
        if let Some(rule) = self.store.relation_mut(table).and_then(|relation| relation.rules.get_mut(name)) {
            rule.enabled = fact;
        }
    }
}

/// The column an action is about.
fn column_named(action: &RelationAction) -> Option<&str> {
    match action {
        RelationAction::ColumnType { column, .. }
        | RelationAction::ColumnDefault { column, .. }
        | RelationAction::ColumnNotNull { column, .. }
        | RelationAction::ColumnIdentity { column, .. }
        | RelationAction::ColumnGenerated { column, .. } => Some(column),
        _ => None,
    }
}
