//! Built-in functions migrations use to find names and to build statements.

use super::cast::{self, Lookup};
use super::expr::Evaluator;
use super::format;
use super::names::{Names, Oid, Reg};
use super::row::Presence;
use super::scalar::{plain, position};
use super::value::{Piece, Unknown, Value};
use super::{pattern, relations};
use crate::catalog::{Function, ObjectKind};
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
            "current_database" => names.oid(Oid::Other("pg_database", String::new())),
            "current_schemas" => Value::texts(host.search_path().iter().cloned()),
            "current_setting" => current_setting(first, |name| host.setting(name).map(str::to_owned)),
            "pg_get_function_identity_arguments" => identity_arguments(first, names),
            "oidvectortypes" => vector_types(first, names),
            "pg_get_function_result" => result(first, names),
            "pg_get_userbyid" => name_of(first),
            "pg_get_constraintdef" | "pg_get_indexdef" | "pg_get_functiondef" | "pg_get_viewdef" => {
                super::definition::definition(first, names)
            }
            "pg_get_expr" => printed(first),
            "format_type" => format_type(first, names),
            "pg_table_is_visible" => is_visible(first, names),
            "pg_function_is_visible" | "pg_type_is_visible" => is_visible(first, names),
            _ => return super::privilege::privilege_function(name, args, names, host.current_role()),
        })
    }
}

/// A stored expression as the server prints it.
fn printed(tree: &Value) -> Value {
    match tree {
        Value::Template(pieces) => match pieces.as_slice() {
            [Piece::Spelled(constant)] if matches!(constant.as_str(), "true" | "false") => {
                Value::Text(constant.clone())
            }
            _ => tree.clone(),
        },
        Value::Null | Value::Unknown(_) => tree.clone(),
        _ => Value::unknown("the text of an expression"),
    }
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

/// `trigger`, `SETOF text`, `TABLE(a integer)`; null of a procedure.
fn result(value: &Value, names: Names<'_>) -> Value {
    let Some(function) = routine(value, names) else {
        return Value::Unknown(value.doubt().unwrap_or_else(|| Unknown::new("the result of a function")));
    };
    match &function.returns {
        // How a type with a schema is printed hangs on the search path.
        Some(returns) if returns.contains('.') => Value::Template(vec![Piece::Spelled(returns.clone())]),
        Some(returns) => Value::Text(returns.clone()),
        None if function.kind == ObjectKind::Procedure => Value::Null,
        None => Value::unknown("the result of a function"),
    }
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

/// The types of a function's arguments, as in its signature.
fn vector_types(value: &Value, names: Names<'_>) -> Value {
    let unknown = || Value::Unknown(value.doubt().unwrap_or_else(|| Unknown::new("the arguments of a function")));
    let Value::Array(types) = value else { return unknown() };
    let shown: Option<Vec<String>> = types.iter().map(|ty| format_type(ty, names).plain()).collect();
    shown.map_or_else(unknown, |shown| Value::Text(shown.join(", ")))
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
