//! `query:` rules: the rows a database answered, as subjects; and which rules a source cannot run.

use serde_json::{Map, Value as Json};

use super::subject::Builder;
use super::{CheckConfig, CheckInput, Needed, Subject};
use crate::catalog::{ObjectKind, ObjectRef};
use crate::coverage::{Coverage, CoverageKind};
use crate::live::{Answer, LiveFacts, literal};
use crate::rule::schema::FieldType;
use crate::rule::{Logic, Param, Rule};

/// The SQL of a `query:` rule with `{params.name}` and `{config.name}` replaced by literals; `None` for other rules.
#[must_use]
pub fn sql(rule: &Rule, config: &CheckConfig) -> Option<String> {
    let Logic::Query(text) = &rule.logic else { return None };
    let CheckConfig { exposed_schemas, exposed_roles, system_schemas, privileged_roles, .. } = config;
    let lists = [
        ("exposed_schemas", exposed_schemas),
        ("exposed_roles", exposed_roles),
        ("system_schemas", system_schemas),
        ("privileged_roles", privileged_roles),
    ];
    let mut sql = text.clone();
    for (name, list) in lists {
        sql = sql.replace(&format!("{{config.{name}}}"), &array(list));
    }
    for (name, param) in &rule.params {
        sql = sql.replace(&format!("{{params.{name}}}"), &param_literal(param));
    }
    Some(sql)
}

/// A placeholder of `text` that no parameter or list stands for.
#[must_use]
pub fn unknown_placeholder(text: &str, params: &[&str]) -> Option<String> {
    let lists = ["exposed_schemas", "exposed_roles", "system_schemas", "privileged_roles"];
    let unknown = |prefix: &'static str, known: &[&str]| {
        let names = text.split(prefix).skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
        let mut names = names.filter(|name| !known.contains(name));
        names.next().map(|name| format!("{prefix}{name}}}"))
    };
    unknown("{params.", params).or_else(|| unknown("{config.", &lists))
}

fn array(list: &[String]) -> String {
    let items: Vec<String> = list.iter().map(|item| literal(item)).collect();
    format!("array[{}]::pg_catalog.text[]", items.join(", "))
}

fn param_literal(param: &Param) -> String {
    match param {
        Param::Bool(on) => on.to_string(),
        Param::Int(n) => n.to_string(),
        Param::Text(text) => literal(text),
        Param::Texts(list) => array(list),
    }
}

/// The violations as subjects: column `object` names the object, `discriminator` tells several on one object apart, and
/// every other column is the field of that name.
pub(super) fn subjects(rule: &Rule, live: &LiveFacts, needed: &Needed) -> Result<Vec<Subject>, String> {
    match live.queries.get(&rule.id) {
        None => Err("it asks the database itself, which was not at hand (a snapshot holds the schema only)".to_owned()),
        Some(Answer::Failed(message)) => Err(format!("its query failed: {message}")),
        Some(Answer::Rows(rows)) => rows.iter().map(|row| subject(rule, row, needed)).collect(),
    }
}

fn subject(rule: &Rule, row: &Map<String, Json>, needed: &Needed) -> Result<Subject, String> {
    let text = |name: &str| row.get(name).and_then(Json::as_str);
    let name = text("object").ok_or("its query must return a column `object` with the object's name, never null")?;
    let kind = text("object_kind").unwrap_or(rule.target.name);
    let kind = serde_json::from_value(Json::from(kind)).unwrap_or(ObjectKind::Other);
    let mut b = Builder::new(needed, ObjectRef::new(kind, name));
    if let Some(discriminator) = text("discriminator") {
        b = b.discriminator(discriminator.to_owned());
    }
    for field in rule.target.fields {
        match (field.ty, row.get(field.path)) {
            (FieldType::Bool, Some(Json::Bool(value))) => b.set(field.path, || *value),
            (FieldType::Int, Some(Json::Number(value))) => b.maybe(field.path, || value.as_i64()),
            (FieldType::String, Some(Json::String(value))) => b.set(field.path, || value.as_str()),
            (FieldType::Strings, Some(Json::Array(values))) => {
                let texts: Vec<String> = values.iter().filter_map(Json::as_str).map(str::to_owned).collect();
                b.set(field.path, || texts)
            }
            _ => &mut b,
        };
    }
    Ok(b.build())
}

/// One line for all rules this source has nothing for: migrations have no statistics, a database no history.
pub(super) fn not_for_this_source(input: &CheckInput<'_>) -> Option<Coverage> {
    let live = input.live.is_some();
    let elsewhere = |rule: &&Rule| if live { rule.is_about_history() } else { rule.needs_database() };
    let rules: Vec<&str> = input.rules.iter().filter(elsewhere).map(|rule| rule.id.as_str()).collect();
    if rules.is_empty() {
        return None;
    }
    let (count, shown) = (crate::report::many(rules.len(), "rule"), rules.iter().take(3).copied().collect::<Vec<_>>());
    let more = if rules.len() > shown.len() { ", …" } else { "" };
    let why = if live {
        "a database has no files, statements and changes to look at; check the migrations for these"
    } else {
        "they need a database; check one with --database-url for these"
    };
    let message = format!("{count} not run ({}{more}): {why}", shown.join(", "));
    Some(Coverage { kind: CoverageKind::NotApplicable, location: None, object: None, message })
}
