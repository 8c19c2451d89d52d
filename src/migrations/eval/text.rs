//! Text as the server reads and prints it: array constants, `LIKE` patterns.

use super::value::Value;

/// `{a,"b c",NULL}`; `None` where an element is not known.
pub(super) fn array_literal(values: &[Value]) -> Option<String> {
    let mut parts = Vec::with_capacity(values.len());
    for value in values {
        parts.push(match value {
            Value::Null => "NULL".to_owned(),
            Value::Array(inner) => array_literal(inner)?,
            other => quote_element(&other.plain()?),
        });
    }
    Some(format!("{{{}}}", parts.join(",")))
}

fn quote_element(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.eq_ignore_ascii_case("null")
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\'));
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// `(a,b)`.
pub(super) fn record_literal(fields: &[(String, Value)]) -> Option<String> {
    let mut parts = Vec::with_capacity(fields.len());
    for (_, value) in fields {
        parts.push(if value.is_null() { String::new() } else { value.plain()? });
    }
    Some(format!("({})", parts.join(",")))
}

/// Reads `{a,"b",NULL}`; one dimension only.
pub(super) fn parse_array(text: &str) -> Option<Vec<Value>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut values = Vec::new();
    if inner.trim().is_empty() {
        return Some(values);
    }
    let (mut element, mut quoted, mut was_quoted, mut chars) = (String::new(), false, false, inner.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => element.push(chars.next()?),
            '"' => (quoted, was_quoted) = (!quoted, true),
            ',' if !quoted => {
                values.push(array_element(&element, was_quoted));
                (element, was_quoted) = (String::new(), false);
            }
            '{' | '}' if !quoted => return None,
            _ => element.push(c),
        }
    }
    values.push(array_element(&element, was_quoted));
    Some(values)
}

fn array_element(text: &str, quoted: bool) -> Value {
    match quoted {
        true => Value::text(text),
        false if text.trim().eq_ignore_ascii_case("null") => Value::Null,
        false => Value::text(text.trim()),
    }
}

/// `text LIKE pattern`, with `\` or the given escape character.
pub(super) fn like(text: &str, pattern: &str, escape: Option<char>, fold: bool) -> bool {
    let normal = |text: &str| if fold { text.to_lowercase() } else { text.to_owned() };
    let text: Vec<char> = normal(text).chars().collect();
    let tokens = like_tokens(&normal(pattern), escape.unwrap_or('\\'));
    // One row of the usual table: which prefixes of the text the pattern so far matches.
    let mut reach = vec![false; text.len() + 1];
    if let Some(first) = reach.first_mut() {
        *first = true;
    }
    for token in tokens {
        let mut next = vec![false; text.len() + 1];
        let mut running = false;
        for (at, slot) in next.iter_mut().enumerate() {
            let before = at.checked_sub(1);
            let previous = before.and_then(|b| reach.get(b)).copied().unwrap_or(false);
            let here = reach.get(at).copied().unwrap_or(false);
            *slot = match token {
                LikeToken::Many => {
                    running |= here;
                    running
                }
                LikeToken::One => previous,
                LikeToken::Char(c) => previous && before.and_then(|b| text.get(b)) == Some(&c),
            };
        }
        reach = next;
    }
    reach.last().copied().unwrap_or(false)
}

#[derive(Clone, Copy)]
enum LikeToken {
    Many,
    One,
    Char(char),
}

fn like_tokens(pattern: &str, escape: char) -> Vec<LikeToken> {
    let (mut tokens, mut chars) = (Vec::new(), pattern.chars());
    while let Some(c) = chars.next() {
        tokens.push(match c {
            c if c == escape => LikeToken::Char(chars.next().unwrap_or(c)),
            '%' => LikeToken::Many,
            '_' => LikeToken::One,
            c => LikeToken::Char(c),
        });
    }
    tokens
}

/// `initcap`.
pub(super) fn initcap(text: &str) -> String {
    let mut inside = false;
    let each = |c: char| {
        let upper = c.is_alphanumeric() && !inside;
        inside = c.is_alphanumeric();
        if upper { c.to_uppercase().collect::<String>() } else { c.to_lowercase().collect() }
    };
    text.chars().map(each).collect()
}

/// `substring(text from start for count)`, 1-based; a start before the text takes from the count.
pub(super) fn substring(text: &str, start: i64, count: Option<i64>) -> String {
    let end = count.map_or(i64::MAX, |count| start.saturating_add(count));
    let within = |at: usize| i64::try_from(at + 1).is_ok_and(|at| at >= start && at < end);
    text.chars().enumerate().filter(|(at, _)| within(*at)).map(|(_, c)| c).collect()
}

/// `left(text, n)`: a negative `n` leaves out the last ones.
pub(super) fn left(text: &str, n: i64) -> String {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let take = if n < 0 { length.saturating_add(n) } else { n };
    text.chars().take(usize::try_from(take).unwrap_or(0)).collect()
}

/// `right(text, n)`: a negative `n` leaves out the first ones.
pub(super) fn right(text: &str, n: i64) -> String {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let skip = if n < 0 { n.saturating_neg() } else { length.saturating_sub(n) };
    text.chars().skip(usize::try_from(skip).unwrap_or(0)).collect()
}

/// `split_part(text, delimiter, n)`.
pub(super) fn split_part(text: &str, delimiter: &str, n: i64) -> String {
    let parts: Vec<&str> = if delimiter.is_empty() { vec![text] } else { text.split(delimiter).collect() };
    let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
    let index = if n < 0 { count.saturating_add(n) } else { n.saturating_sub(1) };
    usize::try_from(index).ok().and_then(|index| parts.get(index)).map_or_else(String::new, |part| (*part).to_owned())
}
