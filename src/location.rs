//! Where something stands in a file: byte spans inside the program, 1-based lines and columns outside it.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A half-open byte range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end`, in bytes.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The bytes of `text` this span covers; empty where it does not fit.
    #[must_use]
    pub fn slice<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// The smallest span holding both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A place in a file as people and CI systems count: lines and columns start at 1, columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// Path as given or discovered, with `/` separators.
    pub file: Arc<str>,
    /// 1-based line.
    pub line: NonZeroU32,
    /// 1-based column, in characters.
    pub column: NonZeroU32,
    /// Byte span in the file, for code frames; not part of any output format.
    #[serde(skip)]
    pub span: Span,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Byte offset → line and column, for one file.
#[derive(Debug, Clone)]
pub struct LineIndex {
    file: Arc<str>,
    line_starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`, the content of `file`.
    #[must_use]
    pub fn new(file: impl Into<Arc<str>>, text: &str) -> Self {
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| to_u32(at + 1)));
        Self { file: file.into(), line_starts }
    }

    /// The location of `span`; `text` must be the indexed text.
    #[must_use]
    pub fn locate(&self, text: &str, span: Span) -> Location {
        let line = self.line_starts.partition_point(|start| *start <= span.start).max(1);
        let line_start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let before = Span::new(line_start, span.start).slice(text);
        Location {
            file: Arc::clone(&self.file),
            line: one_based(line - 1),
            column: one_based(before.chars().count()),
            span,
        }
    }
}

/// Saturating conversion: files over 4 GiB are refused before they get here.
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn one_based(zero_based: usize) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(to_u32(zero_based))
}
