//! The schema's own functions, followed into their bodies.

use std::rc::Rc;

use super::Surroundings;
use super::arena::Nulls;
use super::relation::Rows;
use super::{Eval, MAX_CALLS, Scope, Source};
use crate::catalog::{Function, FunctionParam, ObjectKind};
use crate::predicate::Routine;
use crate::predicate::body::Body;
use crate::predicate::names;
use crate::predicate::ty::Ty;
use crate::predicate::value::Value;
use crate::sql::ast::{Call, Name, ParamMode, Volatility};

/// A session's state that a function's own settings change.
impl<'a> Eval<'a> {
    /// The schema's functions a call may mean; `None` where it means one of PostgreSQL's own.
    pub(super) fn user_functions(&self, name: &Name) -> Option<Vec<&'a Routine<'a>>> {
        let found = self.analyser.routines(name, &self.path);
        let own = name.schema.is_none() && (names::builtin(&name.name).is_some() || names::is_aggregate(&name.name));
        let followable = found.iter().any(|routine| !matches!(routine.body(), Body::Opaque));
        (!found.is_empty() && (!own || followable)).then_some(found)
    }

    pub(super) fn user_call(&mut self, call: &Call, candidates: &[&'a Routine<'a>], scope: &Scope<'_, 'a>) -> Value {
        let args = self.args(call, scope);
        match self.pick(call, candidates, &args) {
            None => {
                self.saw_set = true;
                self.unknown(&format!("{}(), of which there are several", call.name), &args)
            }
            Some(routine) if routine.returns_set() => {
                self.saw_set = true;
                self.opaque(routine, &args)
            }
            Some(routine) => match self.bind(call, routine.function, args.clone()) {
                Some(values) => self.follow(routine, values),
                None => self.opaque(routine, &args),
            },
        }
    }

    /// The rows of a call in `FROM` or alone in a select list; `None` where the function gives one value.
    pub(super) fn set_call(&mut self, call: &Call, scope: &Scope<'_, 'a>) -> Option<Rows> {
        let candidates = self.user_functions(&call.name)?;
        let args = self.args(call, scope);
        let routine = self.pick(call, &candidates, &args)?;
        if !routine.returns_set() {
            return None;
        }
        let Body::Query(query) = routine.body() else { return None };
        let values = self.bind(call, routine.function, args)?;
        let saved = self.enter(routine)?;
        let params = named(routine.function, values);
        let mut body = Scope { function: Some(&routine.key.name.name), params, ..Scope::root() };
        let strict = routine.function.strict.is(&true);
        let given: Vec<Value> = body.params.iter().map(|(_, value)| value.clone()).collect();
        body.recursive = false;
        let mut rows = self.rows(query, &body);
        if strict {
            let null = self.any_null(&given);
            rows.conds.push(self.formulas.not(null));
        }
        self.leave(saved);
        Some(rows)
    }

    /// The one candidate that takes these arguments.
    fn pick(&self, call: &Call, candidates: &[&'a Routine<'a>], args: &[Value]) -> Option<&'a Routine<'a>> {
        let fits = |routine: &&&'a Routine<'a>| takes(routine.function, call);
        let fitting: Vec<&'a Routine<'a>> = candidates.iter().filter(fits).copied().collect();
        if let [one] = fitting.as_slice() {
            return Some(one);
        }
        let exact: Vec<&'a Routine<'a>> = fitting
            .into_iter()
            .filter(|routine| {
                let mut params = routine.key.args.iter();
                call.args.len() == routine.key.args.len()
                    && args.iter().all(|arg| {
                        let ty = self.ty_of(arg);
                        params.next().is_some_and(|param| {
                            !ty.may_be_row() && Ty::parse(param, self.analyser.catalog, &self.path) == ty
                        })
                    })
            })
            .collect();
        // The path decides between equals.
        exact.first().copied().filter(|first| exact.iter().all(|other| other.key.args == first.key.args))
    }

    /// One value per input parameter; `None` where defaults or names do not work out.
    fn bind(&mut self, call: &Call, function: &'a Function, args: Vec<Value>) -> Option<Vec<Value>> {
        let inputs: Vec<&FunctionParam> = inputs(function).collect();
        let mut values: Vec<Option<Value>> = vec![None; inputs.len()];
        for (at, (arg, value)) in call.args.iter().zip(args).enumerate() {
            let slot = match &arg.name {
                None => at,
                Some(name) => inputs.iter().position(|param| param.name.as_ref() == Some(name))?,
            };
            *values.get_mut(slot)? = Some(value);
        }
        let mut bound = Vec::new();
        for (value, param) in values.into_iter().zip(inputs) {
            let value = match value {
                Some(value) => value,
                None => self.default(param)?,
            };
            let ty = Ty::parse(&param.ty, self.analyser.catalog, &self.path);
            bound.push(if ty.may_be_row() { value } else { self.cast(value, &ty, true) });
        }
        Some(bound)
    }

    fn default(&mut self, param: &FunctionParam) -> Option<Value> {
        let default = param.default.as_ref()?;
        let parsed;
        let expr = match &default.ast {
            Some(expr) => expr.as_ref(),
            None => {
                parsed = crate::sql::parse_expr(&default.text).ok()?;
                &parsed
            }
        };
        Some(self.eval(expr, &Scope::root()))
    }

    fn opaque(&mut self, routine: &'a Routine<'a>, args: &[Value]) -> Value {
        let name = format!("{}()", routine.key.name);
        let deps = self.unknown_source(&name).union(self.deps_of_all(args));
        let ty = routine.function.returns.as_ref();
        let ty = ty.map_or(Ty::Any, |ty| Ty::parse(ty, self.analyser.catalog, &self.path));
        let stable = !matches!(routine.function.volatility.get(), None | Some(Volatility::Volatile));
        if !stable {
            return self.unique(ty, deps, Nulls::Maybe);
        }
        // The same arguments give the same value; the bits say that it is not known which.
        let key = crate::predicate::value::TermKey::Apply(name, args.to_vec());
        self.term(key, ty, deps, Nulls::Maybe, &[])
    }

    /// The result of a function for these parameter values.
    fn follow(&mut self, routine: &'a Routine<'a>, values: Vec<Value>) -> Value {
        let function = routine.function;
        let cached = (routine.key, values, self.surroundings());
        if let Some(value) = self.results.get(&cached) {
            return value.clone();
        }
        let values = cached.1.clone();
        let strict = function.strict.get().copied();
        if strict == Some(true) && values.contains(&Value::Null) {
            return Value::Null;
        }
        let null = self.any_null(&values);
        let value = match strict {
            Some(strict) if !matches!(routine.body(), Body::Opaque) => {
                let value = self.run(routine, values);
                if strict {
                    let present = self.formulas.not(null);
                    self.choice(vec![(null, Value::Null), (present, value)])
                } else {
                    value
                }
            }
            _ => self.opaque(routine, &values),
        };
        let stable = matches!(function.volatility.get(), Some(Volatility::Immutable | Volatility::Stable));
        let reads = self.mask(|source| matches!(source, Source::Data(_)));
        if stable || self.deps_of(&value).bits & reads == 0 {
            self.results.insert(cached, value.clone());
        }
        value
    }

    fn run(&mut self, routine: &'a Routine<'a>, values: Vec<Value>) -> Value {
        let args = values.clone();
        let Some(saved) = self.enter(routine) else { return self.opaque(routine, &args) };
        let params = named(routine.function, values);
        let mut scope = Scope { function: Some(&routine.key.name.name), params, ..Scope::root() };
        let value = match routine.body() {
            Body::Expr(expr) => self.eval(expr, &scope),
            Body::Query(query) => self.scalar(query, &scope),
            Body::Block(block) => match self.block(block, &mut scope) {
                Some(value) => value,
                None => self.opaque(routine, &args),
            },
            Body::Opaque => self.opaque(routine, &args),
        };
        self.leave(saved);
        let ty = routine.function.returns.as_ref();
        let ty = ty.map_or(Ty::Any, |ty| Ty::parse(ty, self.analyser.catalog, &self.path));
        if ty.may_be_row() { value } else { self.cast(value, &ty, true) }
    }

    /// Takes on a function's user and path; `None` where it is not to be followed.
    fn enter(&mut self, routine: &'a Routine<'a>) -> Option<Surroundings> {
        let function = routine.function;
        if self.calls.len() >= MAX_CALLS || self.calls.contains(&routine.key) {
            return None;
        }
        let settings = function.settings.get()?;
        // A function that sets what the claims are read from says something else than its body does here.
        if settings.keys().any(|name| name.contains('.') || name == "role" || self.role.settings.contains_key(name)) {
            return None;
        }
        let saved = self.surroundings();
        match function.security_definer.get() {
            Some(true) => self.current_user = function.owner.get().cloned(),
            Some(false) => {}
            None => self.current_user = None,
        }
        self.other_rights |= !function.security_definer.is(&false);
        if let Some(path) = settings.get("search_path") {
            let schemas = path.split(',').map(|schema| schema.trim().trim_matches(['"', '\'']).to_owned());
            self.path = schemas.filter(|schema| !schema.is_empty() && schema != "$user").collect();
        }
        self.calls.push(routine.key);
        Some(saved)
    }

    fn leave(&mut self, saved: Surroundings) {
        self.calls.pop();
        self.current_user = saved.user;
        self.path = saved.path;
        self.other_rights = saved.other_rights;
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings { user: self.current_user.clone(), path: self.path.clone(), other_rights: self.other_rights }
    }
}

fn inputs(function: &Function) -> impl Iterator<Item = &FunctionParam> {
    function.params.iter().filter(|param| param.mode != ParamMode::Out)
}

fn named(function: &Function, values: Vec<Value>) -> Vec<(Option<Rc<str>>, Value)> {
    inputs(function).map(|param| param.name.as_deref().map(Rc::from)).zip(values).collect()
}

/// Whether `function` can be called with as many arguments, by these names.
fn takes(function: &Function, call: &Call) -> bool {
    let params: Vec<&FunctionParam> = inputs(function).collect();
    let variadic = params.iter().any(|param| param.mode == ParamMode::Variadic);
    let required = params.iter().filter(|param| param.default.is_none()).count();
    let outputs = function.params.iter().any(|param| param.mode == ParamMode::InOut);
    let plain = call.args.iter().all(|arg| !arg.variadic) && call.filter.is_none() && !call.over && !call.star;
    function.kind == ObjectKind::Function
        && plain
        && !variadic
        && !outputs
        && (required..=params.len()).contains(&call.args.len())
        && call
            .args
            .iter()
            .filter_map(|arg| arg.name.as_ref())
            .all(|name| params.iter().any(|param| param.name.as_ref() == Some(name)))
}
