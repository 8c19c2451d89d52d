//! Functions that return several rows.

use super::row::Presence;
use super::rows::Rows;
use super::value::Value;

/// Functions of several rows that are followed.
pub(super) const SET_RETURNING: &[&str] =
    &["unnest", "generate_series", "regexp_split_to_table", "string_to_table", "generate_subscripts"];

/// The rows of a known set-returning function.
pub(super) fn set_of(name: &str, args: &[Value]) -> Rows {
    let certain = |values: Vec<Value>| Rows {
        columns: vec![name.to_owned()],
        rows: values.into_iter().map(|value| (vec![value], Presence::Certain)).collect(),
        wild: None,
        doubt: None,
    };
    match (name, args) {
        ("unnest", [Value::Array(items)]) => certain(items.clone()),
        ("unnest", [Value::Null]) => certain(Vec::new()),
        ("unnest", [_, _, ..]) => zipped(args),
        ("generate_series", [Value::Int(low), Value::Int(high)]) if high.saturating_sub(*low) < 10_000 => {
            certain((*low..=*high).map(Value::Int).collect())
        }
        ("generate_subscripts", [Value::Array(items), Value::Int(1)]) => {
            certain((1..=super::scalar::count(items.len())).map(Value::Int).collect())
        }
        ("string_to_table", [Value::Text(text), Value::Text(delimiter)]) if !delimiter.is_empty() => {
            certain(text.split(delimiter.as_str()).map(Value::text).collect())
        }
        ("regexp_split_to_table", [Value::Text(text), Value::Text(pattern)])
            if pattern.chars().all(|c| c.is_alphanumeric() || matches!(c, ',' | ' ' | ';' | '-' | '_')) =>
        {
            certain(text.split(pattern.as_str()).map(Value::text).collect())
        }
        _ => {
            let why =
                args.iter().find_map(Value::doubt).map_or_else(|| format!("rows of `{name}`").into(), |why| why.reason);
            let unknown = Value::unknown(why);
            Rows { columns: vec![name.to_owned()], rows: vec![(vec![unknown], Presence::Any)], wild: None, doubt: None }
        }
    }
}

fn zipped(args: &[Value]) -> Rows {
    let arrays: Option<Vec<&Vec<Value>>> =
        args.iter().map(|arg| if let Value::Array(items) = arg { Some(items) } else { None }).collect();
    let Some(arrays) = arrays else { return Rows::unknown("`unnest` of several arrays") };
    let longest = arrays.iter().map(|items| items.len()).max().unwrap_or(0);
    let row = |at: usize| arrays.iter().map(|items| items.get(at).cloned().unwrap_or(Value::Null)).collect();
    Rows {
        columns: vec!["unnest".to_owned(); arrays.len()],
        rows: (0..longest).map(|at| (row(at), Presence::Certain)).collect(),
        wild: None,
        doubt: None,
    }
}
