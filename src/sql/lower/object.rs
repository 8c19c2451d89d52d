//! Statements that treat every kind of object alike: `DROP`, `COMMENT`, renames; schemas, extensions, publications.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{AstNode, CommentObject, Stmt};

use super::parts::{self, cascade, has, ident, if_exists, name, opt_ident, string};
use super::{policy, routine};
use crate::catalog::ObjectKind;
use crate::sql::ast::{
    Name, ObjectAction, ObjectTarget, PublicationAction, PublicationObjects, RoleSpec, StatementKind,
};
use crate::sql::cx::{self, Cx};
use crate::sql::tree;

/// `DROP kind a, b`, each named by a child of `reference`.
pub(super) fn drop(cx: &Cx, node: &SyntaxNode, kind: ObjectKind, reference: K) -> StatementKind {
    let targets = tree::children_of(node, reference);
    dropped(node, kind, targets.map(|target| ObjectTarget::Named { kind, name: named(cx, &target) }).collect())
}

/// `DROP ROLE`, whose targets may be written as `CURRENT_USER`.
fn named(cx: &Cx, node: &SyntaxNode) -> Name {
    if node.kind() != K::ROLE_REF {
        return cx.name(node);
    }
    match parts::role(node) {
        RoleSpec::Name(name) => Name::bare(name),
        RoleSpec::Public => Name::bare("public"),
        RoleSpec::CurrentUser => Name::bare("current_user"),
        RoleSpec::SessionUser => Name::bare("session_user"),
    }
}

/// `DROP kind name ON table`.
pub(super) fn drop_on_table(cx: &Cx, node: &SyntaxNode, kind: ObjectKind, reference: K) -> StatementKind {
    let target = ObjectTarget::OnTable { kind, name: ident(node, reference), table: policy::on_table(cx, node) };
    dropped(node, kind, vec![target])
}

pub(super) fn drop_routine(cx: &Cx, node: &SyntaxNode, kind: ObjectKind) -> StatementKind {
    dropped(node, kind, routine::references(cx, node).into_iter().map(ObjectTarget::Routine).collect())
}

fn dropped(node: &SyntaxNode, kind: ObjectKind, targets: Vec<ObjectTarget>) -> StatementKind {
    StatementKind::Drop { kind, targets, if_exists: if_exists(node), cascade: cascade(node) }
}

/// Dropping what the Catalog does not hold changes it only through `CASCADE`.
pub(super) fn drop_other(node: &SyntaxNode, tag: &'static str) -> StatementKind {
    if cascade(node) { StatementKind::Opaque(tag) } else { StatementKind::NoEffect(tag) }
}

/// `ALTER kind name` with an action common to all.
pub(super) fn alter(cx: &Cx, node: &SyntaxNode, kind: ObjectKind, reference: K) -> StatementKind {
    let target = ObjectTarget::Named { kind, name: name(cx, node, reference) };
    StatementKind::AlterObject { target, if_exists: if_exists(node), action: action(node) }
}

/// `ALTER kind name ON table`.
pub(super) fn alter_on_table(cx: &Cx, node: &SyntaxNode, kind: ObjectKind, reference: K) -> StatementKind {
    let target = ObjectTarget::OnTable { kind, name: ident(node, reference), table: policy::on_table(cx, node) };
    StatementKind::AlterObject { target, if_exists: false, action: action(node) }
}

/// The rename, change of owner or of schema under `node`.
pub(super) fn action(node: &SyntaxNode) -> ObjectAction {
    for child in node.children() {
        match child.kind() {
            K::OWNER_TO => return ObjectAction::Owner(parts::role_in(&child)),
            K::SET_SCHEMA => return ObjectAction::SetSchema(ident(&child, K::SCHEMA_REF)),
            K::SCHEMA_RENAME_TO
            | K::TYPE_RENAME_TO
            | K::DOMAIN_RENAME_TO
            | K::EVENT_TRIGGER_RENAME_TO
            | K::PUBLICATION_RENAME_TO
            | K::RULE_RENAME_TO
            | K::TRIGGER_RENAME_TO => {
                let to = child.children().next().map(|name| cx::ident(&name)).unwrap_or_default();
                return ObjectAction::Rename(to);
            }
            _ => {}
        }
    }
    ObjectAction::Other
}

pub(super) fn comment(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let target =
        node.children().find_map(CommentObject::cast).map_or(ObjectTarget::Other, |object| commented(cx, &object));
    StatementKind::Comment { target, text: string(node) }
}

fn commented(cx: &Cx, object: &CommentObject) -> ObjectTarget {
    use CommentObject as O;
    let node = object.syntax();
    let named = |kind: ObjectKind, reference: K| ObjectTarget::Named { kind, name: name(cx, node, reference) };
    let on = |kind: ObjectKind, reference: K| ObjectTarget::OnTable {
        kind,
        name: ident(node, reference),
        table: parts::relation(cx, node),
    };
    match object {
        O::ObjectTable(_) => named(ObjectKind::Table, K::TABLE_NAME_REF),
        O::ObjectForeignTable(_) => named(ObjectKind::ForeignTable, K::TABLE_NAME_REF),
        O::ObjectView(_) => named(ObjectKind::View, K::VIEW_REF),
        O::ObjectMaterializedView(_) => named(ObjectKind::MaterializedView, K::VIEW_REF),
        O::ObjectIndex(_) => named(ObjectKind::Index, K::INDEX_REF),
        O::ObjectSequence(_) => named(ObjectKind::Sequence, K::SEQUENCE_REF),
        O::ObjectSchema(_) => named(ObjectKind::Schema, K::SCHEMA_REF),
        O::ObjectExtension(_) => named(ObjectKind::Extension, K::EXTENSION_REF),
        O::ObjectEventTrigger(_) => named(ObjectKind::EventTrigger, K::EVENT_TRIGGER_REF),
        O::ObjectPublication(_) => named(ObjectKind::Publication, K::PUBLICATION_REF),
        O::ObjectType(_) => named(ObjectKind::Type, K::TYPE_NAME_REF),
        O::ObjectDomain(_) => named(ObjectKind::Domain, K::DOMAIN_REF),
        O::ObjectDatabase(_) => named(ObjectKind::Database, K::DATABASE_REF),
        O::ObjectRole(_) => match parts::role_in(node) {
            RoleSpec::Name(name) => ObjectTarget::Named { kind: ObjectKind::Role, name: Name::bare(name) },
            RoleSpec::Public | RoleSpec::CurrentUser | RoleSpec::SessionUser => ObjectTarget::Other,
        },
        O::ObjectAggregate(_) | O::ObjectFunction(_) | O::ObjectProcedure(_) | O::ObjectRoutine(_) => {
            routine::references(cx, node).into_iter().next().map_or(ObjectTarget::Other, ObjectTarget::Routine)
        }
        O::ObjectColumn(_) => column(node),
        O::ObjectConstraint(_) if has(node, K::DOMAIN_REF) => ObjectTarget::Other,
        O::ObjectConstraint(_) => on(ObjectKind::Constraint, K::CONSTRAINT_NAME_REF),
        O::ObjectPolicy(_) => on(ObjectKind::Policy, K::POLICY_REF),
        O::ObjectRule(_) => on(ObjectKind::Rule, K::RULE_REF),
        O::ObjectTrigger(_) => on(ObjectKind::Trigger, K::TRIGGER_REF),
        O::ObjectAccessMethod(_)
        | O::ObjectCast(_)
        | O::ObjectCollation(_)
        | O::ObjectConversion(_)
        | O::ObjectForeignDataWrapper(_)
        | O::ObjectLanguage(_)
        | O::ObjectLargeObject(_)
        | O::ObjectOperator(_)
        | O::ObjectOperatorClass(_)
        | O::ObjectOperatorFamily(_)
        | O::ObjectPropertyGraph(_)
        | O::ObjectServer(_)
        | O::ObjectStatistics(_)
        | O::ObjectSubscription(_)
        | O::ObjectTablespace(_)
        | O::ObjectTextSearchConfig(_)
        | O::ObjectTextSearchDict(_)
        | O::ObjectTextSearchParser(_)
        | O::ObjectTextSearchTemplate(_)
        | O::ObjectTransform(_) => ObjectTarget::Other,
    }
}

fn column(node: &SyntaxNode) -> ObjectTarget {
    let mut parts = tree::child(node, K::QUALIFIED_COLUMN_NAME_REF).map(|path| cx::parts(&path)).unwrap_or_default();
    match parts.pop() {
        Some(column) if !parts.is_empty() => ObjectTarget::Column { table: tree::name_of(parts), column },
        _ => ObjectTarget::Other,
    }
}

pub(super) fn create_schema(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let named = tree::child(node, K::NAMED_SCHEMA);
    let authorized = tree::child(node, K::AUTHORIZATION_SCHEMA);
    let owner = match (&named, &authorized) {
        (Some(named), _) => tree::child(named, K::ROLE_REF).map(|role| parts::role(&role)),
        (None, Some(authorized)) => Some(parts::role_in(authorized)),
        (None, None) => None,
    };
    let elements = node.children().filter_map(Stmt::cast).map(|stmt| super::nested(cx, &stmt)).collect();
    let name = named.as_ref().and_then(|named| opt_ident(named, K::SCHEMA));
    StatementKind::CreateSchema { name, owner, if_not_exists: parts::if_not_exists(node), elements }
}

pub(super) fn create_extension(node: &SyntaxNode) -> StatementKind {
    let version = tree::child(node, K::EXTENSION_VERSION_CLAUSE);
    StatementKind::CreateExtension {
        name: ident(node, K::EXTENSION),
        schema: tree::child(node, K::EXTENSION_SCHEMA).map(|clause| ident(&clause, K::SCHEMA_REF)),
        version: version.and_then(|clause| string(&clause).or_else(|| opt_ident(&clause, K::EXTENSION_VERSION))),
        if_not_exists: parts::if_not_exists(node),
    }
}

pub(super) fn create_publication(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let clause = node
        .children()
        .find(|child| matches!(child.kind(), K::FOR_ALL_PUBLICATION_OBJECTS | K::FOR_PUBLICATION_OBJECTS));
    let objects = clause.map(|clause| publication_objects(cx, &clause)).unwrap_or_default();
    StatementKind::CreatePublication { name: ident(node, K::PUBLICATION), objects }
}

fn publication_objects(cx: &Cx, node: &SyntaxNode) -> PublicationObjects {
    let mut objects = PublicationObjects::default();
    let mut in_schemas = false;
    for object in node.children() {
        match object.kind() {
            K::ALL_PUBLICATION_TABLES => objects.all_tables = true,
            K::PUBLICATION_OBJECT_TABLES_IN_SCHEMA => {
                in_schemas = true;
                objects.schemas.push(opt_ident(&object, K::SCHEMA_REF));
            }
            K::PUBLICATION_OBJECT_CURRENT_SCHEMA => objects.schemas.push(None),
            // A further name without `TABLE` in front goes on with what came before.
            K::PUBLICATION_OBJECT_TABLE if in_schemas && !tree::has_token(&object, K::TABLE_KW) => {
                objects.schemas.push(opt_ident(&object, K::TABLE_NAME_REF));
            }
            K::PUBLICATION_OBJECT_TABLE => {
                in_schemas = false;
                objects.tables.push(name(cx, &object, K::TABLE_NAME_REF));
            }
            _ => {}
        }
    }
    objects
}

pub(super) fn alter_publication(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let action = node.children().find_map(|child| match child.kind() {
        K::ADD_PUBLICATION_OBJECTS => Some(PublicationAction::Add(publication_objects(cx, &child))),
        K::DROP_PUBLICATION_OBJECTS => Some(PublicationAction::Drop(publication_objects(cx, &child))),
        K::SET_PUBLICATION_OBJECTS | K::SET_ALL_PUBLICATION_OBJECT_LIST => {
            Some(PublicationAction::Set(publication_objects(cx, &child)))
        }
        K::SET_OPTIONS => Some(PublicationAction::Options),
        _ => None,
    });
    match action {
        Some(action) => StatementKind::AlterPublication { name: ident(node, K::PUBLICATION_REF), action },
        None => alter(cx, node, ObjectKind::Publication, K::PUBLICATION_REF),
    }
}
