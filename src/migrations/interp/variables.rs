//! Variables of a routine being run.

use std::collections::BTreeMap;

use super::Machine;
use crate::migrations::eval::{Evaluator, Names, Presence, Rows, Value, cast_value};
use crate::migrations::host::Failure;
use crate::sql::ast::{Declaration, Name, Query, TypeName};

/// A variable.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variable {
    value: Value,
    ty: Option<TypeName>,
}

/// Variables in scope in one routine, by nested block.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Frame {
    scopes: Vec<BTreeMap<String, Variable>>,
    /// Cursors bound to a query.
    pub(super) cursors: BTreeMap<String, Box<Query>>,
}

impl Frame {
    /// The value of `name`, innermost scope first.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let found = self.scopes.iter().rev().find_map(|scope| scope.get(name)).map(|variable| variable.value.clone());
        found.or_else(|| match name {
            "sqlerrm" | "sqlstate" | "tg_op" | "tg_table_name" => Some(Value::unknown(format!("`{name}`"))),
            _ => None,
        })
    }

    /// Opens a scope.
    pub(super) fn enter(&mut self) {
        self.scopes.push(BTreeMap::new());
    }

    /// Closes the innermost one.
    pub(super) fn leave(&mut self) {
        self.scopes.pop();
    }

    /// Declares a variable in the innermost scope.
    pub(super) fn declare(&mut self, name: impl Into<String>, value: Value, ty: Option<TypeName>) {
        if self.scopes.is_empty() {
            self.enter();
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.into(), Variable { value, ty });
        }
    }

    fn slot(&mut self, name: &str) -> Option<&mut Variable> {
        self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(name))
    }

    /// What is the same in both stays; what differs is unknown.
    pub(super) fn merge(&mut self, other: &Self) {
        for (scope, theirs) in self.scopes.iter_mut().zip(&other.scopes) {
            for (name, variable) in scope.iter_mut() {
                if let Some(their) = theirs.get(name).filter(|their| their.value != variable.value) {
                    let reason = format!("`{name}`, set under a condition");
                    variable.value = variable.value.either(&their.value, &reason);
                }
            }
        }
    }
}

/// A target as written, folded: name and, for a record's, field.
struct Target {
    name: String,
    field: Option<String>,
    indexed: bool,
}

fn target(written: &str) -> Target {
    let (path, indexed) = written.split_once('[').map_or((written, false), |(path, _)| (path, true));
    let fold = |part: &str| match part.trim().strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
        Some(quoted) => quoted.to_owned(),
        None => part.trim().to_ascii_lowercase(),
    };
    match path.split_once('.') {
        Some((name, field)) => Target { name: fold(name), field: Some(fold(field)), indexed },
        None => Target { name: fold(path), field: None, indexed },
    }
}

impl Machine<'_> {
    /// The variables of the routine being run.
    pub(super) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().unwrap_or(&mut self.root)
    }

    /// Declares a block's variables in order.
    pub(super) fn declare(&mut self, declarations: &[Declaration]) -> Result<(), Failure> {
        // What a cursor fetches is not followed, so its targets are not null either.
        let fetches = declarations.iter().any(|declaration| {
            declaration.cursor.is_some() || declaration.ty.as_ref().is_some_and(|ty| ty.name.name == "refcursor")
        });
        for declaration in declarations {
            if let Some(query) = &declaration.cursor {
                self.frame().cursors.insert(declaration.name.clone(), query.clone());
            }
            let value = match &declaration.value {
                Some(value) => self.eval(value)?,
                None if fetches => Value::unknown(format!("`{}`, which a cursor may set", declaration.name)),
                None => Value::Null,
            };
            let value = self.coerced(value, declaration.ty.as_ref())?;
            self.frame().declare(declaration.name.clone(), value, declaration.ty.clone());
        }
        Ok(())
    }

    fn coerced(&self, value: Value, ty: Option<&TypeName>) -> Result<Value, Failure> {
        let names = Names { catalog: self.host.catalog(), path: self.host.search_path() };
        match ty {
            Some(ty) if !matches!(value, Value::Record(_)) => cast_value(value, ty, names),
            _ => Ok(value),
        }
    }

    /// `target := value`.
    pub(super) fn assign(&mut self, written: &str, value: Value) -> Result<(), Failure> {
        let target = target(written);
        let ty = self.frame().slot(&target.name).and_then(|variable| variable.ty.clone());
        let value = match &target.field {
            None if !target.indexed => self.coerced(value, ty.as_ref())?,
            _ => value,
        };
        let Some(variable) = self.frame().slot(&target.name) else { return Ok(()) };
        match (target.field, target.indexed) {
            (_, true) => variable.value = Value::unknown(format!("`{}`, an element of which is set", target.name)),
            (None, false) => variable.value = value,
            (Some(field), false) => set_field(&mut variable.value, field, value),
        }
        Ok(())
    }

    /// `SELECT … INTO targets` and its kin: the first row, or nulls where there is none.
    pub(super) fn assign_rows(&mut self, targets: &[String], rows: &Rows) -> Result<(), Failure> {
        let certain = rows.rows.iter().filter(|(_, presence)| *presence == Presence::Certain).count();
        let open =
            rows.rows.iter().any(|(_, presence)| matches!(presence, Presence::Given | Presence::Maybe | Presence::Any));
        self.set_found(certain > 0, open);
        if targets.is_empty() {
            return Ok(());
        }
        let distinct =
            |rows: &Rows| rows.rows.iter().all(|(row, _)| rows.rows.first().is_some_and(|(first, _)| first == row));
        match rows.rows.first() {
            Some((row, _)) if !open && certain > 0 && distinct(rows) => {
                let row = row.clone();
                self.assign_row(targets, rows, &row)
            }
            _ if !open && certain == 0 => targets.iter().try_for_each(|target| self.assign(target, Value::Null)),
            _ => {
                let several =
                    if rows.rows.len() > 1 { "which of several rows is read" } else { "a row that may not be there" };
                let reason = rows.doubt.clone().or_else(|| rows.wild.clone()).unwrap_or_else(|| several.into());
                targets.iter().try_for_each(|target| self.assign(target, Value::unknown(reason.clone())))
            }
        }
    }

    /// One row into one record, or into scalars.
    pub(super) fn assign_row(&mut self, targets: &[String], rows: &Rows, row: &[Value]) -> Result<(), Failure> {
        let reason = rows.wild.clone().unwrap_or_else(|| "a column".into());
        if let [only] = targets {
            let whole = self.is_record(only) || row.len() > 1;
            let value = match row.first() {
                _ if whole => rows.record(row),
                Some(value) => value.clone(),
                None => Value::unknown(reason),
            };
            return self.assign(only, value);
        }
        for (at, target) in targets.iter().enumerate() {
            self.assign(target, row.get(at).cloned().unwrap_or_else(|| Value::unknown(reason.clone())))?;
        }
        Ok(())
    }

    /// `target` is a record rather than a scalar.
    fn is_record(&mut self, written: &str) -> bool {
        let target = target(written);
        let variable = self.frame().slot(&target.name);
        target.field.is_none()
            && variable.is_some_and(|variable| {
                variable.ty.as_ref().is_some_and(|ty| {
                    let name = ty.name.name.as_str();
                    name == "record" || (ty.percent && !ty.name.name.is_empty() && ty.name.schema.is_none())
                })
            })
    }

    /// Declares loop variables that the block does not, as records.
    pub(super) fn ensure(&mut self, names: &[String]) {
        for name in names {
            let name = target(name).name;
            if self.frame().slot(&name).is_none() {
                let record = TypeName {
                    name: Name::bare("record"),
                    modifiers: Vec::new(),
                    array_dims: 0,
                    setof: false,
                    percent: false,
                };
                self.frame().declare(name, Value::Null, Some(record));
            }
        }
    }

    /// `FOUND` after a statement.
    pub(super) fn set_found(&mut self, found: bool, open: bool) {
        let value = if !found && open { Value::unknown("whether a row was found") } else { Value::Bool(found) };
        if self.frame().slot("found").is_some() {
            // `found` was given a value before: it belongs to the whole routine.
            if let Some(variable) = self.frame().slot("found") {
                variable.value = value;
            }
            return;
        }
        self.frame().declare("found", value, None);
    }

    /// `GET DIAGNOSTICS` and `FETCH` set variables in ways that are not followed: those that can be their targets are
    /// no longer known.
    pub(super) fn forget(&mut self) {
        for scope in &mut self.frame().scopes {
            for (name, variable) in scope {
                let ty = variable.ty.as_ref().map(|ty| ty.name.name.as_str());
                if matches!(ty, Some("integer" | "bigint" | "record")) {
                    variable.value = Value::unknown(format!("`{name}`, which the server sets"));
                }
            }
        }
    }

    /// The rows of a query.
    pub(super) fn rows(&mut self, query: &Query) -> Result<Rows, Failure> {
        Evaluator::new(self).query(query)
    }
}

fn set_field(record: &mut Value, field: String, value: Value) {
    match record {
        Value::Record(fields) => match fields.iter_mut().find(|(name, _)| *name == field) {
            Some((_, slot)) => *slot = value,
            None => fields.push((field, value)),
        },
        Value::Null => *record = Value::Record(vec![(field, value)]),
        _ => {}
    }
}
