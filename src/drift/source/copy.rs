//! Rows of a table, streamed with binary COPY: the server filters, a thread reads ahead a few blocks, nothing else is kept.

use std::pin::pin;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use futures_util::StreamExt;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::{Cell, Row, Source, numeric};
use crate::catalog::QualifiedName;
use crate::drift::DriftError;
use crate::drift::section::Section;
use crate::live::connect::{Target, plain};
use crate::sql::ast::quote_ident;
use crate::suggest::hint;

/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's epoch.
const EPOCH: i32 = 10_957;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// How a column is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
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

/// Bytes handed over at once, and how many such blocks may wait.
const BLOCK: usize = 1 << 16;
const WAITING: usize = 4;

type Block = Result<Vec<u8>, DriftError>;

/// A running COPY.
pub struct Copy {
    blocks: Receiver<Block>,
    /// Bytes received, and how far they have been read.
    block: Vec<u8>,
    at: usize,
    /// As messages name it.
    table: String,
    shape: Shape,
    rows: u64,
}

/// The columns sent, in order, and the statement that sends them.
struct Shape {
    sql: String,
    key: Format,
    product: Option<Format>,
    group: Vec<Format>,
    time: Option<Format>,
    cells: [Option<Format>; 6],
}

impl Copy {
    /// Connects, looks at the section's columns and starts the COPY.
    ///
    /// # Errors
    /// No connection, no such table or column, a column of the wrong type, a permission that is missing, a bad `where`.
    pub fn start(target: Target, section: &Section, table: &str) -> Result<Self, DriftError> {
        let (shape_to, shape_from) = sync_channel(1);
        let (blocks_to, blocks) = sync_channel(WAITING);
        let (section, name) = (section.clone(), table.to_owned());
        let failed = |message: String| DriftError::Table { table: table.to_owned(), message };
        let work = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(blocks_to.send(Err(error.into()))),
            };
            if let Err(error) = runtime.block_on(send(&target, &section, &name, &shape_to, &blocks_to)) {
                // Nobody listens any more where the check has stopped for another reason.
                let _ = blocks_to.send(Err(error));
            }
        };
        std::thread::Builder::new().spawn(work)?;
        let cut = || failed(CUT.to_owned());
        let Ok(shape) = shape_from.recv() else {
            return Err(blocks.recv().ok().and_then(Result::err).unwrap_or_else(cut));
        };
        let mut copy = Self { blocks, block: Vec::new(), at: 0, table: table.to_owned(), shape, rows: 0 };
        copy.skip_header()?;
        Ok(copy)
    }

    /// Signature, flags, and an extension of given length.
    fn skip_header(&mut self) -> Result<(), DriftError> {
        loop {
            if let Some((_, rest)) = self.block.split_at_checked(15)
                && let Some(length) = rest.first_chunk::<4>()
                && let Ok(extension) = usize::try_from(u32::from_be_bytes(*length))
                && self.block.len() >= 19 + extension
            {
                self.at = 19 + extension;
                return Ok(());
            }
            self.refill()?;
        }
    }

    /// Appends the next block to what has not been read.
    fn refill(&mut self) -> Result<(), DriftError> {
        let next = self.blocks.recv();
        let next = next.map_err(|_| DriftError::Table { table: self.table.clone(), message: CUT.to_owned() })??;
        if self.at >= self.block.len() {
            self.block = next;
        } else {
            self.block.drain(..self.at);
            self.block.extend(next);
        }
        self.at = 0;
        Ok(())
    }
}

/// A stream that ends without its trailer.
const CUT: &str = "reading stopped before the end: the connection was lost";

/// The thread's work: tells the shape, then sends blocks until the end.
async fn send(
    target: &Target,
    section: &Section,
    table: &str,
    shape_to: &SyncSender<Shape>,
    blocks_to: &SyncSender<Block>,
) -> Result<(), DriftError> {
    let failed = |error: tokio_postgres::Error| DriftError::Table { table: table.to_owned(), message: plain(&error) };
    let client = target.open_read_only().await?;
    let shape = Table::read(&client, table).await?.shape(section)?;
    let sql = shape.sql.clone();
    let mut stream = pin!(client.copy_out(&sql).await.map_err(failed)?);
    if shape_to.send(shape).is_err() {
        return Ok(());
    }
    let mut block = Vec::with_capacity(BLOCK + BLOCK / 4);
    while let Some(message) = stream.next().await {
        block.extend_from_slice(&message.map_err(failed)?);
        if block.len() >= BLOCK
            && blocks_to.send(Ok(std::mem::replace(&mut block, Vec::with_capacity(BLOCK + BLOCK / 4)))).is_err()
        {
            return Ok(());
        }
    }
    let _ = blocks_to.send(Ok(block));
    Ok(())
}

/// A table's columns as the server describes them.
struct Table {
    /// Quoted.
    name: String,
    shown: String,
    columns: Vec<(String, String)>,
}

impl Table {
    async fn read(client: &Client, table: &str) -> Result<Self, DriftError> {
        let failed = |message: String| DriftError::Table { table: table.to_owned(), message };
        let name: QualifiedName = table.parse().map_err(|_| failed("write it as schema.name".to_owned()))?;
        // The simple protocol leaves no prepared statement behind, so poolers in transaction mode work.
        let sql = format!(
            "select a.attname, t.typname from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid \
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
        Ok(Self { name: name.to_string(), shown: table.to_owned(), columns })
    }

    /// What to send for a section.
    fn shape(&self, section: &Section) -> Result<Shape, DriftError> {
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
        Ok(Shape { sql, key, product, group, time, cells })
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

fn quote_literal(text: &str) -> String {
    // A backslash could be an escape under old settings: E'' says so either way.
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

impl Source for Copy {
    fn read(&mut self, row: &mut Row) -> Result<bool, DriftError> {
        loop {
            let rest = self.block.get(self.at..).unwrap_or(&[]);
            if ends(rest) {
                return Ok(false);
            }
            if let Some(used) = extent(rest) {
                self.rows += 1;
                self.shape.decode(rest.get(..used).unwrap_or(rest), self.rows, row);
                self.at += used;
                return Ok(true);
            }
            self.refill()?;
        }
    }
}

fn ends(bytes: &[u8]) -> bool {
    bytes.first_chunk::<2>() == Some(&[0xff, 0xff])
}

/// Bytes of the row at the front of `bytes`, if all of it is there.
fn extent(bytes: &[u8]) -> Option<usize> {
    let fields = i16::from_be_bytes(*bytes.first_chunk::<2>()?);
    let mut at = 2;
    for _ in 0..fields {
        let length = i32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?);
        at += 4 + usize::try_from(length).unwrap_or(0);
    }
    (at <= bytes.len()).then_some(at)
}

impl Shape {
    /// The row in `bytes`, the `number`th.
    fn decode(&self, bytes: &[u8], number: u64, row: &mut Row) {
        let mut fields = Fields(bytes.get(2..).unwrap_or(&[]));
        row.line = None;
        row.key.clear();
        match fields.next() {
            Some(bytes) => text(self.key, bytes, &mut row.key),
            None => row.key.push_str(&format!("row {number}")),
        }
        match self.product {
            None => row.product = None,
            Some(format) => {
                let product = row.product.get_or_insert_default();
                product.clear();
                match fields.next() {
                    Some(bytes) => text(format, bytes, product),
                    None => row.product = None,
                }
            }
        }
        row.group.truncate(self.group.len());
        row.group.resize_with(self.group.len(), String::new);
        for (slot, format) in row.group.iter_mut().zip(&self.group) {
            slot.clear();
            if let Some(bytes) = fields.next() {
                text(*format, bytes, slot);
            }
        }
        row.day = self.time.and_then(|format| fields.next().and_then(|bytes| day(format, bytes)));
        for (cell, format) in row.cells.iter_mut().zip(&self.cells) {
            *cell = match format {
                None => Cell::Absent,
                Some(format) => fields.next().map_or(Cell::Null, |bytes| value(*format, bytes)),
            };
        }
    }
}

/// Fields of a row, front to back.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field; `None` where it is NULL.
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }
}

fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |n, byte| n << 8 | i64::from(*byte))
}

fn text(format: Format, bytes: &[u8], out: &mut String) {
    match format {
        Format::Int2 | Format::Int4 | Format::Int8 => decimal(integer(bytes), out),
        Format::Uuid => uuid(bytes, out),
        _ => out.push_str(&String::from_utf8_lossy(bytes)),
    }
}

/// Every row has its key and group written out: `write!` would take a fifth of the whole run.
fn decimal(value: i64, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    let (mut rest, mut power) = (value.unsigned_abs(), 1_u64);
    while rest / power >= 10 {
        power *= 10;
    }
    while power > 0 {
        out.push(char::from(b'0' + u8::try_from(rest / power).unwrap_or(0)));
        rest %= power;
        power /= 10;
    }
}

fn uuid(bytes: &[u8], out: &mut String) {
    let mut text = [b'-'; 36];
    // Eight digits, a dash, four, …: the places that are not dashes.
    let places = (0..36).filter(|at| !matches!(at, 8 | 13 | 18 | 23));
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (at, nibble) in places.zip(nibbles) {
        if let Some(slot) = text.get_mut(at) {
            *slot = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        }
    }
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

fn day(format: Format, bytes: &[u8]) -> Option<i32> {
    let value = integer(bytes);
    let days = if format == Format::Date { value } else { value.div_euclid(MICROS_PER_DAY) };
    // The ends of the range mean infinity.
    i32::try_from(days).ok().filter(|days| days.abs() < 3_000_000).map(|days| days + EPOCH)
}

fn value(format: Format, bytes: &[u8]) -> Cell {
    match format {
        Format::Numeric => numeric::numeric(bytes),
        Format::Float8 => numeric::float(bytes.first_chunk::<8>().map_or(f64::NAN, |bytes| f64::from_be_bytes(*bytes))),
        Format::Float4 => {
            // 0.1 as float4 means 0.1, not the f64 nearest to its bits.
            let short = bytes.first_chunk::<4>().map_or(f32::NAN, |bytes| f32::from_be_bytes(*bytes));
            numeric::float(short.to_string().parse().unwrap_or(f64::NAN))
        }
        _ => Cell::Number(integer(bytes) as f64, 0),
    }
}
