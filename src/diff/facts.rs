//! A Catalog as comparable facts: names and values, places and spellings left out.

use std::collections::BTreeMap;

use super::{Facts, Object, Schema};
use crate::catalog::{
    Acl, Catalog, Column, ConstraintRule, Expression, Fact, Function, FunctionSource, Identity, Index, ObjectKind,
    ObjectRef, Origin, Policy, Privilege, QualifiedName, Relation, Role, Trigger, TypeKind,
};
use crate::governance::definition::Describer;
use crate::report::redact;
use crate::snapshot;
use crate::sql::ast::{ParamMode, PolicyCommand, RefAction, TriggerState, Volatility, quote_ident};

/// What a side was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Migration files: queries of views and standard-SQL bodies are known as written only.
    Migrations,
    /// A database, or a snapshot of one, with the server's version as a number.
    Database(i32),
}

impl Side {
    /// PostgreSQL 17 gives MAINTAIN with ALL; older ones and the fold, which is 15, do not have it.
    pub(super) const fn has_maintain(self) -> bool {
        matches!(self, Self::Database(version) if version >= 170_000)
    }
}

/// The facts of a schema. `exact`: both sides were printed by a server, so that whole queries compare.
pub(super) fn of(schema: &Schema<'_>, exact: bool, maintain: bool) -> Facts {
    let Schema { catalog, side, migrations } = *schema;
    let describer = Describer::new(catalog, migrations);
    let mut out = Collector { side, exact, maintain, describer, facts: Facts::new() };
    for (name, relation) in &catalog.relations {
        out.relation(name, relation);
    }
    for (name, index) in catalog.indexes.iter().filter(|(_, index)| !index.constraint) {
        out.index(name, index);
    }
    for (key, function) in &catalog.functions {
        out.function(ObjectRef::new(function.kind, key), function);
    }
    for (name, role) in &catalog.roles {
        out.role(name, role);
    }
    out.rest(catalog);
    out.facts
}

struct Collector<'a> {
    side: Side,
    /// Queries in a spelling of our own.
    describer: Describer<'a>,
    exact: bool,
    /// Both sides know MAINTAIN.
    maintain: bool,
    facts: Facts,
}

impl Object {
    fn new(origin: Origin) -> Self {
        Self { platform: origin == Origin::Platform, ..Self::default() }
    }

    fn set(&mut self, fact: &'static str, value: impl Into<String>) -> &mut Self {
        self.maybe(fact, Some(value.into()))
    }

    /// A fact that may be unknown.
    fn maybe(&mut self, fact: &'static str, value: Option<String>) -> &mut Self {
        // A snapshot is written with its secrets masked; the other side is read with the same mask.
        let masked = |text: String| redact::masked(&text).unwrap_or(text);
        self.facts.insert(fact, value.map(masked));
        self
    }

    fn fact<T>(&mut self, fact: &'static str, value: &Fact<T>, text: impl Fn(&T) -> String) -> &mut Self {
        self.maybe(fact, value.get().map(text))
    }
}

impl Collector<'_> {
    fn add(&mut self, object: ObjectRef, facts: Object) {
        self.facts.insert(object, facts);
    }

    /// Who besides the owner may do what.
    fn grants(&self, object: &mut Object, acl: &Acl, owner: &Fact<String>) {
        let mut grants: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in acl.iter().filter(|entry| owner.get() != Some(&entry.grantee)) {
            if !self.maintain && entry.privilege == Privilege::Maintain {
                continue;
            }
            let option = if entry.grantable { " with grant option" } else { "" };
            grants.entry(entry.grantee.clone()).or_default().push(format!("{}{option}", entry.privilege.sql()));
        }
        for list in grants.values_mut() {
            list.sort();
            list.dedup();
        }
        object.grants.extend(grants.into_iter().map(|(grantee, list)| (grantee, list.join(", "))));
    }

    fn relation(&mut self, name: &QualifiedName, relation: &Relation) {
        let origin = relation.provenance.origin;
        let mut object = Object::new(origin);
        object.fact("owner", &relation.owner, Clone::clone);
        object.fact("row level security", &relation.rls_enabled, |on| switch(*on));
        object.fact("row level security forced", &relation.rls_forced, |on| switch(*on));
        object.fact("options", &relation.options, map);
        object.set("parents", names(&relation.parents));
        object.set("partitioned by", words(relation.partition_by.as_deref().unwrap_or_default()));
        object.set("unlogged", switch(relation.unlogged));
        object.maybe("comment", self.comment(origin, relation.comment.as_ref()));
        let view = matches!(relation.kind, ObjectKind::View | ObjectKind::MaterializedView);
        if view {
            self.view(&mut object, relation);
        }
        self.grants(&mut object, &relation.acl, &relation.owner);
        self.add(ObjectRef::new(relation.kind, name), object);
        for column in relation.columns.iter().filter(|_| !view) {
            self.column(name, relation, column);
        }
        self.parts(name, relation);
    }

    fn view(&self, object: &mut Object, view: &Relation) {
        let definition = view.definition.as_ref().and_then(Fact::get);
        let sorted = |list: &[QualifiedName]| {
            let mut list: Vec<String> = list.iter().map(ToString::to_string).collect();
            list.sort();
            list.dedup();
            list.join(", ")
        };
        object.maybe("reads", definition.map(|definition| sorted(&definition.reads)));
        let printed = || definition.filter(|_| self.exact).map(|definition| definition.canonical.clone());
        object.maybe("query", self.describer.query_of(view).or_else(printed));
        let columns = view.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        object.maybe("columns", view.columns_complete.then(|| columns.join(", ")));
    }

    fn column(&mut self, table: &QualifiedName, relation: &Relation, column: &Column) {
        let mut object = Object::new(relation.provenance.origin);
        let assumed = relation.provenance.is_assumed();
        object.fact("type", &column.ty, Clone::clone);
        object.fact("not null", &column.not_null, |on| switch(*on));
        let default = column.default.as_ref();
        let default = || default.map_or_else(String::new, |it| self.describer.default(table, column, it));
        object.maybe("default", (!assumed).then(default));
        object.maybe("generated", (!assumed).then(|| self.spelled(table, column.generated.as_ref())));
        let identity = column.identity.map_or("", |identity| match identity {
            Identity::Always => "always",
            Identity::ByDefault => "by default",
        });
        object.maybe("identity", (!assumed).then(|| identity.to_owned()));
        object.maybe("comment", self.comment(relation.provenance.origin, column.comment.as_ref()));
        self.grants(&mut object, &column.acl, &relation.owner);
        self.add(ObjectRef::on(ObjectKind::Column, table, &column.name), object);
    }

    fn parts(&mut self, table: &QualifiedName, relation: &Relation) {
        for (name, constraint) in &relation.constraints {
            let mut object = Object::new(relation.provenance.origin);
            object.set("rule", self.constraint_text(table, &constraint.kind));
            object.set("validated", switch(constraint.validated));
            object.set("deferrable", switch(constraint.deferrable));
            self.add(ObjectRef::on(ObjectKind::Constraint, table, name), object);
        }
        for (name, policy) in &relation.policies {
            let object = self.policy(table, policy);
            self.add(ObjectRef::on(ObjectKind::Policy, table, name), object);
        }
        for (name, trigger) in &relation.triggers {
            let object = self.trigger(trigger);
            self.add(ObjectRef::on(ObjectKind::Trigger, table, name), object);
        }
        for (name, rule) in &relation.rules {
            let mut object = Object::new(rule.provenance.origin);
            object.set("event", rule.event.as_str()).set("instead", switch(rule.instead));
            object.fact("enabled", &rule.enabled, |state| state_word(*state).to_owned());
            self.add(ObjectRef::on(ObjectKind::Rule, table, name), object);
        }
    }

    /// An expression on a table, in the spelling that every other of the same meaning has.
    fn spelled(&self, table: &QualifiedName, expression: Option<&Expression>) -> String {
        expression.map_or_else(String::new, |expression| self.describer.expression(table, expression))
    }

    fn constraint_text(&self, table: &QualifiedName, rule: &ConstraintRule) -> String {
        match rule {
            ConstraintRule::Check { expression } => format!("check {}", self.spelled(table, Some(expression))),
            ConstraintRule::Unique { columns } => format!("unique ({})", columns.join(", ")),
            ConstraintRule::PrimaryKey { columns } => format!("primary key ({})", columns.join(", ")),
            ConstraintRule::ForeignKey { columns, references, referenced_columns, on_delete, on_update } => format!(
                "foreign key ({}) references {references} ({}) on delete {} on update {}",
                columns.join(", "),
                referenced_columns.join(", "),
                action_word(*on_delete),
                action_word(*on_update)
            ),
            ConstraintRule::Exclude { .. } => "exclude".to_owned(),
        }
    }

    fn policy(&self, table: &QualifiedName, policy: &Policy) -> Object {
        let mut object = Object::new(policy.provenance.origin);
        object.set("kind", if policy.permissive { "permissive" } else { "restrictive" });
        object.set("command", command_word(policy.command));
        object.fact("roles", &policy.roles, |roles| roles.join(", "));
        object.fact("using", &policy.using, |using| self.spelled(table, using.as_ref()));
        object.fact("with check", &policy.check, |check| self.spelled(table, check.as_ref()));
        object.maybe("comment", self.comment(policy.provenance.origin, policy.comment.as_ref()));
        object
    }

    fn trigger(&self, trigger: &Trigger) -> Object {
        let mut object = Object::new(trigger.provenance.origin);
        let mut events = trigger.events.clone();
        events.sort();
        object.set("timing", trigger.timing.as_str()).set("events", events.join(", "));
        object.set("columns", trigger.columns.join(", "));
        object.set("for each", if trigger.row { "row" } else { "statement" });
        object.set("when", optional(trigger.when.as_ref()));
        object.set("function", trigger.function.to_string());
        object.set("arguments", trigger.args.join(", "));
        object.set("constraint", switch(trigger.constraint));
        object.fact("enabled", &trigger.enabled, |state| state_word(*state).to_owned());
        object.maybe("comment", self.comment(trigger.provenance.origin, trigger.comment.as_ref()));
        object
    }

    fn index(&mut self, name: &QualifiedName, index: &Index) {
        let mut object = Object::new(index.provenance.origin);
        object.set("table", index.table.to_string()).set("unique", switch(index.unique));
        object.set("method", index.method.as_str()).set("keys", index.keys.join(", "));
        object.set("include", index.include.join(", "));
        object.set("where", self.spelled(&index.table, index.filter.as_ref()));
        object.maybe("comment", self.comment(index.provenance.origin, index.comment.as_ref()));
        self.add(ObjectRef::new(ObjectKind::Index, name), object);
    }

    fn function(&mut self, name: ObjectRef, function: &Function) {
        let origin = function.provenance.origin;
        let assumed = function.provenance.is_assumed();
        let mut object = Object::new(origin);
        object.fact("owner", &function.owner, Clone::clone);
        let params: Vec<String> = function
            .params
            .iter()
            .map(|param| format!("{} {} {}", mode_word(param.mode), param.name.as_deref().unwrap_or("-"), param.ty))
            .collect();
        object.maybe("parameters", (!assumed).then(|| params.join(", ")));
        // What an aggregate returns its final function decides.
        let said = !assumed && (function.kind != ObjectKind::Aggregate || function.returns.is_some());
        object.maybe("returns", said.then(|| function.returns.clone().unwrap_or_default()));
        object.maybe("language", (!assumed).then(|| function.language.clone()));
        object.fact("volatility", &function.volatility, |volatility| {
            match volatility {
                Volatility::Immutable => "immutable",
                Volatility::Stable => "stable",
                Volatility::Volatile => "volatile",
            }
            .to_owned()
        });
        object.fact("security definer", &function.security_definer, |on| switch(*on));
        object.fact("strict", &function.strict, |on| switch(*on));
        object.fact("leakproof", &function.leakproof, |on| switch(*on));
        object.fact("settings", &function.settings, map);
        object.maybe("body", function.body.get().and_then(|body| self.body(body)));
        object.maybe("comment", self.comment(origin, function.comment.as_ref()));
        self.grants(&mut object, &function.acl, &function.owner);
        self.add(name, object);
    }

    /// A standard-SQL body is deparsed by the server: comparable with another deparsed one only.
    fn body(&self, body: &FunctionSource) -> Option<String> {
        match body {
            FunctionSource::Text { text } => Some(text.clone()),
            FunctionSource::Sql { text } => self.exact.then(|| text.clone()),
            FunctionSource::External => Some("(in a library)".to_owned()),
        }
    }

    fn role(&mut self, name: &str, role: &Role) {
        let mut object = Object::new(role.provenance.origin);
        let Role { login, superuser, bypass_rls, inherit, create_role, create_db, replication, .. } = role;
        let attributes = [
            ("login", login),
            ("superuser", superuser),
            ("bypassrls", bypass_rls),
            ("inherit", inherit),
            ("createrole", create_role),
            ("createdb", create_db),
            ("replication", replication),
        ];
        for (word, fact) in attributes {
            object.fact(word, fact, |on| switch(*on));
        }
        let member = |(group, membership): (&String, &crate::catalog::Membership)| {
            format!("{group}{}", if membership.admin { " with admin option" } else { "" })
        };
        object.set("member of", role.member_of.iter().map(member).collect::<Vec<_>>().join(", "));
        let setting = |(name, value): (&String, &String)| {
            let value = if snapshot::is_harmless(name) { value } else { snapshot::WITHHELD };
            format!("{name}={value}")
        };
        object.set("settings", role.settings.iter().map(setting).collect::<Vec<_>>().join("; "));
        self.add(ObjectRef::new(ObjectKind::Role, quote_ident(name)), object);
    }

    fn rest(&mut self, catalog: &Catalog) {
        for (name, schema) in &catalog.schemas {
            let mut object = Object::new(schema.provenance.origin);
            object.fact("owner", &schema.owner, Clone::clone);
            object.maybe("comment", self.comment(schema.provenance.origin, schema.comment.as_ref()));
            if schema.owner.get().is_some() {
                self.grants(&mut object, &schema.acl, &schema.owner);
            }
            self.add(ObjectRef::new(ObjectKind::Schema, quote_ident(name)), object);
        }
        for (name, sequence) in &catalog.sequences {
            let mut object = Object::new(sequence.provenance.origin);
            let owned = sequence.owned_by.as_ref().map(|(table, column)| format!("{table}.{column}"));
            object.fact("owner", &sequence.owner, Clone::clone).set("owned by", owned.unwrap_or_default());
            self.grants(&mut object, &sequence.acl, &sequence.owner);
            self.add(ObjectRef::new(ObjectKind::Sequence, name), object);
        }
        for (name, ty) in &catalog.types {
            let mut object = Object::new(ty.provenance.origin);
            object.fact("owner", &ty.owner, Clone::clone).maybe("definition", type_text(&ty.kind));
            object.maybe("comment", self.comment(ty.provenance.origin, ty.comment.as_ref()));
            self.add(ObjectRef::new(ObjectKind::Type, name), object);
        }
        for (name, extension) in &catalog.extensions {
            let mut object = Object::new(extension.provenance.origin);
            object.fact("schema", &extension.schema, Clone::clone);
            object.fact("version", &extension.version, Clone::clone);
            self.add(ObjectRef::new(ObjectKind::Extension, quote_ident(name)), object);
        }
        for (name, trigger) in &catalog.event_triggers {
            let mut object = Object::new(trigger.provenance.origin);
            object.set("event", trigger.event.as_str()).set("tags", trigger.tags.join(", "));
            object.set("function", trigger.function.to_string());
            object.fact("enabled", &trigger.enabled, |state| state_word(*state).to_owned());
            self.add(ObjectRef::new(ObjectKind::EventTrigger, quote_ident(name)), object);
        }
        for (name, publication) in &catalog.publications {
            let mut object = Object::new(publication.provenance.origin);
            let tables: Vec<QualifiedName> = publication.tables.keys().cloned().collect();
            object.set("all tables", switch(publication.all_tables)).set("tables", names(&tables));
            object.set("schemas", publication.schemas.join(", "));
            self.add(ObjectRef::new(ObjectKind::Publication, quote_ident(name)), object);
        }
        for entry in &catalog.default_privileges {
            let origin = if entry.platform { Origin::Platform } else { Origin::Migration };
            let mut object = Object::new(origin);
            let owner = Fact::known(entry.role.clone(), None);
            self.grants(&mut object, &entry.acl, &owner);
            let schema = entry.schema.as_deref().unwrap_or("*");
            let name = format!("{}.{schema}.{}", entry.role, entry.objects.words());
            self.add(ObjectRef::new(ObjectKind::DefaultPrivilege, name), object);
        }
    }

    /// The platform comments its own objects, migrations do not repeat that.
    fn comment(&self, origin: Origin, comment: Option<&String>) -> Option<String> {
        let known = self.side != Side::Migrations || origin == Origin::Migration;
        known.then(|| comment.cloned().unwrap_or_default())
    }
}

fn switch(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn optional(expression: Option<&Expression>) -> String {
    expression.map_or_else(String::new, |expression| expression.canonical.clone())
}

fn map(settings: &BTreeMap<String, String>) -> String {
    settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn names(list: &[QualifiedName]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn words(text: &str) -> String {
    let text = text.to_ascii_lowercase().replace('(', " ( ").replace(')', " ) ").replace(',', " , ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn type_text(kind: &TypeKind) -> Option<String> {
    Some(match kind {
        TypeKind::Enum { labels } => format!("enum ({})", labels.join(", ")),
        TypeKind::Composite { attributes } => {
            let parts: Vec<String> = attributes.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
            format!("composite ({})", parts.join(", "))
        }
        TypeKind::Domain { base, not_null, default, checks } => {
            let checks: Vec<String> =
                checks.iter().map(|(name, check)| format!("{name}: {}", check.canonical)).collect();
            let not_null = if *not_null { " not null" } else { "" };
            format!("domain {base}{not_null} default ({}) checks ({})", optional(default.as_ref()), checks.join("; "))
        }
        TypeKind::Range => "range".to_owned(),
        TypeKind::Base => "base type".to_owned(),
        TypeKind::Unknown => return None,
    })
}

const fn action_word(action: RefAction) -> &'static str {
    match action {
        RefAction::NoAction => "no action",
        RefAction::Restrict => "restrict",
        RefAction::Cascade => "cascade",
        RefAction::SetNull => "set null",
        RefAction::SetDefault => "set default",
    }
}

const fn command_word(command: PolicyCommand) -> &'static str {
    match command {
        PolicyCommand::All => "all",
        PolicyCommand::Select => "select",
        PolicyCommand::Insert => "insert",
        PolicyCommand::Update => "update",
        PolicyCommand::Delete => "delete",
    }
}

const fn state_word(state: TriggerState) -> &'static str {
    match state {
        TriggerState::Origin => "on",
        TriggerState::Disabled => "off",
        TriggerState::Replica => "replica",
        TriggerState::Always => "always",
    }
}

const fn mode_word(mode: ParamMode) -> &'static str {
    match mode {
        ParamMode::In => "in",
        ParamMode::Out => "out",
        ParamMode::InOut => "inout",
        ParamMode::Variadic => "variadic",
    }
}
