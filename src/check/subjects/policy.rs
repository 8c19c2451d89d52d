//! Policies.

mod storage;

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::super::facts::{self, Clause, PolicyFacts, Shape, Verdict};
use super::super::model::{is_own, origin_word};
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use crate::catalog::{ObjectKind, ObjectRef, PUBLIC, Policy, QualifiedName, Relation};
use crate::sql::ast::PolicyCommand;

/// Fields that need the expressions analysed.
const ANALYSED: &[&str] = &[
    "using.",
    "check.",
    "effective_check.",
    "read_",
    "write_",
    "drops_scope",
    "dropped_columns",
    "reads_self",
    "recursion",
];

pub(super) fn policies(model: &Model<'_>, needed: &Needed, judge: &mut dyn FnMut(&[Subject])) {
    let mut all = Vec::new();
    for (name, table) in &model.catalog().relations {
        let own = table.policies.iter().filter(|(_, policy)| is_own(policy.provenance.origin));
        all.extend(own.map(|(policy_name, policy)| One { model, name, table, policy_name, policy }));
    }
    if all.is_empty() {
        judge(&[]);
    }
    for some in all.chunks(super::BATCH) {
        let subjects: Vec<Subject> = some.par_iter().map(|one| one.subject(needed)).collect();
        judge(&subjects);
    }
}

/// One policy with its surroundings.
struct One<'a, 'm> {
    model: &'a Model<'m>,
    name: &'a QualifiedName,
    table: &'a Relation,
    policy_name: &'a str,
    policy: &'a Policy,
}

impl One<'_, '_> {
    fn subject(&self, needed: &Needed) -> Subject {
        let object = ObjectRef::on(ObjectKind::Policy, self.name, self.policy_name);
        let mut b = Builder::new(needed, object).provenance(&self.policy.provenance);
        self.identity(&mut b);
        self.roles(&mut b);
        self.surroundings(&mut b);
        if needed.any(ANALYSED) {
            let facts = facts::of_policy(self.model, self.name, self.policy);
            self.using(&mut b, &facts.using);
            self.check(&mut b, &facts.check);
            self.effective_check(&mut b, &facts);
            self.access(&mut b, &facts);
            self.scope(&mut b, &facts);
            self.recursion(&mut b, &facts);
        }
        b.build()
    }

    fn identity(&self, b: &mut Builder<'_>) {
        let policy = self.policy;
        b.set("schema", || self.name.schema.as_str());
        b.set("table", || self.name.to_string());
        b.set("name", || self.policy_name);
        b.set("command", || command_word(policy.command));
        b.set("commands", || commands(policy.command).to_vec());
        b.set("permissive", || policy.permissive);
        b.set("origin", || origin_word(policy.provenance.origin));
        b.set("name_says_privileged", || says_privileged(self.policy_name));
    }

    fn roles(&self, b: &mut Builder<'_>) {
        let roles = &self.policy.roles;
        b.fact("roles", roles, Clone::clone);
        b.derived("roles_omitted", roles, || self.policy.roles_omitted);
        b.derived("applies_to_anon", roles, || self.applies_to("anon"));
        b.derived("applies_to_authenticated", roles, || self.applies_to("authenticated"));
        b.fact("only_privileged_roles", roles, |roles| {
            !roles.is_empty() && roles.iter().all(|role| role != PUBLIC && self.model.is_privileged(role))
        });
    }

    fn surroundings(&self, b: &mut Builder<'_>) {
        let table = self.table;
        b.set("in_exposed_schema", || self.model.is_exposed_schema(&self.name.schema));
        b.maybe("table_exposed", || self.model.is_exposed(self.name, table, Model::ROW_PRIVILEGES));
        b.fact("table_rls_enabled", &table.rls_enabled, |enabled| *enabled);
        b.set("duplicates", || self.others(|name, other| name < self.policy_name && self.means_the_same(other)));
        b.set("overlaps", || self.others(|_, other| self.overlaps(other)));
        b.maybe("lists_buckets", || storage::listed_buckets(self.model, self.name, self.policy));
    }

    fn others(&self, wanted: impl Fn(&str, &Policy) -> bool) -> Vec<String> {
        let others = self.table.policies.iter().filter(|(name, _)| name.as_str() != self.policy_name);
        others.filter(|(name, other)| wanted(name, other)).map(|(name, _)| name.clone()).collect()
    }

    fn means_the_same(&self, other: &Policy) -> bool {
        let policy = self.policy;
        let known = policy.roles.get().is_some() && policy.using.get().is_some() && policy.check.get().is_some();
        known
            && (policy.permissive, policy.command) == (other.permissive, other.command)
            && policy.roles.value == other.roles.value
            && policy.using.value == other.using.value
            && policy.check.value == other.check.value
    }

    fn overlaps(&self, other: &Policy) -> bool {
        let (Some(mine), Some(theirs)) = (self.policy.roles.get(), other.roles.get()) else { return false };
        let both_permissive = self.policy.permissive && other.permissive;
        let command = commands(self.policy.command).iter().any(|command| commands(other.command).contains(command));
        let public = mine.iter().chain(theirs).any(|role| role == PUBLIC);
        both_permissive && command && (public || mine.iter().any(|role| theirs.contains(role)))
    }

    /// Whether the policy applies to an exposed role; false where there is no such role.
    fn applies_to(&self, role: &str) -> Option<bool> {
        let roles = self.policy.roles.get()?;
        Some(roles.iter().any(|name| self.model.reaches(name, role)))
    }

    /// Every row, for each unprivileged role the policy applies to.
    fn always(&self, shape: &Shape) -> Option<bool> {
        if shape.verdict == Verdict::Always {
            return Some(true);
        }
        let roles = self.policy.roles.get()?;
        let applies = |role: &str| roles.iter().any(|name| self.model.reaches(name, role));
        let verdicts = [("anon", shape.anon), ("authenticated", shape.authenticated)];
        let mut concerned = verdicts.iter().filter(|(role, _)| applies(role)).peekable();
        let some = concerned.peek().is_some();
        // A policy for signed-in users that only asks whether they are signed in is `signed_in_only`, not this.
        Some(some && concerned.all(|(_, verdict)| *verdict == Verdict::Always) && !shape.signed_in_only)
    }

    fn using(&self, b: &mut Builder<'_>, clause: &Clause<'_>) {
        let fact = &self.policy.using;
        b.derived("using.present", fact, || fact.get().map(Option::is_some));
        b.derived("using.text", fact, || clause.text());
        b.derived("using.always_true", fact, || clause.ask(false, |s| self.always(s)));
        b.derived("using.never_true", fact, || clause.ask(false, |s| Some(s.verdict == Verdict::Never)));
        b.derived("using.is_null", fact, || clause.ask(false, |s| Some(s.is_null)));
        b.derived("using.calls", fact, || clause.ask(Vec::new(), |s| Some(s.calls.clone())));
        b.derived("using.uses_auth_uid", fact, || clause.ask(false, |s| Some(s.uses_auth_uid)));
        b.derived("using.unwrapped_auth_calls", fact, || {
            clause.ask(Vec::new(), |s| Some(s.unwrapped_auth_calls.clone()))
        });
        b.derived("using.user_metadata", fact, || clause.ask(false, |s| Some(s.user_metadata)));
        b.derived("using.signed_in_only", fact, || clause.ask(false, |s| Some(s.signed_in_only)));
        b.derived("using.anon_inverted", fact, || clause.ask(false, |s| Some(s.anon_inverted)));
        b.derived("using.columns", fact, || clause.ask(Vec::new(), |s| Some(s.columns.clone())));
        b.derived("using.missing_columns", fact, || clause.ask(Vec::new(), |s| self.missing(s)));
        b.derived("using.reads", fact, || clause.ask(Vec::new(), |s| Some(names(&s.reads))));
        b.derived("using.reads_auth_users", fact, || clause.ask(false, |s| Some(s.reads_auth_users)));
    }

    fn check(&self, b: &mut Builder<'_>, clause: &Clause<'_>) {
        let fact = &self.policy.check;
        b.derived("check.present", fact, || fact.get().map(Option::is_some));
        b.derived("check.text", fact, || clause.text());
        b.derived("check.always_true", fact, || clause.ask(false, |s| self.always(s)));
        b.derived("check.never_true", fact, || clause.ask(false, |s| Some(s.verdict == Verdict::Never)));
        b.derived("check.is_null", fact, || clause.ask(false, |s| Some(s.is_null)));
        b.derived("check.calls", fact, || clause.ask(Vec::new(), |s| Some(s.calls.clone())));
        b.derived("check.uses_auth_uid", fact, || clause.ask(false, |s| Some(s.uses_auth_uid)));
        b.derived("check.unwrapped_auth_calls", fact, || {
            clause.ask(Vec::new(), |s| Some(s.unwrapped_auth_calls.clone()))
        });
        b.derived("check.user_metadata", fact, || clause.ask(false, |s| Some(s.user_metadata)));
        b.derived("check.signed_in_only", fact, || clause.ask(false, |s| Some(s.signed_in_only)));
        b.derived("check.anon_inverted", fact, || clause.ask(false, |s| Some(s.anon_inverted)));
        b.derived("check.columns", fact, || clause.ask(Vec::new(), |s| Some(s.columns.clone())));
        b.derived("check.missing_columns", fact, || clause.ask(Vec::new(), |s| self.missing(s)));
        b.derived("check.reads", fact, || clause.ask(Vec::new(), |s| Some(names(&s.reads))));
        b.derived("check.reads_auth_users", fact, || clause.ask(false, |s| Some(s.reads_auth_users)));
        b.derived("check.same", fact, || {
            let (using, check) = (self.policy.using.get()?, fact.get()?);
            Some(check.is_some() && using == check)
        });
    }

    /// The clause new rows must pass, and whether it is USING standing in.
    fn effective<'f, 'p>(&self, facts: &'f PolicyFacts<'p>) -> (Option<&'f Clause<'p>>, bool) {
        match (&facts.check, self.policy.command) {
            (_, PolicyCommand::Select | PolicyCommand::Delete) => (None, false),
            (Clause::Absent, PolicyCommand::All | PolicyCommand::Update) => (Some(&facts.using), true),
            (check, _) => (Some(check), false),
        }
    }

    fn effective_check(&self, b: &mut Builder<'_>, facts: &PolicyFacts<'_>) {
        let (clause, from_using) = self.effective(facts);
        let fact = if from_using { &self.policy.using } else { &self.policy.check };
        let ask = |question: &dyn Fn(&Shape) -> Option<bool>| match clause {
            Some(clause) => clause.ask(false, question),
            None => Some(false),
        };
        let present = |clause: &Clause<'_>| match clause {
            Clause::Absent => Some(false),
            Clause::Unknown => fact.get().map(Option::is_some),
            Clause::Present(..) => Some(true),
        };
        b.derived("effective_check.present", fact, || clause.map_or(Some(false), present));
        b.derived("effective_check.always_true", fact, || ask(&|shape| self.always(shape)));
        b.derived("effective_check.signed_in_only", fact, || ask(&|shape| Some(shape.signed_in_only)));
        b.derived("effective_check.from_using", fact, || Some(from_using));
    }

    fn access(&self, b: &mut Builder<'_>, facts: &PolicyFacts<'_>) {
        let reads = matches!(self.policy.command, PolicyCommand::All | PolicyCommand::Select);
        let writes = self.policy.command != PolicyCommand::Select;
        let (check, _) = self.effective(facts);
        // A DELETE has no check: what it may delete is what USING lets through.
        let write_clause = check.unwrap_or(&facts.using);
        let roles = &self.policy.roles;
        b.derived("read_anon", roles, || self.verdict("anon", reads, &facts.using, |s| s.anon));
        b.derived("read_authenticated", roles, || {
            self.verdict("authenticated", reads, &facts.using, |s| s.authenticated)
        });
        b.derived("write_anon", roles, || self.verdict("anon", writes, write_clause, |s| s.anon));
        b.derived("write_authenticated", roles, || {
            self.verdict("authenticated", writes, write_clause, |s| s.authenticated)
        });
    }

    fn verdict(
        &self,
        role: &str,
        concerns: bool,
        clause: &Clause<'_>,
        of_role: impl Fn(&Shape) -> Verdict,
    ) -> Option<&'static str> {
        if !concerns || !self.applies_to(role)? {
            return Some("none");
        }
        Some(match clause {
            // Without an expression a permissive policy lets nothing through, and a restrictive one holds nothing back.
            Clause::Absent if self.policy.permissive => "never",
            Clause::Absent => "always",
            Clause::Unknown => "unknown",
            Clause::Present(_, shape) => of_role(shape).word(),
        })
    }

    fn scope(&self, b: &mut Builder<'_>, facts: &PolicyFacts<'_>) {
        let dropped = || {
            let explicit = matches!(self.policy.command, PolicyCommand::All | PolicyCommand::Update);
            match (&facts.using, &facts.check) {
                (Clause::Unknown, _) | (_, Clause::Unknown) => None,
                (Clause::Present(_, using), Clause::Present(_, check))
                    if explicit && using.verdict != Verdict::Always =>
                {
                    let kept: BTreeSet<&String> = check.columns.iter().collect();
                    Some(using.columns.iter().filter(|column| !kept.contains(column)).cloned().collect::<Vec<_>>())
                }
                _ => Some(Vec::new()),
            }
        };
        b.derived("drops_scope", &self.policy.check, || dropped().map(|columns| !columns.is_empty()));
        b.derived("dropped_columns", &self.policy.check, dropped);
    }

    fn recursion(&self, b: &mut Builder<'_>, facts: &PolicyFacts<'_>) {
        let reads = || {
            let clauses = [&facts.using, &facts.check];
            if clauses.iter().any(|clause| matches!(clause, Clause::Unknown)) {
                return None;
            }
            let shapes = clauses.iter().filter_map(|clause| clause.shape());
            Some(shapes.flat_map(|shape| shape.reads.iter().cloned()).collect::<Vec<QualifiedName>>())
        };
        let rls = &self.table.rls_enabled;
        b.derived("reads_self", rls, || reads().map(|reads| reads.contains(self.name)));
        b.derived("recursion", rls, || {
            if !*rls.get()? {
                return Some(Vec::new());
            }
            let cycle = facts::cycle(self.model.policy_reads(), self.name, &reads()?);
            Some(if cycle.is_empty() || self.recurs() { cycle } else { Vec::new() })
        });
    }

    /// Whether the policy comes back to its table for a role it applies to: which of a table's policies hold when it
    /// is read again depends on the role, and none does harm that has no subquery.
    fn recurs(&self) -> bool {
        let named = self.policy.roles.get().filter(|roles| !roles.iter().any(|role| role == PUBLIC));
        let roles: Vec<&str> = match named {
            Some(roles) => roles.iter().map(String::as_str).collect(),
            None => self.model.exposed_roles().chain([PUBLIC]).collect(),
        };
        let access = self.model.access();
        roles.into_iter().any(|role| access.recurs(role, self.name, self.policy).unwrap_or(true))
    }

    fn missing(&self, shape: &Shape) -> Option<Vec<String>> {
        self.table.columns_complete.then(|| shape.missing_columns.clone())
    }
}

fn names(tables: &[QualifiedName]) -> Vec<String> {
    tables.iter().map(ToString::to_string).collect()
}

pub(super) const fn command_word(command: PolicyCommand) -> &'static str {
    match command {
        PolicyCommand::All => "all",
        PolicyCommand::Select => "select",
        PolicyCommand::Insert => "insert",
        PolicyCommand::Update => "update",
        PolicyCommand::Delete => "delete",
    }
}

pub(super) const fn commands(command: PolicyCommand) -> &'static [&'static str] {
    match command {
        PolicyCommand::All => &["select", "insert", "update", "delete"],
        PolicyCommand::Select => &["select"],
        PolicyCommand::Insert => &["insert"],
        PolicyCommand::Update => &["update"],
        PolicyCommand::Delete => &["delete"],
    }
}

/// Whether a policy's own name promises that it is for trusted callers only.
fn says_privileged(name: &str) -> bool {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let word = ["system", "admin", "admins", "backend", "internal", "superuser", "superadmin", "administrator"];
    let pair = words.windows(2).any(|pair| matches!(pair, ["service", "role"] | ["edge", "function" | "functions"]));
    pair || words.iter().any(|w| word.contains(w) || *w == "servicerole")
}
