//! Reads SQL of which parts are unknown: what kind of statement it is, and what it may have changed.

use super::dynamic::everything;
use crate::catalog::{ObjectKind, QualifiedName};
use crate::migrations::eval::{Piece, parse_name};
use crate::migrations::host::Taint;
use crate::sql::ast::{
    DmlKind, Name, ObjectTarget, QueryBody, RelationAction, Statement, StatementKind, TriggerSelector,
};

/// Stands for an unknown part; no file is expected to use it.
const HOLE: &str = "gardefou_unknown";

/// What a template says.
pub(super) struct Reading {
    /// It can change something.
    pub(super) matters: bool,
    /// In words, after "dynamic SQL depends on …".
    pub(super) says: String,
    /// Facts that are no longer known.
    pub(super) taints: Vec<Taint>,
}

impl Reading {
    fn nothing() -> Self {
        Self { matters: false, says: String::new(), taints: Vec::new() }
    }

    fn of(says: impl Into<String>, taints: impl IntoIterator<Item = Taint>) -> Self {
        Self { matters: true, says: says.into(), taints: taints.into_iter().collect() }
    }
}

/// Reads `pieces` as one or more statements.
pub(super) fn read(pieces: &[Piece], path: &[String]) -> Reading {
    let known: usize = pieces
        .iter()
        .map(|piece| if let Piece::Known(text) | Piece::Spelled(text) = piece { text.trim().len() } else { 0 })
        .sum();
    if known == 0 {
        return everything();
    }
    let text = render(pieces);
    let Some(statements) = parse(&text) else { return by_words(&text, path) };
    let mut whole = Reading::nothing();
    for statement in &statements {
        let one = classify(statement, path);
        if one.matters {
            whole.says = if whole.matters { format!("{}; {}", whole.says, one.says) } else { one.says };
            whole.matters = true;
            whole.taints.extend(one.taints);
        }
    }
    whole
}

fn render(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Known(known) | Piece::Spelled(known) => text.push_str(known),
            Piece::Literal(_) => text.push_str(&format!("'{HOLE}_{at}'")),
            Piece::Ident(_) | Piece::Any(_) => text.push_str(&format!("{HOLE}_{at}")),
        }
    }
    text
}

/// The statements of `text`; `None` where one cannot be read.
fn parse(text: &str) -> Option<Vec<Statement>> {
    let parsed = crate::sql::parse_mapped(text, &crate::sql::ast::SourceMap::Verbatim(0));
    let statements = parsed.statements;
    (parsed.errors.is_empty() && !statements.is_empty()).then_some(statements)
}

/// What the first words say where the text is no SQL with its parts filled in.
fn by_words(text: &str, path: &[String]) -> Reading {
    let words = super::effects::words_in_order(text);
    let words: Vec<&str> = words.iter().map(String::as_str).take(3).collect();
    match words.as_slice() {
        ["grant" | "revoke", ..] => Reading::of("privileges may have changed", [Taint::Grants]),
        ["create" | "alter" | "drop", "policy", ..] => {
            let table = table_after_on(text, path);
            Reading::of(format!("policies of {} may have changed", called(table.as_ref())), [Taint::Policies(table)])
        }
        ["select" | "with", ..] => Reading::nothing(),
        ["comment" | "analyze" | "vacuum" | "reindex" | "refresh" | "notify" | "cluster", ..] => Reading::nothing(),
        ["insert" | "update" | "delete" | "copy", ..] => Reading::of("rows of a table may have changed", []),
        _ => everything(),
    }
}

/// The relation named after the first `on`, in a text that begins as the statement does.
fn table_after_on(text: &str, path: &[String]) -> Option<QualifiedName> {
    let at = text.to_ascii_lowercase().find(" on ")?;
    let rest = text.get(at + 4..)?.trim_start();
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ';' | '(')).unwrap_or(rest.len());
    relation(&parse_name(rest.get(..end)?)?, path)
}

/// The name is wholly known, or nothing is known of it.
fn relation(name: &Name, path: &[String]) -> Option<QualifiedName> {
    if is_hole(&name.name) || name.schema.as_deref().is_some_and(is_hole) {
        return None;
    }
    let schema = name.schema.clone().or_else(|| path.first().cloned())?;
    Some(QualifiedName::new(schema, name.name.clone()))
}

fn is_hole(name: &str) -> bool {
    name.contains(HOLE)
}

/// `` `public.t` ``, or in words what is not known.
fn called(name: Option<&QualifiedName>) -> String {
    name.map_or_else(|| "any table".to_owned(), |name| format!("`{name}`"))
}

/// Anything about a relation, or about all of its schema where only that is known.
fn anything(name: &Name, known: Option<QualifiedName>) -> Taint {
    match (known, &name.schema) {
        (Some(known), _) => Taint::Relation(known),
        (None, Some(schema)) if !is_hole(schema) => Taint::Schema(schema.clone()),
        (None, _) => Taint::Everything,
    }
}

fn classify(statement: &Statement, path: &[String]) -> Reading {
    use StatementKind as Kind;
    let policies = |table: &Name| {
        let table = relation(table, path);
        Reading::of(format!("policies of {} may have changed", called(table.as_ref())), [Taint::Policies(table)])
    };
    match &statement.kind {
        Kind::CreatePolicy(policy) => policies(&policy.table),
        Kind::AlterPolicy { table, .. } => policies(table),
        Kind::AlterRelation { name, actions, .. } => alter(name, actions, path),
        Kind::Drop { kind, targets, .. } => dropped(*kind, targets, path),
        Kind::Grant(_)
        | Kind::Revoke(_)
        | Kind::GrantRole { .. }
        | Kind::RevokeRole { .. }
        | Kind::AlterDefaultPrivileges(_)
        | Kind::ReassignOwned { .. } => Reading::of("privileges may have changed", [Taint::Grants]),
        Kind::AlterFunction { .. } => Reading::of("functions may have changed", [Taint::Functions]),
        Kind::CreateFunction(_) | Kind::CreateAggregate { .. } => {
            Reading::of("functions may have been created or replaced", [Taint::Functions])
        }
        Kind::CreateTable(table) => created("a table", &table.name),
        Kind::CreateTableAs { name, .. } => created("a table", name),
        Kind::CreateView(view) if view.or_replace => {
            let known = relation(&view.name, path);
            Reading::of(format!("{} may have been replaced", called(known.as_ref())), [anything(&view.name, known)])
        }
        Kind::CreateView(view) => created("a view", &view.name),
        Kind::CreateIndex(_) | Kind::CreateSequence { .. } | Kind::CreateType { .. } | Kind::CreateDomain { .. } => {
            Reading::of("an object may have been created", [])
        }
        Kind::CreateSchema { .. } => Reading::of("a schema may have been created", []),
        Kind::CreateRole { .. } => Reading::of("a role may have been created", []),
        Kind::CreateTrigger(trigger) => Reading::of(
            format!("a trigger may have been created on {}", called(relation(&trigger.table, path).as_ref())),
            [],
        ),
        Kind::AlterObject { .. } => Reading::of("an object may have been renamed or given away", []),
        Kind::AlterType { .. } | Kind::AlterDomain { .. } => Reading::of("a type may have changed", []),
        Kind::CreatePublication { .. } | Kind::AlterPublication { .. } => {
            Reading::of("a publication may have changed", [])
        }
        Kind::Dml(dml) => {
            let what = match dml.kind {
                DmlKind::Insert => "rows may have been inserted into",
                DmlKind::Update => "rows may have been updated in",
                DmlKind::Delete => "rows may have been deleted from",
                DmlKind::Merge => "rows may have been merged into",
            };
            Reading::of(format!("{what} {}", called(relation(&dml.table, path).as_ref())), [])
        }
        Kind::Truncate { .. } => Reading::of("a table may have been emptied", []),
        Kind::Select(query) if matches!(query.body, QueryBody::Unknown) => everything(),
        Kind::Select(query) if super::effects::calls_unknown(query) => {
            Reading::of("functions are called whose arguments are not known", [])
        }
        Kind::AlterRoleSetting { .. } | Kind::AlterRole { .. } => Reading::of("a role may have changed", []),
        Kind::Select(_)
        | Kind::Comment { .. }
        | Kind::RefreshView(_)
        | Kind::Copy(_)
        | Kind::NoEffect(_)
        | Kind::Transaction(_)
        | Kind::Explain { .. } => Reading::nothing(),
        _ => everything(),
    }
}

fn created(what: &str, name: &Name) -> Reading {
    let schema = name.schema.as_deref().filter(|schema| !is_hole(schema));
    let place = schema.map_or_else(String::new, |schema| format!(" in `{schema}`"));
    Reading::of(format!("{what} of unknown name may have been created{place}"), [])
}

fn alter(name: &Name, actions: &[RelationAction], path: &[String]) -> Reading {
    let known = relation(name, path);
    let table = called(known.as_ref());
    let mut whole = Reading::of(String::new(), []);
    for action in actions {
        let (says, taint) = match action {
            RelationAction::RowSecurity(_) | RelationAction::ForceRowSecurity(_) => {
                (format!("row security of {table} may have changed"), Some(Taint::RowSecurity(known.clone())))
            }
            RelationAction::AddColumn { .. } => (format!("a column may have been added to {table}"), None),
            RelationAction::AddConstraint(_)
            | RelationAction::DropConstraint { .. }
            | RelationAction::ValidateConstraint(_)
            | RelationAction::AlterConstraint { .. }
            | RelationAction::RenameConstraint { .. } => (format!("constraints of {table} may have changed"), None),
            RelationAction::ColumnDefault { .. }
            | RelationAction::ColumnNotNull { .. }
            | RelationAction::ColumnType { .. }
            | RelationAction::ColumnIdentity { .. }
            | RelationAction::ColumnGenerated { .. }
            | RelationAction::DropColumn { .. }
            | RelationAction::RenameColumn { .. } => (format!("columns of {table} may have changed"), None),
            RelationAction::Sequence(_) | RelationAction::Other => (format!("{table} may have changed"), None),
            RelationAction::Trigger { which, .. } => {
                let which = if matches!(which, TriggerSelector::Name(_)) { "a trigger" } else { "triggers" };
                (format!("{which} of {table} may have changed"), Some(anything(name, known.clone())))
            }
            _ => (format!("{table} may have changed"), Some(anything(name, known.clone()))),
        };
        if !whole.says.contains(&says) {
            whole.says = if whole.says.is_empty() { says } else { format!("{}; {says}", whole.says) };
        }
        whole.taints.extend(taint);
    }
    whole
}

fn dropped(kind: ObjectKind, targets: &[ObjectTarget], path: &[String]) -> Reading {
    let mut whole = Reading::of(format!("a {kind} of unknown name may have been dropped"), []);
    for target in targets {
        match target {
            ObjectTarget::OnTable { kind: ObjectKind::Policy, table, .. } => {
                let table = relation(table, path);
                whole.says = format!("policies of {} may have been dropped", called(table.as_ref()));
                whole.taints.push(Taint::Policies(table));
            }
            ObjectTarget::OnTable { table, .. } => {
                let known = relation(table, path);
                whole.says = format!("a {kind} on {} may have been dropped", called(known.as_ref()));
                whole.taints.push(anything(table, known));
            }
            ObjectTarget::Routine(_) => whole.taints.push(Taint::Functions),
            ObjectTarget::Named { kind, name } => match kind {
                ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                    whole.taints.push(anything(name, relation(name, path)));
                }
                ObjectKind::Schema | ObjectKind::Extension => whole.taints.push(Taint::Everything),
                _ => {}
            },
            ObjectTarget::Column { .. } | ObjectTarget::Other => {}
        }
    }
    whole
}
