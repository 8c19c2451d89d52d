//! The test suite: one binary, one module per surface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests fail by panicking, helpers included"
)]

mod access;
mod audit;
mod canonical;
mod cli;
mod config;
mod depot;
mod differential;
mod discover;
mod docs;
mod drift;
mod drift_blocks;
mod drift_causes;
mod drift_input;
mod drift_live;
#[cfg(feature = "parquet")]
mod drift_parquet;
mod examples_live;
mod exposure;
mod expr;
mod facts;
mod fixes;
mod fold;
mod fold_vs_postgres;
mod governance;
mod interp;
mod live;
mod live_query;
mod live_safety;
mod plpgsql;
mod predicate;
mod queues;
mod replay;
mod report;
mod rules;
mod second_opinion;
mod secrets;
mod silencing;
mod splinter;
mod sql;
mod support;
mod vcf;
mod volumetrics;
