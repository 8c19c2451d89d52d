//! Relations, indexes, sequences and schemas.

use super::{Builder, Scan, Table, boolean, is_system, owner, presence_of, text, unseen};
use crate::catalog::{ObjectKind, QualifiedName, Relation};
use crate::migrations::eval::Presence;
use crate::migrations::eval::names::Oid;
use crate::migrations::eval::value::{Piece, Value};

const UNSEEN: &str = "tables the files do not create";

fn relkind(relation: &Relation) -> &'static str {
    match relation.kind {
        ObjectKind::View => "v",
        ObjectKind::MaterializedView => "m",
        ObjectKind::ForeignTable => "f",
        _ if relation.partition_by.is_some() => "p",
        _ => "r",
    }
}

/// A view's query as written.
fn view_text(relation: &Relation, name: &QualifiedName) -> Value {
    let definition = relation.definition.as_ref().and_then(|definition| definition.get());
    definition.map_or_else(
        || Value::unknown(format!("the definition of `{name}`")),
        |definition| Value::Template(vec![Piece::Spelled(definition.text.clone())]),
    )
}

/// `{name=value}`, or null for none.
fn options(relation: &Relation) -> Value {
    match relation.options.get() {
        None => Value::unknown("storage options"),
        Some(options) if options.is_empty() => Value::Null,
        Some(options) => Value::texts(options.iter().map(|(name, value)| format!("{name}={value}"))),
    }
}

pub(super) fn pg_class(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "oid",
        "relname",
        "relnamespace",
        "relowner",
        "relkind",
        "relrowsecurity",
        "relforcerowsecurity",
        "relispartition",
        "reloptions",
        "relpersistence",
    ]);
    let place = |name: &QualifiedName| (scan.relation_oid(name), text(&name.name), scan.schema_oid(&name.schema));
    for (name, relation) in scan.catalog().relations.iter().filter(|(name, _)| scan.admits("relname", &name.name)) {
        let (oid, relname, schema) = place(name);
        let (secured, forced) =
            (boolean(&relation.rls_enabled, "row security", name), boolean(&relation.rls_forced, "row security", name));
        let is_table = relation.kind == ObjectKind::Table;
        let flag = |value: Value| if is_table { value } else { Value::Bool(false) };
        table.push(
            presence_of(&relation.provenance),
            [
                oid,
                relname,
                schema,
                scan.role_oid(&relation.owner),
                text(relkind(relation)),
                flag(secured),
                flag(forced),
                Value::Bool(relation.is_partition),
                options(relation),
                text(if relation.unlogged { "u" } else { "p" }),
            ],
        );
    }
    let no = || Value::Bool(false);
    let mut other = |name: &QualifiedName, presence: Presence, kind: &str, role: Value| {
        let (oid, relname, schema) = place(name);
        table.push(presence, [oid, relname, schema, role, text(kind), no(), no(), no(), Value::Null, text("p")]);
    };
    for (name, index) in scan.catalog().indexes.iter().filter(|(name, _)| scan.admits("relname", &name.name)) {
        other(name, presence_of(&index.provenance), "i", Value::unknown("an owner"));
    }
    for (name, sequence) in scan.catalog().sequences.iter().filter(|(name, _)| scan.admits("relname", &name.name)) {
        other(name, presence_of(&sequence.provenance), "S", scan.role_oid(&sequence.owner));
    }
    for schema in scan.incomplete_schemas() {
        let any = || unseen(UNSEEN);
        let row = [any(), any(), scan.schema_oid(schema), any(), any(), any(), any(), any(), any(), any()];
        table.push(Presence::Lean, row);
    }
    table.finish()
}

pub(super) fn pg_namespace(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["oid", "nspname", "nspowner"]);
    for (name, schema) in &scan.catalog().schemas {
        let row = [scan.schema_oid(name), text(name), scan.role_oid(&schema.owner)];
        table.push(presence_of(&schema.provenance), row);
    }
    for name in ["pg_catalog", "information_schema", "pg_toast"] {
        if !scan.catalog().schemas.contains_key(name) {
            table.push(Presence::Certain, [scan.schema_oid(name), text(name), Value::unknown("an owner")]);
        }
    }
    table.finish()
}

pub(super) fn pg_tables(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["schemaname", "tablename", "tableowner", "rowsecurity"]);
    for (name, relation) in
        scan.relations("schemaname", "tablename").into_iter().filter(|(_, r)| r.kind == ObjectKind::Table)
    {
        let secured = boolean(&relation.rls_enabled, "row security", name);
        let row = [text(&name.schema), text(&name.name), owner(&relation.owner), secured];
        table.push(presence_of(&relation.provenance), row);
    }
    for schema in scan.incomplete_schemas() {
        table.push(Presence::Lean, [text(schema), unseen(UNSEEN), unseen(UNSEEN), unseen(UNSEEN)]);
    }
    table.finish()
}

pub(super) fn pg_views(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["schemaname", "viewname", "viewowner", "definition"]);
    for (name, relation) in
        scan.relations("schemaname", "viewname").into_iter().filter(|(_, r)| r.kind == ObjectKind::View)
    {
        let definition = view_text(relation, name);
        let row = [text(&name.schema), text(&name.name), owner(&relation.owner), definition];
        table.push(presence_of(&relation.provenance), row);
    }
    for schema in scan.incomplete_schemas() {
        table.push(Presence::Lean, [text(schema), unseen(UNSEEN), unseen(UNSEEN), unseen(UNSEEN)]);
    }
    table.finish()
}

pub(super) fn pg_matviews(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["schemaname", "matviewname", "matviewowner", "ispopulated", "definition"]);
    let views =
        scan.relations("schemaname", "matviewname").into_iter().filter(|(_, r)| r.kind == ObjectKind::MaterializedView);
    for (name, relation) in views {
        let definition = view_text(relation, name);
        let populated = Value::unknown("whether it is populated");
        let row = [text(&name.schema), text(&name.name), owner(&relation.owner), populated, definition];
        table.push(presence_of(&relation.provenance), row);
    }
    table.finish()
}

pub(super) fn pg_sequences(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["schemaname", "sequencename", "sequenceowner"]);
    for (name, sequence) in &scan.catalog().sequences {
        let row = [text(&name.schema), text(&name.name), owner(&sequence.owner)];
        table.push(presence_of(&sequence.provenance), row);
    }
    table.finish()
}

pub(super) fn pg_inherits(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["inhrelid", "inhparent", "inhseqno"]);
    for (name, relation) in scan.catalog().relations.iter() {
        for parent in &relation.parents {
            let row = [scan.relation_oid(name), scan.relation_oid(parent), Value::Int(1)];
            table.push(presence_of(&relation.provenance), row);
        }
    }
    table.finish()
}

/// `information_schema.tables`.
pub(super) fn tables(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["table_catalog", "table_schema", "table_name", "table_type"]);
    let database = || scan.names.oid(Oid::Other("pg_database", String::new()));
    for (name, relation) in scan.relations("table_schema", "table_name") {
        let kind = match relation.kind {
            ObjectKind::Table => "BASE TABLE",
            ObjectKind::View => "VIEW",
            ObjectKind::ForeignTable => "FOREIGN",
            _ => continue,
        };
        table.push(presence_of(&relation.provenance), [database(), text(&name.schema), text(&name.name), text(kind)]);
    }
    for schema in scan.incomplete_schemas() {
        table.push(Presence::Lean, [database(), text(schema), unseen(UNSEEN), unseen(UNSEEN)]);
    }
    // A table of the server's own exists, but which there are is not written down here.
    for hint in scan.hints.iter().filter(|hint| hint.column == "table_schema") {
        for schema in hint.allowed.iter().filter_map(Value::plain).filter(|schema| is_system(schema)) {
            table
                .push(Presence::Any, [database(), text(&schema), Value::unknown("a system table"), text("BASE TABLE")]);
        }
    }
    table.finish()
}

/// `information_schema.views`.
pub(super) fn views(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["table_schema", "table_name", "view_definition"]);
    for (name, relation) in
        scan.relations("table_schema", "table_name").into_iter().filter(|(_, r)| r.kind == ObjectKind::View)
    {
        let definition = view_text(relation, name);
        table.push(presence_of(&relation.provenance), [text(&name.schema), text(&name.name), definition]);
    }
    for schema in scan.incomplete_schemas() {
        table.push(Presence::Lean, [text(schema), unseen(UNSEEN), unseen(UNSEEN)]);
    }
    table.finish()
}

/// `information_schema.sequences`.
pub(super) fn sequences(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["sequence_schema", "sequence_name"]);
    for (name, sequence) in &scan.catalog().sequences {
        table.push(presence_of(&sequence.provenance), [text(&name.schema), text(&name.name)]);
    }
    table.finish()
}

/// `information_schema.schemata`.
pub(super) fn schemata(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["catalog_name", "schema_name", "schema_owner"]);
    for (name, schema) in &scan.catalog().schemas {
        let row = [scan.names.oid(Oid::Other("pg_database", String::new())), text(name), owner(&schema.owner)];
        table.push(presence_of(&schema.provenance), row);
    }
    table.finish()
}

/// A role's or PUBLIC's `oid`, as `polroles` holds it: 0 for PUBLIC.
pub(super) fn grantee_oid(scan: &Scan<'_>, role: &str) -> Value {
    if role == crate::catalog::PUBLIC { Value::Int(0) } else { scan.names.oid(Oid::Role(role.to_owned())) }
}
