//! `SELECT`, `VALUES` and set operations.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::{clauses, from, unknown};
use crate::location::Span;
use crate::sql::ast::{
    Alias, Cte, CteBody, Expr, ExprKind, Name, Query, QueryBody, Select, SelectItem, SetOp, TableRef,
};
use crate::sql::lower_expr::Low;
use crate::sql::{cx, tree};

/// One `SELECT`.
pub(super) fn select(low: Low<'_>, node: &SyntaxNode) -> Select {
    let clause = tree::child(node, K::SELECT_CLAUSE);
    let clause_expr = |kind| tree::child(node, kind).and_then(|clause| low.child_expr(&clause));
    let into = tree::child(node, K::INTO_CLAUSE);
    let from = tree::child(node, K::FROM_CLAUSE);
    let group_by = tree::child(node, K::GROUP_BY_CLAUSE);
    let distinct = clause.as_ref().and_then(|clause| tree::child(clause, K::DISTINCT_CLAUSE));
    Select {
        distinct: distinct.is_some(),
        columns: clause.map(|clause| targets(low, &clause)).unwrap_or_default(),
        into: into.iter().map(tree::name).collect(),
        from: from.map(|clause| from::items(low, &clause)).unwrap_or_default(),
        filter: clause_expr(K::WHERE_CLAUSE),
        group_by: group_by.map(|clause| low.inside(&clause)).unwrap_or_default(),
        having: clause_expr(K::HAVING_CLAUSE),
    }
}

/// The items of the target list that is a child of `node`.
pub(super) fn targets(low: Low<'_>, node: &SyntaxNode) -> Vec<SelectItem> {
    let list = tree::child(node, K::TARGET_LIST);
    list.iter().flat_map(|list| tree::children_of(list, K::TARGET)).map(|target| item(low, &target)).collect()
}

fn item(low: Low<'_>, node: &SyntaxNode) -> SelectItem {
    let star = || Expr { span: low.cx.span(node), kind: ExprKind::Star(None) };
    let name = tree::child(node, K::AS_NAME).and_then(|clause| tree::child(&clause, K::COLUMN_NAME));
    let expr = if tree::has_token(node, K::STAR) { Some(star()) } else { low.child_expr(node) };
    SelectItem { expr: expr.unwrap_or_else(|| low.other(node)), alias: name.map(|name| cx::ident(&name)) }
}

/// The rows of `VALUES`.
pub(super) fn rows(low: Low<'_>, node: &SyntaxNode) -> Vec<Vec<Expr>> {
    let list = tree::child(node, K::ROW_LIST);
    list.iter().flat_map(|list| tree::children_of(list, K::ROW)).map(|row| low.exprs(&row)).collect()
}

/// Set operations. The tree is left-deep: its left spine is walked, not recursed into, and long runs of one operation
/// are balanced, which changes neither their result nor what they read.
pub(super) fn compound(low: Low<'_>, node: &SyntaxNode) -> Query {
    let mut spine = vec![node.clone()];
    while let Some(left) = spine.last().and_then(left_operand) {
        if left.kind() != K::COMPOUND_SELECT {
            spine.push(left);
            break;
        }
        spine.push(left);
    }
    let mut query = spine.pop().map_or_else(|| unknown(low.cx.span(node)), |first| operand(low, &first));
    let mut run: Vec<Query> = Vec::new();
    let mut run_op = None;
    while let Some(level) = spine.pop() {
        let op = set_op(&level);
        let right = operands(&level).nth(1).map(|right| operand(low, &right));
        let right = right.unwrap_or_else(|| unknown(low.cx.span(&level)));
        if run_op != Some(op) || run.is_empty() {
            query = finish(std::mem::take(&mut run), run_op).unwrap_or(query);
            run = vec![query.clone()];
            run_op = Some(op);
        }
        run.push(right);
        if has_clauses(&level) || spine.is_empty() {
            query = finish(std::mem::take(&mut run), run_op).unwrap_or(query);
            query.span = low.cx.span(&level);
            clauses(low, &level, &mut query);
        }
    }
    query
}

/// The two sides of a set operation.
fn operands(node: &SyntaxNode) -> impl Iterator<Item = SyntaxNode> + use<> {
    node.children().filter(|child| tree::is_query(child) || child.kind() == K::PAREN_EXPR)
}

fn left_operand(node: &SyntaxNode) -> Option<SyntaxNode> {
    (node.kind() == K::COMPOUND_SELECT).then(|| operands(node).next()).flatten()
}

fn operand(low: Low<'_>, node: &SyntaxNode) -> Query {
    match tree::enclosed_query(node) {
        Some(query) => low.query(&query),
        None => unknown(low.cx.span(node)),
    }
}

fn has_clauses(node: &SyntaxNode) -> bool {
    const TAIL: [K; 6] =
        [K::WITH_CLAUSE, K::ORDER_BY_CLAUSE, K::LIMIT_CLAUSE, K::FETCH_CLAUSE, K::OFFSET_CLAUSE, K::LOCKING_CLAUSE];
    node.children().any(|child| TAIL.contains(&child.kind()))
}

fn set_op(node: &SyntaxNode) -> (SetOp, bool) {
    for child in node.children() {
        let op = match child.kind() {
            K::UNION => SetOp::Union,
            K::INTERSECT => SetOp::Intersect,
            K::EXCEPT => SetOp::Except,
            _ => continue,
        };
        return (op, tree::child(&child, K::ALL).is_some());
    }
    (SetOp::Union, false)
}

/// Joins the operands of one run; `EXCEPT` is not associative and stays left-deep.
fn finish(run: Vec<Query>, op: Option<(SetOp, bool)>) -> Option<Query> {
    const KEEP: usize = 32;
    let (op, all) = op?;
    if run.len() <= KEEP || op == SetOp::Except {
        return run.into_iter().reduce(|left, right| set(op, all, left, right));
    }
    let mut level = run;
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len() / 2 + 1);
        let mut pairs = level.into_iter();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => set(op, all, left, right),
                None => left,
            });
        }
        level = next;
    }
    level.pop()
}

fn set(op: SetOp, all: bool, mut left: Query, right: Query) -> Query {
    let mut query = unknown(left.span.cover(right.span));
    // A WITH clause before the first operand is the whole query's.
    query.recursive = std::mem::take(&mut left.recursive);
    query.with = std::mem::take(&mut left.with);
    query.body = QueryBody::Set { op, all, left: Box::new(left), right: Box::new(right) };
    query
}

/// The query of `CREATE RECURSIVE VIEW`: it stands nowhere in the file as a whole.
pub(in crate::sql) fn recursive(view: &str, columns: &[String], inner: Query) -> Query {
    let (span, name) = (inner.span, Name::bare(view));
    let item =
        |column: &String| SelectItem { expr: Expr { span, kind: ExprKind::Column(vec![column.clone()]) }, alias: None };
    let mut query = unknown(Span::default());
    query.body = QueryBody::Select(Box::new(Select {
        distinct: false,
        columns: columns.iter().map(item).collect(),
        into: Vec::new(),
        from: vec![TableRef::Relation { span, name, alias: None }],
        filter: None,
        group_by: Vec::new(),
        having: None,
    }));
    query.recursive = true;
    query.with = vec![Cte { name: view.to_owned(), columns: columns.to_vec(), body: CteBody::Query(Box::new(inner)) }];
    query
}

/// `select * from (query)`: for clauses a query already has.
pub(super) fn wrapped(inner: Query) -> Query {
    let mut query = unknown(inner.span);
    query.body = QueryBody::Select(Box::new(Select {
        distinct: false,
        columns: vec![SelectItem { expr: Expr { span: inner.span, kind: ExprKind::Star(None) }, alias: None }],
        into: Vec::new(),
        from: vec![TableRef::Query { lateral: false, query: Box::new(inner), alias: None::<Alias> }],
        filter: None,
        group_by: Vec::new(),
        having: None,
    }));
    query
}
