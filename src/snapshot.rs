//! A database's schema as a file: read once where there is access, checked and compared where there is none. Holds no
//! rows and no secrets, and the same schema always makes the same bytes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::catalog::{
    Catalog, DefaultPrivileges, EventTrigger, Extension, Function, FunctionKey, Index, Publication, QualifiedName,
    Relation, Role, Schema, Sequence, Type,
};
use crate::coverage::Coverage;
use crate::live::{Live, LiveFacts, Server};
use crate::report::{json, redact};

const VERSION: u32 = 1;

/// A snapshot file.
#[derive(Debug, Clone, Deserialize)]
pub struct Snapshot {
    version: u32,
    /// The server it was taken from.
    pub server: Server,
    /// The schema.
    pub catalog: Catalog,
    /// Statistics and positions.
    #[serde(default)]
    pub facts: LiveFacts,
    /// What could not be read.
    #[serde(default)]
    pub coverage: Vec<Coverage>,
}

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum SnapshotError {
    #[error("snapshot {path}: {source}; take one with `gardefou snapshot -o {path}`")]
    Read { path: String, source: std::io::Error },
    #[error("snapshot {path}: {source}; take it again with `gardefou snapshot -o {path}`")]
    Shape { path: String, source: serde_json::Error },
    #[error(
        "snapshot {path} has version {version}, this program reads {VERSION}; take it again with `gardefou snapshot -o {path}`"
    )]
    Version { path: String, version: u64 },
}

impl Snapshot {
    /// What was read, as it will be written.
    #[must_use]
    pub fn of(live: Live) -> Self {
        let Live { catalog, server, facts, coverage, measured: _ } = live;
        Self { version: VERSION, server, catalog, facts, coverage }
    }

    /// Reads a file; `path` is also how it is named in errors.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let printed = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| SnapshotError::Read { path: printed.clone(), source })?;
        let shape = |source| SnapshotError::Shape { path: printed.clone(), source };
        let version = serde_json::from_str::<Versioned>(&text).map_err(shape)?.version;
        if version != u64::from(VERSION) {
            return Err(SnapshotError::Version { path: printed, version });
        }
        serde_json::from_str(&text).map_err(shape)
    }

    /// The file's text. Objects are masked one by one: a large schema is not held twice as a tree.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::pretty(&Written {
            version: self.version,
            server: &self.server,
            catalog: WrittenCatalog::of(&self.catalog),
            facts: &self.facts,
            coverage: &self.coverage,
        })
    }
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    server: &'a Server,
    catalog: WrittenCatalog<'a>,
    facts: &'a LiveFacts,
    coverage: &'a [Coverage],
}

/// The Catalog's fields, in its order.
#[derive(Serialize)]
struct WrittenCatalog<'a> {
    roles: BTreeMap<&'a String, Role>,
    schemas: Masked<'a, String, Schema>,
    relations: Masked<'a, QualifiedName, Relation>,
    indexes: Masked<'a, QualifiedName, Index>,
    sequences: Masked<'a, QualifiedName, Sequence>,
    functions: Masked<'a, FunctionKey, Function>,
    types: Masked<'a, QualifiedName, Type>,
    event_triggers: Masked<'a, String, EventTrigger>,
    extensions: Masked<'a, String, Extension>,
    publications: Masked<'a, String, Publication>,
    default_privileges: &'a [DefaultPrivileges],
}

impl<'a> WrittenCatalog<'a> {
    fn of(catalog: &'a Catalog) -> Self {
        let Catalog { roles, schemas, relations, indexes, sequences, functions, types, .. } = catalog;
        let Catalog { event_triggers, extensions, publications, default_privileges, .. } = catalog;
        Self {
            roles: roles.iter().map(|(name, role)| (name, without_secrets(role))).collect(),
            schemas: Masked(schemas),
            relations: Masked(relations),
            indexes: Masked(indexes),
            sequences: Masked(sequences),
            functions: Masked(functions),
            types: Masked(types),
            event_triggers: Masked(event_triggers),
            extensions: Masked(extensions),
            publications: Masked(publications),
            default_privileges,
        }
    }
}

/// A map whose values are written with their secrets masked.
struct Masked<'a, K, V>(&'a BTreeMap<K, V>);

impl<K: Serialize, V: Serialize> Serialize for Masked<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, object) in self.0 {
            let mut value = serde_json::to_value(object).map_err(serde::ser::Error::custom)?;
            mask(&mut value);
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// Keys and passwords in bodies, defaults and comments.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(masked) = redact::masked(text) {
                *text = masked;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(map) => map.values_mut().for_each(mask),
        _ => {}
    }
}

/// Parameters of roles whose values say nothing secret; of the others (`app.jwt_secret`, …) only the name is kept.
const HARMLESS: &[&str] =
    &["search_path", "role", "timezone", "datestyle", "default_transaction_read_only", "row_security"];

/// What stands for a value that is not kept.
pub const WITHHELD: &str = "(withheld)";

/// Whether a role's parameter may be written down with its value.
#[must_use]
pub fn is_harmless(parameter: &str) -> bool {
    HARMLESS.contains(&parameter) || parameter.ends_with("_timeout") || parameter.starts_with("pgrst.db_")
}

/// A role with the values of its parameters withheld but for the harmless ones.
fn without_secrets(role: &Role) -> Role {
    let mut role = role.clone();
    for (_, value) in role.settings.iter_mut().filter(|(name, _)| !is_harmless(name)) {
        WITHHELD.clone_into(value);
    }
    role
}
