//! Stub until the statement room is merged.

use squawk_syntax::ast::{AstNode, SelectVariant, Stmt};

use super::ast::StatementKind;
use super::cx::Cx;
use super::lower_query;

pub(super) fn statement(cx: &Cx, stmt: &Stmt) -> StatementKind {
    let node = stmt.syntax();
    if let Some(query) = SelectVariant::cast(node.clone()) {
        return StatementKind::Select(Box::new(lower_query::query(cx, query)));
    }
    if let Some(dml) = lower_query::dml(cx, node) {
        return StatementKind::Dml(Box::new(dml));
    }
    StatementKind::NoEffect("STUB")
}
