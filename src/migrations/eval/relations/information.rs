//! `information_schema`.

use super::{Scan, Table, classes, columns, constraints, globals, parts, routines};

/// The rows of `information_schema.name`, where it is modelled.
pub(super) fn table(scan: &Scan<'_>, name: &str) -> Option<Table> {
    Some(match name {
        "tables" => classes::tables(scan),
        "views" => classes::views(scan),
        "sequences" => classes::sequences(scan),
        "schemata" => classes::schemata(scan),
        "columns" => columns::columns(scan),
        "routines" => routines::routines(scan),
        "routine_privileges" | "role_routine_grants" => routines::routine_privileges(scan),
        "table_constraints" => constraints::table_constraints(scan),
        "key_column_usage" => constraints::key_column_usage(scan),
        "constraint_column_usage" => constraints::constraint_column_usage(scan),
        "referential_constraints" => constraints::referential_constraints(scan),
        "check_constraints" => constraints::check_constraints(scan),
        "triggers" => parts::information_triggers(scan),
        "table_privileges" | "role_table_grants" => globals::table_privileges(scan),
        _ => return None,
    })
}
