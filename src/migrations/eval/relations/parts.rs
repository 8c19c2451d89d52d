//! Policies, triggers and indexes.

use super::classes::grantee_oid;
use super::{Builder, Scan, Table, hidden, presence_of, text};
use crate::catalog::{Expression, Fact, Policy, QualifiedName, Relation, Trigger};
use crate::migrations::eval::Presence;
use crate::migrations::eval::names::Oid;
use crate::migrations::eval::value::{Piece, Value};
use crate::sql::ast::{PolicyCommand, TriggerState};

/// How the server prints an expression is only certain for constants.
fn expression(fact: &Fact<Option<Expression>>, what: &str, table: &QualifiedName) -> Value {
    match fact.get() {
        Some(None) => Value::Null,
        Some(Some(expression)) => match expression.canonical.trim().to_ascii_lowercase().as_str() {
            constant @ ("true" | "false") => text(constant),
            _ if balanced(&expression.text) => Value::Template(vec![Piece::Spelled(expression.text.clone())]),
            _ => Value::unknown(format!("the server's text of {what} on `{table}`")),
        },
        None => Value::unknown(format!("the server's text of {what} on `{table}`")),
    }
}

/// A text that begins or ends inside parentheses cannot be put into another statement.
fn balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    for c in text.chars() {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// A policy with its table and its name.
type OfTable<'a> = (&'a QualifiedName, &'a String, &'a Policy, Presence);

fn policies_of<'a>((name, relation): (&'a QualifiedName, &'a Relation)) -> impl Iterator<Item = OfTable<'a>> {
    // A policy that is there says that its table is.
    relation.policies.iter().map(move |(policy, facts)| (name, policy, &**facts, presence_of(&facts.provenance)))
}

fn policies<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = OfTable<'a>> {
    scan.catalog().relations.iter().flat_map(policies_of)
}

fn cmd(command: PolicyCommand) -> (&'static str, &'static str) {
    match command {
        PolicyCommand::All => ("ALL", "*"),
        PolicyCommand::Select => ("SELECT", "r"),
        PolicyCommand::Insert => ("INSERT", "a"),
        PolicyCommand::Update => ("UPDATE", "w"),
        PolicyCommand::Delete => ("DELETE", "d"),
    }
}

pub(super) fn pg_policies(scan: &Scan<'_>) -> Table {
    let mut table =
        Builder::new(&["schemaname", "tablename", "policyname", "permissive", "roles", "cmd", "qual", "with_check"]);
    let relations = scan.relations("schemaname", "tablename");
    let wanted =
        relations.into_iter().flat_map(policies_of).filter(|(_, policy, ..)| scan.admits("policyname", policy));
    for (name, policy, facts, presence) in wanted {
        let roles = facts
            .roles
            .get()
            .map_or_else(|| Value::unknown("a policy's roles"), |roles| Value::texts(roles.iter().cloned()));
        let row = [
            text(&name.schema),
            text(&name.name),
            text(policy),
            text(if facts.permissive { "PERMISSIVE" } else { "RESTRICTIVE" }),
            roles,
            text(cmd(facts.command).0),
            expression(&facts.using, "a policy", name),
            expression(&facts.check, "a policy", name),
        ];
        table.push(presence, row);
    }
    for name in scan.incomplete_named("schemaname", "tablename") {
        let any = || hidden("policies", name);
        let row = [text(&name.schema), text(&name.name), any(), any(), any(), any(), any(), any()];
        table.push(scan.hidden(&["tablename"]), row);
    }
    table.finish()
}

pub(super) fn pg_policy(scan: &Scan<'_>) -> Table {
    let mut table =
        Builder::new(&["oid", "polname", "polrelid", "polcmd", "polpermissive", "polroles", "polqual", "polwithcheck"]);
    let wanted = policies(scan)
        .filter(|(name, policy, ..)| scan.admits_relation("polrelid", name) && scan.admits("polname", policy));
    for (name, policy, facts, presence) in wanted {
        let roles = facts.roles.get().map_or_else(
            || Value::unknown("a policy's roles"),
            |roles| Value::Array(roles.iter().map(|role| grantee_oid(scan, role)).collect()),
        );
        // What is stored is a tree, of which nobody knows the text: not even of `true`.
        let tree = |fact| match expression(fact, "a policy", name) {
            Value::Text(constant) => Value::Template(vec![Piece::Spelled(constant)]),
            value => value,
        };
        let row = [
            scan.names.oid(Oid::Part("policy", name.clone(), policy.clone())),
            text(policy),
            scan.relation_oid(name),
            text(cmd(facts.command).1),
            Value::Bool(facts.permissive),
            roles,
            tree(&facts.using),
            tree(&facts.check),
        ];
        table.push(presence, row);
    }
    for name in scan.incomplete().filter(|name| scan.admits_relation("polrelid", name)) {
        let any = || hidden("policies", name);
        let row = [any(), any(), scan.relation_oid(name), any(), any(), any(), any(), any()];
        table.push(scan.hidden(&["polrelid"]), row);
    }
    table.finish()
}

fn triggers<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = (&'a QualifiedName, &'a String, &'a Trigger)> {
    let relations = scan.catalog().relations.iter();
    relations
        .flat_map(|(name, relation)| relation.triggers.iter().map(move |(trigger, facts)| (name, trigger, &**facts)))
}

fn state(fact: &Fact<TriggerState>) -> Value {
    fact.get().map_or_else(
        || Value::unknown("whether a trigger is enabled"),
        |state| {
            text(match state {
                TriggerState::Origin => "O",
                TriggerState::Disabled => "D",
                TriggerState::Replica => "R",
                TriggerState::Always => "A",
            })
        },
    )
}

pub(super) fn pg_trigger(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["oid", "tgrelid", "tgname", "tgenabled", "tgisinternal", "tgfoid", "tgparentid"]);
    let wanted = triggers(scan)
        .filter(|(name, trigger, _)| scan.admits("tgname", trigger) && scan.admits_relation("tgrelid", name));
    for (name, trigger, facts) in wanted {
        let mut functions = scan.catalog().overloads(&facts.function).map(|(key, _)| key);
        let function = functions.find(|key| key.args.is_empty()).cloned();
        let row = [
            scan.names.oid(Oid::Part("trigger", name.clone(), trigger.clone())),
            scan.relation_oid(name),
            text(trigger),
            state(&facts.enabled),
            Value::Bool(false),
            function.map_or_else(|| Value::unknown("a trigger's function"), |key| scan.names.oid(Oid::Function(key))),
            Value::Int(0),
        ];
        table.push(presence_of(&facts.provenance), row);
    }
    for name in scan.incomplete().filter(|name| scan.admits_relation("tgrelid", name)) {
        let any = || hidden("triggers", name);
        let row = [any(), scan.relation_oid(name), any(), any(), Value::Bool(false), any(), any()];
        table.push(scan.hidden(&["tgrelid"]), row);
    }
    table.finish()
}

/// `information_schema.triggers`: a row for each event.
pub(super) fn information_triggers(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "trigger_schema",
        "trigger_name",
        "event_manipulation",
        "event_object_schema",
        "event_object_table",
        "action_timing",
    ]);
    for (name, trigger, facts) in triggers(scan).filter(|(_, trigger, _)| scan.admits("trigger_name", trigger)) {
        for event in facts.events.iter().filter(|event| *event != "truncate") {
            let row = [
                text(&name.schema),
                text(trigger),
                Value::text(event.to_uppercase()),
                text(&name.schema),
                text(&name.name),
                Value::text(facts.timing.to_uppercase()),
            ];
            table.push(presence_of(&facts.provenance), row);
        }
    }
    for name in scan.incomplete().filter(|name| scan.admits("event_object_table", &name.name)) {
        let any = || hidden("triggers", name);
        let row = [text(&name.schema), any(), any(), text(&name.schema), text(&name.name), any()];
        table.push(scan.hidden(&["event_object_table"]), row);
    }
    table.finish()
}

pub(super) fn pg_indexes(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["schemaname", "tablename", "indexname", "indexdef"]);
    let wanted =
        scan.catalog().indexes.iter().filter(|(name, index)| {
            scan.admits("indexname", &name.name) && scan.admits("tablename", &index.table.name)
        });
    for (name, index) in wanted {
        let definition = Value::unknown(format!("the server's text of `{name}`"));
        let row = [text(&name.schema), text(&index.table.name), text(&name.name), definition];
        table.push(presence_of(&index.provenance), row);
    }
    for name in scan.incomplete_named("schemaname", "tablename") {
        let any = || hidden("indexes", name);
        table.push(scan.hidden(&["tablename"]), [text(&name.schema), text(&name.name), any(), any()]);
    }
    table.finish()
}

pub(super) fn pg_index(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["indexrelid", "indrelid", "indisunique", "indisprimary", "indisvalid"]);
    let wanted = scan.catalog().indexes.iter().filter(|(_, index)| scan.admits_relation("indrelid", &index.table));
    for (name, index) in wanted {
        let constraint = scan.catalog().relations.get(&index.table).and_then(|table| table.constraints.get(&name.name));
        let primary = constraint.is_some_and(|c| matches!(c.kind, crate::catalog::ConstraintRule::PrimaryKey { .. }));
        let row = [
            scan.relation_oid(name),
            scan.relation_oid(&index.table),
            Value::Bool(index.unique),
            Value::Bool(primary),
            Value::Bool(true),
        ];
        table.push(presence_of(&index.provenance), row);
    }
    for name in scan.incomplete().filter(|name| scan.admits_relation("indrelid", name)) {
        let any = || hidden("indexes", name);
        table.push(scan.hidden(&["indrelid"]), [any(), scan.relation_oid(name), any(), any(), any()]);
    }
    table.finish()
}
