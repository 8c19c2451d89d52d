//! Terms and what is derived from them: truth values, nullness, dependence.

use super::{Eval, Source};
use crate::predicate::formula::{Deps, Domain, Node, Tri, Var};
use crate::predicate::ty::{self, Const, Ty};
use crate::predicate::value::{MAX_CHOICE, Term, TermInfo, TermKey, Value};

/// The bit of the source at `at`; all beyond the last share one.
pub(super) fn bit(at: usize) -> u64 {
    1 << at.min(63)
}

/// When a derived value is NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// Exactly where an argument is.
    Strict,
    /// Where an argument is, and perhaps elsewhere.
    StrictMaybe,
    /// Never.
    Never,
    /// Cannot be told.
    Maybe,
}

impl Eval<'_> {
    /// The dependence on one source.
    pub(super) fn source(&mut self, source: &Source) -> Deps {
        let at = match self.sources.iter().position(|known| known == source) {
            Some(at) => at,
            // The last bit is shared: whatever else comes is not told apart any more, so it counts as not known.
            None if self.sources.len() >= 63 => {
                if self.sources.len() == 63 {
                    self.sources.push(Source::Unknown("too many names".to_owned()));
                }
                63
            }
            None => {
                self.sources.push(source.clone());
                self.sources.len() - 1
            }
        };
        Deps { bits: bit(at), levels: 0 }
    }

    pub(super) fn unknown_source(&mut self, what: impl Into<String>) -> Deps {
        self.source(&Source::Unknown(what.into()))
    }

    pub(super) fn session(&mut self, what: impl Into<String>) -> Deps {
        self.source(&Source::Session(what.into()))
    }

    /// The term for `key`, made with `null` where it is new.
    pub(super) fn term(&mut self, key: TermKey, ty: Ty, deps: Deps, nulls: Nulls, args: &[Value]) -> Value {
        if let Some(term) = self.term_index.get(&key) {
            return Value::Term(*term);
        }
        let null = self.nullness(nulls, args, deps);
        let term = Term(u32::try_from(self.terms.len()).unwrap_or(u32::MAX));
        self.terms.push(TermInfo { ty, null, deps });
        self.term_index.insert(key, term);
        if self.formulas.constant(null) == Some(Tri::True) { Value::Null } else { Value::Term(term) }
    }

    fn nullness(&mut self, nulls: Nulls, args: &[Value], deps: Deps) -> Node {
        match nulls {
            Nulls::Never => self.formulas.bool(false),
            Nulls::Maybe => self.formulas.fresh(deps),
            Nulls::Strict => self.any_null(args),
            Nulls::StrictMaybe => {
                let strict = self.any_null(args);
                let maybe = self.formulas.fresh(deps);
                self.formulas.or([strict, maybe])
            }
        }
    }

    /// A value like no other.
    pub(super) fn unique(&mut self, ty: Ty, deps: Deps, nulls: Nulls) -> Value {
        let id = self.id();
        self.term(TermKey::Unique(id), ty, deps, nulls, &[])
    }

    /// `op` applied to `args`: the same unknown wherever it is applied to the same values.
    pub(super) fn apply(&mut self, op: &str, args: Vec<Value>, ty: Ty, nulls: Nulls) -> Value {
        let strict = matches!(nulls, Nulls::Strict | Nulls::StrictMaybe);
        if strict && args.contains(&Value::Null) {
            return Value::Null;
        }
        if let Some(at) = args.iter().position(|arg| matches!(arg, Value::Choice(_)))
            && strict
        {
            return self.spread(&args, at, |eval, args| eval.apply(op, args, ty.clone(), nulls));
        }
        let deps = self.deps_of_all(&args);
        self.term(TermKey::Apply(op.to_owned(), args.clone()), ty, deps, nulls, &args)
    }

    /// Applies `then` to each alternative of the choice at `at`.
    pub(super) fn spread(
        &mut self,
        args: &[Value],
        at: usize,
        mut then: impl FnMut(&mut Self, Vec<Value>) -> Value,
    ) -> Value {
        let Some(Value::Choice(options)) = args.get(at) else { return then(self, args.to_vec()) };
        let mut results = Vec::new();
        for (guard, value) in options.clone() {
            let mut args = args.to_vec();
            if let Some(slot) = args.get_mut(at) {
                *slot = value;
            }
            results.push((guard, then(self, args)));
        }
        self.choice(results)
    }

    /// One of several; flattened, merged, and given up to an unknown where there are too many.
    pub(super) fn choice(&mut self, options: Vec<(Node, Value)>) -> Value {
        let mut flat: Vec<(Node, Value)> = Vec::new();
        for (guard, value) in options {
            match value {
                Value::Choice(inner) => {
                    for (deeper, value) in inner {
                        let both = self.formulas.and([guard, deeper]);
                        self.option(&mut flat, both, value);
                    }
                }
                value => self.option(&mut flat, guard, value),
            }
        }
        if flat.iter().all(|(_, value)| matches!(value, Value::Bool(_) | Value::Null))
            && flat.iter().any(|(_, value)| matches!(value, Value::Bool(_)))
        {
            let truth = self.truth_of_options(&flat);
            return Value::Bool(truth);
        }
        match flat.len() {
            0 => Value::Null,
            1 => flat.pop().map_or(Value::Null, |(_, value)| value),
            n if n > MAX_CHOICE => {
                let deps = self.deps_of(&Value::Choice(flat));
                self.unique(Ty::Any, deps, Nulls::Maybe)
            }
            _ => Value::Choice(flat),
        }
    }

    fn option(&mut self, flat: &mut Vec<(Node, Value)>, guard: Node, value: Value) {
        if self.formulas.constant(guard) == Some(Tri::False) {
            return;
        }
        match flat.iter().position(|(_, known)| *known == value) {
            Some(at) => {
                let Some((known, _)) = flat.get(at).cloned() else { return };
                let either = self.formulas.or([known, guard]);
                if let Some(slot) = flat.get_mut(at) {
                    slot.0 = either;
                }
            }
            None => flat.push((guard, value)),
        }
    }

    fn truth_of_options(&mut self, options: &[(Node, Value)]) -> Node {
        let mut parts = Vec::new();
        for (guard, value) in options {
            let truth = self.truth(value);
            parts.push(self.formulas.and([*guard, truth]));
        }
        self.formulas.or(parts)
    }

    /// `value` as a truth value.
    pub(super) fn truth(&mut self, value: &Value) -> Node {
        match value {
            Value::Null => self.formulas.tri(Tri::Null),
            Value::Bool(node) => *node,
            Value::Const(Const { ty: Ty::Literal | Ty::Bool, text }) if ty::boolean(text).is_some() => {
                self.formulas.bool(ty::boolean(text) == Some(true))
            }
            Value::Term(term) => self.truth_of_term(*term),
            Value::Choice(options) => self.truth_of_options(&options.clone()),
            Value::Const(_) | Value::Claims { .. } | Value::Row(_) | Value::Array(_) => {
                let deps = self.unknown_source("a condition that is not boolean");
                self.three_valued(deps)
            }
        }
    }

    fn truth_of_term(&mut self, term: Term) -> Node {
        if let Some(node) = self.truths.get(&term) {
            return *node;
        }
        let (null, deps) = self.info(term).map_or_else(|| (None, Deps::default()), |info| (Some(info.null), info.deps));
        let fresh = self.formulas.fresh(deps);
        let null = null.unwrap_or_else(|| self.formulas.fresh(deps));
        let node = self.formulas.null_if(null, fresh);
        self.truths.insert(term, node);
        node
    }

    /// A fresh unknown that is true, false or NULL.
    pub(super) fn three_valued(&mut self, deps: Deps) -> Node {
        let (null, truth) = (self.formulas.fresh(deps), self.formulas.fresh(deps));
        self.formulas.null_if(null, truth)
    }

    pub(super) fn info(&self, term: Term) -> Option<&TermInfo> {
        self.terms.get(term.0 as usize)
    }

    pub(super) fn ty_of(&self, value: &Value) -> Ty {
        match value {
            Value::Const(constant) => constant.ty.clone(),
            Value::Term(term) => self.info(*term).map_or(Ty::Any, |info| info.ty.clone()),
            Value::Bool(_) => Ty::Bool,
            Value::Claims { text: true } => Ty::Text,
            Value::Claims { text: false } => Ty::Jsonb,
            Value::Choice(options) => {
                let mut types = options.iter().filter(|(_, value)| *value != Value::Null);
                let first = types.next().map_or(Ty::Any, |(_, value)| self.ty_of(value));
                if types.all(|(_, value)| self.ty_of(value) == first) { first } else { Ty::Any }
            }
            Value::Array(elements) => {
                Ty::Array(Box::new(elements.first().map_or(Ty::Any, |element| self.ty_of(element))))
            }
            Value::Null | Value::Row(_) => Ty::Any,
        }
    }

    /// Two-valued: `value` is NULL (a row is never, whatever its fields).
    pub(super) fn null(&mut self, value: &Value) -> Node {
        match value {
            Value::Null => self.formulas.bool(true),
            Value::Bool(node) => self.formulas.is(*node, Tri::Null),
            Value::Term(term) => match self.info(*term) {
                Some(info) => info.null,
                None => self.formulas.bool(false),
            },
            Value::Choice(options) => {
                let mut parts = Vec::new();
                for (guard, value) in options.clone() {
                    let null = self.null(&value);
                    parts.push(self.formulas.and([guard, null]));
                }
                self.formulas.or(parts)
            }
            Value::Const(_) | Value::Claims { .. } | Value::Row(_) | Value::Array(_) => self.formulas.bool(false),
        }
    }

    pub(super) fn any_null(&mut self, values: &[Value]) -> Node {
        let nulls: Vec<Node> = values.iter().map(|value| self.null(value)).collect();
        self.formulas.or(nulls)
    }

    pub(super) fn deps_of(&self, value: &Value) -> Deps {
        match value {
            Value::Null | Value::Const(_) => Deps::default(),
            Value::Term(term) => self.info(*term).map(|info| info.deps).unwrap_or_default(),
            Value::Bool(node) => self.formulas.deps(*node),
            // The claims as a whole are a session's; every part of them is a term of its own.
            Value::Claims { .. } => {
                let at = self.sources.iter().position(|source| *source == Source::Session("auth.jwt()".to_owned()));
                Deps { bits: at.map_or(0, bit), levels: 0 }
            }
            Value::Choice(options) => options.iter().fold(Deps::default(), |deps, (guard, value)| {
                deps.union(self.formulas.deps(*guard)).union(self.deps_of(value))
            }),
            Value::Row(values) | Value::Array(values) => self.deps_of_all(values),
        }
    }

    pub(super) fn deps_of_all(&self, values: &[Value]) -> Deps {
        values.iter().fold(Deps::default(), |deps, value| deps.union(self.deps_of(value)))
    }

    /// The unknown that says which of a term's known constants it is.
    pub(super) fn cell(&mut self, term: Term) -> Option<Var> {
        if let Some(var) = self.cells.get(&term) {
            return Some(*var);
        }
        let info = self.info(term)?.clone();
        let labels = self.analyser.labels(&info.ty);
        let domain = Domain::Cell {
            points: labels
                .iter()
                .flatten()
                .map(|label| crate::predicate::formula::Point::Text(label.clone()))
                .collect(),
            ordered: info.ty.is_number(),
            closed: labels.is_some(),
        };
        let var = self.formulas.unknown(domain, info.deps);
        self.cells.insert(term, var);
        Some(var)
    }

    /// The unknown that orders two values.
    pub(super) fn ordering(&mut self, left: &Value, right: &Value) -> Var {
        let key = (left.clone(), right.clone());
        if let Some(var) = self.orders.get(&key) {
            return *var;
        }
        let deps = self.deps_of(left).union(self.deps_of(right));
        let var = self.formulas.unknown(Domain::Order, deps);
        self.orders.insert(key, var);
        var
    }
}
