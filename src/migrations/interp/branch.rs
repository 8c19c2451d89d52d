//! `IF` and `CASE`.

use super::block::{Flow, Leave};
use super::variables::Frame;
use super::{Machine, effects};
use crate::location::Span;
use crate::migrations::eval::Truth;
use crate::migrations::host::Failure;
use crate::sql::ast::{Expr, ExprKind, PlStatement};

/// An arm that may be taken: what it left in the variables, and where control went.
struct Outcome {
    frame: Frame,
    flow: Flow,
}

impl Machine<'_> {
    pub(super) fn if_statement(
        &mut self,
        arms: &[(Expr, Vec<PlStatement>)],
        otherwise: &[PlStatement],
    ) -> Result<Flow, Failure> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (condition, body) in arms {
            match self.decide(condition)? {
                Truth::False | Truth::Null => {}
                Truth::True => return self.last_arm(body, outcomes),
                Truth::Unknown(why) => {
                    if effects::any(self, body) || effects::any(self, otherwise) {
                        self.undecided(condition.span, &why.reason);
                    }
                    outcomes.push(self.possible(body));
                }
            }
        }
        self.last_arm(otherwise, outcomes)
    }

    /// A condition; one that only an incomplete history leaves open is taken where it says that something is missing.
    fn decide(&mut self, condition: &Expr) -> Result<Truth, Failure> {
        Ok(match self.eval(condition)?.truth() {
            Truth::Unknown(why) if why.lean == Some(true) => Truth::True,
            truth => truth,
        })
    }

    /// The arm that is taken if none of the possible ones before it was.
    fn last_arm(&mut self, body: &[PlStatement], outcomes: Vec<Outcome>) -> Result<Flow, Failure> {
        if outcomes.is_empty() {
            return self.body(body);
        }
        let last = self.possible(body);
        let mut flows = vec![last.flow];
        let mut merged = last.frame;
        for outcome in outcomes {
            merged.merge(&outcome.frame);
            flows.push(outcome.flow);
        }
        *self.frame() = merged;
        Ok(together(flows))
    }

    /// Runs an arm that may be taken, and puts the variables back. An arm that ends in an error changes nothing: it
    /// is the idiom of a body that refuses to run.
    fn possible(&mut self, body: &[PlStatement]) -> Outcome {
        let before = self.frame().clone();
        let savepoint = self.host.savepoint();
        let caught = std::mem::replace(&mut self.caught, true);
        let flow = self.conditionally(|this| this.body(body));
        self.caught = caught;
        let after = std::mem::replace(self.frame(), before);
        match flow {
            Ok(flow) => {
                self.host.release(savepoint);
                Outcome { frame: after, flow }
            }
            Err(_) => {
                self.host.rollback(savepoint);
                Outcome { frame: self.frame().clone(), flow: Flow::Next }
            }
        }
    }

    pub(super) fn case(
        &mut self,
        operand: Option<&Expr>,
        arms: &[(Vec<Expr>, Vec<PlStatement>)],
        otherwise: Option<&[PlStatement]>,
    ) -> Result<Flow, Failure> {
        let arms: Vec<(Expr, Vec<PlStatement>)> =
            arms.iter().map(|(values, body)| (matching(operand, values), body.clone())).collect();
        self.if_statement(&arms, otherwise.unwrap_or(&[]))
    }

    /// Runs a body once, without knowing whether or how often it runs.
    pub(super) fn once_perhaps(&mut self, body: &[PlStatement], at: Span, reason: &str) -> Flow {
        if effects::any(self, body) {
            self.undecided(at, reason);
        }
        let outcome = self.possible(body);
        let mut merged = outcome.frame;
        merged.merge(self.frame());
        *self.frame() = merged;
        match outcome.flow {
            Flow::Leave(Leave::Return(value)) | Flow::Perhaps(Leave::Return(value)) => {
                Flow::Perhaps(Leave::Return(value))
            }
            _ => Flow::Next,
        }
    }
}

/// `CASE operand WHEN a, b` as the condition `operand IN (a, b)`.
fn matching(operand: Option<&Expr>, values: &[Expr]) -> Expr {
    let span = values.first().map_or_else(Span::default, |value| value.span);
    let kind = match operand {
        Some(operand) => ExprKind::In {
            expr: Box::new(operand.clone()),
            set: crate::sql::ast::InSet::List(values.to_vec()),
            negated: false,
        },
        None => ExprKind::Or(values.to_vec()),
    };
    Expr { span, kind }
}

/// Where control goes after one of several arms.
fn together(flows: Vec<Flow>) -> Flow {
    let first = flows.first().cloned().unwrap_or(Flow::Next);
    if flows.iter().all(|flow| *flow == first) {
        return first;
    }
    let leave = flows.into_iter().find_map(|flow| match flow {
        Flow::Leave(leave) | Flow::Perhaps(leave) => Some(leave),
        Flow::Next => None,
    });
    leave.map_or(Flow::Next, Flow::Perhaps)
}
