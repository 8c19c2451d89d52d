//! Columns.

use super::{Builder, Scan, Table, boolean, hidden, text, unseen};
use crate::catalog::{Column, Identity, QualifiedName, Relation};
use crate::migrations::eval::Presence;
use crate::migrations::eval::names::{BUILTIN_TYPES, Oid};
use crate::migrations::eval::scalar::count;
use crate::migrations::eval::value::Value;

/// Columns every assumed relation may have besides those seen.
fn incomplete<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = &'a QualifiedName> {
    let open = |relation: &Relation| !relation.columns_complete;
    let seen = scan.catalog().relations.iter().filter(move |(_, relation)| open(relation)).map(|(name, _)| name);
    seen.chain(scan.absent)
}

/// A column seen only in use is there as surely as its table.
fn presence(relation: &Relation) -> Presence {
    if relation.provenance.conditional { Presence::Maybe } else { Presence::Certain }
}

fn identity(column: &Column) -> &'static str {
    match column.identity {
        Some(Identity::Always) => "a",
        Some(Identity::ByDefault) => "d",
        None => "",
    }
}

pub(super) fn pg_attribute(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "attrelid",
        "attname",
        "attnum",
        "attnotnull",
        "atttypid",
        "atthasdef",
        "attisdropped",
        "attidentity",
        "attgenerated",
    ]);
    for (name, relation) in scan.relations_by_oid("attrelid") {
        for (at, column) in relation.columns.iter().enumerate().filter(|(_, c)| scan.admits("attname", &c.name)) {
            let row = [
                scan.relation_oid(name),
                text(&column.name),
                Value::Int(count(at + 1)),
                boolean(&column.not_null, "a column", name),
                type_oid(scan, column),
                Value::Bool(column.default.is_some() || column.generated.is_some()),
                Value::Bool(false),
                text(identity(column)),
                text(if column.generated.is_some() { "s" } else { "" }),
            ];
            table.push(presence(relation), row);
        }
    }
    for name in incomplete(scan).filter(|name| scan.admits_relation("attrelid", name)) {
        let any = || hidden("columns", name);
        let number = Value::Int(1);
        let row = [scan.relation_oid(name), any(), number, any(), any(), any(), Value::Bool(false), any(), any()];
        table.push(scan.hidden(&["attrelid"]), row);
    }
    table.finish()
}

fn type_oid(scan: &Scan<'_>, column: &Column) -> Value {
    let Some(ty) = column.ty.get() else { return Value::unknown("a column's type") };
    let name = ty.parse().unwrap_or_else(|_| QualifiedName::new("pg_catalog", base_type(ty)));
    scan.names.oid(Oid::Type(name))
}

/// Without modifiers: `numeric(10,2)` is `numeric`, `timestamp(3) with time zone` has its zone.
fn base_type(ty: &str) -> String {
    match (ty.find('('), ty.find(')')) {
        (Some(open), Some(close)) => format!("{}{}", ty.get(..open).unwrap_or(""), ty.get(close + 1..).unwrap_or("")),
        _ => ty.to_owned(),
    }
}

/// `data_type`, `udt_schema` and `udt_name`.
fn information_type(ty: &str) -> (String, String, String) {
    let base = base_type(ty);
    if let Some(element) = base.strip_suffix("[]") {
        let (_, schema, name) = information_type(element);
        return ("ARRAY".to_owned(), schema, format!("_{name}"));
    }
    let builtin = BUILTIN_TYPES.iter().find(|(_, long)| *long == base).map(|(short, _)| (*short).to_owned());
    match (builtin, base.parse::<QualifiedName>()) {
        (Some(short), _) => (base, "pg_catalog".to_owned(), short),
        (None, Ok(name)) => ("USER-DEFINED".to_owned(), name.schema, name.name),
        (None, Err(_)) => (base.clone(), "pg_catalog".to_owned(), base),
    }
}

/// The length of `character varying(n)`.
fn length(ty: Option<&String>) -> Value {
    let Some(ty) = ty else { return Value::unknown("a column's type") };
    let inside =
        ty.strip_prefix("character").and_then(|rest| rest.split_once('(')).and_then(|(_, n)| n.split_once(')'));
    inside.and_then(|(n, _)| n.parse().ok()).map_or(Value::Null, Value::Int)
}

/// `information_schema.columns`.
pub(super) fn columns(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "column_default",
        "is_nullable",
        "data_type",
        "udt_schema",
        "udt_name",
        "character_maximum_length",
        "is_identity",
        "is_generated",
    ]);
    for (name, relation) in scan.relations("table_schema", "table_name") {
        if relation.kind == crate::catalog::ObjectKind::MaterializedView {
            continue;
        }
        for (at, column) in relation.columns.iter().enumerate().filter(|(_, c)| scan.admits("column_name", &c.name)) {
            table.push(presence(relation), information_row(name, at, column));
        }
    }
    let open =
        incomplete(scan).filter(|n| scan.admits("table_name", &n.name) && scan.admits("table_schema", &n.schema));
    for name in open {
        let any = || hidden("columns", name);
        let (schema, table_name) = (text(&name.schema), text(&name.name));
        let row = [schema, table_name, any(), any(), any(), any(), any(), any(), any(), any(), any(), any()];
        table.push(scan.hidden(&["table_name"]), row);
    }
    for schema in scan.incomplete_schemas() {
        let any = || unseen("columns of tables the files do not create");
        let row = [text(schema), any(), any(), any(), any(), any(), any(), any(), any(), any(), any(), any()];
        table.push(Presence::Lean, row);
    }
    table.finish()
}

fn information_row(name: &QualifiedName, at: usize, column: &Column) -> [Value; 12] {
    let ty = column.ty.get();
    let unknown = || Value::unknown(format!("the type of `{name}.{}`", column.name));
    let (data, schema, udt) = match ty.map(|ty| information_type(ty)) {
        Some((data, schema, udt)) => (Value::Text(data), Value::Text(schema), Value::Text(udt)),
        None => (unknown(), unknown(), unknown()),
    };
    let nullable = column.not_null.get().map_or_else(
        || Value::unknown(format!("whether `{name}.{}` is not null", column.name)),
        |not_null| text(if *not_null { "NO" } else { "YES" }),
    );
    [
        text(&name.schema),
        text(&name.name),
        text(&column.name),
        Value::Int(count(at + 1)),
        column.default.as_ref().map_or(Value::Null, |_| Value::unknown("the server's text of a default")),
        nullable,
        data,
        schema,
        udt,
        length(ty),
        text(if column.identity.is_some() { "YES" } else { "NO" }),
        text(if column.generated.is_some() { "ALWAYS" } else { "NEVER" }),
    ]
}
