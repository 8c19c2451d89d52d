//! The test suite: one binary, one module per surface.

mod discover;
mod volumetrics;

mod facts;
mod fold_vs_postgres;
