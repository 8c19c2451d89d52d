//! Pieces of SQL that are no statements on their own: an expression, a query, a type, one embedded statement.

use super::ast::{BodyText, Expr, ExprKind, Query, QueryBody, SourceMap, Statement, StatementKind, TypeName};
use super::{ParsedFile, SyntaxError, parse, split};
use crate::location::Span;

/// What an expression is put behind to become a statement.
const SELECT: &str = "SELECT ";
/// What a type is put behind to become one.
const CAST: &str = "SELECT NULL::";

/// Parses one value expression.
///
/// # Errors
/// What the parser says, with spans in `text`.
pub fn parse_expr(text: &str) -> Result<Expr, SyntaxError> {
    expr(text, 0, &SourceMap::Verbatim(0))
}

/// Parses one query (`SELECT`, `VALUES`, `TABLE`, set operations, `WITH` included).
///
/// # Errors
/// What the parser says, with spans in `text`; any other statement is one too.
pub fn parse_query(text: &str) -> Result<Query, SyntaxError> {
    query(text, 0, &SourceMap::Verbatim(0)).map(|query| *query)
}

/// Reads the body of a routine in language `sql`.
#[must_use]
pub fn parse_sql_body(body: &BodyText) -> ParsedFile {
    super::parse_mapped(&body.text, &body.map)
}

/// The expression `text`, which starts at byte `at` of a text mapped by `map`. As in PL/pgSQL, `count(*) FROM t` is
/// the scalar subquery it would be behind `SELECT`.
pub(super) fn expr(text: &str, at: u32, map: &SourceMap) -> Result<Expr, SyntaxError> {
    let selected = perform(text, at, map)?;
    let span = map.span(at, at.saturating_add(length(text)));
    Ok(bare_expr(selected).unwrap_or_else(|query| Expr { span, kind: ExprKind::Subquery(query) }))
}

/// The query `SELECT text`.
pub(super) fn perform(text: &str, at: u32, map: &SourceMap) -> Result<Box<Query>, SyntaxError> {
    let (selected, inner) = (format!("{SELECT}{text}"), map.embed(length(SELECT), at));
    let statement = one(&selected, &inner)?;
    let span = statement.span;
    select(statement).ok_or_else(|| not_a(span, "an expression"))
}

/// The query `text`.
pub(super) fn query(text: &str, at: u32, map: &SourceMap) -> Result<Box<Query>, SyntaxError> {
    let statement = statement(text, at, map)?;
    let span = statement.span;
    select(statement).ok_or_else(|| not_a(span, "a query"))
}

/// The statement `text`.
pub(super) fn statement(text: &str, at: u32, map: &SourceMap) -> Result<Statement, SyntaxError> {
    one(text, &map.embed(0, at))
}

/// The type `text`.
pub(super) fn type_name(text: &str, at: u32, map: &SourceMap) -> Result<TypeName, SyntaxError> {
    let (selected, inner) = (format!("{CAST}{text}"), map.embed(length(CAST), at));
    let statement = one(&selected, &inner)?;
    let span = statement.span;
    match select(statement).map(bare_expr) {
        Some(Ok(Expr { kind: ExprKind::Cast { ty, .. }, .. })) => Ok(ty),
        _ => Err(SyntaxError { span, message: "this is not a type".to_owned(), statement: span }),
    }
}

fn one(text: &str, map: &SourceMap) -> Result<Statement, SyntaxError> {
    let parts = split::split(text, 0, text.len(), false);
    let whole = map.span(0, length(text));
    match parts.statements.as_slice() {
        [raw] => parse::statement(text, raw, map),
        [] => Err(SyntaxError { span: whole, message: "nothing stands here".to_owned(), statement: whole }),
        [_, second, ..] => {
            let span = map.span(second.span.start, second.span.end);
            Err(SyntaxError { span, message: "a second statement stands here".to_owned(), statement: whole })
        }
    }
}

fn select(statement: Statement) -> Option<Box<Query>> {
    match statement.kind {
        StatementKind::Select(query) => Some(query),
        _ => None,
    }
}

fn not_a(span: Span, what: &str) -> SyntaxError {
    SyntaxError { span, message: format!("this is not {what}"), statement: span }
}

/// The single expression a `SELECT` without any clause selects; any other query as it is.
fn bare_expr(query: Box<Query>) -> Result<Expr, Box<Query>> {
    let plain = query.with.is_empty() && query.order_by.is_empty() && query.limit.is_none() && query.offset.is_none();
    let single = match &query.body {
        QueryBody::Select(select) if plain => {
            !select.distinct
                && select.into.is_empty()
                && select.from.is_empty()
                && select.filter.is_none()
                && select.group_by.is_empty()
                && select.having.is_none()
                && matches!(select.columns.as_slice(), [item] if item.alias.is_none())
        }
        _ => false,
    };
    let first = match &query.body {
        QueryBody::Select(select) if single => select.columns.first().map(|item| item.expr.clone()),
        _ => None,
    };
    first.ok_or(query)
}

fn length(text: &str) -> u32 {
    super::lex::offset(text.len())
}

/// The words of something that could not be parsed, kept in its place.
pub(super) fn unparsed_expr(text: &str, span: Span) -> Expr {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Expr { span, kind: ExprKind::Other { text, inner: Vec::new() } }
}
