//! `CREATE TABLE`: columns, constraints and what they are copied from.

use std::collections::BTreeSet;

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::parts::{self, has, ident, idents, name, names, opt_ident};
use crate::sql::ast::{
    ColumnDef, ConstraintDef, ConstraintKind, CreateTable, LikeClause, Name, RefAction, StatementKind,
};
use crate::sql::cx::{self, Cx};
use crate::sql::tree;

pub(super) fn create(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let args = tree::child(node, K::TABLE_ARG_LIST);
    let args: Vec<SyntaxNode> = args.iter().flat_map(SyntaxNode::children).collect();
    let of_kind = |kind: K| args.iter().filter(move |arg| arg.kind() == kind);
    StatementKind::CreateTable(Box::new(CreateTable {
        name: name(cx, node, K::TABLE_NAME),
        if_not_exists: parts::if_not_exists(node),
        temporary: parts::is_temporary(node),
        unlogged: has(node, K::UNLOGGED),
        foreign: node.kind() == K::CREATE_FOREIGN_TABLE,
        columns: of_kind(K::COLUMN).map(|column| self::column(cx, column)).collect(),
        constraints: args.iter().filter_map(|arg| constraint(cx, arg, None)).collect(),
        likes: of_kind(K::LIKE_CLAUSE).map(|like| self::like(cx, like)).collect(),
        inherits: tree::child(node, K::INHERITS).map(|list| names(cx, &list, K::TABLE_NAME_REF)).unwrap_or_default(),
        partition_of: tree::child(node, K::PARTITION_OF).map(|of| name(cx, &of, K::TABLE_NAME_REF)),
        partition_by: tree::child(node, K::PARTITION_BY).map(|by| partition_by(&by)),
        of_type: tree::child(node, K::OF_TYPE).and_then(|of| parts::ty(&of)).map(|ty| ty.name),
        options: tree::child(node, K::WITH_PARAMS).map(|with| parts::options(&with)).unwrap_or_default(),
    }))
}

/// `range (a, b)`.
fn partition_by(node: &SyntaxNode) -> String {
    let text = cx::text(node);
    let strategy = text.splitn(3, ' ').nth(2).unwrap_or("");
    strategy.to_owned()
}

fn like(cx: &Cx, node: &SyntaxNode) -> LikeClause {
    const ALL: [&str; 9] = [
        "comments",
        "compression",
        "constraints",
        "defaults",
        "generated",
        "identity",
        "indexes",
        "statistics",
        "storage",
    ];
    let mut including = BTreeSet::new();
    for option in node.children() {
        let adds = match option.kind() {
            K::INCLUDING_PROPERTY => true,
            K::EXCLUDING_PROPERTY => false,
            _ => continue,
        };
        let property = option.children().next().map(|property| cx::text(&property).to_lowercase()).unwrap_or_default();
        for known in ALL.into_iter().filter(|known| property == "all" || property == *known) {
            if adds {
                including.insert(known.to_owned());
            } else {
                including.remove(known);
            }
        }
    }
    LikeClause { source: name(cx, node, K::RELATION_NAME_REF), including: including.into_iter().collect() }
}

/// A column in `CREATE TABLE` or `ADD COLUMN`.
pub(super) fn column(cx: &Cx, node: &SyntaxNode) -> ColumnDef {
    let column = ident(node, K::COLUMN_NAME);
    let clauses: Vec<SyntaxNode> = node.children().collect();
    let of_kind = |kind: K| clauses.iter().find(move |clause| clause.kind() == kind);
    let generated = of_kind(K::GENERATED_CONSTRAINT);
    let identity = generated.and_then(|clause| tree::child(clause, K::GENERATED_IDENTITY));
    ColumnDef {
        span: cx.span(node),
        ty: parts::ty(node),
        not_null: of_kind(K::NOT_NULL_CONSTRAINT).is_some(),
        default: of_kind(K::DEFAULT_CONSTRAINT).and_then(|clause| parts::expr(cx, clause)),
        generated: generated.and_then(|clause| parts::expr_in(cx, clause, K::GENERATED_STORED)),
        identity: identity.map(|identity| has(&identity, K::GENERATED_ALWAYS)),
        constraints: clauses
            .iter()
            .filter(|clause| clause.kind() != K::NOT_NULL_CONSTRAINT)
            .filter_map(|clause| constraint(cx, clause, Some(&column)))
            .collect(),
        name: column,
    }
}

/// A constraint of a table, or of `column`; `None` where `node` is none that the model holds.
pub(super) fn constraint(cx: &Cx, node: &SyntaxNode, column: Option<&str>) -> Option<ConstraintDef> {
    let kind = constraint_kind(cx, node, column)?;
    let clause = tree::child(node, K::CONSTRAINT_NAME_CLAUSE);
    Some(ConstraintDef {
        span: cx.span(node),
        name: clause.map(|clause| ident(&clause, K::CONSTRAINT_NAME)),
        kind,
        not_valid: has(node, K::NOT_VALID),
        deferrable: has(node, K::DEFERRABLE_CONSTRAINT_OPTION) || has(node, K::INITIALLY_DEFERRED_CONSTRAINT_OPTION),
        not_enforced: has(node, K::NOT_ENFORCED),
    })
}

fn constraint_kind(cx: &Cx, node: &SyntaxNode, column: Option<&str>) -> Option<ConstraintKind> {
    Some(match node.kind() {
        K::CHECK_CONSTRAINT => ConstraintKind::Check(parts::expr(cx, node)?),
        K::UNIQUE_CONSTRAINT => ConstraintKind::Unique {
            columns: key_columns(node, column),
            using_index: using_index(node),
            nulls_not_distinct: node.descendants().any(|inner| inner.kind() == K::NULLS_NOT_DISTINCT),
        },
        K::PRIMARY_KEY_CONSTRAINT => {
            ConstraintKind::PrimaryKey { columns: key_columns(node, column), using_index: using_index(node) }
        }
        K::FOREIGN_KEY_CONSTRAINT => {
            let mut lists = tree::children_of(node, K::FOREIGN_KEY_COLUMN_LIST).map(|list| period_columns(&list));
            let columns = lists.next().unwrap_or_default();
            foreign_key(cx, node, columns, lists.next().unwrap_or_default())
        }
        K::REFERENCES_CONSTRAINT => {
            foreign_key(cx, node, column.map(str::to_owned).into_iter().collect(), idents(node, K::COLUMN_NAME_REF))
        }
        K::EXCLUDE_CONSTRAINT => ConstraintKind::Exclude(exclude(node)),
        K::NOT_NULL_CONSTRAINT => ConstraintKind::NotNull { column: ident(node, K::COLUMN_NAME_REF) },
        _ => return None,
    })
}

/// Columns of a key; of a column's own constraint, that column.
fn key_columns(node: &SyntaxNode, column: Option<&str>) -> Vec<String> {
    let parameters = tree::child(node, K::INDEX_PARAMETERS);
    let list = parameters.as_ref().and_then(|parameters| tree::child(parameters, K::CONSTRAINT_COLUMN_REF_LIST));
    match (list.or_else(|| tree::child(node, K::CONSTRAINT_COLUMN_REF_LIST)), column) {
        (Some(list), _) => idents(&list, K::COLUMN_NAME_REF),
        (None, column) => column.map(str::to_owned).into_iter().collect(),
    }
}

fn period_columns(list: &SyntaxNode) -> Vec<String> {
    let mut columns = idents(list, K::COLUMN_NAME_REF);
    columns.extend(tree::child(list, K::PERIOD_COLUMN).map(|period| ident(&period, K::COLUMN_NAME_REF)));
    columns
}

fn using_index(node: &SyntaxNode) -> Option<String> {
    let clause = node.children().find(|child| matches!(child.kind(), K::USING_INDEX_NAME | K::USING_INDEX))?;
    opt_ident(&clause, K::INDEX_REF)
}

fn foreign_key(cx: &Cx, node: &SyntaxNode, columns: Vec<String>, referenced: Vec<String>) -> ConstraintKind {
    let action = |kind: K| tree::child(node, kind).map(|clause| ref_action(&clause)).unwrap_or_default();
    ConstraintKind::ForeignKey {
        columns,
        references: tree::child(node, K::TABLE_NAME_REF).map_or_else(|| Name::bare(""), |table| cx.name(&table)),
        referenced_columns: referenced,
        on_delete: action(K::ON_DELETE_ACTION),
        on_update: action(K::ON_UPDATE_ACTION),
    }
}

fn ref_action(clause: &SyntaxNode) -> RefAction {
    match clause.children().next().map(|action| action.kind()) {
        Some(K::RESTRICT) => RefAction::Restrict,
        Some(K::CASCADE) => RefAction::Cascade,
        Some(K::SET_NULL_COLUMNS) => RefAction::SetNull,
        Some(K::SET_DEFAULT_COLUMNS) => RefAction::SetDefault,
        _ => RefAction::NoAction,
    }
}

/// What is excluded, as written from `EXCLUDE` on.
fn exclude(node: &SyntaxNode) -> String {
    let written = cx::text(node);
    match tree::child(node, K::CONSTRAINT_NAME_CLAUSE) {
        Some(clause) => written.get(cx::text(&clause).len()..).unwrap_or("").trim_start().to_owned(),
        None => written,
    }
}
