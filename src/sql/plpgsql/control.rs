//! `IF`, `CASE`, loops, `EXIT` and `RETURN`.

use super::reader::{Reader, Run};
use crate::sql::ast::{Expr, PlKind, PlStatement, Query};
use crate::sql::lower_query;

impl Reader<'_> {
    pub(super) fn if_statement(&mut self) -> PlKind {
        const STOPS: [&str; 4] = ["elsif", "elseif", "else", "end"];
        let from = self.position();
        let mut arms = Vec::new();
        while self.take_word("if") || self.take_word("elsif") || self.take_word("elseif") {
            let condition = self.expr_until("then");
            arms.push((condition, self.statements(&STOPS)));
        }
        let otherwise = if self.take_word("else") { self.statements(&["end"]) } else { Vec::new() };
        self.expect_end(from, Some("if"));
        self.end_statement();
        PlKind::If { arms, otherwise }
    }

    pub(super) fn case_statement(&mut self) -> PlKind {
        let from = self.position();
        self.next();
        let operand = if self.is_word("when") {
            None
        } else {
            let run = self.until(&["when"], &[]);
            Some(self.expr(run))
        };
        let mut arms = Vec::new();
        while self.take_word("when") {
            let run = self.until(&["then"], &[]);
            let values = if operand.is_some() { self.exprs(run) } else { vec![self.expr(run)] };
            self.take_word("then");
            arms.push((values, self.statements(&["when", "else", "end"])));
        }
        let otherwise = self.take_word("else").then(|| self.statements(&["end"]));
        self.expect_end(from, Some("case"));
        self.end_statement();
        PlKind::Case { operand, arms, otherwise }
    }

    pub(super) fn loop_statement(&mut self) -> PlKind {
        let from = self.position();
        let condition = self.take_word("while").then(|| {
            let run = self.until(&["loop"], &[]);
            self.expr(run)
        });
        let body = self.loop_body(from);
        PlKind::Loop { condition, body }
    }

    /// `LOOP … END LOOP [label];`
    fn loop_body(&mut self, from: usize) -> Vec<PlStatement> {
        if !self.take_word("loop") {
            let span = self.since(from);
            self.error(span, "LOOP is missing".to_owned());
        }
        let body = self.statements(&["end"]);
        self.expect_end(from, Some("loop"));
        self.end_statement();
        body
    }

    /// The expression up to `word`, which is taken.
    fn expr_until(&mut self, word: &str) -> Expr {
        let run = self.until(&[word], &[]);
        let expr = self.expr(run);
        if !self.take_word(word) {
            let span = self.run_span(run);
            self.error(span, format!("{} is missing after this", word.to_uppercase()));
            self.take_mark(";");
        }
        expr
    }

    pub(super) fn for_statement(&mut self) -> PlKind {
        let from = self.position();
        self.next();
        let names = self.until(&["in"], &[]);
        let variables = self.targets(names);
        self.take_word("in");
        if self.take_word("execute") {
            let run = self.until(&["using", "loop"], &[]);
            let command = self.expr(run);
            let using = self.using(&["loop"]);
            let body = self.loop_body(from);
            return PlKind::ForExecute { variables, command, using, body };
        }
        let reverse = self.is_word("reverse") && !self.mark_at(1, "..");
        let start = self.position() + usize::from(reverse);
        self.go_to(start);
        let low = self.until(&["loop"], &[".."]);
        if self.is_mark("..") {
            return self.range(from, variables, reverse, low);
        }
        let query = self.loop_query(low);
        let body = self.loop_body(from);
        PlKind::ForQuery { variables, query: Box::new(query), body }
    }

    fn range(&mut self, from: usize, variables: Vec<String>, reverse: bool, low: Run) -> PlKind {
        let low = self.expr(low);
        self.next();
        let high = self.until(&["by", "loop"], &[]);
        let high = self.expr(high);
        let step = self.take_word("by").then(|| {
            let run = self.until(&["loop"], &[]);
            self.expr(run)
        });
        let variable = variables.into_iter().next().unwrap_or_default();
        let body = self.loop_body(from);
        PlKind::ForRange { variable, reverse, low, high, step, body }
    }

    /// The query of a loop; a cursor's name stands for a query that is not here.
    fn loop_query(&mut self, run: Run) -> Query {
        const QUERIES: [&str; 9] = ["select", "with", "values", "table", "(", "insert", "update", "delete", "show"];
        let first = self.first_words(run, 1).pop().unwrap_or_default();
        if QUERIES.contains(&first.as_str()) {
            return self.row_source(run);
        }
        let names_only = self.first_words(run, 2).get(1).is_none_or(|second| second == "(" || second == ".");
        if !names_only {
            let span = self.run_span(run);
            self.error(span, "this is neither a query nor a cursor".to_owned());
        }
        lower_query::unknown(self.run_span(run))
    }

    pub(super) fn foreach(&mut self) -> PlKind {
        let from = self.position();
        self.next();
        let names = self.until(&["slice", "in"], &[]);
        let variables = self.targets(names);
        let slice = self.take_word("slice");
        self.until(&["in"], &[]);
        self.take_word("in");
        self.take_word("array");
        let run = self.until(&["loop"], &[]);
        let array = self.expr(run);
        let body = self.loop_body(from);
        PlKind::Foreach { variables, slice, array, body }
    }

    pub(super) fn exit(&mut self) -> PlKind {
        let leaves = self.is_word("exit");
        self.next();
        self.until(&["when"], &[]);
        let condition = self.take_word("when").then(|| {
            let run = self.until(&[], &[]);
            self.expr(run)
        });
        self.end_statement();
        if leaves { PlKind::Exit(condition) } else { PlKind::Continue(condition) }
    }

    pub(super) fn return_statement(&mut self) -> PlKind {
        self.next();
        if self.take_word("next") {
            let value = self.rest_of_statement();
            return PlKind::ReturnNext(value);
        }
        if self.is_word("query") {
            self.next();
            return self.return_query();
        }
        PlKind::Return(self.rest_of_statement())
    }

    /// The expression up to the semicolon, if there is one.
    fn rest_of_statement(&mut self) -> Option<Expr> {
        let run = self.until(&[], &[]);
        let value = (run.from < run.to).then(|| self.expr(run));
        self.end_statement();
        value
    }

    fn return_query(&mut self) -> PlKind {
        if self.take_word("execute") {
            let run = self.until(&["using"], &[]);
            let command = self.expr(run);
            let using = self.using(&[]);
            self.end_statement();
            return PlKind::ReturnExecute { command, using };
        }
        let run = self.until(&[], &[]);
        let query = self.row_source(run);
        self.end_statement();
        PlKind::ReturnQuery(Box::new(query))
    }

    /// The names in a comma-separated list of targets, as written.
    pub(super) fn targets(&mut self, run: Run) -> Vec<String> {
        let text = self.run_text(run);
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    }
}
