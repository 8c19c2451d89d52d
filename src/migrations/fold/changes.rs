//! What one migration did, net: states of the touched objects before and after it, compared part by part.

use std::collections::{BTreeMap, BTreeSet};

use super::names::TEMP;
use super::state::{Fold, Note};
use super::store::{Frame, Key, Saved};
use crate::catalog::{ObjectKind, ObjectRef, QualifiedName, Relation};
use crate::migrations::{Change, ChangeKind, ObjectState};

/// States by object, on one side.
type States = BTreeMap<ObjectRef, ObjectState>;

impl Fold {
    /// Changes of the migration that just ran, from the states saved while it did.
    pub(super) fn changes(&mut self, frame: Frame) -> Vec<Change> {
        let (mut before, mut after) = (States::new(), States::new());
        for (key, saved) in frame {
            let now = self.store.save(&key);
            spread(&key, saved, &mut before);
            spread(&key, now, &mut after);
        }
        let notes = std::mem::take(&mut self.notes);
        let mut changes = Vec::new();
        let mut moved = BTreeSet::new();
        for (object, state) in &after {
            let note = notes.get(object);
            let from = note.and_then(|note| note.renamed_from.clone()).filter(|from| before.contains_key(from));
            let old = match &from {
                Some(from) => {
                    moved.insert(from.clone());
                    before.get(from)
                }
                None => before.get(object),
            };
            changes.extend(self.change_of(object, from, old, Some(state), note));
        }
        for (object, state) in &before {
            if !after.contains_key(object) && !moved.contains(object) {
                changes.extend(self.change_of(object, None, Some(state), None, notes.get(object)));
            }
        }
        changes.sort_by(|a, b| a.at.span.start.cmp(&b.at.span.start).then_with(|| a.object.cmp(&b.object)));
        changes
    }

    fn change_of(
        &self,
        object: &ObjectRef,
        from: Option<ObjectRef>,
        before: Option<&ObjectState>,
        after: Option<&ObjectState>,
        note: Option<&Note>,
    ) -> Option<Change> {
        let carried = note.is_some_and(|note| note.carried);
        let remade = note.is_some_and(|note| note.replaced || note.dropped);
        let kind = match (before, after) {
            (None, None) => return None,
            (None, Some(_)) => ChangeKind::Created,
            (Some(_), None) => ChangeKind::Dropped,
            (Some(_), Some(_)) if remade => ChangeKind::Replaced,
            (Some(old), Some(new)) if old == new && (from.is_none() || carried) => return None,
            // An index knows its table by name.
            (Some(ObjectState::Index(_)), Some(_)) if carried => return None,
            // Other kinds' inner state is not kept: being noted is the difference.
            (Some(_), Some(_)) => ChangeKind::Altered,
        };
        Some(Change {
            object: object.clone(),
            kind,
            at: note.map_or_else(|| self.at.clone(), |note| note.at.clone()),
            renamed_from: from.map(|from| from.name),
            by: note.filter(|_| after.is_none()).and_then(|note| note.by.clone()),
            before: before.cloned(),
            after: after.cloned(),
            conditional: note.is_some_and(|note| note.conditional),
        })
    }
}

/// Puts an object and its parts among the states.
fn spread(key: &Key, saved: Saved, states: &mut States) {
    let mut put = |kind, name: &dyn std::fmt::Display, state| {
        states.insert(ObjectRef::new(kind, name), state);
    };
    match (key, saved) {
        (Key::Role(name), Saved::Role(Some(role))) => put(ObjectKind::Role, name, ObjectState::Role(role)),
        (Key::Schema(name), Saved::Schema(Some(schema))) => put(ObjectKind::Schema, name, ObjectState::Schema(schema)),
        (Key::Relation(name), Saved::Relation(Some(relation))) if name.schema != TEMP => {
            spread_relation(name, *relation, states);
        }
        (Key::Index(name), Saved::Index(Some(index))) if name.schema != TEMP => {
            put(ObjectKind::Index, name, ObjectState::Index(index));
        }
        (Key::Sequence(name), Saved::Sequence(Some(_))) if name.schema != TEMP => {
            put(ObjectKind::Sequence, name, ObjectState::Other);
        }
        (Key::Function(key), Saved::Function(Some(function))) if key.name.schema != TEMP => {
            put(function.kind, key, ObjectState::Function(function));
        }
        (Key::Type(name), Saved::Type(Some(ty))) if name.schema != TEMP => {
            let domain = matches!(ty.kind, crate::catalog::TypeKind::Domain { .. });
            let kind = if domain { ObjectKind::Domain } else { ObjectKind::Type };
            put(kind, name, ObjectState::Type(ty));
        }
        (Key::EventTrigger(name), Saved::EventTrigger(Some(_))) => {
            put(ObjectKind::EventTrigger, name, ObjectState::Other)
        }
        (Key::Extension(name), Saved::Extension(Some(_))) => put(ObjectKind::Extension, name, ObjectState::Other),
        (Key::Publication(name), Saved::Publication(Some(_))) => put(ObjectKind::Publication, name, ObjectState::Other),
        // Absent on this side, or nothing with a name of its own.
        _ => {}
    }
}

fn spread_relation(name: &QualifiedName, relation: Relation, states: &mut States) {
    let mut put = |kind, part: &str, state| {
        states.insert(ObjectRef::on(kind, name, part), state);
    };
    for column in &relation.columns {
        put(ObjectKind::Column, &column.name, ObjectState::Column(Box::new(column.clone())));
    }
    for (part, constraint) in &relation.constraints {
        put(ObjectKind::Constraint, part, ObjectState::Constraint(Box::new(constraint.clone())));
    }
    for (part, policy) in &relation.policies {
        put(ObjectKind::Policy, part, ObjectState::Policy(Box::new(policy.clone())));
    }
    for (part, trigger) in &relation.triggers {
        put(ObjectKind::Trigger, part, ObjectState::Trigger(Box::new(trigger.clone())));
    }
    for (part, rule) in &relation.rules {
        put(ObjectKind::Rule, part, ObjectState::Rule(Box::new(rule.clone())));
    }
    states.insert(ObjectRef::new(relation.kind, name), ObjectState::Relation(Box::new(relation)));
}
