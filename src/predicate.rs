//! What a policy expression says: which rows it lets through, for whom, by abstract interpretation in SQL's
//! three-valued logic over the parsed expression and the schema's facts.

mod body;
mod decimal;
mod eval;
mod formula;
mod memo;
mod names;
mod references;
mod role;
mod shape;
mod ty;
mod value;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::catalog::{Catalog, Column, Function, FunctionKey, ObjectKind, Origin, QualifiedName, Relation, TypeKind};
use crate::location::Span;
use crate::sql::ast::{Expr, Name};
use body::Body;
use memo::Memo;
use ty::Ty;

pub(crate) use names::{is_aggregate, is_set_returning};
pub(crate) use references::{Filtering, References, Write};
pub use role::{Claim, Claims, RoleContext, Setting};
pub use shape::{CallSite, Profile, Shape};

/// Which rows an expression is true for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every row there can be.
    Always,
    /// No row there can be: false or NULL for each.
    Never,
    /// It depends on the row.
    Rows,
    /// It cannot be told, or it depends on the session or other tables alone.
    Unknown,
}

impl Verdict {
    /// In lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Rows => "rows",
            Self::Unknown => "unknown",
        }
    }
}

/// What an expression says to one role.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Which rows.
    pub verdict: Verdict,
    /// Why: one line, lower case, no final period.
    pub reason: String,
    /// What decides between true and not true, where something does.
    pub depends: Depends,
    /// The search for an answer was given up: anything is possible.
    pub gave_up: bool,
    /// The operands of a top-level `OR`; otherwise the expression itself.
    pub branches: Vec<Branch>,
}

/// One operand of a top-level `OR`.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Where it stands in the expression's own text.
    pub span: Span,
    /// Which rows this branch alone lets through.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// What a non-constant expression depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depends {
    /// Columns of the row.
    pub columns: BTreeSet<String>,
    /// What is only known in a session: `auth.uid()`, `current_user`, `setting app.tenant`, `now()`.
    pub session: BTreeSet<String>,
    /// Rows of other relations.
    pub data: BTreeSet<QualifiedName>,
    /// What could not be interpreted: functions and names.
    pub unknown: BTreeSet<String>,
}

/// How names are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Schemas unqualified names are looked up in, after `pg_catalog`.
    pub search_path: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { search_path: vec!["public".to_owned(), "extensions".to_owned()] }
    }
}

/// Analyses expressions of one Catalog; keeps what is common to them.
#[derive(Debug)]
pub struct Analyser<'c> {
    catalog: &'c Catalog,
    options: Options,
    functions: BTreeMap<&'c str, Vec<Routine<'c>>>,
    /// What inherits from a relation, partitions left out.
    children: BTreeMap<&'c QualifiedName, Vec<(&'c QualifiedName, &'c Relation)>>,
    memo: Memo,
}

/// A function and its body, read when first asked for.
#[derive(Debug)]
struct Routine<'c> {
    key: &'c FunctionKey,
    function: &'c Function,
    body: OnceLock<Body>,
}

impl Routine<'_> {
    fn body(&self) -> &Body {
        self.body.get_or_init(|| Body::of(self.function))
    }

    fn returns_set(&self) -> bool {
        let returns = self.function.returns.as_deref().unwrap_or("");
        returns.starts_with("SETOF ") || returns.starts_with("TABLE(")
    }
}

impl<'c> Analyser<'c> {
    /// Indexes `catalog`.
    #[must_use]
    pub fn new(catalog: &'c Catalog, options: Options) -> Self {
        let mut functions: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (key, function) in &catalog.functions {
            let routine = Routine { key, function, body: OnceLock::new() };
            functions.entry(key.name.name.as_str()).or_default().push(routine);
        }
        let mut children: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, relation) in catalog.relations.iter().filter(|(_, relation)| !relation.is_partition) {
            relation.parents.iter().for_each(|parent| children.entry(parent).or_default().push((name, relation)));
        }
        Self { catalog, options, functions, children, memo: Memo::default() }
    }

    /// What `expr`, a policy expression on `relation`, says to `role`.
    #[must_use]
    pub fn analyse(&self, expr: &Expr, relation: &QualifiedName, role: &RoleContext) -> Arc<Analysis> {
        self.memo.analysis((expr, relation, role), || verdict::analyse(self, expr, relation, role))
    }

    /// What `expr`, a policy expression on `relation`, looks like.
    #[must_use]
    pub fn shape(&self, expr: &Expr, relation: &QualifiedName) -> Shape {
        self.profile(expr, relation).shape
    }

    /// What `expr`, a policy expression on `relation`, looks like and says.
    #[must_use]
    pub fn profile(&self, expr: &Expr, relation: &QualifiedName) -> Profile {
        shape::profile(self, expr, relation)
    }

    /// The functions called `name`, by the order of `path`.
    fn routines(&self, name: &Name, path: &[String]) -> Vec<&Routine<'c>> {
        let Some(all) = self.functions.get(name.name.as_str()) else { return Vec::new() };
        let path = name.schema.as_ref().map_or(path, std::slice::from_ref);
        let within =
            |schema: &'_ String| all.iter().filter(move |routine| routine.key.name.schema == *schema).collect();
        path.iter().flat_map(|schema| -> Vec<&Routine<'c>> { within(schema) }).collect()
    }

    /// The relation `name` means; one that is nowhere is taken for one of the first schema.
    fn resolve_relation(&self, name: &Name, path: &[String]) -> QualifiedName {
        if let Some(schema) = &name.schema {
            return QualifiedName::new(schema, &name.name);
        }
        let mut places = path.iter().map(|schema| QualifiedName::new(schema, &name.name));
        let first = path.first().map_or("public", String::as_str);
        places
            .find(|name| self.catalog.relations.contains_key(name))
            .unwrap_or_else(|| QualifiedName::new(first, &name.name))
    }

    /// Others inherit from `name`: their rows, under their own constraints, are seen through it.
    fn has_children(&self, name: &QualifiedName) -> bool {
        self.children.contains_key(name)
    }

    fn is_not_null(&self, table: &QualifiedName, column: &Column) -> bool {
        let enforced = self.catalog.relations.get(table).is_some_and(|relation| relation.kind == ObjectKind::Table);
        let sure = |column: &Column| column.not_null.is(&true) && !column.not_null.conditional;
        enforced
            && sure(column)
            && self.heirs(table).into_iter().all(|heir| heir.column(&column.name).is_some_and(sure))
    }

    /// Whatever inherits from `name`, directly or not.
    fn heirs(&self, name: &QualifiedName) -> Vec<&'c Relation> {
        let mut seen = BTreeSet::new();
        let (mut open, mut heirs) = (vec![name], Vec::new());
        while let Some(name) = open.pop() {
            for (child, relation) in self.children.get(name).into_iter().flatten() {
                if seen.insert(*child) {
                    heirs.push(*relation);
                    open.push(child);
                }
            }
        }
        heirs
    }

    /// The labels of an enum.
    fn labels(&self, ty: &Ty) -> Option<Vec<String>> {
        let Ty::Enum(name) = ty else { return None };
        match &self.catalog.types.get(name)?.kind {
            TypeKind::Enum { labels } => Some(labels.clone()),
            _ => None,
        }
    }

    /// The migrations themselves define `auth.name()`.
    fn own_auth_function(&self, name: &str) -> bool {
        let own = |routine: &&Routine<'_>| routine.function.provenance.origin == Origin::Migration;
        self.routines(&Name::qualified("auth", name), &[]).iter().any(own)
    }
}

/// [`Analyser::analyse`] for a single expression.
#[must_use]
pub fn analyse(
    expr: &Expr,
    relation: &QualifiedName,
    catalog: &Catalog,
    role: &RoleContext,
    options: Options,
) -> Analysis {
    verdict::analyse(&Analyser::new(catalog, options), expr, relation, role).0
}

/// [`Analyser::shape`] for a single expression, with default options.
#[must_use]
pub fn shape(expr: &Expr, relation: &QualifiedName, catalog: &Catalog) -> Shape {
    Analyser::new(catalog, Options::default()).shape(expr, relation)
}
