//! Schemas, extensions and publications.

use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{
    Acl, Extension, Fact, ObjectKind, ObjectRef, Origin, Provenance, Publication, QualifiedName, Schema, Type, TypeKind,
};
use crate::sql::ast::{PublicationAction, PublicationObjects, RoleSpec, Statement};

/// Extensions that bring a schema of their own.
const OWN_SCHEMAS: &[(&str, &str)] = &[
    ("pg_cron", "cron"),
    ("pg_net", "net"),
    ("pgmq", "pgmq"),
    ("pgsodium", "pgsodium"),
    ("supabase_vault", "vault"),
    ("pg_graphql", "graphql"),
    ("postgis_topology", "topology"),
    ("postgis_tiger_geocoder", "tiger"),
    ("timescaledb", "timescaledb_information"),
    ("plv8", "plv8"),
    ("hypopg", "hypopg"),
];

/// Extensions that, by their control file, are installed in one schema, whatever the search path.
const FIXED_SCHEMAS: &[(&str, &str)] = &[
    ("pg_cron", "pg_catalog"),
    ("pg_graphql", "graphql"),
    ("pgmq", "pgmq"),
    ("pgsodium", "pgsodium"),
    ("plpgsql", "pg_catalog"),
    ("plv8", "pg_catalog"),
    ("postgis_tiger_geocoder", "tiger"),
    ("postgis_topology", "topology"),
    ("supabase_vault", "vault"),
];

fn schema_of(extension: &str, schemas: &[(&str, &'static str)]) -> Option<&'static str> {
    schemas.iter().find(|(name, _)| *name == extension).map(|(_, schema)| *schema)
}

impl Fold {
    pub(super) fn create_schema(
        &mut self,
        name: Option<&str>,
        owner: Option<&RoleSpec>,
        if_not_exists: bool,
        elements: &[Statement],
    ) -> Effect {
        let owner = owner.map(|role| self.role(role)).unwrap_or_else(|| self.session.role.clone());
        let name = name.map_or_else(|| owner.clone(), str::to_owned);
        let object = ObjectRef::new(ObjectKind::Schema, &name);
        self.name(object.clone());
        if self.catalog().schemas.get(&name).is_some_and(|schema| !schema.provenance.is_assumed()) {
            if if_not_exists {
                return Ok(());
            }
            return self.would_fail("duplicate_schema", object, "already exists");
        }
        let mut acl = super::acl::of_new(self.catalog(), ObjectKind::Schema, &owner, None, self.conditional);
        for entry in self.catalog().schemas.get(&name).iter().flat_map(|old| old.acl.iter()) {
            acl.grant(entry.clone());
        }
        let schema = Schema { provenance: self.provenance(), owner: self.fact(owner.clone()), acl, comment: None };
        self.gone.remove(&Key::Schema(name.clone()));
        self.note_altered(object);
        self.store.insert_schema(name.clone(), schema);
        self.refresh_path();
        self.in_schema(&name, owner, elements)
    }

    /// The statements inside `CREATE SCHEMA` create in that schema, as its owner.
    fn in_schema(&mut self, name: &str, owner: String, elements: &[Statement]) -> Effect {
        let before = self.session.path.clone();
        self.session.path.insert(0, name.to_owned());
        let role = std::mem::replace(&mut self.session.role, owner);
        let done = elements.iter().try_for_each(|element| self.run(element));
        self.session.role = role;
        self.session.path = before;
        done
    }

    pub(super) fn create_extension(
        &mut self,
        name: &str,
        schema: Option<&str>,
        version: Option<&str>,
        if_not_exists: bool,
    ) -> Effect {
        let object = ObjectRef::new(ObjectKind::Extension, name);
        self.name(object.clone());
        if self.catalog().extensions.contains_key(name) {
            if if_not_exists {
                return Ok(());
            }
            return self.would_fail("duplicate_object", object, "already exists");
        }
        if let Some(own) = schema_of(name, OWN_SCHEMAS) {
            self.platform_schema(own);
        }
        if let Some(schema) = schema {
            self.assume_schema(schema);
        }
        let schema = schema.or_else(|| schema_of(name, FIXED_SCHEMAS));
        let schema = schema.map_or_else(|| self.creation_schema(), str::to_owned);
        for ty in super::typenames::of_extension(name) {
            self.extension_type(QualifiedName::new(schema.clone(), *ty));
        }
        let extension = Extension {
            provenance: self.provenance(),
            schema: self.fact(schema),
            version: version.map_or_else(Fact::default, |version| self.fact(version.to_owned())),
        };
        self.gone.remove(&Key::Extension(name.to_owned()));
        self.note_altered(object);
        self.store.insert_extension(name.to_owned(), extension);
        Ok(())
    }

    /// A schema an extension creates for itself.
    fn platform_schema(&mut self, name: &str) {
        if self.catalog().schemas.get(name).is_none_or(|schema| schema.provenance.is_assumed()) {
            let provenance = Provenance { origin: Origin::Platform, ..self.provenance() };
            let schema = Schema { provenance, ..Schema::default() };
            self.store.insert_schema(name.to_owned(), schema);
            self.refresh_path();
        }
    }

    fn extension_type(&mut self, name: QualifiedName) {
        let ty = Type {
            provenance: Provenance { origin: Origin::Platform, ..self.provenance() },
            owner: Fact::default(),
            kind: TypeKind::Base,
            acl: Acl::default(),
            comment: None,
        };
        self.store.insert_type(name, ty);
    }

    pub(super) fn create_publication(&mut self, name: &str, objects: &PublicationObjects) -> Effect {
        let object = ObjectRef::new(ObjectKind::Publication, name);
        self.name(object.clone());
        if self.catalog().publications.contains_key(name) {
            return self.would_fail("duplicate_object", object, "already exists");
        }
        let publication = Publication {
            provenance: self.provenance(),
            owner: self.fact(self.session.role.clone()),
            all_tables: objects.all_tables,
            ..Publication::default()
        };
        self.gone.remove(&Key::Publication(name.to_owned()));
        self.note_altered(object);
        self.store.insert_publication(name.to_owned(), publication);
        self.publish(name, objects);
        Ok(())
    }

    fn publish(&mut self, name: &str, objects: &PublicationObjects) {
        let tables: Vec<QualifiedName> =
            objects.tables.iter().map(|table| self.relation(table, ObjectKind::Table)).collect();
        let schemas = self.published_schemas(objects);
        let fact = self.fact(());
        let Some(publication) = self.store.publication_mut(&name.to_owned()) else { return };
        for table in tables {
            publication.tables.entry(table).or_insert_with(|| fact.clone());
        }
        publication.schemas.extend(schemas);
        publication.schemas.sort();
        publication.schemas.dedup();
    }

    fn published_schemas(&self, objects: &PublicationObjects) -> Vec<String> {
        objects.schemas.iter().map(|schema| schema.clone().unwrap_or_else(|| self.creation_schema())).collect()
    }

    pub(super) fn alter_publication(&mut self, name: &str, action: &PublicationAction) -> Effect {
        let object = ObjectRef::new(ObjectKind::Publication, name);
        self.name(object.clone());
        if !self.catalog().publications.contains_key(name) {
            let publication = Publication { provenance: self.assumed_provenance(), ..Publication::default() };
            self.store.learn_publication(name.to_owned(), publication);
        }
        self.note_altered(object);
        match action {
            PublicationAction::Add(objects) => self.publish(name, objects),
            PublicationAction::Set(objects) => {
                if let Some(publication) = self.store.publication_mut(&name.to_owned()) {
                    publication.tables.clear();
                    publication.schemas.clear();
                }
                self.publish(name, objects);
            }
            PublicationAction::Drop(objects) => {
                let tables: Vec<QualifiedName> =
                    objects.tables.iter().map(|table| self.relation(table, ObjectKind::Table)).collect();
                let schemas = self.published_schemas(objects);
                if let Some(publication) = self.store.publication_mut(&name.to_owned()) {
                    publication.tables.retain(|table, _| !tables.contains(table));
                    publication.schemas.retain(|schema| !schemas.contains(schema));
                }
            }
            PublicationAction::Options => {}
        }
        Ok(())
    }
}
