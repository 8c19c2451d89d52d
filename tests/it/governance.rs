//! What must not change: the lock judged by PostgreSQL, and the sections' rules end to end.

pub(crate) mod lock;
mod mutations;
