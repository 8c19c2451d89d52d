//! What each role gained or lost since the ref.

use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use super::kind_word;
use crate::access::Delta;
use crate::catalog::{ObjectRef, PUBLIC};

pub(super) fn deltas(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    model.deltas().iter().map(|delta| subject(model, needed, delta)).collect()
}

fn subject(model: &Model<'_>, needed: &Needed, delta: &Delta) -> Subject {
    let object = ObjectRef::new(delta.kind, &delta.relation);
    let mut b = Builder::new(needed, object)
        .at(delta.because.as_ref().and_then(|step| step.at.clone()))
        .discriminator(format!("{} {}", delta.role, delta.command.word()));
    b.set("role", || delta.role.as_str());
    b.set("relation", || delta.relation.to_string());
    b.set("schema", || delta.relation.schema.as_str());
    b.set("kind", || kind_word(delta.kind));
    b.set("command", || delta.command.word());
    b.set("writes", || delta.command.writes());
    b.set("before", || delta.before.word());
    b.set("after", || delta.after.word());
    b.set("gained", || delta.gained());
    b.set("lost", || delta.lost());
    b.set("created", || delta.created);
    b.set("exposed", || delta.role == PUBLIC || model.config().exposed_roles.contains(&delta.role));
    b.set("anonymous", || delta.role == PUBLIC || delta.role == "anon");
    b.set("in_exposed_schema", || model.is_exposed_schema(&delta.relation.schema));
    b.set("columns", || delta.columns.as_ref().map_or_else(|| vec!["*".to_owned()], |(_, after)| after.clone()));
    b.set("line", || delta.line());
    b.build()
}
