//! Privileges as objects are born with them, and as `GRANT` and `REVOKE` change a list.

use super::state::Fold;
use crate::catalog::{Acl, AclEntry, Catalog, Membership, ObjectKind, PUBLIC, Privilege, Schema};
use crate::location::Location;

/// What the owner and PUBLIC hold on a new object before anyone says otherwise.
pub(super) fn built_in(kind: ObjectKind, owner: &str) -> Acl {
    let mut acl = Acl::default();
    let everybody: &[Privilege] = match kind {
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate | ObjectKind::Routine => {
            &[Privilege::Execute]
        }
        ObjectKind::Type | ObjectKind::Domain => &[Privilege::Usage],
        _ => &[],
    };
    let entries = everybody.iter().map(|privilege| (PUBLIC, *privilege));
    let own = Privilege::all_on(kind).iter().map(|privilege| (owner, *privilege));
    for (grantee, privilege) in entries.chain(own) {
        acl.grant(entry(grantee, privilege, owner));
    }
    acl
}

fn entry(grantee: &str, privilege: Privilege, grantor: &str) -> AclEntry {
    AclEntry {
        grantee: grantee.to_owned(),
        privilege,
        grantable: false,
        grantor: grantor.to_owned(),
        at: None,
        by_default: false,
        conditional: false,
    }
}

/// The kind under which default privileges speak of an object.
pub(super) fn default_class(kind: ObjectKind) -> Option<ObjectKind> {
    match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
            Some(ObjectKind::Table)
        }
        ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate | ObjectKind::Routine => {
            Some(ObjectKind::Function)
        }
        ObjectKind::Type | ObjectKind::Domain => Some(ObjectKind::Type),
        ObjectKind::Sequence | ObjectKind::Schema => Some(kind),
        _ => None,
    }
}

/// The privileges of a new object: a global default entry of its owner stands in place of the built-in ones, an entry
/// for its schema adds to either.
pub(super) fn of_new(catalog: &Catalog, kind: ObjectKind, owner: &str, schema: Option<&str>, conditional: bool) -> Acl {
    let hard = built_in(kind, owner);
    let Some(class) = default_class(kind) else { return hard };
    let global = catalog.default_privileges_of(owner, None, class);
    let own = schema.and_then(|schema| catalog.default_privileges_of(owner, Some(schema), class));
    let mut acl = global.map_or_else(|| hard.clone(), |defaults| defaults.acl.clone());
    for given in own.iter().flat_map(|defaults| defaults.acl.iter()) {
        acl.grant(given.clone());
    }
    acl.rewrite(|entry| {
        entry.by_default = hard.held(&entry.grantee, entry.privilege).is_none();
        entry.at = None;
        entry.conditional |= conditional && entry.grantee != owner;
    });
    acl
}

/// What one `GRANT` or `REVOKE` does to one list.
#[derive(Debug, Clone)]
pub(super) struct AclChange {
    pub(super) grant: bool,
    pub(super) privileges: Vec<Privilege>,
    pub(super) grantees: Vec<String>,
    /// `WITH GRANT OPTION`, or `GRANT OPTION FOR`.
    pub(super) option: bool,
    pub(super) cascade: bool,
    pub(super) grantor: String,
    pub(super) at: Option<Location>,
    pub(super) conditional: bool,
}

impl AclChange {
    pub(super) fn apply(&self, acl: &mut Acl) {
        if self.grant { self.give(acl) } else { self.take(acl) }
    }

    fn give(&self, acl: &mut Acl) {
        for grantee in &self.grantees {
            for privilege in &self.privileges {
                acl.grant(AclEntry {
                    grantee: grantee.clone(),
                    privilege: *privilege,
                    grantable: self.option,
                    grantor: self.grantor.clone(),
                    at: self.at.clone(),
                    by_default: false,
                    conditional: self.conditional,
                });
            }
        }
    }

    fn take(&self, acl: &mut Acl) {
        let names = |entry: &AclEntry| {
            self.grantees.contains(&entry.grantee)
                && self.privileges.contains(&entry.privilege)
                && (entry.grantor == self.grantor || entry.grantor.is_empty())
        };
        if self.conditional {
            acl.rewrite(|entry| entry.conditional |= names(entry));
        } else if self.option {
            acl.rewrite(|entry| entry.grantable &= !names(entry));
        } else {
            acl.revoke(names);
        }
        if self.cascade && !self.conditional {
            drop_orphans(acl, &self.privileges, &self.grantor);
        }
    }
}

/// Takes away what was granted by roles that no longer hold the grant option, and what depends on that.
pub(super) fn drop_orphans(acl: &mut Acl, privileges: &[Privilege], owner: &str) {
    for _ in 0..64 {
        let holders: Vec<(String, Privilege)> =
            acl.iter().filter(|entry| entry.grantable).map(|entry| (entry.grantee.clone(), entry.privilege)).collect();
        let orphan = |entry: &AclEntry| {
            privileges.contains(&entry.privilege)
                && entry.grantor != owner
                && entry.grantor != entry.grantee
                && !holders.iter().any(|(role, privilege)| *role == entry.grantor && *privilege == entry.privilege)
        };
        if !acl.revoke(orphan) {
            return;
        }
    }
}

/// Rewrites a list for a new owner: what the old one held and granted is the new one's.
pub(super) fn change_owner(acl: &mut Acl, old: &str, new: &str) {
    acl.rewrite(|entry| {
        if entry.grantee == old {
            new.clone_into(&mut entry.grantee);
        }
        if entry.grantor == old {
            new.clone_into(&mut entry.grantor);
        }
    });
}

impl Fold {
    /// The privileges of an object the current role creates.
    pub(super) fn new_acl(&self, kind: ObjectKind, schema: Option<&str>) -> Acl {
        self.acl_of(kind, &self.session.role, schema)
    }

    /// The privileges of an object made for another role.
    pub(super) fn acl_of(&self, kind: ObjectKind, owner: &str, schema: Option<&str>) -> Acl {
        let object = (kind, owner.to_owned(), schema.map(str::to_owned), self.conditional);
        self.store.of_new(object, |catalog, (kind, owner, schema, conditional)| {
            of_new(catalog, *kind, owner, schema.as_deref(), *conditional)
        })
    }

    /// Who counts as the grantor: the owner, unless the current role acts on a grant option of its own.
    pub(super) fn grantor(&self, owner: Option<&String>, acl: &Acl, granted_by: Option<&str>) -> String {
        let role = granted_by.unwrap_or(&self.session.role);
        let Some(owner) = owner else { return role.to_owned() };
        let by_option = !self.acts_as(role, owner) && acl.iter().any(|entry| entry.grantee == role && entry.grantable);
        if by_option { role.to_owned() } else { owner.clone() }
    }

    /// Whether the current role may look into a schema, as far as it is known.
    pub(super) fn may_use(&self, schema: &Schema) -> bool {
        let role = &self.session.role;
        let held = |entry: &AclEntry| {
            entry.privilege == Privilege::Usage && (entry.grantee == PUBLIC || self.acts_as(role, &entry.grantee))
        };
        schema.provenance.is_assumed()
            || schema.owner.get().is_none_or(|owner| self.acts_as(role, owner))
            || schema.acl.iter().any(held)
    }

    /// Whether a role has another's rights: as a superuser or a member, or where its rights are not known.
    pub(super) fn acts_as(&self, role: &str, owner: &str) -> bool {
        let known = |name: &str| self.catalog().roles.get(name).filter(|role| !role.provenance.is_assumed());
        let (mut open, mut seen) = (vec![role.to_owned()], std::collections::BTreeSet::new());
        while let Some(name) = open.pop() {
            let Some(one) = known(&name) else { return true };
            if name == owner || (name == role && !one.superuser.is(&false)) {
                return true;
            }
            let inherits = |of: &Membership| of.inherit.unwrap_or_else(|| !one.inherit.is(&false));
            let groups = one.member_of.iter().filter(|(_, of)| inherits(of)).map(|(group, _)| group.clone());
            open.extend(groups.filter(|group| seen.insert(group.clone())).collect::<Vec<_>>());
        }
        false
    }

    /// Whether the current role may give or take the privilege. Where it may not, the server warns and goes on.
    pub(super) fn may_grant(&self, privilege: Privilege, owner: Option<&String>, acl: &Acl, role: &str) -> bool {
        let held = |entry: &AclEntry| entry.privilege == privilege && entry.grantable;
        owner.is_none_or(|owner| self.acts_as(role, owner))
            || acl.iter().any(|entry| held(entry) && self.acts_as(role, &entry.grantee))
    }
}
