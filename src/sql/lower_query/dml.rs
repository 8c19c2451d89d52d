//! `INSERT`, `UPDATE`, `DELETE`, `MERGE` and `COPY`.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::{ctes, from, select};
use crate::sql::ast::{Assignment, Copy, Dml, DmlKind, Expr, ExprKind, Query, QueryBody};
use crate::sql::lower_expr::Low;
use crate::sql::{cx, tree};

/// Lowers a data-modifying statement; `None` for any other node.
pub(super) fn lower(low: Low<'_>, node: &SyntaxNode) -> Option<Dml> {
    let kind = match node.kind() {
        K::INSERT => DmlKind::Insert,
        K::UPDATE => DmlKind::Update,
        K::DELETE => DmlKind::Delete,
        K::MERGE => DmlKind::Merge,
        _ => return None,
    };
    let low = low.deeper()?;
    let conflict = tree::child(node, K::ON_CONFLICT_CLAUSE);
    let returning = tree::child(node, K::RETURNING_CLAUSE);
    let query = node.children().find(tree::is_query).map(|query| Box::new(low.query(&query)));
    Some(Dml {
        span: low.cx.span(node),
        with: tree::child(node, K::WITH_CLAUSE).map(|with| ctes(low, &with)).unwrap_or_default(),
        kind,
        table: target(node),
        alias: target_alias(node),
        columns: column_targets(node),
        source: query.filter(|_| kind == DmlKind::Insert),
        assignments: assignments(low, node),
        from: sources(low, node),
        filter: filter(low, node),
        current_of: tree::child(node, K::WHERE_CURRENT_OF).is_some(),
        on_conflict: conflict.is_some(),
        returning: returning.map(|clause| select::targets(low, &clause)).unwrap_or_default(),
        into: Vec::new(),
    })
}

fn target(node: &SyntaxNode) -> crate::sql::ast::Name {
    let kinds = [K::RELATION_NAME_REF, K::RELATION_NAME, K::TABLE_RELATION_NAME];
    let name = node.children().find(|child| kinds.contains(&child.kind()));
    tree::name(&name.unwrap_or_else(|| node.clone()))
}

fn target_alias(node: &SyntaxNode) -> Option<String> {
    let clause = tree::child(node, K::REQUIRED_AS_ALIAS).or_else(|| tree::child(node, K::OPTIONAL_AS_ALIAS))?;
    tree::child(&clause, K::TABLE_ALIAS).map(|name| cx::ident(&name))
}

/// The columns of the target list that is a child of `node`; `a.b` and `a[1]` are column `a`.
fn column_targets(node: &SyntaxNode) -> Vec<String> {
    let list = tree::child(node, K::COLUMN_TARGET_LIST);
    list.iter().flat_map(|list| tree::children_of(list, K::COLUMN_TARGET)).map(|column| cx::ident(&column)).collect()
}

/// The assignments of every `SET` clause and, for `MERGE`, of its `INSERT` branches.
fn assignments(low: Low<'_>, node: &SyntaxNode) -> Vec<Assignment> {
    let mut found = Vec::new();
    let branches = node.children().filter(|child| {
        matches!(
            child.kind(),
            K::MERGE_WHEN_MATCHED | K::MERGE_WHEN_NOT_MATCHED_SOURCE | K::MERGE_WHEN_NOT_MATCHED_TARGET
        )
    });
    let conflict = tree::child(node, K::ON_CONFLICT_CLAUSE);
    let holders = std::iter::once(node.clone())
        .chain(conflict.into_iter().flat_map(|clause| clause.children()))
        .chain(branches.flat_map(|branch| branch.children()));
    for holder in holders {
        if let Some(clause) = tree::child(&holder, K::SET_CLAUSE) {
            found.extend(clause.children().flat_map(|list| set_columns(low, &list)));
        }
        if holder.kind() == K::MERGE_INSERT {
            found.extend(merge_insert(low, &holder));
        }
    }
    found
}

fn set_columns(low: Low<'_>, list: &SyntaxNode) -> Vec<Assignment> {
    list.children()
        .flat_map(|set| if set.kind() == K::SET_SINGLE_COLUMN { single(low, &set) } else { several(low, &set) })
        .collect()
}

fn single(low: Low<'_>, node: &SyntaxNode) -> Vec<Assignment> {
    let column = tree::child(node, K::COLUMN_TARGET).map(|column| cx::ident(&column)).unwrap_or_default();
    let value = tree::child(node, K::SET_EXPR).map(|value| set_expr(low, &value));
    vec![Assignment { column, value }]
}

fn set_expr(low: Low<'_>, node: &SyntaxNode) -> Expr {
    low.child_expr(node).unwrap_or_else(|| Expr { span: low.cx.span(node), kind: ExprKind::Default })
}

/// `(a, b) = (1, 2)` column by column; `(a, b) = (select …)` gives the query to the first.
fn several(low: Low<'_>, node: &SyntaxNode) -> Vec<Assignment> {
    let columns = column_targets(node);
    let list = tree::child(node, K::SET_EXPR_LIST);
    let mut values: Vec<Expr> = match &list {
        Some(list) => tree::children_of(list, K::SET_EXPR).map(|value| set_expr(low, &value)).collect(),
        None => low.inside(node),
    };
    if values.len() > columns.len() {
        values.truncate(columns.len());
    }
    let mut values = values.into_iter();
    columns.into_iter().map(|column| Assignment { column, value: values.next() }).collect()
}

fn merge_insert(low: Low<'_>, node: &SyntaxNode) -> Vec<Assignment> {
    let columns = column_targets(node);
    let rows = tree::child(node, K::VALUES).map(|values| select::rows(low, &values)).unwrap_or_default();
    let mut values = rows.into_iter().next().unwrap_or_default().into_iter();
    columns.into_iter().map(|column| Assignment { column, value: values.next() }).collect()
}

fn sources(low: Low<'_>, node: &SyntaxNode) -> Vec<crate::sql::ast::TableRef> {
    let kinds = [K::FROM_CLAUSE, K::USING_CLAUSE, K::USING_ON_CLAUSE];
    node.children().filter(|child| kinds.contains(&child.kind())).flat_map(|clause| from::items(low, &clause)).collect()
}

fn filter(low: Low<'_>, node: &SyntaxNode) -> Option<Expr> {
    let on = tree::child(node, K::USING_ON_CLAUSE).and_then(|using| tree::child(&using, K::ON_CLAUSE));
    let clause = tree::child(node, K::WHERE_CLAUSE).or(on)?;
    low.child_expr(&clause)
}

/// `COPY`.
pub(super) fn copy(low: Low<'_>, node: &SyntaxNode) -> Copy {
    let table = tree::child(node, K::COPY_TABLE);
    let query = tree::child(node, K::COPY_QUERY);
    Copy {
        table: table.as_ref().map(tree::name),
        query: query.and_then(|query| copied(low, &query)).map(Box::new),
        columns: table.map(|table| from::names(&table, K::COLUMN_NAME_REF)).unwrap_or_default(),
        from: tree::child(node, K::COPY_FROM).is_some(),
        data: None,
        program: node.descendants().any(|inner| tree::has_token(&inner, K::PROGRAM_KW)),
    }
}

/// `COPY (query)`; a data-modifying statement in its place is a `WITH` of a query that knows nothing else.
fn copied(low: Low<'_>, node: &SyntaxNode) -> Option<Query> {
    if let Some(query) = node.children().find(tree::is_query) {
        return Some(low.query(&query));
    }
    let dml = node.children().find_map(|child| lower(low, &child))?;
    let mut query = super::unknown(low.cx.span(node));
    let body = crate::sql::ast::CteBody::Dml(Box::new(dml));
    query.with = vec![crate::sql::ast::Cte { name: String::new(), columns: Vec::new(), body }];
    query.body = QueryBody::Unknown;
    Some(query)
}
