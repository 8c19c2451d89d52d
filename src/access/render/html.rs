//! The heat map: a page of its own, or a fragment for another page.

use super::{LEGEND, cells, is_quiet, shown};
use crate::access::{Table, Verdict};
use crate::catalog::QualifiedName;

/// Colours that differ in lightness too, so that they can be told apart without colour.
const STYLE: &str = "\
.access{border-collapse:collapse;font:14px/1.4 system-ui,sans-serif}\
.access th,.access td{border:1px solid #d4d4d8;padding:.2em .6em;text-align:left}\
.access thead th{background:#f4f4f5;color:#18181b}\
.access td.none{color:#71717a}\
.access td.denied{background:#dcfce7;color:#14532d}\
.access td.rows{background:#fef3c7;color:#713f12}\
.access td.all{background:#b91c1c;color:#fff;font-weight:600}\
.access td.unknown{background:#e9d5ff;color:#581c87}";

/// The map as a fragment: a style element and a table. The deciding step of each cell is its tooltip.
#[must_use]
pub fn fragment(table: &Table) -> String {
    let mut out = format!(
        "<style>{STYLE}</style>\n<table class=\"access\">\n<thead><tr><th rowspan=\"2\" scope=\"col\">relation</th>"
    );
    out.extend(table.roles.iter().map(|role| format!("<th colspan=\"2\" scope=\"colgroup\">{}</th>", text(role))));
    out.push_str("</tr>\n<tr>");
    out.push_str(&"<th scope=\"col\">read</th><th scope=\"col\">write</th>".repeat(table.roles.len()));
    out.push_str("</tr></thead>\n<tbody>\n");
    for (name, cells) in cells(table).iter().filter(|(_, cells)| !is_quiet(cells)) {
        out.push_str(&format!("<tr><th scope=\"row\">{}</th>", text(&name.to_string())));
        for (role, found) in table.roles.iter().zip(cells.iter()) {
            out.push_str(&cell(table, name, role, found.read, false));
            out.push_str(&cell(table, name, role, found.write, true));
        }
        out.push_str("</tr>\n");
    }
    out.push_str(&format!("</tbody></table>\n<p>{}</p>\n", text(LEGEND)));
    out
}

/// A page with nothing but the map.
#[must_use]
pub fn page(table: &Table) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Access</title>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"></head>\n\
         <body><h1>Access</h1>\n{}</body></html>\n",
        fragment(table)
    )
}

fn cell(table: &Table, name: &QualifiedName, role: &str, verdict: Verdict, writes: bool) -> String {
    let mut rows = table.rows.iter().skip(start(table, name));
    let row = rows.find(|row| {
        row.role == role && row.relation == *name && row.command.writes() == writes && row.verdict == verdict
    });
    let why = row.and_then(|row| row.reason()).map(|step| match &step.at {
        Some(at) => format!("{} ({}:{})", step.text, at.file, at.line),
        None => step.text.clone(),
    });
    let title = why.map(|why| format!(" title=\"{}\"", text(&why))).unwrap_or_default();
    format!("<td class=\"{}\"{title}>{}</td>", verdict.word(), shown(verdict))
}

/// Rows are sorted by relation.
fn start(table: &Table, name: &QualifiedName) -> usize {
    table.rows.partition_point(|row| row.relation < *name)
}

fn text(text: &str) -> String {
    let line = crate::report::escape::line(text);
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
