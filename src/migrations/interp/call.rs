//! Calls of routines that are not built in.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::block::{Flow, Leave};
use super::variables::Frame;
use super::{Machine, builtin, effects, queue};
use crate::catalog::FunctionKey;
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::migrations::Within;
use crate::migrations::eval::Value;
use crate::migrations::host::{Failure, Taint};
use crate::sql::ast::{
    BodyText, CreateFunction, FunctionBody, Name, ParamMode, SettingAction, SourceMap, StatementKind,
};
use crate::sql::{parse_plpgsql, parse_query};

type Args = Vec<(Option<String>, Value)>;

impl Machine<'_> {
    /// Calls a routine; its value is unknown where it is not run.
    pub(super) fn call_routine(&mut self, name: &Name, args: Args, at: Span) -> Result<Value, Failure> {
        let unknown = || Ok(Value::unknown(format!("`{name}`")));
        let Some(key) = self.host.resolve_function(name, args.len()) else {
            if queue::changes(name) {
                self.queue(name, &args, at)?;
            } else {
                self.unresolved(name, at);
            }
            return unknown();
        };
        let Some(routine) = self.host.routine(&key) else { return unknown() };
        let harmless = self.is_harmless(&key, &routine);
        if harmless && (self.statement_call || routine.language != "sql") {
            return unknown();
        }
        let limits = self.host.limits();
        if limits.statements == 0 {
            return unknown();
        }
        if limits.calls == 0 {
            let message = format!("calls of `{}` nest too deeply to be followed: anything may have changed", key.name);
            self.cover(CoverageKind::DynamicSql, at, message);
            self.host.taint(Taint::Everything, self.place(at));
            return unknown();
        }
        self.enter(key, &routine, args, at)
    }

    /// Nothing in the files says what such a call does.
    fn unresolved(&mut self, name: &Name, at: Span) {
        if self.statement_call && !builtin::is_known(name) {
            let message = format!("`{name}` is called here, and the files do not say what it does");
            self.cover(CoverageKind::Opaque, at, message);
        }
    }

    /// A call of a routine the files made, whose body can change the schema, or of one that makes or drops a queue.
    pub(super) fn changes_anything(&mut self, name: &Name, args: usize) -> bool {
        let Some(key) = self.host.resolve_function(name, args) else { return queue::changes(name) };
        self.host.routine(&key).is_some_and(|routine| !self.is_harmless(&key, &routine))
    }

    fn is_harmless(&mut self, key: &FunctionKey, routine: &CreateFunction) -> bool {
        if let Some(known) = self.harmless.get(key) {
            return *known;
        }
        // While it is looked at it counts as harmless, so that routines calling each other come to an end.
        self.harmless.insert(key.clone(), true);
        let harmless = match &routine.body {
            FunctionBody::Text(body) => self.is_harmless_text(&body.text),
            FunctionBody::Return(_) | FunctionBody::External => true,
            FunctionBody::Atomic(_) => true,
        };
        self.harmless.insert(key.clone(), harmless);
        harmless
    }

    fn is_harmless_text(&mut self, text: &str) -> bool {
        let words = effects::words(text);
        if words.iter().any(|word| effects::CHANGES.contains(&word.as_str()) || queue::CHANGES.contains(&word.as_str()))
        {
            return false;
        }
        let called: Vec<FunctionKey> =
            self.host.catalog().functions.keys().filter(|key| words.contains(&key.name.name)).cloned().collect();
        called.into_iter().all(|key| match self.host.routine(&key) {
            Some(routine) => self.is_harmless(&key, &routine),
            None => true,
        })
    }

    fn enter(&mut self, key: FunctionKey, routine: &CreateFunction, args: Args, at: Span) -> Result<Value, Failure> {
        let frame = match self.bind(routine, args)? {
            Some(frame) => frame,
            None => return Ok(Value::Null),
        };
        let at = self.place(at);
        let path = self.host.setting("search_path").map(str::to_owned);
        let path_set = self.set_path(routine);
        self.frames.push(frame);
        self.host.limits().calls -= 1;
        let (within, call) = (std::mem::replace(&mut self.within, Within::Function), self.statement_call);
        let place = self.place.replace(at);
        self.statement_call = false;
        let result = self.run(&key, routine, at);
        (self.within, self.statement_call, self.place) = (within, call, place);
        self.host.limits().calls += 1;
        self.frames.pop();
        if path_set {
            self.host.set_setting("search_path", path.as_deref().unwrap_or("\"$user\", public"), false);
        }
        result
    }

    /// Applies the routine's own `SET search_path`.
    fn set_path(&mut self, routine: &CreateFunction) -> bool {
        let path = routine.settings.iter().find_map(|setting| match setting {
            SettingAction::Set { name, values } if name == "search_path" => Some(values.join(", ")),
            _ => None,
        });
        if let Some(path) = &path {
            self.host.set_setting("search_path", path, false);
        }
        path.is_some()
    }

    /// Arguments by name and number; `None` where a strict routine gets a null.
    fn bind(&mut self, routine: &CreateFunction, args: Args) -> Result<Option<Frame>, Failure> {
        let mut frame = Frame::default();
        frame.enter();
        let mut named: BTreeMap<String, Value> = BTreeMap::new();
        let mut positional = Vec::new();
        for (name, value) in args {
            match name {
                Some(name) => drop(named.insert(name, value)),
                None => positional.push(value),
            }
        }
        let mut positional = positional.into_iter();
        let mut number = 0;
        for param in &routine.params {
            if param.mode == ParamMode::Out {
                if let Some(name) = &param.name {
                    frame.declare(name.clone(), Value::Null, Some(param.ty.clone()));
                }
                continue;
            }
            let given = param.name.as_ref().and_then(|name| named.remove(name));
            let value = match (given, param.mode) {
                (Some(value), _) => value,
                (None, ParamMode::Variadic) => Value::Array(positional.by_ref().collect()),
                (None, _) => match (positional.next(), &param.default) {
                    (Some(value), _) => value,
                    (None, Some(default)) => self.eval(default)?,
                    (None, None) => Value::Null,
                },
            };
            if routine.strict && value == Value::Null {
                return Ok(None);
            }
            let value = crate::migrations::eval::cast_value(value.clone(), &param.ty, self.names()).unwrap_or(value);
            number += 1;
            frame.declare(format!("${number}"), value.clone(), None);
            if let Some(name) = &param.name {
                frame.declare(name.clone(), value, Some(param.ty.clone()));
            }
        }
        Ok(Some(frame))
    }

    fn names(&self) -> crate::migrations::eval::Names<'_> {
        crate::migrations::eval::Names { catalog: self.host.catalog(), path: self.host.search_path() }
    }

    fn run(&mut self, key: &FunctionKey, routine: &CreateFunction, at: Span) -> Result<Value, Failure> {
        match (routine.language.as_str(), &routine.body) {
            ("plpgsql", FunctionBody::Text(body)) => self.run_plpgsql(key, body, at),
            ("sql", FunctionBody::Text(body)) => self.run_sql(&body.text, at),
            ("sql", FunctionBody::Return(value)) => self.eval(value),
            ("sql", FunctionBody::Atomic(statements)) => {
                let mut last = Value::Null;
                for statement in statements {
                    if let StatementKind::Select(query) = &statement.kind {
                        last = self.first_value(query)?;
                    }
                }
                Ok(last)
            }
            _ => {
                let message = format!("`{key}` is written in {}: anything may have changed", routine.language);
                self.cover(CoverageKind::DynamicSql, at, message);
                self.host.taint(Taint::Everything, at);
                Ok(Value::unknown(format!("`{key}`")))
            }
        }
    }

    fn run_plpgsql(&mut self, key: &FunctionKey, body: &BodyText, at: Span) -> Result<Value, Failure> {
        let block = match self.bodies.get(key) {
            Some(block) => Rc::clone(block),
            None => {
                // Its own file is not the one being folded: everything it does stands at the call.
                let here = BodyText { text: body.text.clone(), span: at, map: SourceMap::Constant(at) };
                let block = Rc::new(parse_plpgsql(&here).0);
                self.bodies.insert(key.clone(), Rc::clone(&block));
                block
            }
        };
        match self.block(&block)? {
            Flow::Leave(Leave::Return(value)) => Ok(value),
            Flow::Perhaps(_) => Ok(Value::unknown(format!("`{}`", key.name))),
            _ => Ok(Value::Null),
        }
    }

    /// One query is evaluated with the arguments; several statements are run without them, as DDL takes none.
    fn run_sql(&mut self, text: &str, at: Span) -> Result<Value, Failure> {
        match parse_query(text) {
            Ok(query) => self.first_value(&query),
            Err(_) => {
                self.host.execute_text(text, at, Within::Function)?;
                Ok(Value::unknown("the result of a function"))
            }
        }
    }

    fn first_value(&mut self, query: &crate::sql::ast::Query) -> Result<Value, Failure> {
        let rows = self.perform(query)?;
        Ok(match rows.rows.as_slice() {
            [] => Value::Null,
            [(row, crate::migrations::eval::Presence::Certain), ..] => {
                row.first().cloned().unwrap_or_else(|| Value::unknown("the result of a function"))
            }
            _ => Value::unknown("the result of a function"),
        })
    }
}
