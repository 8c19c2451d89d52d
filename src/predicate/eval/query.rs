//! Queries: what holds of every row they give.

use super::relation::Rows;
use super::scope::Columns;
use super::{Aggregates, Eval, Scope};
use crate::predicate::formula::{Deps, Node, Tri};
use crate::predicate::names;
use crate::predicate::ty::Ty;
use crate::predicate::value::Value;
use crate::sql::ast::{Expr, ExprKind, Query, QueryBody, Select, SelectItem, SetOp};
use crate::sql::walk::{self, Node as Part};

use super::arena::Nulls;

impl<'a> Eval<'a> {
    /// The bit of the innermost subquery.
    pub(super) fn level_bit(&self) -> u32 {
        match self.level {
            0 => 0,
            level => 1 << (level - 1).min(31),
        }
    }

    /// The rows of `query`.
    pub(super) fn rows(&mut self, query: &Query, scope: &Scope<'_, 'a>) -> Rows {
        if self.depth >= super::MAX_DEPTH || self.work == 0 || self.level > 30 {
            return self.unknown_rows("a query too large to follow");
        }
        self.depth += 1;
        self.work -= 1;
        let with = Scope { ctes: &query.with, recursive: query.recursive, ..Scope::inside(scope) };
        let mut rows = self.body(&query.body, &with);
        if let Some(limit) = &query.limit {
            match &limit.kind {
                ExprKind::Number(number) if number == "0" => rows.conds.push(self.formulas.bool(false)),
                ExprKind::Number(_) | ExprKind::Null => {}
                _ => rows.data = true,
            }
        }
        rows.data |= query.offset.is_some();
        self.depth -= 1;
        rows
    }

    fn body(&mut self, body: &QueryBody, scope: &Scope<'_, 'a>) -> Rows {
        match body {
            QueryBody::Select(select) => self.select(select, scope),
            QueryBody::Set { op, left, right, .. } => {
                let (left, right) = (self.rows(left, scope), self.rows(right, scope));
                self.set_operation(*op, left, right)
            }
            QueryBody::Values(rows) => self.values(rows, scope),
            QueryBody::Table(name) => {
                let mut frame = Scope::inside(scope);
                let table = crate::sql::ast::TableRef::Relation {
                    span: crate::location::Span::default(),
                    name: name.clone(),
                    alias: None,
                };
                let mut rows = self.from(&[table], &mut frame);
                self.star(&frame, None, &mut rows);
                rows
            }
            QueryBody::Unknown => self.unknown_rows("a query that could not be read"),
        }
    }

    /// A row of a union is one of the left or one of the right.
    fn set_operation(&mut self, op: SetOp, mut left: Rows, right: Rows) -> Rows {
        left.deps = left.deps.union(right.deps);
        match op {
            SetOp::Except => {
                left.deps = right.conds.iter().fold(left.deps, |deps, cond| deps.union(self.formulas.deps(*cond)));
                left.data = true;
            }
            SetOp::Intersect => {
                left.conds.extend(right.conds);
                left.data = true;
            }
            SetOp::Union => {
                let which = self.formulas.fresh(Deps { bits: 0, levels: self.level_bit() });
                let other = self.formulas.not(which);
                let (a, b) = (self.formulas.and(left.conds), self.formulas.and(right.conds));
                left.conds = vec![self.formulas.ite(which, a, b)];
                let pairs = left.columns.into_iter().zip(right.columns);
                left.columns = pairs
                    .map(|((name, left), (_, right))| (name, self.choice(vec![(which, left), (other, right)])))
                    .collect();
                left.complete &= right.complete;
                left.data = true;
            }
        }
        left
    }

    fn values(&mut self, rows: &[Vec<Expr>], scope: &Scope<'_, 'a>) -> Rows {
        let mut rest = self.formulas.bool(true);
        let mut columns: Vec<Vec<(Node, Value)>> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let last = at + 1 == rows.len();
            let here = if last {
                rest
            } else {
                let which = self.formulas.fresh(Deps { bits: 0, levels: self.level_bit() });
                let here = self.formulas.and([rest, which]);
                let not = self.formulas.not(which);
                rest = self.formulas.and([rest, not]);
                here
            };
            columns.resize_with(columns.len().max(row.len()), Vec::new);
            for (value, column) in row.iter().zip(&mut columns) {
                column.push((here, self.eval(value, scope)));
            }
        }
        let columns = columns.into_iter().enumerate();
        let columns = columns.map(|(at, options)| (format!("column{}", at + 1), self.choice(options))).collect();
        Rows { columns, complete: true, data: rows.len() != 1, ..Rows::default() }
    }

    fn select(&mut self, select: &Select, scope: &Scope<'_, 'a>) -> Rows {
        let aggregates = std::mem::replace(&mut self.aggregates, Aggregates::Rows);
        let group_deps = self.group_deps;
        let counts = select.having.is_some() || select.columns.iter().any(|item| has_aggregate(&item.expr));
        let rows = if counts && select.group_by.is_empty() {
            self.one_group(select, scope)
        } else {
            self.plain_select(select, scope)
        };
        self.aggregates = aggregates;
        self.group_deps = group_deps;
        rows
    }

    /// Aggregates without `GROUP BY`: one row, whatever there is to count.
    fn one_group(&mut self, select: &Select, scope: &Scope<'_, 'a>) -> Rows {
        self.level += 1;
        let mut frame = Scope::inside(scope);
        let mut source = self.from(&select.from, &mut frame);
        if let Some(filter) = &select.filter {
            let conds = self.conjuncts(filter, &frame);
            source.conds.extend(conds);
        }
        let all = self.formulas.and(source.conds.iter().copied());
        if !self.formulas.possible(all) {
            self.aggregates = Aggregates::Empty;
            self.no_rows(source.deps);
        }
        let deps = source.conds.iter().fold(source.deps, |deps, cond| deps.union(self.formulas.deps(*cond)));
        self.group_deps = Deps { levels: deps.levels & !self.level_bit(), ..deps };
        let mut rows = Rows { complete: true, deps: self.group_deps, ..Rows::default() };
        self.outputs(&select.columns, &frame, &mut rows);
        if let Some(having) = &select.having {
            rows.conds.push(self.condition(having, &frame));
        }
        self.level -= 1;
        rows
    }

    fn plain_select(&mut self, select: &Select, scope: &Scope<'_, 'a>) -> Rows {
        let mut frame = Scope::inside(scope);
        let mut rows = self.from(&select.from, &mut frame);
        rows.complete = true;
        if let Some(filter) = &select.filter {
            let conds = self.conjuncts(filter, &frame);
            rows.conds.extend(conds);
        }
        self.group_deps = Deps { levels: rows.deps.levels | self.level_bit(), ..rows.deps };
        rows.data |= !select.group_by.is_empty();
        self.outputs(&select.columns, &frame, &mut rows);
        if let Some(having) = &select.having {
            rows.conds.push(self.condition(having, &frame));
        }
        rows
    }

    fn outputs(&mut self, items: &[SelectItem], frame: &Scope<'_, 'a>, rows: &mut Rows) {
        let saw_set = std::mem::replace(&mut self.saw_set, false);
        for item in items {
            if let ExprKind::Star(table) = &item.expr.kind {
                self.star(frame, table.as_ref().map(|name| name.name.as_str()), rows);
                continue;
            }
            let name = item.alias.clone().unwrap_or_else(|| output_name(&item.expr));
            if let ExprKind::Call(call) = &item.expr.kind
                && let Some(mut set) = self.set_call(call, frame)
                && set.columns.len() == 1
            {
                rows.conds.append(&mut set.conds);
                rows.data |= set.data;
                rows.deps = rows.deps.union(set.deps);
                rows.columns.extend(set.columns.pop().map(|(_, value)| (name, value)));
                continue;
            }
            let value = self.eval(&item.expr, frame);
            rows.columns.push((name, value));
        }
        // A function in the select list that may give rows may give none.
        rows.data |= self.saw_set;
        self.saw_set = saw_set;
    }

    fn star(&mut self, frame: &Scope<'_, 'a>, table: Option<&str>, rows: &mut Rows) {
        for item in frame.items.iter().filter(|item| table.is_none_or(|table| item.alias == table)) {
            match self.all_columns(item) {
                Some(columns) => rows.columns.extend(columns),
                None => {
                    rows.complete = false;
                    if let Columns::Derived { columns, .. } = &item.columns {
                        rows.columns.extend(columns.iter().cloned());
                    }
                }
            }
        }
    }

    /// Notes that the relations in `deps` have no row that matches.
    pub(super) fn no_rows(&mut self, deps: Deps) {
        let names: Vec<String> = self.depends(deps.bits).data.iter().map(ToString::to_string).collect();
        if !names.is_empty() {
            self.fact(format!("no row of {} can match", names.join(", ")));
        }
    }

    /// Two-valued: there is a row. `rows` were read at the current level.
    pub(super) fn some_rows(&mut self, rows: &Rows) -> Node {
        let all = self.formulas.and(rows.conds.iter().copied());
        if !self.formulas.possible(all) {
            self.no_rows(rows.deps);
            return self.formulas.bool(false);
        }
        let bit = self.level_bit();
        let (mut deps, mut outer, mut inner) = (rows.deps, Vec::new(), false);
        for cond in &rows.conds {
            let of_cond = self.formulas.deps(*cond);
            if of_cond.levels & bit == 0 {
                outer.push(self.formulas.is(*cond, Tri::True));
            } else {
                inner = true;
                deps = deps.union(of_cond);
            }
        }
        if rows.data || inner {
            let deps = Deps { levels: deps.levels & !bit, ..deps };
            outer.push(self.formulas.fresh(deps));
        }
        self.formulas.and(outer)
    }

    /// The one value of a column of `rows` seen from outside: what depends on which row it is becomes an unknown.
    pub(super) fn lift(&mut self, value: &Value, rows: &Rows) -> Value {
        let bit = self.level_bit();
        let deps = self.deps_of(value);
        if deps.levels & bit == 0 {
            return value.clone();
        }
        let deps = rows.conds.iter().fold(deps.union(rows.deps), |deps, cond| deps.union(self.formulas.deps(*cond)));
        let deps = Deps { levels: deps.levels & !bit, ..deps };
        let all = self.formulas.and(rows.conds.iter().copied());
        let null = self.null(value);
        let maybe_null = self.possible(all, null);
        let ty = self.ty_of(value);
        if ty != Ty::Bool {
            return self.unique(ty, deps, if maybe_null { Nulls::Maybe } else { Nulls::Never });
        }
        let truth = self.truth(value);
        let node = self.summary(all, truth, deps);
        Value::Bool(node)
    }

    /// Whether `node` can be true where `given` is.
    fn possible(&mut self, given: Node, node: Node) -> bool {
        let both = self.formulas.and([given, node]);
        self.formulas.possible(both)
    }

    /// A fresh truth value that can be what `truth` can be where `given` holds.
    pub(super) fn summary(&mut self, given: Node, truth: Node, deps: Deps) -> Node {
        let (not, null) = (self.formulas.not(truth), self.formulas.is(truth, Tri::Null));
        let (yes, no, null) = (self.possible(given, truth), self.possible(given, not), self.possible(given, null));
        let value = match (yes, no) {
            (true, true) => self.formulas.fresh(deps),
            (true, false) => self.formulas.bool(true),
            (false, true) => self.formulas.bool(false),
            (false, false) => self.formulas.tri(Tri::Null),
        };
        if !null {
            return value;
        }
        let null = self.formulas.fresh(deps);
        self.formulas.null_if(null, value)
    }
}

/// Calls an aggregate of its own, not one of a subquery.
fn has_aggregate(expr: &Expr) -> bool {
    let mut found = false;
    walk::walk(expr, |part| {
        if let Part::Expr(Expr { kind: ExprKind::Call(call), .. }) = part {
            let builtin = call.name.schema.as_deref().is_none_or(|schema| schema == "pg_catalog");
            found |= !call.over && builtin && names::is_aggregate(&call.name.name);
        }
        !matches!(part, Part::Query(_))
    });
    found
}

/// The name PostgreSQL gives an output column without an alias.
fn output_name(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Column(parts) => parts.last().cloned().unwrap_or_default(),
        ExprKind::Call(call) => call.name.name.clone(),
        ExprKind::Field { field, .. } => field.clone(),
        ExprKind::Cast { expr: inner, ty } => match &inner.kind {
            ExprKind::Column(_) | ExprKind::Call(_) | ExprKind::Field { .. } => output_name(inner),
            _ => ty.name.name.clone(),
        },
        ExprKind::Keyword(word) => (*word).to_owned(),
        ExprKind::Case { .. } => "case".to_owned(),
        ExprKind::Exists(_) => "exists".to_owned(),
        _ => "?column?".to_owned(),
    }
}
