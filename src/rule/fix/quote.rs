//! Names as SQL takes them, on one line whatever is in them.

use super::Form;
use crate::migrations::quote_ident;
use crate::report::escape::is_hostile;

/// What makes SQL of a field's text; `None` where the text is not of the form.
pub(super) fn by(form: Form) -> impl Fn(&str) -> Option<String> {
    move |text| match form {
        // The empty text stands for no object.
        Form::Name => Some(if text.is_empty() { String::new() } else { name(text) }),
        Form::Printed => printed(text),
        Form::Word => Some(text.to_owned()).filter(|text| text.chars().all(|c| c.is_ascii_alphabetic() || c == '_')),
    }
}

/// A name, quoted where it must be. Characters that would break the line, hide, or be taken for a command by what
/// shows the report are spelled out.
fn name(name: &str) -> String {
    let hidden = |c: char| is_hostile(c) || c == '#' || c == '`';
    if !name.chars().any(hidden) {
        return quote_ident(name);
    }
    let mut out = "U&\"".to_owned();
    for c in name.chars() {
        match c {
            '"' => out.push_str("\"\""),
            '\\' => out.push_str("\\\\"),
            c if hidden(c) => out.push_str(&format!("\\+{:06X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A printed name: names joined by dots, and argument types in parentheses. The empty text stands for no object.
fn printed(text: &str) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let (part, after) = identifier(rest)?;
        out.push_str(&name(&part));
        rest = after;
        if let Some(after) = rest.strip_prefix('.') {
            out.push('.');
            rest = after;
        } else if rest.starts_with('(') {
            out.push_str(&arguments(rest)?);
            rest = "";
        } else if !rest.is_empty() {
            return None;
        }
    }
    Some(out)
}

/// One identifier off the front, quoted or not.
fn identifier(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted_identifier(quoted);
    }
    let end = text.find(['.', '(']).unwrap_or(text.len());
    let (part, rest) = text.split_at_checked(end)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '$');
    (!part.is_empty() && part.chars().all(plain)).then(|| (part.to_owned(), rest))
}

/// The rest of a quoted identifier, and what comes after it.
fn quoted_identifier(text: &str) -> Option<(String, &str)> {
    let (mut part, mut rest) = (String::new(), text);
    loop {
        let (head, tail) = rest.split_once('"')?;
        part.push_str(head);
        match tail.strip_prefix('"') {
            Some(tail) => {
                part.push('"');
                rest = tail;
            }
            None => return (!part.is_empty()).then_some((part, tail)),
        }
    }
}

/// Argument types as `format_type` prints them: words, modifiers, brackets, and quoted names.
fn arguments(text: &str) -> Option<String> {
    let (mut out, mut rest, mut depth) = (String::new(), text, 0u32);
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..)?;
        match c {
            '"' => {
                let (part, tail) = quoted_identifier(after)?;
                // A type such as "char" is another one without its quotes.
                let quoted = name(&part);
                let bare = !quoted.ends_with('"');
                out.push_str(&if bare { format!("\"{quoted}\"") } else { quoted });
                rest = tail;
                continue;
            }
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            ' ' | ',' | '.' | '_' | '$' | '[' | ']' | '%' => {}
            c if c.is_ascii_alphanumeric() => {}
            _ => return None,
        }
        out.push(c);
        rest = after;
        if depth == 0 && !rest.is_empty() {
            return None;
        }
    }
    (depth == 0).then_some(out)
}
