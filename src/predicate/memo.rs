//! Analyses that took work, remembered: policies of many tables ask the same long helper functions again and again.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Analysis, RoleContext};
use crate::catalog::QualifiedName;
use crate::sql::ast::Expr;

/// What is asked: the expression, its relation, and the session.
pub(super) type Question<'a> = (&'a Expr, &'a QualifiedName, &'a RoleContext);

/// Work below which asking again is cheaper than remembering, in interpreted expressions.
const WORTH: u32 = 40;

/// Answers by two keyed digests of the question: the question itself is not kept.
#[derive(Debug, Default)]
pub(super) struct Memo {
    keys: [RandomState; 2],
    answers: RwLock<HashMap<[u64; 2], Arc<Analysis>>>,
}

impl Memo {
    /// The remembered answer, or the one `analyse` gives along with the work it took.
    pub(super) fn analysis(&self, question: Question<'_>, analyse: impl FnOnce() -> (Analysis, u32)) -> Arc<Analysis> {
        let digest = self.keys.each_ref().map(|key| key.hash_one(question));
        if let Some(known) = self.answers.read().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Arc::clone(known);
        }
        let (analysis, work) = analyse();
        let analysis = Arc::new(analysis);
        if work >= WORTH {
            let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
            answers.insert(digest, Arc::clone(&analysis));
        }
        analysis
    }
}
