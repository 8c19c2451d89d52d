//! One read of one database: schema, statistics and the answers to `query:` rules, from one snapshot of the data.

mod buckets;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};

use postgres::GenericClient;
use serde::Deserialize;

use super::connect::Target;
use super::facts::{Answer, IndexFacts, LiveFacts, SequenceFacts, Server, TableFacts};
use super::{Limits, LiveError, Reader, Session, introspect_with, query};
use crate::catalog::{Catalog, QualifiedName};
use crate::coverage::{Coverage, CoverageKind};
use crate::exposure::ApiSchemas;

/// What to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// How long to wait.
    pub limits: Limits,
    /// `query:` rules to run.
    pub queries: Vec<Query>,
    /// Some rule looks at statistics or positions.
    pub statistics: bool,
    /// What is declared about rows, to be counted on a day.
    pub governance: Option<std::sync::Arc<crate::governance::Governance>>,
}

/// One `query:` rule, its parameters filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Rule id.
    pub rule: String,
    /// SQL.
    pub sql: String,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// The schema.
    pub catalog: Catalog,
    /// The server.
    pub server: Server,
    /// What only a running database can say.
    pub facts: LiveFacts,
    /// What could not be read.
    pub coverage: Vec<Coverage>,
    /// Rows counted for what is declared about them.
    pub measured: Option<crate::governance::live::Measured>,
}

/// Versions this program was written for.
const OLDEST: i32 = 130_000;
const NEWEST: i32 = 189_999;

/// Sequences read at most: each read holds a lock, if the weakest, to the end of the transaction.
const SEQUENCES: usize = 2_000;

/// Reads a database in a transaction that can change nothing.
///
/// # Errors
/// [`LiveError`], with host and database, never with the password.
pub fn read(target: &Target, options: &ReadOptions) -> Result<Live, LiveError> {
    let at = |source: LiveError| match source {
        LiveError::Query { .. } | LiveError::Shape { .. } => {
            LiveError::At { target: target.describe(), source: Box::new(source) }
        }
        other => other,
    };
    let mut session = Session::open(target, options.limits)?;
    let beats = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = mpsc::channel();
    let (own, beat, described) = (options.clone(), Arc::clone(&beats), target.describe());
    let work = move || {
        let done = read_all(&mut session, &own, &described, &mut || {
            beat.fetch_add(1, Ordering::Relaxed);
        });
        drop(sender.send(done));
    };
    let spawned = std::thread::Builder::new().stack_size(crate::cli::STACK).spawn(work);
    spawned.map_err(|error| at(LiveError::Query { what: "the catalog", message: error.to_string() }))?;
    // The server ends a statement that takes too long; this is for one that does not answer at all.
    let patience = options.limits.statement * 2;
    let mut seen = 0;
    loop {
        match receiver.recv_timeout(patience) {
            Ok(Ok(mut live)) => {
                live.server.host = target.host();
                return Ok(live);
            }
            Ok(Err(error)) => return Err(at(error)),
            Err(RecvTimeoutError::Timeout) if beats.load(Ordering::Relaxed) > seen => {
                seen = beats.load(Ordering::Relaxed);
            }
            Err(_) => return Err(LiveError::Stuck { target: target.describe(), seconds: patience.as_secs() }),
        }
    }
}

fn read_all(
    session: &mut Session,
    options: &ReadOptions,
    target: &str,
    beat: &mut dyn FnMut(),
) -> Result<Live, LiveError> {
    let mut coverage = Vec::new();
    let server = server(session, beat)?;
    if server.version_num < OLDEST {
        return Err(LiveError::TooOld { target: target.to_owned(), version: server.version });
    }
    if server.version_num > NEWEST {
        let message =
            format!("PostgreSQL {} is newer than this program knows: new kinds of object are not seen", server.version);
        coverage.push(Coverage { kind: CoverageKind::Assumption, location: None, object: None, message });
    }
    let catalog = introspect_with(session.client(), beat)?;
    let mut facts = LiveFacts::default();
    if options.statistics {
        let (read, said) = statistics_with(session.client(), beat)?;
        facts = read;
        coverage.extend(said);
    }
    for one in &options.queries {
        let answer = query::ask(session.client(), &one.sql);
        beat();
        facts.queries.insert(one.rule.clone(), answer);
    }
    let measured = options.governance.as_ref().map(|governance| {
        crate::governance::live::measure(session.client(), &governance.sections, &catalog, governance.today, beat)
    });
    Ok(Live { catalog, server, facts, coverage, measured })
}

#[derive(Deserialize)]
struct ServerRow {
    version: String,
    version_num: i32,
    database: String,
    api_schemas: Option<ApiSchemasRow>,
}

#[derive(Deserialize)]
struct ApiSchemasRow {
    set_on: String,
    value: String,
}

fn server(session: &mut Session, beat: &mut dyn FnMut()) -> Result<Server, LiveError> {
    let mut reader = Reader { client: session.client(), beat };
    let rows: Vec<ServerRow> = reader.fetch("the server", include_str!("sql/server.sql"))?;
    let Some(row) = rows.into_iter().next() else { return Ok(Server::default()) };
    // `15.14 (Debian 15.14-0+deb12u1)`: the packager's part says nothing here.
    let version = row.version.split(' ').next().unwrap_or_default().to_owned();
    let api_schemas = row.api_schemas.map(|row| ApiSchemas::parse(&row.value, row.set_on));
    Ok(Server { version, version_num: row.version_num, database: row.database, host: String::new(), api_schemas })
}

#[derive(Deserialize)]
struct TableRow {
    schema: String,
    name: String,
    rows: Option<i64>,
    analyzed: bool,
    last_analyze: Option<String>,
    bytes: Option<i64>,
    needed_bytes: Option<i64>,
}

#[derive(Deserialize)]
struct ExtensionRow {
    name: String,
    default_version: String,
}

#[derive(Deserialize)]
struct IndexRow {
    schema: String,
    name: String,
    scans: i64,
}

#[derive(Deserialize)]
struct SequenceRow {
    schema: String,
    name: String,
    #[serde(rename = "type")]
    ty: String,
    limit: i64,
    cycles: bool,
    readable: bool,
}

#[derive(Deserialize)]
struct PositionRow {
    schema: String,
    name: String,
    last_value: Option<i64>,
}

/// Statistics and sequences' positions, through an open transaction; and what could not be read.
///
/// # Errors
/// [`LiveError`] where a query fails or its answer does not fit.
pub fn statistics(client: &mut impl GenericClient) -> Result<(LiveFacts, Vec<Coverage>), LiveError> {
    statistics_with(client, &mut || {})
}

fn statistics_with(
    client: &mut impl GenericClient,
    beat: &mut dyn FnMut(),
) -> Result<(LiveFacts, Vec<Coverage>), LiveError> {
    let mut coverage = Vec::new();
    let mut reader = Reader { client, beat };
    let tables: Vec<TableRow> = reader.fetch("table statistics", include_str!("sql/table_facts.sql"))?;
    let indexes: Vec<IndexRow> = reader.fetch("index statistics", include_str!("sql/index_facts.sql"))?;
    let sequences: Vec<SequenceRow> = reader.fetch("sequences' limits", include_str!("sql/sequence_facts.sql"))?;
    let extensions: Vec<ExtensionRow> = reader.fetch("extension versions", include_str!("sql/extension_facts.sql"))?;
    let buckets = buckets::public(&mut reader)?;
    if buckets.is_none() {
        let message = "storage.buckets could not be read: which buckets are public is not known".to_owned();
        coverage.push(Coverage { kind: CoverageKind::Unreadable, location: None, object: None, message });
    }
    let positions = positions(&mut reader, &sequences);
    let unread =
        sequences.iter().filter(|row| !positions.contains_key(&(row.schema.clone(), row.name.clone()))).count();
    if unread > 0 {
        let message = format!(
            "the position of {} could not be read (no SELECT privilege, locked, or beyond the first {SEQUENCES})",
            crate::report::many(unread, "sequence")
        );
        coverage.push(Coverage { kind: CoverageKind::Unreadable, location: None, object: None, message });
    }
    let sequence = |row: SequenceRow| {
        let position = positions.get(&(row.schema.clone(), row.name.clone())).copied();
        let (read, last_value) = (position.is_some(), position.flatten());
        let facts = SequenceFacts { ty: row.ty, limit: row.limit, cycles: row.cycles, read, last_value };
        (QualifiedName::new(row.schema, row.name), facts)
    };
    let table = |row: TableRow| {
        (
            QualifiedName::new(row.schema, row.name),
            TableFacts {
                rows: row.rows,
                analyzed: row.analyzed,
                last_analyze: row.last_analyze,
                bytes: row.bytes,
                needed_bytes: row.needed_bytes,
            },
        )
    };
    let facts = LiveFacts {
        tables: tables.into_iter().map(table).collect(),
        indexes: indexes
            .into_iter()
            .map(|row| (QualifiedName::new(row.schema, row.name), IndexFacts { scans: row.scans }))
            .collect(),
        sequences: sequences.into_iter().map(sequence).collect(),
        extensions: extensions.into_iter().map(|row| (row.name, row.default_version)).collect(),
        public_buckets: buckets,
        queries: BTreeMap::<String, Answer>::new(),
    };
    Ok((facts, coverage))
}

/// Where the sequences stand; nothing where that cannot be read, which must not fail the whole run.
fn positions(
    reader: &mut Reader<'_, impl GenericClient>,
    sequences: &[SequenceRow],
) -> BTreeMap<(String, String), Option<i64>> {
    let statements = positions_sql(sequences);
    if statements.is_empty() {
        return BTreeMap::new();
    }
    let _ = reader.client.batch_execute("savepoint gardefou_positions");
    let rows = reader.fetch_all("sequences' positions", &statements);
    // Gives the locks back, and the transaction where the query failed.
    let _ = reader.client.batch_execute("rollback to savepoint gardefou_positions");
    let rows: Vec<PositionRow> = rows.unwrap_or_default();
    rows.into_iter().map(|row| ((row.schema, row.name), row.last_value)).collect()
}

/// Key words need their quotes, too.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Sequences a statement looks at: planning takes longer by the square of their number.
const AT_ONCE: usize = 50;

/// Statements, sent together, over all sequences that may be read; none where there are none.
fn positions_sql(sequences: &[SequenceRow]) -> Vec<String> {
    let readable = sequences.iter().take(SEQUENCES).filter(|row| row.readable);
    let one = |row: &SequenceRow| {
        format!(
            "select {} as schema, {} as name, case when is_called then last_value end as last_value from {}.{}",
            super::literal(&row.schema),
            super::literal(&row.name),
            quoted(&row.schema),
            quoted(&row.name)
        )
    };
    let all: Vec<String> = readable.map(one).collect();
    all.chunks(AT_ONCE).map(|some| some.join(" union all ")).collect()
}
