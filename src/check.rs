//! Subjects × rules → findings. A rule makes no claim where a fact it needs is not known; that is said as Coverage.

mod access;
pub mod code;
mod evaluate;
mod facts;
mod model;
pub mod query;
pub mod secrets;
mod squawk;
mod subject;
mod subjects;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::{AccessOptions, Delta, Expectation};
use crate::catalog::Catalog;
use crate::coverage::Coverage;
use crate::finding::Finding;
use crate::governance::Governance;
use crate::live::LiveFacts;
use crate::migrations::{History, Migration};
use crate::rule::Rule;
use crate::sql::LintSettings;

pub use model::Model;
pub(crate) use model::name_parts;
pub use subject::{Needed, Subject};

/// What is checked, and against what.
#[derive(Debug, Clone, Copy)]
pub struct CheckInput<'a> {
    /// The schema.
    pub catalog: &'a Catalog,
    /// How it came about; empty for a live database or a snapshot.
    pub migrations: &'a [Migration],
    /// What the source could not see; `opaque` rules look at it.
    pub coverage: &'a [Coverage],
    /// Rules as configured.
    pub rules: &'a [Rule],
    /// What counts as exposed and as trusted.
    pub config: &'a CheckConfig,
    /// The schema before the change under review, where there is one: what access rules compare with.
    pub before: Option<&'a Catalog>,
    /// Report only what files changed since the ref of `--since` caused.
    pub changed_only: bool,
    /// What a running database says beyond its schema; `None` for migrations.
    pub live: Option<&'a LiveFacts>,
}

impl<'a> CheckInput<'a> {
    /// A folded history, all of it.
    #[must_use]
    pub fn of_history(history: &'a History, rules: &'a [Rule], config: &'a CheckConfig) -> Self {
        let History { catalog, migrations, coverage } = history;
        Self { catalog, migrations, coverage, rules, config, changed_only: false, live: None, before: None }
    }
}

/// `config.*` in rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckConfig {
    /// Schemas the API serves.
    pub exposed_schemas: Vec<String>,
    /// Roles whose callers are not trusted.
    pub exposed_roles: Vec<String>,
    /// Schemas the server or the platform owns.
    pub system_schemas: Vec<String>,
    /// Roles trusted with everything.
    pub privileged_roles: Vec<String>,
    /// What must not change, with the lock; nothing, where nothing is declared.
    pub governance: Option<Arc<Governance>>,
    /// What must hold of access.
    pub contract: Vec<Expectation>,
    /// What is known of a role's sessions, by role; in place of what its name says.
    pub access: AccessOptions,
    /// What squawk assumes.
    pub lint: LintSettings,
}

impl Default for CheckConfig {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            exposed_schemas: list(&["public", "graphql_public"]),
            exposed_roles: list(&["anon", "authenticated"]),
            system_schemas: list(&[
                "auth",
                "cron",
                "extensions",
                "graphql",
                "information_schema",
                "net",
                "pgbouncer",
                "pg_catalog",
                "pgsodium",
                "realtime",
                "storage",
                "supabase_functions",
                "supabase_migrations",
                "vault",
            ]),
            privileged_roles: list(&[
                "postgres",
                "service_role",
                "supabase_admin",
                "supabase_auth_admin",
                "supabase_storage_admin",
                "dashboard_user",
                "supabase_read_only_user",
                "supabase_etl_admin",
                "supabase_replication_admin",
            ]),
            governance: None,
            contract: Vec::new(),
            access: AccessOptions::default(),
            lint: LintSettings::default(),
        }
    }
}

/// What came out.
#[derive(Debug, Clone, Default)]
pub struct CheckOutput {
    /// Findings, unsorted: the report sorts.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub coverage: Vec<Coverage>,
    /// Subjects there were, by target.
    pub subjects: BTreeMap<&'static str, usize>,
    /// What each role gained or lost, compared with the schema before.
    pub access: Vec<Delta>,
    /// Subjects each rule's `when` let through, by rule id.
    pub looked_at: BTreeMap<String, usize>,
    /// Who can reach what, where some rule asked.
    pub table: Option<std::sync::Arc<crate::access::Table>>,
}

/// Evaluates the rules.
#[must_use]
pub fn run(input: &CheckInput<'_>) -> CheckOutput {
    evaluate::run(input)
}

/// The subjects of one target, with every field of the schema.
#[must_use]
pub fn subjects(input: &CheckInput<'_>, target: &'static crate::rule::schema::Target) -> Vec<Subject> {
    let mut all = Vec::new();
    subjects::in_batches(&Model::new(input), &Needed::all(target), &mut |batch| all.extend_from_slice(batch));
    all
}
