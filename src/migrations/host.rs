//! The seam between the fold and the interpreter of procedural code: what running code may ask of the schema as it
//! stands, and what it may do to it.

use std::sync::Arc;

use super::Within;
use crate::catalog::{Catalog, FunctionKey, QualifiedName};
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::sql::ast::{CreateFunction, Name, Statement};

/// The database a procedural body runs in.
pub(super) trait Host {
    /// The schema as it stands before the next statement.
    fn catalog(&self) -> &Catalog;
    /// Schemas searched for unqualified names, in order: `"$user"` resolved, schemas that do not exist left out,
    /// `pg_catalog` implied.
    fn search_path(&self) -> &[String];
    /// `current_user`.
    fn current_role(&self) -> &str;
    /// A parameter set by `SET` or `set_config` in this session (lower-case name).
    fn setting(&self, name: &str) -> Option<&str>;
    /// Sets a parameter, as `set_config` does.
    fn set_setting(&mut self, name: &str, value: &str, local: bool);
    /// Runs one statement of the current file. An `Err` is an error the server would raise, and then nothing was
    /// changed; outside strict mode such errors are covered and worked around as in files, and do not come back.
    fn execute(&mut self, statement: &Statement, within: Within) -> Result<(), Failure>;
    /// Parses text that was computed at `at` and runs its statements, each standing at `at`.
    fn execute_text(&mut self, sql: &str, at: Span, within: Within) -> Result<(), Failure>;
    /// Says that something could not be seen.
    fn cover(&mut self, kind: CoverageKind, at: Span, message: String);
    /// Facts set while on are marked conditional, and drops leave the object with a conditional provenance; returns
    /// what it was before.
    fn set_conditional(&mut self, on: bool) -> bool;
    /// While on, errors the server would raise come back from `execute` (for blocks with exception arms); returns
    /// what it was before.
    fn set_strict(&mut self, on: bool) -> bool;
    /// Facts that opaque dynamic SQL may have changed become unknown.
    fn taint(&mut self, scope: Taint, at: Span);
    /// The function a call with so many arguments means; `None` for built-in, unknown and ambiguous ones.
    fn resolve_function(&self, name: &Name, arg_count: usize) -> Option<FunctionKey>;
    /// The statement that defined a function, where the history did.
    fn routine(&self, key: &FunctionKey) -> Option<Arc<CreateFunction>>;
    /// What procedural code may still use up, over all bodies one statement of the file sets off.
    fn limits(&mut self) -> &mut Limits;
    /// Opens a subtransaction.
    fn savepoint(&mut self) -> Savepoint;
    /// Undoes all changes since `to` and closes it.
    fn rollback(&mut self, to: Savepoint);
    /// Keeps the changes since `of` and closes it.
    fn release(&mut self, of: Savepoint);
}

/// Bounds on procedural code: no body, however hostile, keeps the fold busy or exhausts the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Statements that may still be run.
    pub(super) statements: u32,
    /// Expressions that may still be evaluated.
    pub(super) expressions: u32,
    /// Levels of expressions and bodies that may still be entered.
    pub(super) levels: u32,
    /// Calls that may still be entered inside each other.
    pub(super) calls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { statements: 10_000, expressions: 2_000_000, levels: 200, calls: 16 }
    }
}

/// An open subtransaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Savepoint(pub(super) usize);

/// An error the server would raise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// Condition name as PL/pgSQL's `EXCEPTION WHEN` spells it: `duplicate_object`, `undefined_table`, …
    pub(super) condition: &'static str,
    /// One line, lower case.
    pub(super) message: String,
}

impl Failure {
    /// A failure with a condition name and a message.
    pub(super) fn new(condition: &'static str, message: impl Into<String>) -> Self {
        Self { condition, message: message.into() }
    }
}

/// What dynamic SQL of unknown text may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taint {
    /// Anything.
    Everything,
    /// Anything in a schema.
    Schema(String),
    /// Anything about a table or view: its RLS flags, options, policies' roles and expressions, trigger states.
    Relation(QualifiedName),
    /// The policies of a table, one table or (with `None`) all.
    Policies(Option<QualifiedName>),
    /// The RLS flags of a table, one table or (with `None`) all.
    RowSecurity(Option<QualifiedName>),
    /// Privileges, on everything.
    Grants,
    /// Settings, security and owner of all functions.
    Functions,
}
