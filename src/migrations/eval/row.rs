//! Rows while a query is evaluated: what is in scope, and how sure it is that a row is there.

use std::rc::Rc;
use std::sync::Arc;

use super::value::{Truth, Value};

/// How sure it is that a row is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::migrations) enum Presence {
    /// It is.
    Certain,
    /// If the object it shows is there, which only that object's own history says.
    Given,
    /// It may be.
    Maybe,
    /// There may be any number like it.
    Any,
    /// There are none if the files are the whole history, else any number like it.
    Lean,
}

impl Presence {
    /// After a condition; `None` where the row is dropped.
    pub(super) fn filtered(self, condition: &Truth) -> Option<Self> {
        match condition {
            Truth::True => Some(self),
            Truth::False | Truth::Null => None,
            Truth::Unknown(_) => Some(self.max(Self::Maybe)),
        }
    }
}

/// A `FROM` item in scope.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Name it goes by.
    pub(super) alias: String,
    /// Columns.
    pub(super) columns: Rc<[String]>,
    /// It has columns that are not listed, unknown because of this.
    pub(super) wild: Option<Arc<str>>,
}

/// One row over several sources, a part for each.
#[derive(Debug, Clone)]
pub(super) struct Tuple {
    /// Values, in the order of the sources' columns.
    pub(super) parts: Vec<Rc<[Value]>>,
    /// How sure it is.
    pub(super) presence: Presence,
}

/// A row (or group of rows) that expressions are evaluated on.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// What its parts are.
    pub(super) sources: Rc<[Source]>,
    /// The row; of a group, its first.
    pub(super) tuple: Tuple,
    /// The rows aggregates range over.
    pub(super) group: Option<Rc<[Tuple]>>,
}

impl Frame {
    /// The column `name` of the source `alias` (of any, for `None`); what is not listed of a source with hidden
    /// columns is unknown, where `guess` allows it.
    pub(super) fn column(&self, alias: Option<&str>, name: &str, guess: bool) -> Option<Value> {
        let fits = |source: &Source| alias.is_none_or(|alias| source.alias == alias);
        for (source, part) in self.sources.iter().zip(&self.tuple.parts).filter(|(source, _)| fits(source)) {
            if let Some(at) = source.columns.iter().position(|column| column == name) {
                return Some(part.get(at).cloned().unwrap_or(Value::Null));
            }
        }
        let wild = self.sources.iter().filter(|source| fits(source)).find_map(|source| source.wild.clone());
        wild.filter(|_| guess).map(Value::unknown)
    }

    /// The whole row of the source `alias`.
    pub(super) fn whole(&self, alias: &str) -> Option<Value> {
        let mut sources = self.sources.iter().zip(&self.tuple.parts);
        let (source, part) = sources.find(|(source, _)| source.alias == alias)?;
        if let (Some(reason), true) = (&source.wild, source.columns.is_empty()) {
            return Some(Value::unknown(Arc::clone(reason)));
        }
        // A function or `VALUES` of one column named like its alias is that column's value.
        if let ([column], Some(value)) = (&*source.columns, part.first())
            && column == alias
        {
            return Some(value.clone());
        }
        Some(Value::Record(source.columns.iter().cloned().zip(part.iter().cloned()).collect()))
    }
}
