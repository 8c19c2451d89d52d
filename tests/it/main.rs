//! The test suite: one binary, one module per surface.

mod cli;
mod config;
mod discover;
mod report;
mod silencing;
mod volumetrics;
