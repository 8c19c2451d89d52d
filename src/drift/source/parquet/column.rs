//! One column of a Parquet file, value by value.

use std::collections::VecDeque;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::Result;
use parquet::schema::types::ColumnDescriptor;

use crate::drift::source::numeric;
use crate::drift::source::{Cell, day};

/// Values read at once.
const BATCH: usize = 4096;

/// How a column's values are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    /// With so many decimals.
    Decimal(u8),
    Float,
    Text,
    Uuid,
    Date,
    /// In so many units per day.
    Instant(i64),
}

impl Kind {
    /// `None` for types that neither identify nor measure anything.
    pub(super) fn of(column: &ColumnDescriptor) -> Option<Self> {
        if column.max_rep_level() > 0 {
            return None;
        }
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Decimal(_)), _) | (_, ConvertedType::DECIMAL) => {
                u8::try_from(column.type_scale()).ok().map(Self::Decimal)
            }
            (Some(LogicalType::Timestamp(about)), _) => Some(Self::Instant(per_day(&about.unit))),
            (_, ConvertedType::TIMESTAMP_MILLIS) => Some(Self::Instant(per_day(&TimeUnit::MILLIS))),
            (_, ConvertedType::TIMESTAMP_MICROS) => Some(Self::Instant(per_day(&TimeUnit::MICROS))),
            (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => Some(Self::Date),
            (Some(LogicalType::Uuid), _) => Some(Self::Uuid),
            (_, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) | (Some(LogicalType::Time(_)), _) => None,
            _ => Self::plain(column.physical_type()),
        }
    }

    const fn plain(physical: Physical) -> Option<Self> {
        match physical {
            Physical::INT32 | Physical::INT64 => Some(Self::Integer),
            Physical::FLOAT | Physical::DOUBLE => Some(Self::Float),
            Physical::BYTE_ARRAY => Some(Self::Text),
            _ => None,
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(_) | Self::Float)
    }

    pub(super) const fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Instant(_) | Self::Text)
    }
}

const fn per_day(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 86_400_000,
        TimeUnit::MICROS => 86_400_000_000,
        TimeUnit::NANOS => 86_400_000_000_000,
    }
}

/// A value as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Integer(i128),
    Single(f32),
    Double(f64),
    Bytes(Vec<u8>),
}

impl Value {
    pub(super) fn cell(&self, kind: Kind) -> Cell {
        match (self, kind) {
            (Self::Null, _) => Cell::Null,
            (Self::Integer(value), Kind::Decimal(scale)) => Cell::Number(shifted(*value, scale), scale),
            (Self::Integer(value), _) => Cell::Number(*value as f64, 0),
            // 0.1 in single precision means 0.1, not the f64 nearest to its bits.
            (Self::Single(value), _) => numeric::float(value.to_string().parse().unwrap_or(f64::NAN)),
            (Self::Double(value), _) => numeric::float(*value),
            (Self::Bytes(bytes), Kind::Decimal(scale)) => match big_endian(bytes) {
                Some(value) => Cell::Number(shifted(value, scale), scale),
                None => Cell::Bad("a decimal of more than 38 digits".to_owned()),
            },
            (Self::Bytes(bytes), _) => Cell::Bad(String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    pub(super) fn text(&self, kind: Kind) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Integer(value) => Some(value.to_string()),
            Self::Single(value) => Some(value.to_string()),
            Self::Double(value) => Some(value.to_string()),
            Self::Bytes(bytes) if kind == Kind::Uuid => Some(uuid(bytes)),
            Self::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    pub(super) fn day(&self, kind: Kind) -> Option<i32> {
        match (self, kind) {
            (Self::Integer(days), Kind::Date) => i32::try_from(*days).ok(),
            (Self::Integer(value), Kind::Instant(per_day)) => i32::try_from(value.div_euclid(i128::from(per_day))).ok(),
            (Self::Bytes(bytes), Kind::Text) => day(std::str::from_utf8(bytes).ok()?),
            _ => None,
        }
    }
}

/// The decimal number, correctly rounded as long as its digits fit a double.
fn shifted(value: i128, scale: u8) -> f64 {
    value as f64 / 10_f64.powi(i32::from(scale))
}

fn big_endian(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let start: i128 = if negative { -1 } else { 0 };
    (bytes.len() <= 16).then(|| bytes.iter().fold(start, |value, byte| value << 8 | i128::from(*byte)))
}

fn uuid(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// A column of one row group.
pub(super) struct Column {
    reader: ColumnReader,
    /// Definition level of a value that is there.
    defined: i16,
    ahead: VecDeque<Value>,
}

impl Column {
    pub(super) fn new(reader: ColumnReader, defined: i16) -> Self {
        Self { reader, defined, ahead: VecDeque::new() }
    }

    /// The next value; NULL behind the end.
    pub(super) fn next(&mut self) -> Result<Value> {
        if self.ahead.is_empty() {
            self.fill()?;
        }
        Ok(self.ahead.pop_front().unwrap_or(Value::Null))
    }

    fn fill(&mut self) -> Result<()> {
        let Self { reader, defined, ahead } = self;
        match reader {
            ColumnReader::Int32ColumnReader(reader) => pull(reader, *defined, ahead, |v| Value::Integer((*v).into())),
            ColumnReader::Int64ColumnReader(reader) => pull(reader, *defined, ahead, |v| Value::Integer((*v).into())),
            ColumnReader::FloatColumnReader(reader) => pull(reader, *defined, ahead, |v| Value::Single(*v)),
            ColumnReader::DoubleColumnReader(reader) => pull(reader, *defined, ahead, |v| Value::Double(*v)),
            ColumnReader::ByteArrayColumnReader(reader) => pull(reader, *defined, ahead, bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => pull(reader, *defined, ahead, |v| bytes(v)),
            ColumnReader::BoolColumnReader(_) | ColumnReader::Int96ColumnReader(_) => Ok(()),
        }
    }
}

fn bytes(value: &ByteArray) -> Value {
    Value::Bytes(value.data().to_vec())
}

fn pull<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    defined: i16,
    ahead: &mut VecDeque<Value>,
    value: impl Fn(&T::T) -> Value,
) -> Result<()> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
    if defined == 0 {
        ahead.extend(values.iter().map(value));
        return Ok(());
    }
    let mut values = values.iter();
    ahead.extend(levels.iter().map(|level| {
        let there = if *level == defined { values.next() } else { None };
        there.map_or(Value::Null, &value)
    }));
    Ok(())
}
