//! What can be told from the tokens of a text alone: its words without spelling, and the parts of a query that the
//! syntax tree leaves out.

use super::ast::quote_ident;
use super::lex::{self, Token, TokenKind};

/// The tokens of a text, one spelling each: unquoted words in lower case, comments and white space gone.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    lex::tokens(text).iter().map(|token| spelled(token, text)).collect()
}

fn spelled(token: &Token, text: &str) -> String {
    let written = token.text(text);
    match token.kind {
        TokenKind::Word => written.to_lowercase(),
        TokenKind::QuotedIdent => match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => quote_ident(&inner.replace("\"\"", "\"")),
            None => written.to_owned(),
        },
        _ => written.to_owned(),
    }
}

/// What the syntax tree of a query leaves out, in the order of the text: the directions of `ORDER BY`, window frames,
/// the expressions of `DISTINCT ON`, grouping sets, row locks, `ONLY`, `TABLESAMPLE` and `WITH TIES`.
#[must_use]
pub fn query_details(text: &str) -> Vec<String> {
    let tokens = lex::tokens(text);
    let mut reader = Reader { words: tokens.iter().map(|token| spelled(token, text)).collect(), out: Vec::new() };
    reader.read();
    reader.out
}

struct Reader {
    words: Vec<String>,
    out: Vec<String>,
}

/// Words that end a list of sort keys.
const ENDS: [&str; 11] =
    ["limit", "offset", "fetch", "for", "union", "intersect", "except", "rows", "range", "groups", ";"];

impl Reader {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    fn read(&mut self) {
        // For each open parenthesis, whether a list of sort keys stands open in it.
        let mut sorting = vec![false];
        let mut at = 0;
        while at < self.words.len() {
            let word = self.word(at).to_owned();
            match (word.as_str(), self.word(at + 1)) {
                ("(", _) => sorting.push(false),
                (")", _) if sorting.len() > 1 => drop(sorting.pop()),
                ("order", "by") => {
                    self.out.push("order by".to_owned());
                    if let Some(last) = sorting.last_mut() {
                        *last = true;
                    }
                }
                (",", _) if sorting.last() == Some(&true) => self.out.push(",".to_owned()),
                ("desc", _) if sorting.last() == Some(&true) => self.direction(at),
                ("nulls", "first" | "last") if sorting.last() == Some(&true) => self.nulls(at),
                ("distinct", "on") => self.list("distinct on", at + 2),
                ("grouping", "sets") => self.list("grouping sets", at + 2),
                ("rows" | "range" | "groups", "between" | "unbounded" | "current") => self.frame(at),
                ("rows" | "groups", next) if next.starts_with(|c: char| c.is_ascii_digit()) => self.frame(at),
                ("with", "ties") | ("for", "update" | "share" | "no" | "key") => {
                    self.out.push(format!("{word} {}", self.word(at + 1)));
                }
                ("tablesample", _) => self.out.push(word.clone()),
                ("only", _) if matches!(self.word(at.wrapping_sub(1)), "from" | "join") => self.out.push(word.clone()),
                _ => {}
            }
            if ENDS.contains(&word.as_str())
                && let Some(last) = sorting.last_mut()
            {
                *last = false;
            }
            at += 1;
        }
    }

    /// `DESC`, with `NULLS LAST` where that is said; `NULLS FIRST` goes without saying.
    fn direction(&mut self, at: usize) {
        let last = self.word(at + 1) == "nulls" && self.word(at + 2) == "last";
        self.out.push(if last { "desc nulls last" } else { "desc" }.to_owned());
    }

    /// `NULLS FIRST` of an ascending key; `NULLS LAST` goes without saying.
    fn nulls(&mut self, at: usize) {
        if self.word(at + 1) == "first" && self.word(at.wrapping_sub(1)) != "desc" {
            self.out.push("nulls first".to_owned());
        }
    }

    fn frame(&mut self, from: usize) {
        let words: Vec<&str> =
            self.words.iter().skip(from).map(String::as_str).take_while(|word| *word != ")").collect();
        self.out.push(words.join(" "));
    }

    /// The list in parentheses at `from`: names without qualifiers, no inner parentheses, no casts.
    fn list(&mut self, name: &str, from: usize) {
        let mut depth = 0usize;
        let mut words: Vec<&str> = Vec::new();
        let mut at = from;
        loop {
            match self.word(at) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "" => break,
                "." => {
                    words.pop();
                }
                "::" => at += 1,
                word => words.push(word),
            }
            if depth == 0 {
                break;
            }
            at += 1;
        }
        let line = format!("{name} {}", words.join(" "));
        self.out.push(line);
    }
}
