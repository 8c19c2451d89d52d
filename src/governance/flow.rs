//! The chain of tables that data goes through: it is whole, and nothing writes a later step around an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use super::history::writing;
use super::pattern;
use super::routine::Calls;
use super::sections::Flow;
use super::writes::{Written, statements};
use crate::catalog::{Catalog, ConstraintRule, ObjectKind, ObjectRef, Privilege, QualifiedName, Relation, Trigger};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::location::Location;
use crate::migrations::Migration;
use crate::rule::Rule;
use crate::sql::ast::{Name, PolicyCommand, RelationAction, StatementKind, TriggerSelector, TriggerState};

struct Chain<'a> {
    flow: &'a Flow,
    at: &'a Location,
    steps: Vec<QualifiedName>,
    /// Triggers on steps that write other steps: step, name, trigger, what they write.
    carriers: Vec<(QualifiedName, &'a String, &'a Trigger, BTreeSet<QualifiedName>)>,
}

impl<'a> Chain<'a> {
    fn new(model: &'a Model<'_>) -> Option<Self> {
        let placed = model.governance()?.sections.flow.as_ref()?;
        let steps: Vec<QualifiedName> = placed.value.steps.iter().map(|step| pattern::table(step)).collect();
        let catalog = model.catalog();
        let calls = Calls::of(catalog, &[], 0);
        let mut carriers = Vec::new();
        for step in &steps {
            let triggers = catalog.relations.get(step).into_iter().flat_map(|relation| &relation.triggers);
            for (name, trigger) in triggers {
                let mut writes = written_by(&calls, &trigger.function);
                writes.retain(|table| table != step && steps.contains(table));
                if !writes.is_empty() {
                    carriers.push((step.clone(), name, &**trigger, writes));
                }
            }
        }
        Some(Self { flow: &placed.value, at: &placed.at, steps, carriers })
    }

    /// Steps that triggers of other steps keep.
    fn kept(&self) -> BTreeSet<&QualifiedName> {
        self.carriers.iter().flat_map(|(_, _, _, writes)| writes).collect()
    }

    fn may_write(&self, name: &str) -> bool {
        self.flow.writers.iter().any(|writer| pattern::matches(writer, name))
    }
}

/// Tables a function writes, itself or through what it calls.
fn written_by(calls: &Calls<'_>, function: &QualifiedName) -> BTreeSet<QualifiedName> {
    let name = Name::qualified(function.schema.clone(), function.name.clone());
    calls.effects_of(&name).into_iter().map(|effect| effect.table).collect()
}

/// Steps that are not there, triggers that are off, neighbours nothing connects.
pub(super) fn broken(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(chain) = Chain::new(model) else { return Judged::default() };
    let catalog = model.catalog();
    let mut judged = Judged { looked_at: chain.steps.len(), ..Judged::default() };
    for step in chain.steps.iter().filter(|step| !catalog.relations.contains_key(*step)) {
        let message = format!("step `{step}` of the flow is not there");
        let object = ObjectRef::new(ObjectKind::Table, step);
        judged.violations.push(Violation::new(object, Some(chain.at.clone()), message));
    }
    for (step, name, trigger, writes) in &chain.carriers {
        if !matches!(trigger.enabled.get(), Some(TriggerState::Disabled | TriggerState::Replica)) {
            continue;
        }
        let carried: Vec<String> = writes.iter().map(|table| format!("`{table}`")).collect();
        let object = ObjectRef::on(ObjectKind::Trigger, step, name);
        let message = format!(
            "trigger `{}` carries the flow from `{step}` to {} and is disabled",
            object.name,
            carried.join(", ")
        );
        let at = trigger.enabled.at.clone().unwrap_or_else(|| chain.at.clone());
        judged.violations.push(Violation::new(object, Some(at), message));
    }
    for pair in chain.steps.windows(2) {
        let [before, after] = pair else { continue };
        let there = catalog.relations.contains_key(before) && catalog.relations.contains_key(after);
        if there && !connected(catalog, &chain, before, after) {
            let message = format!("nothing leads from `{before}` to `{after}`: no trigger, no foreign key");
            let object = ObjectRef::new(ObjectKind::Table, after);
            let mut violation = Violation::new(object, Some(chain.at.clone()), message);
            violation.discriminator = format!("after {before}");
            judged.violations.push(violation);
        }
    }
    judged
}

/// A trigger of one that writes the other, a foreign key between the two, or a table that both refer to through one.
fn connected(catalog: &Catalog, chain: &Chain<'_>, before: &QualifiedName, after: &QualifiedName) -> bool {
    let carried = chain.carriers.iter().any(|(step, _, _, writes)| {
        (step == before && writes.contains(after)) || (step == after && writes.contains(before))
    });
    carried || refers(catalog, after, before) || refers(catalog, before, after)
}

fn refers(catalog: &Catalog, from: &QualifiedName, to: &QualifiedName) -> bool {
    let constraints = catalog.relations.get(from).into_iter().flat_map(|relation| relation.constraints.values());
    constraints
        .into_iter()
        .any(|constraint| matches!(&constraint.kind, ConstraintRule::ForeignKey { references, .. } if references == to))
}

/// Statements that write a step triggers keep.
pub(super) fn bypassed(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(chain) = Chain::new(model) else { return Judged::default() };
    let kept = chain.kept();
    let mut judged = Judged { looked_at: kept.len(), ..Judged::default() };
    let files = writing(model).filter(|(migration, _)| !chain.may_write(&migration.file.path));
    for (migration, written) in files {
        let by_writer = |one: &Written| one.through.as_ref().is_some_and(|name| chain.may_write(name));
        for one in written.iter().filter(|one| kept.contains(&one.table) && !by_writer(one)) {
            let message = format!(
                "`{}` on `{}`{} goes around the flow: triggers keep that table",
                one.command,
                one.table,
                one.by()
            );
            judged.violations.push(bypass(migration, one, message));
        }
        for (one, how) in unseen(&chain, migration, written) {
            let message = format!("`{}` on `{}` goes around the flow: {how}", one.command, one.table);
            judged.violations.push(bypass(migration, one, message));
        }
    }
    judged
}

fn bypass(migration: &Migration, one: &Written, message: String) -> Violation {
    let mut violation = Violation::new(ObjectRef::new(ObjectKind::Table, &one.table), Some(one.at.clone()), message);
    violation.discriminator = format!("{} {}", migration.file.path, one.command);
    violation
}

/// Writes to a step whose triggers a file has switched off for the while.
fn unseen<'w>(chain: &Chain<'_>, migration: &Migration, written: &'w [Written]) -> Vec<(&'w Written, String)> {
    let carries = |table: &QualifiedName| chain.carriers.iter().any(|(step, ..)| step == table);
    let switches = switches(migration);
    let off = |one: &Written| {
        let before = switches.iter().filter(|switch| switch.at < one.at.span.start);
        let mut mine = before.filter(|switch| {
            let carrier =
                |trigger: &String| chain.carriers.iter().any(|(step, name, ..)| *step == one.table && *name == trigger);
            switch.table.as_ref().is_none_or(|name| *name == one.table.name)
                && switch.trigger.as_ref().is_none_or(carrier)
        });
        mine.next_back().filter(|switch| switch.off)
    };
    let writes = written.iter().filter(|one| carries(&one.table));
    let how = |switch: &Switch| match &switch.table {
        Some(_) => "its triggers are disabled here".to_owned(),
        None => "`session_replication_role` keeps its triggers from firing".to_owned(),
    };
    writes.filter_map(|one| Some((one, how(off(one)?)))).collect()
}

/// Triggers switched off or on: one or all of a table, or all of the session.
struct Switch {
    at: u32,
    table: Option<String>,
    trigger: Option<String>,
    off: bool,
}

fn switches(migration: &Migration) -> Vec<Switch> {
    let settings = migration.statements.iter().filter_map(|executed| {
        let (name, value) = executed.setting.as_ref()?;
        let off =
            !matches!(value.trim_matches('\'').to_ascii_lowercase().as_str(), "origin" | "local" | "default" | "");
        (name == "session_replication_role").then_some(Switch {
            at: executed.at.span.start,
            table: None,
            trigger: None,
            off,
        })
    });
    let mut found: Vec<Switch> = settings.collect();
    for statement in statements(migration) {
        let StatementKind::AlterRelation { name, actions, .. } = &statement.kind else { continue };
        found.extend(actions.iter().filter_map(|action| match action {
            RelationAction::Trigger { which, state } => Some(Switch {
                at: statement.span.start,
                table: Some(name.name.clone()),
                trigger: match which {
                    TriggerSelector::Name(trigger) => Some(trigger.clone()),
                    TriggerSelector::All | TriggerSelector::User => None,
                },
                off: matches!(state, TriggerState::Disabled | TriggerState::Replica),
            }),
            _ => None,
        }));
    }
    found.sort_by_key(|switch| switch.at);
    found
}

/// Roles that may write a step triggers keep.
pub(super) fn writable(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(chain) = Chain::new(model) else { return Judged::default() };
    let kept = chain.kept();
    let mut judged = Judged { looked_at: kept.len(), ..Judged::default() };
    for step in kept {
        let Some(relation) = model.catalog().relations.get(step) else { continue };
        judged.violations.extend(writers(model, &chain, step, relation));
    }
    judged
}

/// Roles other than the owner that may write a step directly.
fn writers(model: &Model<'_>, chain: &Chain<'_>, step: &QualifiedName, relation: &Relation) -> Vec<Violation> {
    let writes = [
        (Privilege::Insert, PolicyCommand::Insert),
        (Privilege::Update, PolicyCommand::Update),
        (Privilege::Delete, PolicyCommand::Delete),
    ];
    let mut roles: BTreeMap<&str, (Vec<&str>, Option<Location>)> = BTreeMap::new();
    for entry in relation.acl.iter() {
        let Some((privilege, command)) = writes.iter().find(|(privilege, _)| *privilege == entry.privilege) else {
            continue;
        };
        let own = relation.owner.is(&entry.grantee) || model.is_privileged(&entry.grantee);
        if own || chain.may_write(&entry.grantee) || !lets_through(relation, *command) {
            continue;
        }
        let known = roles.entry(&entry.grantee).or_default();
        known.0.push(privilege.sql());
        known.1 = known.1.take().or_else(|| entry.at.clone());
    }
    let violation = |(role, (privileges, at)): (&str, (Vec<&str>, Option<Location>))| {
        let message = format!(
            "role `{role}` may {} on `{step}` directly, around the flow: triggers keep that table",
            privileges.join(", ")
        );
        let at = at.or_else(|| relation.provenance.defined.clone()).unwrap_or_else(|| chain.at.clone());
        let mut violation = Violation::new(ObjectRef::new(ObjectKind::Table, step), Some(at), message);
        violation.discriminator = format!("granted to {role}");
        violation
    };
    roles.into_iter().map(violation).collect()
}

/// Whether row level security leaves anything of a privilege; where that is not known, it does.
fn lets_through(relation: &Relation, command: PolicyCommand) -> bool {
    if !relation.rls_enabled.is(&true) {
        return true;
    }
    let permits = |policy: &crate::catalog::Policy| {
        policy.permissive && (policy.command == command || policy.command == PolicyCommand::All)
    };
    relation.policies.values().any(|policy| permits(policy))
}
