//! Values, with the unknown among them.

use std::sync::Arc;

use super::names::Object;

/// An SQL value as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::migrations) enum Value {
    /// `NULL`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of any width.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text, and anything that is compared and printed as its text.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// A row with field names.
    Record(Vec<(String, Value)>),
    /// An `oid` or `reg…` value.
    Object(Box<Object>),
    /// Text of which parts are not known.
    Template(Vec<Piece>),
    /// Not known at all.
    Unknown(Unknown),
}

/// Part of a text.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::migrations) enum Piece {
    /// Known characters.
    Known(String),
    /// Text that means what the server's would, but may be spelled otherwise (an expression as written).
    Spelled(String),
    /// An unknown identifier, quoted where it needs to be.
    Ident(Arc<str>),
    /// An unknown string constant, quotes included.
    Literal(Arc<str>),
    /// Unknown characters.
    Any(Arc<str>),
}

/// Why a value is not known.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::migrations) struct Unknown {
    /// In words: ``rows of `public.t` ``.
    pub(in crate::migrations) reason: Arc<str>,
    /// Which way a test on it would go if the files were the whole history.
    pub(in crate::migrations) lean: Option<bool>,
    /// The name of something the files never mention.
    pub(in crate::migrations) unseen: bool,
}

impl Unknown {
    /// Unknown because of `reason`.
    pub(in crate::migrations) fn new(reason: impl Into<Arc<str>>) -> Self {
        Self { reason: reason.into(), lean: None, unseen: false }
    }

    /// Unknown, but `lean` if the files are the whole history.
    pub(in crate::migrations) fn leaning(reason: impl Into<Arc<str>>, lean: bool) -> Self {
        Self { reason: reason.into(), lean: Some(lean), unseen: false }
    }
}

/// What a condition comes to.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::migrations) enum Truth {
    /// True.
    True,
    /// False.
    False,
    /// `NULL`.
    Null,
    /// Not known.
    Unknown(Unknown),
}

impl Truth {
    /// Of a Rust boolean.
    pub(super) fn of(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }

    /// As a value.
    pub(super) fn value(self) -> Value {
        match self {
            Self::True => Value::Bool(true),
            Self::False => Value::Bool(false),
            Self::Null => Value::Null,
            Self::Unknown(why) => Value::Unknown(why),
        }
    }

    /// `NOT`.
    pub(super) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Null => Self::Null,
            Self::Unknown(why) => Self::Unknown(Unknown { lean: why.lean.map(|lean| !lean), ..why }),
        }
    }

    /// `AND`: false wins, then unknown, then null.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::Unknown(a), Self::Unknown(b)) => {
                let lean = match (a.lean, b.lean) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
                Self::Unknown(Unknown { lean, ..a })
            }
            (Self::Unknown(why), Self::Null) | (Self::Null, Self::Unknown(why)) => {
                Self::Unknown(Unknown { lean: why.lean.filter(|lean| !lean), ..why })
            }
            (Self::Unknown(why), Self::True) | (Self::True, Self::Unknown(why)) => Self::Unknown(why),
            (Self::Null, _) | (_, Self::Null) => Self::Null,
            (Self::True, Self::True) => Self::True,
        }
    }

    /// `OR`.
    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

impl Value {
    /// Unknown because of `reason`.
    pub(in crate::migrations) fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self::Unknown(Unknown::new(reason))
    }

    /// Text.
    pub(in crate::migrations) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// `NULL` for `None`.
    pub(super) fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    /// An array of texts.
    pub(super) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Array(texts.into_iter().map(|text| Self::Text(text.into())).collect())
    }

    /// `NULL`.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Why the value is not (wholly) known.
    pub(in crate::migrations) fn doubt(&self) -> Option<Unknown> {
        match self {
            Self::Unknown(why) => Some(why.clone()),
            Self::Template(pieces) => {
                let reason = pieces.iter().find_map(Piece::reason);
                Some(Unknown::new(reason.unwrap_or_else(|| "how the server spells an expression".into())))
            }
            Self::Array(values) => values.iter().find_map(Self::doubt),
            Self::Record(fields) => fields.iter().find_map(|(_, value)| value.doubt()),
            _ => None,
        }
    }

    /// Read as a condition.
    pub(in crate::migrations) fn truth(&self) -> Truth {
        match self {
            Self::Null => Truth::Null,
            Self::Bool(value) => Truth::of(*value),
            Self::Text(text) => super::cast::to_bool(text).map_or(Truth::Null, Truth::of),
            Self::Int(number) => Truth::of(*number != 0),
            other => Truth::Unknown(other.doubt().unwrap_or_else(|| Unknown::new("a condition that is no boolean"))),
        }
    }

    /// As text, in pieces; `None` is `NULL`.
    pub(in crate::migrations) fn pieces(&self) -> Option<Vec<Piece>> {
        match self {
            Self::Null => None,
            Self::Template(pieces) => Some(pieces.clone()),
            Self::Unknown(why) => Some(vec![Piece::Any(Arc::clone(&why.reason))]),
            other => Some(vec![match other.plain() {
                Some(text) => Piece::Known(text),
                None => Piece::Any(other.doubt().map_or_else(|| "a value".into(), |why| why.reason)),
            }]),
        }
    }

    /// From pieces: plain text where all are known.
    pub(in crate::migrations) fn from_pieces(pieces: Vec<Piece>) -> Self {
        let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match (merged.last_mut(), piece) {
                (Some(Piece::Known(text)), Piece::Known(more)) => text.push_str(&more),
                (_, piece) => merged.push(piece),
            }
        }
        match merged.as_slice() {
            [] => Self::text(""),
            [Piece::Known(text)] => Self::text(text.clone()),
            [Piece::Any(reason)] => Self::unknown(Arc::clone(reason)),
            _ => Self::Template(merged),
        }
    }

    /// The text PostgreSQL would print, where the value is wholly known and not null.
    pub(in crate::migrations) fn plain(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(if *value { "t" } else { "f" }.to_owned()),
            Self::Int(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Array(values) => super::text::array_literal(values),
            Self::Object(object) => object.shown.clone(),
            Self::Record(fields) => super::text::record_literal(fields),
            Self::Null | Self::Template(_) | Self::Unknown(_) => None,
        }
    }

    /// Text to the same effect as the server's, where no part of it is unknown.
    pub(in crate::migrations) fn equivalent(&self) -> Option<String> {
        let pieces = self.pieces()?;
        let parts = pieces.iter().map(|piece| match piece {
            Piece::Known(text) | Piece::Spelled(text) => Some(text.as_str()),
            Piece::Ident(_) | Piece::Literal(_) | Piece::Any(_) => None,
        });
        parts.collect::<Option<String>>()
    }

    /// What is known of a text that is one or the other: how both begin.
    pub(in crate::migrations) fn either(&self, other: &Self, reason: &str) -> Self {
        let unknown = || Self::unknown(reason);
        if !matches!((self, other), (Self::Text(_) | Self::Template(_), Self::Text(_) | Self::Template(_))) {
            return unknown();
        }
        let (Some(a), Some(b)) = (self.pieces(), other.pieces()) else { return unknown() };
        let mut common = Vec::new();
        for (a, b) in a.into_iter().zip(b) {
            match (a, b) {
                (a, b) if a == b => common.push(a),
                (Piece::Known(a), Piece::Known(b)) => {
                    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a);
                    common.push(Piece::Known(same.collect()));
                    break;
                }
                _ => break,
            }
        }
        common.push(Piece::Any(reason.into()));
        common.retain(|piece| !matches!(piece, Piece::Known(text) if text.is_empty()));
        Self::from_pieces(common)
    }

    /// As an integer.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

impl Piece {
    /// Why it is not known.
    pub(in crate::migrations) fn reason(&self) -> Option<Arc<str>> {
        match self {
            Self::Known(_) | Self::Spelled(_) => None,
            Self::Ident(reason) | Self::Literal(reason) | Self::Any(reason) => Some(Arc::clone(reason)),
        }
    }
}
