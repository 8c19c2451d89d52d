//! The interpreter: an expression to an abstract value, under one role's session.

mod arena;
mod call;
mod cast;
mod compare;
mod expr;
mod function;
mod json;
mod plpgsql;
mod query;
mod relation;
mod scope;
mod subquery;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::formula::{Deps, Formulas, Node, Var};
use super::role::RoleContext;
use super::value::{Term, TermInfo, TermKey, Value};
use super::{Analyser, Depends};
use crate::catalog::{FunctionKey, QualifiedName};

pub(super) use scope::{Columns, Item, Scope};

/// Nesting of expressions interpreted; what is deeper is unknown.
const MAX_DEPTH: u16 = 120;
/// Nesting of function calls interpreted.
const MAX_CALLS: usize = 8;
/// Expressions interpreted in one analysis, inlined bodies counted each time.
const MAX_WORK: u32 = 20_000;

/// What a value may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Column(String),
    Session(String),
    Data(QualifiedName),
    Unknown(String),
}

/// One analysis under way.
pub(super) struct Eval<'a> {
    pub(super) analyser: &'a Analyser<'a>,
    pub(super) role: &'a RoleContext,
    pub(super) formulas: Formulas,
    terms: Vec<TermInfo>,
    term_index: FxHashMap<TermKey, Term>,
    truths: FxHashMap<Term, Node>,
    cells: FxHashMap<Term, Var>,
    orders: FxHashMap<(Value, Value), Var>,
    sources: Vec<Source>,
    /// What was used to decide something, for the reason.
    pub(super) facts: Vec<String>,
    next_id: u32,
    depth: u16,
    work: u32,
    /// Subqueries around the current expression.
    level: u8,
    aggregates: Aggregates,
    group_deps: Deps,
    /// A function met since this was last cleared may give rows.
    saw_set: bool,
    pub(super) not_null_columns: BTreeSet<String>,
    /// Names of the expression itself that are nothing known.
    pub(super) missing: BTreeSet<String>,
    /// The relation's whole row is used.
    pub(super) whole_row: bool,
    current_user: Option<String>,
    path: Vec<String>,
    calls: Vec<&'a FunctionKey>,
    /// Inside a function that runs with its owner's rights, or may.
    other_rights: bool,
    results: FxHashMap<(&'a FunctionKey, Vec<Value>, Surroundings), Value>,
}

/// What a function takes over from where it is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Surroundings {
    user: Option<String>,
    path: Vec<String>,
    other_rights: bool,
}

/// What an aggregate call stands for where it is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregates {
    /// Over some rows.
    Rows,
    /// Over no rows.
    Empty,
}

impl<'a> Eval<'a> {
    pub(super) fn new(analyser: &'a Analyser<'a>, role: &'a RoleContext) -> Self {
        Self {
            analyser,
            role,
            formulas: Formulas::new(),
            terms: Vec::new(),
            term_index: FxHashMap::default(),
            truths: FxHashMap::default(),
            cells: FxHashMap::default(),
            orders: FxHashMap::default(),
            sources: Vec::new(),
            facts: Vec::new(),
            next_id: 0,
            depth: 0,
            work: MAX_WORK,
            level: 0,
            aggregates: Aggregates::Rows,
            group_deps: Deps::default(),
            saw_set: false,
            not_null_columns: BTreeSet::new(),
            missing: BTreeSet::new(),
            whole_row: false,
            current_user: role.current_user.clone(),
            path: analyser.options.search_path.clone(),
            calls: Vec::new(),
            other_rights: false,
            results: FxHashMap::default(),
        }
    }

    /// Expressions interpreted so far.
    pub(super) fn work_done(&self) -> u32 {
        MAX_WORK - self.work
    }

    /// What a set of source bits stands for.
    pub(super) fn depends(&self, bits: u64) -> Depends {
        let mut depends = Depends::default();
        for (at, source) in self.sources.iter().enumerate() {
            if bits & arena::bit(at) == 0 {
                continue;
            }
            match source.clone() {
                Source::Column(name) => depends.columns.insert(name),
                Source::Session(name) => depends.session.insert(name),
                Source::Data(name) => depends.data.insert(name),
                Source::Unknown(name) => depends.unknown.insert(name),
            };
        }
        depends
    }

    /// The bits of all sources that `matches`.
    pub(super) fn mask(&self, matches: impl Fn(&Source) -> bool) -> u64 {
        let bits = self.sources.iter().enumerate().filter(|(_, source)| matches(source));
        bits.fold(0, |mask, (at, _)| mask | arena::bit(at))
    }

    /// Columns of the policy's own row used so far.
    pub(super) fn columns_used(&self) -> BTreeSet<String> {
        self.sources
            .iter()
            .filter_map(|source| match source {
                Source::Column(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    fn fact(&mut self, fact: String) {
        if self.facts.last() != Some(&fact) {
            self.facts.push(fact);
        }
    }

    fn id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }
}
