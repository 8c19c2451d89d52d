//! `FROM`: relations, functions, joins, and what of `WHERE` can narrow them down before rows are built.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::expr::Evaluator;
use super::index::{Index, equality};
use super::operators::any;
use super::relations::{self, Hint};
use super::row::{Presence, Source, Tuple};
use super::rows::{Rows, numbered};
use super::sets::{SET_RETURNING, set_of};
use super::value::{Truth, Value};
use crate::migrations::host::Failure;
use crate::sql::ast::{Alias, Expr, ExprKind, JoinKind, JoinOn, Name, TableRef};

/// More pairs than this are not joined.
const PAIRS: usize = 400_000;

type From = (Vec<Source>, Vec<Tuple>);

/// Equalities a join and its `WHERE` demand.
type Conjuncts<'e> = Vec<&'e Expr>;

fn conjuncts(filter: Option<&Expr>) -> Conjuncts<'_> {
    match filter.map(|filter| (&filter.kind, filter)) {
        Some((ExprKind::And(parts), _)) => parts.iter().collect(),
        Some((_, filter)) => vec![filter],
        None => Vec::new(),
    }
}

impl Evaluator<'_> {
    /// The rows of a `FROM` list before `filter`, which may narrow them.
    pub(super) fn from(&mut self, items: &[TableRef], filter: Option<&Expr>) -> Result<From, Failure> {
        let wanted = conjuncts(filter);
        let mut result: From = (Vec::new(), vec![Tuple { parts: Vec::new(), presence: Presence::Certain }]);
        for item in items {
            result = self.joined(result, item, JoinKind::Cross, &JoinOn::None, &wanted)?;
        }
        Ok(result)
    }

    fn item(&mut self, item: &TableRef, wanted: &Conjuncts<'_>) -> Result<From, Failure> {
        match item {
            TableRef::Relation { name, alias, .. } => {
                let called = alias.as_ref().map_or(name.name.as_str(), |alias| alias.name.as_str());
                let hints = self.hints(called, wanted)?;
                let (mut source, tuples) = self.relation(name, called, &hints)?;
                if let Some(alias) = alias {
                    source = renamed(source, alias);
                }
                Ok((vec![source], tuples))
            }
            TableRef::Query { query, alias, .. } => Ok(sourced(self.query(query)?, alias.as_ref(), "")),
            TableRef::Function { calls, ordinality, alias, .. } => {
                self.function_item(calls, *ordinality, alias.as_ref())
            }
            TableRef::Join { kind, left, right, on } => {
                let mut all = wanted.clone();
                if *kind == JoinKind::Inner
                    && let JoinOn::Expr(on) = on
                {
                    all.extend(conjuncts(Some(on)));
                }
                let left = self.deeper(|this| this.item(left, &all)).unwrap_or_else(|| Ok(too_large()))?;
                self.joined(left, right, *kind, on, wanted)
            }
            TableRef::Other(alias) => Ok(sourced(Rows::unknown("a table function"), Some(alias), "")),
        }
    }

    fn function_item(&mut self, calls: &[Expr], ordinality: bool, alias: Option<&Alias>) -> Result<From, Failure> {
        let [call] = calls else { return Ok(sourced(Rows::unknown("`rows from`"), alias, "")) };
        let mut rows = self.table_function(call)?;
        if let (Some(alias), [column]) = (alias, rows.columns.as_mut_slice())
            && alias.columns.is_empty()
        {
            column.clone_from(&alias.name);
        }
        if ordinality {
            numbered(&mut rows);
        }
        let name = if let ExprKind::Call(call) = &call.kind { call.name.name.clone() } else { String::new() };
        Ok(sourced(rows, alias, &name))
    }

    /// The rows of a function in `FROM`.
    pub(super) fn table_function(&mut self, expr: &Expr) -> Result<Rows, Failure> {
        let ExprKind::Call(call) = &expr.kind else { return Ok(Rows::unknown("a function in `from`")) };
        let name = call.name.name.as_str();
        let builtin = call.name.schema.as_deref().is_none_or(|schema| schema == "pg_catalog");
        if !builtin || !SET_RETURNING.contains(&name) {
            let value = self.eval(expr)?;
            let reason = value.doubt().map_or_else(|| format!("`{name}`").into(), |why| why.reason);
            return Ok(Rows::unknown(reason));
        }
        let args = call.args.iter().map(|arg| self.eval(&arg.value)).collect::<Result<Vec<_>, _>>()?;
        Ok(set_of(name, &args))
    }

    /// The rows of a relation.
    pub(super) fn relation(
        &mut self,
        name: &Name,
        called: &str,
        hints: &[Hint],
    ) -> Result<(Source, Vec<Tuple>), Failure> {
        if let (None, Some(rows)) = (&name.schema, self.ctes.get(&name.name)) {
            let rows = Rows::clone(rows);
            return Ok(single(rows, called));
        }
        match relations::scan(self.names(), &self.absent, name, hints) {
            Some(table) => {
                let columns: Rc<[String]> = table.columns.iter().map(|column| (*column).to_owned()).collect();
                let wild = Some(format!("a column of `{name}`").into());
                let tuples = table.rows.into_iter();
                let tuples = tuples.map(|(row, presence)| Tuple { parts: vec![row.into()], presence }).collect();
                Ok((Source { alias: called.to_owned(), columns, wild }, tuples))
            }
            None => Ok(single(Rows::unknown(format!("rows of `{name}`")), called)),
        }
    }

    /// What `wanted` says about the columns of the source `alias` by constants.
    fn hints(&mut self, alias: &str, wanted: &Conjuncts<'_>) -> Result<Vec<Hint>, Failure> {
        let mut hints = Vec::new();
        for expr in wanted {
            let Some((column, values)) = equality(expr) else { continue };
            let column = match column {
                [column] => column,
                [of, column] if of == alias => column,
                _ => continue,
            };
            if !values.iter().all(|value| self.is_constant(value)) {
                continue;
            }
            let mut allowed = Vec::new();
            for value in values {
                match self.eval(value)? {
                    Value::Array(items) => allowed.extend(items),
                    value => allowed.push(value),
                }
            }
            hints.push(Hint { column: column.clone(), allowed });
        }
        Ok(hints)
    }

    /// `expr` does not depend on the rows being joined.
    fn is_constant(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::String(_) => true,
            ExprKind::Cast { expr, .. } => self.is_constant(expr),
            ExprKind::Array(items) => items.iter().all(|item| self.is_constant(item)),
            // Where a variable is called like a column, PL/pgSQL refuses the query: it can only be the variable.
            ExprKind::Column(parts) => matches!(parts.as_slice(), [name] if self.world.variable(name).is_some()),
            _ => false,
        }
    }

    fn joined(
        &mut self,
        left: From,
        right: &TableRef,
        kind: JoinKind,
        on: &JoinOn,
        wanted: &Conjuncts<'_>,
    ) -> Result<From, Failure> {
        let condition = if let JoinOn::Expr(on) = on { Some(on) } else { None };
        let mut wanted_right =
            if matches!(kind, JoinKind::Full | JoinKind::Right) { Vec::new() } else { wanted.clone() };
        wanted_right.extend(conjuncts(condition));
        if is_lateral(right) {
            return self.lateral(left, right, kind, condition, &wanted_right);
        }
        let right = self.deeper(|this| this.item(right, &wanted_right)).unwrap_or_else(|| Ok(too_large()))?;
        let mut equalities = conjuncts(condition);
        if matches!(kind, JoinKind::Cross | JoinKind::Inner) {
            equalities.extend(wanted.iter().copied());
        }
        self.pairs(left, right, kind, on, &equalities)
    }

    fn pairs(
        &mut self,
        left: From,
        right: From,
        kind: JoinKind,
        on: &JoinOn,
        equalities: &[&Expr],
    ) -> Result<From, Failure> {
        let index = Index::new(&left.0, &right, equalities);
        let sources: Rc<[Source]> = left.0.iter().chain(&right.0).cloned().collect();
        let (mut tuples, mut seen) = (Vec::new(), 0);
        let mut met: BTreeSet<usize> = BTreeSet::new();
        for tuple in &left.1 {
            let mut matched = false;
            let mut unsure = false;
            for (at, candidate) in index.candidates(tuple, &right.1) {
                seen += 1;
                if seen > PAIRS {
                    return Ok(too_large());
                }
                let both = paired(tuple, candidate);
                let truth = self.join_condition(&sources, &both, left.0.len(), on)?;
                if let Some(presence) = both.presence.filtered(&truth) {
                    met.insert(at);
                    let certain = truth == Truth::True && candidate.presence == Presence::Certain;
                    matched |= certain;
                    unsure |= !certain;
                    tuples.push(Tuple { presence, ..both });
                }
            }
            if matches!(kind, JoinKind::Left | JoinKind::Full) && !matched {
                tuples.push(extended(tuple, &right.0, unsure, false));
            }
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            let unmet = right.1.iter().enumerate().filter(|(at, _)| !met.contains(at));
            tuples.extend(unmet.map(|(_, tuple)| extended(tuple, &left.0, false, true)));
        }
        Ok((sources.to_vec(), tuples))
    }

    fn lateral(
        &mut self,
        left: From,
        right: &TableRef,
        kind: JoinKind,
        on: Option<&Expr>,
        wanted: &Conjuncts<'_>,
    ) -> Result<From, Failure> {
        let outer: Rc<[Source]> = left.0.clone().into();
        let (mut sources, mut tuples) = (left.0, Vec::new());
        let mut right_sources = Vec::new();
        for tuple in left.1 {
            let (these, rows) = self.on(&outer, tuple.clone(), None, |this| {
                this.deeper(|this| this.item(right, wanted)).unwrap_or_else(|| Ok(too_large()))
            })?;
            let both: Rc<[Source]> = outer.iter().chain(&these).cloned().collect();
            let before = tuples.len();
            for row in rows {
                let pair = paired(&tuple, &row);
                let truth = match on {
                    Some(on) => self.on(&both, pair.clone(), None, |this| this.condition(on))?,
                    None => Truth::True,
                };
                if let Some(presence) = pair.presence.filtered(&truth) {
                    tuples.push(Tuple { presence, ..pair });
                }
            }
            if kind == JoinKind::Left && tuples.len() == before {
                tuples.push(extended(&tuple, &these, false, false));
            }
            right_sources = these;
        }
        sources.extend(right_sources);
        Ok((sources, tuples))
    }

    fn join_condition(
        &mut self,
        sources: &Rc<[Source]>,
        pair: &Tuple,
        left: usize,
        on: &JoinOn,
    ) -> Result<Truth, Failure> {
        let columns = match on {
            JoinOn::None => return Ok(Truth::True),
            JoinOn::Expr(on) => return self.on(sources, pair.clone(), None, |this| this.condition(on)),
            JoinOn::Using(columns) => columns.clone(),
            JoinOn::Natural => shared_columns(sources, left),
        };
        let value = |sources: &[Source], parts: &[Rc<[Value]>], name: &str| {
            sources.iter().zip(parts).find_map(|(source, part)| {
                let at = source.columns.iter().position(|column| column == name)?;
                part.get(at).cloned()
            })
        };
        let names = self.names();
        let (left_sources, right_sources) = sources.split_at(left.min(sources.len()));
        let (left_parts, right_parts) = pair.parts.split_at(left.min(pair.parts.len()));
        let different = columns.iter().map(|column| {
            let a = value(left_sources, left_parts, column).unwrap_or_else(|| Value::unknown("a joined column"));
            let b = value(right_sources, right_parts, column).unwrap_or_else(|| Value::unknown("a joined column"));
            super::compare::equal(&a, &b, names).not()
        });
        Ok(any(different).not())
    }
}

fn shared_columns(sources: &[Source], left: usize) -> Vec<String> {
    let (left, right) = sources.split_at(left.min(sources.len()));
    let names = left.iter().flat_map(|source| source.columns.iter());
    let shared = names.filter(|name| right.iter().any(|source| source.columns.contains(name)));
    shared.cloned().collect()
}

fn too_large() -> From {
    sourced(Rows::unknown("a query too large to follow"), None, "")
}

fn is_lateral(item: &TableRef) -> bool {
    match item {
        TableRef::Function { .. } => true,
        TableRef::Query { lateral, .. } => *lateral,
        _ => false,
    }
}

fn paired(left: &Tuple, right: &Tuple) -> Tuple {
    let parts = left.parts.iter().chain(&right.parts).cloned().collect();
    Tuple { parts, presence: left.presence.max(right.presence) }
}

/// A row that met no other, padded with nulls.
fn extended(tuple: &Tuple, missing: &[Source], unsure: bool, before: bool) -> Tuple {
    let nulls = missing.iter().map(|source| vec![Value::Null; source.columns.len()].into());
    let parts = if before {
        nulls.chain(tuple.parts.iter().cloned()).collect()
    } else {
        tuple.parts.iter().cloned().chain(nulls).collect()
    };
    let presence = if unsure { tuple.presence.max(Presence::Maybe) } else { tuple.presence };
    Tuple { parts, presence }
}

fn single(rows: Rows, called: &str) -> (Source, Vec<Tuple>) {
    let (mut sources, tuples) = sourced(rows, None, called);
    let source = sources.pop().unwrap_or_else(|| Source { alias: String::new(), columns: Rc::from([]), wild: None });
    (source, tuples)
}

fn sourced(rows: Rows, alias: Option<&Alias>, called: &str) -> From {
    let columns = rows.columns.into();
    let source = Source { alias: called.to_owned(), columns, wild: rows.wild };
    let source = if let Some(alias) = alias { renamed(source, alias) } else { source };
    let tuples = rows.rows.into_iter().map(|(row, presence)| Tuple { parts: vec![row.into()], presence });
    (vec![source], tuples.collect())
}

fn renamed(source: Source, alias: &Alias) -> Source {
    let mut columns = source.columns.to_vec();
    for (column, name) in columns.iter_mut().zip(&alias.columns) {
        column.clone_from(name);
    }
    Source { alias: alias.name.clone(), columns: columns.into(), ..source }
}
