//! Two schemas, whatever they were read from, compared object by object and fact by fact. How something is spelled makes
//! no difference; what one side does not know is counted, not guessed.

mod facts;
pub mod render;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalog::{Catalog, ObjectKind, ObjectRef};
use crate::migrations::Migration;
use crate::sql::ast::quote_ident;

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
    /// The role that stands for `postgres`, as which migrations are folded, in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
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

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    /// The schema.
    pub catalog: &'a Catalog,
    /// What it was read from.
    pub side: Side,
    /// How it came about, for migrations: what a view's query was written against.
    pub migrations: &'a [Migration],
}

/// Compares two schemas.
#[must_use]
pub fn diff(first: &Schema<'_>, second: &Schema<'_>) -> Diff {
    let exact = first.side != Side::Migrations && second.side != Side::Migrations;
    let maintain = first.side.has_maintain() && second.side.has_maintain();
    let (mut a, mut b) = (facts::of(first, exact, maintain), facts::of(second, exact, maintain));
    let runner = match (first.side, second.side) {
        (Side::Migrations, Side::Database(_)) => runs_as(&mut a, &mut b),
        (Side::Database(_), Side::Migrations) => runs_as(&mut b, &mut a),
        _ => None,
    };
    let mut diff = Diff { runner, ..Diff::default() };
    let names: BTreeSet<&ObjectRef> = a.keys().chain(b.keys()).collect();
    for name in names {
        let change = match (a.get(name), b.get(name)) {
            (Some(one), None) => (!one.platform).then_some(Change::OnlyInFirst),
            (None, Some(one)) => (!one.platform).then_some(Change::OnlyInSecond),
            (Some(one), Some(other)) => diff.compare(name.kind, one, other),
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

/// The role migrations are folded as.
const FOLDED_AS: &str = "postgres";

/// Where another role owns in the database most of what `postgres` owns in the fold, that role ran the migrations: it is
/// put in the place of `postgres`, and that it is there is no difference.
fn runs_as(folded: &mut Facts, database: &mut Facts) -> Option<String> {
    let owner = |object: &Object| object.facts.get("owner").cloned().flatten();
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = 0;
    for (name, object) in folded.iter().filter(|(_, object)| owner(object).as_deref() == Some(FOLDED_AS)) {
        if let Some(there) = database.get(name).filter(|there| !there.platform && !object.platform) {
            *owners.entry(owner(there).unwrap_or_default()).or_default() += 1;
            all += 1;
        }
    }
    let (runner, owned) = owners.into_iter().max_by_key(|(_, n)| *n)?;
    if runner == FOLDED_AS || runner.is_empty() || owned * 2 <= all {
        return None;
    }
    for object in folded.values_mut().filter(|object| owner(object).as_deref() == Some(FOLDED_AS)) {
        object.facts.insert("owner", Some(runner.clone()));
        object.grants.remove(&runner);
    }
    let own = format!("{FOLDED_AS}.");
    let renamed: Vec<ObjectRef> = folded
        .keys()
        .filter(|name| name.kind == ObjectKind::DefaultPrivilege && name.name.starts_with(&own))
        .cloned()
        .collect();
    for name in renamed {
        if let Some(object) = folded.remove(&name) {
            let rest = name.name.strip_prefix(&own).unwrap_or_default();
            folded.insert(ObjectRef::new(name.kind, format!("{runner}.{rest}")), object);
        }
    }
    database.remove(&ObjectRef::new(ObjectKind::Role, quote_ident(&runner)));
    Some(runner)
}

impl Diff {
    /// Nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn compare(&mut self, kind: ObjectKind, first: &Object, second: &Object) -> Option<Change> {
        self.compared += 1;
        let mut different = Vec::new();
        // What the platform itself sets up differs from release to release, and so do its grants; who may do what in a
        // schema counts.
        let platforms = first.platform && second.platform;
        if !platforms {
            for (fact, one) in &first.facts {
                let Some(other) = second.facts.get(fact) else { continue };
                match (one, other) {
                    (Some(one), Some(other)) if one == other => {}
                    (Some(one), Some(other)) => different.push(difference(fact, Some(one), Some(other))),
                    _ => self.unknown += 1,
                }
            }
        }
        if platforms && kind != ObjectKind::Schema {
            return None;
        }
        let grantees: BTreeSet<&String> = first.grants.keys().chain(second.grants.keys()).collect();
        for grantee in grantees.into_iter().filter(|grantee| !may_own(grantee, first, second)) {
            let (one, other) = (first.grants.get(grantee), second.grants.get(grantee));
            if one != other {
                different.push(difference(&format!("grant to {grantee}"), one, other));
            }
        }
        (!different.is_empty()).then_some(Change::Facts(different))
    }
}

/// Whether a role owns the object on one side, and on the other nobody knows who does: an owner needs no grant.
fn may_own(role: &str, first: &Object, second: &Object) -> bool {
    let owners = [first.facts.get("owner"), second.facts.get("owner")];
    owners.contains(&Some(&None)) && owners.iter().flatten().any(|owner| owner.as_deref() == Some(role))
}

fn difference(fact: &str, first: Option<&String>, second: Option<&String>) -> FactDifference {
    FactDifference { fact: fact.to_owned(), first: first.cloned(), second: second.cloned() }
}
