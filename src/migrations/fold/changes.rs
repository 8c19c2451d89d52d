//! What one migration did, net: states of the touched objects before and after it, compared part by part.

use std::collections::BTreeMap;

use super::names::TEMP;
use super::state::{Fold, Note};
use super::store::{Frame, Key, Saved};
use crate::catalog::{Column, ObjectKind, ObjectRef, QualifiedName, Relation, Shared};
use crate::migrations::{Change, ChangeKind, ObjectState};

/// States by object, on one side.
type States = BTreeMap<ObjectRef, ObjectState>;

impl Fold {
    /// Changes of the migration that just ran, from the states saved while it did.
    pub(super) fn changes(&mut self, frame: Frame) -> Vec<Change> {
        let notes = std::mem::take(&mut self.notes);
        let (mut before, mut after) = (States::new(), States::new());
        for (key, saved) in frame {
            let now = self.store.save(&key);
            match (&key, saved, now) {
                (Key::Relation(name), Saved::Relation(Some(old)), Saved::Relation(Some(new)))
                    if name.schema != TEMP =>
                {
                    Pair { name, notes: &notes, before: &mut before, after: &mut after }.spread(old, new);
                }
                (_, saved, now) => {
                    spread(&key, saved, &mut before);
                    spread(&key, now, &mut after);
                }
            }
        }
        let mut moved = former(&notes, &mut before, &after);
        let mut changes = Vec::with_capacity(before.len().max(after.len()));
        for (object, state) in after {
            let note = notes.get(&object);
            let stood = before.remove(&object);
            let (from, old) = match moved.remove(&object) {
                Some((from, old)) => (Some(from), Some(old)),
                None => (None, stood),
            };
            changes.extend(self.change_of(object, from, old, Some(state), note));
        }
        for (object, state) in before {
            let note = notes.get(&object);
            changes.extend(self.change_of(object, None, Some(state), None, note));
        }
        changes.shrink_to_fit();
        changes.sort_by(|a, b| a.at.span.start.cmp(&b.at.span.start).then_with(|| a.object.cmp(&b.object)));
        changes
    }

    fn change_of(
        &self,
        object: ObjectRef,
        from: Option<ObjectRef>,
        before: Option<ObjectState>,
        after: Option<ObjectState>,
        note: Option<&Note>,
    ) -> Option<Change> {
        let carried = note.is_some_and(|note| note.carried);
        let remade = note.is_some_and(|note| note.replaced || note.dropped);
        let kind = match (&before, &after) {
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
            object,
            kind,
            at: note.map_or_else(|| self.at.clone(), |note| note.at.clone()),
            renamed_from: from.map(|from| from.name),
            by: note.filter(|_| after.is_none()).and_then(|note| note.by.clone()),
            before,
            after,
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

/// Takes the states of renamed objects out of `before`: new name → old name and old state.
fn former(
    notes: &BTreeMap<ObjectRef, Note>,
    before: &mut States,
    after: &States,
) -> BTreeMap<ObjectRef, (ObjectRef, ObjectState)> {
    let renamed = notes.iter().filter(|(object, _)| after.contains_key(object));
    let renamed = renamed.filter_map(|(object, note)| Some((object, note.renamed_from.as_ref()?)));
    renamed.filter_map(|(object, from)| Some((object.clone(), before.remove_entry(from)?))).collect()
}

/// A relation that was there before and after.
struct Pair<'a> {
    name: &'a QualifiedName,
    notes: &'a BTreeMap<ObjectRef, Note>,
    before: &'a mut States,
    after: &'a mut States,
}

impl Pair<'_> {
    /// Puts the relation and those of its parts among the states that differ or were noted.
    fn spread(&mut self, old: Box<Relation>, new: Box<Relation>) {
        if old.columns != new.columns || self.is_noted(ObjectKind::Column) {
            let by_name = |relation: &Relation| -> BTreeMap<String, Shared<Column>> {
                relation.columns.iter().map(|column| (column.name.clone(), column.clone())).collect()
            };
            self.parts(ObjectKind::Column, &by_name(&old), &by_name(&new), |part| ObjectState::Column(part.clone()));
        }
        self.parts(ObjectKind::Constraint, &old.constraints, &new.constraints, |part| {
            ObjectState::Constraint(part.clone())
        });
        self.parts(ObjectKind::Policy, &old.policies, &new.policies, |part| ObjectState::Policy(part.clone()));
        self.parts(ObjectKind::Trigger, &old.triggers, &new.triggers, |part| ObjectState::Trigger(part.clone()));
        self.parts(ObjectKind::Rule, &old.rules, &new.rules, |part| ObjectState::Rule(part.clone()));
        self.before.insert(ObjectRef::new(old.kind, self.name), ObjectState::Relation(old));
        self.after.insert(ObjectRef::new(new.kind, self.name), ObjectState::Relation(new));
    }

    fn is_noted(&self, kind: ObjectKind) -> bool {
        self.notes.keys().any(|object| object.kind == kind)
    }

    fn parts<T: PartialEq>(
        &mut self,
        kind: ObjectKind,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
        state: impl Fn(&T) -> ObjectState,
    ) {
        let noted = self.is_noted(kind);
        let same = |name: &String, part: &T, other: &BTreeMap<String, T>, notes: &BTreeMap<ObjectRef, Note>| {
            other.get(name) == Some(part) && !(noted && notes.contains_key(&ObjectRef::on(kind, self.name, name)))
        };
        for (name, part) in old.iter().filter(|(name, part)| !same(name, part, new, self.notes)) {
            self.before.insert(ObjectRef::on(kind, self.name, name), state(part));
        }
        for (name, part) in new.iter().filter(|(name, part)| !same(name, part, old, self.notes)) {
            self.after.insert(ObjectRef::on(kind, self.name, name), state(part));
        }
    }
}

fn spread_relation(name: &QualifiedName, relation: Relation, states: &mut States) {
    let mut put = |kind, part: &str, state| {
        states.insert(ObjectRef::on(kind, name, part), state);
    };
    for column in &relation.columns {
        put(ObjectKind::Column, &column.name, ObjectState::Column(column.clone()));
    }
    for (part, constraint) in &relation.constraints {
        put(ObjectKind::Constraint, part, ObjectState::Constraint(constraint.clone()));
    }
    for (part, policy) in &relation.policies {
        put(ObjectKind::Policy, part, ObjectState::Policy(policy.clone()));
    }
    for (part, trigger) in &relation.triggers {
        put(ObjectKind::Trigger, part, ObjectState::Trigger(trigger.clone()));
    }
    for (part, rule) in &relation.rules {
        put(ObjectKind::Rule, part, ObjectState::Rule(rule.clone()));
    }
    states.insert(ObjectRef::new(relation.kind, name), ObjectState::Relation(Box::new(relation)));
}
