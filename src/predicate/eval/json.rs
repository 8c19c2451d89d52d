//! The token's claims, and JSON access in general.

use super::Eval;
use super::arena::Nulls;
use crate::predicate::formula::Tri;
use crate::predicate::role::{Claim, Setting};
use crate::predicate::ty::{Const, Ty};
use crate::predicate::value::{TermKey, Value};

impl Eval<'_> {
    /// `left -> right`, `->>`, `#>`, `#>>`.
    pub(super) fn json_access(&mut self, op: &str, left: Value, right: Value) -> Value {
        if let Value::Choice(options) = &left {
            let options = options.clone();
            let results = options.into_iter().map(|(guard, value)| (guard, self.json_access(op, value, right.clone())));
            let results = results.collect();
            return self.choice(results);
        }
        if let (Value::Claims { .. }, Some(Const { text, .. })) = (&left, right.constant()) {
            let path: Vec<String> = if op.starts_with('#') { path(text) } else { vec![text.clone()] };
            if let Some((first, rest)) = path.split_first() {
                return self.claim_path(first, rest, op.ends_with(">>"));
            }
        }
        let ty = if op.ends_with(">>") { Ty::Text } else { Ty::Jsonb };
        self.apply(op, vec![left, right], ty, Nulls::StrictMaybe)
    }

    /// `left ? key`.
    pub(super) fn has_key(&mut self, left: Value, right: Value) -> Value {
        if let Value::Choice(options) = left {
            let results = options.into_iter().map(|(guard, value)| (guard, self.has_key(value, right.clone())));
            let results = results.collect();
            return self.choice(results);
        }
        let known = match (&left, right.constant(), &self.role.claims) {
            (Value::Claims { .. }, Some(key), Some(claims)) => match claims.claim(&key.text) {
                Claim::Absent => Some(false),
                Claim::Text(_) | Claim::Present => Some(true),
                Claim::Unknown => None,
            },
            _ => None,
        };
        match known {
            Some(known) => Value::Bool(self.formulas.bool(known)),
            None => self.apply("?", vec![left, right], Ty::Bool, Nulls::Strict),
        }
    }

    fn claim_path(&mut self, first: &str, rest: &[String], text: bool) -> Value {
        if rest.is_empty() && text {
            return self.claim_text(first);
        }
        let mut value = self.claim_json(first);
        for (at, key) in rest.iter().enumerate() {
            let op = if text && at + 1 == rest.len() { "->>" } else { "->" };
            value = self.json_access(op, value, Value::Const(Const { ty: Ty::Literal, text: key.clone() }));
        }
        value
    }

    /// A claim as `auth.jwt() ->> name` gives it.
    pub(super) fn claim_text(&mut self, name: &str) -> Value {
        let Some(claims) = &self.role.claims else { return self.claim_term(name, Ty::Text, Nulls::Maybe) };
        match claims.claim(name).clone() {
            Claim::Absent => {
                let role = self.role.name.clone();
                self.fact(format!("the token of {role} has no `{name}`"));
                Value::Null
            }
            Claim::Text(text) => Value::text(text),
            Claim::Present => self.claim_term(name, Ty::Text, Nulls::Never),
            Claim::Unknown => self.claim_term(name, Ty::Text, Nulls::Maybe),
        }
    }

    fn claim_json(&mut self, name: &str) -> Value {
        let claim = self.role.claims.as_ref().map(|claims| claims.claim(name).clone());
        match claim {
            Some(Claim::Absent) => self.claim_text(name),
            Some(Claim::Text(_) | Claim::Present) => self.claim_term(name, Ty::Jsonb, Nulls::Never),
            Some(Claim::Unknown) | None => self.claim_term(name, Ty::Jsonb, Nulls::Maybe),
        }
    }

    fn claim_term(&mut self, name: &str, ty: Ty, nulls: Nulls) -> Value {
        let deps = self.session(format!("claim {name}"));
        let key = if ty == Ty::Text { name.to_owned() } else { format!("{name} as json") };
        self.term(TermKey::Claim(key), ty, deps, nulls, &[])
    }

    /// The claims as a whole: NULL where there may be no token.
    pub(super) fn claims(&mut self, text: bool) -> Value {
        let deps = self.session("auth.jwt()");
        match &self.role.claims {
            None => self.term(TermKey::Session("jwt".to_owned()), Ty::Jsonb, deps, Nulls::Maybe, &[]),
            Some(claims) if claims.optional => {
                let (null, present) = self.token_guard();
                self.choice(vec![(null, Value::Null), (present, Value::Claims { text })])
            }
            Some(_) => Value::Claims { text },
        }
    }

    /// Two-valued: there is no token, and there is one.
    fn token_guard(&mut self) -> (crate::predicate::formula::Node, crate::predicate::formula::Node) {
        let deps = self.session("auth.jwt()");
        let token = self.term(TermKey::Session("token".to_owned()), Ty::Bool, deps, Nulls::Never, &[]);
        let present = self.truth(&token);
        (self.formulas.not(present), present)
    }

    /// `auth.uid()`, `auth.role()`, `auth.email()`: a claim, in its type.
    pub(super) fn auth_claim(&mut self, function: &str, claim: &str, ty: &Ty) -> Value {
        let optional = self.role.claims.as_ref().is_some_and(|claims| claims.optional);
        let mut value = self.claim_text(claim);
        if optional {
            let (null, present) = self.token_guard();
            value = self.choice(vec![(null, Value::Null), (present, value)]);
        }
        let value = self.cast(value, ty, true);
        let role = self.role.name.clone();
        match &value {
            Value::Null => {
                self.facts.pop();
                self.fact(format!("auth.{function}() is NULL for {role}"));
            }
            Value::Const(constant) => {
                let text = constant.text.clone();
                self.fact(format!("auth.{function}() is '{text}' for {role}"));
            }
            Value::Term(_) => self.fact(format!("auth.{function}() is some value for {role}")),
            _ => {}
        }
        value
    }

    /// `current_setting(name, missing_ok)`.
    pub(super) fn setting(&mut self, name: &str, missing_ok: bool) -> Value {
        let name = name.to_ascii_lowercase();
        if let Some(setting) = self.role.settings.get(&name).cloned() {
            return self.setting_value(&name, &setting, missing_ok);
        }
        if self.role.claims.is_some() {
            if name == "request.jwt.claims" {
                return self.claims(true);
            }
            if let Some(claim) = name.strip_prefix("request.jwt.claim.") {
                let claim = claim.to_owned();
                return self.legacy_claim(&claim);
            }
            if name == "request.jwt.claim" {
                return self.setting_value(&name, &Setting::Unset, missing_ok);
            }
        }
        match (name.as_str(), self.role.current_user.clone()) {
            // SET ROLE stays in force inside a SECURITY DEFINER function, whatever current_user says there.
            ("role", Some(user)) => Value::text(user),
            _ if name.contains('.') => {
                let setting = self.role.other_settings.clone();
                self.setting_value(&name, &setting, missing_ok)
            }
            _ => self.setting_value(&name, &Setting::Unknown, missing_ok),
        }
    }

    fn setting_value(&mut self, name: &str, setting: &Setting, missing_ok: bool) -> Value {
        let deps = self.session(format!("setting {name}"));
        let nulls = if missing_ok { Nulls::Maybe } else { Nulls::Never };
        match setting {
            Setting::Value(text) => Value::text(text.clone()),
            Setting::Unknown => self.term(TermKey::Session(format!("setting {name}")), Ty::Text, deps, nulls, &[]),
            Setting::Unset => {
                self.fact(format!("the setting {name} is not set for {}", self.role.name));
                self.null_or(name, vec![Value::text("")])
            }
        }
    }

    /// Older APIs set each claim by itself: so it may be unset, empty, or the claim.
    fn legacy_claim(&mut self, name: &str) -> Value {
        let claim = self.claim_text(name);
        self.null_or(&format!("request.jwt.claim.{name}"), vec![Value::text(""), claim])
    }

    fn null_or(&mut self, name: &str, values: Vec<Value>) -> Value {
        let deps = self.session(format!("setting {name}"));
        let mut rest = self.formulas.tri(Tri::True);
        let mut options = Vec::new();
        for (at, value) in values.into_iter().enumerate() {
            let key = TermKey::Session(format!("setting {name} is form {at}"));
            let form = self.term(key, Ty::Bool, deps, Nulls::Never, &[]);
            let form = self.truth(&form);
            let guard = self.formulas.and([rest, form]);
            let not = self.formulas.not(form);
            rest = self.formulas.and([rest, not]);
            options.push((guard, value));
        }
        options.push((rest, Value::Null));
        self.choice(options)
    }
}

/// The keys of `'{a,b}'`; none where they are not plain.
fn path(text: &str) -> Vec<String> {
    let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match inner {
        Some(inner) if !inner.contains(['"', '\\', '{']) => inner.split(',').map(|key| key.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}
