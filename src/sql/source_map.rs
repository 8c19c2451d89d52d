//! From offsets of a decoded or composed text back to the file it came from.

use super::ast::SourceMap;
use crate::location::Span;

impl SourceMap {
    /// The file offset of byte `at` of the text.
    #[must_use]
    pub fn offset(&self, at: u32) -> u32 {
        match self {
            Self::Verbatim(start) => start.saturating_add(at),
            Self::Pieces(pieces) => {
                let piece = pieces.partition_point(|(text, _)| *text <= at).saturating_sub(1);
                pieces.get(piece).map_or(0, |(text, file)| file.saturating_add(at.saturating_sub(*text)))
            }
            Self::Constant(span) => span.start,
        }
    }

    /// The file span of bytes `start..end` of the text.
    #[must_use]
    pub fn span(&self, start: u32, end: u32) -> Span {
        match self {
            Self::Constant(span) => *span,
            // The end belongs to the last byte covered: after it an escape may follow.
            _ if end > start => Span::new(self.offset(start), self.offset(end - 1).saturating_add(1)),
            _ => Span::new(self.offset(start), self.offset(start)),
        }
    }

    /// The map of a text that is `prefix` bytes of our own followed by this text from byte `from` on.
    #[must_use]
    pub fn embed(&self, prefix: u32, from: u32) -> Self {
        match self {
            Self::Constant(span) => Self::Constant(*span),
            Self::Verbatim(start) if prefix == 0 => Self::Verbatim(start.saturating_add(from)),
            Self::Verbatim(start) => {
                let here = start.saturating_add(from);
                Self::Pieces(vec![(0, here), (prefix, here)])
            }
            Self::Pieces(pieces) => {
                let here = self.offset(from);
                let mut moved = vec![(0, here), (prefix, here)];
                let later = pieces.iter().filter(|(text, _)| *text > from);
                moved.extend(later.map(|(text, file)| (text - from + prefix, *file)));
                Self::Pieces(moved)
            }
        }
    }
}
