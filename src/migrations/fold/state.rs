//! The fold's state: the Catalog under construction, the session, and what is recorded about the statement at hand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::session::{Open, Session};
use super::store::{Key, Store};
use crate::catalog::{
    Catalog, Expression, Fact, FunctionKey, ObjectKind, ObjectRef, Origin, Provenance, QualifiedName,
};
use crate::coverage::{Coverage, CoverageKind};
use crate::location::{LineIndex, Location, Span};
use crate::migrations::host::{Failure, Limits};
use crate::migrations::{Executed, Platform, Within};
use crate::sql::ast::{CreateFunction, Expr, Name, Query, Statement};

/// What a handler returns: an error only in strict mode.
pub(super) type Effect = Result<(), Failure>;

/// What was noted about an object while one migration ran.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) at: Location,
    pub(super) dropped: bool,
    pub(super) replaced: bool,
    pub(super) by: Option<ObjectRef>,
    pub(super) renamed_from: Option<ObjectRef>,
    /// It only followed its table to another name.
    pub(super) carried: bool,
    pub(super) conditional: bool,
}

/// The interpreter.
pub(super) struct Fold {
    pub(super) store: Store,
    pub(super) session: Session,
    pub(super) platform: Platform,
    /// Origin of what is created: the platform's own SQL is folded first.
    pub(super) origin: Origin,
    pub(super) text: Arc<str>,
    pub(super) lines: LineIndex,
    /// Location of the statement at hand.
    pub(super) at: Location,
    /// The statement at hand was computed: its spans do not hold its text.
    pub(super) dynamic: bool,
    pub(super) conditional: bool,
    pub(super) strict: bool,
    pub(super) within: Within,
    pub(super) depth: usize,
    pub(super) limits: Limits,
    pub(super) coverage: Vec<Coverage>,
    pub(super) executed: Vec<Executed>,
    /// Objects the statement at hand names.
    pub(super) named: Vec<ObjectRef>,
    pub(super) notes: BTreeMap<ObjectRef, Note>,
    pub(super) assumed: BTreeSet<ObjectRef>,
    /// Assumed relations that nothing so far needed: statements on them say `IF EXISTS` or may not have run.
    pub(super) doubtful: BTreeSet<QualifiedName>,
    /// Objects the history itself dropped: they are known not to exist.
    pub(super) gone: HashSet<Key>,
    pub(super) routines: BTreeMap<FunctionKey, Arc<CreateFunction>>,
    pub(super) prepared: BTreeMap<String, Arc<Statement>>,
    /// Open transaction and savepoints.
    pub(super) open: Vec<Open>,
    /// Names ever given to constraints, by schema; a name not among them is free.
    pub(super) constraint_names: HashSet<(String, String)>,
    /// Bare names of functions and relations that some expression or view ever referred to: anything else has no
    /// dependents to look for.
    pub(super) referenced: HashSet<String>,
    /// Order in which indexes were made.
    pub(super) index_order: HashMap<QualifiedName, usize>,
    /// Tables that ever had children.
    pub(super) parents: HashSet<QualifiedName>,
}

impl Fold {
    pub(super) fn new(catalog: Catalog, platform: Platform, origin: Origin) -> Self {
        let lines = LineIndex::new("", "");
        let at = lines.locate("", Span::default());
        let mut fold = Self {
            store: Store::new(catalog),
            session: Session::new(platform),
            platform,
            origin,
            text: Arc::from(""),
            lines,
            at,
            dynamic: false,
            conditional: false,
            strict: false,
            within: Within::File,
            depth: 0,
            limits: Limits::default(),
            coverage: Vec::new(),
            executed: Vec::new(),
            named: Vec::new(),
            notes: BTreeMap::new(),
            assumed: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            gone: HashSet::new(),
            routines: BTreeMap::new(),
            prepared: BTreeMap::new(),
            open: Vec::new(),
            constraint_names: HashSet::new(),
            referenced: HashSet::new(),
            index_order: HashMap::new(),
            parents: HashSet::new(),
        };
        fold.index_names();
        fold.refresh_path();
        fold
    }

    /// Fills the name indexes from a Catalog that did not grow here.
    fn index_names(&mut self) {
        let catalog = self.store.catalog();
        let constraints = catalog.relations.iter().flat_map(|(name, relation)| {
            relation.constraints.keys().map(|constraint| (name.schema.clone(), constraint.clone()))
        });
        self.constraint_names = constraints.collect();
        let reads = catalog.relations.values().filter_map(|r| r.definition.as_ref()?.get());
        let reads = reads.flat_map(|view| view.reads.iter().chain(&view.calls));
        let triggers = catalog.relations.values().flat_map(|r| r.triggers.values()).map(|t| &t.function);
        self.referenced = reads.chain(triggers).map(|name| name.name.clone()).collect();
    }

    pub(super) fn catalog(&self) -> &Catalog {
        self.store.catalog()
    }

    /// Where the statement at hand stands; `None` for the platform's own.
    pub(super) fn here(&self) -> Option<Location> {
        (self.origin != Origin::Platform).then(|| self.at.clone())
    }

    pub(super) fn locate(&self, span: Span) -> Location {
        self.lines.locate(&self.text, span)
    }

    /// Where a part of the statement at hand stands.
    pub(super) fn part(&self, span: Span) -> Option<Location> {
        (self.origin != Origin::Platform).then(|| if self.dynamic { self.at.clone() } else { self.locate(span) })
    }

    pub(super) fn fact<T>(&self, value: T) -> Fact<T> {
        Fact { value: Some(value), at: self.here(), conditional: self.conditional }
    }

    pub(super) fn unknown<T>(&self) -> Fact<T> {
        Fact { value: None, at: self.here(), conditional: self.conditional }
    }

    pub(super) fn provenance(&self) -> Provenance {
        Provenance { origin: self.origin, defined: self.here(), conditional: self.conditional }
    }

    pub(super) fn assumed_provenance(&self) -> Provenance {
        Provenance { origin: Origin::Assumed, defined: self.here(), conditional: false }
    }

    /// An expression as a fact: its text as written where it stands in a file.
    pub(super) fn expression(&self, expr: &Expr) -> Expression {
        let canonical = super::syntax::canonical(expr);
        let text = self.source(expr.span).unwrap_or_else(|| canonical.clone());
        Expression { text, canonical, ast: Some(Arc::new(expr.clone())) }
    }

    /// An expression on a table: its columns stand unqualified.
    pub(super) fn expression_on(&self, expr: &Expr, table: &QualifiedName) -> Expression {
        let columns = |name: &Name| {
            let relation = self.find_relation(name).and_then(|name| self.catalog().relations.get(&name))?;
            relation.columns_complete.then(|| relation.columns.iter().map(|column| column.name.clone()).collect())
        };
        let canonical = super::syntax::canonical_on(expr, table, &columns);
        let text = self.source(expr.span).unwrap_or_else(|| canonical.clone());
        Expression { text, canonical, ast: Some(Arc::new(expr.clone())) }
    }

    /// The text of a query as written, or its canonical form.
    pub(super) fn query_text(&self, query: &Query, canonical: &str) -> String {
        self.source(query.span).unwrap_or_else(|| canonical.to_owned())
    }

    fn source(&self, span: Span) -> Option<String> {
        let text = if self.dynamic { "" } else { span.slice(&self.text) };
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn cover_at(&mut self, kind: CoverageKind, at: Option<Location>, message: String) {
        self.coverage.push(Coverage { kind, location: at, object: None, message });
    }

    pub(super) fn cover_here(&mut self, kind: CoverageKind, object: Option<ObjectRef>, message: String) {
        let location = self.here();
        self.coverage.push(Coverage { kind, location, object, message });
    }

    /// An error the server would raise. In strict mode it is returned; otherwise it is said, and the caller goes on
    /// with the reading that is least likely to hide something.
    pub(super) fn would_fail(&mut self, condition: &'static str, object: ObjectRef, why: &str) -> Effect {
        if self.strict {
            return Err(Failure::new(condition, format!("{object} {why}")));
        }
        let message = format!("would fail: {object} {why}");
        self.cover_here(CoverageKind::Assumption, Some(object), message);
        Ok(())
    }

    pub(super) fn name(&mut self, object: ObjectRef) {
        if !self.named.contains(&object) {
            self.named.push(object);
        }
    }

    pub(super) fn name_relation(&mut self, name: &QualifiedName) {
        let kind = self.catalog().relations.get(name).map_or(ObjectKind::Table, |relation| relation.kind);
        self.name(ObjectRef::new(kind, name));
    }

    fn note(&mut self, object: ObjectRef) -> &mut Note {
        let (at, conditional) = (self.at.clone(), self.conditional);
        let note = self.notes.entry(object).or_insert_with(|| Note {
            at: at.clone(),
            dropped: false,
            replaced: false,
            by: None,
            renamed_from: None,
            carried: false,
            conditional,
        });
        note.at = at;
        note.conditional = conditional;
        note
    }

    /// The statement at hand created or altered `object`.
    pub(super) fn note_altered(&mut self, object: ObjectRef) {
        self.note(object);
    }

    pub(super) fn note_replaced(&mut self, object: ObjectRef) {
        self.note(object).replaced = true;
    }

    pub(super) fn note_dropped(&mut self, object: ObjectRef, by: Option<&ObjectRef>) {
        let note = self.note(object);
        note.dropped = true;
        note.by = by.cloned();
    }

    pub(super) fn note_renamed(&mut self, from: ObjectRef, to: ObjectRef) {
        let old = self.notes.remove(&from);
        let first = old.as_ref().and_then(|note| note.renamed_from.clone()).unwrap_or(from);
        let note = self.note(to);
        note.renamed_from = Some(first);
        note.carried = false;
        if let Some(old) = old {
            note.replaced |= old.replaced || old.dropped;
        }
    }

    /// A part of a renamed table: what was noted about it moves along, and by itself this is no change.
    pub(super) fn note_carried(&mut self, from: ObjectRef, to: ObjectRef) {
        let (at, known) = (self.notes.get(&from).map(|note| note.at.clone()), self.notes.contains_key(&from));
        let carried = self.notes.get(&from).is_none_or(|note| note.carried);
        self.note_renamed(from, to.clone());
        let note = self.note(to);
        note.carried = carried;
        if let (true, Some(at)) = (known, at) {
            note.at = at;
        }
    }
}
