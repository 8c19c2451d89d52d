//! `query:` rules: the SQL of a rule, run in the read-only transaction as one unnamed statement.

use postgres::Client;
use serde_json::{Map, Value};

use super::connect::plain;
use super::facts::Answer;

/// Runs one query. It may fail without taking the transaction along.
pub(super) fn ask(client: &mut Client, sql: &str) -> Answer {
    match attempt(client, sql) {
        Ok(rows) => {
            let _ = client.batch_execute("release savepoint gardefou_rule");
            Answer::Rows(rows)
        }
        Err(message) => {
            let _ = client.batch_execute("rollback to savepoint gardefou_rule");
            Answer::Failed(message)
        }
    }
}

fn attempt(client: &mut Client, sql: &str) -> Result<Vec<Map<String, Value>>, String> {
    client.batch_execute("savepoint gardefou_rule").map_err(|error| plain(&error))?;
    let sql = sql.trim().trim_end_matches(';');
    // The extended protocol takes one statement only: none can follow and end the transaction.
    let wrapped = format!("select pg_catalog.to_json(q)::pg_catalog.text from (\n{sql}\n) q");
    let rows = client.query_typed(&wrapped, &[]).map_err(|error| plain(&error))?;
    let parse = |row: &postgres::Row| -> Result<Map<String, Value>, String> {
        let text: String = row.try_get(0).map_err(|error| plain(&error))?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    rows.iter().map(parse).collect()
}

/// A value as an SQL literal, whatever it holds.
#[must_use]
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!(" E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}
