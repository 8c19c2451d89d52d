//! Triggers, sequences, roles, schemas and extensions.

use super::super::model::{is_own, known_text, origin_word, reach};
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use crate::catalog::{Fact, FunctionKey, ObjectKind, ObjectRef, PUBLIC, Privilege, QualifiedName, Role, Trigger};
use crate::location::Location;
use crate::sql::ast::{TriggerState, quote_ident};

pub(super) fn triggers(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let mut out = Vec::new();
    for (table, relation) in &model.catalog().relations {
        for (name, trigger) in relation.triggers.iter().filter(|(_, trigger)| is_own(trigger.provenance.origin)) {
            out.push(trigger_subject(model, needed, table, name, trigger));
        }
    }
    out
}

fn trigger_subject(
    model: &Model<'_>,
    needed: &Needed,
    table: &QualifiedName,
    name: &str,
    trigger: &Trigger,
) -> Subject {
    let object = ObjectRef::on(ObjectKind::Trigger, table, name);
    let mut b = Builder::new(needed, object).provenance(&trigger.provenance);
    b.set("schema", || table.schema.as_str());
    b.set("table", || table.to_string());
    b.set("name", || name);
    b.set("timing", || trigger.timing.as_str());
    b.set("events", || trigger.events.clone());
    b.set("row", || trigger.row);
    b.set("function", || trigger.function.to_string());
    b.set("function_missing", || {
        let first = FunctionKey { name: trigger.function.clone(), args: Vec::new() };
        let next = model.catalog().functions.range(first..).next();
        let system = model.config().system_schemas.contains(&trigger.function.schema);
        !system && next.is_none_or(|(key, _)| key.name != trigger.function)
    });
    b.fact("enabled", &trigger.enabled, |state| state_word(*state));
    b.set("constraint", || trigger.constraint);
    b.set("in_exposed_schema", || model.is_exposed_schema(&table.schema));
    b.build()
}

pub(super) fn sequences(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let own = model.catalog().sequences.iter().filter(|(_, sequence)| is_own(sequence.provenance.origin));
    own.map(|(name, sequence)| {
        let mut b = Builder::new(needed, ObjectRef::new(ObjectKind::Sequence, name)).provenance(&sequence.provenance);
        let owner =
            |part: fn(&(QualifiedName, String)) -> String| sequence.owned_by.as_ref().map(part).unwrap_or_default();
        let facts = model.live().and_then(|live| live.sequences.get(name));
        let position = || facts.filter(|facts| facts.read).map(|facts| facts.last_value.unwrap_or_default());
        b.set("schema", || name.schema.as_str());
        b.set("name", || name.to_string());
        b.maybe("owner", || known_text(&sequence.owner));
        b.set("table", || owner(|(table, _)| table.to_string()));
        b.set("column", || owner(|(_, column)| column.clone()));
        b.set("identity", || sequence.identity);
        b.maybe("type", || facts.map(|facts| facts.ty.clone()));
        b.maybe("cycles", || facts.map(|facts| facts.cycles));
        b.maybe("last_value", position);
        b.maybe("limit", || facts.map(|facts| facts.limit));
        b.maybe("used_percent", || {
            let percent = |at: i64, limit: i64| (i128::from(at) * 100).checked_div(i128::from(limit));
            position().zip(facts).and_then(|(at, facts)| i64::try_from(percent(at, facts.limit)?).ok())
        });
        b.build()
    })
    .collect()
}

pub(super) const fn state_word(state: TriggerState) -> &'static str {
    match state {
        TriggerState::Origin => "origin",
        TriggerState::Disabled => "disabled",
        TriggerState::Replica => "replica",
        TriggerState::Always => "always",
    }
}

/// The project's roles, and the platform's where a migration changed an attribute.
pub(super) fn roles(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let roles = model.catalog().roles.iter();
    let concerned = roles.filter(|(_, role)| is_own(role.provenance.origin) || last_change(role).is_some());
    concerned.map(|(name, role)| role_subject(model, needed, name, role)).collect()
}

fn attributes(role: &Role) -> [&Fact<bool>; 7] {
    let Role { login, superuser, bypass_rls, inherit, create_role, create_db, replication, .. } = role;
    [login, superuser, bypass_rls, inherit, create_role, create_db, replication]
}

fn last_change(role: &Role) -> Option<&Location> {
    attributes(role).into_iter().find_map(|fact| fact.at.as_ref())
}

fn role_subject(model: &Model<'_>, needed: &Needed, name: &str, role: &Role) -> Subject {
    let mut b = Builder::new(needed, ObjectRef::new(ObjectKind::Role, quote_ident(name))).provenance(&role.provenance);
    if role.provenance.defined.is_none() {
        b = b.at(last_change(role).cloned());
    }
    b.set("name", || name);
    b.fact("login", &role.login, |on| *on);
    b.fact("superuser", &role.superuser, |on| *on);
    b.fact("bypass_rls", &role.bypass_rls, |on| *on);
    b.fact("inherit", &role.inherit, |on| *on);
    b.fact("create_role", &role.create_role, |on| *on);
    b.fact("create_db", &role.create_db, |on| *on);
    b.fact("replication", &role.replication, |on| *on);
    b.set("member_of", || role.member_of.keys().cloned().collect::<Vec<_>>());
    b.set("all_member_of", || {
        let all = reach(model.catalog(), name, false).into_iter();
        all.filter(|other| other != PUBLIC && other != name).collect::<Vec<_>>()
    });
    b.set("origin", || origin_word(role.provenance.origin));
    b.set("exposed", || model.config().exposed_roles.iter().any(|exposed| exposed == name));
    b.set("settings", || role.settings.keys().cloned().collect::<Vec<_>>());
    b.build()
}

pub(super) fn schemas(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let own = model.catalog().schemas.iter().filter(|(_, schema)| is_own(schema.provenance.origin));
    own.map(|(name, schema)| {
        let object = ObjectRef::new(ObjectKind::Schema, quote_ident(name));
        let mut b = Builder::new(needed, object).provenance(&schema.provenance);
        let known = !schema.provenance.is_assumed();
        b.set("name", || name.as_str());
        b.maybe("owner", || known_text(&schema.owner));
        b.set("origin", || origin_word(schema.provenance.origin));
        b.set("exposed", || model.is_exposed_schema(name));
        b.maybe("usage_by", || known.then(|| model.holders(&[&schema.acl], &[Privilege::Usage])));
        b.maybe("create_by", || {
            let mut holders = model.holders(&[&schema.acl], &[Privilege::Create]);
            holders.extend(schema.acl.held(PUBLIC, Privilege::Create).map(|_| PUBLIC.to_owned()));
            known.then_some(holders)
        });
        b.set("comment", || schema.comment.clone().unwrap_or_default());
        b.build()
    })
    .collect()
}

pub(super) fn extensions(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let own = model.catalog().extensions.iter().filter(|(_, extension)| is_own(extension.provenance.origin));
    own.map(|(name, extension)| {
        let object = ObjectRef::new(ObjectKind::Extension, quote_ident(name));
        let mut b = Builder::new(needed, object).provenance(&extension.provenance);
        b.set("name", || name.as_str());
        b.fact("schema", &extension.schema, Clone::clone);
        b.fact("version", &extension.version, Clone::clone);
        b.fact("in_exposed_schema", &extension.schema, |schema| model.is_exposed_schema(schema));
        b.maybe("default_version", || Some(model.live()?.extensions.get(name).cloned().unwrap_or_default()));
        b.build()
    })
    .collect()
}
