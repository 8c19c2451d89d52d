//! Policies, triggers and rules: what hangs on a table.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{AstNode, Stmt};

use super::parts::{self, has, ident, name};
use super::routine;
use crate::catalog::ObjectKind;
use crate::sql::ast::{
    CreatePolicy, CreateRule, CreateTrigger, Name, ObjectAction, ObjectTarget, PolicyCommand, RoleSpec, Statement,
    StatementKind, TriggerState,
};
use crate::sql::cx::{self, Cx};
use crate::sql::tree;

/// The table of an `ON table` clause.
pub(super) fn on_table(cx: &Cx, node: &SyntaxNode) -> Name {
    let clause = node.children().find(|child| matches!(child.kind(), K::ON_TABLE | K::ON_RELATION));
    parts::relation(cx, clause.as_ref().unwrap_or(node))
}

pub(super) fn create_policy(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let permissive = tree::child(node, K::AS_POLICY_TYPE).and_then(|clause| cx::words(&clause).nth(1));
    StatementKind::CreatePolicy(Box::new(CreatePolicy {
        name: ident(node, K::POLICY),
        table: on_table(cx, node),
        permissive: permissive.is_none_or(|word| !word.text().eq_ignore_ascii_case("restrictive")),
        command: tree::child(node, K::POLICY_COMMAND).map(|clause| command(&clause)).unwrap_or_default(),
        roles: roles(node),
        using: parts::expr_in(cx, node, K::USING_EXPR_CLAUSE),
        check: parts::expr_in(cx, node, K::WITH_CHECK_EXPR_CLAUSE),
    }))
}

fn command(clause: &SyntaxNode) -> PolicyCommand {
    match clause.children().next().map(|command| command.kind()) {
        Some(K::POLICY_COMMAND_SELECT) => PolicyCommand::Select,
        Some(K::POLICY_COMMAND_INSERT) => PolicyCommand::Insert,
        Some(K::POLICY_COMMAND_UPDATE) => PolicyCommand::Update,
        Some(K::POLICY_COMMAND_DELETE) => PolicyCommand::Delete,
        _ => PolicyCommand::All,
    }
}

fn roles(node: &SyntaxNode) -> Option<Vec<RoleSpec>> {
    tree::child(node, K::POLICY_ROLES).map(|clause| parts::roles(&clause))
}

pub(super) fn alter_policy(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let (name, table) = (ident(node, K::POLICY_REF), on_table(cx, node));
    if let Some(rename) = tree::child(node, K::POLICY_RENAME_TO) {
        let target = ObjectTarget::OnTable { kind: ObjectKind::Policy, name, table };
        let action = ObjectAction::Rename(ident(&rename, K::POLICY));
        return StatementKind::AlterObject { target, if_exists: false, action };
    }
    let action = tree::child(node, K::ALTER_POLICY_TO).unwrap_or_else(|| node.clone());
    StatementKind::AlterPolicy {
        name,
        table,
        roles: roles(&action),
        using: parts::expr_in(cx, &action, K::USING_EXPR_CLAUSE),
        check: parts::expr_in(cx, &action, K::WITH_CHECK_EXPR_CLAUSE),
    }
}

pub(super) fn create_trigger(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let timing = node.children().find_map(|child| match child.kind() {
        K::TIMING_BEFORE => Some("before"),
        K::TIMING_AFTER => Some("after"),
        K::TIMING_INSTEAD_OF => Some("instead of"),
        _ => None,
    });
    let events = tree::child(node, K::TRIGGER_EVENT_LIST);
    let events: Vec<SyntaxNode> = events.iter().flat_map(SyntaxNode::children).collect();
    let (function, args) = routine::executed(cx, node);
    StatementKind::CreateTrigger(Box::new(CreateTrigger {
        name: ident(node, K::TRIGGER),
        or_replace: parts::or_replace(node),
        constraint: tree::has_token(node, K::CONSTRAINT_KW),
        table: on_table(cx, node),
        timing: timing.unwrap_or("after").to_owned(),
        events: sorted_events(&events),
        columns: events.iter().flat_map(|event| parts::idents(event, K::COLUMN_NAME_REF)).collect(),
        row: has(node, K::FOR_EACH_ROW),
        when: parts::expr_in(cx, node, K::WHEN_CONDITION),
        function,
        args,
    }))
}

fn sorted_events(events: &[SyntaxNode]) -> Vec<String> {
    let order = [
        (K::TRIGGER_EVENT_INSERT, "insert"),
        (K::TRIGGER_EVENT_UPDATE, "update"),
        (K::TRIGGER_EVENT_DELETE, "delete"),
        (K::TRIGGER_EVENT_TRUNCATE, "truncate"),
    ];
    let present = order.into_iter().filter(|(kind, _)| events.iter().any(|event| event.kind() == *kind));
    present.map(|(_, event)| event.to_owned()).collect()
}

pub(super) fn create_event_trigger(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let clause = tree::child(node, K::EVENT_TRIGGER_WHEN_CLAUSE);
    let conditions = clause.iter().flat_map(SyntaxNode::descendants);
    let tags = conditions.filter(|inner| inner.kind() == K::LITERAL).filter_map(|literal| cx::string(&literal));
    StatementKind::CreateEventTrigger {
        name: ident(node, K::EVENT_TRIGGER),
        event: ident(node, K::EVENT_TRIGGER_EVENT),
        tags: tags.collect(),
        function: routine::executed(cx, node).0,
    }
}

pub(super) fn alter_event_trigger(node: &SyntaxNode) -> StatementKind {
    let name = ident(node, K::EVENT_TRIGGER_REF);
    let state = node.children().find_map(|child| match child.kind() {
        K::ENABLE => Some(TriggerState::Origin),
        K::ENABLE_ALWAYS => Some(TriggerState::Always),
        K::ENABLE_REPLICA => Some(TriggerState::Replica),
        K::DISABLE => Some(TriggerState::Disabled),
        _ => None,
    });
    match state {
        Some(enabled) => StatementKind::AlterEventTrigger { name, enabled },
        None => {
            let target = ObjectTarget::Named { kind: ObjectKind::EventTrigger, name: Name::bare(name) };
            StatementKind::AlterObject { target, if_exists: false, action: super::object::action(node) }
        }
    }
}

pub(super) fn create_rule(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let on = tree::child(node, K::RULE_ON).unwrap_or_else(|| node.clone());
    let does = tree::child(node, K::RULE_DO).unwrap_or_else(|| node.clone());
    StatementKind::CreateRule(Box::new(CreateRule {
        name: ident(node, K::RULE),
        or_replace: parts::or_replace(node),
        table: name(cx, &on, K::RELATION_NAME_REF),
        event: ident(&on, K::RULE_EVENT),
        instead: tree::has_token(&does, K::INSTEAD_KW),
        filter: parts::expr_in(cx, &on, K::WHERE_CLAUSE),
        commands: commands(cx, &does),
    }))
}

fn commands(cx: &Cx, does: &SyntaxNode) -> Vec<Statement> {
    let list = tree::child(does, K::RULE_STMT_LIST);
    let commands = list.as_ref().unwrap_or(does).children().filter_map(Stmt::cast);
    commands.filter(|stmt| !matches!(stmt, Stmt::EmptyStmt(_))).map(|stmt| super::nested(cx, &stmt)).collect()
}
