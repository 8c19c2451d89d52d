//! Index keys, spelled as the server's own printing of them is.

use crate::sql::ast::{ExprKind, IndexKey};

/// Operator classes that are the default for the types they are for.
const DEFAULT_CLASSES: &[&str] = &[
    "array_ops",
    "bool_ops",
    "date_ops",
    "int2_ops",
    "int4_ops",
    "int8_ops",
    "jsonb_ops",
    "numeric_ops",
    "text_ops",
    "timestamp_ops",
    "timestamptz_ops",
    "tsvector_ops",
    "uuid_ops",
];

/// The canonical spelling of an index key, its operator class, order and collation included; a column is its bare name.
#[must_use]
pub fn canonical_index_key(key: &IndexKey) -> String {
    let expr = match &key.expr.kind {
        ExprKind::Column(parts) => parts.last().cloned().unwrap_or_default(),
        _ => super::canonical(&key.expr),
    };
    let options = told(&key.options);
    if options.is_empty() { expr } else { format!("{expr} {options}") }
}

/// Options as the server prints them: without those it would have anyway, and without an operator class's schema.
fn told(options: &str) -> String {
    let mut words: Vec<&str> = options.split_whitespace().filter(|word| *word != "asc").collect();
    let usual = if words.contains(&"desc") { "first" } else { "last" };
    if let [.., "nulls", which] = words.as_slice()
        && *which == usual
    {
        words.truncate(words.len() - 2);
    }
    if let Some(class) = words.first_mut()
        && !class.contains('(')
    {
        *class = class.rsplit('.').next().unwrap_or(class).trim_matches('"');
    }
    if words.first().is_some_and(|class| DEFAULT_CLASSES.contains(class)) {
        words.remove(0);
    }
    words.join(" ")
}
