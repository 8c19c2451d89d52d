//! Statements that fail inside a policy or a view: a table or function in it that the role may not use, or a policy
//! that reads its own table again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::folding::{
    absorbs, columns_of_queries, constant, filters_fold, folds_inside, has_branches, has_subquery, may_decide,
};
use super::policies::{Applying, Clause, Part, Rls};
use super::{Access, Ask, Command, Step, Touch, Verdict};
use crate::catalog::{FunctionKey, Policy, QualifiedName, Relation};
use crate::sql::ast::{Expr, ExprKind, Name, TableRef};
use crate::sql::walk::{self, Node};

/// Why a statement fails.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// It fails whatever the rows; otherwise the part that would fail may not be evaluated.
    pub(super) certain: bool,
    /// It fails before the first row is looked at.
    pub(super) at_start: bool,
    pub(super) step: Step,
}

/// What surrounds a condition.
#[derive(Debug, Clone, Copy, Default)]
struct Guards {
    /// A constant beside it may let the planner drop it.
    foldable: bool,
    /// What stands beside it may spare its evaluation.
    lazy: bool,
    /// It is folded away: only recursion is found before that.
    folded: bool,
}

/// The way here: relations whose policies are being expanded, and functions being run.
#[derive(Debug, Clone, Default)]
struct Trail<'t> {
    relations: Vec<&'t QualifiedName>,
    functions: Vec<&'t FunctionKey>,
    /// What was looked into on any way: once is enough.
    seen: Rc<RefCell<BTreeSet<(String, String)>>>,
}

impl Trail<'_> {
    /// Whether a function is looked into for the first time with someone's rights.
    fn is_new(&self, who: &str, what: String) -> bool {
        self.seen.borrow_mut().insert((who.to_owned(), what))
    }

    /// Whether a relation is. What a function reads says nothing of those on the way to it: there a policy that leads
    /// back to one of them is no circle.
    fn is_new_relation(&self, who: &str, name: &QualifiedName) -> bool {
        let within = self.functions.last().map(|key| format!(" in {key}")).unwrap_or_default();
        self.is_new(who, format!("{name}{within}"))
    }
}

/// What the names in front of columns mean; nothing where one means several.
pub(super) type Aliases = BTreeMap<String, Option<QualifiedName>>;

/// Nesting of policies, views and function bodies followed.
const MAX_TRAIL: usize = 16;

impl<'c> Access<'c> {
    /// Why statements on `name` fail in the policies that apply.
    pub(super) fn failure_of(
        &self,
        ask: Ask<'_, 'c>,
        name: &QualifiedName,
        applying: &Applying<'c>,
    ) -> Option<Failure> {
        let trail = Trail { relations: vec![name], ..Trail::default() };
        self.failure_in(ask, applying, &trail)
    }

    /// Whether a condition of `policy`, one of `relation`'s, comes back to that relation when `role` is held to it:
    /// PostgreSQL refuses the statement. `None` where there is no such role.
    pub(crate) fn recurs(&self, role: &str, relation: &QualifiedName, policy: &Policy) -> Option<bool> {
        let who = self.principal(role)?;
        let ask = Ask { session: who, checker: who, checked: false };
        let mut conditions = [&policy.using, &policy.check].into_iter().filter_map(|fact| fact.get()?.as_ref());
        Some(conditions.any(|condition| {
            let trail = Trail { relations: vec![relation], ..Trail::default() };
            let failure =
                super::tree(condition).and_then(|expr| self.failure_of_expr(ask, &expr, Guards::default(), &trail, 0));
            failure.as_ref().is_some_and(recursion)
        }))
    }

    fn failure_in(&self, ask: Ask<'_, 'c>, applying: &Applying<'c>, trail: &Trail<'_>) -> Option<Failure> {
        let open = |part: &Part<'_>| part.expr.as_deref().and_then(constant) == Some(true);
        let alone = applying.permissive.len() + applying.restrictive.len() == 1;
        // The planner drops the other permissive conditions beside a plain `true`; recursion is found before that.
        let dropped = applying.permissive.iter().any(open);
        let mut worst: Option<Failure> = None;
        for part in applying.permissive.iter().chain(&applying.restrictive) {
            let Some(expr) = &part.expr else { continue };
            let mut others = applying.permissive.iter().filter(|other| !std::ptr::eq(*other, part));
            let drops = |other: &Expr| may_decide(other) || absorbs(other, expr);
            let beside = part.policy.permissive && others.any(|other| other.expr.as_deref().is_some_and(drops));
            let foldable = beside || ends(applying, part);
            let guards = Guards { foldable, lazy: !alone, folded: false };
            let folded = dropped && part.policy.permissive;
            let Some(mut failure) = self.failure_of_expr(ask, expr, Guards { folded, ..guards }, trail, 0) else {
                continue;
            };
            failure.step = part.step(&failure.step.text);
            worst = worse(worst, Some(failure));
            if worst.as_ref().is_some_and(first_found) {
                break;
            }
        }
        worst
    }

    fn failure_of_expr(
        &self,
        ask: Ask<'_, 'c>,
        expr: &Expr,
        guards: Guards,
        trail: &Trail<'_>,
        depth: usize,
    ) -> Option<Failure> {
        if constant(expr).is_some() {
            return self.failure_of_leaf(ask, expr, Guards { folded: true, ..guards }, trail);
        }
        let parts = match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) if depth < MAX_TRAIL => parts,
            _ => return self.failure_of_leaf(ask, expr, guards, trail),
        };
        let mut worst: Option<Failure> = None;
        for (at, part) in parts.iter().enumerate() {
            let mut others = parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
            let or = matches!(expr.kind, ExprKind::Or(_));
            let drops = others.any(|other| may_decide(other) || or && absorbs(other, part));
            let guards = Guards { foldable: guards.foldable || drops, lazy: true, ..guards };
            worst = worse(worst, self.failure_of_expr(ask, part, guards, trail, depth + 1));
        }
        worst
    }

    fn failure_of_leaf(&self, ask: Ask<'_, 'c>, expr: &Expr, guards: Guards, trail: &Trail<'_>) -> Option<Failure> {
        let references = self.analyser.references(Node::Expr(expr));
        if references.reads.is_empty() && references.routines.is_empty() {
            return None;
        }
        let inside = Guards {
            foldable: guards.foldable || folds_inside(expr),
            lazy: guards.lazy || has_branches(expr) || has_subquery(expr),
            folded: guards.folded,
        };
        // `WHERE false` spares the policies behind it, but not the privilege on the table.
        let empty = filters_fold(expr);
        let columns = columns_of_queries(expr);
        let aliases = aliases(Node::Expr(expr), &|name| Some(self.analyser.relation_named(name)));
        let mut worst: Option<Failure> = None;
        let reads = references
            .reads
            .iter()
            .filter_map(|read| self.unreadable(ask, read, &columns, &references.reads, &aliases, trail));
        let reads = reads.map(|failure| Failure {
            certain: failure.certain && (recursion(&failure) || !(inside.foldable || empty && calls(&failure))),
            ..failure
        });
        let calls = references.routines.iter().filter_map(|key| self.uncallable(ask, key, inside, trail));
        for failure in reads.chain(calls).filter(|failure| !inside.folded || recursion(failure)) {
            worst = worse(worst, Some(failure));
        }
        worst
    }

    /// Why reading a relation in a policy, view or function fails.
    fn unreadable(
        &self,
        ask: Ask<'_, 'c>,
        name: &QualifiedName,
        columns: &[&[String]],
        beside: &BTreeSet<QualifiedName>,
        aliases: &Aliases,
        trail: &Trail<'_>,
    ) -> Option<Failure> {
        let (name, relation) = self.catalog.relations.get_key_value(name)?;
        if trail.relations.len() > MAX_TRAIL {
            return None;
        }
        let behind = self.failure_behind(ask, (name, relation), trail);
        if behind.as_ref().is_some_and(recursion) {
            // Policies are put in before privileges are asked for.
            return behind;
        }
        let touch = self.touched(name, columns, beside, aliases);
        let privilege = self.privilege(ask.checker, (name, relation), Command::Select, &touch);
        if privilege.verdict != Verdict::All || privilege.fragile {
            let text = format!("reads {name}, on which {} holds no SELECT: the statement fails", ask.checker.label());
            let certain = privilege.verdict == Verdict::None && !relation.provenance.is_assumed();
            return Some(Failure { certain, at_start: true, step: Step::new(text, None) });
        }
        behind
    }

    /// Why reading what a relation shows fails, the relation itself being readable.
    fn failure_behind(
        &self,
        ask: Ask<'_, 'c>,
        (name, relation): (&'c QualifiedName, &'c Relation),
        trail: &Trail<'_>,
    ) -> Option<Failure> {
        if relation.definition.is_some() {
            return self.view_failure(ask, name, trail);
        }
        if !matches!(self.rls(ask.checker, (name, relation)), Rls::On(_)) {
            return None;
        }
        let applying = self.applying(ask.checker, (name, relation), Command::Select, Clause::Using);
        if applying.permissive.is_empty() {
            // Nothing is shown, and no condition is looked at.
            return None;
        }
        // PostgreSQL looks at both conditions of a policy before it uses one.
        let subqueries = |part: &Part<'_>| {
            let both = [&part.policy.using, &part.policy.check].into_iter().filter_map(|fact| fact.get()?.as_ref());
            both.filter_map(super::tree).any(|expr| has_subquery(&expr))
        };
        if trail.relations.contains(&name) && applying.permissive.iter().chain(&applying.restrictive).any(subqueries) {
            let text = format!("reads {name} again: infinite recursion, the statement fails");
            return Some(Failure { certain: true, at_start: true, step: Step::new(text, None) });
        }
        if !trail.is_new_relation(ask.checker.name, name) {
            return None;
        }
        let mut further = trail.clone();
        further.relations.push(name);
        let mut failure = self.failure_in(ask, &applying, &further)?;
        if !recursion(&failure) {
            failure.step.text = format!("reads {name}, whose {}", failure.step.text);
        }
        Some(failure)
    }

    fn view_failure(&self, ask: Ask<'_, 'c>, name: &QualifiedName, trail: &Trail<'_>) -> Option<Failure> {
        if !trail.is_new_relation(ask.checker.name, name) {
            return None;
        }
        let relation = self.catalog.relations.get(name)?;
        let query = self.query(name)?;
        let checker = self.inner_checker(ask, relation)?;
        let references = self.analyser.references(Node::Query(&query));
        let mut further = trail.clone();
        further.relations.push(name);
        let columns = walk::columns(query.as_ref());
        let inner = Ask { session: ask.session, checker, checked: false };
        let reads = self.view_reads(name, &references.reads);
        let aliases = aliases(Node::Query(&query), &|name| Some(self.analyser.relation_named(name)));
        reads.iter().find_map(|read| self.unreadable(inner, read, &columns, &reads, &aliases, &further))
    }

    /// Why calling a routine fails.
    fn uncallable(&self, ask: Ask<'_, 'c>, key: &'c FunctionKey, guards: Guards, trail: &Trail<'_>) -> Option<Failure> {
        if !self.may_call(ask.session, key) {
            let text = format!("calls {key}, which {} may not: the statement fails", ask.session.label());
            return Some(Failure { certain: !guards.foldable, at_start: true, step: Step::new(text, None) });
        }
        if trail.functions.len() > MAX_TRAIL || !trail.is_new(ask.session.name, key.to_string()) {
            return None;
        }
        let (function, body) = (self.catalog.functions.get(key)?, self.body(key)?);
        let runs_as = match function.security_definer.get()? {
            true => self.principal(function.owner.get()?)?,
            false => ask.session,
        };
        // A function's queries are planned by themselves, and row level security begins anew.
        let mut further = Trail { relations: Vec::new(), ..trail.clone() };
        further.functions.push(key);
        let inner = Ask { session: runs_as, checker: runs_as, checked: false };
        let columns: Vec<&[String]> = body.columns.iter().map(Vec::as_slice).collect();
        let reads = body.reads.iter().filter_map(|read| {
            let usage = self.usage(runs_as, &read.schema).filter(|usage| usage.verdict == Verdict::None);
            match usage.and_then(|usage| usage.derivation.into_iter().next()) {
                Some(step) => Some(Failure { certain: true, at_start: false, step }),
                None => self.unreadable(inner, read, &columns, &body.reads, &Aliases::new(), &further),
            }
        });
        let calls = body.routines.iter().filter_map(|inner_key| {
            let usage = self.usage(runs_as, &inner_key.name.schema).filter(|usage| usage.verdict == Verdict::None);
            let step = usage.and_then(|usage| usage.derivation.into_iter().next());
            let unusable = step.map(|step| Failure { certain: true, at_start: false, step });
            unusable.or_else(|| self.uncallable(inner, inner_key, guards, &further))
        });
        let mut failure = reads.chain(calls).next()?;
        failure.step.text = format!("calls {key}, which {}", failure.step.text);
        failure.certain &= !guards.lazy && !guards.foldable && trail.relations.len() < 2;
        failure.at_start = false;
        Some(failure)
    }

    /// The columns of a relation that stand in a piece of SQL: those that are surely its, and those that may be.
    pub(super) fn touched(
        &self,
        name: &QualifiedName,
        columns: &[&[String]],
        beside: &BTreeSet<QualifiedName>,
        aliases: &Aliases,
    ) -> Touch {
        let of = |name: &QualifiedName| self.catalog.relations.get(name);
        let Some(relation) = of(name) else { return Touch::Any };
        let elsewhere = |column: &str| {
            beside.iter().any(|other| other != name && of(other).is_some_and(|other| other.column(column).is_some()))
        };
        let (mut sure, mut maybe) = (BTreeSet::new(), BTreeSet::new());
        for parts in columns {
            let Some((column, qualifier)) = parts.split_last() else { continue };
            if relation.column(column).is_none() {
                continue;
            }
            match qualifier.last().and_then(|alias| aliases.get(alias)) {
                Some(Some(meant)) if meant == name => sure.insert(column.clone()),
                Some(Some(_)) => false,
                _ if elsewhere(column) => maybe.insert(column.clone()),
                _ => sure.insert(column.clone()),
            };
        }
        maybe.retain(|column| !sure.contains(column));
        Touch::All(sure, maybe)
    }
}

/// Of two failures the one that decides: recursion between policies is found before any privilege is asked for.
fn worse(one: Option<Failure>, other: Option<Failure>) -> Option<Failure> {
    let rank = |failure: &Failure| (first_found(failure), failure.certain);
    match (&one, &other) {
        (Some(a), Some(b)) if rank(a) >= rank(b) => one,
        (_, Some(_)) => other,
        _ => one,
    }
}

fn first_found(failure: &Failure) -> bool {
    failure.certain && failure.at_start && recursion(failure)
}

/// A constant among the other conditions may make all of them false: then none is looked at. A plain `true` cannot.
fn ends(applying: &Applying<'_>, part: &Part<'_>) -> bool {
    let decides = |other: &Part<'_>| {
        let expr = other.expr.as_deref();
        expr.is_some_and(|expr| constant(expr) != Some(true) && may_decide(expr))
    };
    let mut narrowing = applying.restrictive.iter().filter(|other| !std::ptr::eq(*other, part));
    narrowing.any(decides) || !part.policy.permissive && applying.permissive.iter().all(decides)
}

/// The names in front of columns in a piece of SQL.
pub(super) fn aliases(root: Node<'_>, resolve: &dyn Fn(&Name) -> Option<QualifiedName>) -> Aliases {
    let mut found = Aliases::new();
    walk::walk(root, |node| {
        if let Node::Table(TableRef::Relation { name, alias, .. }) = node {
            let shown = alias.as_ref().map_or(&name.name, |alias| &alias.name);
            let meant = resolve(name);
            found
                .entry(shown.clone())
                .and_modify(|old| *old = old.take().filter(|old| Some(old) == meant.as_ref()))
                .or_insert(meant);
        }
        true
    });
    found
}

pub(super) fn calls(failure: &Failure) -> bool {
    failure.step.text.contains(" calls ")
}

fn recursion(failure: &Failure) -> bool {
    failure.step.text.contains("infinite recursion")
}
