//! Aggregates over rows that may not all be there.

use std::rc::Rc;
use std::sync::Arc;

use super::expr::Evaluator;
use super::operators::any;
use super::row::{Presence, Tuple};
use super::rows::doubt_about;
use super::scalar::count;
use super::value::{Piece, Truth, Unknown, Value};
use crate::migrations::host::Failure;
use crate::sql::ast::{Call, Expr, ExprKind};

const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "bool_or",
    "bool_and",
    "every",
    "string_agg",
    "array_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
];

/// `expr` calls an aggregate outside subqueries.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => is_aggregate(call) || call.args.iter().any(|arg| has_aggregate(&arg.value)),
        ExprKind::Cast { expr, .. } | ExprKind::Not(expr) | ExprKind::Is { expr, .. } | ExprKind::In { expr, .. } => {
            has_aggregate(expr)
        }
        ExprKind::Binary { left, right, .. } | ExprKind::Quantified { left, right, .. } => {
            has_aggregate(left) || has_aggregate(right)
        }
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().any(has_aggregate),
        ExprKind::Case { whens, otherwise, .. } => {
            whens.iter().any(|(when, then)| has_aggregate(when) || has_aggregate(then))
                || otherwise.as_ref().is_some_and(|otherwise| has_aggregate(otherwise))
        }
        _ => false,
    }
}

fn is_aggregate(call: &Call) -> bool {
    !call.over && call.name.schema.is_none() && AGGREGATES.contains(&call.name.name.as_str())
}

/// The values an aggregate ranges over.
struct Inputs {
    values: Vec<Value>,
    /// The separator of `string_agg`.
    second: Value,
    /// Why rows may not be there, or be left out by the filter.
    unsure: Option<Arc<str>>,
}

impl Evaluator<'_> {
    /// The value of an aggregate call; `None` where `call` is none.
    pub(super) fn aggregate(&mut self, call: &Call) -> Result<Option<Value>, Failure> {
        if !is_aggregate(call) {
            return Ok(None);
        }
        let Some(frame) = self.frames.last() else { return Ok(None) };
        let Some(group) = frame.group.clone() else { return Ok(None) };
        let inputs = self.inputs(call, &group)?;
        Ok(Some(compute(call.name.name.as_str(), inputs)))
    }

    fn inputs(&mut self, call: &Call, group: &Rc<[Tuple]>) -> Result<Inputs, Failure> {
        let mut inputs = Inputs { values: Vec::new(), second: Value::Null, unsure: None };
        let Some(outer) = self.frames.last().cloned() else { return Ok(inputs) };
        for tuple in group.iter() {
            if let Some(frame) = self.frames.last_mut() {
                frame.tuple = tuple.clone();
                frame.group = None;
            }
            let kept = match &call.filter {
                Some(filter) => tuple.presence.filtered(&self.condition(filter)?),
                None => Some(tuple.presence),
            };
            let Some(presence) = kept else { continue };
            let value = call.args.first().map(|arg| self.eval(&arg.value)).transpose()?;
            if let Some(second) = call.args.get(1) {
                inputs.second = self.eval(&second.value)?;
            }
            match value {
                Some(Value::Null) if call.name.name != "array_agg" => {}
                value => {
                    if presence != Presence::Certain && inputs.unsure.is_none() {
                        let why = doubt_about(&Tuple { presence, ..tuple.clone() }, &outer.sources);
                        inputs.unsure = Some(why.unwrap_or_else(|| "rows that may not be there".into()));
                    }
                    inputs.values.push(value.unwrap_or(Value::Bool(true)));
                }
            }
        }
        if call.distinct {
            dedup(&mut inputs.values);
        }
        if let Some(frame) = self.frames.last_mut() {
            *frame = outer;
        }
        Ok(inputs)
    }
}

fn dedup(values: &mut Vec<Value>) {
    let mut seen: Vec<Value> = Vec::new();
    for value in values.drain(..) {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    *values = seen;
}

fn compute(name: &str, inputs: Inputs) -> Value {
    let Inputs { values, second, unsure } = inputs;
    let boolean = |truth: Truth| if values.is_empty() { Value::Null } else { truth.value() };
    if let Some(reason) = unsure {
        return Value::unknown(reason);
    }
    match name {
        "count" => Value::Int(count(values.len())),
        "bool_or" => boolean(any(values.iter().map(Value::truth))),
        "bool_and" | "every" => boolean(any(values.iter().map(|value| value.truth().not())).not()),
        "array_agg" if values.is_empty() => Value::Null,
        "array_agg" => Value::Array(values),
        "string_agg" if values.is_empty() => Value::Null,
        "string_agg" => string_agg(&values, &second),
        "min" | "max" | "sum" => integers(name, &values),
        _ => Value::unknown(format!("`{name}`")),
    }
}

fn string_agg(values: &[Value], separator: &Value) -> Value {
    let mut pieces: Vec<Piece> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            pieces.extend(separator.pieces().unwrap_or_default());
        }
        pieces.extend(value.pieces().unwrap_or_default());
    }
    Value::from_pieces(pieces)
}

fn integers(name: &str, values: &[Value]) -> Value {
    if values.is_empty() {
        return Value::Null;
    }
    let numbers: Option<Vec<i64>> =
        values.iter().map(|value| if let Value::Int(number) = value { Some(*number) } else { None }).collect();
    let result = numbers.and_then(|numbers| match name {
        "min" => numbers.iter().min().copied(),
        "max" => numbers.iter().max().copied(),
        _ => numbers.iter().try_fold(0_i64, |sum, number| sum.checked_add(*number)),
    });
    let why = || values.iter().find_map(Value::doubt).unwrap_or_else(|| Unknown::new(format!("`{name}`")));
    result.map_or_else(|| Value::Unknown(why()), Value::Int)
}
