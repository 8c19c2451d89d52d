//! Functions, procedures and aggregates.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Fact, Function, FunctionKey, FunctionParam, FunctionSource, ObjectKind, ObjectRef};
use crate::migrations::host::Failure;
use crate::sql::ast::{
    CreateFunction, FunctionAction, FunctionBody, Name, Param, ParamMode, RoutineRef, SettingAction, quote_ident,
};

impl Fold {
    pub(super) fn create_function(&mut self, create: &CreateFunction) -> Effect {
        let name = self.new_name(&create.name, false);
        let inputs = create.params.iter().filter(|param| param.mode != ParamMode::Out);
        let key = FunctionKey { name, args: inputs.map(|param| self.type_key(&param.ty)).collect() };
        let kind = if create.procedure { ObjectKind::Procedure } else { ObjectKind::Function };
        let mut function = self.function_of(create, kind, &key);
        self.refer(create.params.iter().filter_map(|param| param.default.as_ref()));
        if self.put_function(key.clone(), &mut function, create.or_replace)? {
            self.routines.insert(key, Arc::new(create.clone()));
        }
        Ok(())
    }

    /// Stores a definition; what was there before keeps its owner, privileges and comment. A function that runs with its
    /// owner's rights does not vanish behind a statement the server refuses: whether the definition was stored.
    fn put_function(&mut self, key: FunctionKey, function: &mut Function, or_replace: bool) -> Result<bool, Failure> {
        let object = ObjectRef::new(function.kind, &key);
        self.name(object.clone());
        if let Some(old) = self.catalog().functions.get(&key).cloned() {
            let assumed = old.provenance.is_assumed();
            let refused = match () {
                () if assumed || old.provenance.conditional => None,
                () if !or_replace => Some(("duplicate_function", "already exists".to_owned())),
                () => unlike(&old, function).map(|why| ("invalid_function_definition", why)),
            };
            if let Some((condition, why)) = refused {
                self.would_fail(condition, object.clone(), &why)?;
                if old.security_definer.is(&true) {
                    return Ok(false);
                }
            }
            if !assumed {
                function.owner = old.owner;
                function.acl = old.acl;
                function.comment = old.comment;
            }
            self.note_replaced(object.clone());
        }
        self.gone.remove(&Key::Function(key.clone()));
        self.note_altered(object);
        self.store.insert_function(key, function.clone());
        Ok(true)
    }

    fn function_of(&self, create: &CreateFunction, kind: ObjectKind, key: &FunctionKey) -> Function {
        let mut params: Vec<FunctionParam> = create.params.iter().map(|param| self.param(param)).collect();
        params.extend(create.returns_table.iter().map(|column| FunctionParam {
            name: Some(column.name.clone()),
            mode: ParamMode::Out,
            ty: self.param_type(&column.ty),
            default: None,
        }));
        let mut settings = BTreeMap::new();
        for setting in &create.settings {
            self.apply_setting(&mut settings, setting);
        }
        Function {
            provenance: self.provenance(),
            kind,
            owner: self.fact(self.session.role.clone()),
            params,
            returns: self.returns(create),
            language: create.language.clone(),
            volatility: self.fact(create.volatility),
            security_definer: self.fact(create.security_definer),
            strict: self.fact(create.strict),
            leakproof: self.fact(create.leakproof),
            settings: self.fact(settings),
            body: self.fact(self.body_source(create)),
            acl: self.new_acl(kind, Some(&key.name.schema)),
            comment: None,
        }
    }

    fn param(&self, param: &Param) -> FunctionParam {
        FunctionParam {
            name: param.name.clone(),
            mode: param.mode,
            ty: self.param_type(&param.ty),
            default: param.default.as_ref().map(|default| self.expression(default)),
        }
    }

    /// A parameter's type has no modifiers, whatever was written.
    fn param_type(&self, ty: &crate::sql::ast::TypeName) -> String {
        self.type_key(ty)
    }

    fn returns(&self, create: &CreateFunction) -> Option<String> {
        if create.procedure {
            return None;
        }
        if !create.returns_table.is_empty() {
            let columns = create.returns_table.iter();
            let columns =
                columns.map(|column| format!("{} {}", quote_ident(&column.name), self.param_type(&column.ty)));
            return Some(format!("TABLE({})", columns.collect::<Vec<_>>().join(", ")));
        }
        if let Some(ty) = &create.returns {
            return Some(if ty.setof { format!("SETOF {}", self.type_key(ty)) } else { self.type_key(ty) });
        }
        let outs: Vec<&Param> =
            create.params.iter().filter(|p| matches!(p.mode, ParamMode::Out | ParamMode::InOut)).collect();
        match outs.as_slice() {
            [] => None,
            [only] => Some(self.param_type(&only.ty)),
            _ => Some("record".to_owned()),
        }
    }

    fn body_source(&self, create: &CreateFunction) -> FunctionSource {
        match &create.body {
            FunctionBody::Text(body) => FunctionSource::Text { text: body.text.clone() },
            FunctionBody::Return(expr) => {
                FunctionSource::Sql { text: format!("RETURN {}", self.expression(expr).text) }
            }
            FunctionBody::Atomic(statements) => {
                let texts = statements.iter().map(|statement| statement.span.slice(&self.text).to_owned());
                FunctionSource::Sql { text: format!("BEGIN ATOMIC {}; END", texts.collect::<Vec<_>>().join("; ")) }
            }
            FunctionBody::External => FunctionSource::External,
        }
    }

    /// Applies `SET`/`RESET` to settings attached to a function or role.
    pub(super) fn apply_setting(&self, settings: &mut BTreeMap<String, String>, action: &SettingAction) {
        match action {
            SettingAction::Set { name, values } => {
                settings.insert(name.to_ascii_lowercase(), setting_text(name, values));
            }
            SettingAction::FromCurrent(name) => {
                let name = name.to_ascii_lowercase();
                let value = match name.as_str() {
                    "search_path" => setting_text(&name, &self.session.search_path),
                    _ => self.session.settings.get(&name).cloned().unwrap_or_default(),
                };
                settings.insert(name, value);
            }
            SettingAction::Reset(name) if name == "all" => settings.clear(),
            SettingAction::Reset(name) => {
                settings.remove(&name.to_ascii_lowercase());
            }
        }
    }

    pub(super) fn create_aggregate(&mut self, name: &Name, args: &[Param], or_replace: bool) -> Effect {
        let name = self.new_name(name, false);
        let key = FunctionKey { name, args: args.iter().map(|param| self.type_key(&param.ty)).collect() };
        let mut function = Function {
            provenance: self.provenance(),
            kind: ObjectKind::Aggregate,
            owner: self.fact(self.session.role.clone()),
            params: args.iter().map(|param| self.param(param)).collect(),
            returns: None,
            language: "internal".to_owned(),
            volatility: self.fact(crate::sql::ast::Volatility::Immutable),
            security_definer: self.fact(false),
            strict: self.fact(false),
            leakproof: self.fact(false),
            settings: self.fact(BTreeMap::new()),
            body: self.fact(FunctionSource::External),
            acl: self.new_acl(ObjectKind::Aggregate, Some(&key.name.schema)),
            comment: None,
        };
        self.put_function(key, &mut function, or_replace).map(drop)
    }

    /// The functions a statement is about; one the files never create is assumed, an ambiguous name is an error.
    pub(super) fn routines(
        &mut self,
        routine: &RoutineRef,
    ) -> Result<Vec<FunctionKey>, crate::migrations::host::Failure> {
        let found = self.find_routines(routine);
        if found.len() > 1 {
            let object = ObjectRef::new(routine.kind, &routine.name);
            self.would_fail("ambiguous_function", object, "is not unique; write its argument types")?;
            return Ok(Vec::new());
        }
        if found.is_empty() {
            let name = self.guess(&routine.name);
            if super::assume::is_system(&name.schema) {
                return Ok(Vec::new());
            }
            let args = routine.args.clone().unwrap_or_default();
            let key = FunctionKey { name: name.clone(), args: args.iter().map(|ty| self.type_key(ty)).collect() };
            let known_missing = self.gone.contains(&Key::Function(key.clone()))
                || self.strict && self.overloads(&name).next().is_some();
            if known_missing {
                self.would_fail("undefined_function", ObjectRef::new(routine.kind, &key), "does not exist")?;
            }
            let key = self.assume_function(name, &args, routine.kind);
            self.name_routine(&key);
            return Ok(vec![key]);
        }
        found.iter().for_each(|key| self.name_routine(key));
        Ok(found)
    }

    pub(super) fn alter_function(&mut self, routine: &RoutineRef, actions: &[FunctionAction]) -> Effect {
        for mut key in self.routines(routine)? {
            for action in actions {
                self.alter_function_once(&mut key, action)?;
            }
        }
        Ok(())
    }

    fn alter_function_once(&mut self, key: &mut FunctionKey, action: &FunctionAction) -> Effect {
        let kind = self.catalog().functions.get(key).map_or(ObjectKind::Function, |function| function.kind);
        self.note_altered(ObjectRef::new(kind, &*key));
        match action {
            FunctionAction::Rename(to) => {
                let mut new = key.clone();
                new.name.name.clone_from(to);
                return self.rename_function(key, new);
            }
            FunctionAction::SetSchema(to) => {
                self.assume_schema(to);
                let mut new = key.clone();
                new.name.schema.clone_from(to);
                return self.rename_function(key, new);
            }
            FunctionAction::Owner(role) => {
                let role = self.role(role);
                self.change_function_owner(key, &role);
                return Ok(());
            }
            FunctionAction::Setting(setting) => {
                self.alter_function_setting(key, setting);
                return Ok(());
            }
            FunctionAction::SecurityDefiner(_)
            | FunctionAction::Volatility(_)
            | FunctionAction::Strict(_)
            | FunctionAction::Leakproof(_)
            | FunctionAction::Other => {}
        }
        let (at, conditional) = (self.here(), self.conditional);
        let Some(function) = self.store.function_mut(key) else { return Ok(()) };
        let flag = |value: bool| Fact { value: Some(value), at: at.clone(), conditional };
        match action {
            FunctionAction::SecurityDefiner(on) => function.security_definer = flag(*on),
            FunctionAction::Strict(on) => function.strict = flag(*on),
            FunctionAction::Leakproof(on) => function.leakproof = flag(*on),
            FunctionAction::Volatility(volatility) => {
                function.volatility = Fact { value: Some(*volatility), at, conditional };
            }
            _ => {}
        }
        Ok(())
    }

    fn alter_function_setting(&mut self, key: &FunctionKey, setting: &SettingAction) {
        let known = self.catalog().functions.get(key).and_then(|function| function.settings.value.clone());
        // Of a function never created only what is set from here on is known.
        let mut settings = known.unwrap_or_default();
        self.apply_setting(&mut settings, setting);
        let fact = self.fact(settings);
        if let Some(function) = self.store.function_mut(key) {
            function.settings = fact;
        }
    }
}

/// A setting's value as `proconfig` stores it: `search_path` is a list of identifiers, quoted where needed.
pub(super) fn setting_text(name: &str, values: &[String]) -> String {
    let list =
        matches!(name, "search_path" | "temp_tablespaces" | "session_preload_libraries" | "local_preload_libraries");
    let values: Vec<String> =
        values.iter().map(|value| if list { quote_ident(value) } else { value.clone() }).collect();
    values.join(", ")
}

/// Why `CREATE OR REPLACE` is no way from one to the other.
fn unlike(old: &Function, new: &Function) -> Option<String> {
    let out = |function: &Function| -> Vec<FunctionParam> {
        function.params.iter().filter(|param| param.mode == ParamMode::Out).cloned().collect()
    };
    if old.kind != new.kind || old.returns != new.returns || out(old) != out(new) {
        return Some("cannot change its kind or return type".to_owned());
    }
    let inputs = |function| -> Vec<&FunctionParam> {
        let function: &Function = function;
        function.params.iter().filter(|param| param.mode != ParamMode::Out).collect()
    };
    inputs(old).into_iter().zip(inputs(new)).find_map(|(was, is)| match &was.name {
        Some(name) if is.name.as_ref() != Some(name) => Some(format!("cannot change the name of parameter {name}")),
        _ if was.default.is_some() && is.default.is_none() => {
            Some("cannot take the default of a parameter away".to_owned())
        }
        _ => None,
    })
}
