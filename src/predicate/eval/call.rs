//! Calls: PostgreSQL's own functions, the platform's `auth.*`, and whom everything else is handed to.

use super::arena::Nulls;
use super::{Aggregates, Eval, Scope};
use crate::predicate::formula::{Deps, Tri};
use crate::predicate::names::{self, Builtin};
use crate::predicate::ty::{Const, Ty};
use crate::predicate::value::Value;
use crate::sql::ast::{Call, Expr};

impl<'a> Eval<'a> {
    pub(super) fn call(&mut self, call: &Call, scope: &Scope<'_, 'a>) -> Value {
        if let Some(value) = self.platform_call(call) {
            return value;
        }
        if let Some(candidates) = self.user_functions(&call.name) {
            return self.user_call(call, &candidates, scope);
        }
        if call.name.schema.as_deref().is_none_or(|schema| schema == "pg_catalog") {
            self.builtin(call, scope)
        } else {
            let args = self.args(call, scope);
            self.unknown(&format!("{}()", call.name), &args)
        }
    }

    /// `auth.uid()` and its kin, unless the migrations define their own.
    fn platform_call(&mut self, call: &Call) -> Option<Value> {
        self.role.claims.as_ref()?;
        if call.name.schema.as_deref() != Some("auth") || !call.args.is_empty() {
            return None;
        }
        if self.analyser.own_auth_function(&call.name.name) {
            return None;
        }
        match call.name.name.as_str() {
            "uid" => Some(self.auth_claim("uid", "sub", &Ty::Uuid)),
            "role" => Some(self.auth_claim("role", "role", &Ty::Text)),
            "email" => Some(self.auth_claim("email", "email", &Ty::Text)),
            "jwt" => Some(self.claims(false)),
            _ => None,
        }
    }

    pub(super) fn args(&mut self, call: &Call, scope: &Scope<'_, 'a>) -> Vec<Value> {
        let inner =
            call.args.iter().map(|arg| &arg.value).chain(&call.filter).chain(&call.order_by).chain(&call.window);
        let inner: Vec<&Expr> = inner.collect();
        inner.into_iter().map(|arg| self.eval(arg, scope)).collect()
    }

    fn builtin(&mut self, call: &Call, scope: &Scope<'_, 'a>) -> Value {
        let name = call.name.name.as_str();
        let args = self.args(call, scope);
        let plain = call.args.iter().all(|arg| arg.name.is_none() && !arg.variadic);
        if call.over {
            return self.unknown(&format!("the window function {name}()"), &args);
        }
        if names::is_aggregate(name) {
            return self.aggregate(name, &args);
        }
        match (name, args.as_slice()) {
            _ if !plain => {}
            ("coalesce", _) => return self.coalesce(args),
            ("nullif", [value, other]) => {
                let other = other.clone();
                return self.nullif(value.clone(), &other);
            }
            ("current_setting", [Value::Const(name)]) => {
                let name = name.text.clone();
                return self.setting(&name, false);
            }
            ("current_setting", [Value::Const(name), Value::Bool(missing_ok)]) => {
                let missing_ok = self.formulas.constant(*missing_ok) == Some(Tri::True);
                let name = name.text.clone();
                return self.setting(&name, missing_ok);
            }
            ("lower" | "upper", [Value::Const(Const { ty: Ty::Text | Ty::Literal, text })]) if text.is_ascii() => {
                let text = if name == "lower" { text.to_lowercase() } else { text.to_uppercase() };
                return Value::text(text);
            }
            // The bounds of a range can be missing.
            ("lower" | "upper", [value]) if !self.ty_of(value).is_textual() => {
                return self.apply(name, args, Ty::Any, Nulls::StrictMaybe);
            }
            ("concat", _) => return self.concat(args),
            ("greatest" | "least", _) => return self.extreme(name, args),
            ("json_extract_path" | "jsonb_extract_path", [value, keys @ ..]) => {
                return self.extract_path(value.clone(), keys, false);
            }
            ("json_extract_path_text" | "jsonb_extract_path_text", [value, keys @ ..]) => {
                return self.extract_path(value.clone(), keys, true);
            }
            _ => {}
        }
        self.listed(name, args)
    }

    fn listed(&mut self, name: &str, args: Vec<Value>) -> Value {
        if names::is_set_returning(name) {
            self.saw_set = true;
        }
        match names::builtin(name) {
            Some(Builtin::Total(ty)) => self.apply(name, args, ty, Nulls::Strict),
            Some(Builtin::Partial(ty)) => self.apply(name, args, ty, Nulls::StrictMaybe),
            Some(Builtin::NeverNull(ty)) => self.apply(name, args, ty, Nulls::Never),
            Some(Builtin::MaybeNull(ty)) => self.apply(name, args, ty, Nulls::Maybe),
            Some(Builtin::Session(ty)) if args.is_empty() => self.session_value(&format!("{name}()"), ty, Nulls::Never),
            Some(Builtin::Session(ty)) => {
                let deps = self.session(format!("{name}()")).union(self.deps_of_all(&args));
                self.unique(ty, deps, Nulls::Maybe)
            }
            Some(Builtin::Volatile(ty)) => {
                let deps = self.session(format!("{name}()")).union(self.deps_of_all(&args));
                self.unique(ty, deps, Nulls::Never)
            }
            None => {
                self.saw_set = true;
                self.unknown(&format!("{name}()"), &args)
            }
        }
    }

    /// `concat` takes NULL for the empty string.
    fn concat(&mut self, args: Vec<Value>) -> Value {
        let known: Option<String> = args
            .iter()
            .map(|arg| match arg {
                Value::Null => Some(""),
                Value::Const(Const { ty: Ty::Text | Ty::Literal | Ty::Int, text }) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        match known {
            Some(text) => Value::text(text),
            None => self.apply("concat", args, Ty::Text, Nulls::Never),
        }
    }

    /// `greatest` and `least` pass over NULLs.
    fn extreme(&mut self, name: &str, args: Vec<Value>) -> Value {
        let args: Vec<Value> = args.into_iter().filter(|arg| *arg != Value::Null).collect();
        let some = args.iter().any(|arg| {
            let null = self.null(arg);
            self.formulas.constant(null) == Some(Tri::False)
        });
        match args.as_slice() {
            [] => Value::Null,
            [one] => one.clone(),
            [first, ..] => {
                let first = self.ty_of(first);
                let same = args.iter().all(|arg| self.ty_of(arg) == first);
                let ty = if same { first } else { Ty::Any };
                self.apply(name, args, ty, if some { Nulls::Never } else { Nulls::Maybe })
            }
        }
    }

    fn extract_path(&mut self, mut value: Value, keys: &[Value], text: bool) -> Value {
        for (at, key) in keys.iter().enumerate() {
            let op = if text && at + 1 == keys.len() { "->>" } else { "->" };
            value = self.json_access(op, value, key.clone());
        }
        value
    }

    fn aggregate(&mut self, name: &str, args: &[Value]) -> Value {
        let counts = matches!(name, "count" | "regr_count");
        if self.aggregates == Aggregates::Empty {
            return if counts { Value::Const(Const { ty: Ty::Int, text: "0".to_owned() }) } else { Value::Null };
        }
        let of_args = self.deps_of_all(args);
        let deps = Deps { levels: of_args.levels & !self.level_bit(), ..of_args }.union(self.group_deps);
        let ty = match name {
            "count" => Ty::Int,
            "bool_and" | "bool_or" | "every" => Ty::Bool,
            _ => Ty::Any,
        };
        self.unique(ty, deps, if counts { Nulls::Never } else { Nulls::Maybe })
    }
}
