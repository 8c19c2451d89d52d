//! Migrations applied to a real server that is thrown away afterwards: what the fold can only interpret, PostgreSQL
//! itself then answers.

mod apply;
#[cfg(feature = "embedded-postgres")]
mod embedded;
mod guard;
mod host;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use postgres::Client;

use crate::live::connect::{ConnectError, Target, plain};
use crate::live::{self, Limits, Live, LiveError, ReadOptions};
use crate::migrations::{DefaultGrants, MigrationSet, Platform};

use apply::Session;
use guard::Guard;
use host::Host;

pub use host::Wanted;
pub use server::Server;

/// Why migrations cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ReplayError {
    #[error(
        "no PostgreSQL server is installed here (initdb in PATH or /usr/lib/postgresql/*/bin); install one, name one with --replay-url, or use a build with feature `embedded-postgres`"
    )]
    NoServer,
    #[error(
        "this build has no PostgreSQL inside; build with `--features embedded-postgres`, or leave the server open: --replay"
    )]
    NotBuiltIn,
    #[error(
        "the throwaway server did not start: {0}; see whether the disk is full, or name a server with --replay-url"
    )]
    Start(String),
    #[error(
        "{target}: {message}; the replay makes its own database there, so the role needs CREATEDB and, for the platform's roles, CREATEROLE"
    )]
    Database { target: String, message: String },
    #[error("the platform's starting state could not be made on {target}: {message}")]
    Platform { target: String, message: String },
    #[error(
        "{file}: not done within {seconds} s, and the embedded server ends no statement by itself; take out what does not end, allow more with --timeout, or use a local server (--replay=local)"
    )]
    Stuck { file: String, seconds: u64 },
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// A replay on the embedded server may take as long as this many statements.
const WHOLE: u32 = 5;

/// What to replay on.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// What the database is before the first migration.
    pub platform: Platform,
    /// What Supabase grants on new objects.
    pub grants: DefaultGrants,
    /// Time limits.
    pub limits: Limits,
}

/// Applies the migrations to a database of their own on the server that is wanted, and reads what came of it.
/// Statements the server refuses are Coverage.
///
/// # Errors
/// [`ReplayError`].
pub fn replay(set: &MigrationSet, start: &Start, wanted: &Wanted, read: &ReadOptions) -> Result<Live, ReplayError> {
    let host = Host::find(wanted, set)?;
    let target = host.target()?;
    let live = if host.takes_several() {
        beside_others(&target, set, start, read)
    } else {
        // The whole server is thrown away.
        watched(&target, set, start, read)
    };
    Ok(host.signed(live?))
}

/// Leaves the server's other databases alone.
fn beside_others(target: &Target, set: &MigrationSet, start: &Start, read: &ReadOptions) -> Result<Live, ReplayError> {
    let mut database = Database::create(target)?;
    let own = target.with_database(&database.name);
    let guard = Guard::new(Some(own.clone()), start.limits.statement);
    let live = apply_and_read(&own, set, start, read, guard, &|_| ());
    database.drop();
    live
}

/// Ends where the server does not come back: inside this process it knows no time limit of its own.
fn watched(target: &Target, set: &MigrationSet, start: &Start, read: &ReadOptions) -> Result<Live, ReplayError> {
    let (sender, receiver) = mpsc::channel();
    let (own, files, begin, options) = (target.clone(), set.clone(), *start, read.clone());
    let file = Arc::new(Mutex::new(None));
    let at = Arc::clone(&file);
    let now = move |path: &str| {
        if let Ok(mut at) = at.lock() {
            *at = Some(path.to_owned());
        }
    };
    let guard = Guard::new(None, start.limits.statement);
    let work = move || drop(sender.send(apply_and_read(&own, &files, &begin, &options, guard, &now)));
    let spawned = std::thread::Builder::new().stack_size(crate::cli::STACK).spawn(work);
    spawned.map_err(|error| ReplayError::Start(error.to_string()))?;
    let patience = start.limits.statement * WHOLE;
    let seconds = patience.as_secs();
    let stuck = || match file.lock().ok().and_then(|file| file.clone()) {
        Some(file) => ReplayError::Stuck { file, seconds },
        None => LiveError::Stuck { target: target.describe(), seconds }.into(),
    };
    receiver.recv_timeout(patience).unwrap_or_else(|_| Err(stuck()))
}

fn apply_and_read(
    target: &Target,
    set: &MigrationSet,
    start: &Start,
    read: &ReadOptions,
    guard: Guard,
    now: &dyn Fn(&str),
) -> Result<Live, ReplayError> {
    let mut session = Session::open(target, start, guard)?;
    session.platform().map_err(|message| ReplayError::Platform { target: target.describe(), message })?;
    let coverage = session.migrations(set, now)?;
    let mut live = live::read(target, read)?;
    live.coverage.splice(0..0, coverage);
    Ok(live)
}

/// A database that goes away again, and the roles with it that were not there before.
struct Database {
    name: String,
    client: Client,
    roles: Vec<String>,
    dropped: bool,
}

impl Database {
    fn create(target: &Target) -> Result<Self, ReplayError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("gardefou_replay_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut client = target.connect()?;
        let failed =
            |error: postgres::Error| ReplayError::Database { target: target.describe(), message: plain(&error) };
        let roles = roles(&mut client).map_err(failed)?;
        client.batch_execute(&format!("create database {name} template template0")).map_err(failed)?;
        Ok(Self { name, client, roles, dropped: false })
    }

    fn drop(&mut self) {
        if std::mem::replace(&mut self.dropped, true) {
            return;
        }
        // Nothing can be done where this fails: the server is gone, or about to go.
        let _ = self.client.batch_execute(&format!("drop database if exists {} with (force)", self.name));
        for role in roles(&mut self.client).unwrap_or_default().iter().filter(|role| !self.roles.contains(role)) {
            let _ = self.client.batch_execute(&format!("drop role \"{}\"", role.replace('"', "\"\"")));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        Self::drop(self);
    }
}

fn roles(client: &mut Client) -> Result<Vec<String>, postgres::Error> {
    let rows = client.simple_query("select rolname from pg_catalog.pg_roles")?;
    let name = |message: &postgres::SimpleQueryMessage| match message {
        postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    Ok(rows.iter().filter_map(name).collect())
}
