//! Value expressions from the parser's tree. The tree's atoms are trusted, its operator nesting is not: operators are
//! flattened and climbed again with PostgreSQL's own precedence, which also keeps long chains off the stack.

mod atom;
mod call;
mod climb;
mod flat;

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::ast::{Expr, ExprKind, Query};
use super::cx::{self, Cx};
use super::{lower_query, tree};

/// Levels of nesting lowered; what is deeper stays as its words. A backstop: statements this deep are refused before.
const MAX_DEPTH: u16 = 1500;

/// A lowering at some depth.
#[derive(Clone, Copy)]
pub(super) struct Low<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) depth: u16,
}

impl<'a> Low<'a> {
    /// At the top.
    pub(super) fn new(cx: &'a Cx<'a>) -> Self {
        Self { cx, depth: 0 }
    }

    /// One level down; `None` at the limit.
    pub(super) fn deeper(self) -> Option<Self> {
        (self.depth < MAX_DEPTH).then_some(Self { depth: self.depth + 1, ..self })
    }

    /// Lowers an expression (or a query standing where one may).
    pub(super) fn expr(self, node: &SyntaxNode) -> Expr {
        let tail = tree::continuations(node);
        let node = &bare(node.clone());
        match self.deeper() {
            None => self.words(node),
            Some(low) if flat::is_operator(node) => {
                let items: Vec<_> = std::iter::once(node).chain(&tail).flat_map(flat::flatten).collect();
                climb::climb(low, &items)
            }
            Some(low) => low.atom(node),
        }
    }

    /// The expressions that are direct children of `node`.
    pub(super) fn exprs(self, node: &SyntaxNode) -> Vec<Expr> {
        tree::exprs(node).map(|child| self.expr(&child)).collect()
    }

    /// The first expression that is a direct child of `node`.
    pub(super) fn child_expr(self, node: &SyntaxNode) -> Option<Expr> {
        tree::exprs(node).next().map(|child| self.expr(&child))
    }

    /// A query.
    pub(super) fn query(self, node: &SyntaxNode) -> Query {
        match self.deeper() {
            Some(low) => lower_query::of_node(low, node),
            None => lower_query::unknown(self.cx.span(node)),
        }
    }

    /// `kind` standing at `node`.
    pub(super) fn at(self, node: &SyntaxNode, kind: ExprKind) -> Expr {
        Expr { span: self.cx.span(node), kind }
    }

    /// The words of `node`, nothing inside.
    fn words(self, node: &SyntaxNode) -> Expr {
        self.at(node, ExprKind::Other { text: cx::text(node), inner: Vec::new() })
    }

    /// The words of `node` with every expression and query inside it.
    pub(super) fn other(self, node: &SyntaxNode) -> Expr {
        let text = cx::text(node);
        self.at(node, ExprKind::Other { text, inner: self.inside(node) })
    }

    /// Outermost expressions and queries below `node`.
    pub(super) fn inside(self, node: &SyntaxNode) -> Vec<Expr> {
        let mut found = Vec::new();
        let mut open: Vec<SyntaxNode> = node.children().collect();
        open.reverse();
        while let Some(next) = open.pop() {
            if tree::is_continuation(&next) {
                continue;
            }
            if tree::is_query(&next) {
                let query = self.query(&next);
                found.push(self.at(&next, ExprKind::Subquery(Box::new(query))));
            } else if tree::is_expr(&next) {
                found.push(self.expr(&next));
            } else {
                let mut below: Vec<SyntaxNode> = next.children().collect();
                below.reverse();
                open.extend(below);
            }
        }
        found
    }
}

/// The expression inside any number of parentheses.
fn bare(mut node: SyntaxNode) -> SyntaxNode {
    while node.kind() == SyntaxKind::PAREN_EXPR {
        match tree::exprs(&node).next() {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}
