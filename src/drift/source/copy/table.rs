//! What the server says about a table, and the COPY that reads a section's columns from it.

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::catalog::QualifiedName;
use crate::drift::DriftError;
use crate::drift::section::Section;
use crate::live::connect::plain;
use crate::sql::ast::quote_ident;
use crate::suggest::hint;

/// How a column is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Uuid,
    Date,
    Timestamp,
}

/// The columns sent, in order, and the statement that sends them.
pub(super) struct Shape {
    pub(super) sql: String,
    pub(super) key: Format,
    pub(super) product: Option<Format>,
    pub(super) group: Vec<Format>,
    pub(super) time: Option<Format>,
    pub(super) cells: [Option<Format>; 6],
    /// Rows to come, as the server guesses.
    pub(super) expected: Option<f64>,
}

/// A table's columns as the server describes them.
pub(super) struct Table {
    /// Quoted.
    name: String,
    shown: String,
    columns: Vec<(String, String)>,
    /// Rows the server guesses it has.
    expected: Option<f64>,
}

impl Table {
    pub(super) async fn read(client: &Client, table: &str) -> Result<Self, DriftError> {
        let failed = |message: String| DriftError::Table { table: table.to_owned(), message };
        let name: QualifiedName = table.parse().map_err(|_| failed("write it as schema.name".to_owned()))?;
        // The simple protocol leaves no prepared statement behind, so poolers in transaction mode work.
        // A domain is sent as the type it stands on, and may stand on another domain.
        let sql = format!(
            "with recursive bases as (select oid, typname, typbasetype from pg_catalog.pg_type where typbasetype = 0 \
             union all select t.oid, b.typname, t.typbasetype from pg_catalog.pg_type t join bases b on b.oid = t.typbasetype) \
             select a.attname, t.typname, c.reltuples from pg_catalog.pg_attribute a join bases t on t.oid = a.atttypid \
             join pg_catalog.pg_class c on c.oid = a.attrelid \
             where a.attrelid = pg_catalog.to_regclass({}) and a.attnum > 0 and not a.attisdropped",
            quote_literal(&name.to_string())
        );
        let messages = client.simple_query(&sql).await.map_err(|error| failed(plain(&error)))?;
        let columns: Vec<_> = messages.iter().filter_map(column).collect();
        if columns.is_empty() {
            return Err(failed(
                "there is no such table; correct `table`, or connect to the database that has it".into(),
            ));
        }
        let expected = messages.iter().find_map(rows);
        Ok(Self { name: name.to_string(), shown: table.to_owned(), columns, expected })
    }

    /// What to send for a section.
    pub(super) fn shape(&self, section: &Section) -> Result<Shape, DriftError> {
        let mut sent = Vec::new();
        let mut text = |name: &str| self.text(name, &mut sent);
        let key = text(&section.key)?;
        let product = section.product.column.as_deref().map(&mut text).transpose()?;
        let group = section.group_by.iter().map(|name| text(name)).collect::<Result<_, _>>()?;
        let time = section.time.as_deref().map(|name| self.time(name, &mut sent)).transpose()?;
        let mut cells = [None; 6];
        for (slot, (_, column)) in cells.iter_mut().zip(section.columns.all()) {
            *slot = column.map(|name| self.number(name, &mut sent)).transpose()?;
        }
        let condition = section.r#where.as_ref().map(|sql| format!(" where ({sql}\n)")).unwrap_or_default();
        let sql = format!("copy (select {} from {}{condition}) to stdout (format binary)", sent.join(", "), self.name);
        let expected = self.expected.filter(|_| section.r#where.is_none());
        Ok(Shape { sql, key, product, group, time, cells, expected })
    }

    /// The type of a column.
    fn kind(&self, name: &str) -> Result<&str, DriftError> {
        let found = self.columns.iter().find(|(column, _)| column == name);
        found.map(|(_, kind)| kind.as_str()).ok_or_else(|| {
            let hint = hint(name, self.columns.iter().map(|(column, _)| column.as_str()));
            self.failed(format!("there is no column `{name}`{hint}"))
        })
    }

    fn failed(&self, message: String) -> DriftError {
        DriftError::Table { table: self.shown.clone(), message }
    }

    fn number(&self, name: &str, sent: &mut Vec<String>) -> Result<Format, DriftError> {
        let format = match self.kind(name)? {
            "int2" => Format::Int2,
            "int4" => Format::Int4,
            "int8" => Format::Int8,
            "float4" => Format::Float4,
            "float8" => Format::Float8,
            "numeric" => Format::Numeric,
            other => return Err(self.failed(format!("column `{name}` is of type {other}, not a number"))),
        };
        sent.push(quote_ident(name));
        Ok(format)
    }

    fn time(&self, name: &str, sent: &mut Vec<String>) -> Result<Format, DriftError> {
        let format = match self.kind(name)? {
            "date" => Format::Date,
            "timestamp" | "timestamptz" => Format::Timestamp,
            other => return Err(self.failed(format!("column `{name}` is of type {other}, neither date nor timestamp"))),
        };
        sent.push(quote_ident(name));
        Ok(format)
    }

    /// Any type, as text; those that are short in binary stay so.
    fn text(&self, name: &str, sent: &mut Vec<String>) -> Result<Format, DriftError> {
        let (format, cast) = match self.kind(name)? {
            "int2" => (Format::Int2, ""),
            "int4" => (Format::Int4, ""),
            "int8" => (Format::Int8, ""),
            "uuid" => (Format::Uuid, ""),
            "text" | "varchar" | "bpchar" => (Format::Text, ""),
            _ => (Format::Text, "::text"),
        };
        sent.push(format!("{}{cast}", quote_ident(name)));
        Ok(format)
    }
}

fn column(message: &SimpleQueryMessage) -> Option<(String, String)> {
    match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())),
        _ => None,
    }
}

fn rows(message: &SimpleQueryMessage) -> Option<f64> {
    match message {
        SimpleQueryMessage::Row(row) => row.get(2)?.parse().ok().filter(|rows| *rows > 0.0),
        _ => None,
    }
}

fn quote_literal(text: &str) -> String {
    // A backslash could be an escape under old settings: E'' says so either way.
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
