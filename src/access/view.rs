//! Views: whose rights count behind one, and which of its rows come through.

use std::collections::BTreeSet;

use super::failure::{Aliases, aliases};
use super::principal::Principal;
use super::session::Memo;
use super::{Access, Ask, Columns, Command, Judgement, Step, Touch, Verdict};
use crate::catalog::{QualifiedName, Relation};
use crate::sql::ast::{
    Cte, CteBody, Expr, ExprKind, JoinKind, Name, Query, QueryBody, Select, SelectItem, SetOp, TableRef,
};
use crate::sql::walk::{self, Node};

/// A view's query under examination.
pub(super) struct Reading<'a, 'c, 'm> {
    pub(super) access: &'a Access<'c>,
    pub(super) inner: Ask<'a, 'c>,
    pub(super) memo: &'m Memo<'c>,
    pub(super) depth: usize,
    pub(super) reads: BTreeSet<QualifiedName>,
    /// Those among whose columns a bare name may be.
    near: BTreeSet<QualifiedName>,
    /// What it reads under another name than the one written.
    renamed: Option<QualifiedName>,
    columns: Vec<Vec<String>>,
    aliases: Aliases,
    star: bool,
}

impl<'c> Access<'c> {
    /// Whose rights count for what a view reads: its owner's, or with `security_invoker` the caller's.
    pub(super) fn inner_checker<'a>(&'a self, ask: Ask<'a, 'c>, view: &Relation) -> Option<&'a Principal<'c>> {
        match view.security_invoker()? {
            true => Some(ask.session),
            false => self.principal(view.owner.get()?),
        }
    }

    /// The relations a view's query reads: as the Catalog resolved them, else by the search path.
    pub(super) fn view_reads(&self, view: &QualifiedName, found: &BTreeSet<QualifiedName>) -> BTreeSet<QualifiedName> {
        let definition = self.catalog.relations.get(view).and_then(|view| view.definition.as_ref()?.get());
        definition.map_or_else(|| found.clone(), |definition| definition.reads.iter().cloned().collect())
    }

    /// Which rows of a view come through.
    pub(super) fn view(
        &self,
        ask: Ask<'_, 'c>,
        (name, relation): (&'c QualifiedName, &'c Relation),
        memo: &Memo<'c>,
        depth: usize,
    ) -> Judgement {
        let mut judgement = self.says_whose(name, relation);
        let Some(checker) = self.inner_checker(ask, relation) else {
            return judgement.then(Judgement::of(
                Verdict::Unknown,
                Step::new(format!("whose rights view {name} uses is not known"), None),
            ));
        };
        let Some(query) = self.query(name) else {
            return judgement.then(Judgement::of(
                Verdict::Unknown,
                Step::new(format!("the query of view {name} could not be read"), None),
            ));
        };
        let inner = Ask { session: ask.session, checker, checked: false };
        let mut reading = Reading::new(self, inner, memo, depth, name, &query);
        judgement = judgement.then(reading.query(&query, &[]));
        if judgement.verdict == Verdict::None && judgement.late {
            judgement = may_not_get_there(&query, judgement);
        }
        if matches!(judgement.verdict, Verdict::None | Verdict::Denied) {
            return judgement;
        }
        judgement.then(self.narrowed(ask, name, &query))
    }

    pub(super) fn says_whose(&self, name: &QualifiedName, relation: &Relation) -> Judgement {
        let at = relation.options.at.as_ref().or(relation.provenance.defined.as_ref());
        let mut judgement = Judgement::default();
        match (relation.security_invoker(), relation.owner.get()) {
            (Some(true), _) => {
                judgement.step(format!("view {name} is security_invoker: the caller's rights count"), at)
            }
            (_, Some(owner)) => judgement.step(format!("view {name} reads with the rights of its owner `{owner}`"), at),
            _ => {}
        }
        judgement
    }

    /// What the view's own conditions do: those that ask who is calling narrow it, the others are what the view is.
    pub(super) fn narrowed(&self, ask: Ask<'_, 'c>, name: &QualifiedName, query: &Query) -> Judgement {
        let filtering = self.analyser.filtering(query, &ask.session.context);
        let session: Vec<&str> = filtering.session.iter().map(String::as_str).collect();
        if filtering.never {
            return Judgement::of(
                Verdict::Denied,
                Step::new(format!("the conditions of view {name} never hold"), None),
            );
        }
        if filtering.always {
            return Judgement::default();
        }
        if !filtering.unknown.is_empty() {
            let unknown: Vec<&str> = filtering.unknown.iter().map(String::as_str).collect();
            let text = format!("view {name} is narrowed by {}", unknown.join(", "));
            return Judgement::of(Verdict::Unknown, Step::new(text, None));
        }
        if session.is_empty() {
            return Judgement::default();
        }
        Judgement::of(Verdict::Rows, Step::new(format!("view {name} is narrowed by {}", session.join(", ")), None))
    }
}

/// A call behind a view fails, where a row gets as far as it.
fn may_not_get_there(query: &Query, judgement: Judgement) -> Judgement {
    let maybe = |judgement| Judgement { verdict: Verdict::Unknown, fragile: true, ..judgement };
    let QueryBody::Select(select) = &query.body else { return maybe(judgement) };
    let bare = matches!(select.from.as_slice(), [TableRef::Relation { .. }]) && select.filter.is_none();
    let counts = select.group_by.is_empty() && select.columns.iter().any(is_aggregate);
    if bare && query.with.is_empty() {
        judgement
    } else if !counts && query.with.is_empty() && select.from.iter().all(matches_only) {
        judgement.soften()
    } else {
        maybe(judgement)
    }
}

/// Without a row on one side it gives none.
fn matches_only(table: &TableRef) -> bool {
    let mut open = vec![table];
    while let Some(table) = open.pop() {
        match table {
            TableRef::Relation { .. } => {}
            TableRef::Join { kind: JoinKind::Inner | JoinKind::Cross, left, right, .. } => {
                open.extend([&**left, &**right])
            }
            _ => return false,
        }
    }
    true
}

/// The one relation of `reads` that has none of the names written, where one name written is not read.
fn only_other(reads: &BTreeSet<QualifiedName>, written: &BTreeSet<QualifiedName>) -> Option<QualifiedName> {
    let others = |a: &BTreeSet<QualifiedName>, b: &BTreeSet<QualifiedName>| {
        let is_other = |name: &&QualifiedName| !b.iter().any(|other| other.name == name.name);
        a.iter().filter(is_other).cloned().collect::<Vec<_>>()
    };
    match (others(reads, written).as_slice(), others(written, reads).len()) {
        ([only], 1) => Some(only.clone()),
        _ => None,
    }
}

impl<'a, 'c, 'm> Reading<'a, 'c, 'm> {
    pub(super) fn new(
        access: &'a Access<'c>,
        inner: Ask<'a, 'c>,
        memo: &'m Memo<'c>,
        depth: usize,
        view: &QualifiedName,
        query: &Query,
    ) -> Self {
        let found = access.analyser.references(Node::Query(query)).reads;
        let mut star = false;
        walk::walk(query, |node| {
            star |= matches!(node, Node::Expr(Expr { kind: ExprKind::Star(_), .. }));
            true
        });
        let columns = walk::columns(query).into_iter().map(<[String]>::to_vec).collect();
        let reads = access.view_reads(view, &found);
        let renamed = only_other(&reads, &found);
        let mut reading = Self {
            access,
            inner,
            memo,
            depth,
            near: reads.clone(),
            reads,
            renamed,
            columns,
            aliases: Aliases::new(),
            star,
        };
        reading.aliases = aliases(Node::Query(query), &|name| reading.resolve(name).map(|(name, _)| name.clone()));
        reading
    }

    /// The relation a name in the query means.
    pub(super) fn resolve(&self, name: &Name) -> Option<(&'c QualifiedName, &'c Relation)> {
        let relations = &self.access.catalog.relations;
        let written = name.schema.as_ref().map(|schema| QualifiedName::new(schema, &name.name));
        let read = written.or_else(|| self.reads.iter().find(|read| read.name == name.name).cloned());
        let meant = read.unwrap_or_else(|| self.access.analyser.relation_named(name));
        if self.reads.contains(&meant) {
            return relations.get_key_value(&meant);
        }
        // What the view reads has another name now; what has this name is something else.
        relations.get_key_value(self.renamed.as_ref()?)
    }

    /// Which of a query's rows come through.
    pub(super) fn query(&mut self, query: &Query, outer: &[&Cte]) -> Judgement {
        let mut ctes: Vec<&Cte> = outer.to_vec();
        ctes.extend(&query.with);
        let body = self.body(&query.body, &ctes);
        let limited = query.limit.is_some() || query.offset.is_some();
        if limited && body.verdict == Verdict::Unknown {
            return body;
        }
        body
    }

    fn body(&mut self, body: &QueryBody, ctes: &[&Cte]) -> Judgement {
        match body {
            QueryBody::Select(select) => self.select(select, ctes),
            QueryBody::Set { op, left, right, .. } => {
                let (left, right) = (self.branch(left, ctes), self.branch(right, ctes));
                let verdict = match op {
                    SetOp::Union => left.verdict.or(right.verdict),
                    SetOp::Intersect => left.verdict.and(right.verdict),
                    // Rows missing on the right are rows more.
                    SetOp::Except if left.verdict == Verdict::Denied && right.verdict != Verdict::None => {
                        Verdict::Denied
                    }
                    SetOp::Except => match left.verdict.and(right.verdict) {
                        Verdict::Denied => Verdict::Rows,
                        other => other,
                    },
                };
                let verdict = if *op == SetOp::Union
                    && verdict == Verdict::All
                    && left.verdict.and(right.verdict) != Verdict::All
                {
                    Verdict::Rows
                } else {
                    verdict
                };
                Judgement { verdict, ..left.then(right) }
            }
            QueryBody::Values(_) => Judgement::default(),
            QueryBody::Table(name) => self.named(name, ctes),
            QueryBody::Unknown => unread("a query that could not be read"),
        }
    }

    /// One side of a set operation: the columns it names are its own tables'.
    fn branch(&mut self, query: &Query, ctes: &[&Cte]) -> Judgement {
        if !ctes.is_empty() || !query.with.is_empty() {
            return self.query(query, ctes);
        }
        let near =
            walk::relations(query).into_iter().filter_map(|name| self.resolve(name)).map(|(name, _)| name.clone());
        let near = near.collect();
        let aliases = aliases(Node::Query(query), &|name| self.resolve(name).map(|(name, _)| name.clone()));
        let columns = walk::columns(query).into_iter().map(<[String]>::to_vec).collect();
        let (near, aliases, columns) = (
            std::mem::replace(&mut self.near, near),
            std::mem::replace(&mut self.aliases, aliases),
            std::mem::replace(&mut self.columns, columns),
        );
        let judgement = self.query(query, ctes);
        (self.near, self.aliases, self.columns) = (near, aliases, columns);
        judgement
    }

    fn select(&mut self, select: &Select, ctes: &[&Cte]) -> Judgement {
        let mut judgement = Judgement::default();
        for table in &select.from {
            let from = self.table(table, ctes, 0);
            judgement = judgement.then(from);
        }
        let counts = select.group_by.is_empty() && select.columns.iter().any(is_aggregate);
        if counts && judgement.verdict == Verdict::Denied {
            judgement.verdict = Verdict::Rows;
        }
        let conditions = select.filter.iter().chain(&select.having);
        let inner: Vec<&Expr> = conditions.chain(select.columns.iter().map(|item| &item.expr)).collect();
        for (at, expr) in inner.iter().enumerate() {
            let condition = at < inner.len() - select.columns.len();
            judgement = self.beside(expr, condition, ctes, judgement);
        }
        judgement
    }

    /// Relations read in a condition or an output column, apart from `FROM`.
    pub(super) fn beside(
        &mut self,
        expr: &Expr,
        condition: bool,
        ctes: &[&Cte],
        mut judgement: Judgement,
    ) -> Judgement {
        let names: Vec<Name> = walk::relations(expr).into_iter().cloned().collect();
        for name in names.iter().filter(|name| !is_cte(name, ctes)) {
            let read = self.named(name, ctes);
            if read.verdict == Verdict::None && read.late {
                judgement.fragile = true;
                judgement.assume_all(read.soften().assumptions);
                continue;
            }
            if read.verdict == Verdict::None {
                return judgement.then(read);
            }
            if condition && read.verdict != Verdict::All {
                if judgement.verdict == Verdict::All {
                    judgement.verdict = if read.verdict == Verdict::Unknown { Verdict::Unknown } else { Verdict::Rows };
                }
                judgement.derivation.extend(read.derivation);
            }
            judgement.fragile |= read.fragile;
            judgement.assume_all(read.assumptions);
        }
        judgement
    }

    fn table(&mut self, table: &TableRef, ctes: &[&Cte], depth: usize) -> Judgement {
        if depth > super::MAX_DEPTH {
            return unread("a join too deep to follow");
        }
        match table {
            TableRef::Relation { name, .. } => self.named(name, ctes),
            TableRef::Query { query, .. } => self.query(query, ctes),
            TableRef::Function { calls, .. } => {
                let own =
                    calls.iter().any(|call| !self.access.analyser.references(Node::Expr(call)).routines.is_empty());
                if own { unread("the rows a function gives") } else { Judgement::default() }
            }
            TableRef::Join { kind, left, right, .. } => {
                let (left, right) = (self.table(left, ctes, depth + 1), self.table(right, ctes, depth + 1));
                let (l, r) = (left.verdict, right.verdict);
                let both = l.and(r);
                let verdict = match kind {
                    JoinKind::Inner | JoinKind::Cross => both,
                    // The other side's rows are there whether or not they match.
                    JoinKind::Left if l != Verdict::Denied && both == Verdict::Denied => Verdict::Rows,
                    JoinKind::Right if r != Verdict::Denied && both == Verdict::Denied => Verdict::Rows,
                    JoinKind::Full if (l != Verdict::Denied || r != Verdict::Denied) && both == Verdict::Denied => {
                        Verdict::Rows
                    }
                    JoinKind::Left | JoinKind::Right | JoinKind::Full => both,
                };
                Judgement { verdict, ..left.then(right) }
            }
            TableRef::Other(_) => unread("a table expression"),
        }
    }

    fn named(&mut self, name: &Name, ctes: &[&Cte]) -> Judgement {
        if let (None, Some(at)) = (&name.schema, ctes.iter().rposition(|cte| cte.name == name.name)) {
            let Some(cte) = ctes.get(at) else { return Judgement::default() };
            return match &cte.body {
                // A recursive one adds nothing to what its first part reads.
                CteBody::Query(query) => self.query(query, ctes.get(..at).unwrap_or(&[])),
                CteBody::Dml(_) => unread("a WITH clause that writes"),
            };
        }
        let Some(target) = self.resolve(name) else {
            let system = matches!(name.schema.as_deref(), Some("pg_catalog" | "information_schema"));
            let known = system || name.schema.is_none() && name.name.starts_with("pg_");
            return if known { Judgement::default() } else { unread(&format!("{name}, which is not known")) };
        };
        let touch = self.touch(target.0, target.1);
        let mut reach = self.access.reach(self.inner, target, Command::Select, &touch, self.memo, self.depth + 1);
        reach.columns = Columns::All;
        reach
    }

    fn touch(&self, name: &QualifiedName, relation: &Relation) -> Touch {
        if self.star {
            return Touch::All(relation.columns.iter().map(|column| column.name.clone()).collect(), BTreeSet::new());
        }
        let columns: Vec<&[String]> = self.columns.iter().map(Vec::as_slice).collect();
        self.access.touched(name, &columns, &self.near, &self.aliases)
    }
}

pub(super) fn unread(what: &str) -> Judgement {
    Judgement::of(Verdict::Unknown, Step::new(format!("it depends on {what}"), None))
}

fn is_cte(name: &Name, ctes: &[&Cte]) -> bool {
    name.schema.is_none() && ctes.iter().any(|cte| cte.name == name.name)
}

/// Calls an aggregate of its own, not one of a subquery.
pub(super) fn is_aggregate(item: &SelectItem) -> bool {
    let mut found = false;
    walk::walk(&item.expr, |node| {
        if let Node::Expr(Expr { kind: ExprKind::Call(call), .. }) = node {
            found |= !call.over && crate::predicate::is_aggregate(&call.name.name);
        }
        !matches!(node, Node::Query(_))
    });
    found
}
