//! `DROP` and what goes with it: an object's own parts always, what depends on it with `CASCADE`. Where the server would
//! refuse (dependents and no `CASCADE`), the drop is applied all the same, the dependents stay, and Coverage says so.

use std::collections::{BTreeSet, VecDeque};

use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{FunctionKey, ObjectKind, ObjectRef, QualifiedName};
use crate::sql::ast::{Name, ObjectTarget, RoutineRef};

/// Something that can be dropped by itself or go with something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Relation(QualifiedName),
    Function(FunctionKey),
    Type(QualifiedName),
    Index(QualifiedName),
    Sequence(QualifiedName),
    Schema(String),
    Extension(String),
    EventTrigger(String),
    Publication(String),
    Column(QualifiedName, String),
    Default(QualifiedName, String),
    Constraint(QualifiedName, String),
    Policy(QualifiedName, String),
    Trigger(QualifiedName, String),
    Rule(QualifiedName, String),
    DomainCheck(QualifiedName, String),
}

impl Fold {
    pub(super) fn drop_objects(
        &mut self,
        kind: ObjectKind,
        targets: &[ObjectTarget],
        if_exists: bool,
        cascade: bool,
    ) -> Effect {
        let mut items = Vec::new();
        for target in targets {
            match target {
                ObjectTarget::Named { kind: ObjectKind::Role, name } => self.drop_role(&name.name, if_exists)?,
                ObjectTarget::Named { kind: named, name } => {
                    let kind = if *named == ObjectKind::Other { kind } else { *named };
                    items.extend(self.named_item(kind, name, if_exists)?);
                }
                ObjectTarget::Routine(routine) => items.extend(self.routine_item(routine, if_exists)?),
                ObjectTarget::OnTable { kind, name, table } => {
                    items.extend(self.part_item(*kind, name, table, if_exists)?);
                }
                ObjectTarget::Column { .. } | ObjectTarget::Other => {}
            }
        }
        self.drop_items(items, cascade)
    }

    fn named_item(
        &mut self,
        kind: ObjectKind,
        name: &Name,
        if_exists: bool,
    ) -> Result<Option<Item>, crate::migrations::host::Failure> {
        let bare = name.name.clone();
        let catalog = self.catalog();
        let found = match kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                self.find_relation(name).map(Item::Relation)
            }
            ObjectKind::Index => self.find_index(name).map(Item::Index),
            ObjectKind::Sequence => self.find_sequence(name).map(Item::Sequence),
            ObjectKind::Type | ObjectKind::Domain => self.find_type(name).map(Item::Type),
            ObjectKind::Schema => catalog.schemas.contains_key(&bare).then_some(Item::Schema(bare)),
            ObjectKind::Extension => catalog.extensions.contains_key(&bare).then_some(Item::Extension(bare)),
            ObjectKind::EventTrigger => catalog.event_triggers.contains_key(&bare).then_some(Item::EventTrigger(bare)),
            ObjectKind::Publication => catalog.publications.contains_key(&bare).then_some(Item::Publication(bare)),
            _ => return Ok(None),
        };
        match found {
            Some(item) => {
                self.name(self.object_of(&item));
                Ok(Some(item))
            }
            None => self.missing_item(kind, name, if_exists),
        }
    }

    /// A `DROP` of what the files never created: with `IF EXISTS` nothing is known to happen, without it the object
    /// was there, and no longer is.
    fn missing_item(
        &mut self,
        kind: ObjectKind,
        name: &Name,
        if_exists: bool,
    ) -> Result<Option<Item>, crate::migrations::host::Failure> {
        let flat = matches!(
            kind,
            ObjectKind::Schema | ObjectKind::Extension | ObjectKind::EventTrigger | ObjectKind::Publication
        );
        let guess = self.guess(name);
        let object = if flat { ObjectRef::new(kind, &name.name) } else { ObjectRef::new(kind, &guess) };
        self.name(object.clone());
        if if_exists {
            return Ok(None);
        }
        let gone = match kind {
            ObjectKind::Index => self.gone.contains(&Key::Index(guess.clone())),
            ObjectKind::Sequence => self.gone.contains(&Key::Sequence(guess.clone())),
            ObjectKind::Type | ObjectKind::Domain => self.gone.contains(&Key::Type(guess.clone())),
            _ => self.gone.contains(&Key::Relation(guess.clone())),
        };
        if gone {
            return self.would_fail("undefined_table", object, "does not exist").map(|()| None);
        }
        Ok(match kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                self.assume_relation(&guess, kind);
                Some(Item::Relation(guess))
            }
            ObjectKind::Sequence => {
                self.assume_sequence(&guess);
                Some(Item::Sequence(guess))
            }
            ObjectKind::Type | ObjectKind::Domain => {
                self.assume_type(&guess, kind);
                Some(Item::Type(guess))
            }
            ObjectKind::Index => {
                self.assume_index(&guess, QualifiedName::new("", ""));
                Some(Item::Index(guess))
            }
            ObjectKind::Schema => {
                self.assume_schema(&name.name);
                Some(Item::Schema(name.name.clone()))
            }
            _ => None,
        })
    }

    fn routine_item(
        &mut self,
        routine: &RoutineRef,
        if_exists: bool,
    ) -> Result<Option<Item>, crate::migrations::host::Failure> {
        let found = self.find_routines(routine);
        match found.as_slice() {
            [] if if_exists => {
                let guess = self.guess(&routine.name);
                self.name(ObjectRef::new(routine.kind, guess));
                Ok(None)
            }
            [only] => {
                self.name_routine(only);
                Ok(Some(Item::Function(only.clone())))
            }
            _ => Ok(self.routines(routine)?.into_iter().next().map(Item::Function)),
        }
    }

    fn part_item(
        &mut self,
        kind: ObjectKind,
        name: &str,
        table: &Name,
        if_exists: bool,
    ) -> Result<Option<Item>, crate::migrations::host::Failure> {
        let Some(found) = self.find_relation(table) else {
            let guess = self.guess(table);
            self.name(ObjectRef::on(kind, &guess, name));
            if if_exists {
                return Ok(None);
            }
            self.relation(table, ObjectKind::Table);
            return self.part_item(kind, name, &Name::qualified(guess.schema, guess.name), true);
        };
        let object = ObjectRef::on(kind, &found, name);
        self.name(object.clone());
        let Some(relation) = self.catalog().relations.get(&found) else { return Ok(None) };
        let exists = match kind {
            ObjectKind::Policy => relation.policies.contains_key(name),
            ObjectKind::Trigger => relation.triggers.contains_key(name),
            ObjectKind::Rule => relation.rules.contains_key(name),
            _ => return Ok(None),
        };
        if !exists && if_exists {
            return Ok(None);
        }
        if !exists && kind == ObjectKind::Policy {
            self.require_policy(&found, name)?;
        } else if !exists && kind == ObjectKind::Trigger {
            if self.strict && !self.catalog().relations.get(&found).is_some_and(|r| r.provenance.is_assumed()) {
                self.would_fail("undefined_object", object, "does not exist")?;
            }
            self.assume_trigger(&found, name);
        }
        let name = name.to_owned();
        Ok(Some(match kind {
            ObjectKind::Policy => Item::Policy(found, name),
            ObjectKind::Trigger => Item::Trigger(found, name),
            _ => Item::Rule(found, name),
        }))
    }

    pub(super) fn drop_column(&mut self, table: &QualifiedName, name: &str, if_exists: bool, cascade: bool) -> Effect {
        let object = ObjectRef::on(ObjectKind::Column, table, name);
        let relation = self.catalog().relations.get(table);
        let known = relation.is_some_and(|relation| relation.column(name).is_some());
        if !known {
            if if_exists {
                return Ok(());
            }
            self.require_column(table, name)?;
        }
        self.note_altered(object);
        for child in self.children(table) {
            self.drop_items(vec![Item::Column(child, name.to_owned())], cascade)?;
        }
        self.drop_items(vec![Item::Column(table.clone(), name.to_owned())], cascade)
    }

    pub(super) fn drop_constraint(
        &mut self,
        table: &QualifiedName,
        name: &str,
        if_exists: bool,
        cascade: bool,
    ) -> Effect {
        let object = ObjectRef::on(ObjectKind::Constraint, table, name);
        let relation = self.catalog().relations.get(table);
        if !relation.is_some_and(|relation| relation.constraints.contains_key(name)) {
            if if_exists || relation.is_none_or(|relation| !relation.columns_complete) {
                return Ok(());
            }
            return self.would_fail("undefined_object", object, "does not exist");
        }
        for child in self.children(table) {
            self.remove(&Item::Constraint(child, name.to_owned()), None);
        }
        self.drop_items(vec![Item::Constraint(table.clone(), name.to_owned())], cascade)
    }

    /// Sequences owned by a table's column (or by any of its columns).
    pub(super) fn drop_owned_sequences(&mut self, table: &QualifiedName, column: Option<&str>, identity_only: bool) {
        for sequence in self.owned_sequences(table, column) {
            let identity = self.catalog().sequences.get(&sequence).is_some_and(|sequence| sequence.identity);
            if identity || !identity_only {
                self.remove(&Item::Sequence(sequence), Some(&ObjectRef::new(ObjectKind::Table, table)));
            }
        }
    }

    pub(super) fn owned_sequences(&self, table: &QualifiedName, column: Option<&str>) -> Vec<QualifiedName> {
        let owned = self.catalog().sequences.iter().filter(|(_, sequence)| {
            sequence
                .owned_by
                .as_ref()
                .is_some_and(|(of, owner)| of == table && column.is_none_or(|column| column == owner))
        });
        owned.map(|(name, _)| name.clone()).collect()
    }

    /// Drops `roots` with their parts, and with `cascade` what depends on any of it.
    pub(super) fn drop_items(&mut self, roots: Vec<Item>, cascade: bool) -> Effect {
        if self.conditional {
            roots.iter().for_each(|item| self.doubt(item));
            return Ok(());
        }
        let mut seen: BTreeSet<Item> = roots.iter().cloned().collect();
        let mut queue: VecDeque<(Item, Option<ObjectRef>)> = roots.into_iter().map(|item| (item, None)).collect();
        let mut order = Vec::new();
        let mut needed = Vec::new();
        while let Some((item, by)) = queue.pop_front() {
            let own = self.object_of(&item);
            let root = by.clone().unwrap_or(own.clone());
            for part in self.parts(&item) {
                if seen.insert(part.clone()) {
                    queue.push_back((part, Some(root.clone())));
                }
            }
            for dependent in self.dependents(&item) {
                if seen.contains(&dependent) {
                    continue;
                }
                if cascade {
                    seen.insert(dependent.clone());
                    queue.push_back((dependent, Some(own.clone())));
                } else {
                    needed.push((own.clone(), dependent));
                }
            }
            order.push((item, by));
        }
        needed.retain(|(_, dependent)| !seen.contains(dependent));
        if let Some((object, dependent)) = needed.first() {
            let why = format!("cannot be dropped without CASCADE: {} depends on it", self.object_of(dependent));
            self.would_fail("dependent_objects_still_exist", object.clone(), &why)?;
        }
        order.iter().for_each(|(item, by)| self.remove(item, by.as_ref()));
        Ok(())
    }

    pub(super) fn object_of(&self, item: &Item) -> ObjectRef {
        let relation_kind =
            |name: &QualifiedName| self.catalog().relations.get(name).map_or(ObjectKind::Table, |r| r.kind);
        match item {
            Item::Relation(name) => ObjectRef::new(relation_kind(name), name),
            Item::Function(key) => {
                let kind = self.catalog().functions.get(key).map_or(ObjectKind::Function, |function| function.kind);
                ObjectRef::new(kind, key)
            }
            Item::Type(name) => {
                ObjectRef::new(self.kind_of_type(&Name::qualified(name.schema.clone(), name.name.clone())), name)
            }
            Item::Index(name) => ObjectRef::new(ObjectKind::Index, name),
            Item::Sequence(name) => ObjectRef::new(ObjectKind::Sequence, name),
            Item::Schema(name) => ObjectRef::new(ObjectKind::Schema, name),
            Item::Extension(name) => ObjectRef::new(ObjectKind::Extension, name),
            Item::EventTrigger(name) => ObjectRef::new(ObjectKind::EventTrigger, name),
            Item::Publication(name) => ObjectRef::new(ObjectKind::Publication, name),
            Item::Column(table, name) | Item::Default(table, name) => ObjectRef::on(ObjectKind::Column, table, name),
            Item::Constraint(table, name) | Item::DomainCheck(table, name) => {
                ObjectRef::on(ObjectKind::Constraint, table, name)
            }
            Item::Policy(table, name) => ObjectRef::on(ObjectKind::Policy, table, name),
            Item::Trigger(table, name) => ObjectRef::on(ObjectKind::Trigger, table, name),
            Item::Rule(table, name) => ObjectRef::on(ObjectKind::Rule, table, name),
        }
    }
}
