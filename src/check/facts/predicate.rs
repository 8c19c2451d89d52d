//! One expression, analysed.

use crate::catalog::{Expression, QualifiedName, Relation};
use crate::check::Model;
use crate::sql::ast::ExprKind;

/// What an expression lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every row.
    Always,
    /// No row.
    Never,
    /// Some rows, by their content.
    Rows,
    /// Not known.
    Unknown,
}

impl Verdict {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Rows => "rows",
            Self::Unknown => "unknown",
        }
    }
}

/// What an expression says.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// Whoever asks.
    pub(crate) verdict: Verdict,
    /// For a caller without a session.
    pub(crate) anon: Verdict,
    /// For a signed-in caller.
    pub(crate) authenticated: Verdict,
    /// The constant NULL.
    pub(crate) null: bool,
    pub(crate) calls: Vec<String>,
    pub(crate) unwrapped_auth_calls: Vec<String>,
    pub(crate) uses_auth_uid: bool,
    pub(crate) user_metadata: bool,
    pub(crate) signed_in_only: bool,
    pub(crate) anon_inverted: bool,
    pub(crate) columns: Vec<String>,
    pub(crate) reads: Vec<QualifiedName>,
}

/// Analyses an expression on a relation; `None` where it could not be parsed.
pub(crate) fn analyse(_: &Model<'_>, _: &QualifiedName, _: &Relation, expression: &Expression) -> Option<Shape> {
    let ast = expression.ast.as_deref()?;
    let verdict = match &ast.kind {
        ExprKind::Bool(true) => Verdict::Always,
        ExprKind::Bool(false) | ExprKind::Null => Verdict::Never,
        _ => Verdict::Unknown,
    };
    Some(Shape {
        verdict,
        anon: verdict,
        authenticated: verdict,
        null: ast.kind == ExprKind::Null,
        calls: Vec::new(),
        unwrapped_auth_calls: Vec::new(),
        uses_auth_uid: false,
        user_metadata: false,
        signed_in_only: false,
        anon_inverted: false,
        columns: Vec::new(),
        reads: Vec::new(),
    })
}
