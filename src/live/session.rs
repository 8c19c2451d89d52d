//! A session that can change nothing: one transaction with one view of the data, time limits, an empty search path.

use std::sync::mpsc;
use std::time::Duration;

use postgres::Client;

use super::LiveError;
use super::connect::{ConnectError, Target, plain};

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, log-in included.
    pub connect: Duration,
    /// For one statement.
    pub statement: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), statement: Duration::from_secs(60) }
    }
}

/// Locks that others hold are waited for this long at most: a deployment in progress is not held up by a queue.
const LOCK: Duration = Duration::from_secs(5);

/// An open session.
pub struct Session {
    client: Client,
}

impl Session {
    /// Connects and begins the transaction.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn open(target: &Target, limits: Limits) -> Result<Self, LiveError> {
        let mut client = connect(target, limits.connect)?;
        let failed =
            |error: postgres::Error| ConnectError::Session { target: target.describe(), message: plain(&error) };
        client.batch_execute(&preamble(limits)).map_err(failed)?;
        Ok(Self { client })
    }

    /// The connection, within its transaction.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Drop for Session {
    /// Leaves a pooled connection clean.
    fn drop(&mut self) {
        let _ = self.client.batch_execute("rollback");
    }
}

/// The first message: everything is local to the transaction, so that a pooled connection is left as it was found.
fn preamble(limits: Limits) -> String {
    let statement = limits.statement.as_millis();
    let lock = limits.statement.min(LOCK).as_millis();
    let idle = (limits.statement * 2).as_millis();
    format!(
        "begin transaction isolation level repeatable read, read only; \
         set local default_transaction_read_only = on; \
         set local statement_timeout = {statement}; \
         set local lock_timeout = {lock}; \
         set local idle_in_transaction_session_timeout = {idle}; \
         set local search_path = ''; \
         set local client_min_messages = error; \
         set local quote_all_identifiers = off; \
         set local datestyle = 'ISO, YMD'; \
         set local intervalstyle = postgres; \
         set local timezone = 'UTC'; \
         set local jit = off"
    )
}

/// The driver waits for a TCP connection with a limit and for a log-in without one.
fn connect(target: &Target, limit: Duration) -> Result<Client, LiveError> {
    let (sender, receiver) = mpsc::channel();
    let own = target.clone();
    std::thread::spawn(move || drop(sender.send(own.connect())));
    match receiver.recv_timeout(limit) {
        Ok(done) => Ok(done?),
        Err(_) => {
            let message = format!("no log-in within {} s", limit.as_secs());
            Err(ConnectError::Connect { target: target.describe(), message }.into())
        }
    }
}
