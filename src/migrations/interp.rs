//! Runs procedural code against the fold: `DO` blocks, and functions the history made when it calls them. What
//! depends on something unknown is run as conditional, and what cannot be run is said.

mod block;
mod branch;
mod builtin;
mod call;
mod dynamic;
mod effects;
mod loops;
mod queue;
mod template;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Within;
use super::eval::{Evaluator, Value, World};
use super::host::{Failure, Host, Taint};
use crate::catalog::FunctionKey;
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::sql::ast::{Block, BodyText, Expr, Name, Query};
use crate::sql::parse_plpgsql;
use variables::Frame;

/// Runs a `DO` block.
pub(super) fn run_do(host: &mut dyn Host, body: &BodyText, language: &str, at: Span) -> Result<(), Failure> {
    if !language.eq_ignore_ascii_case("plpgsql") {
        host.cover(
            CoverageKind::DynamicSql,
            at,
            format!("`DO` block in {language} is not read: anything may have changed"),
        );
        host.taint(Taint::Everything, at);
        return Ok(());
    }
    let (block, _) = parse_plpgsql(body);
    let mut machine = Machine::new(host, Within::Do);
    machine.frames.push(Frame::default());
    machine.block(&block).map(|_| ())
}

/// Runs `CALL procedure(…)`.
pub(super) fn call_function(host: &mut dyn Host, call: &Expr, _at: Span) -> Result<(), Failure> {
    let mut machine = Machine::new(host, Within::File);
    machine.frames.push(Frame::default());
    machine.statement_call = true;
    machine.eval(call).map(|_| ())
}

/// Runs what a top-level query calls.
pub(super) fn select(host: &mut dyn Host, query: &Query, _at: Span) -> Result<(), Failure> {
    if !effects::calls_anything(query) {
        return Ok(());
    }
    let mut machine = Machine::new(host, Within::File);
    machine.frames.push(Frame::default());
    machine.perform(query).map(|_| ())
}

/// The state of one entry into procedural code.
struct Machine<'h> {
    host: &'h mut dyn Host,
    /// Variables of each routine being run, innermost last.
    frames: Vec<Frame>,
    /// Variables outside any routine.
    root: Frame,
    within: Within,
    /// Where code stands that has no place of its own in the file: computed text, bodies from other files.
    place: Option<Span>,
    /// The loop or body was cut short once already.
    exhausted: bool,
    /// A call is made for what it does, not for its value.
    statement_call: bool,
    /// Parsed bodies.
    bodies: BTreeMap<FunctionKey, Rc<Block>>,
    /// Bodies that change nothing, by routine.
    harmless: BTreeMap<FunctionKey, bool>,
    /// Errors are looked at by someone further out: an exception arm, or an arm that may not have been taken.
    caught: bool,
    /// Coverage already given.
    said: BTreeSet<(u32, String)>,
}

impl<'h> Machine<'h> {
    fn new(host: &'h mut dyn Host, within: Within) -> Self {
        let caught = host.set_strict(true);
        host.set_strict(caught);
        Self {
            host,
            caught,
            frames: Vec::new(),
            root: Frame::default(),
            within,
            place: None,
            exhausted: false,
            statement_call: false,
            bodies: BTreeMap::new(),
            harmless: BTreeMap::new(),
            said: BTreeSet::new(),
        }
    }

    fn eval(&mut self, expr: &Expr) -> Result<Value, Failure> {
        Evaluator::new(self).eval(expr)
    }

    /// Runs a query for what it calls.
    fn perform(&mut self, query: &Query) -> Result<super::eval::Rows, Failure> {
        let before = std::mem::replace(&mut self.statement_call, true);
        let rows = Evaluator::new(self).query(query);
        self.statement_call = before;
        rows
    }

    /// Coverage, once for each place and message.
    fn cover(&mut self, kind: CoverageKind, at: Span, message: String) {
        let at = self.place(at);
        if self.said.insert((at.start, message.clone())) {
            self.host.cover(kind, at, message);
        }
    }

    /// Where `at` is in the file.
    fn place(&self, at: Span) -> Span {
        self.place.unwrap_or(at)
    }

    /// Runs `work` with its effects conditional.
    fn conditionally<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.host.set_conditional(true);
        let result = work(self);
        self.host.set_conditional(before);
        result
    }

    /// Counts a statement; false once there were too many, or bodies nest too deeply.
    fn spend(&mut self, at: Span) -> bool {
        let limits = self.host.limits();
        match (limits.statements.checked_sub(1), limits.levels) {
            (Some(left), 1..) => {
                limits.statements = left;
                return true;
            }
            _ if self.exhausted => return false,
            _ => {}
        }
        self.exhausted = true;
        let message = "too many statements are run here: the rest was not followed, anything may have changed";
        self.cover(CoverageKind::DynamicSql, at, message.to_owned());
        self.host.taint(Taint::Everything, self.place(at));
        false
    }
}

impl World for Machine<'_> {
    fn host(&self) -> &dyn Host {
        self.host
    }

    fn host_mut(&mut self) -> &mut dyn Host {
        self.host
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.frames.last().and_then(|frame| frame.get(name))
    }

    fn call(&mut self, name: &Name, args: Vec<(Option<String>, Value)>, at: Span) -> Result<Value, Failure> {
        self.call_routine(name, args, at)
    }

    fn unsure(&mut self, on: bool) -> bool {
        self.host.set_conditional(on)
    }
}
