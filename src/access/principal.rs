//! Who acts: a role with everything whose privileges it has, and what is known of its sessions.

use std::collections::BTreeMap;

use super::Step;
use crate::catalog::{Catalog, Fact, PUBLIC, QualifiedName, Role};
use crate::location::Location;
use crate::predicate::{Claims, RoleContext};

/// A role, or PUBLIC: a role of which nothing is known.
#[derive(Debug)]
pub(super) struct Principal<'c> {
    pub(super) name: &'c str,
    pub(super) role: Option<&'c Role>,
    pub(super) context: RoleContext,
    /// Roles whose privileges it has without `SET ROLE`, itself among them, and how it comes by them.
    has: BTreeMap<&'c str, Option<Via<'c>>>,
}

#[derive(Debug, Clone, Copy)]
struct Via<'c> {
    member: &'c str,
    at: Option<&'c Location>,
}

/// The platform tells callers apart by a token's claims.
pub(super) fn has_claims(catalog: &Catalog) -> bool {
    let api = ["anon", "authenticated"].iter().any(|role| catalog.roles.contains_key(*role));
    api && catalog.overloads(&QualifiedName::new("auth", "uid")).next().is_some()
}

impl<'c> Principal<'c> {
    pub(super) fn of(catalog: &'c Catalog, name: &'c str, claims: bool, context: Option<&RoleContext>) -> Self {
        let usual = self::context(name, claims);
        let context = match context {
            // Where nothing is said of the token, what its role's usually carries holds.
            Some(given) => RoleContext { claims: given.claims.clone().or(usual.claims), ..given.clone() },
            None => usual,
        };
        let mut has = BTreeMap::new();
        if name != PUBLIC {
            has.insert(name, None);
        }
        let mut open: Vec<&'c str> = has.keys().copied().collect();
        while let Some(member) = open.pop() {
            let Some(role) = catalog.roles.get(member) else { continue };
            for (group, membership) in &role.member_of {
                // Where it is not known whether privileges are inherited, they are: PostgreSQL's default.
                let inherits = membership.inherit.unwrap_or_else(|| !role.inherit.is(&false));
                if inherits && !has.contains_key(group.as_str()) {
                    has.insert(group, Some(Via { member, at: membership.at.as_ref() }));
                    open.push(group);
                }
            }
        }
        Self { name, role: catalog.roles.get(name), context, has }
    }

    /// Whether a privilege of `role` is one of its own.
    pub(super) fn has(&self, role: &str) -> bool {
        self.has.contains_key(role)
    }

    pub(super) fn is_superuser(&self) -> bool {
        self.is(|role| &role.superuser)
    }

    /// Row level security does not hold it.
    pub(super) fn bypasses(&self) -> bool {
        self.is_superuser() || self.is(|role| &role.bypass_rls)
    }

    fn is(&self, attribute: impl Fn(&Role) -> &Fact<bool>) -> bool {
        self.role.is_some_and(|role| attribute(role).is(&true))
    }

    pub(super) fn attribute_at(&self, superuser: bool) -> Option<&'c Location> {
        let role = self.role?;
        if superuser { role.superuser.at.as_ref() } else { role.bypass_rls.at.as_ref() }
    }

    /// How messages call it.
    pub(super) fn label(&self) -> String {
        if self.name == PUBLIC { "PUBLIC".to_owned() } else { format!("`{}`", self.name) }
    }

    /// The memberships that lead from it to `role`.
    pub(super) fn memberships(&self, role: &str) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = role;
        while let Some((group, Some(via))) = self.has.get_key_value(at) {
            steps.push(Step::new(
                format!("`{}` is a member of `{group}` and inherits its privileges", via.member),
                via.at,
            ));
            at = via.member;
        }
        steps.reverse();
        steps
    }

    /// Whether it cannot be told that the role is an ordinary one.
    pub(super) fn assumption(&self) -> Option<String> {
        let role = self.role?;
        let open = role.superuser.get().is_none() || role.bypass_rls.get().is_none();
        open.then(|| format!("`{}`, which the files do not create, is neither superuser nor BYPASSRLS", self.name))
    }
}

/// What is known of a session, by the role's name.
fn context(name: &str, claims: bool) -> RoleContext {
    match (claims, name) {
        (true, "anon") => RoleContext::anon(),
        (true, "authenticated") => RoleContext::authenticated(),
        (true, "service_role") => RoleContext::service_role(),
        (true, PUBLIC) => RoleContext::anyone(),
        (false, PUBLIC) => RoleContext { claims: None, ..RoleContext::anyone() },
        (true, _) => RoleContext {
            claims: Some(Claims { optional: true, known: BTreeMap::new(), open: true }),
            ..RoleContext::postgres(name)
        },
        (false, _) => RoleContext::postgres(name),
    }
}
