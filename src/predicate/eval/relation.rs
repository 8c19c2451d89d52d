//! `FROM`: where the rows of a query come from, and what is known to hold of each.

use super::scope::Columns;
use super::{Eval, Item, Scope, Source};
use crate::catalog::QualifiedName;
use crate::predicate::formula::{CmpOp, Deps, Node};
use crate::predicate::names;
use crate::predicate::value::Value;
use crate::sql::ast::{Alias, Call, CteBody, Expr, ExprKind, JoinKind, JoinOn, Name, TableRef};
use crate::sql::walk;

/// What is known of the rows of a query.
#[derive(Default)]
pub(super) struct Rows {
    /// True of every row.
    pub(super) conds: Vec<Node>,
    /// Output columns.
    pub(super) columns: Vec<(String, Value)>,
    /// There are no other columns.
    pub(super) complete: bool,
    /// There may be no row although the conditions hold.
    pub(super) data: bool,
    pub(super) deps: Deps,
}

impl Rows {
    fn absorb(&mut self, other: Self) {
        self.conds.extend(other.conds);
        self.data |= other.data;
        self.deps = self.deps.union(other.deps);
    }

    /// Demands the conditions only where the rows are `present`.
    fn where_present(&mut self, present: Node, eval: &mut Eval<'_>) {
        let absent = eval.formulas.not(present);
        for cond in &mut self.conds {
            *cond = eval.formulas.or([absent, *cond]);
        }
    }
}

impl<'a> Eval<'a> {
    /// Adds what stands in `FROM` to `frame`; what comes back has no columns.
    pub(super) fn from(&mut self, tables: &[TableRef], frame: &mut Scope<'_, 'a>) -> Rows {
        let mut rows = Rows::default();
        for table in tables {
            let more = self.table(table, frame, 0);
            rows.absorb(more);
        }
        rows
    }

    fn table(&mut self, table: &TableRef, frame: &mut Scope<'_, 'a>, depth: u8) -> Rows {
        if depth > 60 {
            let deps = self.unknown_source("a join too deep to follow");
            frame.items.push(self.item(String::new(), Columns::Derived { columns: Vec::new(), complete: false }, deps));
            return Rows { data: true, deps, ..Rows::default() };
        }
        match table {
            TableRef::Relation { name, alias, .. } => self.relation(name, alias.as_ref(), frame),
            TableRef::Query { lateral, query, alias } => {
                let rows = match (lateral, frame.parent) {
                    (false, Some(outer)) => self.rows(query, outer),
                    _ => {
                        let outer = frame.clone();
                        self.rows(query, &outer)
                    }
                };
                self.derived(rows, alias.clone().unwrap_or_default(), frame)
            }
            TableRef::Function { calls, ordinality, alias, .. } => {
                self.function_item(calls, *ordinality, alias.as_ref(), frame)
            }
            TableRef::Join { kind, left, right, on } => self.join(*kind, left, right, on, frame, depth),
            TableRef::Other(alias) => {
                let deps = self.unknown_source("a table expression");
                let columns = Columns::Derived { columns: Vec::new(), complete: false };
                let item = self.item(alias.name.clone(), columns, deps);
                frame.items.push(item);
                Rows { data: true, deps, ..Rows::default() }
            }
        }
    }

    fn item(&mut self, alias: String, columns: Columns<'a>, deps: Deps) -> Item<'a> {
        let deps = Deps { bits: deps.bits, levels: deps.levels | self.level_bit() };
        Item { alias, id: self.id(), columns, present: Vec::new(), deps }
    }

    /// Puts the rows of a subquery or function into `frame`.
    fn derived(&mut self, mut rows: Rows, alias: Alias, frame: &mut Scope<'_, 'a>) -> Rows {
        let mut columns = std::mem::take(&mut rows.columns);
        for (column, name) in columns.iter_mut().zip(&alias.columns) {
            column.0.clone_from(name);
        }
        let item = self.item(alias.name, Columns::Derived { columns, complete: rows.complete }, rows.deps);
        frame.items.push(item);
        rows
    }

    fn relation(&mut self, name: &Name, alias: Option<&Alias>, frame: &mut Scope<'_, 'a>) -> Rows {
        let mut shown = alias.cloned().unwrap_or_default();
        if shown.name.is_empty() {
            shown.name.clone_from(&name.name);
        }
        if name.schema.is_none()
            && let Some(rows) = self.cte(&name.name, frame)
        {
            return self.derived(rows, shown, frame);
        }
        let name = self.resolve_relation(name);
        let relation = self.analyser.catalog.relations.get(&name);
        let same_rights = self.calls.is_empty() || self.role.hidden_from_calls && !self.other_rights;
        let hidden = same_rights && self.role.hidden.contains(&name);
        let mut deps = self.source(&Source::Data(name.clone()));
        deps.levels |= self.level_bit();
        let mut item = self.item(shown.name.clone(), Columns::Relation { name, relation, own: false }, deps);
        if !shown.columns.is_empty() {
            let columns = self.renamed(&item, &shown.columns);
            item.columns = columns;
        }
        frame.items.push(item);
        let conds = if hidden { vec![self.formulas.bool(false)] } else { Vec::new() };
        Rows { data: true, deps, conds, ..Rows::default() }
    }

    /// A relation's columns under the aliases `table alias(a, b)` gives the first of them.
    fn renamed(&mut self, item: &Item<'a>, names: &[String]) -> Columns<'a> {
        let all = self.all_columns(item);
        let (mut columns, complete) = (
            all.unwrap_or_default(),
            matches!(&item.columns, Columns::Relation { relation: Some(relation), .. } if relation.columns_complete),
        );
        for (column, name) in columns.iter_mut().zip(names) {
            column.0.clone_from(name);
        }
        Columns::Derived { columns, complete }
    }

    /// Every column of an item, where all are known.
    pub(super) fn all_columns(&mut self, item: &Item<'a>) -> Option<Vec<(String, Value)>> {
        let names: Vec<String> = match &item.columns {
            Columns::Relation { relation, .. } => {
                let relation = relation.filter(|relation| relation.columns_complete)?;
                relation.columns.iter().map(|column| column.name.clone()).collect()
            }
            Columns::Derived { columns, complete: true } => columns.iter().map(|(name, _)| name.clone()).collect(),
            Columns::Derived { .. } => return None,
        };
        let scope = Scope { items: vec![item.clone()], ..Scope::root() };
        Some(names.into_iter().map(|name| (name.clone(), self.column(&[name], &scope))).collect())
    }

    fn cte(&mut self, name: &str, frame: &Scope<'_, 'a>) -> Option<Rows> {
        let mut next = Some(frame);
        while let Some(scope) = next {
            if let Some(at) = scope.ctes.iter().position(|cte| cte.name == name) {
                let cte = scope.ctes.get(at)?;
                let CteBody::Query(query) = &cte.body else {
                    return Some(self.unknown_rows("a WITH clause that writes"));
                };
                let itself = Name::bare(name);
                if scope.parent.is_none() || scope.recursive && walk::relations(query.as_ref()).contains(&itself) {
                    return Some(self.unknown_rows("a recursive query"));
                }
                let before = Scope { ctes: scope.ctes.get(..at).unwrap_or(&[]), items: Vec::new(), ..scope.clone() };
                let mut rows = self.rows(query, &before);
                for (column, name) in rows.columns.iter_mut().zip(&cte.columns) {
                    column.0.clone_from(name);
                }
                return Some(rows);
            }
            next = scope.parent;
        }
        None
    }

    pub(super) fn unknown_rows(&mut self, what: &str) -> Rows {
        let deps = self.unknown_source(what);
        Rows { data: true, deps, ..Rows::default() }
    }

    /// The relation a name in a query means.
    pub(super) fn resolve_relation(&self, name: &Name) -> QualifiedName {
        self.analyser.resolve_relation(name, &self.path)
    }

    fn function_item(
        &mut self,
        calls: &[Expr],
        ordinality: bool,
        alias: Option<&Alias>,
        frame: &mut Scope<'_, 'a>,
    ) -> Rows {
        let outer = frame.clone();
        if let ([Expr { kind: ExprKind::Call(call), .. }], false) = (calls, ordinality)
            && let Some(mut rows) = self.set_call(call, &outer)
        {
            let mut shown = alias.cloned().unwrap_or_default();
            if shown.name.is_empty() {
                shown.name.clone_from(&call.name.name);
            }
            // A function of one plain column gives it its own name.
            if let ([column], true) = (rows.columns.as_mut_slice(), shown.columns.is_empty()) {
                column.0.clone_from(&shown.name);
                rows.complete = false;
            }
            return self.derived(rows, shown, frame);
        }
        let args: Vec<Value> = calls.iter().map(|call| self.eval(call, &outer)).collect();
        let name = calls.iter().find_map(|call| match &call.kind {
            ExprKind::Call(call) => Some(call.as_ref()),
            _ => None,
        });
        let deps = self.deps_of_all(&args);
        let mut shown = alias.cloned().unwrap_or_default();
        if shown.name.is_empty() {
            shown.name = name.map(|call| call.name.name.clone()).unwrap_or_default();
        }
        let plain = !ordinality && name.is_some_and(is_plain_set);
        let column = shown.columns.first().cloned().unwrap_or_else(|| shown.name.clone());
        let mut columns = Columns::Derived { columns: Vec::new(), complete: false };
        if plain && calls.len() == 1 {
            let unknown = Deps { levels: deps.levels | self.level_bit(), ..deps };
            let value = self.unique(crate::predicate::ty::Ty::Any, unknown, super::arena::Nulls::Maybe);
            columns = Columns::Derived { columns: vec![(column, value)], complete: true };
        }
        let item = self.item(shown.name, columns, deps);
        frame.items.push(item);
        Rows { data: true, deps, ..Rows::default() }
    }

    fn join(
        &mut self,
        kind: JoinKind,
        left: &TableRef,
        right: &TableRef,
        on: &JoinOn,
        frame: &mut Scope<'_, 'a>,
        depth: u8,
    ) -> Rows {
        let start = frame.items.len();
        let mut left = self.table(left, frame, depth + 1);
        let middle = frame.items.len();
        let mut right = self.table(right, frame, depth + 1);
        let mut condition = Rows { conds: self.join_conditions(on, frame, start, middle), ..Rows::default() };
        if matches!(kind, JoinKind::Left | JoinKind::Full) {
            let present = self.optional(frame, middle, usize::MAX);
            right.where_present(present, self);
            condition.where_present(present, self);
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            let present = self.optional(frame, start, middle);
            left.where_present(present, self);
            condition.where_present(present, self);
        }
        let mut rows = Rows::default();
        for part in [left, right, condition] {
            rows.absorb(part);
        }
        // Rows that are there may still not match one another.
        rows.data = true;
        rows
    }

    /// Makes items of `frame` the side of an outer join that may be absent; two-valued: it is present.
    fn optional(&mut self, frame: &mut Scope<'_, 'a>, from: usize, to: usize) -> Node {
        let present = self.formulas.fresh(Deps { bits: 0, levels: self.level_bit() });
        for item in frame.items.iter_mut().take(to).skip(from) {
            item.present.push(present);
        }
        present
    }

    fn join_conditions(&mut self, on: &JoinOn, frame: &Scope<'_, 'a>, start: usize, middle: usize) -> Vec<Node> {
        match on {
            JoinOn::None | JoinOn::Natural => Vec::new(),
            JoinOn::Expr(expr) => self.conjuncts(expr, frame),
            JoinOn::Using(names) => {
                let side = |range: &[Item<'a>]| Scope { items: range.to_vec(), ..Scope::root() };
                let left = side(frame.items.get(start..middle).unwrap_or(&[]));
                let right = side(frame.items.get(middle..).unwrap_or(&[]));
                let mut conds = Vec::new();
                for name in names {
                    let name = std::slice::from_ref(name);
                    let (a, b) = (self.column(name, &left), self.column(name, &right));
                    conds.push(self.compare(CmpOp::Eq, &a, &b));
                }
                conds
            }
        }
    }

    /// The conditions a conjunction consists of.
    pub(super) fn conjuncts(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Vec<Node> {
        match &expr.kind {
            ExprKind::And(parts) => parts.iter().map(|part| self.condition(part, scope)).collect(),
            _ => vec![self.condition(expr, scope)],
        }
    }
}

/// A built-in function that gives rows of one column.
fn is_plain_set(call: &Call) -> bool {
    let name = call.name.name.as_str();
    call.name.schema.as_deref().is_none_or(|schema| schema == "pg_catalog")
        && names::is_set_returning(name)
        && matches!(
            name,
            "unnest" | "generate_series" | "regexp_split_to_table" | "string_to_table" | "generate_subscripts"
        )
        && call.args.len() < 4
        && (name != "unnest" || call.args.len() == 1)
}
