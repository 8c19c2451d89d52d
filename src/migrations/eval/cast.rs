//! Casts.

use std::collections::BTreeSet;

use super::names::{Names, Oid, Reg, parse_name, parse_signature};
use super::value::{Unknown, Value};
use crate::catalog::QualifiedName;
use crate::migrations::host::Failure;
use crate::sql::ast::TypeName;

/// `value::ty`. Relations named by a `regclass` that the files never create are added to `absent`.
pub(super) fn cast(
    value: Value,
    ty: &TypeName,
    names: Names<'_>,
    absent: &mut BTreeSet<QualifiedName>,
) -> Result<Value, Failure> {
    if value.is_null() || matches!(value, Value::Unknown(_)) || ty.percent {
        return Ok(value);
    }
    if ty.array_dims > 0 {
        return Ok(to_array(value, ty, names, absent));
    }
    let name = ty.name.name.as_str();
    match (&ty.name.schema, name) {
        (None, "text" | "character varying" | "character" | "name" | "citext") => Ok(to_text(&value)),
        (None, "boolean") => invalid(&value, name, bool_of(&value)),
        (None, "integer" | "bigint" | "smallint") => invalid(&value, name, integer_of(&value)),
        (None, "numeric" | "double precision" | "real") => invalid(&value, name, number_of(&value)),
        (None, reg) => match Reg::named(reg) {
            Some(reg) => Ok(to_object(value, reg, names, absent)),
            None => Ok(value),
        },
        _ => Ok(value),
    }
}

/// `value::ty`, where no relation needs to be noted.
pub(in crate::migrations) fn cast_value(value: Value, ty: &TypeName, names: Names<'_>) -> Result<Value, Failure> {
    cast(value, ty, names, &mut BTreeSet::new())
}

fn invalid(from: &Value, ty: &str, to: Option<Value>) -> Result<Value, Failure> {
    match (to, from) {
        (Some(value), _) => Ok(value),
        (None, Value::Text(text)) => {
            Err(Failure::new("invalid_text_representation", format!("`{text}` is not of type {ty}")))
        }
        (None, other) => Ok(Value::Unknown(other.doubt().unwrap_or_else(|| Unknown::new(format!("a cast to {ty}"))))),
    }
}

fn to_array(value: Value, ty: &TypeName, names: Names<'_>, absent: &mut BTreeSet<QualifiedName>) -> Value {
    let values = match value {
        Value::Array(values) => values,
        Value::Text(text) => match super::text::parse_array(&text) {
            Some(values) => values,
            None => return Value::unknown("an array constant of several dimensions"),
        },
        other => return other,
    };
    let element = TypeName { array_dims: 0, ..ty.clone() };
    Value::Array(values.into_iter().map(|v| cast(v.clone(), &element, names, absent).unwrap_or(v)).collect())
}

/// As text: booleans spell themselves out.
pub(super) fn to_text(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::text(value.to_string()),
        other => other.pieces().map_or(Value::Null, Value::from_pieces),
    }
}

/// Reads a boolean as the server does.
pub(super) fn to_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn bool_of(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Int(number) => Some(Value::Bool(*number != 0)),
        Value::Text(text) => to_bool(text).map(Value::Bool),
        _ => None,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "migrations cast small numbers")]
fn integer_of(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(value) => Some(Value::Int(i64::from(*value))),
        Value::Float(number) => Some(Value::Int(number.round() as i64)),
        other => other.integer().map(Value::Int),
    }
}

fn number_of(value: &Value) -> Option<Value> {
    match value {
        Value::Int(_) | Value::Float(_) => Some(value.clone()),
        Value::Text(text) => text.trim().parse().ok().map(Value::Float),
        _ => None,
    }
}

fn to_object(value: Value, reg: Reg, names: Names<'_>, absent: &mut BTreeSet<QualifiedName>) -> Value {
    match &value {
        Value::Object(object) => names.object(reg, object.id.clone()),
        Value::Text(text) => match lookup(text, reg, names) {
            Lookup::Found(value) => value,
            Lookup::Absent(name) => {
                absent.insert(name.clone());
                names.object(reg, Oid::Relation(name))
            }
            Lookup::Unknown => Value::unknown(format!("`{text}`, which the files do not create")),
        },
        _ => value,
    }
}

/// What looking a name up gave.
pub(super) enum Lookup {
    /// The object.
    Found(Value),
    /// No such relation in the files.
    Absent(QualifiedName),
    /// Not known, or no such thing in the files.
    Unknown,
}

/// What `text` names as an object of kind `reg`.
pub(super) fn lookup(text: &str, reg: Reg, names: Names<'_>) -> Lookup {
    let id = match reg {
        Reg::Oid => None,
        Reg::Class => match parse_name(text) {
            Some(name) => match names.relation(&name) {
                Some(found) => Some(Oid::Relation(found)),
                None => return Lookup::Absent(names.would_be(&name)),
            },
            None => None,
        },
        Reg::Procedure => parse_signature(text).and_then(|(name, args)| only(names.routines(&name, Some(&args)))),
        Reg::Proc => parse_name(text).and_then(|name| only(names.routines(&name, None))),
        Reg::Type => parse_name(text).and_then(|name| names.ty(&name)).map(Oid::Type),
        Reg::Namespace => parse_name(text).map(|name| Oid::Schema(name.name)),
        Reg::Role => parse_name(text).map(|name| Oid::Role(name.name)),
    };
    id.map_or(Lookup::Unknown, |id| Lookup::Found(names.object(reg, id)))
}

fn only(mut keys: Vec<crate::catalog::FunctionKey>) -> Option<Oid> {
    if keys.len() == 1 { keys.pop().map(Oid::Function) } else { None }
}
