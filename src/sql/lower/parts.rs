//! Pieces that many statements share: names, roles, flags, options and settings.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;

use crate::sql::ast::{Expr, Name, RoleSpec, SettingAction, TypeName, TypedColumn};
use crate::sql::cx::{self, Cx};
use crate::sql::lower_expr::Low;
use crate::sql::{lower_type, tree};

pub(super) fn has(node: &SyntaxNode, kind: K) -> bool {
    tree::child(node, kind).is_some()
}

pub(super) fn if_exists(node: &SyntaxNode) -> bool {
    has(node, K::IF_EXISTS)
}

pub(super) fn if_not_exists(node: &SyntaxNode) -> bool {
    has(node, K::IF_NOT_EXISTS)
}

pub(super) fn cascade(node: &SyntaxNode) -> bool {
    has(node, K::CASCADE) || tree::has_token(node, K::CASCADE_KW)
}

pub(super) fn or_replace(node: &SyntaxNode) -> bool {
    has(node, K::OR_REPLACE)
}

/// The identifier in the child of `kind`; empty where there is none.
pub(super) fn ident(node: &SyntaxNode, kind: K) -> String {
    opt_ident(node, kind).unwrap_or_default()
}

pub(super) fn opt_ident(node: &SyntaxNode, kind: K) -> Option<String> {
    tree::child(node, kind).map(|child| cx::ident(&child))
}

pub(super) fn idents(node: &SyntaxNode, kind: K) -> Vec<String> {
    tree::children_of(node, kind).map(|child| cx::ident(&child)).collect()
}

/// The possibly qualified name in the child of `kind`; empty where there is none.
pub(super) fn name(cx: &Cx, node: &SyntaxNode, kind: K) -> Name {
    tree::child(node, kind).map_or_else(|| Name::bare(""), |child| cx.name(&child))
}

pub(super) fn names(cx: &Cx, node: &SyntaxNode, kind: K) -> Vec<Name> {
    tree::children_of(node, kind).map(|child| cx.name(&child)).collect()
}

/// The name in `ONLY (t)`, `t *` or plain `t`.
pub(super) fn relation(cx: &Cx, node: &SyntaxNode) -> Name {
    let inner = node.children().find(|child| matches!(child.kind(), K::TABLE_NAME_REF | K::RELATION_NAME_REF));
    inner.map_or_else(|| Name::bare(""), |inner| cx.name(&inner))
}

/// The first expression directly in `node`.
pub(super) fn expr(cx: &Cx, node: &SyntaxNode) -> Option<Expr> {
    Low::new(cx).child_expr(node)
}

/// The first expression directly in the child of `kind`.
pub(super) fn expr_in(cx: &Cx, node: &SyntaxNode, kind: K) -> Option<Expr> {
    tree::child(node, kind).and_then(|child| expr(cx, &child))
}

/// The type spelled directly in `node`.
pub(super) fn ty(node: &SyntaxNode) -> Option<TypeName> {
    node.children().find(lower_type::is_type).map(|child| lower_type::of_node(&child))
}

/// A type where the grammar demands one.
pub(super) fn ty_or_unknown(node: &SyntaxNode) -> TypeName {
    ty(node).unwrap_or_else(|| lower_type::alias("unknown", Vec::new()))
}

/// `name type` with the name in a child of `kind`.
pub(super) fn typed_column(node: &SyntaxNode, kind: K) -> TypedColumn {
    TypedColumn { name: ident(node, kind), ty: ty_or_unknown(node) }
}

/// The string constant directly in `node`.
pub(super) fn string(node: &SyntaxNode) -> Option<String> {
    tree::child(node, K::LITERAL).and_then(|literal| cx::string(&literal))
}

pub(super) fn is_temporary(node: &SyntaxNode) -> bool {
    has(node, K::TEMP)
}

/// The role a `RoleRef`, `RoleNameRef` or `Role` node names. Quoted or not, `public` is everybody.
pub(super) fn role(node: &SyntaxNode) -> RoleSpec {
    let mut words = cx::words(node).filter(|token| token.kind() != K::GROUP_KW);
    match words.next().map(|token| token.kind()) {
        Some(K::CURRENT_USER_KW | K::CURRENT_ROLE_KW | K::USER_KW) => RoleSpec::CurrentUser,
        Some(K::SESSION_USER_KW) => RoleSpec::SessionUser,
        _ => role_named(role_name(node)),
    }
}

pub(super) fn role_named(name: String) -> RoleSpec {
    if name == "public" { RoleSpec::Public } else { RoleSpec::Name(name) }
}

fn role_name(node: &SyntaxNode) -> String {
    let inner = node.descendants().find(|inner| matches!(inner.kind(), K::ROLE_NAME_REF | K::ROLE));
    cx::ident(&inner.unwrap_or_else(|| node.clone()))
}

/// Roles named directly in `node` or in a list in it.
pub(super) fn roles(node: &SyntaxNode) -> Vec<RoleSpec> {
    let listed = tree::child(node, K::ROLE_REF_LIST);
    tree::children_of(listed.as_ref().unwrap_or(node), K::ROLE_REF).map(|child| role(&child)).collect()
}

/// The single role named in `node`.
pub(super) fn role_in(node: &SyntaxNode) -> RoleSpec {
    let inner = node.children().find(|child| matches!(child.kind(), K::ROLE_REF | K::ROLE));
    role(&inner.unwrap_or_else(|| node.clone()))
}

/// `(name = value, …)` in the `AttributeList` under `node`; a missing value is `true`.
pub(super) fn options(node: &SyntaxNode) -> Vec<(String, String)> {
    let list = node.descendants().find(|inner| inner.kind() == K::ATTRIBUTE_LIST);
    list.iter()
        .flat_map(|list| tree::children_of(list, K::ATTRIBUTE_OPTION))
        .map(|option| self::option(&option))
        .collect()
}

fn option(node: &SyntaxNode) -> (String, String) {
    let name = ident(node, K::ATTRIBUTE_NAME);
    let name = match opt_ident(node, K::ATTRIBUTE_NAMESPACE) {
        Some(namespace) => format!("{namespace}.{name}"),
        None => name,
    };
    let value = tree::child(node, K::ATTRIBUTE_VALUE)
        .or_else(|| node.children().find(|child| !matches!(child.kind(), K::ATTRIBUTE_NAME | K::ATTRIBUTE_NAMESPACE)));
    let value = match value {
        Some(value) => cx::string(&value).unwrap_or_else(|| cx::text(&value).to_lowercase()),
        None if tree::has_token(node, K::EQ) => bare_value(node),
        None => "true".to_owned(),
    };
    (name, value)
}

/// A value that is a keyword of its own.
fn bare_value(node: &SyntaxNode) -> String {
    let after = tree::tokens(node).skip_while(|token| token.kind() != K::EQ).nth(1);
    after.map_or_else(|| "true".to_owned(), |token| token.text().to_lowercase())
}

/// The name of a parameter, `a.b` where it is dotted.
pub(super) fn parameter(node: &SyntaxNode) -> String {
    tree::child(node, K::CONFIG_PARAMETER_REF).map(|name| cx::parts(&name).join(".").to_lowercase()).unwrap_or_default()
}

/// `name = values`, `name FROM CURRENT` or `name` reset, in a `SetConfigParam`, `SetConfig` or `ResetConfigParam`.
pub(super) fn setting(node: &SyntaxNode) -> SettingAction {
    let name = parameter(node);
    if tree::has_token(node, K::ALL_KW) {
        return SettingAction::Reset("all".to_owned());
    }
    if has(node, K::FROM_CURRENT) {
        return SettingAction::FromCurrent(name);
    }
    match tree::child(node, K::TO_CONFIG_VALUE) {
        Some(value) if !tree::has_token(&value, K::DEFAULT_KW) => {
            let values: Vec<String> = value.children().map(|child| config_value(&child)).collect();
            if is_default(&value) { SettingAction::Reset(name) } else { SettingAction::Set { name, values } }
        }
        _ => SettingAction::Reset(name),
    }
}

/// `DEFAULT`, which the parser may take for a constant.
fn is_default(node: &SyntaxNode) -> bool {
    let mut words = cx::words(node).skip_while(|token| matches!(token.kind(), K::TO_KW | K::EQ));
    words.next().is_some_and(|token| token.kind() == K::DEFAULT_KW)
}

/// One value of a `SET`: constants decoded, identifiers folded, the rest as written.
pub(super) fn config_value(node: &SyntaxNode) -> String {
    if let Some(text) = cx::string(node) {
        return text;
    }
    match node.kind() {
        K::CONFIG_VALUE_NAME => cx::ident(node),
        K::PREFIX_EXPR => cx::words(node).map(|token| token.text().to_owned()).collect(),
        _ => cx::text(node).to_lowercase(),
    }
}
