//! Comparisons, `IS` tests and `ANY`/`ALL` over arrays.

use super::Eval;
use super::arena::Nulls;
use crate::predicate::formula::{CmpOp, Deps, Node, Point, Tri};
use crate::predicate::ty::{Const, Ty};
use crate::predicate::value::{Term, Value};

impl Eval<'_> {
    /// `left op right` as a truth value.
    pub(super) fn compare(&mut self, op: CmpOp, left: &Value, right: &Value) -> Node {
        match (left, right) {
            (Value::Choice(options), _) => self.each(options, |eval, value| eval.compare(op, value, right)),
            (_, Value::Choice(options)) => self.each(options, |eval, value| eval.compare(op, left, value)),
            (Value::Null, _) | (_, Value::Null) => self.formulas.tri(Tri::Null),
            (Value::Row(left), Value::Row(right)) => self.compare_rows(op, left, right),
            (Value::Row(_), _) | (_, Value::Row(_)) => {
                let deps = self.deps_of(left).union(self.deps_of(right));
                self.three_valued(deps)
            }
            _ if self.are_truths(left, right) => self.compare_truths(op, left, right),
            _ if left == right => {
                let (null, same) = (self.null(left), self.formulas.bool(op.holds(std::cmp::Ordering::Equal)));
                self.formulas.null_if(null, same)
            }
            (Value::Const(left), Value::Const(right)) => self.compare_constants(op, left, right),
            (Value::Term(term), Value::Const(constant)) => self.compare_constant(op, *term, constant),
            (Value::Const(constant), Value::Term(term)) => self.compare_constant(op.flip(), *term, constant),
            (Value::Claims { .. }, Value::Const(constant)) | (Value::Const(constant), Value::Claims { .. })
                if constant.text.is_empty() && matches!(op, CmpOp::Eq | CmpOp::Ne) =>
            {
                self.formulas.bool(op == CmpOp::Ne)
            }
            _ => self.compare_unknowns(op, left, right),
        }
    }

    /// The truth of a choice: that of the alternative whose guard holds.
    pub(super) fn each(&mut self, options: &[(Node, Value)], mut test: impl FnMut(&mut Self, &Value) -> Node) -> Node {
        let mut parts = Vec::new();
        for (guard, value) in options {
            let truth = test(self, value);
            parts.push(self.formulas.and([*guard, truth]));
        }
        self.formulas.or(parts)
    }

    fn compare_rows(&mut self, op: CmpOp, left: &[Value], right: &[Value]) -> Node {
        if left.len() != right.len() || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
            let deps = self.deps_of_all(left).union(self.deps_of_all(right));
            return self.three_valued(deps);
        }
        let parts: Vec<Node> = left.iter().zip(right).map(|(left, right)| self.compare(op, left, right)).collect();
        if op == CmpOp::Eq { self.formulas.and(parts) } else { self.formulas.or(parts) }
    }

    fn are_truths(&self, left: &Value, right: &Value) -> bool {
        let ty = |value: &Value| self.ty_of(value);
        let fits = |value: &Value| match value {
            Value::Bool(_) | Value::Term(_) => true,
            Value::Const(constant) => crate::predicate::ty::boolean(&constant.text).is_some(),
            _ => false,
        };
        (ty(left) == Ty::Bool || ty(right) == Ty::Bool) && fits(left) && fits(right)
    }

    fn compare_truths(&mut self, op: CmpOp, left: &Value, right: &Value) -> Node {
        let (a, b) = (self.truth(left), self.truth(right));
        if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
            let null = self.any_null(&[left.clone(), right.clone()]);
            let deps = self.deps_of(left).union(self.deps_of(right));
            let fresh = self.formulas.fresh(deps);
            return self.formulas.null_if(null, fresh);
        }
        let (not_a, not_b) = (self.formulas.not(a), self.formulas.not(b));
        let (both, neither) = (self.formulas.and([a, b]), self.formulas.and([not_a, not_b]));
        let same = self.formulas.or([both, neither]);
        if op == CmpOp::Eq { same } else { self.formulas.not(same) }
    }

    fn compare_constants(&mut self, op: CmpOp, left: &Const, right: &Const) -> Node {
        let ty = match (&left.ty, &right.ty) {
            (Ty::Literal, other) => other.clone(),
            (other, Ty::Literal) => other.clone(),
            (Ty::Int, other) if other.is_number() => other.clone(),
            (one, _) => one.clone(),
        };
        let equality = matches!(op, CmpOp::Eq | CmpOp::Ne);
        match (left.point(&ty), right.point(&ty)) {
            (Some(a), Some(b)) if a == b || equality || matches!(a, Point::Number(_)) => {
                self.formulas.bool(op.holds(a.cmp(&b)))
            }
            _ => {
                let (left, right) = (Value::Const(left.clone()), Value::Const(right.clone()));
                self.compare_unknowns(op, &left, &right)
            }
        }
    }

    fn compare_constant(&mut self, op: CmpOp, term: Term, constant: &Const) -> Node {
        let Some(info) = self.info(term).cloned() else { return self.three_valued(Deps::default()) };
        let in_cells = info.ty.is_number() || matches!(op, CmpOp::Eq | CmpOp::Ne);
        let point = constant.point(&info.ty).filter(|_| in_cells);
        match (point, self.cell(term)) {
            (Some(point), Some(var)) => {
                let test = self.formulas.cell(var, op, point);
                self.formulas.null_if(info.null, test)
            }
            _ => self.compare_unknowns(op, &Value::Term(term), &Value::Const(constant.clone())),
        }
    }

    fn compare_unknowns(&mut self, op: CmpOp, left: &Value, right: &Value) -> Node {
        let (left, right, op) = if left <= right { (left, right, op) } else { (right, left, op.flip()) };
        let null = self.any_null(&[left.clone(), right.clone()]);
        let var = self.ordering(left, right);
        let test = self.formulas.order(var, op);
        self.formulas.null_if(null, test)
    }

    /// `left IS DISTINCT FROM right`.
    pub(super) fn distinct(&mut self, left: &Value, right: &Value) -> Node {
        if let (Value::Row(a), Value::Row(b)) = (left, right)
            && a.len() == b.len()
        {
            let parts: Vec<Node> = a.iter().zip(b).map(|(a, b)| self.distinct(a, b)).collect();
            return self.formulas.or(parts);
        }
        let (a, b) = (self.null(left), self.null(right));
        let (both, either) = (self.formulas.and([a, b]), self.formulas.or([a, b]));
        let differ = self.compare(CmpOp::Ne, left, right);
        let differ = self.formulas.is(differ, Tri::True);
        let (yes, no) = (self.formulas.bool(true), self.formulas.bool(false));
        let some_null = self.formulas.ite(either, yes, differ);
        self.formulas.ite(both, no, some_null)
    }

    /// `value IS NULL`, or `IS NOT NULL`, which for rows is not the opposite.
    pub(super) fn is_null(&mut self, value: &Value, negated: bool) -> Node {
        match value {
            Value::Row(fields) => {
                let nulls: Vec<Node> = fields.iter().map(|field| self.null(field)).collect();
                if !negated {
                    return self.formulas.and(nulls);
                }
                let present: Vec<Node> = nulls.into_iter().map(|null| self.formulas.not(null)).collect();
                self.formulas.and(present)
            }
            Value::Choice(options) => self.each(options, |eval, value| eval.is_null(value, negated)),
            Value::Term(term) if self.info(*term).is_some_and(|info| info.ty.may_be_row()) => {
                let null = self.null(value);
                let op = if negated { "is not null" } else { "is null" };
                let fields = self.apply(op, vec![value.clone()], Ty::Bool, Nulls::Never);
                let fields = self.truth(&fields);
                if !negated {
                    return self.formulas.or([null, fields]);
                }
                let present = self.formulas.not(null);
                self.formulas.and([present, fields])
            }
            _ => {
                let null = self.null(value);
                if negated { self.formulas.not(null) } else { null }
            }
        }
    }

    /// `left op ANY (right)` or `ALL`, for an array.
    pub(super) fn quantified(&mut self, left: &Value, op: &str, all: bool, right: &Value) -> Node {
        match right {
            Value::Choice(options) => self.each(options, |eval, value| eval.quantified(left, op, all, value)),
            Value::Null => self.formulas.tri(Tri::Null),
            Value::Array(elements) => {
                let parts: Vec<Node> = elements.iter().map(|element| self.operate(op, left, element)).collect();
                if all { self.formulas.and(parts) } else { self.formulas.or(parts) }
            }
            Value::Const(constant) => match array_literal(constant) {
                Some(elements) => self.quantified(left, op, all, &Value::Array(elements)),
                None => self.quantified_unknown(left, op, all, right),
            },
            _ => self.quantified_unknown(left, op, all, right),
        }
    }

    /// Over an array that is not known: NULL on the left can still meet an empty one.
    fn quantified_unknown(&mut self, left: &Value, op: &str, all: bool, right: &Value) -> Node {
        let name = format!("{op} {}", if all { "all" } else { "any" });
        let result = self.apply(&name, vec![left.clone(), right.clone()], Ty::Bool, Nulls::Maybe);
        let result = self.truth(&result);
        let (left_null, right_null) = (self.null(left), self.null(right));
        let result = self.bounded(result, left_null, all);
        self.formulas.null_if(right_null, result)
    }

    /// `result` of an `ANY` (or `ALL`) that cannot be true (or false) where `null` holds.
    pub(super) fn bounded(&mut self, result: Node, null: Node, all: bool) -> Node {
        let neutral = self.formulas.bool(!all);
        let guard = self.formulas.null_if(null, neutral);
        if all { self.formulas.or([result, guard]) } else { self.formulas.and([result, guard]) }
    }

    /// A binary operator whose result is a truth value.
    pub(super) fn operate(&mut self, op: &str, left: &Value, right: &Value) -> Node {
        match CmpOp::parse(op) {
            Some(op) => self.compare(op, left, right),
            None => {
                let value = self.apply(op, vec![left.clone(), right.clone()], Ty::Bool, Nulls::StrictMaybe);
                self.truth(&value)
            }
        }
    }
}

/// The elements of `'{a,b}'`, where they are plain words.
fn array_literal(constant: &Const) -> Option<Vec<Value>> {
    let ty = match &constant.ty {
        Ty::Array(element) => (**element).clone(),
        Ty::Literal => Ty::Literal,
        _ => return None,
    };
    let inner = constant.text.trim().strip_prefix('{')?.strip_suffix('}')?;
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    inner.split(',').map(|element| element_value(element.trim(), &ty)).collect()
}

fn element_value(element: &str, ty: &Ty) -> Option<Value> {
    let (text, quoted) = match element.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(text) => (text, true),
        None => (element, false),
    };
    if text.contains(['"', '\\', '{', '}']) || (text.is_empty() && !quoted) {
        return None;
    }
    if !quoted && text.eq_ignore_ascii_case("null") {
        return Some(Value::Null);
    }
    Some(Value::Const(Const { ty: ty.clone(), text: text.to_owned() }))
}
