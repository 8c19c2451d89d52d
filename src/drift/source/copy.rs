//! Rows of a table, streamed with binary COPY: the server filters, nothing is kept here but the row at hand.

use std::io::{BufRead, Read};

use postgres::{CopyOutReader, Transaction};

use super::{Cell, Row, Source, numeric};
use crate::catalog::QualifiedName;
use crate::drift::DriftError;
use crate::drift::section::Section;
use crate::live::connect::plain;
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

/// A running COPY.
pub struct Copy<'t> {
    reader: CopyOutReader<'t>,
    /// As messages name it.
    table: String,
    buffer: Vec<u8>,
    key: Format,
    product: Option<Format>,
    group: Vec<Format>,
    time: Option<Format>,
    cells: [Option<Format>; 6],
    rows: u64,
}

impl<'t> Copy<'t> {
    /// Looks at the section's columns and starts the COPY.
    ///
    /// # Errors
    /// No such table or column, a column of the wrong type, a permission that is missing, a bad `where`.
    pub fn start(transaction: &'t mut Transaction<'_>, section: &Section, table: &str) -> Result<Self, DriftError> {
        let columns = Table::read(transaction, table)?;
        let mut sent = Vec::new();
        let mut text = |name: &str| columns.text(name, &mut sent);
        let key = text(&section.key)?;
        let product = section.product.column.as_deref().map(&mut text).transpose()?;
        let group = section.group_by.iter().map(|name| text(name)).collect::<Result<_, _>>()?;
        let time = section.time.as_deref().map(|name| columns.time(name, &mut sent)).transpose()?;
        let mut cells = [None; 6];
        for (slot, (_, column)) in cells.iter_mut().zip(section.columns.all()) {
            *slot = column.map(|name| columns.number(name, &mut sent)).transpose()?;
        }
        let condition = section.r#where.as_ref().map(|sql| format!(" where ({sql}\n)")).unwrap_or_default();
        let sql =
            format!("copy (select {} from {}{condition}) to stdout (format binary)", sent.join(", "), columns.name);
        let failed = |message: String| DriftError::Table { table: table.to_owned(), message };
        let mut reader = transaction.copy_out(&sql).map_err(|error| failed(plain(&error)))?;
        skip_header(&mut reader).map_err(|error| failed(words(&error)))?;
        Ok(Self { reader, table: table.to_owned(), buffer: Vec::new(), key, product, group, time, cells, rows: 0 })
    }
}

/// Signature, flags, and an extension of given length.
fn skip_header(reader: &mut impl Read) -> std::io::Result<()> {
    let mut header = [0; 19];
    reader.read_exact(&mut header)?;
    let extension = header.last_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    std::io::copy(&mut reader.take(u64::from(extension)), &mut std::io::sink())?;
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
    fn read(transaction: &mut Transaction<'_>, table: &str) -> Result<Self, DriftError> {
        let failed = |message: String| DriftError::Table { table: table.to_owned(), message };
        let name: QualifiedName = table.parse().map_err(|_| failed("write it as schema.name".to_owned()))?;
        // The simple protocol leaves no prepared statement behind, so poolers in transaction mode work.
        let sql = format!(
            "select a.attname, t.typname from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid \
             where a.attrelid = pg_catalog.to_regclass({}) and a.attnum > 0 and not a.attisdropped",
            quote_literal(&name.to_string())
        );
        let messages = transaction.simple_query(&sql).map_err(|error| failed(plain(&error)))?;
        let columns: Vec<_> = messages.iter().filter_map(column).collect();
        if columns.is_empty() {
            return Err(failed(
                "there is no such table; correct `table`, or connect to the database that has it".into(),
            ));
        }
        Ok(Self { name: name.to_string(), shown: table.to_owned(), columns })
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

fn column(message: &postgres::SimpleQueryMessage) -> Option<(String, String)> {
    match message {
        postgres::SimpleQueryMessage::Row(row) => Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())),
        _ => None,
    }
}

fn quote_literal(text: &str) -> String {
    // A backslash could be an escape under old settings: E'' says so either way.
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

impl Source for Copy<'_> {
    fn read(&mut self, row: &mut Row) -> Result<bool, DriftError> {
        self.rows += 1;
        let decoder = Decoder {
            key: self.key,
            product: self.product,
            group: &self.group,
            time: self.time,
            cells: &self.cells,
            number: self.rows,
        };
        next(&mut self.reader, &mut self.buffer, &decoder, row).map_err(|error| DriftError::Table {
            table: self.table.clone(),
            message: format!("reading stopped: {}", words(&error)),
        })
    }
}

/// The server's own words, where it spoke.
fn words(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>());
    inner.map_or_else(|| error.to_string(), plain)
}

/// Reads one row; false at the trailer. A stream that ends without one was cut.
fn next(
    reader: &mut CopyOutReader<'_>,
    buffer: &mut Vec<u8>,
    decoder: &Decoder<'_>,
    row: &mut Row,
) -> std::io::Result<bool> {
    // A message holds whole rows, as a rule one: read from it in place, and copy only what is cut.
    let whole = reader.fill_buf()?;
    if let Some(used) = extent(whole).filter(|_| !ends(whole)) {
        decoder.decode(whole.get(..used).unwrap_or(whole), row);
        reader.consume(used);
        return Ok(true);
    }
    gather(reader, buffer)?;
    if ends(buffer) {
        return Ok(false);
    }
    decoder.decode(buffer, row);
    Ok(true)
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

/// One row across messages.
fn gather(reader: &mut impl Read, row: &mut Vec<u8>) -> std::io::Result<()> {
    row.clear();
    let mut count = [0; 2];
    reader.read_exact(&mut count)?;
    row.extend(count);
    for _ in 0..i16::from_be_bytes(count) {
        let mut length = [0; 4];
        reader.read_exact(&mut length)?;
        row.extend(length);
        let length = u64::try_from(i32::from_be_bytes(length)).unwrap_or(0);
        reader.by_ref().take(length).read_to_end(row)?;
    }
    Ok(())
}

/// How the fields of a row are to be read.
struct Decoder<'a> {
    key: Format,
    product: Option<Format>,
    group: &'a [Format],
    time: Option<Format>,
    cells: &'a [Option<Format>; 6],
    number: u64,
}

impl Decoder<'_> {
    fn decode(&self, bytes: &[u8], row: &mut Row) {
        let mut fields = Fields(bytes.get(2..).unwrap_or(&[]));
        row.line = None;
        row.key.clear();
        match fields.next() {
            Some(bytes) => text(self.key, bytes, &mut row.key),
            None => row.key.push_str(&format!("row {}", self.number)),
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
        for (slot, format) in row.group.iter_mut().zip(self.group) {
            slot.clear();
            if let Some(bytes) = fields.next() {
                text(*format, bytes, slot);
            }
        }
        row.day = self.time.and_then(|format| fields.next().and_then(|bytes| day(format, bytes)));
        for (cell, format) in row.cells.iter_mut().zip(self.cells) {
            *cell = match format {
                None => Cell::Absent,
                Some(format) => fields.next().map_or(Cell::Null, |bytes| number(*format, bytes)),
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
        Format::Uuid => {
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    out.push('-');
                }
                out.push(hex(byte >> 4));
                out.push(hex(byte & 15));
            }
        }
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

fn hex(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 })
}

fn day(format: Format, bytes: &[u8]) -> Option<i32> {
    let value = integer(bytes);
    let days = if format == Format::Date { value } else { value.div_euclid(MICROS_PER_DAY) };
    // The ends of the range mean infinity.
    i32::try_from(days).ok().filter(|days| days.abs() < 3_000_000).map(|days| days + EPOCH)
}

fn number(format: Format, bytes: &[u8]) -> Cell {
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
