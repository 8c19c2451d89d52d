//! The fold as the database that procedural code runs in.

use std::sync::Arc;

use super::state::Fold;
use super::syntax;
use crate::catalog::{Catalog, Fact, FunctionKey, QualifiedName, Relation};
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::migrations::Within;
use crate::migrations::host::{Failure, Host, Limits, Savepoint, Taint};
use crate::sql::ast::{CreateFunction, Name, Statement};

#[allow(clippy::misnamed_getters, reason = "`search_path` is what is searched, not what was set")]
impl Host for Fold {
    fn catalog(&self) -> &Catalog {
        self.store.catalog()
    }

    fn search_path(&self) -> &[String] {
        &self.session.path
    }

    fn current_role(&self) -> &str {
        &self.session.role
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.session.settings.get(name).map(String::as_str)
    }

    fn set_setting(&mut self, name: &str, value: &str, local: bool) {
        self.set_text(&name.to_ascii_lowercase(), value, local);
    }

    fn execute(&mut self, statement: &Statement, within: Within) -> Result<(), Failure> {
        let outer = std::mem::replace(&mut self.within, within);
        let savepoint = self.strict.then(|| self.store.open());
        let done = self.run(statement);
        match (savepoint, &done) {
            (Some(frame), Ok(())) => self.store.release(frame),
            (Some(frame), Err(_)) => self.store.rollback(frame),
            (None, _) => {}
        }
        self.within = outer;
        done
    }

    fn execute_text(&mut self, sql: &str, at: Span, within: Within) -> Result<(), Failure> {
        let outer_at = self.at.clone();
        if !self.dynamic {
            self.at = self.locate(at);
        }
        let outer_dynamic = std::mem::replace(&mut self.dynamic, true);
        let parsed = syntax::parse_computed(sql, at);
        for error in parsed.errors {
            let message = format!("dynamic SQL could not be parsed: {}", error.message);
            self.cover_here(CoverageKind::DynamicSql, None, message);
        }
        let done = parsed.statements.iter().try_for_each(|statement| self.execute(statement, within));
        self.dynamic = outer_dynamic;
        self.at = outer_at;
        done
    }

    fn cover(&mut self, kind: CoverageKind, at: Span, message: String) {
        let at = self.part(at);
        self.cover_at(kind, at, message);
    }

    fn set_conditional(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.conditional, on)
    }

    fn set_strict(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.strict, on)
    }

    fn taint(&mut self, scope: Taint, at: Span) {
        let outer = self.at.clone();
        if let Some(at) = self.part(at) {
            self.at = at;
        }
        self.taint_scope(&scope);
        self.at = outer;
    }

    fn resolve_function(&self, name: &Name, arg_count: usize) -> Option<FunctionKey> {
        self.find_call(name, arg_count)
    }

    fn routine(&self, key: &FunctionKey) -> Option<Arc<CreateFunction>> {
        self.routines.get(key).cloned()
    }

    fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }

    fn savepoint(&mut self) -> Savepoint {
        Savepoint(self.store.open())
    }

    fn rollback(&mut self, to: Savepoint) {
        self.store.rollback(to.0);
        self.refresh_path();
    }

    fn release(&mut self, of: Savepoint) {
        self.store.release(of.0);
    }
}

impl Fold {
    pub(super) fn taint_scope(&mut self, scope: &Taint) {
        match scope {
            Taint::Everything => {
                self.taint_relations(|_| true, blur_relation);
                self.taint_functions(|_| true);
            }
            Taint::Schema(schema) => {
                self.taint_relations(|name| name.schema == *schema, blur_relation);
                self.taint_functions(|key| key.name.schema == *schema);
            }
            Taint::Relation(table) => self.taint_relations(|name| name == table, blur_relation),
            Taint::Policies(table) => {
                self.taint_relations(|name| table.as_ref().is_none_or(|table| table == name), blur_policies);
            }
            Taint::RowSecurity(table) => {
                self.taint_relations(|name| table.as_ref().is_none_or(|table| table == name), blur_row_security);
            }
            Taint::Grants => self.taint_relations(|_| true, blur_grants),
            Taint::Functions => self.taint_functions(|_| true),
        }
    }

    /// The server's and the platform's own objects are not what dynamic SQL of a migration is about.
    fn taint_relations(&mut self, which: impl Fn(&QualifiedName) -> bool, change: impl Fn(&mut Relation, Blur)) {
        let relations = self.catalog().relations.iter();
        let own = relations.filter(|(_, relation)| relation.provenance.origin != crate::catalog::Origin::Platform);
        let names: Vec<QualifiedName> = own.filter(|(name, _)| which(name)).map(|(name, _)| name.clone()).collect();
        let blur = Blur { at: self.here(), conditional: self.conditional };
        for name in names {
            if let Some(relation) = self.store.relation_mut(&name) {
                change(relation, blur.clone());
            }
        }
    }

    fn taint_functions(&mut self, which: impl Fn(&FunctionKey) -> bool) {
        let functions = self.catalog().functions.iter();
        let own = functions.filter(|(_, function)| function.provenance.origin != crate::catalog::Origin::Platform);
        let keys: Vec<FunctionKey> = own.filter(|(key, _)| which(key)).map(|(key, _)| key.clone()).collect();
        let blur = Blur { at: self.here(), conditional: self.conditional };
        for key in keys {
            if let Some(function) = self.store.function_mut(&key) {
                function.security_definer = blur.fact();
                function.settings = blur.fact();
                function.owner = blur.fact();
            }
        }
    }
}

/// How a fact becomes unknown.
#[derive(Clone)]
struct Blur {
    at: Option<crate::location::Location>,
    conditional: bool,
}

impl Blur {
    fn fact<T>(&self) -> Fact<T> {
        Fact { value: None, at: self.at.clone(), conditional: self.conditional }
    }
}

fn blur_policies(relation: &mut Relation, blur: Blur) {
    for policy in relation.policies.values_mut() {
        policy.roles = blur.fact();
        policy.using = blur.fact();
        policy.check = blur.fact();
        policy.provenance.conditional = true;
    }
}

fn blur_row_security(relation: &mut Relation, blur: Blur) {
    if relation.kind == crate::catalog::ObjectKind::Table {
        relation.rls_enabled = blur.fact();
        relation.rls_forced = blur.fact();
    }
}

fn blur_grants(relation: &mut Relation, _blur: Blur) {
    relation.acl.rewrite(|entry| entry.conditional = true);
}

fn blur_relation(relation: &mut Relation, blur: Blur) {
    blur_policies(relation, blur.clone());
    blur_row_security(relation, blur.clone());
    for trigger in relation.triggers.values_mut() {
        trigger.enabled = blur.fact();
    }
    relation.options = blur.fact();
}
