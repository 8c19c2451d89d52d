//! Runs procedural code: `DO` blocks, and functions the history calls. Placeholder until the interpreter is merged:
//! everything is Coverage.

use super::host::{Failure, Host, Taint};
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::sql::ast::{BodyText, Expr, Query};

/// Runs a `DO` block.
pub(super) fn run_do(host: &mut dyn Host, _body: &BodyText, language: &str, at: Span) -> Result<(), Failure> {
    host.cover(CoverageKind::DynamicSql, at, format!("`DO` block in {language} is not interpreted"));
    host.taint(Taint::Everything, at);
    Ok(())
}

/// Runs `CALL procedure(…)`.
pub(super) fn call_function(_host: &mut dyn Host, _call: &Expr, _at: Span) -> Result<(), Failure> {
    Ok(())
}

/// Runs what a top-level query calls.
pub(super) fn select(_host: &mut dyn Host, _query: &Query, _at: Span) -> Result<(), Failure> {
    Ok(())
}
