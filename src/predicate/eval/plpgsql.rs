//! PL/pgSQL functions that decide: assignments, `IF`, `SELECT … INTO`, `RETURN`.

use std::rc::Rc;

use super::{Eval, Scope};
use crate::predicate::formula::{Node, Tri};
use crate::predicate::ty::Ty;
use crate::predicate::value::Value;
use crate::sql::ast::{Block, Declaration, Expr, PlKind, PlStatement, Query, QueryBody, StatementKind};

/// What a body has returned so far, by when.
type Returns = Vec<(Node, Value)>;

/// The parameters and variables of a function.
type Variables = Vec<(Option<Rc<str>>, Value)>;

impl<'a> Eval<'a> {
    /// The value a block returns; `None` where it holds something not followed.
    pub(super) fn block(&mut self, block: &Block, scope: &mut Scope<'_, 'a>) -> Option<Value> {
        let alive = self.formulas.bool(true);
        scope.params.push((Some("found".into()), Value::Bool(self.formulas.bool(false))));
        let mut returns = Vec::new();
        let alive = self.nested(block, scope, alive, &mut returns)?;
        // What ends without RETURN raises an error: no row passes.
        returns.push((alive, Value::Null));
        Some(self.choice(returns))
    }

    fn nested(&mut self, block: &Block, scope: &mut Scope<'_, 'a>, alive: Node, returns: &mut Returns) -> Option<Node> {
        if !block.exceptions.is_empty() {
            return None;
        }
        let outer = scope.params.len();
        for declaration in &block.declarations {
            self.declare(declaration, scope)?;
        }
        let alive = self.statements(&block.body, scope, alive, returns);
        scope.params.truncate(outer);
        alive
    }

    fn declare(&mut self, declaration: &Declaration, scope: &mut Scope<'_, 'a>) -> Option<()> {
        let ty = declaration.ty.as_ref()?;
        let ty = Ty::of_name(ty, self.analyser.catalog, &self.path);
        let value = match &declaration.value {
            Some(value) => self.eval(value, scope),
            None => Value::Null,
        };
        let value = if ty.may_be_row() { value } else { self.cast(value, &ty, true) };
        scope.params.push((Some(declaration.name.as_str().into()), value));
        Some(())
    }

    /// Runs `body` where `alive` holds; what comes back is where it goes on after it.
    fn statements(
        &mut self,
        body: &[PlStatement],
        scope: &mut Scope<'_, 'a>,
        mut alive: Node,
        returns: &mut Returns,
    ) -> Option<Node> {
        for statement in body {
            // What is never reached says nothing, whatever stands there.
            if self.formulas.constant(alive) == Some(Tri::False) {
                break;
            }
            self.work = self.work.saturating_sub(1);
            if self.work == 0 || self.depth >= super::MAX_DEPTH {
                return None;
            }
            self.depth += 1;
            let next = self.statement(statement, scope, alive, returns);
            self.depth -= 1;
            alive = next?;
        }
        Some(alive)
    }

    fn statement(
        &mut self,
        statement: &PlStatement,
        scope: &mut Scope<'_, 'a>,
        alive: Node,
        returns: &mut Returns,
    ) -> Option<Node> {
        match &statement.kind {
            PlKind::Block(block) => return self.nested(block, scope, alive, returns),
            PlKind::Return(Some(value)) => {
                let value = self.eval(value, scope);
                returns.push((alive, value));
                return Some(self.formulas.bool(false));
            }
            PlKind::If { arms, otherwise } => return self.branches(arms, otherwise, scope, alive, returns),
            PlKind::Assign { target, value } => {
                let value = self.eval(value, scope);
                self.assign_variable(scope, target, value)?;
            }
            PlKind::Perform(query) => {
                let (found, _) = self.first_row(query, scope);
                assign(scope, "found", Value::Bool(found))?;
            }
            PlKind::Sql(statement) => match &statement.kind {
                StatementKind::Select(query) => self.select_into(query, scope)?,
                _ => return None,
            },
            // An error lets no row through.
            PlKind::Raise { level, .. } if level == "exception" => return Some(self.formulas.bool(false)),
            PlKind::Raise { .. } => {}
            PlKind::Inert(_) => {}
            _ => return None,
        }
        Some(alive)
    }

    fn branches(
        &mut self,
        arms: &[(Expr, Vec<PlStatement>)],
        otherwise: &[PlStatement],
        scope: &mut Scope<'_, 'a>,
        alive: Node,
        returns: &mut Returns,
    ) -> Option<Node> {
        let mut rest = self.formulas.bool(true);
        let mut ends = Vec::new();
        let mut variables: Vec<(Node, Variables)> = Vec::new();
        for (condition, body) in arms {
            let holds = self.condition(condition, scope);
            let holds = self.formulas.is(holds, Tri::True);
            let guard = self.formulas.and([rest, holds]);
            let not = self.formulas.not(holds);
            rest = self.formulas.and([rest, not]);
            self.branch(guard, body, scope, alive, returns, &mut ends, &mut variables)?;
        }
        self.branch(rest, otherwise, scope, alive, returns, &mut ends, &mut variables)?;
        for at in 0..scope.params.len() {
            self.merge(scope, at, &variables);
        }
        Some(self.formulas.or(ends))
    }

    #[allow(clippy::too_many_arguments, reason = "the two lists are what the arms of one IF have in common")]
    fn branch(
        &mut self,
        guard: Node,
        body: &[PlStatement],
        scope: &Scope<'_, 'a>,
        alive: Node,
        returns: &mut Returns,
        ends: &mut Vec<Node>,
        variables: &mut Vec<(Node, Variables)>,
    ) -> Option<()> {
        let mut inner = scope.clone();
        let alive = self.formulas.and([alive, guard]);
        let end = self.statements(body, &mut inner, alive, returns)?;
        // What a branch that does not get to its end leaves in the variables, nobody reads.
        if self.formulas.constant(end) != Some(Tri::False) {
            ends.push(end);
            variables.push((guard, inner.params));
        }
        Some(())
    }

    /// The variable at `at` after an `IF`: what the branches left in it.
    fn merge(&mut self, scope: &mut Scope<'_, 'a>, at: usize, variables: &[(Node, Variables)]) {
        let value = |params: &Variables| params.get(at).map(|(_, value)| value.clone());
        let mut options: Vec<(Node, Value)> =
            variables.iter().filter_map(|(guard, params)| value(params).map(|value| (*guard, value))).collect();
        let Some((_, last)) = options.pop() else { return };
        let merged = if options.iter().all(|(_, value)| *value == last) {
            last
        } else {
            options.extend(variables.last().map(|(guard, _)| (*guard, last)));
            self.choice(options)
        };
        if let Some(slot) = scope.params.get_mut(at) {
            slot.1 = merged;
        }
    }

    fn select_into(&mut self, query: &Query, scope: &mut Scope<'_, 'a>) -> Option<()> {
        let QueryBody::Select(select) = &query.body else { return None };
        let (found, values) = self.first_row(query, scope);
        let targets: Vec<&str> = select
            .into
            .iter()
            .map(|name| name.schema.is_none().then_some(name.name.as_str()))
            .collect::<Option<_>>()?;
        match targets.as_slice() {
            [target] => self.assign_record(scope, target, values)?,
            _ if targets.len() == values.len() => {
                for (target, (_, value)) in targets.into_iter().zip(values) {
                    assign(scope, target, value)?;
                }
            }
            _ => return None,
        }
        assign(scope, "found", Value::Bool(found))
    }

    /// One target takes the only column or, being a record, all of them as its fields.
    fn assign_record(&mut self, scope: &mut Scope<'_, 'a>, target: &str, columns: Vec<(String, Value)>) -> Option<()> {
        let value = match columns.as_slice() {
            [(_, value)] => value.clone(),
            _ => self.unknown(&format!("the record {target}"), &[]),
        };
        self.assign_variable(scope, target, value)?;
        for (column, value) in columns {
            let field = format!("{target}.{column}");
            if assign(scope, &field, value.clone()).is_none() {
                scope.params.push((Some(field.into()), value));
            }
        }
        Some(())
    }

    /// Assigns a variable; what was known of its fields is not any more.
    fn assign_variable(&mut self, scope: &mut Scope<'_, 'a>, target: &str, value: Value) -> Option<()> {
        let fields = format!("{target}.");
        let stale = self.unknown(&format!("the record {target}"), &[]);
        for (name, slot) in &mut scope.params {
            if name.as_ref().is_some_and(|name| name.starts_with(&fields)) {
                *slot = stale.clone();
            }
        }
        assign(scope, target, value)
    }
}

fn assign(scope: &mut Scope<'_, '_>, target: &str, value: Value) -> Option<()> {
    let slot = scope.params.iter_mut().rev().find(|(name, _)| name.as_deref() == Some(target))?;
    slot.1 = value;
    Some(())
}
