//! Ends what does not end: files may switch `statement_timeout` off, as every dump does.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use postgres::Client;
use postgres::error::Severity;

use super::WHOLE;
use crate::live::connect::{Target, plain};

/// What the server said to a statement it did not run.
pub(super) struct Refusal {
    pub(super) message: String,
    /// The connection is gone.
    pub(super) closed: bool,
}

impl Refusal {
    fn of(error: &postgres::Error) -> Self {
        // What is not the server's own word, or its last one, leaves a connection nobody can rely on.
        let last = |severity| matches!(severity, Some(Severity::Fatal | Severity::Panic));
        let closed = error.as_db_error().is_none_or(|said| last(said.parsed_severity()));
        Self { message: plain(error), closed }
    }
}

/// Runs text on the connection it watches, and cancels it from another one.
pub(super) struct Guard {
    /// Where the other connection goes; `None` where the server takes one only.
    target: Option<Target>,
    process: Option<i32>,
    statement: Duration,
}

impl Guard {
    pub(super) const fn new(target: Option<Target>, statement: Duration) -> Self {
        Self { target, process: None, statement }
    }

    /// The server takes a connection beside the one at hand.
    pub(super) const fn may_connect(&self) -> bool {
        self.target.is_some()
    }

    /// From now on this connection is the one.
    pub(super) fn watch(&mut self, client: &mut Client) {
        if self.target.is_some() {
            self.process = client.query_one("select pg_catalog.pg_backend_pid()", &[]).ok().map(|row| row.get(0));
        }
    }

    /// Runs a statement, for as long as one may take and a little more: the server's own limit comes first.
    pub(super) fn run(&self, client: &mut Client, text: &str) -> Result<(), Refusal> {
        self.within(self.one(), || client.batch_execute(text).map_err(|error| Refusal::of(&error)))
    }

    /// Runs `COPY … FROM STDIN` with its rows, as psql sends them.
    pub(super) fn load(&self, client: &mut Client, copy: &str, rows: &str) -> Result<(), Refusal> {
        self.within(self.one(), || {
            let refused = |error: postgres::Error| Refusal { closed: true, ..Refusal::of(&error) };
            let mut writer = client.copy_in(copy).map_err(refused)?;
            let written = writer.write_all(rows.as_bytes());
            writer.finish().map_err(|error| Refusal::of(&error))?;
            written.map_err(|error| Refusal { message: error.to_string(), closed: true })
        })
    }

    /// Runs a whole file.
    pub(super) fn run_file(&self, client: &mut Client, text: &str) -> Result<(), Refusal> {
        self.within(self.statement * WHOLE, || client.batch_execute(text).map_err(|error| Refusal::of(&error)))
    }

    fn one(&self) -> Duration {
        self.statement + Duration::from_secs(1)
    }

    fn within(&self, limit: Duration, work: impl FnOnce() -> Result<(), Refusal>) -> Result<(), Refusal> {
        let (late, result) = std::thread::scope(|scope| {
            let (done, waiting) = mpsc::channel::<()>();
            let ended = scope.spawn(move || self.end_after(&waiting, limit));
            let result = work();
            drop(done);
            (ended.join().unwrap_or(false), result)
        });
        result.map_err(|refusal| match late {
            true => Refusal { message: format!("not done within {} s", limit.as_secs()), ..refusal },
            false => refusal,
        })
    }

    /// Cancels, and where that is of no use ends the session; whether it had to.
    fn end_after(&self, done: &Receiver<()>, limit: Duration) -> bool {
        let (Some(target), Some(process)) = (&self.target, self.process) else { return false };
        let mut ended = false;
        for function in ["pg_cancel_backend", "pg_terminate_backend"] {
            if done.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
                return ended;
            }
            ended = true;
            if let Ok(mut other) = target.connect() {
                let _ = other.batch_execute(&format!("select pg_catalog.{function}({process})"));
            }
        }
        ended
    }
}
