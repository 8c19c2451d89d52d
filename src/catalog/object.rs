//! What the model's objects are called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sql::ast::quote_ident;

/// Kinds of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are SQL's own")]
pub enum ObjectKind {
    Database,
    Role,
    Schema,
    Table,
    View,
    MaterializedView,
    ForeignTable,
    Column,
    Constraint,
    Index,
    Sequence,
    Policy,
    Trigger,
    Rule,
    Function,
    Procedure,
    Aggregate,
    /// A function or a procedure, where SQL does not say which.
    Routine,
    Type,
    Domain,
    Extension,
    EventTrigger,
    Publication,
    Grant,
    DefaultPrivilege,
    Migration,
    Statement,
    /// A stored measurement: `receptions/<key>`.
    Measurement,
    /// A kind the Catalog does not hold (operator, cast, server, text search, statistics, …).
    Other,
}

impl ObjectKind {
    /// Other objects are named after it: `schema.table.name`.
    #[must_use]
    pub const fn has_parts(self) -> bool {
        matches!(self, Self::Table | Self::View | Self::MaterializedView | Self::ForeignTable)
    }

    /// The kind in words, as it stands in messages: `materialized view`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Role => "role",
            Self::Schema => "schema",
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::ForeignTable => "foreign table",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::Sequence => "sequence",
            Self::Policy => "policy",
            Self::Trigger => "trigger",
            Self::Rule => "rule",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Aggregate => "aggregate",
            Self::Routine => "routine",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Extension => "extension",
            Self::EventTrigger => "event trigger",
            Self::Publication => "publication",
            Self::Grant => "grant",
            Self::DefaultPrivilege => "default privilege",
            Self::Migration => "migration",
            Self::Statement => "statement",
            Self::Measurement => "measurement",
            Self::Other => "object",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// `schema.name`, both folded. Ordered and serialised as PostgreSQL prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName {
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
}

impl QualifiedName {
    /// `schema.name`.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// The name in front of what is printed of an object: a part's relation, a routine without its arguments.
    #[must_use]
    pub fn leading(text: &str) -> Option<Self> {
        let (schema, rest) = split_ident(text)?;
        let (name, _) = split_ident(rest.strip_prefix('.')?)?;
        Some(Self { schema, name })
    }

    /// The first identifier of what is printed of an object.
    #[must_use]
    pub fn first(text: &str) -> String {
        split_ident(text).map_or_else(|| text.to_owned(), |(first, _)| first)
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", quote_ident(&self.schema), quote_ident(&self.name))
    }
}

impl FromStr for QualifiedName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match split_ident(text) {
            Some((schema, rest)) => match (rest.strip_prefix('.')).and_then(split_ident) {
                Some((name, "")) => Ok(Self { schema, name }),
                _ => Err(format!("`{text}` is not of the form schema.name")),
            },
            None => Err(format!("`{text}` is not of the form schema.name")),
        }
    }
}

/// Takes one identifier, quoted or not, off the front of `text`.
fn split_ident(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut name = String::new();
        let mut chars = quoted.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    name.push('"');
                    chars.next();
                }
                '"' => return Some((name, quoted.get(at + 1..).unwrap_or(""))),
                _ => name.push(c),
            }
        }
        return None;
    }
    let end = text.find(['.', '(']).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

impl Serialize for QualifiedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QualifiedName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// `schema.name(argument types)`: what identifies a routine. Types as `format_type` prints them, qualified unless
/// built in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionKey {
    /// Schema and name.
    pub name: QualifiedName,
    /// Input argument types.
    pub args: Vec<String>,
}

impl fmt::Display for FunctionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.args.join(", "))
    }
}

impl Serialize for FunctionKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FunctionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.strip_suffix(')').and_then(|head| {
            // The opening parenthesis is the first one outside the quoted names.
            let (schema, rest) = split_ident(head)?;
            let (name, args) = split_ident(rest.strip_prefix('.')?)?;
            let args = args.strip_prefix('(')?;
            let args = if args.is_empty() { Vec::new() } else { split_args(args) };
            Some(Self { name: QualifiedName { schema, name }, args })
        });
        parsed.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not of the form schema.name(types)")))
    }
}

/// Splits at top-level commas: `numeric(10,2), text` has two.
fn split_args(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut start, mut parts) = (0u32, false, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim().to_owned());
    parts
}

/// An object by kind and printable name: `policy public.citernes."read citernes"`. SARIF's logical location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// What it is.
    pub kind: ObjectKind,
    /// Its qualified name; for things on a table `schema.table.name`.
    pub name: String,
}

impl ObjectRef {
    /// An object by kind and qualified name.
    #[must_use]
    pub fn new(kind: ObjectKind, name: impl fmt::Display) -> Self {
        Self { kind, name: name.to_string() }
    }

    /// Something on a table: `schema.table.name`.
    #[must_use]
    pub fn on(kind: ObjectKind, table: &QualifiedName, name: &str) -> Self {
        Self { kind, name: format!("{table}.{}", quote_ident(name)) }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}
