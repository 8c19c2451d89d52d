//! The test suite: one binary, one module per surface.

mod cli;
mod config;
mod discover;
mod interp;
mod report;
mod rules;
mod secrets;
mod silencing;
mod support;
mod volumetrics;

mod facts;
mod fold_vs_postgres;
