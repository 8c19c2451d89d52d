//! What lowering carries along: the text the parser read and the way from its offsets back to the file.

use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::ast::{BodyText, Name, SourceMap};
use super::lex::offset;
use super::literal;
use crate::location::Span;

/// Context of lowering one parsed text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cx<'a> {
    /// The whole text offsets are mapped from: a file or a body.
    pub(super) text: &'a str,
    /// Where in `text` the parser's offset 0 stands.
    pub(super) base: u32,
    /// From offsets in `text` to the file.
    pub(super) map: &'a SourceMap,
}

impl<'a> Cx<'a> {
    /// A context for a parse of `text` from byte `base` on.
    pub(super) fn new(text: &'a str, base: u32, map: &'a SourceMap) -> Self {
        Self { text, base, map }
    }

    /// The span in the file of a range of bytes as the parser counts them.
    pub(super) fn range(&self, start: u32, end: u32) -> Span {
        match self.map {
            SourceMap::Verbatim(at) => Span::new(at + self.base + start, at + self.base + end),
            SourceMap::Pieces(pieces) => {
                Span::new(literal::map_pieces(pieces, self.base + start), literal::map_pieces(pieces, self.base + end))
            }
            SourceMap::Constant(span) => *span,
        }
    }

    /// The span of `node` in the file, without white space or comments around it.
    pub(super) fn span(&self, node: &SyntaxNode) -> Span {
        let first = node.first_token().map(|token| skip(token, SyntaxToken::next_token));
        let last = node.last_token().map(|token| skip(token, SyntaxToken::prev_token));
        match (first, last) {
            (Some(first), Some(last)) if first.text_range().start() < last.text_range().end() => {
                self.range(first.text_range().start().into(), last.text_range().end().into())
            }
            _ => self.range(node.text_range().start().into(), node.text_range().end().into()),
        }
    }

    /// The possibly qualified name a path stands for (any `…Name`, `…Ref`, `Path` or `PathRef` node).
    pub(super) fn name(&self, node: &SyntaxNode) -> Name {
        let mut parts = parts(node);
        let name = parts.pop().unwrap_or_default();
        Name { schema: parts.pop(), name }
    }

    /// The decoded body a string constant holds, with the way back to the file. `None` where `literal` is no string.
    pub(super) fn body(&self, literal: &SyntaxNode) -> Option<BodyText> {
        let (raw, start) = string_source(literal)?;
        let decoded = literal::string(&raw, uescape(literal));
        let at = self.base + start;
        let end = offset(decoded.text.len());
        let pieces: Vec<_> = decoded.pieces.iter().map(|(text, source)| (*text, at + source)).collect();
        let map = compose(self.map, pieces, end);
        let span = match &map {
            SourceMap::Verbatim(from) => Span::new(*from, from + end),
            SourceMap::Pieces(pieces) => Span::new(literal::map_pieces(pieces, 0), literal::map_pieces(pieces, end)),
            SourceMap::Constant(span) => *span,
        };
        Some(BodyText { text: decoded.text, span, map })
    }
}

/// The map from a decoded constant straight to the file, given the map of the text the constant stands in.
fn compose(outer: &SourceMap, pieces: Vec<(u32, u32)>, end: u32) -> SourceMap {
    match outer {
        SourceMap::Constant(span) => SourceMap::Constant(*span),
        SourceMap::Verbatim(from) => match pieces.as_slice() {
            [(0, source)] => SourceMap::Verbatim(from + source),
            _ => SourceMap::Pieces(pieces.into_iter().map(|(text, source)| (text, from + source)).collect()),
        },
        SourceMap::Pieces(outer) => {
            let mut composed = Vec::new();
            for (index, (text, source)) in pieces.iter().enumerate() {
                let next = pieces.get(index + 1).map_or(end, |(text, _)| *text);
                composed.push((*text, literal::map_pieces(outer, *source)));
                let inside = |(at, _): &&(u32, u32)| *at > *source && *at < source + (next - text);
                let first = outer.partition_point(|(at, _)| at <= source);
                let rest = outer.get(first..).unwrap_or_default();
                composed.extend(rest.iter().take_while(inside).map(|(at, file)| (text + (at - source), *file)));
            }
            SourceMap::Pieces(composed)
        }
    }
}

/// The token itself, or the next one in the given direction that is neither white space nor comment.
fn skip(token: SyntaxToken, step: fn(&SyntaxToken) -> Option<SyntaxToken>) -> SyntaxToken {
    let mut at = token;
    while at.kind().is_trivia() {
        match step(&at) {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// Tokens below `node` that are neither white space nor comment.
pub(super) fn words(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.descendants_with_tokens().filter_map(|element| element.into_token()).filter(|token| !token.kind().is_trivia())
}

/// The parts of a dotted name, folded and unquoted.
pub(super) fn parts(node: &SyntaxNode) -> Vec<String> {
    let escape = uescape(node);
    let mut parts = Vec::new();
    for token in words(node) {
        match token.kind() {
            SyntaxKind::DOT => {}
            SyntaxKind::UESCAPE_KW if parts.last().is_some() => break,
            _ => parts.push(literal::ident(token.text(), escape)),
        }
    }
    parts
}

/// The single identifier a node holds (`ColumnName`, `RoleNameRef`, `Policy`, …), folded and unquoted.
pub(super) fn ident(node: &SyntaxNode) -> String {
    let escape = uescape(node);
    words(node).next().map(|token| literal::ident(token.text(), escape)).unwrap_or_default()
}

/// What a string constant stands for; `None` where `literal` is no string.
pub(super) fn string(literal: &SyntaxNode) -> Option<String> {
    string_source(literal).map(|(raw, _)| literal::string(&raw, uescape(literal)).text)
}

/// The node as written, comments left out and white space single, none inside parentheses.
pub(super) fn text(node: &SyntaxNode) -> String {
    let mut written = String::new();
    let mut space = false;
    for token in node.descendants_with_tokens().filter_map(|element| element.into_token()) {
        if token.kind().is_trivia() {
            space = !written.is_empty();
            continue;
        }
        if std::mem::take(&mut space) && !written.ends_with('(') && !matches!(token.text(), ")" | ",") {
            written.push(' ');
        }
        written.push_str(token.text());
    }
    written
}

/// The string constant `literal` holds as written, with the segments that continue it, and where it starts.
fn string_source(literal: &SyntaxNode) -> Option<(String, u32)> {
    let mut words = words(literal).skip_while(|token| !is_string(token.kind()));
    let first = words.next()?;
    let start = first.text_range().start();
    let last = words.take_while(|token| is_string(token.kind())).last().unwrap_or_else(|| first.clone());
    if last == first {
        return Some((first.text().to_owned(), start.into()));
    }
    let within = literal.text_range().start();
    let raw = literal.text().slice(start - within..last.text_range().end() - within);
    Some((raw.to_string(), start.into()))
}

const fn is_string(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::STRING
            | SyntaxKind::ESC_STRING
            | SyntaxKind::NATIONAL_STRING
            | SyntaxKind::UNICODE_ESC_STRING
            | SyntaxKind::DOLLAR_QUOTED_STRING
    )
}

/// The `UESCAPE` character written below `node`, a backslash by default.
fn uescape(node: &SyntaxNode) -> char {
    let mut words = words(node).skip_while(|token| token.kind() != SyntaxKind::UESCAPE_KW).skip(1);
    words.next().and_then(|token| token.text().trim_matches('\'').chars().next()).unwrap_or('\\')
}
