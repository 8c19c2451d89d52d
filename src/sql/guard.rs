//! How deep a statement nests, estimated from its tokens before any recursive code sees it: a stack overflow cannot be
//! caught, so it has to be foreseen.

use super::lex::{Token, TokenKind, offset};

/// Estimated depths of one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Depth {
    /// Of the parser's tree: grouping parentheses and long `AND`/`OR` chains count.
    pub(super) parsed: u32,
    /// Of brackets and `CASE`s alone.
    pub(super) nested: u32,
    /// Of our tree, where grouping parentheses leave no trace and `AND`/`OR` chains are flat.
    pub(super) lowered: u32,
}

/// Follows the tokens of a statement.
#[derive(Debug, Default)]
pub(super) struct Guard {
    levels: Vec<Level>,
    current: Level,
    /// Sums over `levels`.
    outer: Depth,
    max: Depth,
    after_name: bool,
}

/// What stands between two brackets.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    /// Opened by `CASE`.
    case: bool,
    /// Adds to the depth of our tree.
    weight: u32,
    /// Operators since the last comma, clause, `AND` or `OR`.
    chain: u32,
    /// `AND`s and `OR`s since the last comma or clause.
    logical: u32,
    /// Joins and set operations.
    sets: u32,
}

impl Level {
    fn depth(self) -> Depth {
        Depth {
            parsed: 1 + self.chain + self.logical + self.sets,
            nested: 0,
            lowered: self.weight + self.chain + self.logical.min(2) + self.sets,
        }
    }
}

/// What a word does to the depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Case,
    End,
    Logical,
    Operator,
    Set,
    Clause,
    Name,
}

impl Guard {
    /// Takes the next token into account.
    pub(super) fn feed(&mut self, text: &str, token: &Token) {
        let after_name = std::mem::take(&mut self.after_name);
        match token.kind {
            TokenKind::Word => self.word(role(token.text(text).as_bytes())),
            TokenKind::Operator => self.operator(false),
            TokenKind::Punct => match token.text(text) {
                "(" => self.open(false, u32::from(after_name)),
                "[" => {
                    self.current.chain += 1;
                    self.open(false, 1);
                }
                ")" | "]" => self.close(),
                "," | ";" => self.restart(),
                "." => self.operator(false),
                _ => {}
            },
            TokenKind::QuotedIdent => self.after_name = true,
            _ => {}
        }
    }

    /// The depths of all tokens fed since the last call.
    pub(super) fn finish(&mut self) -> Depth {
        self.note();
        std::mem::take(self).max
    }

    fn word(&mut self, role: Role) {
        match role {
            Role::Case => self.open(true, 1),
            Role::End if self.current.case => self.close(),
            Role::Logical => self.operator(true),
            Role::Operator => self.operator(false),
            Role::Set => {
                self.restart();
                self.current.sets += 1;
            }
            Role::Clause => {
                self.current.weight = self.current.weight.max(1);
                self.restart();
            }
            Role::End | Role::Name => self.after_name = true,
        }
    }

    fn operator(&mut self, logical: bool) {
        if logical {
            self.note();
            self.current.chain = 0;
            self.current.logical += 1;
        } else {
            self.current.chain += 1;
        }
    }

    fn restart(&mut self) {
        self.note();
        self.current.chain = 0;
        self.current.logical = 0;
    }

    fn open(&mut self, case: bool, weight: u32) {
        self.note();
        let depth = self.current.depth();
        self.outer.parsed = self.outer.parsed.saturating_add(depth.parsed);
        self.outer.lowered = self.outer.lowered.saturating_add(depth.lowered);
        self.max.nested = self.max.nested.max(offset(self.levels.len() + 1));
        self.levels.push(std::mem::replace(&mut self.current, Level { case, weight, ..Level::default() }));
    }

    fn close(&mut self) {
        self.note();
        if let Some(level) = self.levels.pop() {
            self.current = level;
            let depth = level.depth();
            self.outer.parsed = self.outer.parsed.saturating_sub(depth.parsed);
            self.outer.lowered = self.outer.lowered.saturating_sub(depth.lowered);
        }
    }

    fn note(&mut self) {
        let depth = self.current.depth();
        self.max.parsed = self.max.parsed.max(self.outer.parsed.saturating_add(depth.parsed));
        self.max.lowered = self.max.lowered.max(self.outer.lowered.saturating_add(depth.lowered));
    }
}

fn role(word: &[u8]) -> Role {
    const WORDS: [(&[u8], Role); 34] = [
        (b"case", Role::Case),
        (b"end", Role::End),
        (b"and", Role::Logical),
        (b"or", Role::Logical),
        (b"not", Role::Operator),
        (b"is", Role::Operator),
        (b"in", Role::Operator),
        (b"at", Role::Operator),
        (b"like", Role::Operator),
        (b"ilike", Role::Operator),
        (b"similar", Role::Operator),
        (b"between", Role::Operator),
        (b"collate", Role::Operator),
        (b"isnull", Role::Operator),
        (b"notnull", Role::Operator),
        (b"overlaps", Role::Operator),
        (b"union", Role::Set),
        (b"except", Role::Set),
        (b"intersect", Role::Set),
        (b"join", Role::Set),
        (b"select", Role::Clause),
        (b"from", Role::Clause),
        (b"where", Role::Clause),
        (b"values", Role::Clause),
        (b"having", Role::Clause),
        (b"group", Role::Clause),
        (b"order", Role::Clause),
        (b"on", Role::Clause),
        (b"with", Role::Clause),
        (b"when", Role::Clause),
        (b"then", Role::Clause),
        (b"else", Role::Clause),
        (b"set", Role::Clause),
        (b"limit", Role::Clause),
    ];
    if !(2..=9).contains(&word.len()) {
        return Role::Name;
    }
    WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map_or(Role::Name, |(_, role)| *role)
}
