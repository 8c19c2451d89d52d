//! Built-in functions migrations use to find names and to build statements.

use super::cast::{self, Lookup};
use super::expr::Evaluator;
use super::format;
use super::names::{Names, Oid, Reg, parse_name};
use super::row::Presence;
use super::value::{Piece, Unknown, Value};
use super::{pattern, relations, text};
use crate::catalog::Function;
use crate::migrations::host::Failure;
use crate::sql::ast::ParamMode;

impl Evaluator<'_> {
    /// The value of the built-in function `name`; `None` where there is none that is known here.
    pub(super) fn function(&mut self, name: &str, args: &[Value]) -> Result<Option<Value>, Failure> {
        match name {
            "set_config" => return Ok(Some(self.set_config(args))),
            "format" => {
                let (template, rest) = args.split_first().unwrap_or((&Value::Null, &[]));
                return format::format(template, rest).map(Some);
            }
            _ => {}
        }
        if let Some(value) = self.schema_function(name, args) {
            return Ok(Some(value));
        }
        Ok(text_in_pieces(name, args).or_else(|| plain(name, args)))
    }

    fn set_config(&mut self, args: &[Value]) -> Value {
        let [name, value, local] = args else { return Value::unknown("`set_config`") };
        if let (Some(name), Some(value)) = (name.plain(), value.plain()) {
            let local = local.plain().is_some_and(|local| local == "t");
            self.world.host_mut().set_setting(&name.to_ascii_lowercase(), &value, local);
        }
        value.clone()
    }

    /// Functions that look at the schema or the session.
    fn schema_function(&self, name: &str, args: &[Value]) -> Option<Value> {
        let host = self.world.host();
        let names = self.names();
        let first = args.first().unwrap_or(&Value::Null);
        Some(match name {
            "to_regclass" => to_regclass(first, names),
            "to_regtype" => to_reg(first, Reg::Type, names),
            "to_regproc" => to_reg(first, Reg::Proc, names),
            "to_regprocedure" => to_reg(first, Reg::Procedure, names),
            "to_regnamespace" => to_reg(first, Reg::Namespace, names),
            "to_regrole" => to_reg(first, Reg::Role, names),
            "current_schema" => Value::optional(host.search_path().first().cloned()),
            "current_schemas" => Value::texts(host.search_path().iter().cloned()),
            "current_setting" => current_setting(first, |name| host.setting(name).map(str::to_owned)),
            "pg_get_function_identity_arguments" => identity_arguments(first, names),
            "pg_get_userbyid" => name_of(first),
            "pg_get_constraintdef" | "pg_get_indexdef" | "pg_get_functiondef" | "pg_get_viewdef" => {
                super::definition::definition(first, names)
            }
            "format_type" => format_type(first, names),
            "pg_table_is_visible" => is_visible(first, names),
            "pg_function_is_visible" | "pg_type_is_visible" => is_visible(first, names),
            _ => return super::privilege::privilege_function(name, args, names, host.current_role()),
        })
    }
}

fn doubtful(args: &[Value], name: &str) -> Unknown {
    args.iter().find_map(Value::doubt).unwrap_or_else(|| Unknown::new(format!("`{name}`")))
}

fn to_regclass(value: &Value, names: Names<'_>) -> Value {
    let Some(text) = value.plain() else { return value.doubt().map_or(Value::Null, Value::Unknown) };
    match cast::lookup(&text, Reg::Class, names) {
        Lookup::Found(Value::Object(object)) => match &object.id {
            Oid::Relation(name) if relations::presence(name, names.catalog) != Presence::Certain => {
                Value::unknown(format!("whether `{name}` is there"))
            }
            _ => Value::Object(object),
        },
        Lookup::Absent(name) if relations::is_system(&name.schema) => Value::unknown(format!("`{name}`")),
        Lookup::Absent(name) if relations::is_incomplete(&name.schema, names.catalog) => Value::Unknown(
            Unknown::leaning(format!("whether `{name}`, which the files do not create, is there"), false),
        ),
        _ => Value::Null,
    }
}

fn to_reg(value: &Value, reg: Reg, names: Names<'_>) -> Value {
    let Some(text) = value.plain() else { return value.doubt().map_or(Value::Null, Value::Unknown) };
    let Lookup::Found(Value::Object(object)) = cast::lookup(&text, reg, names) else {
        // Several routines of one name: `to_regproc` gives null for them, as for none.
        return Value::Null;
    };
    let catalog = names.catalog;
    let provenance = match &object.id {
        Oid::Function(key) => catalog.functions.get(key).map(|function| &function.provenance),
        Oid::Type(name) if name.schema == "pg_catalog" => return Value::Object(object),
        Oid::Type(name) => catalog
            .types
            .get(name)
            .map(|ty| &ty.provenance)
            .or_else(|| catalog.relations.get(name).map(|relation| &relation.provenance)),
        Oid::Schema(name) => catalog.schemas.get(name).map(|schema| &schema.provenance),
        Oid::Role(name) => catalog.roles.get(name).map(|role| &role.provenance),
        _ => None,
    };
    match provenance.map(relations::presence_of) {
        None => Value::Null,
        Some(Presence::Certain) => Value::Object(object),
        Some(_) => Value::unknown(format!("whether `{text}` is there")),
    }
}

fn current_setting(name: &Value, setting: impl Fn(&str) -> Option<String>) -> Value {
    let known = name.plain().and_then(|name| setting(&name.to_ascii_lowercase()));
    let shown = name.plain().unwrap_or_default();
    known.map_or_else(|| Value::unknown(format!("setting `{shown}`")), Value::Text)
}

fn routine<'c>(value: &Value, names: Names<'c>) -> Option<&'c Function> {
    let Value::Object(object) = value else { return None };
    let Oid::Function(key) = &object.id else { return None };
    names.catalog.functions.get(key)
}

/// `name type, …` of the input parameters, as `ALTER FUNCTION` and `GRANT` take them.
fn identity_arguments(value: &Value, names: Names<'_>) -> Value {
    let Some(function) = routine(value, names) else {
        return Value::Unknown(value.doubt().unwrap_or_else(|| Unknown::new("the arguments of a function")));
    };
    let inputs = function.params.iter().filter(|param| param.mode != ParamMode::Out).map(|param| {
        let mode = match param.mode {
            ParamMode::InOut => "INOUT ",
            ParamMode::Variadic => "VARIADIC ",
            ParamMode::In | ParamMode::Out => "",
        };
        let name =
            param.name.as_ref().map_or_else(String::new, |name| format!("{} ", super::keywords::quote_ident(name)));
        format!("{mode}{name}{}", names.show_args(std::slice::from_ref(&param.ty), ""))
    });
    Value::Text(inputs.collect::<Vec<_>>().join(", "))
}

fn name_of(value: &Value) -> Value {
    match value {
        Value::Object(object) => match &object.id {
            Oid::Role(name) | Oid::Schema(name) => Value::text(name.clone()),
            _ => Value::unknown("a name"),
        },
        other => Value::Unknown(other.doubt().unwrap_or_else(|| Unknown::new("a role"))),
    }
}

fn format_type(value: &Value, names: Names<'_>) -> Value {
    match value {
        Value::Object(object) => names.object(Reg::Type, object.id.clone()),
        other => Value::Unknown(other.doubt().unwrap_or_else(|| Unknown::new("a type"))),
    }
}

fn is_visible(value: &Value, names: Names<'_>) -> Value {
    let Value::Object(object) = value else { return Value::unknown("whether something is visible") };
    let schema = match &object.id {
        Oid::Relation(name) | Oid::Type(name) => &name.schema,
        Oid::Function(key) => &key.name.schema,
        _ => return Value::unknown("whether something is visible"),
    };
    Value::Bool(names.path.contains(schema) || schema == "pg_catalog")
}

/// Functions that build text, and keep what is known of it.
fn text_in_pieces(name: &str, args: &[Value]) -> Option<Value> {
    if let Some(value) = spelled(name, args) {
        return Some(value);
    }
    let first = args.first().unwrap_or(&Value::Null);
    let joined = |pieces: Vec<Piece>| Some(Value::from_pieces(pieces));
    match (name, args) {
        ("concat", _) => joined(args.iter().filter_map(Value::pieces).flatten().collect()),
        ("concat_ws", [separator, rest @ ..]) => {
            let parts = rest.iter().filter_map(Value::pieces).collect();
            separator.pieces().map_or(Some(Value::Null), |separator| joined(join(parts, &separator)))
        }
        ("array_to_string", [Value::Array(items), separator, null @ ..]) => {
            let null = null.first().and_then(Value::pieces);
            let parts = items.iter().filter_map(|item| item.pieces().or_else(|| null.clone())).collect();
            separator.pieces().map_or(Some(Value::Null), |separator| joined(join(parts, &separator)))
        }
        ("quote_nullable", [value]) => joined(vec![format::literal(value)]),
        ("quote_ident" | "quote_literal" | "lower" | "upper" | "replace" | "trim" | "btrim", _)
            if args.iter().any(Value::is_null) =>
        {
            Some(Value::Null)
        }
        ("quote_ident", [value]) => joined(vec![format::ident(value)]),
        ("quote_literal", [value]) => joined(vec![format::literal(value)]),
        ("lower", [_]) => joined(each_known(first, str::to_lowercase)),
        ("upper", [_]) => joined(each_known(first, str::to_uppercase)),
        ("replace", [_, Value::Text(from), Value::Text(to)]) if !from.is_empty() => {
            joined(each_known(first, |text| text.replace(from.as_str(), to)))
        }
        _ => None,
    }
}

fn join(parts: Vec<Vec<Piece>>, separator: &[Piece]) -> Vec<Piece> {
    let mut out = Vec::new();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            out.extend(separator.iter().cloned());
        }
        out.extend(part);
    }
    out
}

fn each_known(value: &Value, change: impl Fn(&str) -> String) -> Vec<Piece> {
    let each = |piece| match piece {
        Piece::Known(text) => Piece::Known(change(&text)),
        Piece::Spelled(text) => Piece::Spelled(change(&text)),
        unknown => unknown,
    };
    value.pieces().unwrap_or_default().into_iter().map(each).collect()
}

/// Functions of a text that may be spelled otherwise by the server, to the same effect.
fn spelled(name: &str, args: &[Value]) -> Option<Value> {
    let subject = args.first()?;
    if !matches!(subject, Value::Template(_)) {
        return None;
    }
    let text = subject.equivalent();
    match (name, args) {
        ("btrim" | "trim" | "ltrim" | "rtrim", [_]) => Some(subject.clone()),
        ("nullif", [_, Value::Text(other)]) if other.is_empty() => Some(subject.clone()),
        ("strpos" | "position", [_, part]) => Some(position(&text?, &part.plain()?)),
        ("regexp_replace", [_, pattern, with, flags @ ..]) => {
            let flags = flags.first().map_or(Some(String::new()), Value::plain)?;
            let replaced = pattern::replace(&text?, &pattern.plain()?, &with.plain()?, &flags)?;
            Some(Value::Template(vec![Piece::Spelled(replaced)]))
        }
        _ => None,
    }
}

/// Functions of values that must be known; null for a null argument.
fn plain(name: &str, args: &[Value]) -> Option<Value> {
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
    "pg_get_expr",
    "pg_get_triggerdef",
    "pg_get_ruledef",
    "pg_get_function_arguments",
    "pg_get_function_result",
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
    "current_database",
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

fn position(text: &str, part: &str) -> Value {
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
