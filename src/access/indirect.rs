//! What a role reaches without a privilege of its own: through SECURITY DEFINER functions it may call, and through
//! triggers and rules that fire on what it may write.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use super::policies::Rls;
use super::table::{Row, Scope};
use super::{Access, Command, Step, Verdict};
use crate::catalog::{Function, FunctionKey, Origin, QualifiedName, Relation, Trigger};
use crate::predicate::Write;
use crate::sql::ast::TriggerState;

/// One way around.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Indirect {
    /// Who.
    pub role: String,
    /// What is read or written in the end.
    pub relation: QualifiedName,
    /// Doing what.
    pub command: Command,
    /// Through what: a function, trigger or rule.
    pub through: String,
    /// Row level security of the relation does not hold whoever the code runs as.
    pub bypasses_rls: bool,
    /// The code asks who is calling; whether it refuses anybody is not told.
    pub asks_caller: bool,
    /// Why.
    pub derivation: Vec<Step>,
}

/// What a routine comes to, the routines it calls included.
#[derive(Debug, Default)]
struct Effects {
    reads: BTreeSet<QualifiedName>,
    writes: BTreeSet<(QualifiedName, Command)>,
    asks: bool,
}

impl Access<'_> {
    /// Everything that `roles` reach indirectly, as far as bodies can be read.
    pub(super) fn indirect(&self, roles: &[String], rows: &[Row], scope: &Scope) -> Vec<Indirect> {
        self.read_bodies();
        let writable = rows.par_iter().filter(|row| row.command.writes() && row.verdict.is_open());
        let by_event = writable.flat_map_iter(|row| self.by_event(row, scope));
        let mut found: Vec<Indirect> =
            roles.par_iter().flat_map_iter(|role| self.by_call(role, scope)).chain(by_event).collect();
        let direct: BTreeMap<(&str, &QualifiedName, Command), Verdict> =
            rows.iter().map(|row| ((row.role.as_str(), &row.relation, row.command), row.verdict)).collect();
        // What a role may do by itself needs no way around.
        found.retain(|way| {
            direct.get(&(way.role.as_str(), &way.relation, way.command)).is_none_or(|verdict| *verdict != Verdict::All)
        });
        found.sort_by(|a, b| {
            (&a.relation, &a.role, a.command, &a.through).cmp(&(&b.relation, &b.role, b.command, &b.through))
        });
        found.dedup_by(|b, a| {
            (&a.relation, &a.role, a.command, &a.through) == (&b.relation, &b.role, b.command, &b.through)
        });
        found
    }

    /// Reads on all cores the bodies that ways around start from: reading them is most of the work here.
    fn read_bodies(&self) {
        let definers = self.catalog.functions.par_iter().filter(|(_, function)| {
            function.security_definer.is(&true) && function.provenance.origin != Origin::Platform
        });
        definers.for_each(|(key, _)| {
            self.body(key);
        });
    }

    /// SECURITY DEFINER functions a role may call.
    fn by_call(&self, role: &str, scope: &Scope) -> Vec<Indirect> {
        let mut found = Vec::new();
        let Some(who) = self.principal(role) else { return found };
        for (key, function) in &self.catalog.functions {
            let callable = function.security_definer.is(&true)
                && function.provenance.origin != Origin::Platform
                && function.returns.as_deref() != Some("trigger")
                && !scope.system_schemas.contains(&key.name.schema);
            if !callable || self.usage(who, &key.name.schema).is_some_and(|usage| usage.verdict == Verdict::None) {
                continue;
            }
            let Some(step) = self.execute_step(who, key, function) else { continue };
            self.reached(role, &format!("function {key}"), &[step], key, function, scope, &mut found);
        }
        found
    }

    /// Triggers and rules on what a role may write.
    fn by_event(&self, row: &Row, scope: &Scope) -> Vec<Indirect> {
        let mut found = Vec::new();
        let Some(relation) = self.catalog.relations.get(&row.relation) else { return found };
        let (name, role) = (&row.relation, row.role.as_str());
        let cause =
            Step::new(format!("`{role}` may {} {name}: {}", row.command.word(), row.verdict.word()), row.place());
        for (trigger, fires) in relation.triggers.iter().filter(|(_, trigger)| fires(trigger, row.command)) {
            let functions = self.catalog.overloads(&fires.function);
            for (key, function) in functions.filter(|(_, function)| function.security_definer.is(&true)) {
                let fired = Step::new(format!("trigger `{trigger}` runs {key}"), fires.provenance.defined.as_ref());
                self.reached(
                    role,
                    &format!("trigger {name}.{trigger}"),
                    &[cause.clone(), fired],
                    key,
                    function,
                    scope,
                    &mut found,
                );
            }
        }
        self.by_rule(row, relation, &cause, &mut found);
        found
    }

    fn by_rule(&self, row: &Row, relation: &Relation, cause: &Step, found: &mut Vec<Indirect>) {
        for (rule, does) in relation.rules.iter().filter(|(_, rule)| rule.event == row.command.word()) {
            for table in does.writes.iter().filter(|table| **table != row.relation) {
                let step = Step::new(
                    format!("rule `{rule}` writes {table} with the rights of the owner"),
                    does.provenance.defined.as_ref(),
                );
                found.push(Indirect {
                    role: row.role.clone(),
                    relation: table.clone(),
                    command: row.command,
                    through: format!("rule {}.{rule}", row.relation),
                    bypasses_rls: true,
                    asks_caller: false,
                    derivation: vec![cause.clone(), step],
                });
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one way, told once")]
    fn reached(
        &self,
        role: &str,
        through: &str,
        steps: &[Step],
        key: &FunctionKey,
        function: &Function,
        scope: &Scope,
        found: &mut Vec<Indirect>,
    ) {
        let Some(owner) = function.owner.get().and_then(|owner| self.principal(owner)) else { return };
        let mut effects = Effects::default();
        self.effects(key, &mut effects, &mut BTreeSet::new());
        let reads = effects.reads.into_iter().map(|name| (name, Command::Select));
        for (name, command) in reads.chain(effects.writes) {
            let Some((name, relation)) = self.catalog.relations.get_key_value(&name) else { continue };
            if !scope.includes(name, relation) || self.held(owner, (name, relation), command).whole.is_none() {
                continue;
            }
            let bypasses = matches!(self.rls(owner, (name, relation)), Rls::Off(_));
            let at = function.security_definer.at.as_ref().or(function.provenance.defined.as_ref());
            let rights = format!("{key} is SECURITY DEFINER and runs as `{}`", owner.name);
            let mut derivation = steps.to_vec();
            derivation.push(Step::new(rights, at));
            let verb = if command.writes() { "writes" } else { "reads" };
            derivation
                .push(Step::new(format!("its body {verb} {name} ({})", command.word()), function.body.at.as_ref()));
            found.push(Indirect {
                role: role.to_owned(),
                relation: name.clone(),
                command,
                through: through.to_owned(),
                bypasses_rls: bypasses,
                asks_caller: effects.asks,
                derivation,
            });
        }
    }

    /// What a routine's body does; what it calls runs with the same rights.
    fn effects(&self, key: &FunctionKey, effects: &mut Effects, seen: &mut BTreeSet<FunctionKey>) {
        if seen.len() > 64 || !seen.insert(key.clone()) {
            return;
        }
        let Some(body) = self.body(key) else { return };
        effects.asks |= body.asks;
        effects.reads.extend(body.reads.iter().cloned());
        effects.writes.extend(body.writes.iter().map(|(table, way)| (table.clone(), command(*way))));
        for called in &body.routines {
            self.effects(called, effects, seen);
        }
    }
}

fn command(way: Write) -> Command {
    match way {
        Write::Insert => Command::Insert,
        Write::Update => Command::Update,
        Write::Delete => Command::Delete,
    }
}

fn fires(trigger: &Trigger, command: Command) -> bool {
    let enabled = matches!(trigger.enabled.get(), Some(TriggerState::Origin | TriggerState::Always) | None);
    enabled && trigger.events.iter().any(|event| event == command.word())
}
