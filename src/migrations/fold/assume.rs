//! Objects the files use but never create: they enter the Catalog with what is known, which is little, and each is
//! said once in Coverage.

use super::state::Fold;
use super::store::Key;
use crate::catalog::{
    Acl, Column, Fact, Function, FunctionKey, FunctionParam, Index, ObjectKind, ObjectRef, PUBLIC, Policy, Provenance,
    QualifiedName, Relation, Role, Schema, Sequence, Shared, Trigger, Type, TypeKind,
};
use crate::coverage::CoverageKind;
use crate::sql::ast::{ParamMode, PolicyCommand, TypeName};

impl Fold {
    /// Says once that `object` is taken to exist.
    fn say_assumed(&mut self, object: ObjectRef) {
        if self.assumed.insert(object.clone()) {
            let message = never_created(&object);
            self.cover_here(CoverageKind::Assumed, Some(object), message);
        }
    }

    pub(super) fn assume_role(&mut self, name: &str) {
        if name == PUBLIC || self.catalog().roles.contains_key(name) {
            return;
        }
        let role = Role { provenance: self.assumed_provenance(), ..Role::default() };
        self.store.learn_role(name.to_owned(), role);
        self.say_assumed(ObjectRef::new(ObjectKind::Role, name));
    }

    pub(super) fn assume_schema(&mut self, name: &str) {
        if is_system(name) || self.catalog().schemas.contains_key(name) {
            return;
        }
        let schema = Schema { provenance: self.assumed_provenance(), ..Schema::default() };
        self.store.learn_schema(name.to_owned(), schema);
        self.say_assumed(ObjectRef::new(ObjectKind::Schema, name));
        self.refresh_path();
    }

    /// The relation stands for a table, view, … known only by use.
    pub(super) fn assume_relation(&mut self, name: &QualifiedName, kind: ObjectKind) {
        if is_system(&name.schema) || self.catalog().relations.contains_key(name) {
            return;
        }
        self.assume_schema(&name.schema);
        let relation = blank_relation(kind, self.assumed_provenance());
        if self.gone.remove(&Key::Relation(name.clone())) {
            // It was dropped in this very history, so it is new again rather than there all along.
            self.store.insert_relation(name.clone(), relation);
            let object = ObjectRef::new(kind, name);
            let message = format!("{object} is used after the files drop it");
            self.cover_here(CoverageKind::Assumed, Some(object), message);
            return;
        }
        self.store.learn_relation(name.clone(), relation);
        self.say_assumed(ObjectRef::new(kind, name));
    }

    /// What statements put on a relation before the files create it. A plain `CREATE TABLE` says that it was not there:
    /// nothing is protected that is not protected later, and what lets someone in is kept, for the files may have been
    /// run in another order. Where those statements can only have run on the relation, `IF NOT EXISTS` does nothing:
    /// it keeps what it had, and its columns may be others than the files say.
    pub(super) fn keep_seen(&mut self, object: &ObjectRef, name: &QualifiedName, seen: &Relation, if_not_exists: bool) {
        self.say_created_later(object);
        let there = if_not_exists && !self.doubtful.remove(name);
        let Some(relation) = self.store.relation_mut(name) else { return };
        relation.policies.clone_from(&seen.policies);
        relation.triggers.clone_from(&seen.triggers);
        seen.acl.iter().for_each(|entry| relation.acl.grant(entry.clone()));
        if there {
            stay(relation, seen);
        }
    }

    /// Takes back that the files never create `object`.
    fn say_created_later(&mut self, object: &ObjectRef) {
        self.assumed.remove(object);
        let by = self.here().map_or_else(String::new, |at| format!(" ({at})"));
        let never = never_created(object);
        let said = self.coverage.iter_mut().filter(|entry| entry.kind == CoverageKind::Assumed);
        if let Some(entry) = said.rev().find(|entry| entry.message == never) {
            entry.message = format!("{object} is used before the files create it{by}");
        }
    }

    /// A column of a relation whose columns are not all known.
    pub(super) fn assume_column(&mut self, table: &QualifiedName, column: &str) {
        let Some(relation) = self.catalog().relations.get(table) else { return };
        if relation.columns_complete || relation.column(column).is_some() {
            return;
        }
        let added = blank_column(column, self.here());
        self.learn_in(table, |relation| {
            if relation.column(column).is_none() {
                relation.columns.push(added.clone().into());
            }
        });
    }

    pub(super) fn assume_policy(&mut self, table: &QualifiedName, name: &str) {
        let policy = Policy {
            provenance: self.assumed_provenance(),
            permissive: true,
            command: PolicyCommand::All,
            roles: Fact::unknown(None),
            roles_omitted: None,
            using: Fact::unknown(None),
            check: Fact::unknown(None),
            comment: None,
        };
        self.learn_in(table, |relation| {
            relation.policies.entry(name.to_owned()).or_insert_with(|| policy.clone().into());
        });
        self.say_assumed(ObjectRef::on(ObjectKind::Policy, table, name));
    }

    pub(super) fn assume_trigger(&mut self, table: &QualifiedName, name: &str) {
        let trigger = Trigger {
            provenance: self.assumed_provenance(),
            timing: String::new(),
            events: Vec::new(),
            columns: Vec::new(),
            row: true,
            when: None,
            function: QualifiedName::new("", ""),
            args: Vec::new(),
            constraint: false,
            enabled: Fact::unknown(None),
            comment: None,
        };
        self.learn_in(table, |relation| {
            relation.triggers.entry(name.to_owned()).or_insert_with(|| trigger.clone().into());
        });
        self.say_assumed(ObjectRef::on(ObjectKind::Trigger, table, name));
    }

    /// Adds to a relation what was part of it all along.
    fn learn_in(&mut self, table: &QualifiedName, change: impl Fn(&mut Relation)) {
        if let Some(relation) = self.store.relation_mut(table) {
            change(relation);
        }
        self.store.amend_past(table, change);
    }

    pub(super) fn assume_type(&mut self, name: &QualifiedName, kind: ObjectKind) {
        if self.catalog().types.contains_key(name) {
            return;
        }
        self.assume_schema(&name.schema);
        let ty = Type {
            provenance: self.assumed_provenance(),
            owner: Fact::unknown(None),
            kind: TypeKind::Unknown,
            acl: Acl::default(),
            comment: None,
        };
        self.store.learn_type(name.clone(), ty);
        self.say_assumed(ObjectRef::new(kind, name));
    }

    pub(super) fn assume_sequence(&mut self, name: &QualifiedName) {
        if self.catalog().sequences.contains_key(name) {
            return;
        }
        self.assume_schema(&name.schema);
        let sequence = Sequence { provenance: self.assumed_provenance(), ..Sequence::default() };
        self.store.learn_sequence(name.clone(), sequence);
        self.say_assumed(ObjectRef::new(ObjectKind::Sequence, name));
    }

    pub(super) fn assume_index(&mut self, name: &QualifiedName, table: QualifiedName) {
        let index = Index {
            provenance: self.assumed_provenance(),
            table,
            unique: false,
            method: "btree".to_owned(),
            keys: Vec::new(),
            include: Vec::new(),
            filter: None,
            constraint: false,
            comment: None,
        };
        self.store.learn_index(name.clone(), index);
        self.say_assumed(ObjectRef::new(ObjectKind::Index, name));
    }

    /// A function known by name and, where they were written, argument types.
    pub(super) fn assume_function(&mut self, name: QualifiedName, args: &[TypeName], kind: ObjectKind) -> FunctionKey {
        self.assume_schema(&name.schema);
        let key = FunctionKey { name, args: args.iter().map(|ty| self.type_key(ty)).collect() };
        if self.catalog().functions.contains_key(&key) {
            return key;
        }
        let params =
            key.args.iter().map(|ty| FunctionParam { name: None, mode: ParamMode::In, ty: ty.clone(), default: None });
        let function = Function {
            provenance: self.assumed_provenance(),
            kind: if kind == ObjectKind::Routine { ObjectKind::Function } else { kind },
            owner: Fact::unknown(None),
            params: params.collect(),
            returns: None,
            language: String::new(),
            volatility: Fact::unknown(None),
            security_definer: Fact::unknown(None),
            strict: Fact::unknown(None),
            leakproof: Fact::unknown(None),
            settings: Fact::unknown(None),
            body: Fact::unknown(None),
            acl: Acl::default(),
            comment: None,
        };
        self.store.learn_function(key.clone(), function);
        self.say_assumed(ObjectRef::new(ObjectKind::Function, &key));
        key
    }
}

/// Schemas of the server itself, which no Catalog holds.
pub(super) fn is_system(schema: &str) -> bool {
    matches!(schema, "pg_catalog" | "information_schema" | "pg_toast")
}

/// A relation that was there all along stays as it was, as far as that is known.
fn stay(relation: &mut Relation, seen: &Relation) {
    let pairs = [(&mut relation.rls_enabled, &seen.rls_enabled), (&mut relation.rls_forced, &seen.rls_forced)];
    for (fact, seen) in pairs.into_iter().filter(|(_, seen)| seen.value.is_some()) {
        fact.clone_from(seen);
    }
    relation.acl.revoke(|entry| {
        entry.by_default && seen.revoked.iter().any(|(who, what)| *who == entry.grantee && *what == entry.privilege)
    });
    let unsaid = seen.columns.iter().filter(|column| relation.column(&column.name).is_none());
    let unsaid: Vec<Shared<Column>> = unsaid.cloned().collect();
    relation.columns.extend(unsaid);
    relation.columns_complete = false;
}

fn never_created(object: &ObjectRef) -> String {
    format!("{object} is used but never created in the files")
}

/// A relation of which nothing is known.
pub(super) fn blank_relation(kind: ObjectKind, provenance: Provenance) -> Relation {
    Relation {
        provenance,
        kind,
        owner: Fact::unknown(None),
        columns: Shared::default(),
        columns_complete: false,
        constraints: Shared::default(),
        rls_enabled: Fact::unknown(None),
        rls_forced: Fact::unknown(None),
        policies: Shared::default(),
        triggers: Shared::default(),
        rules: Shared::default(),
        options: Fact::unknown(None),
        definition: None,
        parents: Vec::new(),
        is_partition: false,
        partition_by: None,
        unlogged: false,
        acl: Acl::default(),
        revoked: Vec::new(),
        comment: None,
    }
}

/// A column of which only the name is known.
pub(super) fn blank_column(name: &str, at: Option<crate::location::Location>) -> Column {
    Column {
        name: name.to_owned(),
        ty: Fact::unknown(None),
        not_null: Fact::unknown(None),
        default: None,
        generated: None,
        identity: None,
        acl: Acl::default(),
        at,
        comment: None,
    }
}
