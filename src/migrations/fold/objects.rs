//! `COMMENT ON`, and `ALTER … RENAME | OWNER | SET SCHEMA` of what is neither a relation nor a routine.

use super::acl::change_owner;
use super::owners::hand_over;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Acl, ObjectKind, ObjectRef, QualifiedName, TypeKind};
use crate::sql::ast::{Name, ObjectAction, ObjectTarget, RelationAction, RoleSpec};

impl Fold {
    pub(super) fn alter_object(&mut self, target: &ObjectTarget, if_exists: bool, action: &ObjectAction) -> Effect {
        match target {
            ObjectTarget::Named { kind, name } => self.alter_named(*kind, name, if_exists, action),
            ObjectTarget::OnTable { kind, name, table } => {
                let ObjectAction::Rename(to) = action else { return Ok(()) };
                if if_exists && self.find_relation(table).is_none() {
                    return Ok(());
                }
                self.rename_part(*kind, name, table, to)
            }
            ObjectTarget::Routine(routine) => {
                use crate::sql::ast::FunctionAction;
                let action = match action {
                    ObjectAction::Rename(to) => FunctionAction::Rename(to.clone()),
                    ObjectAction::Owner(role) => FunctionAction::Owner(role.clone()),
                    ObjectAction::SetSchema(to) => FunctionAction::SetSchema(to.clone()),
                    ObjectAction::Other => FunctionAction::Other,
                };
                self.alter_function(routine, &[action])
            }
            ObjectTarget::Column { .. } | ObjectTarget::Other => Ok(()),
        }
    }

    fn alter_named(&mut self, kind: ObjectKind, name: &Name, if_exists: bool, action: &ObjectAction) -> Effect {
        match kind {
            ObjectKind::Schema => self.alter_schema(&name.name, action),
            ObjectKind::Role => match action {
                ObjectAction::Rename(to) => {
                    self.rename_role(&name.name, to);
                    Ok(())
                }
                _ => Ok(()),
            },
            ObjectKind::Type | ObjectKind::Domain => self.alter_type_object(name, kind, action),
            ObjectKind::Extension => {
                let object = ObjectRef::new(kind, &name.name);
                self.name(object.clone());
                self.note_altered(object);
                if let ObjectAction::SetSchema(to) = action {
                    let fact = self.fact(to.clone());
                    if let Some(extension) = self.store.extension_mut(&name.name) {
                        extension.schema = fact;
                    }
                }
                Ok(())
            }
            ObjectKind::EventTrigger | ObjectKind::Publication => {
                self.alter_global(kind, &name.name, action);
                Ok(())
            }
            ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::MaterializedView
            | ObjectKind::ForeignTable
            | ObjectKind::Index
            | ObjectKind::Sequence => {
                let action = match action {
                    ObjectAction::Rename(to) => RelationAction::Rename(to.clone()),
                    ObjectAction::Owner(role) => RelationAction::Owner(role.clone()),
                    ObjectAction::SetSchema(to) => RelationAction::SetSchema(to.clone()),
                    ObjectAction::Other => RelationAction::Other,
                };
                self.alter_relation(kind, name, if_exists, &[action])
            }
            _ => Ok(()),
        }
    }

    fn alter_schema(&mut self, name: &str, action: &ObjectAction) -> Effect {
        self.assume_schema(name);
        let object = ObjectRef::new(ObjectKind::Schema, name);
        self.name(object.clone());
        self.note_altered(object.clone());
        match action {
            ObjectAction::Owner(role) => {
                let role = self.role(role);
                let fact = self.fact(role);
                if let Some(schema) = self.store.schema_mut(&name.to_owned()) {
                    hand_over(&mut schema.owner, &mut schema.acl, &fact);
                }
            }
            ObjectAction::Rename(to) => self.rename_schema(name, to)?,
            ObjectAction::SetSchema(_) | ObjectAction::Other => {}
        }
        Ok(())
    }

    fn rename_schema(&mut self, from: &str, to: &str) -> Effect {
        let Some(schema) = self.store.remove_schema(&from.to_owned()) else { return Ok(()) };
        self.note_renamed(ObjectRef::new(ObjectKind::Schema, from), ObjectRef::new(ObjectKind::Schema, to));
        self.gone.insert(Key::Schema(from.to_owned()));
        self.gone.remove(&Key::Schema(to.to_owned()));
        self.store.insert_schema(to.to_owned(), schema);
        let moved = |name: &QualifiedName| QualifiedName::new(to, name.name.clone());
        let inside = |name: &&QualifiedName| name.schema == from;
        let relations: Vec<QualifiedName> = self.catalog().relations.keys().filter(inside).cloned().collect();
        let types: Vec<QualifiedName> = self.catalog().types.keys().filter(inside).cloned().collect();
        let sequences: Vec<QualifiedName> = self.catalog().sequences.keys().filter(inside).cloned().collect();
        let functions: Vec<_> =
            self.catalog().functions.keys().filter(|key| key.name.schema == from).cloned().collect();
        for mut name in relations {
            let new = moved(&name);
            self.rename_relation(&mut name, new)?;
        }
        for name in types {
            let new = moved(&name);
            self.move_type(&name, new);
        }
        for name in
            sequences.iter().filter(|name| self.catalog().sequences.contains_key(name)).cloned().collect::<Vec<_>>()
        {
            let new = moved(&name);
            self.rename_sequence(&name, new);
        }
        for mut key in functions {
            let mut new = key.clone();
            to.clone_into(&mut new.name.schema);
            self.rename_function(&mut key, new)?;
        }
        for entry in self.store.default_privileges_mut() {
            if entry.schema.as_deref() == Some(from) {
                entry.schema = Some(to.to_owned());
            }
        }
        self.refresh_path();
        Ok(())
    }

    fn alter_type_object(&mut self, name: &Name, kind: ObjectKind, action: &ObjectAction) -> Effect {
        let name = self.known_type(name, kind);
        match action {
            ObjectAction::Owner(role) => {
                let role = self.role(role);
                let fact = self.fact(role);
                if let Some(ty) = self.store.type_mut(&name) {
                    hand_over(&mut ty.owner, &mut ty.acl, &fact);
                }
            }
            ObjectAction::Rename(to) => {
                let new = QualifiedName::new(name.schema.clone(), to.clone());
                self.move_type(&name, new);
            }
            ObjectAction::SetSchema(to) => {
                self.assume_schema(to);
                let new = QualifiedName::new(to.clone(), name.name.clone());
                self.move_type(&name, new);
            }
            ObjectAction::Other => {}
        }
        Ok(())
    }

    fn move_type(&mut self, from: &QualifiedName, to: QualifiedName) {
        let Some(ty) = self.store.remove_type(from) else { return };
        let kind = if matches!(ty.kind, TypeKind::Domain { .. }) { ObjectKind::Domain } else { ObjectKind::Type };
        self.note_renamed(ObjectRef::new(kind, from), ObjectRef::new(kind, &to));
        self.gone.insert(Key::Type(from.clone()));
        self.gone.remove(&Key::Type(to.clone()));
        self.store.insert_type(to.clone(), ty);
        self.follow_row_type(from, &to);
    }

    fn alter_global(&mut self, kind: ObjectKind, name: &str, action: &ObjectAction) {
        let object = ObjectRef::new(kind, name);
        self.name(object.clone());
        self.note_altered(object.clone());
        let key = name.to_owned();
        match action {
            ObjectAction::Owner(role) => {
                let role = self.role(role);
                let fact = self.fact(role);
                if kind == ObjectKind::EventTrigger {
                    if let Some(trigger) = self.store.event_trigger_mut(&key) {
                        trigger.owner = fact;
                    }
                } else if let Some(publication) = self.store.publication_mut(&key) {
                    publication.owner = fact;
                }
            }
            ObjectAction::Rename(to) => {
                self.note_renamed(object, ObjectRef::new(kind, to));
                if kind == ObjectKind::EventTrigger {
                    if let Some(trigger) = self.store.remove_event_trigger(&key) {
                        self.store.insert_event_trigger(to.clone(), trigger);
                    }
                } else if let Some(publication) = self.store.remove_publication(&key) {
                    self.store.insert_publication(to.clone(), publication);
                }
            }
            ObjectAction::SetSchema(_) | ObjectAction::Other => {}
        }
    }

    fn rename_part(&mut self, kind: ObjectKind, name: &str, table: &Name, to: &str) -> Effect {
        let table = self.relation(table, ObjectKind::Table);
        let (old, new) = (ObjectRef::on(kind, &table, name), ObjectRef::on(kind, &table, to));
        self.name(new.clone());
        match kind {
            ObjectKind::Policy => self.require_policy(&table, name)?,
            ObjectKind::Trigger
                if !self.catalog().relations.get(&table).is_some_and(|r| r.triggers.contains_key(name)) =>
            {
                self.assume_trigger(&table, name);
            }
            ObjectKind::Constraint => return self.rename_constraint(&table, name, to),
            _ => {}
        }
        self.note_renamed(old, new);
        let Some(relation) = self.store.relation_mut(&table) else { return Ok(()) };
        match kind {
            ObjectKind::Policy => {
                if let Some(policy) = relation.policies.remove(name) {
                    relation.policies.insert(to.to_owned(), policy);
                }
            }
            ObjectKind::Trigger => {
                if let Some(trigger) = relation.triggers.remove(name) {
                    relation.triggers.insert(to.to_owned(), trigger);
                }
            }
            ObjectKind::Rule => {
                if let Some(rule) = relation.rules.remove(name) {
                    relation.rules.insert(to.to_owned(), rule);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A renamed role keeps its privileges, memberships, policies and objects.
    fn rename_role(&mut self, from: &str, to: &str) {
        self.assume_role(from);
        let Some(role) = self.store.remove_role(&from.to_owned()) else { return };
        self.note_renamed(ObjectRef::new(ObjectKind::Role, from), ObjectRef::new(ObjectKind::Role, to));
        self.store.insert_role(to.to_owned(), role);
        let members: Vec<String> = self.catalog().roles.keys().cloned().collect();
        for name in members {
            if let Some(role) = self.store.role_mut(&name)
                && let Some(membership) = role.member_of.remove(from)
            {
                role.member_of.insert(to.to_owned(), membership);
            }
        }
        self.give_all(from, to, true);
    }

    pub(super) fn reassign_owned(&mut self, from: &[RoleSpec], to: &RoleSpec) -> Effect {
        let to = self.role(to);
        for from in from {
            let from = self.role(from);
            self.give_all(&from, &to, false);
        }
        Ok(())
    }

    /// Hands everything of one role to another; with `grants` also what was granted to and by it.
    fn give_all(&mut self, from: &str, to: &str, grants: bool) {
        let fix = |owner: &mut crate::catalog::Fact<String>, acl: &mut Acl| {
            if owner.value.as_deref() == Some(from) {
                owner.value = Some(to.to_owned());
                change_owner(acl, from, to);
            } else if grants {
                change_owner(acl, from, to);
            }
        };
        for name in self.catalog().relations.keys().cloned().collect::<Vec<_>>() {
            let Some(relation) = self.store.relation_mut(&name) else { continue };
            if grants || relation.owner.value.as_deref() == Some(from) {
                relation.columns.iter_mut().for_each(|column| change_owner(&mut column.acl, from, to));
            }
            fix(&mut relation.owner, &mut relation.acl);
            if grants {
                for policy in relation.policies.values_mut() {
                    let roles = policy.roles.value.iter_mut().flatten();
                    roles.filter(|role| *role == from).for_each(|role| to.clone_into(role));
                }
            }
        }
        for name in self.catalog().sequences.keys().cloned().collect::<Vec<_>>() {
            if let Some(sequence) = self.store.sequence_mut(&name) {
                fix(&mut sequence.owner, &mut sequence.acl);
            }
        }
        for key in self.catalog().functions.keys().cloned().collect::<Vec<_>>() {
            if let Some(function) = self.store.function_mut(&key) {
                fix(&mut function.owner, &mut function.acl);
            }
        }
        for name in self.catalog().schemas.keys().cloned().collect::<Vec<_>>() {
            if let Some(schema) = self.store.schema_mut(&name) {
                fix(&mut schema.owner, &mut schema.acl);
            }
        }
        for name in self.catalog().types.keys().cloned().collect::<Vec<_>>() {
            if let Some(ty) = self.store.type_mut(&name) {
                fix(&mut ty.owner, &mut ty.acl);
            }
        }
        if grants {
            for entry in self.store.default_privileges_mut() {
                if entry.role == from {
                    to.clone_into(&mut entry.role);
                }
                change_owner(&mut entry.acl, from, to);
            }
        }
    }

    pub(super) fn comment(&mut self, target: &ObjectTarget, text: Option<&String>) -> Effect {
        let text = text.filter(|text| !text.is_empty()).cloned();
        match target {
            ObjectTarget::Named { kind, name } => self.comment_named(*kind, name, text),
            ObjectTarget::Routine(routine) => {
                for key in self.find_routines(routine) {
                    self.name_routine(&key);
                    if let Some(function) = self.store.function_mut(&key) {
                        function.comment.clone_from(&text);
                    }
                }
            }
            ObjectTarget::OnTable { kind, name, table } => {
                let Some(table) = self.find_relation(table) else { return Ok(()) };
                self.name(ObjectRef::on(*kind, &table, name));
                if let Some(relation) = self.store.relation_mut(&table) {
                    if let Some(policy) = relation.policies.get_mut(name).filter(|_| *kind == ObjectKind::Policy) {
                        policy.comment = text;
                    } else if let Some(trigger) =
                        relation.triggers.get_mut(name).filter(|_| *kind == ObjectKind::Trigger)
                    {
                        trigger.comment = text;
                    }
                }
            }
            ObjectTarget::Column { table, column } => {
                let table = self.relation(table, ObjectKind::Table);
                self.assume_column(&table, column);
                if let Some(column) = self.column_mut(&table, column) {
                    column.comment = text;
                }
            }
            ObjectTarget::Other => {}
        }
        Ok(())
    }

    fn comment_named(&mut self, kind: ObjectKind, name: &Name, text: Option<String>) {
        match kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                let table = self.relation(name, kind);
                if let Some(relation) = self.store.relation_mut(&table) {
                    relation.comment = text;
                }
            }
            ObjectKind::Schema => {
                if let Some(schema) = self.store.schema_mut(&name.name) {
                    schema.comment = text;
                }
            }
            ObjectKind::Type | ObjectKind::Domain => {
                if let Some(ty) = self.find_type(name).and_then(|name| self.store.type_mut(&name)) {
                    ty.comment = text;
                }
            }
            ObjectKind::Index => {
                if let Some(index) = self.find_index(name).and_then(|name| self.store.index_mut(&name)) {
                    index.comment = text;
                }
            }
            ObjectKind::Sequence => {
                if let Some(sequence) = self.find_sequence(name).and_then(|name| self.store.sequence_mut(&name)) {
                    sequence.comment = text;
                }
            }
            _ => {}
        }
    }
}
