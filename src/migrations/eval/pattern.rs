//! Regular expressions: PostgreSQL's, where they mean the same in Rust's syntax.

use regex::RegexBuilder;

/// Whether `text` matches; `None` for a pattern whose meaning differs or that is not supported.
pub(super) fn matches(text: &str, pattern: &str, fold: bool) -> Option<bool> {
    Some(build(pattern, fold)?.is_match(text))
}

/// `regexp_replace`; `None` as in [`matches`].
pub(super) fn replace(text: &str, pattern: &str, with: &str, flags: &str) -> Option<String> {
    let pattern = build(pattern, flags.contains('i'))?;
    if !flags.chars().all(|flag| matches!(flag, 'g' | 'i')) {
        return None;
    }
    let with = replacement(with);
    Some(if flags.contains('g') { pattern.replace_all(text, with) } else { pattern.replace(text, with) }.into_owned())
}

/// Rust writes `$` where PostgreSQL writes `\`.
fn replacement(with: &str) -> String {
    let with = with.replace('$', "$$");
    let (mut out, mut chars) = (String::new(), with.chars());
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('&') => out.push_str("${0}"),
            Some(digit) if digit.is_ascii_digit() => out.push_str(&format!("${{{digit}}}")),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

fn build(pattern: &str, fold: bool) -> Option<regex::Regex> {
    let pattern = translate(pattern)?;
    RegexBuilder::new(&pattern).case_insensitive(fold).dot_matches_new_line(true).size_limit(1 << 20).build().ok()
}

/// Escapes both engines know; `\y`, `\m` and `\M` are word boundaries.
fn translate(pattern: &str) -> Option<String> {
    if pattern.starts_with("***") || pattern.starts_with("(?") || pattern.contains("[[.") || pattern.contains("[[=") {
        return None;
    }
    let (mut out, mut chars) = (String::with_capacity(pattern.len()), pattern.chars());
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'y' => out.push_str(r"\b"),
            'm' => out.push_str(r"\b{start}"),
            'M' => out.push_str(r"\b{end}"),
            c if c.is_ascii_punctuation() || matches!(c, 'd' | 'w' | 's' | 'D' | 'W' | 'S' | 'n' | 't' | 'r') => {
                out.push('\\');
                out.push(c);
            }
            _ => return None,
        }
    }
    Some(out)
}
