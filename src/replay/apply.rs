//! Runs files as their tool would: whole, each in a session like a new one; where one fails, statement by statement, so
//! that what is wrong is named and the rest is known.

use postgres::Client;

use super::Start;
use super::guard::{Guard, Refusal};
use crate::coverage::{Coverage, CoverageKind};
use crate::live::connect::plain;
use crate::location::LineIndex;
use crate::migrations::{MigrationFile, MigrationSet, Platform};
use crate::sql;

/// Makes what is there before the first migration.
pub(super) fn platform(client: &mut Client, start: &Start) -> Result<(), String> {
    // The first script is what every server brings.
    for script in crate::platform::sql(start.platform, start.grants).iter().skip(1) {
        if client.batch_execute(script).is_ok() {
            continue;
        }
        let _ = client.batch_execute("rollback");
        // On a server that has such roles already, all but their creation is still to be done.
        for statement in sql::parse(script).statements {
            let text = statement.span.slice(script);
            match client.batch_execute(text) {
                Err(error) if !is_there_already(&error) => return Err(plain(&error)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn is_there_already(error: &postgres::Error) -> bool {
    let Some(code) = error.code() else { return false };
    matches!(code.code(), "42710" | "42P06" | "42P07" | "42723" | "42P04")
}

/// Applies every file, each being named to `now` first; what the server refused.
pub(super) fn migrations(
    client: &mut Client,
    set: &MigrationSet,
    start: &Start,
    guard: &Guard,
    now: &dyn Fn(&str),
) -> Vec<Coverage> {
    let mut refused = Vec::new();
    for file in set.files.iter().filter(|file| file.skipped.is_none()) {
        now(&file.path);
        begin(client, start);
        apply(client, file, start, guard, &mut refused);
    }
    refused
}

/// A session like a new one, as the role migrations are taken to run as, where this server lets us be that one.
fn begin(client: &mut Client, start: &Start) {
    let _ = client.batch_execute(&new_session(start));
    if client.batch_execute("set session authorization postgres").is_err() {
        let _ = client.batch_execute("set role postgres");
    }
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

fn apply(client: &mut Client, file: &MigrationFile, start: &Start, guard: &Guard, refused: &mut Vec<Coverage>) {
    let whole: Vec<&str> = file.sections.iter().map(|section| section.slice(&file.text)).collect();
    if guard.run_file(client, &whole.join("\n")).is_ok() {
        return;
    }
    let _ = client.batch_execute("rollback");
    begin(client, start);
    let lines = LineIndex::new(file.path.clone(), &file.text);
    for section in &file.sections {
        let parsed = sql::parse_section(&file.text, *section);
        let spans = parsed.statements.iter().map(|statement| statement.span);
        let broken = parsed.errors.iter().map(|error| error.statement);
        let mut spans: Vec<_> = spans.chain(broken).collect();
        spans.sort();
        for span in spans {
            let text = span.slice(&file.text);
            if is_transaction_control(text) {
                continue;
            }
            let Err(Refusal { message, closed }) = guard.run(client, text) else { continue };
            let message = format!("the server refused this statement: {message}");
            let location = Some(lines.locate(&file.text, span));
            refused.push(Coverage { kind: CoverageKind::Refused, location, object: None, message });
            if closed {
                return;
            }
        }
    }
}

/// One refused statement must not take a whole transaction along.
fn is_transaction_control(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().take(2).map(str::to_ascii_lowercase).collect();
    let first = words.first().map_or("", |word| word.trim_end_matches(';'));
    matches!(first, "begin" | "commit" | "end")
        || first == "start" && words.get(1).is_some_and(|w| w.starts_with("transaction"))
}
