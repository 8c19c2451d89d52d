//! SQL tokens with their byte spans, as PostgreSQL's scanner cuts them: for splitting files into statements, guarding
//! the parser, and reading what it does not know. Never fails: what is not closed reaches to the end of the text.

use crate::location::Span;

/// One token; white space is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: TokenKind,
    /// Byte span in the text lexed.
    pub(super) span: Span,
    /// False where a quote or comment runs into the end of the text.
    pub(super) closed: bool,
}

impl Token {
    /// The token as written.
    pub(super) fn text<'a>(&self, text: &'a str) -> &'a str {
        self.span.slice(text)
    }

    /// Is this the unquoted word `word` (given in lower case)?
    pub(super) fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(text).eq_ignore_ascii_case(word)
    }

    /// Is this the operator or punctuation mark `mark`?
    pub(super) fn is(&self, text: &str, mark: &str) -> bool {
        matches!(self.kind, TokenKind::Operator | TokenKind::Punct) && self.text(text) == mark
    }

    /// A word or quoted identifier.
    pub(super) fn is_ident(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::QuotedIdent)
    }
}

/// Kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An unquoted identifier or keyword.
    Word,
    /// `"…"` or `U&"…"`.
    QuotedIdent,
    /// `12`, `1.5e3`, `0xff`, `1_000`.
    Number,
    /// `'…'`, `E'…'`, `N'…'`, `U&'…'` (continuation lines included) or `$tag$…$tag$`.
    String,
    /// `B'…'` or `X'…'`.
    Bits,
    /// `$1`.
    Param,
    /// A run of operator characters as PostgreSQL cuts it, also `:=`, `::` and `..`.
    Operator,
    /// One of `( ) [ ] { } , ; . :`.
    Punct,
    /// `-- …` (without its line end) or `/* … */`.
    Comment,
    /// A character SQL has no use for.
    Other,
}

/// All tokens of `text`, comments left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    Lexer::new(text).filter(|token| token.kind != TokenKind::Comment).collect()
}

/// Cuts a text into tokens, one at a time.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    /// Starts at byte `at`, which must be a token boundary.
    pub(super) fn starting_at(text: &'a str, at: usize) -> Self {
        Self { bytes: text.as_bytes(), at: at.min(text.len()) }
    }

    /// Where the next token is looked for.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(|byte| keep(*byte)) {
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        loop {
            self.skip_while(is_space);
            if self.bytes.get(self.at..self.at + 3) != Some(&[0xEF, 0xBB, 0xBF]) {
                return;
            }
            self.at += 3;
        }
    }

    fn scan(&mut self) -> (TokenKind, bool) {
        let (first, second, third) = (self.peek(0), self.peek(1), self.peek(2));
        match (first, second) {
            (b'-', b'-') => {
                self.skip_while(|byte| byte != b'\n' && byte != b'\r');
                (TokenKind::Comment, true)
            }
            (b'/', b'*') => (TokenKind::Comment, self.block_comment()),
            (b'\'', _) => (TokenKind::String, self.string(0, false)),
            (b'e' | b'E', b'\'') => (TokenKind::String, self.string(1, true)),
            (b'n' | b'N', b'\'') => (TokenKind::String, self.string(1, false)),
            (b'b' | b'B' | b'x' | b'X', b'\'') => (TokenKind::Bits, self.string(1, false)),
            (b'u' | b'U', b'&') if third == b'\'' => (TokenKind::String, self.string(2, false)),
            (b'u' | b'U', b'&') if third == b'"' => (TokenKind::QuotedIdent, self.quoted(2)),
            (b'"', _) => (TokenKind::QuotedIdent, self.quoted(0)),
            (b'$', b'0'..=b'9') => {
                self.at += 1;
                self.skip_while(|byte| byte.is_ascii_digit());
                (TokenKind::Param, true)
            }
            (b'$', _) => self.dollar(),
            (b'0'..=b'9', _) => self.number(),
            (b'.', b'0'..=b'9') => self.number(),
            (b'.', b'.') | (b':', b'=' | b':') => {
                self.at += 2;
                (TokenKind::Operator, true)
            }
            (b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';' | b'.' | b':', _) => {
                self.at += 1;
                (TokenKind::Punct, true)
            }
            _ if is_ident_start(first) => {
                self.skip_while(is_ident_part);
                (TokenKind::Word, true)
            }
            _ if is_operator(first) => self.operator(),
            _ => {
                self.at += 1;
                (TokenKind::Other, true)
            }
        }
    }

    fn block_comment(&mut self) -> bool {
        let mut depth = 0_u32;
        while !self.done() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return true;
                    }
                }
                _ => self.at += 1,
            }
        }
        false
    }

    /// A single-quoted string after `prefix` bytes, with the segments that continue it on later lines.
    fn string(&mut self, prefix: usize, escapes: bool) -> bool {
        self.at += prefix;
        loop {
            if !self.string_segment(escapes) {
                return false;
            }
            let Some(next) = continuation(self.bytes, self.at) else { return true };
            self.at = next;
        }
    }

    fn string_segment(&mut self, escapes: bool) -> bool {
        self.at += 1;
        while !self.done() {
            match self.peek(0) {
                b'\\' if escapes => self.at = (self.at + 2).min(self.bytes.len()),
                b'\'' if self.peek(1) == b'\'' => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    return true;
                }
                _ => self.at += 1,
            }
        }
        false
    }

    fn quoted(&mut self, prefix: usize) -> bool {
        self.at += prefix + 1;
        while !self.done() {
            match self.peek(0) {
                b'"' if self.peek(1) == b'"' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return true;
                }
                _ => self.at += 1,
            }
        }
        false
    }

    fn dollar(&mut self) -> (TokenKind, bool) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(delimiter) = dollar_delimiter(rest) else {
            self.at += 1;
            return (TokenKind::Other, true);
        };
        let body = self.at + delimiter.len();
        match find(self.bytes, body, delimiter) {
            Some(end) => {
                self.at = end + delimiter.len();
                (TokenKind::String, true)
            }
            None => {
                self.at = self.bytes.len();
                (TokenKind::String, false)
            }
        }
    }

    fn number(&mut self) -> (TokenKind, bool) {
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X' | b'o' | b'O' | b'b' | b'B') {
            let radix_digits = self.peek(2).is_ascii_hexdigit() || self.peek(2) == b'_';
            if radix_digits {
                self.at += 2;
                self.skip_while(|byte| byte.is_ascii_hexdigit() || byte == b'_');
                return (TokenKind::Number, true);
            }
        }
        let digit = |byte: u8| byte.is_ascii_digit() || byte == b'_';
        self.skip_while(digit);
        if self.peek(0) == b'.' && self.peek(1) != b'.' {
            self.at += 1;
            self.skip_while(digit);
        }
        let signed = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if matches!(self.peek(0), b'e' | b'E') && self.peek(1 + signed).is_ascii_digit() {
            self.at += 1 + signed;
            self.skip_while(digit);
        }
        (TokenKind::Number, true)
    }

    /// PostgreSQL's rule: an operator of several characters ends in `+` or `-` only if it holds a character that SQL's
    /// own operators do not use.
    fn operator(&mut self) -> (TokenKind, bool) {
        let start = self.at;
        while is_operator(self.peek(0)) && !matches!((self.peek(0), self.peek(1)), (b'-', b'-') | (b'/', b'*')) {
            self.at += 1;
        }
        let run = self.bytes.get(start..self.at).unwrap_or_default();
        let special = run.iter().any(|byte| b"~!@#%^&|`?".contains(byte));
        if !special {
            let trailing = run.iter().rev().take_while(|byte| matches!(byte, b'+' | b'-')).count();
            self.at = (self.at - trailing).max(start + 1);
        }
        (TokenKind::Operator, true)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_space();
        if self.done() {
            return None;
        }
        let start = self.at;
        let (kind, closed) = self.scan();
        Some(Token { kind, span: Span::new(offset(start), offset(self.at)), closed })
    }
}

/// `$tag$` at the start of `rest`, if there is one.
pub(super) fn dollar_delimiter(rest: &[u8]) -> Option<&[u8]> {
    let tag = rest.get(1..)?;
    let length = tag.iter().take_while(|byte| is_ident_part(**byte) && **byte != b'$').count();
    let starts_well = tag.first().is_some_and(|byte| *byte == b'$' || is_ident_start(*byte));
    (starts_well && tag.get(length) == Some(&b'$')).then(|| rest.get(..length + 2)).flatten()
}

/// Where a string literal that ended at `at` goes on: white space with a line end in it, then another quote.
pub(super) fn continuation(bytes: &[u8], at: usize) -> Option<usize> {
    let mut next = at;
    let mut line_end = false;
    while let Some(byte) = bytes.get(next) {
        match byte {
            b'\'' => return line_end.then_some(next),
            b'\n' | b'\r' => line_end = true,
            b'-' if line_end && bytes.get(next + 1) == Some(&b'-') => {
                next += bytes.iter().skip(next).take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                continue;
            }
            _ if is_space(*byte) => {}
            _ => return None,
        }
        next += 1;
    }
    None
}

fn find(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let (first, hay) = (*needle.first()?, bytes.get(from..)?);
    let mut at = 0;
    loop {
        at += hay.get(at..)?.iter().position(|byte| *byte == first)?;
        if hay.get(at..)?.starts_with(needle) {
            return Some(from + at);
        }
        at += 1;
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C | 0x0B)
}

pub(super) const fn is_ident_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

pub(super) const fn is_ident_part(byte: u8) -> bool {
    is_ident_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

const fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'+' | b'-'
            | b'*'
            | b'/'
            | b'<'
            | b'>'
            | b'='
            | b'~'
            | b'!'
            | b'@'
            | b'#'
            | b'%'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
    )
}

/// Saturating: files over 4 GiB are refused before they get here.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
