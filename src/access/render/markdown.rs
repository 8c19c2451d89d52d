//! For pull requests and reports.

use super::{LEGEND, cells, is_quiet, shown};
use crate::access::{Delta, Table};
use crate::report::escape;

/// Rows of a diff shown; a comment has a size limit.
const ROWS: usize = 200;

/// The table: relations down, roles across.
#[must_use]
pub fn table(table: &Table) -> String {
    let mut out = "| relation |".to_owned();
    out.extend(table.roles.iter().map(|role| format!(" {0} read | {0} write |", escape::markdown_text(role))));
    out.push_str("\n| --- |");
    out.push_str(&" --- | --- |".repeat(table.roles.len()));
    out.push('\n');
    for (name, cells) in cells(table).iter().filter(|(_, cells)| !is_quiet(cells)) {
        out.push_str(&format!("| {} |", escape::markdown_text(&name.to_string())));
        out.extend(cells.iter().map(|cell| format!(" {} | {} |", shown(cell.read), shown(cell.write))));
        out.push('\n');
    }
    out.push_str(&format!("\n{LEGEND}\n"));
    if !table.indirect.is_empty() {
        out.push_str("\nIndirectly:\n\n");
        out.extend(table.indirect.iter().map(|way| {
            let text = format!("{} {} {} by {}", way.role, way.command.word(), way.relation, way.through);
            format!("- {}\n", escape::markdown_text(&text))
        }));
    }
    out
}

pub(super) fn deltas(deltas: &[Delta]) -> String {
    if deltas.is_empty() {
        return String::new();
    }
    let mut out =
        "\n**Access**\n\n| | who | what | before | after | why |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    out.extend(deltas.iter().take(ROWS).map(row));
    if deltas.len() > ROWS {
        out.push_str(&format!("\n… and {} more\n", deltas.len() - ROWS));
    }
    out
}

fn row(delta: &Delta) -> String {
    let why = delta.because.as_ref().map(|step| {
        let text = escape::markdown_text(&step.text);
        match &step.at {
            Some(at) => format!("{text}<br>{}", escape::markdown_text(&format!("{}:{}", at.file, at.line))),
            None => text,
        }
    });
    let columns = |columns: &[String]| {
        if columns == ["*"] { String::new() } else { format!(" ({})", escape::markdown_text(&columns.join(", "))) }
    };
    let (before, after) = delta
        .columns
        .as_ref()
        .map_or((String::new(), String::new()), |(before, after)| (columns(before), columns(after)));
    format!(
        "| {} | {} | {} {} | {}{before} | {}{after} | {} |\n",
        super::sign(delta),
        escape::markdown_text(&delta.role),
        delta.command.word().to_uppercase(),
        escape::markdown_text(&delta.relation.to_string()),
        delta.before.word(),
        delta.after.word(),
        why.unwrap_or_default()
    )
}
