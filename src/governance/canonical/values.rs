//! Values as SQL writes them out: the rows of a query made of constants, and the constants an expression may come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::sql::ast::{
    Block, Cte, CteBody, Expr, ExprKind, PlKind, PlStatement, Query, QueryBody, Select, Statement, StatementKind,
    TableRef,
};
use crate::sql::walk::{Node, walk};

/// Constants that variables of a block are given.
pub(super) type Variables = BTreeMap<String, BTreeSet<String>>;

/// Queries within queries deeper than this are not followed.
const DEPTH: usize = 50;

/// The constant an expression is, casts aside.
pub(super) fn literal(expr: &Expr) -> Option<String> {
    match &bare(expr).kind {
        ExprKind::String(text) => Some(text.clone()),
        ExprKind::Number(number) => Some(number.clone()),
        ExprKind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// Without casts and collations.
pub(super) fn bare(expr: &Expr) -> &Expr {
    let mut at = expr;
    while let ExprKind::Cast { expr, .. } | ExprKind::Collate { expr, .. } = &at.kind {
        at = expr;
    }
    at
}

/// Whether an expression is NULL.
pub(super) fn is_null(expr: &Expr) -> bool {
    matches!(bare(expr).kind, ExprKind::Null)
}

/// The constants an expression is exactly: one, or those a variable is given.
pub(super) fn exact(expr: &Expr, variables: &Variables) -> Vec<String> {
    match &bare(expr).kind {
        ExprKind::Column(parts) => match parts.as_slice() {
            [name] => variables.get(name).into_iter().flatten().cloned().collect(),
            _ => Vec::new(),
        },
        _ => literal(expr).into_iter().collect(),
    }
}

/// The constants an expression may come to: its own, those of its branches, of a subquery, of a variable.
pub(super) fn constants(expr: &Expr, variables: &Variables) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![expr]);
    while let Some(expr) = open.pop() {
        match &bare(expr).kind {
            ExprKind::Case { whens, otherwise, .. } => {
                open.extend(whens.iter().map(|(_, then)| then).chain(otherwise.as_deref()));
            }
            ExprKind::Call(call) => {
                let args = call.args.iter().map(|arg| &arg.value);
                match call.name.name.as_str() {
                    "coalesce" | "greatest" | "least" => open.extend(args),
                    "nullif" => open.extend(args.take(1)),
                    _ => {}
                }
            }
            ExprKind::Subquery(query) => {
                open.extend(rows(query, &[], 0).into_iter().filter_map(|row| row.first().copied()))
            }
            _ => found.extend(exact(expr, variables)),
        }
    }
    found
}

/// Constants in an array: `ARRAY['a', 'b']`, `'{a,b}'`, with or without a cast.
pub(super) fn elements(expr: &Expr) -> Vec<String> {
    match &bare(expr).kind {
        ExprKind::Array(values) => values.iter().filter_map(literal).collect(),
        ExprKind::String(text) => match text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(inner) => inner.split(',').map(|one| one.trim().trim_matches('"').to_owned()).collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The constants variables of a block are given where they are declared or assigned.
pub(super) fn variables(block: &Block) -> Variables {
    let mut found = Variables::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            found.entry(name.to_owned()).or_default().insert(value);
        }
    };
    walk(block, |node| {
        match node {
            Node::Block(block) => {
                let declared = block.declarations.iter();
                declared.for_each(|it| add(&it.name, it.value.as_ref().and_then(literal)));
            }
            Node::Pl(PlStatement { kind: PlKind::Assign { target, value }, .. }) => add(target, literal(value)),
            Node::Statement(Statement { kind: StatementKind::Select(query), .. }) => {
                into(query).into_iter().for_each(|(target, value)| add(&target, literal(value)));
            }
            _ => {}
        }
        true
    });
    found
}

/// `SELECT a, b INTO x, y`: what goes where.
pub(super) fn into(query: &Query) -> Vec<(String, &Expr)> {
    let QueryBody::Select(select) = &query.body else { return Vec::new() };
    let target = |name: &crate::sql::ast::Name| match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    };
    select.into.iter().map(target).zip(select.columns.iter().map(|item| &item.expr)).collect()
}

/// A `FROM` item whose rows are written out.
struct Listed<'a> {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<&'a Expr>>,
}

/// The rows of `VALUES`, of selects of constants and of selects from either; `ctes` are those in sight.
pub(super) fn rows<'a>(query: &'a Query, ctes: &[&'a Cte], depth: usize) -> Vec<Vec<&'a Expr>> {
    if depth > DEPTH {
        return Vec::new();
    }
    let ctes: Vec<&Cte> = ctes.iter().copied().chain(&query.with).collect();
    match &query.body {
        QueryBody::Values(values) => values.iter().map(|row| row.iter().collect()).collect(),
        QueryBody::Set { left, right, .. } => {
            let mut all = rows(left, &ctes, depth + 1);
            all.extend(rows(right, &ctes, depth + 1));
            all
        }
        QueryBody::Select(select) => selected(select, &ctes, depth),
        QueryBody::Table(name) => {
            let listed = ctes.iter().find(|cte| name.schema.is_none() && cte.name == name.name);
            listed.map(|cte| of_cte(cte, &ctes, depth)).unwrap_or_default()
        }
        QueryBody::Unknown => Vec::new(),
    }
}

fn of_cte<'a>(cte: &'a Cte, ctes: &[&'a Cte], depth: usize) -> Vec<Vec<&'a Expr>> {
    // What stands before it is in sight; itself is not, so that a recursive one comes to an end.
    let before: Vec<&Cte> = ctes.iter().copied().take_while(|other| !std::ptr::eq(*other, cte)).collect();
    match &cte.body {
        CteBody::Query(query) => rows(query, &before, depth + 1),
        CteBody::Dml(_) => Vec::new(),
    }
}

fn selected<'a>(select: &'a Select, ctes: &[&'a Cte], depth: usize) -> Vec<Vec<&'a Expr>> {
    let mut listed = Vec::new();
    let mut open: Vec<&TableRef> = select.from.iter().rev().collect();
    while let Some(item) = open.pop() {
        match item {
            TableRef::Join { left, right, .. } => open.extend([&**right, &**left]),
            item => listed.extend(written_out(item, ctes, depth)),
        }
    }
    if listed.is_empty() {
        return vec![select.columns.iter().map(|item| &item.expr).collect()];
    }
    let each = listed.iter().flat_map(|from| from.rows.iter().map(move |row| (from, row)));
    each.map(|(from, row)| select.columns.iter().flat_map(|item| replaced(&item.expr, from, row)).collect()).collect()
}

/// A `FROM` item as rows, where they are written out.
fn written_out<'a>(item: &'a TableRef, ctes: &[&'a Cte], depth: usize) -> Option<Listed<'a>> {
    let (alias, own, found) = match item {
        TableRef::Query { query, alias, .. } => (alias, names(query), rows(query, ctes, depth + 1)),
        TableRef::Relation { name, alias, .. } if name.schema.is_none() => {
            let cte = ctes.iter().find(|cte| cte.name == name.name)?;
            let CteBody::Query(query) = &cte.body else { return None };
            let own = if cte.columns.is_empty() { names(query) } else { cte.columns.clone() };
            let called = alias.as_ref().map_or(&name.name, |alias| &alias.name);
            let found = of_cte(cte, ctes, depth);
            let columns = alias.as_ref().map(|alias| alias.columns.clone()).filter(|list| !list.is_empty());
            return Some(Listed { name: called.clone(), columns: columns.unwrap_or(own), rows: found });
        }
        TableRef::Function { calls, alias, .. } => {
            let [Expr { kind: ExprKind::Call(call), .. }] = calls.as_slice() else { return None };
            let array = call.args.first().filter(|_| call.name.name == "unnest")?;
            let ExprKind::Array(values) = &bare(&array.value).kind else { return None };
            let own = alias.iter().map(|alias| alias.name.clone()).collect();
            (alias, own, values.iter().map(|value| vec![value]).collect())
        }
        _ => return None,
    };
    let given = alias.as_ref().map(|alias| alias.columns.clone()).filter(|list| !list.is_empty());
    let name = alias.as_ref().map(|alias| alias.name.clone()).unwrap_or_default();
    Some(Listed { name, columns: given.unwrap_or(own), rows: found }).filter(|listed| !listed.rows.is_empty())
}

/// What the columns of a query are called.
fn names(query: &Query) -> Vec<String> {
    match &query.body {
        QueryBody::Select(select) => {
            let name = |item: &crate::sql::ast::SelectItem| match (&item.alias, &item.expr.kind) {
                (Some(alias), _) => alias.clone(),
                (None, ExprKind::Column(parts)) => parts.last().cloned().unwrap_or_default(),
                _ => String::new(),
            };
            select.columns.iter().map(name).collect()
        }
        QueryBody::Values(values) => (1..=values.first().map_or(0, Vec::len)).map(|at| format!("column{at}")).collect(),
        QueryBody::Set { left, .. } => match &left.body {
            QueryBody::Set { .. } => Vec::new(),
            _ => names(left),
        },
        QueryBody::Table(_) | QueryBody::Unknown => Vec::new(),
    }
}

/// An output column for one row of a `FROM` item: the cell it refers to, or itself.
fn replaced<'a>(expr: &'a Expr, from: &Listed<'a>, row: &[&'a Expr]) -> Vec<&'a Expr> {
    let cell = |column: &str| {
        let at = from.columns.iter().position(|name| name == column)?;
        row.get(at).copied()
    };
    match &bare(expr).kind {
        ExprKind::Star(None) => row.to_vec(),
        ExprKind::Star(Some(name)) if name.name == from.name => row.to_vec(),
        ExprKind::Column(parts) => {
            let found = match parts.as_slice() {
                [column] => cell(column),
                [table, column] if *table == from.name => cell(column),
                _ => None,
            };
            vec![found.unwrap_or(expr)]
        }
        _ => vec![expr],
    }
}
