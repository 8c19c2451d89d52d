//! Text from SQL, made safe to print: names and messages may hold control characters, terminal escapes, bidirectional
//! overrides or CI commands, and a report must show them without any of them taking effect.

/// Characters that change what a terminal or a reader sees around them: controls (C0 and C1), bidirectional marks and
/// overrides, zero-width and invisible characters, line separators, tag characters.
#[must_use]
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line, every hostile character spelled out (`\n`, `\u{1b}`), and log commands of CI systems that are
/// recognised anywhere in a line (`##[…]`, `##vso[…]`) broken.
#[must_use]
pub fn line(text: &str) -> String {
    mapped(text, []).0
}

/// As [`line()`], for a line of source: a tab is shown as one space. Also says where byte offsets `marks` went.
#[must_use]
pub fn code<const N: usize>(text: &str, marks: [usize; N]) -> (String, [usize; N]) {
    mapped(&text.replace('\t', " "), marks)
}

fn mapped<const N: usize>(text: &str, marks: [usize; N]) -> (String, [usize; N]) {
    let mut out = String::with_capacity(text.len());
    let mut moved = [usize::MAX; N];
    let mut note = |at: usize, len: usize| {
        for (mark, to) in marks.iter().zip(moved.iter_mut()) {
            if *to == usize::MAX && *mark <= at {
                *to = len;
            }
        }
    };
    for (at, c) in text.char_indices() {
        note(at, out.len());
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '#' if text.get(at + 1..).is_some_and(starts_log_command) => out.push_str("#\\"),
            c if is_hostile(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    note(usize::MAX, out.len());
    (out, moved)
}

/// What follows the first `#` of `##[`, `##vso[` or `##teamcity[`.
fn starts_log_command(rest: &str) -> bool {
    ["#[", "#vso[", "#teamcity["].iter().any(|command| rest.starts_with(command))
}

/// The message part of a GitHub workflow command.
#[must_use]
pub fn github_data(text: &str) -> String {
    line(text).replace('%', "%25")
}

/// A property value of a GitHub workflow command.
#[must_use]
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text for Markdown, in a paragraph or a table cell: what stands between pairs of backticks becomes code, everything
/// else is text that formats nothing, links nothing and mentions no one.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markdown_text(&text);
    }
    let render = |(at, part): (usize, &&str)| match (at % 2, part.is_empty()) {
        (1, true) => "\\`\\`".to_owned(),
        (1, false) => format!("`{}`", part.replace('|', "\\|")),
        _ => markdown_text(part),
    };
    parts.iter().enumerate().map(render).collect()
}

/// Text that is never code: backticks too are shown as they are.
#[must_use]
pub fn markdown_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '@' => out.push_str("@<!-- -->"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // A bare address would become a link.
    out.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

/// As [`line()`], for text that stands at the beginning of one: it cannot be a workflow command (`::error …`) there.
#[must_use]
pub fn whole_line(text: &str) -> String {
    let text = line(text);
    if text.trim_start().starts_with("::") { text.replacen("::", ":\\:", 1) } else { text }
}

/// Lines as a code block of Markdown; a fence longer than any in it keeps them there.
#[must_use]
pub fn fenced<'a>(language: &str, lines: impl Iterator<Item = &'a str>) -> String {
    let text: String = lines.map(|text| format!("{}\n", whole_line(text))).collect();
    let fence = "`".repeat(text.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
    format!("{fence}{language}\n{text}{fence}\n")
}

/// JSON as printed by a serialiser, with the hostile characters it leaves raw (they can only stand inside strings)
/// written as `\uXXXX`: the data is the same, the bytes are harmless.
#[must_use]
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_hostile(c) {
            out.push(c);
        } else {
            let mut units = [0u16; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// A path as a relative URI reference: everything but unreserved characters and `/` percent-encoded.
#[must_use]
pub fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
