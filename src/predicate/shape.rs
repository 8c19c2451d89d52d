//! What an expression looks like: the names it uses and the idioms it follows, for rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::role::{Claim, RoleContext};
use super::{Analyser, Analysis, Verdict, names, verdict};
use crate::catalog::{Origin, QualifiedName};
use crate::location::Span;
use crate::sql::ast::{Call, Expr, ExprKind, Query, QueryBody, Volatility};
use crate::sql::walk::{self, Node};

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

/// What an expression looks like, and what it says to those rules ask about.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What it looks like.
    pub shape: Shape,
    /// To a caller of whom nothing is known.
    pub anyone: Arc<Analysis>,
    /// To Supabase's `anon`.
    pub anon: Arc<Analysis>,
    /// To Supabase's `authenticated`.
    pub authenticated: Arc<Analysis>,
}

/// A function call in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSite {
    /// Function as written, with its schema where one was written.
    pub name: String,
    /// Where, in the expression's own text.
    pub span: Span,
}

/// The platform's functions that say who asks.
const AUTH_FUNCTIONS: [&str; 4] = ["uid", "jwt", "role", "email"];

/// Looks at `expr`, a policy expression on `relation`.
pub(super) fn profile(analyser: &Analyser<'_>, expr: &Expr, relation: &QualifiedName) -> Profile {
    let (anyone, names) = verdict::analyse_names(analyser, expr, relation, &RoleContext::anyone());
    let anon = analyser.analyse(expr, relation, &RoleContext::anon());
    let authenticated = analyser.analyse(expr, relation, &RoleContext::authenticated());
    let mut shape = Shape {
        columns: names.columns,
        missing_columns: names.missing,
        whole_row: names.whole_row,
        constant: names.constant,
        ..Shape::default()
    };
    references(analyser, expr, &mut shape);
    unwrapped(analyser, expr, &mut shape);
    shape.signed_in_only =
        anon.verdict == Verdict::Never && authenticated.verdict == Verdict::Always && shape.columns.is_empty();
    shape.auth_inverted = auth_inverted(analyser, expr, relation, &anon, &authenticated);
    Profile { shape, anyone: Arc::new(anyone), anon, authenticated }
}

fn references(analyser: &Analyser<'_>, expr: &Expr, shape: &mut Shape) {
    let path = &analyser.options.search_path;
    walk::walk(expr, |part| {
        match part {
            Node::Relation(name, span) => {
                let table = analyser.resolve_relation(name, path);
                if table.schema == "auth" && table.name == "users" {
                    shape.auth_users = shape.auth_users.or(Some(span));
                }
                shape.tables.insert(table);
            }
            Node::Expr(inner) => {
                if let ExprKind::Call(call) = &inner.kind {
                    shape.functions.insert(function_name(analyser, call));
                }
                shape.uses_auth_uid |= is_user_id(inner);
                if shape.user_metadata.is_none() && is_user_metadata(inner) {
                    shape.user_metadata = Some(inner.span);
                }
            }
            _ => {}
        }
        true
    });
}

/// `schema.name`, where the Catalog or the call says the schema.
fn function_name(analyser: &Analyser<'_>, call: &Call) -> String {
    let found = analyser.routines(&call.name, &analyser.options.search_path);
    let builtin = call.name.schema.is_none() && names::builtin(&call.name.name).is_some();
    match found.first() {
        Some(routine) if !builtin => routine.key.name.to_string(),
        _ => call.name.to_string(),
    }
}

fn is_auth_call(call: &Call) -> bool {
    let name = call.name.name.as_str();
    match call.name.schema.as_deref() {
        Some("auth") => AUTH_FUNCTIONS.contains(&name),
        None | Some("pg_catalog") => name == "current_setting",
        Some(_) => false,
    }
}

/// Calls evaluated for each row: everything but what a subquery without `FROM` selects once.
fn unwrapped(analyser: &Analyser<'_>, expr: &Expr, shape: &mut Shape) {
    walk::walk(expr, |part| match part {
        Node::Query(query) => !is_wrapper(query),
        Node::Expr(Expr { kind: ExprKind::Call(call), span }) => {
            let site = || CallSite { name: call.name.to_string(), span: *span };
            if is_auth_call(call) {
                shape.unwrapped_auth_calls.push(site());
            } else if is_stable_helper(analyser, call) && walk::columns(part).is_empty() {
                shape.unwrapped_helper_calls.push(site());
            }
            true
        }
        _ => true,
    });
}

/// `(select value)`, evaluated once per query.
fn is_wrapper(query: &Query) -> bool {
    match &query.body {
        QueryBody::Select(select) => {
            query.with.is_empty()
                && select.from.is_empty()
                && select.filter.is_none()
                && walk::columns(query).is_empty()
        }
        _ => false,
    }
}

fn is_stable_helper(analyser: &Analyser<'_>, call: &Call) -> bool {
    let found = analyser.routines(&call.name, &analyser.options.search_path);
    let own = !found.is_empty() && found.iter().all(|routine| routine.function.provenance.origin != Origin::Platform);
    own && found.iter().all(|routine| routine.function.volatility.is(&Volatility::Stable))
}

fn is_user_id(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => call.name.schema.as_deref() == Some("auth") && call.name.name == "uid",
        ExprKind::String(text) => text.eq_ignore_ascii_case("request.jwt.claim.sub"),
        ExprKind::Binary { op, left, right } if op.starts_with("->") => is_text(right, "sub") && reads_token(left),
        _ => false,
    }
}

/// Takes `user_metadata` out of the token, or `raw_user_meta_data` out of a user.
fn is_user_metadata(expr: &Expr) -> bool {
    const CLAIM: &str = "user_metadata";
    match &expr.kind {
        ExprKind::Column(parts) => parts.last().is_some_and(|column| column == "raw_user_meta_data"),
        ExprKind::Binary { op, left, right } if matches!(op.as_str(), "->" | "->>" | "#>" | "#>>") => {
            mentions(right, CLAIM) && reads_token(left)
        }
        ExprKind::Index { expr, index } => is_text(index, CLAIM) && reads_token(expr),
        ExprKind::Call(call) if call.name.name.contains("extract_path") => match call.args.split_first() {
            Some((value, keys)) => keys.iter().any(|key| is_text(&key.value, CLAIM)) && reads_token(&value.value),
            None => false,
        },
        _ => false,
    }
}

fn is_text(expr: &Expr, word: &str) -> bool {
    match &expr.kind {
        ExprKind::String(text) => text == word,
        ExprKind::Cast { expr, .. } => is_text(expr, word),
        _ => false,
    }
}

/// Is the key `word`, or a path (`'{a,b}'` or `array['a', 'b']`) that has it.
fn mentions(expr: &Expr, word: &str) -> bool {
    match &expr.kind {
        ExprKind::String(text) => {
            text.trim_matches(['{', '}']).split(',').any(|key| key.trim().trim_matches('"') == word)
        }
        ExprKind::Cast { expr, .. } => mentions(expr, word),
        ExprKind::Array(keys) => keys.iter().any(|key| is_text(key, word)),
        _ => false,
    }
}

/// Something in it is the token.
fn reads_token(expr: &Expr) -> bool {
    let is_token = |call: &&Call| match call.name.schema.as_deref() {
        Some("auth") => call.name.name == "jwt",
        _ => call.name.name == "current_setting",
    };
    walk::calls(expr).iter().any(is_token)
}

/// The branch that lets a caller in because there is no user.
fn auth_inverted(
    analyser: &Analyser<'_>,
    expr: &Expr,
    relation: &QualifiedName,
    anon: &Analysis,
    user: &Analysis,
) -> Option<Span> {
    let open = anon.branches.iter().zip(&user.branches);
    let open: Vec<usize> = open
        .enumerate()
        .filter(|(_, (anon, user))| {
            matches!(anon.verdict, Verdict::Always | Verdict::Rows) && user.verdict == Verdict::Never
        })
        .map(|(at, _)| at)
        .collect();
    if open.is_empty() {
        return None;
    }
    // Without a user but of an unknown role: what is still let in is so because there is no user.
    let mut nobody = RoleContext::anon();
    if let Some(claims) = &mut nobody.claims {
        claims.known.insert("role".to_owned(), Claim::Unknown);
    }
    nobody.current_user = None;
    let nobody = analyser.analyse(expr, relation, &nobody);
    let inverted = open.into_iter().filter_map(|at| nobody.branches.get(at));
    inverted.filter(|branch| matches!(branch.verdict, Verdict::Always | Verdict::Rows)).map(|branch| branch.span).next()
}
