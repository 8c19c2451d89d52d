//! `format()`, unknown arguments left as holes.

use std::sync::Arc;

use super::keywords::{quote_ident, quote_literal};
use super::value::{Piece, Value};
use crate::migrations::host::Failure;

/// `format(template, args…)`.
pub(super) fn format(template: &Value, args: &[Value]) -> Result<Value, Failure> {
    let template = match template {
        Value::Null => return Ok(Value::Null),
        Value::Text(text) => text,
        other => return Ok(Value::Unknown(other.doubt().unwrap_or_else(|| super::Unknown::new("a format string")))),
    };
    let (mut pieces, mut next, mut chars) = (Vec::new(), 0, template.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '%' {
            pieces.push(Piece::Known(c.to_string()));
            continue;
        }
        let spec = read_spec(&mut chars).ok_or_else(|| bad("unterminated format specifier"))?;
        if spec.conversion == '%' {
            pieces.push(Piece::Known("%".to_owned()));
            continue;
        }
        let index = spec.position.unwrap_or(next);
        next = index + 1;
        let value = args.get(index).ok_or_else(|| bad("too few arguments for format()"))?;
        pieces.extend(pad(convert(spec.conversion, value)?, &spec));
    }
    Ok(Value::from_pieces(pieces))
}

fn bad(message: &str) -> Failure {
    Failure::new("invalid_parameter_value", message)
}

/// `%[position$][-][width]type`.
struct Spec {
    position: Option<usize>,
    left: bool,
    width: usize,
    conversion: char,
}

fn read_spec(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Spec> {
    let mut spec = Spec { position: None, left: false, width: 0, conversion: '%' };
    let mut number = read_number(chars);
    if chars.peek() == Some(&'$') {
        chars.next();
        spec.position = number?.checked_sub(1);
        number = read_number(chars);
    }
    while chars.peek() == Some(&'-') {
        chars.next();
        spec.left = true;
        number = read_number(chars);
    }
    spec.width = number.unwrap_or(0).min(10_000);
    spec.conversion = chars.next()?;
    Some(spec)
}

fn read_number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    digits.parse().ok()
}

fn convert(conversion: char, value: &Value) -> Result<Vec<Piece>, Failure> {
    match conversion {
        's' => Ok(value.pieces().unwrap_or_default()),
        'I' if value.is_null() => {
            Err(Failure::new("null_value_not_allowed", "null values cannot be formatted as an SQL identifier"))
        }
        'I' => Ok(vec![ident(value)]),
        'L' => Ok(vec![literal(value)]),
        other => Err(bad(&format!("unrecognized format() type specifier `{other}`"))),
    }
}

/// `quote_ident` of a value that is not null.
pub(super) fn ident(value: &Value) -> Piece {
    match value.plain() {
        Some(text) => Piece::Known(quote_ident(&text)),
        None => Piece::Ident(reason(value)),
    }
}

/// `quote_nullable`.
pub(super) fn literal(value: &Value) -> Piece {
    match (value, value.plain()) {
        (Value::Null, _) => Piece::Known("NULL".to_owned()),
        (_, Some(text)) => Piece::Known(quote_literal(&text)),
        (_, None) => Piece::Literal(reason(value)),
    }
}

fn reason(value: &Value) -> Arc<str> {
    value.doubt().map_or_else(|| "a value".into(), |why| why.reason)
}

fn pad(pieces: Vec<Piece>, spec: &Spec) -> Vec<Piece> {
    let [Piece::Known(text)] = pieces.as_slice() else { return pieces };
    let fill = " ".repeat(spec.width.saturating_sub(text.chars().count()));
    vec![Piece::Known(if spec.left { format!("{text}{fill}") } else { format!("{fill}{text}") })]
}
