//! What the triggers of a table write when its rows are written: a statement on one table reaches others through them.

use std::collections::{BTreeMap, BTreeSet};

use super::routine::{Calls, Effect};
use super::sections::Operation;
use super::writes::Written;
use crate::catalog::{Catalog, QualifiedName, Trigger};
use crate::sql::ast::{Name, TriggerState};

/// Triggers that fire triggers are followed this far.
const DEPTH: usize = 8;

/// Writes made by triggers, with the functions of a Catalog.
pub(super) struct Triggered<'a> {
    catalog: &'a Catalog,
    calls: Calls<'a>,
}

impl<'a> Triggered<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, calls: Calls::of(catalog, &[], 0) }
    }

    /// What `written` makes triggers write, each table with the trigger that does it.
    pub(super) fn of(&self, written: &Written) -> Vec<Written> {
        let mut found: BTreeMap<(QualifiedName, Vec<Operation>), String> = BTreeMap::new();
        let events = match written.command.as_str() {
            "truncate" => vec!["truncate"],
            _ => written.operations.iter().map(|operation| operation.word()).collect(),
        };
        let (mut seen, mut open) = (BTreeSet::new(), vec![(written.table.clone(), events, 0)]);
        while let Some((table, events, depth)) = open.pop() {
            if depth == DEPTH || !seen.insert((table.clone(), events.clone())) {
                continue;
            }
            for (trigger, effect) in self.fired(&table, &events) {
                open.push((effect.table.clone(), effect.operations.iter().map(|it| it.word()).collect(), depth + 1));
                found.entry((effect.table, effect.operations)).or_insert(trigger);
            }
        }
        let writing = |((table, operations), trigger): ((QualifiedName, Vec<Operation>), String)| Written {
            table,
            operations,
            columns: None,
            empties: false,
            through: Some(trigger),
            ..written.clone()
        };
        found.into_iter().map(writing).collect()
    }

    fn fired(&self, table: &QualifiedName, events: &[&str]) -> Vec<(String, Effect)> {
        let triggers = self.catalog.relations.get(table).into_iter().flat_map(|relation| &relation.triggers);
        let firing = triggers.filter(|(_, trigger)| fires(trigger, events));
        let effects = firing.flat_map(|(name, trigger)| {
            let function = Name::qualified(trigger.function.schema.clone(), trigger.function.name.clone());
            self.calls.effects_of(&function).into_iter().map(move |effect| (format!("{table}.{name}"), effect))
        });
        effects.collect()
    }
}

fn fires(trigger: &Trigger, events: &[&str]) -> bool {
    let on = !matches!(trigger.enabled.get(), Some(TriggerState::Disabled | TriggerState::Replica));
    on && trigger.events.iter().any(|event| events.contains(&event.as_str()))
}
