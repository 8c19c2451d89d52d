//! Migrations applied to a real server that is thrown away afterwards: what the fold can only interpret, PostgreSQL
//! itself then answers.

mod apply;
#[cfg(feature = "embedded-postgres")]
mod embedded;
mod host;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};

use postgres::Client;

use crate::coverage::Coverage;
use crate::live::connect::{ConnectError, Target, plain};
use crate::live::{self, Limits, Live, LiveError, ReadOptions};
use crate::migrations::{DefaultGrants, MigrationSet, Platform};

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
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

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
        apply_and_read(&target, set, start, read)
    };
    Ok(host.signed(live?))
}

/// Leaves the server's other databases alone.
fn beside_others(target: &Target, set: &MigrationSet, start: &Start, read: &ReadOptions) -> Result<Live, ReplayError> {
    let mut database = Database::create(target)?;
    let live = apply_and_read(&target.with_database(&database.name), set, start, read);
    database.drop();
    live
}

fn apply_and_read(target: &Target, set: &MigrationSet, start: &Start, read: &ReadOptions) -> Result<Live, ReplayError> {
    let mut client = target.connect()?;
    apply::platform(&mut client, start)
        .map_err(|message| ReplayError::Platform { target: target.describe(), message })?;
    let coverage: Vec<Coverage> = apply::migrations(&mut client, set, start);
    drop(client);
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
