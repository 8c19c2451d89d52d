//! Value expressions.

use super::{Name, Query, TypeName};
use crate::location::Span;

/// An expression with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expr {
    /// Byte span in the file.
    pub span: Span,
    /// What it is. Parentheses leave no trace.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExprKind {
    /// `NULL`.
    Null,
    /// `TRUE` / `FALSE`.
    Bool(bool),
    /// An integer or decimal constant as written.
    Number(String),
    /// A string constant of any notation, decoded.
    String(String),
    /// `B'…'` / `X'…'`, as written.
    Bits(String),
    /// `$1`, or a psql variable (`:name`, `:'name'`).
    Param(String),
    /// The keyword `DEFAULT` where a value may stand.
    Default,
    /// A column reference: one to three name parts (`schema.table.column`).
    Column(Vec<String>),
    /// `*` or `t.*`.
    Star(Option<Name>),
    /// `current_user`, `session_user`, `current_date`, … by lower-case keyword (`user` and `current_role` are
    /// `current_user`).
    Keyword(&'static str),
    /// A function call; also `coalesce`, `nullif`, `greatest`, `least`, `grouping`, `extract` (as `extract(field, x)`),
    /// `substring`, `position`, `overlay`, `trim` (as `btrim`/`ltrim`/`rtrim`), with plain arguments.
    Call(Box<Call>),
    /// `x::t`, `cast(x as t)`, `t 'literal'`.
    Cast {
        /// Operand.
        expr: Box<Expr>,
        /// Target type.
        ty: TypeName,
    },
    /// `a AND b AND c`, flattened.
    And(Vec<Expr>),
    /// `a OR b OR c`, flattened.
    Or(Vec<Expr>),
    /// `NOT x`.
    Not(Box<Expr>),
    /// A prefix operator other than `NOT`; a negated number constant is `Number("-1")`.
    Unary {
        /// Operator, e.g. `-`.
        op: String,
        /// Operand.
        expr: Box<Expr>,
    },
    /// A binary operator; `!=` is `<>`, `OPERATOR(pg_catalog.=)` is `=`.
    Binary {
        /// Operator, e.g. `=`, `->>`, `||`.
        op: String,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `x IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM y`; `ISNULL`/`NOTNULL` too.
    Is {
        /// Operand.
        expr: Box<Expr>,
        /// The test.
        test: IsTest,
        /// `IS NOT …`.
        negated: bool,
    },
    /// `x [NOT] IN (…)`.
    In {
        /// Operand.
        expr: Box<Expr>,
        /// Values or a query.
        set: InSet,
        /// `NOT IN`.
        negated: bool,
    },
    /// `x op ANY (…)` / `x op ALL (…)`; `SOME` is `ANY`.
    Quantified {
        /// Left operand.
        left: Box<Expr>,
        /// Operator.
        op: String,
        /// `ALL` rather than `ANY`.
        all: bool,
        /// An array expression, or `Subquery`.
        right: Box<Expr>,
    },
    /// `x [NOT] BETWEEN [SYMMETRIC] a AND b`.
    Between {
        /// Operand.
        expr: Box<Expr>,
        /// Lower bound.
        low: Box<Expr>,
        /// Upper bound.
        high: Box<Expr>,
        /// `SYMMETRIC`.
        symmetric: bool,
        /// `NOT BETWEEN`.
        negated: bool,
    },
    /// `x [NOT] LIKE | ILIKE | SIMILAR TO pattern [ESCAPE c]` (also the deparsed `~~`, `~~*`, `!~~`, `!~~*`).
    Like {
        /// Which of the three.
        kind: LikeKind,
        /// Operand.
        expr: Box<Expr>,
        /// Pattern.
        pattern: Box<Expr>,
        /// `ESCAPE`.
        escape: Option<Box<Expr>>,
        /// `NOT LIKE`.
        negated: bool,
    },
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`.
    Case {
        /// Operand of the simple form.
        operand: Option<Box<Expr>>,
        /// `(when, then)` pairs.
        whens: Vec<(Expr, Expr)>,
        /// `ELSE`.
        otherwise: Option<Box<Expr>>,
    },
    /// `EXISTS (query)`.
    Exists(Box<Query>),
    /// A scalar subquery.
    Subquery(Box<Query>),
    /// `ARRAY(query)`.
    ArrayQuery(Box<Query>),
    /// `ARRAY[…]`.
    Array(Vec<Expr>),
    /// `ROW(…)` or `(a, b)`.
    Row(Vec<Expr>),
    /// `x[i]`.
    Index {
        /// Array.
        expr: Box<Expr>,
        /// Subscript.
        index: Box<Expr>,
    },
    /// `x[a:b]`.
    Slice {
        /// Array.
        expr: Box<Expr>,
        /// Lower bound.
        low: Option<Box<Expr>>,
        /// Upper bound.
        high: Option<Box<Expr>>,
    },
    /// `(composite).field`.
    Field {
        /// Composite value.
        expr: Box<Expr>,
        /// Field name.
        field: String,
    },
    /// `x COLLATE c`.
    Collate {
        /// Operand.
        expr: Box<Expr>,
        /// Collation.
        collation: Name,
    },
    /// `x AT TIME ZONE z`.
    AtTimeZone {
        /// Operand.
        expr: Box<Expr>,
        /// Zone.
        zone: Box<Expr>,
    },
    /// Anything else (XML and SQL/JSON constructors, …): the words as written, single-spaced, with the expressions
    /// found inside so that references are not lost.
    Other {
        /// Normalised text.
        text: String,
        /// Sub-expressions.
        inner: Vec<Expr>,
    },
}

/// A function or aggregate call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// Function name as written.
    pub name: Name,
    /// Arguments in order.
    pub args: Vec<CallArg>,
    /// `f(*)`.
    pub star: bool,
    /// `f(DISTINCT …)`.
    pub distinct: bool,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Expr>,
    /// `ORDER BY` inside the parentheses or in `WITHIN GROUP`.
    pub order_by: Vec<Expr>,
    /// Has an `OVER` clause.
    pub over: bool,
    /// Expressions of an inline `OVER (…)`.
    pub window: Vec<Expr>,
}

/// One argument of a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallArg {
    /// `name => value`.
    pub name: Option<String>,
    /// `VARIADIC value`.
    pub variadic: bool,
    /// The value.
    pub value: Expr,
}

/// What `IS` asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IsTest {
    /// `IS NULL`.
    Null,
    /// `IS TRUE`.
    True,
    /// `IS FALSE`.
    False,
    /// `IS UNKNOWN`.
    Unknown,
    /// `IS DISTINCT FROM x`.
    DistinctFrom(Box<Expr>),
    /// `IS DOCUMENT`, `IS JSON …`, `IS NORMALIZED`, as written.
    Other(String),
}

/// The right side of `IN`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum InSet {
    /// `(a, b, c)`.
    List(Vec<Expr>),
    /// `(select …)`.
    Query(Box<Query>),
}

/// Pattern-matching operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LikeKind {
    /// `LIKE`.
    Like,
    /// `ILIKE`.
    Ilike,
    /// `SIMILAR TO`.
    Similar,
}
