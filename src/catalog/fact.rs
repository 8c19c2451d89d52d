//! One fact of the model, with where it was last set and how sure it is.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::location::Location;
use crate::sql::ast::Expr;

/// A value with its provenance. An unknown value is said, never guessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// The value; `None` is *unknown* (an assumed object, or one that opaque dynamic SQL may have changed) and has no
    /// `value` when written: a null there is "known to be absent".
    #[serde(
        default = "Option::default",
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none",
        bound(deserialize = "T: Deserialize<'de>")
    )]
    pub value: Option<T>,
    /// The statement that last set it; `None` for a live database or a platform default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// Set under a condition that could not be decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conditional: bool,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<T> Fact<T> {
    /// A known value.
    #[must_use]
    pub fn known(value: T, at: Option<Location>) -> Self {
        Self { value: Some(value), at, conditional: false }
    }

    /// Unknown since `at`.
    #[must_use]
    pub fn unknown(at: Option<Location>) -> Self {
        Self { value: None, at, conditional: false }
    }

    /// The value, where it is known.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<T: PartialEq> Fact<T> {
    /// Known to be `value`.
    #[must_use]
    pub fn is(&self, value: &T) -> bool {
        self.value.as_ref() == Some(value)
    }
}

impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self::unknown(None)
    }
}

/// An SQL expression as a fact: the text as written or deparsed, a canonical form in which both spellings of the same
/// meaning are equal, and the parsed tree (not serialised; read again from the text on load).
#[derive(Debug, Clone, Serialize)]
pub struct Expression {
    /// As written in the file, or as the server printed it.
    pub text: String,
    /// Canonical spelling; what comparison goes by.
    pub canonical: String,
    /// The parsed expression; `None` where it could not be parsed.
    #[serde(skip)]
    pub ast: Option<Arc<Expr>>,
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            text: String,
            canonical: String,
        }
        let Written { text, canonical } = Written::deserialize(deserializer)?;
        let ast = crate::sql::parse_expr(&text).ok().map(Arc::new);
        Ok(Self { text, canonical, ast })
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Expression {}

/// Where an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Created by a migration.
    #[default]
    Migration,
    /// There before the first migration: the platform's, or part of an extension.
    Platform,
    /// Read from a live database.
    Live,
    /// Never created in the files, but used by them: made in a dashboard, or by a statement that could not be read.
    Assumed,
}

/// Provenance of a whole object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// Where it comes from.
    pub origin: Origin,
    /// The statement that created (or last replaced) it; for an assumed object the first one that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined: Option<Location>,
    /// Created under a condition that could not be decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conditional: bool,
}

impl Provenance {
    /// Known only by use.
    #[must_use]
    pub fn is_assumed(&self) -> bool {
        self.origin == Origin::Assumed
    }
}
