//! Writing through a view: which views PostgreSQL makes updatable by itself, and what then happens to the table behind.

use std::collections::BTreeSet;

use super::session::Memo;
use super::view::{Reading, is_aggregate};
use super::{Access, Ask, Columns, Command, Judgement, Step, Touch, Verdict};
use crate::catalog::{QualifiedName, Relation};
use crate::sql::ast::{ExprKind, Name, Query, QueryBody, Select, TableRef};
use crate::sql::walk::{self, Node};

impl<'c> Access<'c> {
    /// What a write to a view does to the table behind it.
    pub(super) fn view_write(
        &self,
        ask: Ask<'_, 'c>,
        (name, relation): (&'c QualifiedName, &'c Relation),
        command: Command,
        memo: &Memo<'c>,
        depth: usize,
    ) -> Judgement {
        let mut judgement = self.says_whose(name, relation);
        let unknown = |text: String| Judgement::of(Verdict::Unknown, Step::new(text, None));
        let Some(query) = self.query(name) else {
            return judgement.then(unknown(format!("the query of view {name} could not be read")));
        };
        let Some((select, from)) = simple(&query) else {
            let text = format!("view {name} is not of the simple form PostgreSQL can write through");
            return judgement.then(Judgement::of(Verdict::None, Step::new(text, None)));
        };
        let Some(checker) = self.inner_checker(ask, relation) else {
            return judgement.then(unknown(format!("whose rights view {name} uses is not known")));
        };
        let inner = Ask { session: ask.session, checker, checked: ask.checked || cascades(relation) };
        let mut reading = Reading::new(self, inner, memo, depth, name, &query);
        let Some(target) = reading.resolve(from) else {
            return judgement.then(unknown(format!("{from}, behind view {name}, is not known")));
        };
        let granted = self.held(ask.checker, (name, relation), command);
        let through = columns_through(select, relation, target.1);
        let held = |column: &String| granted.whole.is_some() || granted.columns.iter().any(|(name, _)| name == column);
        let through: Vec<(String, String)> = through.into_iter().filter(|(shown, _)| held(shown)).collect();
        if command != Command::Delete && through.is_empty() {
            let text = format!("view {name} has no column that can be written");
            return judgement.then(Judgement::of(Verdict::None, Step::new(text, None)));
        }
        let behind: BTreeSet<String> = through.iter().map(|(_, column)| column.clone()).collect();
        let touch = if command == Command::Delete { Touch::Any } else { Touch::Some(behind) };
        let mut behind = self.reach(reading.inner, target, command, &touch, memo, depth + 1);
        let written = |column: &String| match &behind.columns {
            Columns::All => true,
            Columns::Some(columns) => columns.contains(column),
        };
        let shown = through.iter().filter(|(_, column)| written(column)).map(|(shown, _)| shown.clone());
        behind.columns = if command == Command::Delete { Columns::All } else { Columns::Some(shown.collect()) };
        let unwritten = matches!(&behind.columns, Columns::Some(columns) if columns.is_empty());
        if command == Command::Update && unwritten && behind.verdict != Verdict::None {
            let text = format!("view {name} has no column that can be written behind it");
            return judgement.then(Judgement::of(Verdict::None, Step::new(text, None)));
        }
        judgement = judgement.then(behind);
        let checked = ask.checked || checks(relation);
        if let Some(condition) = select.filter.as_ref().filter(|_| command != Command::Insert || checked) {
            if command != Command::Insert {
                judgement = judgement.soften();
            }
            judgement = reading.beside(condition, true, &[], judgement);
        }
        if matches!(judgement.verdict, Verdict::None | Verdict::Denied) {
            return judgement;
        }
        judgement.then(self.write_condition(ask, (name, relation), command, &query, select))
    }

    /// A view's condition limits which rows a write finds, and with a check option which it may make.
    fn write_condition(
        &self,
        ask: Ask<'_, 'c>,
        (name, relation): (&QualifiedName, &Relation),
        command: Command,
        query: &Query,
        select: &Select,
    ) -> Judgement {
        let found = if command == Command::Insert { Judgement::default() } else { self.narrowed(ask, name, query) };
        let checked = ask.checked || checks(relation);
        if command == Command::Delete || select.filter.is_none() || !checked || !found.verdict.is_open() {
            return found;
        }
        let filtering = self.analyser.filtering(query, &ask.session.context);
        let whose = if checks(relation) { format!("view {name}") } else { format!("view {name}, under one") };
        let step =
            Step::new(format!("{whose} WITH CHECK OPTION takes only rows it shows"), relation.options.at.as_ref());
        found.then(match (filtering.always, filtering.never) {
            (true, _) => Judgement::default(),
            (_, true) => Judgement::of(Verdict::Denied, step),
            _ => Judgement::of(Verdict::Rows, step),
        })
    }
}

/// `WITH CHECK OPTION`.
fn checks(view: &Relation) -> bool {
    view.options.get().is_some_and(|options| options.contains_key("check_option"))
}

/// `WITH CASCADED CHECK OPTION`, the plain one: the conditions of the views below are checked, too.
fn cascades(view: &Relation) -> bool {
    let option = view.options.get().and_then(|options| options.get("check_option"));
    option.is_some_and(|option| !option.eq_ignore_ascii_case("local"))
}

/// The one table a view shows, where PostgreSQL can write through it.
pub(super) fn simple(query: &Query) -> Option<(&Select, &Name)> {
    let QueryBody::Select(select) = &query.body else { return None };
    let plain = query.with.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && !select.distinct
        && select.group_by.is_empty()
        && select.having.is_none()
        && !select.columns.iter().any(|item| is_aggregate(item) || is_window_or_set(&item.expr));
    match select.from.as_slice() {
        [TableRef::Relation { name, .. }] if plain => Some((select, name)),
        _ => None,
    }
}

fn is_window_or_set(expr: &crate::sql::ast::Expr) -> bool {
    let mut found = false;
    walk::walk(expr, |node| {
        if let Node::Expr(crate::sql::ast::Expr { kind: ExprKind::Call(call), .. }) = node {
            found |= call.over || crate::predicate::is_set_returning(&call.name.name);
        }
        !matches!(node, Node::Query(_))
    });
    found
}

/// The view's columns that are plain columns of the table, each with its name there.
fn columns_through(select: &Select, view: &Relation, table: &Relation) -> Vec<(String, String)> {
    let mut outputs: Vec<Option<&str>> = Vec::new();
    for item in &select.columns {
        match &item.expr.kind {
            ExprKind::Star(_) => outputs.extend(table.columns.iter().map(|column| Some(column.name.as_str()))),
            ExprKind::Column(parts) => outputs.push(parts.last().map(String::as_str)),
            _ => outputs.push(None),
        }
    }
    let mut found = Vec::new();
    for (at, output) in outputs.into_iter().enumerate() {
        let Some(column) = output.filter(|column| table.column(column).is_some()) else { continue };
        let shown = view.columns.get(at).map_or(column, |column| column.name.as_str());
        found.push((shown.to_owned(), column.to_owned()));
    }
    found
}
