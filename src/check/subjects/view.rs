//! Views and materialized views.

use std::collections::BTreeSet;

use super::super::model::{is_own, known_text, origin_word};
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use super::{VIEWS, kind_word, relations};
use crate::catalog::{ObjectKind, ObjectRef, Privilege, QualifiedName, Relation, ViewDefinition};

pub(super) fn views(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let own = relations(model, VIEWS).filter(|(_, view)| is_own(view.provenance.origin));
    own.map(|(name, view)| subject(model, needed, name, view)).collect()
}

fn subject(model: &Model<'_>, needed: &Needed, name: &QualifiedName, view: &Relation) -> Subject {
    let mut b = Builder::new(needed, ObjectRef::new(view.kind, name)).provenance(&view.provenance);
    let known = !view.provenance.is_assumed();
    b.set("schema", || name.schema.as_str());
    b.set("name", || name.to_string());
    b.set("kind", || kind_word(view.kind));
    b.maybe("owner", || known_text(&view.owner));
    b.set("origin", || origin_word(view.provenance.origin));
    b.derived("security_invoker", &view.options, || security_invoker(view));
    b.fact("security_barrier", &view.options, |options| {
        options.get("security_barrier").is_some_and(|value| matches!(value.as_str(), "true" | "on" | "yes" | "1"))
    });
    b.set("in_exposed_schema", || model.is_exposed_schema(&name.schema));
    b.maybe("exposed", || model.is_exposed(name, view, &[Privilege::Select]));
    b.maybe("readable_by", || known.then(|| model.relation_holders(view, &[Privilege::Select])));
    queries(&mut b, model, name, view);
    b.maybe("columns", || {
        view.columns_complete.then(|| view.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>())
    });
    b.set("in_graphql", || model.has_graphql());
    b.set("comment", || view.comment.clone().unwrap_or_default());
    b.build()
}

/// A materialized view has no such option: it always holds what its owner saw.
fn security_invoker(view: &Relation) -> Option<bool> {
    if view.kind == ObjectKind::MaterializedView { Some(false) } else { view.security_invoker() }
}

fn queries(b: &mut Builder<'_>, model: &Model<'_>, name: &QualifiedName, view: &Relation) {
    let definition = definition(view);
    let rls = |table: &QualifiedName| model.catalog().relations.get(table).map(|table| &table.rls_enabled);
    b.maybe("reads", || definition.map(|d| printed(&d.reads)));
    b.maybe("calls", || definition.map(|d| printed(&d.calls)));
    b.maybe("reads_tables", || owner_reads(model, name).known().map(|tables| printed(&tables)));
    b.maybe("reads_rls_tables", || {
        let reads = owner_reads(model, name);
        let with_rls: Vec<_> = reads.tables.iter().filter(|t| rls(t).is_some_and(|on| on.is(&true))).cloned().collect();
        // One table with row security is enough to speak; silence needs to know all of them.
        let open = reads.incomplete || reads.tables.iter().any(|table| rls(table).is_none_or(|on| on.get().is_none()));
        (!open || !with_rls.is_empty()).then(|| printed(&with_rls))
    });
    b.maybe("reads_auth_users", || {
        let reads = owner_reads(model, name);
        let users = reads.tables.contains(&QualifiedName::new("auth", "users"));
        (users || !reads.incomplete).then_some(users)
    });
    b.maybe("auth_users_open", || {
        let users = model.catalog().relations.get(&QualifiedName::new("auth", "users"));
        let Some(users) = users.filter(|users| !users.provenance.is_assumed()) else { return Some(false) };
        Some(!*users.rls_enabled.get()? && !model.relation_holders(users, &[Privilege::Select]).is_empty())
    });
}

fn definition(view: &Relation) -> Option<&ViewDefinition> {
    view.definition.as_ref().and_then(|definition| definition.get())
}

fn printed<'n>(names: impl IntoIterator<Item = &'n QualifiedName>) -> Vec<String> {
    names.into_iter().map(ToString::to_string).collect()
}

/// Tables a view reads in the end.
struct Reads {
    tables: BTreeSet<QualifiedName>,
    /// Some view on the way could not be looked into.
    incomplete: bool,
}

impl Reads {
    fn known(self) -> Option<BTreeSet<QualifiedName>> {
        (!self.incomplete).then_some(self.tables)
    }
}

/// Follows the view through other views. An inner view with `security_invoker` is checked as its caller, which is the
/// outer view's owner, so it does not stop the walk.
fn owner_reads(model: &Model<'_>, start: &QualifiedName) -> Reads {
    let mut reads = Reads { tables: BTreeSet::new(), incomplete: false };
    let (mut open, mut seen) = (vec![start.clone()], BTreeSet::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        match model.catalog().relations.get(&name) {
            Some(view) if VIEWS.contains(&view.kind) => match definition(view) {
                Some(definition) => open.extend(definition.reads.iter().cloned()),
                None => reads.incomplete = true,
            },
            // An unknown relation may be a view over anything, but it is read all the same.
            found => {
                reads.incomplete |= found.is_none_or(|relation| relation.provenance.is_assumed());
                reads.tables.insert(name);
            }
        }
    }
    reads
}
