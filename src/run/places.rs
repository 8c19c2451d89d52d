//! Where in the migrations a finding about a database comes from.

use std::collections::BTreeMap;

use crate::catalog::{Acl, Catalog, ObjectKind, ObjectRef, Origin};
use crate::check::{self, CheckConfig, CheckInput};
use crate::finding::Finding;
use crate::location::Location;
use crate::migrations::History;
use crate::rule::Rule;
use crate::sql::ast::quote_ident;

/// Appended where no file has the object.
const UNEXPLAINED: &str = " (no migration explains this object)";
/// Appended where the files have the object, and not what is wrong with it.
const DIFFERENT: &str = " (the migrations alone do not show this)";

/// Gives each finding the place the same finding has in the migrations; where they do not have it, the place its object
/// was defined at, and a word.
pub(super) fn place(findings: &mut [Finding], history: &History, rules: &[Rule], config: &CheckConfig) {
    let folded = check::run(&CheckInput::of_history(history, rules, config)).findings;
    let folded: BTreeMap<String, Finding> = folded.into_iter().map(|one| (one.fingerprint(), one)).collect();
    let defined = definitions(&history.catalog);
    for finding in findings {
        if let Some(same) = folded.get(&finding.fingerprint()) {
            finding.location.clone_from(&same.location);
            finding.related.clone_from(&same.related);
        } else if let Some(at) = defined.get(&finding.object) {
            finding.location.clone_from(at);
            finding.message.push_str(DIFFERENT);
        } else {
            finding.message.push_str(UNEXPLAINED);
        }
    }
}

/// A database does not tell a grant made by name from one that default privileges made; the migrations do.
pub(super) fn adopt_grants(live: &mut Catalog, folded: &Catalog) {
    let adopt = |acl: &mut Acl, known: &Acl| {
        acl.rewrite(|entry| {
            if let Some(known) = known.held(&entry.grantee, entry.privilege) {
                entry.by_default = known.by_default;
            }
        });
    };
    let own = |origin: Origin| origin != Origin::Platform;
    for (name, relation) in live.relations.iter_mut().filter(|(_, relation)| own(relation.provenance.origin)) {
        if let Some(known) = folded.relations.get(name) {
            adopt(&mut relation.acl, &known.acl);
        }
    }
    for (name, sequence) in live.sequences.iter_mut().filter(|(_, sequence)| own(sequence.provenance.origin)) {
        if let Some(known) = folded.sequences.get(name) {
            adopt(&mut sequence.acl, &known.acl);
        }
    }
    for (key, function) in live.functions.iter_mut().filter(|(_, function)| own(function.provenance.origin)) {
        if let Some(known) = folded.functions.get(key) {
            adopt(&mut function.acl, &known.acl);
        }
    }
}

/// Where each object of the Catalog was defined, if a file did.
fn definitions(catalog: &Catalog) -> BTreeMap<ObjectRef, Option<Location>> {
    let mut all = BTreeMap::new();
    let mut add = |object: ObjectRef, at: &Option<Location>| drop(all.insert(object, at.clone()));
    for (name, relation) in &catalog.relations {
        let whole = &relation.provenance.defined;
        add(ObjectRef::new(relation.kind, name), whole);
        for column in &relation.columns {
            let at = if column.at.is_some() { &column.at } else { whole };
            add(ObjectRef::on(ObjectKind::Column, name, &column.name), at);
        }
        for (constraint, facts) in &relation.constraints {
            let at = if facts.at.is_some() { &facts.at } else { whole };
            add(ObjectRef::on(ObjectKind::Constraint, name, constraint), at);
        }
        for (policy, facts) in &relation.policies {
            add(ObjectRef::on(ObjectKind::Policy, name, policy), &facts.provenance.defined);
        }
        for (trigger, facts) in &relation.triggers {
            add(ObjectRef::on(ObjectKind::Trigger, name, trigger), &facts.provenance.defined);
        }
    }
    for (name, index) in &catalog.indexes {
        add(ObjectRef::new(ObjectKind::Index, name), &index.provenance.defined);
    }
    for (name, sequence) in &catalog.sequences {
        add(ObjectRef::new(ObjectKind::Sequence, name), &sequence.provenance.defined);
    }
    for (key, function) in &catalog.functions {
        add(ObjectRef::new(function.kind, key), &function.provenance.defined);
    }
    for (name, ty) in &catalog.types {
        add(ObjectRef::new(ObjectKind::Type, name), &ty.provenance.defined);
    }
    for (name, schema) in &catalog.schemas {
        add(ObjectRef::new(ObjectKind::Schema, quote_ident(name)), &schema.provenance.defined);
    }
    for (name, role) in &catalog.roles {
        add(ObjectRef::new(ObjectKind::Role, quote_ident(name)), &role.provenance.defined);
    }
    for (name, extension) in &catalog.extensions {
        add(ObjectRef::new(ObjectKind::Extension, quote_ident(name)), &extension.provenance.defined);
    }
    all
}
