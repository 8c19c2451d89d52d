//! Built-in functions of values that must be known.

use super::names::parse_name;
use super::value::{Unknown, Value};
use super::{pattern, text};

/// Functions of values that must be known; null for a null argument.
pub(super) fn plain(name: &str, args: &[Value]) -> Option<Value> {
    if !KNOWN.contains(&name) {
        return None;
    }
    if args.iter().any(Value::is_null)
        && !matches!(name, "nullif" | "greatest" | "least" | "array_append" | "array_cat")
    {
        return Some(Value::Null);
    }
    let computed = arrays(name, args).or_else(|| texts(name, args));
    Some(computed.unwrap_or_else(|| Value::Unknown(doubtful(args, name))))
}

/// Built-in functions computed where their arguments allow, in no order that matters.
const KNOWN: &[&str] = &[
    "initcap",
    "substring",
    "substr",
    "left",
    "right",
    "split_part",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "length",
    "char_length",
    "character_length",
    "strpos",
    "position",
    "starts_with",
    "repeat",
    "reverse",
    "chr",
    "nullif",
    "greatest",
    "least",
    "abs",
    "string_to_array",
    "array_length",
    "array_upper",
    "array_lower",
    "cardinality",
    "array_append",
    "array_prepend",
    "array_cat",
    "array_remove",
    "array_position",
    "array_to_string",
    "regexp_replace",
    "regexp_split_to_array",
    "regexp_like",
    "parse_ident",
    "md5",
    "translate",
    "lpad",
    "rpad",
    "concat_ws",
    "quote_ident",
    "replace",
    "lower",
    "upper",
    "to_char",
    "num_nonnulls",
    "array_agg",
    "unnest",
    "generate_series",
    "now",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "random",
    "gen_random_uuid",
    "version",
    "pg_backend_pid",
    "txid_current",
    "nextval",
    "currval",
    "setval",
    "lastval",
    "pg_get_triggerdef",
    "pg_get_ruledef",
    "pg_get_function_arguments",
    "pg_get_serial_sequence",
    "obj_description",
    "col_description",
    "pg_notify",
    "pg_sleep",
    "pg_advisory_lock",
    "pg_advisory_unlock",
    "pg_advisory_xact_lock",
    "pg_try_advisory_lock",
    "pg_relation_size",
    "pg_total_relation_size",
    "pg_size_pretty",
    "pg_is_in_recovery",
    "session_user",
    "inet_client_addr",
];

fn texts(name: &str, args: &[Value]) -> Option<Value> {
    let strings: Vec<Option<String>> = args.iter().map(Value::plain).collect();
    let number = |at: usize| args.get(at).and_then(Value::integer);
    let known: Vec<&str> = strings.iter().map_while(|text| text.as_deref()).collect();
    let text = |text: String| Some(Value::Text(text));
    let trimmed = |set: &str| set.chars().collect::<Vec<char>>();
    match (name, known.as_slice()) {
        ("initcap", [of]) => text(text::initcap(of)),
        ("reverse", [of]) => text(of.chars().rev().collect()),
        ("length" | "char_length" | "character_length", [of]) => Some(Value::Int(count(of.chars().count()))),
        ("substring" | "substr", [of, _]) => match number(1) {
            Some(start) => text(text::substring(of, start, None)),
            None => None,
        },
        ("substring" | "substr", [of, _, _]) => text(text::substring(of, number(1)?, Some(number(2)?))),
        ("left", [of, _]) => text(text::left(of, number(1)?)),
        ("right", [of, _]) => text(text::right(of, number(1)?)),
        ("split_part", [of, delimiter, _]) => text(text::split_part(of, delimiter, number(2)?)),
        ("trim" | "btrim", [of]) => text(of.trim_matches(' ').to_owned()),
        ("ltrim", [of]) => text(of.trim_start_matches(' ').to_owned()),
        ("rtrim", [of]) => text(of.trim_end_matches(' ').to_owned()),
        ("trim" | "btrim", [of, set]) => text(of.trim_matches(trimmed(set).as_slice()).to_owned()),
        ("ltrim", [of, set]) => text(of.trim_start_matches(trimmed(set).as_slice()).to_owned()),
        ("rtrim", [of, set]) => text(of.trim_end_matches(trimmed(set).as_slice()).to_owned()),
        ("lower", [of]) => text(of.to_lowercase()),
        ("upper", [of]) => text(of.to_uppercase()),
        ("replace", [of, from, to]) => text(if from.is_empty() { (*of).to_owned() } else { of.replace(from, to) }),
        // The parser turns `position(part in whole)` round.
        ("strpos" | "position", [of, part]) => Some(position(of, part)),
        ("starts_with", [of, start]) => Some(Value::Bool(of.starts_with(start))),
        ("repeat", [of, _]) => {
            let times = usize::try_from(number(1)?.max(0)).ok()?;
            (times.saturating_mul(of.len()) < 100_000).then(|| Value::Text(of.repeat(times)))
        }
        ("chr", [_]) => text(char::from_u32(u32::try_from(number(0)?).ok()?)?.to_string()),
        ("abs", [_]) => Some(Value::Int(number(0)?.saturating_abs())),
        ("nullif", [a, b]) => Some(if a == b { Value::Null } else { args.first()?.clone() }),
        ("nullif", [_]) => args.first().filter(|_| args.get(1).is_some_and(Value::is_null)).cloned(),
        ("nullif", []) if args.first().is_some_and(Value::is_null) => Some(Value::Null),
        ("regexp_replace", [of, pattern, with]) => text(pattern::replace(of, pattern, with, "")?),
        ("regexp_replace", [of, pattern, with, flags]) => text(pattern::replace(of, pattern, with, flags)?),
        ("regexp_like", [of, pattern]) => Some(Value::Bool(pattern::matches(of, pattern, false)?)),
        ("parse_ident", [of]) => {
            let name = parse_name(of)?;
            Some(Value::texts(name.schema.into_iter().chain([name.name])))
        }
        ("pg_notify" | "pg_sleep" | "pg_advisory_lock" | "pg_advisory_xact_lock", _) => text(String::new()),
        _ => None,
    }
}

pub(super) fn position(text: &str, part: &str) -> Value {
    let at = text.find(part).map(|at| text.get(..at).map_or(0, |before| before.chars().count()) + 1);
    Value::Int(at.map_or(0, count))
}

/// A count as an integer.
pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn arrays(name: &str, args: &[Value]) -> Option<Value> {
    let with = |items: &[Value], more: &[Value]| Some(Value::Array([items, more].concat()));
    match (name, args) {
        ("string_to_array", [Value::Text(of), Value::Text(delimiter), ..]) if !delimiter.is_empty() => {
            Some(if of.is_empty() { Value::Array(Vec::new()) } else { Value::texts(of.split(delimiter.as_str())) })
        }
        ("array_length" | "array_upper", [Value::Array(items), Value::Int(1)]) => {
            Some(if items.is_empty() { Value::Null } else { Value::Int(count(items.len())) })
        }
        ("array_lower", [Value::Array(items), Value::Int(1)]) => {
            Some(if items.is_empty() { Value::Null } else { Value::Int(1) })
        }
        ("cardinality", [Value::Array(items)]) => Some(Value::Int(count(items.len()))),
        ("array_append", [Value::Array(items), item]) => with(items, std::slice::from_ref(item)),
        ("array_append", [Value::Null, item]) => with(&[], std::slice::from_ref(item)),
        ("array_prepend", [item, Value::Array(items)]) => with(std::slice::from_ref(item), items),
        ("array_cat", [Value::Array(a), Value::Array(b)]) => with(a, b),
        ("array_cat", [Value::Null, other] | [other, Value::Null]) => Some(other.clone()),
        ("array_remove", [Value::Array(items), item]) if items.iter().chain([item]).all(|v| v.doubt().is_none()) => {
            Some(Value::Array(items.iter().filter(|other| *other != item).cloned().collect()))
        }
        ("array_position", [Value::Array(items), item]) if items.iter().chain([item]).all(|v| v.doubt().is_none()) => {
            Some(items.iter().position(|other| other == item).map_or(Value::Null, |at| Value::Int(count(at + 1))))
        }
        _ => None,
    }
}

fn doubtful(args: &[Value], name: &str) -> Unknown {
    args.iter().find_map(Value::doubt).unwrap_or_else(|| Unknown::new(format!("`{name}`")))
}
