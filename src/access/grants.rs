//! Privileges: what a role holds on schemas, relations, columns and routines, and by which grant.

use super::principal::Principal;
use super::{Access, Columns, Command, Judgement, Step, Touch, Verdict};
use crate::catalog::{AclEntry, Function, FunctionKey, ObjectKind, PUBLIC, Privilege, QualifiedName, Relation};

/// What is held of one privilege on a relation.
pub(super) struct Held<'e> {
    /// On the whole relation.
    pub(super) whole: Option<Step>,
    /// On single columns.
    pub(super) columns: Vec<(&'e str, &'e AclEntry)>,
    pub(super) assumptions: Vec<String>,
}

impl<'c> Access<'c> {
    /// Whether names in `schema` can be used; nothing where that goes without saying.
    pub(super) fn usage(&self, who: &Principal<'c>, schema: &str) -> Option<Judgement> {
        let found = self.catalog.schemas.get(schema)?;
        if who.is_superuser() || who.has("pg_read_all_data") || who.has("pg_write_all_data") {
            return None;
        }
        if let Some(entry) = best(who, found.acl.iter(), Privilege::Usage) {
            let mut usage = Judgement::default();
            if entry.conditional {
                usage.assume(format!("the grant of USAGE on schema `{schema}`, which may not run, does"));
            }
            return Some(usage);
        }
        if found.provenance.is_assumed() {
            let mut usage = Judgement::default();
            usage.assume(format!("{} may use schema `{schema}`, which the files do not create", who.label()));
            return Some(usage);
        }
        let text = format!("{} holds no USAGE on schema `{schema}`", who.label());
        Some(Judgement::of(Verdict::None, Step::new(text, None)))
    }

    /// What `who` holds on a relation for a command.
    pub(super) fn held<'e>(
        &self,
        who: &Principal<'c>,
        (name, relation): (&QualifiedName, &'e Relation),
        command: Command,
    ) -> Held<'e> {
        let privilege = command.privilege();
        let mut held = Held { whole: None, columns: Vec::new(), assumptions: Vec::new() };
        let predefined = if command.writes() { "pg_write_all_data" } else { "pg_read_all_data" };
        if who.is_superuser() {
            held.whole = Some(Step::new(format!("{} is a superuser", who.label()), who.attribute_at(true)));
        } else if who.has(predefined) {
            held.whole = Some(Step::new(format!("{} has the privileges of `{predefined}`", who.label()), None));
        } else if let Some(entry) = best(who, relation.acl.iter(), privilege) {
            held.whole = Some(grant_step(who, entry, name.to_string().as_str(), relation));
            if entry.conditional {
                held.assumptions.push(format!("the grant of {} on {name}, which may not run, does", privilege.sql()));
            }
        } else if relation.provenance.is_assumed() {
            self.platform_grant(who, (name, relation), privilege, &mut held);
        }
        if held.whole.is_none() {
            let columns = relation.columns.iter();
            held.columns = columns
                .filter_map(|column| Some((column.name.as_str(), best(who, column.acl.iter(), privilege)?)))
                .collect();
        }
        held
    }

    /// What a relation made outside the files was granted when it was made, unless the files take it away.
    fn platform_grant(
        &self,
        who: &Principal<'c>,
        (name, relation): (&QualifiedName, &Relation),
        privilege: Privilege,
        held: &mut Held<'_>,
    ) {
        let given = self.catalog.default_privileges.iter().filter(|defaults| {
            defaults.role == "postgres"
                && defaults.objects == ObjectKind::Table
                && defaults.schema.as_deref() == Some(&name.schema)
        });
        let kept = |entry: &&AclEntry| {
            !relation.revoked.iter().any(|(role, taken)| *role == entry.grantee && *taken == entry.privilege)
        };
        if let Some(entry) = best(who, given.flat_map(|defaults| defaults.acl.iter()).filter(kept), privilege) {
            let text = format!("`{}` holds {} on {name} by the platform's defaults", entry.grantee, privilege.sql());
            held.whole = Some(Step::new(text, None));
        }
        held.assumptions.push(format!("{name}, which the files do not create, has the platform's default grants"));
    }

    /// The privilege a command needs, on the columns it touches.
    pub(super) fn privilege(
        &self,
        who: &Principal<'c>,
        target: (&QualifiedName, &Relation),
        command: Command,
        touch: &Touch,
    ) -> Judgement {
        let (name, relation) = target;
        let held = self.held(who, target, command);
        let mut judgement = Judgement::default();
        judgement.assume_all(held.assumptions);
        judgement.assume_all(who.assumption());
        if let Some(step) = held.whole {
            judgement.derivation.push(step);
            return judgement;
        }
        let sql = command.privilege().sql();
        let granted: Vec<&str> = held.columns.iter().map(|(column, _)| *column).collect();
        let has = |column: &String| granted.contains(&column.as_str());
        let columns: Vec<&str> = match touch {
            Touch::Any => granted.clone(),
            Touch::All(sure, maybe) => {
                let missing = sure.iter().find(|column| !has(column));
                if let (false, Some(column)) = (granted.is_empty(), missing) {
                    let text = format!("{} holds no {sql} on column `{column}` of {name}", who.label());
                    return judgement.then(Judgement::of(Verdict::None, Step::new(text, None)));
                }
                if !granted.is_empty() && maybe.iter().any(|column| !has(column)) {
                    judgement.fragile = true;
                    judgement.assume(format!(
                        "the statement may also fail: it is not clear which columns of {name} are read"
                    ));
                }
                granted.clone()
            }
            Touch::Some(wanted) => granted.iter().copied().filter(|column| wanted.contains(*column)).collect(),
        };
        if columns.is_empty() {
            let text = format!("{} holds no {sql} on {name}", who.label());
            return judgement.then(Judgement::of(Verdict::None, Step::new(text, None)));
        }
        for (column, entry) in held.columns.iter().filter(|(column, _)| columns.contains(column)) {
            let on = format!("column {name}.{}", crate::sql::ast::quote_ident(column));
            judgement.derivation.push(grant_step(who, entry, &on, relation));
        }
        judgement.columns = Columns::Some(columns.into_iter().map(str::to_owned).collect());
        judgement
    }

    /// Whether `who` may call a routine; where its privileges are not known, it may.
    pub(super) fn may_call(&self, who: &Principal<'c>, key: &FunctionKey) -> bool {
        let Some(function) = self.catalog.functions.get(key) else { return true };
        who.is_superuser()
            || function.provenance.is_assumed()
            || best(who, function.acl.iter(), Privilege::Execute).is_some()
    }

    /// The grant by which `who` may call a routine.
    pub(super) fn execute_step(&self, who: &Principal<'c>, key: &FunctionKey, function: &Function) -> Option<Step> {
        if who.is_superuser() {
            return Some(Step::new(format!("{} is a superuser", who.label()), None));
        }
        let entry = best(who, function.acl.iter(), Privilege::Execute)?;
        let holder = holder(entry);
        let how = if entry.by_default { " by default privileges" } else { "" };
        Some(Step::new(format!("{holder} may call {key}{how}"), entry.at.as_ref()))
    }
}

/// The entry by which `who` holds a privilege: a sure one before a conditional one, its own before another's.
fn best<'e>(
    who: &Principal<'_>,
    entries: impl Iterator<Item = &'e AclEntry>,
    privilege: Privilege,
) -> Option<&'e AclEntry> {
    let held =
        entries.filter(|entry| entry.privilege == privilege && (entry.grantee == PUBLIC || who.has(&entry.grantee)));
    held.min_by_key(|entry| (entry.conditional, entry.grantee != who.name, entry.grantee != PUBLIC))
}

fn holder(entry: &AclEntry) -> String {
    if entry.grantee == PUBLIC { "PUBLIC".to_owned() } else { format!("`{}`", entry.grantee) }
}

fn grant_step(who: &Principal<'_>, entry: &AclEntry, on: &str, relation: &Relation) -> Step {
    let owner = relation.owner.get().is_some_and(|owner| *owner == entry.grantee && entry.at.is_none());
    let how = match (owner, entry.by_default) {
        (true, _) => " as its owner",
        (false, true) => " by default privileges",
        (false, false) => "",
    };
    let mut text = format!("{} holds {} on {on}{how}", holder(entry), entry.privilege.sql());
    let memberships = who.memberships(&entry.grantee);
    if let Some(first) = memberships.first() {
        text = format!("{}; {text}", first.text);
    }
    let at = entry.at.as_ref().or_else(|| memberships.first().and_then(|step| step.at.as_ref()));
    Step::new(text, at)
}
