//! Visits everything inside a piece of SQL, top down and left to right, without recursion: for all who ask what an
//! expression reads or calls.

mod children;

use std::collections::BTreeSet;
use std::rc::Rc;

use super::ast::{Block, Call, Dml, Expr, ExprKind, Name, PlStatement, Query, Statement, TableRef};
use crate::location::Span;

/// Something visited.
#[derive(Debug, Clone, Copy)]
pub enum Node<'a> {
    /// A value expression.
    Expr(&'a Expr),
    /// A query.
    Query(&'a Query),
    /// An item of a `FROM` list.
    Table(&'a TableRef),
    /// A relation read: in `FROM`, by `TABLE`, or as `MERGE … USING`. Names of common table expressions are not.
    Relation(&'a Name, Span),
    /// A data-modifying statement; the table it writes is in it.
    Dml(&'a Dml),
    /// An SQL statement.
    Statement(&'a Statement),
    /// A PL/pgSQL block.
    Block(&'a Block),
    /// A PL/pgSQL statement.
    Pl(&'a PlStatement),
}

macro_rules! into_node {
    ($($ty:ident => $variant:ident),*) => {
        $(impl<'a> From<&'a $ty> for Node<'a> {
            fn from(value: &'a $ty) -> Self {
                Self::$variant(value)
            }
        })*
    };
}

into_node!(Expr => Expr, Query => Query, TableRef => Table, Dml => Dml, Statement => Statement, Block => Block, PlStatement => Pl);

/// Names of common table expressions visible at a place.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    name: &'a str,
    outer: Visible<'a>,
}

pub(super) type Visible<'a> = Option<Rc<Scope<'a>>>;

pub(super) type Pending<'a> = Vec<(Node<'a>, Visible<'a>)>;

/// Visits `root` and everything inside it; `visit` says whether to go inside what it is given.
pub fn walk<'a>(root: impl Into<Node<'a>>, mut visit: impl FnMut(Node<'a>) -> bool) {
    let mut open: Pending<'a> = vec![(root.into(), None)];
    let mut below: Pending<'a> = Vec::new();
    while let Some((node, scope)) = open.pop() {
        if let Node::Relation(name, _) = node
            && name.schema.is_none()
            && is_visible(&scope, &name.name)
        {
            continue;
        }
        if visit(node) {
            children::of(node, &scope, &mut below);
            open.extend(below.drain(..).rev());
        }
    }
}

fn is_visible(scope: &Visible<'_>, name: &str) -> bool {
    let mut at = scope.as_ref();
    while let Some(scope) = at {
        if scope.name == name {
            return true;
        }
        at = scope.outer.as_ref();
    }
    false
}

pub(super) fn with_name<'a>(name: &'a str, outer: Visible<'a>) -> Visible<'a> {
    Some(Rc::new(Scope { name, outer }))
}

/// The relations `root` reads, common table expressions resolved away.
#[must_use]
pub fn relations<'a>(root: impl Into<Node<'a>>) -> BTreeSet<&'a Name> {
    let mut found = BTreeSet::new();
    walk(root, |node| {
        if let Node::Relation(name, _) = node {
            found.insert(name);
        }
        true
    });
    found
}

/// The tables `root` writes by `INSERT`, `UPDATE`, `DELETE` or `MERGE`.
#[must_use]
pub fn written<'a>(root: impl Into<Node<'a>>) -> BTreeSet<&'a Name> {
    let mut found = BTreeSet::new();
    walk(root, |node| {
        if let Node::Dml(dml) = node {
            found.insert(&dml.table);
        }
        true
    });
    found
}

/// The calls in `root`, in order.
#[must_use]
pub fn calls<'a>(root: impl Into<Node<'a>>) -> Vec<&'a Call> {
    let mut found = Vec::new();
    walk(root, |node| {
        if let Node::Expr(Expr { kind: ExprKind::Call(call), .. }) = node {
            found.push(&**call);
        }
        true
    });
    found
}

/// The column references in `root`, in order, as their name parts.
#[must_use]
pub fn columns<'a>(root: impl Into<Node<'a>>) -> Vec<&'a [String]> {
    let mut found = Vec::new();
    walk(root, |node| {
        if let Node::Expr(Expr { kind: ExprKind::Column(parts), .. }) = node {
            found.push(parts.as_slice());
        }
        true
    });
    found
}
