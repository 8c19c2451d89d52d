//! One subject: the values of the fields rules need, where each fact was set and whether it is certain.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use cel::common::value::CowVal;
use cel::context::VariableResolver;

use crate::catalog::{Fact, ObjectRef, Provenance};
use crate::location::Location;
use crate::rule::schema::Target;
use crate::rule::{Rule, Value, cel_root};

/// The fields of one target that some rule needs; the others are not computed.
#[derive(Debug)]
pub struct Needed {
    /// The target.
    pub target: &'static Target,
    mask: Vec<bool>,
    /// `policy.using.text` and `using.text` → position.
    positions: FxHashMap<String, usize>,
}

impl Needed {
    /// Every field.
    #[must_use]
    pub fn all(target: &'static Target) -> Self {
        Self::with_mask(target, vec![true; target.fields.len()])
    }

    /// Those that `rules` need; rules for other targets are passed over.
    #[must_use]
    pub fn by<'r>(target: &'static Target, rules: impl IntoIterator<Item = &'r Rule>) -> Self {
        let mut mask = vec![false; target.fields.len()];
        for rule in rules.into_iter().filter(|rule| rule.target.name == target.name) {
            for position in rule.fields() {
                if let Some(bit) = mask.get_mut(position) {
                    *bit = true;
                }
            }
        }
        Self::with_mask(target, mask)
    }

    fn with_mask(target: &'static Target, mask: Vec<bool>) -> Self {
        let fields = target.fields.iter().enumerate();
        let both = fields.flat_map(|(at, field)| {
            [(field.path.to_owned(), at), (format!("{}.{}", cel_root(target.name), field.path), at)]
        });
        Self { target, mask, positions: both.collect() }
    }

    /// Position of a field, by its path or its full name in CEL.
    pub(super) fn position(&self, path: &str) -> Option<usize> {
        self.positions.get(path).copied()
    }

    /// Whether any needed field's path starts with one of `prefixes`.
    pub(super) fn any(&self, prefixes: &[&str]) -> bool {
        let fields = self.target.fields.iter().zip(&self.mask);
        fields.into_iter().any(|(field, on)| *on && prefixes.iter().any(|prefix| field.path.starts_with(prefix)))
    }

    fn wants(&self, position: usize) -> bool {
        self.mask.get(position).copied().unwrap_or(false)
    }
}

/// What a rule looks at.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The object findings are about.
    pub object: ObjectRef,
    /// Tells subjects on one object apart (a grantee, a line's content); part of the fingerprint.
    pub discriminator: String,
    /// Where it was defined.
    pub location: Option<Location>,
    /// Defined under a condition that could not be decided.
    pub conditional: bool,
    /// Known only by use.
    pub assumed: bool,
    values: Vec<Option<Value>>,
    computed: Vec<bool>,
    places: Vec<(usize, Location)>,
    doubtful: Vec<usize>,
}

impl Subject {
    /// The value at a position; `None` is unknown, or not needed by any rule.
    #[must_use]
    pub fn value(&self, position: usize) -> Option<&Value> {
        self.values.get(position).and_then(Option::as_ref)
    }

    /// Whether the field was computed, be the outcome known or not.
    #[must_use]
    pub fn is_computed(&self, position: usize) -> bool {
        self.computed.get(position).copied().unwrap_or(false)
    }

    /// Where the first of `fields` that has a place of its own was set; else where the subject was defined.
    pub(super) fn place(&self, fields: &[usize]) -> Option<&Location> {
        let own = fields.iter().find_map(|field| self.places.iter().find(|(at, _)| at == field));
        own.map(|(_, place)| place).or(self.location.as_ref())
    }

    /// Whether the subject, or one of `fields`, hangs on an undecided condition.
    pub(super) fn is_conditional(&self, fields: &[usize]) -> bool {
        self.conditional || fields.iter().any(|field| self.doubtful.contains(field))
    }
}

/// Fills in a subject, computing only what is needed.
pub(super) struct Builder<'n> {
    needed: &'n Needed,
    subject: Subject,
}

impl<'n> Builder<'n> {
    pub(super) fn new(needed: &'n Needed, object: ObjectRef) -> Self {
        let fields = needed.target.fields.len();
        let subject = Subject {
            object,
            discriminator: String::new(),
            location: None,
            conditional: false,
            assumed: false,
            values: vec![None; fields],
            computed: vec![false; fields],
            places: Vec::new(),
            doubtful: Vec::new(),
        };
        Self { needed, subject }
    }

    pub(super) fn provenance(mut self, provenance: &Provenance) -> Self {
        self.subject.location = provenance.defined.clone();
        self.subject.conditional = provenance.conditional;
        self.subject.assumed = provenance.is_assumed();
        self
    }

    pub(super) fn at(mut self, location: Option<Location>) -> Self {
        self.subject.location = location;
        self
    }

    pub(super) fn conditional(mut self, conditional: bool) -> Self {
        self.subject.conditional |= conditional;
        self
    }

    pub(super) fn assumed(mut self, assumed: bool) -> Self {
        self.subject.assumed |= assumed;
        self
    }

    pub(super) fn discriminator(mut self, discriminator: String) -> Self {
        self.subject.discriminator = discriminator;
        self
    }

    /// A field that is always known.
    pub(super) fn set<V: Into<Value>>(&mut self, path: &'static str, value: impl FnOnce() -> V) -> &mut Self {
        self.maybe(path, || Some(value()))
    }

    /// A field that may be unknown.
    pub(super) fn maybe<V: Into<Value>>(&mut self, path: &'static str, value: impl FnOnce() -> Option<V>) -> &mut Self {
        let Some(position) = self.position(path) else { return self };
        let value = value().map(Into::into);
        debug_assert!(
            value.as_ref().is_none_or(|v: &Value| self.needed.target.fields[position].ty == v.field_type()),
            "`{path}` of `{}` has another type in the schema",
            self.needed.target.name
        );
        if let Some(slot) = self.subject.values.get_mut(position) {
            *slot = value;
        }
        self
    }

    /// A field that is one fact of the Catalog: its place and its certainty come along.
    pub(super) fn fact<T, V: Into<Value>>(
        &mut self,
        path: &'static str,
        fact: &Fact<T>,
        value: impl FnOnce(&T) -> V,
    ) -> &mut Self {
        self.derived(path, fact, || fact.get().map(value))
    }

    /// A field that hangs on one fact above all.
    pub(super) fn derived<T, V: Into<Value>>(
        &mut self,
        path: &'static str,
        fact: &Fact<T>,
        value: impl FnOnce() -> Option<V>,
    ) -> &mut Self {
        self.maybe(path, value);
        if let Some(position) = self.needed.position(path).filter(|position| self.needed.wants(*position)) {
            if let Some(at) = fact.at.as_ref().filter(|at| Some(*at) != self.subject.location.as_ref()) {
                self.subject.places.push((position, at.clone()));
            }
            if fact.conditional {
                self.subject.doubtful.push(position);
            }
        }
        self
    }

    fn position(&mut self, path: &'static str) -> Option<usize> {
        let position = self.needed.position(path);
        debug_assert!(position.is_some(), "`{path}` of `{}` is not in the schema", self.needed.target.name);
        let position = position.filter(|position| self.needed.wants(*position))?;
        if let Some(computed) = self.subject.computed.get_mut(position) {
            *computed = true;
        }
        Some(position)
    }

    pub(super) fn build(self) -> Subject {
        self.subject
    }
}

/// What CEL sees: the subject's known fields, the rule's parameters, the configuration, under their full names.
pub(super) struct Scope<'a> {
    pub(super) needed: &'a Needed,
    pub(super) subject: &'a Subject,
    pub(super) constants: &'a HashMap<String, Value>,
}

impl VariableResolver for Scope<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(position) = self.needed.position(name) {
            return self.subject.value(position).map(Value::as_cel);
        }
        self.constants.get(name).map(Value::as_cel)
    }
}
