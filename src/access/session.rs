//! What one question remembers while it is answered.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::predicate::Analysis;

/// Key of a remembered analysis: the address of a Catalog's expression, whose session, whose rights, and whether it was
/// looked at without what its subqueries show.
type Asked<'c> = (usize, &'c str, &'c str, bool);

/// Answers given so far.
#[derive(Default)]
pub(super) struct Memo<'c> {
    analyses: RefCell<HashMap<Asked<'c>, Rc<Analysis>>>,
    nesting: Cell<usize>,
}

impl<'c> Memo<'c> {
    /// How many subqueries are being looked into.
    pub(super) fn nesting(&self) -> usize {
        self.nesting.get()
    }

    /// Looks into one more.
    pub(super) fn nested<T>(&self, look: impl FnOnce() -> T) -> T {
        self.nesting.set(self.nesting.get() + 1);
        let seen = look();
        self.nesting.set(self.nesting.get() - 1);
        seen
    }

    pub(super) fn analysis(&self, asked: Asked<'c>, analyse: impl FnOnce() -> Analysis) -> Rc<Analysis> {
        if let Some(known) = self.analyses.borrow().get(&asked) {
            return Rc::clone(known);
        }
        let analysis = Rc::new(analyse());
        self.analyses.borrow_mut().insert(asked, Rc::clone(&analysis));
        analysis
    }
}
