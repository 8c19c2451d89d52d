//! Which policies apply to whom, and what row level security lets through: permissive ones open, restrictive ones
//! narrow, and without a permissive one nothing passes.

use std::sync::Arc;

use super::failure::calls;
use super::principal::Principal;
use super::session::Memo;
use super::{Access, Ask, Command, Judgement, Step, Verdict, has_policies, tree};
use crate::catalog::{Expression, Fact, PUBLIC, Policy, QualifiedName, Relation};
use crate::sql::ast::{Expr, PolicyCommand};

/// Whether row level security holds someone.
pub(super) enum Rls {
    /// It does not, for the reason given.
    Off(Step),
    /// It does.
    On(Judgement),
    /// It is not known.
    Unclear(Step),
}

/// Which of a policy's two conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// Rows that are there.
    Using,
    /// Rows that are to be.
    Check,
}

/// A policy that applies, with the condition that counts.
pub(super) struct Part<'c> {
    pub(super) name: &'c str,
    pub(super) policy: &'c Policy,
    pub(super) expression: Option<&'c Expression>,
    pub(super) expr: Option<Arc<Expr>>,
    pub(super) at: Option<&'c crate::location::Location>,
    word: &'static str,
}

/// The policies that apply.
#[derive(Default)]
pub(super) struct Applying<'c> {
    pub(super) permissive: Vec<Part<'c>>,
    pub(super) restrictive: Vec<Part<'c>>,
    pub(super) assumptions: Vec<String>,
}

impl<'c> Access<'c> {
    /// Whether row level security of a relation holds `who`.
    pub(super) fn rls(&self, who: &Principal<'c>, (name, relation): (&QualifiedName, &'c Relation)) -> Rls {
        if !has_policies(relation.kind) {
            return Rls::Off(Step::new(format!("a {} has no row level security", relation.kind), None));
        }
        let at = relation.rls_enabled.at.as_ref();
        if relation.rls_enabled.is(&false) {
            return Rls::Off(Step::new(format!("row level security of {name} is off"), at));
        }
        if who.bypasses() {
            let how = if who.is_superuser() { "a superuser" } else { "BYPASSRLS" };
            let text = format!("row level security of {name} does not hold {} ({how})", who.label());
            return Rls::Off(Step::new(text, who.attribute_at(who.is_superuser())));
        }
        if let Some(owner) = relation.owner.get().filter(|owner| who.has(owner)) {
            if relation.rls_forced.is(&false) {
                let who = who.label();
                let text = format!(
                    "row level security of {name} is not forced, and {who} has the privileges of its owner `{owner}`"
                );
                return Rls::Off(Step::new(text, relation.rls_forced.at.as_ref()));
            }
            if relation.rls_forced.get().is_none() {
                return Rls::Unclear(Step::new(
                    format!("it is not known whether row level security of {name} is forced"),
                    None,
                ));
            }
        }
        match relation.rls_enabled.get() {
            Some(_) => Rls::On(enabled(name, relation)),
            None if relation.policies.is_empty() => {
                Rls::Unclear(Step::new(format!("nothing says whether row level security of {name} is on"), at))
            }
            None => {
                let mut on = Judgement::default();
                on.assume(format!(
                    "row level security of {name} is on: it has policies, and the files do not create it"
                ));
                on.step(format!("row level security of {name} is taken to be on"), at);
                Rls::On(on)
            }
        }
    }

    /// The policies of a relation that apply to `who` for a command, with the conditions that count.
    pub(super) fn applying(
        &self,
        who: &Principal<'c>,
        (name, relation): (&QualifiedName, &'c Relation),
        command: Command,
        clause: Clause,
    ) -> Applying<'c> {
        let mut found = Applying::default();
        if relation.provenance.is_assumed() {
            found.assumptions.push(format!("{name}, which the files do not create, has no policies but those in them"));
        }
        for (policy_name, policy) in &relation.policies {
            if !concerns(policy.command, command) {
                continue;
            }
            let applies = match policy.roles.get() {
                Some(roles) => roles.iter().any(|role| role == PUBLIC || who.has(role)),
                None => {
                    found.assumptions.push(format!("policy `{policy_name}`, whose roles are not known, applies"));
                    true
                }
            };
            let maybe = policy.provenance.conditional;
            if !applies || maybe && !policy.permissive {
                if applies {
                    found
                        .assumptions
                        .push(format!("restrictive policy `{policy_name}`, which may not be made, is not"));
                }
                continue;
            }
            if maybe {
                found.assumptions.push(format!("policy `{policy_name}`, which may not be made, is"));
            }
            let part = part(policy_name, policy, clause);
            let list = if policy.permissive { &mut found.permissive } else { &mut found.restrictive };
            list.extend(part);
        }
        found
    }

    /// Which rows row level security lets through, where it is on; `unreached` where no row gets as far as this clause.
    pub(super) fn rows(
        &self,
        ask: Ask<'_, 'c>,
        (name, relation): (&'c QualifiedName, &'c Relation),
        command: Command,
        clause: Clause,
        unreached: bool,
        memo: &Memo<'c>,
    ) -> Judgement {
        let applying = self.applying(ask.checker, (name, relation), command, clause);
        let mut judgement = Judgement::default();
        judgement.assume_all(applying.assumptions.iter().cloned());
        if applying.permissive.is_empty() {
            let text = format!("no permissive policy of {name} lets {} {}", ask.checker.label(), command.word());
            judgement.verdict = Verdict::Denied;
            judgement.step(text, relation.rls_enabled.at.as_ref());
            return judgement;
        }
        let filter = self.combine(ask, name, &applying, memo);
        judgement = judgement.then(filter);
        match self.failure_of(ask, name, &applying) {
            Some(failure) if failure.certain && (failure.at_start || !unreached) => {
                judgement.verdict = Verdict::None;
                judgement.late = !failure.at_start || calls(&failure);
                judgement.derivation.push(failure.step);
            }
            Some(failure) => {
                judgement.fragile = true;
                judgement.assume(format!("the statement may also fail: {}", failure.step.text));
            }
            None => {}
        }
        judgement
    }
}

fn enabled(name: &QualifiedName, relation: &Relation) -> Judgement {
    let mut on = Judgement::default();
    if relation.rls_enabled.conditional {
        on.assume(format!("row level security of {name}, switched on by a statement that may not run, is on"));
    }
    on.step(format!("row level security of {name} is on"), relation.rls_enabled.at.as_ref());
    on
}

fn concerns(policy: PolicyCommand, command: Command) -> bool {
    match policy {
        PolicyCommand::All => true,
        PolicyCommand::Select => command == Command::Select,
        PolicyCommand::Insert => command == Command::Insert,
        PolicyCommand::Update => command == Command::Update,
        PolicyCommand::Delete => command == Command::Delete,
    }
}

/// The condition of a policy that counts; nothing where it has none (`FOR ALL WITH CHECK (…)` shows no row).
fn part<'c>(name: &'c str, policy: &'c Policy, clause: Clause) -> Option<Part<'c>> {
    let (fact, word) = match clause {
        Clause::Using => (&policy.using, "USING"),
        // Without WITH CHECK the USING condition is the check on new rows.
        Clause::Check if matches!(policy.check.get(), Some(None)) => (&policy.using, "USING, in place of WITH CHECK,"),
        Clause::Check => (&policy.check, "WITH CHECK"),
    };
    let expression = match fact.get() {
        Some(None) => return None,
        Some(Some(expression)) => Some(expression),
        None => None,
    };
    let at = place(fact).or(policy.provenance.defined.as_ref());
    Some(Part { name, policy, expression, expr: expression.and_then(tree), at, word })
}

fn place<T>(fact: &Fact<T>) -> Option<&crate::location::Location> {
    fact.at.as_ref()
}

impl Part<'_> {
    /// What a derivation says of it.
    pub(super) fn step(&self, says: &str) -> Step {
        let kind = if self.policy.permissive { "policy" } else { "restrictive policy" };
        Step::new(format!("{kind} `{}`: {} {says}", self.name, self.word), self.at)
    }
}
