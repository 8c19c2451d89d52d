//! Taking one object out of the Catalog, or (under an undecided condition) putting it in doubt.

use super::drops::Item;
use super::state::Fold;
use super::store::Key;
use crate::catalog::{ConstraintRule, Fact, ObjectRef, QualifiedName, TypeKind};

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
        for name in self.catalog().relations.keys().cloned().collect::<Vec<_>>() {
            if let Some(relation) = self.store.relation_mut(&name) {
                relation.acl.revoke(|entry| entry.grantee == role);
                for column in &mut relation.columns {
                    column.acl.revoke(|entry| entry.grantee == role);
                }
            }
        }
        for name in self.catalog().sequences.keys().cloned().collect::<Vec<_>>() {
            if let Some(sequence) = self.store.sequence_mut(&name) {
                sequence.acl.revoke(|entry| entry.grantee == role);
            }
        }
        for key in self.catalog().functions.keys().cloned().collect::<Vec<_>>() {
            if let Some(function) = self.store.function_mut(&key) {
                function.acl.revoke(|entry| entry.grantee == role);
            }
        }
        for name in self.catalog().schemas.keys().cloned().collect::<Vec<_>>() {
            if let Some(schema) = self.store.schema_mut(&name) {
                schema.acl.revoke(|entry| entry.grantee == role);
            }
        }
        let defaults = self.store.default_privileges_mut();
        defaults.retain(|entry| entry.role != role);
        defaults.iter_mut().for_each(|entry| {
            entry.acl.revoke(|entry| entry.grantee == role);
        });
    }
}
