//! What statements of the migrations write, row by row where the rows are written out.

use std::collections::BTreeMap;

use super::copied::copied;
use super::values::{self, Variables, bare, constants, exact, is_null, literal};
use super::{Column, Set, normal};
use crate::catalog::{ObjectKind, ObjectRef, QualifiedName};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::governance::sections::Operation;
use crate::governance::writes::{self, Names, Write, Written};
use crate::location::{Location, Span};
use crate::migrations::Migration;
use crate::sql::ast::{Dml, DmlKind, Expr, ExprKind, InSet};

/// Values by column, each with its place.
pub(super) type Row<'a> = BTreeMap<String, (Cell<'a>, Span)>;

/// A value of a row.
pub(super) enum Cell<'a> {
    Expr(&'a Expr),
    Text(String),
    Null,
}

impl Cell<'_> {
    /// What it is exactly; nothing where that is not written out.
    fn exact(&self, variables: &Variables) -> Vec<String> {
        match self {
            Self::Expr(expr) => exact(expr, variables),
            Self::Text(text) => vec![text.clone()],
            Self::Null => Vec::new(),
        }
    }

    /// What it may be, as far as it is written out.
    fn constants(&self, variables: &Variables) -> Vec<String> {
        match self {
            Self::Expr(expr) => constants(expr, variables),
            Self::Text(text) => vec![text.clone()],
            Self::Null => Vec::new(),
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Self::Expr(expr) => is_null(expr),
            Self::Text(_) => false,
            Self::Null => true,
        }
    }
}

/// One writing statement in its surroundings.
struct Case<'a> {
    names: &'a Names<'a>,
    migration: &'a Migration,
    /// Number of the file.
    file: usize,
    table: QualifiedName,
    write: Write<'a>,
    variables: Variables,
}

impl Case<'_> {
    fn columns(&self, listed: &[String]) -> Option<Vec<String>> {
        self.names.columns(&self.table, listed, (self.file, self.write.span().start))
    }

    fn column(&self, column: &str) -> String {
        self.names.column(&self.table, column, (self.file, self.write.span().start))
    }

    /// The rows an `INSERT` or `COPY` writes out; nothing where what goes into which column is not known.
    fn inserted(&self) -> Option<Vec<Row<'_>>> {
        match self.write {
            Write::Dml(dml) if dml.kind == DmlKind::Insert => {
                let ctes: Vec<_> = dml.with.iter().collect();
                let rows = dml.source.as_ref().map(|source| values::rows(source, &ctes, 0)).unwrap_or_default();
                let names = self.columns(&dml.columns)?;
                let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
                (widest <= names.len()).then(|| rows.into_iter().map(|row| named(&names, row)).collect())
            }
            Write::Copy(copy, span) => {
                let Some(data) = copy.data else { return Some(Vec::new()) };
                copied(&self.columns(&copy.columns)?, &self.migration.file.text, span, data)
            }
            _ => Some(Vec::new()),
        }
    }

    /// Assignments by the names columns have in the end, with the constants they may come to.
    fn assigned<'d>(&self, dml: &'d Dml) -> Vec<(String, Option<&'d Expr>)> {
        spread(dml).into_iter().map(|(column, value)| (self.column(column), value)).collect()
    }
}

/// `SET (a, b) = (select 1, 2)` gives each column its own.
pub(super) fn spread(dml: &Dml) -> Vec<(&str, Option<&Expr>)> {
    let mut found = Vec::new();
    let mut row: std::vec::IntoIter<&Expr> = Vec::new().into_iter();
    for (at, assignment) in dml.assignments.iter().enumerate() {
        let alone = dml.assignments.get(at + 1).is_none_or(|next| next.value.is_some());
        let value = match assignment.value.as_ref().map(|value| (value, &bare(value).kind)) {
            Some((_, ExprKind::Subquery(query))) if !alone => {
                row = values::rows(query, &[], 0).into_iter().next().unwrap_or_default().into_iter();
                row.next()
            }
            Some((value, _)) => Some(value),
            None => row.next(),
        };
        found.push((assignment.column.as_str(), value));
    }
    found
}

fn named<'a>(names: &[String], row: Vec<&'a Expr>) -> Row<'a> {
    let cells = names.iter().zip(row);
    cells.map(|(name, expr)| (name.clone(), (Cell::Expr(expr), expr.span))).collect()
}

/// Calls `visit` with every writing statement.
fn each(model: &Model<'_>, visit: &mut dyn FnMut(&Case<'_>)) {
    let names = Names::new(model);
    for (file, migration) in model.migrations().iter().enumerate() {
        writes::each(migration, &mut |write, block| {
            let Some(table) = names.table(file, &write) else { return };
            let variables = block.map(values::variables).unwrap_or_default();
            visit(&Case { names: &names, migration, file, table, write, variables });
        });
    }
}

/// Statements that add, change or remove canonical rows.
pub(super) fn rows(model: &Model<'_>, sets: &[Set<'_>]) -> Judged {
    let mut judged = Judged::default();
    each(model, &mut |case| {
        for set in sets.iter().filter(|set| set.table == case.table) {
            judged.looked_at += 1;
            match row_problems(set, case) {
                Ok(problems) => {
                    let found =
                        problems.into_iter().map(|(span, problem)| violation(case.migration, set, span, problem));
                    judged.violations.extend(found);
                }
                Err(unknown) => judged.not_run.push(unknown),
            }
        }
    });
    for written in writes::of(model).iter().flatten().filter(|it| it.computed || it.through.is_some()) {
        let of_set = sets.iter().filter(|set| set.table == written.table);
        judged.violations.extend(of_set.map(|set| computed(written, set)));
    }
    let mut seen = Vec::new();
    judged.violations.retain(|violation| {
        !seen.contains(violation) && {
            seen.push(violation.clone());
            true
        }
    });
    judged
}

/// What a statement does to a set; where that cannot be told, why.
fn row_problems(set: &Set<'_>, case: &Case<'_>) -> Result<Vec<(Span, String)>, String> {
    let name = &set.set.name;
    let span = case.write.span();
    match case.write {
        Write::Truncate(..) => Ok(vec![(span, format!("empties the canonical set `{name}`"))]),
        Write::Copy(copy, _) if copy.data.is_none() => {
            Ok(vec![(span, format!("copies rows that are not written here into the canonical set `{name}`"))])
        }
        Write::Copy(..) => {
            let rows = case.inserted().ok_or_else(|| unread(case))?;
            Ok(rows.iter().filter_map(|row| row_problem(set, row, case)).collect())
        }
        Write::Dml(dml) => match dml.kind {
            DmlKind::Insert => inserts(set, dml, case),
            DmlKind::Update => Ok(updates(set, dml, case)),
            DmlKind::Delete => Ok(deletes(set, dml, case)),
            DmlKind::Merge => Ok(vec![(dml.span, format!("merges rows into the canonical set `{name}`"))]),
        },
    }
}

fn unread(case: &Case<'_>) -> String {
    let at = case.migration.lines.locate(&case.migration.file.text, case.write.span());
    let table = &case.table;
    format!(
        "{at}: which value goes into which column of `{table}` is not known: its columns are others now, or the data is in a form that is not read"
    )
}

fn inserts(set: &Set<'_>, dml: &Dml, case: &Case<'_>) -> Result<Vec<(Span, String)>, String> {
    let rows = case.inserted().ok_or_else(|| unread(case))?;
    if rows.is_empty() {
        let name = &set.set.name;
        return Ok(vec![(dml.span, format!("adds rows that are not written out to the canonical set `{name}`"))]);
    }
    let mut problems: Vec<_> = rows.iter().filter_map(|row| row_problem(set, row, case)).collect();
    problems.extend(overwrites(set, dml, case, &rows));
    Ok(problems)
}

/// Why a row may not be added.
fn row_problem(set: &Set<'_>, row: &Row<'_>, case: &Case<'_>) -> Option<(Span, String)> {
    let name = &set.set.name;
    let Some((cell, span)) = row.get(&set.set.key) else {
        return Some((case.write.span(), format!("adds a row without a written key to the canonical set `{name}`")));
    };
    let keys = cell.exact(&case.variables);
    if keys.is_empty() {
        return Some((*span, format!("adds a row with a computed key to the canonical set `{name}`")));
    }
    if let Some(key) = keys.iter().find(|key| !set.keys.contains_key(&normal(key))) {
        return Some((*span, format!("adds `{key}`, which is not in the canonical set `{name}`")));
    }
    let expected: Vec<&str> = keys.iter().filter_map(|key| set.keys.get(&normal(key)).copied()).collect();
    let (key, is) = (keys.first()?, expected.first()?);
    let label = set.set.label.as_ref()?;
    let Some((cell, span)) = row.get(label) else {
        return Some((
            case.write.span(),
            format!("adds `{key}` without its label `{is}` to the canonical set `{name}`"),
        ));
    };
    let labels = cell.exact(&case.variables);
    let Some(label) = labels.first() else {
        let what = if cell.is_null() { "no label" } else { "a computed label" };
        return Some((*span, format!("gives `{key}` {what}; the canonical set `{name}` calls it `{is}`")));
    };
    let right = labels.iter().all(|label| expected.contains(&label.as_str()));
    (!right).then(|| (*span, format!("calls `{key}` `{label}`; the canonical set `{name}` calls it `{is}`")))
}

/// `ON CONFLICT DO UPDATE` of key or label with anything but the row's own.
fn overwrites(set: &Set<'_>, dml: &Dml, case: &Case<'_>, rows: &[Row<'_>]) -> Option<(Span, String)> {
    let own = |column: &str, value: &Expr| {
        let excluded = matches!(&bare(value).kind, ExprKind::Column(parts)
            if matches!(parts.as_slice(), [row, name] if row == "excluded" && case.column(name) == column));
        let known = literal(value);
        let same = |row: &Row<'_>| {
            row.get(column)
                .is_some_and(|(cell, _)| known.is_some() && cell.exact(&case.variables).first() == known.as_ref())
        };
        excluded || rows.iter().all(same)
    };
    let names_row = |column: &str| *column == *set.set.key || set.set.label.as_deref() == Some(column);
    let changed = case
        .assigned(dml)
        .into_iter()
        .find(|(column, value)| names_row(column) && !value.is_some_and(|value| own(column, value)));
    let span = changed?.1.map_or(dml.span, |value| value.span);
    Some((span, format!("overwrites a key or label of the canonical set `{}`", set.set.name)))
}

fn updates(set: &Set<'_>, dml: &Dml, case: &Case<'_>) -> Vec<(Span, String)> {
    let name = &set.set.name;
    let mut problems = Vec::new();
    for (column, value) in case.assigned(dml) {
        let span = value.map_or(dml.span, |value| value.span);
        if column == set.set.key {
            problems.push((span, format!("changes a key of the canonical set `{name}`")));
        } else if set.set.label.as_ref() == Some(&column) {
            let label = value.and_then(literal);
            let keys = pinned(case, dml, dml.filter.as_ref(), &set.set.key);
            let right = keys.is_some_and(|keys| {
                keys.iter().all(|key| set.keys.get(&normal(key)).copied() == label.as_deref()) && label.is_some()
            });
            if !right {
                problems.push((span, format!("changes a label of the canonical set `{name}`")));
            }
        }
    }
    problems
}

fn deletes(set: &Set<'_>, dml: &Dml, case: &Case<'_>) -> Vec<(Span, String)> {
    let by_key = pinned(case, dml, dml.filter.as_ref(), &set.set.key);
    let label = set.set.label.as_ref();
    let by_label = label.and_then(|label| pinned(case, dml, dml.filter.as_ref(), label));
    let spares = by_key.is_some_and(|keys| keys.iter().all(|key| !set.keys.contains_key(&normal(key))))
        || by_label.is_some_and(|labels| labels.iter().all(|label| !set.set.values.contains_key(label)));
    if spares {
        Vec::new()
    } else {
        vec![(dml.span, format!("may remove rows of the canonical set `{}`", set.set.name))]
    }
}

/// The constants a filter ties a column of the table written to; nothing where it does not.
fn pinned(case: &Case<'_>, dml: &Dml, filter: Option<&Expr>, column: &str) -> Option<Vec<String>> {
    let called = dml.alias.as_ref().unwrap_or(&dml.table.name);
    let is_column = |expr: &Expr| match &bare(expr).kind {
        ExprKind::Column(parts) => match parts.as_slice() {
            [name] => case.column(name) == column,
            [.., table, name] => table == called && case.column(name) == column,
            [] => false,
        },
        _ => false,
    };
    let value = |expr: &Expr| Some(exact(expr, &case.variables)).filter(|values| !values.is_empty());
    match &filter?.kind {
        ExprKind::And(parts) => parts.iter().find_map(|part| pinned(case, dml, Some(part), column)),
        ExprKind::Binary { op, left, right } if op == "=" => match (is_column(left), is_column(right)) {
            (true, _) => value(right),
            (_, true) => value(left),
            _ => None,
        },
        ExprKind::In { expr, set: InSet::List(values), negated: false } if is_column(expr) => {
            values.iter().map(literal).collect()
        }
        _ => None,
    }
}

/// Statements put together by a program, or run by a routine that is called.
fn computed(written: &Written, set: &Set<'_>) -> Violation {
    let Written { table, command, at, .. } = written;
    let by = if written.computed { " by a computed statement".to_owned() } else { written.by() };
    let message = format!("`{table}` is written{by}; it holds the canonical set `{}`", set.set.name);
    let mut violation = Violation::new(ObjectRef::new(ObjectKind::Table, table), Some(at.clone()), message);
    violation.discriminator = format!("{} computed {command}", at.file);
    violation
}

fn violation(migration: &Migration, set: &Set<'_>, span: Span, problem: String) -> Violation {
    let at = migration.lines.locate(&migration.file.text, span);
    let message = format!("`{}`: {problem}", set.table);
    let mut violation = Violation::new(ObjectRef::new(ObjectKind::Table, &set.table), Some(at), message);
    violation.discriminator = format!("{} {problem}", migration.file.path);
    violation
}

/// Constants outside a set written into a column that refers to it.
pub(super) fn references(model: &Model<'_>, sets: &[Set<'_>]) -> Judged {
    let mut judged = Judged::default();
    let gives = |it: &Written| it.operations.iter().any(|done| *done != Operation::Delete);
    let refers = |table: &QualifiedName| sets.iter().any(|set| set.refers_from(table));
    each(model, &mut |case| {
        if !refers(&case.table) {
            return;
        }
        let Some(constants) = written(case) else { return judged.not_run.push(unread(case)) };
        for (column, value, span) in constants {
            for set in sets.iter().filter(|set| set.is_reference(&column)) {
                judged.looked_at += 1;
                if let Some(problem) = set.problem(&column, &value) {
                    let at = case.migration.lines.locate(&case.migration.file.text, span);
                    judged.violations.push(reference(at, &column, &problem));
                }
            }
        }
    });
    for written in writes::of(model).iter().flatten().filter(|it| it.computed && gives(it) && refers(&it.table)) {
        let Written { table, at, .. } = written;
        judged
            .not_run
            .push(format!("{at}: `{table}` is written by a computed statement: which identifiers is not known"));
    }
    judged
}

/// Every constant a statement writes, with its column; nothing where the columns are not known.
fn written(case: &Case<'_>) -> Option<Vec<(Column, String, Span)>> {
    let mut found = Vec::new();
    let mut add = |column: String, values: Vec<String>, span: Span| {
        found.extend(values.into_iter().map(|value| ((case.table.clone(), column.clone()), value, span)));
    };
    for row in case.inserted()? {
        for (column, (cell, span)) in row {
            add(column, cell.constants(&case.variables), span);
        }
    }
    if let Write::Dml(dml) = case.write {
        for (column, value) in case.assigned(dml) {
            let Some(value) = value else { continue };
            add(column, constants(value, &case.variables), value.span);
        }
    }
    Some(found)
}

fn reference(at: Location, (table, column): &Column, problem: &str) -> Violation {
    let object = ObjectRef::on(ObjectKind::Column, table, column);
    let message = format!("`{}` is given an identifier of its own: {problem}", object.name);
    let mut violation = Violation::new(object, None, message);
    violation.discriminator = format!("{} {problem}", at.file);
    violation.location = Some(at);
    violation
}
