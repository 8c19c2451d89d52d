//! The plain parts of a condition, decided without CEL: connectives over flags, and names compared with literals. Most
//! rules pass over most subjects on such a part.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators as op};

use super::schema::Target;
use super::typing::segments;
use super::value::Value;

/// A condition as far as it is plain.
#[derive(Debug, Clone)]
pub(super) enum Quick {
    /// Not plain: CEL must say.
    Ask,
    Const(bool),
    /// A flag, by its position among the target's fields.
    Flag(usize),
    /// A text is one of these.
    OneOf(usize, Vec<String>),
    /// A list or text is empty.
    Empty(usize),
    Not(Box<Quick>),
    And(Vec<Quick>),
    Or(Vec<Quick>),
}

impl Quick {
    pub(super) fn of(expr: &IdedExpr, target: &Target) -> Self {
        match &expr.expr {
            Expr::Literal(LiteralValue::Boolean(truth)) => Self::Const(*truth.inner()),
            Expr::Select(_) => field(expr, target).map_or(Self::Ask, Self::Flag),
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (op::LOGICAL_AND, [a, b]) => Self::And(vec![Self::of(a, target), Self::of(b, target)]),
                (op::LOGICAL_OR, [a, b]) => Self::Or(vec![Self::of(a, target), Self::of(b, target)]),
                (op::LOGICAL_NOT, [a]) => Self::not(Self::of(a, target)),
                (op::EQUALS, [a, b]) => equals(a, b, target),
                (op::NOT_EQUALS, [a, b]) => Self::not(equals(a, b, target)),
                (op::IN, [item, list]) => one_of(item, list, target),
                _ => Self::Ask,
            },
            _ => Self::Ask,
        }
    }

    fn not(inner: Self) -> Self {
        Self::Not(Box::new(inner))
    }

    /// What it comes to, where its plain parts decide; `value` gives known fields.
    pub(super) fn decide<'v>(&self, value: &dyn Fn(usize) -> Option<&'v Value>) -> Option<bool> {
        match self {
            Self::Ask => None,
            Self::Const(truth) => Some(*truth),
            Self::Flag(field) => match value(*field)? {
                Value::Bool(truth) => Some(*truth.inner()),
                _ => None,
            },
            Self::OneOf(field, words) => match value(*field)? {
                Value::Text(text) => Some(words.iter().any(|word| word == text.inner())),
                _ => None,
            },
            Self::Empty(field) => match value(*field)? {
                Value::Text(text) => Some(text.inner().is_empty()),
                Value::Texts(list) => Some(list.inner().is_empty()),
                _ => None,
            },
            Self::Not(inner) => inner.decide(value).map(|truth| !truth),
            Self::And(parts) => junction(parts, false, value),
            Self::Or(parts) => junction(parts, true, value),
        }
    }
}

fn junction<'v>(parts: &[Quick], absorbing: bool, value: &dyn Fn(usize) -> Option<&'v Value>) -> Option<bool> {
    let mut all = Some(!absorbing);
    for part in parts {
        match part.decide(value) {
            Some(truth) if truth == absorbing => return Some(absorbing),
            Some(_) => {}
            None => all = None,
        }
    }
    all
}

fn equals(a: &IdedExpr, b: &IdedExpr, target: &Target) -> Quick {
    if let (Some(field), Some(word)) = (field(a, target), text(b)) {
        return Quick::OneOf(field, vec![word]);
    }
    match (&a.expr, &b.expr) {
        (Expr::Call(call), Expr::Literal(LiteralValue::Int(zero))) if *zero.inner() == 0 => {
            match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
                ("size", None, [arg]) => field(arg, target).map_or(Quick::Ask, Quick::Empty),
                _ => Quick::Ask,
            }
        }
        _ => Quick::Ask,
    }
}

fn one_of(item: &IdedExpr, list: &IdedExpr, target: &Target) -> Quick {
    let (Some(field), Expr::List(list)) = (field(item, target), &list.expr) else { return Quick::Ask };
    let words: Option<Vec<String>> = list.elements.iter().map(text).collect();
    words.map_or(Quick::Ask, |words| Quick::OneOf(field, words))
}

fn field(expr: &IdedExpr, target: &Target) -> Option<usize> {
    let (root, path) = segments(&expr.expr)?;
    (root == target.name).then(|| target.position(&path)).flatten()
}

fn text(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        _ => None,
    }
}
