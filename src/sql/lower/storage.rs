//! Views, indexes, sequences, and tables made from queries.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::parts::{self, has, ident, idents, name};
use crate::sql::ast::{CreateIndex, CreateView, IndexKey, Name, Query, QueryBody, SequenceOptions, StatementKind};
use crate::sql::cx::{self, Cx};
use crate::sql::lower_expr::Low;
use crate::sql::{lower_query, tree};

pub(super) fn create_view(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let check = tree::child(node, K::WITH_CHECK_OPTION);
    let name = name(cx, node, K::VIEW);
    let columns = tree::child(node, K::COLUMN_LIST).map(|list| idents(&list, K::COLUMN_NAME)).unwrap_or_default();
    let query = query(cx, node);
    let recursive = tree::has_token(node, K::RECURSIVE_KW);
    let query = if recursive { lower_query::recursive(&name.name, &columns, query) } else { query };
    StatementKind::CreateView(Box::new(CreateView {
        name,
        or_replace: parts::or_replace(node),
        if_not_exists: parts::if_not_exists(node),
        materialized: node.kind() == K::CREATE_MATERIALIZED_VIEW,
        temporary: parts::is_temporary(node),
        columns,
        options: tree::child(node, K::WITH_PARAMS).map(|with| parts::options(&with)).unwrap_or_default(),
        query,
        check_option: check.map(|check| {
            let local = has(&check, K::LOCAL_CHECK_OPTION);
            if local { "local" } else { "cascaded" }.to_owned()
        }),
    }))
}

/// The query that is a direct child of `node`.
pub(super) fn query(cx: &Cx, node: &SyntaxNode) -> Query {
    match node.children().find(tree::is_query) {
        Some(query) => Low::new(cx).query(&query),
        None => lower_query::unknown(cx.span(node)),
    }
}

pub(super) fn create_table_as(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let args = tree::child(node, K::TABLE_ARG_LIST);
    let columns = args.iter().flat_map(|args| tree::children_of(args, K::COLUMN));
    StatementKind::CreateTableAs {
        name: name(cx, node, K::TABLE_NAME),
        if_not_exists: parts::if_not_exists(node),
        temporary: parts::is_temporary(node),
        columns: columns.map(|column| ident(&column, K::COLUMN_NAME)).collect(),
        query: Box::new(query(cx, node)),
    }
}

/// A query as a statement: with `INTO` it makes a table.
pub(super) fn select(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let query = Box::new(Low::new(cx).query(node));
    let Some(name) = into(&query) else { return StatementKind::Select(query) };
    let clause = node.descendants().find(|inner| inner.kind() == K::INTO_CLAUSE);
    let temporary = clause.is_some_and(|clause| parts::is_temporary(&clause));
    StatementKind::CreateTableAs { name, if_not_exists: false, temporary, columns: Vec::new(), query }
}

/// The `INTO` target of the first `SELECT` of a query.
fn into(query: &Query) -> Option<Name> {
    let mut query = query;
    while let QueryBody::Set { left, .. } = &query.body {
        query = left;
    }
    match &query.body {
        QueryBody::Select(select) => select.into.first().cloned(),
        _ => None,
    }
}

pub(super) fn create_index(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let keys = tree::child(node, K::PARTITION_ITEM_LIST);
    let keys = keys.iter().flat_map(|list| tree::children_of(list, K::PARTITION_ITEM));
    let include =
        tree::child(node, K::INDEX_INCLUDE_CLAUSE).and_then(|clause| tree::child(&clause, K::PARTITION_ITEM_LIST));
    let method = tree::child(node, K::USING_METHOD);
    StatementKind::CreateIndex(Box::new(CreateIndex {
        name: parts::opt_ident(node, K::INDEX),
        if_not_exists: parts::if_not_exists(node),
        table: tree::child(node, K::TABLE_RELATION_NAME)
            .map_or_else(|| Name::bare(""), |target| parts::relation(cx, &target)),
        unique: tree::has_token(node, K::UNIQUE_KW),
        concurrently: tree::has_token(node, K::CONCURRENTLY_KW),
        method: method.map_or_else(|| "btree".to_owned(), |method| ident(&method, K::ACCESS_METHOD_REF)),
        keys: keys.filter_map(|item| index_key(cx, &item)).collect(),
        include: include.map(|list| idents(&list, K::PARTITION_ITEM)).unwrap_or_default(),
        filter: parts::expr_in(cx, node, K::WHERE_CLAUSE),
    }))
}

fn index_key(cx: &Cx, item: &SyntaxNode) -> Option<IndexKey> {
    let options: Vec<String> = item.children().skip(1).map(|option| cx::text(&option).to_lowercase()).collect();
    Some(IndexKey { expr: parts::expr(cx, item)?, options: options.join(" ") })
}

pub(super) fn create_sequence(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    StatementKind::CreateSequence {
        name: name(cx, node, K::SEQUENCE),
        if_not_exists: parts::if_not_exists(node),
        temporary: parts::is_temporary(node),
        options: sequence_options(cx, node),
    }
}

/// The sequence options that are direct children of `node`.
pub(super) fn sequence_options(_cx: &Cx, node: &SyntaxNode) -> SequenceOptions {
    let owned_by = tree::child(node, K::OPTION_OWNED_BY).map(|option| {
        let target = tree::child(&option, K::QUALIFIED_COLUMN_NAME_REF)?;
        let mut parts = cx::parts(&target);
        let column = parts.pop()?;
        (!parts.is_empty()).then(|| (tree::name_of(parts), column))
    });
    let ty = tree::child(node, K::OPTION_AS_TYPE).and_then(|option| parts::ty(&option));
    SequenceOptions { owned_by, ty }
}
