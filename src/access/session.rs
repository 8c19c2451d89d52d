//! What one question remembers while it is answered.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::failure::Failure;
use crate::catalog::QualifiedName;
use crate::predicate::Analysis;

/// Key of a remembered analysis: the address of a Catalog's expression, the relation, the session's name.
type Asked<'c> = (usize, &'c str);

/// Answers given so far.
#[derive(Default)]
pub(super) struct Memo<'c> {
    analyses: RefCell<HashMap<Asked<'c>, Rc<Analysis>>>,
    failures: RefCell<HashMap<(&'c str, &'c str, QualifiedName), Option<Failure>>>,
}

impl<'c> Memo<'c> {
    pub(super) fn analysis(&self, asked: Asked<'c>, analyse: impl FnOnce() -> Analysis) -> Rc<Analysis> {
        if let Some(known) = self.analyses.borrow().get(&asked) {
            return Rc::clone(known);
        }
        let analysis = Rc::new(analyse());
        self.analyses.borrow_mut().insert(asked, Rc::clone(&analysis));
        analysis
    }

    pub(super) fn failure(
        &self,
        key: (&'c str, &'c str, QualifiedName),
        find: impl FnOnce() -> Option<Failure>,
    ) -> Option<Failure> {
        if let Some(known) = self.failures.borrow().get(&key) {
            return known.clone();
        }
        let found = find();
        self.failures.borrow_mut().insert(key, found.clone());
        found
    }
}
