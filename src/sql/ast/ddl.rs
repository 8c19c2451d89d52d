//! Statements: everything that can change the Catalog in detail, the rest by name.

use super::{Copy, Dml, Expr, Name, Query, RoleSpec, TypeName, TypedColumn};
use crate::catalog::{ObjectKind, Privilege};
use crate::location::Span;

/// One SQL statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Byte span in the file, without the semicolon and without leading comments.
    pub span: Span,
    /// What it is.
    pub kind: StatementKind,
}

/// What a statement is. Exhaustive on purpose: whoever matches says what it does with each kind.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `CREATE SCHEMA`, with the statements written inside it.
    CreateSchema { name: Option<String>, owner: Option<RoleSpec>, if_not_exists: bool, elements: Vec<Statement> },
    /// `CREATE EXTENSION`.
    CreateExtension { name: String, schema: Option<String>, version: Option<String>, if_not_exists: bool },
    /// `CREATE ROLE | USER | GROUP`.
    CreateRole { name: String, user: bool, options: Vec<RoleOption> },
    /// `ALTER ROLE | USER | GROUP … options` (also `ADD/DROP USER`, as `Grant/RevokeRole`).
    AlterRole { role: RoleSpec, options: Vec<RoleOption> },
    /// `ALTER ROLE … SET/RESET`; `role: None` is `ALL`.
    AlterRoleSetting { role: Option<RoleSpec>, database: Option<String>, setting: SettingAction },
    /// `CREATE [FOREIGN] TABLE`.
    CreateTable(Box<CreateTable>),
    /// `CREATE TABLE … AS` and `SELECT … INTO table`.
    CreateTableAs { name: Name, if_not_exists: bool, temporary: bool, columns: Vec<String>, query: Box<Query> },
    /// `ALTER TABLE | VIEW | MATERIALIZED VIEW | FOREIGN TABLE | INDEX | SEQUENCE` actions; renames, owners and
    /// schemas too.
    AlterRelation { kind: ObjectKind, name: Name, if_exists: bool, only: bool, actions: Vec<RelationAction> },
    /// `CREATE [OR REPLACE] [MATERIALIZED] VIEW`.
    CreateView(Box<CreateView>),
    /// `REFRESH MATERIALIZED VIEW`.
    RefreshView(Name),
    /// `CREATE INDEX`.
    CreateIndex(Box<CreateIndex>),
    /// `CREATE SEQUENCE`.
    CreateSequence { name: Name, if_not_exists: bool, temporary: bool, options: SequenceOptions },
    /// `CREATE [OR REPLACE] FUNCTION | PROCEDURE`.
    CreateFunction(Box<CreateFunction>),
    /// `CREATE AGGREGATE`.
    CreateAggregate { name: Name, args: Vec<Param>, or_replace: bool },
    /// `ALTER FUNCTION | PROCEDURE | ROUTINE | AGGREGATE`.
    AlterFunction { function: RoutineRef, actions: Vec<FunctionAction> },
    /// `CREATE [OR REPLACE] [CONSTRAINT] TRIGGER`.
    CreateTrigger(Box<CreateTrigger>),
    /// `CREATE EVENT TRIGGER`.
    CreateEventTrigger { name: String, event: String, tags: Vec<String>, function: Name },
    /// `ALTER EVENT TRIGGER … ENABLE/DISABLE`.
    AlterEventTrigger { name: String, enabled: TriggerState },
    /// `CREATE [OR REPLACE] RULE`.
    CreateRule(Box<CreateRule>),
    /// `CREATE POLICY`.
    CreatePolicy(Box<CreatePolicy>),
    /// `ALTER POLICY`; `None` leaves a part as it was.
    AlterPolicy { name: String, table: Name, roles: Option<Vec<RoleSpec>>, using: Option<Expr>, check: Option<Expr> },
    /// `CREATE TYPE`.
    CreateType { name: Name, definition: TypeDefinition },
    /// `CREATE DOMAIN`.
    CreateDomain { name: Name, base: TypeName, default: Option<Expr>, constraints: Vec<DomainConstraint> },
    /// `ALTER DOMAIN`.
    AlterDomain { name: Name, action: DomainAction },
    /// `ALTER TYPE`.
    AlterType { name: Name, action: TypeAction },
    /// `CREATE PUBLICATION`.
    CreatePublication { name: String, objects: PublicationObjects },
    /// `ALTER PUBLICATION … ADD/SET/DROP`.
    AlterPublication { name: String, action: PublicationAction },
    /// `DROP …` of any kind.
    Drop { kind: ObjectKind, targets: Vec<ObjectTarget>, if_exists: bool, cascade: bool },
    /// `ALTER … RENAME TO | OWNER TO | SET SCHEMA` of anything that is not a relation or routine.
    AlterObject { target: ObjectTarget, if_exists: bool, action: ObjectAction },
    /// `COMMENT ON`.
    Comment { target: ObjectTarget, text: Option<String> },
    /// `GRANT privileges ON …`.
    Grant(Box<Grant>),
    /// `REVOKE privileges ON …`.
    Revoke(Box<Revoke>),
    /// `GRANT role TO role`.
    GrantRole { roles: Vec<RoleSpec>, to: Vec<RoleSpec>, admin: Option<bool>, inherit: Option<bool>, set: Option<bool> },
    /// `REVOKE role FROM role`; `option_only` for `ADMIN OPTION FOR` and its kin.
    RevokeRole { roles: Vec<RoleSpec>, from: Vec<RoleSpec>, option_only: Option<String>, cascade: bool },
    /// `ALTER DEFAULT PRIVILEGES`.
    AlterDefaultPrivileges(Box<AlterDefaultPrivileges>),
    /// `REASSIGN OWNED`.
    ReassignOwned { from: Vec<RoleSpec>, to: RoleSpec },
    /// `DROP OWNED`.
    DropOwned { roles: Vec<RoleSpec>, cascade: bool },
    /// `SET [LOCAL] name = value` / `RESET name` (`RESET ALL`: name `all`).
    Set { local: bool, setting: SettingAction },
    /// `SET [LOCAL] ROLE x`; `None` is `NONE` or `RESET ROLE`.
    SetRole { local: bool, role: Option<String> },
    /// `SET SESSION AUTHORIZATION x`; `None` resets.
    SetSessionAuthorization { local: bool, role: Option<String> },
    /// A query.
    Select(Box<Query>),
    /// `INSERT`, `UPDATE`, `DELETE`, `MERGE`.
    Dml(Box<Dml>),
    /// `COPY`.
    Copy(Box<Copy>),
    /// `TRUNCATE`.
    Truncate { tables: Vec<Name>, cascade: bool },
    /// `CALL procedure(…)`.
    Call(Expr),
    /// `DO`.
    Do { body: BodyText, language: String },
    /// `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT`, …
    Transaction(Transaction),
    /// `EXPLAIN [ANALYZE] statement`; only `ANALYZE` runs it.
    Explain { analyze: bool, statement: Box<Statement> },
    /// `PREPARE name AS statement` and `EXECUTE name`.
    Prepare { name: String, statement: Box<Statement> },
    /// `EXECUTE name (…)`.
    ExecutePrepared { name: String },
    /// Changes something the Catalog does not hold (servers, tablespaces, text search, operators, casts, statistics,
    /// `VACUUM`, `LOCK`, `NOTIFY`, …), by its SQL command tag, e.g. `CREATE SERVER`.
    NoEffect(&'static str),
    /// Could change the Catalog in a way not interpreted (`ALTER SYSTEM`, `IMPORT FOREIGN SCHEMA`, `LOAD`, …): Coverage.
    Opaque(&'static str),
}

/// The source of a routine body or `DO` block: decoded text and how to get back to the file.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyText {
    /// The body as the server would see it.
    pub text: String,
    /// Byte span of the body in the file, quotes excluded.
    pub span: Span,
    /// How offsets in `text` map to the file.
    pub map: SourceMap,
}

/// Maps byte offsets of a decoded text back to its file.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceMap {
    /// The text stands in the file verbatim, from this offset.
    Verbatim(u32),
    /// Pieces `(offset in text, offset in file)`, ascending: a quoted string with doubled quotes or escapes.
    Pieces(Vec<(u32, u32)>),
    /// Computed text (dynamic SQL): everything stands where it is executed.
    Constant(Span),
}

/// A role attribute in `CREATE/ALTER ROLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleOption {
    /// `[NO]SUPERUSER`.
    Superuser(bool),
    /// `[NO]CREATEDB`.
    CreateDb(bool),
    /// `[NO]CREATEROLE`.
    CreateRole(bool),
    /// `[NO]INHERIT`.
    Inherit(bool),
    /// `[NO]LOGIN`.
    Login(bool),
    /// `[NO]REPLICATION`.
    Replication(bool),
    /// `[NO]BYPASSRLS`.
    BypassRls(bool),
    /// `PASSWORD '…'`: its span only, the value is never kept.
    Password(Span),
    /// `IN ROLE a, b`.
    InRole(Vec<RoleSpec>),
    /// `ROLE a, b` (members).
    Members(Vec<RoleSpec>),
    /// `ADMIN a, b` (members with admin option).
    Admins(Vec<RoleSpec>),
    /// `CONNECTION LIMIT`, `VALID UNTIL`, `SYSID`, `ENCRYPTED`.
    Other,
}

/// `SET name …` or `RESET name`.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingAction {
    /// `SET name = values` (identifiers and constants as their text; `DEFAULT` is `Reset`).
    Set { name: String, values: Vec<String> },
    /// `SET name FROM CURRENT`.
    FromCurrent(String),
    /// `RESET name`; `all` for `RESET ALL`.
    Reset(String),
}

/// `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// Name.
    pub name: Name,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// `UNLOGGED`.
    pub unlogged: bool,
    /// `FOREIGN TABLE … SERVER`.
    pub foreign: bool,
    /// Column definitions in order.
    pub columns: Vec<ColumnDef>,
    /// Table constraints.
    pub constraints: Vec<ConstraintDef>,
    /// `LIKE source` clauses.
    pub likes: Vec<LikeClause>,
    /// `INHERITS`.
    pub inherits: Vec<Name>,
    /// `PARTITION OF parent`.
    pub partition_of: Option<Name>,
    /// `PARTITION BY`, as written.
    pub partition_by: Option<String>,
    /// `OF type`.
    pub of_type: Option<Name>,
    /// `WITH (…)`.
    pub options: Vec<(String, String)>,
}

/// `LIKE source INCLUDING …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeClause {
    /// Table copied.
    pub source: Name,
    /// Lower-case properties included after all `INCLUDING`/`EXCLUDING` are applied
    /// (`all` expanded: `comments`, `constraints`, `defaults`, `generated`, `identity`, `indexes`, …).
    pub including: Vec<String>,
}

/// A column definition.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDef {
    /// Byte span.
    pub span: Span,
    /// Name.
    pub name: String,
    /// Type (absent in `PARTITION OF`/`OF type` column options). `serial` types are kept as written.
    pub ty: Option<TypeName>,
    /// `NOT NULL` / `PRIMARY KEY` not included.
    pub not_null: bool,
    /// `DEFAULT`.
    pub default: Option<Expr>,
    /// `GENERATED ALWAYS AS (expr)`.
    pub generated: Option<Expr>,
    /// `GENERATED … AS IDENTITY`: `true` for `ALWAYS`.
    pub identity: Option<bool>,
    /// Column constraints (check, unique, primary key, references), with this column in `columns`.
    pub constraints: Vec<ConstraintDef>,
}

/// A constraint definition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstraintDef {
    /// Byte span.
    pub span: Span,
    /// `CONSTRAINT name`.
    pub name: Option<String>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `NOT VALID`.
    pub not_valid: bool,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// `NOT ENFORCED`.
    pub not_enforced: bool,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstraintKind {
    /// `NOT NULL` as a named table constraint (PostgreSQL 18).
    NotNull { column: String },
    /// `CHECK`.
    Check(Expr),
    /// `UNIQUE`.
    Unique { columns: Vec<String>, using_index: Option<String>, nulls_not_distinct: bool },
    /// `PRIMARY KEY`.
    PrimaryKey { columns: Vec<String>, using_index: Option<String> },
    /// `FOREIGN KEY … REFERENCES`.
    ForeignKey {
        columns: Vec<String>,
        references: Name,
        referenced_columns: Vec<String>,
        on_delete: RefAction,
        on_update: RefAction,
    },
    /// `EXCLUDE`.
    Exclude(String),
}

/// Foreign key actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefAction {
    /// `NO ACTION`.
    #[default]
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
}

/// One action of `ALTER TABLE` and its kin.
#[derive(Debug, Clone, PartialEq)]
pub enum RelationAction {
    /// `ADD COLUMN`.
    AddColumn { column: Box<ColumnDef>, if_not_exists: bool },
    /// `DROP COLUMN`.
    DropColumn { name: String, if_exists: bool, cascade: bool },
    /// `ALTER COLUMN … TYPE`.
    ColumnType { column: String, ty: TypeName },
    /// `ALTER COLUMN … SET/DROP DEFAULT`.
    ColumnDefault { column: String, default: Option<Expr> },
    /// `ALTER COLUMN … SET/DROP NOT NULL`.
    ColumnNotNull { column: String, not_null: bool },
    /// `ALTER COLUMN … ADD GENERATED … AS IDENTITY` (`Some(always)`), `SET GENERATED`, `DROP IDENTITY` (`None`).
    ColumnIdentity { column: String, identity: Option<bool> },
    /// `ALTER COLUMN … SET/DROP EXPRESSION`.
    ColumnGenerated { column: String, generated: Option<Expr> },
    /// `ADD constraint`.
    AddConstraint(Box<ConstraintDef>),
    /// `DROP CONSTRAINT`.
    DropConstraint { name: String, if_exists: bool, cascade: bool },
    /// `VALIDATE CONSTRAINT`.
    ValidateConstraint(String),
    /// `ALTER CONSTRAINT … [NOT] DEFERRABLE`.
    AlterConstraint { name: String, deferrable: bool },
    /// `ENABLE/DISABLE ROW LEVEL SECURITY`.
    RowSecurity(bool),
    /// `[NO] FORCE ROW LEVEL SECURITY`.
    ForceRowSecurity(bool),
    /// `ENABLE/DISABLE [REPLICA|ALWAYS] TRIGGER`.
    Trigger { which: TriggerSelector, state: TriggerState },
    /// `ENABLE/DISABLE [REPLICA|ALWAYS] RULE`.
    Rule { name: String, state: TriggerState },
    /// `OWNER TO`.
    Owner(RoleSpec),
    /// `RENAME TO`.
    Rename(String),
    /// `RENAME [COLUMN] a TO b`.
    RenameColumn { from: String, to: String },
    /// `RENAME CONSTRAINT a TO b`.
    RenameConstraint { from: String, to: String },
    /// `SET SCHEMA`.
    SetSchema(String),
    /// `SET (options)`.
    SetOptions(Vec<(String, String)>),
    /// `RESET (options)`.
    ResetOptions(Vec<String>),
    /// `INHERIT parent`.
    Inherit(Name),
    /// `NO INHERIT parent`.
    NoInherit(Name),
    /// `ATTACH PARTITION child`.
    AttachPartition(Name),
    /// `DETACH PARTITION child`.
    DetachPartition(Name),
    /// `SET LOGGED/UNLOGGED`.
    Logged(bool),
    /// Sequence options of `ALTER SEQUENCE`.
    Sequence(SequenceOptions),
    /// `SET STATISTICS`, storage, tablespace, cluster, replica identity, …: nothing the Catalog holds.
    Other,
}

/// Which triggers an `ENABLE/DISABLE TRIGGER` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerSelector {
    /// One trigger.
    Name(String),
    /// `ALL`.
    All,
    /// `USER`.
    User,
}

/// When a trigger or rule fires (`pg_trigger.tgenabled`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerState {
    /// `O`: in origin and local mode.
    #[default]
    Origin,
    /// `D`: never.
    Disabled,
    /// `R`: in replica mode only.
    Replica,
    /// `A`: always.
    Always,
}

/// `CREATE VIEW`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateView {
    /// Name.
    pub name: Name,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `IF NOT EXISTS` (materialized views).
    pub if_not_exists: bool,
    /// `MATERIALIZED`.
    pub materialized: bool,
    /// `TEMPORARY`.
    pub temporary: bool,
    /// Column aliases.
    pub columns: Vec<String>,
    /// `WITH (options)`: lower-case name and value (`true` where none was written).
    pub options: Vec<(String, String)>,
    /// Defining query.
    pub query: Query,
    /// `WITH [CASCADED|LOCAL] CHECK OPTION`.
    pub check_option: Option<String>,
}

/// `CREATE INDEX`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateIndex {
    /// Name, where one was written.
    pub name: Option<String>,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Table.
    pub table: Name,
    /// `UNIQUE`.
    pub unique: bool,
    /// `CONCURRENTLY`.
    pub concurrently: bool,
    /// Access method, `btree` unless written.
    pub method: String,
    /// Key columns or expressions.
    pub keys: Vec<IndexKey>,
    /// `INCLUDE` columns.
    pub include: Vec<String>,
    /// `WHERE`.
    pub filter: Option<Expr>,
}

/// One key of an index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexKey {
    /// Column or expression.
    pub expr: Expr,
    /// Operator class, ordering and collation as written (lower case), e.g. `text_pattern_ops desc`.
    pub options: String,
}

/// Options of a sequence the model cares about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SequenceOptions {
    /// `OWNED BY table.column`; `Some(None)` is `OWNED BY NONE`.
    pub owned_by: Option<Option<(Name, String)>>,
    /// `AS type`.
    pub ty: Option<TypeName>,
}

/// `CREATE FUNCTION | PROCEDURE`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateFunction {
    /// Name.
    pub name: Name,
    /// `PROCEDURE`.
    pub procedure: bool,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// Parameters.
    pub params: Vec<Param>,
    /// `RETURNS type`.
    pub returns: Option<TypeName>,
    /// `RETURNS TABLE (…)`.
    pub returns_table: Vec<TypedColumn>,
    /// Lower-case language; `sql` for a `RETURN`/`BEGIN ATOMIC` body without one.
    pub language: String,
    /// `IMMUTABLE`, `STABLE`, `VOLATILE`.
    pub volatility: Volatility,
    /// `SECURITY DEFINER`.
    pub security_definer: bool,
    /// `STRICT`.
    pub strict: bool,
    /// `LEAKPROOF`.
    pub leakproof: bool,
    /// `SET name = …` clauses.
    pub settings: Vec<SettingAction>,
    /// The body.
    pub body: FunctionBody,
}

/// A routine's body.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionBody {
    /// `AS '…'` / `AS $$…$$`.
    Text(BodyText),
    /// `RETURN expr`.
    Return(Expr),
    /// `BEGIN ATOMIC … END`.
    Atomic(Vec<Statement>),
    /// `AS 'object file', 'symbol'`, or none.
    External,
}

/// Volatility classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Volatility {
    /// `IMMUTABLE`.
    Immutable,
    /// `STABLE`.
    Stable,
    /// `VOLATILE`.
    #[default]
    Volatile,
}

/// A routine parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Name.
    pub name: Option<String>,
    /// Mode.
    pub mode: ParamMode,
    /// Type.
    pub ty: TypeName,
    /// Default.
    pub default: Option<Expr>,
}

/// Parameter modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamMode {
    /// `IN`.
    #[default]
    In,
    /// `OUT`.
    Out,
    /// `INOUT`.
    InOut,
    /// `VARIADIC`.
    Variadic,
}

/// A routine named by `ALTER`, `DROP`, `GRANT` or `COMMENT`.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutineRef {
    /// `Function`, `Procedure`, `Aggregate`, or `Routine` for either.
    pub kind: ObjectKind,
    /// Name.
    pub name: Name,
    /// Argument types in the order written, `OUT` left out; `None` where no list was written.
    pub args: Option<Vec<TypeName>>,
}

/// One action of `ALTER FUNCTION`.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionAction {
    /// `RENAME TO`.
    Rename(String),
    /// `OWNER TO`.
    Owner(RoleSpec),
    /// `SET SCHEMA`.
    SetSchema(String),
    /// `SECURITY DEFINER` / `INVOKER`.
    SecurityDefiner(bool),
    /// Volatility.
    Volatility(Volatility),
    /// `STRICT` and its opposite.
    Strict(bool),
    /// `[NOT] LEAKPROOF`.
    Leakproof(bool),
    /// `SET` / `RESET`.
    Setting(SettingAction),
    /// `COST`, `ROWS`, `PARALLEL`, `SUPPORT`, `DEPENDS ON EXTENSION`.
    Other,
}

/// `CREATE TRIGGER`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTrigger {
    /// Name.
    pub name: String,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// `CONSTRAINT TRIGGER`.
    pub constraint: bool,
    /// Table or view.
    pub table: Name,
    /// `before`, `after`, `instead of`.
    pub timing: String,
    /// `insert`, `update`, `delete`, `truncate`, sorted in that order.
    pub events: Vec<String>,
    /// `UPDATE OF` columns.
    pub columns: Vec<String>,
    /// `FOR EACH ROW`.
    pub row: bool,
    /// `WHEN`.
    pub when: Option<Expr>,
    /// Function called.
    pub function: Name,
    /// Its string arguments.
    pub args: Vec<String>,
}

/// `CREATE RULE`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateRule {
    /// Name.
    pub name: String,
    /// `OR REPLACE`.
    pub or_replace: bool,
    /// Table or view.
    pub table: Name,
    /// `select`, `insert`, `update`, `delete`.
    pub event: String,
    /// `INSTEAD`.
    pub instead: bool,
    /// Condition.
    pub filter: Option<Expr>,
    /// Commands; empty is `NOTHING`.
    pub commands: Vec<Statement>,
}

/// `CREATE POLICY`.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePolicy {
    /// Name.
    pub name: String,
    /// Table.
    pub table: Name,
    /// `AS RESTRICTIVE` is `false`.
    pub permissive: bool,
    /// `FOR`.
    pub command: PolicyCommand,
    /// `TO`; `None` where no `TO` clause was written (PUBLIC).
    pub roles: Option<Vec<RoleSpec>>,
    /// `USING`.
    pub using: Option<Expr>,
    /// `WITH CHECK`.
    pub check: Option<Expr>,
}

/// Command a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyCommand {
    /// `ALL`.
    #[default]
    All,
    /// `SELECT`.
    Select,
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// `CREATE TYPE` forms.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeDefinition {
    /// `AS ENUM`.
    Enum(Vec<String>),
    /// `AS (columns)`.
    Composite(Vec<TypedColumn>),
    /// `AS RANGE`.
    Range,
    /// A base or shell type.
    Base,
}

/// `ALTER TYPE` actions other than owner, rename and schema.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeAction {
    /// `ADD VALUE`.
    AddValue { value: String, if_not_exists: bool, before: Option<String>, after: Option<String> },
    /// `RENAME VALUE`.
    RenameValue { from: String, to: String },
    /// `ADD ATTRIBUTE`.
    AddAttribute(TypedColumn),
    /// `DROP ATTRIBUTE`.
    DropAttribute { name: String, if_exists: bool },
    /// `ALTER ATTRIBUTE … TYPE`.
    AttributeType { name: String, ty: TypeName },
    /// `RENAME ATTRIBUTE`.
    RenameAttribute { from: String, to: String },
    /// Several attribute actions, in order.
    Several(Vec<TypeAction>),
    /// Anything else.
    Other,
}

/// A domain's constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainConstraint {
    /// Name.
    pub name: Option<String>,
    /// `CHECK (expr)`; `None` for `NOT NULL`.
    pub check: Option<Expr>,
}

/// `ALTER DOMAIN` actions other than owner, rename and schema.
#[derive(Debug, Clone, PartialEq)]
pub enum DomainAction {
    /// `SET/DROP DEFAULT`.
    Default(Option<Expr>),
    /// `SET/DROP NOT NULL`.
    NotNull(bool),
    /// `ADD constraint`.
    AddConstraint(DomainConstraint),
    /// `DROP CONSTRAINT`.
    DropConstraint { name: String, if_exists: bool },
    /// `VALIDATE`, `RENAME CONSTRAINT`.
    Other,
}

/// What a publication covers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PublicationObjects {
    /// `FOR ALL TABLES`.
    pub all_tables: bool,
    /// `FOR TABLE`.
    pub tables: Vec<Name>,
    /// `FOR TABLES IN SCHEMA` (`CURRENT_SCHEMA` as `None`).
    pub schemas: Vec<Option<String>>,
}

/// `ALTER PUBLICATION` actions other than owner and rename.
#[derive(Debug, Clone, PartialEq)]
pub enum PublicationAction {
    /// `ADD`.
    Add(PublicationObjects),
    /// `SET`.
    Set(PublicationObjects),
    /// `DROP`.
    Drop(PublicationObjects),
    /// `SET (options)`.
    Options,
}

/// An object as `DROP`, `COMMENT` and `ALTER … RENAME` name it.
#[derive(Debug, Clone, PartialEq)]
pub enum ObjectTarget {
    /// By name: relations, types, schemas (name only), extensions, roles, publications, …
    Named { kind: ObjectKind, name: Name },
    /// A routine.
    Routine(RoutineRef),
    /// `name ON table`: policies, triggers, rules, constraints.
    OnTable { kind: ObjectKind, name: String, table: Name },
    /// `table.column` (comments only).
    Column { table: Name, column: String },
    /// Not held by the Catalog (casts, operators, …).
    Other,
}

/// Renames and their kin for `AlterObject`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectAction {
    /// `RENAME TO`.
    Rename(String),
    /// `OWNER TO`.
    Owner(RoleSpec),
    /// `SET SCHEMA`.
    SetSchema(String),
    /// `DEPENDS ON EXTENSION`, `UPDATE`, `ADD/DROP member`, …
    Other,
}

/// One privilege with its columns, where it is limited to some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivilegeSpec {
    /// The privilege; `None` is `ALL [PRIVILEGES]`.
    pub privilege: Option<Privilege>,
    /// Columns.
    pub columns: Vec<String>,
}

/// What `GRANT`/`REVOKE` is on.
#[derive(Debug, Clone, PartialEq)]
pub enum GrantTarget {
    /// Tables, views, …: `ON [TABLE] a, b`.
    Tables(Vec<Name>),
    /// Sequences.
    Sequences(Vec<Name>),
    /// Functions, procedures, routines.
    Routines(Vec<RoutineRef>),
    /// Schemas.
    Schemas(Vec<String>),
    /// Types and domains.
    Types(Vec<Name>),
    /// `ALL TABLES | SEQUENCES | FUNCTIONS | PROCEDURES | ROUTINES IN SCHEMA`; kind is `Table`, `Sequence`, `Function`,
    /// `Procedure` or `Routine`.
    AllInSchema { kind: ObjectKind, schemas: Vec<String> },
    /// Databases, languages, servers, wrappers, tablespaces, large objects, parameters: not in the Catalog.
    Other(&'static str),
}

/// `GRANT privileges`.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Privileges.
    pub privileges: Vec<PrivilegeSpec>,
    /// Objects.
    pub on: GrantTarget,
    /// Grantees.
    pub to: Vec<RoleSpec>,
    /// `WITH GRANT OPTION`.
    pub grant_option: bool,
    /// `GRANTED BY`.
    pub granted_by: Option<RoleSpec>,
}

/// `REVOKE privileges`.
#[derive(Debug, Clone, PartialEq)]
pub struct Revoke {
    /// Privileges.
    pub privileges: Vec<PrivilegeSpec>,
    /// Objects.
    pub on: GrantTarget,
    /// Grantees.
    pub from: Vec<RoleSpec>,
    /// `GRANT OPTION FOR`.
    pub grant_option_only: bool,
    /// `CASCADE`.
    pub cascade: bool,
}

/// `ALTER DEFAULT PRIVILEGES`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterDefaultPrivileges {
    /// `FOR ROLE`; empty is the current role.
    pub for_roles: Vec<RoleSpec>,
    /// `IN SCHEMA`; empty is everywhere.
    pub schemas: Vec<String>,
    /// `GRANT` rather than `REVOKE`.
    pub grant: bool,
    /// Privileges.
    pub privileges: Vec<PrivilegeSpec>,
    /// `Table`, `Sequence`, `Function` (functions, procedures and routines alike), `Type`, `Schema`.
    pub on: ObjectKind,
    /// Grantees.
    pub grantees: Vec<RoleSpec>,
    /// `WITH GRANT OPTION`, or `GRANT OPTION FOR`.
    pub grant_option: bool,
}

/// Transaction control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transaction {
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`; `chain` for `AND CHAIN`.
    Commit { chain: bool },
    /// `ROLLBACK`, `ABORT`.
    Rollback { chain: bool },
    /// `SAVEPOINT`.
    Savepoint(String),
    /// `RELEASE`.
    Release(String),
    /// `ROLLBACK TO`.
    RollbackTo(String),
    /// Two-phase commit, `SET TRANSACTION`, `SET CONSTRAINTS`.
    Other,
}
