//! Renames inside stored expressions: the server refers to objects by identity, so its expressions follow a rename, and
//! the parsed trees kept here have to follow too.

use std::sync::Arc;

use crate::catalog::{Expression, QualifiedName};
use crate::sql::ast::{CteBody, Dml, Expr, ExprKind, InSet, IsTest, JoinOn, Name, Query, QueryBody, TableRef};

/// Nesting beyond this is not followed.
const DEPTH: usize = 400;

/// One rename.
#[derive(Debug, Clone)]
pub(super) enum Renaming {
    Relation {
        from: QualifiedName,
        to: QualifiedName,
    },
    Function {
        from: QualifiedName,
        to: QualifiedName,
    },
    /// A column of `table`, in an expression on that table.
    Column {
        table: String,
        from: String,
        to: String,
    },
}

impl Renaming {
    /// Rewrites an expression in place; says whether anything changed.
    pub(super) fn apply(&self, expression: &mut Expression) -> bool {
        let Some(ast) = &expression.ast else { return false };
        let mut changed = Arc::unwrap_or_clone(Arc::clone(ast));
        let mut walk = Walk { renaming: self, hits: 0 };
        walk.expr(&mut changed, 0);
        if walk.hits > 0 {
            expression.canonical = super::syntax::canonical(&changed);
            expression.ast = Some(Arc::new(changed));
        }
        walk.hits > 0
    }
}

struct Walk<'a> {
    renaming: &'a Renaming,
    hits: usize,
}

impl Walk<'_> {
    fn name(&mut self, name: &mut Name, from: &QualifiedName, to: &QualifiedName) {
        if name.name == from.name && name.schema.as_ref().is_none_or(|schema| *schema == from.schema) {
            name.name.clone_from(&to.name);
            if name.schema.is_some() || from.schema != to.schema {
                name.schema = Some(to.schema.clone());
            }
            self.hits += 1;
        }
    }

    fn relation(&mut self, name: &mut Name) {
        if let Renaming::Relation { from, to } = self.renaming {
            self.name(name, from, to);
        }
    }

    fn query(&mut self, query: &mut Query, depth: usize) {
        if depth > DEPTH {
            return;
        }
        for cte in &mut query.with {
            match &mut cte.body {
                CteBody::Query(query) => self.query(query, depth + 1),
                CteBody::Dml(dml) => self.dml(dml, depth + 1),
            }
        }
        match &mut query.body {
            QueryBody::Select(select) => {
                select.from.iter_mut().for_each(|item| self.table(item, depth + 1));
                let columns = select.columns.iter_mut().map(|item| &mut item.expr);
                let rest = select.filter.iter_mut().chain(&mut select.group_by).chain(&mut select.having);
                columns.chain(rest).for_each(|expr| self.expr(expr, depth + 1));
            }
            QueryBody::Set { left, right, .. } => {
                self.query(left, depth + 1);
                self.query(right, depth + 1);
            }
            QueryBody::Values(rows) => rows.iter_mut().flatten().for_each(|expr| self.expr(expr, depth + 1)),
            QueryBody::Table(name) => self.relation(name),
            QueryBody::Unknown => {}
        }
        query.order_by.iter_mut().for_each(|expr| self.expr(expr, depth + 1));
    }

    fn dml(&mut self, dml: &mut Dml, depth: usize) {
        self.relation(&mut dml.table);
        dml.source.iter_mut().for_each(|query| self.query(query, depth + 1));
        dml.filter.iter_mut().for_each(|expr| self.expr(expr, depth + 1));
    }

    fn table(&mut self, item: &mut TableRef, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match item {
            // Columns that go by the table's name follow it.
            TableRef::Relation { name, .. } => self.relation(name),
            TableRef::Query { query, .. } => self.query(query, depth + 1),
            TableRef::Function { calls, .. } => calls.iter_mut().for_each(|call| self.expr(call, depth + 1)),
            TableRef::Join { left, right, on, .. } => {
                self.table(left, depth + 1);
                self.table(right, depth + 1);
                if let JoinOn::Expr(expr) = on {
                    self.expr(expr, depth + 1);
                }
            }
            TableRef::Other(_) => {}
        }
    }

    fn column(&mut self, parts: &mut [String]) {
        if let Renaming::Relation { from, to } = self.renaming {
            // `old_table.column` on the table itself.
            if let [.., table, _] = parts
                && *table == from.name
            {
                table.clone_from(&to.name);
                self.hits += 1;
            }
        }
        let Renaming::Column { table, from, to } = self.renaming else { return };
        if let Some((column, rest)) = parts.split_last_mut()
            && column == from
            && rest.last().is_none_or(|written| written == table)
        {
            column.clone_from(to);
            self.hits += 1;
        }
    }

    fn all(&mut self, exprs: &mut [Expr], depth: usize) {
        exprs.iter_mut().for_each(|expr| self.expr(expr, depth + 1));
    }

    fn expr(&mut self, expr: &mut Expr, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match &mut expr.kind {
            ExprKind::Column(parts) => self.column(parts),
            ExprKind::Call(call) => {
                if let Renaming::Function { from, to } = self.renaming {
                    self.name(&mut call.name, from, to);
                }
                call.args.iter_mut().for_each(|arg| self.expr(&mut arg.value, depth + 1));
                let rest = call.filter.iter_mut().chain(&mut call.order_by).chain(&mut call.window);
                rest.for_each(|expr| self.expr(expr, depth + 1));
            }
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Array(parts) | ExprKind::Row(parts) => {
                self.all(parts, depth);
            }
            ExprKind::Other { inner, .. } => self.all(inner, depth),
            ExprKind::Not(inner)
            | ExprKind::Unary { expr: inner, .. }
            | ExprKind::Field { expr: inner, .. }
            | ExprKind::Cast { expr: inner, .. }
            | ExprKind::Collate { expr: inner, .. } => self.expr(inner, depth + 1),
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

    fn compound(&mut self, expr: &mut Expr, depth: usize) {
        match &mut expr.kind {
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
            ExprKind::Like { expr, pattern, .. } => {
                [expr, pattern].into_iter().for_each(|part| self.expr(part, depth + 1));
            }
            ExprKind::Case { operand, whens, otherwise } => {
                operand.iter_mut().chain(otherwise).for_each(|part| self.expr(part, depth + 1));
                whens.iter_mut().for_each(|(when, then)| {
                    self.expr(when, depth + 1);
                    self.expr(then, depth + 1);
                });
            }
            ExprKind::Index { expr, index } => [expr, index].into_iter().for_each(|part| self.expr(part, depth + 1)),
            ExprKind::AtTimeZone { expr, zone } => [expr, zone].into_iter().for_each(|part| self.expr(part, depth + 1)),
            _ => {}
        }
    }
}
