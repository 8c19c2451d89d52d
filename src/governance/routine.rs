//! Routines: their bodies taken apart, and what calling one writes, directly or through what it calls.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::resolve;
use super::sections::Operation;
use crate::catalog::{Catalog, Function, FunctionSource, ObjectKind, QualifiedName};
use crate::location::Span;
use crate::migrations::{Migration, ObjectState};
use crate::sql;
use crate::sql::ast::{
    BodyText, CreateFunction, Dml, DmlKind, Expr, ExprKind, FunctionBody, Name, PlKind, PlStatement, SourceMap,
    Statement, StatementKind,
};
use crate::sql::walk::{Node, walk};

/// Calls deeper than this are not followed.
const DEPTH: usize = 8;

/// Parses a body and hands over its roots: a block, or statements.
pub(super) fn in_body(function: &Function, visit: &mut dyn FnMut(Node<'_>)) {
    match function.body.get() {
        Some(FunctionSource::Text { text }) => in_text(text, &function.language, visit),
        Some(FunctionSource::Sql { text }) => in_standard(text, visit),
        _ => {}
    }
}

fn in_text(text: &str, language: &str, visit: &mut dyn FnMut(Node<'_>)) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let body = BodyText { text: text.to_owned(), span: Span::new(0, length), map: SourceMap::Verbatim(0) };
    match language {
        "plpgsql" => visit(Node::Block(&sql::parse_plpgsql(&body).0)),
        "sql" => sql::parse_sql_body(&body).statements.iter().for_each(|statement| visit(Node::Statement(statement))),
        _ => {}
    }
}

/// `RETURN expr` and `BEGIN ATOMIC … END`, as written; a server prints the whole definition around them.
fn in_standard(text: &str, visit: &mut dyn FnMut(Node<'_>)) {
    let whole = if text.trim_start().get(..6).is_some_and(|head| head.eq_ignore_ascii_case("create")) {
        text.to_owned()
    } else {
        format!("create function f() returns void language sql {text}")
    };
    for statement in sql::parse(&whole).statements {
        if let StatementKind::CreateFunction(routine) = &statement.kind {
            in_routine(routine, visit);
        }
    }
}

fn in_routine(routine: &CreateFunction, visit: &mut dyn FnMut(Node<'_>)) {
    match &routine.body {
        FunctionBody::Text(body) => in_text(&body.text, &routine.language, visit),
        FunctionBody::Atomic(statements) => statements.iter().for_each(|it| visit(Node::Statement(it))),
        FunctionBody::Return(expr) => visit(Node::Expr(expr)),
        FunctionBody::External => {}
    }
}

/// A statement as `EXECUTE '…'` has it, where its text is written out.
pub(super) fn executed(node: Node<'_>) -> Option<Vec<Statement>> {
    let Node::Pl(PlStatement { kind: PlKind::Execute { command, .. }, .. }) = node else { return None };
    let ExprKind::String(text) = &command.kind else { return None };
    Some(sql::parse(text).statements)
}

/// What a routine does to the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Effect {
    /// The table.
    pub(super) table: QualifiedName,
    /// What is done.
    pub(super) operations: Vec<Operation>,
    /// All rows are removed.
    pub(super) empties: bool,
    /// Columns written, where they are written out.
    pub(super) columns: Option<BTreeSet<String>>,
}

/// What a piece of SQL does to rows.
pub(super) fn effects(catalog: &Catalog, root: Node<'_>, found: &mut BTreeSet<Effect>) {
    let mut one = |node: Node<'_>| match node {
        Node::Dml(dml) => drop(found.insert(of_dml(catalog, dml))),
        Node::Statement(Statement { kind: StatementKind::Truncate { tables, .. }, .. }) => {
            found.extend(tables.iter().map(|table| emptied(resolve(catalog, table))));
        }
        _ => {}
    };
    each(root, &mut |node| {
        one(node);
        let inner = executed(node).unwrap_or_default();
        inner.iter().for_each(|statement| each(Node::Statement(statement), &mut one));
    });
}

fn emptied(table: QualifiedName) -> Effect {
    Effect { table, operations: vec![Operation::Delete], empties: true, columns: None }
}

fn of_dml(catalog: &Catalog, dml: &Dml) -> Effect {
    let table = resolve(catalog, &dml.table);
    let mut operations = match dml.kind {
        DmlKind::Insert => vec![Operation::Insert],
        DmlKind::Update => vec![Operation::Update],
        DmlKind::Delete => vec![Operation::Delete],
        DmlKind::Merge => vec![Operation::Insert, Operation::Update, Operation::Delete],
    };
    if dml.kind == DmlKind::Insert && !dml.assignments.is_empty() {
        operations.push(Operation::Update);
    }
    let assigned = dml.assignments.iter().map(|assignment| assignment.column.clone());
    let columns = match dml.kind {
        DmlKind::Update => Some(assigned.collect()),
        DmlKind::Insert if !dml.columns.is_empty() => Some(dml.columns.iter().cloned().chain(assigned).collect()),
        _ => None,
    };
    Effect { table, operations, empties: dml.kind == DmlKind::Delete && takes_all(dml), columns }
}

/// A `DELETE` or `UPDATE` whose condition keeps nothing out.
pub(super) fn takes_all(dml: &Dml) -> bool {
    !dml.current_of && dml.filter.as_ref().is_none_or(is_always) && dml.from.is_empty()
}

/// `true`, `1 = 1`, `x = x`.
fn is_always(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Bool(value) => *value,
        ExprKind::Binary { op, left, right } => {
            let same = match (&left.kind, &right.kind) {
                (ExprKind::Column(a), ExprKind::Column(b)) => a == b,
                (ExprKind::Number(a), ExprKind::Number(b)) | (ExprKind::String(a), ExprKind::String(b)) => a == b,
                _ => false,
            };
            same && matches!(op.as_str(), "=" | ">=" | "<=")
        }
        ExprKind::And(parts) => parts.iter().all(is_always),
        ExprKind::Or(parts) => parts.iter().any(is_always),
        _ => false,
    }
}

fn each<'n>(root: Node<'n>, visit: &mut dyn FnMut(Node<'n>)) {
    let all = |node: Node<'n>| {
        visit(node);
        true
    };
    match root {
        Node::Statement(statement) => walk(statement, all),
        Node::Block(block) => walk(block, all),
        Node::Expr(expr) => walk(expr, all),
        _ => {}
    }
}

/// Names called in a piece of SQL.
fn called(root: Node<'_>) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    each(root, &mut |node| {
        if let Node::Expr(Expr { kind: ExprKind::Call(call), .. }) = node {
            found.insert(call.name.clone());
        }
    });
    found
}

/// What one file's calls of routines write, by the bodies routines have there.
pub(super) struct Calls<'a> {
    catalog: &'a Catalog,
    /// Files after this one: what they replaced stood before.
    later: &'a [Migration],
    /// Routines the file itself makes, by their last name.
    own: BTreeMap<String, CreateFunction>,
}

impl<'a> Calls<'a> {
    /// For the file at `at`.
    pub(super) fn of(catalog: &'a Catalog, migrations: &'a [Migration], at: usize) -> Self {
        Self { catalog, later: migrations.get(at + 1..).unwrap_or(&[]), own: BTreeMap::new() }
    }

    /// Remembers a routine the file makes.
    pub(super) fn make(&mut self, routine: &CreateFunction) {
        self.own.insert(routine.name.name.clone(), routine.clone());
    }

    /// What the routines called in a statement write, each with the routine called there.
    pub(super) fn written(&self, root: Node<'_>) -> BTreeMap<Name, BTreeSet<Effect>> {
        let mut all = BTreeMap::new();
        for name in called(root) {
            let effects = self.effects_of(&name);
            if !effects.is_empty() {
                all.insert(name, effects);
            }
        }
        all
    }

    /// What a routine of the name writes, directly or through what it calls.
    pub(super) fn effects_of(&self, name: &Name) -> BTreeSet<Effect> {
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![(name.clone(), 0)];
        while let Some((name, depth)) = open.pop() {
            if depth > DEPTH || !seen.insert(name.clone()) {
                continue;
            }
            self.bodies(&name, &mut |node| {
                effects(self.catalog, node, &mut found);
                open.extend(called(node).into_iter().map(|name| (name, depth + 1)));
            });
        }
        found
    }

    /// The bodies of the routines of a name as they are in this file.
    fn bodies(&self, name: &Name, visit: &mut dyn FnMut(Node<'_>)) {
        if let Some(own) = self.own.get(&name.name) {
            in_routine(own, visit);
            return;
        }
        let means = |known: &QualifiedName| {
            known.name == name.name && name.schema.as_ref().is_none_or(|schema| *schema == known.schema)
        };
        let mut before = BTreeSet::new();
        for change in self.later.iter().flat_map(|migration| &migration.changes) {
            let Some(ObjectState::Function(was)) = &change.before else { continue };
            let plain = change.renamed_from.as_ref().unwrap_or(&change.object.name);
            let plain = plain.split('(').next().unwrap_or("");
            if pattern_name(plain).is_some_and(|known| means(&known)) && before.insert(change.object.name.clone()) {
                in_body(was, visit);
            }
        }
        let kinds = [ObjectKind::Function, ObjectKind::Procedure];
        for (key, function) in self.catalog.functions.iter().filter(|(key, _)| means(&key.name)) {
            if kinds.contains(&function.kind) && !before.contains(&key.to_string()) {
                in_body(function, visit);
            }
        }
    }
}

fn pattern_name(text: &str) -> Option<QualifiedName> {
    text.parse().ok()
}
