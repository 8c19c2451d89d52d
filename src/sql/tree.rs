//! Small questions to the parser's untyped tree, shared by everything that lowers it.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxNode, SyntaxToken};

use super::ast::Name;
use super::cx;

/// Stands for `NOT` in text given to the parser where it cannot take one: an operator nobody defines.
pub(super) const NOT_STAND_IN: &str = "!!!";

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
    (ast::Expr::can_cast(node.kind()) || node.kind() == K::NON_STANDARD_PARAM) && !is_continuation(node)
}

/// Whether `node` goes on with the expression before it: of `x::int BETWEEN 1 AND 2` the parser makes two.
pub(super) fn is_continuation(node: &SyntaxNode) -> bool {
    let mut words = node.descendants_with_tokens().filter_map(|element| element.into_token());
    let mut word = || words.find(|token| !token.kind().is_trivia()).map(|token| token.kind());
    match word() {
        Some(K::BETWEEN_KW) => true,
        Some(K::NOT_KW) => word() == Some(K::BETWEEN_KW),
        _ => false,
    }
}

/// The nodes right behind `node` that go on with it.
pub(super) fn continuations(node: &SyntaxNode) -> Vec<SyntaxNode> {
    let behind = std::iter::successors(node.next_sibling_or_token(), |element| element.next_sibling_or_token());
    let significant = behind.filter(|element| !element.kind().is_trivia());
    significant.map_while(|element| element.into_node().filter(is_continuation)).collect()
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
