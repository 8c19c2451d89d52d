//! What must not change: the lock judged by PostgreSQL, and the sections' rules end to end.

mod alerts;
mod evasions;
mod gates;
mod life;
pub(crate) mod lock;
mod mutations;
mod names;
mod rows;
mod waive;
