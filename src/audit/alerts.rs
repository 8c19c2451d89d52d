//! The lives of findings as SQL for a table the team owns. This program only prints it: a person or a job runs it. Run
//! twice it does what it did once, and it never takes back what a person wrote later.

use std::collections::BTreeMap;

use crate::audit::lifecycle::{Life, Status};
use crate::governance::pattern;
use crate::governance::sections::{AlertColumn, Alerts};
use crate::report::json::JsonFinding;

/// Columns with the names they have where nobody says otherwise.
const COLUMNS: [(AlertColumn, &str); 9] = [
    (AlertColumn::CheckCode, "check_code"),
    (AlertColumn::Severity, "severity"),
    (AlertColumn::EntityType, "entity_type"),
    (AlertColumn::EntityId, "entity_id"),
    (AlertColumn::Message, "message"),
    (AlertColumn::Payload, "payload"),
    (AlertColumn::Status, "status"),
    (AlertColumn::FirstDetectedAt, "first_detected_at"),
    (AlertColumn::LastDetectedAt, "last_detected_at"),
];

/// The name of a column, quoted.
pub(crate) fn column(alerts: &Alerts, column: AlertColumn) -> String {
    let usual = COLUMNS.iter().find(|(known, _)| *known == column).map_or("", |(_, name)| *name);
    let name = alerts.columns.get(&column).map_or(usual, String::as_str);
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Names of all columns of the table that are written.
pub(crate) fn names(alerts: &Alerts) -> Vec<String> {
    let usual = COLUMNS.iter().map(|(column, name)| alerts.columns.get(column).cloned().unwrap_or((*name).to_owned()));
    let rest = [AlertColumn::AcknowledgedBy, AlertColumn::Fingerprint];
    usual.chain(rest.iter().filter_map(|column| alerts.columns.get(column).cloned())).collect()
}

/// The statements, in one transaction.
#[must_use]
pub fn sql(alerts: &Alerts, findings: &[JsonFinding], lives: &[Life], now: &str) -> String {
    let table = pattern::table(&alerts.table);
    let table = format!("\"{}\".\"{}\"", table.schema.replace('"', "\"\""), table.name.replace('"', "\"\""));
    let known: BTreeMap<&str, &JsonFinding> =
        findings.iter().map(|finding| (finding.fingerprint.as_str(), finding)).collect();
    let mut out = format!(
        "-- Written by gardefou {} at {now}; running it again changes nothing.\nbegin;\n",
        env!("CARGO_PKG_VERSION")
    );
    out.push_str(&format!("lock table {table} in share row exclusive mode;\n"));
    let rows: Vec<String> = lives
        .iter()
        .filter_map(|life| {
            let finding = known.get(life.fingerprint.as_str()).copied().or(life.finding.as_ref())?;
            Some(row(finding, life))
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&upsert(alerts, &table, &rows));
    }
    out + "commit;\n"
}

/// One row of the list everything is taken from.
fn row(finding: &JsonFinding, life: &Life) -> String {
    let severity = format!("{:?}", finding.severity).to_lowercase();
    let mut payload = serde_json::to_value(finding).unwrap_or_default();
    if let Some(payload) = payload.as_object_mut() {
        payload.insert("reopened".to_owned(), life.reopened.into());
    }
    let cells = [
        literal(&life.fingerprint),
        literal(&finding.rule),
        literal(&severity),
        literal(&finding.object.kind),
        literal(&finding.object.name),
        literal(&finding.message),
        format!("{}::jsonb", literal(&payload.to_string())),
        literal(life.status.word()),
        format!("{}::timestamptz", literal(&life.first_detected_at)),
        format!("{}::timestamptz", literal(life.resolved_at.as_ref().unwrap_or(&life.last_detected_at))),
    ];
    format!("  ({})", cells.join(", "))
}

fn upsert(alerts: &Alerts, table: &str, rows: &[String]) -> String {
    let name = |wanted| column(alerts, wanted);
    let (code, status, message) = (name(AlertColumn::CheckCode), name(AlertColumn::Status), name(AlertColumn::Message));
    let (severity, payload) = (name(AlertColumn::Severity), name(AlertColumn::Payload));
    let (kind, id) = (name(AlertColumn::EntityType), name(AlertColumn::EntityId));
    let (first, last) = (name(AlertColumn::FirstDetectedAt), name(AlertColumn::LastDetectedAt));
    let own = alerts.columns.contains_key(&AlertColumn::Fingerprint).then(|| name(AlertColumn::Fingerprint));
    let key = own.as_ref().map_or_else(|| format!("a.{payload} ->> 'fingerprint'"), |own| format!("a.{own}"));
    let (own_column, own_value) =
        own.as_ref().map_or_else(|| (String::new(), ""), |own| (format!(", {own}"), ", s.fingerprint"));
    // `silenced_by` is the waiver or comment an audit took it for accepted by.
    let waived = format!("a.{payload} ->> 'silenced_by' is null");
    let person = match alerts.columns.contains_key(&AlertColumn::AcknowledgedBy) {
        true => format!("({waived} or a.{}::text <> '')", name(AlertColumn::AcknowledgedBy)),
        false => waived,
    };
    let (open, ack, resolved) = (Status::Open.word(), Status::Ack.word(), Status::Resolved.word());
    format!(
        "create temporary table gardefou_seen on commit drop as\nselect * from (values\n{rows}\n) as s \
         (fingerprint, code, severity, kind, id, message, payload, status, first_at, last_at);\n\
         -- What is there goes on: what a person acknowledged stays so while it is there, what only a waiver accepted\n\
         -- opens with its end, resolved opens again.\n\
         update {table} a set {severity} = s.severity, {message} = s.message, {payload} = s.payload, {last} = s.last_at,\n\
         \x20 {status} = case when s.status = '{open}' and a.{status} = '{ack}' and {person} then '{ack}' else s.status end\n\
         from gardefou_seen s where {key} = s.fingerprint and a.{last} < s.last_at\n\
         \x20 and not (s.status = '{resolved}' and a.{status} = '{resolved}');\n\
         insert into {table} ({code}, {severity}, {kind}, {id}, {message}, {payload}, {status}, {first}, {last}{own_column})\n\
         select s.code, s.severity, s.kind, s.id, s.message, s.payload, s.status, s.first_at, s.last_at{own_value}\n\
         from gardefou_seen s where not exists (select 1 from {table} a where {key} = s.fingerprint);\n",
        rows = rows.join(",\n"),
    )
}

/// A text constant, whatever is in it.
fn literal(text: &str) -> String {
    let safe: String = text.chars().filter(|c| *c != '\0').collect();
    let quoted = safe.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}
