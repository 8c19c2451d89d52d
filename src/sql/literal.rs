//! What identifiers and string constants of every notation stand for, and where each decoded byte came from.

use super::lex::{continuation, dollar_delimiter, offset};

/// Longest identifier PostgreSQL keeps, in bytes.
const NAME_LIMIT: usize = 63;

/// A decoded string constant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Decoded {
    /// What the server sees.
    pub(super) text: String,
    /// `(offset in text, offset in the constant as written)`, ascending, one per run copied verbatim.
    pub(super) pieces: Vec<(u32, u32)>,
}

impl Decoded {
    fn push(&mut self, part: &str, source: usize) {
        let (decoded, source) = (offset(self.text.len()), offset(source));
        let goes_on = self.pieces.last().is_some_and(|(text_at, source_at)| source_at + (decoded - text_at) == source);
        if !goes_on {
            self.pieces.pop_if(|(text_at, _)| *text_at == decoded);
            self.pieces.push((decoded, source));
        }
        self.text.push_str(part);
    }

    fn push_char(&mut self, c: char, source: usize) {
        self.push(c.encode_utf8(&mut [0; 4]), source);
    }
}

/// The identifier PostgreSQL makes of `raw`: folded, unquoted, cut to 63 bytes. `escape` is the `UESCAPE` character
/// of a `U&"…"` identifier, a backslash by default.
pub(super) fn ident(raw: &str, escape: char) -> String {
    let mut name = if let Some(inner) = raw.strip_prefix('"') {
        inner.strip_suffix('"').unwrap_or(inner).replace("\"\"", "\"")
    } else if let Some(inner) = strip_prefix_ignore_case(raw, "u&\"") {
        unicode_escapes(&inner.strip_suffix('"').unwrap_or(inner).replace("\"\"", "\""), escape, 0).text
    } else {
        raw.to_ascii_lowercase()
    };
    if name.len() > NAME_LIMIT {
        let end = (0..=NAME_LIMIT).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        name.truncate(end);
    }
    name
}

/// Decodes a string constant of any notation; `escape` is the `UESCAPE` character of `U&'…'`. `B'…'` and `X'…'` give
/// their digits.
pub(super) fn string(raw: &str, escape: char) -> Decoded {
    if raw.starts_with('$') {
        return dollar_quoted(raw);
    }
    let prefix = raw.find('\'').unwrap_or(raw.len());
    let notation = raw.get(..prefix).unwrap_or("");
    if notation.eq_ignore_ascii_case("e") {
        return segments(raw, prefix, true);
    }
    let plain = segments(raw, prefix, false);
    if !notation.eq_ignore_ascii_case("u&") {
        return plain;
    }
    let mut decoded = unicode_escapes(&plain.text, escape, 0);
    for (_, source) in &mut decoded.pieces {
        *source = map_pieces(&plain.pieces, *source);
    }
    decoded
}

/// The offset in the source of `at`, an offset in the decoded text.
pub(super) fn map_pieces(pieces: &[(u32, u32)], at: u32) -> u32 {
    let before = pieces.partition_point(|(text_at, _)| *text_at <= at);
    match before.checked_sub(1).and_then(|index| pieces.get(index)) {
        Some((text_at, source_at)) => source_at + (at - text_at),
        None => pieces.first().map_or(at, |(_, source_at)| *source_at),
    }
}

fn dollar_quoted(raw: &str) -> Decoded {
    let delimiter = dollar_delimiter(raw.as_bytes()).map_or(1, <[u8]>::len);
    let inner = raw.get(delimiter..).unwrap_or("");
    let body = raw.get(..delimiter).and_then(|delimiter| inner.strip_suffix(delimiter)).unwrap_or(inner);
    let mut decoded = Decoded::default();
    decoded.push(body, delimiter);
    decoded
}

/// The segments of a quoted constant from its first quote on.
fn segments(raw: &str, first_quote: usize, escapes: bool) -> Decoded {
    let mut decoded = Decoded::default();
    let mut at = Some(first_quote);
    while let Some(quote) = at {
        let end = segment(raw, quote + 1, escapes, &mut decoded);
        at = continuation(raw.as_bytes(), end);
    }
    if decoded.pieces.is_empty() {
        decoded.pieces.push((0, offset(first_quote + 1)));
    }
    decoded
}

/// Decodes one segment whose content starts at `at`; returns where it ends, behind its closing quote.
fn segment(raw: &str, mut at: usize, escapes: bool, decoded: &mut Decoded) -> usize {
    let bytes = raw.as_bytes();
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let run = rest.iter().take_while(|byte| **byte != b'\'' && !(escapes && **byte == b'\\')).count();
        if run > 0 {
            decoded.push(raw.get(at..at + run).unwrap_or(""), at);
        }
        at += run;
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\''), Some(b'\'')) => {
                decoded.push("'", at + 1);
                at += 2;
            }
            (Some(b'\\'), _) => at += backslash(raw.get(at..).unwrap_or(""), at, decoded),
            (Some(_), _) => return at + 1,
            (None, _) => return at,
        }
    }
    at
}

/// Decodes the escape at the start of `rest`, which stands at `source`; returns its length.
fn backslash(rest: &str, source: usize, decoded: &mut Decoded) -> usize {
    let Some(c) = rest.chars().nth(1) else {
        decoded.push("\\", source);
        return 1;
    };
    let digits = |radix: u32, most: usize, skip: usize| -> (u32, usize) {
        let digits = rest.bytes().skip(skip).take(most).take_while(|byte| char::from(*byte).is_digit(radix)).count();
        let value = rest.get(skip..skip + digits).and_then(|run| u32::from_str_radix(run, radix).ok());
        (value.unwrap_or(0), digits)
    };
    match c {
        'b' => decoded.push("\u{8}", source),
        'f' => decoded.push("\u{c}", source),
        'n' => decoded.push("\n", source),
        'r' => decoded.push("\r", source),
        't' => decoded.push("\t", source),
        'v' => decoded.push("\u{b}", source),
        '0'..='7' => return code_unit(digits(8, 3, 1), 1, source, decoded),
        'x' if rest.as_bytes().get(2).is_some_and(u8::is_ascii_hexdigit) => {
            return code_unit(digits(16, 2, 2), 2, source, decoded);
        }
        'u' => return code_point(rest, digits(16, 4, 2), source, decoded),
        'U' => return code_point(rest, digits(16, 8, 2), source, decoded),
        other => decoded.push_char(other, source + 1),
    }
    1 + c.len_utf8()
}

/// A byte given in octal or hexadecimal. Bytes beyond ASCII are parts of a multi-byte character that no name or
/// predicate of interest is written in: they become the replacement character.
fn code_unit((value, length): (u32, usize), prefix: usize, source: usize, decoded: &mut Decoded) -> usize {
    let c = char::from_u32(value).filter(char::is_ascii).unwrap_or(char::REPLACEMENT_CHARACTER);
    decoded.push_char(c, source);
    prefix + length
}

fn code_point(rest: &str, (value, length): (u32, usize), source: usize, decoded: &mut Decoded) -> usize {
    let used = 2 + length;
    let low = rest.get(used..).and_then(|next| next.strip_prefix("\\u")).and_then(|next| next.get(..4));
    let low = low.and_then(|low| u32::from_str_radix(low, 16).ok());
    let (c, used) = match (value, low) {
        (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => (surrogates(value, low), used + 6),
        _ => (char::from_u32(value), used),
    };
    decoded.push_char(c.unwrap_or(char::REPLACEMENT_CHARACTER), source);
    used
}

fn surrogates(high: u32, low: u32) -> Option<char> {
    char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
}

/// `\0041` and `\+000041` escapes; pieces point into `text`, shifted by `base`.
fn unicode_escapes(text: &str, escape: char, base: usize) -> Decoded {
    let mut decoded = Decoded::default();
    let mut at = 0;
    let mut high = None;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (value, used) = unicode_escape(rest, escape);
        let source = base + at;
        at += used;
        match (high.take(), value) {
            (None, Ok(c)) => decoded.push_char(c, source),
            (None, Err(unit @ 0xD800..=0xDBFF)) => high = Some(unit),
            (Some(high), Err(low @ 0xDC00..=0xDFFF)) => {
                decoded.push_char(surrogates(high, low).unwrap_or(char::REPLACEMENT_CHARACTER), source);
            }
            (_, Ok(c)) => decoded.push_char(c, source),
            (_, Err(unit)) => decoded.push_char(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), source),
        }
    }
    decoded
}

/// The character at the start of `rest` as written, or the code point its escape gives; and the bytes used.
fn unicode_escape(rest: &str, escape: char) -> (Result<char, u32>, usize) {
    let mut chars = rest.chars();
    let first = chars.next().unwrap_or(escape);
    let after = chars.as_str();
    if first != escape {
        return (Ok(first), first.len_utf8());
    }
    let hex = |from: usize, length: usize| {
        after.get(from..from + length).and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    let width = escape.len_utf8();
    if after.starts_with(escape) {
        (Ok(escape), 2 * width)
    } else if let Some(value) = after.starts_with('+').then(|| hex(1, 6)).flatten() {
        (Err(value), width + 7)
    } else if let Some(value) = hex(0, 4) {
        (Err(value), width + 4)
    } else {
        (Ok(first), width)
    }
}

fn strip_prefix_ignore_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}
