//! `FROM`: relations, functions, joins, and what of `WHERE` can narrow them down before rows are built.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::expr::{Evaluator, any};
use super::query::{Rows, numbered};
use super::relations::{self, Hint};
use super::row::{Presence, Source, Tuple};
use super::value::{Truth, Value};
use crate::migrations::host::Failure;
use crate::sql::ast::{Alias, Expr, ExprKind, InSet, JoinKind, JoinOn, Name, TableRef};

/// Functions of several rows that are followed.
pub(super) const SET_RETURNING: &[&str] =
    &["unnest", "generate_series", "regexp_split_to_table", "string_to_table", "generate_subscripts"];

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

/// The rows of a known set-returning function.
fn set_of(name: &str, args: &[Value]) -> Rows {
    let certain = |values: Vec<Value>| Rows {
        columns: vec![name.to_owned()],
        rows: values.into_iter().map(|value| (vec![value], Presence::Certain)).collect(),
        wild: None,
        doubt: None,
    };
    match (name, args) {
        ("unnest", [Value::Array(items)]) => certain(items.clone()),
        ("unnest", [Value::Null]) => certain(Vec::new()),
        ("unnest", [_, _, ..]) => zipped(args),
        ("generate_series", [Value::Int(low), Value::Int(high)]) if high.saturating_sub(*low) < 10_000 => {
            certain((*low..=*high).map(Value::Int).collect())
        }
        ("generate_subscripts", [Value::Array(items), Value::Int(1)]) => {
            certain((1..=super::function::count(items.len())).map(Value::Int).collect())
        }
        ("string_to_table", [Value::Text(text), Value::Text(delimiter)]) if !delimiter.is_empty() => {
            certain(text.split(delimiter.as_str()).map(Value::text).collect())
        }
        ("regexp_split_to_table", [Value::Text(text), Value::Text(pattern)])
            if pattern.chars().all(|c| c.is_alphanumeric() || matches!(c, ',' | ' ' | ';' | '-' | '_')) =>
        {
            certain(text.split(pattern.as_str()).map(Value::text).collect())
        }
        _ => {
            let why =
                args.iter().find_map(Value::doubt).map_or_else(|| format!("rows of `{name}`").into(), |why| why.reason);
            let unknown = Value::unknown(why);
            Rows { columns: vec![name.to_owned()], rows: vec![(vec![unknown], Presence::Any)], wild: None, doubt: None }
        }
    }
}

fn zipped(args: &[Value]) -> Rows {
    let arrays: Option<Vec<&Vec<Value>>> =
        args.iter().map(|arg| if let Value::Array(items) = arg { Some(items) } else { None }).collect();
    let Some(arrays) = arrays else { return Rows::unknown("`unnest` of several arrays") };
    let longest = arrays.iter().map(|items| items.len()).max().unwrap_or(0);
    let row = |at: usize| arrays.iter().map(|items| items.get(at).cloned().unwrap_or(Value::Null)).collect();
    Rows {
        columns: vec!["unnest".to_owned(); arrays.len()],
        rows: (0..longest).map(|at| (row(at), Presence::Certain)).collect(),
        wild: None,
        doubt: None,
    }
}

/// `column = value`, `column IN (…)`, `column = ANY (array)`.
fn equality(expr: &Expr) -> Option<(&[String], Vec<&Expr>)> {
    let column = |expr: &'_ Expr| -> bool { matches!(expr.kind, ExprKind::Column(_)) };
    let (subject, values) = match &expr.kind {
        ExprKind::Binary { op, left, right } if op == "=" && column(left) => (left, vec![&**right]),
        ExprKind::Binary { op, left, right } if op == "=" && column(right) => (right, vec![&**left]),
        ExprKind::In { expr, set: InSet::List(items), negated: false } => (expr, items.iter().collect()),
        ExprKind::Quantified { left, op, all: false, right } if op == "=" => (left, vec![&**right]),
        _ => return None,
    };
    match &subject.kind {
        ExprKind::Column(parts) => Some((parts, values)),
        _ => None,
    }
}

/// Right-hand rows by the value of one column that the left must equal.
struct Index {
    left: Option<(usize, usize)>,
    by_key: BTreeMap<String, Vec<usize>>,
    always: Vec<usize>,
    all: bool,
}

impl Index {
    fn new(left: &[Source], right: &From, equalities: &[&Expr]) -> Self {
        let mut index = Self { left: None, by_key: BTreeMap::new(), always: Vec::new(), all: true };
        let place = |sources: &[Source], expr: &Expr| -> Option<(usize, usize)> {
            let ExprKind::Column(parts) = &expr.kind else { return None };
            let [alias, column] = parts.as_slice() else { return None };
            let at = sources.iter().position(|source| source.alias == *alias)?;
            Some((at, sources.get(at)?.columns.iter().position(|name| name == column)?))
        };
        let found = equalities.iter().find_map(|expr| {
            let ExprKind::Binary { op, left: a, right: b } = &expr.kind else { return None };
            let pair = |a: &Expr, b: &Expr| Some((place(left, a)?, place(&right.0, b)?));
            if op == "=" { pair(a, b).or_else(|| pair(b, a)) } else { None }
        });
        let Some((on_left, on_right)) = found else { return index };
        for (at, tuple) in right.1.iter().enumerate() {
            match key(tuple, on_right) {
                Some(key) => index.by_key.entry(key).or_default().push(at),
                None => index.always.push(at),
            }
        }
        index.left = Some(on_left);
        index.all = false;
        index
    }

    fn candidates<'t>(&self, tuple: &Tuple, right: &'t [Tuple]) -> Vec<(usize, &'t Tuple)> {
        let wanted = self.left.filter(|_| !self.all).and_then(|place| key(tuple, place));
        let Some(wanted) = wanted else { return right.iter().enumerate().collect() };
        let keyed = self.by_key.get(&wanted).into_iter().flatten();
        keyed.chain(&self.always).filter_map(|at| Some((*at, right.get(*at)?))).collect()
    }
}

/// Equal values have equal keys; a value that may equal several has none.
fn key(tuple: &Tuple, (part, column): (usize, usize)) -> Option<String> {
    match tuple.parts.get(part)?.get(column)? {
        Value::Object(object) => Some(format!("{:?}", object.id)),
        Value::Text(text) => Some(format!("={text}")),
        Value::Int(number) => Some(format!("={number}")),
        _ => None,
    }
}
