//! PL/pgSQL blocks.

use super::{Expr, Query, Statement, TypeName};
use crate::location::Span;

/// `[DECLARE …] BEGIN … [EXCEPTION …] END`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Byte span in the file.
    pub span: Span,
    /// Declared variables.
    pub declarations: Vec<Declaration>,
    /// Statements.
    pub body: Vec<PlStatement>,
    /// `EXCEPTION WHEN …` arms.
    pub exceptions: Vec<ExceptionArm>,
}

/// One declared variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Name.
    pub name: String,
    /// Type; `None` for an alias or a cursor.
    pub ty: Option<TypeName>,
    /// Initial value.
    pub value: Option<Expr>,
    /// Bound cursor's query.
    pub cursor: Option<Box<Query>>,
}

/// `WHEN condition OR … THEN statements`.
#[derive(Debug, Clone, PartialEq)]
pub struct ExceptionArm {
    /// Condition names, lower case (`others`, `duplicate_object`); `SQLSTATE '42710'` is kept as `42710`.
    pub conditions: Vec<String>,
    /// Handler.
    pub body: Vec<PlStatement>,
}

/// One PL/pgSQL statement.
#[derive(Debug, Clone, PartialEq)]
pub struct PlStatement {
    /// Byte span in the file.
    pub span: Span,
    /// What it is.
    pub kind: PlKind,
}

/// What a PL/pgSQL statement is.
#[derive(Debug, Clone, PartialEq)]
pub enum PlKind {
    /// A nested block.
    Block(Block),
    /// `target := value` (target as written, e.g. `new.updated_at`).
    Assign {
        /// Target.
        target: String,
        /// Value.
        value: Expr,
    },
    /// `IF … THEN … ELSIF … ELSE … END IF`.
    If {
        /// Condition and statements of `IF` and each `ELSIF`.
        arms: Vec<(Expr, Vec<PlStatement>)>,
        /// `ELSE`.
        otherwise: Vec<PlStatement>,
    },
    /// `CASE [operand] WHEN … THEN … END CASE`.
    Case {
        /// Operand.
        operand: Option<Expr>,
        /// Values (several separated by commas) and statements of each `WHEN`.
        arms: Vec<(Vec<Expr>, Vec<PlStatement>)>,
        /// `ELSE`; `None` raises when nothing matches.
        otherwise: Option<Vec<PlStatement>>,
    },
    /// `LOOP`, or `WHILE condition LOOP`.
    Loop {
        /// `WHILE` condition.
        condition: Option<Expr>,
        /// Statements.
        body: Vec<PlStatement>,
    },
    /// `FOR i IN [REVERSE] a..b [BY n] LOOP`.
    ForRange {
        /// Loop variable.
        variable: String,
        /// `REVERSE`.
        reverse: bool,
        /// First bound.
        low: Expr,
        /// Second bound.
        high: Expr,
        /// `BY`.
        step: Option<Expr>,
        /// Statements.
        body: Vec<PlStatement>,
    },
    /// `FOR r IN query LOOP`.
    ForQuery {
        /// Loop variables: one record, or several scalars.
        variables: Vec<String>,
        /// Query; `Unknown` body for a cursor loop.
        query: Box<Query>,
        /// Statements.
        body: Vec<PlStatement>,
    },
    /// `FOR r IN EXECUTE command [USING …] LOOP`.
    ForExecute {
        /// Loop variables.
        variables: Vec<String>,
        /// The query string.
        command: Expr,
        /// `USING`.
        using: Vec<Expr>,
        /// Statements.
        body: Vec<PlStatement>,
    },
    /// `FOREACH x [SLICE n] IN ARRAY array LOOP`.
    Foreach {
        /// Loop variables.
        variables: Vec<String>,
        /// `SLICE`.
        slice: bool,
        /// Array.
        array: Expr,
        /// Statements.
        body: Vec<PlStatement>,
    },
    /// `EXECUTE command [INTO …] [USING …]`.
    Execute {
        /// The command string.
        command: Expr,
        /// `INTO` targets.
        into: Vec<String>,
        /// `USING`.
        using: Vec<Expr>,
    },
    /// `PERFORM …` as the query it runs.
    Perform(Box<Query>),
    /// An embedded SQL statement; `INTO` targets of a `SELECT` are in its AST.
    Sql(Box<Statement>),
    /// `RETURN [value]`.
    Return(Option<Expr>),
    /// `RETURN NEXT [value]`.
    ReturnNext(Option<Expr>),
    /// `RETURN QUERY query`.
    ReturnQuery(Box<Query>),
    /// `RETURN QUERY EXECUTE command [USING …]`.
    ReturnExecute {
        /// The command string.
        command: Expr,
        /// `USING`.
        using: Vec<Expr>,
    },
    /// `RAISE …`.
    Raise {
        /// Lower-case level; `exception` (also when omitted) aborts.
        level: String,
        /// Argument expressions.
        args: Vec<Expr>,
    },
    /// `EXIT [label] [WHEN condition]`.
    Exit(Option<Expr>),
    /// `CONTINUE [label] [WHEN condition]`.
    Continue(Option<Expr>),
    /// `GET DIAGNOSTICS`, `NULL`, `ASSERT`, cursor statements: nothing that can change a schema.
    Inert(Vec<Expr>),
    /// Not understood; the text stands in the file at the span. Coverage.
    Unparsed,
}
