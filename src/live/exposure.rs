//! Which schemas the API serves: what the configuration says, else what PostgREST's own setting says, else an
//! assumption that is said aloud.

use serde::{Deserialize, Serialize};

use super::Server;
use crate::catalog::Catalog;
use crate::check::CheckConfig;
use crate::coverage::{Coverage, CoverageKind};

/// `pgrst.db_schemas` and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiSchemas {
    /// The schemas.
    pub schemas: Vec<String>,
    /// `role authenticator`, `the database`.
    pub set_on: String,
}

/// Adjusts what counts as exposed to what this database says, and tells what had to be assumed. `configured` says which
/// of the two lists the user wrote.
pub(super) fn exposure(
    check: &mut CheckConfig,
    configured: (bool, bool),
    server: &Server,
    catalog: &Catalog,
) -> Vec<Coverage> {
    let mut said = Vec::new();
    let (schemas_configured, roles_configured) = configured;
    let found = server.api_schemas.as_ref();
    match found {
        Some(found) if !schemas_configured => check.exposed_schemas.clone_from(&found.schemas),
        Some(found) => {
            let missing = found.schemas.iter().filter(|name| !check.exposed_schemas.contains(name));
            said.extend(missing.map(|name| {
                assumed(format!(
                    "schema `{name}` is served by the API (pgrst.db_schemas on {}) and not among the configured exposed-schemas: it counts as not exposed",
                    found.set_on
                ))
            }));
        }
        None if !schemas_configured => {
            // A schema that is not there cannot be served.
            let list = check.exposed_schemas.join("`, `");
            said.push(assumed(format!(
                "pgrst.db_schemas is not set: `{list}` taken to be what the API serves; write exposed-schemas to say otherwise"
            )));
        }
        None => {}
    }
    let there = |name: &String| catalog.schemas.contains_key(name);
    if schemas_configured || found.is_some() {
        said.extend(
            check
                .exposed_schemas
                .iter()
                .filter(|name| !there(name))
                .map(|name| unreadable(format!("exposed schema `{name}` does not exist in this database"))),
        );
    } else if !check.exposed_schemas.iter().any(there) {
        said.push(unreadable(
            "no exposed schema exists in this database: rules about exposure look at nothing".to_owned(),
        ));
    }
    said.extend(roles(check, roles_configured, catalog));
    said
}

fn roles(check: &CheckConfig, configured: bool, catalog: &Catalog) -> Vec<Coverage> {
    let missing: Vec<&String> = check.exposed_roles.iter().filter(|role| !catalog.roles.contains_key(*role)).collect();
    let all = missing.len() == check.exposed_roles.len();
    let hint = if configured { "correct exposed-roles" } else { "write exposed-roles to name yours" };
    let line = |role: &&String| {
        let effect = if all { "no role counts as exposed" } else { "nothing is exposed to it" };
        unreadable(format!("role `{role}` does not exist on this server: {effect}; {hint}"))
    };
    missing.iter().map(line).collect()
}

fn assumed(message: String) -> Coverage {
    Coverage { kind: CoverageKind::Assumption, location: None, object: None, message }
}

fn unreadable(message: String) -> Coverage {
    Coverage { kind: CoverageKind::Unreadable, location: None, object: None, message }
}
