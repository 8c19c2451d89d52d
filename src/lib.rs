//! Audits PostgreSQL and Supabase schemas: migration SQL or a live database becomes one [`catalog::Catalog`], YAML
//! rules are evaluated on it, and what they find becomes a report.

pub mod catalog;
pub mod coverage;
pub mod finding;
pub mod location;
pub mod migrations;
pub mod platform;
pub mod sql;
pub mod volumetrics;
