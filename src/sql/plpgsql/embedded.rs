//! SQL statements in a body: `INTO` belongs to PL/pgSQL and is taken out before the SQL parser sees them.

use super::reader::{Reader, Run};
use crate::location::Span;
use crate::sql::ast::{Cte, CteBody, Name, PlKind, Query, QueryBody, Statement, StatementKind};
use crate::sql::lex::TokenKind;
use crate::sql::lower_query;

impl Reader<'_> {
    /// Any other statement, to its semicolon.
    pub(super) fn embedded(&mut self) -> PlKind {
        let run = self.sql_run();
        self.take_mark(";");
        let into = self.find_into(run);
        let blank = into.as_ref().map(|(span, _)| *span);
        match self.statement(run, blank) {
            Some(mut statement) => {
                if let Some((_, names)) = into {
                    assign_into(&mut statement, names);
                }
                PlKind::Sql(Box::new(statement))
            }
            None => PlKind::Unparsed,
        }
    }

    /// A statement up to its semicolon; in `CREATE FUNCTION … BEGIN ATOMIC … END` semicolons stand inside.
    fn sql_run(&mut self) -> Run {
        let run = self.until(&[], &[]);
        let words = self.first_words(run, 4);
        let routine = words.iter().any(|word| word == "function" || word == "procedure");
        if words.first().is_none_or(|word| word != "create") || !routine {
            return run;
        }
        let atomic = (run.from..run.to).any(|at| {
            let is =
                |at: usize, word| self.token(at).is_some_and(|token| self.text_of(token).eq_ignore_ascii_case(word));
            is(at, "begin") && is(at + 1, "atomic")
        });
        if !atomic {
            return run;
        }
        while self.take_mark(";") && !self.is_word("end") {
            self.until(&[], &[]);
        }
        self.take_word("end");
        Run { from: run.from, to: self.position() }
    }

    /// The `INTO` clause of a statement: its bytes in the body and its targets.
    fn find_into(&mut self, run: Run) -> Option<(Span, Vec<Name>)> {
        let word = |reader: &Self, at: usize| reader.token(at).map(|token| reader.text_of(token).to_ascii_lowercase());
        if word(self, run.from).as_deref() == Some("import") {
            return None;
        }
        let into = (run.from + 1..run.to).find(|at| {
            let before = word(self, at - 1).unwrap_or_default();
            word(self, *at).as_deref() == Some("into") && before != "insert" && before != "merge"
        })?;
        let end = self.position();
        self.go_to(into + 1);
        if self.is_word("strict") {
            self.next();
        }
        let mut names = Vec::new();
        while let Some(name) = self.target() {
            names.push(name);
            if !self.take_mark(",") {
                break;
            }
        }
        let (start, stop) = self.bytes(Run { from: into, to: self.position() });
        self.go_to(end);
        Some((Span::new(start, stop), names))
    }

    /// `variable`, `record.field`, `array[1]`, `$1`.
    fn target(&mut self) -> Option<Name> {
        let mut parts = Vec::new();
        match self.take_ident() {
            Some(name) => parts.push(name),
            None => {
                let parameter = self.peek().filter(|token| token.kind == TokenKind::Param)?;
                self.next();
                parts.push(self.text_of(parameter).to_owned());
            }
        }
        while self.is_mark(".") {
            self.next();
            parts.push(self.take_ident()?);
        }
        if self.is_mark("[") {
            let close = self.closing_bracket(self.position())?;
            self.go_to(close + 1);
        }
        let name = parts.pop()?;
        Some(Name { schema: parts.pop(), name })
    }

    /// Rows for a loop, a cursor or `RETURN QUERY`: a query, or a data-modifying statement with `RETURNING`, which
    /// is kept as the `WITH` of a query nothing else is known about.
    pub(super) fn row_source(&mut self, run: Run) -> Query {
        match self.statement(run, None) {
            Some(Statement { kind: StatementKind::Select(query), .. }) => *query,
            Some(Statement { kind: StatementKind::Dml(dml), span }) => {
                let mut query = lower_query::unknown(span);
                query.with.push(Cte { name: String::new(), columns: Vec::new(), body: CteBody::Dml(dml) });
                query
            }
            _ => lower_query::unknown(self.run_span(run)),
        }
    }
}

fn assign_into(statement: &mut Statement, names: Vec<Name>) {
    match &mut statement.kind {
        StatementKind::Dml(dml) => dml.into = names,
        StatementKind::Select(query) => query_into(query, names),
        _ => {}
    }
}

/// Of set operations the first `SELECT` holds the targets.
fn query_into(query: &mut Query, names: Vec<Name>) {
    let mut at = query;
    loop {
        match &mut at.body {
            QueryBody::Set { left, .. } => at = left,
            QueryBody::Select(select) => {
                select.into = names;
                return;
            }
            _ => return,
        }
    }
}
