//! Operators over values of which parts may be unknown.

use super::compare::{self, equal};
use super::expr::Evaluator;
use super::names::Names;
use super::value::{Piece, Truth, Unknown, Value};
use crate::sql::ast::LikeKind;

impl Evaluator<'_> {
    /// `left op right`.
    pub(super) fn binary(&self, op: &str, left: &Value, right: &Value) -> Value {
        let names = self.names();
        let (left, right) = (&aligned(left, right, names), &aligned(right, left, names));
        if let Some(truth) = compare::compare(op, left, right, names) {
            return truth.value();
        }
        match op {
            "||" => concat(left, right),
            "+" | "-" | "*" | "/" | "%" => arithmetic(op, left, right),
            "~" | "~*" | "!~" | "!~*" => regex(op, left, right),
            "~~" => like(LikeKind::Like, left, right, None).value(),
            "~~*" => like(LikeKind::Ilike, left, right, None).value(),
            "!~~" => like(LikeKind::Like, left, right, None).not().value(),
            "@>" => contains(left, right, names).value(),
            "<@" => contains(right, left, names).value(),
            "&&" => overlaps(left, right, names).value(),
            other => Value::unknown(format!("operator `{other}`")),
        }
    }
}

/// A constant compared with a `reg…` value is one of its kind.
fn aligned(value: &Value, other: &Value, names: Names<'_>) -> Value {
    match (value, other) {
        (Value::Text(text), Value::Object(object)) if object.shown.is_some() => {
            match super::cast::lookup(text, object.reg, names) {
                super::cast::Lookup::Found(found) => found,
                _ => value.clone(),
            }
        }
        (Value::Text(text), Value::Array(_)) => match super::text::parse_array(text) {
            Some(values) => Value::Array(values),
            None => value.clone(),
        },
        _ => value.clone(),
    }
}

pub(super) fn number(text: &str) -> Value {
    match (text.replace('_', "").parse::<i64>(), text.parse::<f64>()) {
        (Ok(number), _) => Value::Int(number),
        (_, Ok(number)) => Value::Float(number),
        _ => Value::text(text),
    }
}

pub(super) fn unary(op: &str, value: &Value) -> Value {
    match (op, value) {
        ("-", Value::Int(number)) => Value::Int(number.saturating_neg()),
        ("-", Value::Float(number)) => Value::Float(-number),
        ("+", value) => value.clone(),
        (_, Value::Null) => Value::Null,
        _ => Value::Unknown(value.doubt().unwrap_or_else(|| Unknown::new(format!("operator `{op}`")))),
    }
}

pub(super) fn negate(truth: Truth, negated: bool) -> Value {
    if negated { truth.not().value() } else { truth.value() }
}

/// The disjunction of `truths`.
pub(super) fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut result = Truth::False;
    for truth in truths {
        result = result.or(truth);
        if result == Truth::True {
            break;
        }
    }
    result
}

/// A field of a record.
pub(super) fn field_of(record: Value, field: &str) -> Value {
    match record {
        Value::Record(fields) => {
            let found = fields.into_iter().find(|(name, _)| name == field).map(|(_, value)| value);
            found.unwrap_or_else(|| Value::unknown(format!("field `{field}`")))
        }
        Value::Null => Value::Null,
        other => Value::Unknown(other.doubt().unwrap_or_else(|| Unknown::new(format!("field `{field}`")))),
    }
}

pub(super) fn element(array: &Value, index: &Value) -> Value {
    match (array, index.integer()) {
        (Value::Array(values), Some(index)) => {
            let at = usize::try_from(index.saturating_sub(1)).ok();
            at.and_then(|at| values.get(at)).cloned().unwrap_or(Value::Null)
        }
        (Value::Null, _) => Value::Null,
        (other, _) => Value::Unknown(other.doubt().unwrap_or_else(|| Unknown::new("an element of an array"))),
    }
}

fn concat(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Null, Value::Array(_)) => right.clone(),
        (Value::Array(_), Value::Null) => left.clone(),
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        (Value::Array(a), Value::Array(b)) => Value::Array(a.iter().chain(b).cloned().collect()),
        (Value::Array(a), item) => Value::Array(a.iter().chain([item]).cloned().collect()),
        (item, Value::Array(b)) => Value::Array([item].into_iter().chain(b).cloned().collect()),
        _ => {
            let part = |value: &Value| super::cast::to_text(value).pieces().unwrap_or_default();
            let pieces: Vec<Piece> = part(left).into_iter().chain(part(right)).collect();
            bounded(pieces)
        }
    }
}

/// A loop that doubles a string must not exhaust memory.
fn bounded(pieces: Vec<Piece>) -> Value {
    let length: usize = pieces.iter().map(|piece| if let Piece::Known(text) = piece { text.len() } else { 1 }).sum();
    if length > 1_000_000 || pieces.len() > 1_000 {
        Value::unknown("a text of several megabytes")
    } else {
        Value::from_pieces(pieces)
    }
}

#[allow(clippy::cast_precision_loss, reason = "migrations compute small numbers")]
fn arithmetic(op: &str, left: &Value, right: &Value) -> Value {
    if left.is_null() || right.is_null() {
        return Value::Null;
    }
    if let (Some(a), Some(b)) = (left.integer(), right.integer()) {
        let result = match op {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "/" => a.checked_div(b),
            _ => a.checked_rem(b),
        };
        return result.map_or_else(|| Value::unknown("an arithmetic error"), Value::Int);
    }
    Value::Unknown(left.doubt().or_else(|| right.doubt()).unwrap_or_else(|| Unknown::new(format!("operator `{op}`"))))
}

fn regex(op: &str, left: &Value, right: &Value) -> Value {
    if left.is_null() || right.is_null() {
        return Value::Null;
    }
    let doubt = || left.doubt().or_else(|| right.doubt()).unwrap_or_else(|| Unknown::new("a regular expression"));
    let matched = searched(left, right);
    match matched.and_then(|(text, pattern)| super::pattern::matches(&text, &pattern, op.ends_with('*'))) {
        Some(matched) => Value::Bool(matched != op.starts_with('!')),
        None => Value::Unknown(doubt()),
    }
}

/// A text and the pattern it is searched for. Where the server may spell the text otherwise, only names are sure to be
/// in it as they were written.
fn searched(value: &Value, pattern: &Value) -> Option<(String, String)> {
    let pattern = pattern.plain()?;
    let names = |c: char| c.is_alphanumeric() || "_%.()*\\|".contains(c);
    match value.plain() {
        Some(text) => Some((text, pattern)),
        None if pattern.chars().all(names) => Some((value.equivalent()?, pattern)),
        None => None,
    }
}

pub(super) fn like(kind: LikeKind, value: &Value, pattern: &Value, escape: Option<&Value>) -> Truth {
    if value.is_null() || pattern.is_null() {
        return Truth::Null;
    }
    if kind == LikeKind::Similar {
        return Truth::Unknown(Unknown::new("`similar to`"));
    }
    let escape = escape.and_then(Value::plain).and_then(|text| text.chars().next());
    let fold = kind == LikeKind::Ilike;
    match searched(value, pattern) {
        Some((text, pattern)) => Truth::of(super::text::like(&text, &pattern, escape, fold)),
        None => Truth::Unknown(value.doubt().or_else(|| pattern.doubt()).unwrap_or_else(|| Unknown::new("a pattern"))),
    }
}

fn contains(whole: &Value, part: &Value, names: Names<'_>) -> Truth {
    let (Value::Array(whole), Value::Array(part)) = (whole, part) else {
        return Truth::Unknown(Unknown::new("operator `@>`"));
    };
    let each = part.iter().map(|item| any(whole.iter().map(|other| equal(item, other, names))).not());
    any(each).not()
}

fn overlaps(left: &Value, right: &Value, names: Names<'_>) -> Truth {
    let (Value::Array(left), Value::Array(right)) = (left, right) else {
        return Truth::Unknown(Unknown::new("operator `&&`"));
    };
    any(left.iter().flat_map(|a| right.iter().map(move |b| equal(a, b, names))))
}
