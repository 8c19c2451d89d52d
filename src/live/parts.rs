//! One row of the server's answer, one thing of the Catalog.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::acl::Acls;
use super::rows::*;
use crate::catalog::{
    Column, DefaultPrivileges, EventTrigger, Expression, Extension, Fact, Function, FunctionKey, FunctionParam,
    FunctionSource, Identity, ObjectKind, Origin, Policy, Provenance, Publication, QualifiedName, Relation,
    RewriteRule, Role, Schema, Sequence, Shared, Type, TypeKind, ViewDefinition,
};
use crate::sql::ast::{Expr, ParamMode, PolicyCommand, RefAction, StatementKind, TriggerState, Volatility};
use crate::sql::{self, Surroundings};

/// Expressions read so far: a database of many tables has few different ones.
#[derive(Default)]
pub(super) struct Parsed(FxHashMap<String, Option<Arc<Expr>>>);

impl Parsed {
    pub(super) fn get(&mut self, text: &str) -> Option<Arc<Expr>> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let parsed = sql::parse_expr(text).ok().map(Arc::new);
        self.0.insert(text.to_owned(), parsed.clone());
        parsed
    }

    /// An expression that stands on no relation.
    fn alone(&mut self, text: &str) -> Expression {
        sql::expression_shared(text, self.get(text).as_ref(), Surroundings::default())
    }
}

pub(super) fn live() -> Provenance {
    Provenance { origin: Origin::Live, defined: None, conditional: false }
}

pub(super) fn fact<T>(value: T) -> Fact<T> {
    Fact::known(value, None)
}

/// `name=value` as `proconfig`, `reloptions` and `rolconfig` hold it.
fn settings(rows: Vec<String>) -> BTreeMap<String, String> {
    let split = |row: String| row.split_once('=').map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    rows.into_iter().filter_map(split).collect()
}

pub(super) fn trigger_state(code: &str) -> TriggerState {
    match code {
        "D" => TriggerState::Disabled,
        "R" => TriggerState::Replica,
        "A" => TriggerState::Always,
        _ => TriggerState::Origin,
    }
}

fn names(pairs: Vec<NamePair>) -> Vec<QualifiedName> {
    pairs.into_iter().map(|(schema, name)| QualifiedName::new(schema, name)).collect()
}

pub(super) fn role(row: RoleRow) -> (String, Role) {
    let origin = if row.bootstrap { Origin::Platform } else { Origin::Live };
    let role = Role {
        provenance: Provenance { origin, ..live() },
        login: fact(row.login),
        superuser: fact(row.superuser),
        bypass_rls: fact(row.bypass_rls),
        inherit: fact(row.inherit),
        create_role: fact(row.create_role),
        create_db: fact(row.create_db),
        replication: fact(row.replication),
        member_of: BTreeMap::new(),
        settings: settings(row.settings),
    };
    (row.name, role)
}

pub(super) fn schema(row: SchemaRow, acls: &mut Acls) -> (String, Schema) {
    (row.name, Schema { provenance: live(), owner: fact(row.owner), acl: acls.get(row.acl), comment: row.comment })
}

pub(super) fn relation(row: RelationRow, acls: &mut Acls) -> (QualifiedName, Relation) {
    let kind = match row.kind.as_str() {
        "v" => ObjectKind::View,
        "m" => ObjectKind::MaterializedView,
        "f" => ObjectKind::ForeignTable,
        _ => ObjectKind::Table,
    };
    let definition = row.definition.map(|text| {
        let canonical = sql::canonical_text(&text);
        fact(ViewDefinition { text, canonical, reads: Vec::new(), calls: Vec::new(), outdated: false })
    });
    let relation = Relation {
        provenance: live(),
        kind,
        owner: fact(row.owner),
        columns: Shared::default(),
        columns_complete: true,
        constraints: Shared::default(),
        rls_enabled: fact(row.rls_enabled),
        rls_forced: fact(row.rls_forced),
        policies: Shared::default(),
        triggers: Shared::default(),
        rules: Shared::default(),
        options: fact(settings(row.options)),
        definition,
        parents: names(row.parents),
        is_partition: row.is_partition,
        partition_by: row.partition_by,
        unlogged: row.unlogged,
        acl: acls.get(row.acl),
        revoked: Vec::new(),
        comment: row.comment,
    };
    (QualifiedName::new(row.schema, row.name), relation)
}

pub(super) fn view_read(relation: &mut Relation, row: ViewReadRow) {
    let Some(definition) = relation.definition.as_mut().and_then(|fact| fact.value.as_mut()) else { return };
    let target = QualifiedName::new(row.target_schema, row.target);
    if row.is_function { definition.calls.push(target) } else { definition.reads.push(target) }
}

pub(super) fn column(row: ColumnRow, acls: &mut Acls, parsed: &mut Parsed) -> Column {
    Column {
        name: row.name,
        ty: fact(row.ty),
        not_null: fact(row.not_null),
        // `default null` is stored only where the type has a modifier, and means nothing there either.
        default: row.default.filter(|text| !text.starts_with("NULL::")).map(|text| parsed.alone(&text)),
        generated: None,
        identity: match row.identity.as_str() {
            "a" => Some(Identity::Always),
            "d" => Some(Identity::ByDefault),
            _ => None,
        },
        acl: acls.get(row.acl),
        at: None,
        comment: row.comment,
    }
}

pub(super) fn ref_action(code: &str) -> RefAction {
    match code {
        "r" => RefAction::Restrict,
        "c" => RefAction::Cascade,
        "n" => RefAction::SetNull,
        "d" => RefAction::SetDefault,
        _ => RefAction::NoAction,
    }
}

pub(super) fn policy(row: PolicyRow, using: Option<Expression>, check: Option<Expression>) -> Policy {
    let command = match row.command.as_str() {
        "r" => PolicyCommand::Select,
        "a" => PolicyCommand::Insert,
        "w" => PolicyCommand::Update,
        "d" => PolicyCommand::Delete,
        _ => PolicyCommand::All,
    };
    let mut roles = row.roles.unwrap_or_default();
    roles.sort();
    Policy {
        provenance: live(),
        permissive: row.permissive,
        command,
        roles: fact(roles),
        roles_omitted: None,
        using: fact(using),
        check: fact(check),
        comment: row.comment,
    }
}

pub(super) fn parse_one(text: &str) -> Option<StatementKind> {
    sql::parse(text).statements.into_iter().next().map(|statement| statement.kind)
}

pub(super) fn rule(row: RuleRow) -> RewriteRule {
    let event = match row.event.as_str() {
        "1" => "select",
        "2" => "update",
        "3" => "insert",
        _ => "delete",
    };
    RewriteRule {
        provenance: live(),
        event: event.to_owned(),
        instead: row.instead,
        enabled: fact(trigger_state(&row.enabled)),
        writes: names(row.writes),
    }
}

pub(super) fn sequence(row: SequenceRow, acls: &mut Acls) -> (QualifiedName, Sequence) {
    let owned_by = match (row.table_schema, row.table, row.column) {
        (Some(schema), Some(table), Some(column)) => Some((QualifiedName::new(schema, table), column)),
        _ => None,
    };
    let sequence = Sequence {
        provenance: live(),
        owner: fact(row.owner),
        owned_by,
        identity: row.identity.unwrap_or(false),
        acl: acls.get(row.acl),
        comment: row.comment,
    };
    (QualifiedName::new(row.schema, row.name), sequence)
}

pub(super) fn function(row: FunctionRow, acls: &mut Acls) -> (FunctionKey, Function) {
    let kind = match row.kind.as_str() {
        "p" => ObjectKind::Procedure,
        "a" => ObjectKind::Aggregate,
        _ => ObjectKind::Function,
    };
    let body = match (row.sql_body, row.source, row.language.as_str()) {
        (Some(text), _, _) => FunctionSource::Sql { text },
        (None, Some(text), language) if !matches!(language, "c" | "internal") && kind != ObjectKind::Aggregate => {
            FunctionSource::Text { text }
        }
        _ => FunctionSource::External,
    };
    let volatility = match row.volatility.as_str() {
        "i" => Volatility::Immutable,
        "s" => Volatility::Stable,
        _ => Volatility::Volatile,
    };
    let defaults = row.signature.as_deref().map(defaults).unwrap_or_default();
    let function = Function {
        provenance: live(),
        kind,
        owner: fact(row.owner),
        params: with_defaults(row.params.into_iter().map(param).collect(), defaults),
        returns: row.returns,
        language: row.language,
        volatility: fact(volatility),
        security_definer: fact(row.security_definer),
        strict: fact(row.strict),
        leakproof: fact(row.leakproof),
        settings: fact(settings(row.settings)),
        body: fact(body),
        acl: acls.get(row.acl),
        comment: row.comment,
    };
    (FunctionKey { name: QualifiedName::new(row.schema, row.name), args: row.arg_types }, function)
}

/// The defaults in a signature as the server prints it, by parameter; columns of a result table are not among them.
fn defaults(signature: &str) -> Vec<Option<Expression>> {
    let text = format!("create function f({signature}) returns void language sql as ''");
    let Some(StatementKind::CreateFunction(parsed)) = parse_one(&text) else { return Vec::new() };
    let default = |param: &crate::sql::ast::Param| {
        param.default.as_ref().map(|default| sql::expression(default.span.slice(&text)))
    };
    parsed.params.iter().map(default).collect()
}

fn with_defaults(mut params: Vec<FunctionParam>, defaults: Vec<Option<Expression>>) -> Vec<FunctionParam> {
    for (param, default) in params.iter_mut().zip(defaults) {
        param.default = default;
    }
    params
}

fn param(row: ParamRow) -> FunctionParam {
    let mode = match row.mode.as_str() {
        "o" | "t" => ParamMode::Out,
        "b" => ParamMode::InOut,
        "v" => ParamMode::Variadic,
        _ => ParamMode::In,
    };
    FunctionParam { name: row.name.filter(|name| !name.is_empty()), mode, ty: row.ty, default: None }
}

pub(super) fn data_type(row: TypeRow, acls: &mut Acls, parsed: &mut Parsed) -> (QualifiedName, Type) {
    let kind = match row.kind.as_str() {
        "e" => TypeKind::Enum { labels: row.labels },
        "c" => TypeKind::Composite { attributes: row.attributes },
        "d" => TypeKind::Domain {
            base: row.base.unwrap_or_default(),
            not_null: row.not_null,
            default: row.default.map(|text| parsed.alone(&text)),
            checks: row.checks.into_iter().map(|(name, text)| (name, parsed.alone(&text))).collect(),
        },
        "r" => TypeKind::Range,
        _ => TypeKind::Base,
    };
    let data_type =
        Type { provenance: live(), owner: fact(row.owner), kind, acl: acls.get(row.acl), comment: row.comment };
    (QualifiedName::new(row.schema, row.name), data_type)
}

pub(super) fn event_trigger(row: EventTriggerRow) -> (String, EventTrigger) {
    let trigger = EventTrigger {
        provenance: live(),
        owner: fact(row.owner),
        event: row.event,
        tags: row.tags,
        function: QualifiedName::new(row.function_schema, row.function),
        enabled: fact(trigger_state(&row.enabled)),
    };
    (row.name, trigger)
}

pub(super) fn extension(row: ExtensionRow) -> (String, Extension) {
    (row.name, Extension { provenance: live(), schema: fact(row.schema), version: fact(row.version) })
}

pub(super) fn publication(row: PublicationRow) -> (String, Publication) {
    let publication = Publication {
        provenance: live(),
        owner: fact(row.owner),
        all_tables: row.all_tables,
        tables: names(row.tables).into_iter().map(|name| (name, fact(()))).collect(),
        schemas: row.schemas,
    };
    (row.name, publication)
}

pub(super) fn default_privileges(row: DefaultPrivilegesRow, acls: &mut Acls) -> DefaultPrivileges {
    let objects = match row.objects.as_str() {
        "r" => ObjectKind::Table,
        "S" => ObjectKind::Sequence,
        "f" => ObjectKind::Function,
        "T" => ObjectKind::Type,
        _ => ObjectKind::Schema,
    };
    DefaultPrivileges { role: row.role, schema: row.schema, objects, acl: acls.get(row.acl), platform: false }
}
