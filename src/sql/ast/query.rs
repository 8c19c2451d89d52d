//! Queries and data-modifying statements.

use super::{Expr, Name, TypeName};
use crate::location::Span;

/// A query: `SELECT`, `VALUES`, `TABLE`, set operations, with its `WITH` clause.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// Byte span in the file.
    pub span: Span,
    /// `WITH RECURSIVE`.
    pub recursive: bool,
    /// Common table expressions in order.
    pub with: Vec<Cte>,
    /// What is selected.
    pub body: QueryBody,
    /// `ORDER BY` expressions (direction is irrelevant to what a query may read).
    pub order_by: Vec<Expr>,
    /// `LIMIT` / `FETCH FIRST`.
    pub limit: Option<Expr>,
    /// `OFFSET`.
    pub offset: Option<Expr>,
    /// `FOR UPDATE`, `FOR SHARE`, …
    pub locking: bool,
}

/// One common table expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cte {
    /// Its name.
    pub name: String,
    /// Column aliases.
    pub columns: Vec<String>,
    /// Query or data-modifying statement.
    pub body: CteBody,
}

/// What a common table expression runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CteBody {
    /// A query.
    Query(Box<Query>),
    /// `INSERT`/`UPDATE`/`DELETE`/`MERGE … RETURNING`.
    Dml(Box<Dml>),
}

/// The body of a query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum QueryBody {
    /// `SELECT …`.
    Select(Box<Select>),
    /// `left UNION [ALL] right`, …
    Set {
        /// Which operation.
        op: SetOp,
        /// `ALL`.
        all: bool,
        /// Left query.
        left: Box<Query>,
        /// Right query.
        right: Box<Query>,
    },
    /// `VALUES (…), (…)`.
    Values(Vec<Vec<Expr>>),
    /// `TABLE name`.
    Table(Name),
    /// Something the parser could not make sense of.
    Unknown,
}

/// Set operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// `UNION`.
    Union,
    /// `INTERSECT`.
    Intersect,
    /// `EXCEPT`.
    Except,
}

/// One `SELECT`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Select {
    /// `DISTINCT` or `DISTINCT ON`.
    pub distinct: bool,
    /// Output columns.
    pub columns: Vec<SelectItem>,
    /// `SELECT … INTO target`: a new table in SQL, variables in PL/pgSQL.
    pub into: Vec<Name>,
    /// `FROM` items, comma-separated.
    pub from: Vec<TableRef>,
    /// `WHERE`.
    pub filter: Option<Expr>,
    /// `GROUP BY`.
    pub group_by: Vec<Expr>,
    /// `HAVING`.
    pub having: Option<Expr>,
}

/// One output column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SelectItem {
    /// Value.
    pub expr: Expr,
    /// `AS alias`.
    pub alias: Option<String>,
}

/// One `FROM` item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TableRef {
    /// A relation by name.
    Relation {
        /// Byte span of the name.
        span: Span,
        /// The relation.
        name: Name,
        /// Alias.
        alias: Option<Alias>,
    },
    /// `(query) alias`.
    Query {
        /// `LATERAL`.
        lateral: bool,
        /// The query.
        query: Box<Query>,
        /// Alias.
        alias: Option<Alias>,
    },
    /// A function in `FROM` (a `Call`, or several for `ROWS FROM`), `unnest(…)` among them.
    Function {
        /// `LATERAL`.
        lateral: bool,
        /// The calls.
        calls: Vec<Expr>,
        /// `WITH ORDINALITY`.
        ordinality: bool,
        /// Alias.
        alias: Option<Alias>,
    },
    /// A join.
    Join {
        /// Which kind.
        kind: JoinKind,
        /// Left side.
        left: Box<TableRef>,
        /// Right side.
        right: Box<TableRef>,
        /// Condition.
        on: JoinOn,
    },
    /// `XMLTABLE`, `JSON_TABLE`, `GRAPH_TABLE`, …
    Other(Alias),
}

/// Alias of a `FROM` item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Alias {
    /// Its name.
    pub name: String,
    /// Column aliases.
    pub columns: Vec<String>,
}

/// Kinds of join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `[INNER] JOIN`.
    Inner,
    /// `LEFT JOIN`.
    Left,
    /// `RIGHT JOIN`.
    Right,
    /// `FULL JOIN`.
    Full,
    /// `CROSS JOIN`.
    Cross,
}

/// Join condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JoinOn {
    /// None (`CROSS JOIN`).
    None,
    /// `ON expr`.
    Expr(Expr),
    /// `USING (columns)`.
    Using(Vec<String>),
    /// `NATURAL`.
    Natural,
}

/// A data-modifying statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dml {
    /// Byte span in the file.
    pub span: Span,
    /// `WITH` clause.
    pub with: Vec<Cte>,
    /// What it does.
    pub kind: DmlKind,
    /// Table written to.
    pub table: Name,
    /// Its alias.
    pub alias: Option<String>,
    /// `INSERT` column list.
    pub columns: Vec<String>,
    /// `INSERT` source (`VALUES` or query); `None` for `DEFAULT VALUES` and the other kinds.
    pub source: Option<Box<Query>>,
    /// `SET column = value` of `UPDATE`, `ON CONFLICT DO UPDATE` or `MERGE` branches.
    pub assignments: Vec<Assignment>,
    /// `UPDATE … FROM`, `DELETE … USING`, `MERGE … USING`.
    pub from: Vec<TableRef>,
    /// `WHERE` (of the statement, not of `ON CONFLICT`); for `MERGE` its `ON`.
    pub filter: Option<Expr>,
    /// `WHERE CURRENT OF cursor`.
    pub current_of: bool,
    /// Has an `ON CONFLICT` clause; `DO UPDATE` leaves its assignments above.
    pub on_conflict: bool,
    /// `RETURNING` columns.
    pub returning: Vec<SelectItem>,
    /// PL/pgSQL `INTO` targets after `RETURNING`.
    pub into: Vec<Name>,
}

/// `column = value`; `value` is `None` where a row expression or query sets several columns at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// Column assigned.
    pub column: String,
    /// Its value.
    pub value: Option<Expr>,
}

/// Which data-modifying statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DmlKind {
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
    /// `MERGE`.
    Merge,
}

/// `COPY table FROM/TO …` or `COPY (query) TO …`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Copy {
    /// Table, unless a query.
    pub table: Option<Name>,
    /// Query form.
    pub query: Option<Box<Query>>,
    /// Column list.
    pub columns: Vec<String>,
    /// `FROM` (writes to the table) rather than `TO`.
    pub from: bool,
    /// Byte span of an inline `FROM stdin` data block, where one followed.
    pub data: Option<Span>,
    /// `FROM/TO PROGRAM`.
    pub program: bool,
}

/// A column definition in `RETURNS TABLE` or a function alias.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TypedColumn {
    /// Name.
    pub name: String,
    /// Type.
    pub ty: TypeName,
}
