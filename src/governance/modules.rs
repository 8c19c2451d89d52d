//! Modules: which objects belong together, what depends on what, and which way that may go.

mod draw;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::canonical::resolve;
use super::pattern;
use super::routine::in_body;
use super::sections::Modules;
use crate::catalog::{
    Catalog, ConstraintRule, Expression, Function, ObjectKind, ObjectRef, Origin, QualifiedName, Relation,
};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::rule::Rule;
use crate::sql::walk::{Node, calls, relations, written};
use crate::sql::{self};

pub use draw::{Format, draw};

/// Names that can be in a module: tables, views, functions.
pub(super) fn candidates(objects: &BTreeSet<ObjectRef>) -> impl Iterator<Item = &str> {
    use ObjectKind as K;
    let kinds = [K::Table, K::View, K::MaterializedView, K::ForeignTable, K::Function, K::Procedure, K::Aggregate];
    objects.iter().filter(move |object| kinds.contains(&object.kind)).map(|object| object.name.as_str())
}

/// Whether a pattern of `modules:` means the object; functions go by their name without arguments.
pub(super) fn means(written: &str, name: &str) -> bool {
    let plain = name.split('(').next().unwrap_or(name);
    let written = if written.contains('.') { written.to_owned() } else { format!("public.{written}") };
    pattern::matches(&written, plain) || pattern::matches(&written, name)
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What is depended on.
    pub to: QualifiedName,
    /// By what: `foreign key cours_client_id_fkey`.
    pub by: String,
    /// Where that is said.
    pub at: Option<Location>,
}

/// What depends on what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// Edges by the object that depends.
    pub edges: BTreeMap<QualifiedName, BTreeSet<Edge>>,
}

impl Graph {
    /// Dependencies of the whole schema: foreign keys, views, functions, triggers and policies.
    #[must_use]
    pub fn of(catalog: &Catalog) -> Self {
        let mut graph = Self::default();
        for (name, relation) in catalog.relations.iter().filter(|(_, r)| r.provenance.origin != Origin::Platform) {
            graph.relation(catalog, name, relation);
        }
        for (key, function) in catalog.functions.iter().filter(|(_, f)| f.provenance.origin != Origin::Platform) {
            for (to, at) in routine(catalog, function) {
                graph.add(&key.name, to, format!("function {}", key.name), at);
            }
        }
        graph
    }

    fn add(&mut self, from: &QualifiedName, to: QualifiedName, by: String, at: Option<Location>) {
        if *from != to {
            self.edges.entry(from.clone()).or_default().insert(Edge { to, by, at });
        }
    }

    fn relation(&mut self, catalog: &Catalog, name: &QualifiedName, relation: &Relation) {
        for (part, constraint) in &relation.constraints {
            if let ConstraintRule::ForeignKey { references, .. } = &constraint.kind {
                self.add(name, references.clone(), format!("foreign key {part}"), constraint.at.clone());
            }
        }
        if let Some(fact) = &relation.definition
            && let Some(view) = fact.get()
        {
            for to in view.reads.iter().chain(&view.calls) {
                self.add(name, to.clone(), relation.kind.words().to_owned(), fact.at.clone());
            }
        }
        for (part, trigger) in &relation.triggers {
            let at = trigger.provenance.defined.clone();
            self.add(name, trigger.function.clone(), format!("trigger {part}"), at);
        }
        for (part, policy) in &relation.policies {
            for fact in [&policy.using, &policy.check] {
                let expression = fact.get().and_then(Option::as_ref);
                for to in expression.into_iter().flat_map(|expression| mentioned(catalog, expression)) {
                    self.add(name, to, format!("policy {part}"), fact.at.clone());
                }
            }
        }
    }
}

/// Relations and functions an expression names.
fn mentioned(catalog: &Catalog, expression: &Expression) -> Vec<QualifiedName> {
    let parsed;
    let tree = match &expression.ast {
        Some(tree) => &**tree,
        None => match sql::parse_expr(&expression.text) {
            Ok(tree) => {
                parsed = tree;
                &parsed
            }
            Err(_) => return Vec::new(),
        },
    };
    let mut found: Vec<QualifiedName> = relations(tree).into_iter().map(|name| resolve(catalog, name)).collect();
    found.extend(calls(tree).into_iter().filter_map(|call| function_named(catalog, &call.name)));
    found
}

/// The project's function of a name, if there is one.
fn function_named(catalog: &Catalog, name: &sql::ast::Name) -> Option<QualifiedName> {
    let mut keys = catalog.functions.iter().filter(|(key, function)| {
        function.provenance.origin != Origin::Platform
            && key.name.name == name.name
            && name.schema.as_ref().is_none_or(|schema| *schema == key.name.schema)
    });
    keys.next().map(|(key, _)| key.name.clone())
}

/// What a routine reads, writes and calls.
pub(super) fn routine(catalog: &Catalog, function: &Function) -> BTreeSet<(QualifiedName, Option<Location>)> {
    let mut found = BTreeSet::new();
    let at = function.body.at.clone();
    in_body(function, &mut |node| {
        let mut add = |name: QualifiedName| {
            found.insert((name, at.clone()));
        };
        match node {
            Node::Block(block) => {
                relations(block).into_iter().chain(written(block)).for_each(|name| add(resolve(catalog, name)));
                calls(block).into_iter().filter_map(|call| function_named(catalog, &call.name)).for_each(&mut add);
            }
            Node::Statement(statement) => {
                let names = relations(statement).into_iter().chain(written(statement));
                names.for_each(|name| add(resolve(catalog, name)));
                calls(statement).into_iter().filter_map(|call| function_named(catalog, &call.name)).for_each(&mut add);
            }
            Node::Expr(expr) => {
                relations(expr).into_iter().for_each(|name| add(resolve(catalog, name)));
                calls(expr).into_iter().filter_map(|call| function_named(catalog, &call.name)).for_each(&mut add);
            }
            _ => {}
        }
    });
    found.retain(|(name, _)| known(catalog, name));
    found
}

fn known(catalog: &Catalog, name: &QualifiedName) -> bool {
    catalog.relations.contains_key(name) || catalog.overloads(name).next().is_some()
}

/// A dependency from one module to another, through objects of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Modules.
    pub from: String,
    /// Modules.
    pub to: String,
    /// The object it starts at.
    pub start: QualifiedName,
    /// The way: by what, to what.
    pub path: Vec<Edge>,
    /// Whether `allow` says so.
    pub allowed: bool,
}

/// The module of an object.
#[must_use]
pub fn module_of<'a>(modules: &'a Modules, name: &QualifiedName) -> Option<&'a str> {
    let printed = name.to_string();
    let owner = modules.members.iter().find(|(_, list)| list.iter().any(|placed| means(&placed.value, &printed)));
    owner.map(|(module, _)| module.as_str())
}

/// Every dependency between modules.
#[must_use]
pub fn crossings(graph: &Graph, modules: &Modules) -> Vec<Crossing> {
    let mut found = Vec::new();
    for start in graph.edges.keys() {
        let Some(from) = module_of(modules, start) else { continue };
        // Breadth first, so that the path told is a shortest one; objects of a module end it.
        let mut queue: VecDeque<(&QualifiedName, Vec<Edge>)> = VecDeque::from([(start, Vec::new())]);
        let mut seen: BTreeSet<&QualifiedName> = BTreeSet::from([start]);
        while let Some((at, path)) = queue.pop_front() {
            for edge in graph.edges.get(at).into_iter().flatten() {
                if !seen.insert(&edge.to) {
                    continue;
                }
                let mut path = path.clone();
                path.push(edge.clone());
                match module_of(modules, &edge.to) {
                    Some(to) if to == from => {}
                    Some(to) => {
                        let pair = (from.to_owned(), to.to_owned());
                        let allowed = modules.allow.contains(&pair);
                        found.push(Crossing { from: pair.0, to: pair.1, start: start.clone(), path, allowed });
                    }
                    None => queue.push_back((&edge.to, path)),
                }
            }
        }
    }
    found
}

/// Dependencies in a direction that is not allowed.
pub(super) fn forbidden(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(modules) = model.governance().and_then(|governance| governance.sections.modules.as_ref()) else {
        return Judged::default();
    };
    let graph = Graph::of(model.catalog());
    let mut judged = Judged { looked_at: graph.edges.len(), ..Judged::default() };
    for crossing in crossings(&graph, &modules.value).iter().filter(|crossing| !crossing.allowed) {
        judged.violations.push(violation(model.catalog(), crossing, &modules.at));
    }
    judged
}

fn violation(catalog: &Catalog, crossing: &Crossing, section: &Location) -> Violation {
    let Crossing { from, to, start, path, .. } = crossing;
    let end = path.last().map_or(start, |edge| &edge.to);
    let by = path.first().map(|edge| edge.by.as_str()).unwrap_or_default();
    let message =
        format!("`{start}` ({from}) depends on `{end}` ({to}) by {by}; modules do not allow `{from} -> {to}`");
    let kind = catalog.relations.get(start).map_or(ObjectKind::Function, |relation| relation.kind);
    let at = path.iter().find_map(|edge| edge.at.clone()).unwrap_or_else(|| section.clone());
    let mut violation = Violation::new(ObjectRef::new(kind, start), Some(at), message);
    violation.discriminator = format!("{end}");
    let mut detail = format!("{start} ({from})\n");
    for edge in path {
        let at = edge.at.as_ref().map(|at| format!(" at {}:{}", at.file, at.line)).unwrap_or_default();
        detail.push_str(&format!("  -> {} by {}{at}\n", edge.to, edge.by));
    }
    violation.detail = Some(detail);
    violation
}
