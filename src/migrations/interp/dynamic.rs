//! `EXECUTE`: computed statements.

use super::variables::Frame;
use super::{Machine, template};
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::migrations::Within;
use crate::migrations::eval::{Presence, Rows, Value};
use crate::migrations::host::{Failure, Taint};
use crate::sql::ast::{CteBody, Expr, Query};
use crate::sql::parse_query;

impl Machine<'_> {
    /// `EXECUTE command INTO … USING …`.
    pub(super) fn execute_dynamic(
        &mut self,
        command: &Expr,
        into: &[String],
        using: &[Expr],
        at: Span,
    ) -> Result<(), Failure> {
        let value = self.eval(command)?;
        let at = self.place(at);
        if let Some(text) = value.equivalent() {
            return self.run_text(&text, into, using, at);
        }
        match value {
            Value::Null => {
                self.unknown_text(&Value::unknown("a text that is null as far as it can be followed"), at);
                Ok(())
            }
            unknown => {
                self.unknown_text(&unknown, at);
                into.iter().try_for_each(|target| self.assign(target, Value::unknown("the result of dynamic SQL")))
            }
        }
    }

    fn run_text(&mut self, text: &str, into: &[String], using: &[Expr], at: Span) -> Result<(), Failure> {
        let plain = |query: &Query| query.with.iter().all(|cte| matches!(cte.body, CteBody::Query(_)));
        match parse_query(text).ok().filter(plain) {
            Some(query) => {
                let rows = self.parameterised(&query, using, at)?;
                let found = self.frame().get("found");
                self.assign_rows(into, &rows)?;
                // `EXECUTE` leaves FOUND as it was.
                match found {
                    Some(found) => self.assign("found", found),
                    None => Ok(()),
                }
            }
            None => {
                self.host.execute_text(text, at, Within::Dynamic)?;
                into.iter().try_for_each(|target| self.assign(target, Value::unknown("the result of dynamic SQL")))
            }
        }
    }

    /// Computed queries see their parameters and none of the variables around them.
    fn parameterised(&mut self, query: &Query, using: &[Expr], at: Span) -> Result<Rows, Failure> {
        let values = using.iter().map(|expr| self.eval(expr)).collect::<Result<Vec<_>, _>>()?;
        let mut frame = Frame::default();
        frame.enter();
        for (at, value) in values.into_iter().enumerate() {
            frame.declare(format!("${}", at + 1), value, None);
        }
        self.frames.push(frame);
        let place = self.place.replace(at);
        let rows = self.perform(query);
        self.place = place;
        self.frames.pop();
        rows
    }

    /// The rows of `FOR r IN EXECUTE command`.
    pub(super) fn dynamic_rows(&mut self, command: &Expr, using: &[Expr]) -> Result<Rows, Failure> {
        let at = self.place(command.span);
        let unknown = |reason: String| Rows {
            columns: Vec::new(),
            rows: vec![(Vec::new(), Presence::Any)],
            wild: Some(reason.into()),
            doubt: None,
        };
        let value = self.eval(command)?;
        let Some(text) = value.equivalent() else {
            self.unknown_text(&value, at);
            return Ok(unknown("the rows of dynamic SQL".to_owned()));
        };
        match parse_query(&text) {
            Ok(query) => self.parameterised(&query, using, at),
            Err(_) => {
                self.host.execute_text(&text, at, Within::Dynamic)?;
                Ok(unknown("the rows of dynamic SQL".to_owned()))
            }
        }
    }

    /// Says what SQL of which parts are unknown may have changed.
    fn unknown_text(&mut self, value: &Value, at: Span) {
        let pieces = value.pieces().unwrap_or_default();
        let reason = value.doubt().map_or_else(|| "a value".into(), |why| why.reason);
        let reading = template::read(&pieces, self.host.search_path());
        if !reading.matters {
            return;
        }
        self.cover(CoverageKind::DynamicSql, at, format!("dynamic SQL depends on {reason}: {}", reading.says));
        for taint in reading.taints {
            self.host.taint(taint, at);
        }
    }
}

/// What may have changed where nothing can be told.
pub(super) fn everything() -> template::Reading {
    template::Reading { matters: true, says: "anything may have changed".to_owned(), taints: vec![Taint::Everything] }
}
