//! The names PostgreSQL gives to what the author left unnamed.

/// Longest identifier, in bytes.
const MAX: usize = 63;

/// `first_second_label`, shortened as `makeObjectName` does: the longer of the two names loses bytes first.
pub(super) fn object_name(first: &str, second: Option<&str>, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(second.is_some());
    let room = MAX.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.map_or(0, str::len));
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let head = truncate(first, a);
    match second {
        Some(second) => format!("{head}_{}_{label}", truncate(second, b)),
        None => format!("{head}_{label}"),
    }
}

/// `name` cut to an identifier's length.
pub(super) fn identifier(name: &str) -> String {
    truncate(name, MAX).to_owned()
}

/// At most `len` bytes of `text`, ending at a character boundary.
fn truncate(text: &str, len: usize) -> &str {
    let mut end = len.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// Column names joined by `_`, as they stand in the middle of an index or foreign key name.
pub(super) fn joined<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for column in columns {
        if out.len() >= MAX {
            break;
        }
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(column);
    }
    truncate(&out, MAX).to_owned()
}

/// The first of `t_c_label`, `t_c_label1`, `t_c_label2`, … that is free.
pub(super) fn first_free(first: &str, second: Option<&str>, label: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut candidate = object_name(first, second, label);
    for pass in 1..10_000u32 {
        if !taken(&candidate) {
            break;
        }
        candidate = object_name(first, second, &format!("{label}{pass}"));
    }
    candidate
}
