//! What one question remembers while it is answered.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::predicate::Analysis;

/// Key of a remembered analysis: the address of a Catalog's expression, whose session, and whose rights.
type Asked<'c> = (usize, &'c str, &'c str);

/// Answers given so far.
#[derive(Default)]
pub(super) struct Memo<'c> {
    analyses: RefCell<HashMap<Asked<'c>, Arc<Analysis>>>,
    shallow: bool,
}

impl<'c> Memo<'c> {
    /// For a question asked on the way to another: what its subqueries show is not looked into.
    pub(super) fn shallow() -> Self {
        Self { shallow: true, ..Self::default() }
    }

    pub(super) fn is_shallow(&self) -> bool {
        self.shallow
    }

    pub(super) fn analysis(&self, asked: Asked<'c>, analyse: impl FnOnce() -> Arc<Analysis>) -> Arc<Analysis> {
        if let Some(known) = self.analyses.borrow().get(&asked) {
            return Arc::clone(known);
        }
        let analysis = analyse();
        self.analyses.borrow_mut().insert(asked, Arc::clone(&analysis));
        analysis
    }
}
