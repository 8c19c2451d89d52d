//! The test suite: one binary, one module per surface.

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
mod fold;
mod fold_vs_postgres;
