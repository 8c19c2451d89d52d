//! The test suite: one binary, one module per surface.

mod config;
mod report;
mod silencing;
mod discover;
mod volumetrics;
