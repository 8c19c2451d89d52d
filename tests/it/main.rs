//! The test suite: one binary, one module per surface.

mod cli;
mod config;
mod discover;
mod report;
mod rules;
mod second_opinion;
mod secrets;
mod silencing;
mod sql;
mod volumetrics;

mod facts;
mod fold_vs_postgres;
