//! Names in the governance sections against the schema: what matches nothing is a mistake, and an "all clear" that
//! rests on it would be false.

use std::collections::{BTreeMap, BTreeSet};

use super::pattern::{self, Pattern};
use super::sections::{Canonical, Modules, Placed, ReferencedBy, Sections};
use super::{Governance, lock::Lock};
use crate::catalog::{Catalog, ObjectKind, ObjectRef, QualifiedName};
use crate::config::ConfigError;
use crate::location::Location;
use crate::migrations::Migration;
use crate::suggest::hint;

type Result = std::result::Result<(), ConfigError>;

/// Everything that has a name now, had one in the history, or is locked.
struct Known<'a> {
    catalog: &'a Catalog,
    objects: BTreeSet<ObjectRef>,
}

/// Checks every name the sections use.
///
/// # Errors
/// The first that means nothing, with its place.
pub fn validate(governance: &Governance, catalog: &Catalog, migrations: &[Migration]) -> Result {
    let known = Known { catalog, objects: objects(catalog, migrations, governance.lock.as_ref()) };
    let Sections { protected, canonical, modules, flow, freezes, gates, alerts, .. } = &governance.sections;
    for placed in protected {
        known.matches(&placed.value.object, &placed.at)?;
    }
    for placed in canonical {
        known.canonical(&placed.value, &placed.at)?;
    }
    if let Some(placed) = modules {
        known.modules(&placed.value)?;
    }
    if let Some(placed) = flow {
        placed.value.steps.iter().try_for_each(|step| known.table(step, &placed.at).map(|_| ()))?;
    }
    for placed in freezes {
        placed.value.tables.iter().try_for_each(|table| known.table(table, &placed.at).map(|_| ()))?;
    }
    for placed in gates {
        placed.value.when.touches.iter().try_for_each(|name| known.table_or_column(name, &placed.at))?;
    }
    if let Some(placed) = alerts {
        let table = known.table(&placed.value.table, &placed.at)?;
        let columns = crate::audit::alerts::names(&placed.value);
        columns.iter().try_for_each(|column| known.column(&table, column, &placed.at))?;
    }
    Ok(())
}

fn objects(catalog: &Catalog, migrations: &[Migration], lock: Option<&Lock>) -> BTreeSet<ObjectRef> {
    let mut objects = super::definition::names(catalog);
    for change in migrations.iter().flat_map(|migration| &migration.changes) {
        objects.insert(change.object.clone());
        objects.extend(change.renamed_from.as_ref().map(|name| ObjectRef::new(change.object.kind, name)));
    }
    objects.extend(lock.iter().flat_map(|lock| lock.entries.keys().cloned()));
    objects
}

fn wrong(at: &Location, message: String) -> Result {
    Err(ConfigError::Shape { place: at.to_string(), message })
}

impl Known<'_> {
    fn names(&self, kind: ObjectKind) -> impl Iterator<Item = &str> {
        self.objects.iter().filter(move |object| object.kind == kind).map(|object| object.name.as_str())
    }

    fn matches(&self, pattern: &Pattern, at: &Location) -> Result {
        if self.objects.iter().any(|object| pattern.matches(object)) {
            return Ok(());
        }
        let hint = hint(&pattern.name, self.names(pattern.kind));
        let kinds: BTreeSet<&str> = self
            .objects
            .iter()
            .filter(|object| pattern::matches(&pattern.name, &object.name))
            .map(|object| object.kind.words())
            .collect();
        let other = match kinds.iter().next() {
            Some(kind) if hint.is_empty() => format!("; there is a {kind} of that name"),
            _ => hint,
        };
        wrong(at, format!("`{pattern}` matches nothing in the schema{other}"))
    }

    /// A table or view by name.
    fn table(&self, written: &str, at: &Location) -> std::result::Result<QualifiedName, ConfigError> {
        let name = pattern::table(written);
        let printed = name.to_string();
        let relations = [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView, ObjectKind::ForeignTable];
        if self.objects.iter().any(|object| relations.contains(&object.kind) && object.name == printed) {
            return Ok(name);
        }
        let hint = hint(&printed, relations.into_iter().flat_map(|kind| self.names(kind)));
        let message = format!("there is no table `{printed}` in the schema{hint}");
        Err(ConfigError::Shape { place: at.to_string(), message })
    }

    fn column(&self, table: &QualifiedName, column: &str, at: &Location) -> Result {
        let Some(relation) = self.catalog.relations.get(table) else { return Ok(()) };
        if relation.column(column).is_some() || !relation.columns_complete {
            return Ok(());
        }
        let gone = ObjectRef::on(ObjectKind::Column, table, column);
        if self.objects.contains(&gone) {
            return Ok(());
        }
        let hint = hint(column, relation.columns.iter().map(|column| column.name.as_str()));
        wrong(at, format!("`{table}` has no column `{column}`{hint}"))
    }

    fn table_or_column(&self, written: &str, at: &Location) -> Result {
        match split_column(written) {
            Some((table, column)) => {
                let table = self.table(&table, at)?;
                self.column(&table, &column, at)
            }
            None => self.table(written, at).map(|_| ()),
        }
    }

    fn canonical(&self, set: &Canonical, at: &Location) -> Result {
        let table = self.table(&set.table, at)?;
        self.column(&table, &set.key, at)?;
        if let Some(label) = &set.label {
            self.column(&table, label, at)?;
        }
        if let ReferencedBy::Columns(columns) = &set.referenced_by {
            for column in columns {
                if split_column(column).is_none() {
                    return wrong(at, format!("`{column}` is no column; write schema.table.column"));
                }
                self.table_or_column(column, at)?;
            }
        }
        Ok(())
    }

    /// Every pattern means something, and nothing is in two modules.
    fn modules(&self, modules: &Modules) -> Result {
        let mut owner: BTreeMap<String, (&str, &Placed<String>)> = BTreeMap::new();
        for (module, patterns) in &modules.members {
            for placed in patterns {
                let members: BTreeSet<String> = super::modules::candidates(&self.objects)
                    .filter(|name| super::modules::means(&placed.value, name))
                    .map(ToOwned::to_owned)
                    .collect();
                if members.is_empty() {
                    let hint = hint(&placed.value, super::modules::candidates(&self.objects));
                    return wrong(&placed.at, format!("`{}` matches nothing in the schema{hint}", placed.value));
                }
                for member in members {
                    let before = owner.insert(member.clone(), (module, placed));
                    if let Some((other, first)) = before.filter(|(other, _)| other != module) {
                        let message = format!(
                            "`{member}` is in module `{other}` (by `{}`) and in `{module}` (by `{}`); narrow one of them",
                            first.value, placed.value
                        );
                        return wrong(&placed.at, message);
                    }
                }
            }
        }
        Ok(())
    }
}

/// `schema.table.column` taken apart.
#[must_use]
pub(super) fn split_column(written: &str) -> Option<(String, String)> {
    let parts = crate::check::name_parts(written);
    match parts.as_slice() {
        [schema, table, column] => Some((QualifiedName::new(schema, table).to_string(), column.clone())),
        _ => None,
    }
}
