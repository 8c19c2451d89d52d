//! `GRANT`, `REVOKE` and default privileges.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{AstNode, PrivilegeObjects};

use super::parts::{self, cascade, has, ident, idents, names, roles};
use super::routine;
use crate::catalog::{ObjectKind, Privilege};
use crate::sql::ast::{AlterDefaultPrivileges, Grant, GrantTarget, PrivilegeSpec, Revoke, RoleSpec, StatementKind};
use crate::sql::cx::{self, Cx};
use crate::sql::tree;

pub(super) fn grant(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let to = roles(node);
    let clause = tree::child(node, K::GRANT_WITH_CLAUSE);
    let Some(on) = target(cx, node) else {
        let option = |name: &str| clause.as_ref().and_then(|clause| role_option(clause, name));
        let (admin, inherit, set) = (option("admin"), option("inherit"), option("set"));
        return StatementKind::GrantRole { roles: granted_roles(node), to, admin, inherit, set };
    };
    let Some(privileges) = privileges(node) else { return StatementKind::Opaque("GRANT") };
    StatementKind::Grant(Box::new(Grant {
        privileges,
        on,
        to,
        grant_option: grant_option(node),
        granted_by: granted_by(node),
    }))
}

pub(super) fn revoke(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let from = roles(node);
    let Some(on) = target(cx, node) else {
        let option_only = node.children().find_map(|child| match child.kind() {
            K::ADMIN_OPTION_FOR => Some("admin"),
            K::INHERIT_OPTION_FOR => Some("inherit"),
            K::SET_OPTION_FOR => Some("set"),
            _ => None,
        });
        let option_only = option_only.map(str::to_owned);
        return StatementKind::RevokeRole { roles: granted_roles(node), from, option_only, cascade: cascade(node) };
    };
    let Some(privileges) = privileges(node) else { return StatementKind::Opaque("REVOKE") };
    let grant_option_only = has(node, K::GRANT_OPTION_FOR);
    StatementKind::Revoke(Box::new(Revoke { privileges, on, from, grant_option_only, cascade: cascade(node) }))
}

/// `WITH GRANT OPTION`, which the parser may also read as one of a list of options.
fn grant_option(node: &SyntaxNode) -> bool {
    let clause = tree::child(node, K::GRANT_WITH_CLAUSE);
    clause.is_some_and(|clause| has(&clause, K::GRANT_OPTION) || role_option(&clause, "grant") == Some(true))
}

fn granted_by(node: &SyntaxNode) -> Option<RoleSpec> {
    tree::child(node, K::GRANTED_BY_CLAUSE).map(|clause| parts::role_in(&clause))
}

/// `WITH name OPTION | TRUE | FALSE`.
fn role_option(clause: &SyntaxNode, name: &str) -> Option<bool> {
    let mut options = clause.descendants().filter(|inner| inner.kind() == K::GRANT_ROLE_OPTION);
    let option = options.find(|option| ident(option, K::GRANT_ROLE_OPTION_NAME) == name)?;
    Some(!tree::has_token(&option, K::FALSE_KW))
}

fn granted_roles(node: &SyntaxNode) -> Vec<RoleSpec> {
    let list = tree::child(node, K::REVOKE_COMMAND_LIST);
    let commands = list.iter().flat_map(|list| tree::children_of(list, K::REVOKE_COMMAND));
    commands.map(|command| parts::role_in(&command)).collect()
}

/// `None` where a privilege is not known: it must not be taken for `ALL`.
fn privileges(node: &SyntaxNode) -> Option<Vec<PrivilegeSpec>> {
    if let Some(all) = tree::child(node, K::ALL_PRIVILEGES) {
        return Some(vec![PrivilegeSpec { privilege: None, columns: columns(&all) }]);
    }
    let list = tree::child(node, K::REVOKE_COMMAND_LIST)?;
    tree::children_of(&list, K::REVOKE_COMMAND).map(|command| privilege(&command)).collect()
}

fn privilege(command: &SyntaxNode) -> Option<PrivilegeSpec> {
    let columns = columns(command);
    let words = cx::words(command).take_while(|token| token.kind() != K::L_PAREN);
    let words: Vec<String> = words.map(|token| token.text().to_ascii_lowercase()).collect();
    let privilege = match words.join(" ").as_str() {
        "select" => Privilege::Select,
        "insert" => Privilege::Insert,
        "update" => Privilege::Update,
        "delete" => Privilege::Delete,
        "truncate" => Privilege::Truncate,
        "references" => Privilege::References,
        "trigger" => Privilege::Trigger,
        "maintain" => Privilege::Maintain,
        "usage" => Privilege::Usage,
        "create" => Privilege::Create,
        "execute" => Privilege::Execute,
        "connect" => Privilege::Connect,
        "temporary" | "temp" => Privilege::Temporary,
        "set" => Privilege::Set,
        "alter system" => Privilege::AlterSystem,
        "all" | "all privileges" => return Some(PrivilegeSpec { privilege: None, columns }),
        _ => return None,
    };
    Some(PrivilegeSpec { privilege: Some(privilege), columns })
}

fn columns(node: &SyntaxNode) -> Vec<String> {
    tree::child(node, K::COLUMN_REF_LIST).map(|list| idents(&list, K::COLUMN_NAME_REF)).unwrap_or_default()
}

/// What a `GRANT` is on; `None` where it grants roles.
fn target(cx: &Cx, node: &SyntaxNode) -> Option<GrantTarget> {
    use PrivilegeObjects as O;
    let clause = tree::child(node, K::ON_PRIVILEGE_OBJECTS_CLAUSE)?;
    let objects = clause.children().find_map(O::cast)?;
    let list = objects.syntax();
    let all = |kind: ObjectKind| GrantTarget::AllInSchema { kind, schemas: idents(list, K::SCHEMA_REF) };
    Some(match &objects {
        O::PrivilegeDefault(_) | O::PrivilegeTable(_) => GrantTarget::Tables(names(cx, list, K::RELATION_NAME_REF)),
        O::PrivilegeSequence(_) => GrantTarget::Sequences(names(cx, list, K::SEQUENCE_REF)),
        O::PrivilegeFunction(_) | O::PrivilegeProcedure(_) | O::PrivilegeRoutine(_) => {
            GrantTarget::Routines(routine::references(cx, list))
        }
        O::PrivilegeSchema(_) => GrantTarget::Schemas(idents(list, K::SCHEMA_REF)),
        O::PrivilegeType(_) => GrantTarget::Types(names(cx, list, K::TYPE_NAME_REF)),
        O::PrivilegeDomain(_) => GrantTarget::Types(names(cx, list, K::DOMAIN_REF)),
        O::PrivilegeAllTablesInSchema(_) => all(ObjectKind::Table),
        O::PrivilegeAllSequencesInSchema(_) => all(ObjectKind::Sequence),
        O::PrivilegeAllFunctionsInSchema(_) => all(ObjectKind::Function),
        O::PrivilegeAllProceduresInSchema(_) => all(ObjectKind::Procedure),
        O::PrivilegeAllRoutinesInSchema(_) => all(ObjectKind::Routine),
        O::PrivilegeDatabase(_) => GrantTarget::Other("database"),
        O::PrivilegeForeignDataWrapper(_) => GrantTarget::Other("foreign data wrapper"),
        O::PrivilegeForeignServer(_) => GrantTarget::Other("foreign server"),
        O::PrivilegeLanguage(_) => GrantTarget::Other("language"),
        O::PrivilegeLargeObject(_) => GrantTarget::Other("large object"),
        O::PrivilegeParameter(_) => GrantTarget::Other("parameter"),
        O::PrivilegePropertyGraph(_) => GrantTarget::Other("property graph"),
        O::PrivilegeTablespace(_) => GrantTarget::Other("tablespace"),
    })
}

pub(super) fn alter_default(node: &SyntaxNode) -> StatementKind {
    const TAG: &str = "ALTER DEFAULT PRIVILEGES";
    let action =
        |child: &SyntaxNode| matches!(child.kind(), K::GRANT_DEFAULT_PRIVILEGES | K::REVOKE_DEFAULT_PRIVILEGES);
    let Some(action) = node.children().find(action) else { return StatementKind::Opaque(TAG) };
    let Some(privileges) = privileges(&action) else { return StatementKind::Opaque(TAG) };
    let on = action.children().find_map(|child| match child.kind() {
        K::PRIVILEGE_TARGET_TABLES => Some(ObjectKind::Table),
        K::PRIVILEGE_TARGET_SEQUENCES => Some(ObjectKind::Sequence),
        K::PRIVILEGE_TARGET_FUNCTIONS | K::PRIVILEGE_TARGET_ROUTINES => Some(ObjectKind::Function),
        K::PRIVILEGE_TARGET_TYPES => Some(ObjectKind::Type),
        K::PRIVILEGE_TARGET_SCHEMAS => Some(ObjectKind::Schema),
        _ => None,
    });
    let Some(on) = on else { return StatementKind::NoEffect(TAG) };
    let schemas = tree::child(node, K::IN_SCHEMAS);
    StatementKind::AlterDefaultPrivileges(Box::new(AlterDefaultPrivileges {
        for_roles: tree::child(node, K::FOR_ROLES).map(|clause| roles(&clause)).unwrap_or_default(),
        schemas: schemas.map(|clause| idents(&clause, K::SCHEMA_REF)).unwrap_or_default(),
        grant: action.kind() == K::GRANT_DEFAULT_PRIVILEGES,
        privileges,
        on,
        grantees: roles(&action),
        grant_option: grant_option(&action) || has(&action, K::GRANT_OPTION_FOR),
    }))
}

pub(super) fn reassign(node: &SyntaxNode) -> StatementKind {
    let mut lists = tree::children_of(node, K::ROLE_REF_LIST)
        .map(|list| tree::children_of(&list, K::ROLE_REF).map(|child| parts::role(&child)).collect::<Vec<_>>());
    let from = lists.next().unwrap_or_default();
    let to = lists.next().unwrap_or_default().into_iter().next();
    match to.or_else(|| tree::child(node, K::ROLE_REF).map(|child| parts::role(&child))) {
        Some(to) => StatementKind::ReassignOwned { from, to },
        None => StatementKind::Opaque("REASSIGN OWNED"),
    }
}
