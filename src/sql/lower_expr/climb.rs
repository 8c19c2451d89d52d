//! Precedence climbing over a flat operator sequence, with PostgreSQL's table of precedence.

use super::Low;
use super::flat::Item;
use crate::sql::ast::{Expr, ExprKind, InSet, IsTest, LikeKind};
use crate::sql::{cx, lower_type, tree};

/// Longest chain of one operator kept as nested nodes; a longer one stays as words with its operands.
const MAX_CHAIN: usize = 400;

const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const IS: u8 = 4;
const COMPARE: u8 = 5;
const IN: u8 = 6;
const OPERATOR: u8 = 8;
const UNARY: u8 = 14;

/// Builds the expression `items` spell.
pub(super) fn climb(low: Low<'_>, items: &[Item]) -> Expr {
    let mut climber = Climber { low, items, at: 0, depth: 0 };
    let mut expr = climber.expr(0);
    // Whatever could not be placed must not be lost.
    let rest: Vec<Expr> = climber.rest();
    if !rest.is_empty() {
        let span = rest.iter().fold(expr.span, |span, part| span.cover(part.span));
        let mut inner = vec![expr];
        inner.extend(rest);
        expr = Expr { span, kind: ExprKind::Other { text: words(items), inner } };
    }
    expr
}

struct Climber<'a> {
    low: Low<'a>,
    items: &'a [Item],
    at: usize,
    depth: u16,
}

impl Climber<'_> {
    fn op(&self) -> Option<&str> {
        match self.items.get(self.at) {
            Some(Item::Op(op, _)) => Some(op),
            _ => None,
        }
    }

    /// An expression of operators binding at least as tightly as `min`.
    fn expr(&mut self, min: u8) -> Expr {
        self.depth += 1;
        let mut left = self.operand();
        let mut chain = 0_usize;
        while let Some(op) = self.op().map(str::to_owned) {
            let power = power(&op);
            if power < min.max(1) {
                break;
            }
            self.at += 1;
            left = self.apply(left, &op, power);
            chain += 1;
            if chain == MAX_CHAIN {
                left = self.collapse(left);
                chain = 0;
            }
        }
        self.depth -= 1;
        left
    }

    /// An operand with its prefix operators.
    fn operand(&mut self) -> Expr {
        let start = self.at;
        match self.items.get(start) {
            Some(Item::Operand(node)) => {
                self.at += 1;
                // With its parentheses: what covers it must balance.
                Expr { span: self.low.cx.span(node), ..self.low.expr(node) }
            }
            Some(Item::Op(op, end)) => {
                let (op, end) = (op.clone(), *end);
                self.at += 1;
                if self.depth > 60 {
                    return self.give_up();
                }
                let width = u32::try_from(op.len()).unwrap_or(0);
                let span = self.low.cx.range(end.saturating_sub(width), end);
                let inner = self.expr(prefix_power(&op));
                Expr { span: span.cover(inner.span), kind: prefix(op, inner) }
            }
            _ => {
                self.at += 1;
                Expr { span: self.low.cx.range(0, 0), kind: ExprKind::Other { text: String::new(), inner: Vec::new() } }
            }
        }
    }

    /// Everything left, unnested.
    fn give_up(&mut self) -> Expr {
        let text = words(self.items.get(self.at..).unwrap_or(&[]));
        let inner = self.rest();
        let span = inner.iter().map(|part| part.span).reduce(|a, b| a.cover(b)).unwrap_or_default();
        Expr { span, kind: ExprKind::Other { text, inner } }
    }

    fn rest(&mut self) -> Vec<Expr> {
        let rest = self.items.get(self.at..).unwrap_or(&[]);
        self.at = self.items.len();
        let operands = rest.iter().filter_map(|item| match item {
            Item::Operand(node) => Some(self.low.expr(node)),
            _ => None,
        });
        operands.collect()
    }

    fn apply(&mut self, left: Expr, op: &str, power: u8) -> Expr {
        let negated = op.starts_with("NOT ");
        match op {
            "OR" => join(left, self.expr(power + 1), true),
            "AND" => join(left, self.expr(power + 1), false),
            "::" => self.cast(left),
            "COLLATE" => self.collate(left),
            "IN" | "NOT IN" => self.in_set(left, negated),
            "BETWEEN" | "NOT BETWEEN" => self.between(left, negated),
            "LIKE" | "NOT LIKE" => self.like(left, LikeKind::Like, negated),
            "ILIKE" | "NOT ILIKE" => self.like(left, LikeKind::Ilike, negated),
            "SIMILAR TO" | "NOT SIMILAR TO" => self.like(left, LikeKind::Similar, negated),
            "~~" | "~~*" | "!~~" | "!~~*" => self.like_operator(left, op),
            "ISNULL" | "NOTNULL" => self.is(left, IsTest::Null, op == "NOTNULL"),
            "AT TIME ZONE" => {
                let zone = self.expr(power + 1);
                let span = left.span.cover(zone.span);
                Expr { span, kind: ExprKind::AtTimeZone { expr: Box::new(left), zone: Box::new(zone) } }
            }
            _ if op.starts_with("IS") => self.is_test(left, op),
            "AT LOCAL" => self.ended(left.clone(), ExprKind::Other { text: "AT LOCAL".to_owned(), inner: vec![left] }),
            _ => self.binary(left, op, power),
        }
    }

    fn binary(&mut self, left: Expr, op: &str, power: u8) -> Expr {
        let op = if op == "!=" { "<>" } else { op }.to_owned();
        if let Some(Item::Operand(node)) = self.items.get(self.at)
            && let Some((all, right)) = self.low.quantifier(node)
        {
            self.at += 1;
            let (span, left, right) = (left.span.cover(self.low.cx.span(node)), Box::new(left), Box::new(right));
            return Expr { span, kind: ExprKind::Quantified { left, op, all, right } };
        }
        let right = self.expr(power + 1);
        let span = left.span.cover(right.span);
        Expr { span, kind: ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) } }
    }

    fn cast(&mut self, left: Expr) -> Expr {
        let Some(Item::Type(node)) = self.items.get(self.at) else { return left };
        self.at += 1;
        let span = left.span.cover(self.low.cx.span(node));
        Expr { span, kind: ExprKind::Cast { expr: Box::new(left), ty: lower_type::of_node(node) } }
    }

    fn collate(&mut self, left: Expr) -> Expr {
        let Some(Item::Collation(node)) = self.items.get(self.at) else { return left };
        self.at += 1;
        let span = left.span.cover(self.low.cx.span(node));
        Expr { span, kind: ExprKind::Collate { expr: Box::new(left), collation: tree::name(node) } }
    }

    fn in_set(&mut self, left: Expr, negated: bool) -> Expr {
        let Some(Item::Operand(node)) = self.items.get(self.at) else { return left };
        self.at += 1;
        let span = left.span.cover(self.low.cx.span(node));
        let set = match tree::enclosed_query(node) {
            Some(query) => InSet::Query(Box::new(self.low.query(&query))),
            None => InSet::List(self.low.exprs(node)),
        };
        Expr { span, kind: ExprKind::In { expr: Box::new(left), set, negated } }
    }

    fn between(&mut self, left: Expr, negated: bool) -> Expr {
        let symmetric = self.op() == Some("SYMMETRIC");
        if symmetric || self.op() == Some("ASYMMETRIC") {
            self.at += 1;
        }
        let low = self.expr(COMPARE);
        if self.op() == Some("AND") {
            self.at += 1;
        }
        let high = self.expr(IN + 1);
        let span = left.span.cover(high.span);
        let (expr, low, high) = (Box::new(left), Box::new(low), Box::new(high));
        Expr { span, kind: ExprKind::Between { expr, low, high, symmetric, negated } }
    }

    fn like(&mut self, left: Expr, kind: LikeKind, negated: bool) -> Expr {
        if let Some(Item::Operand(node)) = self.items.get(self.at)
            && self.low.quantifier(node).is_some()
        {
            let op = match kind {
                LikeKind::Like => "~~",
                LikeKind::Ilike => "~~*",
                LikeKind::Similar => "SIMILAR TO",
            };
            let op = if negated { format!("!{op}") } else { op.to_owned() };
            return self.binary(left, &op, OPERATOR);
        }
        let pattern = self.expr(IN + 1);
        let mut span = left.span.cover(pattern.span);
        let mut escape = None;
        if self.op() == Some("ESCAPE") {
            self.at += 1;
            let mark = self.expr(IN + 1);
            span = span.cover(mark.span);
            escape = Some(Box::new(mark));
        }
        let (expr, pattern) = (Box::new(left), Box::new(pattern));
        Expr { span, kind: ExprKind::Like { kind, expr, pattern, escape, negated } }
    }

    /// The deparsed spellings of `LIKE`; `x ~~ ANY (…)` stays an operator.
    fn like_operator(&mut self, left: Expr, op: &str) -> Expr {
        match self.binary(left, op, OPERATOR) {
            Expr { span, kind: ExprKind::Binary { left, right, .. } } => {
                let kind = if op.ends_with('*') { LikeKind::Ilike } else { LikeKind::Like };
                let (pattern, negated) = (right, op.starts_with('!'));
                Expr { span, kind: ExprKind::Like { kind, expr: left, pattern, escape: None, negated } }
            }
            other => other,
        }
    }

    fn is_test(&mut self, left: Expr, op: &str) -> Expr {
        let words: Vec<&str> = op.split(' ').filter(|word| !word.is_empty()).collect();
        let negated = words.contains(&"NOT");
        if words.contains(&"DISTINCT") {
            let right = self.expr(IS + 1);
            let span = left.span.cover(right.span);
            let (expr, test) = (Box::new(left), IsTest::DistinctFrom(Box::new(right)));
            return Expr { span, kind: ExprKind::Is { expr, test, negated } };
        }
        let tail: Vec<&str> = words.into_iter().filter(|word| !matches!(*word, "IS" | "NOT")).collect();
        if !tail.is_empty() {
            return self.is(left, IsTest::Other(tail.join(" ")), negated);
        }
        let Some(Item::Operand(node)) = self.items.get(self.at) else { return left };
        self.at += 1;
        let test = match cx::text(node).to_uppercase().as_str() {
            "NULL" => IsTest::Null,
            "TRUE" => IsTest::True,
            "FALSE" => IsTest::False,
            "UNKNOWN" => IsTest::Unknown,
            other => IsTest::Other(other.to_owned()),
        };
        self.is(left, test, negated)
    }

    fn is(&self, left: Expr, test: IsTest, negated: bool) -> Expr {
        self.ended(left.clone(), ExprKind::Is { expr: Box::new(left), test, negated })
    }

    /// `kind` from where `left` starts to the item just consumed.
    fn ended(&self, left: Expr, kind: ExprKind) -> Expr {
        let end = match self.items.get(self.at.saturating_sub(1)) {
            Some(Item::Op(_, end)) => self.low.cx.range(end.saturating_sub(1), *end),
            Some(Item::Operand(node) | Item::Type(node) | Item::Collation(node)) => self.low.cx.span(node),
            None => left.span,
        };
        Expr { span: left.span.cover(end), kind }
    }

    /// Cuts an overlong chain: the words so far and its operands, side by side.
    fn collapse(&self, chain: Expr) -> Expr {
        if matches!(chain.kind, ExprKind::And(_) | ExprKind::Or(_)) {
            return chain;
        }
        let span = chain.span;
        let text = words(self.items.get(..self.at).unwrap_or(&[]));
        let mut inner = Vec::new();
        let mut next = Some(chain);
        while let Some(expr) = next.take() {
            match expr.kind {
                ExprKind::Binary { left, right, .. } => {
                    inner.push(*right);
                    next = Some(*left);
                }
                ExprKind::Cast { expr, .. }
                | ExprKind::Collate { expr, .. }
                | ExprKind::Is { expr, .. }
                | ExprKind::AtTimeZone { expr, .. } => next = Some(*expr),
                kind => inner.push(Expr { span: expr.span, kind }),
            }
        }
        inner.reverse();
        Expr { span, kind: ExprKind::Other { text, inner } }
    }
}

/// Left binding power; 0 is no infix or postfix operator.
fn power(op: &str) -> u8 {
    match op {
        "OR" => OR,
        "AND" => AND,
        "ISNULL" | "NOTNULL" => IS,
        "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" => COMPARE,
        "BETWEEN" | "NOT BETWEEN" | "IN" | "NOT IN" | "LIKE" | "NOT LIKE" | "ILIKE" | "NOT ILIKE" | "SIMILAR TO"
        | "NOT SIMILAR TO" => IN,
        "+" | "-" => OPERATOR + 1,
        "*" | "/" | "%" => OPERATOR + 2,
        "^" => OPERATOR + 3,
        "AT TIME ZONE" | "AT LOCAL" => OPERATOR + 4,
        "COLLATE" => OPERATOR + 5,
        "::" => UNARY + 1,
        "NOT" | "ESCAPE" | "SYMMETRIC" | "ASYMMETRIC" => 0,
        // Same as IS here: `(a, b) OVERLAPS (c, d)` only ever stands between rows.
        "OVERLAPS" => IN,
        _ if op == "IS" || op.starts_with("IS ") => IS,
        _ => OPERATOR,
    }
}

fn prefix_power(op: &str) -> u8 {
    match op {
        "NOT" => NOT,
        "-" | "+" => UNARY,
        _ => OPERATOR,
    }
}

fn prefix(op: String, inner: Expr) -> ExprKind {
    match (op.as_str(), inner.kind) {
        ("NOT", kind) => ExprKind::Not(Box::new(Expr { span: inner.span, kind })),
        ("-", ExprKind::Number(number)) if !number.starts_with('-') => ExprKind::Number(format!("-{number}")),
        ("+", kind) => kind,
        (_, kind) => ExprKind::Unary { op, expr: Box::new(Expr { span: inner.span, kind }) },
    }
}

/// `left AND/OR right`, flattened on both sides.
fn join(left: Expr, right: Expr, or: bool) -> Expr {
    let span = left.span.cover(right.span);
    let mut all = operands(left, or);
    all.extend(operands(right, or));
    Expr { span, kind: if or { ExprKind::Or(all) } else { ExprKind::And(all) } }
}

fn operands(expr: Expr, or: bool) -> Vec<Expr> {
    match expr.kind {
        ExprKind::Or(parts) if or => parts,
        ExprKind::And(parts) if !or => parts,
        kind => vec![Expr { span: expr.span, kind }],
    }
}

fn words(items: &[Item]) -> String {
    let words: Vec<String> = items
        .iter()
        .map(|item| match item {
            Item::Op(op, _) => op.clone(),
            Item::Operand(node) | Item::Type(node) | Item::Collation(node) => cx::text(node),
        })
        .collect();
    words.join(" ")
}
