//! What the rows of a running database say about the governance sections: exact counts, read-only, in the transaction
//! it is given.

use std::collections::BTreeMap;

use postgres::{GenericClient, SimpleQueryMessage};

use super::canonical;
use super::pattern;
use super::sections::{AlertColumn, Alerts, Freeze, Operation, Sections};
use crate::catalog::{Catalog, QualifiedName};
use crate::date::Date;
use crate::sql::ast::quote_ident;

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// Canonical sets.
    pub canonical: Vec<SetFacts>,
    /// Freezes: name, table, rows made since.
    pub freezes: Vec<FreezeFacts>,
    /// What is wrong in the table of findings, with how many rows.
    pub alerts: Vec<(&'static str, usize)>,
    /// Section and why something in it could not be counted.
    pub failed: Vec<(&'static str, String)>,
}

/// One canonical set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetFacts {
    /// Its name.
    pub name: String,
    /// Labels and keys that are not there.
    pub missing: Vec<(String, String)>,
    /// Key, expected label, label found.
    pub relabelled: Vec<(String, String, String)>,
    /// Rows whose key is not in the set.
    pub extra: Outside,
    /// Rows that refer outside the set, by column.
    pub outside: BTreeMap<String, Outside>,
}

/// Rows outside a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outside {
    /// How many.
    pub count: usize,
    /// The first few keys.
    pub keys: Vec<String>,
}

impl Outside {
    /// The first few keys, and that there are more.
    #[must_use]
    pub fn examples(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|key| format!("`{key}`")).collect();
        keys.join(", ")
    }
}

/// One table of a freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreezeFacts {
    /// The freeze.
    pub name: String,
    /// The table.
    pub table: QualifiedName,
    /// The column with the time rows were made.
    pub column: String,
    /// Rows made since it began.
    pub rows: usize,
}

/// Keys shown of many.
const SHOWN: usize = 5;

/// Counts what the sections ask for; calls `beat` after each answer. `client` must be in a transaction, which may be
/// read-only.
pub fn measure(
    client: &mut impl GenericClient,
    sections: &Sections,
    catalog: &Catalog,
    today: Date,
    beat: &mut dyn FnMut(),
) -> Measured {
    let mut meter = Meter { client, beat, measured: Measured::default() };
    if sections.canonical.is_empty() && sections.freezes.is_empty() && sections.alerts.is_none() {
        return meter.measured;
    }
    // Rows that row level security hides would be missing from the counts: better an error.
    if let Err(why) = meter.rows("set local row_security = off") {
        meter.measured.failed.push(("canonical", format!("rows were not counted: {why}")));
        return meter.measured;
    }
    for set in canonical::sets(sections, catalog) {
        match meter.set(&set, catalog) {
            Ok(facts) => meter.measured.canonical.push(facts),
            Err(why) => {
                let why = format!("the canonical set `{}` was not counted: {why}", set.set.name);
                meter.measured.failed.push(("canonical", why));
            }
        }
    }
    for placed in &sections.freezes {
        meter.freeze(&placed.value, catalog, today);
    }
    if let Some(alerts) = &sections.alerts {
        meter.alerts(&alerts.value);
    }
    meter.measured
}

struct Meter<'a, C: GenericClient> {
    client: &'a mut C,
    beat: &'a mut dyn FnMut(),
    measured: Measured,
}

impl<C: GenericClient> Meter<'_, C> {
    /// Runs a query; one that fails leaves the transaction as it was.
    fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let plain = |error: postgres::Error| {
            error.as_db_error().map_or_else(|| "the connection failed".to_owned(), |db| db.message().to_owned())
        };
        self.client.batch_execute("savepoint gardefou").map_err(plain)?;
        let answer = self.client.simple_query(sql);
        (self.beat)();
        match answer {
            Ok(messages) => {
                self.client.batch_execute("release savepoint gardefou").map_err(plain)?;
                let rows = messages.iter().filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => {
                        Some((0..row.len()).map(|at| row.get(at).map(ToOwned::to_owned)).collect())
                    }
                    _ => None,
                });
                Ok(rows.collect())
            }
            Err(error) => {
                self.client.batch_execute("rollback to savepoint gardefou").map_err(plain)?;
                Err(plain(error))
            }
        }
    }

    fn set(&mut self, set: &canonical::Set<'_>, catalog: &Catalog) -> Result<SetFacts, String> {
        let (table, key, keys) = (sql_name(&set.table), sql_ident(&set.set.key), set.quoted_keys());
        let label =
            set.set.label.as_ref().map_or_else(|| "null".to_owned(), |label| format!("{}::text", sql_ident(label)));
        let mut facts = SetFacts { name: set.set.name.clone(), ..SetFacts::default() };
        let found = self.rows(&format!("select {key}::text, {label} from {table} where {key}::text in ({keys})"))?;
        let found: BTreeMap<String, Option<String>> = found
            .into_iter()
            .filter_map(|mut row| Some((canonical::normal(row.first()?.as_deref()?), row.pop().flatten())))
            .collect();
        for (key, expected) in &set.keys {
            match found.get(key) {
                None => facts.missing.push(((*expected).to_owned(), key.clone())),
                Some(Some(label)) if label != expected => {
                    facts.relabelled.push((key.clone(), (*expected).to_owned(), label.clone()));
                }
                Some(None) if set.set.label.is_some() => {
                    facts.relabelled.push((key.clone(), (*expected).to_owned(), "null".to_owned()));
                }
                Some(_) => {}
            }
        }
        facts.extra = self.outside(&table, &key, &keys)?;
        let labels = set.quoted_labels();
        let keyed = set.references.iter().map(|column| (column, &keys));
        let labelled = set.labelled.iter().map(|column| (column, &labels));
        for ((name, column), allowed) in keyed.chain(labelled) {
            let known = catalog.relations.get(name).is_some_and(|relation| relation.column(column).is_some());
            if known {
                let outside = self.outside(&sql_name(name), &sql_ident(column), allowed)?;
                facts.outside.insert(format!("{name}.{}", quote_ident(column)), outside);
            }
        }
        Ok(facts)
    }

    fn outside(&mut self, table: &str, column: &str, keys: &str) -> Result<Outside, String> {
        let filter = format!("{column} is not null and {column}::text not in ({keys})");
        let count = self.rows(&format!("select count(*) from {table} where {filter}"))?;
        let count = count.first().and_then(|row| row.first()?.as_deref()?.parse().ok()).unwrap_or(0);
        if count == 0 {
            return Ok(Outside::default());
        }
        let keys =
            self.rows(&format!("select distinct {column}::text from {table} where {filter} order by 1 limit {SHOWN}"))?;
        Ok(Outside { count, keys: keys.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect() })
    }

    /// Rows of the table of findings that cannot be.
    fn alerts(&mut self, alerts: &Alerts) {
        let table = sql_name(&pattern::table(&alerts.table));
        let name = |wanted| crate::audit::alerts::column(alerts, wanted);
        let (status, first, last) =
            (name(AlertColumn::Status), name(AlertColumn::FirstDetectedAt), name(AlertColumn::LastDetectedAt));
        let mut checks = vec![
            (
                "has a status other than OPEN, ACK and RESOLVED",
                format!("{status} is null or {status}::text not in ('OPEN', 'ACK', 'RESOLVED')"),
            ),
            (
                "was last seen before it was first seen",
                format!("{last} < {first} or {first} is null or {last} is null"),
            ),
            ("was seen in the future", format!("{last} > now() + interval '1 day'")),
        ];
        if alerts.columns.contains_key(&AlertColumn::AcknowledgedBy) {
            let (by, payload) = (name(AlertColumn::AcknowledgedBy), name(AlertColumn::Payload));
            // A waiver says who and why in the configuration.
            let waived = format!("({payload})::jsonb ->> 'silenced_by' is not null");
            checks.push((
                "is acknowledged by nobody",
                format!("{status}::text = 'ACK' and coalesce({by}::text, '') = '' and not ({waived})"),
            ));
        }
        for (what, filter) in checks {
            match self.rows(&format!("select count(*) from {table} where {filter}")) {
                Ok(rows) => {
                    let rows = rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok()).unwrap_or(0);
                    self.measured.alerts.push((what, rows));
                }
                Err(why) => {
                    self.measured.failed.push(("alerts", format!("the table of alerts was not looked at: {why}")))
                }
            }
        }
    }

    fn freeze(&mut self, freeze: &Freeze, catalog: &Catalog, today: Date) {
        let active = freeze.since <= today && freeze.until.is_none_or(|until| today <= until);
        if !active || !freeze.operations.contains(&Operation::Insert) {
            return;
        }
        for written in &freeze.tables {
            let table = pattern::table(written);
            let Some(column) = created_column(freeze, &table, catalog) else {
                let why = format!("`{table}` has no column that says when a row was made; name it under `created`");
                self.measured.failed.push(("freezes", why));
                continue;
            };
            let sql =
                format!("select count(*) from {} where {} >= '{}'", sql_name(&table), sql_ident(&column), freeze.since);
            match self.rows(&sql) {
                Ok(rows) => {
                    let rows = rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok()).unwrap_or(0);
                    let name = freeze.name.clone();
                    self.measured.freezes.push(FreezeFacts { name, table, column, rows });
                }
                Err(why) => self.measured.failed.push(("freezes", format!("`{table}` was not counted: {why}"))),
            }
        }
    }
}

/// The column with the time a row was made: the one named, else by its usual names.
fn created_column(freeze: &Freeze, table: &QualifiedName, catalog: &Catalog) -> Option<String> {
    const USUAL: [&str; 7] =
        ["created_at", "cree_le", "inserted_at", "date_creation", "created_on", "creation_date", "created"];
    let relation = catalog.relations.get(table)?;
    let named = freeze.created.as_deref().into_iter();
    let mut names = named.chain(USUAL.into_iter().filter(|_| freeze.created.is_none()));
    names.find(|name| relation.column(name).is_some()).map(ToOwned::to_owned)
}

fn sql_name(name: &QualifiedName) -> String {
    format!("{}.{}", sql_ident(&name.schema), sql_ident(&name.name))
}

/// Always quoted: a reserved word is a name, too.
fn sql_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
