//! What the conditions of several policies come to: any permissive one opens, every restrictive one must hold.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::policies::{Applying, Part};
use super::session::Memo;
use super::{Access, Ask, Command, Judgement, Touch, Verdict};
use crate::catalog::{Function, FunctionKey, QualifiedName};
use crate::location::Span;
use crate::predicate::{Analysis, References, RoleContext, Verdict as Truth};
use crate::sql::ast::{Expr, ExprKind};
use crate::sql::walk::{self, Node};

impl<'c> Access<'c> {
    /// Which rows the policies let through together.
    pub(super) fn combine(
        &self,
        ask: Ask<'_, 'c>,
        name: &'c QualifiedName,
        applying: &Applying<'c>,
        memo: &Memo<'c>,
    ) -> Judgement {
        let mut judgement = Judgement { verdict: Verdict::Denied, ..Judgement::default() };
        let mut verdicts = Vec::new();
        for part in &applying.permissive {
            let verdict = self.judge_part(ask, name, part, memo, &mut judgement);
            judgement.verdict = judgement.verdict.or(verdict);
            verdicts.push(verdict);
        }
        if verdicts.contains(&Verdict::All) {
            judgement.verdict = Verdict::All;
        }
        let opened = verdicts.iter().filter(|verdict| **verdict != Verdict::Denied).count();
        for part in &applying.restrictive {
            let verdict = self.judge_part(ask, name, part, memo, &mut judgement);
            judgement.verdict = judgement.verdict.and(verdict);
            verdicts.push(verdict);
        }
        let narrowed = verdicts.iter().skip(applying.permissive.len()).any(|verdict| *verdict != Verdict::All);
        let single = opened == 1 && !narrowed || opened == 0;
        if matches!(judgement.verdict, Verdict::Rows | Verdict::Unknown) && !single {
            self.judge_together(ask, name, applying, &verdicts, memo, &mut judgement);
        }
        judgement
    }

    fn judge_part(
        &self,
        ask: Ask<'_, 'c>,
        name: &'c QualifiedName,
        part: &Part<'c>,
        memo: &Memo<'c>,
        judgement: &mut Judgement,
    ) -> Verdict {
        let (Some(expression), Some(expr)) = (part.expression, &part.expr) else {
            judgement.derivation.push(part.step("is not known"));
            return Verdict::Unknown;
        };
        let key = (std::ptr::from_ref(expression) as usize, ask.session.name, ask.checker.name);
        let context = self.context(ask, expr, memo);
        let analysis = memo.analysis(key, || self.analyser.analyse(expr, name, &context));
        explain(part, &analysis, judgement);
        of(&analysis)
    }

    /// The session as an expression sees it: tables that show its reader nothing are empty.
    fn context<'a>(&self, ask: Ask<'a, 'c>, expr: &Expr, memo: &Memo<'c>) -> Cow<'a, RoleContext> {
        let plain = Cow::Borrowed(&ask.session.context);
        if memo.is_shallow() || !looks_elsewhere(expr) {
            return plain;
        }
        let mut found = self.analyser.references(Node::Expr(expr));
        // A function runs with the session's rights, not with those of a view around the policy.
        let hidden_from_calls = ask.session.name == ask.checker.name;
        if hidden_from_calls {
            self.read_by_calls(&mut found);
        }
        let hidden: BTreeSet<QualifiedName> =
            found.reads.into_iter().filter(|read| self.shows_nothing(ask, read)).collect();
        if hidden.is_empty() {
            return plain;
        }
        Cow::Owned(RoleContext { hidden, hidden_from_calls, ..ask.session.context.clone() })
    }

    /// Adds what the functions called read with their caller's rights.
    fn read_by_calls(&self, found: &mut References<'c>) {
        let mut open: Vec<&FunctionKey> = found.routines.iter().copied().collect();
        while let Some(key) = open.pop() {
            let invoker = |function: &&Function| function.security_definer.is(&false);
            let Some(body) = self.catalog.functions.get(key).filter(invoker).and_then(|_| self.body(key)) else {
                continue;
            };
            found.reads.extend(body.reads.iter().cloned());
            open.extend(body.routines.iter().filter(|routine| found.routines.insert(routine)));
        }
    }

    /// Whether a relation shows no row to whoever's rights count; judged once, without looking further.
    fn shows_nothing(&self, ask: Ask<'_, 'c>, name: &QualifiedName) -> bool {
        let Some(target) = self.catalog.relations.get_key_value(name) else { return false };
        let key = (ask.session.name, ask.checker.name, target.0);
        if let Some(known) = self.hidden.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return *known;
        }
        let shallow = Memo::shallow();
        let hides = self.reach(ask, target, Command::Select, &Touch::Any, &shallow, 0).verdict == Verdict::Denied;
        self.hidden.write().unwrap_or_else(PoisonError::into_inner).insert(key, hides);
        hides
    }

    /// One formula of all conditions: what none of them decides alone they may decide together.
    fn judge_together(
        &self,
        ask: Ask<'_, 'c>,
        name: &QualifiedName,
        applying: &Applying<'c>,
        verdicts: &[Verdict],
        memo: &Memo<'c>,
        judgement: &mut Judgement,
    ) {
        let parts = applying.permissive.iter().chain(&applying.restrictive);
        let mut open = Vec::new();
        let mut all = Vec::new();
        for (part, verdict) in parts.zip(verdicts) {
            let Some(expr) = &part.expr else { return };
            match (part.policy.permissive, verdict) {
                (true, Verdict::Denied) | (false, Verdict::All) => {}
                (true, _) => open.push(expr.as_ref().clone()),
                (false, _) => all.push(expr.as_ref().clone()),
            }
        }
        let node = |kind| Expr { span: Span::default(), kind };
        all.insert(0, node(ExprKind::Or(open)));
        let whole = node(ExprKind::And(all));
        let context = self.context(ask, &whole, memo);
        let analysis = self.analyser.analyse(&whole, name, &context);
        let together = of(&analysis);
        match (judgement.verdict, together) {
            (_, Verdict::All) => judgement.step("together the policies let every row through", None),
            (_, Verdict::Denied) => judgement.step("together the policies let no row through", None),
            (Verdict::Unknown, Verdict::Rows) => {}
            _ => return,
        }
        judgement.verdict = together;
    }
}

/// What an analysed condition means for access.
pub(super) fn of(analysis: &Analysis) -> Verdict {
    match analysis.verdict {
        Truth::Always => Verdict::All,
        Truth::Never => Verdict::Denied,
        Truth::Rows => Verdict::Rows,
        Truth::Unknown if analysis.gave_up || !analysis.depends.unknown.is_empty() => Verdict::Unknown,
        // The session or other tables decide for all rows at once.
        Truth::Unknown => Verdict::Rows,
    }
}

fn explain(part: &Part<'_>, analysis: &Analysis, judgement: &mut Judgement) {
    let word = |truth: Truth| match truth {
        Truth::Always => "is always true",
        Truth::Never => "is never true",
        Truth::Rows => "depends on the row",
        Truth::Unknown => "depends on more than the row",
    };
    let deciding = analysis.branches.iter().enumerate().find(|(_, branch)| branch.verdict == Truth::Always);
    let says = match deciding {
        Some((at, branch)) if analysis.branches.len() > 1 => {
            format!("is always true by branch {} ({})", at + 1, branch.reason)
        }
        _ => format!("{} ({})", word(analysis.verdict), analysis.reason),
    };
    judgement.derivation.push(part.step(&says));
}

fn looks_elsewhere(expr: &Expr) -> bool {
    let mut found = false;
    walk::walk(expr, |node| {
        found |= matches!(node, Node::Query(_) | Node::Expr(Expr { kind: ExprKind::Call(_), .. }));
        !found
    });
    found
}
