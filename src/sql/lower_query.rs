//! Queries and data-modifying statements from the parser's tree.

mod dml;
mod from;
mod select;

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self as cst, AstNode};

pub(super) use select::recursive;

use super::ast::{Copy, Cte, CteBody, Dml, Query, QueryBody};
use super::cx::{self, Cx};
use super::lower_expr::Low;
use super::tree;
use crate::location::Span;

/// Lowers `INSERT`, `UPDATE`, `DELETE` or `MERGE`; `None` for any other node.
pub(super) fn dml(cx: &Cx, node: &SyntaxNode) -> Option<Dml> {
    dml::lower(Low::new(cx), node)
}

/// Lowers `COPY`; its data block is not part of the tree.
pub(super) fn copy(cx: &Cx, node: &cst::Copy) -> Copy {
    dml::copy(Low::new(cx), node.syntax())
}

/// Lowers the query at `node` (already counted in `low`'s depth).
pub(super) fn of_node(low: Low<'_>, node: &SyntaxNode) -> Query {
    let mut query = match node.kind() {
        K::COMPOUND_SELECT => return select::compound(low, node),
        K::PAREN_SELECT => parenthesised(low, node),
        _ => unknown(low.cx.span(node)),
    };
    match node.kind() {
        K::SELECT | K::SELECT_INTO => query.body = QueryBody::Select(Box::new(select::select(low, node))),
        K::VALUES => query.body = QueryBody::Values(select::rows(low, node)),
        K::TABLE => query.body = QueryBody::Table(tree::name(node)),
        _ => {}
    }
    clauses(low, node, &mut query);
    query
}

/// `(query)` is the query, with whatever stands behind the parentheses added.
fn parenthesised(low: Low<'_>, node: &SyntaxNode) -> Query {
    let inner = node.children().find_map(|child| tree::enclosed_query(&child));
    let Some(inner) = inner else { return unknown(low.cx.span(node)) };
    let query = low.query(&inner);
    let outer_clauses =
        |child: SyntaxNode| matches!(child.kind(), K::LIMIT_CLAUSE | K::FETCH_CLAUSE | K::OFFSET_CLAUSE);
    if query.limit.is_none() && query.offset.is_none() || !node.children().any(outer_clauses) {
        return query;
    }
    select::wrapped(query)
}

/// A query nothing is known about.
pub(super) fn unknown(span: Span) -> Query {
    Query {
        span,
        recursive: false,
        with: Vec::new(),
        body: QueryBody::Unknown,
        order_by: Vec::new(),
        limit: None,
        offset: None,
        locking: false,
    }
}

/// `WITH` and everything behind the body.
fn clauses(low: Low<'_>, node: &SyntaxNode, query: &mut Query) {
    if let Some(with) = tree::child(node, K::WITH_CLAUSE) {
        query.recursive |= tree::has_token(&with, K::RECURSIVE_KW);
        let mut ctes = ctes(low, &with);
        ctes.append(&mut query.with);
        query.with = ctes;
    }
    query.order_by.extend(low.order_by(node));
    // What DISTINCT ON compares and a WINDOW clause sorts by is read like what ORDER BY compares.
    let distinct = tree::child(node, K::SELECT_CLAUSE).and_then(|clause| tree::child(&clause, K::DISTINCT_CLAUSE));
    query.order_by.extend(distinct.iter().flat_map(|clause| low.inside(clause)));
    if let Some(windows) = tree::child(node, K::WINDOW_CLAUSE) {
        query.order_by.extend(low.inside(&windows));
    }
    if let Some(clause) = tree::child(node, K::LIMIT_CLAUSE).or_else(|| tree::child(node, K::FETCH_CLAUSE)) {
        query.limit = low.child_expr(&clause);
    }
    if let Some(clause) = tree::child(node, K::OFFSET_CLAUSE) {
        query.offset = low.child_expr(&clause);
    }
    query.locking |= tree::child(node, K::LOCKING_CLAUSE).is_some();
}

/// The common table expressions of a `WITH` clause.
fn ctes(low: Low<'_>, with: &SyntaxNode) -> Vec<Cte> {
    tree::children_of(with, K::WITH_TABLE).map(|table| cte(low, &table)).collect()
}

fn cte(low: Low<'_>, node: &SyntaxNode) -> Cte {
    let name = tree::child(node, K::CTE_NAME).map(|name| cx::ident(&name)).unwrap_or_default();
    let body = match node.children().find(tree::is_query) {
        Some(query) => CteBody::Query(Box::new(low.query(&query))),
        None => match node.children().find_map(|child| dml::lower(low, &child)) {
            Some(dml) => CteBody::Dml(Box::new(dml)),
            None => CteBody::Query(Box::new(unknown(low.cx.span(node)))),
        },
    };
    Cte { name, columns: from::column_names(node), body }
}
