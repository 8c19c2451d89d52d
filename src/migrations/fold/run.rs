//! Runs one statement: every kind is either interpreted, without effect on the Catalog, or Coverage.

use super::refs::Refs;
use super::state::{Effect, Fold};
use crate::catalog::ObjectKind;
use crate::coverage::CoverageKind;
use crate::migrations::{Executed, Within, interp};
use crate::sql::ast::{
    CteBody, Dml, DmlKind, ObjectTarget, Query, QueryBody, RelationAction, SettingAction, Statement, StatementKind,
};

/// Statements inside statements (`EXPLAIN`, `PREPARE`, bodies calling bodies) beyond this are not run.
const DEPTH: usize = 64;

impl Fold {
    /// Runs one statement and records it.
    pub(super) fn run(&mut self, statement: &Statement) -> Effect {
        if self.depth >= DEPTH {
            self.cover_here(CoverageKind::DynamicSql, None, "calls nested too deep to follow".to_owned());
            return Ok(());
        }
        self.depth += 1;
        let outer_at = self.at.clone();
        if !self.dynamic {
            self.at = self.locate(statement.span);
        }
        let outer_named = std::mem::take(&mut self.named);
        let slot = self.executed.len();
        self.executed.push(self.record(&statement.kind));
        let done = self.interpret(statement);
        let named = std::mem::replace(&mut self.named, outer_named);
        if let Some(record) = self.executed.get_mut(slot) {
            record.objects = named;
        }
        self.at = outer_at;
        self.depth -= 1;
        done
    }

    fn record(&self, kind: &StatementKind) -> Executed {
        Executed {
            at: self.at.clone(),
            command: command(kind),
            objects: Vec::new(),
            has_where: has_where(kind),
            cascade: cascades(kind),
            setting: setting(kind),
            within: self.within,
            conditional: self.conditional,
        }
    }

    fn interpret(&mut self, statement: &Statement) -> Effect {
        use StatementKind as K;
        match &statement.kind {
            K::CreateSchema { name, owner, if_not_exists, elements } => {
                self.create_schema(name.as_deref(), owner.as_ref(), *if_not_exists, elements)
            }
            K::CreateExtension { name, schema, version, if_not_exists } => {
                self.create_extension(name, schema.as_deref(), version.as_deref(), *if_not_exists)
            }
            K::CreateRole { name, user, options } => self.create_role(name, *user, options),
            K::AlterRole { role, options } => self.alter_role(role, options),
            K::AlterRoleSetting { role, setting, .. } => self.alter_role_setting(role.as_ref(), setting),
            K::CreateTable(create) => self.create_table(create),
            K::CreateTableAs { name, if_not_exists, temporary, columns, query } => {
                self.create_table_as(name, *if_not_exists, *temporary, columns, query)
            }
            K::AlterRelation { kind, name, if_exists, actions, .. } => {
                self.alter_relation(*kind, name, *if_exists, actions)
            }
            K::CreateView(create) => self.create_view(create),
            K::RefreshView(name) => self.refresh_view(name),
            K::CreateIndex(create) => self.create_index(create),
            K::CreateSequence { name, if_not_exists, temporary, options } => {
                self.create_sequence(name, *if_not_exists, *temporary, options)
            }
            K::CreateFunction(create) => self.create_function(create),
            K::CreateAggregate { name, args, or_replace } => self.create_aggregate(name, args, *or_replace),
            K::AlterFunction { function, actions } => self.alter_function(function, actions),
            K::CreateTrigger(create) => self.create_trigger(create),
            K::CreateEventTrigger { name, event, tags, function } => {
                self.create_event_trigger(name, event, tags, function)
            }
            K::AlterEventTrigger { name, enabled } => self.alter_event_trigger(name, *enabled),
            K::CreateRule(create) => self.create_rule(create),
            K::CreatePolicy(create) => self.create_policy(create),
            K::AlterPolicy { name, table, roles, using, check } => {
                self.alter_policy(name, table, roles.as_deref(), using.as_ref(), check.as_ref())
            }
            K::CreateType { name, definition } => self.create_type(name, definition),
            K::CreateDomain { name, base, default, constraints } => {
                self.create_domain(name, base, default.as_ref(), constraints)
            }
            K::AlterDomain { name, action } => self.alter_domain(name, action),
            K::AlterType { name, action } => self.alter_type(name, action),
            K::CreatePublication { name, objects } => self.create_publication(name, objects),
            K::AlterPublication { name, action } => self.alter_publication(name, action),
            K::Drop { kind, targets, if_exists, cascade } => self.drop_objects(*kind, targets, *if_exists, *cascade),
            K::AlterObject { target, if_exists, action } => self.alter_object(target, *if_exists, action),
            K::Comment { target, text } => self.comment(target, text.as_ref()),
            K::Grant(grant) => self.grant(grant),
            K::Revoke(revoke) => self.revoke(revoke),
            K::GrantRole { roles, to, admin, inherit, set } => self.grant_role(roles, to, *admin, *inherit, *set),
            K::RevokeRole { roles, from, option_only, .. } => self.revoke_role(roles, from, option_only.as_deref()),
            K::AlterDefaultPrivileges(alter) => self.alter_default_privileges(alter),
            K::ReassignOwned { from, to } => self.reassign_owned(from, to),
            K::DropOwned { roles, cascade } => self.drop_owned(roles, *cascade),
            other => self.interpret_session(other, statement),
        }
    }

    /// Session, transaction, data and procedural statements.
    fn interpret_session(&mut self, kind: &StatementKind, statement: &Statement) -> Effect {
        use StatementKind as K;
        match kind {
            K::Set { local, setting } => self.set(*local, setting),
            K::SetRole { local, role } => self.set_role_statement(*local, role.as_deref()),
            K::SetSessionAuthorization { local, role } => self.set_session_authorization(*local, role.as_deref()),
            K::Select(query) => self.select(query, statement),
            K::Dml(dml) => self.dml(dml),
            K::Copy(copy) => {
                copy.table.iter().for_each(|table| {
                    self.relation(table, ObjectKind::Table);
                });
                Ok(())
            }
            K::Truncate { tables, .. } => {
                tables.iter().for_each(|table| {
                    self.relation(table, ObjectKind::Table);
                });
                Ok(())
            }
            K::Call(call) => interp::call_function(self, call, statement.span),
            K::Do { body, language } => {
                let outer = std::mem::replace(&mut self.within, Within::Do);
                let done = interp::run_do(self, body, language, statement.span);
                self.within = outer;
                done
            }
            K::Transaction(action) => self.transaction(action),
            K::Explain { analyze, statement } => {
                if *analyze {
                    self.run(statement)
                } else {
                    Ok(())
                }
            }
            K::Prepare { name, statement } => {
                self.prepared.insert(name.clone(), std::sync::Arc::new((**statement).clone()));
                Ok(())
            }
            K::ExecutePrepared { name } => match self.prepared.get(name).cloned() {
                Some(prepared) => self.run(&prepared),
                None => Ok(()),
            },
            K::NoEffect(_) => Ok(()),
            K::Opaque(tag) => {
                let message = format!("`{}` is not interpreted", tag.to_lowercase());
                self.cover_here(CoverageKind::Opaque, None, message);
                Ok(())
            }
            // Everything else is interpreted above.
            K::CreateSchema { .. }
            | K::CreateExtension { .. }
            | K::CreateRole { .. }
            | K::AlterRole { .. }
            | K::AlterRoleSetting { .. }
            | K::CreateTable(_)
            | K::CreateTableAs { .. }
            | K::AlterRelation { .. }
            | K::CreateView(_)
            | K::RefreshView(_)
            | K::CreateIndex(_)
            | K::CreateSequence { .. }
            | K::CreateFunction(_)
            | K::CreateAggregate { .. }
            | K::AlterFunction { .. }
            | K::CreateTrigger(_)
            | K::CreateEventTrigger { .. }
            | K::AlterEventTrigger { .. }
            | K::CreateRule(_)
            | K::CreatePolicy(_)
            | K::AlterPolicy { .. }
            | K::CreateType { .. }
            | K::CreateDomain { .. }
            | K::AlterDomain { .. }
            | K::AlterType { .. }
            | K::CreatePublication { .. }
            | K::AlterPublication { .. }
            | K::Drop { .. }
            | K::AlterObject { .. }
            | K::Comment { .. }
            | K::Grant(_)
            | K::Revoke(_)
            | K::GrantRole { .. }
            | K::RevokeRole { .. }
            | K::AlterDefaultPrivileges(_)
            | K::ReassignOwned { .. }
            | K::DropOwned { .. } => Ok(()),
        }
    }

    /// `SELECT … INTO` makes a table; functions a query calls may contain DDL; data-modifying WITH parts are DML.
    fn select(&mut self, query: &Query, statement: &Statement) -> Effect {
        if let QueryBody::Select(select) = &query.body
            && let [into] = select.into.as_slice()
            && self.within == Within::File
        {
            return self.create_table_as(into, false, false, &[], query);
        }
        for cte in &query.with {
            if let CteBody::Dml(dml) = &cte.body {
                self.dml(dml)?;
            }
        }
        interp::select(self, query, statement.span)
    }

    fn dml(&mut self, dml: &Dml) -> Effect {
        self.relation(&dml.table, ObjectKind::Table);
        for cte in &dml.with {
            if let CteBody::Dml(inner) = &cte.body {
                self.dml(inner)?;
            }
        }
        for name in Refs::of_dml(dml).relations {
            if let Some(read) = self.find_relation(&name) {
                self.name_relation(&read);
            }
        }
        match dml.source.as_deref() {
            Some(source) if matches!(source.body, QueryBody::Select(_)) => interp::select(self, source, dml.span),
            _ => Ok(()),
        }
    }
}

/// The statement's command tag in lower case.
fn command(kind: &StatementKind) -> String {
    use StatementKind as K;
    let tag = match kind {
        K::CreateSchema { .. } => "create schema",
        K::CreateExtension { .. } => "create extension",
        K::CreateRole { .. } => "create role",
        K::AlterRole { .. } | K::AlterRoleSetting { .. } => "alter role",
        K::CreateTable(table) if table.foreign => "create foreign table",
        K::CreateTable(_) => "create table",
        K::CreateTableAs { .. } => "create table as",
        K::AlterRelation { kind, .. } => return format!("alter {}", kind.words()),
        K::CreateView(view) if view.materialized => "create materialized view",
        K::CreateView(_) => "create view",
        K::RefreshView(_) => "refresh materialized view",
        K::CreateIndex(_) => "create index",
        K::CreateSequence { .. } => "create sequence",
        K::CreateFunction(function) if function.procedure => "create procedure",
        K::CreateFunction(_) => "create function",
        K::CreateAggregate { .. } => "create aggregate",
        K::AlterFunction { function, .. } => return format!("alter {}", function.kind.words()),
        K::CreateTrigger(_) => "create trigger",
        K::CreateEventTrigger { .. } => "create event trigger",
        K::AlterEventTrigger { .. } => "alter event trigger",
        K::CreateRule(_) => "create rule",
        K::CreatePolicy(_) => "create policy",
        K::AlterPolicy { .. } => "alter policy",
        K::CreateType { .. } => "create type",
        K::CreateDomain { .. } => "create domain",
        K::AlterDomain { .. } => "alter domain",
        K::AlterType { .. } => "alter type",
        K::CreatePublication { .. } => "create publication",
        K::AlterPublication { .. } => "alter publication",
        K::Drop { kind, .. } => return format!("drop {}", kind.words()),
        K::AlterObject { target, .. } => return format!("alter {}", target_words(target)),
        K::Comment { .. } => "comment",
        K::Grant(_) => "grant",
        K::Revoke(_) => "revoke",
        K::GrantRole { .. } => "grant role",
        K::RevokeRole { .. } => "revoke role",
        K::AlterDefaultPrivileges(_) => "alter default privileges",
        K::ReassignOwned { .. } => "reassign owned",
        K::DropOwned { .. } => "drop owned",
        K::Set { .. } => "set",
        K::SetRole { .. } => "set role",
        K::SetSessionAuthorization { .. } => "set session authorization",
        K::Select(_) => "select",
        K::Dml(dml) => match dml.kind {
            DmlKind::Insert => "insert",
            DmlKind::Update => "update",
            DmlKind::Delete => "delete",
            DmlKind::Merge => "merge",
        },
        K::Copy(_) => "copy",
        K::Truncate { .. } => "truncate",
        K::Call(_) => "call",
        K::Do { .. } => "do",
        K::Transaction(_) => "transaction",
        K::Explain { .. } => "explain",
        K::Prepare { .. } => "prepare",
        K::ExecutePrepared { .. } => "execute",
        K::NoEffect(tag) | K::Opaque(tag) => return tag.to_lowercase(),
    };
    tag.to_owned()
}

fn target_words(target: &ObjectTarget) -> &'static str {
    match target {
        ObjectTarget::Named { kind, .. } | ObjectTarget::OnTable { kind, .. } => kind.words(),
        ObjectTarget::Routine(routine) => routine.kind.words(),
        ObjectTarget::Column { .. } => ObjectKind::Column.words(),
        ObjectTarget::Other => ObjectKind::Other.words(),
    }
}

/// `DELETE`/`UPDATE` with a condition, a cursor or a join that can restrict it.
fn has_where(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Dml(dml) => dml.filter.is_some() || dml.current_of || !dml.from.is_empty(),
        _ => false,
    }
}

fn cascades(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Drop { cascade, .. }
        | StatementKind::Truncate { cascade, .. }
        | StatementKind::DropOwned { cascade, .. }
        | StatementKind::RevokeRole { cascade, .. } => *cascade,
        StatementKind::Revoke(revoke) => revoke.cascade,
        StatementKind::AlterRelation { actions, .. } => actions.iter().any(|action| {
            matches!(
                action,
                RelationAction::DropColumn { cascade: true, .. } | RelationAction::DropConstraint { cascade: true, .. }
            )
        }),
        _ => false,
    }
}

fn setting(kind: &StatementKind) -> Option<(String, String)> {
    match kind {
        StatementKind::Set { setting: SettingAction::Set { name, values }, .. } => {
            Some((name.clone(), values.join(", ")))
        }
        _ => None,
    }
}
