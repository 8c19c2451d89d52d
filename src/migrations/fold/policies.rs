//! Row-level security policies.

use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Fact, ObjectKind, ObjectRef, PUBLIC, Policy, QualifiedName};
use crate::sql::ast::{CreatePolicy, Expr, Name, PolicyCommand, RoleSpec};

impl Fold {
    pub(super) fn create_policy(&mut self, create: &CreatePolicy) -> Effect {
        let table = self.policy_table(&create.table)?;
        let object = ObjectRef::on(ObjectKind::Policy, &table, &create.name);
        self.name(object.clone());
        let existing = self.catalog().relations.get(&table).and_then(|relation| relation.policies.get(&create.name));
        if let Some(existing) = existing {
            // One that only may exist, or was only used, is now defined. Otherwise the latest text wins: it is what
            // whoever reads the file takes to be in force.
            if !existing.provenance.is_assumed() && !existing.provenance.conditional {
                self.would_fail("duplicate_object", object.clone(), "already exists")?;
            }
            self.note_replaced(object.clone());
        }
        let (using, check) = (create.using.is_some(), create.check.is_some());
        match create.command {
            PolicyCommand::Select | PolicyCommand::Delete if check => {
                self.would_fail("syntax_error", object.clone(), "cannot have WITH CHECK: it is for no new rows")?;
            }
            PolicyCommand::Insert if using => {
                self.would_fail("syntax_error", object.clone(), "cannot have USING: it is for new rows only")?;
            }
            _ => {}
        }
        let roles = self.policy_roles(create.roles.as_deref());
        let policy = Policy {
            provenance: self.provenance(),
            permissive: create.permissive,
            command: create.command,
            roles,
            roles_omitted: Some(create.roles.is_none()),
            using: self.policy_clause(&table, create.using.as_ref()),
            check: self.policy_clause(&table, create.check.as_ref()),
            comment: None,
        };
        self.note_altered(object);
        if let Some(relation) = self.store.relation_mut(&table) {
            relation.policies.insert(create.name.clone(), policy.into());
        }
        Ok(())
    }

    /// The table of a policy; one the history dropped would be an error.
    fn policy_table(&mut self, name: &Name) -> Result<QualifiedName, crate::migrations::host::Failure> {
        if self.find_relation(name).is_none() {
            let guess = self.guess(name);
            if self.gone.contains(&Key::Relation(guess.clone())) {
                self.would_fail("undefined_table", ObjectRef::new(ObjectKind::Table, guess), "does not exist")?;
            }
        }
        Ok(self.relation(name, ObjectKind::Table))
    }

    fn policy_roles(&mut self, roles: Option<&[RoleSpec]>) -> Fact<Vec<String>> {
        let mut names: Vec<String> = match roles {
            None => vec![PUBLIC.to_owned()],
            Some(roles) => roles.iter().map(|role| self.role(role)).collect(),
        };
        // PUBLIC among others is PUBLIC alone.
        if names.iter().any(|name| name == PUBLIC) {
            names = vec![PUBLIC.to_owned()];
        }
        names.sort();
        names.dedup();
        self.fact(names)
    }

    fn policy_clause(
        &mut self,
        table: &QualifiedName,
        expr: Option<&Expr>,
    ) -> Fact<Option<crate::catalog::Expression>> {
        self.refer(expr);
        let expression = expr.map(|expr| self.expression_on(expr, table));
        self.fact(expression)
    }

    pub(super) fn alter_policy(
        &mut self,
        name: &str,
        table: &Name,
        roles: Option<&[RoleSpec]>,
        using: Option<&Expr>,
        check: Option<&Expr>,
    ) -> Effect {
        let table = self.policy_table(table)?;
        let object = ObjectRef::on(ObjectKind::Policy, &table, name);
        self.name(object.clone());
        self.require_policy(&table, name)?;
        let roles = roles.map(|roles| self.policy_roles(Some(roles)));
        let using = using.map(|expr| self.policy_clause(&table, Some(expr)));
        let check = check.map(|expr| self.policy_clause(&table, Some(expr)));
        self.note_altered(object);
        let policy = self.store.relation_mut(&table).and_then(|relation| relation.policies.get_mut(name));
        if let Some(policy) = policy {
            if let Some(roles) = roles {
                policy.roles = roles;
                policy.roles_omitted = Some(false);
            }
            policy.using = using.unwrap_or_else(|| policy.using.clone());
            policy.check = check.unwrap_or_else(|| policy.check.clone());
        }
        Ok(())
    }

    /// A policy that has to exist: assumed where the files do not create it.
    pub(super) fn require_policy(&mut self, table: &QualifiedName, name: &str) -> Effect {
        let Some(relation) = self.catalog().relations.get(table) else { return Ok(()) };
        if !relation.policies.contains_key(name) {
            // Inside a block with an exception arm the server's answer decides, and it can only be known for tables
            // whose whole story is in the files.
            if self.strict && !relation.provenance.is_assumed() {
                let object = ObjectRef::on(ObjectKind::Policy, table, name);
                return self.would_fail("undefined_object", object, "does not exist");
            }
            self.assume_policy(table, name);
        }
        Ok(())
    }
}
