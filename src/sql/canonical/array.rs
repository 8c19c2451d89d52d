//! Array constants as PostgreSQL prints them: `{"a", b}` is `{a,b}`.

/// PostgreSQL's own limit.
const DIMENSIONS: usize = 6;

/// `text` with quotes only where an element needs them; `None` of what is no array, and of one that says its bounds.
pub(super) fn printed(text: &str) -> Option<String> {
    let (list, rest) = list(text.trim(), DIMENSIONS)?;
    rest.is_empty().then_some(list)
}

/// The list in braces at the start, as it is printed, and what follows it.
fn list(text: &str, dimensions: usize) -> Option<(String, &str)> {
    let inner = dimensions.checked_sub(1)?;
    let mut rest = text.strip_prefix('{')?.trim_start();
    if let Some(after) = rest.strip_prefix('}') {
        return Some(("{}".to_owned(), after));
    }
    let mut elements = Vec::new();
    loop {
        let (element, after) = if rest.starts_with('{') { list(rest, inner)? } else { element(rest)? };
        elements.push(element);
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return Some((format!("{{{}}}", elements.join(",")), after.strip_prefix('}')?)),
        }
    }
}

fn element(text: &str) -> Option<(String, &str)> {
    let quoted = text.starts_with('"');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            '"' if quoted => return Some((print(&value), text.get(at + 1..)?)),
            ',' | '}' if !quoted => return Some((plain(&value)?, text.get(at..)?)),
            '"' | '{' if !quoted => return None,
            _ => value.push(c),
        }
    }
    None
}

/// An element without quotes: NULL is none, spaces behind it are not part of it.
fn plain(value: &str) -> Option<String> {
    let value = value.trim_end();
    if value.is_empty() {
        return None;
    }
    Some(if value.eq_ignore_ascii_case("null") { "NULL".to_owned() } else { print(value) })
}

fn print(value: &str) -> String {
    let special = |c: char| matches!(c, '"' | '\\' | '{' | '}' | ',' | '\x0b') || c.is_ascii_whitespace();
    if !value.is_empty() && !value.eq_ignore_ascii_case("null") && !value.contains(special) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
