//! A Supabase project on disk: its migrations folder, and what the file beside it says of the API.

use std::path::Path;

use serde::Deserialize;

use super::place::Root;
use super::walk;
use crate::coverage::{Coverage, CoverageKind};
use crate::exposure::ApiSchemas;

const CONFIG: &str = "config.toml";

/// Of `config.toml`.
#[derive(Deserialize, Default)]
struct Project {
    #[serde(default)]
    api: Api,
}

#[derive(Deserialize, Default)]
struct Api {
    schemas: Option<Vec<String>>,
}

/// Whether `base` is the `migrations` folder of a Supabase project, links resolved.
pub(super) fn is_project(base: &Path) -> bool {
    let base = walk::canonical(base);
    let Some(parent) = base.parent() else { return false };
    let named = |path: &Path, name: &str| path.file_name().is_some_and(|last| last == name);
    named(&base, "migrations") && (named(parent, "supabase") || is_config(&parent.join(CONFIG)))
}

fn is_config(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("project_id")))
}

/// `api.schemas` of the project whose migrations are at `base`; what to say where its file cannot be understood.
pub(super) fn api_schemas(base: &Path, root: &Root) -> Result<Option<ApiSchemas>, Coverage> {
    if !is_project(base) {
        return Ok(None);
    }
    let Some(path) = walk::canonical(base).parent().map(|parent| parent.join(CONFIG)) else { return Ok(None) };
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let set_on = root.print(&path);
    let project: Project = basic_toml::from_str(&text).map_err(|error| {
        let message = format!("`{set_on}` could not be understood, so what it says of the API is not known: {error}");
        Coverage { kind: CoverageKind::Unreadable, location: None, object: None, message }
    })?;
    Ok(project.api.schemas.map(|schemas| ApiSchemas { schemas, set_on }))
}
