//! Functions and procedures.

use super::{Builder, Scan, Table, presence_of, text};
use crate::catalog::{Function, FunctionKey, FunctionSource, ObjectKind};
use crate::migrations::eval::Presence;
use crate::migrations::eval::names::Oid;
use crate::migrations::eval::scalar::count;
use crate::migrations::eval::value::Value;
use crate::sql::ast::Volatility;

const LANGUAGES: &[&str] = &["internal", "c", "sql", "plpgsql"];

fn language(scan: &Scan<'_>, name: &str) -> Value {
    scan.names.oid(Oid::Other("pg_language", name.to_owned()))
}

pub(super) fn pg_language(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["oid", "lanname"]);
    for name in LANGUAGES {
        table.push(Presence::Certain, [language(scan, name), text(name)]);
    }
    table.finish()
}

fn prokind(function: &Function) -> &'static str {
    match function.kind {
        ObjectKind::Procedure => "p",
        ObjectKind::Aggregate => "a",
        _ => "f",
    }
}

fn config(function: &Function, key: &FunctionKey) -> Value {
    match function.settings.get() {
        None => Value::unknown(format!("settings of `{key}`")),
        Some(settings) if settings.is_empty() => Value::Null,
        Some(settings) => Value::texts(settings.iter().map(|(name, value)| format!("{name}={value}"))),
    }
}

fn source(function: &Function, key: &FunctionKey) -> Value {
    match function.body.get() {
        Some(FunctionSource::Text { text }) => Value::text(text.clone()),
        _ => Value::unknown(format!("the source of `{key}`")),
    }
}

fn volatility(function: &Function) -> Value {
    function.volatility.get().map_or_else(
        || Value::unknown("a function's volatility"),
        |volatility| {
            text(match volatility {
                Volatility::Immutable => "i",
                Volatility::Stable => "s",
                Volatility::Volatile => "v",
            })
        },
    )
}

fn result(scan: &Scan<'_>, function: &Function) -> Value {
    let Some(returns) = &function.returns else { return Value::Int(0) };
    let ty = returns.strip_prefix("SETOF ").unwrap_or(returns);
    type_oid(scan, if ty.starts_with("TABLE(") { "record" } else { ty })
}

fn type_oid(scan: &Scan<'_>, ty: &str) -> Value {
    let name = ty.parse().unwrap_or_else(|_| crate::catalog::QualifiedName::new("pg_catalog", ty));
    scan.names.oid(Oid::Type(name))
}

fn argument_names(function: &Function) -> Value {
    if function.params.iter().all(|param| param.name.is_none()) {
        return Value::Null;
    }
    Value::texts(function.params.iter().map(|param| param.name.clone().unwrap_or_default()))
}

/// Functions of the server are left out, but for the one that guards ask for.
pub(super) fn pg_proc(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "oid",
        "proname",
        "pronamespace",
        "prokind",
        "prosecdef",
        "proconfig",
        "prolang",
        "proowner",
        "prorettype",
        "provolatile",
        "pronargs",
        "proargtypes",
        "proargnames",
        "prosrc",
    ]);
    for (key, function) in scan.catalog().functions.iter().filter(|(key, _)| scan.admits("proname", &key.name.name)) {
        let definer = function.security_definer.get();
        let row = [
            scan.names.oid(Oid::Function(key.clone())),
            text(&key.name.name),
            scan.schema_oid(&key.name.schema),
            text(prokind(function)),
            definer.map_or_else(|| Value::unknown(format!("whether `{key}` is security definer")), |d| Value::Bool(*d)),
            config(function, key),
            language(scan, &function.language),
            scan.role_oid(&function.owner),
            result(scan, function),
            volatility(function),
            Value::Int(count(key.args.len())),
            Value::Array(key.args.iter().map(|ty| type_oid(scan, ty)).collect()),
            argument_names(function),
            source(function, key),
        ];
        table.push(presence_of(&function.provenance), row);
    }
    if scan.admits("proname", "gen_random_uuid") {
        let any = || Value::unknown("a function of the server");
        let (name, schema) = (text("gen_random_uuid"), scan.schema_oid("pg_catalog"));
        let (definer, config) = (Value::Bool(false), Value::Null);
        let row = [
            any(),
            name,
            schema,
            text("f"),
            definer,
            config,
            any(),
            any(),
            any(),
            any(),
            Value::Int(0),
            Value::Array(Vec::new()),
            Value::Null,
            any(),
        ];
        table.push(Presence::Certain, row);
    }
    table.finish()
}

/// `information_schema.routines`.
pub(super) fn routines(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "specific_schema",
        "specific_name",
        "routine_schema",
        "routine_name",
        "routine_type",
        "security_type",
        "external_language",
        "data_type",
        "routine_definition",
    ]);
    for (key, function) in
        scan.catalog().functions.iter().filter(|(key, _)| scan.admits("routine_name", &key.name.name))
    {
        let security = function.security_definer.get().map_or_else(
            || Value::unknown(format!("whether `{key}` is security definer")),
            |definer| text(if *definer { "DEFINER" } else { "INVOKER" }),
        );
        let row = [
            text(&key.name.schema),
            Value::unknown(format!("the specific name of `{key}`")),
            text(&key.name.schema),
            text(&key.name.name),
            text(if function.kind == ObjectKind::Procedure { "PROCEDURE" } else { "FUNCTION" }),
            security,
            Value::text(function.language.to_uppercase()),
            Value::optional(function.returns.clone()),
            source(function, key),
        ];
        table.push(presence_of(&function.provenance), row);
    }
    table.finish()
}

/// `information_schema.routine_privileges`.
pub(super) fn routine_privileges(scan: &Scan<'_>) -> Table {
    let mut table =
        Builder::new(&["grantor", "grantee", "routine_schema", "routine_name", "privilege_type", "is_grantable"]);
    for (key, function) in &scan.catalog().functions {
        for entry in function.acl.iter() {
            let row = [
                text(&entry.grantor),
                super::globals::grantee(&entry.grantee),
                text(&key.name.schema),
                text(&key.name.name),
                text(entry.privilege.sql()),
                text(if entry.grantable { "YES" } else { "NO" }),
            ];
            let presence = if entry.conditional { Presence::Maybe } else { presence_of(&function.provenance) };
            table.push(presence, row);
        }
    }
    table.finish()
}
