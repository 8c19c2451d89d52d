//! Queries in normal form: their names resolved, and of a stored one what the server adds or resolves left out.

use super::normal::{Normaliser, bare};
use super::scope::{EACH, Scopes, cte_columns, implied_name, output_names};
use super::{NameOf, constant};
use crate::sql::ast::{
    Alias, Assignment, Cte, CteBody, Dml, Expr, ExprKind, JoinOn, Query, QueryBody, Select, SelectItem, TableRef,
};

impl Normaliser<'_> {
    /// A query whose output names nobody can use.
    pub(super) fn value_query(&mut self, query: Query) -> Query {
        let mut query = self.query(query);
        if let QueryBody::Select(select) = &mut query.body {
            select.columns.iter_mut().for_each(|item| item.alias = None);
        }
        query
    }

    /// The query of `EXISTS`: which columns it selects is of no consequence, unless a call among them is.
    pub(super) fn exists(&mut self, query: Query) -> Query {
        let mut query = self.value_query(query);
        if let QueryBody::Select(select) = &mut query.body {
            let plain = |item: &SelectItem| {
                matches!(
                    item.expr.kind,
                    ExprKind::Star(_)
                        | ExprKind::Column(_)
                        | ExprKind::Number(_)
                        | ExprKind::String(_)
                        | ExprKind::Bool(_)
                        | ExprKind::Null
                )
            };
            if select.columns.iter().all(plain) && !select.distinct {
                select.columns.clear();
            }
        }
        query
    }

    /// A query that stands alone; of a stored one nobody asks what its columns are called inside it.
    pub(super) fn whole(&mut self, query: Query) -> Query {
        if self.scopes.is_stored() {
            self.scopes.note_names(&query);
        }
        let mut query = self.query(query);
        if self.scopes.is_stored() {
            unnamed(&mut query);
        }
        query
    }

    pub(super) fn query(&mut self, mut query: Query) -> Query {
        let outer = self.scopes.here();
        for cte in std::mem::take(&mut query.with) {
            let columns = cte_columns(&cte);
            // A recursive one sees itself.
            if query.recursive {
                self.scopes.name_query(&cte.name, columns.clone());
            }
            let cte = self.cte(cte);
            self.scopes.name_query(&cte.name, columns);
            query.with.push(cte);
        }
        if self.scopes.is_stored() {
            resolve_sort_keys(&mut query);
        }
        query.body = match query.body {
            QueryBody::Select(select) => QueryBody::Select(Box::new(self.select(*select))),
            QueryBody::Set { op, all, left, right } => {
                let (mut left, mut right) = (self.query(*left), self.query(*right));
                if self.scopes.is_stored() {
                    relax_outputs(&mut left);
                    relax_outputs(&mut right);
                }
                QueryBody::Set { op, all, left: Box::new(left), right: Box::new(right) }
            }
            QueryBody::Values(rows) => {
                self.scopes.enter(&[]);
                QueryBody::Values(rows.into_iter().map(|row| self.all(row)).collect())
            }
            QueryBody::Table(name) => QueryBody::Table(self.meant(NameOf::Relation, name)),
            QueryBody::Unknown => QueryBody::Unknown,
        };
        query.order_by = self.all(query.order_by);
        query.limit = query.limit.map(|limit| self.expr(limit)).filter(|limit| limit.kind != ExprKind::Null);
        query.offset = query.offset.map(|offset| self.expr(offset));
        self.scopes.leave(outer);
        query
    }

    fn cte(&mut self, cte: Cte) -> Cte {
        let body = match cte.body {
            CteBody::Query(query) => CteBody::Query(Box::new(self.query(*query))),
            CteBody::Dml(dml) => CteBody::Dml(Box::new(self.dml(*dml))),
        };
        Cte { body, ..cte }
    }

    fn dml(&mut self, dml: Dml) -> Dml {
        let table = self.meant(NameOf::Relation, dml.table);
        let outer = self.scopes.here();
        self.scopes.enter_table(dml.alias.as_ref().unwrap_or(&table.name));
        let dml = Dml {
            table,
            source: dml.source.map(|source| Box::new(self.query(*source))),
            filter: dml.filter.map(|filter| self.expr(filter)),
            from: dml.from.into_iter().map(|table| self.table(table)).collect(),
            assignments: dml
                .assignments
                .into_iter()
                .map(|set| Assignment { value: set.value.map(|value| self.expr(value)), ..set })
                .collect(),
            returning: dml.returning.into_iter().map(|item| self.item(item)).collect(),
            ..dml
        };
        self.scopes.leave(outer);
        dml
    }

    /// Leaves the scope of its `FROM` open: `ORDER BY` sees it.
    fn select(&mut self, select: Select) -> Select {
        self.scopes.enter(&select.from);
        let mut select = select;
        if self.scopes.is_stored() {
            select.group_by =
                select.group_by.into_iter().map(|key| group_key(key, &select.columns, &self.scopes)).collect();
        }
        Select {
            distinct: select.distinct,
            columns: select.columns.into_iter().flat_map(|item| self.items(item)).collect(),
            into: select.into,
            from: select.from.into_iter().map(|table| self.table(table)).collect(),
            filter: select.filter.map(|filter| self.condition(filter)),
            group_by: self.all(select.group_by),
            having: select.having.map(|having| self.condition(having)),
        }
    }

    fn items(&mut self, item: SelectItem) -> Vec<SelectItem> {
        let columns = match &item.expr.kind {
            ExprKind::Star(None) => self.scopes.star(),
            ExprKind::Star(Some(name)) if self.scopes.is_stored() => self.scopes.star_of(name),
            _ => None,
        };
        let column = |parts| SelectItem { expr: super::normal::bare(ExprKind::Column(parts)), alias: None };
        match columns {
            Some(columns) => columns.into_iter().map(column).collect(),
            None => vec![self.item(item)],
        }
    }

    fn item(&mut self, item: SelectItem) -> SelectItem {
        let implied = implied_name(&item.expr);
        SelectItem { expr: self.expr(item.expr), alias: item.alias.filter(|alias| *alias != implied) }
    }

    /// An alias as the item it names goes by.
    fn renamed(&self, alias: Option<Alias>) -> Option<Alias> {
        alias.map(|alias| match self.scopes.known_as(&alias.name) {
            Some(name) => Alias { name: name.to_owned(), ..alias },
            None => alias,
        })
    }

    fn table(&mut self, table: TableRef) -> TableRef {
        match table {
            TableRef::Relation { span, name, alias } => {
                let alias = self.renamed(alias);
                let own = |alias: &Alias| alias.name == name.name || self.scopes.is_own_number(&name, &alias.name);
                let alias = alias.filter(|alias| !own(alias) || !alias.columns.is_empty());
                TableRef::Relation { span, name: self.meant(NameOf::Relation, name), alias }
            }
            TableRef::Query { lateral, query, alias } => {
                let alias = self.renamed(alias);
                TableRef::Query { lateral, query: Box::new(self.query(*query)), alias }
            }
            TableRef::Function { calls, ordinality, alias, .. } => {
                let alias = self.renamed(alias);
                let implied = calls.first().map(implied_name).unwrap_or_default();
                let calls = self.all(calls);
                let default = |alias: &Alias| self.scopes.is_stored() && is_default(alias, &implied);
                let alias = alias.filter(|alias| !default(alias));
                let alias =
                    alias.map(|alias| named_columns(alias, &implied, calls.len())).filter(|a| *a != Alias::default());
                // Functions see what stands before them with LATERAL and without.
                TableRef::Function { lateral: false, calls, ordinality, alias }
            }
            TableRef::Join { kind, left, right, on } => {
                let (left, right) = (Box::new(self.table(*left)), Box::new(self.table(*right)));
                let on = match on {
                    JoinOn::Natural if self.scopes.is_stored() => {
                        self.scopes.shared(&left, &right).map_or(JoinOn::Natural, JoinOn::Using)
                    }
                    JoinOn::Expr(on) => JoinOn::Expr(self.condition(on)),
                    on => on,
                };
                TableRef::Join { kind, left, right, on }
            }
            TableRef::Other(alias) => TableRef::Other(alias),
        }
    }
}

/// The name and columns the server writes where nobody wrote any.
fn is_default(alias: &Alias, implied: &str) -> bool {
    let each = EACH.contains(&implied) && alias.columns == ["key", "value"];
    alias.name == implied && (each || alias.columns.is_empty())
}

/// Without the names of its own columns.
fn unnamed(query: &mut Query) {
    match &mut query.body {
        QueryBody::Select(select) => select.columns.iter_mut().for_each(|item| item.alias = None),
        QueryBody::Set { left, right, .. } => {
            unnamed(left);
            unnamed(right);
        }
        _ => {}
    }
}

/// Set operations bring both sides to common types.
fn relax_outputs(query: &mut Query) {
    if let QueryBody::Select(select) = &mut query.body {
        for item in &mut select.columns {
            let expr = std::mem::replace(&mut item.expr, bare(ExprKind::Null));
            item.expr = constant::unwidened_stored(expr);
        }
    }
}

/// `ORDER BY 2` and `ORDER BY alias` are the expression they mean; over a set operation they are the number.
fn resolve_sort_keys(query: &mut Query) {
    let Query { body, order_by, .. } = query;
    match body {
        QueryBody::Select(select) => {
            for key in order_by {
                if let Some(meant) = sort_key(key, &select.columns) {
                    key.kind = meant;
                }
            }
        }
        QueryBody::Set { left, .. } => {
            let Some(names) = output_names(left) else { return };
            for key in order_by {
                if let ExprKind::Column(parts) = &key.kind
                    && let [name] = parts.as_slice()
                    && let Some(at) = names.iter().position(|known| known == name)
                {
                    key.kind = ExprKind::Number((at + 1).to_string());
                }
            }
        }
        _ => {}
    }
}

fn sort_key(key: &Expr, columns: &[SelectItem]) -> Option<ExprKind> {
    match &key.kind {
        ExprKind::Number(number) => ordinal(number, columns),
        ExprKind::Column(parts) => match parts.as_slice() {
            [name] => aliased(name, columns),
            _ => None,
        },
        _ => None,
    }
}

/// In `GROUP BY` a column of the tables comes before an alias.
fn group_key(key: Expr, columns: &[SelectItem], scopes: &Scopes<'_>) -> Expr {
    let meant = match &key.kind {
        ExprKind::Number(number) => ordinal(number, columns),
        ExprKind::Column(parts) => match parts.as_slice() {
            [name] if !scopes.has(name) => aliased(name, columns),
            _ => None,
        },
        _ => None,
    };
    meant.map_or(key, bare)
}

fn ordinal(number: &str, columns: &[SelectItem]) -> Option<ExprKind> {
    let at: usize = number.parse().ok()?;
    let before = columns.get(..at)?;
    // A star before it stands for an unknown number of columns.
    if before.iter().any(|item| matches!(item.expr.kind, ExprKind::Star(_))) {
        return None;
    }
    before.last().map(|item| item.expr.kind.clone())
}

fn aliased(name: &str, columns: &[SelectItem]) -> Option<ExprKind> {
    columns.iter().find(|item| item.alias.as_deref() == Some(name)).map(|item| item.expr.kind.clone())
}

/// A function's alias: a single column goes by the alias itself.
fn named_columns(mut alias: Alias, implied: &str, calls: usize) -> Alias {
    if calls == 1 && alias.columns.len() == 1 {
        alias.columns.clear();
    }
    if alias.name == implied && alias.columns.is_empty() {
        alias.name.clear();
    }
    alias
}
