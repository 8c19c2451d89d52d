//! Triggers, event triggers and rewrite rules.

use super::refs::Refs;
use super::state::{Effect, Fold};
use crate::catalog::{
    EventTrigger, FunctionSource, ObjectKind, ObjectRef, Origin, QualifiedName, RewriteRule, Trigger,
};
use crate::coverage::CoverageKind;
use crate::migrations::host::Taint;
use crate::sql::ast::quote_ident;
use crate::sql::ast::{CreateRule, CreateTrigger, Name, StatementKind, TriggerState};

impl Fold {
    pub(super) fn create_trigger(&mut self, create: &CreateTrigger) -> Effect {
        let table = self.relation(&create.table, ObjectKind::Table);
        let object = ObjectRef::on(ObjectKind::Trigger, &table, &create.name);
        self.name(object.clone());
        let existing = self.catalog().relations.get(&table).and_then(|relation| relation.triggers.get(&create.name));
        if let Some(existing) = existing {
            if !create.or_replace && !existing.provenance.is_assumed() && !existing.provenance.conditional {
                self.would_fail("duplicate_object", object.clone(), "already exists")?;
            }
            self.note_replaced(object.clone());
        }
        let function = self.trigger_function(&create.function);
        self.referenced.insert(function.name.clone());
        self.refer(&create.when);
        let trigger = Trigger {
            provenance: self.provenance(),
            timing: create.timing.clone(),
            events: create.events.clone(),
            columns: create.columns.clone(),
            row: create.row,
            when: create.when.as_ref().map(|when| self.expression(when)),
            function,
            args: create.args.clone(),
            constraint: create.constraint,
            enabled: self.fact(TriggerState::Origin),
            comment: None,
        };
        self.note_altered(object);
        self.put_trigger(&table, &create.name, &trigger, 0);
        Ok(())
    }

    /// A row trigger of a partitioned table is every partition's too.
    fn put_trigger(&mut self, table: &QualifiedName, name: &str, trigger: &Trigger, depth: usize) {
        if let Some(relation) = self.store.relation_mut(table) {
            relation.triggers.insert(name.to_owned(), trigger.clone().into());
        }
        if !trigger.row || depth > 16 {
            return;
        }
        for child in self.children(table) {
            if self.catalog().relations.get(&child).is_some_and(|relation| relation.is_partition) {
                self.put_trigger(&child, name, trigger, depth + 1);
            }
        }
    }

    pub(super) fn create_event_trigger(&mut self, name: &str, event: &str, tags: &[String], function: &Name) -> Effect {
        let object = ObjectRef::new(ObjectKind::EventTrigger, name);
        self.name(object.clone());
        if self.catalog().event_triggers.contains_key(name) {
            self.would_fail("duplicate_object", object.clone(), "already exists")?;
            self.note_replaced(object.clone());
        }
        let function = self.trigger_function(function);
        self.referenced.insert(function.name.clone());
        let trigger = EventTrigger {
            provenance: self.provenance(),
            owner: self.fact(self.session.role.clone()),
            event: event.to_owned(),
            tags: tags.to_vec(),
            function,
            enabled: self.fact(TriggerState::Origin),
        };
        self.note_altered(object);
        self.store.insert_event_trigger(name.to_owned(), trigger);
        Ok(())
    }

    pub(super) fn alter_event_trigger(&mut self, name: &str, enabled: TriggerState) -> Effect {
        let object = ObjectRef::new(ObjectKind::EventTrigger, name);
        self.name(object.clone());
        self.note_altered(object);
        let fact = self.fact(enabled);
        if let Some(trigger) = self.store.event_trigger_mut(&name.to_owned()) {
            trigger.enabled = fact;
        }
        Ok(())
    }

    /// The project's own event triggers run when a table is made. They are not followed: where one may switch row
    /// security or change privileges, it is not known any more whether it did.
    pub(super) fn fire_event_triggers(&mut self, table: &QualifiedName) {
        let fired = self.catalog().event_triggers.iter().filter(|(_, trigger)| {
            let tagged =
                trigger.tags.is_empty() || trigger.tags.iter().any(|tag| tag.eq_ignore_ascii_case("create table"));
            let on = !trigger.enabled.is(&TriggerState::Disabled) && !trigger.enabled.is(&TriggerState::Replica);
            trigger.provenance.origin != Origin::Platform && trigger.event == "ddl_command_end" && tagged && on
        });
        let fired: Vec<(String, bool)> = fired.map(|(name, trigger)| (name.clone(), self.alters(trigger))).collect();
        for (name, _) in fired.into_iter().filter(|(_, alters)| *alters) {
            self.taint_scope(&Taint::RowSecurity(Some(table.clone())));
            let message =
                format!("the event trigger `{}` runs here, and what it does is not followed", quote_ident(&name));
            self.cover_here(CoverageKind::DynamicSql, Some(ObjectRef::new(ObjectKind::Table, table)), message);
        }
    }

    /// Whether the function of an event trigger may change anything.
    fn alters(&self, trigger: &EventTrigger) -> bool {
        let functions = self.catalog().overloads(&trigger.function);
        let mut bodies = functions.map(|(_, function)| match function.body.get() {
            Some(FunctionSource::Text { text } | FunctionSource::Sql { text }) => text.to_ascii_lowercase(),
            _ => "execute".to_owned(),
        });
        bodies.any(|body| {
            ["execute", "alter table", "grant", "revoke", "create policy"].iter().any(|word| body.contains(word))
        })
    }

    pub(super) fn create_rule(&mut self, create: &CreateRule) -> Effect {
        let table = self.relation(&create.table, ObjectKind::Table);
        let object = ObjectRef::on(ObjectKind::Rule, &table, &create.name);
        self.name(object.clone());
        let exists =
            self.catalog().relations.get(&table).is_some_and(|relation| relation.rules.contains_key(&create.name));
        if exists {
            if !create.or_replace {
                self.would_fail("duplicate_object", object.clone(), "already exists")?;
            }
            self.note_replaced(object.clone());
        }
        let mut writes = Vec::new();
        for command in &create.commands {
            if let StatementKind::Dml(dml) = &command.kind {
                self.referenced.extend(Refs::of_dml(dml).calls.into_iter().map(|name| name.name));
                writes.push(self.read_relation(&dml.table));
            }
        }
        writes.sort();
        writes.dedup();
        let rule = RewriteRule {
            provenance: self.provenance(),
            event: create.event.clone(),
            instead: create.instead,
            enabled: self.fact(TriggerState::Origin),
            writes,
        };
        self.note_altered(object);
        if let Some(relation) = self.store.relation_mut(&table) {
            relation.rules.insert(create.name.clone(), rule.into());
        }
        Ok(())
    }
}
