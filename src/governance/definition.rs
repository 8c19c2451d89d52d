//! The canonical definition of an object: lines of text that are the same whether a migration wrote it or the server
//! printed it, for comparing, diffing and digesting.

mod names;
mod query;
mod routine;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::pattern::Pattern;
use crate::catalog::{
    Catalog, Expression, Fact, Function, FunctionKey, Index, ObjectKind, ObjectRef, Policy, QualifiedName, Relation,
    Trigger, Type, TypeKind,
};
use crate::location::Location;
use crate::migrations::Migration;
use crate::sql::ast::{Name, TriggerState};
use crate::sql::{self, Surroundings};

use names::{NameIndex, Seen};

/// An object as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// One fact a line.
    pub lines: Vec<String>,
    /// Where facts were set, by line.
    pub places: BTreeMap<usize, Location>,
    /// Who owns it, where it can be owned and that is known.
    pub owner: Option<String>,
    /// Why it cannot be compared, where it cannot: a fact is not known.
    pub unknown: Option<&'static str>,
    /// It was switched off: a trigger disabled, row level security off.
    pub off: bool,
    /// Where it was last defined.
    pub at: Option<Location>,
}

impl Definition {
    fn new(at: Option<Location>) -> Self {
        Self { lines: Vec::new(), places: BTreeMap::new(), owner: None, unknown: None, off: false, at }
    }

    /// `sha256:…` over the lines.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.lines)
    }

    fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// A line that needs a fact.
    fn fact<T>(&mut self, name: &str, fact: &Fact<T>, print: impl FnOnce(&T) -> String) {
        if let Some(at) = &fact.at {
            self.places.insert(self.lines.len(), at.clone());
        }
        match fact.get() {
            Some(value) => self.line(format!("{name} {}", print(value))),
            None => {
                self.unknown = Some("a fact about it is not known");
                self.line(format!("{name} ?"));
            }
        }
    }

    fn owned_by(&mut self, owner: &Fact<String>) {
        self.owner = owner.get().cloned();
    }
}

/// `sha256:…` over lines.
#[must_use]
pub fn digest(lines: &[String]) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Describes objects of one Catalog.
pub struct Describer<'a> {
    catalog: &'a Catalog,
    names: NameIndex<'a>,
    /// Migrations by path, in order.
    order: BTreeMap<Arc<str>, usize>,
    /// Relations that were renamed, or a column of theirs, and where.
    renames: Vec<(String, Location)>,
}

impl<'a> Describer<'a> {
    /// Indexes the Catalog and how it came about; a live one came about nowhere.
    #[must_use]
    pub fn new(catalog: &'a Catalog, migrations: &[Migration]) -> Self {
        let files = migrations.iter().enumerate();
        let order = files.map(|(at, migration)| (Arc::clone(&migration.file.path), at)).collect();
        let changes = migrations.iter().flat_map(|migration| &migration.changes);
        let renames = changes.filter(|change| change.renamed_from.is_some()).map(|change| {
            let parts = crate::check::name_parts(&change.object.name);
            let relation = match parts.as_slice() {
                [schema, table, _] => QualifiedName::new(schema, table).to_string(),
                _ => change.object.name.clone(),
            };
            (relation, change.at.clone())
        });
        Self { catalog, names: NameIndex::new(catalog), order, renames: renames.collect() }
    }

    /// The schema as it was when something was defined.
    fn seen<'s>(&'s self, at: Option<&'s Location>) -> Seen<'s> {
        Seen { order: &self.order, at }
    }

    /// Every object one of `patterns` means, with its definition.
    #[must_use]
    pub fn matching(&self, patterns: &[&Pattern]) -> BTreeMap<ObjectRef, Definition> {
        let mut found = BTreeMap::new();
        self.each(&mut |object, part| {
            if patterns.iter().any(|pattern| pattern.matches(&object)) {
                found.insert(object, self.describe(part));
            }
        });
        found
    }

    /// The definition of one object.
    #[must_use]
    pub fn find(&self, wanted: &ObjectRef) -> Option<Definition> {
        let mut found = None;
        self.each(&mut |object, part| {
            if object == *wanted {
                found = Some(self.describe(part));
            }
        });
        found
    }

    /// Visits everything that can be protected.
    fn each(&self, visit: &mut dyn FnMut(ObjectRef, Part<'a>)) {
        for (name, relation) in &self.catalog.relations {
            visit(ObjectRef::new(relation.kind, name), Part::Relation(name, relation));
            for column in &relation.columns {
                visit(ObjectRef::on(ObjectKind::Column, name, &column.name), Part::Column(name, relation, column));
            }
            for (part, constraint) in &relation.constraints {
                let object = ObjectRef::on(ObjectKind::Constraint, name, part);
                visit(object, Part::Constraint(name, relation, constraint));
            }
            for (part, policy) in &relation.policies {
                visit(ObjectRef::on(ObjectKind::Policy, name, part), Part::Policy(name, relation, policy));
            }
            for (part, trigger) in &relation.triggers {
                visit(ObjectRef::on(ObjectKind::Trigger, name, part), Part::Trigger(name, trigger));
            }
        }
        for (key, function) in &self.catalog.functions {
            visit(ObjectRef::new(function.kind, key), Part::Function(key, function));
        }
        for (name, index) in &self.catalog.indexes {
            visit(ObjectRef::new(ObjectKind::Index, name), Part::Index(index));
        }
        for (name, sequence) in &self.catalog.sequences {
            visit(ObjectRef::new(ObjectKind::Sequence, name), Part::Sequence(sequence));
        }
        for (name, ty) in &self.catalog.types {
            let domain = matches!(ty.kind, TypeKind::Domain { .. });
            let kind = if domain { ObjectKind::Domain } else { ObjectKind::Type };
            visit(ObjectRef::new(kind, name), Part::Type(ty));
        }
        for (name, schema) in &self.catalog.schemas {
            visit(ObjectRef::new(ObjectKind::Schema, name), Part::Schema(schema));
        }
    }

    /// Lines as the lock can hold them.
    fn describe(&self, part: Part<'a>) -> Definition {
        let mut definition = self.raw(part);
        for line in &mut definition.lines {
            let safe = crate::report::escape::line(line);
            line.replace_range(.., safe.trim_end());
        }
        while definition.lines.last().is_some_and(String::is_empty) {
            definition.lines.pop();
        }
        definition
    }

    fn raw(&self, part: Part<'a>) -> Definition {
        match part {
            Part::Relation(name, relation) if relation.definition.is_some() => self.view(name, relation),
            Part::Relation(name, relation) => self.table(name, relation),
            Part::Column(table, relation, column) => self.column_alone(table, relation, column),
            Part::Constraint(table, relation, constraint) => self.constraint_alone(table, relation, constraint),
            Part::Policy(table, relation, policy) => self.policy(table, relation, policy),
            Part::Trigger(table, trigger) => self.trigger(table, trigger),
            Part::Function(key, function) => self.function(key, function),
            Part::Index(index) => self.index(index),
            Part::Type(ty) => self.data_type(ty),
            Part::Sequence(sequence) => {
                let mut definition = Definition::new(sequence.provenance.defined.clone());
                definition.owned_by(&sequence.owner);
                let owner = sequence.owned_by.as_ref().map(|(table, column)| format!("{table}.{column}"));
                definition.line(format!("owned by {}", owner.unwrap_or_else(|| "none".to_owned())));
                definition
            }
            Part::Schema(schema) => {
                let mut definition = Definition::new(schema.provenance.defined.clone());
                definition.owned_by(&schema.owner);
                definition.line("schema");
                definition
            }
        }
    }

    fn policy(&self, table: &QualifiedName, relation: &Relation, policy: &Policy) -> Definition {
        let mut definition = Definition::new(policy.provenance.defined.clone());
        assumed(&mut definition, policy.provenance.is_assumed());
        definition.line(if policy.permissive { "permissive" } else { "restrictive" });
        definition.line(format!("for {}", format!("{:?}", policy.command).to_lowercase()));
        definition.fact("to", &policy.roles, |roles| roles.join(", "));
        for (clause, fact) in [("using", &policy.using), ("with check", &policy.check)] {
            definition.fact(clause, fact, |expression| {
                expression.as_ref().map_or_else(|| "-".to_owned(), |expression| self.expression(table, expression))
            });
        }
        definition.fact("row level security", &relation.rls_enabled, |on| switch(*on).to_owned());
        definition.off = relation.rls_enabled.is(&false);
        definition
    }

    fn trigger(&self, table: &QualifiedName, trigger: &Trigger) -> Definition {
        let mut definition = Definition::new(trigger.enabled.at.clone().or(trigger.provenance.defined.clone()));
        assumed(&mut definition, trigger.provenance.is_assumed());
        let kind = if trigger.constraint { "constraint trigger" } else { "trigger" };
        definition.line(format!("{kind} {} {}", trigger.timing, trigger.events.join(" or ")));
        if !trigger.columns.is_empty() {
            let mut columns = trigger.columns.clone();
            columns.sort();
            definition.line(format!("of {}", columns.join(", ")));
        }
        definition.line(if trigger.row { "for each row" } else { "for each statement" });
        if let Some(when) = &trigger.when {
            definition.line(format!("when {}", self.expression(table, when)));
        }
        definition.fact("fires", &trigger.enabled, |state| state_word(*state).to_owned());
        definition.off = matches!(trigger.enabled.get(), Some(TriggerState::Disabled | TriggerState::Replica));
        let args: Vec<String> = trigger.args.iter().map(|arg| format!("'{}'", arg.replace('\'', "''"))).collect();
        definition.line(format!("execute {}({})", trigger.function, args.join(", ")));
        let key = FunctionKey { name: trigger.function.clone(), args: Vec::new() };
        if let Some(function) = self.catalog.functions.get(&key) {
            let body = self.describe(Part::Function(&key, function));
            definition.unknown = definition.unknown.or(body.unknown);
            let offset = definition.lines.len();
            definition.places.extend(body.places.into_iter().map(|(line, at)| (line + offset, at)));
            definition.lines.extend(body.lines.into_iter().map(|line| format!("  {line}")));
        }
        definition
    }

    fn index(&self, index: &Index) -> Definition {
        let mut definition = Definition::new(index.provenance.defined.clone());
        let unique = if index.unique { "unique " } else { "" };
        definition.line(format!("{unique}index on {} using {}", index.table, index.method));
        definition.line(format!("({})", index.keys.join(", ")));
        if !index.include.is_empty() {
            definition.line(format!("include ({})", index.include.join(", ")));
        }
        if let Some(filter) = &index.filter {
            definition.line(format!("where {}", self.expression(&index.table, filter)));
        }
        definition
    }

    fn data_type(&self, ty: &Type) -> Definition {
        let mut definition = Definition::new(ty.provenance.defined.clone());
        definition.owned_by(&ty.owner);
        match &ty.kind {
            TypeKind::Enum { labels } => labels.iter().for_each(|label| definition.line(format!("label {label}"))),
            TypeKind::Composite { attributes } => {
                attributes.iter().for_each(|(name, ty)| definition.line(format!("attribute {name} {ty}")));
            }
            TypeKind::Domain { base, not_null, default, checks } => {
                definition.line(format!("domain {base}{}", if *not_null { " not null" } else { "" }));
                definition.lines.extend(default.iter().map(|default| format!("default {}", plain(default))));
                definition.lines.extend(checks.iter().map(|(name, check)| format!("check {name} {}", plain(check))));
            }
            TypeKind::Range => definition.line("range"),
            TypeKind::Base => definition.line("base type"),
            TypeKind::Unknown => definition.unknown = Some("what type it is is not known"),
        }
        definition
    }

    /// An expression on a table, spelled as everywhere.
    pub(crate) fn expression(&self, table: &QualifiedName, expression: &Expression) -> String {
        let name = Name::qualified(table.schema.clone(), table.name.clone());
        let columns = |name: &Name| self.names.columns(name, &[], &self.seen(None));
        let names = |of, name: &Name| self.names.meant(of, name, &[]);
        let surroundings = Surroundings {
            relation: Some(&name),
            columns: Some(&columns),
            names: Some(&names),
            ..Surroundings::default()
        };
        // The tree follows renames, the text does not.
        match &expression.ast {
            Some(expr) => sql::canonical_in(expr, surroundings),
            None => match sql::parse_expr(&expression.text) {
                Ok(expr) => sql::canonical_in(&expr, surroundings),
                Err(_) => expression.canonical.clone(),
            },
        }
    }
}

/// Names of everything that can be protected.
#[must_use]
pub fn names(catalog: &Catalog) -> std::collections::BTreeSet<ObjectRef> {
    let mut names = std::collections::BTreeSet::new();
    Describer::new(catalog, &[]).each(&mut |object, _| {
        names.insert(object);
    });
    names
}

/// One object of the Catalog.
#[derive(Clone, Copy)]
enum Part<'a> {
    Relation(&'a QualifiedName, &'a Relation),
    Column(&'a QualifiedName, &'a Relation, &'a crate::catalog::Column),
    Constraint(&'a QualifiedName, &'a Relation, &'a crate::catalog::Constraint),
    Policy(&'a QualifiedName, &'a Relation, &'a Policy),
    Trigger(&'a QualifiedName, &'a Trigger),
    Function(&'a FunctionKey, &'a Function),
    Index(&'a Index),
    Type(&'a Type),
    Sequence(&'a crate::catalog::Sequence),
    Schema(&'a crate::catalog::Schema),
}

fn assumed(definition: &mut Definition, assumed: bool) {
    if assumed {
        definition.unknown = Some("the migrations never create it");
    }
}

fn plain(expression: &Expression) -> String {
    expression.canonical.clone()
}

const fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// When a trigger fires, in words.
const fn state_word(state: TriggerState) -> &'static str {
    match state {
        TriggerState::Origin => "in origin mode",
        TriggerState::Disabled => "never (disabled)",
        TriggerState::Replica => "in replica mode only",
        TriggerState::Always => "always",
    }
}
