//! What policy expressions say, as rules name it: the adaptor between `predicate` and the subjects.

mod predicate;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Model;
use super::model::is_own;
use crate::catalog::{Expression, Policy, QualifiedName};
use crate::sql::ast::PolicyCommand;

pub(super) use predicate::{Shape, Verdict, analyse};

/// The facts of one policy's two expressions. `None` inside a fact is "no such clause".
pub(super) struct PolicyFacts<'p> {
    pub(super) using: Clause<'p>,
    pub(super) check: Clause<'p>,
}

/// One clause of a policy.
pub(super) enum Clause<'p> {
    /// Not written.
    Absent,
    /// Written, but what it says is not known.
    Unknown,
    /// Written.
    Present(&'p Expression, Arc<Shape>),
}

impl<'p> Clause<'p> {
    /// The shape, where the clause is there and could be read.
    pub(super) fn shape(&self) -> Option<&Shape> {
        match self {
            Clause::Present(_, shape) => Some(shape),
            Clause::Absent | Clause::Unknown => None,
        }
    }

    /// Answers a question about the clause: `absent` where there is none, nothing where it is not known.
    pub(super) fn ask<T>(&self, absent: T, present: impl FnOnce(&Shape) -> Option<T>) -> Option<T> {
        match self {
            Clause::Absent => Some(absent),
            Clause::Unknown => None,
            Clause::Present(_, shape) => present(shape),
        }
    }

    pub(super) fn text(&self) -> Option<&'p str> {
        match self {
            Clause::Absent => Some(""),
            Clause::Unknown => None,
            Clause::Present(expression, _) => Some(&expression.text),
        }
    }
}

/// Analyses both clauses of a policy.
pub(super) fn of_policy<'p>(model: &Model<'_>, name: &QualifiedName, policy: &'p Policy) -> PolicyFacts<'p> {
    let clause = |fact: &'p crate::catalog::Fact<Option<Expression>>| match fact.get() {
        None => Clause::Unknown,
        Some(None) => Clause::Absent,
        Some(Some(expression)) => match analyse(model, name, expression) {
            Some(shape) => Clause::Present(expression, shape),
            None => Clause::Unknown,
        },
    };
    PolicyFacts { using: clause(&policy.using), check: clause(&policy.check) }
}

/// Tables each table's policies read, for tables whose row security is on: what a query on the table drags in.
pub(super) fn policy_reads(model: &Model<'_>) -> BTreeMap<QualifiedName, BTreeSet<QualifiedName>> {
    let mut reads = BTreeMap::new();
    for (name, table) in &model.catalog().relations {
        if !table.rls_enabled.is(&true) || table.policies.is_empty() {
            continue;
        }
        let read: &mut BTreeSet<QualifiedName> = reads.entry(name.clone()).or_default();
        for policy in table.policies.values().filter(|policy| is_own(policy.provenance.origin)) {
            // Reading another table applies that table's SELECT policies only.
            if !matches!(policy.command, PolicyCommand::All | PolicyCommand::Select) {
                continue;
            }
            if let Some(shape) = of_policy(model, name, policy).using.shape() {
                read.extend(shape.reads.iter().cloned());
            }
        }
    }
    reads
}

/// The shortest way from `start`'s policies back to `start`, as tables; empty where there is none.
pub(super) fn cycle(
    reads: &BTreeMap<QualifiedName, BTreeSet<QualifiedName>>,
    start: &QualifiedName,
    first: &[QualifiedName],
) -> Vec<String> {
    let mut came_from: BTreeMap<&QualifiedName, &QualifiedName> = BTreeMap::new();
    let mut open: Vec<&QualifiedName> = first.iter().collect();
    for next in &open {
        came_from.entry(next).or_insert(start);
    }
    let mut at = 0;
    while let Some(table) = open.get(at).copied() {
        at += 1;
        if table == start {
            break;
        }
        for next in reads.get(table).into_iter().flatten() {
            if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(next) {
                entry.insert(table);
                open.push(next);
            }
        }
    }
    path_back(&came_from, start)
}

fn path_back(came_from: &BTreeMap<&QualifiedName, &QualifiedName>, start: &QualifiedName) -> Vec<String> {
    let mut path = vec![start.to_string()];
    let mut table = start;
    while let Some(before) = came_from.get(table) {
        path.push(before.to_string());
        table = before;
        if table == start {
            path.reverse();
            return path;
        }
    }
    Vec::new()
}
