//! Shape facts.
