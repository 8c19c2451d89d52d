//! Two states of one object, compared.

use std::collections::BTreeSet;

use super::super::others::state_word;
use super::super::policy::commands;
use super::super::table::constraint_shape;
use crate::catalog::{Acl, AclEntry, ConstraintRule, PUBLIC, Policy};
use crate::migrations::ObjectState;

pub(super) fn same_purpose(old: &ConstraintRule, new: &ConstraintRule) -> bool {
    let ((old_type, old_columns), (new_type, new_columns)) = (constraint_shape(old), constraint_shape(new));
    old_type == new_type && old_columns == new_columns
}

/// Roles a policy newly applies to; whoever was covered through PUBLIC is not new.
pub(super) fn roles_added(before: &Policy, after: &Policy) -> Option<Vec<String>> {
    let (before, after) = (before.roles.get()?, after.roles.get()?);
    if before.iter().any(|role| role == PUBLIC) {
        return Some(Vec::new());
    }
    Some(after.iter().filter(|role| !before.contains(role)).cloned().collect())
}

pub(super) fn command_widened(before: &Policy, after: &Policy) -> bool {
    after.permissive && commands(after.command).iter().any(|command| !commands(before.command).contains(command))
}

/// Explicit grants there after and still there now, but not before; `role: PRIVILEGE`.
pub(super) fn added(before: &Acl, after: &Acl, now: &Acl, counts: impl Fn(&AclEntry) -> bool) -> Vec<String> {
    let entries = after.iter().filter(|entry| entry.at.is_some() && !entry.by_default && counts(entry));
    let new = entries.filter(|entry| {
        before.held(&entry.grantee, entry.privilege).is_none() && now.held(&entry.grantee, entry.privilege).is_some()
    });
    let words: BTreeSet<String> = new.map(|entry| format!("{}: {}", entry.grantee, entry.privilege.sql())).collect();
    words.into_iter().collect()
}

pub(super) fn as_policy(side: Option<&ObjectState>) -> Option<&Policy> {
    match side {
        Some(ObjectState::Policy(policy)) => Some(policy),
        _ => None,
    }
}

pub(super) fn rls_enabled(side: Option<&ObjectState>) -> Option<bool> {
    match side {
        Some(ObjectState::Relation(relation)) => relation.rls_enabled.get().copied(),
        _ => Some(false),
    }
}

pub(super) fn security_invoker(side: Option<&ObjectState>) -> Option<bool> {
    match side {
        Some(ObjectState::Relation(relation)) => relation.security_invoker(),
        _ => Some(false),
    }
}

pub(super) fn security_definer(side: Option<&ObjectState>) -> Option<bool> {
    match side {
        Some(ObjectState::Function(function)) => function.security_definer.get().copied(),
        _ => Some(false),
    }
}

pub(super) fn side_roles(side: Option<&ObjectState>) -> Option<Vec<String>> {
    as_policy(side).map_or(Some(Vec::new()), |policy| policy.roles.get().cloned())
}

pub(super) fn side_enabled(side: Option<&ObjectState>) -> Option<&'static str> {
    match side {
        Some(ObjectState::Trigger(trigger)) => trigger.enabled.get().map(|state| state_word(*state)),
        _ => Some(""),
    }
}

pub(super) fn side_type(side: Option<&ObjectState>) -> Option<String> {
    match side {
        Some(ObjectState::Column(column)) => column.ty.get().cloned(),
        Some(ObjectState::Constraint(constraint)) => Some(constraint_shape(&constraint.kind).0.to_owned()),
        _ => Some(String::new()),
    }
}
