//! Blocks, statements and exception arms.

use super::Machine;
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::migrations::eval::{Rows, Truth, Value};
use crate::migrations::host::{Failure, Taint};
use crate::sql::ast::{
    Block, Dml, ExceptionArm, Expr, PlKind, PlStatement, Query, QueryBody, Statement, StatementKind,
};

/// Where control goes after a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Flow {
    /// To the next one.
    Next,
    /// Away.
    Leave(Leave),
    /// Perhaps away: what follows is conditional.
    Perhaps(Leave),
}

/// Ways to leave a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leave {
    /// `EXIT`.
    Exit,
    /// `CONTINUE`.
    Continue,
    /// `RETURN`.
    Return(Value),
}

impl Machine<'_> {
    /// Runs a block with its exception arms.
    pub(super) fn block(&mut self, block: &Block) -> Result<Flow, Failure> {
        self.frame().enter();
        let result = self
            .declare(&block.declarations)
            .and_then(|()| if block.exceptions.is_empty() { self.body(&block.body) } else { self.guarded(block) });
        self.frame().leave();
        result
    }

    /// Runs statements in order; those after one that may have left are conditional.
    pub(super) fn body(&mut self, statements: &[PlStatement]) -> Result<Flow, Failure> {
        let mut perhaps: Option<(Leave, bool)> = None;
        let mut result = Ok(());
        let mut left = None;
        for statement in statements {
            match self.statement(statement) {
                Ok(Flow::Next) => {}
                Ok(Flow::Leave(leave)) => {
                    left = Some(leave);
                    break;
                }
                Ok(Flow::Perhaps(leave)) => {
                    let before = perhaps.map_or_else(|| self.host.set_conditional(true), |(_, before)| before);
                    perhaps = Some((leave, before));
                }
                // The files were deployed, so this did not happen; the fold knows too little, and goes on.
                Err(failure) if !self.caught => {
                    let message = format!("as far as the files tell this would fail: {}", failure.message);
                    self.cover(CoverageKind::Undecided, statement.span, message);
                }
                Err(failure) => {
                    result = Err(failure);
                    break;
                }
            }
        }
        if let Some((_, before)) = &perhaps {
            self.host.set_conditional(*before);
        }
        match (result, left, perhaps) {
            // An error that is reached only perhaps is a refusal nobody saw happen.
            (Err(_), _, Some((leave, _))) => Ok(Flow::Perhaps(leave)),
            (Err(failure), ..) => Err(failure),
            (Ok(()), Some(leave), _) => Ok(Flow::Leave(leave)),
            (Ok(()), None, Some((leave, _))) => Ok(Flow::Perhaps(leave)),
            (Ok(()), None, None) => Ok(Flow::Next),
        }
    }

    /// A body with exception arms is a subtransaction: what fails leaves nothing behind.
    fn guarded(&mut self, block: &Block) -> Result<Flow, Failure> {
        let savepoint = self.host.savepoint();
        let strict = self.host.set_strict(true);
        let caught = std::mem::replace(&mut self.caught, true);
        let missing = block.exceptions.iter().find(|arm| catches(arm, "undefined_table"));
        let assumed = missing.map_or(0, |_| self.assumed());
        let result = self.body(&block.body);
        self.caught = caught;
        self.host.set_strict(strict);
        let failure = match result {
            Ok(flow) => {
                let Some(arm) = missing.filter(|_| self.assumed() > assumed) else {
                    self.host.release(savepoint);
                    return Ok(flow);
                };
                // The body used what these files do not have: where that is not there, the arm ran instead.
                self.host.rollback(savepoint);
                let _ = self.conditionally(|this| this.body(&block.body));
                return self.conditionally(|this| this.body(&arm.body)).map(perhaps);
            }
            Err(failure) => failure,
        };
        self.host.rollback(savepoint);
        let Some(arm) = block.exceptions.iter().find(|arm| catches(arm, failure.condition)) else {
            return Err(failure);
        };
        if self.may_be_ours(&failure) {
            // The files are not the whole history: what they lack may be there, and then the body ran.
            let _ = self.conditionally(|this| this.body(&block.body));
            return self.conditionally(|this| this.body(&arm.body)).map(perhaps);
        }
        self.body(&arm.body)
    }

    /// How many objects are known by use alone.
    fn assumed(&self) -> usize {
        let catalog = self.host.catalog();
        catalog.relations.values().filter(|relation| relation.provenance.is_assumed()).count()
            + catalog.schemas.values().filter(|schema| schema.provenance.is_assumed()).count()
            + catalog.roles.values().filter(|role| role.provenance.is_assumed()).count()
    }

    /// The error is that something is missing, in a history known to lack things.
    fn may_be_ours(&self, failure: &Failure) -> bool {
        let missing = matches!(
            failure.condition,
            "undefined_table" | "undefined_column" | "undefined_function" | "invalid_schema_name"
        );
        missing && self.host.catalog().relations.values().any(|relation| relation.provenance.is_assumed())
    }

    fn statement(&mut self, statement: &PlStatement) -> Result<Flow, Failure> {
        if !self.spend(statement.span) {
            return Ok(Flow::Next);
        }
        self.host.limits().levels -= 1;
        let result = self.structured(statement);
        self.host.limits().levels += 1;
        result
    }

    fn structured(&mut self, statement: &PlStatement) -> Result<Flow, Failure> {
        match &statement.kind {
            PlKind::Block(block) => self.block(block),
            PlKind::Assign { target, value } => {
                let value = self.eval(value)?;
                self.assign(target, value)?;
                Ok(Flow::Next)
            }
            PlKind::If { arms, otherwise } => self.if_statement(arms, otherwise),
            PlKind::Case { operand, arms, otherwise } => self.case(operand.as_ref(), arms, otherwise.as_deref()),
            PlKind::Loop { condition, body } => self.repeat(condition.as_ref(), body, statement.span),
            PlKind::ForRange { variable, reverse, low, high, step, body } => {
                self.for_range(variable, *reverse, [Some(low), Some(high), step.as_ref()], body)
            }
            PlKind::ForQuery { variables, query, body } => self.for_query(variables, query, body, statement.span),
            PlKind::ForExecute { variables, command, using, body } => self.for_execute(variables, command, using, body),
            PlKind::Foreach { variables, slice, array, body } => self.foreach(variables, *slice, array, body),
            PlKind::Exit(condition) => self.leave(condition.as_ref(), Leave::Exit),
            PlKind::Continue(condition) => self.leave(condition.as_ref(), Leave::Continue),
            PlKind::Return(value) => {
                let value = value.as_ref().map_or(Ok(Value::Null), |value| self.eval(value))?;
                Ok(Flow::Leave(Leave::Return(value)))
            }
            PlKind::Raise { level, args } => self.raise(level, args),
            _ => self.simple(statement).map(|()| Flow::Next),
        }
    }

    /// Statements that never change where control goes.
    fn simple(&mut self, statement: &PlStatement) -> Result<(), Failure> {
        match &statement.kind {
            PlKind::Execute { command, into, using } => self.execute_dynamic(command, into, using, statement.span),
            PlKind::ReturnExecute { command, using } => self.execute_dynamic(command, &[], using, statement.span),
            PlKind::Perform(query) | PlKind::ReturnQuery(query) => {
                let rows = self.perform(query)?;
                self.assign_rows(&[], &rows)
            }
            PlKind::ReturnNext(Some(value)) => self.eval(value).map(|_| ()),
            PlKind::Inert(exprs) if exprs.is_empty() => {
                self.forget();
                Ok(())
            }
            PlKind::Inert(exprs) => exprs.iter().try_for_each(|expr| self.eval(expr).map(|_| ())),
            PlKind::Sql(sql) => self.sql(sql),
            PlKind::Unparsed => {
                let message = "a statement in this body could not be read: anything may have changed".to_owned();
                self.cover(CoverageKind::Unparsed, statement.span, message);
                self.host.taint(Taint::Everything, statement.span);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn sql(&mut self, statement: &Statement) -> Result<(), Failure> {
        match &statement.kind {
            StatementKind::Select(query) => {
                let rows = self.perform(query)?;
                self.assign_rows(&into_of(query), &rows)
            }
            StatementKind::Dml(dml) => {
                self.host.execute(statement, self.within)?;
                self.dml_results(dml)
            }
            StatementKind::Call(call) => {
                let before = std::mem::replace(&mut self.statement_call, true);
                let result = self.eval(call);
                self.statement_call = before;
                result.map(|_| ())
            }
            _ => self.host.execute(statement, self.within),
        }
    }

    /// How many rows there were, and what `RETURNING … INTO` read, is data.
    fn dml_results(&mut self, dml: &Dml) -> Result<(), Failure> {
        let reason = format!("rows of `{}`", dml.table);
        for name in &dml.into {
            self.assign(&target_text(name), Value::unknown(reason.clone()))?;
        }
        self.set_found(false, true);
        Ok(())
    }

    fn raise(&mut self, level: &str, args: &[Expr]) -> Result<Flow, Failure> {
        for arg in args {
            self.eval(arg)?;
        }
        if level == "exception" {
            return Err(Failure::new("raise_exception", "the body raises an exception"));
        }
        Ok(Flow::Next)
    }

    fn leave(&mut self, condition: Option<&Expr>, how: Leave) -> Result<Flow, Failure> {
        let truth = match condition {
            Some(condition) => self.eval(condition)?.truth(),
            None => Truth::True,
        };
        Ok(match truth {
            Truth::True => Flow::Leave(how),
            Truth::False | Truth::Null => Flow::Next,
            Truth::Unknown(_) => Flow::Perhaps(how),
        })
    }

    /// Coverage for a condition that matters and could not be decided.
    pub(super) fn undecided(&mut self, at: Span, reason: &str) {
        let message = format!("this condition depends on {reason}: both ways were considered");
        self.cover(CoverageKind::Undecided, at, message);
    }

    /// The rows of a loop over `query`; a cursor is the one the routine declares.
    pub(super) fn loop_rows(&mut self, query: &Query) -> Result<Rows, Failure> {
        let cursor = matches!(query.body, QueryBody::Unknown) && query.with.is_empty();
        let mut cursors = self.frame().cursors.values();
        let only = match (cursors.next(), cursors.next()) {
            (Some(only), None) if cursor => Some(only.clone()),
            _ => None,
        };
        match only {
            Some(query) => self.rows(&query),
            None => self.rows(query),
        }
    }
}

/// What was certain becomes possible.
fn perhaps(flow: Flow) -> Flow {
    match flow {
        Flow::Leave(leave) => Flow::Perhaps(leave),
        other => other,
    }
}

fn into_of(query: &Query) -> Vec<String> {
    let mut at = query;
    loop {
        match &at.body {
            QueryBody::Set { left, .. } => at = left,
            QueryBody::Select(select) => return select.into.iter().map(target_text).collect(),
            _ => return Vec::new(),
        }
    }
}

fn target_text(name: &crate::sql::ast::Name) -> String {
    let quoted = |part: &str| format!("\"{part}\"");
    match &name.schema {
        Some(record) => format!("{}.{}", quoted(record), quoted(&name.name)),
        None => quoted(&name.name),
    }
}

/// `WHEN` names the error, its `SQLSTATE`, or everything.
fn catches(arm: &ExceptionArm, condition: &str) -> bool {
    arm.conditions.iter().any(|name| name == "others" || name == condition || sqlstate(name) == Some(condition))
}

fn sqlstate(code: &str) -> Option<&'static str> {
    Some(match code.to_ascii_uppercase().as_str() {
        "0LP01" => "invalid_grant_operation",
        "42710" => "duplicate_object",
        "42P07" => "duplicate_table",
        "42701" => "duplicate_column",
        "42723" => "duplicate_function",
        "42P06" => "duplicate_schema",
        "42P04" => "duplicate_database",
        "42P16" => "invalid_table_definition",
        "42704" => "undefined_object",
        "42P01" => "undefined_table",
        "42703" => "undefined_column",
        "42883" => "undefined_function",
        "3F000" => "invalid_schema_name",
        "P0001" => "raise_exception",
        "2BP01" => "dependent_objects_still_exist",
        _ => return None,
    })
}
