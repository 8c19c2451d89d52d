//! Views and materialized views.

use super::refs::Refs;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{ObjectKind, ObjectRef, QualifiedName, Relation, ViewDefinition};
use crate::sql;
use crate::sql::ast::{CreateView, Query};

impl Fold {
    pub(super) fn create_view(&mut self, create: &CreateView) -> Effect {
        let kind = if create.materialized { ObjectKind::MaterializedView } else { ObjectKind::View };
        let name = self.new_name(&create.name, create.temporary);
        let object = ObjectRef::new(kind, &name);
        self.name(object.clone());
        let existing = self.catalog().relations.get(&name).map(|old| (old.kind, old.provenance.is_assumed()));
        match existing {
            Some((_, false)) if create.if_not_exists => return Ok(()),
            Some((ObjectKind::View, _)) if create.or_replace => return self.replace_view(&name, object, create),
            Some((found, false)) if found != kind => {
                let other = ObjectRef::new(found, &name);
                return self.would_fail("wrong_object_type", other, "already exists and is not a view");
            }
            Some((_, false)) => {
                self.would_fail("duplicate_table", object.clone(), "already exists")?;
                // The latest text wins, so that what a reader takes to be in force is what gets judged.
                return self.replace_view(&name, object, create);
            }
            Some((_, true)) | None => {}
        }
        let mut view = self.new_relation(kind, &name);
        if let Some(old) = self.catalog().relations.get(&name) {
            for entry in old.acl.iter() {
                view.acl.grant(entry.clone());
            }
        }
        self.gone.remove(&Key::Relation(name.clone()));
        self.store.insert_relation(name.clone(), view);
        self.note_altered(object);
        self.define_view(&name, create);
        Ok(())
    }

    /// `OR REPLACE`: query and options are new (an option not written again is lost), owner, privileges and comment stay.
    /// A view that runs with its owner's rights does not lose them through a statement the server refuses.
    fn replace_view(&mut self, name: &QualifiedName, object: ObjectRef, create: &CreateView) -> Effect {
        if let Some(why) = self.unreplaceable(name, create) {
            self.would_fail("invalid_table_definition", object.clone(), &why)?;
            if self.catalog().relations.get(name).is_some_and(|old| old.security_invoker() == Some(false)) {
                return Ok(());
            }
        }
        self.note_replaced(object);
        let provenance = self.provenance();
        if let Some(view) = self.store.relation_mut(name) {
            view.provenance = provenance;
        }
        self.define_view(name, create);
        Ok(())
    }

    /// The columns of a view stay, with their names and in their order; others may follow.
    fn unreplaceable(&mut self, name: &QualifiedName, create: &CreateView) -> Option<String> {
        let known = |view: &&Relation| view.columns_complete && !view.provenance.conditional;
        let old = self.catalog().relations.get(name).filter(known)?;
        let before: Vec<String> = old.columns.iter().map(|column| column.name.clone()).collect();
        let output = self.query_columns(&create.query)?;
        let after = self.output_columns(output, &create.columns);
        before.iter().enumerate().find_map(|(at, was)| match after.get(at) {
            None => Some(format!("cannot lose column {was}; drop it first")),
            Some(is) if is.name != *was => Some(format!("cannot call column {was} {}; drop it first", is.name)),
            Some(_) => None,
        })
    }

    fn define_view(&mut self, name: &QualifiedName, create: &CreateView) {
        let definition = self.view_definition(&create.query);
        let output = self.query_columns(&create.query);
        let complete = output.is_some();
        let columns = self.output_columns(output.unwrap_or_default(), &create.columns);
        let mut options: std::collections::BTreeMap<String, String> = create.options.iter().cloned().collect();
        if let Some(check) = &create.check_option {
            options.insert("check_option".to_owned(), check.clone());
        }
        let (options, definition) = (self.fact(options), self.fact(definition));
        if let Some(view) = self.store.relation_mut(name) {
            view.options = options;
            view.definition = Some(definition);
            view.columns_complete = complete;
            let old = std::mem::replace(&mut view.columns, columns.into());
            // A column that stays keeps what was granted on it and said about it.
            for column in &mut view.columns {
                if let Some(before) = old.iter().find(|before| before.name == column.name) {
                    column.acl = before.acl.clone();
                    column.comment.clone_from(&before.comment);
                    if column.ty.value == before.ty.value {
                        *column = before.clone();
                    }
                }
            }
        }
    }

    pub(super) fn view_definition(&mut self, query: &Query) -> ViewDefinition {
        let refs = Refs::of_query(query);
        let mut reads: Vec<QualifiedName> = refs.relations.iter().map(|name| self.read_relation(name)).collect();
        reads.sort();
        reads.dedup();
        let calls = self.called(&refs);
        self.referenced.extend(reads.iter().chain(&calls).map(|name| name.name.clone()));
        self.referenced.extend(refs.types.iter().map(|ty| ty.name.name.clone()));
        let canonical = super::syntax::canonical_query(query);
        ViewDefinition { text: self.query_text(query, &canonical), canonical, reads, calls, outdated: false }
    }

    pub(super) fn refresh_view(&mut self, name: &sql::ast::Name) -> Effect {
        self.relation(name, ObjectKind::MaterializedView);
        Ok(())
    }
}
