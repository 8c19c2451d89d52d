//! From the formula of an expression to its verdict, with the reason in words.

use std::collections::BTreeSet;

use super::eval::{Columns, Eval, Item, Scope, Source};
use super::formula::{Deps, Node, Outcomes, Tri, Var};
use super::{Analyser, Analysis, Branch, Depends, Filtering, RoleContext, Verdict};
use crate::catalog::{ConstraintRule, QualifiedName};
use crate::sql::ast::{Expr, ExprKind, Query};

/// Most combinations of what is not the row's that are gone through one by one.
const MAX_GROUPS: usize = 64;

/// Analyses `expr` on `relation` for `role`, and says how much work it was.
pub(super) fn analyse(
    analyser: &Analyser<'_>,
    expr: &Expr,
    relation: &QualifiedName,
    role: &RoleContext,
) -> (Analysis, u32) {
    let mut eval = Eval::new(analyser, role);
    let read = read(&mut eval, expr, relation);
    let analysis = analysis(&mut eval, read);
    (analysis, eval.work_done())
}

/// Analyses `expr` on `relation` for whoever asks, and says which names it uses.
pub(super) fn analyse_names(
    analyser: &Analyser<'_>,
    expr: &Expr,
    relation: &QualifiedName,
    role: &RoleContext,
) -> (Analysis, Names) {
    let mut eval = Eval::new(analyser, role);
    let read = read(&mut eval, expr, relation);
    let names = names(&mut eval, &read);
    (analysis(&mut eval, read), names)
}

/// An expression as formulas.
struct Read<'e> {
    whole: Node,
    /// The operands of the outermost `OR`, each with what was used to read it.
    parts: Vec<(&'e Expr, Node, Vec<String>)>,
    columns: BTreeSet<String>,
    assumptions: Vec<Node>,
}

fn read<'a, 'e>(eval: &mut Eval<'a>, expr: &'e Expr, relation: &QualifiedName) -> Read<'e> {
    let scope = own_scope(eval.analyser, relation);
    let operands = match &expr.kind {
        ExprKind::Or(operands) => operands.as_slice(),
        _ => std::slice::from_ref(expr),
    };
    let mut parts = Vec::new();
    for operand in operands {
        let before = eval.facts.len();
        let node = eval.condition(operand, &scope);
        parts.push((operand, node, eval.facts.split_off(before)));
    }
    let whole = eval.formulas.or(parts.iter().map(|(_, node, _)| *node).collect::<Vec<_>>());
    let columns = eval.columns_used();
    let assumptions = assumptions(eval, relation, &scope);
    Read { whole, parts, columns, assumptions }
}

fn analysis(eval: &mut Eval<'_>, read: Read<'_>) -> Analysis {
    let Read { whole, parts, assumptions, .. } = read;
    let mut gave_up = false;
    let branches: Vec<(Branch, Depends)> = parts
        .into_iter()
        .map(|(operand, node, facts)| {
            let judged = judge(eval, node, &assumptions);
            gave_up |= judged.gave_up;
            let reason = reason(eval, &judged, node, operand, &facts);
            (Branch { span: operand.span, verdict: judged.verdict, reason }, judged.depends)
        })
        .collect();
    conclude(eval, whole, &assumptions, gave_up, branches)
}

fn conclude(
    eval: &mut Eval<'_>,
    whole: Node,
    assumptions: &[Node],
    gave_up: bool,
    branches: Vec<(Branch, Depends)>,
) -> Analysis {
    let mut gave_up = gave_up;
    let (verdict, reason, depends) = match branches.as_slice() {
        [(only, depends)] => (only.verdict, only.reason.clone(), depends.clone()),
        _ => {
            let judged = judge(eval, whole, assumptions);
            gave_up = judged.gave_up;
            (judged.verdict, whole_reason(&judged, &branches), judged.depends)
        }
    };
    Analysis { verdict, reason, depends, gave_up, branches: branches.into_iter().map(|(branch, _)| branch).collect() }
}

fn whole_reason(judged: &Judged, branches: &[(Branch, Depends)]) -> String {
    let of = |verdict: Verdict| branches.iter().map(|(branch, _)| branch).find(|branch| branch.verdict == verdict);
    match judged.verdict {
        Verdict::Always => match of(Verdict::Always) {
            Some(branch) => branch.reason.clone(),
            None => "the branches together leave nothing out".to_owned(),
        },
        Verdict::Never => {
            let mut reasons: Vec<&str> = branches.iter().map(|(branch, _)| branch.reason.as_str()).collect();
            reasons.dedup();
            reasons.join("; ")
        }
        Verdict::Rows | Verdict::Unknown => in_words(judged),
    }
}

/// The names an expression uses, and the constant it is.
pub(super) struct Names {
    pub(super) columns: BTreeSet<String>,
    pub(super) missing: BTreeSet<String>,
    pub(super) whole_row: bool,
    pub(super) constant: Option<Option<bool>>,
}

fn names(eval: &mut Eval<'_>, read: &Read<'_>) -> Names {
    let mut columns = read.columns.clone();
    columns.remove("*");
    let null = eval.formulas.is(read.whole, Tri::Null);
    let outcomes = eval.formulas.outcomes(read.whole, &read.assumptions);
    let constant = if outcomes.always() {
        Some(Some(true))
    } else if outcomes.never() {
        let null = eval.formulas.outcomes(null, &read.assumptions);
        Some((!null.always()).then_some(false))
    } else {
        None
    };
    Names { columns, missing: eval.missing.clone(), whole_row: eval.whole_row, constant }
}

/// The names a policy expression sees: its relation's.
fn own_scope<'a>(analyser: &'a Analyser<'_>, name: &QualifiedName) -> Scope<'a, 'a> {
    let relation = analyser.catalog.relations.get(name);
    let item = Item {
        alias: name.name.clone(),
        id: 0,
        columns: Columns::Relation { name: name.clone(), relation, own: true },
        present: Vec::new(),
        deps: Deps::default(),
    };
    Scope { items: vec![item], ..Scope::root() }
}

/// The relation's checks that speak of the columns used, and nothing but the row.
fn assumptions<'a>(eval: &mut Eval<'a>, name: &QualifiedName, scope: &Scope<'_, 'a>) -> Vec<Node> {
    let analyser = eval.analyser;
    let Some(relation) = analyser.catalog.relations.get(name) else { return Vec::new() };
    if analyser.has_children(name) {
        return Vec::new();
    }
    let used = eval.columns_used();
    if used.is_empty() {
        return Vec::new();
    }
    let mut nodes = Vec::new();
    for constraint in relation.constraints.values().filter(|constraint| constraint.validated) {
        let ConstraintRule::Check { expression } = &constraint.kind else { continue };
        let Some(expr) = expression.ast.as_deref() else { continue };
        let about = crate::sql::walk::columns(expr);
        if !about.iter().filter_map(|parts| parts.last()).any(|column| used.contains(column)) {
            continue;
        }
        let before = eval.facts.len();
        let node = eval.condition(expr, scope);
        eval.facts.truncate(before);
        let rows = eval.mask(|source| matches!(source, Source::Column(_)));
        if eval.formulas.deps(node).bits & !rows == 0 {
            nodes.push(node);
        }
    }
    nodes
}

/// How the conditions of `query` narrow its rows.
pub(super) fn filtering(analyser: &Analyser<'_>, query: &Query, role: &RoleContext) -> Filtering {
    let mut eval = Eval::new(analyser, role);
    let node = eval.conditions_of(query);
    let outcomes = eval.formulas.outcomes(node, &[]);
    let depends = eval.depends(eval.formulas.deps(node).bits);
    Filtering { never: outcomes.never(), always: outcomes.always(), session: depends.session, unknown: depends.unknown }
}

struct Judged {
    verdict: Verdict,
    depends: Depends,
    gave_up: bool,
}

fn judge(eval: &mut Eval<'_>, node: Node, assumptions: &[Node]) -> Judged {
    let outcomes = eval.formulas.outcomes(node, assumptions);
    let depends = eval.depends(eval.formulas.deps(node).bits);
    let verdict = if outcomes.always() {
        Verdict::Always
    } else if outcomes.never() {
        Verdict::Never
    } else if outcomes.gave_up {
        Verdict::Unknown
    } else {
        of_mixed(eval, node, assumptions)
    };
    Judged { verdict, depends, gave_up: outcomes.gave_up }
}

/// The verdict of what is neither always nor never true: whether the row decides, and whether something not
/// understood could still open it wholly.
fn of_mixed(eval: &mut Eval<'_>, node: Node, assumptions: &[Node]) -> Verdict {
    let unknown = eval.mask(|source| matches!(source, Source::Unknown(_)));
    let columns = eval.mask(|source| matches!(source, Source::Column(_)));
    let opaque = eval.formulas.vars_where(node, |deps| deps.bits & unknown != 0);
    let others = eval.formulas.vars_where(node, |deps| deps.bits & (unknown | columns) == 0);
    let (Some(opaque), Some(others)) = (combinations(eval, &opaque), combinations(eval, &others)) else {
        let rows = eval.formulas.deps(node).bits & columns != 0;
        return if rows && opaque.is_empty() { Verdict::Rows } else { Verdict::Unknown };
    };
    let mut by_row = false;
    for first in &opaque {
        let mut all = Outcomes::default();
        for second in &others {
            let fixed: Vec<(Var, usize)> = first.iter().chain(second).copied().collect();
            let found = eval.formulas.outcomes_with(node, assumptions, &fixed);
            by_row |= found.yes && found.no || found.gave_up;
            all.yes |= found.yes;
            all.no |= found.no || found.gave_up;
        }
        // If what is not understood comes out this way, everything is open.
        if all.always() {
            return Verdict::Unknown;
        }
    }
    if by_row { Verdict::Rows } else { Verdict::Unknown }
}

/// Every way to fix `vars`; `None` where there are too many.
fn combinations(eval: &Eval<'_>, vars: &[Var]) -> Option<Vec<Vec<(Var, usize)>>> {
    let mut all: Vec<Vec<(Var, usize)>> = vec![Vec::new()];
    for var in vars {
        let size = eval.formulas.size(*var);
        if all.len() * size > MAX_GROUPS {
            return None;
        }
        all = all
            .into_iter()
            .flat_map(|fixed| (0..size).map(move |value| [fixed.as_slice(), &[(*var, value)]].concat()))
            .collect();
    }
    Some(all)
}

fn reason(eval: &Eval<'_>, judged: &Judged, node: Node, expr: &Expr, facts: &[String]) -> String {
    match judged.verdict {
        Verdict::Rows | Verdict::Unknown => return in_words(judged),
        Verdict::Always | Verdict::Never => {}
    }
    if matches!(expr.kind, ExprKind::Bool(_) | ExprKind::Null) {
        let word = match &expr.kind {
            ExprKind::Bool(true) => "true",
            ExprKind::Bool(false) => "false",
            _ => "NULL",
        };
        return format!("constant {word}");
    }
    let mut used: Vec<String> = Vec::new();
    for fact in facts {
        if !used.contains(fact) {
            used.push(fact.clone());
        }
    }
    if judged.verdict == Verdict::Always {
        let columns = judged.depends.columns.iter().filter(|column| eval.not_null_columns.contains(*column));
        let columns: Vec<String> = columns.cloned().collect();
        if !columns.is_empty() {
            used.push(format!("{} cannot be NULL", columns.join(", ")));
        }
    }
    used.truncate(3);
    match (used.is_empty(), judged.verdict, eval.formulas.constant(node)) {
        (false, ..) => used.join(", "),
        (true, Verdict::Always, _) => "true whatever the row".to_owned(),
        (true, _, Some(Tri::Null)) => "NULL whatever the row".to_owned(),
        (true, ..) => "true for no row".to_owned(),
    }
}

fn in_words(judged: &Judged) -> String {
    let depends = &judged.depends;
    let listed = |names: Vec<String>| names.join(", ");
    let unknown: Vec<String> = depends.unknown.iter().cloned().collect();
    if judged.gave_up {
        return "too many independent conditions to decide".to_owned();
    }
    if judged.verdict == Verdict::Unknown && !unknown.is_empty() {
        return format!("depends on {}, which cannot be followed", listed(unknown));
    }
    let mut parts = Vec::new();
    if !depends.columns.is_empty() {
        parts.push(format!("the row's {}", listed(depends.columns.iter().cloned().collect())));
    }
    if !depends.data.is_empty() {
        parts.push(format!("rows of {}", listed(depends.data.iter().map(ToString::to_string).collect())));
    }
    parts.extend(depends.session.iter().cloned());
    parts.extend(unknown);
    let same = if judged.verdict == Verdict::Unknown { "the same for every row: depends on " } else { "depends on " };
    format!("{same}{}", parts.join(" and "))
}
