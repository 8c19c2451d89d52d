//! Runs files as their tool would: whole, each in a session like a new one; where one fails, statement by statement, so
//! that what is wrong is named and the rest is known.

use postgres::Client;

use super::Start;
use super::guard::{Guard, Refusal};
use crate::coverage::{Coverage, CoverageKind};
use crate::live::connect::{ConnectError, Target, plain};
use crate::location::{LineIndex, Span};
use crate::migrations::{MigrationFile, MigrationSet, Platform};
use crate::sql;
use crate::sql::ast::{Copy, StatementKind, quote_ident};

/// The connection that files run on. A statement can take it along; the next file then has a new one.
pub(super) struct Session<'a> {
    client: Client,
    guard: Guard,
    target: &'a Target,
    start: &'a Start,
}

/// A statement to run by itself.
struct Part {
    span: Span,
    /// What `COPY … FROM STDIN` needs besides.
    load: Option<Load>,
}

struct Load {
    rows: Span,
    /// Fails where the table or a column is not there, as the `COPY` would: the client loses its place in the protocol
    /// over a `COPY` that is refused before its rows are asked for.
    probe: String,
}

impl<'a> Session<'a> {
    pub(super) fn open(target: &'a Target, start: &'a Start, mut guard: Guard) -> Result<Self, ConnectError> {
        let mut client = target.connect()?;
        guard.watch(&mut client);
        Ok(Self { client, guard, target, start })
    }

    /// Makes what is there before the first migration.
    pub(super) fn platform(&mut self) -> Result<(), String> {
        // The first script is what every server brings.
        for script in crate::platform::sql(self.start.platform, self.start.grants).iter().skip(1) {
            if self.client.batch_execute(script).is_ok() {
                continue;
            }
            let _ = self.client.batch_execute("rollback");
            // On a server that has such roles already, all but their creation is still to be done.
            for statement in sql::parse(script).statements {
                let text = statement.span.slice(script);
                match self.client.batch_execute(text) {
                    Err(error) if !is_there_already(&error) => return Err(plain(&error)),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Applies every file, each being named to `now` first; what the server refused.
    pub(super) fn migrations(mut self, set: &MigrationSet, now: &dyn Fn(&str)) -> Result<Vec<Coverage>, ConnectError> {
        let mut refused = Vec::new();
        for file in set.files.iter().filter(|file| file.skipped.is_none()) {
            now(&file.path);
            self.begin();
            self.apply(file, &mut refused)?;
        }
        Ok(refused)
    }

    fn reconnect(&mut self) -> Result<(), ConnectError> {
        self.client = self.target.connect()?;
        self.guard.watch(&mut self.client);
        Ok(())
    }

    /// A session like a new one, as the role migrations are taken to run as, where this server lets us be that one.
    fn begin(&mut self) {
        let _ = self.client.batch_execute(&new_session(self.start));
        if self.client.batch_execute("set session authorization postgres").is_err() {
            let _ = self.client.batch_execute("set role postgres");
        }
    }

    fn apply(&mut self, file: &MigrationFile, refused: &mut Vec<Coverage>) -> Result<(), ConnectError> {
        if !has_rows(file) {
            let whole: Vec<&str> = file.sections.iter().map(|section| section.slice(&file.text)).collect();
            let Err(refusal) = self.guard.run_file(&mut self.client, &whole.join("\n")) else { return Ok(()) };
            // Functions keep plans for as long as a session lasts, for columns as they were in earlier files.
            if refusal.closed || self.guard.may_connect() {
                self.reconnect()?;
            } else {
                let _ = self.client.batch_execute("rollback");
            }
            self.begin();
        }
        let lines = LineIndex::new(file.path.clone(), &file.text);
        for part in file.sections.iter().flat_map(|section| parts(&file.text, *section)) {
            let Err(Refusal { message, closed }) = self.run(&file.text, &part) else { continue };
            let message = match closed {
                false => format!("the server refused this statement: {message}"),
                true => format!("the connection ended here, and the rest of this file was not run: {message}"),
            };
            let location = Some(lines.locate(&file.text, part.span));
            refused.push(Coverage { kind: CoverageKind::Refused, location, object: None, message });
            if closed {
                return self.reconnect();
            }
        }
        Ok(())
    }

    fn run(&mut self, text: &str, part: &Part) -> Result<(), Refusal> {
        let statement = part.span.slice(text);
        match &part.load {
            _ if is_transaction_control(statement) => Ok(()),
            Some(load) => {
                self.guard.run(&mut self.client, &load.probe)?;
                self.guard.load(&mut self.client, statement, load.rows.slice(text))
            }
            None => self.guard.run(&mut self.client, statement),
        }
    }
}

/// A file with rows of `COPY … FROM STDIN` is not one text to the server.
fn has_rows(file: &MigrationFile) -> bool {
    let may = file.text.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"stdin"));
    may && file.sections.iter().any(|section| parts(&file.text, *section).iter().any(|part| part.load.is_some()))
}

/// Every statement of a section in order, those that do not parse too.
fn parts(text: &str, section: Span) -> Vec<Part> {
    let parsed = sql::parse_section(text, section);
    let mut parts = Vec::new();
    for statement in &parsed.statements {
        let load = match &statement.kind {
            // What is copied out leaves the schema as it is.
            StatementKind::Copy(copy) if !copy.from => continue,
            StatementKind::Copy(copy) => copy.data.map(|rows| Load { rows, probe: probe(copy) }),
            _ => None,
        };
        parts.push(Part { span: statement.span, load });
    }
    // Rows that nothing ends are an error to the reader; psql takes the end of the file for theirs.
    let rows: Vec<Span> = parts.iter().filter_map(|part| Some(part.load.as_ref()?.rows)).collect();
    let broken = parsed.errors.iter().map(|error| error.statement).filter(|span| !rows.contains(span));
    parts.extend(broken.map(|span| Part { span, load: None }));
    parts.sort_by_key(|part| part.span);
    parts
}

fn probe(copy: &Copy) -> String {
    let columns: Vec<_> = copy.columns.iter().map(|column| quote_ident(column)).collect();
    let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
    let table = copy.table.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("select {columns} from {table} where false")
}

fn is_there_already(error: &postgres::Error) -> bool {
    let Some(code) = error.code() else { return false };
    matches!(code.code(), "42710" | "42P06" | "42P07" | "42723" | "42P04")
}

/// What a new connection of the migration tool starts with.
fn new_session(start: &Start) -> String {
    let timeout = start.limits.statement.as_millis();
    let path = match start.platform {
        Platform::Supabase => "\"$user\", public, extensions",
        Platform::Postgres => "\"$user\", public",
    };
    format!(
        "reset session authorization; reset role; reset all; discard temp; set statement_timeout = {timeout}; \
         set client_min_messages = error; set search_path = {path}"
    )
}

/// One refused statement must not take a whole transaction along.
fn is_transaction_control(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().take(2).map(str::to_ascii_lowercase).collect();
    let first = words.first().map_or("", |word| word.trim_end_matches(';'));
    matches!(first, "begin" | "commit" | "end")
        || first == "start" && words.get(1).is_some_and(|w| w.starts_with("transaction"))
}
