//! Constraints, with the names PostgreSQL gives them and the indexes that come with keys.

use super::naming;
use super::refs::Refs;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Constraint, ConstraintRule, Index, ObjectKind, ObjectRef, QualifiedName};
use crate::sql::ast::{ConstraintDef, ConstraintKind, Expr};

impl Fold {
    /// `ADD CONSTRAINT`, and the constraints of `CREATE TABLE`.
    pub(super) fn add_constraint(&mut self, table: &QualifiedName, def: &ConstraintDef) -> Effect {
        match &def.kind {
            ConstraintKind::NotNull { column } => {
                self.set_not_null(table, column, true);
                Ok(())
            }
            ConstraintKind::Check(expr) => self.add_check(table, def, expr),
            ConstraintKind::Unique { columns, using_index, .. } => {
                self.add_key(table, def, columns, using_index.as_deref(), false)
            }
            ConstraintKind::PrimaryKey { columns, using_index } => {
                self.add_key(table, def, columns, using_index.as_deref(), true)
            }
            ConstraintKind::ForeignKey { columns, references, referenced_columns, on_delete, on_update } => {
                let references = self.read_relation(references);
                let name =
                    self.constraint_name(table, def, || naming::joined(columns.iter().map(String::as_str)), "fkey");
                let referenced_columns = match referenced_columns.as_slice() {
                    [] => self.primary_key(&references),
                    written => written.to_vec(),
                };
                columns.iter().for_each(|column| self.assume_column(table, column));
                self.referenced.insert(references.name.clone());
                let kind = ConstraintRule::ForeignKey {
                    columns: columns.clone(),
                    references,
                    referenced_columns,
                    on_delete: *on_delete,
                    on_update: *on_update,
                };
                self.put_constraint(table, name, def, kind).map(|_| ())
            }
            ConstraintKind::Exclude(text) => {
                let middle = exclude_columns(text);
                let name = self.key_name(table, def, Some(&middle), "excl");
                let kind = ConstraintRule::Exclude { text: text.clone() };
                if self.put_constraint(table, name.clone(), def, kind)? {
                    self.put_key_index(table, &name, &[], "gist", false);
                }
                Ok(())
            }
        }
    }

    fn add_check(&mut self, table: &QualifiedName, def: &ConstraintDef, expr: &Expr) -> Effect {
        let mut columns: Vec<String> =
            Refs::of_expr(expr).columns.iter().filter_map(|parts| parts.last().cloned()).collect();
        columns.sort();
        columns.dedup();
        let only = match columns.as_slice() {
            [column] => Some(column.clone()),
            _ => None,
        };
        let name = match &def.name {
            Some(name) => naming::identifier(name),
            None => {
                let taken = |name: &str| self.constraint_name_taken(&table.schema, name);
                naming::first_free(&table.name, only.as_deref(), "check", taken)
            }
        };
        let expression = self.expression_on(expr, table);
        self.refer([expr]);
        let children = self.children(table);
        for child in children {
            let kind = ConstraintRule::Check { expression: expression.clone() };
            self.put_constraint(&child, name.clone(), def, kind)?;
        }
        self.put_constraint(table, name, def, ConstraintRule::Check { expression }).map(|_| ())
    }

    fn add_key(
        &mut self,
        table: &QualifiedName,
        def: &ConstraintDef,
        columns: &[String],
        using_index: Option<&str>,
        primary: bool,
    ) -> Effect {
        let (name, columns) = match using_index {
            Some(index) => self.adopt_index(table, def, index),
            None if primary => (self.key_name(table, def, None, "pkey"), columns.to_vec()),
            None => {
                let middle = naming::joined(columns.iter().map(String::as_str));
                (self.key_name(table, def, Some(&middle), "key"), columns.to_vec())
            }
        };
        columns.iter().for_each(|column| self.assume_column(table, column));
        let object = ObjectRef::on(ObjectKind::Constraint, table, &name);
        if primary && !self.primary_key(table).is_empty() {
            return self.would_fail("invalid_table_definition", object, "is a second primary key");
        }
        let kind = if primary {
            ConstraintRule::PrimaryKey { columns: columns.clone() }
        } else {
            ConstraintRule::Unique { columns: columns.clone() }
        };
        if self.put_constraint(table, name.clone(), def, kind)? {
            if primary {
                columns.iter().for_each(|column| self.set_not_null(table, column, true));
            }
            if using_index.is_none() {
                self.put_key_index(table, &name, &columns, "btree", true);
                self.add_partition_keys(table, def, &columns, primary)?;
            }
        }
        Ok(())
    }

    /// Every partition has the key, too, under a name of its own.
    fn add_partition_keys(
        &mut self,
        table: &QualifiedName,
        def: &ConstraintDef,
        columns: &[String],
        primary: bool,
    ) -> Effect {
        let unnamed = ConstraintDef { name: None, ..def.clone() };
        for child in self.children(table) {
            let Some(relation) = self.catalog().relations.get(&child).filter(|relation| relation.is_partition) else {
                continue;
            };
            let there = relation.constraints.values().any(|constraint| match &constraint.kind {
                ConstraintRule::PrimaryKey { columns: own } => primary && own == columns,
                ConstraintRule::Unique { columns: own } => !primary && own == columns,
                _ => false,
            });
            if !there {
                self.add_key(&child, &unnamed, columns, None, primary)?;
            }
        }
        Ok(())
    }

    /// `USING INDEX`: the index takes the constraint's name and belongs to it.
    fn adopt_index(&mut self, table: &QualifiedName, def: &ConstraintDef, index: &str) -> (String, Vec<String>) {
        let old = QualifiedName::new(table.schema.clone(), index);
        let name = def.name.clone().unwrap_or_else(|| index.to_owned());
        let Some(mut found) = self.store.remove_index(&old) else { return (name, Vec::new()) };
        found.constraint = true;
        let keys = found.keys.clone();
        let new = QualifiedName::new(table.schema.clone(), name.clone());
        self.note_renamed(ObjectRef::new(ObjectKind::Index, &old), ObjectRef::new(ObjectKind::Index, &new));
        self.move_index(&old, new, found);
        (name, keys)
    }

    pub(super) fn primary_key(&self, table: &QualifiedName) -> Vec<String> {
        let constraints = self.catalog().relations.get(table).map(|relation| &relation.constraints);
        let key = constraints.into_iter().flat_map(|all| all.values()).find_map(|constraint| match &constraint.kind {
            ConstraintRule::PrimaryKey { columns } => Some(columns.clone()),
            _ => None,
        });
        key.unwrap_or_default()
    }

    pub(super) fn set_not_null(&mut self, table: &QualifiedName, column: &str, not_null: bool) {
        self.assume_column(table, column);
        let fact = self.fact(not_null);
        if let Some(column) = self.column_mut(table, column)
            && column.not_null.value != fact.value
        {
            column.not_null = fact;
        }
    }

    fn constraint_name(
        &self,
        table: &QualifiedName,
        def: &ConstraintDef,
        middle: impl Fn() -> String,
        label: &str,
    ) -> String {
        match &def.name {
            Some(name) => naming::identifier(name),
            None => {
                let taken = |name: &str| self.constraint_name_taken(&table.schema, name);
                naming::first_free(&table.name, Some(&middle()), label, taken)
            }
        }
    }

    /// The name of a key: it is also its index's, so both must be free.
    fn key_name(&self, table: &QualifiedName, def: &ConstraintDef, middle: Option<&str>, label: &str) -> String {
        if let Some(name) = &def.name {
            return naming::identifier(name);
        }
        naming::first_free(&table.name, middle, label, |name| {
            self.relation_name_taken(&QualifiedName::new(table.schema.clone(), name))
                || self.constraint_name_taken(&table.schema, name)
        })
    }

    fn constraint_name_taken(&self, schema: &str, name: &str) -> bool {
        self.constraint_names.contains(&(schema.to_owned(), name.to_owned()))
            && self
                .catalog()
                .relations
                .iter()
                .any(|(table, relation)| table.schema == schema && relation.constraints.contains_key(name))
    }

    /// Stores a constraint; false where one of that name is already there.
    fn put_constraint(
        &mut self,
        table: &QualifiedName,
        name: String,
        def: &ConstraintDef,
        kind: ConstraintRule,
    ) -> Result<bool, crate::migrations::host::Failure> {
        let object = ObjectRef::on(ObjectKind::Constraint, table, &name);
        let exists =
            self.catalog().relations.get(table).is_some_and(|relation| relation.constraints.contains_key(&name));
        if exists {
            self.would_fail("duplicate_object", object, "already exists")?;
            return Ok(false);
        }
        let constraint = Constraint {
            at: self.part(def.span),
            kind,
            validated: !def.not_valid && !def.not_enforced,
            deferrable: def.deferrable,
        };
        self.constraint_names.insert((table.schema.clone(), name.clone()));
        self.note_altered(object);
        if let Some(relation) = self.store.relation_mut(table) {
            relation.constraints.insert(name, constraint.into());
        }
        Ok(true)
    }

    fn put_key_index(&mut self, table: &QualifiedName, name: &str, columns: &[String], method: &str, unique: bool) {
        let name = QualifiedName::new(table.schema.clone(), name);
        let index = Index {
            provenance: self.provenance(),
            table: table.clone(),
            unique,
            method: method.to_owned(),
            keys: columns.to_vec(),
            include: Vec::new(),
            filter: None,
            constraint: true,
            comment: None,
        };
        self.gone.remove(&Key::Index(name.clone()));
        self.note_altered(ObjectRef::new(ObjectKind::Index, &name));
        self.put_index(name, index);
    }

    pub(super) fn validate_constraint(&mut self, table: &QualifiedName, name: &str) -> Effect {
        let object = ObjectRef::on(ObjectKind::Constraint, table, name);
        if let Some(constraint) = self.store.relation_mut(table).and_then(|relation| relation.constraints.get_mut(name))
        {
            constraint.validated = true;
        } else if self.catalog().relations.get(table).is_some_and(|relation| relation.columns_complete) {
            return self.would_fail("undefined_object", object, "does not exist");
        }
        self.note_altered(object);
        Ok(())
    }

    /// Remembers that expressions refer to functions and relations, so that dropping these looks for dependents.
    pub(super) fn refer<'a>(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            let refs = Refs::of_expr(expr);
            let names = refs.calls.iter().chain(&refs.relations).chain(refs.types.iter().map(|ty| &ty.name));
            self.referenced.extend(names.map(|name| name.name.clone()));
        }
    }
}

/// The middle of an unnamed exclusion constraint's name: its columns, function names, or `expr`.
fn exclude_columns(text: &str) -> String {
    let open = text.find('(').map_or(text.len(), |at| at + 1);
    let (mut depth, mut start, mut elements) = (0i32, open, Vec::new());
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            ',' if depth == 0 => {
                elements.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            '(' => depth += 1,
            ')' if depth == 0 => {
                elements.push(text.get(start..at).unwrap_or_default());
                break;
            }
            ')' => depth -= 1,
            _ => {}
        }
    }
    let names = elements.iter().map(|element| {
        let element = element.trim();
        let word: String = element.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if word.is_empty() { "expr".to_owned() } else { word.to_lowercase() }
    });
    let names: Vec<String> = names.collect();
    naming::joined(names.iter().map(String::as_str))
}
