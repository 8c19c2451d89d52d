//! A running database, read into the same Catalog as migrations are. Read-only: one snapshot, catalog queries only, a
//! fixed number of round trips however large the schema.

mod acl;
mod assemble;
pub mod connect;
mod facts;
mod parts;
mod platform;
mod query;
mod read;
mod rows;
mod session;

use postgres::{GenericClient, SimpleQueryMessage};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::catalog::Catalog;
use crate::check::CheckConfig;
use crate::coverage::{Coverage, CoverageKind};
use crate::exposure::{self, Configured};
use crate::migrations::Platform;
use assemble::Assembly;
use connect::ConnectError;

pub use facts::{Answer, IndexFacts, LiveFacts, SequenceFacts, Server, TableFacts};
pub use query::literal;
pub use read::{Live, Query, ReadOptions, read, statistics};
pub use session::{Limits, Session};

/// Why a database could not be read.
#[derive(Debug, Error)]
pub enum LiveError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A catalog query failed.
    #[error("reading {what} failed: {message}")]
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
    /// One of the above, with the database it happened on.
    #[error("{target}: {source}")]
    At {
        /// Database and host.
        target: String,
        /// What happened.
        source: Box<LiveError>,
    },
    /// The server takes longer than its own time limit and does not say why.
    #[error(
        "{target}: no answer within {seconds} s; see whether the server is overloaded, or allow more with --timeout"
    )]
    Stuck {
        /// Database and host.
        target: String,
        /// How long it was waited.
        seconds: u64,
    },
    /// A server this program does not know how to read.
    #[error("{target}: PostgreSQL {version} is not supported; gardefou reads 13 and later")]
    TooOld {
        /// Database and host.
        target: String,
        /// Its version.
        version: String,
    },
}

/// Round trips of [`introspect`], whatever the size of the schema.
pub const ROUND_TRIPS: usize = 19;

/// Reads the catalog through an open connection or transaction, which may hold uncommitted changes. `search_path` must
/// be empty, so that the server prints qualified names.
///
/// # Errors
/// [`LiveError`] where a query fails or its answer does not fit.
pub fn introspect(client: &mut impl GenericClient) -> Result<Catalog, LiveError> {
    introspect_with(client, &mut || {})
}

/// As [`introspect`]; says after each answer that there was one.
fn introspect_with(client: &mut impl GenericClient, beat: &mut dyn FnMut()) -> Result<Catalog, LiveError> {
    let mut reader = Reader { client, beat };
    let version: Vec<Version> =
        reader.fetch("the version", "select current_setting('server_version_num')::int as num")?;
    let publications = publications(version.first().map_or(0, |version| version.num));
    // Each answer is put into its place before the next is asked for.
    let mut parts = Assembly::default();
    let roles = reader.fetch("roles", include_str!("live/sql/roles.sql"))?;
    parts.roles(roles, reader.fetch("memberships", include_str!("live/sql/memberships.sql"))?);
    parts.schemas(reader.fetch("schemas", include_str!("live/sql/schemas.sql"))?);
    parts.relations(reader.fetch("relations", include_str!("live/sql/relations.sql"))?);
    parts.view_reads(reader.fetch("view dependencies", include_str!("live/sql/view_reads.sql"))?);
    parts.columns(reader.fetch("columns", include_str!("live/sql/columns.sql"))?);
    parts.constraints(reader.fetch("constraints", include_str!("live/sql/constraints.sql"))?);
    parts.policies(reader.fetch("policies", include_str!("live/sql/policies.sql"))?);
    parts.triggers(reader.fetch("triggers", include_str!("live/sql/triggers.sql"))?);
    parts.rules(reader.fetch("rules", include_str!("live/sql/rules.sql"))?);
    parts.indexes(reader.fetch("indexes", include_str!("live/sql/indexes.sql"))?);
    parts.sequences(reader.fetch("sequences", include_str!("live/sql/sequences.sql"))?);
    parts.functions(reader.fetch("functions", include_str!("live/sql/functions.sql"))?);
    parts.types(reader.fetch("types", include_str!("live/sql/types.sql"))?);
    parts.others(
        reader.fetch("event triggers", include_str!("live/sql/event_triggers.sql"))?,
        reader.fetch("extensions", include_str!("live/sql/extensions.sql"))?,
        reader.fetch("publications", &publications)?,
        reader.fetch("default privileges", include_str!("live/sql/default_privileges.sql"))?,
    );
    Ok(parts.catalog)
}

/// Makes a catalog as it was read ready for rules: what is the platform's is marked, and `check` says what this database
/// exposes. Returns what was assumed.
#[must_use]
pub fn prepare(
    catalog: &mut Catalog,
    server: &Server,
    platform: Option<Platform>,
    check: &mut CheckConfig,
    configured: Configured,
) -> Vec<Coverage> {
    let mut said = Vec::new();
    let platform = platform.unwrap_or_else(|| {
        let (platform, why) = platform::detect(catalog);
        let name = match platform {
            Platform::Postgres => "plain PostgreSQL",
            Platform::Supabase => "Supabase",
        };
        let message = format!("platform taken to be {name}: {why}");
        said.push(Coverage { kind: CoverageKind::Assumption, location: None, object: None, message });
        platform
    });
    said.extend(exposure::of_database(check, configured, server.api_schemas.as_ref(), catalog));
    said.extend(platform::mark(catalog, platform, check));
    said
}

#[derive(serde::Deserialize)]
struct Version {
    num: i32,
}

/// Publications of whole schemas came with PostgreSQL 15.
fn publications(version: i32) -> String {
    const OF_SCHEMAS: &str = "(select coalesce(pg_catalog.json_agg(n.nspname order by n.nspname), '[]')
          from pg_catalog.pg_publication_namespace pn join pg_catalog.pg_namespace n on n.oid = pn.pnnspid
         where pn.pnpubid = p.oid)";
    let schemas = if version >= 150_000 { OF_SCHEMAS } else { "'[]'::pg_catalog.json" };
    include_str!("live/sql/publications.sql").replace("{schemas}", schemas)
}

/// Asks one question after the other.
struct Reader<'a, C> {
    client: &'a mut C,
    beat: &'a mut dyn FnMut(),
}

impl<C: GenericClient> Reader<'_, C> {
    /// One query, its rows as JSON texts: the simple protocol leaves no prepared statement behind, so poolers in
    /// transaction mode work.
    fn fetch<T: DeserializeOwned>(&mut self, what: &'static str, sql: &str) -> Result<Vec<T>, LiveError> {
        self.fetch_all(what, &[sql])
    }

    /// Several queries in one round trip, their rows one after the other.
    fn fetch_all<T: DeserializeOwned>(
        &mut self,
        what: &'static str,
        queries: &[impl std::fmt::Display],
    ) -> Result<Vec<T>, LiveError> {
        let wrap = |sql| format!("select pg_catalog.to_json(q)::pg_catalog.text from ({sql}) q");
        let wrapped: Vec<String> = queries.iter().map(wrap).collect();
        let messages = self
            .client
            .simple_query(&wrapped.join(";"))
            .map_err(|error| LiveError::Query { what, message: connect::plain(&error) })?;
        (self.beat)();
        // Taken one by one, each is freed once it has been read.
        let parse = |message: SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(serde_json::from_str),
            _ => None,
        };
        let rows: Result<Vec<T>, _> = messages.into_iter().filter_map(parse).collect();
        rows.map_err(|error| LiveError::Shape { what, message: error.to_string() })
    }
}
