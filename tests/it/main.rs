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

mod canonical;
mod cli;
mod config;
mod discover;
mod expr;
mod plpgsql;
mod report;
mod rules;
mod secrets;
mod silencing;
mod support;
mod volumetrics;

mod facts;
mod fold_vs_postgres;
