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
        let reading = Reading::new(self, Ask { session: ask.session, checker }, memo, depth, name, &query);
        let Some(target) = reading.resolve(from) else {
            return judgement.then(unknown(format!("{from}, behind view {name}, is not known")));
        };
        let granted = self.held(ask.checker, (name, relation), command);
        let through = columns_through(select, relation, target.1, granted.whole.is_some(), &granted.columns);
        if command != Command::Delete && through.is_empty() {
            let text = format!("view {name} has no column that can be written");
            return judgement.then(Judgement::of(Verdict::None, Step::new(text, None)));
        }
        let touch = if command == Command::Delete { Touch::Any } else { Touch::Some(through) };
        let mut behind = self.reach(reading.inner, target, command, &touch, memo, depth + 1);
        behind.columns = Columns::All;
        judgement = judgement.then(behind);
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
        let option = relation.options.get().and_then(|options| options.get("check_option"));
        if command != Command::Insert {
            return self.narrowed(ask, name, query);
        }
        if select.filter.is_none() || option.is_none() {
            return Judgement::default();
        }
        let filtering = self.analyser.filtering(query, &ask.session.context);
        let step = Step::new(format!("view {name} WITH CHECK OPTION takes only rows it shows"), relation.options.at.as_ref());
        match (filtering.always, filtering.never) {
            (true, _) => Judgement::default(),
            (_, true) => Judgement::of(Verdict::Denied, step),
            _ => Judgement::of(Verdict::Rows, step),
        }
    }
}

/// The one table a view shows, where PostgreSQL can write through it.
fn simple(query: &Query) -> Option<(&Select, &Name)> {
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

/// Columns of the table that can be written through a view's columns on which the privilege is held.
fn columns_through(
    select: &Select,
    view: &Relation,
    table: &Relation,
    whole: bool,
    granted: &[(&str, &crate::catalog::AclEntry)],
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut position = 0;
    let mut add = |position: usize, column: &str| {
        let shown = view.columns.get(position).map(|column| column.name.as_str());
        let held = whole || granted.iter().any(|(name, _)| Some(*name) == shown.or(Some(column)));
        if held && table.column(column).is_some() {
            found.insert(column.to_owned());
        }
    };
    for item in &select.columns {
        match &item.expr.kind {
            ExprKind::Star(_) => {
                for column in &table.columns {
                    add(position, &column.name);
                    position += 1;
                }
                continue;
            }
            ExprKind::Column(parts) => {
                if let Some(column) = parts.last() {
                    add(position, column);
                }
            }
            _ => {}
        }
        position += 1;
    }
    found
}
