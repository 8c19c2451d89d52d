//! Names and, where they can be told, types of the columns a query returns.

use super::indexes::expr_name;
use super::state::Fold;
use crate::catalog::ObjectKind;
use crate::sql::ast::{
    Alias, Cte, CteBody, Expr, ExprKind, JoinOn, Name, ParamMode, Query, QueryBody, Select, TableRef,
};

/// A column's name and type.
type Column = (String, Option<String>);

/// Nesting beyond this is not followed.
const DEPTH: usize = 200;

/// One name in scope; `None` columns are not known.
#[derive(Clone)]
struct Item {
    name: String,
    columns: Option<Vec<Column>>,
    /// Columns a `USING` join merged into the other side's.
    merged: Vec<String>,
}

#[derive(Clone, Default)]
struct Ctes(Vec<(String, Option<Vec<Column>>)>);

impl Fold {
    /// Columns of a query's result; `None` where a `*` cannot be expanded.
    pub(super) fn query_columns(&self, query: &Query) -> Option<Vec<Column>> {
        self.columns_in(query, &Ctes::default(), 0)
    }

    fn columns_in(&self, query: &Query, outer: &Ctes, depth: usize) -> Option<Vec<Column>> {
        if depth > DEPTH {
            return None;
        }
        let mut ctes = outer.clone();
        for cte in &query.with {
            let columns = self.cte_columns(cte, &ctes, depth + 1);
            ctes.0.push((cte.name.clone(), columns));
        }
        match &query.body {
            QueryBody::Select(select) => self.select_columns(select, &ctes, depth),
            QueryBody::Set { left, .. } => self.columns_in(left, &ctes, depth + 1),
            QueryBody::Values(rows) => {
                let first = rows.first()?;
                Some(
                    first
                        .iter()
                        .enumerate()
                        .map(|(at, value)| (format!("column{}", at + 1), self.type_of(value, &[])))
                        .collect(),
                )
            }
            QueryBody::Table(name) => self.relation_columns(name, &ctes),
            QueryBody::Unknown => None,
        }
    }

    fn cte_columns(&self, cte: &Cte, ctes: &Ctes, depth: usize) -> Option<Vec<Column>> {
        let columns = match &cte.body {
            CteBody::Query(query) => self.columns_in(query, ctes, depth)?,
            CteBody::Dml(dml) => {
                let source = vec![Item {
                    name: dml.alias.clone().unwrap_or_else(|| dml.table.name.clone()),
                    columns: self.relation_columns(&dml.table, ctes),
                    merged: Vec::new(),
                }];
                self.items(dml.returning.iter().map(|item| (&item.expr, item.alias.as_ref())), &source)?
            }
        };
        Some(rename(columns, &cte.columns))
    }

    fn select_columns(&self, select: &Select, ctes: &Ctes, depth: usize) -> Option<Vec<Column>> {
        let mut scope = Vec::new();
        for item in &select.from {
            self.scope_of(item, ctes, &mut scope, depth + 1);
        }
        self.items(select.columns.iter().map(|item| (&item.expr, item.alias.as_ref())), &scope)
    }

    fn items<'a>(
        &self,
        items: impl Iterator<Item = (&'a Expr, Option<&'a String>)>,
        scope: &[Item],
    ) -> Option<Vec<Column>> {
        let mut out = Vec::new();
        for (expr, alias) in items {
            match &expr.kind {
                ExprKind::Star(None) => {
                    for item in scope {
                        let columns = item.columns.as_ref()?;
                        out.extend(columns.iter().filter(|(name, _)| !item.merged.contains(name)).cloned());
                    }
                }
                ExprKind::Star(Some(table)) => {
                    let item = scope.iter().find(|item| item.name == table.name)?;
                    out.extend(item.columns.as_ref()?.iter().cloned());
                }
                _ => {
                    let name = alias.cloned().or_else(|| expr_name(expr)).unwrap_or_else(|| "?column?".to_owned());
                    out.push((name, self.type_of(expr, scope)));
                }
            }
        }
        Some(out)
    }

    fn scope_of(&self, item: &TableRef, ctes: &Ctes, scope: &mut Vec<Item>, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match item {
            TableRef::Relation { name, alias, .. } => {
                push(scope, &name.name, self.relation_columns(name, ctes), alias.as_ref());
            }
            TableRef::Query { query, alias, .. } => {
                push(scope, "", self.columns_in(query, ctes, depth + 1), alias.as_ref());
            }
            TableRef::Function { calls, ordinality, alias, .. } => {
                let (name, columns) = self.function_columns(calls, *ordinality, alias.as_ref());
                push(scope, &name, columns, alias.as_ref());
            }
            TableRef::Join { left, right, on, .. } => {
                self.scope_of(left, ctes, scope, depth + 1);
                let middle = scope.len();
                self.scope_of(right, ctes, scope, depth + 1);
                merge_join(scope, middle, on);
            }
            TableRef::Other(alias) => scope.push(Item { name: alias.name.clone(), columns: None, merged: Vec::new() }),
        }
    }

    fn relation_columns(&self, name: &Name, ctes: &Ctes) -> Option<Vec<Column>> {
        if name.schema.is_none()
            && let Some((_, columns)) = ctes.0.iter().rev().find(|(cte, _)| *cte == name.name)
        {
            return columns.clone();
        }
        let relation = self.find_relation(name).and_then(|name| self.catalog().relations.get(&name))?;
        let columns = relation.columns.iter().map(|column| (column.name.clone(), column.ty.get().cloned()));
        relation.columns_complete.then(|| columns.collect())
    }

    fn function_columns(
        &self,
        calls: &[Expr],
        ordinality: bool,
        alias: Option<&Alias>,
    ) -> (String, Option<Vec<Column>>) {
        let [Expr { kind: ExprKind::Call(call), .. }] = calls else { return (String::new(), None) };
        let name = call.name.name.clone();
        let found = self.find_call(&call.name, call.args.len());
        let function = found.and_then(|key| self.catalog().functions.get(&key));
        let columns = match function {
            Some(function) => {
                let out = function.params.iter().filter(|p| matches!(p.mode, ParamMode::Out | ParamMode::InOut));
                let named: Vec<Column> =
                    out.map(|param| (param.name.clone().unwrap_or_default(), Some(param.ty.clone()))).collect();
                match &function.returns {
                    _ if !named.is_empty() => Some(named),
                    Some(returns) => self.returned_columns(returns, &name, alias),
                    None => None,
                }
            }
            None => {
                let one = matches!(
                    name.as_str(),
                    "unnest" | "generate_series" | "jsonb_array_elements" | "regexp_split_to_table"
                );
                let value = if name.starts_with("jsonb_array_elements") {
                    "value".to_owned()
                } else {
                    scalar_name(&name, alias)
                };
                one.then(|| vec![(value, None)])
            }
        };
        let columns = columns.map(|mut columns| {
            if ordinality {
                columns.push(("ordinality".to_owned(), Some("bigint".to_owned())));
            }
            columns
        });
        (name, columns)
    }

    /// Columns of a function's result: those of the row type it returns, or one named after it.
    fn returned_columns(&self, returns: &str, function: &str, alias: Option<&Alias>) -> Option<Vec<Column>> {
        let base = returns.strip_prefix("SETOF ").unwrap_or(returns);
        let row = base.parse().ok().and_then(|name| self.catalog().relations.get(&name));
        if let Some(relation) = row {
            let columns = relation.columns.iter().map(|column| (column.name.clone(), column.ty.get().cloned()));
            return relation.columns_complete.then(|| columns.collect());
        }
        (base != "record").then(|| vec![(scalar_name(function, alias), Some(base.to_owned()))])
    }

    /// An expression's type, where it can be told without an operator table.
    fn type_of(&self, expr: &Expr, scope: &[Item]) -> Option<String> {
        match &expr.kind {
            ExprKind::Cast { ty, .. } => Some(self.type_text(ty)),
            ExprKind::Column(parts) => column_type(parts, scope),
            ExprKind::Bool(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Is { .. }
            | ExprKind::In { .. }
            | ExprKind::Exists(_)
            | ExprKind::Between { .. }
            | ExprKind::Like { .. } => Some("boolean".to_owned()),
            ExprKind::String(_) => Some("text".to_owned()),
            ExprKind::Collate { expr, .. } => self.type_of(expr, scope),
            ExprKind::Call(call)
                if call.name.schema.is_none()
                    && matches!(call.name.name.as_str(), "count" | "row_number" | "rank" | "dense_rank") =>
            {
                Some("bigint".to_owned())
            }
            ExprKind::Call(call) => {
                let key = self.find_call(&call.name, call.args.len())?;
                let function = self.catalog().functions.get(&key)?;
                let returns = function.returns.as_ref().filter(|_| function.kind == ObjectKind::Function)?;
                (!returns.starts_with("TABLE") && !returns.starts_with("any"))
                    .then(|| returns.trim_start_matches("SETOF ").to_owned())
            }
            _ => None,
        }
    }
}

fn scalar_name(function: &str, alias: Option<&Alias>) -> String {
    alias.map_or_else(|| function.to_owned(), |alias| alias.name.clone())
}

fn push(scope: &mut Vec<Item>, name: &str, columns: Option<Vec<Column>>, alias: Option<&Alias>) {
    let name = alias.map_or(name, |alias| alias.name.as_str()).to_owned();
    let aliases = alias.map_or(&[][..], |alias| alias.columns.as_slice());
    let columns = columns.map(|columns| rename(columns, aliases));
    scope.push(Item { name, columns, merged: Vec::new() });
}

fn rename(columns: Vec<Column>, names: &[String]) -> Vec<Column> {
    let named = columns.into_iter().enumerate();
    named.map(|(at, (name, ty))| (names.get(at).cloned().unwrap_or(name), ty)).collect()
}

/// A `USING` or natural join shows the shared columns once, first.
fn merge_join(scope: &mut [Item], middle: usize, on: &JoinOn) {
    let (left, right) = scope.split_at_mut(middle.min(scope.len()));
    let shared: Vec<String> = match on {
        JoinOn::Using(columns) => columns.clone(),
        JoinOn::Natural => {
            let names = |items: &[Item]| -> Vec<String> {
                items.iter().flat_map(|item| item.columns.iter().flatten()).map(|(name, _)| name.clone()).collect()
            };
            let right = names(right);
            names(left).into_iter().filter(|name| right.contains(name)).collect()
        }
        JoinOn::None | JoinOn::Expr(_) => return,
    };
    right.iter_mut().for_each(|item| item.merged.extend(shared.iter().cloned()));
    if let Some(columns) = left.first_mut().and_then(|item| item.columns.as_mut()) {
        columns.sort_by_key(|(name, _)| shared.iter().position(|s| s == name).unwrap_or(usize::MAX));
    }
}

fn column_type(parts: &[String], scope: &[Item]) -> Option<String> {
    let (column, rest) = parts.split_last()?;
    let table = rest.last();
    let items = scope.iter().filter(|item| table.is_none_or(|table| *table == item.name));
    let mut found = items.flat_map(|item| item.columns.iter().flatten()).filter(|(name, _)| name == column);
    found.next().and_then(|(_, ty)| ty.clone())
}
