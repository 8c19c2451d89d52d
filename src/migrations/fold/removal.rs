//! Taking one object out of the Catalog, or (under an undecided condition) putting it in doubt.

use super::acl::drop_orphans;
use super::drops::Item;
use super::grants::says_nothing;
use super::state::Fold;
use super::store::Key;
use crate::catalog::{Acl, ConstraintRule, Fact, ObjectRef, QualifiedName, Relation, TypeKind};

impl Fold {
    /// Removes one item, its parts and dependents being dealt with by the caller.
    pub(super) fn remove(&mut self, item: &Item, by: Option<&ObjectRef>) {
        let object = self.object_of(item);
        if matches!(item, Item::Default(..)) {
            self.note_altered(object);
        } else {
            self.note_dropped(object, by);
        }
        match item {
            Item::Relation(name) => {
                self.store.remove_relation(name);
                self.gone.insert(Key::Relation(name.clone()));
                self.unpublish(name);
            }
            Item::Function(key) => {
                self.store.remove_function(key);
                self.routines.remove(key);
                self.gone.insert(Key::Function(key.clone()));
            }
            Item::Type(name) => {
                self.store.remove_type(name);
                self.gone.insert(Key::Type(name.clone()));
            }
            Item::Index(name) => {
                self.store.remove_index(name);
                self.gone.insert(Key::Index(name.clone()));
            }
            Item::Sequence(name) => {
                self.store.remove_sequence(name);
                self.gone.insert(Key::Sequence(name.clone()));
            }
            Item::Schema(name) => {
                self.store.remove_schema(name);
                self.gone.insert(Key::Schema(name.clone()));
                self.store.default_privileges_mut().retain(|entry| entry.schema.as_deref() != Some(name));
                self.refresh_path();
            }
            Item::Extension(name) => {
                self.store.remove_extension(name);
            }
            Item::EventTrigger(name) => {
                self.store.remove_event_trigger(name);
            }
            Item::Publication(name) => {
                self.store.remove_publication(name);
            }
            _ => self.remove_part(item),
        }
    }

    fn remove_part(&mut self, item: &Item) {
        match item {
            Item::Column(table, name) => {
                if let Some(relation) = self.store.relation_mut(table) {
                    relation.columns.retain(|column| column.name != *name);
                }
            }
            Item::Default(table, name) => {
                if let Some(column) = self.column_mut(table, name) {
                    column.default = None;
                }
            }
            Item::Constraint(table, name) => {
                if let Some(relation) = self.store.relation_mut(table) {
                    relation.constraints.remove(name);
                }
            }
            Item::Policy(table, name) => {
                if let Some(relation) = self.store.relation_mut(table) {
                    relation.policies.remove(name);
                }
            }
            Item::Trigger(table, name) => self.remove_trigger(table, name, 0),
            Item::Rule(table, name) => {
                if let Some(relation) = self.store.relation_mut(table) {
                    relation.rules.remove(name);
                }
            }
            Item::DomainCheck(domain, name) => {
                if let Some(TypeKind::Domain { checks, .. }) = self.store.type_mut(domain).map(|ty| &mut ty.kind) {
                    checks.remove(name);
                }
            }
            _ => {}
        }
    }

    /// A row trigger goes from the partitions too.
    fn remove_trigger(&mut self, table: &QualifiedName, name: &str, depth: usize) {
        let removed = self.store.relation_mut(table).and_then(|relation| relation.triggers.remove(name));
        if removed.is_some_and(|trigger| trigger.row) && depth < 16 {
            for child in self.children(table) {
                self.remove_trigger(&child, name, depth + 1);
            }
        }
    }

    fn unpublish(&mut self, table: &QualifiedName) {
        let publications = self.catalog().publications.iter();
        let holding: Vec<String> =
            publications.filter(|(_, p)| p.tables.contains_key(table)).map(|(name, _)| name.clone()).collect();
        for name in holding {
            if let Some(publication) = self.store.publication_mut(&name) {
                publication.tables.remove(table);
            }
        }
    }

    /// The item may have been dropped: it stays, marked as conditional, with what matters about it unknown.
    pub(super) fn doubt(&mut self, item: &Item) {
        let object = self.object_of(item);
        self.note_altered(object);
        let at = self.here();
        match item {
            Item::Relation(name) => {
                if let Some(relation) = self.store.relation_mut(name) {
                    relation.provenance.conditional = true;
                }
            }
            Item::Function(key) => {
                if let Some(function) = self.store.function_mut(key) {
                    function.provenance.conditional = true;
                }
            }
            Item::Type(name) => {
                if let Some(ty) = self.store.type_mut(name) {
                    ty.provenance.conditional = true;
                }
            }
            Item::Policy(table, name) => {
                if let Some(policy) =
                    self.store.relation_mut(table).and_then(|relation| relation.policies.get_mut(name))
                {
                    policy.provenance.conditional = true;
                }
            }
            Item::Trigger(table, name) => {
                if let Some(trigger) =
                    self.store.relation_mut(table).and_then(|relation| relation.triggers.get_mut(name))
                {
                    trigger.provenance.conditional = true;
                    trigger.enabled = Fact { value: None, at, conditional: true };
                }
            }
            Item::Rule(table, name) => {
                if let Some(rule) = self.store.relation_mut(table).and_then(|relation| relation.rules.get_mut(name)) {
                    rule.provenance.conditional = true;
                }
            }
            Item::Column(table, _) => {
                if let Some(relation) = self.store.relation_mut(table) {
                    relation.columns_complete = false;
                }
            }
            Item::Constraint(table, name) => {
                let constraint = self.store.relation_mut(table).and_then(|relation| relation.constraints.get_mut(name));
                if let Some(constraint) = constraint {
                    // There is no doubt a constraint could carry but not being relied on.
                    constraint.validated &= !matches!(constraint.kind, ConstraintRule::Check { .. });
                }
            }
            Item::Schema(name) => {
                if let Some(schema) = self.store.schema_mut(name) {
                    schema.provenance.conditional = true;
                }
            }
            Item::Index(name) => {
                if let Some(index) = self.store.index_mut(name) {
                    index.provenance.conditional = true;
                }
            }
            Item::Sequence(_)
            | Item::Extension(_)
            | Item::EventTrigger(_)
            | Item::Publication(_)
            | Item::Default(..)
            | Item::DomainCheck(..) => {}
        }
    }
}

impl Fold {
    /// `DROP OWNED`: the roles' objects go, and what was granted to them.
    pub(super) fn drop_owned(&mut self, roles: &[crate::sql::ast::RoleSpec], cascade: bool) -> super::state::Effect {
        for role in roles {
            let role = self.role(role);
            let owned = |owner: &Fact<String>| owner.value.as_deref() == Some(&role);
            let catalog = self.catalog();
            let mut items: Vec<Item> = Vec::new();
            items.extend(
                catalog.relations.iter().filter(|(_, r)| owned(&r.owner)).map(|(n, _)| Item::Relation(n.clone())),
            );
            items.extend(
                catalog.functions.iter().filter(|(_, f)| owned(&f.owner)).map(|(k, _)| Item::Function(k.clone())),
            );
            items.extend(catalog.types.iter().filter(|(_, t)| owned(&t.owner)).map(|(n, _)| Item::Type(n.clone())));
            items.extend(
                catalog.sequences.iter().filter(|(_, s)| owned(&s.owner)).map(|(n, _)| Item::Sequence(n.clone())),
            );
            items.extend(catalog.schemas.iter().filter(|(_, s)| owned(&s.owner)).map(|(n, _)| Item::Schema(n.clone())));
            self.drop_items(items, cascade)?;
            self.revoke_everywhere(&role);
        }
        Ok(())
    }

    fn revoke_everywhere(&mut self, role: &str) {
        // Who may not revoke gets a warning.
        let current = &self.session.role;
        let foreign = self.catalog().roles.keys().filter(|owner| !self.acts_as(current, owner));
        let foreign: std::collections::BTreeSet<String> = foreign.cloned().collect();
        let forget = |acl: &mut Acl, owner: Option<&String>| {
            if owner.is_some_and(|owner| foreign.contains(owner)) {
                return;
            }
            acl.revoke(|entry| entry.grantee == role);
            // What the role had granted on goes with its grant option.
            let privileges: Vec<_> = acl.iter().map(|entry| entry.privilege).collect();
            owner.iter().for_each(|owner| drop_orphans(acl, &privileges, owner));
        };
        for name in self.catalog().relations.keys().cloned().collect::<Vec<_>>() {
            if let Some(relation) = self.store.relation_mut(&name) {
                let owner = relation.owner.value.clone();
                forget(&mut relation.acl, owner.as_ref());
                relation.columns.iter_mut().for_each(|column| forget(&mut column.acl, owner.as_ref()));
                if owner.is_none_or(|owner| !foreign.contains(&owner)) {
                    leave_policies(relation, role);
                }
            }
        }
        for name in self.catalog().sequences.keys().cloned().collect::<Vec<_>>() {
            if let Some(sequence) = self.store.sequence_mut(&name) {
                forget(&mut sequence.acl, sequence.owner.value.clone().as_ref());
            }
        }
        for key in self.catalog().functions.keys().cloned().collect::<Vec<_>>() {
            if let Some(function) = self.store.function_mut(&key) {
                forget(&mut function.acl, function.owner.value.clone().as_ref());
            }
        }
        for name in self.catalog().schemas.keys().cloned().collect::<Vec<_>>() {
            if let Some(schema) = self.store.schema_mut(&name) {
                forget(&mut schema.acl, schema.owner.value.clone().as_ref());
            }
        }
        for name in self.catalog().types.keys().cloned().collect::<Vec<_>>() {
            if let Some(ty) = self.store.type_mut(&name) {
                forget(&mut ty.acl, ty.owner.value.clone().as_ref());
            }
        }
        let defaults = self.store.default_privileges_mut();
        defaults.retain_mut(|entry| {
            entry.acl.revoke(|entry| entry.grantee == role);
            entry.role != role && !says_nothing(entry)
        });
    }
}

/// A policy for the role alone goes, one for others too stays theirs.
fn leave_policies(relation: &mut Relation, role: &str) {
    relation
        .policies
        .retain(|_, policy| policy.roles.value.as_ref().is_none_or(|roles| roles.iter().any(|r| r != role)));
    for policy in relation.policies.values_mut() {
        policy.roles.value.iter_mut().for_each(|roles| roles.retain(|name| name != role));
    }
}
