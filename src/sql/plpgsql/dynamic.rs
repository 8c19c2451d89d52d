//! `EXECUTE`, `OPEN`, `PERFORM`, `RAISE` and `ASSERT`.

use super::reader::Reader;
use crate::sql::ast::{Expr, ExprKind, PlKind};

impl Reader<'_> {
    /// `EXECUTE command [INTO …] [USING …]`, the two in either order.
    pub(super) fn execute(&mut self) -> PlKind {
        self.next();
        let run = self.until(&["into", "using"], &[]);
        let command = self.expr(run);
        let (mut into, mut using) = (Vec::new(), Vec::new());
        loop {
            if self.take_word("into") {
                self.take_word("strict");
                let names = self.until(&["using"], &[]);
                into = self.targets(names);
            } else if self.is_word("using") {
                using = self.using(&["into"]);
            } else {
                break;
            }
        }
        self.end_statement();
        PlKind::Execute { command, into, using }
    }

    /// `USING a, b` up to one of `stops`, where it stands at the cursor.
    pub(super) fn using(&mut self, stops: &[&str]) -> Vec<Expr> {
        if !self.take_word("using") {
            return Vec::new();
        }
        let run = self.until(stops, &[]);
        self.exprs(run)
    }

    /// `OPEN cursor [FOR query | FOR EXECUTE command USING …]`.
    pub(super) fn open(&mut self) -> PlKind {
        self.until(&["for"], &[]);
        if !self.take_word("for") {
            self.end_statement();
            return PlKind::Inert(Vec::new());
        }
        if self.is_word("execute") {
            return self.execute();
        }
        let run = self.until(&[], &[]);
        let query = self.row_source(run);
        self.end_statement();
        PlKind::Inert(vec![Expr { span: query.span, kind: ExprKind::Subquery(Box::new(query)) }])
    }

    /// `PERFORM …` is `SELECT …` with its result thrown away.
    pub(super) fn perform(&mut self) -> PlKind {
        self.next();
        let run = self.until(&[], &[]);
        let query = self.query(run, true);
        self.end_statement();
        PlKind::Perform(Box::new(query))
    }

    pub(super) fn assert(&mut self) -> PlKind {
        self.next();
        let run = self.until(&[], &[]);
        let tests = self.exprs(run);
        self.end_statement();
        PlKind::Inert(tests)
    }

    /// `RAISE [level] ['format' [, …] | condition | SQLSTATE 'code'] [USING option = value, …]`.
    pub(super) fn raise(&mut self) -> PlKind {
        const LEVELS: [&str; 6] = ["debug", "log", "info", "notice", "warning", "exception"];
        self.next();
        let level = LEVELS.into_iter().find(|level| self.take_word(level)).unwrap_or("exception").to_owned();
        let mut args = Vec::new();
        self.until(&["using"], &[","]);
        if self.take_mark(",") {
            let run = self.until(&["using"], &[]);
            args = self.exprs(run);
        }
        if self.take_word("using") {
            args.extend(self.raise_options());
        }
        self.end_statement();
        PlKind::Raise { level, args }
    }

    fn raise_options(&mut self) -> Vec<Expr> {
        let mut values = Vec::new();
        loop {
            self.until(&[], &["=", ":="]);
            self.next();
            let run = self.until(&[], &[","]);
            values.push(self.expr(run));
            if !self.take_mark(",") {
                return values;
            }
        }
    }
}
