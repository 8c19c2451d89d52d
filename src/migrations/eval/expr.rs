//! Expressions.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::compare::{self, equal};
use super::names::Names;
use super::operators::{any, element, field_of, like, negate, number, unary};
use super::row::Frame;
use super::rows::Rows;
use super::value::{Truth, Unknown, Value};
use crate::catalog::QualifiedName;
use crate::location::Span;
use crate::migrations::host::{Failure, Host};
use crate::sql::ast::{Call, Expr, ExprKind, InSet, IsTest, Name};

/// What expressions can refer to and set off.
pub(in crate::migrations) trait World {
    /// The database.
    fn host(&self) -> &dyn Host;
    /// The database, to change it.
    fn host_mut(&mut self) -> &mut dyn Host;
    /// A variable or parameter in scope.
    fn variable(&self, name: &str) -> Option<Value>;
    /// Makes effects conditional, or no longer; returns what they were before.
    fn unsure(&mut self, on: bool) -> bool;
    /// Calls a routine that is not built in.
    fn call(&mut self, name: &Name, args: Vec<(Option<String>, Value)>, at: Span) -> Result<Value, Failure>;
}

/// Evaluates expressions and queries in a world.
pub(in crate::migrations) struct Evaluator<'w> {
    pub(super) world: &'w mut dyn World,
    pub(super) frames: Vec<Frame>,
    pub(super) ctes: BTreeMap<String, Rc<Rows>>,
    pub(super) absent: BTreeSet<QualifiedName>,
}

impl<'w> Evaluator<'w> {
    /// An evaluator with nothing but the world's variables in scope.
    pub(in crate::migrations) fn new(world: &'w mut dyn World) -> Self {
        Self { world, frames: Vec::new(), ctes: BTreeMap::new(), absent: BTreeSet::new() }
    }

    /// Names as the world sees them.
    pub(super) fn names(&self) -> Names<'_> {
        let host = self.world.host();
        Names { catalog: host.catalog(), path: host.search_path() }
    }

    /// Runs `work` one level deeper; `None` where that is too deep.
    pub(super) fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let limits = self.world.host_mut().limits();
        if limits.levels == 0 || limits.expressions == 0 {
            return None;
        }
        limits.levels -= 1;
        limits.expressions -= 1;
        let result = work(self);
        self.world.host_mut().limits().levels += 1;
        Some(result)
    }

    /// The value of `expr`.
    pub(in crate::migrations) fn eval(&mut self, expr: &Expr) -> Result<Value, Failure> {
        self.deeper(|this| this.kind(expr)).unwrap_or_else(|| Ok(Value::unknown("an expression too large to follow")))
    }

    /// `expr` as a condition.
    pub(in crate::migrations) fn condition(&mut self, expr: &Expr) -> Result<Truth, Failure> {
        Ok(self.eval(expr)?.truth())
    }

    fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Value>, Failure> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn kind(&mut self, expr: &Expr) -> Result<Value, Failure> {
        Ok(match &expr.kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Number(text) => number(text),
            ExprKind::String(text) | ExprKind::Bits(text) => Value::text(text.clone()),
            ExprKind::Param(name) => self.param(name),
            ExprKind::Column(parts) => self.column(parts),
            ExprKind::Keyword(word) => self.keyword(word),
            ExprKind::Call(call) => self.call(call, expr.span)?,
            ExprKind::Cast { expr, ty } => {
                let value = self.eval(expr)?;
                let host = self.world.host();
                let names = Names { catalog: host.catalog(), path: host.search_path() };
                super::cast::cast(value, ty, names, &mut self.absent)?
            }
            ExprKind::And(parts) => self.all_of(parts)?.value(),
            ExprKind::Or(parts) => self.any_of(parts)?.value(),
            ExprKind::Not(inner) => self.condition(inner)?.not().value(),
            ExprKind::Unary { op, expr } => unary(op, &self.eval(expr)?),
            ExprKind::Binary { .. } => self.chain(expr)?,
            ExprKind::Exists(query) => self.exists(query)?.value(),
            ExprKind::Subquery(query) => self.scalar(query)?,
            ExprKind::ArrayQuery(query) => self.array_of(query)?,
            ExprKind::Array(items) => Value::Array(self.all(items)?),
            ExprKind::Row(items) => {
                let values = self.all(items)?;
                Value::Record(values.into_iter().enumerate().map(|(at, v)| (format!("f{}", at + 1), v)).collect())
            }
            ExprKind::Case { operand, whens, otherwise } => {
                self.case(operand.as_deref(), whens, otherwise.as_deref())?
            }
            ExprKind::Field { expr, field } => field_of(self.eval(expr)?, field),
            ExprKind::Collate { expr, .. } => self.eval(expr)?,
            _ => self.predicate(expr)?,
        })
    }

    /// `a || b || c …`: long chains lean to the left, and are walked without recursion.
    fn chain(&mut self, expr: &Expr) -> Result<Value, Failure> {
        let (mut first, mut rest) = (expr, Vec::new());
        while let ExprKind::Binary { op, left, right } = &first.kind {
            rest.push((op, right));
            first = left;
        }
        let mut value = self.eval(first)?;
        for (op, right) in rest.into_iter().rev() {
            let right = self.eval(right)?;
            value = self.binary(op, &value, &right);
        }
        Ok(value)
    }

    fn predicate(&mut self, expr: &Expr) -> Result<Value, Failure> {
        Ok(match &expr.kind {
            ExprKind::Is { expr, test, negated } => {
                let value = self.eval(expr)?;
                negate(self.is(&value, test)?, *negated)
            }
            ExprKind::In { expr, set, negated } => {
                let value = self.eval(expr)?;
                negate(self.in_set(&value, set)?, *negated)
            }
            ExprKind::Quantified { left, op, all, right } => {
                let value = self.eval(left)?;
                self.quantified(&value, op, *all, right)?.value()
            }
            ExprKind::Between { expr, low, high, symmetric: false, negated } => {
                let (value, low, high) = (self.eval(expr)?, self.eval(low)?, self.eval(high)?);
                let above = self.binary(">=", &value, &low).truth();
                negate(above.and(self.binary("<=", &value, &high).truth()), *negated)
            }
            ExprKind::Like { kind, expr, pattern, escape, negated } => {
                let (value, pattern) = (self.eval(expr)?, self.eval(pattern)?);
                let escape = escape.as_ref().map(|escape| self.eval(escape)).transpose()?;
                negate(like(*kind, &value, &pattern, escape.as_ref()), *negated)
            }
            ExprKind::Index { expr, index } => {
                let (array, index) = (self.eval(expr)?, self.eval(index)?);
                element(&array, &index)
            }
            _ => Value::unknown("an expression that is not interpreted"),
        })
    }

    fn param(&self, name: &str) -> Value {
        self.world.variable(name).unwrap_or_else(|| Value::unknown(format!("parameter `{name}`")))
    }

    /// A column of the rows in scope, innermost first; then a variable.
    fn column(&self, parts: &[String]) -> Value {
        let names: Vec<&str> = parts.iter().map(String::as_str).collect();
        let found = match names.as_slice() {
            [name] => self.lookup(None, name),
            [alias, name] => self.lookup(Some(alias), name),
            [_, alias, name] => self.lookup(Some(alias), name),
            _ => None,
        };
        found.unwrap_or_else(|| Value::unknown(format!("`{}`", parts.join("."))))
    }

    fn lookup(&self, alias: Option<&str>, name: &str) -> Option<Value> {
        let frames = || self.frames.iter().rev();
        frames()
            .find_map(|frame| frame.column(alias, name, false))
            .or_else(|| match alias {
                Some(alias) => frames()
                    .find_map(|frame| frame.column(Some(alias), name, true))
                    .or_else(|| self.world.variable(alias).map(|record| field_of(record, name))),
                None => frames().find_map(|frame| frame.whole(name)).or_else(|| self.world.variable(name)),
            })
            .or_else(|| frames().find_map(|frame| frame.column(alias, name, true)))
    }

    fn keyword(&self, word: &str) -> Value {
        let host = self.world.host();
        match word {
            "current_user" | "session_user" => Value::text(host.current_role()),
            "current_schema" => Value::optional(host.search_path().first().cloned()),
            other => Value::unknown(format!("`{other}`")),
        }
    }

    fn all_of(&mut self, parts: &[Expr]) -> Result<Truth, Failure> {
        let mut result = Truth::True;
        for part in parts {
            result = result.and(self.condition(part)?);
            if result == Truth::False {
                break;
            }
        }
        Ok(result)
    }

    fn any_of(&mut self, parts: &[Expr]) -> Result<Truth, Failure> {
        let mut result = Truth::False;
        for part in parts {
            result = result.or(self.condition(part)?);
            if result == Truth::True {
                break;
            }
        }
        Ok(result)
    }

    fn is(&mut self, value: &Value, test: &IsTest) -> Result<Truth, Failure> {
        let is_truth = |wanted: bool| match value.truth() {
            Truth::Null => Truth::False,
            truth if wanted => truth,
            truth => truth.not(),
        };
        Ok(match test {
            IsTest::Null => match value {
                Value::Null => Truth::True,
                Value::Unknown(why) => Truth::Unknown(why.clone()).not(),
                _ => Truth::False,
            },
            IsTest::True => is_truth(true),
            IsTest::False => is_truth(false),
            IsTest::Unknown => match value.truth() {
                Truth::Unknown(why) => Truth::Unknown(why),
                truth => Truth::of(truth == Truth::Null),
            },
            IsTest::DistinctFrom(other) => {
                let other = self.eval(other)?;
                compare::same(value, &other, self.names()).not()
            }
            IsTest::Other(words) => Truth::Unknown(Unknown::new(format!("`is {words}`"))),
        })
    }

    fn in_set(&mut self, value: &Value, set: &InSet) -> Result<Truth, Failure> {
        let values = match set {
            InSet::List(items) => self.all(items)?,
            InSet::Query(query) => return self.any_row(query, value, "="),
        };
        Ok(any(values.iter().map(|item| equal(value, item, self.names()))))
    }

    fn quantified(&mut self, value: &Value, op: &str, all: bool, right: &Expr) -> Result<Truth, Failure> {
        if let (ExprKind::Subquery(query), false) = (&right.kind, all) {
            return self.any_row(query, value, op);
        }
        let right = self.eval(right)?;
        let right = match right {
            Value::Text(text) => super::text::parse_array(&text).map_or(Value::Null, Value::Array),
            other => other,
        };
        Ok(match &right {
            Value::Array(items) if all => any(items.iter().map(|i| self.binary(op, value, i).truth().not())).not(),
            Value::Array(items) => any(items.iter().map(|item| self.binary(op, value, item).truth())),
            Value::Null => Truth::Null,
            other => Truth::Unknown(other.doubt().unwrap_or_else(|| Unknown::new("an array"))),
        })
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Result<Value, Failure> {
        let operand = operand.map(|operand| self.eval(operand)).transpose()?;
        for (when, then) in whens {
            let truth = match &operand {
                Some(value) => {
                    let when = self.eval(when)?;
                    equal(value, &when, self.names())
                }
                None => self.condition(when)?,
            };
            match truth {
                Truth::True => return self.eval(then),
                Truth::Unknown(why) => return Ok(Value::Unknown(Unknown { lean: None, ..why })),
                Truth::False | Truth::Null => {}
            }
        }
        otherwise.map_or(Ok(Value::Null), |otherwise| self.eval(otherwise))
    }

    fn call(&mut self, call: &Call, at: Span) -> Result<Value, Failure> {
        if call.over {
            return Ok(Value::unknown("a window function"));
        }
        if let Some(value) = self.aggregate(call)? {
            return Ok(value);
        }
        if let Some(value) = self.lazy(call)? {
            return Ok(value);
        }
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            let value = self.eval(&arg.value)?;
            match value {
                Value::Array(items) if arg.variadic => args.extend(items.into_iter().map(|item| (None, item))),
                value => args.push((arg.name.clone(), value)),
            }
        }
        let builtin = matches!(call.name.schema.as_deref(), None | Some("pg_catalog"));
        if builtin {
            let values: Vec<Value> = args.iter().map(|(_, value)| value.clone()).collect();
            if let Some(value) = self.function(&call.name.name, &values)? {
                return Ok(value);
            }
        }
        self.world.call(&call.name, args, at)
    }

    /// Functions that do not evaluate all their arguments.
    fn lazy(&mut self, call: &Call) -> Result<Option<Value>, Failure> {
        if call.name.schema.is_some() || call.name.name != "coalesce" {
            return Ok(None);
        }
        for arg in &call.args {
            match self.eval(&arg.value)? {
                Value::Null => {}
                Value::Unknown(why) => return Ok(Some(Value::Unknown(Unknown { lean: None, ..why }))),
                known => return Ok(Some(known)),
            }
        }
        Ok(Some(Value::Null))
    }
}
