//! Stub until the expression room is merged.

use squawk_syntax::ast::{self as cst, AstNode};

use super::ast::{Expr, ExprKind};
use super::cx::{self, Cx};

pub(super) fn expr(cx: &Cx, node: cst::Expr) -> Expr {
    let kind = ExprKind::Other { text: cx::text(node.syntax()), inner: Vec::new() };
    Expr { span: cx.span(node.syntax()), kind }
}
