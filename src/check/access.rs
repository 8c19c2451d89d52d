//! Checks on who can reach what: each looks at verdicts, not at shapes.

use std::collections::{BTreeMap, BTreeSet};

use super::Model;
use super::code::{Check, Judged, Violation};
use crate::access::{Command, Indirect, Row, Verdict, contract, render};
use crate::catalog::{ConstraintRule, ObjectKind, ObjectRef, Origin, PUBLIC, QualifiedName};
use crate::rule::{Param, Rule};

/// All of them.
pub(super) static CHECKS: &[Check] = &[
    check("access-contract", breaches),
    check("access-contract-unmatched", unmatched),
    check("access-child-bypass", child_bypass),
    check("access-policy-fails", policy_fails),
    check("access-policy-reads-writable", reads_writable),
    check("access-policy-to-bypassrls", policy_to_bypassrls),
    check("access-member-can-bypass", member_can_bypass),
    check("access-definer-reach", definer_reach),
    check("access-realtime-without-rls", realtime_without_rls),
    check("access-fk-oracle", fk_oracle),
    check("access-pii", pii),
];

const fn check(name: &'static str, run: fn(&Model<'_>, &Rule) -> Judged) -> Check {
    Check { name, run, knows: None }
}

fn judged(looked_at: usize, violations: Vec<Violation>) -> Judged {
    Judged { looked_at, violations, not_run: Vec::new() }
}

/// A violation about a cell, with its derivation.
fn about(row: &Row, message: String) -> Violation {
    Violation {
        object: ObjectRef::new(row.kind, &row.relation),
        location: row.place().cloned(),
        message: Some(message),
        discriminator: format!("{} {}", row.role, row.command.word()),
        detail: Some(render::explanation(row)),
    }
}

fn is_exposed(model: &Model<'_>, role: &str) -> bool {
    role == PUBLIC || model.config().exposed_roles.iter().any(|exposed| exposed == role)
}

fn is_anonymous(role: &str) -> bool {
    role == PUBLIC || role == "anon"
}

/// Rows by relation, role and command.
type Cells<'m> = BTreeMap<(&'m QualifiedName, &'m str, Command), &'m Row>;

fn cells<'m>(model: &'m Model<'_>) -> Cells<'m> {
    let rows = model.access_table().rows.iter();
    rows.map(|row| ((&row.relation, row.role.as_str(), row.command), row)).collect()
}

fn breaches(model: &Model<'_>, _: &Rule) -> Judged {
    let contract = &model.config().contract;
    if contract.is_empty() {
        return Judged::default();
    }
    let found = contract::judge(contract, model.access_table());
    let violations = found.breaches.iter().map(|breach| {
        let row = breach.row;
        let expected = format!("{} at {}:{}", breach.expected.word(), breach.by.at.file, breach.by.at.line);
        let what = format!("{} {} is {}", row.role, row.command.word(), row.verdict.word());
        let mut violation = about(row, format!("`{}`: {what}, the contract says {expected}", row.relation));
        violation.location = violation.location.or_else(|| Some(breach.by.at.clone()));
        violation
    });
    judged(found.looked_at, violations.collect())
}

fn unmatched(model: &Model<'_>, _: &Rule) -> Judged {
    let contract = &model.config().contract;
    if contract.is_empty() {
        return Judged::default();
    }
    let found = contract::judge(contract, model.access_table());
    let violations = found.unmatched.iter().map(|line| {
        let message = format!("the contract's `{}` for `{}` matches nothing", line.relation, line.role);
        let object = ObjectRef::new(ObjectKind::Other, &line.at.file);
        let discriminator = format!("{} {}", line.role, line.relation);
        Violation { discriminator, ..Violation::new(object, Some(line.at.clone()), message) }
    });
    judged(contract.len(), violations.collect())
}

fn openness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::None | Verdict::Denied => 0,
        Verdict::Rows => 1,
        Verdict::Unknown | Verdict::All => 2,
    }
}

/// A partition or inheritance child lets more through than the table whose rows it holds.
fn child_bypass(model: &Model<'_>, _: &Rule) -> Judged {
    let (cells, mut looked_at, mut violations) = (cells(model), 0, Vec::new());
    for row in model.access_table().rows.iter().filter(|row| row.verdict.is_open() && is_exposed(model, &row.role)) {
        let Some(relation) = model.catalog().relations.get(&row.relation) else { continue };
        for parent in &relation.parents {
            let Some(above) = cells.get(&(parent, row.role.as_str(), row.command)) else { continue };
            looked_at += 1;
            if openness(row.verdict) > openness(above.verdict) {
                let (command, role) = (row.command.word(), &row.role);
                let (own, through) = (row.verdict.word(), above.verdict.word());
                let message =
                    format!("`{}`: {role} {command} is {own} directly, {through} through `{parent}`", row.relation);
                violations.push(about(row, message));
            }
        }
    }
    judged(looked_at, violations)
}

/// A policy uses what the role it is for may not.
fn policy_fails(model: &Model<'_>, _: &Rule) -> Judged {
    let rows = model.access_table().rows.iter().filter(|row| row.kind == ObjectKind::Table && row.role != PUBLIC);
    let fails = |row: &&Row| {
        let last = row
            .derivation
            .last()
            .is_some_and(|step| step.text.contains("the statement fails") && !step.text.contains("infinite recursion"));
        row.verdict == Verdict::None && last && (!is_anonymous(&row.role) || another_lets_in(row))
    };
    let violations = rows.clone().filter(fails).map(|row| {
        let why = row.derivation.last().map(|step| step.text.clone()).unwrap_or_default();
        about(row, format!("`{}`: every {} by {} fails: {why}", row.relation, row.command.word(), row.role))
    });
    judged(rows.count(), violations.collect())
}

/// Besides the policy that fails, one lets the role in: without it nothing is lost that the role was meant to have.
fn another_lets_in(row: &Row) -> bool {
    let policy = |text: &str| text.split_once("`: ").map(|(name, _)| name.to_owned());
    let failing = row.derivation.last().and_then(|step| policy(&step.text));
    row.derivation.iter().rev().skip(1).any(|step| {
        let opens = step.text.contains(" depends on ") || step.text.contains(" is always true");
        step.text.starts_with("policy `") && opens && policy(&step.text) != failing
    })
}

/// A policy trusts a table that callers can fill as they like.
fn reads_writable(model: &Model<'_>, _: &Rule) -> Judged {
    let (cells, mut looked_at, mut violations) = (cells(model), 0, Vec::new());
    for (table, reads) in model.policy_reads() {
        for read in reads.iter().filter(|read| *read != table) {
            looked_at += 1;
            let writes = |role: &&String| {
                let all =
                    |command| cells.get(&(read, role.as_str(), command)).is_some_and(|row| row.verdict == Verdict::All);
                all(Command::Insert) || all(Command::Update)
            };
            let roles: Vec<&str> = model.config().exposed_roles.iter().filter(writes).map(String::as_str).collect();
            let relation = model.catalog().relations.get(table);
            if let (false, Some(relation)) = (roles.is_empty(), relation) {
                let who = roles.join(", ");
                let message =
                    format!("`{table}`: its policies trust `{read}`, which {who} can write without restriction");
                let object = ObjectRef::new(relation.kind, table);
                let at = relation.rls_enabled.at.clone().or_else(|| relation.provenance.defined.clone());
                violations.push(Violation { discriminator: read.to_string(), ..Violation::new(object, at, message) });
            }
        }
    }
    judged(looked_at, violations)
}

fn policy_to_bypassrls(model: &Model<'_>, _: &Rule) -> Judged {
    let (mut looked_at, mut violations) = (0, Vec::new());
    for (table, relation) in &model.catalog().relations {
        for (name, policy) in
            relation.policies.iter().filter(|(_, policy)| policy.provenance.origin != Origin::Platform)
        {
            looked_at += 1;
            let roles = policy.roles.get().map(Vec::as_slice).unwrap_or_default();
            let bypasses = |role: &&String| {
                let role = model.catalog().roles.get(*role);
                role.is_some_and(|role| role.bypass_rls.is(&true) || role.superuser.is(&true))
            };
            for role in roles.iter().filter(bypasses) {
                let message =
                    format!("`{table}` policy `{name}` is for `{role}`, which row level security does not hold");
                let object = ObjectRef::on(ObjectKind::Policy, table, name);
                let at = policy.roles.at.clone().or_else(|| policy.provenance.defined.clone());
                violations.push(Violation { discriminator: role.clone(), ..Violation::new(object, at, message) });
            }
        }
    }
    judged(looked_at, violations)
}

/// A role that can become one that nothing holds.
fn member_can_bypass(model: &Model<'_>, _: &Rule) -> Judged {
    let catalog = model.catalog();
    let own = catalog.roles.iter().filter(|(name, role)| {
        matches!(role.provenance.origin, Origin::Migration | Origin::Live)
            && !model.is_privileged(name)
            && *name != "authenticator"
            || model.config().exposed_roles.contains(name)
    });
    let own: Vec<_> = own.collect();
    let mut violations = Vec::new();
    for (name, role) in &own {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<(&str, Option<&crate::location::Location>)> = role
            .member_of
            .iter()
            .filter(|(_, membership)| membership.set)
            .map(|(group, membership)| (group.as_str(), membership.at.as_ref()))
            .collect();
        while let Some((group, at)) = open.pop() {
            if !seen.insert(group) {
                continue;
            }
            let Some(found) = catalog.roles.get(group) else { continue };
            if found.bypass_rls.is(&true) || found.superuser.is(&true) {
                let how = if found.superuser.is(&true) { "a superuser" } else { "BYPASSRLS" };
                let message =
                    format!("`{name}` can SET ROLE to `{group}`, which is {how}: row level security does not hold it");
                let object = ObjectRef::new(ObjectKind::Role, name);
                violations.push(Violation {
                    discriminator: group.to_owned(),
                    ..Violation::new(object, at.cloned(), message)
                });
            }
            open.extend(
                found.member_of.iter().filter(|(_, m)| m.set).map(|(next, m)| (next.as_str(), m.at.as_ref().or(at))),
            );
        }
    }
    judged(own.len(), violations)
}

/// A caller without a session reaches protected rows through a function: one violation for each function.
fn definer_reach(model: &Model<'_>, _: &Rule) -> Judged {
    let table = model.access_table();
    // Where there is an `anon`, it stands for callers without a session.
    let anonymous = if table.roles.iter().any(|role| role == "anon") { "anon" } else { PUBLIC };
    let ways = table.indirect.iter().filter(|way| way.role == anonymous && way.through.starts_with("function "));
    let protected = |name: &QualifiedName| {
        model.catalog().relations.get(name).is_some_and(|relation| !relation.rls_enabled.is(&false))
    };
    let mut by_function: BTreeMap<&str, Vec<&Indirect>> = BTreeMap::new();
    for way in ways.clone().filter(|way| way.bypasses_rls && !way.asks_caller && protected(&way.relation)) {
        by_function.entry(way.through.strip_prefix("function ").unwrap_or(&way.through)).or_default().push(way);
    }
    let violations = by_function.iter().map(|(function, ways)| {
        let message = format!("`{function}`: {anonymous} may call it, and past row level security it {}", deeds(ways));
        let at = ways.iter().flat_map(|way| way.derivation.iter().rev()).find_map(|step| step.at.clone());
        Violation::new(ObjectRef::new(ObjectKind::Function, *function), at, message)
    });
    judged(ways.count(), violations.collect())
}

/// ``reads `a`, `b` and updates `c` ``: at most so many of each are named.
fn deeds(ways: &[&Indirect]) -> String {
    const NAMED: usize = 3;
    let mut by_command: BTreeMap<Command, BTreeSet<String>> = BTreeMap::new();
    for way in ways {
        by_command.entry(way.command).or_default().insert(format!("`{}`", way.relation));
    }
    let deeds = by_command.iter().map(|(command, tables)| {
        let verb = if *command == Command::Select { "reads".to_owned() } else { format!("{}s", command.word()) };
        let named: Vec<&str> = tables.iter().take(NAMED).map(String::as_str).collect();
        let more = tables.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{verb} {}{more}", named.join(", "))
    });
    deeds.collect::<Vec<_>>().join("; ")
}

/// A table published to Realtime, and whoever may subscribe gets all of it.
fn realtime_without_rls(model: &Model<'_>, _: &Rule) -> Judged {
    let Some(publication) = model.catalog().publications.get("supabase_realtime") else { return Judged::default() };
    let (cells, mut looked_at, mut violations) = (cells(model), 0, Vec::new());
    for (name, relation) in &model.catalog().relations {
        let whole = publication.all_tables || publication.schemas.contains(&name.schema);
        let own = relation.kind == ObjectKind::Table && !model.config().system_schemas.contains(&name.schema);
        let at = match publication.tables.get(name) {
            Some(fact) => fact.at.clone(),
            None if whole && own => publication.provenance.defined.clone(),
            None => continue,
        };
        looked_at += 1;
        // Realtime asks for SELECT, too.
        let reads =
            |role: &&String| cells.get(&(name, role.as_str(), Command::Select)).is_none_or(|row| row.verdict.is_open());
        let readers: Vec<&str> = model.config().exposed_roles.iter().filter(reads).map(String::as_str).collect();
        if relation.rls_enabled.is(&false) && !readers.is_empty() {
            let who = readers.join(", ");
            let message = format!(
                "`{name}` is published to Realtime and has no row level security: {who} get every row that changes"
            );
            violations.push(Violation::new(ObjectRef::new(relation.kind, name), at, message));
        }
    }
    judged(looked_at, violations)
}

/// Inserting a reference tells whether a hidden row exists.
fn fk_oracle(model: &Model<'_>, _: &Rule) -> Judged {
    let (cells, mut judged) = (cells(model), Judged::default());
    for (table, relation) in &model.catalog().relations {
        for (name, constraint) in &relation.constraints {
            let ConstraintRule::ForeignKey { references, .. } = &constraint.kind else { continue };
            if references == table || relation.provenance.origin == Origin::Platform {
                continue;
            }
            judged.looked_at += 1;
            let outside = unreadable(model, &cells, references);
            let writing = |verdicts| writers(&cells, &outside, table, verdicts);
            let roles = writing(&[Verdict::Rows, Verdict::All]);
            if roles.is_empty() {
                if !relation.provenance.is_assumed() && !writing(&[Verdict::Unknown]).is_empty() {
                    judged.not_run.push(format!("who may write `{table}` cannot be told"));
                }
                continue;
            }
            let message = format!(
                "`{table}` constraint `{name}`: {} cannot read `{references}`, but learns by writing here which keys exist in it",
                roles.join(", ")
            );
            let object = ObjectRef::on(ObjectKind::Constraint, table, name);
            judged.violations.push(Violation::new(object, constraint.at.clone(), message));
        }
    }
    judged.not_run.sort();
    judged.not_run.dedup();
    judged
}

/// Exposed roles that get no row of a table.
fn unreadable<'m>(model: &'m Model<'_>, cells: &Cells<'_>, table: &QualifiedName) -> Vec<&'m str> {
    let hidden = |role: &&str| {
        let row = cells.get(&(table, *role, Command::Select));
        row.is_some_and(|row| matches!(row.verdict, Verdict::None | Verdict::Denied))
    };
    model.config().exposed_roles.iter().map(String::as_str).filter(hidden).collect()
}

/// Those of the roles whose inserts or updates have one of the verdicts.
fn writers<'r>(cells: &Cells<'_>, roles: &[&'r str], table: &QualifiedName, verdicts: &[Verdict]) -> Vec<&'r str> {
    let on =
        |role: &str, command| cells.get(&(table, role, command)).is_some_and(|row| verdicts.contains(&row.verdict));
    let writes = |role: &&&str| on(role, Command::Insert) || on(role, Command::Update);
    roles.iter().filter(writes).copied().collect()
}

/// Columns that say who somebody is, read by callers without a session.
fn pii(model: &Model<'_>, rule: &Rule) -> Judged {
    let names: BTreeSet<String> = match rule.params.get("columns") {
        Some(Param::Texts(names)) => names.iter().map(|name| name.to_lowercase()).collect(),
        _ => BTreeSet::new(),
    };
    let rows = model.access_table().rows.iter().filter(|row| {
        row.command == Command::Select && is_anonymous(&row.role) && model.is_exposed_schema(&row.relation.schema)
    });
    let mut violations = Vec::new();
    for row in rows.clone().filter(|row| row.verdict == Verdict::All) {
        let Some(relation) = model.catalog().relations.get(&row.relation) else { continue };
        let columns = relation.columns.iter().map(|column| &column.name);
        let read: Vec<&str> = columns
            .filter(|name| names.contains(&name.to_lowercase()) && (row.is_whole() || row.columns.contains(name)))
            .map(String::as_str)
            .collect();
        if !read.is_empty() {
            let message = format!("`{}`: {} reads {} of every row", row.relation, row.role, read.join(", "));
            violations.push(about(row, message));
        }
    }
    judged(rows.count(), violations)
}
