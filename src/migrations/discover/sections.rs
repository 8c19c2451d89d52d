//! The parts of a file its tool runs forward, where one file holds both ways: dbmate, goose, sql-migrate,
//! node-pg-migrate, Play evolutions.

use crate::location::Span;

/// Marker comments of one tool, lower case.
struct Markers {
    up: &'static str,
    down: &'static str,
    /// Words may follow the marker on its line (`transaction:false`).
    options: bool,
    /// Prose could look like it, so both markers must be there.
    needs_both: bool,
}

const TOOLS: [Markers; 6] = [
    Markers { up: "migrate:up", down: "migrate:down", options: true, needs_both: false },
    Markers { up: "+goose up", down: "+goose down", options: true, needs_both: false },
    Markers { up: "+migrate up", down: "+migrate down", options: true, needs_both: false },
    Markers { up: "rambler up", down: "rambler down", options: false, needs_both: true },
    Markers { up: "up migration", down: "down migration", options: false, needs_both: true },
    Markers { up: "!ups", down: "!downs", options: false, needs_both: true },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// The spans to fold, in order, where `text` is divided by one tool's markers; `None` where it is not.
pub(super) fn up_sections(text: &str) -> Option<Vec<Span>> {
    TOOLS.iter().find_map(|tool| {
        let marks: Vec<_> = lines(text).filter_map(|(at, line)| Some((at, way(tool, line)?))).collect();
        let has = |way| marks.iter().any(|(_, found)| *found == way);
        (has(Way::Up) && (has(Way::Down) || !tool.needs_both)).then(|| forward(&marks, text.len()))
    })
}

/// From each up marker to the next down marker. What stands before the first marker belongs to the way up: a header.
fn forward(marks: &[(usize, Way)], length: usize) -> Vec<Span> {
    let starts_down = marks.first().is_some_and(|(_, way)| *way == Way::Down);
    let mut open = (!starts_down).then_some(0);
    let mut sections = Vec::new();
    for (at, way) in marks {
        match (way, open) {
            (Way::Up, None) => open = Some(*at),
            (Way::Down, Some(start)) => {
                sections.push(span(start, *at));
                open = None;
            }
            _ => {}
        }
    }
    sections.extend(open.map(|start| span(start, length)));
    sections
}

fn span(start: usize, end: usize) -> Span {
    Span::new(u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX))
}

/// Lines with the byte offset they start at.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

fn way(tool: &Markers, line: &str) -> Option<Way> {
    let line = line.trim();
    let comment = line.strip_prefix("--").or_else(|| line.strip_prefix("# ---"))?;
    let words = comment.trim_start_matches('-').trim().to_ascii_lowercase();
    let is = |marker: &str| {
        words.strip_prefix(marker).is_some_and(|rest| {
            rest.is_empty() || (tool.options && rest.starts_with(|c: char| c.is_ascii_whitespace()))
        })
    };
    if is(tool.up) {
        Some(Way::Up)
    } else if is(tool.down) {
        Some(Way::Down)
    } else {
        None
    }
}
