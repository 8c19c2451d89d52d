//! The rows of a `COPY … FROM stdin` block.

use super::statements::{Cell, Row};
use crate::location::Span;
use crate::sql;

/// How the block is written.
struct Format {
    csv: bool,
    header: bool,
    delimiter: char,
    null: String,
}

impl Format {
    /// By the words of the statement; nothing for one that is not read.
    fn of(statement: &str) -> Option<Self> {
        let words = sql::words(statement);
        let has = |word: &str| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        let option = |name: &str| {
            let at = words.iter().position(|known| known.eq_ignore_ascii_case(name))?;
            let value = words.get(at + 1..)?.iter().find(|word| !word.eq_ignore_ascii_case("as"))?;
            let inner = value.trim_start_matches(['e', 'E']).strip_prefix('\'')?.strip_suffix('\'')?;
            Some(if inner == "\\t" { "\t".to_owned() } else { inner.to_owned() })
        };
        if has("binary") {
            return None;
        }
        let csv = has("csv");
        let delimiter = option("delimiter").or_else(|| option("delimiters")).and_then(|text| text.chars().next());
        Some(Self {
            csv,
            header: has("header"),
            delimiter: delimiter.unwrap_or(if csv { ',' } else { '\t' }),
            null: option("null").unwrap_or_else(|| if csv { String::new() } else { "\\N".to_owned() }),
        })
    }
}

/// The rows, columns called `names`; nothing where the format is not read.
pub(super) fn copied<'a>(names: &[String], text: &str, statement: Span, data: Span) -> Option<Vec<Row<'a>>> {
    let head = Span::new(statement.start, statement.end.min(data.start).max(statement.start));
    let format = Format::of(head.slice(text))?;
    let mut rows = Vec::new();
    let mut at = data.start;
    let mut head = format.header;
    for line in data.slice(text).split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let span = Span::new(at, at.saturating_add(u32::try_from(content.len()).unwrap_or(0)));
        at = at.saturating_add(u32::try_from(line.len()).unwrap_or(0));
        if content.is_empty() || content == "\\." || std::mem::take(&mut head) {
            continue;
        }
        let fields = if format.csv { quoted(content, format.delimiter)? } else { plain(content, format.delimiter) };
        // More fields than columns: these are not the columns.
        if fields.len() > names.len() {
            return None;
        }
        let cells = names.iter().zip(fields).map(|(name, field)| {
            let cell = if field == format.null { Cell::Null } else { Cell::Text(field) };
            (name.clone(), (cell, span))
        });
        rows.push(cells.collect());
    }
    Some(rows)
}

fn plain(line: &str, delimiter: char) -> Vec<String> {
    line.split(delimiter).map(ToOwned::to_owned).collect()
}

/// A line of CSV; nothing where a value goes on in the next.
fn quoted(line: &str, delimiter: char) -> Option<Vec<String>> {
    let (mut fields, mut field, mut open) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if open && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => open = !open,
            c if c == delimiter && !open => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    (!open).then_some(fields)
}
