//! What an expression or query refers to: relations, functions and columns, with names as written.

use crate::sql::ast::{
    Call, Cte, CteBody, Dml, Expr, ExprKind, InSet, IsTest, JoinOn, Name, Query, QueryBody, Select, TableRef, TypeName,
};

/// Nesting beyond this is not followed; the parser refuses deeper text before it gets here.
const DEPTH: usize = 400;

/// References found.
#[derive(Debug, Default, Clone)]
pub(super) struct Refs {
    /// Relations read, common table expressions left out.
    pub(super) relations: Vec<Name>,
    /// Functions called.
    pub(super) calls: Vec<Name>,
    /// Number of arguments of each call.
    pub(super) call_sizes: Vec<usize>,
    /// Column references.
    pub(super) columns: Vec<Vec<String>>,
    /// Types cast to.
    pub(super) types: Vec<TypeName>,
}

impl Refs {
    pub(super) fn of_expr(expr: &Expr) -> Self {
        let mut walk = Walk::default();
        walk.expr(expr, 0);
        walk.found
    }

    pub(super) fn of_query(query: &Query) -> Self {
        let mut walk = Walk::default();
        walk.query(query, 0);
        walk.found
    }

    pub(super) fn of_dml(dml: &Dml) -> Self {
        let mut walk = Walk::default();
        walk.dml(dml, 0);
        walk.found
    }
}

#[derive(Default)]
struct Walk {
    found: Refs,
    ctes: Vec<String>,
}

impl Walk {
    fn relation(&mut self, name: &Name) {
        let cte = name.schema.is_none() && self.ctes.contains(&name.name);
        if !cte && !self.found.relations.contains(name) {
            self.found.relations.push(name.clone());
        }
    }

    fn query(&mut self, query: &Query, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let outer = self.ctes.len();
        self.with(&query.with, query.recursive, depth);
        match &query.body {
            QueryBody::Select(select) => self.select(select, depth + 1),
            QueryBody::Set { left, right, .. } => {
                self.query(left, depth + 1);
                self.query(right, depth + 1);
            }
            QueryBody::Values(rows) => rows.iter().flatten().for_each(|value| self.expr(value, depth + 1)),
            QueryBody::Table(name) => self.relation(name),
            QueryBody::Unknown => {}
        }
        let tail = query.order_by.iter().chain(&query.limit).chain(&query.offset);
        tail.for_each(|expr| self.expr(expr, depth + 1));
        self.ctes.truncate(outer);
    }

    fn with(&mut self, with: &[Cte], recursive: bool, depth: usize) {
        if recursive {
            self.ctes.extend(with.iter().map(|cte| cte.name.clone()));
        }
        for cte in with {
            match &cte.body {
                CteBody::Query(query) => self.query(query, depth + 1),
                CteBody::Dml(dml) => self.dml(dml, depth + 1),
            }
            self.ctes.push(cte.name.clone());
        }
    }

    fn dml(&mut self, dml: &Dml, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let outer = self.ctes.len();
        self.with(&dml.with, false, depth);
        self.relation(&dml.table);
        dml.source.iter().for_each(|query| self.query(query, depth + 1));
        dml.assignments.iter().filter_map(|a| a.value.as_ref()).for_each(|value| self.expr(value, depth + 1));
        dml.from.iter().for_each(|item| self.table(item, depth + 1));
        dml.filter.iter().for_each(|filter| self.expr(filter, depth + 1));
        dml.returning.iter().for_each(|item| self.expr(&item.expr, depth + 1));
        self.ctes.truncate(outer);
    }

    fn select(&mut self, select: &Select, depth: usize) {
        select.from.iter().for_each(|item| self.table(item, depth + 1));
        let exprs = select.columns.iter().map(|item| &item.expr);
        let exprs = exprs.chain(&select.filter).chain(&select.group_by).chain(&select.having);
        exprs.for_each(|expr| self.expr(expr, depth + 1));
    }

    fn table(&mut self, item: &TableRef, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match item {
            TableRef::Relation { name, .. } => self.relation(name),
            TableRef::Query { query, .. } => self.query(query, depth + 1),
            TableRef::Function { calls, .. } => calls.iter().for_each(|call| self.expr(call, depth + 1)),
            TableRef::Join { left, right, on, .. } => {
                self.table(left, depth + 1);
                self.table(right, depth + 1);
                match on {
                    JoinOn::Expr(expr) => self.expr(expr, depth + 1),
                    JoinOn::None | JoinOn::Using(_) | JoinOn::Natural => {}
                }
            }
            TableRef::Other(_) => {}
        }
    }

    fn call(&mut self, call: &Call, depth: usize) {
        self.found.calls.push(call.name.clone());
        self.found.call_sizes.push(call.args.len());
        call.args.iter().for_each(|arg| self.expr(&arg.value, depth + 1));
        let rest = call.filter.iter().chain(&call.order_by).chain(&call.window);
        rest.for_each(|expr| self.expr(expr, depth + 1));
    }

    fn all(&mut self, exprs: &[Expr], depth: usize) {
        exprs.iter().for_each(|expr| self.expr(expr, depth + 1));
    }

    fn expr(&mut self, expr: &Expr, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match &expr.kind {
            ExprKind::Column(parts) => self.found.columns.push(parts.clone()),
            ExprKind::Call(call) => self.call(call, depth),
            ExprKind::Cast { expr, ty } => {
                self.found.types.push(ty.clone());
                self.expr(expr, depth + 1);
            }
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Array(parts) | ExprKind::Row(parts) => {
                self.all(parts, depth);
            }
            ExprKind::Other { inner, .. } => self.all(inner, depth),
            ExprKind::Not(inner) | ExprKind::Unary { expr: inner, .. } | ExprKind::Field { expr: inner, .. } => {
                self.expr(inner, depth + 1);
            }
            ExprKind::Collate { expr: inner, .. } => self.expr(inner, depth + 1),
            ExprKind::Binary { left, right, .. } | ExprKind::Quantified { left, right, .. } => {
                self.expr(left, depth + 1);
                self.expr(right, depth + 1);
            }
            ExprKind::Exists(query) | ExprKind::Subquery(query) | ExprKind::ArrayQuery(query) => {
                self.query(query, depth + 1);
            }
            _ => self.compound(expr, depth),
        }
    }

    /// The forms with several parts of different roles.
    fn compound(&mut self, expr: &Expr, depth: usize) {
        match &expr.kind {
            ExprKind::Is { expr, test, .. } => {
                self.expr(expr, depth + 1);
                if let IsTest::DistinctFrom(other) = test {
                    self.expr(other, depth + 1);
                }
            }
            ExprKind::In { expr, set, .. } => {
                self.expr(expr, depth + 1);
                match set {
                    InSet::List(values) => self.all(values, depth),
                    InSet::Query(query) => self.query(query, depth + 1),
                }
            }
            ExprKind::Between { expr, low, high, .. } => {
                [expr, low, high].into_iter().for_each(|part| self.expr(part, depth + 1));
            }
            ExprKind::Like { expr, pattern, escape, .. } => {
                [expr, pattern].into_iter().chain(escape).for_each(|part| self.expr(part, depth + 1));
            }
            ExprKind::Case { operand, whens, otherwise } => {
                operand.iter().chain(otherwise).for_each(|part| self.expr(part, depth + 1));
                whens.iter().for_each(|(when, then)| {
                    self.expr(when, depth + 1);
                    self.expr(then, depth + 1);
                });
            }
            ExprKind::Index { expr, index } => [expr, index].into_iter().for_each(|part| self.expr(part, depth + 1)),
            ExprKind::Slice { expr, low, high } => {
                [expr].into_iter().chain(low).chain(high).for_each(|part| self.expr(part, depth + 1));
            }
            ExprKind::AtTimeZone { expr, zone } => {
                [expr, zone].into_iter().for_each(|part| self.expr(part, depth + 1));
            }
            _ => {}
        }
    }
}
