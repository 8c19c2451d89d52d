//! What an expression looks like: the names it uses and the idioms it follows, for rules.

use std::collections::BTreeSet;

use super::Analyser;
use crate::catalog::QualifiedName;
use crate::location::Span;
use crate::sql::ast::Expr;

/// What an expression on a relation reads and calls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// Columns of the relation, in subqueries too.
    pub columns: BTreeSet<String>,
    /// Names that are no column of anything in scope, where every column in scope is known.
    pub missing_columns: BTreeSet<String>,
    /// Mentions the whole row.
    pub whole_row: bool,
    /// Relations read in subqueries, resolved; those of functions it calls left out.
    pub tables: BTreeSet<QualifiedName>,
    /// Functions called, as `schema.name` where that is known or written, else the bare name.
    pub functions: BTreeSet<String>,
    /// `auth.uid()` and its kin, or `current_setting`, evaluated per row: not inside a scalar subquery.
    pub unwrapped_auth_calls: Vec<CallSite>,
    /// The schema's own STABLE functions called per row although no argument depends on the row.
    pub unwrapped_helper_calls: Vec<CallSite>,
    /// Calls `auth.uid()`, or reads the token's `sub`.
    pub uses_auth_uid: bool,
    /// Reads user metadata, which users can write themselves.
    pub user_metadata: Option<Span>,
    /// Reads `auth.users`.
    pub auth_users: Option<Span>,
    /// The branch that lets a caller without a token in *because* there is none (`auth.uid() is null or …`).
    pub auth_inverted: Option<Span>,
    /// True for every signed-in caller, false for everybody else, whatever the row.
    pub signed_in_only: bool,
    /// The constant it always is: `Some(None)` is NULL.
    pub constant: Option<Option<bool>>,
}

/// A function call in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    /// Function as written, with its schema where one was written.
    pub name: String,
    /// Where, in the expression's own text.
    pub span: Span,
}

pub(super) fn shape(_: &Analyser<'_>, _: &Expr, _: &QualifiedName) -> Shape {
    Shape::default()
}
