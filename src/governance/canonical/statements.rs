//! What statements of the migrations write, row by row where the rows are written out.

use std::collections::BTreeMap;

use super::{Column, Set, is_null, literal, normal, resolve};
use crate::catalog::{Catalog, ObjectKind, ObjectRef, QualifiedName};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Span;
use crate::migrations::{Migration, Within};
use crate::sql;
use crate::sql::ast::{
    Copy, Dml, DmlKind, Expr, ExprKind, InSet, Query, QueryBody, Statement, StatementKind, TableRef,
};
use crate::sql::walk::{Node, walk};

/// Calls `visit` with every statement that writes rows, those in `DO` blocks too.
fn each_write(migration: &Migration, visit: &mut dyn FnMut(Write<'_>)) {
    if migration.file.skipped.is_some() {
        return;
    }
    for section in &migration.file.sections {
        for statement in sql::parse_section(&migration.file.text, *section).statements {
            match &statement.kind {
                StatementKind::Do { body, language } if language == "plpgsql" => {
                    let (block, _) = sql::parse_plpgsql(body);
                    walk(&block, |node| writes(node, visit));
                }
                _ => walk(&statement, |node| writes(node, visit)),
            }
        }
    }
}

fn writes(node: Node<'_>, visit: &mut dyn FnMut(Write<'_>)) -> bool {
    match node {
        Node::Dml(dml) => visit(Write::Dml(dml)),
        Node::Statement(Statement { span, kind: StatementKind::Copy(copy) }) if copy.from => {
            visit(Write::Copy(copy, *span));
        }
        Node::Statement(Statement { span, kind: StatementKind::Truncate { tables, .. } }) => {
            tables.iter().for_each(|table| visit(Write::Truncate(table, *span)));
        }
        // What a routine does when it is called stands in the Catalog.
        Node::Statement(Statement { kind: StatementKind::CreateFunction(_), .. }) => return false,
        _ => {}
    }
    true
}

enum Write<'a> {
    Dml(&'a Dml),
    Copy(&'a Copy, Span),
    Truncate(&'a sql::ast::Name, Span),
}

/// Values by column, each with its place.
type Row<'a> = BTreeMap<String, (Cell<'a>, Span)>;

enum Cell<'a> {
    Expr(&'a Expr),
    Text(String),
    Null,
}

impl Cell<'_> {
    fn literal(&self) -> Option<String> {
        match self {
            Self::Expr(expr) => literal(expr),
            Self::Text(text) => Some(text.clone()),
            Self::Null => None,
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

fn columns(catalog: &Catalog, table: &QualifiedName, listed: &[String]) -> Vec<String> {
    if !listed.is_empty() {
        return listed.to_vec();
    }
    let relation = catalog.relations.get(table);
    relation.map(|relation| relation.columns.iter().map(|column| column.name.clone()).collect()).unwrap_or_default()
}

/// The rows an `INSERT` or `COPY` writes out; nothing where they come from elsewhere.
fn inserted<'a>(catalog: &Catalog, write: &'a Write<'_>, text: &str) -> Vec<Row<'a>> {
    match write {
        Write::Dml(dml) if dml.kind == DmlKind::Insert => {
            let names = columns(catalog, &resolve(catalog, &dml.table), &dml.columns);
            let mut rows = Vec::new();
            if let Some(source) = &dml.source {
                query_rows(source, &mut rows, 0);
            }
            rows.into_iter().map(|row| named(&names, row)).collect()
        }
        Write::Copy(copy, _) => {
            let Some((table, data)) = copy.table.as_ref().zip(copy.data) else { return Vec::new() };
            let names = columns(catalog, &resolve(catalog, table), &copy.columns);
            copied(&names, text, data)
        }
        _ => Vec::new(),
    }
}

fn named<'a>(names: &[String], row: Vec<&'a Expr>) -> Row<'a> {
    let cells = names.iter().zip(row);
    cells.map(|(name, expr)| (name.clone(), (Cell::Expr(expr), expr.span))).collect()
}

/// The rows of `VALUES` and of selects of constants.
fn query_rows<'a>(query: &'a Query, rows: &mut Vec<Vec<&'a Expr>>, depth: usize) {
    if depth > 50 {
        return;
    }
    match &query.body {
        QueryBody::Values(values) => rows.extend(values.iter().map(|row| row.iter().collect::<Vec<_>>())),
        QueryBody::Set { left, right, .. } => {
            query_rows(left, rows, depth + 1);
            query_rows(right, rows, depth + 1);
        }
        QueryBody::Select(select) => {
            let star = matches!(select.columns.as_slice(), [item] if matches!(item.expr.kind, ExprKind::Star(_)));
            match select.from.as_slice() {
                [TableRef::Query { query, .. }] if star => query_rows(query, rows, depth + 1),
                _ => rows.push(select.columns.iter().map(|item| &item.expr).collect()),
            }
        }
        QueryBody::Table(_) | QueryBody::Unknown => {}
    }
}

/// The rows of a `COPY … FROM stdin` in text format.
fn copied<'a>(names: &[String], text: &str, data: Span) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let mut at = data.start;
    for line in data.slice(text).split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let length = u32::try_from(line.len()).unwrap_or(0);
        if !content.is_empty() && content != "\\." {
            let span = Span::new(at, at + u32::try_from(content.len()).unwrap_or(0));
            let cells = names.iter().zip(content.split('\t')).map(|(name, cell)| {
                let cell = if cell == "\\N" { Cell::Null } else { Cell::Text(cell.to_owned()) };
                (name.clone(), (cell, span))
            });
            rows.push(cells.collect());
        }
        at += length;
    }
    rows
}

/// Statements that add, change or remove canonical rows.
pub(super) fn rows(model: &Model<'_>, sets: &[Set<'_>]) -> Judged {
    let mut judged = Judged::default();
    for migration in model.migrations() {
        each_write(migration, &mut |write| {
            for set in sets.iter().filter(|set| writes_to(model.catalog(), &write) == set.table) {
                judged.looked_at += 1;
                for (span, problem) in row_problems(model.catalog(), set, &write, &migration.file.text) {
                    judged.violations.push(violation(migration, &set.table, span, problem));
                }
            }
        });
        for set in sets {
            judged.violations.extend(computed(migration, set));
        }
    }
    judged
}

fn writes_to(catalog: &Catalog, write: &Write<'_>) -> QualifiedName {
    let name = match write {
        Write::Dml(dml) => Some(&dml.table),
        Write::Copy(copy, _) => copy.table.as_ref(),
        Write::Truncate(table, _) => Some(*table),
    };
    name.map_or_else(|| QualifiedName::new("", ""), |name| resolve(catalog, name))
}

fn row_problems(catalog: &Catalog, set: &Set<'_>, write: &Write<'_>, text: &str) -> Vec<(Span, String)> {
    let name = &set.set.name;
    match write {
        Write::Truncate(_, span) => vec![(*span, format!("empties the canonical set `{name}`"))],
        Write::Copy(copy, span) if copy.data.is_none() => {
            vec![(*span, format!("copies rows that are not written here into the canonical set `{name}`"))]
        }
        Write::Dml(dml) => match dml.kind {
            DmlKind::Insert => inserts(catalog, set, dml, write, text),
            DmlKind::Update => updates(set, dml),
            DmlKind::Delete => deletes(set, dml),
            DmlKind::Merge => vec![(dml.span, format!("merges rows into the canonical set `{name}`"))],
        },
        Write::Copy(..) => {
            inserted(catalog, write, text).iter().filter_map(|row| row_problem(set, row, Span::default())).collect()
        }
    }
}

fn inserts(catalog: &Catalog, set: &Set<'_>, dml: &Dml, write: &Write<'_>, text: &str) -> Vec<(Span, String)> {
    let rows = inserted(catalog, write, text);
    if rows.is_empty() {
        return vec![(dml.span, format!("adds rows that are not written out to the canonical set `{}`", set.set.name))];
    }
    let mut problems: Vec<_> = rows.iter().filter_map(|row| row_problem(set, row, dml.span)).collect();
    problems.extend(overwrites(set, dml));
    problems
}

/// Why a row may not be added.
fn row_problem(set: &Set<'_>, row: &Row<'_>, whole: Span) -> Option<(Span, String)> {
    let name = &set.set.name;
    let Some((cell, span)) = row.get(&set.set.key) else {
        return Some((whole, format!("adds a row without a written key to the canonical set `{name}`")));
    };
    let Some(key) = cell.literal() else {
        return Some((*span, format!("adds a row with a computed key to the canonical set `{name}`")));
    };
    let Some(expected) = set.keys.get(&normal(&key)) else {
        return Some((*span, format!("adds `{key}`, which is not in the canonical set `{name}`")));
    };
    let (cell, span) = row.get(set.set.label.as_ref()?)?;
    let label = cell.literal()?;
    (label != *expected)
        .then(|| (*span, format!("calls `{key}` `{label}`; the canonical set `{name}` calls it `{expected}`")))
}

/// `ON CONFLICT DO UPDATE` with constants.
fn overwrites(set: &Set<'_>, dml: &Dml) -> Option<(Span, String)> {
    let constant = |column: &str| {
        let set = dml.assignments.iter().find(|assignment| assignment.column == column)?;
        set.value.as_ref().filter(|value| literal(value).is_some()).map(|value| value.span)
    };
    let span = constant(&set.set.key).or_else(|| constant(set.set.label.as_ref()?))?;
    Some((span, format!("overwrites a key or label of the canonical set `{}`", set.set.name)))
}

fn updates(set: &Set<'_>, dml: &Dml) -> Vec<(Span, String)> {
    let name = &set.set.name;
    let mut problems = Vec::new();
    for assignment in &dml.assignments {
        let span = assignment.value.as_ref().map_or(dml.span, |value| value.span);
        if assignment.column == set.set.key {
            problems.push((span, format!("changes a key of the canonical set `{name}`")));
        } else if set.set.label.as_ref() == Some(&assignment.column) {
            let label = assignment.value.as_ref().and_then(literal);
            let keys = pinned(dml.filter.as_ref(), &set.set.key);
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

fn deletes(set: &Set<'_>, dml: &Dml) -> Vec<(Span, String)> {
    let by_key = pinned(dml.filter.as_ref(), &set.set.key);
    let by_label = set.set.label.as_ref().and_then(|label| pinned(dml.filter.as_ref(), label));
    let spares = by_key.is_some_and(|keys| keys.iter().all(|key| !set.keys.contains_key(&normal(key))))
        || by_label.is_some_and(|labels| labels.iter().all(|label| !set.set.values.contains_key(label)));
    if spares {
        Vec::new()
    } else {
        vec![(dml.span, format!("may remove rows of the canonical set `{}`", set.set.name))]
    }
}

/// The constants a filter ties a column to; nothing where it does not.
fn pinned(filter: Option<&Expr>, column: &str) -> Option<Vec<String>> {
    let is_column =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Column(parts) if parts.last().is_some_and(|p| p == column));
    match &filter?.kind {
        ExprKind::And(parts) => parts.iter().find_map(|part| pinned(Some(part), column)),
        ExprKind::Binary { op, left, right } if op == "=" => match (is_column(left), is_column(right)) {
            (true, _) => literal(right).map(|value| vec![value]),
            (_, true) => literal(left).map(|value| vec![value]),
            _ => None,
        },
        ExprKind::In { expr, set: InSet::List(values), negated: false } if is_column(expr) => {
            values.iter().map(literal).collect()
        }
        _ => None,
    }
}

/// Statements put together by a program, or run by a function that was called.
fn computed(migration: &Migration, set: &Set<'_>) -> Vec<Violation> {
    let name = set.table.to_string();
    let written = migration.statements.iter().filter(|executed| {
        matches!(executed.within, Within::Dynamic | Within::Function)
            && matches!(executed.command.as_str(), "insert" | "update" | "delete" | "truncate" | "merge" | "copy")
            && executed.objects.first().is_some_and(|object| object.name == name)
    });
    let violation = |executed: &crate::migrations::Executed| {
        let message =
            format!("`{name}` is written by a computed statement; it holds the canonical set `{}`", set.set.name);
        let mut violation =
            Violation::new(ObjectRef::new(ObjectKind::Table, &name), Some(executed.at.clone()), message);
        violation.discriminator = format!("{} computed {}", migration.file.path, executed.command);
        violation
    };
    written.map(violation).collect()
}

fn violation(migration: &Migration, table: &QualifiedName, span: Span, problem: String) -> Violation {
    let at = migration.lines.locate(&migration.file.text, span);
    let message = format!("`{table}`: {problem}");
    let mut violation = Violation::new(ObjectRef::new(ObjectKind::Table, table), Some(at), message);
    violation.discriminator = format!("{} {problem}", migration.file.path);
    violation
}

/// Constants outside a set written into a column that refers to it.
pub(super) fn references(model: &Model<'_>, sets: &[Set<'_>]) -> Judged {
    let mut judged = Judged::default();
    let catalog = model.catalog();
    for migration in model.migrations() {
        each_write(migration, &mut |write| {
            for (column, value, span) in written(catalog, &write, &migration.file.text) {
                for set in sets.iter().filter(|set| set.references.contains(&column)) {
                    judged.looked_at += 1;
                    if let Some(problem) = set.problem(&column, &value) {
                        judged.violations.push(reference(migration, &column, span, &problem));
                    }
                }
            }
        });
    }
    judged
}

/// Every constant a statement writes, with its column.
fn written(catalog: &Catalog, write: &Write<'_>, text: &str) -> Vec<(Column, String, Span)> {
    let table = writes_to(catalog, write);
    let mut found = Vec::new();
    for row in inserted(catalog, write, text) {
        for (column, (cell, span)) in row {
            let value = cell.literal().filter(|_| !cell.is_null());
            found.extend(value.map(|value| ((table.clone(), column), value, span)));
        }
    }
    if let Write::Dml(dml) = write {
        for assignment in &dml.assignments {
            let value = assignment.value.as_ref().and_then(|value| Some((literal(value)?, value.span)));
            found.extend(value.map(|(value, span)| ((table.clone(), assignment.column.clone()), value, span)));
        }
    }
    found
}

fn reference(migration: &Migration, (table, column): &Column, span: Span, problem: &str) -> Violation {
    let at = migration.lines.locate(&migration.file.text, span);
    let object = ObjectRef::on(ObjectKind::Column, table, column);
    let message = format!("`{}` is given an identifier of its own: {problem}", object.name);
    let mut violation = Violation::new(object, Some(at), message);
    violation.discriminator = format!("{} {problem}", migration.file.path);
    violation
}

/// Every statement of a migration that writes rows: the table, the columns where they are written out, and where.
pub(in crate::governance) fn written_columns(
    catalog: &Catalog,
    migration: &Migration,
) -> Vec<(QualifiedName, Option<std::collections::BTreeSet<String>>, Span)> {
    let mut found = Vec::new();
    each_write(migration, &mut |write| {
        let table = writes_to(catalog, &write);
        let assigned = |dml: &Dml| dml.assignments.iter().map(|assignment| assignment.column.clone()).collect();
        let (columns, span) = match &write {
            Write::Dml(dml) => match dml.kind {
                DmlKind::Insert => {
                    let listed = columns(catalog, &table, &dml.columns);
                    (Some(listed.into_iter().chain(assigned(dml)).collect()), dml.span)
                }
                DmlKind::Update => (Some(assigned(dml)), dml.span),
                DmlKind::Delete | DmlKind::Merge => (None, dml.span),
            },
            Write::Copy(copy, span) => (Some(columns(catalog, &table, &copy.columns).into_iter().collect()), *span),
            Write::Truncate(_, span) => (None, *span),
        };
        found.push((table, columns, span));
    });
    found
}
