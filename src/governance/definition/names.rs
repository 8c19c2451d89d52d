//! What names mean in a Catalog whose search path is not known any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::{Catalog, QualifiedName};
use crate::location::Location;
use crate::sql::NameOf;
use crate::sql::ast::Name;

/// Schemas by name of what is in them.
pub(super) struct NameIndex<'a> {
    catalog: &'a Catalog,
    relations: BTreeMap<&'a str, BTreeSet<&'a str>>,
    functions: BTreeMap<&'a str, BTreeSet<&'a str>>,
    types: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// Schemas that hold extensions: names in them are known without.
const EXTENSIONS: [&str; 1] = ["extensions"];

impl<'a> NameIndex<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        let index = |names: &mut dyn Iterator<Item = &'a QualifiedName>| {
            let mut index: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for name in names {
                index.entry(name.name.as_str()).or_default().insert(name.schema.as_str());
            }
            index
        };
        Self {
            catalog,
            relations: index(&mut catalog.relations.keys()),
            functions: index(&mut catalog.functions.keys().map(|key| &key.name)),
            types: index(&mut catalog.types.keys()),
        }
    }

    /// The name with its schema, where there is but one; `known` are names that are certainly meant.
    pub(super) fn meant(&self, of: NameOf, name: &Name, known: &[QualifiedName]) -> Name {
        if let Some(schema) = &name.schema {
            let plain = of != NameOf::Relation && EXTENSIONS.contains(&schema.as_str());
            return if plain { Name::bare(name.name.clone()) } else { name.clone() };
        }
        let mut certain = known.iter().filter(|one| one.name == name.name);
        if let (Some(one), None) = (certain.next(), certain.next()) {
            let plain = of != NameOf::Relation && EXTENSIONS.contains(&one.schema.as_str());
            return if plain { name.clone() } else { Name::qualified(one.schema.clone(), one.name.clone()) };
        }
        let index = match of {
            NameOf::Relation => &self.relations,
            NameOf::Function => &self.functions,
            NameOf::Type => &self.types,
        };
        let schemas = index.get(name.name.as_str());
        match schemas.map(|schemas| schemas.iter().copied().collect::<Vec<_>>()).as_deref() {
            Some([only]) if !EXTENSIONS.contains(only) => Name::qualified(*only, name.name.clone()),
            _ => name.clone(),
        }
    }

    /// The columns of a relation by its name as written or meant, as they were when `seen` says.
    pub(super) fn columns(&self, name: &Name, known: &[QualifiedName], seen: &Seen<'_>) -> Option<Vec<String>> {
        let meant = self.meant(NameOf::Relation, name, known);
        let qualified = QualifiedName::new(meant.schema.unwrap_or_else(|| "public".to_owned()), meant.name);
        let relation = self.catalog.relations.get(&qualified).filter(|relation| relation.columns_complete)?;
        let there = relation.columns.iter().filter(|column| !seen.is_later(column.at.as_ref()));
        Some(there.map(|column| column.name.clone()).collect())
    }

    /// The type of a column of a relation that is there.
    pub(super) fn column_type(&self, name: &Name, known: &[QualifiedName], column: &str) -> Option<String> {
        let meant = self.meant(NameOf::Relation, name, known);
        let qualified = QualifiedName::new(meant.schema.unwrap_or_else(|| "public".to_owned()), meant.name);
        let relation = self.catalog.relations.get(&qualified)?;
        relation.columns.iter().find(|one| one.name == column)?.ty.get().cloned()
    }
}

/// The order of the history, and a moment in it.
pub(super) struct Seen<'a> {
    pub(super) order: &'a BTreeMap<Arc<str>, usize>,
    pub(super) at: Option<&'a Location>,
}

impl Seen<'_> {
    /// Whether something was done after the moment; where one is not known, it was not.
    pub(super) fn is_later(&self, at: Option<&Location>) -> bool {
        let position = |at: &Location| self.order.get(&at.file).map(|file| (*file, at.span.start));
        let (now, other) = (self.at.and_then(position), at.and_then(position));
        now.zip(other).is_some_and(|(now, other)| other > now)
    }
}
