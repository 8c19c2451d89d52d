//! Two schemas, whatever they were read from, compared object by object and fact by fact. How something is spelled makes
//! no difference; what one side does not know is counted, not guessed.

mod facts;
pub mod render;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalog::{Catalog, ObjectRef};

pub use facts::Side;

/// A schema as facts: object → name of the fact → value; `None` is unknown.
pub(crate) type Facts = BTreeMap<ObjectRef, Object>;

/// One object's facts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    /// The platform's, not the project's.
    platform: bool,
    facts: BTreeMap<&'static str, Option<String>>,
    /// Privileges, by grantee.
    grants: BTreeMap<String, String>,
}

/// How two schemas differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Objects that differ, by kind and name.
    pub objects: Vec<Difference>,
    /// Objects compared.
    pub compared: usize,
    /// Facts that one side does not know.
    pub unknown: usize,
}

/// How one object differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The object.
    pub object: ObjectRef,
    /// What is different.
    pub change: Change,
}

/// What is different about one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is in the first schema only.
    OnlyInFirst,
    /// It is in the second schema only.
    OnlyInSecond,
    /// It is in both.
    Facts(Vec<FactDifference>),
}

/// One fact on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactDifference {
    /// What: `roles`, `using`, `grant to anon`.
    pub fact: String,
    /// In the first schema; `None` where it has none.
    pub first: Option<String>,
    /// In the second.
    pub second: Option<String>,
}

/// Compares two schemas.
#[must_use]
pub fn diff(first: (&Catalog, Side), second: (&Catalog, Side)) -> Diff {
    let exact = first.1 != Side::Migrations && second.1 != Side::Migrations;
    let (a, b) = (facts::of(first.0, first.1, exact), facts::of(second.0, second.1, exact));
    let mut diff = Diff::default();
    let names: BTreeSet<&ObjectRef> = a.keys().chain(b.keys()).collect();
    for name in names {
        let change = match (a.get(name), b.get(name)) {
            (Some(one), None) => (!one.platform).then_some(Change::OnlyInFirst),
            (None, Some(one)) => (!one.platform).then_some(Change::OnlyInSecond),
            (Some(one), Some(other)) => diff.compare(one, other),
            (None, None) => None,
        };
        diff.objects.extend(change.map(|change| Difference { object: name.clone(), change }));
    }
    // What hangs on a table that is on one side only says nothing new.
    let alone: BTreeSet<String> = diff
        .objects
        .iter()
        .filter(|one| !matches!(one.change, Change::Facts(_)) && one.object.kind.has_parts())
        .map(|one| format!("{}.", one.object.name))
        .collect();
    diff.objects.retain(|one| {
        matches!(one.change, Change::Facts(_)) || !alone.iter().any(|table| one.object.name.starts_with(table.as_str()))
    });
    diff
}

impl Diff {
    /// Nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn compare(&mut self, first: &Object, second: &Object) -> Option<Change> {
        self.compared += 1;
        let mut different = Vec::new();
        // What the platform itself sets up differs from release to release; who may do what counts.
        if !(first.platform && second.platform) {
            for (fact, one) in &first.facts {
                let Some(other) = second.facts.get(fact) else { continue };
                match (one, other) {
                    (Some(one), Some(other)) if one == other => {}
                    (Some(one), Some(other)) => different.push(difference(fact, Some(one), Some(other))),
                    _ => self.unknown += 1,
                }
            }
        }
        let grantees: BTreeSet<&String> = first.grants.keys().chain(second.grants.keys()).collect();
        for grantee in grantees {
            let (one, other) = (first.grants.get(grantee), second.grants.get(grantee));
            if one != other {
                different.push(difference(&format!("grant to {grantee}"), one, other));
            }
        }
        (!different.is_empty()).then_some(Change::Facts(different))
    }
}

fn difference(fact: &str, first: Option<&String>, second: Option<&String>) -> FactDifference {
    FactDifference { fact: fact.to_owned(), first: first.cloned(), second: second.cloned() }
}
