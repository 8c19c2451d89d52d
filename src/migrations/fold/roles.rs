//! Roles, their attributes, settings and memberships.

use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Fact, Membership, ObjectKind, ObjectRef, Role};
use crate::coverage::CoverageKind;
use crate::exposure;
use crate::sql::ast::{RoleOption, RoleSpec, SettingAction};

impl Fold {
    pub(super) fn create_role(&mut self, name: &str, user: bool, options: &[RoleOption]) -> Effect {
        let object = ObjectRef::new(ObjectKind::Role, name);
        self.name(object.clone());
        if self.catalog().roles.get(name).is_some_and(|role| !role.provenance.is_assumed()) {
            return self.would_fail("duplicate_object", object, "already exists");
        }
        let role = Role {
            provenance: self.provenance(),
            login: self.fact(user),
            superuser: self.fact(false),
            bypass_rls: self.fact(false),
            inherit: self.fact(true),
            create_role: self.fact(false),
            create_db: self.fact(false),
            replication: self.fact(false),
            ..Role::default()
        };
        self.gone.remove(&Key::Role(name.to_owned()));
        self.note_altered(object);
        self.store.insert_role(name.to_owned(), role);
        self.role_options(name, options);
        Ok(())
    }

    pub(super) fn alter_role(&mut self, role: &RoleSpec, options: &[RoleOption]) -> Effect {
        let name = self.role(role);
        let object = ObjectRef::new(ObjectKind::Role, &name);
        self.name(object.clone());
        self.note_altered(object);
        self.role_options(&name, options);
        Ok(())
    }

    fn role_options(&mut self, name: &str, options: &[RoleOption]) {
        for option in options {
            match option {
                RoleOption::InRole(groups) => {
                    let member = RoleSpec::Name(name.to_owned());
                    self.add_members(groups, &[member], Membership::default());
                }
                RoleOption::Members(members) => {
                    self.add_members(&[RoleSpec::Name(name.to_owned())], members, Membership::default());
                }
                RoleOption::Admins(members) => {
                    let admin = Membership { admin: true, ..Membership::default() };
                    self.add_members(&[RoleSpec::Name(name.to_owned())], members, admin);
                }
                _ => self.role_flag(name, option),
            }
        }
    }

    fn role_flag(&mut self, name: &str, option: &RoleOption) {
        let (at, conditional) = (self.here(), self.conditional);
        let Some(role) = self.store.role_mut(&name.to_owned()) else { return };
        let (flag, on) = match option {
            RoleOption::Superuser(on) => (&mut role.superuser, on),
            RoleOption::CreateDb(on) => (&mut role.create_db, on),
            RoleOption::CreateRole(on) => (&mut role.create_role, on),
            RoleOption::Inherit(on) => (&mut role.inherit, on),
            RoleOption::Login(on) => (&mut role.login, on),
            RoleOption::Replication(on) => (&mut role.replication, on),
            RoleOption::BypassRls(on) => (&mut role.bypass_rls, on),
            RoleOption::Password(_)
            | RoleOption::InRole(_)
            | RoleOption::Members(_)
            | RoleOption::Admins(_)
            | RoleOption::Other => return,
        };
        *flag = Fact { value: Some(*on), at, conditional };
    }

    pub(super) fn alter_role_setting(&mut self, role: Option<&RoleSpec>, setting: &SettingAction) -> Effect {
        // A setting of the database (`ALTER ROLE ALL` makes one, too) is none of the Catalog's.
        let Some(role) = role else {
            if matches!(setting, SettingAction::Set { name, .. } if name.eq_ignore_ascii_case(exposure::SETTING)) {
                let message = "what the API serves is set for the whole database, which is not followed; set it on role authenticator, or write exposed-schemas";
                self.cover_here(CoverageKind::Opaque, None, message.to_owned());
            }
            return Ok(());
        };
        let name = self.role(role);
        let object = ObjectRef::new(ObjectKind::Role, &name);
        self.name(object.clone());
        self.note_altered(object);
        let mut settings = self.catalog().roles.get(&name).map(|role| role.settings.clone()).unwrap_or_default();
        self.apply_setting(&mut settings, setting);
        if let Some(role) = self.store.role_mut(&name) {
            role.settings = settings;
        }
        Ok(())
    }

    pub(super) fn grant_role(
        &mut self,
        roles: &[RoleSpec],
        to: &[RoleSpec],
        admin: Option<bool>,
        inherit: Option<bool>,
        set: Option<bool>,
    ) -> Effect {
        let membership = Membership { admin: admin.unwrap_or(false), inherit, set: set.unwrap_or(true), at: None };
        self.add_members(roles, to, membership);
        Ok(())
    }

    fn add_members(&mut self, groups: &[RoleSpec], members: &[RoleSpec], membership: Membership) {
        let at = self.here();
        for member in members {
            let member = self.role(member);
            for group in groups {
                let group = self.role(group);
                self.name(ObjectRef::new(ObjectKind::Role, &group));
                self.note_altered(ObjectRef::new(ObjectKind::Role, &member));
                if let Some(role) = self.store.role_mut(&member) {
                    let held = role.member_of.entry(group).or_insert_with(|| Membership {
                        at: at.clone(),
                        set: true,
                        ..membership.clone()
                    });
                    held.admin |= membership.admin;
                    held.inherit = membership.inherit.or(held.inherit);
                }
            }
        }
    }

    pub(super) fn revoke_role(&mut self, roles: &[RoleSpec], from: &[RoleSpec], option_only: Option<&str>) -> Effect {
        for member in from {
            let member = self.role(member);
            for group in roles {
                let group = self.role(group);
                self.name(ObjectRef::new(ObjectKind::Role, &group));
                self.note_altered(ObjectRef::new(ObjectKind::Role, &member));
                if self.conditional {
                    continue;
                }
                let Some(role) = self.store.role_mut(&member) else { continue };
                match option_only.map(str::to_ascii_lowercase).as_deref() {
                    None => {
                        role.member_of.remove(&group);
                    }
                    Some(option) => {
                        if let Some(held) = role.member_of.get_mut(&group) {
                            held.admin &= !option.starts_with("admin");
                            held.set &= !option.starts_with("set");
                            if option.starts_with("inherit") {
                                held.inherit = Some(false);
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn drop_role(&mut self, name: &str, if_exists: bool) -> Effect {
        let object = ObjectRef::new(ObjectKind::Role, name);
        self.name(object.clone());
        if !self.catalog().roles.contains_key(name) {
            if if_exists {
                return Ok(());
            }
            self.assume_role(name);
        }
        self.note_dropped(object, None);
        if self.conditional {
            if let Some(role) = self.store.role_mut(&name.to_owned()) {
                role.provenance.conditional = true;
            }
            return Ok(());
        }
        self.store.remove_role(&name.to_owned());
        self.gone.insert(Key::Role(name.to_owned()));
        let members: Vec<String> = self
            .catalog()
            .roles
            .iter()
            .filter(|(_, role)| role.member_of.contains_key(name))
            .map(|(name, _)| name.clone())
            .collect();
        for member in members {
            if let Some(role) = self.store.role_mut(&member) {
                role.member_of.remove(name);
            }
        }
        Ok(())
    }
}
