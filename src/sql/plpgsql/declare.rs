//! `DECLARE` sections.

use super::reader::{Reader, Run};
use crate::sql::ast::{Declaration, Name, TypeName};
use crate::sql::lex::TokenKind;

impl Reader<'_> {
    /// Declarations up to `BEGIN`.
    pub(super) fn declarations(&mut self) -> Vec<Declaration> {
        let mut found = Vec::new();
        while self.peek().is_some() && !self.is_word("begin") {
            if self.take_word("declare") || self.take_mark(";") {
                continue;
            }
            self.label();
            let before = self.position();
            found.extend(self.declaration());
            if self.position() == before {
                self.next();
            }
        }
        found
    }

    fn declaration(&mut self) -> Option<Declaration> {
        let from = self.position();
        let Some(name) = self.take_ident() else {
            self.skip_statement();
            let span = self.since(from);
            self.error(span, "this is not a declaration".to_owned());
            return None;
        };
        if self.is_word("alias") && self.word_at(1, "for") {
            self.skip_statement();
            return Some(Declaration { name, ty: None, value: None, cursor: None });
        }
        if self.is_cursor() {
            return Some(self.cursor(name));
        }
        self.take_word("constant");
        let ty = self.until(&["collate", "not", "default"], &[":=", "="]);
        let ty = self.declared_type(ty);
        self.until(&["default"], &[":=", "="]);
        let mut value = None;
        if self.take_word("default") || self.take_mark(":=") || self.take_mark("=") {
            let run = self.until(&[], &[]);
            value = Some(self.expr(run));
        }
        self.end_statement();
        Some(Declaration { name, ty, value, cursor: None })
    }

    fn is_cursor(&self) -> bool {
        self.is_word("cursor")
            || (self.is_word("scroll") && self.word_at(1, "cursor"))
            || (self.is_word("no") && self.word_at(1, "scroll") && self.word_at(2, "cursor"))
    }

    fn cursor(&mut self, name: String) -> Declaration {
        self.until(&["for", "is"], &[]);
        self.next();
        let run = self.until(&[], &[]);
        let query = self.query(run, false);
        self.end_statement();
        Declaration { name, ty: None, value: None, cursor: Some(Box::new(query)) }
    }

    fn declared_type(&mut self, run: Run) -> Option<TypeName> {
        let percent = (run.from..run.to).find(|at| self.token(*at).is_some_and(|token| self.text_of(token) == "%"));
        match percent {
            Some(percent) => Some(self.percent_type(Run { from: run.from, to: percent }, run.to)),
            None => self.type_name(run),
        }
    }

    /// `table.column%TYPE`, `table%ROWTYPE[]`.
    fn percent_type(&self, path: Run, end: usize) -> TypeName {
        let parts = (path.from..path.to).filter_map(|at| self.token(at)).filter(crate::sql::lex::Token::is_ident);
        let mut parts: Vec<String> = parts.map(|token| crate::sql::literal::ident(self.text_of(token), '\\')).collect();
        let name = parts.pop().unwrap_or_default();
        let schema = if parts.is_empty() { None } else { Some(parts.join(".")) };
        let brackets = (path.to..end).filter_map(|at| self.token(at));
        let array = brackets.filter(|token| token.kind == TokenKind::Punct && self.text_of(*token) == "[").count();
        TypeName {
            name: Name { schema, name },
            modifiers: Vec::new(),
            array_dims: u8::try_from(array).unwrap_or(u8::MAX),
            setof: false,
            percent: true,
        }
    }
}
