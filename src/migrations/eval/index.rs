//! What joins and conditions demand of columns, so that rows that cannot match are not paired.

use std::collections::BTreeMap;

use super::row::{Source, Tuple};
use super::value::Value;
use crate::sql::ast::{Expr, ExprKind, InSet};

/// `column = value`, `column IN (…)`, `column = ANY (array)`.
pub(super) fn equality(expr: &Expr) -> Option<(&[String], Vec<&Expr>)> {
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
pub(super) struct Index {
    left: Option<(usize, usize)>,
    by_key: BTreeMap<String, Vec<usize>>,
    always: Vec<usize>,
    all: bool,
}

impl Index {
    pub(super) fn new(left: &[Source], right: &(Vec<Source>, Vec<Tuple>), equalities: &[&Expr]) -> Self {
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

    pub(super) fn candidates<'t>(&self, tuple: &Tuple, right: &'t [Tuple]) -> Vec<(usize, &'t Tuple)> {
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
