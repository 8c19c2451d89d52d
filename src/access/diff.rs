//! What a change of the schema means for access: cells whose verdict or columns differ, each with the step that makes
//! the difference.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::table::{Row, Table};
use super::{Command, Step, Verdict};
use crate::catalog::{ObjectKind, QualifiedName};

/// One cell before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delta {
    /// Who.
    pub role: String,
    /// What.
    pub relation: QualifiedName,
    /// What kind of relation.
    #[serde(skip)]
    pub kind: ObjectKind,
    /// Doing what.
    pub command: Command,
    /// How far before; `none` where there was no such relation or role.
    pub before: Verdict,
    /// How far now.
    pub after: Verdict,
    /// Columns before and now, where they are what differs.
    pub columns: Option<(Vec<String>, Vec<String>)>,
    /// The relation is new.
    pub created: bool,
    /// What decides now (or, where access was lost, what decided before).
    pub because: Option<Step>,
    /// The whole derivation now.
    #[serde(skip)]
    pub derivation: Vec<Step>,
}

impl Delta {
    /// More than before: rows, or columns of them.
    #[must_use]
    pub fn gained(&self) -> bool {
        match openness(self.after).cmp(&openness(self.before)) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => self.columns.as_ref().is_some_and(|(before, after)| wider(before, after)),
            std::cmp::Ordering::Less => false,
        }
    }

    /// Less than before.
    #[must_use]
    pub fn lost(&self) -> bool {
        openness(self.after) < openness(self.before)
    }

    /// `anon: SELECT public.citernes none → all (policy …, file:line)`.
    #[must_use]
    pub fn line(&self) -> String {
        let columns = match &self.columns {
            Some((before, after)) => format!(", columns {} → {}", before.join(", "), after.join(", ")),
            None => String::new(),
        };
        let because = self.because.as_ref().map(|step| match &step.at {
            Some(at) => format!(" ({}, {}:{})", step.text, at.file, at.line),
            None => format!(" ({})", step.text),
        });
        format!(
            "{}: {} {} {} → {}{columns}{}",
            self.role,
            self.command.word().to_uppercase(),
            self.relation,
            self.before.word(),
            self.after.word(),
            because.unwrap_or_default()
        )
    }
}

/// Verdicts in order of what gets through; the unknown counts as much as some rows.
fn openness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::None | Verdict::Denied => 0,
        Verdict::Rows | Verdict::Unknown => 1,
        Verdict::All => 2,
    }
}

fn wider(before: &[String], after: &[String]) -> bool {
    before != ["*"] && (after == ["*"] || after.iter().any(|column| !before.contains(column)))
}

/// The cells that differ, in the order of `after`, lost ones last. Between `none` and `denied` nothing gets through.
#[must_use]
pub fn diff(before: &Table, after: &Table) -> Vec<Delta> {
    let old: BTreeMap<_, &Row> = before.rows.iter().map(|row| (key(row), row)).collect();
    let known: BTreeSet<&QualifiedName> = before.rows.iter().map(|row| &row.relation).collect();
    let mut deltas: Vec<Delta> = after
        .rows
        .iter()
        .filter_map(|row| between(old.get(&key(row)).copied(), row, !known.contains(&row.relation)))
        .collect();
    let still: BTreeSet<_> = after.rows.iter().map(key).collect();
    let gone = before.rows.iter().filter(|row| !still.contains(&key(row)) && openness(row.verdict) > 0);
    deltas.extend(gone.map(|row| Delta {
        role: row.role.clone(),
        relation: row.relation.clone(),
        kind: row.kind,
        command: row.command,
        before: row.verdict,
        after: Verdict::None,
        columns: None,
        created: false,
        because: None,
        derivation: Vec::new(),
    }));
    deltas
}

fn key(row: &Row) -> (&QualifiedName, &str, Command) {
    (&row.relation, &row.role, row.command)
}

fn between(before: Option<&Row>, after: &Row, created: bool) -> Option<Delta> {
    let was = before.map_or(Verdict::None, |row| row.verdict);
    let open = openness(after.verdict) > 0;
    let columns = before.filter(|row| open && openness(was) > 0 && row.columns != after.columns);
    let columns = columns.map(|row| (row.columns.clone(), after.columns.clone()));
    if openness(was) == openness(after.verdict) && columns.is_none() {
        return None;
    }
    Some(Delta {
        role: after.role.clone(),
        relation: after.relation.clone(),
        kind: after.kind,
        command: after.command,
        before: was,
        after: after.verdict,
        columns,
        created,
        because: because(before, after),
        derivation: after.derivation.clone(),
    })
}

/// The step that was not there before; else the one that decides.
fn because(before: Option<&Row>, after: &Row) -> Option<Step> {
    let decides = after.reason();
    let Some(before) = before else { return decides.cloned() };
    let known: BTreeSet<&str> = before.derivation.iter().map(|step| step.text.as_str()).collect();
    let is_new = |step: &&Step| !known.contains(step.text.as_str());
    let new =
        decides.filter(is_new).or_else(|| after.derivation.iter().rev().find(|step| is_new(step) && step.at.is_some()));
    new.or_else(|| after.derivation.iter().rev().find(is_new)).or(decides).cloned()
}
