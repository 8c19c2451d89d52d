//! What a database has before the first migration, as SQL of our own: the facts of plain PostgreSQL 15 and of a Supabase
//! project, folded by the same fold into the starting Catalog.

use crate::migrations::{DefaultGrants, Platform};

const POSTGRES: &str = include_str!("platform/postgres.sql");
const SUPABASE: &str = include_str!("platform/supabase.sql");
const EXPLICIT: &str = include_str!("platform/supabase_explicit_grants.sql");

/// The scripts that make up a platform, in order.
#[must_use]
pub fn sql(platform: Platform, grants: DefaultGrants) -> Vec<&'static str> {
    match (platform, grants) {
        (Platform::Postgres, _) => vec![POSTGRES],
        (Platform::Supabase, DefaultGrants::Legacy) => vec![POSTGRES, SUPABASE],
        (Platform::Supabase, DefaultGrants::Explicit) => vec![POSTGRES, SUPABASE, EXPLICIT],
    }
}
