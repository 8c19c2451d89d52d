//! For a terminal.

use owo_colors::{OwoColorize, Style};

use super::{Cell, LEGEND, cells, is_quiet, shown};
use crate::access::{Table, Verdict};
use crate::report::{escape, many};

/// Ways around shown; the rest is counted.
const WAYS: usize = 20;

/// The table: relations down, roles across, read and write in each cell.
#[must_use]
pub fn table(table: &Table, color: bool) -> String {
    let cells = cells(table);
    let loud: Vec<_> = cells.iter().filter(|(_, cells)| !is_quiet(cells)).collect();
    let names: Vec<String> = loud.iter().map(|(name, _)| escape::line(&name.to_string())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("relation".len());
    let mut out = head(table, width);
    for (name, (_, cells)) in names.iter().zip(&loud) {
        out.push_str(&format!("{name:width$}"));
        for (role, cell) in table.roles.iter().zip(cells.iter()) {
            out.push_str(&format!("  {}", pair(cell, column(role), color)));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    let quiet = cells.len() - loud.len();
    if quiet > 0 {
        out.push_str(&format!("{} out of reach\n", many(quiet, "relation")));
    }
    out.push_str(&format!("\n{LEGEND}\n"));
    out.push_str(&ways(table));
    out.push_str(&assumptions(table));
    out
}

/// Width of a role's column: two words, or its name.
fn column(role: &str) -> usize {
    role.chars().count().max(13)
}

fn head(table: &Table, width: usize) -> String {
    let mut roles = " ".repeat(width);
    let mut words = format!("{:width$}", "relation");
    for role in &table.roles {
        let column = column(role);
        roles.push_str(&format!("  {:column$}", escape::line(role)));
        words.push_str(&format!("  {:column$}", "read   write"));
    }
    format!("{}\n{}\n", roles.trim_end(), words.trim_end())
}

fn pair(cell: &Cell, width: usize, color: bool) -> String {
    let partial = if cell.partial { "*" } else { "" };
    let (read, write) = (shown(cell.read), format!("{}{partial}", shown(cell.write)));
    let rest = " ".repeat(width.saturating_sub(7 + write.chars().count()));
    if !color {
        return format!("{read:6} {write}{rest}");
    }
    format!("{} {}{rest}", format!("{read:6}").style(style(cell.read)), write.style(style(cell.write)))
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::None => Style::new().dimmed(),
        Verdict::Denied => Style::new().green(),
        Verdict::Rows => Style::new().yellow(),
        Verdict::All => Style::new().red().bold(),
        Verdict::Unknown => Style::new().magenta(),
    }
}

fn ways(table: &Table) -> String {
    if table.indirect.is_empty() {
        return String::new();
    }
    let line = |way: &crate::access::Indirect| {
        let past = if way.bypasses_rls { ", past its row level security" } else { "" };
        let text = format!("{} {} {} by {}{past}", way.role, way.command.word(), way.relation, way.through);
        format!("  {}\n", escape::line(&text))
    };
    let mut out = format!("\nindirectly ({}):\n", many(table.indirect.len(), "way"));
    out.extend(table.indirect.iter().take(WAYS).map(line));
    if table.indirect.len() > WAYS {
        out.push_str(&format!("  … and {} more (--format json shows all)\n", table.indirect.len() - WAYS));
    }
    out
}

fn assumptions(table: &Table) -> String {
    let mut texts: Vec<&str> = table.rows.iter().flat_map(|row| &row.assumptions).map(String::as_str).collect();
    texts.sort_unstable();
    texts.dedup();
    if texts.is_empty() {
        return String::new();
    }
    let mut out = "\nassuming that:\n".to_owned();
    out.extend(texts.iter().take(WAYS).map(|text| format!("  {}\n", escape::line(text))));
    if texts.len() > WAYS {
        out.push_str(&format!("  … and {} more (--format json shows all)\n", texts.len() - WAYS));
    }
    out
}
