//! One expression, analysed by `predicate`: the roles rules speak of, and its words for what it finds.

use std::sync::Arc;

use crate::catalog::{Expression, QualifiedName};
use crate::check::Model;
use crate::predicate::Profile;

pub(crate) use crate::predicate::Verdict;

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
    pub(crate) is_null: bool,
    pub(crate) calls: Vec<String>,
    pub(crate) unwrapped_auth_calls: Vec<String>,
    pub(crate) uses_auth_uid: bool,
    pub(crate) user_metadata: bool,
    pub(crate) signed_in_only: bool,
    pub(crate) anon_inverted: bool,
    pub(crate) columns: Vec<String>,
    pub(crate) missing_columns: Vec<String>,
    pub(crate) reads: Vec<QualifiedName>,
    pub(crate) reads_auth_users: bool,
}

/// Analyses an expression on a relation; `None` where it could not be parsed.
pub(crate) fn analyse(model: &Model<'_>, relation: &QualifiedName, expression: &Expression) -> Option<Arc<Shape>> {
    let ast = expression.ast.as_deref()?;
    Some(model.shape_of(relation, &expression.canonical, |analyser| shape(analyser.profile(ast, relation))))
}

fn shape(profile: Profile) -> Shape {
    let shape = profile.shape;
    Shape {
        verdict: profile.anyone.verdict,
        anon: profile.anon.verdict,
        authenticated: profile.authenticated.verdict,
        is_null: shape.constant == Some(None),
        calls: shape.functions.into_iter().collect(),
        unwrapped_auth_calls: shape.unwrapped_auth_calls.into_iter().map(|call| call.name).collect(),
        uses_auth_uid: shape.uses_auth_uid,
        user_metadata: shape.user_metadata.is_some(),
        signed_in_only: shape.signed_in_only,
        anon_inverted: shape.auth_inverted.is_some(),
        columns: shape.columns.into_iter().collect(),
        missing_columns: shape.missing_columns.into_iter().collect(),
        reads: shape.tables.into_iter().collect(),
        reads_auth_users: shape.auth_users.is_some(),
    }
}
