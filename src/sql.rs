//! The only room that knows the SQL parser: text in, plain statements with positions out.

pub mod ast;
mod canonical;
mod cx;
mod fragment;
mod guard;
mod lex;
mod literal;
mod lower;
mod lower_expr;
mod lower_query;
mod lower_type;
mod parse;
mod plpgsql;
mod source_map;
mod split;
mod tree;
pub mod walk;

pub use canonical::{
    Surroundings, canonical, canonical_in, canonical_query, canonical_query_in, expression, expression_of,
};
pub use fragment::{parse_expr, parse_query};
pub use plpgsql::parse_plpgsql;

use crate::location::Span;

/// A statement (or part of one) that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes of the file.
    pub span: Span,
    /// What the parser says, lower case, no final period.
    pub message: String,
    /// The whole statement that was given up.
    pub statement: Span,
}
