//! Who can reach what: for a role, a relation and a command, a verdict with its derivation, after PostgreSQL's own
//! rules (grants, membership, ownership, row level security, views). Works on any Catalog, whatever its source.

pub mod contract;
mod diff;
mod failure;
mod filter;
mod folding;
mod grants;
mod history;
mod indirect;
mod policies;
mod principal;
pub mod prove;
mod relation;
pub mod render;
mod session;
mod table;
mod verdict;
mod view;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock, RwLock};

use crate::catalog::{Catalog, FunctionKey, ObjectKind, PUBLIC, QualifiedName};
use crate::predicate::{Analyser, Options, References, RoleContext};
use crate::sql;
use crate::sql::ast::{Expr, Query};
use principal::Principal;
use session::Memo;

pub use contract::Expectation;
pub use diff::{Delta, diff};
pub use history::History;
pub use indirect::Indirect;
pub use table::{Row, Scope, Table};
pub use verdict::{Columns, Command, Judgement, Step, Verdict};

/// Answers questions about one Catalog; keeps what is common to them.
#[derive(Debug)]
pub struct Access<'c> {
    catalog: &'c Catalog,
    analyser: Analyser<'c>,
    principals: BTreeMap<&'c str, Principal<'c>>,
    everybody: Principal<'c>,
    queries: BTreeMap<&'c QualifiedName, OnceLock<Option<Arc<Query>>>>,
    bodies: BTreeMap<&'c FunctionKey, OnceLock<Option<References<'c>>>>,
    /// Relations that show no row: in whose session, to whom, which.
    hidden: RwLock<HashMap<(&'c str, &'c str, &'c QualifiedName), bool>>,
}

/// What is known beyond the Catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessOptions {
    /// What sessions of a role look like, in place of what its name says.
    pub contexts: BTreeMap<String, RoleContext>,
}

/// Whose rights count and whose session it is: they differ inside a view that runs with its owner's rights.
#[derive(Debug, Clone, Copy)]
struct Ask<'a, 'c> {
    /// Who asks: what expressions see, and who calls functions.
    session: &'a Principal<'c>,
    /// Whose privileges and policies count.
    checker: &'a Principal<'c>,
    /// A view above checks what is written through it, the conditions of the views below included.
    checked: bool,
}

/// What a statement touches of a relation.
#[derive(Debug, Clone)]
enum Touch {
    /// Whatever may be touched.
    Any,
    /// All of these columns; the second list only perhaps.
    All(BTreeSet<String>, BTreeSet<String>),
    /// Those of these that may be touched.
    Some(BTreeSet<String>),
}

/// Views inside views followed; what is deeper is unknown.
const MAX_DEPTH: usize = 24;

impl<'c> Access<'c> {
    /// Indexes `catalog`.
    #[must_use]
    pub fn new(catalog: &'c Catalog, options: &AccessOptions) -> Self {
        let platform = principal::has_claims(catalog);
        let owners = catalog.relations.values().filter_map(|relation| relation.owner.get());
        let owners = owners.chain(catalog.functions.values().filter_map(|function| function.owner.get()));
        let names: BTreeSet<&str> = catalog.roles.keys().chain(owners).map(String::as_str).collect();
        let of = |name| Principal::of(catalog, name, platform, options.contexts.get(name));
        let views = catalog.relations.iter().filter(|(_, relation)| relation.definition.is_some());
        Self {
            catalog,
            analyser: Analyser::new(catalog, Options::default()),
            principals: names.into_iter().map(|name| (name, of(name))).collect(),
            everybody: of(PUBLIC),
            queries: views.map(|(name, _)| (name, OnceLock::new())).collect(),
            bodies: catalog.functions.keys().map(|key| (key, OnceLock::new())).collect(),
            hidden: RwLock::default(),
        }
    }

    /// What it analyses expressions with, which remembers them.
    #[must_use]
    pub fn analyser(&self) -> &Analyser<'c> {
        &self.analyser
    }

    /// The Catalog asked about.
    #[must_use]
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// What `role` (or PUBLIC) can do with one command on a relation; `None` where there is no such relation or role.
    #[must_use]
    pub fn judge(&self, role: &str, relation: &QualifiedName, command: Command) -> Option<Judgement> {
        let [select, insert, update, delete] = self.judge_all(role, relation)?;
        Some(match command {
            Command::Select => select,
            Command::Insert => insert,
            Command::Update => update,
            Command::Delete => delete,
        })
    }

    /// What `role` (or PUBLIC) can do with each command on a relation, in the order of [`Command::ALL`].
    #[must_use]
    pub fn judge_all(&self, role: &str, relation: &QualifiedName) -> Option<[Judgement; 4]> {
        let who = self.principal(role)?;
        let (name, found) = self.catalog.relations.get_key_value(relation)?;
        let memo = Memo::default();
        let ask = Ask { session: who, checker: who, checked: false };
        Some(Command::ALL.map(|command| {
            let mut judgement = self.usage(who, &name.schema).unwrap_or_default();
            if judgement.verdict != Verdict::None {
                let reach = self.reach(ask, (name, found), command, &Touch::Any, &memo, 0);
                judgement = judgement.then(reach);
            }
            judgement.finish(found)
        }))
    }

    /// A role of the Catalog, or PUBLIC.
    fn principal(&self, name: &str) -> Option<&Principal<'c>> {
        if name == PUBLIC { Some(&self.everybody) } else { self.principals.get(name) }
    }

    /// What is known of a role's sessions.
    fn context_of(&self, role: &str) -> Option<&RoleContext> {
        self.principal(role).map(|principal| &principal.context)
    }

    /// The query of a view, read once.
    fn query(&self, name: &QualifiedName) -> Option<Arc<Query>> {
        let read = || {
            let definition = self.catalog.relations.get(name)?.definition.as_ref()?.get()?;
            sql::parse_query(definition.text.trim_end().trim_end_matches(';')).ok().map(Arc::new)
        };
        self.queries.get(name)?.get_or_init(read).clone()
    }

    /// What a routine's body refers to, read once.
    fn body(&self, key: &FunctionKey) -> Option<&References<'c>> {
        self.bodies.get(key)?.get_or_init(|| self.analyser.routine_references(key)).as_ref()
    }
}

/// The tree of an expression, read again where a snapshot has only its text.
fn tree(expression: &crate::catalog::Expression) -> Option<Arc<Expr>> {
    expression.ast.clone().or_else(|| sql::parse_expr(&expression.text).ok().map(Arc::new))
}

/// Tables can have row level security, nothing else can.
fn has_policies(kind: ObjectKind) -> bool {
    kind == ObjectKind::Table
}
