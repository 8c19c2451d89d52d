//! Which object a name means: `search_path` lookup for existing objects, the creation schema for new ones.

use super::assume::is_system;
use super::refs::Refs;
use super::state::Fold;
use crate::catalog::{FunctionKey, ObjectKind, ObjectRef, QualifiedName};
use crate::sql::ast::{Name, ParamMode, RoutineRef, TypeName};

/// Where temporary objects live until the session ends.
pub(super) const TEMP: &str = "pg_temp";

impl Fold {
    /// The schema unqualified new objects go to.
    pub(super) fn creation_schema(&self) -> String {
        self.session.path.first().cloned().unwrap_or_else(|| "public".to_owned())
    }

    /// The name of an object about to be created; a schema never created is assumed.
    pub(super) fn new_name(&mut self, name: &Name, temporary: bool) -> QualifiedName {
        let schema = match &name.schema {
            _ if temporary => TEMP.to_owned(),
            Some(schema) => schema.clone(),
            None => self.creation_schema(),
        };
        if schema != TEMP {
            self.assume_schema(&schema);
        }
        QualifiedName::new(schema, super::naming::identifier(&name.name))
    }

    /// The first candidate along the `search_path` for which `exists`.
    pub(super) fn lookup(&self, name: &Name, exists: impl Fn(&QualifiedName) -> bool) -> Option<QualifiedName> {
        if let Some(schema) = &name.schema {
            let exact = QualifiedName::new(schema.clone(), name.name.clone());
            return exists(&exact).then_some(exact);
        }
        let path = std::iter::once(TEMP).chain(self.session.path.iter().map(String::as_str));
        path.map(|schema| QualifiedName::new(schema, name.name.clone())).find(exists)
    }

    pub(super) fn find_relation(&self, name: &Name) -> Option<QualifiedName> {
        self.lookup(name, |candidate| self.catalog().relations.contains_key(candidate))
    }

    pub(super) fn find_sequence(&self, name: &Name) -> Option<QualifiedName> {
        self.lookup(name, |candidate| self.catalog().sequences.contains_key(candidate))
    }

    pub(super) fn find_index(&self, name: &Name) -> Option<QualifiedName> {
        self.lookup(name, |candidate| self.catalog().indexes.contains_key(candidate))
    }

    pub(super) fn find_type(&self, name: &Name) -> Option<QualifiedName> {
        self.lookup(name, |candidate| self.catalog().types.contains_key(candidate))
    }

    /// Where a name that resolves to nothing would be looked for first.
    pub(super) fn guess(&self, name: &Name) -> QualifiedName {
        let schema = match &name.schema {
            Some(schema) => schema.clone(),
            None if name.name.starts_with("pg_") => "pg_catalog".to_owned(),
            None => self.creation_schema(),
        };
        QualifiedName::new(schema, name.name.clone())
    }

    /// The relation a statement is about, assumed where the files never create it; the statement's record names it.
    pub(super) fn relation(&mut self, name: &Name, kind: ObjectKind) -> QualifiedName {
        let found = self.relation_if_there(name, kind);
        if !self.conditional {
            self.doubtful.remove(&found);
        }
        found
    }

    /// The relation of a statement that does nothing where it is not there.
    pub(super) fn relation_if_there(&mut self, name: &Name, kind: ObjectKind) -> QualifiedName {
        let found = self.find_relation(name).unwrap_or_else(|| self.guess(name));
        if !self.catalog().relations.contains_key(&found) {
            self.doubtful.insert(found.clone());
        }
        self.assume_relation(&found, kind);
        self.name_relation(&found);
        found
    }

    /// A relation an expression or query reads: system catalogs as such, others assumed where unknown.
    pub(super) fn read_relation(&mut self, name: &Name) -> QualifiedName {
        if let Some(found) = self.find_relation(name) {
            if !self.conditional {
                self.doubtful.remove(&found);
            }
            return found;
        }
        let guess = self.guess(name);
        if !is_system(&guess.schema) && !self.catalog().sequences.contains_key(&guess) {
            self.assume_relation(&guess, ObjectKind::Table);
            if self.conditional {
                self.doubtful.insert(guess.clone());
            }
        }
        guess
    }

    /// Functions called that are not built in, resolved by name.
    pub(super) fn called(&self, refs: &Refs) -> Vec<QualifiedName> {
        let mut calls: Vec<QualifiedName> = refs.calls.iter().filter_map(|name| self.find_callable(name)).collect();
        calls.sort();
        calls.dedup();
        calls
    }

    /// A function by name alone, or where a qualified one unknown to the files would be.
    fn find_callable(&self, name: &Name) -> Option<QualifiedName> {
        match &name.schema {
            Some(schema) if is_system(schema) => None,
            Some(schema) => Some(QualifiedName::new(schema.clone(), name.name.clone())),
            None => self.find_function_name(name),
        }
    }

    pub(super) fn find_function_name(&self, name: &Name) -> Option<QualifiedName> {
        self.lookup(name, |candidate| self.overloads(candidate).next().is_some())
    }

    /// All functions called `name`.
    pub(super) fn overloads(&self, name: &QualifiedName) -> impl Iterator<Item = &FunctionKey> + use<'_> {
        self.catalog().overloads(name).map(|(key, _)| key)
    }

    /// The functions a reference means: at most one with an argument list, all of the first schema that has any
    /// without one.
    pub(super) fn find_routines(&self, routine: &RoutineRef) -> Vec<FunctionKey> {
        let fits = |key: &&FunctionKey| {
            routine.kind == ObjectKind::Routine
                || self
                    .catalog()
                    .functions
                    .get(key)
                    .is_some_and(|f| f.kind == routine.kind || f.provenance.is_assumed())
        };
        let Some(args) = &routine.args else {
            let name = self.lookup(&routine.name, |name| self.overloads(name).any(|key| fits(&key)));
            return name.map(|name| self.overloads(&name).filter(fits).cloned().collect()).unwrap_or_default();
        };
        let args: Vec<String> = args.iter().map(|ty| self.type_key(ty)).collect();
        let exact = |name: &QualifiedName| FunctionKey { name: name.clone(), args: args.clone() };
        let name = self.lookup(&routine.name, |name| self.catalog().functions.contains_key(&exact(name)));
        if let Some(name) = name {
            return vec![exact(&name)];
        }
        // A procedure may also be named with its OUT arguments.
        let all = |name: &QualifiedName| {
            let found = self.overloads(name).find(|key| {
                let function = self.catalog().functions.get(key);
                function.is_some_and(|f| f.params.iter().map(|p| &p.ty).eq(args.iter()))
            });
            found.cloned()
        };
        self.lookup(&routine.name, |name| all(name).is_some()).and_then(|name| all(&name)).into_iter().collect()
    }

    /// The function a call with `count` arguments means, where that is one.
    pub(super) fn find_call(&self, name: &Name, count: usize) -> Option<FunctionKey> {
        let found = self.find_function_name(name)?;
        let takes = |key: &&FunctionKey| {
            let Some(function) = self.catalog().functions.get(key) else { return false };
            let inputs = function.params.iter().filter(|param| param.mode != ParamMode::Out);
            let required = inputs.clone().filter(|p| p.default.is_none() && p.mode != ParamMode::Variadic).count();
            let variadic = inputs.clone().any(|param| param.mode == ParamMode::Variadic);
            required <= count && (variadic || count <= inputs.count())
        };
        let mut fitting = self.overloads(&found).filter(takes);
        let first = fitting.next().cloned();
        first.filter(|_| fitting.next().is_none())
    }

    /// The function of a trigger or event trigger, which takes no arguments.
    pub(super) fn trigger_function(&self, name: &Name) -> QualifiedName {
        let builtin = matches!(
            name.name.as_str(),
            "suppress_redundant_updates_trigger" | "tsvector_update_trigger" | "tsvector_update_trigger_column"
        );
        let extension = self.catalog().extensions.get(&name.name).filter(|_| name.schema.is_none());
        if let Some(schema) = extension.and_then(|extension| extension.schema.get()) {
            // `moddatetime`, `autoinc` and their like are called as their extensions are.
            return QualifiedName::new(schema.clone(), name.name.clone());
        }
        let guess = if builtin { QualifiedName::new("pg_catalog", name.name.clone()) } else { self.guess(name) };
        self.find_function_name(name).unwrap_or(guess)
    }

    /// `f()` as an object, in the record of the statement.
    pub(super) fn name_routine(&mut self, key: &FunctionKey) {
        let kind = self.catalog().functions.get(key).map_or(ObjectKind::Function, |function| function.kind);
        self.name(ObjectRef::new(kind, key));
    }

    /// A type as `format_type` prints it, modifiers and all.
    pub(super) fn type_text(&self, ty: &TypeName) -> String {
        self.resolve_type(ty).to_string()
    }

    /// A type as it stands in a function's identity: no modifiers.
    pub(super) fn type_key(&self, ty: &TypeName) -> String {
        let mut resolved = self.resolve_type(ty);
        resolved.modifiers.clear();
        resolved.setof = false;
        resolved.to_string()
    }
}
