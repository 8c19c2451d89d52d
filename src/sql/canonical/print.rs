//! Normal forms as text: lower-case keywords, single spaces, parentheses where an operator stands in another.

use crate::sql::ast::{Call, Expr, ExprKind, InSet, IsTest, LikeKind, Name, TypeName, quote_ident};

mod relation;

pub(super) use relation::query;

/// Prints an expression.
pub(super) fn expr(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(text) | ExprKind::Bits(text) | ExprKind::Param(text) => text.clone(),
        ExprKind::String(text) => string(text),
        ExprKind::Default => "default".to_owned(),
        ExprKind::Column(parts) => parts.iter().map(|part| ident(part)).collect::<Vec<_>>().join("."),
        ExprKind::Star(None) => "*".to_owned(),
        ExprKind::Star(Some(name)) => format!("{}.*", qualified(name)),
        ExprKind::Keyword(word) => (*word).to_owned(),
        ExprKind::Call(call) => print_call(call),
        ExprKind::Cast { expr, ty } => format!("{}::{}", operand(expr), type_name(ty)),
        ExprKind::And(parts) => logical(parts, " and "),
        ExprKind::Or(parts) => logical(parts, " or "),
        ExprKind::Not(inner) => format!("not {}", operand(inner)),
        ExprKind::Unary { op, expr } => format!("{op} {}", operand(expr)),
        ExprKind::Binary { op, left, right } => format!("{} {op} {}", operand(left), operand(right)),
        kind => compound(kind),
    }
}

fn compound(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Is { expr, test, negated } => {
            let (is, test) = (if *negated { "is not" } else { "is" }, is_test(test));
            format!("{} {is} {test}", operand(expr))
        }
        ExprKind::In { expr, set, negated } => {
            let op = if *negated { "not in" } else { "in" };
            let set = match set {
                InSet::List(values) => list(values),
                InSet::Query(inner) => query(inner),
            };
            format!("{} {op} ({set})", operand(expr))
        }
        ExprKind::Quantified { left, op, all, right } => {
            let quantifier = if *all { "all" } else { "any" };
            let right = match &right.kind {
                ExprKind::Subquery(inner) => query(inner),
                _ => expr(right),
            };
            format!("{} {op} {quantifier} ({right})", operand(left))
        }
        ExprKind::Between { expr, low, high, symmetric, negated } => {
            let (not, symmetric) = (if *negated { "not " } else { "" }, if *symmetric { "symmetric " } else { "" });
            format!("{} {not}between {symmetric}{} and {}", operand(expr), operand(low), operand(high))
        }
        ExprKind::Like { kind, expr, pattern, escape, negated } => {
            let op = match kind {
                LikeKind::Like => "like",
                LikeKind::Ilike => "ilike",
                LikeKind::Similar => "similar to",
            };
            let not = if *negated { "not " } else { "" };
            let escape = escape.as_ref().map(|escape| format!(" escape {}", operand(escape))).unwrap_or_default();
            format!("{} {not}{op} {}{escape}", operand(expr), operand(pattern))
        }
        ExprKind::Exists(inner) => format!("exists ({})", query(inner)),
        ExprKind::Subquery(inner) => format!("({})", query(inner)),
        ExprKind::ArrayQuery(inner) => format!("array({})", query(inner)),
        ExprKind::Array(parts) => format!("array[{}]", list(parts)),
        ExprKind::Row(parts) => format!("row({})", list(parts)),
        kind => rest(kind),
    }
}

fn rest(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Case { operand, whens, otherwise } => {
            let mut out = "case".to_owned();
            out.extend(operand.iter().map(|operand| format!(" {}", expr(operand))));
            out.extend(whens.iter().map(|(when, then)| format!(" when {} then {}", expr(when), expr(then))));
            out.extend(otherwise.iter().map(|otherwise| format!(" else {}", expr(otherwise))));
            out + " end"
        }
        ExprKind::Index { expr: base, index } => format!("{}[{}]", operand(base), expr(index)),
        ExprKind::Slice { expr: base, low, high } => {
            let bound = |bound: &Option<Box<Expr>>| bound.as_ref().map(|bound| expr(bound)).unwrap_or_default();
            format!("{}[{}:{}]", operand(base), bound(low), bound(high))
        }
        ExprKind::Field { expr: base, field } => {
            let field = if field == "*" { field.clone() } else { ident(field) };
            format!("({}).{field}", expr(base))
        }
        ExprKind::Collate { expr, collation } => format!("{} collate {}", operand(expr), qualified(collation)),
        ExprKind::AtTimeZone { expr, zone } => format!("{} at time zone {}", operand(expr), operand(zone)),
        ExprKind::Other { text, .. } => text.clone(),
        _ => String::new(),
    }
}

/// Whether an expression needs no parentheses inside an operator.
fn is_atom(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(number) => !number.starts_with('-'),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::String(_)
        | ExprKind::Bits(_)
        | ExprKind::Param(_)
        | ExprKind::Default
        | ExprKind::Column(_)
        | ExprKind::Star(_)
        | ExprKind::Keyword(_)
        | ExprKind::Call(_)
        | ExprKind::Case { .. }
        | ExprKind::Exists(_)
        | ExprKind::Subquery(_)
        | ExprKind::ArrayQuery(_)
        | ExprKind::Array(_)
        | ExprKind::Row(_)
        | ExprKind::Field { .. } => true,
        _ => false,
    }
}

fn operand(inner: &Expr) -> String {
    if is_atom(inner) { expr(inner) } else { format!("({})", expr(inner)) }
}

fn logical(parts: &[Expr], op: &str) -> String {
    let part = |part: &Expr| match part.kind {
        ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Other { .. } => format!("({})", expr(part)),
        _ => expr(part),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(op)
}

fn list(parts: &[Expr]) -> String {
    parts.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn string(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// Words that would be read as something else where a name stands.
const RESERVED: [&str; 46] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "for",
    "from",
    "group",
    "having",
    "in",
    "limit",
    "not",
    "null",
    "order",
    "select",
    "session_user",
    "table",
    "true",
    "union",
    "user",
    "when",
    "where",
];

fn ident(name: &str) -> String {
    if RESERVED.contains(&name) { format!("\"{name}\"") } else { quote_ident(name) }
}

fn qualified(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", ident(schema), ident(&name.name)),
        None => ident(&name.name),
    }
}

fn type_name(ty: &TypeName) -> String {
    ty.to_string()
}

fn is_test(test: &IsTest) -> String {
    match test {
        IsTest::Null => "null".to_owned(),
        IsTest::True => "true".to_owned(),
        IsTest::False => "false".to_owned(),
        IsTest::Unknown => "unknown".to_owned(),
        IsTest::DistinctFrom(other) => format!("distinct from {}", operand(other)),
        IsTest::Other(words) => words.to_lowercase(),
    }
}

/// Calls whose names are keywords with a grammar of their own.
fn print_call(call: &Call) -> String {
    let plain = call.name.schema.is_none();
    if plain
        && call.name.name == "extract"
        && let [field, value] = call.args.as_slice()
    {
        let field = match &field.value.kind {
            ExprKind::String(word) => word.clone(),
            _ => expr(&field.value),
        };
        return format!("extract({field} from {})", expr(&value.value));
    }
    let name = match call.name.name.as_str() {
        word @ ("position" | "substring" | "overlay" | "trim") if plain => format!("\"{word}\""),
        _ => qualified(&call.name),
    };
    let mut out = format!("{name}({}", if call.distinct { "distinct " } else { "" });
    out.push_str(&if call.star { "*".to_owned() } else { arguments(call) });
    if !call.order_by.is_empty() {
        out.push_str(&format!(" order by {}", list(&call.order_by)));
    }
    out.push(')');
    if let Some(filter) = &call.filter {
        out.push_str(&format!(" filter (where {})", expr(filter)));
    }
    if call.over {
        let window =
            if call.window.is_empty() { String::new() } else { format!("partition by {}", list(&call.window)) };
        out.push_str(&format!(" over ({window})"));
    }
    out
}

fn arguments(call: &Call) -> String {
    let print = |arg: &crate::sql::ast::CallArg| {
        let name = arg.name.as_ref().map(|name| format!("{} => ", ident(name))).unwrap_or_default();
        let variadic = if arg.variadic { "variadic " } else { "" };
        format!("{variadic}{name}{}", expr(&arg.value))
    };
    call.args.iter().map(print).collect::<Vec<_>>().join(", ")
}
