//! Loops.

use super::Machine;
use super::block::{Flow, Leave};
use crate::location::Span;
use crate::migrations::eval::{Presence, Rows, Truth, Value};
use crate::migrations::host::Failure;
use crate::sql::ast::{Expr, PlStatement, Query};

/// What a turn of a loop means for the loop.
enum Turn {
    /// Another one.
    Again,
    /// Another one, conditional.
    PerhapsAgain(Option<Leave>),
    /// It is over, with this flow after it.
    Over(Flow),
}

fn turn(flow: Flow) -> Turn {
    match flow {
        Flow::Next | Flow::Leave(Leave::Continue) | Flow::Perhaps(Leave::Continue) => Turn::Again,
        Flow::Leave(Leave::Exit) => Turn::Over(Flow::Next),
        Flow::Leave(leave @ Leave::Return(_)) => Turn::Over(Flow::Leave(leave)),
        Flow::Perhaps(Leave::Exit) => Turn::PerhapsAgain(None),
        Flow::Perhaps(leave @ Leave::Return(_)) => Turn::PerhapsAgain(Some(leave)),
    }
}

impl Machine<'_> {
    /// `LOOP` and `WHILE`.
    pub(super) fn repeat(&mut self, condition: Option<&Expr>, body: &[PlStatement], at: Span) -> Result<Flow, Failure> {
        loop {
            if !self.spend(at) {
                return Ok(Flow::Next);
            }
            let truth =
                condition.map_or(Ok(Truth::True), |condition| self.eval(condition).map(|value| value.truth()))?;
            match truth {
                Truth::False | Truth::Null => return Ok(Flow::Next),
                Truth::Unknown(why) => return Ok(self.once_perhaps(body, at, &why.reason)),
                Truth::True => {}
            }
            match turn(self.body(body)?) {
                Turn::Again => {}
                Turn::Over(flow) => return Ok(flow),
                Turn::PerhapsAgain(leave) => {
                    // One more turn, with what the first left unknown, stands for all that may follow.
                    self.once_perhaps(body, at, "how often a loop runs");
                    return Ok(leave.map_or(Flow::Next, Flow::Perhaps));
                }
            }
        }
    }

    /// `FOR i IN low..high BY step`.
    pub(super) fn for_range(
        &mut self,
        variable: &str,
        reverse: bool,
        bounds: [Option<&Expr>; 3],
        body: &[PlStatement],
    ) -> Result<Flow, Failure> {
        let mut values = Vec::new();
        for bound in bounds {
            values.push(bound.map_or(Ok(Value::Int(1)), |bound| self.eval(bound))?);
        }
        let numbers: Option<Vec<i64>> =
            values.iter().map(|value| if let Value::Int(number) = value { Some(*number) } else { None }).collect();
        let rows = match numbers.as_deref() {
            Some([low, high, step]) if *step > 0 => range(*low, *high, *step, reverse),
            _ => vec![(vec![Value::unknown("how often a loop runs")], Presence::Any)],
        };
        let rows = Rows { columns: vec![variable.to_owned()], rows, wild: None, doubt: None };
        self.frame().enter();
        self.frame().declare(variable.to_ascii_lowercase(), Value::Null, None);
        let at = bounds.iter().flatten().next().map_or_else(Span::default, |bound| bound.span);
        let result = self.each(&[variable.to_owned()], &rows, body, at);
        self.frame().leave();
        result
    }

    /// `FOR r IN query`.
    pub(super) fn for_query(
        &mut self,
        variables: &[String],
        query: &Query,
        body: &[PlStatement],
        at: Span,
    ) -> Result<Flow, Failure> {
        let rows = self.loop_rows(query)?;
        self.each(variables, &rows, body, at)
    }

    /// `FOR r IN EXECUTE command`.
    pub(super) fn for_execute(
        &mut self,
        variables: &[String],
        command: &Expr,
        using: &[Expr],
        body: &[PlStatement],
    ) -> Result<Flow, Failure> {
        let rows = self.dynamic_rows(command, using)?;
        self.each(variables, &rows, body, command.span)
    }

    /// `FOREACH x IN ARRAY array`.
    pub(super) fn foreach(
        &mut self,
        variables: &[String],
        slice: bool,
        array: &Expr,
        body: &[PlStatement],
    ) -> Result<Flow, Failure> {
        let value = self.eval(array)?;
        let rows = match &value {
            Value::Array(items) if slice => vec![(vec![Value::Array(items.clone())], Presence::Certain)],
            Value::Array(items) => elements(items),
            Value::Null => return Err(Failure::new("null_value_not_allowed", "the array of a FOREACH is null")),
            other => {
                let reason = other.doubt().map_or_else(|| "an array".into(), |why| why.reason);
                vec![(vec![Value::unknown(reason)], Presence::Any)]
            }
        };
        let rows = Rows { columns: variables.to_vec(), rows, wild: None, doubt: None };
        self.each(variables, &rows, body, array.span)
    }

    fn each(&mut self, variables: &[String], rows: &Rows, body: &[PlStatement], at: Span) -> Result<Flow, Failure> {
        self.ensure(variables);
        let mut left: Option<Leave> = None;
        let mut perhaps_over: Option<bool> = None;
        let mut result = Ok(Flow::Next);
        let certain = rows.rows.iter().any(|(_, presence)| *presence == Presence::Certain);
        let open =
            rows.rows.iter().any(|(_, presence)| matches!(presence, Presence::Given | Presence::Maybe | Presence::Any));
        for (row, presence) in rows.rows.iter().filter(|(_, presence)| *presence != Presence::Lean) {
            if self.exhausted {
                break;
            }
            self.assign_row(variables, rows, row)?;
            // What is done to an object that may not be there only matters where it is.
            if *presence > Presence::Given {
                let reason = rows
                    .doubt
                    .clone()
                    .or_else(|| rows.wild.clone())
                    .or_else(|| row.iter().find_map(Value::doubt).map(|why| why.reason));
                let flow = self.once_perhaps(body, at, &reason.unwrap_or_else(|| "rows that may not be there".into()));
                if let Flow::Perhaps(leave) = flow {
                    left = Some(leave);
                }
                continue;
            }
            match self.body(body).map(turn) {
                Ok(Turn::Again) => {}
                Ok(Turn::Over(flow)) => {
                    result = Ok(flow);
                    break;
                }
                Ok(Turn::PerhapsAgain(leave)) => {
                    perhaps_over = perhaps_over.or_else(|| Some(self.host.set_conditional(true)));
                    left = leave.or(left);
                }
                Err(failure) => {
                    result = Err(failure);
                    break;
                }
            }
        }
        if let Some(before) = perhaps_over {
            self.host.set_conditional(before);
        }
        self.set_found(certain, open);
        match (result?, left) {
            (Flow::Next, Some(leave)) => Ok(Flow::Perhaps(leave)),
            (flow, _) => Ok(flow),
        }
    }
}

fn range(low: i64, high: i64, step: i64, reverse: bool) -> Vec<(Vec<Value>, Presence)> {
    const MOST: usize = 10_001;
    let step = if reverse { -step } else { step };
    let inside = |at: i64| if reverse { at >= high } else { at <= high };
    let numbers = std::iter::successors(Some(low), |at| at.checked_add(step)).take_while(|at| inside(*at)).take(MOST);
    numbers.map(|number| (vec![Value::Int(number)], Presence::Certain)).collect()
}

/// `FOREACH` walks all elements of all dimensions.
fn elements(items: &[Value]) -> Vec<(Vec<Value>, Presence)> {
    let mut rows = Vec::new();
    for item in items {
        match item {
            Value::Array(inner) => rows.extend(inner.iter().map(|item| (vec![item.clone()], Presence::Certain))),
            item => rows.push((vec![item.clone()], Presence::Certain)),
        }
    }
    rows
}
