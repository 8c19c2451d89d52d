//! Type names: SQL's own spellings become `format_type`'s, so that a written type equals a deparsed one.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{AstNode, Type};

use super::ast::{Name, TypeName};
use super::cx;
use super::tree;

/// Lowers any node that spells a type, `%TYPE` among them.
pub(super) fn of_node(node: &SyntaxNode) -> TypeName {
    let mut ty = match node.kind() {
        K::ARRAY_TYPE => array(node),
        K::PERCENT_TYPE => percent(node),
        K::VARCHAR_TYPE => builtin("character varying", modifiers(node)),
        K::CHARACTER_TYPE => character(node),
        K::BIT_TYPE => builtin("bit", or_one(modifiers(node))),
        K::BIT_VARYING_TYPE => builtin("bit varying", modifiers(node)),
        K::DOUBLE_TYPE => builtin("double precision", Vec::new()),
        K::TIME_TYPE => builtin(zoned(node, "time with time zone", "time without time zone"), modifiers(node)),
        K::TIMESTAMP_TYPE => {
            builtin(zoned(node, "timestamp with time zone", "timestamp without time zone"), modifiers(node))
        }
        K::INTERVAL_TYPE => builtin(&interval(node), modifiers(node)),
        _ => path(node),
    };
    ty.setof |= tree::has_token(node, K::SETOF_KW);
    ty
}

fn array(node: &SyntaxNode) -> TypeName {
    let mut ty = node.children().find(is_type).map(|inner| of_node(&inner)).unwrap_or_else(unknown);
    let bounds = tree::children_of(node, K::ARRAY_BOUND).count().max(1);
    ty.array_dims = ty.array_dims.saturating_add(u8::try_from(bounds).unwrap_or(u8::MAX));
    ty
}

fn percent(node: &SyntaxNode) -> TypeName {
    let mut ty = path(node);
    ty.percent = true;
    ty.array_dims = u8::try_from(tree::children_of(node, K::ARRAY_BOUND).count()).unwrap_or(u8::MAX);
    ty
}

/// `char` means `char(1)`.
fn character(node: &SyntaxNode) -> TypeName {
    if tree::has_token(node, K::VARYING_KW) {
        return builtin("character varying", modifiers(node));
    }
    builtin("character", or_one(modifiers(node)))
}

fn or_one(modifiers: Vec<String>) -> Vec<String> {
    if modifiers.is_empty() { vec!["1".to_owned()] } else { modifiers }
}

fn zoned<'a>(node: &SyntaxNode, with: &'a str, without: &'a str) -> &'a str {
    if tree::child(node, K::WITH_TIMEZONE).is_some() { with } else { without }
}

fn interval(node: &SyntaxNode) -> String {
    const FIELDS: [K; 6] = [
        K::INTERVAL_YEAR,
        K::INTERVAL_MONTH,
        K::INTERVAL_DAY,
        K::INTERVAL_HOUR,
        K::INTERVAL_MINUTE,
        K::INTERVAL_SECOND,
    ];
    match node.children().find(|child| FIELDS.contains(&child.kind())) {
        Some(fields) => format!("interval {}", cx::text(&fields).to_lowercase()),
        None => "interval".to_owned(),
    }
}

fn path(node: &SyntaxNode) -> TypeName {
    let mut parts = tree::path_parts(node);
    let quoted = node.text().to_string().contains('"');
    if parts.len() == 2 && parts.first().is_some_and(|schema| schema == "pg_catalog") {
        parts.remove(0);
    }
    let modifiers = modifiers(node);
    match (parts.as_slice(), quoted) {
        ([name], false) => alias(name, modifiers),
        _ => TypeName { name: tree::name_of(parts), modifiers, array_dims: 0, setof: false, percent: false },
    }
}

/// A type known by an unqualified name; aliases are resolved as PostgreSQL's grammar and catalog do.
pub(super) fn alias(name: &str, mut modifiers: Vec<String>) -> TypeName {
    let canonical = match name {
        "int" | "int4" | "integer" => "integer",
        "int2" | "smallint" => "smallint",
        "int8" | "bigint" => "bigint",
        "float4" | "real" => "real",
        "float8" => "double precision",
        "float" => float(&mut modifiers),
        "bool" => "boolean",
        "decimal" | "dec" | "numeric" => numeric(&mut modifiers),
        "varchar" => "character varying",
        "bpchar" if !modifiers.is_empty() => "character",
        "char" | "character" => {
            modifiers = or_one(modifiers);
            "character"
        }
        "varbit" => "bit varying",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        "timetz" => "time with time zone",
        "time" => "time without time zone",
        other => other,
    };
    builtin(canonical, modifiers)
}

/// `float(1..24)` is `real`, everything else `double precision`; the precision goes away.
fn float(modifiers: &mut Vec<String>) -> &'static str {
    let bits = modifiers.first().and_then(|bits| bits.parse::<u32>().ok());
    modifiers.clear();
    if bits.is_some_and(|bits| bits <= 24) { "real" } else { "double precision" }
}

/// `numeric(10)` is `numeric(10,0)`.
fn numeric(modifiers: &mut Vec<String>) -> &'static str {
    if modifiers.len() == 1 {
        modifiers.push("0".to_owned());
    }
    "numeric"
}

fn builtin(name: &str, modifiers: Vec<String>) -> TypeName {
    TypeName { name: Name::bare(name), modifiers, array_dims: 0, setof: false, percent: false }
}

fn unknown() -> TypeName {
    builtin("unknown", Vec::new())
}

/// Whether `node` spells a type.
pub(super) fn is_type(node: &SyntaxNode) -> bool {
    Type::can_cast(node.kind()) || node.kind() == K::PERCENT_TYPE
}

fn modifiers(node: &SyntaxNode) -> Vec<String> {
    match tree::child(node, K::ARG_LIST) {
        Some(list) => tree::children_of(&list, K::ARG).map(|arg| cx::text(&arg)).collect(),
        None => node.descendants().filter(|inner| inner.kind() == K::LITERAL).map(|l| cx::text(&l)).collect(),
    }
}
