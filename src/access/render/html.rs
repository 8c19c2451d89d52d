//! The heat map: a page of its own, or a fragment for another page.

use std::cmp::Reverse;

use super::{Cell, LEGEND, cells, is_quiet, rank, shown};
use crate::access::{Row, Table, Verdict};
use crate::catalog::QualifiedName;
use crate::report::many;

/// Colours that differ in lightness too, so that they can be told apart without colour. On a narrow screen the map
/// scrolls under its first column.
pub const STYLE: &str = "\
.map{overflow-x:auto}\
.access{border-collapse:collapse;font:14px/1.4 system-ui,sans-serif}\
.access th,.access td{border:1px solid #d4d4d8;padding:.2em .6em;text-align:left}\
.access th{background:#fff;color:#18181b;font-weight:500}\
.access th[scope=row]{position:sticky;left:0;min-width:10em;max-width:16em;overflow-wrap:anywhere}\
.access thead th{background:#f4f4f5}\
.access td.none{color:#71717a}\
.access td.denied{background:#dcfce7;color:#14532d}\
.access td.rows{background:#fef3c7;color:#713f12}\
.access td.all{background:#b91c1c;color:#fff;font-weight:600}\
.access td.unknown{background:#e9d5ff;color:#581c87}\
@media (prefers-color-scheme:dark){\
.access th,.access td{border-color:#3f3f46}\
.access th{background:#18181b;color:#e4e4e7}\
.access thead th{background:#27272a}\
.access td.none{color:#a1a1aa}\
.access td.denied{background:#14532d;color:#dcfce7}\
.access td.rows{background:#854d0e;color:#fef3c7}\
.access td.all{background:#dc2626;color:#fff}\
.access td.unknown{background:#581c87;color:#f3e8ff}}";

/// How much of a table a map shows.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Relations, the most open first.
    pub relations: usize,
    /// Roles, the first first.
    pub roles: usize,
}

impl Bounds {
    /// All of it.
    pub const NONE: Self = Self { relations: usize::MAX, roles: usize::MAX };
}

/// The map as a fragment that wants [`STYLE`]: a table, and what is left out. The deciding step of each cell is its
/// tooltip.
#[must_use]
pub fn fragment(table: &Table, bounds: Bounds) -> String {
    let all = cells(table);
    let roles: Vec<&str> = table.roles.iter().take(bounds.roles).map(String::as_str).collect();
    let seen = all.iter().map(|(name, cells)| (*name, cells.get(..roles.len()).unwrap_or(cells)));
    let (loud, quiet): (Vec<_>, Vec<_>) = seen.partition(|(_, cells)| !is_quiet(cells));
    let shown = most_open(loud.clone(), bounds.relations);
    let mut out = String::new();
    if !shown.is_empty() {
        out.push_str("<div class=\"map\"><table class=\"access\">\n");
        head(&roles, &mut out);
        shown.iter().for_each(|(name, cells)| line(table, &roles, name, cells, &mut out));
        out.push_str(&format!("</tbody></table></div>\n<p>{}</p>\n", text(LEGEND)));
    }
    let left_out = [quiet.len(), loud.len() - shown.len(), table.roles.len() - roles.len()];
    if let Some(words) = words(left_out) {
        out.push_str(&format!("<p>{}</p>\n", text(&words)));
    }
    out
}

/// A page with nothing but the map.
#[must_use]
pub fn page(table: &Table) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Access</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <style>:root{{color-scheme:light dark}}{STYLE}</style></head>\n\
         <body><h1>Access</h1>\n{}</body></html>\n",
        fragment(table, Bounds::NONE)
    )
}

type Line<'t> = (&'t QualifiedName, &'t [Cell]);

/// At most `limit` of the lines, in their order: those where most gets through.
fn most_open(mut lines: Vec<Line<'_>>, limit: usize) -> Vec<Line<'_>> {
    if lines.len() > limit {
        let widest = |cells: &[Cell]| cells.iter().map(|cell| rank(cell.read).max(rank(cell.write))).max();
        lines.sort_by_key(|(_, cells)| Reverse(widest(cells)));
        lines.truncate(limit);
        lines.sort_by_key(|(name, _)| *name);
    }
    lines
}

/// What is not shown, and why.
fn words([quiet, relations, roles]: [usize; 3]) -> Option<String> {
    let mut said = Vec::new();
    if quiet > 0 {
        said.push(format!("{} on which none of these roles has a privilege", many(quiet, "relation")));
    }
    if relations > 0 {
        said.push(format!("{} less open than these, for length", many(relations, "relation")));
    }
    if roles > 0 {
        said.push(many(roles, "role"));
    }
    let more = if relations + roles > 0 { "; `gardefou access --format html` shows all" } else { "" };
    (!said.is_empty()).then(|| format!("Not shown: {}{more}.", said.join("; ")))
}

fn head(roles: &[&str], out: &mut String) {
    out.push_str("<thead><tr><th rowspan=\"2\" scope=\"col\">relation</th>");
    out.extend(roles.iter().map(|role| format!("<th colspan=\"2\" scope=\"colgroup\">{}</th>", text(role))));
    out.push_str("</tr>\n<tr>");
    out.push_str(&"<th scope=\"col\">read</th><th scope=\"col\">write</th>".repeat(roles.len()));
    out.push_str("</tr></thead>\n<tbody>\n");
}

fn line(table: &Table, roles: &[&str], name: &QualifiedName, cells: &[Cell], out: &mut String) {
    out.push_str(&format!("<tr><th scope=\"row\">{}</th>", text(&name.to_string())));
    for (role, found) in roles.iter().zip(cells) {
        out.push_str(&cell(table, name, role, found.read, false));
        out.push_str(&cell(table, name, role, found.write, true));
    }
    out.push_str("</tr>\n");
}

fn cell(table: &Table, name: &QualifiedName, role: &str, verdict: Verdict, writes: bool) -> String {
    let mut rows = table.rows.iter().skip(start(table, name));
    let row = rows.find(|row| {
        row.role == role && row.relation == *name && row.command.writes() == writes && row.verdict == verdict
    });
    let title = row.and_then(why).map(|why| format!(" title=\"{}\"", text(&why))).unwrap_or_default();
    let partial = row.is_some_and(|row| verdict.is_open() && !row.is_whole());
    let columns = if partial { ", some columns" } else { "" };
    format!("<td class=\"{}\"{title}>{}{columns}</td>", verdict.word(), shown(verdict))
}

/// The deciding step, and where it stands.
fn why(row: &Row) -> Option<String> {
    let step = row.reason()?;
    let text = crate::report::redact::masked(&step.text).unwrap_or_else(|| step.text.clone());
    Some(match &step.at {
        Some(at) => format!("{text} ({}:{})", at.file, at.line),
        None => text,
    })
}

/// Rows are sorted by relation.
fn start(table: &Table, name: &QualifiedName) -> usize {
    table.rows.partition_point(|row| row.relation < *name)
}

fn text(text: &str) -> String {
    let line = crate::report::escape::line(text);
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
