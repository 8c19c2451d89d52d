//! `has_…_privilege` and `pg_has_role`, from the Catalog.

use std::collections::BTreeSet;

use super::names::{Names, Oid, Reg};
use super::value::{Unknown, Value};
use crate::catalog::{Acl, PUBLIC, Privilege, Provenance};

/// The value of a privilege function; `None` for other functions.
pub(super) fn privilege_function(name: &str, args: &[Value], names: Names<'_>, current: &str) -> Option<Value> {
    let reg = match name {
        "has_table_privilege" => Reg::Class,
        "has_schema_privilege" => Reg::Namespace,
        "has_function_privilege" => Reg::Procedure,
        "has_column_privilege"
        | "has_any_column_privilege"
        | "has_sequence_privilege"
        | "has_database_privilege"
        | "has_type_privilege"
        | "pg_has_role"
        | "row_security_active" => {
            return Some(Value::unknown(format!("`{name}`")));
        }
        _ => return None,
    };
    let unknown =
        || Value::Unknown(args.iter().find_map(Value::doubt).unwrap_or_else(|| Unknown::new(format!("`{name}`"))));
    let (role, object, privilege) = match args {
        [object, privilege] => (current.to_owned(), object, privilege.plain()),
        [role, object, privilege] => (role.plain()?, object, privilege.plain()),
        _ => return Some(unknown()),
    };
    let held = privilege.and_then(|privilege| holds(&role, object, reg, &privilege, names));
    Some(held.map_or_else(unknown, Value::Bool))
}

fn holds(role: &str, object: &Value, reg: Reg, privilege: &str, names: Names<'_>) -> Option<bool> {
    let id = match object {
        Value::Object(object) => object.id.clone(),
        Value::Text(text) => match super::cast::lookup(text, reg, names) {
            super::cast::Lookup::Found(Value::Object(object)) => object.id,
            _ => return None,
        },
        _ => return None,
    };
    let privilege = named(privilege)?;
    let catalog = names.catalog;
    let (acl, provenance): (&Acl, &Provenance) = match &id {
        Oid::Relation(name) => catalog.relations.get(name).map(|relation| (&relation.acl, &relation.provenance))?,
        Oid::Schema(name) => catalog.schemas.get(name).map(|schema| (&schema.acl, &schema.provenance))?,
        Oid::Function(key) => catalog.functions.get(key).map(|function| (&function.acl, &function.provenance))?,
        _ => return None,
    };
    let roles = memberships(role, names)?;
    let entry = acl.iter().find(|entry| entry.privilege == privilege && roles.contains(&entry.grantee));
    match entry {
        Some(entry) if !entry.conditional => Some(true),
        None if !provenance.is_assumed() && !provenance.conditional => Some(false),
        _ => None,
    }
}

fn named(privilege: &str) -> Option<Privilege> {
    use Privilege::{Create, Delete, Execute, Insert, References, Select, Trigger, Truncate, Update, Usage};
    let all = [Select, Insert, Update, Delete, Truncate, References, Trigger, Usage, Create, Execute];
    all.into_iter().find(|candidate| candidate.sql().eq_ignore_ascii_case(privilege.trim()))
}

/// The role, what it is a member of, and PUBLIC; `None` for roles nobody knows and superusers.
fn memberships(role: &str, names: Names<'_>) -> Option<BTreeSet<String>> {
    let (mut seen, mut queue) = (BTreeSet::from([PUBLIC.to_owned()]), vec![role.to_owned()]);
    while let Some(role) = queue.pop() {
        let known = names.catalog.roles.get(&role)?;
        if known.superuser.get().is_none_or(|superuser| *superuser) {
            return None;
        }
        if seen.insert(role) {
            queue.extend(known.member_of.keys().cloned());
        }
    }
    Some(seen)
}
