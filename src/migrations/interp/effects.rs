//! What code can change at all: whether an undecided condition matters, and which bodies need not be run.

use std::collections::BTreeSet;

use super::Machine;
use crate::sql::ast::{
    Expr, ExprKind, Name, PlKind, PlStatement, Query, QueryBody, SelectItem, StatementKind, TableRef,
};

/// Words without which a body changes nothing the Catalog holds.
pub(super) const CHANGES: &[&str] = &[
    "create",
    "alter",
    "drop",
    "grant",
    "revoke",
    "execute",
    "truncate",
    "comment",
    "security",
    "import",
    "reassign",
    "set_config",
    "do",
    "call",
];

/// The lower-case words of `text`, comments left out.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    words_in_order(text).into_iter().collect()
}

/// The lower-case words of `text` in order, comments left out.
pub(super) fn words_in_order(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    let code = lines.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let split = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    split.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Some of `statements` can change the schema.
pub(super) fn any(machine: &mut Machine<'_>, statements: &[PlStatement]) -> bool {
    statements.iter().any(|statement| one(machine, statement))
}

fn one(machine: &mut Machine<'_>, statement: &PlStatement) -> bool {
    match &statement.kind {
        PlKind::Block(block) => any(machine, &block.body) || block.exceptions.iter().any(|arm| any(machine, &arm.body)),
        PlKind::If { arms, otherwise } => arms.iter().any(|(_, body)| any(machine, body)) || any(machine, otherwise),
        PlKind::Case { arms, otherwise, .. } => {
            arms.iter().any(|(_, body)| any(machine, body)) || otherwise.as_ref().is_some_and(|body| any(machine, body))
        }
        PlKind::Loop { body, .. }
        | PlKind::ForRange { body, .. }
        | PlKind::ForQuery { body, .. }
        | PlKind::ForExecute { body, .. }
        | PlKind::Foreach { body, .. } => any(machine, body),
        PlKind::Execute { into, .. } => into.is_empty(),
        PlKind::ReturnExecute { .. } | PlKind::Unparsed => true,
        PlKind::Perform(query) | PlKind::ReturnQuery(query) => changes_by_calls(machine, query),
        PlKind::Sql(statement) => match &statement.kind {
            StatementKind::Select(query) => changes_by_calls(machine, query),
            StatementKind::Dml(_)
            | StatementKind::NoEffect(_)
            | StatementKind::Comment { .. }
            | StatementKind::Transaction(_)
            | StatementKind::RefreshView(_) => false,
            _ => true,
        },
        PlKind::Assign { .. }
        | PlKind::Return(_)
        | PlKind::ReturnNext(_)
        | PlKind::Raise { .. }
        | PlKind::Exit(_)
        | PlKind::Continue(_)
        | PlKind::Inert(_) => false,
    }
}

/// A query calls a routine the files made.
fn changes_by_calls(machine: &mut Machine<'_>, query: &Query) -> bool {
    let mut calls = Vec::new();
    collect(query, &mut calls);
    calls.iter().any(|(name, args)| name.name == "set_config" || machine.changes_anything(name, *args))
}

/// A query calls anything at all.
pub(super) fn calls_anything(query: &Query) -> bool {
    let mut calls = Vec::new();
    collect(query, &mut calls);
    !calls.is_empty()
}

/// A query calls something that is not one of the server's own harmless functions.
pub(super) fn calls_unknown(query: &Query) -> bool {
    let mut calls = Vec::new();
    collect(query, &mut calls);
    calls.iter().any(|(name, _)| !super::builtin::is_known(name))
}

type Calls = Vec<(Name, usize)>;

fn collect(query: &Query, calls: &mut Calls) {
    for cte in &query.with {
        if let crate::sql::ast::CteBody::Query(query) = &cte.body {
            collect(query, calls);
        }
    }
    match &query.body {
        QueryBody::Select(select) => {
            select.columns.iter().for_each(|SelectItem { expr, .. }| of_expr(expr, calls));
            select.from.iter().for_each(|item| of_item(item, calls));
            select.filter.iter().for_each(|filter| of_expr(filter, calls));
        }
        QueryBody::Set { left, right, .. } => {
            collect(left, calls);
            collect(right, calls);
        }
        QueryBody::Values(rows) => rows.iter().flatten().for_each(|expr| of_expr(expr, calls)),
        QueryBody::Table(_) | QueryBody::Unknown => {}
    }
}

fn of_item(item: &TableRef, calls: &mut Calls) {
    match item {
        TableRef::Query { query, .. } => collect(query, calls),
        TableRef::Function { calls: functions, .. } => functions.iter().for_each(|call| of_expr(call, calls)),
        TableRef::Join { left, right, .. } => {
            of_item(left, calls);
            of_item(right, calls);
        }
        TableRef::Relation { .. } | TableRef::Other(_) => {}
    }
}

fn of_expr(expr: &Expr, calls: &mut Calls) {
    match &expr.kind {
        ExprKind::Call(call) => {
            calls.push((call.name.clone(), call.args.len()));
            call.args.iter().for_each(|arg| of_expr(&arg.value, calls));
        }
        ExprKind::Cast { expr, .. }
        | ExprKind::Not(expr)
        | ExprKind::Is { expr, .. }
        | ExprKind::Field { expr, .. } => {
            of_expr(expr, calls);
        }
        ExprKind::Binary { left, right, .. } => {
            of_expr(left, calls);
            of_expr(right, calls);
        }
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Array(parts) | ExprKind::Row(parts) => {
            parts.iter().for_each(|part| of_expr(part, calls));
        }
        ExprKind::Case { whens, otherwise, .. } => {
            for (when, then) in whens {
                of_expr(when, calls);
                of_expr(then, calls);
            }
            otherwise.iter().for_each(|otherwise| of_expr(otherwise, calls));
        }
        ExprKind::Exists(query) | ExprKind::Subquery(query) | ExprKind::ArrayQuery(query) => collect(query, calls),
        _ => {}
    }
}
