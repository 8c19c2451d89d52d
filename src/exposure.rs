//! Which schemas the API serves: what the configuration says, else what PostgREST's own setting says, else what a
//! Supabase project's file says beyond the usual, else an assumption; what had to be assumed is said aloud.

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::check::CheckConfig;
use crate::coverage::{Coverage, CoverageKind};

/// PostgREST's setting, which its role or the database can carry.
pub(crate) const SETTING: &str = "pgrst.db_schemas";
/// Who connects for the API.
const API_ROLE: &str = "authenticator";

/// Schemas the API serves, and where that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiSchemas {
    /// The schemas.
    pub schemas: Vec<String>,
    /// `role authenticator`, `the database`, `supabase/config.toml`.
    pub set_on: String,
}

impl ApiSchemas {
    /// From the value of `pgrst.db_schemas`.
    pub(crate) fn parse(value: &str, set_on: String) -> Self {
        let schemas = value.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
        Self { schemas, set_on }
    }
}

/// Which of the two lists the user wrote.
#[derive(Debug, Clone, Copy, Default)]
pub struct Configured {
    /// `exposed-schemas`.
    pub schemas: bool,
    /// `exposed-roles`.
    pub roles: bool,
}

/// Adds what the project's own file says. That can only widen: the CLI serves `public` whatever stands there, and what
/// a hosted project serves is set elsewhere.
pub(crate) fn widen(check: &mut CheckConfig, configured: Configured, project: Option<&ApiSchemas>) {
    let more = project.filter(|_| !configured.schemas).into_iter().flat_map(|found| &found.schemas);
    for name in more {
        if !check.exposed_schemas.contains(name) {
            check.exposed_schemas.push(name.clone());
        }
    }
}

/// Adjusts what counts as exposed to what a database says, and tells what had to be assumed.
pub(crate) fn of_database(
    check: &mut CheckConfig,
    configured: Configured,
    found: Option<&ApiSchemas>,
    catalog: &Catalog,
) -> Vec<Coverage> {
    let mut said = adopt(check, configured, found);
    let there = |name: &String| catalog.schemas.contains_key(name);
    if found.is_none() && !configured.schemas {
        said.push(taken("pgrst.db_schemas is not set", check));
        if !check.exposed_schemas.iter().any(there) {
            said.push(unreadable(
                "no exposed schema exists in this database: rules about exposure look at nothing".to_owned(),
            ));
        }
    } else {
        let missing = check.exposed_schemas.iter().filter(|name| !there(name));
        said.extend(missing.map(|name| unreadable(format!("exposed schema `{name}` does not exist in this database"))));
    }
    said.extend(roles(check, configured, catalog));
    said
}

/// The same for the schema that files make.
pub(crate) fn of_files(
    check: &mut CheckConfig,
    configured: Configured,
    project: Option<&ApiSchemas>,
    catalog: &Catalog,
) -> Vec<Coverage> {
    let setting = catalog.roles.get(API_ROLE).and_then(|role| role.settings.get(SETTING));
    let found = setting.map(|value| ApiSchemas::parse(value, format!("role {API_ROLE}")));
    let mut said = adopt(check, configured, found.as_ref());
    let exists = |role: &String| catalog.roles.contains_key(role);
    if !check.exposed_roles.iter().any(exists) {
        let names = check.exposed_roles.join("`, `");
        let hint = hint(configured);
        said.push(assumed(format!("no file makes a role `{names}`: nothing counts as exposed; {hint}")));
        return said;
    }
    if found.is_none() && !configured.schemas {
        let source = project.map_or("no file says what the API serves", |project| &project.set_on);
        said.push(taken(source, check));
    } else {
        let missing = check.exposed_schemas.iter().filter(|name| !catalog.schemas.contains_key(*name));
        said.extend(missing.map(|name| unreadable(format!("exposed schema `{name}` is made by no file"))));
    }
    said
}

fn adopt(check: &mut CheckConfig, configured: Configured, found: Option<&ApiSchemas>) -> Vec<Coverage> {
    let Some(found) = found else { return Vec::new() };
    if !configured.schemas {
        check.exposed_schemas.clone_from(&found.schemas);
        return Vec::new();
    }
    let missing = found.schemas.iter().filter(|name| !check.exposed_schemas.contains(name));
    let line = |name: &String| {
        assumed(format!(
            "schema `{name}` is served by the API ({SETTING} on {}) and not among the configured exposed-schemas: it counts as not exposed",
            found.set_on
        ))
    };
    missing.map(line).collect()
}

fn taken(source: &str, check: &CheckConfig) -> Coverage {
    let list = check.exposed_schemas.join("`, `");
    assumed(format!("{source}: `{list}` taken to be what the API serves; write exposed-schemas to say otherwise"))
}

fn roles(check: &CheckConfig, configured: Configured, catalog: &Catalog) -> Vec<Coverage> {
    let missing: Vec<&String> = check.exposed_roles.iter().filter(|role| !catalog.roles.contains_key(*role)).collect();
    let all = missing.len() == check.exposed_roles.len();
    let hint = hint(configured);
    let line = |role: &&String| {
        let effect = if all { "no role counts as exposed" } else { "nothing is exposed to it" };
        unreadable(format!("role `{role}` does not exist on this server: {effect}; {hint}"))
    };
    missing.iter().map(line).collect()
}

const fn hint(configured: Configured) -> &'static str {
    if configured.roles { "correct exposed-roles" } else { "write exposed-roles to name yours" }
}

fn assumed(message: String) -> Coverage {
    Coverage { kind: CoverageKind::Assumption, location: None, object: None, message }
}

fn unreadable(message: String) -> Coverage {
    Coverage { kind: CoverageKind::Unreadable, location: None, object: None, message }
}
