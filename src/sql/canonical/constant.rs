//! Constants as PostgreSQL stores and prints them, and the casts it puts around things on its own.

use super::normal::bare;
use super::{array, interval};
use crate::sql::ast::{Expr, ExprKind, TypeName};

/// A number: digits grouped by nothing, no bare point.
pub(super) fn number(written: &str) -> String {
    let digits = written.replace('_', "");
    let (sign, magnitude) = digits.strip_prefix('-').map_or(("", digits.as_str()), |rest| ("-", rest));
    let (radix, rest) = match magnitude.get(..2) {
        Some("0x") => (16, magnitude.get(2..).unwrap_or("")),
        Some("0o") => (8, magnitude.get(2..).unwrap_or("")),
        Some("0b") => (2, magnitude.get(2..).unwrap_or("")),
        _ => (10, magnitude),
    };
    if radix != 10 {
        return u128::from_str_radix(rest, radix).map_or(digits.clone(), |value| format!("{sign}{value}"));
    }
    let plain = expand_exponent(magnitude).unwrap_or_else(|| magnitude.to_owned());
    let plain = if plain.starts_with('.') { format!("0{plain}") } else { plain };
    format!("{sign}{}", plain.strip_suffix('.').unwrap_or(&plain))
}

/// `1.5e3` is `1500`, `1e-2` is `0.01`.
fn expand_exponent(number: &str) -> Option<String> {
    let (mantissa, exponent) = number.split_once('e')?;
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() < 400)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    if point <= 0 {
        let zeros = "0".repeat(usize::try_from(-point).ok()?);
        return Some(format!("0.{zeros}{digits}"));
    }
    let point = usize::try_from(point).ok()?;
    let padded = format!("{digits:0<point$}");
    let (whole, fraction) = padded.split_at_checked(point)?;
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

/// A string constant whose type nobody wrote.
pub(super) fn untyped(text: String) -> String {
    if is_uuid(&text) {
        return text.to_lowercase();
    }
    if text.starts_with(['{', '[']) {
        return json(&text).unwrap_or(text);
    }
    midnight(&text).unwrap_or(text)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A string constant with a type: in that type's own spelling where it is simple.
pub(super) fn typed(text: String, ty: &TypeName) -> ExprKind {
    if ty.array_dims > 0 {
        return ExprKind::String(array::printed(&text).unwrap_or(text));
    }
    let trimmed = text.trim();
    match ty.name.name.as_str() {
        "boolean" => match trimmed.to_lowercase().as_str() {
            "t" | "true" | "yes" | "y" | "on" | "1" => ExprKind::Bool(true),
            "f" | "false" | "no" | "n" | "off" | "0" => ExprKind::Bool(false),
            _ => ExprKind::String(text),
        },
        name if name.starts_with("interval") => ExprKind::String(interval::printed(trimmed).unwrap_or(text)),
        name if name.starts_with("time") && !name.starts_with("timestamp") && is_hours_and_minutes(trimmed) => {
            ExprKind::String(format!("{trimmed}:00"))
        }
        "uuid" => ExprKind::String(trimmed.to_lowercase()),
        "jsonb" => ExprKind::String(json(trimmed).unwrap_or(text)),
        _ if is_numeric(ty) && is_number(trimmed) => ExprKind::Number(number(trimmed)),
        _ => ExprKind::String(untyped(text)),
    }
}

fn is_hours_and_minutes(text: &str) -> bool {
    let digit = |at| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    text.len() == 5 && text.as_bytes().get(2) == Some(&b':') && [0, 1, 3, 4].into_iter().all(digit)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn json(text: &str) -> Option<String> {
    serde_json::from_str::<serde_json::Value>(text).ok().map(|value| value.to_string())
}

/// A date with midnight behind it is the date: whichever of the two was written, the server prints its own.
fn midnight(text: &str) -> Option<String> {
    let (date, time) = text.split_at_checked(10)?;
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let time = time.trim_start_matches(['T', ' ']);
    let midnight = ["00:00:00", "00:00:00+00", "00:00:00Z", "00:00:00+00:00", "00:00"].contains(&time);
    (is_date && midnight).then(|| date.to_owned())
}

/// Types whose constants are numbers.
pub(super) fn is_numeric(ty: &TypeName) -> bool {
    let numeric = ["integer", "smallint", "bigint", "numeric", "double precision", "real"];
    ty.array_dims == 0 && ty.name.schema.is_none() && numeric.contains(&ty.name.name.as_str())
}

/// Types a cast to which PostgreSQL adds around values of related types.
pub(super) fn is_text(ty: &TypeName) -> bool {
    ty.array_dims == 0 && text_name(ty)
}

/// Arrays of such types.
pub(super) fn is_text_array(ty: &TypeName) -> bool {
    ty.array_dims > 0 && text_name(ty)
}

fn text_name(ty: &TypeName) -> bool {
    let text = ["text", "character varying", "name", "bpchar", "unknown"];
    ty.name.schema.is_none() && ty.modifiers.is_empty() && text.contains(&ty.name.name.as_str())
}

/// Whether arithmetic with `expr` is decimal whatever the other side is.
pub(super) fn is_decimal(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Number(number) if number.contains('.'))
}

/// Without the widening cast PostgreSQL adds to compare numbers of different types.
pub(super) fn unwidened(expr: Expr) -> Expr {
    match expr.kind {
        ExprKind::Cast { expr, ty } if is_widening(&ty) => *expr,
        kind => bare(kind),
    }
}

/// The same of everything a stored query casts on its own, dates to timestamps too.
pub(super) fn unwidened_stored(expr: Expr) -> Expr {
    match expr.kind {
        ExprKind::Cast { expr, ty } if is_widening(&ty) || is_timestamp(&ty) => *expr,
        kind => bare(kind),
    }
}

fn is_timestamp(ty: &TypeName) -> bool {
    let name = ty.name.name.as_str();
    ty.array_dims == 0 && ty.modifiers.is_empty() && ty.name.schema.is_none() && name.starts_with("timestamp with")
}

/// Values of one type, of which PostgreSQL widened some to that of another.
pub(super) fn all_unwidened(values: Vec<Expr>) -> Vec<Expr> {
    let widened = |expr: &Expr| matches!(&expr.kind, ExprKind::Cast { ty, .. } if is_widening(ty));
    if values.iter().all(widened) { values } else { values.into_iter().map(unwidened).collect() }
}

fn is_widening(ty: &TypeName) -> bool {
    let wide = ["numeric", "double precision", "bigint"].contains(&ty.name.name.as_str());
    wide && ty.array_dims == 0 && ty.modifiers.is_empty() && ty.name.schema.is_none()
}
