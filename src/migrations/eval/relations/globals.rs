//! Roles, extensions, publications, event triggers and privileges.

use super::{Builder, Scan, Table, presence_of, text, unseen};
use crate::catalog::{Fact, ObjectKind, PUBLIC, QualifiedName, Role};
use crate::migrations::eval::Presence;
use crate::migrations::eval::names::Oid;
use crate::migrations::eval::value::Value;
use crate::sql::ast::TriggerState;

/// Roles are the server's, not the database's: others may be there before the first file.
const ROLES: &str = "roles the files do not create";

fn attribute(fact: &Fact<bool>, role: &str) -> Value {
    fact.get().map_or_else(|| Value::unknown(format!("attributes of role `{role}`")), |value| Value::Bool(*value))
}

fn role_oid(scan: &Scan<'_>, name: &str) -> Value {
    scan.names.oid(Oid::Role(name.to_owned()))
}

pub(super) fn pg_roles(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "oid",
        "rolname",
        "rolsuper",
        "rolinherit",
        "rolcreaterole",
        "rolcreatedb",
        "rolcanlogin",
        "rolreplication",
        "rolbypassrls",
    ]);
    for (name, role) in scan.catalog().roles.iter().filter(|(name, _)| scan.admits("rolname", name)) {
        let row = [
            role_oid(scan, name),
            text(name),
            attribute(&role.superuser, name),
            attribute(&role.inherit, name),
            attribute(&role.create_role, name),
            attribute(&role.create_db, name),
            attribute(&role.login, name),
            attribute(&role.replication, name),
            attribute(&role.bypass_rls, name),
        ];
        table.push(presence_of(&role.provenance), row);
    }
    let any = || unseen(ROLES);
    table.push(Presence::Lean, [any(), any(), any(), any(), any(), any(), any(), any(), any()]);
    table.finish()
}

pub(super) fn pg_user(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["usename", "usesysid", "usesuper", "usecreatedb", "usebypassrls"]);
    let login = |role: &Role| role.login.get().copied();
    for (name, role) in scan.catalog().roles.iter().filter(|(_, role)| login(role) != Some(false)) {
        let presence = if login(role).is_some() { presence_of(&role.provenance) } else { Presence::Maybe };
        let row = [
            text(name),
            role_oid(scan, name),
            attribute(&role.superuser, name),
            attribute(&role.create_db, name),
            attribute(&role.bypass_rls, name),
        ];
        table.push(presence, row);
    }
    let any = || unseen(ROLES);
    table.push(Presence::Lean, [any(), any(), any(), any(), any()]);
    table.finish()
}

pub(super) fn pg_auth_members(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["roleid", "member", "grantor", "admin_option"]);
    for (name, role) in &scan.catalog().roles {
        for (group, membership) in &role.member_of {
            let grantor = Value::unknown("a grantor");
            let row = [role_oid(scan, group), role_oid(scan, name), grantor, Value::Bool(membership.admin)];
            table.push(presence_of(&role.provenance), row);
        }
    }
    table.finish()
}

pub(super) fn pg_extension(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["oid", "extname", "extnamespace", "extversion"]);
    for (name, extension) in scan.catalog().extensions.iter().filter(|(name, _)| scan.admits("extname", name)) {
        let schema =
            extension.schema.get().map_or_else(|| Value::unknown("an extension's schema"), |s| scan.schema_oid(s));
        let version = extension.version.get().map_or_else(|| Value::unknown("a version"), |v| Value::text(v.clone()));
        let oid = scan.names.oid(Oid::Other("pg_extension", name.clone()));
        table.push(presence_of(&extension.provenance), [oid, text(name), schema, version]);
    }
    // Hosted databases come with extensions of their own.
    for name in scan.hints.iter().filter(|hint| hint.column == "extname").flat_map(|hint| &hint.allowed) {
        if name.plain().is_some_and(|name| !scan.catalog().extensions.contains_key(&name)) {
            let any = || unseen("extensions the files do not create");
            table.push(Presence::Lean, [any(), name.clone(), any(), any()]);
        }
    }
    table.finish()
}

pub(super) fn pg_publication(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["oid", "pubname", "pubowner", "puballtables"]);
    for (name, publication) in &scan.catalog().publications {
        let oid = scan.names.oid(Oid::Other("pg_publication", name.clone()));
        let owner = scan.role_oid(&publication.owner);
        let row = [oid, text(name), owner, Value::Bool(publication.all_tables)];
        table.push(presence_of(&publication.provenance), row);
    }
    table.finish()
}

/// Publication, table, and how sure it is that it is in it.
fn published<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = (&'a String, &'a QualifiedName, Presence)> {
    scan.catalog().publications.iter().flat_map(|(name, publication)| {
        let listed = publication.tables.iter().map(move |(table, fact)| {
            let sure = !fact.conditional && fact.get().is_some();
            (name, table, if sure { presence_of(&publication.provenance) } else { Presence::Maybe })
        });
        let whole = scan.catalog().relations.iter().filter(|(table, relation)| {
            relation.kind == ObjectKind::Table
                && (publication.all_tables || publication.schemas.contains(&table.schema))
                && !publication.tables.contains_key(table)
        });
        listed.chain(whole.map(move |(table, relation)| (name, table, presence_of(&relation.provenance))))
    })
}

pub(super) fn pg_publication_tables(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["pubname", "schemaname", "tablename"]);
    for (name, relation, presence) in published(scan) {
        table.push(presence, [text(name), text(&relation.schema), text(&relation.name)]);
    }
    unlisted(scan, |any, name| table.push(Presence::Maybe, [text(name), any(), any()]));
    table.finish()
}

/// Tables of publications the files use but do not create.
fn unlisted(scan: &Scan<'_>, mut row: impl FnMut(&dyn Fn() -> Value, &str)) {
    let assumed = scan.catalog().publications.iter().filter(|(_, publication)| publication.provenance.is_assumed());
    for (name, _) in assumed {
        row(&|| Value::unknown(format!("tables of publication `{name}`, which the files do not create")), name);
    }
}

pub(super) fn pg_publication_rel(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["prpubid", "prrelid"]);
    for (name, relation, presence) in published(scan) {
        let publication = scan.names.oid(Oid::Other("pg_publication", name.clone()));
        table.push(presence, [publication, scan.relation_oid(relation)]);
    }
    unlisted(scan, |any, name| {
        table.push(Presence::Maybe, [scan.names.oid(Oid::Other("pg_publication", name.to_owned())), any()]);
    });
    table.finish()
}

pub(super) fn pg_event_trigger(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["evtname", "evtevent", "evtenabled"]);
    for (name, trigger) in &scan.catalog().event_triggers {
        let enabled = trigger.enabled.get().map_or_else(
            || Value::unknown("whether a trigger is enabled"),
            |state| text(if *state == TriggerState::Disabled { "D" } else { "O" }),
        );
        table.push(presence_of(&trigger.provenance), [text(name), text(&trigger.event), enabled]);
    }
    table.finish()
}

/// A grantee as `information_schema` shows it.
pub(super) fn grantee(name: &str) -> Value {
    if name == PUBLIC { text("PUBLIC") } else { text(name) }
}

/// `information_schema.table_privileges` and `role_table_grants`.
pub(super) fn table_privileges(scan: &Scan<'_>) -> Table {
    let mut table =
        Builder::new(&["grantor", "grantee", "table_schema", "table_name", "privilege_type", "is_grantable"]);
    for (name, relation) in scan.relations("table_schema", "table_name") {
        for entry in relation.acl.iter() {
            let row = [
                text(&entry.grantor),
                grantee(&entry.grantee),
                text(&name.schema),
                text(&name.name),
                text(entry.privilege.sql()),
                text(if entry.grantable { "YES" } else { "NO" }),
            ];
            let presence = if entry.conditional { Presence::Maybe } else { presence_of(&relation.provenance) };
            table.push(presence, row);
        }
    }
    for name in scan.incomplete_named("table_schema", "table_name") {
        let any = || super::hidden("privileges", name);
        let row = [any(), any(), text(&name.schema), text(&name.name), any(), any()];
        table.push(scan.hidden(&["table_name"]), row);
    }
    table.finish()
}
