//! Who depends on whom: an object's own parts, which always go with it, and its dependents, which go with `CASCADE`.

use super::drops::Item;
use super::refs::Refs;
use super::state::Fold;
use crate::catalog::{
    Catalog, ConstraintRule, Expression, FunctionKey, ObjectKind, QualifiedName, Relation, TypeKind, ViewDefinition,
};
use crate::sql::ast::{Name, quote_ident};

/// Functions of extensions that stand in defaults.
const FUNCTIONS: &[(&str, &[&str])] = &[
    ("pgcrypto", &["gen_random_bytes", "gen_salt", "crypt", "digest", "hmac"]),
    (
        "uuid-ossp",
        &["uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v3", "uuid_generate_v4", "uuid_generate_v5"],
    ),
];

impl Fold {
    /// What goes with an item in any case.
    pub(super) fn parts(&self, item: &Item) -> Vec<Item> {
        match item {
            Item::Relation(name) => self.relation_parts(name),
            Item::Column(table, column) => self.column_parts(table, column),
            Item::Constraint(table, name) => {
                let index = QualifiedName::new(table.schema.clone(), name.clone());
                let own =
                    self.catalog().indexes.get(&index).is_some_and(|found| found.constraint && found.table == *table);
                own.then_some(Item::Index(index)).into_iter().collect()
            }
            Item::Extension(name) => self.extension_parts(name),
            _ => Vec::new(),
        }
    }

    fn relation_parts(&self, name: &QualifiedName) -> Vec<Item> {
        let Some(relation) = self.catalog().relations.get(name) else { return Vec::new() };
        let on = |names: Vec<&String>, make: fn(QualifiedName, String) -> Item| {
            names.into_iter().map(|part| make(name.clone(), part.clone())).collect::<Vec<_>>()
        };
        let mut parts = on(relation.columns.iter().map(|column| &column.name).collect(), Item::Column);
        parts.extend(on(relation.constraints.keys().collect(), Item::Constraint));
        parts.extend(on(relation.policies.keys().collect(), Item::Policy));
        parts.extend(on(relation.triggers.keys().collect(), Item::Trigger));
        parts.extend(on(relation.rules.keys().collect(), Item::Rule));
        parts.extend(self.indexes_of(name).into_iter().map(Item::Index));
        parts.extend(self.owned_sequences(name, None).into_iter().map(Item::Sequence));
        let children = self.children(name).into_iter();
        let partitions = children.filter(|child| self.catalog().relations.get(child).is_some_and(|r| r.is_partition));
        parts.extend(partitions.map(Item::Relation));
        parts
    }

    fn column_parts(&self, table: &QualifiedName, column: &str) -> Vec<Item> {
        let Some(relation) = self.catalog().relations.get(table) else { return Vec::new() };
        let mut parts: Vec<Item> = self.owned_sequences(table, Some(column)).into_iter().map(Item::Sequence).collect();
        let on_column = |rule: &ConstraintRule| match rule {
            ConstraintRule::Check { expression } => mentions(expression, column),
            ConstraintRule::Unique { columns }
            | ConstraintRule::PrimaryKey { columns }
            | ConstraintRule::ForeignKey { columns, .. } => columns.iter().any(|name| name == column),
            ConstraintRule::Exclude { text } => text.contains(column),
        };
        let constraints = relation.constraints.iter().filter(|(_, constraint)| on_column(&constraint.kind));
        parts.extend(constraints.map(|(name, _)| Item::Constraint(table.clone(), name.clone())));
        for name in self.indexes_of(table) {
            let Some(index) = self.catalog().indexes.get(&name) else { continue };
            let key = |key: &String| *key == column || has_word(key, column);
            let filter = index.filter.as_ref().is_some_and(|filter| mentions(filter, column));
            if filter || index.keys.iter().chain(&index.include).any(key) {
                parts.push(Item::Index(name));
            }
        }
        parts
    }

    fn extension_parts(&self, name: &str) -> Vec<Item> {
        let Some(schema) = self.catalog().extensions.get(name).and_then(|extension| extension.schema.get()) else {
            return Vec::new();
        };
        let types = super::typenames::of_extension(name).iter();
        let types = types.map(|ty| QualifiedName::new(schema.clone(), *ty));
        types.filter(|name| self.catalog().types.contains_key(name)).map(Item::Type).collect()
    }

    /// What an item can only be dropped with under `CASCADE`.
    pub(super) fn dependents(&self, item: &Item) -> Vec<Item> {
        match item {
            Item::Relation(name) => self.relation_dependents(name),
            Item::Function(key) if self.referenced.contains(&key.name.name) => self.function_dependents(key),
            Item::Type(name) => self.type_dependents(name),
            Item::Sequence(name) => self.sequence_dependents(name),
            Item::Schema(name) => self.schema_contents(name),
            Item::Column(table, column) => self.column_dependents(table, column),
            Item::Constraint(table, name) => self.constraint_dependents(table, name),
            Item::Extension(name) => self.extension_dependents(name),
            _ => Vec::new(),
        }
    }

    /// Defaults that call a function of the extension.
    fn extension_dependents(&self, extension: &str) -> Vec<Item> {
        let Some((_, functions)) = FUNCTIONS.iter().find(|(name, _)| *name == extension) else { return Vec::new() };
        let calls = |default: &Expression| functions.iter().any(|function| has_word(&default.canonical, function));
        let columns = self.catalog().relations.iter().flat_map(|(table, relation)| {
            let calling = relation.columns.iter().filter(|column| column.default.as_ref().is_some_and(calls));
            calling.map(|column| Item::Default(table.clone(), column.name.clone()))
        });
        columns.collect()
    }

    fn relation_dependents(&self, name: &QualifiedName) -> Vec<Item> {
        let children = self.children(name).into_iter();
        let mut found: Vec<Item> = children.map(Item::Relation).collect();
        found.extend(self.type_users(name));
        if !self.referenced.contains(&name.name) {
            return found;
        }
        for (other, relation) in &self.catalog().relations {
            if other == name {
                continue;
            }
            if view_reads(relation, name) {
                found.push(Item::Relation(other.clone()));
            }
            let foreign = relation.constraints.iter().filter(|(_, constraint)| {
                matches!(&constraint.kind, ConstraintRule::ForeignKey { references, .. } if references == name)
            });
            found.extend(foreign.map(|(constraint, _)| Item::Constraint(other.clone(), constraint.clone())));
            let reading = relation.policies.iter().filter(|(_, policy)| {
                let clauses = [policy.using.get(), policy.check.get()];
                clauses.into_iter().flatten().flatten().any(|clause| self.reads(clause, name))
            });
            found.extend(reading.map(|(policy, _)| Item::Policy(other.clone(), policy.clone())));
        }
        found
    }

    /// Views that read a relation directly.
    pub(super) fn views_of(&self, name: &QualifiedName) -> Vec<QualifiedName> {
        let views = self.catalog().relations.iter().filter(|(_, relation)| view_reads(relation, name));
        views.map(|(view, _)| view.clone()).collect()
    }

    fn reads(&self, expression: &Expression, name: &QualifiedName) -> bool {
        let Some(ast) = &expression.ast else { return false };
        Refs::of_expr(ast).relations.iter().any(|read| self.same_relation(read, name))
    }

    fn same_relation(&self, written: &Name, name: &QualifiedName) -> bool {
        written.name == name.name && self.find_relation(written).is_some_and(|found| found == *name)
    }

    fn calls(&self, expression: &Expression, key: &FunctionKey) -> bool {
        let Some(ast) = &expression.ast else { return false };
        let refs = Refs::of_expr(ast);
        let same = |(called, count): (&Name, &usize)| {
            called.name == key.name.name
                && called.schema.as_ref().is_none_or(|schema| *schema == key.name.schema)
                && self.find_call(called, *count).is_none_or(|found| found == *key)
                && self.accepts(key, *count)
        };
        refs.calls.iter().zip(&refs.call_sizes).any(same)
    }

    fn accepts(&self, key: &FunctionKey, count: usize) -> bool {
        let Some(function) = self.catalog().functions.get(key) else { return true };
        let variadic = function.params.iter().any(|param| param.mode == crate::sql::ast::ParamMode::Variadic);
        let required =
            function.params.iter().filter(|p| p.default.is_none() && p.mode != crate::sql::ast::ParamMode::Out).count();
        variadic || (required.min(key.args.len())..=key.args.len()).contains(&count)
    }

    fn function_dependents(&self, key: &FunctionKey) -> Vec<Item> {
        let mut found = Vec::new();
        let trigger_like = key.args.is_empty();
        for (name, relation) in &self.catalog().relations {
            self.function_dependents_in(key, name, relation, trigger_like, &mut found);
        }
        for (name, index) in &self.catalog().indexes {
            let in_keys = index.keys.iter().any(|text| text.contains('(') && has_word(text, &key.name.name));
            if in_keys || index.filter.as_ref().is_some_and(|filter| self.calls(filter, key)) {
                found.push(Item::Index(name.clone()));
            }
        }
        let events =
            self.catalog().event_triggers.iter().filter(|(_, trigger)| trigger_like && trigger.function == key.name);
        found.extend(events.map(|(name, _)| Item::EventTrigger(name.clone())));
        for (name, ty) in &self.catalog().types {
            if let TypeKind::Domain { checks, .. } = &ty.kind {
                let using = checks.iter().filter(|(_, check)| self.calls(check, key));
                found.extend(using.map(|(check, _)| Item::DomainCheck(name.clone(), check.clone())));
            }
        }
        found
    }

    fn function_dependents_in(
        &self,
        key: &FunctionKey,
        name: &QualifiedName,
        relation: &Relation,
        trigger_like: bool,
        found: &mut Vec<Item>,
    ) {
        let triggers = relation.triggers.iter().filter(|(_, trigger)| {
            trigger_like && trigger.function == key.name
                || trigger.when.as_ref().is_some_and(|when| self.calls(when, key))
        });
        found.extend(triggers.map(|(trigger, _)| Item::Trigger(name.clone(), trigger.clone())));
        let policies = relation.policies.iter().filter(|(_, policy)| {
            [policy.using.get(), policy.check.get()]
                .into_iter()
                .flatten()
                .flatten()
                .any(|clause| self.calls(clause, key))
        });
        found.extend(policies.map(|(policy, _)| Item::Policy(name.clone(), policy.clone())));
        for column in &relation.columns {
            if column.default.as_ref().is_some_and(|default| self.calls(default, key)) {
                found.push(Item::Default(name.clone(), column.name.clone()));
            }
            if column.generated.as_ref().is_some_and(|generated| self.calls(generated, key)) {
                found.push(Item::Column(name.clone(), column.name.clone()));
            }
        }
        let checks = relation.constraints.iter().filter(|(_, constraint)| {
            matches!(&constraint.kind, ConstraintRule::Check { expression } if self.calls(expression, key))
        });
        found.extend(checks.map(|(check, _)| Item::Constraint(name.clone(), check.clone())));
        let view = relation.definition.as_ref().and_then(|definition| definition.get());
        let callable = |key: &&FunctionKey| {
            self.catalog().functions.get(*key).is_some_and(|function| function.kind != ObjectKind::Procedure)
        };
        let only = || self.overloads(&key.name).filter(callable).count() == 1;
        if view.is_some_and(|view| view.calls.contains(&key.name)) && only() {
            found.push(Item::Relation(name.clone()));
        }
    }

    fn type_dependents(&self, name: &QualifiedName) -> Vec<Item> {
        let mut found = self.type_users(name);
        for (table, relation) in &self.catalog().relations {
            let columns = relation.columns.iter().filter(|column| column.ty.get().is_some_and(|ty| is_type(ty, name)));
            if columns.clone().next().is_some() && relation.definition.is_some() {
                found.push(Item::Relation(table.clone()));
            } else {
                found.extend(columns.map(|column| Item::Column(table.clone(), column.name.clone())));
            }
        }
        found
    }

    /// Functions, domains and composites made of a type (or of a table's row type).
    fn type_users(&self, name: &QualifiedName) -> Vec<Item> {
        let functions = self.catalog().functions.iter().filter(|(key, function)| {
            key.args.iter().any(|ty| is_type(ty, name))
                || function.params.iter().any(|param| is_type(&param.ty, name))
                || function.returns.as_ref().is_some_and(|ty| is_type(ty.strip_prefix("SETOF ").unwrap_or(ty), name))
        });
        let mut found: Vec<Item> = functions.map(|(key, _)| Item::Function(key.clone())).collect();
        let types = self.catalog().types.iter().filter(|(other, ty)| {
            *other != name && matches!(&ty.kind, TypeKind::Domain { base, .. } if is_type(base, name))
        });
        found.extend(types.map(|(other, _)| Item::Type(other.clone())));
        found
    }

    fn sequence_dependents(&self, name: &QualifiedName) -> Vec<Item> {
        let mut found = Vec::new();
        for (table, relation) in &self.catalog().relations {
            for column in &relation.columns {
                // One of its own by the same name is meant.
                let owned = self.owned_sequences(table, Some(&column.name));
                if owned.iter().any(|own| own != name && own.name == name.name) {
                    continue;
                }
                let uses = column
                    .default
                    .as_ref()
                    .is_some_and(|default| default.text.contains("nextval") && has_word(&default.text, &name.name));
                if uses {
                    found.push(Item::Default(table.clone(), column.name.clone()));
                }
            }
        }
        found
    }

    fn schema_contents(&self, schema: &str) -> Vec<Item> {
        let catalog: &Catalog = self.catalog();
        let mut all: Vec<Item> = Vec::new();
        let inside = |name: &&QualifiedName| name.schema == schema;
        all.extend(catalog.relations.keys().filter(inside).cloned().map(Item::Relation));
        all.extend(catalog.sequences.keys().filter(inside).cloned().map(Item::Sequence));
        all.extend(catalog.functions.keys().filter(|key| key.name.schema == schema).cloned().map(Item::Function));
        all.extend(catalog.types.keys().filter(inside).cloned().map(Item::Type));
        let extensions =
            catalog.extensions.iter().filter(|(_, extension)| extension.schema.get().is_some_and(|s| s == schema));
        all.extend(extensions.map(|(name, _)| Item::Extension(name.clone())));
        all
    }

    fn column_dependents(&self, table: &QualifiedName, column: &str) -> Vec<Item> {
        let mut found = Vec::new();
        let Some(own) = self.catalog().relations.get(table) else { return found };
        let policies = own.policies.iter().filter(|(_, policy)| {
            [policy.using.get(), policy.check.get()]
                .into_iter()
                .flatten()
                .flatten()
                .any(|clause| mentions(clause, column))
        });
        found.extend(policies.map(|(policy, _)| Item::Policy(table.clone(), policy.clone())));
        let generated = own.columns.iter().filter(|other| {
            other.name != column && other.generated.as_ref().is_some_and(|generated| mentions(generated, column))
        });
        found.extend(generated.map(|other| Item::Column(table.clone(), other.name.clone())));
        if self.referenced.contains(&table.name) {
            for (name, relation) in &self.catalog().relations {
                let view = relation.definition.as_ref().and_then(|definition| definition.get());
                let uses = |view: &ViewDefinition| {
                    has_word(&view.canonical, column) || shows_all(relation, view, table, column)
                };
                if view_reads(relation, table) && view.is_some_and(uses) {
                    found.push(Item::Relation(name.clone()));
                }
                let foreign = relation.constraints.iter().filter(|(_, constraint)| {
                    matches!(&constraint.kind, ConstraintRule::ForeignKey { references, referenced_columns, .. }
                        if references == table && referenced_columns.iter().any(|name| name == column))
                });
                found.extend(foreign.map(|(constraint, _)| Item::Constraint(name.clone(), constraint.clone())));
            }
        }
        found
    }

    /// Foreign keys that rely on a key.
    fn constraint_dependents(&self, table: &QualifiedName, name: &str) -> Vec<Item> {
        let rule = self.catalog().relations.get(table).and_then(|relation| relation.constraints.get(name));
        let key = match rule.map(|constraint| &constraint.kind) {
            Some(ConstraintRule::PrimaryKey { columns } | ConstraintRule::Unique { columns }) => columns,
            _ => return Vec::new(),
        };
        if !self.referenced.contains(&table.name) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (other, relation) in &self.catalog().relations {
            let foreign = relation.constraints.iter().filter(|(_, constraint)| {
                matches!(&constraint.kind, ConstraintRule::ForeignKey { references, referenced_columns, .. }
                    if references == table && referenced_columns == key)
            });
            found.extend(foreign.map(|(constraint, _)| Item::Constraint(other.clone(), constraint.clone())));
        }
        found
    }
}

/// The view's query has a `*` that stands for all columns of the table, this one among them.
fn shows_all(view: &Relation, definition: &ViewDefinition, table: &QualifiedName, column: &str) -> bool {
    if view.columns_complete && view.column(column).is_none() {
        return false;
    }
    let text = &definition.canonical;
    let bare = text.contains("select *") || text.contains(", *");
    let qualified = text.match_indices(".*").any(|(at, _)| {
        let owner = text.get(..at).and_then(|head| head.rsplit([' ', '(', ',']).next()).unwrap_or_default();
        let owner = owner.rsplit('.').next().unwrap_or(owner);
        owner == table.name || has_word(text, &format!("{} {owner}", table.name))
    });
    bare || qualified
}

fn view_reads(relation: &Relation, name: &QualifiedName) -> bool {
    let view = relation.definition.as_ref().and_then(|definition| definition.get());
    view.is_some_and(|view| view.reads.contains(name))
}

/// The expression refers to a column of this name, outside subqueries or in.
fn mentions(expression: &Expression, column: &str) -> bool {
    let Some(ast) = &expression.ast else { return has_word(&expression.canonical, column) };
    Refs::of_expr(ast).columns.iter().any(|parts| parts.last().is_some_and(|name| name == column))
}

/// `word` stands in `text` as a whole identifier.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, found)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|tail| tail.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The printed type is `name`, or an array or modified form of it.
fn is_type(printed: &str, name: &QualifiedName) -> bool {
    let wanted = format!("{}.{}", quote_ident(&name.schema), quote_ident(&name.name));
    printed.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '(']))
}
