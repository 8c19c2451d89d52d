//! What subjects are derived from: the input with the indexes that many of them share.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::facts::Shape;
use super::{CheckConfig, CheckInput, squawk};
use crate::access::{Access, Delta, Scope, Table};
use crate::catalog::{
    Acl, AclEntry, Catalog, Fact, Index, ObjectRef, Origin, PUBLIC, Privilege, QualifiedName, Relation,
};
use crate::governance::Governance;
use crate::governance::definition::Definition;
use crate::governance::writes::Written;
use crate::live::LiveFacts;
use crate::location::Location;
use crate::migrations::Migration;
use crate::predicate::Analyser;
use crate::rule::Logic;

/// Analysed expressions, by table and canonical text.
type Shapes = HashMap<QualifiedName, HashMap<String, Arc<Shape>>>;

/// The input, indexed.
pub struct Model<'a> {
    input: &'a CheckInput<'a>,
    /// Exposed roles that exist: name → everything whose grants reach it, itself and PUBLIC among them.
    reach: BTreeMap<String, BTreeSet<String>>,
    changed: BTreeSet<&'a str>,
    /// Tables read by the policies of each table with row level security.
    policy_reads: OnceLock<BTreeMap<QualifiedName, BTreeSet<QualifiedName>>>,
    shapes: RwLock<Shapes>,
    lints: OnceLock<squawk::Lints>,
    access: OnceLock<Access<'a>>,
    access_table: OnceLock<Arc<Table>>,
    deltas: OnceLock<Vec<Delta>>,
    indexes: OnceLock<BTreeMap<&'a QualifiedName, Vec<(&'a QualifiedName, &'a Index)>>>,
    /// Protected objects as they stand.
    protected: OnceLock<BTreeMap<ObjectRef, Definition>>,
    /// What each file writes.
    written: OnceLock<Vec<Vec<Written>>>,
}

impl<'a> Model<'a> {
    /// Indexes the input.
    #[must_use]
    pub fn new(input: &'a CheckInput<'a>) -> Self {
        let exposed = input.config.exposed_roles.iter().filter(|role| input.catalog.roles.contains_key(*role));
        let reach = exposed.map(|role| (role.clone(), reach(input.catalog, role, true))).collect();
        let files = input.migrations.iter().filter(|migration| migration.file.changed);
        let changed = files.map(|migration| migration.file.path.as_ref()).collect();
        Self {
            input,
            reach,
            changed,
            policy_reads: OnceLock::new(),
            shapes: RwLock::default(),
            lints: OnceLock::new(),
            access: OnceLock::new(),
            access_table: OnceLock::new(),
            deltas: OnceLock::new(),
            indexes: OnceLock::new(),
            protected: OnceLock::new(),
            written: OnceLock::new(),
        }
    }

    /// The schema.
    #[must_use]
    pub fn catalog(&self) -> &'a Catalog {
        self.input.catalog
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &'a CheckConfig {
        self.input.config
    }

    /// The migrations, in order.
    #[must_use]
    pub fn migrations(&self) -> &'a [Migration] {
        self.input.migrations
    }

    /// The input.
    #[must_use]
    pub fn input(&self) -> &'a CheckInput<'a> {
        self.input
    }

    /// What a running database says beyond its schema.
    #[must_use]
    pub fn live(&self) -> Option<&'a LiveFacts> {
        self.input.live
    }

    /// What must not change, where something is declared.
    #[must_use]
    pub fn governance(&self) -> Option<&'a Governance> {
        self.input.config.governance.as_deref()
    }

    /// Protected objects as they stand, described once.
    pub(crate) fn protected(
        &self,
        describe: impl FnOnce() -> BTreeMap<ObjectRef, Definition>,
    ) -> &BTreeMap<ObjectRef, Definition> {
        self.protected.get_or_init(describe)
    }

    /// What each file writes, looked at once.
    pub(crate) fn written(&self, look: impl FnOnce() -> Vec<Vec<Written>>) -> &[Vec<Written>] {
        self.written.get_or_init(look)
    }

    /// Whether something at this place is to be reported.
    #[must_use]
    pub fn is_in_scope(&self, at: Option<&Location>) -> bool {
        !self.input.changed_only || at.is_some_and(|at| self.changed.contains(at.file.as_ref()))
    }

    /// The same for what a check in code found, which may stand in another file than a migration.
    #[must_use]
    pub fn is_violation_in_scope(&self, at: Option<&Location>) -> bool {
        let elsewhere = |at: &Location| !self.migrations().iter().any(|migration| migration.file.path == at.file);
        self.is_in_scope(at) || at.is_some_and(elsewhere)
    }

    /// Whether the API serves the schema.
    #[must_use]
    pub fn is_exposed_schema(&self, schema: &str) -> bool {
        self.input.config.exposed_schemas.iter().any(|name| name == schema)
    }

    /// Exposed roles that exist.
    pub fn exposed_roles(&self) -> impl Iterator<Item = &str> {
        self.reach.keys().map(String::as_str)
    }

    /// Whether a grant to `grantee` reaches `role`, an exposed role.
    #[must_use]
    pub fn reaches(&self, grantee: &str, role: &str) -> bool {
        self.reach.get(role).is_some_and(|reach| reach.contains(grantee))
    }

    /// Whether a grant to `grantee` reaches any exposed role.
    #[must_use]
    pub fn reaches_exposed(&self, grantee: &str) -> bool {
        self.reach.values().any(|reach| reach.contains(grantee))
    }

    /// Exposed roles holding one of `privileges` by an entry of `acls`.
    pub fn holders(&self, acls: &[&Acl], privileges: &[Privilege]) -> Vec<String> {
        let holds = |reach: &BTreeSet<String>| {
            let mut entries = acls.iter().flat_map(|acl| acl.iter());
            entries.any(|entry| privileges.contains(&entry.privilege) && reach.contains(&entry.grantee))
        };
        self.reach.iter().filter(|(_, reach)| holds(reach)).map(|(role, _)| role.clone()).collect()
    }

    /// Exposed roles that hold one of `privileges` on the relation or on a column of it.
    #[must_use]
    pub fn relation_holders(&self, relation: &Relation, privileges: &[Privilege]) -> Vec<String> {
        let mut acls = vec![&relation.acl];
        acls.extend(relation.columns.iter().map(|column| &column.acl));
        self.holders(&acls, privileges)
    }

    /// Exposed roles with USAGE on the schema; `None` where its privileges are not known.
    #[must_use]
    pub fn schema_users(&self, schema: &str) -> Option<Vec<String>> {
        let schema = self.catalog().schemas.get(schema).filter(|schema| !schema.provenance.is_assumed())?;
        Some(self.holders(&[&schema.acl], &[Privilege::Usage]))
    }

    /// The relation is in an exposed schema and an exposed role can get at it; `None` where that is not known.
    #[must_use]
    pub fn is_exposed(&self, name: &QualifiedName, relation: &Relation, privileges: &[Privilege]) -> Option<bool> {
        if !self.is_exposed_schema(&name.schema) {
            return Some(false);
        }
        if relation.provenance.is_assumed() {
            return None;
        }
        let holders = self.relation_holders(relation, privileges);
        self.usable_by_any(&name.schema, &holders)
    }

    /// Whether any of `holders` can use the schema; `None` where that is not known.
    #[must_use]
    pub fn usable_by_any(&self, schema: &str, holders: &[String]) -> Option<bool> {
        if holders.is_empty() {
            return Some(false);
        }
        let users = self.schema_users(schema)?;
        Some(holders.iter().any(|holder| users.contains(holder)))
    }

    /// Whether pg_graphql is installed.
    #[must_use]
    pub fn has_graphql(&self) -> bool {
        self.catalog().extensions.contains_key("pg_graphql")
    }

    /// Whether a role is trusted with everything: by configuration, as superuser or by BYPASSRLS.
    #[must_use]
    pub fn is_privileged(&self, role: &str) -> bool {
        let known = self.catalog().roles.get(role);
        let bypasses = known.is_some_and(|role| role.superuser.is(&true) || role.bypass_rls.is(&true));
        bypasses || self.config().privileged_roles.iter().any(|name| name == role)
    }

    /// What an expression on a table says; analysed once.
    pub(super) fn shape_of(
        &self,
        table: &QualifiedName,
        canonical: &str,
        analyse: impl FnOnce(&Analyser<'a>) -> Shape,
    ) -> Arc<Shape> {
        let known = |shapes: &Shapes| shapes.get(table)?.get(canonical).cloned();
        if let Some(known) = known(&self.shapes.read().unwrap_or_else(PoisonError::into_inner)) {
            return known;
        }
        let shape = Arc::new(analyse(self.access().analyser()));
        let mut shapes = self.shapes.write().unwrap_or_else(PoisonError::into_inner);
        shapes.entry(table.clone()).or_default().insert(canonical.to_owned(), Arc::clone(&shape));
        shape
    }

    /// The indexes on a table, by name.
    pub(super) fn indexes_of(&self, table: &QualifiedName) -> &[(&'a QualifiedName, &'a Index)] {
        let by_table = self.indexes.get_or_init(|| {
            let mut by_table: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for (name, index) in &self.catalog().indexes {
                by_table.entry(&index.table).or_default().push((name, index));
            }
            by_table
        });
        by_table.get(table).map_or(&[], Vec::as_slice)
    }

    /// What squawk says about each file; computed once.
    pub(super) fn lints(&self) -> &squawk::Lints {
        self.lints.get_or_init(|| squawk::lints(self))
    }

    /// Answers who can reach what.
    pub(super) fn access(&self) -> &Access<'a> {
        self.access.get_or_init(|| Access::new(self.catalog(), &self.config().access))
    }

    /// Who can reach what; computed once.
    pub(super) fn access_table(&self) -> &Table {
        self.access_table.get_or_init(|| self.access().table(&self.scope()).into())
    }

    /// Computes what is itself computed in parallel and that rules, run in parallel, would ask for: a thread that
    /// waits for its own parts may take up another rule, which would then wait for that thread.
    pub(super) fn prepare(&self) {
        let checks = self.input.rules.iter().filter_map(|rule| match &rule.logic {
            Logic::Code(check) => Some(check.name),
            Logic::Conditions { .. } | Logic::Query(_) => None,
        });
        let (mut squawk, mut others) = (false, self.input.before.is_some());
        checks.for_each(|check| *if check == squawk::NAME { &mut squawk } else { &mut others } = true);
        if squawk {
            self.lints();
        }
        if others {
            self.access_table();
            self.deltas();
        }
    }

    /// The same, where it was computed.
    pub(super) fn known_access_table(&self) -> Option<Arc<Table>> {
        self.access_table.get().cloned()
    }

    fn scope(&self) -> Scope {
        let named_roles = crate::access::contract::roles(&self.config().contract).cloned().collect();
        // A contract and a comparison show why a cell is closed; the rules ask only why one is open.
        let brief = self.live().is_some() && self.config().contract.is_empty() && self.input.before.is_none();
        Scope { named_roles, brief, ..Scope::of(self.config()) }
    }

    /// What access differs from the schema before the change; nothing where there is none to compare with.
    pub(super) fn deltas(&self) -> &[Delta] {
        self.deltas.get_or_init(|| {
            let Some(before) = self.input.before else { return Vec::new() };
            let scope = self.scope();
            let old = Access::new(before, &self.config().access).table(&scope);
            crate::access::diff(&old, self.access_table())
        })
    }

    /// Tables read by the policies of each table; computed once.
    pub(super) fn policy_reads(&self) -> &BTreeMap<QualifiedName, BTreeSet<QualifiedName>> {
        self.policy_reads.get_or_init(|| super::facts::policy_reads(self))
    }

    /// Privileges of the kinds that let an exposed role see or change a relation's rows.
    pub(super) const ROW_PRIVILEGES: &'static [Privilege] =
        &[Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete, Privilege::Truncate];
    /// Those that change them.
    pub(super) const WRITE_PRIVILEGES: &'static [Privilege] =
        &[Privilege::Insert, Privilege::Update, Privilege::Delete, Privilege::Truncate];
}

/// Everything whose grants `role` has: itself, PUBLIC, and the roles it is a member of, through others too;
/// `inherited` leaves out memberships that need a `SET ROLE`.
pub(super) fn reach(catalog: &Catalog, role: &str, inherited: bool) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([PUBLIC.to_owned()]);
    let mut open = vec![role.to_owned()];
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some(member) = catalog.roles.get(&name) else { continue };
        for (group, membership) in &member.member_of {
            // Where it is not known whether privileges are inherited, they are: PostgreSQL's default.
            let inherits = membership.inherit.unwrap_or_else(|| !member.inherit.is(&false));
            if inherits || !inherited {
                open.push(group.clone());
            }
        }
    }
    seen
}

/// Whether an object is one that rules look at: the project's own, not the platform's.
pub(super) fn is_own(origin: Origin) -> bool {
    origin != Origin::Platform
}

pub(super) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Migration => "migration",
        Origin::Platform => "platform",
        Origin::Live => "live",
        Origin::Assumed => "assumed",
    }
}

/// The names of sorted, distinct privileges, as SQL spells them.
pub(super) fn privilege_names<'e>(entries: impl Iterator<Item = &'e AclEntry>) -> Vec<String> {
    let privileges: BTreeSet<Privilege> = entries.map(|entry| entry.privilege).collect();
    privileges.into_iter().map(|privilege| privilege.sql().to_owned()).collect()
}

/// A fact's value as text, for fields that are names.
pub(super) fn known_text(fact: &Fact<String>) -> Option<String> {
    fact.get().cloned()
}

/// Splits a printed object name at its dots: `public."a.b".c` has three parts; a routine keeps its arguments.
pub(crate) fn name_parts(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted, mut depth) = (Vec::new(), String::new(), false, 0u32);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if depth == 0 && quoted && chars.peek() == Some(&'"') => {
                part.push('"');
                chars.next();
            }
            '"' if depth == 0 => quoted = !quoted,
            '.' if !quoted && depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => {
                match c {
                    '(' if !quoted => depth += 1,
                    ')' if !quoted => depth = depth.saturating_sub(1),
                    _ => {}
                }
                part.push(c);
            }
        }
    }
    parts.push(part);
    parts
}
