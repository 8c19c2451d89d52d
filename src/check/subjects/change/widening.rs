//! Policies that let more through than they did, and still do.

use super::super::super::facts::{self, Verdict};
use super::super::super::subject::Builder;
use super::super::policy::command_word;
use super::One;
use super::sides::{command_widened, roles_added};
use crate::catalog::{Expression, Fact, Policy};
use crate::migrations::ObjectState;
use crate::sql::ast::PolicyCommand;

impl One<'_, '_> {
    fn policies(&self) -> Option<(&Policy, &Policy)> {
        match (&self.change.before, &self.change.after) {
            (Some(ObjectState::Policy(before)), Some(ObjectState::Policy(after))) => Some((before, after)),
            _ => None,
        }
    }

    pub(super) fn policy(&self, b: &mut Builder<'_>) {
        // What a later migration took back is not widened any more.
        let pair = || self.policies().filter(|(_, after)| self.policy_now() == Some(after));
        b.maybe("roles_added", || pair().map_or(Some(Vec::new()), |(before, after)| roles_added(before, after)));
        b.maybe("using_opened", || pair().map_or(Some(false), |(x, y)| self.opened(&x.using, &y.using)));
        b.maybe("check_opened", || pair().map_or(Some(false), |(x, y)| self.check_opened(x, y)));
        b.set("became_permissive", || pair().is_some_and(|(before, after)| !before.permissive && after.permissive));
        b.set("command_widened", || pair().is_some_and(|(x, y)| command_widened(x, y)));
        b.maybe("widened", || match pair() {
            Some((before, after)) => self.widened(before, after),
            None => Some(Vec::new()),
        });
    }

    fn is_open(&self, fact: &Fact<Option<Expression>>) -> Option<bool> {
        let Some(expression) = fact.get()? else { return Some(false) };
        let shape = facts::analyse(self.model, &self.table()?, expression)?;
        Some(shape.verdict == Verdict::Always)
    }

    fn opened(&self, before: &Fact<Option<Expression>>, after: &Fact<Option<Expression>>) -> Option<bool> {
        if before.value == after.value {
            return Some(false);
        }
        Some(self.is_open(after)? && !self.is_open(before)?)
    }

    /// The check on new rows, USING standing in where it does, became always true.
    fn check_opened(&self, before: &Policy, after: &Policy) -> Option<bool> {
        let effective = |policy: &'_ Policy| match (policy.check.get(), policy.command) {
            (_, PolicyCommand::Select | PolicyCommand::Delete) => None,
            (Some(None), PolicyCommand::All | PolicyCommand::Update) => Some(policy.using.clone()),
            _ => Some(policy.check.clone()),
        };
        match (effective(before), effective(after)) {
            (Some(before), Some(after)) => self.opened(&before, &after),
            _ => Some(false),
        }
    }

    fn widened(&self, before: &Policy, after: &Policy) -> Option<Vec<String>> {
        let mut words = Vec::new();
        let roles = roles_added(before, after)?;
        if !roles.is_empty() {
            words.push(format!("it now applies to {}", roles.join(", ")));
        }
        if self.opened(&before.using, &after.using)? {
            words.push("USING became always true".to_owned());
        }
        if self.check_opened(before, after)? {
            words.push("the check on new rows became always true".to_owned());
        }
        if !before.permissive && after.permissive {
            words.push("RESTRICTIVE became PERMISSIVE".to_owned());
        }
        if command_widened(before, after) {
            words.push(format!("it now covers {}", command_word(after.command)));
        }
        Some(words)
    }
}
