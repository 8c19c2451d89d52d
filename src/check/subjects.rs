//! The subjects of each target, derived from the model.

mod access;
mod change;
mod function;
mod grant;
mod migration;
mod others;
mod policy;
mod table;
mod view;

use super::{Model, Needed, Subject};
use crate::catalog::{ObjectKind, QualifiedName, Relation};

/// Subjects held at once: a large database has hundreds of thousands, each of them a kilobyte.
const BATCH: usize = 2048;

/// Hands over all subjects of the target of `needed`, at least once and not too many at a time.
pub(super) fn in_batches(model: &Model<'_>, needed: &Needed, judge: &mut dyn FnMut(&[Subject])) {
    let mut batch = Vec::new();
    let mut add = |subject| {
        batch.push(subject);
        if batch.len() == BATCH {
            judge(&batch);
            batch.clear();
        }
    };
    match needed.target.name {
        "column" => table::columns(model, needed, &mut add),
        "constraint" => table::constraints(model, needed, &mut add),
        "grant" => grant::grants(model, needed, &mut add),
        "index" => table::indexes(model, needed, &mut add),
        "statement" => migration::statements(model, needed, &mut add),
        "policy" => return policy::policies(model, needed, judge),
        "change" => return change::changes(model, needed, judge),
        _ => {
            let subjects = build(model, needed);
            return judge(&subjects);
        }
    }
    judge(&batch);
}

/// All subjects of a target of which there are not many.
fn build(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    match needed.target.name {
        "table" => table::tables(model, needed),
        "platform_table" => table::of_platform(model, needed),
        "sequence" => others::sequences(model, needed),
        "view" => view::views(model, needed),
        "function" => function::functions(model, needed),
        "trigger" => others::triggers(model, needed),
        "role" => others::roles(model, needed),
        "schema" => others::schemas(model, needed),
        "extension" => others::extensions(model, needed),
        "default_privilege" => grant::default_privileges(model, needed),
        "migration" => migration::migrations(model, needed),
        "syntax_error" => migration::syntax_errors(model, needed),
        "secret" => migration::secrets(model, needed),
        "opaque" => migration::opaque(model, needed),
        "access" => access::deltas(model, needed),
        _ => Vec::new(),
    }
}

/// Tables and foreign tables, or views and materialized views.
fn relations<'m>(
    model: &'m Model<'_>,
    kinds: &'static [ObjectKind],
) -> impl Iterator<Item = (&'m QualifiedName, &'m Relation)> {
    model.catalog().relations.iter().filter(move |(_, relation)| kinds.contains(&relation.kind))
}

const TABLES: &[ObjectKind] = &[ObjectKind::Table, ObjectKind::ForeignTable];
const VIEWS: &[ObjectKind] = &[ObjectKind::View, ObjectKind::MaterializedView];

/// The kind as fields spell it: `materialized_view`.
fn kind_word(kind: ObjectKind) -> String {
    kind.words().replace(' ', "_")
}
