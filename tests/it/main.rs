//! The test suite: one binary, one module per surface.

mod discover;
mod volumetrics;
