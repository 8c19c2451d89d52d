//! Rules as data: the YAML shape, the fields rules may name, and their compiled conditions.

pub mod schema;
