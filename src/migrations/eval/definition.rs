//! `pg_get_…def`: definitions that mean what the server would print, in the files' own spelling.

use super::keywords::quote_ident;
use super::names::{Names, Oid};
use super::value::{Piece, Unknown, Value};
use crate::catalog::{ConstraintRule, Function, FunctionKey, FunctionSource, Index, ObjectKind, QualifiedName};
use crate::sql::ast::{ParamMode, RefAction, Volatility};

/// The definition of the object `value` stands for.
pub(super) fn definition(value: &Value, names: Names<'_>) -> Value {
    let unknown = || Value::Unknown(value.doubt().unwrap_or_else(|| Unknown::new("the definition of an object")));
    let Value::Object(object) = value else { return if value.is_null() { Value::Null } else { unknown() } };
    let pieces = match &object.id {
        Oid::Part("constraint", table, name) => {
            let relation = names.catalog.relations.get(table);
            let constraint = relation.and_then(|relation| relation.constraints.get(name));
            constraint.map(|constraint| vec![Piece::Spelled(constraint_text(&constraint.kind, names))])
        }
        Oid::Relation(name) => match names.catalog.indexes.get(name) {
            Some(index) => Some(vec![Piece::Spelled(index_text(name, index))]),
            None => view_text(name, names).map(|text| vec![Piece::Spelled(text)]),
        },
        Oid::Function(key) => names.catalog.functions.get(key).and_then(|function| function_pieces(key, function)),
        _ => None,
    };
    pieces.map_or_else(unknown, Value::Template)
}

fn view_text(name: &QualifiedName, names: Names<'_>) -> Option<String> {
    let definition = names.catalog.relations.get(name)?.definition.as_ref()?;
    definition.get().map(|definition| definition.text.clone())
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| quote_ident(column)).collect::<Vec<_>>().join(", ")
}

fn constraint_text(rule: &ConstraintRule, names: Names<'_>) -> String {
    match rule {
        ConstraintRule::Check { expression } => format!("CHECK ({})", expression.text),
        ConstraintRule::Unique { columns } => format!("UNIQUE ({})", list(columns)),
        ConstraintRule::PrimaryKey { columns } => format!("PRIMARY KEY ({})", list(columns)),
        ConstraintRule::ForeignKey { columns, references, referenced_columns, on_delete, on_update } => {
            let action = |event: &str, action: RefAction| match action {
                RefAction::NoAction => String::new(),
                RefAction::Restrict => format!(" ON {event} RESTRICT"),
                RefAction::Cascade => format!(" ON {event} CASCADE"),
                RefAction::SetNull => format!(" ON {event} SET NULL"),
                RefAction::SetDefault => format!(" ON {event} SET DEFAULT"),
            };
            format!(
                "FOREIGN KEY ({}) REFERENCES {}({}){}{}",
                list(columns),
                names.show(references),
                list(referenced_columns),
                action("UPDATE", *on_update),
                action("DELETE", *on_delete)
            )
        }
        ConstraintRule::Exclude { text } => format!("EXCLUDE {text}"),
    }
}

fn index_text(name: &QualifiedName, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let filter = index.filter.as_ref().map_or_else(String::new, |filter| format!(" WHERE {}", filter.text));
    format!(
        "CREATE {unique}INDEX {} ON {} USING {} ({}){filter}",
        quote_ident(&name.name),
        index.table,
        index.method,
        index.keys.join(", ")
    )
}

/// The head in the files' spelling, the body exactly as it is.
fn function_pieces(key: &FunctionKey, function: &Function) -> Option<Vec<Piece>> {
    let FunctionSource::Text { text } = function.body.get()? else { return None };
    let kind = match function.kind {
        ObjectKind::Procedure => "PROCEDURE",
        ObjectKind::Function => "FUNCTION",
        _ => return None,
    };
    let params = function.params.iter().filter(|param| !is_table_column(function, param.mode)).map(|param| {
        let mode = match param.mode {
            ParamMode::In => "",
            ParamMode::Out => "OUT ",
            ParamMode::InOut => "INOUT ",
            ParamMode::Variadic => "VARIADIC ",
        };
        let name = param.name.as_ref().map_or_else(String::new, |name| format!("{} ", quote_ident(name)));
        let default = param.default.as_ref().map_or_else(String::new, |default| format!(" DEFAULT {}", default.text));
        format!("{mode}{name}{}{default}", param.ty)
    });
    let returns = function.returns.as_ref().map_or_else(String::new, |returns| format!("\n RETURNS {returns}"));
    let head = format!(
        "CREATE OR REPLACE {kind} {}({}){returns}\n LANGUAGE {}\n{}AS $function$",
        key.name,
        params.collect::<Vec<_>>().join(", "),
        quote_ident(&function.language),
        attributes(function)?,
    );
    Some(vec![Piece::Spelled(head), Piece::Known(text.clone()), Piece::Known("$function$\n".to_owned())])
}

/// Columns of `RETURNS TABLE` stand in the return type.
fn is_table_column(function: &Function, mode: ParamMode) -> bool {
    mode == ParamMode::Out && function.returns.as_ref().is_some_and(|returns| returns.starts_with("TABLE("))
}

fn attributes(function: &Function) -> Option<String> {
    let mut words = match function.volatility.get()? {
        Volatility::Immutable => " IMMUTABLE".to_owned(),
        Volatility::Stable => " STABLE".to_owned(),
        Volatility::Volatile => String::new(),
    };
    for (on, word) in [(&function.strict, " STRICT"), (&function.security_definer, " SECURITY DEFINER")] {
        if *on.get()? {
            words.push_str(word);
        }
    }
    if !words.is_empty() {
        words.push('\n');
    }
    for (name, value) in function.settings.get()? {
        words.push_str(&format!(" SET {name} TO {value}\n"));
    }
    Some(words)
}
