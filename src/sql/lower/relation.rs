//! `ALTER TABLE`, `VIEW`, `INDEX`, `SEQUENCE` and their kin: one list of actions for all.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{AlterColumnOption, AlterTableAction, AstNode, TriggerTarget};

use super::parts::{self, cascade, has, ident, if_exists, name};
use super::{storage, table};
use crate::catalog::ObjectKind;
use crate::sql::ast::{Name, RelationAction, SequenceOptions, StatementKind, TriggerSelector, TriggerState};
use crate::sql::cx::Cx;
use crate::sql::tree;

type Action = RelationAction;

pub(super) fn alter(cx: &Cx, node: &SyntaxNode, kind: ObjectKind) -> StatementKind {
    if has(node, K::ALL_IN_TABLESPACE) {
        return StatementKind::NoEffect("ALTER TABLESPACE");
    }
    let target = tree::child(node, K::TABLE_RELATION_NAME);
    let name = match &target {
        Some(target) => parts::relation(cx, target),
        None => named(cx, node),
    };
    let only = target.is_some_and(|target| tree::has_token(&target, K::ONLY_KW));
    StatementKind::AlterRelation { kind, name, if_exists: if_exists(node), only, actions: actions(cx, node) }
}

fn named(cx: &Cx, node: &SyntaxNode) -> Name {
    let target = node.children().find(|child| matches!(child.kind(), K::VIEW_REF | K::INDEX_REF | K::SEQUENCE_REF));
    target.map_or_else(|| Name::bare(""), |target| cx.name(&target))
}

fn actions(cx: &Cx, node: &SyntaxNode) -> Vec<Action> {
    let mut actions: Vec<Action> = node.children().filter_map(|child| action(cx, &child)).collect();
    let options = storage::sequence_options(cx, node);
    if options != SequenceOptions::default() {
        actions.push(Action::Sequence(options));
    }
    actions
}

fn action(cx: &Cx, node: &SyntaxNode) -> Option<Action> {
    if let Some(action) = AlterTableAction::cast(node.clone()) {
        return Some(table_action(cx, node, &action));
    }
    Some(match node.kind() {
        K::VIEW_RENAME_TO => Action::Rename(ident(node, K::VIEW)),
        K::INDEX_RENAME_TO => Action::Rename(ident(node, K::INDEX)),
        K::SEQUENCE_RENAME_TO => Action::Rename(ident(node, K::SEQUENCE)),
        K::ALTER_VIEW_COLUMN => {
            let default = parts::expr_in(cx, node, K::SET_DEFAULT);
            Action::ColumnDefault { column: ident(node, K::COLUMN_NAME_REF), default }
        }
        K::ATTACH_INDEX_PARTITION => Action::AttachPartition(name(cx, node, K::INDEX_REF)),
        K::DEPENDS_ON_EXTENSION | K::NO_DEPENDS_ON_EXTENSION | K::ALTER_SET_STATISTICS => Action::Other,
        _ => return None,
    })
}

fn table_action(cx: &Cx, node: &SyntaxNode, action: &AlterTableAction) -> Action {
    use AlterTableAction as A;
    match action {
        A::AddColumn(_) => {
            Action::AddColumn { column: Box::new(table::column(cx, node)), if_not_exists: parts::if_not_exists(node) }
        }
        A::AddConstraint(_) => node
            .children()
            .find_map(|child| table::constraint(cx, &child, None))
            .map_or(Action::Other, |constraint| Action::AddConstraint(Box::new(constraint))),
        A::AlterColumn(_) => alter_column(cx, node),
        A::AttachPartition(_) => Action::AttachPartition(name(cx, node, K::TABLE_NAME_REF)),
        A::DetachPartition(_) => Action::DetachPartition(name(cx, node, K::TABLE_NAME_REF)),
        A::DisableRls(_) => Action::RowSecurity(false),
        A::EnableRls(_) => Action::RowSecurity(true),
        A::ForceRls(_) => Action::ForceRowSecurity(true),
        A::NoForceRls(_) => Action::ForceRowSecurity(false),
        A::DisableRule(_) => rule(node, TriggerState::Disabled),
        A::EnableRule(_) => rule(node, TriggerState::Origin),
        A::EnableAlwaysRule(_) => rule(node, TriggerState::Always),
        A::EnableReplicaRule(_) => rule(node, TriggerState::Replica),
        A::DisableTrigger(_) => trigger(node, TriggerState::Disabled),
        A::EnableTrigger(_) => trigger(node, TriggerState::Origin),
        A::EnableAlwaysTrigger(_) => trigger(node, TriggerState::Always),
        A::EnableReplicaTrigger(_) => trigger(node, TriggerState::Replica),
        A::DropColumn(_) => Action::DropColumn {
            name: ident(node, K::COLUMN_NAME_REF),
            if_exists: if_exists(node),
            cascade: cascade(node),
        },
        A::DropConstraint(_) => Action::DropConstraint {
            name: ident(node, K::CONSTRAINT_NAME_REF),
            if_exists: if_exists(node),
            cascade: cascade(node),
        },
        A::ValidateConstraint(_) => Action::ValidateConstraint(ident(node, K::CONSTRAINT_NAME_REF)),
        A::InheritTable(_) => Action::Inherit(name(cx, node, K::TABLE_NAME_REF)),
        A::NoInheritTable(_) => Action::NoInherit(name(cx, node, K::TABLE_NAME_REF)),
        A::OwnerTo(_) => Action::Owner(parts::role_in(node)),
        A::RenameColumn(_) => {
            Action::RenameColumn { from: ident(node, K::COLUMN_NAME_REF), to: ident(node, K::COLUMN_NAME) }
        }
        A::RenameConstraint(_) => {
            Action::RenameConstraint { from: ident(node, K::CONSTRAINT_NAME_REF), to: ident(node, K::CONSTRAINT_NAME) }
        }
        A::TableRenameTo(_) => Action::Rename(ident(node, K::TABLE_NAME)),
        A::SetSchema(_) => Action::SetSchema(ident(node, K::SCHEMA_REF)),
        A::SetOptions(_) => Action::SetOptions(parts::options(node)),
        A::ResetOptions(_) => Action::ResetOptions(parts::options(node).into_iter().map(|(name, _)| name).collect()),
        A::SetLogged(_) => Action::Logged(true),
        A::SetUnlogged(_) => Action::Logged(false),
        A::AlterConstraint(_) => {
            // Without a word about it a constraint that is altered is not deferrable.
            let deferrable = tree::child(node, K::DEFERRABLE_CONSTRAINT_OPTION).is_some()
                || tree::child(node, K::INITIALLY_DEFERRED_CONSTRAINT_OPTION).is_some();
            Action::AlterConstraint { name: ident(node, K::CONSTRAINT_NAME_REF), deferrable }
        }
        A::AlterOptionList(_)
        | A::ClusterOn(_)
        | A::MergePartitions(_)
        | A::NotOf(_)
        | A::OfType(_)
        | A::OptionItemList(_)
        | A::ReplicaIdentity(_)
        | A::SetAccessMethod(_)
        | A::SetTablespace(_)
        | A::SetWithoutCluster(_)
        | A::SetWithoutOids(_)
        | A::SplitPartition(_) => Action::Other,
    }
}

fn alter_column(cx: &Cx, node: &SyntaxNode) -> Action {
    use AlterColumnOption as O;
    let column = ident(node, K::COLUMN_NAME_REF);
    let Some(option) = node.children().find_map(O::cast) else { return Action::Other };
    let inner = option.syntax();
    let always = || inner.descendants().any(|part| part.kind() == K::GENERATED_ALWAYS);
    match &option {
        O::SetType(_) => Action::ColumnType { column, ty: parts::ty_or_unknown(inner) },
        O::SetDefault(_) => Action::ColumnDefault { column, default: parts::expr(cx, inner) },
        O::DropDefault(_) => Action::ColumnDefault { column, default: None },
        O::SetNotNull(_) => Action::ColumnNotNull { column, not_null: true },
        O::DropNotNull(_) => Action::ColumnNotNull { column, not_null: false },
        O::AddGenerated(_) | O::SetGenerated(_) => Action::ColumnIdentity { column, identity: Some(always()) },
        O::SetGeneratedOptions(_) if inner.descendants().any(|part| part.kind() == K::SET_GENERATED) => {
            Action::ColumnIdentity { column, identity: Some(always()) }
        }
        O::DropIdentity(_) => Action::ColumnIdentity { column, identity: None },
        O::SetExpression(_) => Action::ColumnGenerated { column, generated: parts::expr(cx, inner) },
        O::DropExpression(_) => Action::ColumnGenerated { column, generated: None },
        O::Inherit(_)
        | O::NoInherit(_)
        | O::ResetOptions(_)
        | O::Restart(_)
        | O::SetCompression(_)
        | O::SetGeneratedOptions(_)
        | O::SetOptions(_)
        | O::SetOptionsList(_)
        | O::SetSequenceOption(_)
        | O::SetStatistics(_)
        | O::SetStorage(_) => Action::Other,
    }
}

fn rule(node: &SyntaxNode, state: TriggerState) -> Action {
    Action::Rule { name: ident(node, K::RULE_REF), state }
}

fn trigger(node: &SyntaxNode, state: TriggerState) -> Action {
    let which = match node.children().find_map(TriggerTarget::cast) {
        Some(TriggerTarget::All(_)) => TriggerSelector::All,
        Some(TriggerTarget::User(_)) => TriggerSelector::User,
        Some(TriggerTarget::TriggerRef(name)) => TriggerSelector::Name(crate::sql::cx::ident(name.syntax())),
        None => TriggerSelector::All,
    };
    Action::Trigger { which, state }
}
