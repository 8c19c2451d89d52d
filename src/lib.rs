//! Audits PostgreSQL and Supabase schemas: migration SQL or a live database becomes one [`catalog::Catalog`], YAML
//! rules are evaluated on it, and what they find becomes a report.

pub mod access;
pub mod audit;
pub mod baseline;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod coverage;
pub mod date;
pub mod diff;
pub mod drift;
pub mod exposure;
pub mod finding;
pub mod governance;
pub mod live;
pub mod location;
pub mod migrations;
pub mod platform;
pub mod predicate;
pub mod replay;
pub mod report;
pub mod rule;
pub mod run;
pub mod silence;
pub mod snapshot;
pub mod sql;
pub mod suggest;
pub mod suppression;
pub mod vcf;
pub mod volumetrics;
pub mod waiver;
