//! Abstract values: what an expression may be, as far as it is known.

use super::formula::{Deps, Node};
use super::ty::{Const, Ty};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    Null,
    Const(Const),
    /// An unknown, by number: equal numbers are equal values.
    Term(Term),
    /// A truth value.
    Bool(Node),
    /// The token's claims, as `text` or as `json`/`jsonb`.
    Claims {
        text: bool,
    },
    /// One of several, by two-valued guards of which exactly one holds.
    Choice(Vec<(Node, Value)>),
    Row(Vec<Value>),
    Array(Vec<Value>),
}

/// An unknown value, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term(pub(super) u32);

/// What makes two terms the same unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum TermKey {
    /// A column of one instance of a relation.
    Column(u32, String),
    /// A claim of the token, as text.
    Claim(String),
    /// Something the session fixes: `session_user`, `setting app.tenant`.
    Session(String),
    /// A function of other values.
    Apply(String, Vec<Value>),
    /// Like nothing else.
    Unique(u32),
}

/// What is known of a term.
#[derive(Debug, Clone)]
pub(super) struct TermInfo {
    pub(super) ty: Ty,
    /// Two-valued: the term is NULL.
    pub(super) null: Node,
    pub(super) deps: Deps,
}

/// Most alternatives kept apart.
pub(super) const MAX_CHOICE: usize = 12;

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Const(Const::text(text))
    }

    pub(super) fn constant(&self) -> Option<&Const> {
        match self {
            Self::Const(constant) => Some(constant),
            _ => None,
        }
    }
}
