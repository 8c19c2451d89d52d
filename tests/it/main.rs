//! The test suite: one binary, one module per surface.

mod config;
mod discover;
mod report;
mod silencing;
mod volumetrics;
