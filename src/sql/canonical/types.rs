//! The type of an expression where it can be read off: enough to see that a cast changes nothing.

use super::scope::{Scopes, implied_name};
use crate::sql::ast::{Call, CallArg, Expr, ExprKind, Query, QueryBody, SelectItem};

/// From narrow to wide: a wider one takes the narrower in.
const NUMBERS: [&str; 4] = ["smallint", "integer", "bigint", "numeric"];

/// The type of an expression in normal form, as `format_type` prints it.
pub(super) fn of(expr: &Expr, scopes: &Scopes<'_>) -> Option<String> {
    match &expr.kind {
        ExprKind::Column(parts) => scopes.type_of(parts),
        ExprKind::Cast { ty, .. } => Some(ty.to_string()),
        ExprKind::Number(number) => number.parse::<i32>().is_ok().then(|| "integer".to_owned()),
        ExprKind::Call(call) if call.name.schema.is_none() => of_call(call, scopes),
        ExprKind::Binary { op, left, right } if matches!(op.as_str(), "+" | "-" | "*") => {
            let ty = common(of(left, scopes)?, of(right, scopes)?)?;
            NUMBERS.contains(&ty.as_str()).then_some(ty)
        }
        _ => None,
    }
}

fn of_call(call: &Call, scopes: &Scopes<'_>) -> Option<String> {
    let mut types = call.args.iter().map(|CallArg { value, .. }| of(value, scopes));
    match call.name.name.as_str() {
        "coalesce" => types.reduce(|one, other| common(one?, other?)).flatten(),
        "count" => Some("bigint".to_owned()),
        "sum" => match types.next()??.as_str() {
            "smallint" | "integer" => Some("bigint".to_owned()),
            "bigint" | "numeric" => Some("numeric".to_owned()),
            _ => None,
        },
        "avg" => types.next()?.filter(|ty| NUMBERS.contains(&ty.as_str())).map(|_| "numeric".to_owned()),
        "max" | "min" => types.next()?.filter(|ty| NUMBERS.contains(&ty.as_str())),
        _ => None,
    }
}

fn common(one: String, other: String) -> Option<String> {
    let width = |ty: &String| NUMBERS.iter().position(|number| number == ty);
    if one == other {
        return Some(one);
    }
    Some(if width(&one)? > width(&other)? { one } else { other })
}

/// The output columns of a query that are casts, with their types.
pub(super) fn casts(query: &Query) -> Vec<(String, String)> {
    let QueryBody::Select(select) = &query.body else { return Vec::new() };
    let cast = |item: &SelectItem| match &item.expr.kind {
        ExprKind::Cast { ty, .. } => {
            Some((item.alias.clone().unwrap_or_else(|| implied_name(&item.expr)), ty.to_string()))
        }
        _ => None,
    };
    select.columns.iter().filter_map(cast).collect()
}
