//! `AND`, `OR` and `NOT`.

use super::normal::bare;
use crate::sql::ast::{Expr, ExprKind};

/// `parts` joined by `AND` or `OR`, flattened.
pub(super) fn join(parts: Vec<Expr>, or: bool) -> Expr {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part.kind {
            ExprKind::Or(inner) if or => flat.extend(inner),
            ExprKind::And(inner) if !or => flat.extend(inner),
            kind => flat.push(bare(kind)),
        }
    }
    match flat.pop() {
        Some(single) if flat.is_empty() => single,
        Some(last) => {
            flat.push(last);
            bare(if or { ExprKind::Or(flat) } else { ExprKind::And(flat) })
        }
        None => bare(ExprKind::Bool(!or)),
    }
}

/// `NOT expr`, where the operator inside has a negated form, in that form.
pub(super) fn negate(expr: Expr) -> Expr {
    bare(match expr.kind {
        ExprKind::Not(inner) => inner.kind,
        ExprKind::Is { expr, test, negated } => ExprKind::Is { expr, test, negated: !negated },
        ExprKind::In { expr, set, negated } => ExprKind::In { expr, set, negated: !negated },
        ExprKind::Like { kind, expr, pattern, escape, negated } => {
            ExprKind::Like { kind, expr, pattern, escape, negated: !negated }
        }
        kind => ExprKind::Not(Box::new(bare(kind))),
    })
}
