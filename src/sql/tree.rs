//! Small questions to the parser's untyped tree, shared by everything that lowers it.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxNode, SyntaxToken};

use super::ast::Name;
use super::cx;

/// The first child of `kind`.
pub(super) fn child(node: &SyntaxNode, kind: K) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

/// All children of `kind`.
pub(super) fn children_of(node: &SyntaxNode, kind: K) -> impl Iterator<Item = SyntaxNode> + use<> {
    node.children().filter(move |child| child.kind() == kind)
}

/// The direct tokens, without white space and comments.
pub(super) fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.children_with_tokens().filter_map(|element| element.into_token()).filter(|token| !token.kind().is_trivia())
}

/// Whether `node` has a direct token of `kind`.
pub(super) fn has_token(node: &SyntaxNode, kind: K) -> bool {
    tokens(node).any(|token| token.kind() == kind)
}

/// Whether `node` is a value expression.
pub(super) fn is_expr(node: &SyntaxNode) -> bool {
    ast::Expr::can_cast(node.kind()) || node.kind() == K::NON_STANDARD_PARAM
}

/// Whether `node` is a query.
pub(super) fn is_query(node: &SyntaxNode) -> bool {
    ast::SelectVariant::can_cast(node.kind())
}

/// Whether `node` may stand in a `FROM` list.
pub(super) fn is_from_item(node: &SyntaxNode) -> bool {
    ast::FromListItem::can_cast(node.kind())
}

/// The direct child expressions.
pub(super) fn exprs(node: &SyntaxNode) -> impl Iterator<Item = SyntaxNode> + use<> {
    node.children().filter(is_expr)
}

/// The parts of the dotted path directly in `node` (or `node` itself).
pub(super) fn path_parts(node: &SyntaxNode) -> Vec<String> {
    let path = node.descendants().find(|inner| matches!(inner.kind(), K::PATH | K::PATH_REF));
    path.map(|path| cx::parts(&path)).unwrap_or_default()
}

/// `schema.name` of the path in (or under) `node`.
pub(super) fn name(node: &SyntaxNode) -> Name {
    name_of(path_parts(node))
}

/// The last two parts; a leading database name is dropped.
pub(super) fn name_of(mut parts: Vec<String>) -> Name {
    let name = parts.pop().unwrap_or_default();
    Name { schema: parts.pop(), name }
}

/// The query in `node`: a query itself, or one in any number of parentheses.
pub(super) fn enclosed_query(node: &SyntaxNode) -> Option<SyntaxNode> {
    let mut at = node.clone();
    loop {
        if is_query(&at) {
            return Some(at);
        }
        if at.kind() != K::PAREN_EXPR {
            return None;
        }
        at = at.children().find(|child| is_query(child) || child.kind() == K::PAREN_EXPR)?;
    }
}
