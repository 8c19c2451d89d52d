//! Rows into the Catalog.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::acl::acl;
use super::rows::*;
use crate::catalog::{
    Catalog, Column, Constraint, ConstraintRule, DefaultPrivileges, EventTrigger, Expression, Extension, Fact,
    Function, FunctionKey, FunctionParam, FunctionSource, Identity, Index, Membership, ObjectKind, Origin, Policy,
    Provenance, Publication, QualifiedName, Relation, RewriteRule, Role, Schema, Sequence, Trigger, Type, TypeKind,
    ViewDefinition,
};
use crate::sql::ast::{
    ExprKind, IndexKey, Name, ParamMode, PolicyCommand, RefAction, StatementKind, TriggerState, Volatility,
};
use crate::sql::{self, Surroundings};

/// Puts everything together.
pub(super) fn catalog(rows: Rows) -> Catalog {
    let mut catalog = Catalog {
        roles: rows.roles.into_iter().map(role).collect(),
        schemas: rows.schemas.into_iter().map(schema).collect(),
        relations: rows.relations.into_iter().filter(|row| !row.of_extension).map(relation).collect(),
        indexes: BTreeMap::new(),
        sequences: rows.sequences.into_iter().map(sequence).collect(),
        functions: rows.functions.into_iter().filter(|row| !row.of_extension).map(function).collect(),
        types: rows.types.into_iter().filter(|row| !row.of_extension).map(data_type).collect(),
        event_triggers: rows.event_triggers.into_iter().map(event_trigger).collect(),
        extensions: rows.extensions.into_iter().map(extension).collect(),
        publications: rows.publications.into_iter().map(publication).collect(),
        default_privileges: rows.default_privileges.into_iter().map(default_privileges).collect(),
    };
    memberships(&mut catalog, rows.memberships);
    let columns = Columns::of(&rows.columns);
    hang(
        &mut catalog,
        rows.columns,
        |row| (&row.schema, &row.relation),
        |relation, row| relation.columns.push(column(row, &columns)),
    );
    hang(
        &mut catalog,
        rows.constraints,
        |row| (&row.schema, &row.relation),
        |relation, row| {
            relation.constraints.insert(row.name.clone(), constraint(row, &columns));
        },
    );
    hang(
        &mut catalog,
        rows.policies,
        |row| (&row.schema, &row.relation),
        |relation, row| {
            relation.policies.insert(row.name.clone(), policy(row, &columns));
        },
    );
    hang(
        &mut catalog,
        rows.triggers,
        |row| (&row.schema, &row.relation),
        |relation, row| {
            relation.triggers.insert(row.name.clone(), trigger(row, &columns));
        },
    );
    hang(
        &mut catalog,
        rows.rules,
        |row| (&row.schema, &row.relation),
        |relation, row| {
            relation.rules.insert(row.name.clone(), rule(row));
        },
    );
    hang(&mut catalog, rows.view_reads, |row| (&row.schema, &row.name), view_read);
    let relations = &catalog.relations;
    catalog.indexes = rows.indexes.into_par_iter().map(|row| index(row, &columns, relations)).collect();
    catalog
}

/// Hands each row to the relation it belongs to; rows of relations left out (an extension's) are left out with them.
fn hang<T>(
    catalog: &mut Catalog,
    rows: Vec<T>,
    key: impl Fn(&T) -> (&String, &String),
    add: impl Fn(&mut Relation, T),
) {
    for row in rows {
        let (schema, name) = key(&row);
        if let Some(relation) = catalog.relations.get_mut(&QualifiedName::new(schema, name)) {
            add(relation, row);
        }
    }
}

/// The columns of every relation, by name: what tells whose an unqualified name in a subquery is.
struct Columns(BTreeMap<(String, String), Vec<String>>);

impl Columns {
    fn of(rows: &[ColumnRow]) -> Self {
        let mut columns: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for row in rows {
            columns.entry((row.schema.clone(), row.relation.clone())).or_default().push(row.name.clone());
        }
        Self(columns)
    }

    fn get(&self, name: &Name) -> Option<Vec<String>> {
        self.0.get(&(name.schema.clone()?, name.name.clone())).cloned()
    }

    /// The canonical form of an expression on a relation, as the fold makes it.
    fn expression(&self, text: &str, schema: &str, relation: &str) -> Expression {
        let name = Name::qualified(schema, relation);
        let surroundings = Surroundings {
            relation: Some(&name),
            columns: Some(&|name: &Name| self.get(name)),
            ..Surroundings::default()
        };
        sql::expression_in(text, surroundings)
    }
}

fn live() -> Provenance {
    Provenance { origin: Origin::Live, defined: None, conditional: false }
}

fn fact<T>(value: T) -> Fact<T> {
    Fact::known(value, None)
}

/// `name=value` as `proconfig`, `reloptions` and `rolconfig` hold it.
fn settings(rows: Vec<String>) -> BTreeMap<String, String> {
    let split = |row: String| row.split_once('=').map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    rows.into_iter().filter_map(split).collect()
}

fn trigger_state(code: &str) -> TriggerState {
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

fn role(row: RoleRow) -> (String, Role) {
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

fn memberships(catalog: &mut Catalog, rows: Vec<MembershipRow>) {
    for row in rows {
        if let Some(member) = catalog.roles.get_mut(&row.member) {
            let membership =
                Membership { admin: row.admin, inherit: row.inherit, set: row.set.unwrap_or(true), at: None };
            member.member_of.insert(row.role, membership);
        }
    }
}

fn schema(row: SchemaRow) -> (String, Schema) {
    (row.name, Schema { provenance: live(), owner: fact(row.owner), acl: acl(row.acl), comment: row.comment })
}

fn relation(row: RelationRow) -> (QualifiedName, Relation) {
    let kind = match row.kind.as_str() {
        "v" => ObjectKind::View,
        "m" => ObjectKind::MaterializedView,
        "f" => ObjectKind::ForeignTable,
        _ => ObjectKind::Table,
    };
    let definition = row.definition.map(|text| {
        let canonical = sql::canonical_text(&text);
        fact(ViewDefinition { text, canonical, reads: Vec::new(), calls: Vec::new() })
    });
    let relation = Relation {
        provenance: live(),
        kind,
        owner: fact(row.owner),
        columns: Vec::new(),
        columns_complete: true,
        constraints: BTreeMap::new(),
        rls_enabled: fact(row.rls_enabled),
        rls_forced: fact(row.rls_forced),
        policies: BTreeMap::new(),
        triggers: BTreeMap::new(),
        rules: BTreeMap::new(),
        options: fact(settings(row.options)),
        definition,
        parents: names(row.parents),
        is_partition: row.is_partition,
        partition_by: row.partition_by,
        unlogged: row.unlogged,
        acl: acl(row.acl),
        revoked: Vec::new(),
        comment: row.comment,
    };
    (QualifiedName::new(row.schema, row.name), relation)
}

fn view_read(relation: &mut Relation, row: ViewReadRow) {
    let Some(definition) = relation.definition.as_mut().and_then(|fact| fact.value.as_mut()) else { return };
    let target = QualifiedName::new(row.target_schema, row.target);
    if row.is_function { definition.calls.push(target) } else { definition.reads.push(target) }
}

fn column(row: ColumnRow, columns: &Columns) -> Column {
    let on_table = |text: String| columns.expression(&text, &row.schema, &row.relation);
    Column {
        name: row.name,
        ty: fact(row.ty),
        not_null: fact(row.not_null),
        // `default null` is stored only where the type has a modifier, and means nothing there either.
        default: row.default.filter(|text| !text.starts_with("NULL::")).map(expression),
        generated: row.generated.map(on_table),
        identity: match row.identity.as_str() {
            "a" => Some(Identity::Always),
            "d" => Some(Identity::ByDefault),
            _ => None,
        },
        acl: acl(row.acl),
        at: None,
        comment: row.comment,
    }
}

fn expression(text: String) -> Expression {
    sql::expression(&text)
}

fn constraint(row: ConstraintRow, columns: &Columns) -> Constraint {
    let kind = match row.ty.as_str() {
        "c" => {
            let text = row.expression.unwrap_or_default();
            ConstraintRule::Check { expression: columns.expression(&text, &row.schema, &row.relation) }
        }
        "u" => ConstraintRule::Unique { columns: row.columns },
        "p" => ConstraintRule::PrimaryKey { columns: row.columns },
        "f" => ConstraintRule::ForeignKey {
            columns: row.columns,
            references: QualifiedName::new(
                row.referenced_schema.unwrap_or_default(),
                row.referenced_relation.unwrap_or_default(),
            ),
            referenced_columns: row.referenced_columns,
            on_delete: ref_action(&row.on_delete),
            on_update: ref_action(&row.on_update),
        },
        _ => ConstraintRule::Exclude { text: row.definition },
    };
    Constraint { at: None, kind, validated: row.validated, deferrable: row.deferrable }
}

fn ref_action(code: &str) -> RefAction {
    match code {
        "r" => RefAction::Restrict,
        "c" => RefAction::Cascade,
        "n" => RefAction::SetNull,
        "d" => RefAction::SetDefault,
        _ => RefAction::NoAction,
    }
}

fn policy(row: PolicyRow, columns: &Columns) -> Policy {
    let on_table = |text: String| columns.expression(&text, &row.schema, &row.relation);
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
        using: fact(row.using.map(on_table)),
        check: fact(row.check.map(on_table)),
        comment: row.comment,
    }
}

/// The server prints the whole statement; our own parser reads it back.
fn trigger(row: TriggerRow, columns: &Columns) -> Trigger {
    let mut trigger = Trigger {
        provenance: live(),
        timing: String::new(),
        events: Vec::new(),
        columns: Vec::new(),
        row: false,
        when: None,
        function: QualifiedName::new(row.function_schema, row.function),
        args: Vec::new(),
        constraint: false,
        enabled: fact(trigger_state(&row.enabled)),
        comment: row.comment,
    };
    if let Some(StatementKind::CreateTrigger(parsed)) = parse_one(&row.definition) {
        trigger.timing = parsed.timing;
        trigger.events = parsed.events;
        trigger.columns = parsed.columns;
        trigger.row = parsed.row;
        trigger.when = parsed
            .when
            .as_ref()
            .map(|when| columns.expression(when.span.slice(&row.definition), &row.schema, &row.relation));
        trigger.args = parsed.args;
        trigger.constraint = parsed.constraint;
    }
    trigger
}

fn parse_one(text: &str) -> Option<StatementKind> {
    sql::parse(text).statements.into_iter().next().map(|statement| statement.kind)
}

fn rule(row: RuleRow) -> RewriteRule {
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

fn index(row: IndexRow, columns: &Columns, relations: &BTreeMap<QualifiedName, Relation>) -> (QualifiedName, Index) {
    let mut index = Index {
        provenance: live(),
        table: QualifiedName::new(row.table_schema, row.table),
        unique: false,
        method: String::new(),
        keys: Vec::new(),
        include: Vec::new(),
        filter: None,
        constraint: row.constraint,
        comment: row.comment,
    };
    let Some(definition) = row.definition else {
        let constraint = relations.get(&index.table).and_then(|table| table.constraints.get(&row.name));
        if let Some(ConstraintRule::PrimaryKey { columns } | ConstraintRule::Unique { columns }) =
            constraint.map(|constraint| &constraint.kind)
        {
            (index.unique, index.method) = (true, "btree".to_owned());
            index.keys.clone_from(columns);
        }
        return (QualifiedName::new(row.schema, row.name), index);
    };
    if let Some(StatementKind::CreateIndex(parsed)) = parse_one(&definition) {
        index.unique = parsed.unique;
        index.keys = parsed.keys.iter().map(index_key).collect();
        let on_table = |text: &str| columns.expression(text, &index.table.schema, &index.table.name);
        index.filter = parsed.filter.as_ref().map(|filter| on_table(filter.span.slice(&definition)));
        index.method = parsed.method;
        index.include = parsed.include;
    }
    (QualifiedName::new(row.schema, row.name), index)
}

/// A key as the fold spells it: a column by its bare name.
fn index_key(key: &IndexKey) -> String {
    let ExprKind::Column(parts) = &key.expr.kind else { return sql::canonical_index_key(key) };
    let column = parts.last().cloned().unwrap_or_default();
    if key.options.is_empty() { column } else { format!("{column} {}", key.options) }
}

fn sequence(row: SequenceRow) -> (QualifiedName, Sequence) {
    let owned_by = match (row.table_schema, row.table, row.column) {
        (Some(schema), Some(table), Some(column)) => Some((QualifiedName::new(schema, table), column)),
        _ => None,
    };
    let sequence = Sequence {
        provenance: live(),
        owner: fact(row.owner),
        owned_by,
        identity: row.identity.unwrap_or(false),
        acl: acl(row.acl),
        comment: row.comment,
    };
    (QualifiedName::new(row.schema, row.name), sequence)
}

fn function(row: FunctionRow) -> (FunctionKey, Function) {
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
        acl: acl(row.acl),
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

fn data_type(row: TypeRow) -> (QualifiedName, Type) {
    let kind = match row.kind.as_str() {
        "e" => TypeKind::Enum { labels: row.labels },
        "c" => TypeKind::Composite { attributes: row.attributes },
        "d" => TypeKind::Domain {
            base: row.base.unwrap_or_default(),
            not_null: row.not_null,
            default: row.default.map(expression),
            checks: row.checks.into_iter().map(|(name, text)| (name, expression(text))).collect(),
        },
        "r" => TypeKind::Range,
        _ => TypeKind::Base,
    };
    let data_type = Type { provenance: live(), owner: fact(row.owner), kind, acl: acl(row.acl), comment: row.comment };
    (QualifiedName::new(row.schema, row.name), data_type)
}

fn event_trigger(row: EventTriggerRow) -> (String, EventTrigger) {
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

fn extension(row: ExtensionRow) -> (String, Extension) {
    (row.name, Extension { provenance: live(), schema: fact(row.schema), version: fact(row.version) })
}

fn publication(row: PublicationRow) -> (String, Publication) {
    let publication = Publication {
        provenance: live(),
        owner: fact(row.owner),
        all_tables: row.all_tables,
        tables: names(row.tables).into_iter().map(|name| (name, fact(()))).collect(),
        schemas: row.schemas,
    };
    (row.name, publication)
}

fn default_privileges(row: DefaultPrivilegesRow) -> DefaultPrivileges {
    let objects = match row.objects.as_str() {
        "r" => ObjectKind::Table,
        "S" => ObjectKind::Sequence,
        "f" => ObjectKind::Function,
        "T" => ObjectKind::Type,
        _ => ObjectKind::Schema,
    };
    DefaultPrivileges { role: row.role, schema: row.schema, objects, acl: acl(row.acl), platform: false }
}
