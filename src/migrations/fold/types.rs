//! Types and domains.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::naming;
use super::state::{Effect, Fold};
use super::store::Key;
use crate::catalog::{Column, Expression, ObjectKind, ObjectRef, QualifiedName, Type, TypeKind};
use crate::sql::ast::{DomainAction, DomainConstraint, Expr, Name, TypeAction, TypeDefinition, TypeName};

impl Fold {
    pub(super) fn create_type(&mut self, name: &Name, definition: &TypeDefinition) -> Effect {
        let kind = match definition {
            TypeDefinition::Enum(labels) => TypeKind::Enum { labels: labels.clone() },
            TypeDefinition::Composite(columns) => TypeKind::Composite {
                attributes: columns.iter().map(|column| (column.name.clone(), self.type_text(&column.ty))).collect(),
            },
            TypeDefinition::Range => TypeKind::Range,
            TypeDefinition::Base => TypeKind::Base,
        };
        let name = self.new_name(name, false);
        self.put_type(name, kind, ObjectKind::Type)
    }

    fn put_type(&mut self, name: QualifiedName, kind: TypeKind, object_kind: ObjectKind) -> Effect {
        let object = ObjectRef::new(object_kind, &name);
        self.name(object.clone());
        let relation = self.is_known_relation(&name);
        let old = self.catalog().types.get(&name);
        // A shell type is there to be replaced.
        let shell = old
            .is_some_and(|old| old.provenance.is_assumed() || old.provenance.conditional || old.kind == TypeKind::Base);
        if relation || old.is_some() && !shell {
            return self.would_fail("duplicate_object", object, "already exists");
        }
        let ty = Type {
            provenance: self.provenance(),
            owner: self.fact(self.session.role.clone()),
            kind,
            acl: self.new_acl(object_kind, Some(&name.schema)),
            comment: None,
        };
        self.gone.remove(&Key::Type(name.clone()));
        self.note_altered(object);
        self.store.insert_type(name, ty);
        Ok(())
    }

    pub(super) fn create_domain(
        &mut self,
        name: &Name,
        base: &TypeName,
        default: Option<&Expr>,
        constraints: &[DomainConstraint],
    ) -> Effect {
        let name = self.new_name(name, false);
        let mut checks = BTreeMap::new();
        let mut not_null = false;
        for constraint in constraints {
            match &constraint.check {
                Some(check) => self.add_domain_check(&name, &mut checks, constraint.name.as_deref(), check),
                None => not_null = true,
            }
        }
        let default = self.default_of(default);
        let kind = TypeKind::Domain { base: self.type_text(base), not_null, default, checks };
        self.put_type(name, kind, ObjectKind::Domain)
    }

    fn add_domain_check(
        &mut self,
        domain: &QualifiedName,
        checks: &mut BTreeMap<String, Expression>,
        name: Option<&str>,
        check: &Expr,
    ) {
        self.refer([check]);
        let generated = || naming::first_free(&domain.name, None, "check", |name| checks.contains_key(name));
        let name = name.map_or_else(generated, str::to_owned);
        checks.insert(name, self.expression(check));
    }

    /// The type a statement is about; assumed where the files do not create it.
    pub(super) fn known_type(&mut self, name: &Name, kind: ObjectKind) -> QualifiedName {
        let found = self.find_type(name).unwrap_or_else(|| self.guess(name));
        self.assume_type(&found, kind);
        let kind = if matches!(self.catalog().types.get(&found).map(|ty| &ty.kind), Some(TypeKind::Domain { .. })) {
            ObjectKind::Domain
        } else {
            kind
        };
        self.name(ObjectRef::new(kind, &found));
        self.note_altered(ObjectRef::new(kind, &found));
        found
    }

    pub(super) fn alter_type(&mut self, name: &Name, action: &TypeAction) -> Effect {
        let name = self.known_type(name, ObjectKind::Type);
        let column = match action {
            TypeAction::AddAttribute(column) => Some((column.name.clone(), self.type_text(&column.ty))),
            TypeAction::AttributeType { name, ty } => Some((name.clone(), self.type_text(ty))),
            _ => None,
        };
        let duplicate = match (&self.catalog().types.get(&name).map(|ty| &ty.kind), action) {
            (Some(TypeKind::Enum { labels }), TypeAction::AddValue { value, if_not_exists, .. }) => {
                labels.contains(value) && !if_not_exists
            }
            _ => false,
        };
        if duplicate {
            return self.would_fail(
                "duplicate_object",
                ObjectRef::new(ObjectKind::Type, &name),
                "already has this label",
            );
        }
        if let Some(ty) = self.store.type_mut(&name) {
            match &mut ty.kind {
                TypeKind::Enum { labels } => alter_labels(labels, action),
                TypeKind::Composite { attributes } => alter_attributes(attributes, action, column),
                TypeKind::Domain { .. } | TypeKind::Range | TypeKind::Base | TypeKind::Unknown => {}
            }
        }
        if let TypeAction::RenameValue { from, to } = action {
            self.follow_label(&name, from, to);
        }
        Ok(())
    }

    /// Defaults name a label by its number: they follow.
    fn follow_label(&mut self, ty: &QualifiedName, from: &str, to: &str) {
        let spelled = [ty.to_string(), ty.name.clone()];
        let of_type = |column: &Column| column.ty.get().is_some_and(|ty| spelled.contains(ty));
        let with_it = self
            .catalog()
            .relations
            .iter()
            .filter(|(_, relation)| relation.columns.iter().any(|column| of_type(column)));
        let tables: Vec<QualifiedName> = with_it.map(|(name, _)| name.clone()).collect();
        let text = |label: &str| format!("'{}'", label.replace('\'', "''"));
        for table in tables {
            let Some(relation) = self.store.relation_mut(&table) else { continue };
            for column in relation.columns.iter_mut().filter(|column| of_type(column)) {
                if let Some(default) = column.default.as_mut().filter(|default| default.canonical == text(from)) {
                    *default = constant(text(to));
                }
            }
        }
    }

    pub(super) fn alter_domain(&mut self, name: &Name, action: &DomainAction) -> Effect {
        let name = self.known_type(name, ObjectKind::Domain);
        let Some(TypeKind::Domain { mut not_null, mut default, mut checks, base }) =
            self.catalog().types.get(&name).map(|ty| ty.kind.clone())
        else {
            return Ok(());
        };
        match action {
            DomainAction::Default(expr) => default = self.default_of(expr.as_ref()),
            DomainAction::NotNull(on) => not_null = *on,
            DomainAction::AddConstraint(constraint) => match &constraint.check {
                Some(check) => self.add_domain_check(&name, &mut checks, constraint.name.as_deref(), check),
                None => not_null = true,
            },
            DomainAction::DropConstraint { name: constraint, if_exists } => {
                if checks.remove(constraint).is_none() && !if_exists {
                    let object = ObjectRef::on(ObjectKind::Constraint, &name, constraint);
                    self.would_fail("undefined_object", object, "does not exist")?;
                }
            }
            DomainAction::Other => {}
        }
        if let Some(ty) = self.store.type_mut(&name) {
            ty.kind = TypeKind::Domain { base, not_null, default, checks };
        }
        Ok(())
    }
}

fn constant(text: String) -> Expression {
    let ast = crate::sql::parse_expr(&text).ok().map(Arc::new);
    Expression { canonical: text.clone(), text, ast }
}

fn alter_labels(labels: &mut Vec<String>, action: &TypeAction) {
    match action {
        TypeAction::AddValue { value, before, after, .. } if !labels.contains(value) => {
            let find =
                |wanted: &Option<String>| wanted.as_ref().and_then(|w| labels.iter().position(|label| label == w));
            let at = find(before).or_else(|| find(after).map(|at| at + 1)).unwrap_or(labels.len());
            labels.insert(at, value.clone());
        }
        TypeAction::RenameValue { from, to } => {
            labels.iter_mut().filter(|label| *label == from).for_each(|label| label.clone_from(to));
        }
        _ => {}
    }
}

fn alter_attributes(attributes: &mut Vec<(String, String)>, action: &TypeAction, column: Option<(String, String)>) {
    match action {
        TypeAction::AddAttribute(_) => attributes.extend(column),
        TypeAction::DropAttribute { name, .. } => attributes.retain(|(attribute, _)| attribute != name),
        TypeAction::AttributeType { .. } => {
            if let Some((name, ty)) = column {
                attributes
                    .iter_mut()
                    .filter(|(attribute, _)| *attribute == name)
                    .for_each(|(_, old)| old.clone_from(&ty));
            }
        }
        TypeAction::RenameAttribute { from, to } => {
            attributes.iter_mut().filter(|(attribute, _)| attribute == from).for_each(|(name, _)| name.clone_from(to));
        }
        _ => {}
    }
}
