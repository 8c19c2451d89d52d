//! Function bodies that can be followed: one expression, one query, or PL/pgSQL.

use crate::catalog::{Function, FunctionSource, ObjectKind};
use crate::location::Span;
use crate::sql;
use crate::sql::ast::{Block, BodyText, Expr, ExprKind, Query, SourceMap, StatementKind};

/// A routine's body as far as it can be followed.
#[derive(Debug)]
pub(super) enum Body {
    /// `RETURN expr`.
    Expr(Box<Expr>),
    /// A single query in language `sql`.
    Query(Box<Query>),
    /// A PL/pgSQL block.
    Block(Box<Block>),
    /// Anything else.
    Opaque,
}

impl Body {
    pub(super) fn of(function: &Function) -> Self {
        if function.kind != ObjectKind::Function || function.body.conditional {
            return Self::Opaque;
        }
        match function.body.get() {
            Some(FunctionSource::Text { text }) if function.language == "sql" => Self::sql(text),
            Some(FunctionSource::Text { text }) if function.language == "plpgsql" => Self::plpgsql(text),
            Some(FunctionSource::Sql { text }) => Self::standard(text),
            _ => Self::Opaque,
        }
    }

    fn sql(text: &str) -> Self {
        let file = sql::parse_sql_body(&body_text(text));
        if !file.errors.is_empty() {
            return Self::Opaque;
        }
        let mut statements = file.statements;
        match (statements.pop().map(|statement| statement.kind), statements.is_empty()) {
            (Some(StatementKind::Select(query)), true) => Self::Query(query),
            _ => Self::Opaque,
        }
    }

    fn plpgsql(text: &str) -> Self {
        let (block, errors) = sql::parse_plpgsql(&body_text(text));
        if errors.is_empty() { Self::Block(Box::new(block)) } else { Self::Opaque }
    }

    /// `RETURN expr` or `BEGIN ATOMIC … END`.
    fn standard(text: &str) -> Self {
        let text = text.trim().trim_end_matches(';').trim_end();
        if let Some(expr) = strip_word(text, "return") {
            return match sql::parse_expr(expr) {
                Ok(Expr { kind: ExprKind::Subquery(query), .. }) => Self::Query(query),
                Ok(expr) => Self::Expr(Box::new(expr)),
                Err(_) => Self::Opaque,
            };
        }
        let inner = strip_word(text, "begin").and_then(|rest| strip_word(rest, "atomic"));
        let inner = inner.and_then(|rest| {
            let end = rest.len().checked_sub(3)?;
            rest.get(end..).filter(|word| word.eq_ignore_ascii_case("end"))?;
            rest.get(..end)
        });
        inner.map_or(Self::Opaque, Self::sql)
    }
}

fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let text = text.trim_start();
    let (head, rest) = (text.get(..word.len())?, text.get(word.len()..)?);
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (head.eq_ignore_ascii_case(word) && ends).then(|| rest.trim_start())
}

fn body_text(text: &str) -> BodyText {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    BodyText { text: text.to_owned(), span: Span::new(0, end), map: SourceMap::Verbatim(0) }
}
