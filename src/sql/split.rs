//! A file's text cut into statements the way psql cuts it, so that each is parsed on its own and one that cannot be
//! parsed takes no other along.

use super::guard::{Depth, Guard};
use super::lex::{Lexer, Token, TokenKind, offset};
use crate::location::Span;

/// Bytes a template piece may span.
const TEMPLATE_LIMIT: usize = 200;

/// One statement as found in the text; all spans are offsets in that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    /// From its first token to its last, without the semicolon.
    pub(super) span: Span,
    /// How deep it nests.
    pub(super) depth: Depth,
    /// Data of `COPY … FROM stdin`.
    pub(super) data: Option<Span>,
    /// Variables of psql (`:name`) and template pieces (`{{ … }}`).
    pub(super) holes: Vec<Hole>,
    /// psql commands inside it, to be blanked.
    pub(super) blanks: Vec<Span>,
    /// What is known to be wrong with it, and where.
    pub(super) error: Option<(Span, &'static str)>,
}

/// A piece of a statement that some tool replaces before the server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    /// Where.
    pub(super) span: Span,
    /// Which tool's.
    pub(super) kind: HoleKind,
}

/// Kinds of hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoleKind {
    /// `:name` or `:'name'`: a value, or anything at all.
    Variable,
    /// `:"name"`: an identifier.
    Identifier,
    /// `{{ … }}`.
    Template,
}

/// A psql command (`\set`, `\ir`, …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    /// From the backslash to the end of its line.
    pub(super) span: Span,
    /// Name without the backslash.
    pub(super) name: Span,
}

/// A text's statements and what stands between them.
#[derive(Debug, Clone, Default)]
pub(super) struct Split {
    pub(super) statements: Vec<Raw>,
    /// Delimiters included.
    pub(super) comments: Vec<Span>,
    pub(super) metas: Vec<Meta>,
    /// `COPY` data that no `\.` ends.
    pub(super) endless: Vec<Span>,
}

/// Cuts `text[from..to]`. `psql`: the text is a file that psql could run (its commands and `COPY` data are known)
/// rather than a function body.
pub(super) fn split(text: &str, from: usize, to: usize, psql: bool) -> Split {
    let text = text.get(..to).unwrap_or(text);
    let lexer = Lexer::starting_at(text, from);
    let mut splitter = Splitter { text, lexer, psql, split: Split::default(), now: Open::default(), flat: false };
    while splitter.step() {}
    splitter.split
}

struct Splitter<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    psql: bool,
    split: Split,
    now: Open,
    /// Brackets do not balance in this text: every semicolon ends a statement.
    flat: bool,
}

/// The statement being read.
#[derive(Debug, Default)]
struct Open {
    span: Option<Span>,
    parens: u32,
    /// Open `[`: inside, a colon separates the bounds of a slice.
    brackets: u32,
    /// `BEGIN`/`CASE` not yet closed in a `CREATE FUNCTION`.
    blocks: u32,
    routine: Routine,
    copy: bool,
    stdin: bool,
    previous: Option<Token>,
    guard: Guard,
    holes: Vec<Hole>,
    blanks: Vec<Span>,
    error: Option<(Span, &'static str)>,
    /// Behind the first semicolon inside brackets, with what was known there.
    semicolon: Option<Mark>,
}

#[derive(Debug, Clone)]
struct Mark {
    span: Span,
    after: usize,
    comments: usize,
    metas: usize,
}

/// How far the statement's first words go as `CREATE [OR REPLACE] FUNCTION | PROCEDURE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Routine {
    #[default]
    Start,
    Create,
    Or,
    Replace,
    Yes,
    No,
}

impl<'a> Splitter<'a> {
    /// Takes one token; false at the end of the text.
    fn step(&mut self) -> bool {
        let Some(token) = self.lexer.next() else { return self.end_of_text() };
        match token.kind {
            TokenKind::Comment => self.comment(&token),
            TokenKind::Other if self.psql && token.text(self.text) == "\\" => self.backslash(&token),
            TokenKind::Punct if token.text(self.text) == ";" && self.ends_here(&token) => {
                self.finish();
                return true;
            }
            TokenKind::Punct if token.text(self.text) == "{" && self.template(&token) => {}
            TokenKind::QuotedIdent if self.template(&token) => {}
            _ => self.token(&token),
        }
        true
    }

    fn token(&mut self, token: &Token) {
        let text = self.text;
        let now = &mut self.now;
        now.span = Some(now.span.map_or(token.span, |span| span.cover(token.span)));
        now.guard.feed(text, token);
        match token.kind {
            TokenKind::Word => now.word(text, token),
            TokenKind::Punct if token.text(text) == "(" => now.parens += 1,
            TokenKind::Punct if token.text(text) == ")" => now.parens = now.parens.saturating_sub(1),
            TokenKind::Punct if token.text(text) == "[" => now.brackets += 1,
            TokenKind::Punct if token.text(text) == "]" => now.brackets = now.brackets.saturating_sub(1),
            TokenKind::String | TokenKind::QuotedIdent | TokenKind::Bits if !token.closed => {
                now.error.get_or_insert((token.span, "this quote is never closed"));
            }
            TokenKind::Other if token.text(text) == "\0" => {
                now.error.get_or_insert((token.span, "a NUL byte cannot stand in SQL"));
            }
            _ => {}
        }
        if now.routine == Routine::Start && token.kind != TokenKind::Word {
            now.routine = Routine::No;
        }
        now.variable(text, token);
        now.previous = Some(*token);
    }

    fn comment(&mut self, token: &Token) {
        self.split.comments.push(token.span);
        if !token.closed {
            let now = &mut self.now;
            now.span = Some(now.span.map_or(token.span, |span| span.cover(token.span)));
            now.error = Some((token.span, "this comment is never closed"));
        }
    }

    /// Does the semicolon `token` end the statement? Remembers the first that does not.
    fn ends_here(&mut self, token: &Token) -> bool {
        let now = &mut self.now;
        if self.flat || (now.parens == 0 && now.blocks == 0) {
            return true;
        }
        let span = now.span.unwrap_or(token.span);
        let (comments, metas) = (self.split.comments.len(), self.split.metas.len());
        let after = token.span.end as usize;
        now.semicolon.get_or_insert(Mark { span, after, comments, metas });
        false
    }

    /// Closes the statement at hand, if any, and skips the data that follows `COPY … FROM stdin`.
    fn finish(&mut self) {
        let now = std::mem::take(&mut self.now);
        let Some(span) = now.span else { return };
        let stdin = now.stdin && self.psql;
        let mut guard = now.guard;
        let data = if stdin { self.copy_data() } else { None };
        let Open { holes, blanks, error, .. } = now;
        self.split.statements.push(Raw { span, depth: guard.finish(), data, holes, blanks, error });
    }

    /// At the end of the text: where brackets did not balance, goes back to the first semicolon inside them.
    fn end_of_text(&mut self) -> bool {
        let open = self.now.parens > 0 || self.now.blocks > 0;
        let Some(mark) = self.now.semicolon.take().filter(|_| open && self.now.error.is_none()) else {
            self.finish();
            return false;
        };
        self.flat = true;
        self.now.span = Some(mark.span);
        let near = Span::new(mark.span.end.saturating_sub(1), mark.span.end);
        self.now.error = Some((near, "brackets, or BEGIN and END, do not balance before this semicolon"));
        self.now.stdin = false;
        self.finish();
        self.split.comments.truncate(mark.comments);
        self.split.metas.truncate(mark.metas);
        self.lexer = Lexer::starting_at(self.text, mark.after);
        true
    }

    /// A psql command: at the start of a line, or one of those that send the statement.
    fn backslash(&mut self, token: &Token) {
        let at = token.span.start as usize;
        let rest = self.text.get(at + 1..).unwrap_or("");
        if rest.starts_with(';') {
            self.lexer = Lexer::starting_at(self.text, at + 2);
            self.finish();
            return;
        }
        let length = rest.bytes().take_while(|byte| byte.is_ascii_lowercase() || *byte == b'_').count();
        let name = rest.get(..length).unwrap_or("");
        let sends = ["g", "gx", "gset", "gexec", "gdesc", "watch", "crosstabview"].contains(&name);
        let before = self.text.get(..at).unwrap_or("").trim_end_matches([' ', '\t']);
        let starts_line = before.is_empty() || before.ends_with(['\n', '\r', '\u{feff}']);
        if !sends && (!starts_line || rest.starts_with('\\')) {
            self.token(token);
            return;
        }
        let line = rest.find('\n').map_or(self.text.len(), |end| at + 1 + end);
        let span = Span::new(token.span.start, offset(line));
        let name = Span::new(token.span.start + 1, offset(at + 1 + length));
        self.split.metas.push(Meta { span, name });
        self.lexer = Lexer::starting_at(self.text, line);
        if sends {
            self.finish();
        } else if self.now.span.is_some() {
            self.now.blanks.push(span);
        }
    }

    /// `{{ … }}` on one line, or a quoted identifier with quotes in such a piece, taken as one token.
    fn template(&mut self, token: &Token) -> bool {
        let start = token.span.start as usize;
        let window = self.text.as_bytes().get(start..).unwrap_or_default();
        let window = window.get(..TEMPLATE_LIMIT).unwrap_or(window);
        let line = window.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let quoted = token.kind == TokenKind::QuotedIdent;
        let opens = line.windows(2).take(if quoted { line.len() } else { 1 }).any(|pair| pair == b"{{");
        let close = line.windows(2).position(|pair| pair == b"}}").filter(|_| opens).map(|at| at + 2);
        let quote = |from: usize| line.iter().skip(from).position(|byte| *byte == b'"').map(|more| from + more + 1);
        let Some(end) = (if quoted { close.and_then(quote) } else { close }) else { return false };
        if start + end <= token.span.end as usize {
            return false;
        }
        let span = Span::new(token.span.start, offset(start + end));
        self.now.holes.push(Hole { span, kind: HoleKind::Template });
        self.lexer = Lexer::starting_at(self.text, start + end);
        self.now.span = Some(self.now.span.map_or(span, |whole| whole.cover(span)));
        self.now.previous = None;
        true
    }

    /// Skips the data block that starts on the next line.
    fn copy_data(&mut self) -> Option<Span> {
        let at = self.lexer.position();
        let rest = self.text.get(at..)?;
        let start = rest.find('\n').map_or(self.text.len(), |end| at + end + 1);
        let mut end = start;
        for line in self.text.get(start..)?.split_inclusive('\n') {
            if line.trim_end_matches(['\r', '\n']) == "\\." {
                self.lexer = Lexer::starting_at(self.text, end + line.len());
                return Some(Span::new(offset(start), offset(end)));
            }
            end += line.len();
        }
        let data = Span::new(offset(start), offset(end));
        self.split.endless.push(data);
        self.lexer = Lexer::starting_at(self.text, end);
        Some(data)
    }
}

impl Open {
    /// psql's own heuristic for `BEGIN ATOMIC` bodies: in a statement that starts as `CREATE [OR REPLACE] FUNCTION` or
    /// `PROCEDURE`, `BEGIN` and the `CASE`s inside are closed by `END`.
    fn word(&mut self, text: &str, token: &Token) {
        let is = |keyword: &str| token.is_word(text, keyword);
        self.copy |= self.previous.is_none() && is("copy");
        let from = || self.previous.is_some_and(|before| before.is_word(text, "from"));
        self.stdin |= self.copy && self.parens == 0 && is("stdin") && from();
        self.routine = match self.routine {
            Routine::Start if is("create") => Routine::Create,
            Routine::Create if is("or") => Routine::Or,
            Routine::Or if is("replace") => Routine::Replace,
            Routine::Create | Routine::Replace if is("function") || is("procedure") => Routine::Yes,
            Routine::Yes => Routine::Yes,
            _ => Routine::No,
        };
        if self.routine == Routine::Yes && self.parens == 0 {
            if is("begin") || (self.blocks > 0 && is("case")) {
                self.blocks += 1;
            } else if is("end") {
                self.blocks = self.blocks.saturating_sub(1);
            }
        }
    }

    /// Notes a psql variable: a colon with a name or quote right behind it.
    fn variable(&mut self, text: &str, token: &Token) {
        let colon = self.previous.filter(|before| before.is(text, ":") && before.span.end == token.span.start);
        let Some(colon) = colon.filter(|_| self.brackets == 0) else { return };
        let kind = match token.kind {
            TokenKind::Word => HoleKind::Variable,
            TokenKind::String if token.text(text).starts_with('\'') => HoleKind::Variable,
            TokenKind::QuotedIdent if token.text(text).starts_with('"') => HoleKind::Identifier,
            _ => return,
        };
        self.holes.push(Hole { span: colon.span.cover(token.span), kind });
    }
}
