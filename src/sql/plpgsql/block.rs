//! Blocks, statement lists, and which statement is which.

use super::reader::Reader;
use crate::sql::ast::{Block, ExceptionArm, PlKind, PlStatement};

/// Blocks and control structures inside one another.
const MAX_DEPTH: u16 = 100;

impl Reader<'_> {
    /// `#variable_conflict use_column` and its like.
    pub(super) fn options(&mut self) {
        while self.is_mark("#") {
            self.next();
            self.next();
            self.next();
        }
    }

    /// `<<label>>`.
    pub(super) fn label(&mut self) {
        if self.is_mark("<<") && self.mark_at(2, ">>") {
            self.go_to(self.position() + 3);
        }
    }

    /// `[DECLARE …] BEGIN … [EXCEPTION …] END [label]`, without its semicolon.
    pub(super) fn block(&mut self) -> Block {
        let from = self.position();
        let declarations = if self.take_word("declare") { self.declarations() } else { Vec::new() };
        if !self.take_word("begin") {
            let span = self.since(from);
            self.error(span, "BEGIN is missing".to_owned());
        }
        let body = self.statements(&["end", "exception"]);
        let exceptions = if self.take_word("exception") { self.exceptions() } else { Vec::new() };
        self.expect_end(from, None);
        Block { span: self.since(from), declarations, body, exceptions }
    }

    /// `END [what] [label]`.
    pub(super) fn expect_end(&mut self, from: usize, what: Option<&str>) {
        let ended = self.take_word("end") && what.is_none_or(|what| self.take_word(what));
        if !ended {
            let span = self.since(from);
            self.error(
                span,
                format!("END{} is missing", what.map(|what| format!(" {}", what.to_uppercase())).unwrap_or_default()),
            );
            return;
        }
        if !self.is_mark(";") {
            self.take_ident();
        }
    }

    fn exceptions(&mut self) -> Vec<ExceptionArm> {
        let mut arms = Vec::new();
        while self.take_word("when") {
            let mut conditions = Vec::new();
            while !self.is_word("then") {
                let Some(token) = self.next() else { break };
                let text = self.text_of(token);
                if text.eq_ignore_ascii_case("or") || text.eq_ignore_ascii_case("sqlstate") {
                    continue;
                }
                conditions.push(text.trim_matches(['\'', '"']).to_ascii_lowercase());
            }
            self.take_word("then");
            arms.push(ExceptionArm { conditions, body: self.statements(&["when", "end"]) });
        }
        arms
    }

    /// Statements up to one of `stops`, which is not taken.
    pub(super) fn statements(&mut self, stops: &[&str]) -> Vec<PlStatement> {
        let mut found = Vec::new();
        self.depth += 1;
        while self.peek().is_some() && !self.at_stop(stops) {
            if self.take_mark(";") {
                continue;
            }
            let before = self.position();
            found.push(self.pl_statement());
            if self.position() == before {
                self.next();
            }
        }
        self.depth -= 1;
        found
    }

    /// `exception` may be a variable's name: it opens the handlers only before `WHEN`.
    fn at_stop(&self, stops: &[&str]) -> bool {
        stops.iter().any(|stop| self.is_word(stop) && (*stop != "exception" || self.word_at(1, "when")))
    }

    fn pl_statement(&mut self) -> PlStatement {
        let from = self.position();
        if self.depth > MAX_DEPTH {
            self.skip_statement();
            let span = self.since(from);
            self.error(span, "nested too deeply to be read".to_owned());
            return PlStatement { span, kind: PlKind::Unparsed };
        }
        self.label();
        let start = self.position();
        let kind = match self.assignment() {
            Some(kind) => kind,
            None => self.keyword_statement(),
        };
        let last = self.position().saturating_sub(1).max(start);
        let semicolon = self.token(last).is_some_and(|token| self.text_of(token) == ";");
        let to = if semicolon { last } else { last + 1 };
        PlStatement { span: self.run_span(super::reader::Run { from, to }), kind }
    }

    fn keyword_statement(&mut self) -> PlKind {
        let word = self.peek().map(|token| self.text_of(token).to_ascii_lowercase()).unwrap_or_default();
        match word.as_str() {
            "declare" | "begin" => {
                let block = self.block();
                self.end_statement();
                PlKind::Block(block)
            }
            "if" => self.if_statement(),
            "case" => self.case_statement(),
            "loop" | "while" => self.loop_statement(),
            "for" => self.for_statement(),
            "foreach" => self.foreach(),
            "exit" | "continue" => self.exit(),
            "return" => self.return_statement(),
            "raise" => self.raise(),
            "execute" => self.execute(),
            "perform" => self.perform(),
            "assert" => self.assert(),
            "get" if self.is_get_diagnostics() => self.inert(),
            "open" => self.open(),
            "fetch" | "move" | "close" | "null" => self.inert(),
            _ => self.embedded(),
        }
    }

    fn is_get_diagnostics(&self) -> bool {
        self.word_at(1, "diagnostics") || self.word_at(2, "diagnostics")
    }

    fn inert(&mut self) -> PlKind {
        self.skip_statement();
        PlKind::Inert(Vec::new())
    }

    /// `target := value`, where one stands at the cursor.
    fn assignment(&mut self) -> Option<PlKind> {
        let from = self.position();
        let first = self.peek()?;
        if !first.is_ident() && !self.text_of(first).starts_with('$') {
            return None;
        }
        let mut at = from + 1;
        let text_at = |reader: &Self, at: usize| reader.token(at).map_or("", |token| reader.text_of(token));
        loop {
            match text_at(self, at) {
                "." => at += 2,
                "[" => at = self.closing_bracket(at)? + 1,
                ":=" | "=" => break,
                _ => return None,
            }
        }
        let target = self.run_text(super::reader::Run { from, to: at }).to_owned();
        self.go_to(at + 1);
        let run = self.until(&[], &[]);
        let value = self.expr(run);
        self.end_statement();
        Some(PlKind::Assign { target, value })
    }

    /// The `]` that closes the `[` at `at`.
    pub(super) fn closing_bracket(&self, at: usize) -> Option<usize> {
        let mut open = 0_u32;
        for index in at.. {
            match self.text_of(self.token(index)?) {
                "[" => open += 1,
                "]" if open == 1 => return Some(index),
                "]" => open = open.saturating_sub(1),
                ";" => return None,
                _ => {}
            }
        }
        None
    }
}
