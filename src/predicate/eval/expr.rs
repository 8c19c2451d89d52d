//! Expressions.

use super::arena::Nulls;
use super::{Eval, MAX_DEPTH, Scope};
use crate::predicate::decimal::Decimal;
use crate::predicate::formula::{CmpOp, Deps, Node, Tri};
use crate::predicate::ty::{Const, Ty};
use crate::predicate::value::{TermKey, Value};
use crate::sql::ast::{Expr, ExprKind, InSet, IsTest, LikeKind};

/// Operators of PostgreSQL's own that give a truth value and are NULL exactly where an operand is.
const TESTS: [&str; 23] = [
    "~", "~*", "!~", "!~*", "~~", "~~*", "!~~", "!~~*", "@>", "<@", "&&", "?", "?|", "?&", "^@", "-|-", "&<", "&>",
    "<<=", ">>=", "~=", "<<|", "|>>",
];

impl<'a> Eval<'a> {
    /// The value of `expr`.
    pub(crate) fn eval(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        if self.depth >= MAX_DEPTH || self.work == 0 {
            return self.unknown("an expression too large to follow", &[]);
        }
        self.depth += 1;
        self.work -= 1;
        let value = self.eval_kind(expr, scope);
        self.depth -= 1;
        value
    }

    /// The truth of `expr`.
    pub(crate) fn condition(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Node {
        let value = self.eval(expr, scope);
        self.truth(&value)
    }

    /// A value nothing is known of, because of `what`.
    pub(super) fn unknown(&mut self, what: &str, args: &[Value]) -> Value {
        let deps = self.unknown_source(what).union(self.deps_of_all(args));
        self.unique(Ty::Any, deps, Nulls::Maybe)
    }

    fn eval_kind(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        match &expr.kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(truth) => Value::Bool(self.formulas.bool(*truth)),
            ExprKind::Number(text) => number(text),
            ExprKind::String(text) => Value::Const(Const { ty: Ty::Literal, text: text.clone() }),
            ExprKind::Bits(text) => Value::Const(Const { ty: Ty::Scalar("bit".to_owned()), text: text.clone() }),
            ExprKind::Param(name) => self.param(name, scope),
            ExprKind::Column(parts) => self.column(parts, scope),
            ExprKind::Keyword(word) => self.keyword(word),
            ExprKind::Call(call) => self.call(call, scope),
            ExprKind::Cast { expr, ty } => {
                let value = self.eval(expr, scope);
                let target = Ty::of_name(ty, self.analyser.catalog, &self.path);
                let of_array = matches!(expr.kind, ExprKind::Array(_));
                self.cast(value, &target, ty.modifiers.is_empty() || of_array && ty.modifiers.is_empty())
            }
            ExprKind::And(parts) => self.junction(parts, scope, true),
            ExprKind::Or(parts) => self.junction(parts, scope, false),
            ExprKind::Not(inner) => {
                let inner = self.condition(inner, scope);
                Value::Bool(self.formulas.not(inner))
            }
            ExprKind::Unary { op, expr } => self.unary(op, expr, scope),
            ExprKind::Binary { op, left, right } => {
                let (left, right) = (self.eval(left, scope), self.eval(right, scope));
                self.binary(op, left, right)
            }
            ExprKind::Is { expr, test, negated } => self.is(expr, test, *negated, scope),
            ExprKind::In { expr, set, negated } => {
                let truth = self.in_set(expr, set, scope);
                Value::Bool(if *negated { self.formulas.not(truth) } else { truth })
            }
            ExprKind::Quantified { left, op, all, right } => Value::Bool(self.quantifier(left, op, *all, right, scope)),
            ExprKind::Between { expr, low, high, symmetric, negated } => {
                let parts = [self.eval(expr, scope), self.eval(low, scope), self.eval(high, scope)];
                let truth = self.between(&parts, *symmetric);
                Value::Bool(if *negated { self.formulas.not(truth) } else { truth })
            }
            ExprKind::Like { kind, expr, pattern, escape, negated } => {
                let mut args = vec![self.eval(expr, scope), self.eval(pattern, scope)];
                args.extend(escape.as_ref().map(|escape| self.eval(escape, scope)));
                let truth = self.like(*kind, args);
                Value::Bool(if *negated { self.formulas.not(truth) } else { truth })
            }
            ExprKind::Case { operand, whens, otherwise } => {
                self.case(operand.as_deref(), whens, otherwise.as_deref(), scope)
            }
            ExprKind::Exists(query) => Value::Bool(self.exists(query, scope)),
            ExprKind::Subquery(query) => self.scalar(query, scope),
            ExprKind::ArrayQuery(query) => self.array_query(query, scope),
            ExprKind::Array(elements) => {
                Value::Array(elements.iter().map(|element| self.eval(element, scope)).collect())
            }
            ExprKind::Row(fields) => Value::Row(fields.iter().map(|field| self.eval(field, scope)).collect()),
            ExprKind::Other { text, inner } => {
                let args: Vec<Value> = inner.iter().map(|part| self.eval(part, scope)).collect();
                self.unknown(&format!("`{text}`"), &args)
            }
            _ => self.derived_value(expr, scope),
        }
    }

    /// Parts and variants of other values.
    fn derived_value(&mut self, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        match &expr.kind {
            ExprKind::Index { expr, index } => {
                let args = vec![self.eval(expr, scope), self.eval(index, scope)];
                self.apply("[]", args, Ty::Any, Nulls::StrictMaybe)
            }
            ExprKind::Slice { expr, low, high } => {
                let mut args = vec![self.eval(expr, scope)];
                args.extend(low.iter().chain(high).map(|bound| self.eval(bound, scope)));
                self.apply(&format!("[{}:{}]", low.is_some(), high.is_some()), args, Ty::Any, Nulls::StrictMaybe)
            }
            ExprKind::Field { expr, field } => {
                let value = self.eval(expr, scope);
                self.apply(&format!(".{field}"), vec![value], Ty::Any, Nulls::Maybe)
            }
            // A collation can make different strings equal.
            ExprKind::Collate { expr, collation } => {
                let value = self.eval(expr, scope);
                let ty = Ty::Scalar(format!("text collate {collation}"));
                self.apply(&format!("collate {collation}"), vec![value], ty, Nulls::Strict)
            }
            ExprKind::AtTimeZone { expr, zone } => {
                let args = vec![self.eval(expr, scope), self.eval(zone, scope)];
                self.apply("at time zone", args, Ty::Scalar("timestamp".to_owned()), Nulls::Strict)
            }
            _ => self.unknown("a construct that is no value", &[]),
        }
    }

    fn junction(&mut self, parts: &[Expr], scope: &Scope<'_, 'a>, and: bool) -> Value {
        let parts: Vec<Node> = parts.iter().map(|part| self.condition(part, scope)).collect();
        Value::Bool(if and { self.formulas.and(parts) } else { self.formulas.or(parts) })
    }

    fn keyword(&mut self, word: &str) -> Value {
        let known = match word {
            "current_user" => self.current_user.clone(),
            "session_user" => self.role.session_user.clone(),
            _ => None,
        };
        if let Some(user) = known {
            self.fact(format!("{word} is {user}"));
            return Value::text(user);
        }
        let (ty, nulls) = match word {
            "current_user" | "session_user" | "current_catalog" => (Ty::Text, Nulls::Never),
            "current_schema" | "system_user" => (Ty::Text, Nulls::Maybe),
            _ => (Ty::Scalar(word.to_owned()), Nulls::Never),
        };
        let deps = self.session(word);
        // Inside a SECURITY DEFINER function of an unknown owner the word means something else.
        let depth = if word == "current_user" { self.calls.len() } else { 0 };
        self.term(TermKey::Session(format!("{word} {depth}")), ty, deps, nulls, &[])
    }

    fn unary(&mut self, op: &str, expr: &Expr, scope: &Scope<'_, 'a>) -> Value {
        let value = self.eval(expr, scope);
        let ty = self.ty_of(&value);
        let nulls = if ty.may_be_row() { Nulls::StrictMaybe } else { Nulls::Strict };
        self.apply(op, vec![value], ty, nulls)
    }

    pub(super) fn binary(&mut self, op: &str, left: Value, right: Value) -> Value {
        if let Some(op) = CmpOp::parse(op) {
            return Value::Bool(self.compare(op, &left, &right));
        }
        match op {
            "->" | "->>" | "#>" | "#>>" => self.json_access(op, left, right),
            "||" => self.concatenate(left, right),
            "?" => self.has_key(left, right),
            _ => {
                let (ty, nulls) = self.operator_type(op, &left, &right);
                self.apply(op, vec![left, right], ty, nulls)
            }
        }
    }

    fn operator_type(&self, op: &str, left: &Value, right: &Value) -> (Ty, Nulls) {
        let (a, b) = (self.ty_of(left), self.ty_of(right));
        let known = !a.may_be_row() && !b.may_be_row();
        let nulls = if known { Nulls::Strict } else { Nulls::StrictMaybe };
        match op {
            "%" if a.is_number() => (a, nulls),
            _ if TESTS.contains(&op) => (Ty::Bool, nulls),
            "+" | "-" | "*" | "/" if a.is_number() && b.is_number() => (if a == b { a } else { Ty::Numeric }, nulls),
            "+" | "-" | "*" | "/" | "^" | "&" | "|" | "#" | "<<" | ">>" | "#-" => {
                (Ty::Scalar(format!("result of {op}")), nulls)
            }
            _ => (Ty::Any, Nulls::Maybe),
        }
    }

    /// `||`: strict for text, but an array takes NULL for nothing.
    fn concatenate(&mut self, left: Value, right: Value) -> Value {
        if let (Value::Choice(_), _) | (_, Value::Choice(_)) = (&left, &right) {
            let at = usize::from(!matches!(left, Value::Choice(_)));
            return self.spread(&[left, right], at, |eval, mut args| {
                let right = args.pop().unwrap_or(Value::Null);
                let left = args.pop().unwrap_or(Value::Null);
                eval.concatenate(left, right)
            });
        }
        if let (Value::Const(a), Value::Const(b)) = (&left, &right)
            && (a.ty.is_textual() || a.ty == Ty::Int)
            && (b.ty.is_textual() || b.ty == Ty::Int)
        {
            return Value::text(format!("{}{}", a.text, b.text));
        }
        let (a, b) = (self.ty_of(&left), self.ty_of(&right));
        let text = a == Ty::Text
            || b == Ty::Text
            || a == Ty::Literal && right == Value::Null
            || b == Ty::Literal && left == Value::Null;
        let nulls = if text { Nulls::Strict } else { Nulls::Maybe };
        self.apply("||", vec![left, right], if text { Ty::Text } else { Ty::Any }, nulls)
    }

    fn is(&mut self, expr: &Expr, test: &IsTest, negated: bool, scope: &Scope<'_, 'a>) -> Value {
        let value = self.eval(expr, scope);
        let truth = match test {
            IsTest::Null => return Value::Bool(self.is_null(&value, negated)),
            IsTest::True => self.is_truth(&value, Tri::True),
            IsTest::False => self.is_truth(&value, Tri::False),
            IsTest::Unknown => self.is_truth(&value, Tri::Null),
            IsTest::DistinctFrom(other) => {
                let other = self.eval(other, scope);
                self.distinct(&value, &other)
            }
            IsTest::Other(word) => {
                let value = self.apply(&format!("is {word}"), vec![value], Ty::Bool, Nulls::Maybe);
                self.truth(&value)
            }
        };
        Value::Bool(if negated { self.formulas.not(truth) } else { truth })
    }

    fn is_truth(&mut self, value: &Value, tri: Tri) -> Node {
        let truth = self.truth(value);
        self.formulas.is(truth, tri)
    }

    fn in_set(&mut self, expr: &Expr, set: &InSet, scope: &Scope<'_, 'a>) -> Node {
        let value = self.eval(expr, scope);
        match set {
            InSet::Query(query) => self.any_query(&value, "=", false, query, scope),
            InSet::List(items) => {
                let mut parts = Vec::new();
                for item in items {
                    let item = self.eval(item, scope);
                    parts.push(self.compare(CmpOp::Eq, &value, &item));
                }
                self.formulas.or(parts)
            }
        }
    }

    fn quantifier(&mut self, left: &Expr, op: &str, all: bool, right: &Expr, scope: &Scope<'_, 'a>) -> Node {
        let left = self.eval(left, scope);
        match &right.kind {
            ExprKind::Subquery(query) | ExprKind::ArrayQuery(query) => self.any_query(&left, op, all, query, scope),
            _ => {
                let right = self.eval(right, scope);
                self.quantified(&left, op, all, &right)
            }
        }
    }

    fn between(&mut self, [value, low, high]: &[Value; 3], symmetric: bool) -> Node {
        let mut inside = |low: &Value, high: &Value| {
            let (above, below) = (self.compare(CmpOp::Ge, value, low), self.compare(CmpOp::Le, value, high));
            self.formulas.and([above, below])
        };
        let forward = inside(low, high);
        if !symmetric {
            return forward;
        }
        let backward = inside(high, low);
        self.formulas.or([forward, backward])
    }

    fn like(&mut self, kind: LikeKind, args: Vec<Value>) -> Node {
        if let [value, Value::Const(pattern)] = args.as_slice()
            && kind != LikeKind::Similar
            && !pattern.text.is_empty()
            && pattern.text.bytes().all(|byte| byte == b'%')
        {
            let (null, yes) = (self.null(value), self.formulas.bool(true));
            return self.formulas.null_if(null, yes);
        }
        let value = self.apply(&format!("like {kind:?}"), args, Ty::Bool, Nulls::Strict);
        self.truth(&value)
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        scope: &Scope<'_, 'a>,
    ) -> Value {
        let operand = operand.map(|operand| self.eval(operand, scope));
        let mut rest = self.formulas.bool(true);
        let mut options = Vec::new();
        for (when, then) in whens {
            let holds = match &operand {
                None => self.condition(when, scope),
                Some(operand) => {
                    let when = self.eval(when, scope);
                    self.compare(CmpOp::Eq, operand, &when)
                }
            };
            let holds = self.formulas.is(holds, Tri::True);
            let guard = self.formulas.and([rest, holds]);
            let not = self.formulas.not(holds);
            rest = self.formulas.and([rest, not]);
            options.push((guard, self.eval(then, scope)));
        }
        let last = otherwise.map_or(Value::Null, |otherwise| self.eval(otherwise, scope));
        options.push((rest, last));
        self.choice(options)
    }

    /// The first of `values` that is not NULL.
    pub(super) fn coalesce(&mut self, values: Vec<Value>) -> Value {
        let mut rest = self.formulas.bool(true);
        let mut options = Vec::new();
        for value in values {
            let null = self.null(&value);
            let present = self.formulas.not(null);
            options.push((self.formulas.and([rest, present]), value));
            rest = self.formulas.and([rest, null]);
        }
        options.push((rest, Value::Null));
        self.choice(options)
    }

    /// `nullif(a, b)`.
    pub(super) fn nullif(&mut self, value: Value, other: &Value) -> Value {
        let same = self.compare(CmpOp::Eq, &value, other);
        let same = self.formulas.is(same, Tri::True);
        let differ = self.formulas.not(same);
        self.choice(vec![(same, Value::Null), (differ, value)])
    }

    /// What everything outside the row is known by: for values that no argument explains.
    pub(super) fn session_value(&mut self, name: &str, ty: Ty, nulls: Nulls) -> Value {
        let deps: Deps = self.session(name);
        self.term(TermKey::Session(name.to_owned()), ty, deps, nulls, &[])
    }
}

fn number(text: &str) -> Value {
    let ty = match Decimal::parse(text) {
        Some(number) if number.is_integer() && !text.contains('.') => Ty::Int,
        _ => Ty::Numeric,
    };
    Value::Const(Const { ty, text: text.to_owned() })
}
