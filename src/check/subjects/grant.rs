//! Grants: what one statement gave one grantee on one object; and default privileges.

use std::collections::BTreeMap;

use super::super::facts::{self, Clause, Verdict};
use super::super::model::{is_own, privilege_names};
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use super::{TABLES, kind_word};
use crate::catalog::{
    Acl, AclEntry, Fact, ObjectKind, ObjectRef, Origin, PUBLIC, Privilege, Provenance, QualifiedName, Relation,
};
use crate::location::Location;
use crate::sql::ast::PolicyCommand;

/// An object with privileges.
struct Granted<'a> {
    object: ObjectRef,
    kind: ObjectKind,
    schema: &'a str,
    column: &'a str,
    acl: &'a Acl,
    owner: Option<&'a str>,
    provenance: &'a Provenance,
    relation: Option<(&'a QualifiedName, &'a Relation)>,
}

pub(super) fn grants(model: &Model<'_>, needed: &Needed, add: &mut dyn FnMut(Subject)) {
    each_granted(model, &mut |granted| {
        for entries in groups(&granted, model.live().is_some()) {
            add(subject(model, needed, &granted, &entries));
        }
    });
}

fn each_granted<'m>(model: &'m Model<'_>, visit: &mut dyn FnMut(Granted<'m>)) {
    let catalog = model.catalog();
    for (name, relation) in &catalog.relations {
        let whole = granted(ObjectRef::new(relation.kind, name), &name.schema, &relation.acl, &relation.owner);
        let whole = Granted { relation: Some((name, relation)), ..whole(relation.kind, &relation.provenance) };
        for column in relation.columns.iter().filter(|column| !column.acl.is_empty()) {
            let object = ObjectRef::on(ObjectKind::Column, name, &column.name);
            visit(Granted { object, kind: ObjectKind::Column, column: &column.name, acl: &column.acl, ..whole });
        }
        visit(whole);
    }
    for (name, sequence) in &catalog.sequences {
        let object = ObjectRef::new(ObjectKind::Sequence, name);
        visit(granted(object, &name.schema, &sequence.acl, &sequence.owner)(
            ObjectKind::Sequence,
            &sequence.provenance,
        ));
    }
    for (key, function) in &catalog.functions {
        let object = ObjectRef::new(function.kind, key);
        visit(granted(object, &key.name.schema, &function.acl, &function.owner)(function.kind, &function.provenance));
    }
    for (name, schema) in &catalog.schemas {
        let object = ObjectRef::new(ObjectKind::Schema, crate::sql::ast::quote_ident(name));
        visit(granted(object, name, &schema.acl, &schema.owner)(ObjectKind::Schema, &schema.provenance));
    }
    for (name, ty) in &catalog.types {
        let object = ObjectRef::new(ObjectKind::Type, name);
        visit(granted(object, &name.schema, &ty.acl, &ty.owner)(ObjectKind::Type, &ty.provenance));
    }
}

fn granted<'a>(
    object: ObjectRef,
    schema: &'a str,
    acl: &'a Acl,
    owner: &'a Fact<String>,
) -> impl FnOnce(ObjectKind, &'a Provenance) -> Granted<'a> {
    move |kind, provenance| {
        let owner = owner.get().map(String::as_str);
        Granted { object, kind, schema, column: "", acl, owner, provenance, relation: None }
    }
}

/// Entries of one grantee from one statement. The owner's own, implied ones are no grants; of the platform's objects
/// only what a migration granted counts, or what a database has beyond the platform's own.
fn groups<'a>(granted: &Granted<'a>, live: bool) -> Vec<Vec<&'a AclEntry>> {
    let own = is_own(granted.provenance.origin);
    let counts = |entry: &AclEntry| {
        let implied = granted.owner == Some(entry.grantee.as_str()) && entry.at.is_none();
        !implied && (entry.at.is_some() || own || live && !entry.by_default)
    };
    let mut groups: BTreeMap<(&str, Option<&Location>, bool, bool), Vec<&AclEntry>> = BTreeMap::new();
    for entry in granted.acl.iter().filter(|entry| counts(entry)) {
        let key = (entry.grantee.as_str(), entry.at.as_ref(), entry.by_default, entry.grantable);
        groups.entry(key).or_default().push(entry);
    }
    groups.into_values().collect()
}

fn subject(model: &Model<'_>, needed: &Needed, granted: &Granted<'_>, entries: &[&AclEntry]) -> Subject {
    let first = entries.first();
    let grantee = first.map_or("", |entry| entry.grantee.as_str());
    let by_default = first.is_some_and(|entry| entry.by_default);
    let at = first.and_then(|entry| entry.at.clone()).or_else(|| granted.provenance.defined.clone());
    let explicit = first.is_some_and(|entry| entry.at.is_some());
    let live = granted.provenance.origin == Origin::Live;
    let mut b = Builder::new(needed, granted.object.clone())
        .at(at)
        .assumed(granted.provenance.is_assumed())
        .conditional(entries.iter().any(|entry| entry.conditional))
        .discriminator(format!("{grantee}{}", if by_default { " by default" } else { "" }));
    b.set("object", || granted.object.name.as_str());
    b.set("object_kind", || kind_word(granted.kind));
    b.set("schema", || granted.schema);
    b.set("column", || granted.column);
    b.set("table", || {
        let table = granted.relation.filter(|_| granted.kind == ObjectKind::Column);
        table.map(|(name, _)| name.to_string()).unwrap_or_default()
    });
    b.set("privileges", || privilege_names(entries.iter().copied()));
    b.set("write_privileges", || writes(entries));
    b.set("grantable", || first.is_some_and(|entry| entry.grantable));
    b.set("by_default", || by_default);
    b.set("built_in", || grantee == PUBLIC && !explicit && !by_default && is_built_in(granted.kind));
    b.set("to_owner", || granted.owner == Some(grantee));
    reach(&mut b, model, grantee);
    b.set("in_exposed_schema", || model.is_exposed_schema(granted.schema));
    match granted.relation {
        Some((_, relation)) if TABLES.contains(&relation.kind) => {
            b.fact("rls_enabled", &relation.rls_enabled, |enabled| *enabled);
        }
        _ => drop(b.set("rls_enabled", || false)),
    }
    b.maybe("open_privileges", || open_privileges(model, granted, entries));
    debug_assert!(explicit || by_default || live || !entries.is_empty());
    b.build()
}

fn reach(b: &mut Builder<'_>, model: &Model<'_>, grantee: &str) {
    b.set("grantee", || grantee);
    b.set("to_public", || grantee == PUBLIC);
    b.set("to_anon", || model.reaches(grantee, "anon"));
    b.set("to_exposed", || model.reaches_exposed(grantee));
}

/// PostgreSQL grants these to PUBLIC by itself.
const fn is_built_in(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate | ObjectKind::Type | ObjectKind::Domain
    )
}

fn writes(entries: &[&AclEntry]) -> Vec<String> {
    privilege_names(entries.iter().copied().filter(|entry| Model::WRITE_PRIVILEGES.contains(&entry.privilege)))
}

/// Row privileges that no policy holds back for anon.
fn open_privileges(model: &Model<'_>, granted: &Granted<'_>, entries: &[&AclEntry]) -> Option<Vec<String>> {
    let Some((name, relation)) = granted.relation.filter(|(_, relation)| TABLES.contains(&relation.kind)) else {
        return Some(privilege_names(entries.iter().copied()));
    };
    let grantee = entries.first().map_or("", |entry| entry.grantee.as_str());
    let row = entries.iter().copied().filter(|entry| Model::ROW_PRIVILEGES.contains(&entry.privilege));
    if !model.reaches(grantee, "anon") {
        return Some(Vec::new());
    }
    if !*relation.rls_enabled.get()? {
        return Some(privilege_names(row));
    }
    let mut open = Vec::new();
    for entry in row {
        if lets_anon_through(model, name, relation, entry.privilege)? {
            open.push(entry);
        }
    }
    Some(privilege_names(open.into_iter()))
}

/// Whether a permissive policy lets anon through for the command; `None` where that cannot be told.
fn lets_anon_through(model: &Model<'_>, name: &QualifiedName, table: &Relation, privilege: Privilege) -> Option<bool> {
    let command = match privilege {
        Privilege::Select => PolicyCommand::Select,
        Privilege::Insert => PolicyCommand::Insert,
        Privilege::Update => PolicyCommand::Update,
        Privilege::Delete => PolicyCommand::Delete,
        // Row security does not apply to TRUNCATE.
        _ => return Some(true),
    };
    let mut unknown = table.provenance.is_assumed();
    let matching = |command_of: PolicyCommand| command_of == PolicyCommand::All || command_of == command;
    for policy in table.policies.values().filter(|policy| policy.permissive && matching(policy.command)) {
        let Some(roles) = policy.roles.get() else {
            unknown = true;
            continue;
        };
        if !roles.iter().any(|role| model.reaches(role, "anon")) {
            continue;
        }
        let facts = facts::of_policy(model, name, policy);
        let clause = match (&facts.check, command) {
            (check @ (Clause::Present(..) | Clause::Unknown), PolicyCommand::Insert) => check,
            _ => &facts.using,
        };
        match clause.shape().map(|shape| shape.anon) {
            Some(Verdict::Always | Verdict::Rows) => return Some(true),
            Some(Verdict::Never) => {}
            Some(Verdict::Unknown) => unknown = true,
            None => unknown |= matches!(clause, Clause::Unknown),
        }
    }
    if unknown { None } else { Some(false) }
}

pub(super) fn default_privileges(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let mut out = Vec::new();
    for entry in model.catalog().default_privileges.iter().filter(|entry| !entry.platform) {
        let mut by_grantee: BTreeMap<(&str, Option<&Location>, bool), Vec<&AclEntry>> = BTreeMap::new();
        // Beside what a migration granted an entry still holds what the platform did.
        let granted = |item: &&AclEntry| item.at.is_some() || model.migrations().is_empty() && !item.by_default;
        for item in entry.acl.iter().filter(|item| item.grantee != entry.role).filter(granted) {
            by_grantee.entry((item.grantee.as_str(), item.at.as_ref(), item.grantable)).or_default().push(item);
        }
        for ((grantee, at, grantable), items) in by_grantee {
            let schema = entry.schema.as_deref().unwrap_or("*");
            let name = format!("{}.{schema}.{}.{grantee}", entry.role, kind_word(entry.objects));
            let mut b = Builder::new(needed, ObjectRef::new(ObjectKind::DefaultPrivilege, name))
                .at(at.cloned())
                .conditional(items.iter().any(|item| item.conditional))
                .discriminator(grantee.to_owned());
            b.set("role", || entry.role.as_str());
            b.set("schema", || entry.schema.clone().unwrap_or_default());
            b.set("objects", || kind_word(entry.objects));
            b.set("privileges", || privilege_names(items.iter().copied()));
            b.set("write_privileges", || writes(&items));
            b.set("grantable", || grantable);
            reach(&mut b, model, grantee);
            b.set("in_exposed_schema", || entry.schema.as_ref().is_none_or(|schema| model.is_exposed_schema(schema)));
            out.push(b.build());
        }
    }
    out
}
