//! `FROM` items.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use crate::sql::ast::{Alias, JoinKind, JoinOn, TableRef};
use crate::sql::lower_expr::Low;
use crate::sql::{cx, tree};

/// The items of a `FROM` or `USING` clause.
pub(super) fn items(low: Low<'_>, clause: &SyntaxNode) -> Vec<TableRef> {
    clause.children().filter(tree::is_from_item).map(|node| item(low, &node)).collect()
}

fn item(low: Low<'_>, node: &SyntaxNode) -> TableRef {
    match node.kind() {
        K::RELATION_FROM_ITEM => relation(low, node),
        K::JOIN_EXPR => join(low, node),
        K::PAREN_FROM_ITEM => parenthesised(low, node),
        _ => function(low, node),
    }
}

fn relation(low: Low<'_>, node: &SyntaxNode) -> TableRef {
    let name = tree::child(node, K::RELATION_NAME_REF).unwrap_or_else(|| node.clone());
    TableRef::Relation { span: low.cx.span(&name), name: tree::name(&name), alias: alias(node) }
}

/// Joins associate to the left: they are walked, not recursed into. The parser hands a `CROSS` or `NATURAL` join all that
/// follows; in PostgreSQL these take one item.
fn join(low: Low<'_>, node: &SyntaxNode) -> TableRef {
    let (first, mut joins) = spine(node);
    let mut joined = item_below(low, &first);
    while let Some(step) = joins.pop() {
        let right = step.children().find(tree::is_from_item);
        let greedy = right.as_ref().filter(|right| right.kind() == K::JOIN_EXPR && takes_one_item(&step));
        let right = match greedy.map(spine) {
            Some((item, more)) => {
                joins.extend(more);
                Some(item)
            }
            None => right,
        };
        joined = join_step(low, joined, &step, right.as_ref());
    }
    joined
}

/// The item furthest to the left, and the joins after it, the last one first.
fn spine(node: &SyntaxNode) -> (SyntaxNode, Vec<SyntaxNode>) {
    let mut joins = Vec::new();
    let mut at = node.clone();
    while at.kind() == K::JOIN_EXPR {
        joins.extend(tree::child(&at, K::JOIN));
        match at.children().find(tree::is_from_item) {
            Some(left) => at = left,
            None => break,
        }
    }
    (at, joins)
}

fn takes_one_item(join: &SyntaxNode) -> bool {
    tree::child(join, K::JOIN_CROSS).is_some() || tree::has_token(join, K::NATURAL_KW)
}

fn item_below(low: Low<'_>, node: &SyntaxNode) -> TableRef {
    match low.deeper() {
        Some(low) if node.kind() != K::JOIN_EXPR => item(low, node),
        _ => TableRef::Other(Alias::default()),
    }
}

fn join_step(low: Low<'_>, left: TableRef, node: &SyntaxNode, right: Option<&SyntaxNode>) -> TableRef {
    let right = right.map_or_else(
        || TableRef::Other(Alias::default()),
        |right| match low.deeper() {
            Some(low) => item(low, right),
            None => TableRef::Other(Alias::default()),
        },
    );
    TableRef::Join { kind: kind(node), left: Box::new(left), right: Box::new(right), on: condition(low, node) }
}

fn kind(node: &SyntaxNode) -> JoinKind {
    let kinds = [
        (K::JOIN_LEFT, JoinKind::Left),
        (K::JOIN_RIGHT, JoinKind::Right),
        (K::JOIN_FULL, JoinKind::Full),
        (K::JOIN_CROSS, JoinKind::Cross),
    ];
    kinds.into_iter().find(|(syntax, _)| tree::child(node, *syntax).is_some()).map_or(JoinKind::Inner, |(_, kind)| kind)
}

fn condition(low: Low<'_>, node: &SyntaxNode) -> JoinOn {
    if tree::has_token(node, K::NATURAL_KW) {
        return JoinOn::Natural;
    }
    if let Some(using) = tree::child(node, K::JOIN_USING_CLAUSE) {
        return JoinOn::Using(names(&using, K::COLUMN_NAME_REF));
    }
    let on = tree::child(node, K::ON_CLAUSE).and_then(|clause| low.child_expr(&clause));
    on.map_or(JoinOn::None, JoinOn::Expr)
}

/// `(query)`, `(a join b)`, or a parenthesised item.
fn parenthesised(low: Low<'_>, node: &SyntaxNode) -> TableRef {
    if let Some(query) = node.children().find_map(|child| tree::enclosed_query(&child)) {
        let lateral = tree::has_token(node, K::LATERAL_KW);
        return TableRef::Query { lateral, query: Box::new(low.query(&query)), alias: alias(node) };
    }
    let inner = node.descendants().skip(1).find(tree::is_from_item);
    match (inner, low.deeper()) {
        (Some(inner), Some(low)) => item(low, &inner),
        _ => function(low, node),
    }
}

/// Functions, and what looks like one (`XMLTABLE`, `JSON_TABLE`, …): the calls, or the words with what is inside.
fn function(low: Low<'_>, node: &SyntaxNode) -> TableRef {
    let args = tree::children_of(node, K::ROWS_FROM_ARG);
    let mut calls: Vec<_> = args.flat_map(|arg| low.exprs(&arg)).collect();
    calls.extend(low.exprs(node));
    if calls.is_empty() {
        calls.extend(node.children().filter(|child| child.kind() != K::FROM_ALIAS).map(|child| low.other(&child)));
    }
    TableRef::Function {
        lateral: tree::has_token(node, K::LATERAL_KW),
        calls,
        ordinality: tree::child(node, K::WITH_ORDINALITY).is_some(),
        alias: alias(node),
    }
}

fn alias(node: &SyntaxNode) -> Option<Alias> {
    let node = tree::child(node, K::FROM_ALIAS)?;
    let name = tree::child(&node, K::TABLE_ALIAS).map(|name| cx::ident(&name)).unwrap_or_default();
    Some(Alias { name, columns: column_names(&node) })
}

/// The names in the column list or column definition list that is a child of `node`.
pub(super) fn column_names(node: &SyntaxNode) -> Vec<String> {
    let list = tree::child(node, K::COLUMN_LIST).or_else(|| tree::child(node, K::COLUMN_DEF_LIST));
    list.map(|list| names(&list, K::COLUMN_NAME)).unwrap_or_default()
}

/// The identifiers of all nodes of `kind` below `node`.
pub(super) fn names(node: &SyntaxNode, kind: K) -> Vec<String> {
    node.descendants().filter(|inner| inner.kind() == kind).map(|name| cx::ident(&name)).collect()
}
