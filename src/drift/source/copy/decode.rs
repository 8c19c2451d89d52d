//! The bytes of a binary COPY → rows.

use super::table::{Format, Shape};
use crate::drift::source::block::{Block, Numbers};
use crate::drift::source::{Cell, Row, numeric};

/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's epoch.
const EPOCH: i32 = 10_957;
const MICROS_PER_DAY: i64 = 86_400_000_000;

impl Shape {
    /// The row in `bytes`, the `number`th.
    pub(super) fn decode(&self, bytes: &[u8], number: u64, row: &mut Row) {
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
        self.texts(&mut fields, &mut row.group);
        row.day = self.time.and_then(|format| fields.next().and_then(|bytes| day(format, bytes)));
        for (cell, format) in row.cells.iter_mut().zip(&self.cells) {
            *cell = match format {
                None => Cell::Absent,
                Some(format) => fields.next().map_or(Cell::Null, |bytes| value(*format, bytes)),
            };
        }
    }
}

impl Shape {
    /// The next fields as the values of the `group-by` columns.
    fn texts(&self, fields: &mut Fields<'_>, values: &mut Vec<String>) {
        values.truncate(self.group.len());
        values.resize_with(self.group.len(), String::new);
        for (slot, format) in values.iter_mut().zip(&self.group) {
            slot.clear();
            if let Some(bytes) = fields.next() {
                text(*format, bytes, slot);
            }
        }
    }

    /// The values of the `group-by` columns from the fields' bytes.
    pub(super) fn group(&self, bytes: &[u8]) -> Vec<String> {
        let mut values = Vec::new();
        self.texts(&mut Fields(bytes), &mut values);
        values
    }

    /// The product from its field's bytes.
    pub(super) fn product(&self, bytes: &[u8]) -> Option<String> {
        let mut product = String::new();
        text(self.product?, Fields(bytes).next()?, &mut product);
        Some(product)
    }

    /// Adds the row at the front of `bytes` to `block`: its length, or `None` where not all of it is there.
    pub(super) fn add(&self, bytes: &[u8], met: &mut Met, block: &mut Block) -> Option<usize> {
        let mut rest = bytes.get(2..)?;
        field(&mut rest)?;
        let product = if self.product.is_some() { Some(met.products.number(fields(&mut rest, 1)?)) } else { None };
        let groups = self.group.len();
        let group = if groups > 0 { Some(met.groups.number(fields(&mut rest, groups)?)) } else { None };
        let day = match self.time {
            Some(format) => Some(field(&mut rest)?.and_then(|bytes| day(format, bytes))),
            None => None,
        };
        let mut values = [f64::NAN; 6];
        for (value, format) in values.iter_mut().zip(&self.cells) {
            if let Some(format) = format {
                *value = field(&mut rest)?.map_or(f64::NAN, |bytes| number(*format, bytes));
            }
        }
        block.rows += 1;
        block.products.extend(product);
        block.groups.extend(group);
        block.days.extend(day);
        for ((column, value), format) in block.cells.iter_mut().zip(values).zip(&self.cells) {
            if format.is_some() {
                column.push(value);
            }
        }
        Some(bytes.len() - rest.len())
    }
}

/// Products and groups met so far, by their fields' bytes.
#[derive(Debug, Default)]
pub(super) struct Met {
    pub(super) products: Numbers,
    pub(super) groups: Numbers,
}

/// The next field of a row that may end early: `None` where it does, `Some(None)` where the field is NULL.
#[inline(always)]
fn field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
        *rest = behind;
        return Some(None);
    };
    let (field, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(Some(field))
}

/// The bytes of the next fields, lengths and all.
#[inline(always)]
fn fields<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let all = *rest;
    for _ in 0..count {
        field(rest)?;
    }
    all.get(..all.len() - rest.len())
}

/// The value of a number, NaN where it is none.
#[inline]
fn number(format: Format, bytes: &[u8]) -> f64 {
    match format {
        Format::Numeric => numeric::plain(bytes),
        Format::Float8 => bytes.first_chunk::<8>().map_or(f64::NAN, |bytes| f64::from_be_bytes(*bytes)),
        format => match value(format, bytes) {
            Cell::Number(value, _) => value,
            _ => f64::NAN,
        },
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
    let (mut rest, mut digits, mut first) = (value.unsigned_abs(), [b'0'; 20], 20);
    for (at, slot) in digits.iter_mut().enumerate().rev() {
        // Dividing by a constant is a multiplication.
        *slot = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        first = at;
        if rest == 0 {
            break;
        }
    }
    out.push_str(digits.get(first..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default());
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
