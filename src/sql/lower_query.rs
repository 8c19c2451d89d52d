//! Stub until the query room is merged.
