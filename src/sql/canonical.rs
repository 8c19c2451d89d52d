//! One spelling per meaning: what a file says and what PostgreSQL prints of it after storing it are the same text.
//!
//! The normal form knows no types, so casts that PostgreSQL adds on its own are dropped wherever they stand: those
//! of string constants, to `text` and its kin, and widening ones of compared numbers. Where such a cast is written by
//! hand and matters (`citext`, enum order), two meanings share a spelling.

mod array;
mod boolean;
mod constant;
mod index;
mod interval;
mod normal;
mod print;
mod query;
mod scope;
mod types;

pub use index::canonical_index_key;

use std::sync::Arc;

use super::ast::{Expr, Name, Query};
use super::fragment;
use crate::catalog::Expression;

/// The columns of a relation by its name as written; `None` where they are not known.
pub type Columns<'a> = &'a dyn Fn(&Name) -> Option<Vec<String>>;

/// The type of a relation's column as `format_type` prints it; `None` where it is not known.
pub type ColumnTypes<'a> = &'a dyn Fn(&Name, &str) -> Option<String>;

/// What a name as written means: qualified, where that is known.
pub type Names<'a> = &'a dyn Fn(NameOf, &Name) -> Name;

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOf {
    /// A table or view.
    Relation,
    /// A function.
    Function,
    /// A type.
    Type,
}

/// What is known around an expression.
#[derive(Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// The relation whose columns stand unqualified (the table of a policy, constraint or trigger).
    pub relation: Option<&'a Name>,
    /// The columns of a relation, where they are known: decides what an unqualified name in a subquery belongs to.
    pub columns: Option<Columns<'a>>,
    /// The types of columns, where they are known: a cast to the type a value has leaves no trace.
    pub types: Option<ColumnTypes<'a>>,
    /// What names without a schema mean, where that is known.
    pub names: Option<Names<'a>>,
    /// A stored query (a view's): what the server adds or resolves when it stores one leaves no trace: output names,
    /// ordinals and aliases after `ORDER BY` and `GROUP BY`, casts that widen.
    pub stored: bool,
}

/// The canonical spelling of `expr`, on its own.
#[must_use]
pub fn canonical(expr: &Expr) -> String {
    canonical_in(expr, Surroundings::default())
}

/// The canonical spelling of `expr` in its surroundings.
#[must_use]
pub fn canonical_in(expr: &Expr, surroundings: Surroundings<'_>) -> String {
    let mut normaliser = normal::Normaliser::new(surroundings);
    let normal = normaliser.condition(expr.clone());
    print::expr(&normal)
}

/// The canonical spelling of `query`.
#[must_use]
pub fn canonical_query(query: &Query) -> String {
    canonical_query_in(query, Surroundings::default())
}

/// The canonical spelling of `query` in its surroundings.
#[must_use]
pub fn canonical_query_in(query: &Query, surroundings: Surroundings<'_>) -> String {
    let mut normaliser = normal::Normaliser::new(surroundings);
    print::query(&normaliser.whole(query.clone()))
}

/// The canonical spelling of a query's text (a view's definition); one that cannot be parsed is its words.
#[must_use]
pub fn canonical_text(text: &str) -> String {
    match fragment::parse_query(text.trim_end().trim_end_matches(';')) {
        Ok(query) => canonical_query(&query),
        Err(_) => words(text),
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An expression of the Catalog from its text; one that cannot be parsed is its words.
#[must_use]
pub fn expression(text: &str) -> Expression {
    expression_in(text, Surroundings::default())
}

/// As [`expression`], in its surroundings.
#[must_use]
pub fn expression_in(text: &str, surroundings: Surroundings<'_>) -> Expression {
    match fragment::parse_expr(text) {
        Ok(expr) => expression_of(text, expr, surroundings),
        Err(_) => Expression { text: text.to_owned(), canonical: words(text), ast: None },
    }
}

/// As [`expression_of`], of a tree that others hold too.
#[must_use]
pub fn expression_shared(text: &str, expr: Option<&Arc<Expr>>, surroundings: Surroundings<'_>) -> Expression {
    let canonical = expr.map_or_else(|| words(text), |expr| canonical_in(expr, surroundings));
    Expression { text: text.to_owned(), canonical, ast: expr.cloned() }
}

/// An expression of the Catalog that has been parsed already; `text` is what the file says or the server printed.
#[must_use]
pub fn expression_of(text: &str, expr: Expr, surroundings: Surroundings<'_>) -> Expression {
    Expression { text: text.to_owned(), canonical: canonical_in(&expr, surroundings), ast: Some(Arc::new(expr)) }
}
