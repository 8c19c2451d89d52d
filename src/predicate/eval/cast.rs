//! Casts.

use super::Eval;
use super::arena::Nulls;
use crate::predicate::decimal::Decimal;
use crate::predicate::formula::Tri;
use crate::predicate::ty::{self, Const, Ty};
use crate::predicate::value::Value;

impl Eval<'_> {
    /// `value::ty`; `exact` where the type has no modifiers that could change the value.
    pub(super) fn cast(&mut self, value: Value, ty: &Ty, exact: bool) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Choice(_) => self.spread(&[value], 0, |eval, mut args| match args.pop() {
                Some(value) => eval.cast(value, ty, exact),
                None => Value::Null,
            }),
            Value::Claims { .. } if ty.is_json() => Value::Claims { text: false },
            Value::Claims { .. } if *ty == Ty::Text => Value::Claims { text: true },
            Value::Array(elements) if matches!(ty, Ty::Array(_)) => {
                let Ty::Array(element) = ty else { return Value::Array(elements) };
                Value::Array(elements.into_iter().map(|value| self.cast(value, element, exact)).collect())
            }
            Value::Const(constant) => match convert(&constant, ty).filter(|_| exact || ty.is_number()) {
                Some(Value::Bool(_)) | None => self.cast_unknown(Value::Const(constant), ty),
                Some(value) => value,
            },
            Value::Bool(_) if *ty == Ty::Bool => value,
            Value::Term(_) if *ty == Ty::Bool && self.ty_of(&value) == Ty::Bool => value,
            Value::Term(_) if exact && self.ty_of(&value) == *ty && *ty != Ty::Any => value,
            value => self.cast_unknown(value, ty),
        }
    }

    fn cast_unknown(&mut self, value: Value, ty: &Ty) -> Value {
        if let (Value::Const(constant), Ty::Bool) = (&value, ty)
            && let Some(truth) = truth_of(constant)
        {
            return Value::Bool(self.formulas.tri(Tri::of(truth)));
        }
        let from = self.ty_of(&value);
        // A JSON null becomes an SQL NULL on its way to a scalar; text and JSON itself keep it.
        let nulls = match ty {
            _ if !ty.total_cast() => Nulls::Maybe,
            Ty::Text | Ty::Json | Ty::Jsonb => Nulls::Strict,
            _ if from.is_json() || from.may_be_row() => Nulls::StrictMaybe,
            _ => Nulls::Strict,
        };
        self.apply(&format!("cast {ty:?}"), vec![value], ty.clone(), nulls)
    }
}

fn truth_of(constant: &Const) -> Option<bool> {
    match constant.ty {
        Ty::Literal | Ty::Text => ty::boolean(&constant.text),
        Ty::Int => Decimal::parse(&constant.text).map(|number| !number.is_zero()),
        _ => None,
    }
}

/// A constant in another type, where the text stays what it means.
fn convert(constant: &Const, ty: &Ty) -> Option<Value> {
    let textual = constant.ty.is_textual();
    let text = constant.text.clone();
    let text = match ty {
        Ty::Text if textual || matches!(constant.ty, Ty::Int | Ty::Enum(_)) => text,
        Ty::Uuid if textual || constant.ty == Ty::Uuid => ty::uuid(&text).map(|_| text)?,
        Ty::Int => integer(constant)?,
        Ty::Numeric | Ty::Float if textual || constant.ty.is_number() => Decimal::parse(&text).map(|_| text)?,
        Ty::Enum(_) | Ty::Json | Ty::Jsonb | Ty::Scalar(_) | Ty::Array(_) if textual => text,
        _ if constant.ty == *ty => text,
        _ => return None,
    };
    Some(Value::Const(Const { ty: ty.clone(), text }))
}

fn integer(constant: &Const) -> Option<String> {
    let fits = constant.ty.is_textual() || constant.ty.is_number();
    Decimal::parse(&constant.text).filter(|number| fits && number.is_integer()).map(|_| constant.text.clone())
}
