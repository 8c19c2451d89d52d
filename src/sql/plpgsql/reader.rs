//! A cursor over the tokens of a body, and the pieces of SQL between them.

use crate::location::Span;
use crate::sql::SyntaxError;
use crate::sql::ast::{BodyText, Expr, Query, SourceMap, Statement};
use crate::sql::fragment;
use crate::sql::lex::{Token, TokenKind, tokens};
use crate::sql::lower_query;

/// Reads a body token by token.
pub(super) struct Reader<'a> {
    text: &'a str,
    map: &'a SourceMap,
    tokens: Vec<Token>,
    at: usize,
    /// Blocks and control structures open.
    pub(super) depth: u16,
    errors: Vec<SyntaxError>,
}

/// A run of tokens, by index, and what they span in the body text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a BodyText) -> Self {
        let text = body.text.as_str();
        Self { text, map: &body.map, tokens: tokens(text), at: 0, depth: 0, errors: Vec::new() }
    }

    pub(super) fn into_errors(self) -> Vec<SyntaxError> {
        self.errors
    }

    pub(super) fn error(&mut self, span: Span, message: String) {
        self.errors.push(SyntaxError { span, message, statement: span });
    }

    /// Where the cursor stands.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn token(&self, at: usize) -> Option<Token> {
        self.tokens.get(at).copied()
    }

    pub(super) fn peek(&self) -> Option<Token> {
        self.token(self.at)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    pub(super) fn text_of(&self, token: Token) -> &'a str {
        token.text(self.text)
    }

    /// Whether the token `ahead` of the cursor is the unquoted word `word`.
    pub(super) fn word_at(&self, ahead: usize, word: &str) -> bool {
        self.token(self.at + ahead).is_some_and(|token| token.is_word(self.text, word))
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.word_at(0, word)
    }

    pub(super) fn mark_at(&self, ahead: usize, mark: &str) -> bool {
        self.token(self.at + ahead).is_some_and(|token| token.is(self.text, mark))
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.mark_at(0, mark)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        self.at += usize::from(found);
        found
    }

    /// The identifier at the cursor, folded and unquoted.
    pub(super) fn take_ident(&mut self) -> Option<String> {
        let token = self.peek().filter(Token::is_ident)?;
        self.at += 1;
        Some(crate::sql::literal::ident(self.text_of(token), '\\'))
    }

    /// The words of the statement's first `count` tokens, lower case.
    pub(super) fn first_words(&self, run: Run, count: usize) -> Vec<String> {
        let tokens = self.tokens.get(run.from..run.to.min(run.from + count)).unwrap_or_default();
        tokens.iter().map(|token| token.text(self.text).to_ascii_lowercase()).collect()
    }

    /// The file span of bytes of the body.
    pub(super) fn span(&self, start: u32, end: u32) -> Span {
        self.map.span(start, end)
    }

    /// The body bytes of a run.
    pub(super) fn bytes(&self, run: Run) -> (u32, u32) {
        let end_of_text = crate::sql::lex::offset(self.text.len());
        let start = self.token(run.from).map_or(end_of_text, |token| token.span.start);
        let end = run.to.checked_sub(1).and_then(|last| self.token(last)).map_or(start, |token| token.span.end);
        (start, end.max(start))
    }

    pub(super) fn run_span(&self, run: Run) -> Span {
        let (start, end) = self.bytes(run);
        self.span(start, end)
    }

    /// From the token at `from` to the last one taken.
    pub(super) fn since(&self, from: usize) -> Span {
        self.run_span(Run { from, to: self.at })
    }

    pub(super) fn run_text(&self, run: Run) -> &'a str {
        let (start, end) = self.bytes(run);
        Span::new(start, end).slice(self.text)
    }

    /// Tokens up to the first of `words`, a `;`, or one of `marks`, outside brackets; the stop is not taken.
    pub(super) fn until(&mut self, words: &[&str], marks: &[&str]) -> Run {
        let from = self.at;
        let mut open = 0_u32;
        while let Some(token) = self.peek() {
            let word = token.kind == TokenKind::Word;
            let text = self.text_of(token);
            match text {
                "(" | "[" => open += 1,
                ")" | "]" => open = open.saturating_sub(1),
                ";" if open == 0 => break,
                _ if open > 0 => {}
                _ if word && words.iter().any(|stop| stop.eq_ignore_ascii_case(text)) => break,
                _ if !word && marks.contains(&text) => break,
                _ => {}
            }
            self.at += 1;
        }
        let run = Run { from, to: self.at };
        // Brackets that never close must not swallow the rest of the body.
        if self.peek().is_none() && open > 0 { self.back_to_semicolon(run) } else { run }
    }

    fn back_to_semicolon(&mut self, run: Run) -> Run {
        let semicolon = (run.from..run.to).find(|at| self.token(*at).is_some_and(|token| token.is(self.text, ";")));
        self.at = semicolon.unwrap_or(run.to);
        Run { from: run.from, to: self.at }
    }

    /// Skips to behind the statement's semicolon.
    pub(super) fn skip_statement(&mut self) {
        self.until(&[], &[]);
        self.take_mark(";");
    }

    /// The end of a statement; anything before its semicolon is an error.
    pub(super) fn end_statement(&mut self) {
        let rest = self.until(&[], &[]);
        if rest.from < rest.to {
            let span = self.run_span(rest);
            self.error(span, "a semicolon is missing before this".to_owned());
        }
        self.take_mark(";");
    }

    /// The expression a run spells; its words where the parser cannot make sense of them.
    pub(super) fn expr(&mut self, run: Run) -> Expr {
        let (start, _) = self.bytes(run);
        let text = self.run_text(run);
        match fragment::expr(text, start, self.map) {
            Ok(expr) => expr,
            Err(error) => {
                let span = self.run_span(run);
                self.errors.push(error);
                fragment::unparsed_expr(text, span)
            }
        }
    }

    /// The expressions of a run, separated by commas.
    pub(super) fn exprs(&mut self, run: Run) -> Vec<Expr> {
        let end = self.at;
        self.at = run.from;
        let mut found = Vec::new();
        while self.at < run.to {
            let part = self.until(&[], &[","]);
            let part = Run { from: part.from, to: part.to.min(run.to) };
            found.push(self.expr(part));
            self.at = part.to + 1;
        }
        self.at = end;
        found
    }

    /// The query a run spells, or one nothing is known about.
    pub(super) fn query(&mut self, run: Run, perform: bool) -> Query {
        let (start, _) = self.bytes(run);
        let text = self.run_text(run);
        let parsed =
            if perform { fragment::perform(text, start, self.map) } else { fragment::query(text, start, self.map) };
        parsed.map_or_else(
            |error| {
                self.errors.push(error);
                lower_query::unknown(self.run_span(run))
            },
            |query| *query,
        )
    }

    /// The SQL statement a run spells, with `blank` (bytes of the body) read as white space.
    pub(super) fn statement(&mut self, run: Run, blank: Option<Span>) -> Option<Statement> {
        let (start, _) = self.bytes(run);
        let mut text = self.run_text(run).to_owned();
        if let Some(blank) = blank {
            let from = blank.start.saturating_sub(start) as usize;
            let to = (blank.end.saturating_sub(start) as usize).min(text.len());
            if from < to && text.is_char_boundary(from) && text.is_char_boundary(to) {
                text.replace_range(from..to, &" ".repeat(to - from));
            }
        }
        fragment::statement(&text, start, self.map).map_err(|error| self.errors.push(error)).ok()
    }

    /// The type a run spells.
    pub(super) fn type_name(&mut self, run: Run) -> Option<crate::sql::ast::TypeName> {
        let (start, _) = self.bytes(run);
        let text = self.run_text(run);
        fragment::type_name(text, start, self.map).map_err(|error| self.errors.push(error)).ok()
    }
}
