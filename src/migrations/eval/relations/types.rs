//! Types and enum labels.

use super::{Builder, Scan, Table, presence_of, text};
use crate::catalog::{QualifiedName, TypeKind};
use crate::migrations::eval::Presence;
use crate::migrations::eval::names::{BUILTIN_TYPES, Oid};
use crate::migrations::eval::scalar::count;
use crate::migrations::eval::value::Value;

pub(super) fn pg_type(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["oid", "typname", "typnamespace", "typtype", "typrelid", "typowner", "typbasetype"]);
    let oid = |name: &QualifiedName| scan.names.oid(Oid::Type(name.clone()));
    for (name, ty) in scan.catalog().types.iter().filter(|(name, _)| scan.admits("typname", &name.name)) {
        let kind = match ty.kind {
            TypeKind::Enum { .. } => text("e"),
            TypeKind::Composite { .. } => text("c"),
            TypeKind::Domain { .. } => text("d"),
            TypeKind::Range => text("r"),
            TypeKind::Base => text("b"),
            TypeKind::Unknown => Value::unknown(format!("what kind of type `{name}` is")),
        };
        let (schema, owner) = (scan.schema_oid(&name.schema), scan.role_oid(&ty.owner));
        table.push(
            presence_of(&ty.provenance),
            [oid(name), text(&name.name), schema, kind, Value::Int(0), owner, Value::Int(0)],
        );
    }
    // Every table and view has a row type of its name.
    for (name, relation) in scan.catalog().relations.iter().filter(|(name, _)| scan.admits("typname", &name.name)) {
        let (schema, owner) = (scan.schema_oid(&name.schema), scan.role_oid(&relation.owner));
        let row = [oid(name), text(&name.name), schema, text("c"), scan.relation_oid(name), owner, Value::Int(0)];
        table.push(presence_of(&relation.provenance), row);
    }
    for (short, long) in BUILTIN_TYPES.iter().filter(|(short, _)| scan.admits("typname", short)) {
        let id = QualifiedName::new("pg_catalog", *long);
        let owner = Value::unknown("an owner");
        let schema = scan.schema_oid("pg_catalog");
        table.push(Presence::Certain, [oid(&id), text(short), schema, text("b"), Value::Int(0), owner, Value::Int(0)]);
    }
    table.finish()
}

pub(super) fn pg_enum(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["enumtypid", "enumlabel", "enumsortorder"]);
    for (name, ty) in &scan.catalog().types {
        let id = || scan.names.oid(Oid::Type(name.clone()));
        match &ty.kind {
            TypeKind::Enum { labels } => {
                for (at, label) in labels.iter().enumerate() {
                    table.push(Presence::Certain, [id(), text(label), Value::Int(count(at + 1))]);
                }
                if ty.provenance.is_assumed() {
                    let label = Value::unknown(format!("labels of `{name}`, which the files do not create"));
                    table.push(Presence::Any, [id(), label, Value::unknown("an order")]);
                }
            }
            TypeKind::Unknown => {
                let label = Value::unknown(format!("labels of `{name}`, which the files do not create"));
                table.push(Presence::Any, [id(), label, Value::unknown("an order")]);
            }
            _ => {}
        }
    }
    table.finish()
}
