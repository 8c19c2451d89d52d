//! Changes: what one migration did to one object, net, and whether that still stands at the end of the history.

mod sides;
mod widening;

use rayon::prelude::*;

use super::super::model::{name_parts, origin_word};
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use super::function::is_pinned;
use super::policy::{command_word, commands};
use super::{BATCH, kind_word};
use sides::{
    added, as_policy, rls_enabled, same_purpose, security_definer, security_invoker, side_enabled, side_roles,
    side_type,
};

use crate::catalog::{
    Acl, AclEntry, Fact, Function, ObjectKind, ObjectRef, Origin, Policy, QualifiedName, Relation, Trigger,
};
use crate::migrations::{Change, ChangeKind, Migration, ObjectState};
use crate::sql::ast::TriggerState;

pub(super) fn changes(model: &Model<'_>, needed: &Needed, judge: &mut dyn FnMut(&[Subject])) {
    let of = |migration| move |change| (migration, change);
    let all: Vec<(&Migration, &Change)> =
        model.migrations().iter().flat_map(|migration| migration.changes.iter().map(of(migration))).collect();
    if all.is_empty() {
        judge(&[]);
    }
    for some in all.chunks(BATCH) {
        let subjects = some.par_iter().map(|(migration, change)| One::new(model, migration, change).subject(needed));
        judge(&subjects.collect::<Vec<_>>());
    }
}

/// One change with its surroundings.
struct One<'a, 'm> {
    model: &'a Model<'m>,
    migration: &'a Migration,
    change: &'a Change,
    /// The object's name, split.
    parts: Vec<String>,
}

impl<'a, 'm> One<'a, 'm> {
    fn new(model: &'a Model<'m>, migration: &'a Migration, change: &'a Change) -> Self {
        Self { model, migration, change, parts: name_parts(&change.object.name) }
    }

    fn subject(&self, needed: &Needed) -> Subject {
        let change = self.change;
        let mut b = Builder::new(needed, change.object.clone())
            .at(Some(change.at.clone()))
            .conditional(change.conditional)
            .assumed(self.before_origin() == "assumed")
            .discriminator(format!("{} in {}", kind_of(change.kind), self.migration.file.path));
        self.identity(&mut b);
        self.drops(&mut b);
        self.losses(&mut b);
        self.policy(&mut b);
        self.grants(&mut b);
        self.sides(&mut b);
        b.build()
    }

    fn identity(&self, b: &mut Builder<'_>) {
        let change = self.change;
        b.set("kind", || kind_of(change.kind));
        b.set("object_kind", || kind_word(change.object.kind));
        b.set("name", || change.object.name.as_str());
        b.set("own_name", || self.parts.last().cloned().unwrap_or_default());
        b.set("schema", || self.parts.first().cloned().unwrap_or_default());
        b.set("table", || self.table().map(|table| table.to_string()).unwrap_or_default());
        b.set("file", || self.migration.file.path.as_ref());
        b.set("renamed_from", || change.renamed_from.clone().unwrap_or_default());
        b.set("conditional", || change.conditional);
        b.set("in_exposed_schema", || self.parts.first().is_some_and(|schema| self.model.is_exposed_schema(schema)));
        b.set("before.origin", || self.before_origin());
    }

    fn drops(&self, b: &mut Builder<'_>) {
        let by = self.change.by.as_ref();
        b.set("by", || by.map(|by| by.name.clone()).unwrap_or_default());
        b.set("by_cascade", || by.is_some());
        b.set("with_parent", || by.is_some_and(|by| self.is_parent(by)));
        b.set("back_again", || self.change.kind == ChangeKind::Dropped && self.exists_now());
        b.set("replaced_by", || self.replaced_by());
    }

    /// The table this object is on, for policies, columns, constraints, triggers and rules.
    fn table(&self) -> Option<QualifiedName> {
        match self.parts.as_slice() {
            [schema, table, _] => Some(QualifiedName::new(schema, table)),
            _ => None,
        }
    }

    fn is_parent(&self, by: &ObjectRef) -> bool {
        let of_table = self.table().is_some_and(|table| table.to_string() == by.name);
        let of_schema = by.kind == ObjectKind::Schema && self.parts.first() == name_parts(&by.name).first();
        // An index goes with its table, a constraint with its column.
        let part = matches!(self.change.object.kind, ObjectKind::Index | ObjectKind::Sequence);
        of_table || of_schema || part && by.kind == ObjectKind::Table
    }

    fn relation_now(&self) -> Option<&'a Relation> {
        match self.parts.as_slice() {
            [schema, name, ..] => self.model.catalog().relations.get(&QualifiedName::new(schema, name)),
            _ => None,
        }
    }

    fn policy_now(&self) -> Option<&'a Policy> {
        self.relation_now()?.policies.get(self.parts.get(2)?).map(|policy| &**policy)
    }

    fn trigger_now(&self) -> Option<&'a Trigger> {
        self.relation_now()?.triggers.get(self.parts.get(2)?).map(|trigger| &**trigger)
    }

    fn function_now(&self) -> Option<&'a Function> {
        let [schema, signature] = self.parts.as_slice() else { return None };
        let name = signature.split('(').next().unwrap_or(signature);
        let first = crate::catalog::FunctionKey { name: QualifiedName::new(schema, name), args: Vec::new() };
        let overloads = self.model.catalog().functions.range(first..).take_while(|(key, _)| key.name.name == name);
        overloads.into_iter().find(|(key, _)| key.to_string() == self.change.object.name).map(|(_, function)| function)
    }

    fn exists_now(&self) -> bool {
        let catalog = self.model.catalog();
        let part = self.parts.get(2);
        let name = || match self.parts.as_slice() {
            [schema, name] => Some(QualifiedName::new(schema, name)),
            _ => None,
        };
        match self.change.object.kind {
            ObjectKind::Policy => self.policy_now().is_some(),
            ObjectKind::Trigger => self.trigger_now().is_some(),
            ObjectKind::Column => part.is_some_and(|p| self.relation_now().is_some_and(|r| r.column(p).is_some())),
            ObjectKind::Constraint => {
                part.is_some_and(|p| self.relation_now().is_some_and(|r| r.constraints.contains_key(p)))
            }
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate => self.function_now().is_some(),
            ObjectKind::Schema => self.parts.first().is_some_and(|name| catalog.schemas.contains_key(name)),
            ObjectKind::Index => name().is_some_and(|name| catalog.indexes.contains_key(&name)),
            ObjectKind::Sequence => name().is_some_and(|name| catalog.sequences.contains_key(&name)),
            ObjectKind::Type | ObjectKind::Domain => name().is_some_and(|name| catalog.types.contains_key(&name)),
            _ => self.relation_now().is_some(),
        }
    }

    fn before_origin(&self) -> &'static str {
        let provenance = match &self.change.before {
            Some(ObjectState::Relation(state)) => &state.provenance,
            Some(ObjectState::Policy(state)) => &state.provenance,
            Some(ObjectState::Trigger(state)) => &state.provenance,
            Some(ObjectState::Function(state)) => &state.provenance,
            Some(ObjectState::Schema(state)) => &state.provenance,
            Some(ObjectState::Index(state)) => &state.provenance,
            Some(ObjectState::Type(state)) => &state.provenance,
            Some(ObjectState::Role(state)) => &state.provenance,
            Some(_) => return origin_word(Origin::Migration),
            None => return "",
        };
        origin_word(provenance.origin)
    }

    /// Objects of the kind made by the same migration that take this one's place.
    fn replaced_by(&self) -> Vec<String> {
        if self.change.kind != ChangeKind::Dropped {
            return Vec::new();
        }
        let made = self.migration.changes.iter().filter(|other| {
            matches!(other.kind, ChangeKind::Created | ChangeKind::Replaced)
                && other.object.kind == self.change.object.kind
        });
        made.filter(|other| self.is_replaced_by(other)).map(|other| other.object.name.clone()).collect()
    }

    fn is_replaced_by(&self, other: &Change) -> bool {
        let parts = name_parts(&other.object.name);
        let same_table = parts.len() == 3 && parts.get(..2) == self.parts.get(..2);
        match (&self.change.before, &other.after) {
            (Some(ObjectState::Policy(old)), Some(ObjectState::Policy(new))) => {
                let covers = commands(old.command).iter().all(|command| commands(new.command).contains(command));
                same_table && covers && old.permissive == new.permissive
            }
            (Some(ObjectState::Function(_)), Some(ObjectState::Function(_))) => {
                let name = |parts: &[String]| parts.get(1).and_then(|p| p.split('(').next()).map(str::to_owned);
                parts.first() == self.parts.first() && name(&parts) == name(&self.parts)
            }
            (Some(ObjectState::Trigger(old)), Some(ObjectState::Trigger(new))) => {
                same_table && (old.function == new.function || old.events == new.events && old.timing == new.timing)
            }
            (Some(ObjectState::Constraint(old)), Some(ObjectState::Constraint(new))) => {
                same_table && same_purpose(&old.kind, &new.kind)
            }
            _ => false,
        }
    }

    fn losses(&self, b: &mut Builder<'_>) {
        b.maybe("lost_security_invoker", || self.lost_security_invoker());
        b.maybe("lost_search_path", || self.lost_search_path());
        b.maybe("became_definer", || self.became_definer());
        b.maybe("rls_disabled", || self.switched_off(|table| &table.rls_enabled));
        b.maybe("rls_unforced", || self.switched_off(|table| &table.rls_forced));
        b.maybe("trigger_disabled", || self.trigger_disabled());
    }

    fn relations(&self) -> Option<(&Relation, &Relation, &Relation)> {
        match (&self.change.before, &self.change.after) {
            (Some(ObjectState::Relation(before)), Some(ObjectState::Relation(after))) => {
                Some((before, after, self.relation_now()?))
            }
            _ => None,
        }
    }

    /// On before, off after, and still off; an unknown state on any side is not known to be a loss.
    fn lost<T>(sides: Option<(T, T, T)>, on: impl Fn(T) -> Option<bool>) -> Option<bool> {
        let Some((before, after, now)) = sides else { return Some(false) };
        Some(on(before)? && !on(after)? && !on(now)?)
    }

    fn lost_security_invoker(&self) -> Option<bool> {
        if self.change.object.kind != ObjectKind::View {
            return Some(false);
        }
        Self::lost(self.relations(), Relation::security_invoker)
    }

    fn switched_off(&self, fact: impl Fn(&Relation) -> &Fact<bool>) -> Option<bool> {
        if self.change.object.kind != ObjectKind::Table {
            return Some(false);
        }
        Self::lost(self.relations(), |table| fact(table).get().copied())
    }

    fn functions(&self) -> Option<(&Function, &Function, &Function)> {
        match (&self.change.before, &self.change.after) {
            (Some(ObjectState::Function(before)), Some(ObjectState::Function(after))) => {
                Some((before, after, self.function_now()?))
            }
            _ => None,
        }
    }

    fn lost_search_path(&self) -> Option<bool> {
        let Some((_, after, now)) = self.functions() else { return Some(false) };
        if after.security_definer.is(&false) || now.security_definer.is(&false) {
            return Some(false);
        }
        let lost = Self::lost(self.functions(), |function| self.pinned(function))?;
        if lost { after.security_definer.get().copied() } else { Some(false) }
    }

    fn pinned(&self, function: &Function) -> Option<bool> {
        let path = function.settings.get()?.get("search_path");
        Some(is_pinned(self.model.catalog(), path.map(String::as_str)))
    }

    fn became_definer(&self) -> Option<bool> {
        Self::lost(self.functions(), |function| function.security_definer.get().map(|definer| !definer))
    }

    fn trigger_disabled(&self) -> Option<bool> {
        let (Some(ObjectState::Trigger(before)), Some(ObjectState::Trigger(after))) =
            (&self.change.before, &self.change.after)
        else {
            return Some(false);
        };
        let fires = |trigger: &Trigger| {
            trigger.enabled.get().map(|state| matches!(state, TriggerState::Origin | TriggerState::Always))
        };
        let sides = self.trigger_now().map(|now| (&**before, &**after, now));
        Self::lost(sides, fires)
    }

    fn grants(&self, b: &mut Builder<'_>) {
        b.set("grants_added", || self.grants_added(|_| true));
        b.set("exposed_grants_added", || self.grants_added(|grantee| self.model.reaches_exposed(grantee)));
    }

    fn grants_added(&self, counts: impl Fn(&str) -> bool) -> Vec<String> {
        let (before, after, now) = match (&self.change.before, &self.change.after) {
            (Some(ObjectState::Relation(x)), Some(ObjectState::Relation(y))) => {
                (&x.acl, &y.acl, self.relation_now().map(|now| &now.acl))
            }
            (Some(ObjectState::Function(x)), Some(ObjectState::Function(y))) => {
                (&x.acl, &y.acl, self.function_now().map(|now| &now.acl))
            }
            (Some(ObjectState::Schema(x)), Some(ObjectState::Schema(y))) => {
                let name = self.parts.first().map(String::as_str).unwrap_or_default();
                (&x.acl, &y.acl, self.model.catalog().schemas.get(name).map(|now| &now.acl))
            }
            (Some(ObjectState::Column(x)), Some(ObjectState::Column(y))) => {
                let now = self.relation_now().and_then(|r| r.column(self.parts.get(2)?));
                let of_table = self.table_acl_before();
                // What the table's grant let its holder do with every column is not new on one of them.
                let had =
                    |entry: &AclEntry| of_table.is_some_and(|acl| acl.held(&entry.grantee, entry.privilege).is_some());
                let new = now.map(|now| added(&x.acl, &y.acl, &now.acl, |entry| counts(&entry.grantee) && !had(entry)));
                return new.unwrap_or_default();
            }
            _ => return Vec::new(),
        };
        now.map(|now| added(before, after, now, |entry| counts(&entry.grantee))).unwrap_or_default()
    }

    /// The privileges on the whole table before the migration that changed one of its columns.
    fn table_acl_before(&self) -> Option<&'a Acl> {
        let table = self.table()?.to_string();
        let of_table = self.migration.changes.iter().find(|change| change.object.name == table)?;
        match &of_table.before {
            Some(ObjectState::Relation(relation)) => Some(&relation.acl),
            _ => None,
        }
    }

    fn sides(&self, b: &mut Builder<'_>) {
        let (before, after) = (self.change.before.as_ref(), self.change.after.as_ref());
        b.maybe("before.rls_enabled", || rls_enabled(before));
        b.maybe("after.rls_enabled", || rls_enabled(after));
        b.maybe("before.security_invoker", || security_invoker(before));
        b.maybe("after.security_invoker", || security_invoker(after));
        b.maybe("before.security_definer", || security_definer(before));
        b.maybe("after.security_definer", || security_definer(after));
        b.maybe("before.search_path_pinned", || self.side_pinned(before));
        b.maybe("after.search_path_pinned", || self.side_pinned(after));
        b.set("before.permissive", || as_policy(before).is_some_and(|policy| policy.permissive));
        b.set("after.permissive", || as_policy(after).is_some_and(|policy| policy.permissive));
        b.set("before.command", || as_policy(before).map_or("", |policy| command_word(policy.command)));
        b.set("after.command", || as_policy(after).map_or("", |policy| command_word(policy.command)));
        b.maybe("before.roles", || side_roles(before));
        b.maybe("after.roles", || side_roles(after));
        b.maybe("before.enabled", || side_enabled(before));
        b.maybe("after.enabled", || side_enabled(after));
        b.maybe("before.type", || side_type(before));
        b.maybe("after.type", || side_type(after));
    }

    fn side_pinned(&self, side: Option<&ObjectState>) -> Option<bool> {
        match side {
            Some(ObjectState::Function(function)) => self.pinned(function),
            _ => Some(false),
        }
    }
}

const fn kind_of(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created => "created",
        ChangeKind::Altered => "altered",
        ChangeKind::Replaced => "replaced",
        ChangeKind::Dropped => "dropped",
    }
}
