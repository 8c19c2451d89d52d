//! Types, as coarse as comparing values needs.

use crate::catalog::{Catalog, QualifiedName, TypeKind};
use crate::sql::ast::TypeName;

use super::decimal::Decimal;
use super::formula::Point;

/// What is known of a value's type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Ty {
    /// Nothing.
    Any,
    /// A string constant not yet given a type.
    Literal,
    /// `text` and what compares like it.
    Text,
    Int,
    Numeric,
    Float,
    Bool,
    Uuid,
    Json,
    Jsonb,
    Enum(QualifiedName),
    Array(Box<Ty>),
    /// Another built-in scalar: equal values may be spelled differently.
    Scalar(String),
    /// A type of the schema that may be composite.
    Other(String),
}

/// Built-in scalars this module only needs to know as such.
const SCALARS: [&str; 24] = [
    "real",
    "date",
    "time",
    "timestamp",
    "time without time zone",
    "time with time zone",
    "timestamp without time zone",
    "timestamp with time zone",
    "interval",
    "bytea",
    "character",
    "\"char\"",
    "inet",
    "cidr",
    "macaddr",
    "oid",
    "regclass",
    "regrole",
    "money",
    "bit",
    "bit varying",
    "tsvector",
    "tsquery",
    "xml",
];

const MAX_DOMAIN_DEPTH: u8 = 8;

impl Ty {
    /// The type `format_type` prints as `text`.
    pub(super) fn parse(text: &str, catalog: &Catalog, path: &[String]) -> Self {
        Self::parse_at(text, catalog, path, 0)
    }

    /// A type as written in a cast; unqualified names are looked up in `path`.
    pub(super) fn of_name(name: &TypeName, catalog: &Catalog, path: &[String]) -> Self {
        if name.percent || name.setof { Self::Any } else { Self::parse(&name.to_string(), catalog, path) }
    }

    fn parse_at(text: &str, catalog: &Catalog, path: &[String], depth: u8) -> Self {
        if let Some(element) = text.strip_suffix("[]") {
            return Self::Array(Box::new(Self::parse_at(element, catalog, path, depth)));
        }
        let base = strip_modifiers(text);
        match base.as_str() {
            "text" | "character varying" | "name" => Self::Text,
            "integer" | "bigint" | "smallint" => Self::Int,
            "numeric" => Self::Numeric,
            "double precision" => Self::Float,
            "boolean" => Self::Bool,
            "uuid" => Self::Uuid,
            "json" => Self::Json,
            "jsonb" => Self::Jsonb,
            scalar if SCALARS.contains(&scalar) => Self::Scalar(base),
            _ => Self::of_schema(&base, catalog, path, depth),
        }
    }

    fn of_schema(base: &str, catalog: &Catalog, path: &[String], depth: u8) -> Self {
        let name = match base.parse::<QualifiedName>() {
            Ok(name) => Some(name),
            Err(_) => path
                .iter()
                .map(|schema| QualifiedName::new(schema, base.trim_matches('"')))
                .find(|name| catalog.types.contains_key(name)),
        };
        let found = name.as_ref().and_then(|name| catalog.types.get(name)).map(|found| &found.kind);
        match (found, name) {
            (Some(TypeKind::Enum { .. }), Some(name)) => Self::Enum(name),
            (Some(TypeKind::Domain { base, .. }), _) if depth < MAX_DOMAIN_DEPTH => {
                Self::parse_at(base, catalog, path, depth + 1)
            }
            _ => Self::Other(base.to_owned()),
        }
    }

    /// May be a row: then `IS NULL` and `IS NOT NULL` ask about its fields and are not each other's opposite.
    pub(super) const fn may_be_row(&self) -> bool {
        matches!(self, Self::Any | Self::Other(_))
    }

    /// Numbers, whose order is that of their values.
    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Numeric | Self::Float)
    }

    pub(super) const fn is_json(&self) -> bool {
        matches!(self, Self::Json | Self::Jsonb)
    }

    pub(super) const fn is_textual(&self) -> bool {
        matches!(self, Self::Text | Self::Literal)
    }

    /// Casts to it keep NULL NULL and everything else not NULL.
    pub(super) const fn total_cast(&self) -> bool {
        !matches!(self, Self::Any | Self::Other(_))
    }
}

/// A constant with its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Const {
    pub(super) ty: Ty,
    pub(super) text: String,
}

impl Const {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { ty: Ty::Text, text: text.into() }
    }

    /// The constant as a value of type `ty` that is equal to another exactly where the points are; `None` where
    /// that cannot be said.
    pub(super) fn point(&self, ty: &Ty) -> Option<Point> {
        let literal = self.ty == Ty::Literal;
        match ty {
            Ty::Text | Ty::Literal if self.ty.is_textual() => Some(Point::Text(self.text.clone())),
            Ty::Int | Ty::Numeric | Ty::Float if literal || self.ty.is_number() => {
                Decimal::parse(&self.text).map(Point::Number)
            }
            Ty::Uuid if literal || self.ty == Ty::Uuid => uuid(&self.text).map(Point::Text),
            Ty::Enum(_) if literal || self.ty == *ty => Some(Point::Text(self.text.clone())),
            _ => None,
        }
    }
}

/// A UUID in one spelling.
pub(super) fn uuid(text: &str) -> Option<String> {
    let digits: String = text.trim_matches(['{', '}']).chars().filter(|c| *c != '-').collect();
    (digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit())).then(|| digits.to_ascii_lowercase())
}

/// A boolean constant in any of PostgreSQL's spellings.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let word = text.trim().to_ascii_lowercase();
    let abbreviates = |full: &str, least: usize| word.len() >= least && full.starts_with(&word);
    match word.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if abbreviates("true", 1) || abbreviates("yes", 1) || word == "on" => Some(true),
        _ if abbreviates("false", 1) || abbreviates("no", 1) || abbreviates("off", 2) => Some(false),
        _ => None,
    }
}

/// `numeric(10,2)` → `numeric`, `timestamp(3) with time zone` → `timestamp with time zone`.
fn strip_modifiers(text: &str) -> String {
    match (text.find('('), text.find(')')) {
        (Some(open), Some(close)) if open < close && !text.starts_with('"') => {
            let (head, tail) = (text.get(..open).unwrap_or(""), text.get(close + 1..).unwrap_or(""));
            format!("{}{tail}", head.trim_end())
        }
        _ => text.to_owned(),
    }
}
