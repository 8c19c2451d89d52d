//! What of a live database is the platform's rather than the project's: rules about the project look past it, as they do
//! in migrations. What is there beyond the platform's own starting point is the project's.

use std::collections::BTreeMap;

use crate::catalog::{Acl, Catalog, DefaultPrivileges, ObjectKind, Origin, PUBLIC, Privilege, QualifiedName, Role};
use crate::check::CheckConfig;
use crate::coverage::{Coverage, CoverageKind};
use crate::migrations::{DefaultGrants, FoldOptions, MigrationSet, Platform, fold, privileges_of_new};

/// Which platform a database is on, and how that was told.
pub(super) fn detect(catalog: &Catalog) -> (Platform, &'static str) {
    let roles = ["anon", "authenticated", "service_role"].iter().all(|role| catalog.roles.contains_key(*role));
    if roles && catalog.schemas.contains_key("auth") {
        (Platform::Supabase, "its roles and its auth schema are there")
    } else {
        (Platform::Postgres, "Supabase's roles and auth schema are not there")
    }
}

/// Marks the platform's objects and grants; says what was taken for the platform's.
pub(super) fn mark(catalog: &mut Catalog, platform: Platform, config: &CheckConfig) -> Vec<Coverage> {
    let options = FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) };
    let start = fold(&MigrationSet::default(), &options).catalog;
    let marker = Marker { start: &start, platform, config };
    marker.default_privileges(catalog);
    marker.roles(catalog);
    let system = marker.objects(catalog);
    by_default(catalog, &config.exposed_roles);
    let mut said = said(&system);
    if catalog
        .relations
        .values()
        .any(|one| one.provenance.origin == Origin::Live && one.acl.iter().any(|e| e.by_default))
    {
        let message =
            "grants that equal default privileges are taken to come from them: a database does not tell".to_owned();
        said.push(Coverage { kind: CoverageKind::Assumption, location: None, object: None, message });
    }
    said
}

struct Marker<'a> {
    start: &'a Catalog,
    platform: Platform,
    config: &'a CheckConfig,
}

/// Objects in the platform's schemas that its starting point does not have, by schema.
type Beyond = BTreeMap<String, usize>;

impl Marker<'_> {
    fn is_system(&self, schema: &str) -> bool {
        self.config.system_schemas.iter().any(|name| name == schema)
    }

    /// In a schema of the platform, made by one of the platform's roles.
    fn is_platforms(&self, schema: &str, owner: Option<&String>) -> bool {
        let by_project = self.platform == Platform::Supabase && owner.is_some_and(|owner| owner == "postgres");
        self.is_system(schema) && !by_project
    }

    fn roles(&self, catalog: &mut Catalog) {
        for (name, role) in &mut catalog.roles {
            let predefined = name.starts_with("pg_");
            let supabase = self.platform == Platform::Supabase
                && (name.starts_with("supabase_") || self.config.privileged_roles.contains(name));
            let unchanged = self.start.roles.get(name).is_some_and(|known| same_attributes(known, role));
            let bootstrap = role.provenance.origin == Origin::Platform;
            if predefined || unchanged || bootstrap || (supabase && !self.start.roles.contains_key(name)) {
                role.provenance.origin = Origin::Platform;
            }
        }
    }

    fn objects(&self, catalog: &mut Catalog) -> Beyond {
        let mut beyond = Beyond::new();
        for (name, schema) in &mut catalog.schemas {
            if let Some(known) = self.start.schemas.get(name) {
                schema.provenance.origin = Origin::Platform;
                own_grants(&mut schema.acl, &known.acl);
            } else if self.is_system(name) {
                schema.provenance.origin = Origin::Platform;
            }
        }
        for (name, relation) in &mut catalog.relations {
            let known = self.start.relations.get(name);
            if known.is_none() && !self.is_platforms(&name.schema, relation.owner.get()) {
                continue;
            }
            relation.provenance.origin = Origin::Platform;
            if let Some(known) = known {
                own_grants(&mut relation.acl, &known.acl);
            } else {
                *beyond.entry(name.schema.clone()).or_default() += 1;
                // Of a table unknown here nothing tells the platform's grants from others, but that its services never
                // let the API's roles at accounts and secrets.
                let secret = self.platform == Platform::Supabase && matches!(name.schema.as_str(), "auth" | "vault");
                let exposed = |role: &String| *role == PUBLIC || self.config.exposed_roles.contains(role);
                relation.acl.rewrite(|entry| entry.by_default = !(secret && exposed(&entry.grantee)));
            }
            // Triggers and policies on the platform's tables are the project's, but for those it comes with.
            let theirs = |has: bool| if has { Origin::Platform } else { Origin::Live };
            for (policy, facts) in &mut relation.policies {
                facts.provenance.origin = theirs(known.is_some_and(|known| known.policies.contains_key(policy)));
            }
            for (trigger, facts) in &mut relation.triggers {
                let system = self.is_system(&facts.function.schema);
                facts.provenance.origin = theirs(system || known.is_some_and(|k| k.triggers.contains_key(trigger)));
            }
        }
        for (key, function) in &mut catalog.functions {
            let known = self.start.functions.get(key);
            if known.is_some() || self.is_platforms(&key.name.schema, function.owner.get()) {
                function.provenance.origin = Origin::Platform;
                match known {
                    Some(known) => own_grants(&mut function.acl, &known.acl),
                    None => function.acl.rewrite(|entry| entry.by_default = true),
                }
                *beyond.entry(key.name.schema.clone()).or_default() += usize::from(known.is_none());
            }
        }
        self.small(catalog);
        beyond.retain(|_, n| *n > 0);
        beyond
    }

    /// Kinds no rule follows into a platform schema's details.
    fn small(&self, catalog: &mut Catalog) {
        for (name, ty) in &mut catalog.types {
            if self.start.types.contains_key(name) || self.is_platforms(&name.schema, ty.owner.get()) {
                ty.provenance.origin = Origin::Platform;
            }
        }
        for (name, sequence) in &mut catalog.sequences {
            if self.start.sequences.contains_key(name) || self.is_platforms(&name.schema, sequence.owner.get()) {
                sequence.provenance.origin = Origin::Platform;
            }
        }
        let relations = &catalog.relations;
        let of_platform = |table: &QualifiedName| {
            relations.get(table).map_or(self.is_system(&table.schema), |t| t.provenance.origin == Origin::Platform)
        };
        for (name, index) in &mut catalog.indexes {
            if self.start.indexes.contains_key(name) || of_platform(&index.table) {
                index.provenance.origin = Origin::Platform;
            }
        }
        for (name, extension) in &mut catalog.extensions {
            if self.start.extensions.contains_key(name) {
                extension.provenance.origin = Origin::Platform;
            }
        }
        for (name, trigger) in &mut catalog.event_triggers {
            if self.start.event_triggers.contains_key(name) || self.is_system(&trigger.function.schema) {
                trigger.provenance.origin = Origin::Platform;
            }
        }
        for (name, publication) in &mut catalog.publications {
            if self.start.publications.contains_key(name) {
                publication.provenance.origin = Origin::Platform;
            }
        }
    }

    /// Of the default privileges, those the platform sets; what an entry holds beyond them is the project's.
    fn default_privileges(&self, catalog: &mut Catalog) {
        for entry in &mut catalog.default_privileges {
            let known = self.start.default_privileges_of(&entry.role, entry.schema.as_deref(), entry.objects);
            if let Some(known) = known {
                own_grants(&mut entry.acl, &known.acl);
            }
            let platforms_role = self.platform == Platform::Supabase
                && entry.role != "postgres"
                && self.config.privileged_roles.contains(&entry.role);
            entry.platform = platforms_role || only_defaults(entry);
        }
    }
}

fn only_defaults(entry: &DefaultPrivileges) -> bool {
    entry.acl.iter().all(|item| item.by_default || item.grantee == entry.role)
}

/// Entries the platform starts with are its own; the others somebody granted.
fn own_grants(acl: &mut Acl, known: &Acl) {
    acl.rewrite(|entry| {
        // The starting point is PostgreSQL 15's; 17 and later have MAINTAIN wherever ALL was granted.
        let privilege = if entry.privilege == Privilege::Maintain { Privilege::Truncate } else { entry.privilege };
        entry.by_default = known.held(&entry.grantee, privilege).is_some();
    });
}

fn same_attributes(a: &Role, b: &Role) -> bool {
    let attributes = |role: &Role| {
        let Role { login, superuser, bypass_rls, inherit, create_role, create_db, replication, .. } = role;
        [login, superuser, bypass_rls, inherit, create_role, create_db, replication].map(|fact| fact.value)
    };
    attributes(a).iter().zip(attributes(b)).all(|(known, now)| known.is_none() || *known == now)
}

/// Grants on the project's objects that default privileges give a new object of this owner: whether a statement named
/// them too cannot be told any more.
fn by_default(catalog: &mut Catalog, exposed_roles: &[String]) {
    let defaults = Catalog { default_privileges: catalog.default_privileges.clone(), ..Catalog::default() };
    let mut given = Given { catalog: &defaults, exposed_roles, known: BTreeMap::new(), marked: BTreeMap::new() };
    for (name, relation) in &mut catalog.relations {
        if relation.provenance.origin == Origin::Live {
            given.mark(&mut relation.acl, relation.kind, relation.owner.get(), Some(&name.schema));
        }
    }
    for (name, sequence) in &mut catalog.sequences {
        given.mark(&mut sequence.acl, ObjectKind::Sequence, sequence.owner.get(), Some(&name.schema));
    }
    for (key, function) in &mut catalog.functions {
        if function.provenance.origin == Origin::Live {
            given.mark(&mut function.acl, function.kind, function.owner.get(), Some(&key.name.schema));
        }
    }
    for (name, ty) in &mut catalog.types {
        given.mark(&mut ty.acl, ObjectKind::Type, ty.owner.get(), Some(&name.schema));
    }
    for schema in catalog.schemas.values_mut().filter(|schema| schema.provenance.origin == Origin::Live) {
        given.mark(&mut schema.acl, ObjectKind::Schema, schema.owner.get(), None);
    }
}

type Class = (ObjectKind, String, Option<String>);

/// What new objects are given, by kind, owner and schema.
struct Given<'a> {
    catalog: &'a Catalog,
    exposed_roles: &'a [String],
    known: BTreeMap<Class, Vec<(String, Privilege, bool)>>,
    /// The last list of each class, before and after: the next is mostly the same.
    marked: BTreeMap<Class, (Acl, Acl)>,
}

impl Given<'_> {
    fn mark(&mut self, acl: &mut Acl, kind: ObjectKind, owner: Option<&String>, schema: Option<&String>) {
        let Some(owner) = owner else { return };
        let class = (kind, owner.clone(), schema.cloned());
        if let Some((_, after)) = self.marked.get(&class).filter(|(before, _)| before.shares_with(acl)) {
            acl.clone_from(after);
            return;
        }
        let before = acl.clone();
        self.mark_one(acl, &class);
        self.marked.insert(class, (before, acl.clone()));
    }

    fn mark_one(&mut self, acl: &mut Acl, class: &Class) {
        let (kind, owner, schema) = class;
        let catalog = self.catalog;
        let given = self.known.entry(class.clone()).or_insert_with(|| {
            let acl = privileges_of_new(catalog, *kind, owner, schema.as_deref());
            acl.iter().filter(|e| e.by_default).map(|e| (e.grantee.clone(), e.privilege, e.grantable)).collect()
        });
        if given.is_empty() {
            return;
        }
        // Where one of the defaults was taken away, the rest was dealt with by name: of a table's privileges for one
        // grantee; of a function's one privilege for the roles of the API.
        let missing: Vec<&String> = given
            .iter()
            .filter(|(role, privilege, _)| acl.held(role, *privilege).is_none())
            .map(|(role, ..)| role)
            .collect();
        let of_function = matches!(kind, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate);
        let api_edited = of_function && missing.iter().any(|role| self.exposed_roles.contains(role));
        let edited =
            |grantee: &String| missing.contains(&grantee) || api_edited && self.exposed_roles.contains(grantee);
        let edited: Vec<String> = given.iter().map(|(role, ..)| role).filter(|role| edited(role)).cloned().collect();
        acl.rewrite(|entry| {
            // A grant option that defaults do not give was given by name.
            let same = |(role, privilege, grantable): &(String, Privilege, bool)| {
                (role, *privilege, *grantable) == (&entry.grantee, entry.privilege, entry.grantable)
            };
            entry.by_default |= given.iter().any(same) && !edited.contains(&entry.grantee);
        });
    }
}

fn said(beyond: &Beyond) -> Vec<Coverage> {
    let total: usize = beyond.values().sum();
    if total == 0 {
        return Vec::new();
    }
    let schemas: Vec<&str> = beyond.keys().map(String::as_str).collect();
    let message = format!(
        "{} in {} taken to be the platform's: rules about the project's own objects do not look at them",
        crate::report::many(total, "object"),
        schemas.join(", ")
    );
    vec![Coverage { kind: CoverageKind::Assumption, location: None, object: None, message }]
}
