//! The syntax tree the rest of the program sees: plain data, identifiers already folded as PostgreSQL folds them,
//! every node with its byte span in the file. Nothing here knows which parser made it.

#[allow(missing_docs, reason = "field names are the words of the SQL statement documented on the variant")]
mod ddl;
mod expr;
mod plpgsql;
mod query;

pub use ddl::*;
pub use expr::*;
pub use plpgsql::*;
pub use query::*;

use std::fmt;

/// A possibly schema-qualified name as written (a leading database name is dropped).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Schema, where one was written.
    pub schema: Option<String>,
    /// Last part of the name.
    pub name: String,
}

impl Name {
    /// An unqualified name.
    #[must_use]
    pub fn bare(name: impl Into<String>) -> Self {
        Self { schema: None, name: name.into() }
    }

    /// A schema-qualified name.
    #[must_use]
    pub fn qualified(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), name: name.into() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quote_ident(schema))?;
        }
        f.write_str(&quote_ident(&self.name))
    }
}

/// `name` as PostgreSQL would print it: quoted only where folding would change it. Reserved words are left bare,
/// because reports are for people.
#[must_use]
pub fn quote_ident(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '$');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A role where SQL takes one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleSpec {
    /// A role by name.
    Name(String),
    /// `PUBLIC`.
    Public,
    /// `CURRENT_USER` or `CURRENT_ROLE`.
    CurrentUser,
    /// `SESSION_USER`.
    SessionUser,
}

/// A type name as written, with SQL's own spellings already turned into `format_type`'s
/// (`int4`/`int` → `integer`, `varchar` → `character varying`, `timestamptz` → `timestamp with time zone`, …).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeName {
    /// Name; built-in types carry no schema (a written `pg_catalog.` is dropped).
    pub name: Name,
    /// Type modifiers as written, e.g. `["10", "2"]` for `numeric(10,2)`.
    pub modifiers: Vec<String>,
    /// Number of array dimensions, 0 for a scalar (PostgreSQL itself does not distinguish 1 from more).
    pub array_dims: u8,
    /// `SETOF`.
    pub setof: bool,
    /// `table.column%TYPE` or `table%ROWTYPE`; then `name` is the part before the percent sign.
    pub percent: bool,
}

impl fmt::Display for TypeName {
    /// As `format_type` prints it; modifiers before a `with/without time zone` suffix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.setof {
            f.write_str("SETOF ")?;
        }
        let builtin = self.name.schema.is_none() && self.name.name.contains(' ');
        let base = if builtin { self.name.name.clone() } else { self.name.to_string() };
        let modifiers =
            if self.modifiers.is_empty() { String::new() } else { format!("({})", self.modifiers.join(",")) };
        match base.split_once(' ').filter(|(_, rest)| rest.ends_with("time zone")) {
            Some((head, rest)) => write!(f, "{head}{modifiers} {rest}")?,
            None => write!(f, "{base}{modifiers}")?,
        }
        if self.percent {
            f.write_str("%TYPE")?;
        }
        if self.array_dims > 0 { f.write_str("[]") } else { Ok(()) }
    }
}
