//! Comparison of values that may not be known.

use std::cmp::Ordering;

use super::names::{Names, Object, Oid};
use super::value::{Piece, Truth, Unknown, Value};

/// How two values stand to each other.
pub(super) enum Ordered {
    /// Both known.
    Known(Ordering),
    /// Different, in an order nobody knows.
    Different,
    /// One is null.
    Null,
    /// Not known.
    Unknown(Unknown),
}

/// `a op b` for a comparison operator.
pub(super) fn compare(op: &str, a: &Value, b: &Value, names: Names<'_>) -> Option<Truth> {
    let test: fn(Ordering) -> bool = match op {
        "=" => Ordering::is_eq,
        "<>" => Ordering::is_ne,
        "<" => Ordering::is_lt,
        "<=" => Ordering::is_le,
        ">" => Ordering::is_gt,
        ">=" => Ordering::is_ge,
        _ => return None,
    };
    Some(match order(a, b, names) {
        Ordered::Known(ordering) => Truth::of(test(ordering)),
        Ordered::Different if op == "=" => Truth::False,
        Ordered::Different if op == "<>" => Truth::True,
        Ordered::Different => Truth::Unknown(Unknown::new("an order that depends on the server")),
        Ordered::Null => Truth::Null,
        Ordered::Unknown(why) if op == "<>" => Truth::Unknown(why).not(),
        Ordered::Unknown(why) => Truth::Unknown(why),
    })
}

/// `a = b`.
pub(super) fn equal(a: &Value, b: &Value, names: Names<'_>) -> Truth {
    compare("=", a, b, names).unwrap_or(Truth::Null)
}

/// `a IS NOT DISTINCT FROM b`.
pub(super) fn same(a: &Value, b: &Value, names: Names<'_>) -> Truth {
    match (a.is_null(), b.is_null()) {
        (true, true) => Truth::True,
        (true, false) => b.doubt().map_or(Truth::False, Truth::Unknown),
        (false, true) => a.doubt().map_or(Truth::False, Truth::Unknown),
        (false, false) => equal(a, b, names),
    }
}

fn order(a: &Value, b: &Value, names: Names<'_>) -> Ordered {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Ordered::Null,
        (Value::Unknown(why), other) | (other, Value::Unknown(why)) => unknown(why, other, names),
        (Value::Template(_), Value::Template(_)) => match (a.equivalent(), b.equivalent()) {
            (Some(a), Some(b)) => known_or_different(a == b),
            _ => Ordered::Unknown(a.doubt().or_else(|| b.doubt()).unwrap_or_else(|| Unknown::new("two texts"))),
        },
        (Value::Template(pieces), other) | (other, Value::Template(pieces)) => template(pieces, other),
        (Value::Array(a), Value::Array(b)) => lists(a.iter().zip(b), a.len().cmp(&b.len()), names),
        (Value::Record(a), Value::Record(b)) => {
            lists(a.iter().zip(b).map(|((_, a), (_, b))| (a, b)), a.len().cmp(&b.len()), names)
        }
        (Value::Object(a), Value::Object(b)) => known_or_different(a.id == b.id),
        (Value::Object(object), other) | (other, Value::Object(object)) => object_and_text(object, other),
        _ => scalars(a, b),
    }
}

fn known_or_different(equal: bool) -> Ordered {
    if equal { Ordered::Known(Ordering::Equal) } else { Ordered::Different }
}

/// A name the files never mention is none of those they do.
fn unknown(why: &Unknown, other: &Value, names: Names<'_>) -> Ordered {
    let mentioned = why.unseen
        && match other {
            Value::Text(text) => names.catalog.relations.keys().any(|name| name.name == *text),
            Value::Object(object) => matches!(&object.id, Oid::Relation(name) if names.has_relation(name)),
            _ => false,
        };
    if mentioned { Ordered::Different } else { Ordered::Unknown(why.clone()) }
}

/// A template differs from text that does not start, or end, as it does.
fn template(pieces: &[Piece], other: &Value) -> Ordered {
    let reason = pieces.iter().find_map(Piece::reason).unwrap_or_else(|| "part of a text".into());
    let Some(text) = other.plain() else { return Ordered::Unknown(Unknown::new(reason)) };
    let empty = |piece: &Piece| {
        matches!(piece, Piece::Any(_)) || matches!(piece, Piece::Known(t) | Piece::Spelled(t) if t.is_empty())
    };
    if text.is_empty() && !pieces.iter().all(empty) {
        return Ordered::Different;
    }
    let starts = !matches!(pieces.first(), Some(Piece::Known(start)) if !text.starts_with(start.as_str()));
    let ends = !matches!(pieces.last(), Some(Piece::Known(end)) if !text.ends_with(end.as_str()));
    if starts && ends { Ordered::Unknown(Unknown::new(reason)) } else { Ordered::Different }
}

fn object_and_text(object: &Object, other: &Value) -> Ordered {
    match (&object.shown, other.plain()) {
        (Some(shown), Some(text)) => known_or_different(*shown == text),
        (None, Some(text)) if text == "0" => Ordered::Different,
        _ => Ordered::Unknown(Unknown::new("the number of an oid")),
    }
}

fn lists<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>, rest: Ordering, names: Names<'_>) -> Ordered {
    let mut doubt = None;
    for (a, b) in pairs {
        match order(a, b, names) {
            Ordered::Known(Ordering::Equal) => {}
            Ordered::Unknown(why) => doubt = doubt.or(Some(Ordered::Unknown(why))),
            Ordered::Null => doubt = doubt.or(Some(Ordered::Null)),
            decided if doubt.is_none() => return decided,
            _ => return Ordered::Different,
        }
    }
    match (rest, doubt) {
        (Ordering::Equal, Some(doubt)) => doubt,
        (rest, None) => Ordered::Known(rest),
        _ => Ordered::Different,
    }
}

#[allow(clippy::cast_precision_loss, reason = "migrations compare small numbers")]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn scalars(a: &Value, b: &Value) -> Ordered {
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        return Ordered::Known(a.cmp(b));
    }
    if is_number(a) || is_number(b) {
        let ordering = number(a).zip(number(b)).and_then(|(a, b)| a.partial_cmp(&b));
        return ordering
            .map_or_else(|| Ordered::Unknown(Unknown::new("a comparison of different types")), Ordered::Known);
    }
    if matches!(a, Value::Bool(_)) || matches!(b, Value::Bool(_)) {
        let boolean = |value: &Value| match value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) => super::cast::to_bool(text),
            _ => None,
        };
        let ordering = boolean(a).zip(boolean(b)).map(|(a, b)| a.cmp(&b));
        return ordering
            .map_or_else(|| Ordered::Unknown(Unknown::new("a comparison of different types")), Ordered::Known);
    }
    texts(a, b)
}

/// Equality of texts is certain; their order depends on the collation unless both are plain words.
fn texts(a: &Value, b: &Value) -> Ordered {
    let as_text = |value: &Value| match value {
        Value::Array(values) => super::text::array_literal(values),
        other => other.plain(),
    };
    match as_text(a).zip(as_text(b)) {
        Some((a, b)) if a == b => Ordered::Known(Ordering::Equal),
        Some((a, b)) if plain(&a) && plain(&b) => Ordered::Known(a.cmp(&b)),
        Some(_) => Ordered::Different,
        None => Ordered::Unknown(Unknown::new("part of a value")),
    }
}

fn plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase()) || text.chars().all(|c| c.is_ascii_digit())
}
