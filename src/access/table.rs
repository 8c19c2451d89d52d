//! The whole answer as data: role × relation × command, and what is reached by way of functions and triggers.

use rayon::prelude::*;
use serde::Serialize;

use super::indirect::Indirect;
use super::{Access, Columns, Command, Judgement, Step, Verdict};
use crate::catalog::{ObjectKind, Origin, PUBLIC, QualifiedName, Relation, Role};
use crate::waiver::glob;

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Who.
    pub role: String,
    /// What.
    pub relation: QualifiedName,
    /// Doing what.
    pub command: Command,
    /// How far.
    pub verdict: Verdict,
    /// On which columns; `*` is all of them.
    pub columns: Vec<String>,
    /// What had to be taken for granted.
    pub assumptions: Vec<String>,
    /// Why.
    pub derivation: Vec<Step>,
    /// What kind of relation it is.
    #[serde(skip)]
    pub kind: ObjectKind,
}

/// All cells, sorted by relation, role and command.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Table {
    /// Version of this shape.
    pub version: u32,
    /// Cells.
    pub rows: Vec<Row>,
    /// What is reached without a privilege of one's own.
    pub indirect: Vec<Indirect>,
    /// Roles asked about, in order.
    #[serde(skip)]
    pub roles: Vec<String>,
}

/// What the table is to hold.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Roles asked for by name; none: those that matter.
    pub roles: Vec<String>,
    /// Patterns of relations (`public.*`); none: those of the project's own schemas.
    pub relations: Vec<String>,
    /// Roles whose callers are not trusted.
    pub exposed_roles: Vec<String>,
    /// Roles named in the configuration.
    pub named_roles: Vec<String>,
    /// Roles trusted with everything.
    pub privileged_roles: Vec<String>,
    /// Schemas the server or the platform owns.
    pub system_schemas: Vec<String>,
    /// Of cells where nothing is open, and nothing fails, only the last step is kept, and no columns: for a table that is asked, not printed.
    pub brief: bool,
}

impl Scope {
    /// The usual one, under a configuration.
    #[must_use]
    pub fn of(config: &crate::check::CheckConfig) -> Self {
        Self {
            exposed_roles: config.exposed_roles.clone(),
            privileged_roles: config.privileged_roles.clone(),
            system_schemas: config.system_schemas.clone(),
            ..Self::default()
        }
    }

    /// Whether a relation is one of those asked for.
    #[must_use]
    pub fn includes(&self, name: &QualifiedName, relation: &Relation) -> bool {
        if !self.relations.is_empty() {
            let text = name.to_string();
            return self.relations.iter().any(|pattern| glob(pattern, &text));
        }
        let system = self.system_schemas.contains(&name.schema);
        // The platform brings no policies for these: in a database, too, they are the project's.
        let open = ["storage", "realtime"].contains(&name.schema.as_str());
        let touched = relation.policies.values().any(|policy| match policy.provenance.origin {
            Origin::Migration => true,
            Origin::Live => open,
            Origin::Platform | Origin::Assumed => false,
        });
        touched || !system && relation.provenance.origin != Origin::Platform
    }

    fn matters(&self, name: &str, role: &Role) -> bool {
        let trusted = role.superuser.is(&true)
            || role.bypass_rls.is(&true)
            || self.privileged_roles.iter().any(|trusted| trusted == name);
        let own = match role.provenance.origin {
            Origin::Migration => true,
            Origin::Live => role.login.is(&true) && !is_platform(name),
            Origin::Platform | Origin::Assumed => false,
        };
        own && !trusted
    }
}

/// The platform's own logins, as a live database shows them.
fn is_platform(name: &str) -> bool {
    name.starts_with("pg_")
        || name.starts_with("supabase_")
        || matches!(name, "authenticator" | "pgbouncer" | "dashboard_user")
}

impl Access<'_> {
    /// Roles that matter: those asked for; else PUBLIC, exposed ones, those configured, and the project's own.
    #[must_use]
    pub fn roles(&self, scope: &Scope) -> Vec<String> {
        let known = |name: &&String| *name == PUBLIC || self.catalog.roles.contains_key(*name);
        if !scope.roles.is_empty() {
            return scope.roles.iter().filter(known).cloned().collect();
        }
        let mut roles: Vec<String> = scope.exposed_roles.iter().filter(known).cloned().collect();
        let own = self.catalog.roles.iter().filter(|(name, role)| scope.matters(name, role)).map(|(name, _)| name);
        let public = PUBLIC.to_owned();
        for name in scope.named_roles.iter().filter(known).chain(own).chain([&public]) {
            if !roles.contains(name) {
                roles.push(name.clone());
            }
        }
        roles
    }

    /// One cell; `None` where there is no such relation or role.
    #[must_use]
    pub fn row(&self, role: &str, relation: &QualifiedName, command: Command) -> Option<Row> {
        let kind = self.catalog.relations.get(relation)?.kind;
        Some(row(role, relation, kind, command, self.judge(role, relation, command)?))
    }

    /// Judges everything in `scope`.
    #[must_use]
    pub fn table(&self, scope: &Scope) -> Table {
        let roles = self.roles(scope);
        let relations: Vec<_> =
            self.catalog.relations.iter().filter(|(name, found)| scope.includes(name, found)).collect();
        let rows = relations.par_iter().map(|(name, relation)| self.rows_of(&roles, name, relation, scope.brief));
        let found: Vec<Vec<Row>> = rows.collect();
        let mut rows = Vec::with_capacity(found.iter().map(Vec::len).sum());
        rows.extend(found.into_iter().flatten());
        let indirect = self.indirect(&roles, &rows, scope);
        Table { version: 1, rows, indirect, roles }
    }

    pub(super) fn rows_of(&self, roles: &[String], name: &QualifiedName, relation: &Relation, brief: bool) -> Vec<Row> {
        let mut rows = Vec::with_capacity(roles.len() * 4);
        for role in roles {
            let Some(judged) = self.judge_all(role, name) else { continue };
            let cells = Command::ALL.into_iter().zip(judged);
            rows.extend(cells.map(|(command, judgement)| row(role, name, relation.kind, command, judgement)));
        }
        rows.iter_mut().filter(|_| brief).for_each(Row::shorten);
        rows
    }
}

/// One judgement as a cell.
pub(super) fn row(
    role: &str,
    relation: &QualifiedName,
    kind: ObjectKind,
    command: Command,
    judgement: Judgement,
) -> Row {
    let columns = match judgement.columns {
        Columns::All => vec!["*".to_owned()],
        Columns::Some(columns) => columns,
    };
    let mut derivation = judgement.derivation;
    derivation.shrink_to_fit();
    Row {
        role: role.to_owned(),
        relation: relation.clone(),
        command,
        verdict: judgement.verdict,
        columns,
        assumptions: judgement.assumptions,
        derivation,
        kind,
    }
}

impl Row {
    /// Every column is meant.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.columns == ["*"]
    }

    /// Leaves of a closed cell's derivation what decided it.
    fn shorten(&mut self) {
        // Whether a policy that fails keeps anybody out is told by the others.
        let fails = self.derivation.last().is_some_and(|step| step.text.contains("the statement fails"));
        if matches!(self.verdict, Verdict::None | Verdict::Denied) && !fails {
            self.derivation = self.derivation.pop().into_iter().collect();
            self.columns = Vec::new();
        }
    }

    /// The step that decides: the one to show where there is room for one.
    #[must_use]
    pub fn reason(&self) -> Option<&Step> {
        let says = |word: &str| self.derivation.iter().find(|step| step.text.contains(word));
        match self.verdict {
            Verdict::All => says("is always true").or_else(|| says("row level security")).or(self.derivation.last()),
            Verdict::Rows => says("depends on").or_else(|| says("narrowed by")).or(self.derivation.last()),
            Verdict::None | Verdict::Denied | Verdict::Unknown => self.derivation.last(),
        }
    }

    /// Where the deciding step stands; any step's place before none.
    #[must_use]
    pub fn place(&self) -> Option<&crate::location::Location> {
        let own = self.reason().and_then(|step| step.at.as_ref());
        own.or_else(|| self.derivation.iter().rev().find_map(|step| step.at.as_ref()))
    }
}
