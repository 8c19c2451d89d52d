//! Columns: definitions, serial types and identity with their sequences, defaults.

use super::naming;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Column, Expression, Identity, ObjectKind, ObjectRef, QualifiedName, Sequence};
use crate::location::Span;
use crate::sql::ast::{Call, CallArg, ColumnDef, Expr, ExprKind, Name, TypeName};

/// The integer behind a serial pseudo-type.
fn serial(ty: &TypeName) -> Option<&'static str> {
    if ty.name.schema.is_some() {
        return None;
    }
    match ty.name.name.as_str() {
        "serial" | "serial4" => Some("integer"),
        "bigserial" | "serial8" => Some("bigint"),
        "smallserial" | "serial2" => Some("smallint"),
        _ => None,
    }
}

impl Fold {
    /// Adds a column without its constraints.
    pub(super) fn add_column_def(&mut self, table: &QualifiedName, def: &ColumnDef) {
        let serial = def.ty.as_ref().and_then(serial);
        let ty = serial.map(str::to_owned).or_else(|| def.ty.as_ref().map(|ty| self.type_text(ty)));
        let default = self.default_of(def.default.as_ref());
        let generated = def.generated.as_ref().map(|expr| self.expression_on(expr, table));
        self.refer(def.default.iter().chain(&def.generated));
        let at = self.part(def.span);
        let not_null = self.fact(def.not_null);
        let ty = ty.map(|ty| self.fact(ty));
        let object = ObjectRef::on(ObjectKind::Column, table, &def.name);
        self.note_altered(object);
        if let Some(relation) = self.store.relation_mut(table) {
            match relation.columns.iter_mut().find(|column| column.name == def.name) {
                Some(column) => merge(column, ty, not_null, default, generated),
                None => {
                    let mut column = super::assume::blank_column(&def.name, at);
                    column.not_null = not_null.clone();
                    merge(&mut column, ty, not_null, default, generated);
                    relation.columns.push(column.into());
                }
            }
        }
        if serial.is_some() {
            self.make_serial(table, &def.name);
        }
        if let Some(always) = def.identity {
            self.make_identity(table, &def.name, if always { Identity::Always } else { Identity::ByDefault });
        }
    }

    /// `DEFAULT NULL` is no default.
    pub(super) fn default_of(&self, expr: Option<&Expr>) -> Option<Expression> {
        expr.filter(|expr| !matches!(expr.kind, ExprKind::Null)).map(|expr| self.expression(expr))
    }

    fn make_serial(&mut self, table: &QualifiedName, column: &str) {
        let sequence = self.create_owned_sequence(table, column, false);
        let default = nextval(&sequence);
        let not_null = self.fact(true);
        if let Some(column) = self.column_mut(table, column) {
            column.default = Some(default);
            column.not_null = not_null;
        }
    }

    /// Creates the sequence `table_column_seq` owned by a column.
    pub(super) fn create_owned_sequence(
        &mut self,
        table: &QualifiedName,
        column: &str,
        identity: bool,
    ) -> QualifiedName {
        let taken = |name: &str| self.relation_name_taken(&QualifiedName::new(table.schema.clone(), name));
        let written = identity.then(|| self.written_sequence_name()).flatten();
        let name = written.unwrap_or_else(|| naming::first_free(&table.name, Some(column), "seq", taken));
        let name = QualifiedName::new(table.schema.clone(), name);
        let owner = self.catalog().relations.get(table).map(|table| table.owner.clone()).unwrap_or_default();
        let role = owner.get().unwrap_or(&self.session.role);
        let acl = self.acl_of(ObjectKind::Sequence, role, Some(&table.schema));
        let sequence = Sequence {
            provenance: self.provenance(),
            owner,
            owned_by: Some((table.clone(), column.to_owned())),
            identity,
            acl,
            comment: None,
        };
        self.gone.remove(&Key::Sequence(name.clone()));
        self.store.insert_sequence(name.clone(), sequence);
        name
    }

    /// `AS IDENTITY (SEQUENCE NAME …)`, which the tree does not carry; pg_dump writes one to a statement.
    fn written_sequence_name(&self) -> Option<String> {
        let text = if self.dynamic { "" } else { self.at.span.slice(&self.text) };
        let mut found = text
            .to_ascii_lowercase()
            .match_indices("sequence name ")
            .map(|(at, words)| at + words.len())
            .collect::<Vec<_>>();
        let at = found.pop().filter(|_| found.is_empty())?;
        let end = |c: char| c.is_whitespace() || c == ')';
        let name = text.get(at..)?.trim_start().split(end).next()?;
        super::session::split_path(&name.replace('.', ",")).pop()
    }

    /// `ALTER TABLE … ADD COLUMN`.
    pub(super) fn add_column(&mut self, table: &QualifiedName, def: &ColumnDef, if_not_exists: bool) -> Effect {
        let object = ObjectRef::on(ObjectKind::Column, table, &def.name);
        // A column without a type may be known by use alone, unless nothing is left to assume.
        let exists = self.catalog().relations.get(table).is_some_and(|relation| {
            let known = |column: &Column| relation.columns_complete || column.ty.value.is_some();
            relation.column(&def.name).is_some_and(known)
        });
        if exists {
            if if_not_exists {
                return Ok(());
            }
            return self.would_fail("duplicate_column", object, "already exists");
        }
        self.add_column_def(table, def);
        for constraint in &def.constraints {
            self.add_constraint(table, constraint)?;
        }
        for child in self.children(table) {
            if self.catalog().relations.get(&child).is_some_and(|relation| relation.column(&def.name).is_none()) {
                self.add_column_def(&child, def);
            }
        }
        Ok(())
    }

    /// Direct inheritance children and partitions.
    pub(super) fn children(&self, table: &QualifiedName) -> Vec<QualifiedName> {
        if !self.parents.contains(table) {
            return Vec::new();
        }
        let all = self.catalog().relations.iter();
        all.filter(|(_, relation)| relation.parents.contains(table)).map(|(name, _)| name.clone()).collect()
    }

    /// A column that has to exist, assumed where the column list is not complete.
    pub(super) fn require_column(&mut self, table: &QualifiedName, column: &str) -> Effect {
        self.assume_column(table, column);
        let known = self.catalog().relations.get(table).is_some_and(|relation| relation.column(column).is_some());
        let object = ObjectRef::on(ObjectKind::Column, table, column);
        if known || !self.catalog().relations.contains_key(table) {
            return Ok(());
        }
        self.would_fail("undefined_column", object, "does not exist")
    }
}

/// Sets what a (second) definition of a column says.
fn merge(
    column: &mut Column,
    ty: Option<crate::catalog::Fact<String>>,
    not_null: crate::catalog::Fact<bool>,
    default: Option<Expression>,
    generated: Option<Expression>,
) {
    if let Some(ty) = ty {
        column.ty = ty;
    }
    if not_null.is(&true) || column.not_null.value.is_none() {
        column.not_null = not_null;
    }
    if default.is_some() {
        column.default = default;
    }
    if generated.is_some() {
        column.generated = generated;
    }
}

/// `nextval('sequence'::regclass)`.
pub(super) fn nextval(sequence: &QualifiedName) -> Expression {
    let plain = |kind| Expr { span: Span::default(), kind };
    let name = plain(ExprKind::String(sequence.to_string()));
    let regclass =
        TypeName { name: Name::bare("regclass"), modifiers: Vec::new(), array_dims: 0, setof: false, percent: false };
    let value = plain(ExprKind::Cast { expr: Box::new(name), ty: regclass });
    let call = plain(ExprKind::Call(Box::new(Call {
        name: Name::bare("nextval"),
        args: vec![CallArg { name: None, variadic: false, value }],
        star: false,
        distinct: false,
        filter: None,
        over: false,
        order_by: Vec::new(),
        window: Vec::new(),
    })));
    let text = format!("nextval('{}'::regclass)", sequence.to_string().replace('\'', "''"));
    Expression { text, canonical: super::syntax::canonical(&call), ast: Some(std::sync::Arc::new(call)) }
}
