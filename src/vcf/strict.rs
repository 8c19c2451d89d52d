//! CSV input that must be well-formed: a stray quote makes a lenient reader swallow rows, and swallowed rows look right.

use std::io::{self, Read};

/// A reader of comma-separated records with a header, over input whose quotes are checked.
pub fn reader<R: Read>(input: R, trim: csv::Trim) -> csv::Reader<Quotes<R>> {
    csv::ReaderBuilder::new().trim(trim).from_reader(Quotes { input, state: State::Start, line: 1, opened: 1 })
}

/// The header's names, without a byte order mark.
///
/// # Errors
/// What keeps it from being one: another separator, a name that stands twice, or what the reader says.
pub fn header<R: Read>(reader: &mut csv::Reader<R>) -> Result<csv::StringRecord, String> {
    let header = reader.headers().map_err(|error| {
        let (line, message) = malformed(&error);
        format!("line {line}: {message}; correct the file")
    })?;
    let names: csv::StringRecord = header.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
    for (separator, name) in [(';', "semicolons"), ('\t', "tabs")] {
        if names.len() == 1 && names.iter().any(|name| name.contains(separator)) {
            return Err(format!(
                "the columns are separated by {name}: save it with commas between columns and points in numbers"
            ));
        }
    }
    let twice = names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|before| before == *name));
    match twice {
        Some((_, name)) if !name.is_empty() => Err(format!("column `{name}` stands twice; keep one")),
        _ => Ok(names),
    }
}

/// Line and message of a record that cannot be read.
#[must_use]
pub fn malformed(error: &csv::Error) -> (u64, String) {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (line, format!("{len} fields where the header has {expected_len}"))
        }
        csv::ErrorKind::Utf8 { .. } => (line, "not UTF-8".to_owned()),
        csv::ErrorKind::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<StrayQuote>()) {
            Some(quote) => (quote.line, quote.to_string()),
            None => (line, error.to_string()),
        },
        _ => (line, error.to_string()),
    }
}

/// A quote where none may stand.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct StrayQuote {
    line: u64,
    what: &'static str,
}

/// Where in a record the last byte left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a field.
    Start,
    Unquoted,
    Quoted,
    /// After a quote in a quoted field: its end, or the first half of a doubled one.
    Closed,
}

/// Passes bytes through and refuses quotes that RFC 4180 does not allow.
#[derive(Debug)]
pub struct Quotes<R> {
    input: R,
    state: State,
    line: u64,
    /// Line of the last opening quote.
    opened: u64,
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        for byte in buffer.get(..count).unwrap_or_default() {
            self.take(*byte)?;
        }
        if count == 0 && self.state == State::Quoted && !buffer.is_empty() {
            return Err(stray(self.opened, "a quote that opens here is never closed"));
        }
        Ok(count)
    }
}

impl<R> Quotes<R> {
    #[inline]
    fn take(&mut self, byte: u8) -> io::Result<()> {
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) => State::Quoted,
            (_, b',' | b'\n' | b'\r') => State::Start,
            (State::Start, b'"') => {
                self.opened = self.line;
                State::Quoted
            }
            (State::Closed, b'"') => State::Quoted,
            (State::Closed, _) => return Err(stray(self.line, "text after a closing quote")),
            // The byte order mark is no field's text.
            (State::Start, 0xef | 0xbb | 0xbf) if self.line == 1 => State::Start,
            (_, b'"') => return Err(stray(self.line, "a quote inside a field that is not quoted")),
            _ => State::Unquoted,
        };
        self.line += u64::from(byte == b'\n');
        Ok(())
    }
}

fn stray(line: u64, what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, StrayQuote { line, what })
}
