//! Constants the schema itself holds: defaults, check lists, policies, triggers, views and function bodies.

use std::collections::{BTreeMap, BTreeSet};

use super::statements::spread;
use super::values::{self, Variables, bare, constants, elements, literal};
use super::{Column, Set, resolve};
use crate::catalog::{
    Catalog, ConstraintRule, Expression, Function, FunctionKey, ObjectKind, ObjectRef, Origin, QualifiedName,
};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::governance::routine::{executed, in_body};
use crate::location::Location;
use crate::sql;
use crate::sql::ast::{
    Dml, DmlKind, Expr, ExprKind, InSet, IsTest, PlKind, PlStatement, Statement, StatementKind, TableRef,
};
use crate::sql::walk::{Node, walk};

/// Looks through everything stored.
pub(super) fn references(model: &Model<'_>, sets: &[Set<'_>]) -> Judged {
    let mut finder = Finder { catalog: model.catalog(), sets, judged: Judged::default() };
    for (name, relation) in &model.catalog().relations {
        if relation.provenance.origin == Origin::Platform {
            continue;
        }
        finder.relation(name, relation);
    }
    for (key, function) in &model.catalog().functions {
        if function.provenance.origin != Origin::Platform {
            finder.function(key, function);
        }
    }
    finder.judged
}

struct Finder<'a> {
    catalog: &'a Catalog,
    sets: &'a [Set<'a>],
    judged: Judged,
}

/// Tables by the name they go by in a piece of SQL.
type Aliases = BTreeMap<String, BTreeSet<QualifiedName>>;

impl Finder<'_> {
    fn relation(&mut self, name: &QualifiedName, relation: &crate::catalog::Relation) {
        for column in &relation.columns {
            let Some(default) = &column.default else { continue };
            let object = ObjectRef::on(ObjectKind::Column, name, &column.name);
            let at = column.at.as_ref().or(relation.provenance.defined.as_ref());
            let values = tree(default).map(|expr| constants(&expr, &Variables::new())).unwrap_or_default();
            for value in values {
                self.judge(&(name.clone(), column.name.clone()), &value, (&object, "its default"), at);
            }
        }
        for (part, constraint) in &relation.constraints {
            if let ConstraintRule::Check { expression } = &constraint.kind {
                let object = ObjectRef::on(ObjectKind::Constraint, name, part);
                self.expression(name, expression, (&object, "it"), constraint.at.as_ref());
            }
        }
        for (part, policy) in &relation.policies {
            let object = ObjectRef::on(ObjectKind::Policy, name, part);
            for fact in [&policy.using, &policy.check] {
                if let Some(Some(expression)) = fact.get() {
                    self.expression(name, expression, (&object, "it"), fact.at.as_ref());
                }
            }
        }
        for (part, trigger) in &relation.triggers {
            if let Some(when) = &trigger.when {
                let object = ObjectRef::on(ObjectKind::Trigger, name, part);
                self.expression(name, when, (&object, "it"), trigger.provenance.defined.as_ref());
            }
        }
        if let Some(definition) = relation.definition.as_ref()
            && let Some(view) = definition.get()
            && let Ok(query) = sql::parse_query(view.text.trim().trim_end_matches(';'))
        {
            let object = ObjectRef::new(relation.kind, name);
            let aliases = self.aliases(Node::Query(&query));
            self.compared(Node::Query(&query), &aliases, (&object, "it"), definition.at.as_ref());
        }
    }

    /// An expression on a table: its columns stand without a name, or behind `new` and `old`.
    fn expression(
        &mut self,
        table: &QualifiedName,
        expression: &Expression,
        said: (&ObjectRef, &str),
        at: Option<&Location>,
    ) {
        let Some(expr) = tree(expression) else { return };
        let mut aliases = self.aliases(Node::Expr(&expr));
        for name in [table.name.as_str(), "new", "old", ""] {
            aliases.entry(name.to_owned()).or_default().insert(table.clone());
        }
        self.compared(Node::Expr(&expr), &aliases, said, at);
    }

    fn function(&mut self, key: &FunctionKey, function: &Function) {
        let object = ObjectRef::new(function.kind, key);
        let at = function.body.at.as_ref();
        in_body(function, &mut |root| {
            let variables = match root {
                Node::Block(block) => values::variables(block),
                _ => Variables::new(),
            };
            self.routine(root, &variables, key, (&object, at));
            each(root, &mut |node| {
                for statement in executed(node).unwrap_or_default() {
                    self.routine(Node::Statement(&statement), &variables, key, (&object, at));
                }
            });
        });
    }

    fn routine(
        &mut self,
        root: Node<'_>,
        variables: &Variables,
        key: &FunctionKey,
        (object, at): (&ObjectRef, Option<&Location>),
    ) {
        let mut aliases = self.aliases(root);
        // In a trigger's function `new` and `old` are rows of its tables.
        let tables = self
            .catalog
            .relations
            .iter()
            .filter(|(_, relation)| relation.triggers.values().any(|trigger| trigger.function == key.name));
        let tables: Vec<&QualifiedName> = tables.map(|(table, _)| table).collect();
        for table in &tables {
            for row in ["new", "old"] {
                aliases.entry(row.to_owned()).or_default().insert((*table).clone());
            }
        }
        self.compared(root, &aliases, (object, "it"), at);
        let mut writes: Vec<(Column, String)> = Vec::new();
        each(root, &mut |node| {
            if let Node::Dml(dml) = node {
                writes.extend(self.written(dml, variables));
            }
            for (column, value) in of_new_row(node) {
                let values = constants(value, variables);
                let columns = tables.iter().map(|table| ((*table).clone(), column.clone()));
                writes
                    .extend(columns.flat_map(|column| values.iter().map(move |value| (column.clone(), value.clone()))));
            }
        });
        for (column, value) in writes {
            self.judge(&column, &value, (object, "it"), at);
        }
    }

    /// Constants a statement in a body writes, with their columns.
    fn written(&self, dml: &Dml, variables: &Variables) -> Vec<(Column, String)> {
        let table = resolve(self.catalog, &dml.table);
        let mut cells: Vec<(String, &Expr)> =
            spread(dml).into_iter().filter_map(|(column, value)| Some((column.to_owned(), value?))).collect();
        if let Some(source) = dml.source.as_ref().filter(|_| dml.kind == DmlKind::Insert) {
            let all = || self.catalog.relations.get(&table).into_iter().flat_map(|relation| &relation.columns);
            let listed =
                if dml.columns.is_empty() { all().map(|it| it.name.clone()).collect() } else { dml.columns.clone() };
            let ctes: Vec<_> = dml.with.iter().collect();
            for row in values::rows(source, &ctes, 0) {
                cells.extend(listed.iter().cloned().zip(row));
            }
        }
        let each = cells.into_iter().flat_map(|(column, value)| {
            constants(value, variables).into_iter().map(move |value| (column.clone(), value))
        });
        each.map(|(column, value)| ((table.clone(), column), value)).collect()
    }

    /// What the tables in a piece of SQL are called there.
    fn aliases(&self, root: Node<'_>) -> Aliases {
        let mut aliases = Aliases::new();
        each(root, &mut |node| match node {
            Node::Table(TableRef::Relation { name, alias, .. }) => {
                let called = alias.as_ref().map_or(&name.name, |alias| &alias.name);
                aliases.entry(called.clone()).or_default().insert(resolve(self.catalog, name));
            }
            Node::Dml(dml) => {
                let called = dml.alias.as_ref().unwrap_or(&dml.table.name);
                aliases.entry(called.clone()).or_default().insert(resolve(self.catalog, &dml.table));
            }
            _ => {}
        });
        aliases
    }

    /// Constants that a piece of SQL compares columns with.
    fn compared(&mut self, root: Node<'_>, aliases: &Aliases, said: (&ObjectRef, &str), at: Option<&Location>) {
        let mut pairs: Vec<(Vec<String>, String)> = Vec::new();
        each(root, &mut |node| {
            if let Node::Expr(expr) = node {
                pairs.extend(comparisons(expr));
            }
        });
        for (parts, value) in pairs {
            for column in self.meant(&parts, aliases) {
                self.judge(&column, &value, said, at);
            }
        }
    }

    /// The column a reference means; one without a table only where a single table in sight has it.
    fn meant(&self, parts: &[String], aliases: &Aliases) -> Vec<Column> {
        let has = |table: &&QualifiedName, column: &str| {
            self.catalog.relations.get(*table).is_some_and(|relation| relation.column(column).is_some())
        };
        match parts {
            [.., table, column] => {
                let tables = aliases.get(table).into_iter().flatten();
                tables.filter(|table| has(table, column)).map(|table| (table.clone(), column.clone())).collect()
            }
            [column] => {
                let tables: BTreeSet<&QualifiedName> = aliases.values().flatten().filter(|t| has(t, column)).collect();
                let only = if tables.len() == 1 { tables.into_iter().next() } else { None };
                only.map(|table| (table.clone(), column.clone())).into_iter().collect()
            }
            [] => Vec::new(),
        }
    }

    fn judge(&mut self, column: &Column, value: &str, (object, what): (&ObjectRef, &str), at: Option<&Location>) {
        for set in self.sets {
            if !set.is_key(column) && !set.is_label(column) {
                continue;
            }
            self.judged.looked_at += 1;
            let Some(problem) = set.problem(column, value) else { continue };
            let message =
                format!("{} `{}`: {what} names `{}.{}`, and {problem}", object.kind, object.name, column.0, column.1);
            let mut violation = Violation::new(object.clone(), at.cloned().or_else(|| Some(set.at.clone())), message);
            violation.discriminator.clone_from(&problem);
            if !self.judged.violations.contains(&violation) {
                self.judged.violations.push(violation);
            }
        }
    }
}

fn tree(expression: &Expression) -> Option<Expr> {
    expression.ast.as_ref().map(|expr| (**expr).clone()).or_else(|| sql::parse_expr(&expression.text).ok())
}

fn each<'n>(root: Node<'n>, visit: &mut dyn FnMut(Node<'n>)) {
    let all = |node: Node<'n>| {
        visit(node);
        true
    };
    match root {
        Node::Expr(expr) => walk(expr, all),
        Node::Query(query) => walk(query, all),
        Node::Statement(statement) => walk(statement, all),
        Node::Block(block) => walk(block, all),
        _ => {}
    }
}

/// `new.column := value`, `select value into new.column`: what a trigger's function puts into its row.
fn of_new_row(node: Node<'_>) -> Vec<(String, &Expr)> {
    let column = |target: &str| {
        let (row, column) = target.split_once('.')?;
        row.trim().eq_ignore_ascii_case("new").then(|| column.trim().trim_matches('"').to_owned())
    };
    match node {
        Node::Pl(PlStatement { kind: PlKind::Assign { target, value }, .. }) => {
            column(target).map(|column| (column, value)).into_iter().collect()
        }
        Node::Statement(Statement { kind: StatementKind::Select(query), .. }) => {
            let into = values::into(query).into_iter();
            into.filter_map(|(target, value)| Some((column(&target)?, value))).collect()
        }
        _ => Vec::new(),
    }
}

/// Columns and the constants an expression compares them with.
fn comparisons(expr: &Expr) -> Vec<(Vec<String>, String)> {
    match &expr.kind {
        ExprKind::Binary { op, left, right } if matches!(op.as_str(), "=" | "<>") => pairs(left, right),
        ExprKind::Is { expr, test: IsTest::DistinctFrom(other), .. } => pairs(expr, other),
        ExprKind::In { expr, set: InSet::List(values), .. } => {
            values.iter().flat_map(|value| pairs(expr, value)).collect()
        }
        ExprKind::Quantified { left, op, right, .. } if matches!(op.as_str(), "=" | "<>") => {
            let Some(column) = column(left) else { return Vec::new() };
            elements(right).into_iter().map(|value| (column.clone(), value)).collect()
        }
        ExprKind::Case { operand: Some(operand), whens, .. } => {
            whens.iter().flat_map(|(value, _)| pairs(operand, value)).collect()
        }
        _ => Vec::new(),
    }
}

/// A column and the constant on the other side; of rows, part by part.
fn pairs(left: &Expr, right: &Expr) -> Vec<(Vec<String>, String)> {
    let pair = |left: &Expr, right: &Expr| Some((column(left)?, literal(right)?));
    match (&bare(left).kind, &bare(right).kind) {
        (ExprKind::Row(lefts), ExprKind::Row(rights)) => {
            let parts = lefts.iter().zip(rights);
            parts.filter_map(|(left, right)| pair(left, right).or_else(|| pair(right, left))).collect()
        }
        _ => pair(left, right).or_else(|| pair(right, left)).into_iter().collect(),
    }
}

fn column(expr: &Expr) -> Option<Vec<String>> {
    match &expr.kind {
        ExprKind::Column(parts) => Some(parts.clone()),
        ExprKind::Cast { expr, .. } => column(expr),
        ExprKind::Field { expr, field } => {
            let mut parts = column(expr)?;
            parts.push(field.clone());
            Some(parts)
        }
        _ => None,
    }
}
