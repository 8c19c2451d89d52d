//! What the fold asks of the SQL room.

use crate::location::Span;
use crate::migrations::Comment;
use crate::sql::SyntaxError;
use crate::sql::ast::{Expr, Query, Statement};

/// A parsed file section or computed text.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) statements: Vec<Statement>,
    pub(super) errors: Vec<SyntaxError>,
    pub(super) comments: Vec<Comment>,
    pub(super) includes: Vec<Span>,
}

pub(super) fn parse_section(_text: &str, _section: Span) -> Parsed {
    Parsed::default()
}

/// Parses computed text: everything stands at `at`.
pub(super) fn parse_computed(_text: &str, _at: Span) -> Parsed {
    Parsed::default()
}

pub(super) fn canonical(expr: &Expr) -> String {
    format!("{:?}", expr.kind)
}

pub(super) fn canonical_query(query: &Query) -> String {
    format!("{:?}", query.body)
}
