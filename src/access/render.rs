//! Access as text: a table to read at a glance, JSON, Markdown, an HTML heat map, and one derivation in full.

mod html;
mod human;
mod markdown;

use std::collections::BTreeMap;

use super::{Command, Delta, Row, Table, Verdict};
use crate::catalog::QualifiedName;
use crate::report::escape;

pub use html::{Bounds, STYLE as HEAT_MAP_STYLE, fragment as heat_map, page as html};
pub use human::table as human;
pub use markdown::table as markdown;

/// JSON: the table as it is.
#[must_use]
pub fn json(table: &Table) -> String {
    crate::report::json::pretty(table)
}

/// One cell with its derivation, step by step.
#[must_use]
pub fn explanation(row: &Row) -> String {
    let columns = if row.is_whole() { String::new() } else { format!(", columns {}", row.columns.join(", ")) };
    let head = format!("{} {} {}: {}{columns}", row.role, row.command.word(), row.relation, row.verdict.word());
    let mut out = escape::line(&head) + "\n";
    for (at, step) in row.derivation.iter().enumerate() {
        out.push_str(&format!("  {}. {}", at + 1, escape::line(&step.text)));
        if let Some(place) = &step.at {
            out.push_str(&format!("\n     {}", escape::line(&place.to_string())));
        }
        out.push('\n');
    }
    out.extend(row.assumptions.iter().map(|text| format!("  assuming that {}\n", escape::line(text))));
    out
}

/// The access diff for a terminal; empty where nothing changed.
#[must_use]
pub fn deltas(deltas: &[Delta]) -> String {
    if deltas.is_empty() {
        return String::new();
    }
    format!("access:\n{}", delta_lines(deltas))
}

/// One line for each.
#[must_use]
pub fn delta_lines(deltas: &[Delta]) -> String {
    let lines = deltas.iter().map(|delta| format!("  {} {}\n", sign(delta), escape::line(&delta.line())));
    lines.collect()
}

/// The access diff as a Markdown section; empty where nothing changed.
#[must_use]
pub fn deltas_markdown(deltas: &[Delta]) -> String {
    markdown::deltas(deltas)
}

fn sign(delta: &Delta) -> char {
    if delta.gained() {
        '+'
    } else if delta.lost() {
        '-'
    } else {
        '~'
    }
}

/// What one role reads and writes of one relation: the widest of the writing commands stands for all.
#[derive(Debug, Clone, Copy)]
struct Cell {
    read: Verdict,
    write: Verdict,
    /// Only some columns, somewhere.
    partial: bool,
}

/// Cells by relation, in the order of the table's roles.
fn cells(table: &Table) -> BTreeMap<&QualifiedName, Vec<Cell>> {
    let mut by_relation: BTreeMap<&QualifiedName, Vec<Cell>> = BTreeMap::new();
    let blank = Cell { read: Verdict::None, write: Verdict::None, partial: false };
    for row in &table.rows {
        let Some(at) = table.roles.iter().position(|role| *role == row.role) else { continue };
        let cells = by_relation.entry(&row.relation).or_insert_with(|| vec![blank; table.roles.len()]);
        let Some(cell) = cells.get_mut(at) else { continue };
        cell.partial |= !row.is_whole() && row.verdict.is_open();
        match row.command {
            Command::Select => cell.read = row.verdict,
            _ if rank(row.verdict) > rank(cell.write) => cell.write = row.verdict,
            _ => {}
        }
    }
    by_relation
}

/// How much a verdict worries.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::None => 0,
        Verdict::Denied => 1,
        Verdict::Rows => 2,
        Verdict::Unknown => 3,
        Verdict::All => 4,
    }
}

fn shown(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::None => "-",
        Verdict::Unknown => "?",
        other => other.word(),
    }
}

/// What the words mean, in one line.
const LEGEND: &str = "- no privilege · denied: row level security lets nothing through · rows: some rows, or by session · all: every row · ? cannot be told";

/// Relations on which no role can do anything are counted, not shown.
fn is_quiet(cells: &[Cell]) -> bool {
    cells.iter().all(|cell| cell.read == Verdict::None && cell.write == Verdict::None)
}
