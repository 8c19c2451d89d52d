//! What a history does to access, migration by migration: only verdicts that a migration can have changed are judged
//! again. What may depend on what is told by the words in the texts, which finds too much and misses nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::{Access, AccessOptions, Delta, Row, Scope, Table, diff};
use crate::catalog::{
    Catalog, ConstraintRule, Expression, Function, FunctionSource, ObjectKind, ObjectRef, QualifiedName, Relation,
};

/// Looks on while a schema changes.
#[derive(Debug, Default)]
pub struct History {
    scope: Scope,
    options: AccessOptions,
    roles: Vec<String>,
    rows: BTreeMap<QualifiedName, Vec<Row>>,
    /// Words in the texts of the relations and routines of a name, and who has a word.
    words: BTreeMap<QualifiedName, BTreeSet<String>>,
    users: HashMap<String, BTreeSet<QualifiedName>>,
    judged: usize,
}

impl History {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(scope: Scope, options: AccessOptions) -> Self {
        Self { scope, options, ..Self::default() }
    }

    /// Takes a schema as the beginning.
    pub fn begin(&mut self, catalog: &Catalog) {
        self.again(catalog, None);
    }

    /// The difference that a change of these objects made: those created, altered or dropped, and former names.
    pub fn step<'o>(
        &mut self,
        catalog: &Catalog,
        touched: impl IntoIterator<Item = (&'o ObjectRef, Option<&'o str>)>,
    ) -> Vec<Delta> {
        let affected = self
            .named(touched)
            .map(|(named, words)| self.users_of(named.into_iter().chain(self.come_and_gone(catalog)), words));
        self.again(catalog, affected)
    }

    /// All cells as they are now, in the order of relations.
    #[must_use]
    pub fn rows(&self) -> Vec<&Row> {
        self.rows.values().flatten().collect()
    }

    /// Relations judged so far, each time counted.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.judged
    }

    /// The relations and routines the objects are, or are parts of, and other words that speak of them; `None` where
    /// anything may depend on one.
    fn named<'o>(&self, touched: impl IntoIterator<Item = (&'o ObjectRef, Option<&'o str>)>) -> Option<Named> {
        let (mut named, mut words) = Named::default();
        for (object, former) in touched {
            let names = [Some(object.name.as_str()), former].into_iter().flatten();
            match object.kind {
                ObjectKind::Role | ObjectKind::Database => return None,
                // What a session is asked by is everybody's.
                ObjectKind::Function if object.name.starts_with("auth.") => return None,
                // Whose objects may be used, and which there are.
                ObjectKind::Schema => {
                    let schemas: Vec<String> = names.map(QualifiedName::first).collect();
                    named.extend(self.words.keys().filter(|name| schemas.contains(&name.schema)).cloned());
                }
                ObjectKind::Type | ObjectKind::Domain => {
                    words.extend(names.filter_map(QualifiedName::leading).map(|name| word(&name.name)));
                }
                ObjectKind::Index | ObjectKind::Sequence | ObjectKind::Publication | ObjectKind::EventTrigger => {}
                _ => named.extend(names.filter_map(QualifiedName::leading)),
            }
        }
        Some((named, words))
    }

    /// Relations and routines that are there for the first time, or no longer: what is only assumed is no change.
    fn come_and_gone(&self, catalog: &Catalog) -> Vec<QualifiedName> {
        let now: BTreeSet<&QualifiedName> =
            catalog.relations.keys().chain(catalog.functions.keys().map(|key| &key.name)).collect();
        let gone = self.words.keys().filter(|name| !now.contains(name)).cloned();
        gone.chain(now.iter().copied().filter(|name| !self.words.contains_key(*name)).cloned()).collect()
    }

    /// These, and everything whose texts speak of them or of others that do.
    fn users_of(&self, named: impl Iterator<Item = QualifiedName>, words: BTreeSet<String>) -> BTreeSet<QualifiedName> {
        let mut affected: BTreeSet<QualifiedName> = named.collect();
        let mut seen = words;
        seen.extend(affected.iter().map(|name| word(&name.name)));
        let mut open: Vec<String> = seen.iter().cloned().collect();
        while let Some(next) = open.pop() {
            for user in self.users.get(&next).into_iter().flatten() {
                let own = word(&user.name);
                if affected.insert(user.clone()) && seen.insert(own.clone()) {
                    open.push(own);
                }
            }
        }
        affected
    }

    /// Judges the affected, or everything, again.
    fn again(&mut self, catalog: &Catalog, affected: Option<BTreeSet<QualifiedName>>) -> Vec<Delta> {
        let access = Access::new(catalog, &self.options);
        let roles = access.roles(&self.scope);
        let affected = affected.filter(|_| roles == self.roles);
        let affected = affected.unwrap_or_else(|| {
            let routines = catalog.functions.keys().map(|key| &key.name);
            self.words.keys().chain(catalog.relations.keys()).chain(routines).cloned().collect()
        });
        affected.iter().for_each(|name| self.read(catalog, name));
        let judge = |name: &QualifiedName| {
            let found = catalog.relations.get(name).filter(|found| self.scope.includes(name, found))?;
            Some((name.clone(), access.rows_of(&roles, name, found, self.scope.brief)))
        };
        let after: Vec<(QualifiedName, Vec<Row>)> =
            affected.iter().collect::<Vec<_>>().into_par_iter().filter_map(judge).collect();
        let before = affected.iter().filter_map(|name| self.rows.remove(name)).flatten().collect();
        self.judged += after.len();
        let table = |rows, roles: &[String]| Table { rows, roles: roles.to_vec(), ..Table::default() };
        let now = after.iter().flat_map(|(_, rows)| rows.iter().cloned()).collect();
        let deltas = diff(&table(before, &self.roles), &table(now, &roles));
        self.rows.extend(after);
        self.roles = roles;
        deltas
    }

    /// Reads the texts of what has a name anew.
    fn read(&mut self, catalog: &Catalog, name: &QualifiedName) {
        for old in self.words.remove(name).into_iter().flatten() {
            if let Some(users) = self.users.get_mut(&old) {
                users.remove(name);
            }
        }
        let mut found = BTreeSet::new();
        catalog.relations.get(name).into_iter().for_each(|relation| of_relation(relation, &mut found));
        let from = crate::catalog::FunctionKey { name: name.clone(), args: Vec::new() };
        let routines = catalog.functions.range(from..).take_while(|(key, _)| key.name == *name);
        let mut there = catalog.relations.contains_key(name);
        for (_, function) in routines {
            of_function(function, &mut found);
            there = true;
        }
        if !there {
            return;
        }
        for word in &found {
            self.users.entry(word.clone()).or_default().insert(name.clone());
        }
        self.words.insert(name.clone(), found);
    }
}

/// Relations and routines, and words.
type Named = (BTreeSet<QualifiedName>, BTreeSet<String>);

/// The word a text has that speaks of `name`: its first.
fn word(name: &str) -> String {
    name.split(|c: char| !is_part(c)).find(|word| !word.is_empty()).map(str::to_lowercase).unwrap_or_default()
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn words(text: &str, found: &mut BTreeSet<String>) {
    found.extend(text.split(|c: char| !is_part(c)).map(str::to_lowercase));
}

fn of_relation(relation: &Relation, found: &mut BTreeSet<String>) {
    // What a name without a letter or digit is asked by.
    found.insert(String::new());
    let policies = relation.policies.values().flat_map(|policy| [&policy.using, &policy.check]);
    let conditions = policies.filter_map(|fact| fact.get()?.as_ref());
    let generated = relation.columns.iter().filter_map(|column| column.generated.as_ref());
    let whens = relation.triggers.values().filter_map(|trigger| trigger.when.as_ref());
    let checks = relation.constraints.values().filter_map(|constraint| match &constraint.kind {
        ConstraintRule::Check { expression } => Some(expression),
        _ => None,
    });
    let expressions: Vec<&Expression> = conditions.chain(generated).chain(whens).chain(checks).collect();
    expressions.iter().for_each(|expression| words(&expression.text, found));
    relation.columns.iter().filter_map(|column| column.ty.get()).for_each(|ty| words(ty, found));
    let references = relation.constraints.values().filter_map(|constraint| match &constraint.kind {
        ConstraintRule::ForeignKey { references, .. } => Some(references),
        _ => None,
    });
    let fired = relation.triggers.values().map(|trigger| &trigger.function);
    let written = relation.rules.values().flat_map(|rule| &rule.writes);
    let view = relation.definition.iter().filter_map(|definition| definition.get());
    let named = view.clone().flat_map(|view| view.reads.iter().chain(&view.calls));
    let names = references.chain(fired).chain(written).chain(named).chain(&relation.parents);
    names.for_each(|name| words(&name.name, found));
    view.for_each(|view| words(&view.text, found));
}

fn of_function(function: &Function, found: &mut BTreeSet<String>) {
    found.insert(String::new());
    match function.body.get() {
        Some(FunctionSource::Text { text } | FunctionSource::Sql { text }) => words(text, found),
        Some(FunctionSource::External) | None => {}
    }
    function.returns.iter().chain(function.params.iter().map(|param| &param.ty)).for_each(|ty| words(ty, found));
}
