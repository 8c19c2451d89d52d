//! Modules: which objects belong together, what depends on what, and which way that may go.

use std::collections::BTreeSet;

use super::pattern;
use crate::catalog::{ObjectKind, ObjectRef};

/// Names that can be in a module: tables, views, functions.
pub(super) fn candidates(objects: &BTreeSet<ObjectRef>) -> impl Iterator<Item = &str> {
    use ObjectKind as K;
    let kinds = [K::Table, K::View, K::MaterializedView, K::ForeignTable, K::Function, K::Procedure, K::Aggregate];
    objects.iter().filter(move |object| kinds.contains(&object.kind)).map(|object| object.name.as_str())
}

/// Whether a pattern of `modules:` means the object; functions go by their name without arguments.
pub(super) fn means(written: &str, name: &str) -> bool {
    let plain = name.split('(').next().unwrap_or(name);
    let written = if written.contains('.') { written.to_owned() } else { format!("public.{written}") };
    pattern::matches(&written, plain) || pattern::matches(&written, name)
}
