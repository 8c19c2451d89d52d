//! Queries where a value stands: `EXISTS`, scalar subqueries, `IN`, `ANY`, `ALL`, `ARRAY(…)`.

use super::arena::Nulls;
use super::relation::Rows;
use super::{Eval, Scope};
use crate::predicate::formula::{Deps, Node};
use crate::predicate::ty::Ty;
use crate::predicate::value::Value;
use crate::sql::ast::Query;

impl<'a> Eval<'a> {
    /// What holds of every row of `query`, as one condition.
    pub(in crate::predicate) fn conditions_of(&mut self, query: &Query) -> Node {
        self.level += 1;
        let rows = self.rows(query, &Scope::root());
        self.level -= 1;
        self.formulas.and(rows.conds)
    }

    /// `EXISTS (query)`; two-valued.
    pub(super) fn exists(&mut self, query: &Query, scope: &Scope<'_, 'a>) -> Node {
        self.level += 1;
        let rows = self.rows(query, scope);
        let some = self.some_rows(&rows);
        self.level -= 1;
        some
    }

    /// A scalar subquery: NULL where there is no row.
    pub(super) fn scalar(&mut self, query: &Query, scope: &Scope<'_, 'a>) -> Value {
        let (_, columns) = self.first_row(query, scope);
        let mut values: Vec<Value> = columns.into_iter().map(|(_, value)| value).collect();
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => value,
            (last, _) => {
                values.extend(last);
                self.unknown("a subquery of other than one column", &values)
            }
        }
    }

    /// Whether there is a row, and the first row's columns (each NULL where there is none).
    pub(super) fn first_row(&mut self, query: &Query, scope: &Scope<'_, 'a>) -> (Node, Vec<(String, Value)>) {
        self.level += 1;
        let rows = self.rows(query, scope);
        let some = self.some_rows(&rows);
        let none = self.formulas.not(some);
        let mut values = Vec::new();
        for (name, value) in &rows.columns {
            let value = self.lift(value, &rows);
            values.push((name.clone(), self.choice(vec![(some, value), (none, Value::Null)])));
        }
        self.level -= 1;
        (some, values)
    }

    /// `left op ANY (query)` or `ALL`.
    pub(super) fn any_query(
        &mut self,
        left: &Value,
        op: &str,
        all: bool,
        query: &Query,
        scope: &Scope<'_, 'a>,
    ) -> Node {
        self.level += 1;
        let rows = self.rows(query, scope);
        let result = self.any_rows(left, op, all, &rows);
        self.level -= 1;
        result
    }

    fn any_rows(&mut self, left: &Value, op: &str, all: bool, rows: &Rows) -> Node {
        let some = self.some_rows(rows);
        let none = self.formulas.not(some);
        let test = match (left, rows.columns.as_slice()) {
            (Value::Row(_), columns) => {
                let right = Value::Row(columns.iter().map(|(_, value)| value.clone()).collect());
                self.operate(op, left, &right)
            }
            (_, [(_, value)]) => self.operate(op, left, value),
            _ => {
                let deps = self.deps_of(left).union(rows.deps);
                self.three_valued(deps)
            }
        };
        let bit = self.level_bit();
        let own = |deps: Deps| deps.levels & bit != 0;
        let exact = !rows.data
            && !own(self.formulas.deps(test))
            && !rows.conds.iter().any(|cond| own(self.formulas.deps(*cond)));
        let result = if exact {
            test
        } else {
            let deps = rows.deps.union(self.formulas.deps(test));
            let deps = rows.conds.iter().fold(deps, |deps, cond| deps.union(self.formulas.deps(*cond)));
            let deps = Deps { levels: deps.levels & !bit, ..deps };
            let given = self.formulas.and(rows.conds.iter().copied());
            self.any_summary(given, test, all, deps)
        };
        if exact {
            return if all { self.formulas.or([none, result]) } else { self.formulas.and([some, result]) };
        }
        let result = if matches!(left, Value::Row(_)) {
            result
        } else {
            let null = self.null(left);
            self.bounded(result, null, all)
        };
        if all { self.formulas.or([none, result]) } else { self.formulas.and([some, result]) }
    }

    /// What `ANY` over rows can be: never true where the test never is, but false wherever no row passes.
    fn any_summary(&mut self, given: Node, test: Node, all: bool, deps: Deps) -> Node {
        let (yes, no) = (self.formulas.bool(true), self.formulas.bool(false));
        let any = self.formulas.fresh(deps);
        // One more row, about which nothing is known but that the test comes out as the neutral element.
        let widened = self.formulas.ite(any, test, if all { yes } else { no });
        self.summary(given, widened, deps)
    }

    /// `ARRAY(query)`.
    pub(super) fn array_query(&mut self, query: &Query, scope: &Scope<'_, 'a>) -> Value {
        self.level += 1;
        let rows = self.rows(query, scope);
        let some = self.some_rows(&rows);
        let bit = self.level_bit();
        self.level -= 1;
        if self.formulas.constant(some) == Some(crate::predicate::formula::Tri::False) {
            return Value::Array(Vec::new());
        }
        let values: Vec<Value> = rows.columns.iter().map(|(_, value)| value.clone()).collect();
        let deps = self.deps_of_all(&values).union(rows.deps).union(self.formulas.deps(some));
        let deps = Deps { levels: deps.levels & !bit, ..deps };
        self.unique(Ty::Array(Box::new(Ty::Any)), deps, Nulls::Never)
    }
}
