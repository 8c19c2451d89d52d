//! The normal form of expressions: what PostgreSQL's parser makes of equivalent spellings, made once.

use super::scope::Scopes;
use super::{NameOf, Surroundings, constant};
use crate::sql::ast::{Call, CallArg, Expr, ExprKind, InSet, IsTest, LikeKind, Name, TypeName};

/// Rewrites expressions and queries.
pub(super) struct Normaliser<'a> {
    pub(super) scopes: Scopes<'a>,
}

/// An expression that stands nowhere.
pub(super) fn bare(kind: ExprKind) -> Expr {
    Expr { span: crate::location::Span::default(), kind }
}

impl<'a> Normaliser<'a> {
    pub(super) fn new(surroundings: Surroundings<'a>) -> Self {
        Self { scopes: Scopes::new(surroundings) }
    }

    /// A name as it is known everywhere.
    pub(super) fn meant(&self, of: NameOf, name: Name) -> Name {
        unqualified(self.scopes.meant(of, name))
    }

    /// In a stored query, an expression without the cast that brings it to a wider type of its kind.
    fn relaxed(&self, expr: Expr) -> Expr {
        if self.scopes.is_stored() { constant::unwidened_stored(expr) } else { expr }
    }

    fn all_relaxed(&mut self, exprs: Vec<Expr>) -> Vec<Expr> {
        exprs
            .into_iter()
            .map(|expr| {
                let expr = self.expr(expr);
                self.relaxed(expr)
            })
            .collect()
    }

    /// An expression that must be true.
    pub(super) fn condition(&mut self, expr: Expr) -> Expr {
        self.expr(expr)
    }

    fn boxed(&mut self, mut expr: Box<Expr>) -> Box<Expr> {
        let inner = std::mem::replace(&mut *expr, bare(ExprKind::Null));
        *expr = self.expr(inner);
        expr
    }

    pub(super) fn all(&mut self, exprs: Vec<Expr>) -> Vec<Expr> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    pub(super) fn expr(&mut self, expr: Expr) -> Expr {
        let kind = match expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Bits(_)
            | ExprKind::Param(_)
            | ExprKind::Default
            | ExprKind::Star(_)
            | ExprKind::Keyword(_) => expr.kind,
            ExprKind::Number(number) => ExprKind::Number(constant::number(&number)),
            ExprKind::String(text) => ExprKind::String(constant::untyped(text)),
            ExprKind::Column(parts) => ExprKind::Column(self.scopes.column(parts)),
            ExprKind::Call(call) => older_spelling(self.call(*call)),
            ExprKind::Cast { expr, ty } => return self.cast(*expr, ty),
            ExprKind::And(parts) => return super::boolean::join(self.all(parts), false),
            ExprKind::Or(parts) => return super::boolean::join(self.all(parts), true),
            ExprKind::Not(inner) => return super::boolean::negate(self.expr(*inner)),
            ExprKind::Unary { op, expr } => match (op.as_str(), self.expr(*expr).kind) {
                ("-", ExprKind::Number(number)) if !number.starts_with('-') => ExprKind::Number(format!("-{number}")),
                (_, kind) => ExprKind::Unary { op, expr: Box::new(bare(kind)) },
            },
            ExprKind::Binary { op, left, right } => return self.binary(op, *left, *right),
            ExprKind::Quantified { left, op, all, right } => self.quantified(*left, op, all, *right),
            ExprKind::In { expr, set, negated } => return self.in_set(*expr, set, negated),
            kind => return self.compound(kind),
        };
        bare(kind)
    }

    fn compound(&mut self, kind: ExprKind) -> Expr {
        let kind = match kind {
            ExprKind::Is { expr, test, negated } => {
                let test = match test {
                    IsTest::DistinctFrom(other) => IsTest::DistinctFrom(self.boxed(other)),
                    other => other,
                };
                ExprKind::Is { expr: self.boxed(expr), test, negated }
            }
            ExprKind::Between { expr, low, high, symmetric, negated } => {
                return self.between(*expr, (*low, *high), symmetric, negated);
            }
            ExprKind::Like { kind, expr, pattern, escape, negated } => {
                let escape = escape.map(|escape| self.expr(*escape));
                return like(kind, self.expr(*expr), self.expr(*pattern), escape, negated);
            }
            ExprKind::Case { operand, whens, otherwise } => {
                let operand = operand.map(|operand| self.boxed(operand));
                let (conditions, results): (Vec<Expr>, Vec<Expr>) = whens.into_iter().unzip();
                let conditions = self.all(conditions);
                let mut values: Vec<Expr> = results
                    .into_iter()
                    .chain(otherwise.map(|otherwise| *otherwise))
                    .map(|one| self.value(one))
                    .collect();
                values = constant::all_unwidened(values);
                let otherwise = (values.len() > conditions.len()).then(|| values.pop()).flatten();
                ExprKind::Case {
                    operand,
                    whens: conditions.into_iter().zip(values).collect(),
                    otherwise: otherwise.filter(|one| one.kind != ExprKind::Null).map(Box::new),
                }
            }
            ExprKind::Exists(query) => ExprKind::Exists(Box::new(self.exists(*query))),
            ExprKind::Subquery(query) => ExprKind::Subquery(Box::new(self.value_query(*query))),
            ExprKind::ArrayQuery(query) => ExprKind::ArrayQuery(Box::new(self.value_query(*query))),
            ExprKind::Array(parts) => ExprKind::Array(self.all_relaxed(parts)),
            ExprKind::Row(parts) => ExprKind::Row(self.all(parts)),
            ExprKind::Index { expr, index } => ExprKind::Index { expr: self.boxed(expr), index: self.boxed(index) },
            ExprKind::Slice { expr, low, high } => ExprKind::Slice {
                expr: self.boxed(expr),
                low: low.map(|low| self.boxed(low)),
                high: high.map(|high| self.boxed(high)),
            },
            ExprKind::Field { expr, field } => ExprKind::Field { expr: self.boxed(expr), field },
            ExprKind::Collate { expr, collation } => ExprKind::Collate { expr: self.boxed(expr), collation },
            ExprKind::AtTimeZone { expr, zone } => {
                ExprKind::AtTimeZone { expr: self.boxed(expr), zone: self.boxed(zone) }
            }
            ExprKind::Other { text, inner } => ExprKind::Other { text, inner: self.all(inner) },
            other => other,
        };
        bare(kind)
    }

    fn value(&mut self, expr: Expr) -> Expr {
        let expr = self.expr(expr);
        self.relaxed(expr)
    }

    fn call(&mut self, call: Call) -> Call {
        Call {
            name: self.meant(NameOf::Function, call.name),
            args: call.args.into_iter().flat_map(|arg| self.arguments(arg)).collect(),
            filter: call.filter.map(|filter| self.expr(filter)),
            order_by: self.all_relaxed(call.order_by),
            window: self.all(call.window),
            ..call
        }
    }

    /// `VARIADIC ARRAY[a, b]` is `a, b`.
    fn arguments(&mut self, arg: CallArg) -> Vec<CallArg> {
        let value = self.value(arg.value);
        match value.kind {
            ExprKind::Array(values) if arg.variadic && arg.name.is_none() && !values.is_empty() => {
                values.into_iter().map(argument).collect()
            }
            kind => vec![CallArg { value: bare(kind), ..arg }],
        }
    }

    fn cast(&mut self, expr: Expr, ty: TypeName) -> Expr {
        let typed = matches!(expr.kind, ExprKind::String(_));
        let raw = match &expr.kind {
            ExprKind::String(text) => Some(text.clone()),
            _ => None,
        };
        let inner = self.expr(expr);
        match (&inner.kind, raw) {
            (_, Some(text)) if typed => bare(constant::typed(text, &ty)),
            (ExprKind::String(_) | ExprKind::Null, _) => inner,
            (ExprKind::Number(_), _) if constant::is_numeric(&ty) => inner,
            (ExprKind::Bool(_), _) if ty.name.name == "boolean" => inner,
            (ExprKind::Array(_), _) if ty.array_dims > 0 => inner,
            _ if constant::is_text(&ty) => inner,
            // The server's own, where a date stands for a point in time.
            (ExprKind::Keyword("current_date"), _) if ty.to_string() == "timestamp with time zone" => inner,
            _ if super::types::of(&inner, &self.scopes).is_some_and(|known| known == ty.to_string()) => inner,
            _ => {
                let name = self.meant(NameOf::Type, ty.name);
                bare(ExprKind::Cast { expr: Box::new(inner), ty: TypeName { name, ..ty } })
            }
        }
    }

    fn binary(&mut self, op: String, left: Expr, right: Expr) -> Expr {
        // The server says which schema an operator is from, where it is an extension's.
        let op = match op.strip_prefix("OPERATOR(").and_then(|rest| rest.strip_suffix(')')) {
            Some(qualified) if self.scopes.is_resolved() => {
                qualified.rsplit('.').next().unwrap_or(qualified).to_owned()
            }
            _ => op,
        };
        if let (ExprKind::Row(lefts), ExprKind::Row(rights)) = (&left.kind, &right.kind)
            && lefts.len() == rights.len()
            && matches!(op.as_str(), "=" | "<>")
        {
            let pairs = lefts.iter().cloned().zip(rights.iter().cloned());
            let parts: Vec<Expr> = pairs.map(|(left, right)| self.binary(op.clone(), left, right)).collect();
            return super::boolean::join(parts, op == "<>");
        }
        let (left, right) = (self.expr(left), self.expr(right));
        let exact = matches!(op.as_str(), "/" | "%") && !constant::is_decimal(&left) && !constant::is_decimal(&right);
        let widens =
            !exact && matches!(op.as_str(), "=" | "<>" | "<" | ">" | "<=" | ">=" | "+" | "-" | "*" | "/" | "%");
        let (left, right) = match () {
            () if self.scopes.is_stored() => (self.relaxed(left), self.relaxed(right)),
            () if widens => (constant::unwidened(left), constant::unwidened(right)),
            () => (left, right),
        };
        bare(ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) })
    }

    /// `= ANY (ARRAY[…])` is `IN (…)`, `<> ALL (ARRAY[…])` is `NOT IN (…)`; the same of queries.
    fn quantified(&mut self, left: Expr, op: String, all: bool, right: Expr) -> ExprKind {
        let left = Box::new(self.expr(left));
        let right = match self.expr(right) {
            Expr { kind: ExprKind::Cast { expr, ty }, .. }
                if self.scopes.is_resolved() && constant::is_text_array(&ty) =>
            {
                *expr
            }
            right => right,
        };
        let membership = matches!((op.as_str(), all), ("=", false) | ("<>", true));
        match right.kind {
            ExprKind::Array(values) if membership && values.len() > 1 => {
                let set = InSet::List(values.into_iter().map(constant::unwidened).collect());
                ExprKind::In { expr: Box::new(constant::unwidened(*left)), set, negated: all }
            }
            ExprKind::Array(mut values) if membership && values.len() == 1 => match values.pop() {
                Some(value) => ExprKind::Binary { op, left, right: Box::new(value) },
                None => ExprKind::Null,
            },
            ExprKind::Subquery(query) if membership => {
                ExprKind::In { expr: left, set: InSet::Query(query), negated: all }
            }
            // The server's own: it compares arrays of `varchar` and the like as arrays of text.
            ExprKind::Cast { expr, ty }
                if !matches!(expr.kind, ExprKind::String(_)) && constant::is_text_array(&ty) =>
            {
                ExprKind::Quantified { left, op, all, right: expr }
            }
            kind => ExprKind::Quantified { left, op, all, right: Box::new(bare(kind)) },
        }
    }

    /// PostgreSQL makes an array of the constants of a list and compares with the columns in it one by one.
    fn in_set(&mut self, expr: Expr, set: InSet, negated: bool) -> Expr {
        let op = || if negated { "<>".to_owned() } else { "=".to_owned() };
        let values = match set {
            InSet::Query(query) => {
                let set = InSet::Query(Box::new(self.value_query(*query)));
                return bare(ExprKind::In { expr: self.boxed(Box::new(expr)), set, negated });
            }
            InSet::List(values) => values,
        };
        let rows = values.iter().any(|value| matches!(value.kind, ExprKind::Row(_)));
        let (columns, constants): (Vec<_>, Vec<_>) = values.iter().cloned().partition(has_column);
        let array = constants.len() > 1 && !rows;
        let mut parts = Vec::new();
        if array {
            let set = InSet::List(self.all(constants).into_iter().map(constant::unwidened).collect());
            let expr = Box::new(constant::unwidened(self.expr(expr.clone())));
            parts.push(bare(ExprKind::In { expr, set, negated }));
        }
        let singles = if array { columns } else { values };
        for value in singles {
            parts.push(self.binary(op(), expr.clone(), value));
        }
        super::boolean::join(parts, !negated)
    }

    fn between(&mut self, expr: Expr, (low, high): (Expr, Expr), symmetric: bool, negated: bool) -> Expr {
        let (above, below) = if negated { ("<", ">") } else { (">=", "<=") };
        let mut inside = |low: Expr, high: Expr| {
            let from = self.binary(above.to_owned(), expr.clone(), low);
            let to = self.binary(below.to_owned(), expr.clone(), high);
            super::boolean::join(vec![from, to], negated)
        };
        let straight = inside(low.clone(), high.clone());
        if !symmetric {
            return straight;
        }
        let reversed = inside(high, low);
        super::boolean::join(vec![straight, reversed], !negated)
    }
}

/// Escapes and `SIMILAR TO` are functions around the pattern.
fn like(kind: LikeKind, expr: Expr, pattern: Expr, escape: Option<Expr>, negated: bool) -> Expr {
    let wrap = |name: &str, pattern: Expr, escape: Option<Expr>| {
        let mut args = vec![argument(pattern)];
        args.extend(escape.map(argument));
        let name = Name::bare(name);
        let call = Call {
            name,
            args,
            star: false,
            distinct: false,
            filter: None,
            order_by: Vec::new(),
            over: false,
            window: Vec::new(),
        };
        bare(ExprKind::Call(Box::new(call)))
    };
    if kind == LikeKind::Similar {
        let op = if negated { "!~" } else { "~" }.to_owned();
        let right = Box::new(wrap("similar_to_escape", pattern, escape));
        return bare(ExprKind::Binary { op, left: Box::new(expr), right });
    }
    let pattern = match escape {
        Some(escape) => wrap("like_escape", pattern, Some(escape)),
        None => pattern,
    };
    bare(ExprKind::Like { kind, expr: Box::new(expr), pattern: Box::new(pattern), escape: None, negated })
}

/// PostgreSQL 13 prints `x at time zone z` and `extract(f from x)` as the functions they call; later ones keep the words.
/// `date_part` differs from `extract` in the type of its number alone.
fn older_spelling(mut call: Call) -> ExprKind {
    let server = call.name.schema.is_none() && call.filter.is_none() && call.window.is_empty();
    let plain = call.args.iter().all(|arg| arg.name.is_none() && !arg.variadic);
    match (call.name.name.as_str(), call.args.as_mut_slice()) {
        ("timezone", [zone, value]) if server && plain => ExprKind::AtTimeZone {
            expr: Box::new(std::mem::replace(&mut value.value, bare(ExprKind::Null))),
            zone: Box::new(std::mem::replace(&mut zone.value, bare(ExprKind::Null))),
        },
        ("date_part", [CallArg { value: Expr { kind: ExprKind::String(field), .. }, .. }, _]) if server && plain => {
            *field = field.to_lowercase();
            call.name.name = "extract".to_owned();
            ExprKind::Call(Box::new(call))
        }
        _ => ExprKind::Call(Box::new(call)),
    }
}

fn argument(value: Expr) -> CallArg {
    CallArg { name: None, variadic: false, value }
}

/// Without the schemas everybody sees.
pub(super) fn unqualified(name: Name) -> Name {
    let seen = name.schema.as_deref().is_some_and(|schema| matches!(schema, "pg_catalog" | "public"));
    Name { schema: name.schema.filter(|_| !seen), name: name.name }
}

/// Whether a column of the row at hand stands in `expr`, subqueries aside.
fn has_column(expr: &Expr) -> bool {
    let mut found = false;
    crate::sql::walk::walk(expr, |node| {
        if let crate::sql::walk::Node::Expr(inner) = node {
            found |= matches!(inner.kind, ExprKind::Column(_));
        }
        !matches!(node, crate::sql::walk::Node::Query(_))
    });
    found
}
