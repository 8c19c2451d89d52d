//! Migration files, put in the order their tool runs them and folded, statement by statement, into a Catalog: an
//! interpreter for DDL. What it cannot know becomes Coverage, and the facts touched become unknown.

pub mod discover;
mod eval;
mod fold;
mod host;
mod interp;

pub(crate) use eval::quote_ident;
pub(crate) use fold::privileges_of_new;
pub use fold::{Watch, detect_platform, fold, fold_watched};

use std::sync::Arc;

use crate::catalog::{
    Catalog, Column, Constraint, Function, Index, ObjectRef, Policy, Relation, RewriteRule, Role, Schema, Shared,
    Trigger, Type,
};
use crate::coverage::Coverage;
use crate::exposure::ApiSchemas;
use crate::location::{LineIndex, Location, Span};
pub use crate::sql::Comment;
use crate::sql::SyntaxError;

/// One migration file as discovered and read.
#[derive(Debug, Clone)]
pub struct MigrationFile {
    /// Path as printed: relative to where the run started, `/` separators.
    pub path: Arc<str>,
    /// Decoded text; byte offsets in it are what every span means.
    pub text: Arc<str>,
    /// Parts to fold, in order (the whole file, or its `up` sections).
    pub sections: Vec<Span>,
    /// What the tool records of the file as run, where its name has it: a version number, or a whole name.
    pub version: Option<String>,
    /// Why the owning tool would never run it (`file-name`), where that is so; it is not folded then.
    pub skipped: Option<String>,
    /// Changed since the ref of `--since` (always true without one).
    pub changed: bool,
}

/// Files in order, and what discovery had to say about them.
#[derive(Debug, Clone, Default)]
pub struct MigrationSet {
    /// Files in the order they run.
    pub files: Vec<MigrationFile>,
    /// Which tool's conventions were applied.
    pub layout: Layout,
    /// Skipped files, odd encodings, …
    pub coverage: Vec<Coverage>,
    /// The files as they were at the ref of `--since`; `None` without one.
    pub before: Option<Vec<MigrationFile>>,
    /// What the project's own file says of its API.
    pub api: Option<ApiSchemas>,
}

/// Whose folder conventions apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// Supabase CLI.
    Supabase,
    /// Prisma Migrate.
    Prisma,
    /// Flyway.
    Flyway,
    /// `up`/`down` pairs or sections (sqlx, diesel, dbmate, goose, golang-migrate).
    UpDown,
    /// Lexical order.
    #[default]
    Plain,
}

/// The result of folding.
#[derive(Debug, Clone)]
pub struct History {
    /// The schema after the last migration.
    pub catalog: Catalog,
    /// One record per file, in order; skipped files too.
    pub migrations: Vec<Migration>,
    /// What could not be seen.
    pub coverage: Vec<Coverage>,
}

/// What one migration file did.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The file.
    pub file: MigrationFile,
    /// Offsets → lines.
    pub lines: LineIndex,
    /// Statements executed, in order, those inside `DO` blocks and dynamic SQL too.
    pub statements: Vec<Executed>,
    /// Net effect on objects.
    pub changes: Vec<Change>,
    /// Statements that could not be parsed.
    pub syntax_errors: Vec<SyntaxError>,
    /// Comments, for suppressions and headers.
    pub comments: Vec<Comment>,
}

/// A statement the fold executed.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed {
    /// Where.
    pub at: Location,
    /// Lower-case command tag: `truncate`, `delete`, `update`, `drop table`, `alter table`, `set`, …
    pub command: String,
    /// Objects it names, resolved.
    pub objects: Vec<ObjectRef>,
    /// `DELETE`/`UPDATE` has a `WHERE` (or joins) that can restrict it.
    pub has_where: bool,
    /// `CASCADE`.
    pub cascade: bool,
    /// Parameter set by `SET`, with its value: `session_replication_role`, `replica`.
    pub setting: Option<(String, String)>,
    /// What surrounds it.
    pub within: Within,
    /// Under a condition that could not be decided.
    pub conditional: bool,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// Top level of a file.
    File,
    /// Inside a `DO` block.
    Do,
    /// Text computed and run by `EXECUTE`.
    Dynamic,
    /// Body of a function the migration called.
    Function,
}

/// What one migration did to one object, net.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The object; after a rename, its new name.
    pub object: ObjectRef,
    /// What happened.
    pub kind: ChangeKind,
    /// The statement that did it last.
    pub at: Location,
    /// Former name, after a rename.
    pub renamed_from: Option<String>,
    /// The object whose drop took this one along (`CASCADE`, or a table's own parts).
    pub by: Option<ObjectRef>,
    /// State before the migration.
    pub before: Option<ObjectState>,
    /// State after it.
    pub after: Option<ObjectState>,
    /// Under a condition that could not be decided.
    pub conditional: bool,
}

/// Net effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Not there before, there after.
    Created,
    /// There before and after, some facts differ.
    Altered,
    /// Dropped and created again, or `OR REPLACE`d.
    Replaced,
    /// There before, not there after.
    Dropped,
}

/// A copy of an object's state.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "one variant per Catalog type")]
pub enum ObjectState {
    Role(Box<Role>),
    Schema(Box<Schema>),
    Relation(Box<Relation>),
    Column(Shared<Column>),
    Constraint(Shared<Constraint>),
    Index(Box<Index>),
    Policy(Shared<Policy>),
    Trigger(Shared<Trigger>),
    Rule(Shared<RewriteRule>),
    Function(Box<Function>),
    Type(Box<Type>),
    /// Kinds whose inner state no rule looks at (sequences, extensions, publications, …).
    Other,
}

/// What the database is before the first migration.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Plain PostgreSQL.
    #[default]
    Postgres,
    /// A hosted or CLI Supabase project.
    Supabase,
}

/// What Supabase grants on new objects in `public`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum DefaultGrants {
    /// ALL to `anon`, `authenticated` and `service_role`: projects before the change of 2026.
    #[default]
    Legacy,
    /// Nothing: only explicit grants count.
    Explicit,
}

/// How to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FoldOptions {
    /// Starting point; `None` decides from the files and says so in Coverage.
    pub platform: Option<Platform>,
    /// Supabase's default grants; `None` is legacy, said in Coverage.
    pub default_grants: Option<DefaultGrants>,
}
