//! A running database, read into the same Catalog as migrations are. Read-only: one snapshot, catalog queries only, a
//! fixed number of round trips however large the schema.

mod assemble;
pub mod connect;
mod rows;

use postgres::{GenericClient, SimpleQueryMessage};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::catalog::Catalog;
use rows::Rows;

/// Why a database could not be read.
#[derive(Debug, Error)]
pub enum LiveError {
    /// A catalog query failed.
    #[error("reading {what} failed: {message}; nothing was checked")]
    Query {
        /// Which part of the catalog.
        what: &'static str,
        /// The server's message; never the connection string.
        message: String,
    },
    /// A catalog query answered in a shape that was not expected.
    #[error("{what} came back in an unexpected shape ({message}): report this with the server's version")]
    Shape {
        /// Which part of the catalog.
        what: &'static str,
        /// What did not fit.
        message: String,
    },
}

/// Reads the catalog through an open connection or transaction, which may hold uncommitted changes. `search_path` must
/// be empty, so that the server prints qualified names.
///
/// # Errors
/// [`LiveError`] where a query fails or its answer does not fit.
pub fn introspect(client: &mut impl GenericClient) -> Result<Catalog, LiveError> {
    let rows = Rows {
        roles: fetch(client, "roles", include_str!("live/sql/roles.sql"))?,
        memberships: fetch(client, "memberships", include_str!("live/sql/memberships.sql"))?,
        schemas: fetch(client, "schemas", include_str!("live/sql/schemas.sql"))?,
        relations: fetch(client, "relations", include_str!("live/sql/relations.sql"))?,
        view_reads: fetch(client, "view dependencies", include_str!("live/sql/view_reads.sql"))?,
        columns: fetch(client, "columns", include_str!("live/sql/columns.sql"))?,
        constraints: fetch(client, "constraints", include_str!("live/sql/constraints.sql"))?,
        policies: fetch(client, "policies", include_str!("live/sql/policies.sql"))?,
        triggers: fetch(client, "triggers", include_str!("live/sql/triggers.sql"))?,
        rules: fetch(client, "rules", include_str!("live/sql/rules.sql"))?,
        indexes: fetch(client, "indexes", include_str!("live/sql/indexes.sql"))?,
        sequences: fetch(client, "sequences", include_str!("live/sql/sequences.sql"))?,
        functions: fetch(client, "functions", include_str!("live/sql/functions.sql"))?,
        types: fetch(client, "types", include_str!("live/sql/types.sql"))?,
        event_triggers: fetch(client, "event triggers", include_str!("live/sql/event_triggers.sql"))?,
        extensions: fetch(client, "extensions", include_str!("live/sql/extensions.sql"))?,
        publications: fetch(client, "publications", include_str!("live/sql/publications.sql"))?,
        default_privileges: fetch(client, "default privileges", include_str!("live/sql/default_privileges.sql"))?,
    };
    Ok(assemble::catalog(rows))
}

/// One query, its rows as one JSON text: the simple protocol leaves no prepared statement behind, so poolers in
/// transaction mode work.
fn fetch<T: DeserializeOwned>(
    client: &mut impl GenericClient,
    what: &'static str,
    sql: &str,
) -> Result<Vec<T>, LiveError> {
    let wrapped = format!("select coalesce(pg_catalog.json_agg(pg_catalog.to_json(q)), '[]') from ({sql}) q");
    let messages =
        client.simple_query(&wrapped).map_err(|error| LiveError::Query { what, message: describe(&error) })?;
    let json = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    serde_json::from_str(json.unwrap_or("[]")).map_err(|error| LiveError::Shape { what, message: error.to_string() })
}

/// The server's own words, without the connection's.
fn describe(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}
