//! What a policy expression says: which rows it lets through, for whom, by abstract interpretation in SQL's
//! three-valued logic over the parsed expression and the schema's facts.

mod decimal;
mod formula;
mod role;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Function, FunctionKey, QualifiedName};
use crate::location::Span;
use crate::sql::ast::{Expr, ExprKind};

pub use role::{Claim, Claims, RoleContext, Setting};
pub use shape::{CallSite, Shape};

/// Which rows an expression is true for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every row there can be.
    Always,
    /// No row there can be: false or NULL for each.
    Never,
    /// It depends on the row.
    Rows,
    /// It cannot be told, or it depends on the session or other tables alone.
    Unknown,
}

impl Verdict {
    /// In lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Rows => "rows",
            Self::Unknown => "unknown",
        }
    }
}

/// What an expression says to one role.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Which rows.
    pub verdict: Verdict,
    /// Why: one line, lower case, no final period.
    pub reason: String,
    /// What decides between true and not true, where something does.
    pub depends: Depends,
    /// The operands of a top-level `OR`; otherwise the expression itself.
    pub branches: Vec<Branch>,
}

/// One operand of a top-level `OR`.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Where it stands in the expression's own text.
    pub span: Span,
    /// Which rows this branch alone lets through.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// What a non-constant expression depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depends {
    /// Columns of the row.
    pub columns: BTreeSet<String>,
    /// What is only known in a session: `auth.uid()`, `current_user`, `setting app.tenant`, `now()`.
    pub session: BTreeSet<String>,
    /// Rows of other relations.
    pub data: BTreeSet<QualifiedName>,
    /// What could not be interpreted: functions and names.
    pub unknown: BTreeSet<String>,
}

/// How names are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Schemas unqualified names are looked up in, after `pg_catalog`.
    pub search_path: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { search_path: vec!["public".to_owned(), "extensions".to_owned()] }
    }
}

/// Analyses expressions of one Catalog; keeps what is common to them.
#[derive(Debug)]
pub struct Analyser<'c> {
    catalog: &'c Catalog,
    options: Options,
    functions: BTreeMap<&'c str, Vec<(&'c FunctionKey, &'c Function)>>,
}

impl<'c> Analyser<'c> {
    /// Indexes `catalog`.
    #[must_use]
    pub fn new(catalog: &'c Catalog, options: Options) -> Self {
        let mut functions: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (key, function) in &catalog.functions {
            functions.entry(key.name.name.as_str()).or_default().push((key, function));
        }
        Self { catalog, options, functions }
    }

    /// What `expr`, a policy expression on `relation`, says to `role`.
    #[must_use]
    pub fn analyse(&self, expr: &Expr, _relation: &QualifiedName, _role: &RoleContext) -> Analysis {
        let (verdict, reason) = match &expr.kind {
            ExprKind::Bool(true) => (Verdict::Always, "constant true"),
            ExprKind::Bool(false) => (Verdict::Never, "constant false"),
            ExprKind::Null => (Verdict::Never, "constant NULL"),
            _ => (Verdict::Unknown, "not interpreted"),
        };
        let branch = Branch { span: expr.span, verdict, reason: reason.to_owned() };
        Analysis { verdict, reason: reason.to_owned(), depends: Depends::default(), branches: vec![branch] }
    }

    /// What `expr`, a policy expression on `relation`, looks like.
    #[must_use]
    pub fn shape(&self, expr: &Expr, relation: &QualifiedName) -> Shape {
        shape::shape(self, expr, relation)
    }
}

/// [`Analyser::analyse`] for a single expression.
#[must_use]
pub fn analyse(
    expr: &Expr,
    relation: &QualifiedName,
    catalog: &Catalog,
    role: &RoleContext,
    options: Options,
) -> Analysis {
    Analyser::new(catalog, options).analyse(expr, relation, role)
}

/// [`Analyser::shape`] for a single expression, with default options.
#[must_use]
pub fn shape(expr: &Expr, relation: &QualifiedName, catalog: &Catalog) -> Shape {
    Analyser::new(catalog, Options::default()).shape(expr, relation)
}
