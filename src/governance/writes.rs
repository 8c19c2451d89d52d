//! What the statements of a file write: by themselves, put together by a program, or through a routine they call; with
//! the names that tables and columns have in the end.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::resolve;
use super::history::operation;
use super::routine::{Calls, takes_all};
use super::sections::Operation;
use crate::catalog::{Catalog, ObjectKind, QualifiedName};
use crate::check::Model;
use crate::location::{Location, Span};
use crate::migrations::{ChangeKind, Executed, Migration, ObjectState, Within};
use crate::sql;
use crate::sql::ast::{Block, Copy, Dml, DmlKind, Name, Statement, StatementKind};
use crate::sql::walk::{Node, walk};

/// One table written by one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// The table, as it is called in the end.
    pub(super) table: QualifiedName,
    /// What is done to its rows.
    pub(super) operations: Vec<Operation>,
    /// `insert`, `truncate`, …
    pub(super) command: String,
    /// Columns, where they are written out.
    pub(super) columns: Option<BTreeSet<String>>,
    /// All rows are removed.
    pub(super) empties: bool,
    /// Where.
    pub(super) at: Location,
    /// The routine that does it, where one is called.
    pub(super) through: Option<String>,
    /// The statement is put together by a program.
    pub(super) computed: bool,
}

impl Written {
    /// `` by `public.refill` ``, where a routine does it.
    pub(super) fn by(&self) -> String {
        self.through.as_ref().map(|name| format!(" by `{name}`")).unwrap_or_default()
    }

    /// Whether it writes the column; where columns are not written out, it may.
    pub(super) fn may_write(&self, column: &str) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.contains(column))
    }
}

/// What each file writes, in order.
pub(super) fn of<'a>(model: &'a Model<'_>) -> &'a [Vec<Written>] {
    model.written(|| {
        let names = Names::new(model);
        let files = model.migrations().iter().enumerate();
        files.map(|(at, migration)| file(model, &names, at, migration)).collect()
    })
}

fn file(model: &Model<'_>, names: &Names<'_>, at: usize, migration: &Migration) -> Vec<Written> {
    let catalog = model.catalog();
    let mut found = Vec::new();
    each(migration, &mut |write, _| found.extend(names.written(at, migration, write)));
    found.extend(computed(names, at, migration));
    let mut calls = Calls::of(catalog, model.migrations(), at);
    for statement in statements(migration) {
        let mut through = |root: Node<'_>| {
            for (name, effects) in calls.written(root) {
                let at_call = migration.lines.locate(&migration.file.text, statement.span);
                found.extend(effects.into_iter().map(|effect| Written {
                    table: effect.table,
                    command: effect.operations.first().map_or("write", |operation| operation.word()).to_owned(),
                    operations: effect.operations,
                    columns: effect.columns,
                    empties: effect.empties,
                    at: at_call.clone(),
                    through: Some(name.to_string()),
                    computed: false,
                }));
            }
        };
        match &statement.kind {
            StatementKind::CreateFunction(routine) => calls.make(routine),
            StatementKind::Do { body, language } if language == "plpgsql" => {
                through(Node::Block(&sql::parse_plpgsql(body).0));
            }
            StatementKind::Select(_)
            | StatementKind::Dml(_)
            | StatementKind::Call(_)
            | StatementKind::CreateTableAs { .. }
            | StatementKind::Explain { analyze: true, .. } => through(Node::Statement(&statement)),
            _ => {}
        }
    }
    found.sort_by(|a, b| a.at.cmp(&b.at));
    found.dedup();
    found
}

/// Statements put together by a program, and those of routines that were followed because they change the schema.
fn computed(names: &Names<'_>, at: usize, migration: &Migration) -> Vec<Written> {
    let run = migration.statements.iter().filter(|it| matches!(it.within, Within::Dynamic | Within::Function));
    let one = |executed: &Executed| {
        let operations = operation(executed)?.to_vec();
        let table = executed.objects.first()?.name.parse().ok()?;
        Some(Written {
            table: names.followed(&table, (at, executed.at.span.start)),
            empties: executed.command == "truncate" || executed.command == "delete" && !executed.has_where,
            command: executed.command.clone(),
            operations,
            columns: None,
            at: executed.at.clone(),
            through: None,
            computed: true,
        })
    };
    run.filter_map(one).collect()
}

/// The statements of a file.
pub(super) fn statements(migration: &Migration) -> Vec<Statement> {
    if migration.file.skipped.is_some() {
        return Vec::new();
    }
    let sections = migration.file.sections.iter();
    sections.flat_map(|section| sql::parse_section(&migration.file.text, *section).statements).collect()
}

/// A statement that writes rows.
#[derive(Clone, Copy)]
pub(super) enum Write<'a> {
    Dml(&'a Dml),
    Copy(&'a Copy, Span),
    Truncate(&'a Name, Span),
}

impl Write<'_> {
    pub(super) fn span(&self) -> Span {
        match self {
            Self::Dml(dml) => dml.span,
            Self::Copy(_, span) | Self::Truncate(_, span) => *span,
        }
    }

    fn name(&self) -> Option<&Name> {
        match self {
            Self::Dml(dml) => Some(&dml.table),
            Self::Copy(copy, _) => copy.table.as_ref(),
            Self::Truncate(table, _) => Some(table),
        }
    }
}

/// Calls `visit` with every statement that writes rows, those in `DO` blocks too, and the block it stands in.
pub(super) fn each(migration: &Migration, visit: &mut dyn FnMut(Write<'_>, Option<&Block>)) {
    for statement in statements(migration) {
        match &statement.kind {
            // Only planned.
            StatementKind::Explain { analyze: false, .. } => {}
            StatementKind::Do { body, language } if language == "plpgsql" => {
                let (block, _) = sql::parse_plpgsql(body);
                walk(&block, |node| writes(node, &mut |write| visit(write, Some(&block))));
            }
            _ => walk(&statement, |node| writes(node, &mut |write| visit(write, None))),
        }
    }
}

pub(super) fn writes(node: Node<'_>, visit: &mut dyn FnMut(Write<'_>)) -> bool {
    match node {
        Node::Dml(dml) => visit(Write::Dml(dml)),
        Node::Statement(Statement { span, kind: StatementKind::Copy(copy) }) if copy.from => {
            visit(Write::Copy(copy, *span));
        }
        Node::Statement(Statement { span, kind: StatementKind::Truncate { tables, .. } }) => {
            tables.iter().for_each(|table| visit(Write::Truncate(table, *span)));
        }
        // What a routine or rule does when it is called stands in the Catalog.
        Node::Statement(Statement {
            kind: StatementKind::CreateFunction(_) | StatementKind::CreateRule(_), ..
        }) => {
            return false;
        }
        _ => {}
    }
    true
}

/// A place in the history: a file's number and an offset in it.
type Moment = (usize, u32);

/// Names of tables and columns through the history.
pub(super) struct Names<'a> {
    catalog: &'a Catalog,
    /// When what was renamed to what.
    renames: Vec<(Moment, String, String)>,
    /// Columns of tables that are gone.
    gone: BTreeMap<QualifiedName, Vec<String>>,
    /// Tables that lost a column: which value of a row went where is not known any more.
    narrowed: BTreeSet<String>,
    /// What the fold says each statement names, by file and offset.
    named: BTreeMap<Moment, Vec<QualifiedName>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(model: &'a Model<'_>) -> Self {
        let (renames, gone) = (Vec::new(), BTreeMap::new());
        let mut names =
            Self { catalog: model.catalog(), renames, gone, narrowed: BTreeSet::new(), named: BTreeMap::new() };
        for (at, migration) in model.migrations().iter().enumerate() {
            names.learn(at, migration);
        }
        names
    }

    fn learn(&mut self, at: usize, migration: &Migration) {
        for change in &migration.changes {
            let object = &change.object;
            if let Some(from) = &change.renamed_from {
                self.renames.push(((at, change.at.span.start), from.clone(), object.name.clone()));
            }
            match (&change.before, change.kind) {
                (Some(ObjectState::Relation(relation)), ChangeKind::Dropped) => {
                    let columns = relation.columns.iter().map(|column| column.name.clone()).collect();
                    self.gone.extend(object.name.parse().ok().map(|name| (name, columns)));
                }
                (_, ChangeKind::Dropped | ChangeKind::Replaced) if object.kind == ObjectKind::Column => {
                    let parts = crate::check::name_parts(&object.name);
                    if let [schema, table, _] = parts.as_slice() {
                        self.narrowed.insert(QualifiedName::new(schema, table).to_string());
                    }
                }
                _ => {}
            }
        }
        let written = migration.statements.iter().filter(|it| matches!(it.within, Within::File | Within::Do));
        for executed in written.filter(|executed| operation(executed).is_some()) {
            let named = executed.objects.iter().filter_map(|object| object.name.parse().ok());
            self.named.entry((at, executed.at.span.start)).or_default().extend(named);
        }
    }

    /// What a table is called in the end.
    fn followed(&self, table: &QualifiedName, moment: Moment) -> QualifiedName {
        let mut name = table.to_string();
        for (_, from, to) in self.renames.iter().filter(|(when, ..)| *when > moment) {
            if *from == name {
                name.clone_from(to);
            }
        }
        name.parse().unwrap_or_else(|_| table.clone())
    }

    /// What a column of a table is called in the end; `table` is the table's name then.
    pub(super) fn column(&self, table: &QualifiedName, column: &str, moment: Moment) -> String {
        let mut name = column.to_owned();
        for (_, from, to) in self.renames.iter().filter(|(when, ..)| *when > moment) {
            let (from, to) = (crate::check::name_parts(from), crate::check::name_parts(to));
            if let ([_, _, before], [schema, of, after]) = (from.as_slice(), to.as_slice())
                && *before == name
                && table.schema == *schema
                && table.name == *of
            {
                name.clone_from(after);
            }
        }
        name
    }

    /// The table a statement writes, as it is called in the end.
    pub(super) fn table(&self, at: usize, write: &Write<'_>) -> Option<QualifiedName> {
        let name = write.name()?;
        let moment = (at, write.span().start);
        let known = self.named.get(&moment).and_then(|named| named.iter().find(|known| known.name == name.name));
        let table = known.cloned().unwrap_or_else(|| resolve(self.catalog, name));
        Some(self.followed(&table, moment))
    }

    /// The columns of an `INSERT` or `COPY`, in the order of its values; nothing where that is not known.
    pub(super) fn columns(&self, table: &QualifiedName, listed: &[String], moment: Moment) -> Option<Vec<String>> {
        if !listed.is_empty() {
            return Some(listed.iter().map(|column| self.column(table, column, moment)).collect());
        }
        if self.narrowed.contains(&table.to_string()) {
            return None;
        }
        let known = self.catalog.relations.get(table).filter(|relation| relation.columns_complete);
        let columns = known.map(|relation| relation.columns.iter().map(|column| column.name.clone()).collect());
        columns.or_else(|| self.gone.get(table).cloned())
    }

    fn written(&self, at: usize, migration: &Migration, write: Write<'_>) -> Option<Written> {
        let table = self.table(at, &write)?;
        let span = write.span();
        let moment = (at, span.start);
        let (operations, command, columns, empties) = match write {
            Write::Truncate(..) => (vec![Operation::Delete], "truncate", None, true),
            Write::Copy(copy, _) => {
                (vec![Operation::Insert], "copy", self.columns(&table, &copy.columns, moment), false)
            }
            Write::Dml(dml) => self.dml(&table, dml, moment),
        };
        Some(Written {
            table,
            operations,
            command: command.to_owned(),
            columns: columns.map(|columns| columns.into_iter().collect()),
            empties,
            at: migration.lines.locate(&migration.file.text, span),
            through: None,
            computed: false,
        })
    }

    fn dml(
        &self,
        table: &QualifiedName,
        dml: &Dml,
        moment: Moment,
    ) -> (Vec<Operation>, &'static str, Option<Vec<String>>, bool) {
        let assigned = dml.assignments.iter().map(|assignment| self.column(table, &assignment.column, moment));
        match dml.kind {
            DmlKind::Insert => {
                let mut operations = vec![Operation::Insert];
                if !dml.assignments.is_empty() {
                    operations.push(Operation::Update);
                }
                let listed = self.columns(table, &dml.columns, moment);
                (operations, "insert", listed.map(|listed| listed.into_iter().chain(assigned).collect()), false)
            }
            DmlKind::Update => (vec![Operation::Update], "update", Some(assigned.collect()), false),
            DmlKind::Delete => (vec![Operation::Delete], "delete", None, takes_all(dml)),
            DmlKind::Merge => (vec![Operation::Insert, Operation::Update, Operation::Delete], "merge", None, false),
        }
    }
}
