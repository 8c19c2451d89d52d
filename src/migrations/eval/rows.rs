//! Results of queries, and what a row's columns are called.

use std::rc::Rc;
use std::sync::Arc;

use super::row::{Presence, Source, Tuple};
use super::scalar::count;
use super::value::Value;
use crate::sql::ast::{Expr, ExprKind, Name, SelectItem, SetOp};

/// The result of a query.
#[derive(Debug, Clone, Default)]
pub(in crate::migrations) struct Rows {
    /// Column names.
    pub(in crate::migrations) columns: Vec<String>,
    /// Rows, and how sure each is.
    pub(in crate::migrations) rows: Vec<(Vec<Value>, Presence)>,
    /// There are columns that are not listed, unknown because of this.
    pub(in crate::migrations) wild: Option<Arc<str>>,
    /// Why it is not sure which rows there are.
    pub(in crate::migrations) doubt: Option<Arc<str>>,
}

impl Rows {
    /// Any number of rows of which nothing is known.
    pub(super) fn unknown(reason: impl Into<Arc<str>>) -> Self {
        Self { columns: Vec::new(), rows: vec![(Vec::new(), Presence::Any)], wild: Some(reason.into()), doubt: None }
    }

    /// A row as a record.
    pub(in crate::migrations) fn record(&self, row: &[Value]) -> Value {
        match (&self.wild, self.columns.is_empty()) {
            (Some(reason), true) => Value::unknown(Arc::clone(reason)),
            _ => Value::Record(self.columns.iter().cloned().zip(row.iter().cloned()).collect()),
        }
    }

    pub(super) fn keep_distinct(&mut self) {
        let mut kept: Vec<(Vec<Value>, Presence)> = Vec::new();
        for (row, presence) in self.rows.drain(..) {
            match kept.iter_mut().find(|(other, _)| *other == row) {
                Some((_, other)) => *other = (*other).min(presence),
                None => kept.push((row, presence)),
            }
        }
        self.rows = kept;
    }
}

/// The rows that pass a condition, and why some of them may not.
pub(super) type Filtered = (Vec<Tuple>, Option<Arc<str>>);

/// Why a row that is not certain is not.
pub(super) fn doubt_about(tuple: &Tuple, sources: &[Source]) -> Option<Arc<str>> {
    if tuple.presence == Presence::Certain {
        return None;
    }
    let value = tuple.parts.iter().flat_map(|part| part.iter()).find_map(Value::doubt);
    let hidden = || sources.iter().filter(|source| source.columns.is_empty()).find_map(|source| source.wild.clone());
    let name = || {
        let part = tuple.parts.iter().flat_map(|part| part.iter());
        let names: Vec<&str> =
            part.filter_map(|v| if let Value::Text(text) = v { Some(text.as_str()) } else { None }).collect();
        (!names.is_empty())
            .then(|| format!("whether `{}` is there", names.into_iter().take(3).collect::<Vec<_>>().join(" ")).into())
    };
    let value = || value.map(|why| why.reason);
    match tuple.presence {
        Presence::Given | Presence::Maybe => hidden().or_else(name).or_else(value),
        _ => hidden().or_else(value).or_else(name),
    }
}

pub(super) fn doubt_in(rows: &Rows) -> Arc<str> {
    if let Some(doubt) = &rows.doubt {
        return Arc::clone(doubt);
    }
    let doubt = rows.rows.iter().flat_map(|(row, _)| row).find_map(Value::doubt);
    let doubt = doubt.map(|why| why.reason).or_else(|| rows.wild.clone());
    doubt.unwrap_or_else(|| "rows that may not be there".into())
}

pub(super) fn set_operation(op: SetOp, all: bool, mut left: Rows, right: Rows) -> Rows {
    match op {
        SetOp::Union => {
            left.rows.extend(right.rows);
            left.wild = left.wild.or(right.wild);
            if !all {
                left.keep_distinct();
            }
        }
        SetOp::Intersect | SetOp::Except => {
            let known = |rows: &Rows| {
                rows.wild.is_none()
                    && rows.rows.iter().all(|(row, sure)| {
                        *sure == Presence::Certain && row.iter().all(|value| value.doubt().is_none())
                    })
            };
            if known(&left) && known(&right) {
                let wanted = op == SetOp::Intersect;
                left.rows.retain(|(row, _)| right.rows.iter().any(|(other, _)| other == row) == wanted);
            } else {
                left.rows.iter_mut().for_each(|(_, presence)| *presence = (*presence).max(Presence::Maybe));
            }
        }
    }
    left
}

pub(super) fn star<'a>(
    of: Option<&'a Name>,
    sources: &'a [Source],
    parts: &'a [Rc<[Value]>],
) -> impl Iterator<Item = Value> + 'a {
    let wanted = move |source: &Source| of.is_none_or(|name| source.alias == name.name);
    let selected = sources.iter().zip(parts).filter(move |(source, _)| wanted(source));
    selected.flat_map(|(_, part)| part.iter().cloned())
}

/// Output column names.
pub(super) fn header(columns: &[SelectItem], sources: &[Source]) -> Rows {
    let mut rows = Rows::default();
    for item in columns {
        match &item.expr.kind {
            ExprKind::Star(of) => {
                for source in sources.iter().filter(|s| of.as_ref().is_none_or(|name| s.alias == name.name)) {
                    rows.columns.extend(source.columns.iter().cloned());
                    rows.wild = rows.wild.or_else(|| source.wild.clone());
                }
            }
            _ => rows.columns.push(item.alias.clone().unwrap_or_else(|| output_name(&item.expr))),
        }
    }
    rows
}

fn output_name(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Column(parts) => parts.last().cloned().unwrap_or_default(),
        ExprKind::Call(call) => call.name.name.clone(),
        ExprKind::Cast { expr, ty } => match output_name(expr) {
            unnamed if unnamed == "?column?" => ty.name.name.clone(),
            named => named,
        },
        ExprKind::Field { field, .. } => field.clone(),
        ExprKind::Exists(_) => "exists".to_owned(),
        ExprKind::Case { .. } => "case".to_owned(),
        ExprKind::Array(_) | ExprKind::ArrayQuery(_) => "array".to_owned(),
        ExprKind::Keyword(word) => (*word).to_owned(),
        _ => "?column?".to_owned(),
    }
}

/// Numbers rows from 1, for `WITH ORDINALITY`.
pub(super) fn numbered(rows: &mut Rows) {
    rows.columns.push("ordinality".to_owned());
    for (at, (row, _)) in rows.rows.iter_mut().enumerate() {
        row.push(Value::Int(count(at + 1)));
    }
}
