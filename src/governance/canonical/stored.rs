//! Constants the schema itself holds: defaults, check lists, policies, triggers, views and function bodies.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, Set, literal, resolve};
use crate::catalog::{
    Catalog, ConstraintRule, Expression, Function, FunctionKey, FunctionSource, ObjectKind, ObjectRef, Origin,
    QualifiedName,
};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::{Location, Span};
use crate::sql;
use crate::sql::ast::{BodyText, Dml, Expr, ExprKind, InSet, IsTest, SourceMap, TableRef};
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
            let value = tree(default).and_then(|expr| literal(&expr));
            self.judge(&(name.clone(), column.name.clone()), value.as_deref(), (&object, "its default"), at);
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
        let Some(FunctionSource::Text { text }) = function.body.get() else { return };
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let body = BodyText { text: text.clone(), span: Span::new(0, length), map: SourceMap::Verbatim(0) };
        let object = ObjectRef::new(function.kind, key);
        let at = function.body.at.as_ref();
        match function.language.as_str() {
            "plpgsql" => {
                let (block, _) = sql::parse_plpgsql(&body);
                self.routine(Node::Block(&block), key, &object, at);
            }
            "sql" => {
                for statement in &sql::parse_sql_body(&body).statements {
                    self.routine(Node::Statement(statement), key, &object, at);
                }
            }
            _ => {}
        }
    }

    fn routine(&mut self, root: Node<'_>, key: &FunctionKey, object: &ObjectRef, at: Option<&Location>) {
        let mut aliases = self.aliases(root);
        // In a trigger's function `new` and `old` are rows of its tables.
        for (table, relation) in &self.catalog.relations {
            if relation.triggers.values().any(|trigger| trigger.function == key.name) {
                for row in ["new", "old"] {
                    aliases.entry(row.to_owned()).or_default().insert(table.clone());
                }
            }
        }
        self.compared(root, &aliases, (object, "it"), at);
        let mut writes: Vec<(Column, String)> = Vec::new();
        each(root, &mut |node| {
            if let Node::Dml(dml) = node {
                writes.extend(self.written(dml));
            }
        });
        for (column, value) in writes {
            self.judge(&column, Some(&value), (object, "it"), at);
        }
    }

    fn written(&self, dml: &Dml) -> Vec<(Column, String)> {
        let table = resolve(self.catalog, &dml.table);
        let set = dml.assignments.iter().filter_map(|set| Some((set.column.clone(), literal(set.value.as_ref()?)?)));
        let mut found: Vec<(Column, String)> = set.map(|(column, value)| ((table.clone(), column), value)).collect();
        if let Some(source) = &dml.source {
            let rows: Vec<Vec<&Expr>> = match &source.body {
                sql::ast::QueryBody::Values(rows) => rows.iter().map(|row| row.iter().collect()).collect(),
                sql::ast::QueryBody::Select(select) => vec![select.columns.iter().map(|item| &item.expr).collect()],
                _ => Vec::new(),
            };
            let cells = rows.iter().flat_map(|row| dml.columns.iter().zip(row));
            let cells = cells.filter_map(|(column, value)| Some((column.clone(), literal(value)?)));
            found.extend(cells.map(|(column, value)| ((table.clone(), column), value)));
        }
        found
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
                self.judge(&column, Some(&value), said, at);
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

    fn judge(
        &mut self,
        column: &Column,
        value: Option<&str>,
        (object, what): (&ObjectRef, &str),
        at: Option<&Location>,
    ) {
        for set in self.sets {
            if !set.is_key(column) && !set.is_label(column) {
                continue;
            }
            self.judged.looked_at += 1;
            let Some(problem) = value.and_then(|value| set.problem(column, value)) else { continue };
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

/// Columns and the constants an expression compares them with.
fn comparisons(expr: &Expr) -> Vec<(Vec<String>, String)> {
    let pair = |left: &Expr, right: &Expr| Some((column(left)?, literal(right)?));
    match &expr.kind {
        ExprKind::Binary { op, left, right } if matches!(op.as_str(), "=" | "<>") => {
            pair(left, right).or_else(|| pair(right, left)).into_iter().collect()
        }
        ExprKind::Is { expr, test: IsTest::DistinctFrom(other), .. } => {
            pair(expr, other).or_else(|| pair(other, expr)).into_iter().collect()
        }
        ExprKind::In { expr, set: InSet::List(values), .. } => {
            values.iter().filter_map(|value| pair(expr, value)).collect()
        }
        ExprKind::Quantified { left, op, right, .. } if matches!(op.as_str(), "=" | "<>") => match &right.kind {
            ExprKind::Array(values) => values.iter().filter_map(|value| pair(left, value)).collect(),
            ExprKind::Cast { expr, .. } => match &expr.kind {
                ExprKind::Array(values) => values.iter().filter_map(|value| pair(left, value)).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        },
        ExprKind::Case { operand: Some(operand), whens, .. } => {
            whens.iter().filter_map(|(value, _)| pair(operand, value)).collect()
        }
        _ => Vec::new(),
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
