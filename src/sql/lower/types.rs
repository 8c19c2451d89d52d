//! Types and domains.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::object;
use super::parts::{self, has, ident, name, string};
use crate::catalog::ObjectKind;
use crate::sql::ast::{DomainAction, DomainConstraint, ObjectTarget, StatementKind, TypeAction, TypeDefinition};
use crate::sql::cx::{self, Cx};
use crate::sql::tree;

pub(super) fn create_type(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    StatementKind::CreateType { name: name(cx, node, K::TYPE_NAME), definition: definition(node) }
}

fn definition(node: &SyntaxNode) -> TypeDefinition {
    if let Some(kind) = tree::child(node, K::ENUM_TYPE) {
        let labels = kind.descendants().filter(|inner| inner.kind() == K::VARIANT);
        return TypeDefinition::Enum(labels.filter_map(|label| cx::string(&label)).collect());
    }
    if let Some(kind) = tree::child(node, K::COMPOSITE_TYPE) {
        let list = tree::child(&kind, K::COMPOSITE_FIELD_LIST);
        let fields = list.iter().flat_map(|list| tree::children_of(list, K::COMPOSITE_FIELD_DEF));
        let columns = fields.map(|field| parts::typed_column(&field, K::COMPOSITE_FIELD));
        return TypeDefinition::Composite(columns.collect());
    }
    if has(node, K::RANGE_TYPE) { TypeDefinition::Range } else { TypeDefinition::Base }
}

pub(super) fn alter_type(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let name = name(cx, node, K::TYPE_NAME_REF);
    if let Some(action) = node.children().find_map(|child| type_action(&child)) {
        return StatementKind::AlterType { name, action };
    }
    if let Some(list) = tree::child(node, K::ALTER_TYPE_ATTRIBUTE_ACTION_LIST) {
        let mut actions: Vec<TypeAction> = list.children().filter_map(|child| attribute_action(&child)).collect();
        let action = match actions.len() {
            0 => TypeAction::Other,
            1 => actions.remove(0),
            _ => TypeAction::Several(actions),
        };
        return StatementKind::AlterType { name, action };
    }
    let target = ObjectTarget::Named { kind: ObjectKind::Type, name };
    StatementKind::AlterObject { target, if_exists: false, action: object::action(node) }
}

fn type_action(node: &SyntaxNode) -> Option<TypeAction> {
    let mut literals = tree::children_of(node, K::LITERAL).filter_map(|literal| cx::string(&literal));
    Some(match node.kind() {
        K::ADD_VALUE => TypeAction::AddValue {
            value: literals.next().unwrap_or_default(),
            if_not_exists: parts::if_not_exists(node),
            before: tree::child(node, K::BEFORE_VALUE).and_then(|place| string(&place)),
            after: tree::child(node, K::AFTER_VALUE).and_then(|place| string(&place)),
        },
        K::RENAME_VALUE => TypeAction::RenameValue {
            from: literals.next().unwrap_or_default(),
            to: literals.next().unwrap_or_default(),
        },
        K::RENAME_ATTRIBUTE => TypeAction::RenameAttribute {
            from: ident(node, K::COMPOSITE_FIELD_REF),
            to: ident(node, K::COMPOSITE_FIELD),
        },
        K::SET_OPTIONS => TypeAction::Other,
        _ => return None,
    })
}

fn attribute_action(node: &SyntaxNode) -> Option<TypeAction> {
    Some(match node.kind() {
        K::ADD_ATTRIBUTE => TypeAction::AddAttribute(parts::typed_column(node, K::COMPOSITE_FIELD)),
        K::DROP_ATTRIBUTE => {
            TypeAction::DropAttribute { name: ident(node, K::COMPOSITE_FIELD_REF), if_exists: parts::if_exists(node) }
        }
        K::ALTER_ATTRIBUTE => {
            TypeAction::AttributeType { name: ident(node, K::COMPOSITE_FIELD_REF), ty: parts::ty_or_unknown(node) }
        }
        _ => return None,
    })
}

pub(super) fn create_domain(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    StatementKind::CreateDomain {
        name: name(cx, node, K::DOMAIN),
        base: parts::ty_or_unknown(node),
        default: parts::expr_in(cx, node, K::DEFAULT_CONSTRAINT),
        constraints: node.children().filter_map(|child| domain_constraint(cx, &child)).collect(),
    }
}

fn domain_constraint(cx: &Cx, node: &SyntaxNode) -> Option<DomainConstraint> {
    let check = match node.kind() {
        K::CHECK_CONSTRAINT => Some(parts::expr(cx, node)?),
        K::NOT_NULL_CONSTRAINT => None,
        _ => return None,
    };
    let clause = tree::child(node, K::CONSTRAINT_NAME_CLAUSE);
    Some(DomainConstraint { name: clause.map(|clause| ident(&clause, K::CONSTRAINT_NAME)), check })
}

pub(super) fn alter_domain(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let name = name(cx, node, K::DOMAIN_REF);
    if let Some(action) = node.children().find_map(|child| domain_action(cx, &child)) {
        return StatementKind::AlterDomain { name, action };
    }
    let target = ObjectTarget::Named { kind: ObjectKind::Domain, name };
    StatementKind::AlterObject { target, if_exists: false, action: object::action(node) }
}

fn domain_action(cx: &Cx, node: &SyntaxNode) -> Option<DomainAction> {
    Some(match node.kind() {
        K::SET_DEFAULT => DomainAction::Default(parts::expr(cx, node)),
        K::DROP_DEFAULT => DomainAction::Default(None),
        K::SET_NOT_NULL => DomainAction::NotNull(true),
        K::DROP_NOT_NULL => DomainAction::NotNull(false),
        K::ADD_CONSTRAINT => node
            .children()
            .find_map(|child| domain_constraint(cx, &child))
            .map_or(DomainAction::Other, DomainAction::AddConstraint),
        K::DROP_CONSTRAINT => DomainAction::DropConstraint {
            name: ident(node, K::CONSTRAINT_NAME_REF),
            if_exists: parts::if_exists(node),
        },
        K::VALIDATE_CONSTRAINT | K::RENAME_CONSTRAINT => DomainAction::Other,
        _ => return None,
    })
}
