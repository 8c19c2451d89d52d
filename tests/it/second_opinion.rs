//! An independent parser as oracle: wherever `sqlparser` accepts a statement, kind, names, roles and commands must be
//! the ones we read.

use std::path::{Path, PathBuf};

use gardefou::sql;
use gardefou::sql::ast as ours;
use sqlparser::ast as theirs;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// All SQL at hand: the example project, the examples of the built-in rules, the statements of our own tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["examples", "rules", "tests/it/sql"] {
        collect(&root.join(folder), &mut files);
    }
    let mut sources = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let name = file.display().to_string();
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("sql") if name.contains("tests") => {
                sources.extend(text.lines().map(|line| (name.clone(), line.to_owned())));
            }
            Some("sql") => sources.push((name, text)),
            // The server, and we, cut names at 63 bytes; the other parser keeps them whole.
            Some("yaml") if name.ends_with("identifier-too-long.yaml") => {}
            Some("yaml") => {
                let value: serde_json::Value = serde_saphyr::from_str(&text).expect("a rule");
                embedded(&value, &name, &mut sources);
            }
            _ => {}
        }
    }
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// Every `sql:` of a rule.
fn embedded(value: &serde_json::Value, name: &str, sources: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    serde_json::Value::String(text) if key == "sql" => sources.push((name.to_owned(), text.clone())),
                    _ => embedded(inner, name, sources),
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|inner| embedded(inner, name, sources)),
        _ => {}
    }
}

#[test]
fn another_parser_reads_the_same() {
    let (mut compared, mut differences) = (0, Vec::new());
    for (name, text) in sources() {
        for statement in sql::parse(&text).statements {
            let source = statement.span.slice(&text);
            let Ok(parsed) = Parser::parse_sql(&PostgreSqlDialect {}, source) else { continue };
            let [other] = parsed.as_slice() else { continue };
            let Some(expected) = their_fact(other) else { continue };
            compared += 1;
            let found = our_fact(&statement.kind);
            if found.as_deref() != Some(expected.as_str()) {
                differences.push(format!("{name}: {source}\n    theirs: {expected}\n    ours:   {found:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{} of {compared} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 300, "only {compared} statements were compared");
}

fn ident(ident: &theirs::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_ascii_lowercase() }
}

fn object(name: &theirs::ObjectName) -> String {
    let parts: Vec<String> = name.0.iter().filter_map(|part| part.as_ident()).map(ident).collect();
    parts.iter().skip(parts.len().saturating_sub(2)).cloned().collect::<Vec<_>>().join(".")
}

fn objects(names: &[theirs::ObjectName]) -> String {
    names.iter().map(object).collect::<Vec<_>>().join(",")
}

fn owners(owners: &[theirs::Owner]) -> String {
    let owner = |owner: &theirs::Owner| match owner {
        theirs::Owner::Ident(name) => ident(name),
        theirs::Owner::CurrentRole | theirs::Owner::CurrentUser => "CURRENT".to_owned(),
        theirs::Owner::SessionUser => "SESSION".to_owned(),
    };
    owners.iter().map(owner).collect::<Vec<_>>().join(",")
}

fn grantees(grantees: &[theirs::Grantee]) -> Option<String> {
    let mut names = Vec::new();
    for grantee in grantees {
        names.push(match (&grantee.grantee_type, &grantee.name) {
            (theirs::GranteesType::Public, _) => "public".to_owned(),
            (_, Some(theirs::GranteeName::ObjectName(name))) => match object(name).as_str() {
                "current_user" | "current_role" => "CURRENT".to_owned(),
                "session_user" => "SESSION".to_owned(),
                other => other.to_owned(),
            },
            _ => return None,
        });
    }
    Some(names.join(","))
}

fn grant_target(objects_named: &theirs::GrantObjects) -> Option<String> {
    use theirs::GrantObjects as O;
    Some(match objects_named {
        O::Tables(names) => format!("tables {}", objects(names)),
        O::Sequences(names) => format!("sequences {}", objects(names)),
        O::Schemas(names) => format!("schemas {}", objects(names)),
        O::AllTablesInSchema { schemas } => format!("all tables {}", objects(schemas)),
        O::AllSequencesInSchema { schemas } => format!("all sequences {}", objects(schemas)),
        O::AllFunctionsInSchema { schemas } => format!("all functions {}", objects(schemas)),
        _ => return None,
    })
}

fn actions(privileges: &theirs::Privileges) -> Option<usize> {
    match privileges {
        theirs::Privileges::All { .. } => Some(0),
        theirs::Privileges::Actions(actions) => Some(actions.len()),
    }
}

/// What their parser says, in one line; `None` for kinds that are not compared.
fn their_fact(statement: &theirs::Statement) -> Option<String> {
    use theirs::Statement as S;
    Some(match statement {
        S::CreatePolicy(policy) => {
            let permissive = !matches!(policy.policy_type, Some(theirs::CreatePolicyType::Restrictive));
            let command = policy.command.as_ref().map_or("ALL".to_owned(), ToString::to_string);
            let to = policy.to.as_ref().map_or("-".to_owned(), |to| owners(to));
            let (using, check) = (policy.using.is_some(), policy.with_check.is_some());
            let (name, table) = (ident(&policy.name), object(&policy.table_name));
            format!("create policy {name} {table} {permissive} {command} {to} {using} {check}")
        }
        S::AlterPolicy(policy) => {
            let (name, table) = (ident(&policy.name), object(&policy.table_name));
            match &policy.operation {
                theirs::AlterPolicyOperation::Rename { new_name } => {
                    format!("alter policy {name} {table} to {}", ident(new_name))
                }
                theirs::AlterPolicyOperation::Apply { to, using, with_check } => {
                    let to = to.as_ref().map_or("-".to_owned(), |to| owners(to));
                    format!("alter policy {name} {table} {to} {} {}", using.is_some(), with_check.is_some())
                }
            }
        }
        S::DropPolicy(policy) => {
            format!("drop policy {} {} {}", ident(&policy.name), object(&policy.table_name), policy.if_exists)
        }
        S::Grant(grant) => {
            let to = grantees(&grant.grantees)?;
            let on = grant_target(grant.objects.as_ref()?)?;
            format!("grant {} on {on} to {to} {}", actions(&grant.privileges)?, grant.with_grant_option)
        }
        S::Revoke(revoke) => {
            let from = grantees(&revoke.grantees)?;
            let on = grant_target(revoke.objects.as_ref()?)?;
            let only = revoke.grant_option_for;
            format!("revoke {} on {on} from {from} {only}", actions(&revoke.privileges)?)
        }
        S::CreateTable(table) if table.query.is_some() => format!("create table as {}", object(&table.name)),
        S::CreateTable(table) => {
            let columns: Vec<String> = table.columns.iter().map(column).collect();
            format!("create table {} {} {}", object(&table.name), table.if_not_exists, columns.join(","))
        }
        S::CreateView(view) => {
            format!("create view {} {} {}", object(&view.name), view.or_replace, view.materialized)
        }
        S::CreateIndex(index) => {
            let name = index.name.as_ref().map_or("-".to_owned(), object);
            let (table, keys) = (object(&index.table_name), index.columns.len());
            format!("create index {name} {table} {} {keys} {}", index.unique, index.predicate.is_some())
        }
        S::CreateTrigger(trigger) => {
            let body = trigger.exec_body.as_ref()?;
            let (name, table) = (object(&trigger.name), object(&trigger.table_name));
            format!("create trigger {name} {table} {} {}", object(&body.func_desc.name), trigger.or_replace)
        }
        S::CreateFunction(function) => {
            let args = function.args.as_ref().map_or(0, Vec::len);
            format!("create function {} {} {args}", object(&function.name), function.or_replace)
        }
        S::CreateExtension(extension) => {
            let schema = extension.schema.as_ref().map_or("-".to_owned(), ident);
            format!("create extension {} {schema} {}", ident(&extension.name), extension.if_not_exists)
        }
        S::CreateSchema { schema_name: theirs::SchemaName::Simple(name), if_not_exists, .. } => {
            format!("create schema {} {if_not_exists}", object(name))
        }
        S::CreateSequence { name, if_not_exists, .. } => format!("create sequence {} {if_not_exists}", object(name)),
        S::AlterTable(table) => {
            let operations = table.operations.iter().map(operation).collect::<Option<Vec<_>>>()?;
            format!("alter table {} {} {}", object(&table.name), table.only, operations.join(";"))
        }
        S::Drop { object_type, names, if_exists, cascade, .. } => {
            let kind = match object_type {
                theirs::ObjectType::User => "role".to_owned(),
                theirs::ObjectType::Collation | theirs::ObjectType::Database => return None,
                other => other.to_string().to_lowercase(),
            };
            format!("drop {kind} {} {if_exists} {cascade}", objects(names))
        }
        S::DropFunction(function) => {
            let names: Vec<String> = function.func_desc.iter().map(|function| object(&function.name)).collect();
            format!("drop function {} {}", names.join(","), function.if_exists)
        }
        S::DropTrigger(trigger) => {
            let table = trigger.table_name.as_ref().map_or("-".to_owned(), object);
            format!("drop trigger {} {table} {}", object(&trigger.trigger_name), trigger.if_exists)
        }
        S::Insert(insert) => match &insert.table {
            theirs::TableObject::TableName(name) => format!("insert {} {}", object(name), insert.columns.len()),
            _ => return None,
        },
        S::Delete(delete) => {
            let theirs::FromTable::WithFromKeyword(tables) = &delete.from else { return None };
            format!("delete {} {}", relation(&tables.first()?.relation)?, delete.selection.is_some())
        }
        S::Update(update) => {
            let assignments = update.assignments.len();
            format!("update {} {} {assignments}", relation(&update.table.relation)?, update.selection.is_some())
        }
        _ => return None,
    })
}

fn relation(factor: &theirs::TableFactor) -> Option<String> {
    match factor {
        theirs::TableFactor::Table { name, .. } => Some(object(name)),
        _ => None,
    }
}

fn column(column: &theirs::ColumnDef) -> String {
    let has = |wanted: fn(&theirs::ColumnOption) -> bool| column.options.iter().any(|option| wanted(&option.option));
    let not_null = has(|option| matches!(option, theirs::ColumnOption::NotNull));
    let default = has(|option| matches!(option, theirs::ColumnOption::Default(_)));
    let keys = column.options.iter().filter(|option| {
        use theirs::ColumnOption as O;
        matches!(option.option, O::PrimaryKey(_) | O::Unique(_) | O::ForeignKey(_) | O::Check(_))
    });
    format!("{}:{not_null}:{default}:{}", ident(&column.name), keys.count())
}

fn operation(operation: &theirs::AlterTableOperation) -> Option<String> {
    use theirs::AlterTableOperation as O;
    Some(match operation {
        O::EnableRowLevelSecurity => "rls true".to_owned(),
        O::DisableRowLevelSecurity => "rls false".to_owned(),
        O::ForceRowLevelSecurity => "force true".to_owned(),
        O::NoForceRowLevelSecurity => "force false".to_owned(),
        O::AddColumn { column_def, if_not_exists, .. } => format!("add {} {if_not_exists}", column(column_def)),
        O::RenameColumn { old_column_name, new_column_name } => {
            format!("rename {} {}", ident(old_column_name), ident(new_column_name))
        }
        O::DropConstraint { name, if_exists, .. } => format!("drop constraint {} {if_exists}", ident(name)),
        _ => return None,
    })
}

fn roles(roles: &[ours::RoleSpec]) -> String {
    let role = |role: &ours::RoleSpec| match role {
        ours::RoleSpec::Name(name) => name.clone(),
        ours::RoleSpec::Public => "public".to_owned(),
        ours::RoleSpec::CurrentUser => "CURRENT".to_owned(),
        ours::RoleSpec::SessionUser => "SESSION".to_owned(),
    };
    roles.iter().map(role).collect::<Vec<_>>().join(",")
}

fn name(name: &ours::Name) -> String {
    name.schema.iter().chain([&name.name]).cloned().collect::<Vec<_>>().join(".")
}

fn names(list: &[ours::Name]) -> String {
    list.iter().map(name).collect::<Vec<_>>().join(",")
}

fn our_target(target: &ours::GrantTarget) -> String {
    use ours::GrantTarget as T;
    match target {
        T::Tables(list) => format!("tables {}", names(list)),
        T::Sequences(list) => format!("sequences {}", names(list)),
        T::Schemas(list) => format!("schemas {}", list.join(",")),
        T::AllInSchema { kind, schemas } => format!("all {kind}s {}", schemas.join(",")),
        T::Routines(_) | T::Types(_) | T::Other(_) => "else".to_owned(),
    }
}

fn count(privileges: &[ours::PrivilegeSpec]) -> usize {
    if privileges.iter().any(|spec| spec.privilege.is_none()) { 0 } else { privileges.len() }
}

/// The same line from what we read.
fn our_fact(kind: &ours::StatementKind) -> Option<String> {
    use ours::StatementKind as S;
    Some(match kind {
        S::CreatePolicy(policy) => {
            let to = policy.roles.as_ref().map_or("-".to_owned(), |to| roles(to));
            let command = format!("{:?}", policy.command).to_uppercase();
            let (using, check) = (policy.using.is_some(), policy.check.is_some());
            let table = name(&policy.table);
            format!("create policy {} {table} {} {command} {to} {using} {check}", policy.name, policy.permissive)
        }
        S::AlterPolicy { name: policy, table, roles: to, using, check } => {
            let to = to.as_ref().map_or("-".to_owned(), |to| roles(to));
            format!("alter policy {policy} {} {to} {} {}", name(table), using.is_some(), check.is_some())
        }
        S::AlterObject {
            target: ours::ObjectTarget::OnTable { name: policy, table, .. },
            action: ours::ObjectAction::Rename(to),
            ..
        } => format!("alter policy {policy} {} to {to}", name(table)),
        S::Grant(grant) => {
            let (on, to) = (our_target(&grant.on), roles(&grant.to));
            format!("grant {} on {on} to {to} {}", count(&grant.privileges), grant.grant_option)
        }
        S::Revoke(revoke) => {
            let (on, from) = (our_target(&revoke.on), roles(&revoke.from));
            format!("revoke {} on {on} from {from} {}", count(&revoke.privileges), revoke.grant_option_only)
        }
        S::CreateTableAs { name: table, .. } => format!("create table as {}", name(table)),
        S::CreateTable(table) => {
            let columns: Vec<String> = table.columns.iter().map(our_column).collect();
            format!("create table {} {} {}", name(&table.name), table.if_not_exists, columns.join(","))
        }
        S::CreateView(view) => format!("create view {} {} {}", name(&view.name), view.or_replace, view.materialized),
        S::CreateIndex(index) => {
            let (table, keys) = (name(&index.table), index.keys.len());
            let own = index.name.clone().unwrap_or("-".to_owned());
            format!("create index {own} {table} {} {keys} {}", index.unique, index.filter.is_some())
        }
        S::CreateTrigger(trigger) => {
            let (table, function) = (name(&trigger.table), name(&trigger.function));
            format!("create trigger {} {table} {function} {}", trigger.name, trigger.or_replace)
        }
        S::CreateFunction(function) => {
            format!("create function {} {} {}", name(&function.name), function.or_replace, function.params.len())
        }
        S::CreateExtension { name, schema, if_not_exists, .. } => {
            format!("create extension {name} {} {if_not_exists}", schema.as_deref().unwrap_or("-"))
        }
        S::CreateSchema { name, if_not_exists, .. } => format!("create schema {} {if_not_exists}", name.as_ref()?),
        S::CreateSequence { name: own, if_not_exists, .. } => format!("create sequence {} {if_not_exists}", name(own)),
        S::AlterRelation { name: table, only, actions, .. } => {
            let operations: Vec<String> = actions.iter().map(our_operation).collect();
            format!("alter table {} {only} {}", name(table), operations.join(";"))
        }
        S::Drop { kind, targets, if_exists, cascade } => our_drop(*kind, targets, *if_exists, *cascade),
        S::Dml(dml) => {
            let table = name(&dml.table);
            match dml.kind {
                ours::DmlKind::Insert => format!("insert {table} {}", dml.columns.len()),
                ours::DmlKind::Delete => format!("delete {table} {}", dml.filter.is_some() || dml.current_of),
                ours::DmlKind::Update => {
                    format!("update {table} {} {}", dml.filter.is_some() || dml.current_of, dml.assignments.len())
                }
                ours::DmlKind::Merge => return None,
            }
        }
        _ => return None,
    })
}

fn our_drop(
    kind: gardefou::catalog::ObjectKind,
    targets: &[ours::ObjectTarget],
    if_exists: bool,
    cascade: bool,
) -> String {
    let named = |target: &ours::ObjectTarget| match target {
        ours::ObjectTarget::Named { name: own, .. } => name(own),
        ours::ObjectTarget::Routine(routine) => name(&routine.name),
        ours::ObjectTarget::OnTable { name: own, table, .. } => format!("{own} {}", name(table)),
        ours::ObjectTarget::Column { .. } | ours::ObjectTarget::Other => "else".to_owned(),
    };
    let list = targets.iter().map(named).collect::<Vec<_>>().join(",");
    match targets.first() {
        Some(ours::ObjectTarget::Named { .. }) => format!("drop {kind} {list} {if_exists} {cascade}"),
        _ => format!("drop {kind} {list} {if_exists}"),
    }
}

fn our_column(column: &ours::ColumnDef) -> String {
    let (keys, default) = (column.constraints.len(), column.default.is_some());
    format!("{}:{}:{default}:{keys}", column.name, column.not_null)
}

fn our_operation(action: &ours::RelationAction) -> String {
    use ours::RelationAction as A;
    match action {
        A::RowSecurity(on) => format!("rls {on}"),
        A::ForceRowSecurity(on) => format!("force {on}"),
        A::AddColumn { column, if_not_exists } => format!("add {} {if_not_exists}", our_column(column)),
        A::RenameColumn { from, to } => format!("rename {from} {to}"),
        A::DropConstraint { name, if_exists, .. } => format!("drop constraint {name} {if_exists}"),
        other => format!("{other:?}"),
    }
}
