//! What must hold: verdicts declared in `gardefou.yaml`, compared with those found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Command, Row, Table, Verdict};
use crate::location::Location;
use crate::waiver::glob;

/// One line of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Role, or a pattern of roles.
    pub role: String,
    /// Pattern of relations: `public.*`.
    pub relation: String,
    /// What is expected, by command.
    pub commands: BTreeMap<Command, Verdict>,
    /// Where it stands.
    pub at: Location,
}

/// A cell that is not as declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach<'a> {
    /// The cell.
    pub row: &'a Row,
    /// What was declared.
    pub expected: Verdict,
    /// By which line.
    pub by: &'a Expectation,
}

/// What a contract says about a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged<'a> {
    /// Cells the contract speaks of.
    pub looked_at: usize,
    /// Those that are not as declared.
    pub breaches: Vec<Breach<'a>>,
    /// Lines that match nothing.
    pub unmatched: Vec<&'a Expectation>,
}

/// Compares. Of several lines that match a cell the most exact counts: the one with the most characters that are no
/// wildcard.
#[must_use]
pub fn judge<'a>(contract: &'a [Expectation], table: &'a Table) -> Judged<'a> {
    let mut judged = Judged::default();
    let mut used = BTreeSet::new();
    for row in &table.rows {
        let relation = row.relation.to_string();
        let matching = contract
            .iter()
            .enumerate()
            .filter(|(_, line)| glob(&line.role, &row.role) && glob(&line.relation, &relation));
        let mut best: Option<(usize, &Expectation, Verdict)> = None;
        for (at, line) in matching {
            used.insert(at);
            let Some(expected) = line.commands.get(&row.command) else { continue };
            if best.is_none_or(|(_, other, _)| exactness(line) >= exactness(other)) {
                best = Some((at, line, *expected));
            }
        }
        let Some((_, by, expected)) = best else { continue };
        judged.looked_at += 1;
        if !holds(expected, row.verdict) {
            judged.breaches.push(Breach { row, expected, by });
        }
    }
    judged.unmatched = contract.iter().enumerate().filter(|(at, _)| !used.contains(at)).map(|(_, line)| line).collect();
    judged
}

/// Roles a contract names, patterns left out.
pub fn roles(contract: &[Expectation]) -> impl Iterator<Item = &String> {
    contract.iter().map(|line| &line.role).filter(|role| !role.contains(['*', '?']))
}

fn exactness(line: &Expectation) -> (usize, usize) {
    let exact = |pattern: &str| pattern.chars().filter(|c| !matches!(c, '*' | '?')).count();
    (exact(&line.relation), exact(&line.role))
}

/// `none` and `denied` both mean that nothing gets through.
fn holds(expected: Verdict, found: Verdict) -> bool {
    let closed = |verdict| matches!(verdict, Verdict::None | Verdict::Denied);
    expected == found || closed(expected) && closed(found)
}

/// A contract that holds for `table`, as a section of `gardefou.yaml`: nothing by default, and what is open by name.
#[must_use]
pub fn proposal(table: &Table) -> String {
    let mut out = "access:\n".to_owned();
    for role in &table.roles {
        let rows: Vec<&Row> = table.rows.iter().filter(|row| row.role == *role).collect();
        let schemas: BTreeSet<&str> = rows.iter().map(|row| row.relation.schema.as_str()).collect();
        if schemas.is_empty() {
            continue;
        }
        let _ = writeln!(out, "  {}:", quoted(role));
        for schema in schemas {
            let _ = writeln!(out, "    {}: none", quoted(&format!("{}.*", crate::sql::ast::quote_ident(schema))));
        }
        let mut open: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows.iter().filter(|row| matches!(row.verdict, Verdict::Rows | Verdict::All)) {
            let said = format!("{}: {}", row.command.word(), row.verdict.word());
            open.entry(row.relation.to_string()).or_default().push(said);
        }
        for (relation, said) in open {
            let _ = writeln!(out, "    {}: {{ {} }}", quoted(&relation), said.join(", "));
        }
        let unknown = rows.iter().filter(|row| row.verdict == Verdict::Unknown);
        for row in unknown {
            let _ = writeln!(out, "    # {} {}: it cannot be told", row.command.word(), row.relation);
        }
    }
    out
}

/// A YAML string in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", crate::report::escape::line(text).replace('\'', "''"))
}
