//! What the planner may make of an expression before it runs: constants, and parts that need not be evaluated.

use std::collections::BTreeSet;

use crate::sql;
use crate::sql::ast::{Expr, ExprKind, Query, QueryBody};
use crate::sql::walk::{self, Node};

/// The constant an expression folds to by its plain `true` and `false`.
pub(super) fn constant(expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Bool(value) => Some(*value),
        ExprKind::And(parts) if parts.iter().any(|part| constant(part) == Some(false)) => Some(false),
        ExprKind::And(parts) if parts.iter().all(|part| constant(part) == Some(true)) => Some(true),
        ExprKind::Or(parts) if parts.iter().any(|part| constant(part) == Some(true)) => Some(true),
        ExprKind::Or(parts) if parts.iter().all(|part| constant(part) == Some(false)) => Some(false),
        ExprKind::Not(inner) => constant(inner).map(|value| !value),
        _ => None,
    }
}

/// Whether the planner may find an expression constant: it speaks of no row and calls nothing that asks the session.
pub(super) fn may_fold(expr: &Expr) -> bool {
    let mut constant = true;
    walk::walk(expr, |node| {
        match node {
            Node::Query(_) => constant = false,
            Node::Expr(Expr { kind: ExprKind::Column(_) | ExprKind::Keyword(_), .. }) => constant = false,
            Node::Expr(Expr { kind: ExprKind::Call(call), .. }) => {
                let asks = call.name.schema.as_deref() == Some("auth") || call.name.name == "current_setting";
                constant &= !asks;
            }
            _ => {}
        }
        constant
    });
    constant
}

/// A constant in it may decide all of it, so that the planner drops it with what stands beside it.
pub(super) fn may_decide(expr: &Expr) -> bool {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => open.extend(parts),
            ExprKind::Not(inner) => open.push(inner),
            _ if may_fold(expr) || folds_inside(expr) => return true,
            _ => {}
        }
    }
    false
}

/// A constant inside may let the planner drop what stands beside it.
pub(super) fn folds_inside(expr: &Expr) -> bool {
    let mut found = false;
    walk::walk(expr, |node| {
        found |= match node {
            Node::Expr(Expr { kind: ExprKind::Case { whens, .. }, .. }) => whens.iter().any(|(when, _)| may_fold(when)),
            Node::Expr(Expr { kind: ExprKind::And(parts) | ExprKind::Or(parts), .. }) => parts.iter().any(may_fold),
            Node::Expr(Expr { kind: ExprKind::Call(call), .. }) if call.name.name == "coalesce" => {
                call.args.iter().any(|arg| may_fold(&arg.value))
            }
            _ => false,
        };
        !found
    });
    found
}

/// Evaluates some of its parts only where others say so.
pub(super) fn has_branches(expr: &Expr) -> bool {
    let mut found = false;
    walk::walk(expr, |node| {
        found |= match node {
            Node::Expr(Expr { kind: ExprKind::Case { .. } | ExprKind::And(_) | ExprKind::Or(_), .. }) => true,
            Node::Expr(Expr { kind: ExprKind::Call(call), .. }) => call.name.name == "coalesce",
            _ => false,
        };
        !found
    });
    found
}

pub(super) fn has_subquery(expr: &Expr) -> bool {
    let mut found = false;
    walk::walk(expr, |node| {
        found |= matches!(node, Node::Query(_));
        !found
    });
    found
}

/// `a OR a AND b` is `a` to the planner: whether `arm` holds all that `other` demands.
pub(super) fn absorbs(other: &Expr, arm: &Expr) -> bool {
    let demands = |expr: &Expr| -> BTreeSet<String> { conjuncts(expr).into_iter().map(sql::canonical).collect() };
    if !matches!(arm.kind, ExprKind::And(_)) {
        return false;
    }
    let (less, more) = (demands(other), demands(arm));
    less.len() < more.len() && less.is_subset(&more)
}

fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    let (mut open, mut found) = (vec![expr], Vec::new());
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::And(parts) => open.extend(parts),
            _ => found.push(expr),
        }
    }
    found
}

/// Columns named inside the queries of an expression: those outside are the policy's own row.
pub(super) fn columns_of_queries(expr: &Expr) -> Vec<&[String]> {
    let mut found = Vec::new();
    walk::walk(expr, |node| {
        if let Node::Query(query) = node {
            found.extend(walk::columns(query));
        }
        !matches!(node, Node::Query(_))
    });
    found
}

/// A `WHERE` of a query in it may fold to a constant.
pub(super) fn filters_fold(expr: &Expr) -> bool {
    let mut found = false;
    walk::walk(expr, |node| {
        if let Node::Query(Query { body: QueryBody::Select(select), .. }) = node {
            found |= select.filter.as_ref().is_some_and(may_decide);
        }
        !found
    });
    found
}
