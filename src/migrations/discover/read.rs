//! Bytes of a file → text, with a word on every byte that was not plain UTF-8.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::DiscoverError;
use crate::coverage::{Coverage, CoverageKind};
use crate::location::{LineIndex, Span};

/// Offsets are 32 bits wide; a file must stay below that after decoding, too.
const LIMIT: u64 = u32::MAX as u64;

/// Decoded text and what its reading could not make sense of.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: Arc<str>,
    pub(super) coverage: Vec<Coverage>,
}

/// Reads and decodes the file at `path`, called `printed` in messages.
pub(super) fn file(path: &Path, printed: &str) -> Result<Text, DiscoverError> {
    let read = |source| DiscoverError::Read { path: printed.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(read)?.len();
    if bytes > LIMIT {
        return Err(DiscoverError::TooLarge { path: printed.to_owned(), bytes });
    }
    decode(std::fs::read(path).map_err(read)?, printed)
}

/// Reads and decodes everything `input` gives.
pub(super) fn stream(input: impl Read, printed: &str) -> Result<Text, DiscoverError> {
    let mut bytes = Vec::new();
    let read = |source| DiscoverError::Read { path: printed.to_owned(), source };
    input.take(LIMIT + 1).read_to_end(&mut bytes).map_err(read)?;
    decode(bytes, printed)
}

fn decode(bytes: Vec<u8>, printed: &str) -> Result<Text, DiscoverError> {
    let (text, lossy) = match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest.to_vec()),
        _ => utf8(bytes),
    };
    if text.len() as u64 > LIMIT {
        return Err(DiscoverError::TooLarge { path: printed.to_owned(), bytes: text.len() as u64 });
    }
    let mut coverage = Vec::new();
    if lossy {
        coverage.push(unreadable(
            &text,
            printed,
            '\u{FFFD}',
            "bytes that are not valid text were replaced by `\u{FFFD}`",
        ));
    }
    if text.contains('\0') {
        let why = "holds NUL characters, which PostgreSQL refuses: binary, or UTF-16 without a byte-order mark";
        coverage.push(unreadable(&text, printed, '\0', why));
    }
    Ok(Text { text: text.into(), coverage })
}

fn utf8(bytes: Vec<u8>) -> (String, bool) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(invalid) => (String::from_utf8_lossy(invalid.as_bytes()).into_owned(), true),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, bool) {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut lossy = !odd.is_empty();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .map(|decoded| {
            lossy |= decoded.is_err();
            decoded.unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    (text, lossy)
}

fn unreadable(text: &str, printed: &str, culprit: char, message: &str) -> Coverage {
    let at = text.find(culprit).and_then(|at| u32::try_from(at).ok()).unwrap_or(0);
    let width = u32::try_from(culprit.len_utf8()).unwrap_or(1);
    let location = LineIndex::new(printed, text).locate(text, Span::new(at, at.saturating_add(width)));
    Coverage { kind: CoverageKind::Unreadable, location: Some(location), object: None, message: message.to_owned() }
}
