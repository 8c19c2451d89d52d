//! `GRANT` and `REVOKE` on objects, and `ALTER DEFAULT PRIVILEGES`.

use super::acl::{AclChange, built_in, default_class};
use super::state::{Effect, Fold};
use crate::catalog::{Acl, DefaultPrivileges, FunctionKey, ObjectKind, ObjectRef, PUBLIC, Privilege, QualifiedName};
use crate::coverage::CoverageKind;
use crate::sql::ast::{AlterDefaultPrivileges, Grant, GrantTarget, Name, PrivilegeSpec, Revoke, RoleSpec};

/// A `GRANT` or `REVOKE` with its roles resolved.
struct Order<'a> {
    grant: bool,
    privileges: &'a [PrivilegeSpec],
    grantees: Vec<String>,
    option: bool,
    cascade: bool,
    granted_by: Option<String>,
}

impl Fold {
    pub(super) fn grant(&mut self, grant: &Grant) -> Effect {
        let order = Order {
            grant: true,
            privileges: &grant.privileges,
            grantees: grant.to.iter().map(|role| self.role(role)).collect(),
            option: grant.grant_option,
            cascade: false,
            granted_by: grant.granted_by.as_ref().map(|role| self.role_name(role)),
        };
        self.apply_order(&grant.on, &order)
    }

    pub(super) fn revoke(&mut self, revoke: &Revoke) -> Effect {
        let order = Order {
            grant: false,
            privileges: &revoke.privileges,
            grantees: revoke.from.iter().map(|role| self.role(role)).collect(),
            option: revoke.grant_option_only,
            cascade: revoke.cascade,
            granted_by: None,
        };
        self.apply_order(&revoke.on, &order)
    }

    fn apply_order(&mut self, on: &GrantTarget, order: &Order<'_>) -> Effect {
        if order.grant && order.option && order.grantees.iter().any(|grantee| grantee == PUBLIC) {
            let object = ObjectRef::new(ObjectKind::Role, PUBLIC);
            self.would_fail("invalid_grant_operation", object, "cannot hold a grant option")?;
        }
        match on {
            GrantTarget::Tables(names) => {
                for name in names {
                    self.grant_on_table(name, order)?;
                }
            }
            GrantTarget::Sequences(names) => {
                for name in names {
                    let name = self.sequence(name);
                    self.grant_on_sequence(&name, order);
                }
            }
            GrantTarget::Routines(routines) => {
                for routine in routines {
                    for key in self.routines(routine)? {
                        self.grant_on_function(&key, order);
                    }
                }
            }
            GrantTarget::Schemas(names) => names.iter().for_each(|name| self.grant_on_schema(name, order)),
            GrantTarget::Types(names) => {
                for name in names {
                    if let Some(name) = self.type_or_assumed(name) {
                        self.grant_on_type(&name, order);
                    }
                }
            }
            GrantTarget::AllInSchema { kind, schemas } => {
                schemas.iter().for_each(|schema| self.grant_on_all(*kind, schema, order));
            }
            GrantTarget::Other(_) => {}
        }
        Ok(())
    }

    fn sequence(&mut self, name: &Name) -> QualifiedName {
        let found = self.find_sequence(name).unwrap_or_else(|| self.guess(name));
        self.assume_sequence(&found);
        self.name(ObjectRef::new(ObjectKind::Sequence, &found));
        found
    }

    fn type_or_assumed(&mut self, name: &Name) -> Option<QualifiedName> {
        let found = self.find_type(name).unwrap_or_else(|| self.guess(name));
        if super::assume::is_system(&found.schema) {
            return None;
        }
        self.assume_type(&found, ObjectKind::Type);
        self.name(ObjectRef::new(ObjectKind::Type, &found));
        Some(found)
    }

    /// What the order means for one kind of object; column-limited privileges apart.
    fn change(&self, order: &Order<'_>, kind: ObjectKind, owner: Option<&String>, acl: &Acl) -> AclChange {
        let whole = order.privileges.iter().filter(|spec| spec.columns.is_empty());
        let role = order.granted_by.as_deref().unwrap_or(&self.session.role);
        let privileges = whole.flat_map(|spec| expand(spec, kind));
        AclChange {
            grant: order.grant,
            privileges: privileges.filter(|privilege| self.may_grant(*privilege, owner, acl, role)).collect(),
            grantees: order.grantees.clone(),
            option: order.option,
            cascade: order.cascade,
            grantor: self.grantor(owner, acl, order.granted_by.as_deref()),
            at: self.here(),
            conditional: self.conditional,
        }
    }

    fn grant_on_table(&mut self, name: &Name, order: &Order<'_>) -> Effect {
        if self.find_relation(name).is_none()
            && let Some(sequence) = self.find_sequence(name)
        {
            self.name(ObjectRef::new(ObjectKind::Sequence, &sequence));
            self.grant_on_sequence(&sequence, order);
            return Ok(());
        }
        let table = self.relation(name, ObjectKind::Table);
        self.grant_on_relation(&table, order);
        Ok(())
    }

    fn grant_on_relation(&mut self, table: &QualifiedName, order: &Order<'_>) {
        let Some(relation) = self.catalog().relations.get(table) else { return };
        let (kind, owner) = (relation.kind, relation.owner.value.clone());
        let change = self.change(order, kind, owner.as_ref(), &relation.acl);
        let columns: Vec<&PrivilegeSpec> = order.privileges.iter().filter(|spec| !spec.columns.is_empty()).collect();
        for column in columns.iter().flat_map(|spec| &spec.columns) {
            self.assume_column(table, column);
        }
        self.note_altered(ObjectRef::new(kind, table));
        for column in columns.iter().flat_map(|spec| &spec.columns) {
            self.note_altered(ObjectRef::on(ObjectKind::Column, table, column));
        }
        let of_columns = self.column_changes(table, order, &columns, &change);
        let Some(relation) = self.store.relation_mut(table) else { return };
        change.apply(&mut relation.acl);
        if relation.provenance.is_assumed() && !order.option && !change.conditional {
            remember_revoked(&mut relation.revoked, &change);
        }
        // A table-level REVOKE takes the same privileges away from the columns.
        if !order.grant && !change.privileges.is_empty() {
            relation.columns.iter_mut().for_each(|column| change.apply(&mut column.acl));
        }
        for (name, of_column) in of_columns {
            let named = relation.columns.iter_mut().filter(|column| column.name == name);
            named.for_each(|column| of_column.apply(&mut column.acl));
        }
    }

    /// What the order means for single columns: a role without a grant option on the table may have one on a column.
    fn column_changes(
        &self,
        table: &QualifiedName,
        order: &Order<'_>,
        specs: &[&PrivilegeSpec],
        change: &AclChange,
    ) -> Vec<(String, AclChange)> {
        let Some(relation) = self.catalog().relations.get(table) else { return Vec::new() };
        let role = order.granted_by.as_deref().unwrap_or(&self.session.role);
        let owner = relation.owner.value.as_ref();
        let mut changes = Vec::new();
        for spec in specs {
            for column in relation.columns.iter().filter(|column| spec.columns.contains(&column.name)) {
                let may = |privilege: &Privilege| {
                    [&relation.acl, &column.acl].into_iter().any(|acl| self.may_grant(*privilege, owner, acl, role))
                };
                let privileges = expand(spec, ObjectKind::Column).into_iter().filter(may).collect();
                changes.push((column.name.clone(), AclChange { privileges, ..change.clone() }));
            }
        }
        changes
    }

    fn grant_on_sequence(&mut self, name: &QualifiedName, order: &Order<'_>) {
        let Some(sequence) = self.catalog().sequences.get(name) else { return };
        let owner = sequence.owner.value.clone();
        let change = self.change(order, ObjectKind::Sequence, owner.as_ref(), &sequence.acl);
        self.note_altered(ObjectRef::new(ObjectKind::Sequence, name));
        if let Some(sequence) = self.store.sequence_mut(name) {
            change.apply(&mut sequence.acl);
        }
    }

    fn grant_on_function(&mut self, key: &FunctionKey, order: &Order<'_>) {
        let Some(function) = self.catalog().functions.get(key) else { return };
        let (kind, owner) = (function.kind, function.owner.value.clone());
        let change = self.change(order, kind, owner.as_ref(), &function.acl);
        self.note_altered(ObjectRef::new(kind, key));
        if let Some(function) = self.store.function_mut(key) {
            change.apply(&mut function.acl);
        }
    }

    fn grant_on_schema(&mut self, name: &str, order: &Order<'_>) {
        self.assume_schema(name);
        self.name(ObjectRef::new(ObjectKind::Schema, name));
        let Some(schema) = self.catalog().schemas.get(name) else { return };
        let owner = schema.owner.value.clone();
        let change = self.change(order, ObjectKind::Schema, owner.as_ref(), &schema.acl);
        self.note_altered(ObjectRef::new(ObjectKind::Schema, name));
        if let Some(schema) = self.store.schema_mut(&name.to_owned()) {
            change.apply(&mut schema.acl);
        }
    }

    fn grant_on_type(&mut self, name: &QualifiedName, order: &Order<'_>) {
        let Some(ty) = self.catalog().types.get(name) else { return };
        let owner = ty.owner.value.clone();
        let change = self.change(order, ObjectKind::Type, owner.as_ref(), &ty.acl);
        self.note_altered(ObjectRef::new(ObjectKind::Type, name));
        if let Some(ty) = self.store.type_mut(name) {
            change.apply(&mut ty.acl);
        }
    }

    fn grant_on_all(&mut self, kind: ObjectKind, schema: &str, order: &Order<'_>) {
        self.assume_schema(schema);
        self.name(ObjectRef::new(ObjectKind::Schema, schema));
        let in_schema = |name: &QualifiedName| name.schema == schema;
        match kind {
            ObjectKind::Sequence => {
                let all: Vec<QualifiedName> =
                    self.catalog().sequences.keys().filter(|name| in_schema(name)).cloned().collect();
                all.iter().for_each(|name| self.grant_on_sequence(name, order));
            }
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine => {
                let wanted = |found: ObjectKind| match kind {
                    ObjectKind::Procedure => found == ObjectKind::Procedure,
                    ObjectKind::Function => found != ObjectKind::Procedure,
                    _ => true,
                };
                let functions = self.catalog().functions.iter();
                let all: Vec<FunctionKey> = functions
                    .filter(|(key, function)| in_schema(&key.name) && wanted(function.kind))
                    .map(|(key, _)| key.clone())
                    .collect();
                all.iter().for_each(|key| self.grant_on_function(key, order));
            }
            _ => {
                let all: Vec<QualifiedName> =
                    self.catalog().relations.keys().filter(|name| in_schema(name)).cloned().collect();
                all.iter().for_each(|name| self.grant_on_relation(name, order));
            }
        }
    }

    pub(super) fn alter_default_privileges(&mut self, alter: &AlterDefaultPrivileges) -> Effect {
        let for_roles = if alter.for_roles.is_empty() { &[RoleSpec::CurrentUser][..] } else { &alter.for_roles };
        let roles: Vec<String> = for_roles.iter().map(|role| self.role(role)).collect();
        let grantees: Vec<String> = alter.grantees.iter().map(|role| self.role(role)).collect();
        let Some(class) = default_class(alter.on) else {
            self.cover_here(
                CoverageKind::Opaque,
                None,
                format!("default privileges on {} are not interpreted", alter.on),
            );
            return Ok(());
        };
        let schemas: Vec<Option<String>> = match alter.schemas.as_slice() {
            [] => vec![None],
            named => named.iter().cloned().map(Some).collect(),
        };
        schemas.iter().flatten().for_each(|schema| self.assume_schema(schema));
        for role in &roles {
            let change = AclChange {
                grant: alter.grant,
                privileges: alter.privileges.iter().flat_map(|spec| expand(spec, class)).collect(),
                grantees: grantees.clone(),
                option: alter.grant_option,
                cascade: false,
                grantor: role.clone(),
                at: self.here(),
                conditional: self.conditional,
            };
            schemas.iter().for_each(|schema| self.change_defaults(role, schema.as_deref(), class, &change));
        }
        Ok(())
    }

    /// A global entry starts from the built-in privileges and disappears when it says the same; one for a schema
    /// starts, and disappears, empty.
    fn change_defaults(&mut self, role: &str, schema: Option<&str>, objects: ObjectKind, change: &AclChange) {
        let start = if schema.is_none() { built_in(objects, role) } else { Acl::default() };
        let old = self.catalog().default_privileges_of(role, schema, objects);
        let mut acl = old.map_or_else(|| start.clone(), |entry| entry.acl.clone());
        change.apply(&mut acl);
        let platform = self.origin == crate::catalog::Origin::Platform;
        let same = same_privileges(&acl, &start);
        let entries = self.store.default_privileges_mut();
        entries.retain(|entry| !(entry.role == role && entry.schema.as_deref() == schema && entry.objects == objects));
        if !same {
            entries.push(DefaultPrivileges {
                role: role.to_owned(),
                schema: schema.map(str::to_owned),
                objects,
                acl,
                platform,
            });
        }
        entries.sort_by(|a, b| (&a.role, &a.schema, a.objects).cmp(&(&b.role, &b.schema, b.objects)));
    }
}

/// Keeps in mind what an assumed relation's unknown grants no longer hold.
fn remember_revoked(revoked: &mut Vec<(String, Privilege)>, change: &AclChange) {
    if change.grant {
        return;
    }
    for grantee in &change.grantees {
        revoked.extend(change.privileges.iter().map(|privilege| (grantee.clone(), *privilege)));
    }
    revoked.sort();
    revoked.dedup();
}

/// The privileges a written one stands for on a kind of object.
fn expand(spec: &PrivilegeSpec, kind: ObjectKind) -> Vec<Privilege> {
    match spec.privilege {
        Some(privilege) => vec![privilege],
        None => Privilege::all_on(kind).to_vec(),
    }
}

/// A default entry that says what holds without it.
pub(super) fn says_nothing(entry: &DefaultPrivileges) -> bool {
    let start = if entry.schema.is_none() { built_in(entry.objects, &entry.role) } else { Acl::default() };
    same_privileges(&entry.acl, &start)
}

fn same_privileges(a: &Acl, b: &Acl) -> bool {
    let key = |acl: &Acl| -> Vec<(String, Privilege, bool, String)> {
        acl.iter().map(|e| (e.grantee.clone(), e.privilege, e.grantable, e.grantor.clone())).collect()
    };
    key(a) == key(b)
}
