//! A database's schema as a file: read once where there is access, checked and compared where there is none. Holds no
//! rows and no secrets, and the same schema always makes the same bytes.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Catalog;
use crate::coverage::Coverage;
use crate::live::{Live, LiveFacts, Server};
use crate::report::{json, redact};

const VERSION: u32 = 1;

/// A snapshot file.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
        let Live { catalog, server, facts, coverage } = live;
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

    /// The file's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Our own types have string keys and no failing serialisers.
        let mut value = serde_json::to_value(self).unwrap_or_default();
        mask(&mut value);
        mask_settings(&mut value);
        json::pretty(&value)
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

fn mask_settings(value: &mut Value) {
    let roles = value.pointer_mut("/catalog/roles").and_then(Value::as_object_mut);
    for role in roles.into_iter().flat_map(|roles| roles.values_mut()) {
        let settings = role.get_mut("settings").and_then(Value::as_object_mut);
        for (name, value) in settings.into_iter().flatten() {
            if !is_harmless(name) {
                *value = Value::from(WITHHELD);
            }
        }
    }
}
