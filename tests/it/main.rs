//! The test suite: one binary, one module per surface.

mod discover;
mod rules;
mod volumetrics;
