//! The test suite: one binary, one module per surface.

mod volumetrics;
mod discover;
