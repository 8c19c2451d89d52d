//! Stub until the type room is merged.

use squawk_syntax::ast::{self as cst, AstNode};

use super::ast::TypeName;
use super::cx::Cx;

pub(super) fn type_name(cx: &Cx, node: cst::Type) -> TypeName {
    TypeName { name: cx.name(node.syntax()), modifiers: Vec::new(), array_dims: 0, setof: false, percent: false }
}
