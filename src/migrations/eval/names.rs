//! Names as values: what `'public.t'::regclass` stands for and how it prints.

use std::collections::BTreeSet;

use super::keywords::quote_ident;
use super::value::Value;
use crate::catalog::{Catalog, FunctionKey, QualifiedName};
use crate::sql::ast::Name;

/// An `oid`, or one of its aliases; equal where the same object is meant.
#[derive(Debug, Clone)]
pub(in crate::migrations) struct Object {
    /// How it prints.
    pub(in crate::migrations) reg: Reg,
    /// What it is.
    pub(in crate::migrations) id: Oid,
    /// Its printed form; a plain `oid` is a number nobody knows.
    pub(in crate::migrations) shown: Option<String>,
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// `oid` and its alias types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::migrations) enum Reg {
    /// `oid`.
    Oid,
    /// `regclass`.
    Class,
    /// `regproc`.
    Proc,
    /// `regprocedure`.
    Procedure,
    /// `regtype`.
    Type,
    /// `regnamespace`.
    Namespace,
    /// `regrole`.
    Role,
}

impl Reg {
    /// The type called `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "oid" => Self::Oid,
            "regclass" => Self::Class,
            "regproc" => Self::Proc,
            "regprocedure" => Self::Procedure,
            "regtype" => Self::Type,
            "regnamespace" => Self::Namespace,
            "regrole" => Self::Role,
            _ => return None,
        })
    }
}

/// What an `oid` stands for: names, because they are stable where numbers are not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::migrations) enum Oid {
    /// Table, view, index, sequence.
    Relation(QualifiedName),
    /// Routine.
    Function(FunctionKey),
    /// Type; a built-in one is in `pg_catalog`.
    Type(QualifiedName),
    /// Schema.
    Schema(String),
    /// Role.
    Role(String),
    /// Something on a table: constraint, policy, trigger, rule.
    Part(&'static str, QualifiedName, String),
    /// Anything else, by catalog and name.
    Other(&'static str, String),
}

/// Looks names up in a Catalog as the server would.
#[derive(Clone, Copy)]
pub(in crate::migrations) struct Names<'a> {
    /// The schema.
    pub(in crate::migrations) catalog: &'a Catalog,
    /// Search path.
    pub(in crate::migrations) path: &'a [String],
}

impl Names<'_> {
    /// A relation, index or sequence of exactly this name exists.
    pub(super) fn has_relation(&self, name: &QualifiedName) -> bool {
        self.catalog.relations.contains_key(name)
            || self.catalog.indexes.contains_key(name)
            || self.catalog.sequences.contains_key(name)
    }

    /// The relation `name` means.
    pub(in crate::migrations) fn relation(&self, name: &Name) -> Option<QualifiedName> {
        self.search(name, |candidate| self.has_relation(candidate))
    }

    /// The relation `name` would mean if it existed.
    pub(super) fn would_be(&self, name: &Name) -> QualifiedName {
        let schema = name.schema.clone().or_else(|| self.path.first().cloned()).unwrap_or_else(|| "public".into());
        QualifiedName::new(schema, name.name.clone())
    }

    /// The type `name` means; a table's row type too.
    pub(super) fn ty(&self, name: &Name) -> Option<QualifiedName> {
        if name.schema.as_deref().is_none_or(|schema| schema == "pg_catalog") && is_builtin_type(&name.name) {
            return Some(QualifiedName::new("pg_catalog", name.name.clone()));
        }
        self.search(name, |candidate| {
            self.catalog.types.contains_key(candidate) || self.catalog.relations.contains_key(candidate)
        })
    }

    fn search(&self, name: &Name, exists: impl Fn(&QualifiedName) -> bool) -> Option<QualifiedName> {
        if let Some(schema) = &name.schema {
            let name = QualifiedName::new(schema.clone(), name.name.clone());
            return exists(&name).then_some(name);
        }
        let candidates = self.path.iter().map(|schema| QualifiedName::new(schema.clone(), name.name.clone()));
        candidates.into_iter().find(|candidate| exists(candidate))
    }

    /// Routines of that name: `None` types match any.
    pub(super) fn routines(&self, name: &Name, args: Option<&[String]>) -> Vec<FunctionKey> {
        let fits = |key: &&FunctionKey| {
            args.is_none_or(|args| args.iter().map(|a| unqualified(a)).eq(key.args.iter().map(|a| unqualified(a))))
        };
        let schemas: BTreeSet<&String> = match &name.schema {
            Some(schema) => BTreeSet::from([schema]),
            None => self.path.iter().collect(),
        };
        let named = schemas.into_iter().map(|schema| QualifiedName::new(schema.clone(), name.name.clone()));
        let of = |name: QualifiedName| {
            self.catalog.overloads(&name).map(|(key, _)| key).filter(fits).cloned().collect::<Vec<_>>()
        };
        named.flat_map(of).collect()
    }

    /// `schema.name`, the schema left out where the search path finds the same thing.
    pub(in crate::migrations) fn show(&self, name: &QualifiedName) -> String {
        let found = self.relation(&Name::bare(name.name.clone()));
        if found.as_ref() == Some(name) || name.schema == "pg_catalog" {
            return quote_ident(&name.name);
        }
        format!("{}.{}", quote_ident(&name.schema), quote_ident(&name.name))
    }

    fn show_routine(&self, name: &QualifiedName) -> String {
        let visible = self.path.contains(&name.schema);
        if visible {
            quote_ident(&name.name)
        } else {
            format!("{}.{}", quote_ident(&name.schema), quote_ident(&name.name))
        }
    }

    fn show_type(&self, name: &QualifiedName) -> String {
        let visible = name.schema == "pg_catalog" || self.path.contains(&name.schema);
        match visible {
            true if name.schema == "pg_catalog" => name.name.clone(),
            true => quote_ident(&name.name),
            false => format!("{}.{}", quote_ident(&name.schema), quote_ident(&name.name)),
        }
    }

    /// The value of kind `reg` for `id`.
    pub(super) fn object(&self, reg: Reg, id: Oid) -> Value {
        let shown = match (reg, &id) {
            (Reg::Oid, _) => None,
            (_, Oid::Relation(name)) => Some(self.show(name)),
            (Reg::Procedure, Oid::Function(key)) => {
                Some(format!("{}({})", self.show_routine(&key.name), self.show_args(&key.args, ",")))
            }
            (_, Oid::Function(key)) => Some(self.show_routine(&key.name)),
            (_, Oid::Type(name)) => Some(self.show_type(name)),
            (_, Oid::Schema(name) | Oid::Role(name)) => Some(quote_ident(name)),
            _ => None,
        };
        Value::Object(Box::new(Object { reg, id, shown }))
    }

    /// A plain `oid`.
    pub(super) fn oid(&self, id: Oid) -> Value {
        self.object(Reg::Oid, id)
    }

    /// Argument types, each qualified only where the search path does not find it.
    pub(super) fn show_args(&self, args: &[String], separator: &str) -> String {
        let shown = args.iter().map(|arg| match arg.parse::<QualifiedName>() {
            Ok(name) if self.path.contains(&name.schema) => quote_ident(&name.name),
            _ => arg.clone(),
        });
        shown.collect::<Vec<_>>().join(separator)
    }
}

fn unqualified(ty: &str) -> &str {
    ty.rsplit_once('.').map_or(ty, |(_, name)| name)
}

/// `schema.name` or `name` as the input of `regclass` reads it: unquoted parts folded to lower case.
pub(in crate::migrations) fn parse_name(text: &str) -> Option<Name> {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = text.trim();
    loop {
        let (part, after) = take_part(rest)?;
        parts.push(part);
        rest = after.trim_start();
        match rest.strip_prefix('.') {
            Some(after) => rest = after.trim_start(),
            None => break,
        }
    }
    let name = parts.pop()?;
    rest.is_empty().then(|| Name { schema: parts.pop(), name })
}

fn take_part(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut end = 0;
        loop {
            end += quoted.get(end..)?.find('"')?;
            if !quoted.get(end + 1..)?.starts_with('"') {
                return Some((quoted.get(..end)?.replace("\"\"", "\""), quoted.get(end + 1..)?));
            }
            end += 2;
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len());
    (end > 0).then(|| (text.get(..end).unwrap_or("").to_ascii_lowercase(), text.get(end..).unwrap_or("")))
}

/// `name(type, …)` as the input of `regprocedure` reads it, types in `format_type`'s spelling.
pub(super) fn parse_signature(text: &str) -> Option<(Name, Vec<String>)> {
    let (name, args) = text.trim().strip_suffix(')')?.split_once('(')?;
    let args = args.split(',').map(|arg| canonical_type(arg.trim())).filter(|arg| !arg.is_empty()).collect();
    Some((parse_name(name)?, args))
}

/// `format_type`'s spelling of a type written by hand.
pub(super) fn canonical_type(ty: &str) -> String {
    let ty = ty.to_ascii_lowercase();
    let (base, suffix) = ty.strip_suffix("[]").map_or((ty.as_str(), ""), |base| (base, "[]"));
    let base = match base {
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "varchar" => "character varying",
        "char" | "bpchar" => "character",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        "timetz" => "time with time zone",
        "float8" | "float" => "double precision",
        "float4" => "real",
        "decimal" => "numeric",
        other => other,
    };
    format!("{base}{suffix}")
}

/// Built-in types by `pg_type.typname` and `format_type`.
pub(super) const BUILTIN_TYPES: &[(&str, &str)] = &[
    ("bool", "boolean"),
    ("bpchar", "character"),
    ("bytea", "bytea"),
    ("cidr", "cidr"),
    ("date", "date"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("inet", "inet"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("interval", "interval"),
    ("json", "json"),
    ("jsonb", "jsonb"),
    ("name", "name"),
    ("numeric", "numeric"),
    ("oid", "oid"),
    ("regclass", "regclass"),
    ("text", "text"),
    ("time", "time without time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("trigger", "trigger"),
    ("tsvector", "tsvector"),
    ("uuid", "uuid"),
    ("varchar", "character varying"),
    ("void", "void"),
    ("xml", "xml"),
];

fn is_builtin_type(name: &str) -> bool {
    BUILTIN_TYPES.iter().any(|(short, long)| *short == name || *long == name)
}
