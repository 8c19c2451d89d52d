//! What stands directly inside each kind of node.

use super::{Node, Pending, Visible, with_name};
use crate::sql::ast::{
    Block, ColumnDef, ConstraintDef, ConstraintKind, Cte, CteBody, Dml, DomainAction, Expr, ExprKind, FunctionBody,
    InSet, IsTest, JoinOn, PlKind, Query, QueryBody, RelationAction, Select, Statement, StatementKind, TableRef,
};

/// Appends the children of `node` to `out`, in order.
pub(super) fn of<'a>(node: Node<'a>, scope: &Visible<'a>, out: &mut Pending<'a>) {
    let mut add = Add { scope: scope.clone(), out };
    match node {
        Node::Expr(expr) => add.in_expr(expr),
        Node::Query(query) => add.in_query(query),
        Node::Table(table) => add.in_table(table),
        Node::Relation(..) => {}
        Node::Dml(dml) => add.in_dml(dml),
        Node::Statement(statement) => add.in_statement(statement),
        Node::Block(block) => add.in_block(block),
        Node::Pl(statement) => add.in_pl(&statement.kind),
    }
}

struct Add<'a, 'o> {
    scope: Visible<'a>,
    out: &'o mut Pending<'a>,
}

impl<'a> Add<'a, '_> {
    fn node(&mut self, node: impl Into<Node<'a>>) {
        self.out.push((node.into(), self.scope.clone()));
    }

    fn nodes<T: 'a>(&mut self, nodes: impl IntoIterator<Item = &'a T>)
    where
        Node<'a>: From<&'a T>,
    {
        for node in nodes {
            self.node(node);
        }
    }

    fn in_expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Bits(_)
            | ExprKind::Param(_)
            | ExprKind::Default
            | ExprKind::Column(_)
            | ExprKind::Star(_)
            | ExprKind::Keyword(_) => {}
            ExprKind::Call(call) => {
                self.nodes(call.args.iter().map(|arg| &arg.value));
                self.nodes(call.order_by.iter().chain(&call.filter).chain(&call.window));
            }
            ExprKind::Not(expr)
            | ExprKind::Cast { expr, .. }
            | ExprKind::Unary { expr, .. }
            | ExprKind::Field { expr, .. }
            | ExprKind::Collate { expr, .. } => self.node(&**expr),
            ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Array(all) | ExprKind::Row(all) => self.nodes(all),
            ExprKind::Other { inner, .. } => self.nodes(inner),
            ExprKind::Exists(query) | ExprKind::Subquery(query) | ExprKind::ArrayQuery(query) => self.node(&**query),
            kind => self.in_compound(kind),
        }
    }

    /// Expressions of several differently named parts.
    fn in_compound(&mut self, kind: &'a ExprKind) {
        match kind {
            ExprKind::Binary { left, right, .. } | ExprKind::Quantified { left, right, .. } => {
                self.nodes([&**left, &**right]);
            }
            ExprKind::Is { expr, test, .. } => {
                self.node(&**expr);
                if let IsTest::DistinctFrom(other) = test {
                    self.node(&**other);
                }
            }
            ExprKind::In { expr, set, .. } => {
                self.node(&**expr);
                match set {
                    InSet::List(values) => self.nodes(values),
                    InSet::Query(query) => self.node(&**query),
                }
            }
            ExprKind::Between { expr, low, high, .. } => self.nodes([&**expr, &**low, &**high]),
            ExprKind::Like { expr, pattern, escape, .. } => {
                self.nodes([&**expr, &**pattern]);
                self.nodes(escape.as_deref());
            }
            ExprKind::Case { operand, whens, otherwise } => {
                self.nodes(operand.as_deref());
                self.nodes(whens.iter().flat_map(|(when, then)| [when, then]));
                self.nodes(otherwise.as_deref());
            }
            ExprKind::Index { expr, index } => self.nodes([&**expr, &**index]),
            ExprKind::Slice { expr, low, high } => {
                self.node(&**expr);
                self.nodes(low.as_deref().into_iter().chain(high.as_deref()));
            }
            ExprKind::AtTimeZone { expr, zone } => self.nodes([&**expr, &**zone]),
            _ => {}
        }
    }

    /// Brings the names of a `WITH` clause into scope; the bodies see what PostgreSQL lets them see.
    fn with(&mut self, ctes: &'a [Cte], recursive: bool) {
        if recursive {
            for cte in ctes {
                self.scope = with_name(&cte.name, self.scope.take());
            }
        }
        for cte in ctes {
            match &cte.body {
                CteBody::Query(query) => self.node(&**query),
                CteBody::Dml(dml) => self.node(&**dml),
            }
            if !recursive {
                self.scope = with_name(&cte.name, self.scope.take());
            }
        }
    }

    fn in_query(&mut self, query: &'a Query) {
        self.with(&query.with, query.recursive);
        match &query.body {
            QueryBody::Select(select) => self.in_select(select),
            QueryBody::Set { left, right, .. } => self.nodes([&**left, &**right]),
            QueryBody::Values(rows) => self.nodes(rows.iter().flatten()),
            QueryBody::Table(name) => self.node(Node::Relation(name, query.span)),
            QueryBody::Unknown => {}
        }
        self.nodes(query.order_by.iter().chain(&query.limit).chain(&query.offset));
    }

    fn in_select(&mut self, select: &'a Select) {
        self.nodes(select.columns.iter().map(|item| &item.expr));
        self.nodes(&select.from);
        self.nodes(select.filter.iter().chain(&select.group_by).chain(&select.having));
    }

    fn in_table(&mut self, table: &'a TableRef) {
        match table {
            TableRef::Relation { span, name, .. } => self.node(Node::Relation(name, *span)),
            TableRef::Query { query, .. } => self.node(&**query),
            TableRef::Function { calls, .. } => self.nodes(calls),
            TableRef::Join { left, right, on, .. } => {
                self.nodes([&**left, &**right]);
                if let JoinOn::Expr(on) = on {
                    self.node(on);
                }
            }
            TableRef::Other(_) => {}
        }
    }

    fn in_dml(&mut self, dml: &'a Dml) {
        self.with(&dml.with, false);
        self.nodes(dml.source.as_deref());
        self.nodes(&dml.from);
        self.nodes(dml.assignments.iter().filter_map(|assignment| assignment.value.as_ref()));
        self.nodes(&dml.filter);
        self.nodes(dml.returning.iter().map(|item| &item.expr));
    }

    fn in_statement(&mut self, statement: &'a Statement) {
        match &statement.kind {
            StatementKind::Select(query) | StatementKind::CreateTableAs { query, .. } => self.node(&**query),
            StatementKind::Dml(dml) => self.node(&**dml),
            StatementKind::Call(call) => self.node(call),
            StatementKind::Copy(copy) => {
                self.nodes(copy.query.as_deref());
                if let Some(table) = copy.table.as_ref().filter(|_| !copy.from) {
                    self.node(Node::Relation(table, statement.span));
                }
            }
            StatementKind::Explain { statement, .. } | StatementKind::Prepare { statement, .. } => {
                self.node(&**statement);
            }
            StatementKind::CreateSchema { elements, .. } => self.nodes(elements),
            kind => self.in_definition(kind),
        }
    }

    /// Expressions and queries stored in the schema.
    fn in_definition(&mut self, kind: &'a StatementKind) {
        match kind {
            StatementKind::CreateTable(table) => {
                for column in &table.columns {
                    self.in_column(column);
                }
                table.constraints.iter().for_each(|constraint| self.in_constraint(constraint));
            }
            StatementKind::AlterRelation { actions, .. } => {
                actions.iter().for_each(|action| self.in_action(action));
            }
            StatementKind::CreateView(view) => self.node(&view.query),
            StatementKind::CreateIndex(index) => {
                self.nodes(index.keys.iter().map(|key| &key.expr).chain(&index.filter));
            }
            StatementKind::CreatePolicy(policy) => self.nodes(policy.using.iter().chain(&policy.check)),
            StatementKind::AlterPolicy { using, check, .. } => self.nodes(using.iter().chain(check)),
            StatementKind::CreateTrigger(trigger) => self.nodes(&trigger.when),
            StatementKind::CreateRule(rule) => {
                self.nodes(&rule.filter);
                self.nodes(&rule.commands);
            }
            StatementKind::CreateFunction(function) => {
                self.nodes(function.params.iter().filter_map(|param| param.default.as_ref()));
                match &function.body {
                    FunctionBody::Return(expr) => self.node(expr),
                    FunctionBody::Atomic(statements) => self.nodes(statements),
                    FunctionBody::Text(_) | FunctionBody::External => {}
                }
            }
            StatementKind::CreateDomain { default, constraints, .. } => {
                self.nodes(default.iter().chain(constraints.iter().filter_map(|constraint| constraint.check.as_ref())));
            }
            StatementKind::AlterDomain { action, .. } => match action {
                DomainAction::Default(expr) => self.nodes(expr),
                DomainAction::AddConstraint(constraint) => self.nodes(&constraint.check),
                _ => {}
            },
            _ => {}
        }
    }

    fn in_column(&mut self, column: &'a ColumnDef) {
        self.nodes(column.default.iter().chain(&column.generated));
        column.constraints.iter().for_each(|constraint| self.in_constraint(constraint));
    }

    fn in_constraint(&mut self, constraint: &'a ConstraintDef) {
        if let ConstraintKind::Check(expr) = &constraint.kind {
            self.node(expr);
        }
    }

    fn in_action(&mut self, action: &'a RelationAction) {
        match action {
            RelationAction::AddColumn { column, .. } => self.in_column(column),
            RelationAction::ColumnDefault { default: expr, .. }
            | RelationAction::ColumnGenerated { generated: expr, .. } => self.nodes(expr),
            RelationAction::AddConstraint(constraint) => self.in_constraint(constraint),
            _ => {}
        }
    }

    fn in_block(&mut self, block: &'a Block) {
        for declaration in &block.declarations {
            self.nodes(&declaration.value);
            self.nodes(declaration.cursor.as_deref());
        }
        self.nodes(&block.body);
        self.nodes(block.exceptions.iter().flat_map(|arm| &arm.body));
    }

    fn in_pl(&mut self, kind: &'a PlKind) {
        match kind {
            PlKind::Block(block) => self.node(block),
            PlKind::Assign { value, .. } => self.node(value),
            PlKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.node(condition);
                    self.nodes(body);
                }
                self.nodes(otherwise);
            }
            PlKind::Case { operand, arms, otherwise } => {
                self.nodes(operand);
                for (values, body) in arms {
                    self.nodes(values);
                    self.nodes(body);
                }
                self.nodes(otherwise.iter().flatten());
            }
            PlKind::Loop { .. }
            | PlKind::ForRange { .. }
            | PlKind::ForQuery { .. }
            | PlKind::ForExecute { .. }
            | PlKind::Foreach { .. } => self.in_loop(kind),
            PlKind::Execute { command, using, .. } | PlKind::ReturnExecute { command, using } => {
                self.node(command);
                self.nodes(using);
            }
            PlKind::Perform(query) | PlKind::ReturnQuery(query) => self.node(&**query),
            PlKind::Sql(statement) => self.node(&**statement),
            PlKind::Return(value) | PlKind::ReturnNext(value) => self.nodes(value),
            PlKind::Exit(condition) | PlKind::Continue(condition) => self.nodes(condition),
            PlKind::Raise { args, .. } | PlKind::Inert(args) => self.nodes(args),
            PlKind::Unparsed => {}
        }
    }

    fn in_loop(&mut self, kind: &'a PlKind) {
        let body = match kind {
            PlKind::Loop { condition, body } => {
                self.nodes(condition);
                body
            }
            PlKind::ForRange { low, high, step, body, .. } => {
                self.nodes([low, high]);
                self.nodes(step);
                body
            }
            PlKind::ForQuery { query, body, .. } => {
                self.node(&**query);
                body
            }
            PlKind::ForExecute { command, using, body, .. } => {
                self.node(command);
                self.nodes(using);
                body
            }
            PlKind::Foreach { array, body, .. } => {
                self.node(array);
                body
            }
            _ => return,
        };
        self.nodes(body);
    }
}
