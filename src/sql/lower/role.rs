//! Roles, and what a session sets for itself.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use super::parts::{self, has, ident, role_in, roles, string};
use crate::catalog::ObjectKind;
use crate::sql::ast::{
    Name, ObjectAction, ObjectTarget, RoleOption, RoleSpec, SettingAction, StatementKind, Transaction,
};
use crate::sql::cx::{self, Cx};
use crate::sql::tree;

pub(super) fn create(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let user = node.kind() == K::CREATE_USER;
    StatementKind::CreateRole { name: ident(node, K::ROLE), user, options: options(cx, node) }
}

fn options(cx: &Cx, node: &SyntaxNode) -> Vec<RoleOption> {
    let list = tree::child(node, K::ROLE_OPTION_LIST);
    list.iter().flat_map(SyntaxNode::children).map(|option| self::option(cx, &option)).collect()
}

fn option(cx: &Cx, node: &SyntaxNode) -> RoleOption {
    match node.kind() {
        K::ROLE_OPTION_INHERIT => RoleOption::Inherit(true),
        K::ROLE_OPTION_PASSWORD | K::ROLE_OPTION_ENCRYPTED_PASSWORD => {
            let literal = tree::child(node, K::LITERAL);
            literal.map_or(RoleOption::Other, |literal| RoleOption::Password(cx.span(&literal)))
        }
        K::ROLE_OPTION_IN_ROLE | K::ROLE_OPTION_IN_GROUP => RoleOption::InRole(roles(node)),
        K::ROLE_OPTION_ROLE | K::ROLE_OPTION_USER => RoleOption::Members(roles(node)),
        K::ROLE_OPTION_ADMIN => RoleOption::Admins(roles(node)),
        K::ROLE_OPTION_GENERIC => generic(&cx::ident(node)),
        _ => RoleOption::Other,
    }
}

fn generic(word: &str) -> RoleOption {
    match word {
        "superuser" => RoleOption::Superuser(true),
        "nosuperuser" => RoleOption::Superuser(false),
        "createdb" => RoleOption::CreateDb(true),
        "nocreatedb" => RoleOption::CreateDb(false),
        "createrole" => RoleOption::CreateRole(true),
        "nocreaterole" => RoleOption::CreateRole(false),
        "inherit" => RoleOption::Inherit(true),
        "noinherit" => RoleOption::Inherit(false),
        "login" => RoleOption::Login(true),
        "nologin" => RoleOption::Login(false),
        "replication" => RoleOption::Replication(true),
        "noreplication" => RoleOption::Replication(false),
        "bypassrls" => RoleOption::BypassRls(true),
        "nobypassrls" => RoleOption::BypassRls(false),
        _ => RoleOption::Other,
    }
}

/// `ALTER ROLE | USER`.
pub(super) fn alter(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    if let Some(rename) = tree::child(node, K::ROLE_RENAME_TO) {
        return renamed(node, &rename);
    }
    let action = node.children().find(|child| matches!(child.kind(), K::SET_CONFIG_PARAM | K::RESET_CONFIG_PARAM));
    match action {
        Some(action) => StatementKind::AlterRoleSetting {
            role: (!tree::has_token(node, K::ALL_KW)).then(|| role_in(node)),
            database: tree::child(node, K::IN_DATABASE).map(|clause| ident(&clause, K::DATABASE_REF)),
            setting: parts::setting(&action),
        },
        None => StatementKind::AlterRole { role: role_in(node), options: options(cx, node) },
    }
}

fn renamed(node: &SyntaxNode, rename: &SyntaxNode) -> StatementKind {
    let name = match role_in(node) {
        RoleSpec::Name(name) => name,
        RoleSpec::Public => "public".to_owned(),
        RoleSpec::CurrentUser | RoleSpec::SessionUser => return StatementKind::Opaque("ALTER ROLE"),
    };
    let target = ObjectTarget::Named { kind: ObjectKind::Role, name: Name::bare(name) };
    let action = ObjectAction::Rename(ident(rename, K::ROLE));
    StatementKind::AlterObject { target, if_exists: false, action }
}

/// `ALTER GROUP g ADD/DROP USER` grants and revokes membership.
pub(super) fn alter_group(node: &SyntaxNode) -> StatementKind {
    if let Some(rename) = tree::child(node, K::ROLE_RENAME_TO) {
        return renamed(node, &rename);
    }
    let group = vec![role_in(node)];
    if let Some(added) = tree::child(node, K::ADD_USERS) {
        let to = roles(&added);
        return StatementKind::GrantRole { roles: group, to, admin: None, inherit: None, set: None };
    }
    let from = tree::child(node, K::DROP_USERS).map(|dropped| roles(&dropped)).unwrap_or_default();
    StatementKind::RevokeRole { roles: group, from, option_only: None, cascade: false }
}

/// `ALTER DATABASE d SET …` sets for every role in that database.
pub(super) fn alter_database(node: &SyntaxNode) -> StatementKind {
    let action = node.children().find(|child| matches!(child.kind(), K::SET_CONFIG_PARAM | K::RESET_CONFIG_PARAM));
    match action {
        Some(action) => StatementKind::AlterRoleSetting {
            role: None,
            database: Some(ident(node, K::DATABASE_REF)),
            setting: parts::setting(&action),
        },
        None => StatementKind::NoEffect("ALTER DATABASE"),
    }
}

fn is_local(node: &SyntaxNode) -> bool {
    has(node, K::LOCAL_SCOPE)
}

pub(super) fn set(node: &SyntaxNode) -> StatementKind {
    let local = is_local(node);
    if let Some(config) = tree::child(node, K::SET_CONFIG) {
        return configured(local, parts::setting(&config));
    }
    let one = |name: &str, value: String| {
        let setting = SettingAction::Set { name: name.to_owned(), values: vec![value] };
        StatementKind::Set { local, setting }
    };
    if let Some(schema) = tree::child(node, K::SET_SCHEMA_VALUE) {
        return one("search_path", string(&schema).unwrap_or_default());
    }
    if let Some(zone) = tree::child(node, K::SET_TIME_ZONE) {
        let reset = tree::has_token(&zone, K::DEFAULT_KW) || tree::has_token(&zone, K::LOCAL_KW);
        return match zone.children().next() {
            Some(value) if !reset => one("timezone", parts::config_value(&value)),
            _ => StatementKind::Set { local, setting: SettingAction::Reset("timezone".to_owned()) },
        };
    }
    match tree::child(node, K::SET_XML_OPTION) {
        Some(option) => {
            one("xmloption", cx::words(&option).last().map(|word| word.text().to_lowercase()).unwrap_or_default())
        }
        None => StatementKind::Opaque("SET"),
    }
}

/// `SET role = x` is `SET ROLE x`, and so for the session's user.
fn configured(local: bool, setting: SettingAction) -> StatementKind {
    let (name, value) = match &setting {
        SettingAction::Set { name, values } => (name.as_str(), values.first().cloned()),
        SettingAction::Reset(name) => (name.as_str(), None),
        SettingAction::FromCurrent(_) => return StatementKind::Set { local, setting },
    };
    match name {
        "role" => StatementKind::SetRole { local, role: value.filter(|role| role != "none") },
        "session_authorization" => StatementKind::SetSessionAuthorization { local, role: value },
        _ => StatementKind::Set { local, setting },
    }
}

pub(super) fn reset(node: &SyntaxNode) -> StatementKind {
    let name = if has(node, K::ALL) {
        "all".to_owned()
    } else if has(node, K::RESET_TIME_ZONE) {
        "timezone".to_owned()
    } else if has(node, K::RESET_TRANSACTION_ISOLATION) {
        "transaction_isolation".to_owned()
    } else {
        parts::parameter(node)
    };
    configured(false, SettingAction::Reset(name))
}

pub(super) fn set_role(node: &SyntaxNode) -> StatementKind {
    StatementKind::SetRole { local: is_local(node), role: assumed(node) }
}

pub(super) fn set_session_authorization(node: &SyntaxNode) -> StatementKind {
    StatementKind::SetSessionAuthorization { local: is_local(node), role: assumed(node) }
}

/// The role a session turns into; `None` where it turns back.
fn assumed(node: &SyntaxNode) -> Option<String> {
    if has(node, K::SET_ROLE_NONE) || has(node, K::SET_SESSION_AUTH_DEFAULT) {
        return None;
    }
    let name = string(node).or_else(|| {
        tree::child(node, K::ROLE_REF).map(|role| cx::words(&role).last().map(|_| cx::ident(&role)).unwrap_or_default())
    });
    name.filter(|name| name != "none")
}

pub(super) fn transaction(node: &SyntaxNode) -> StatementKind {
    let chain = has(node, K::AND_CHAIN);
    StatementKind::Transaction(match node.kind() {
        K::BEGIN => Transaction::Begin,
        K::COMMIT_TRANSACTION => Transaction::Commit { chain },
        K::ROLLBACK_TRANSACTION => Transaction::Rollback { chain },
        K::SAVEPOINT_CREATE => Transaction::Savepoint(ident(node, K::SAVEPOINT)),
        K::RELEASE_SAVEPOINT => Transaction::Release(ident(node, K::SAVEPOINT_REF)),
        K::ROLLBACK_TO_SAVEPOINT => Transaction::RollbackTo(ident(node, K::SAVEPOINT_REF)),
        _ => Transaction::Other,
    })
}
