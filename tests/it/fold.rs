//! What the fold makes of histories: net Changes, assumed objects, errors the server would raise, uncertainty.

use std::fmt::Write;

use gardefou::catalog::{Origin, Privilege};
use gardefou::coverage::CoverageKind;
use gardefou::migrations::{Change, History, Platform};

use crate::fold_vs_postgres::history;

fn change_line(change: &Change) -> String {
    let mut line = format!("{:?} {} @{}", change.kind, change.object, change.at.line);
    if let Some(from) = &change.renamed_from {
        let _ = write!(line, " from {from}");
    }
    if let Some(by) = &change.by {
        let _ = write!(line, " by {by}");
    }
    if change.conditional {
        line.push_str(" conditional");
    }
    line
}

/// Changes per file, then Coverage.
fn summary(history: &History) -> String {
    let mut out = String::new();
    for migration in &history.migrations {
        let _ = writeln!(out, "{}", migration.file.path);
        for change in &migration.changes {
            let _ = writeln!(out, "  {}", change_line(change));
        }
    }
    for entry in &history.coverage {
        let at = entry.location.as_ref().map_or(String::new(), |at| format!(" {}:{}", at.file, at.line));
        let _ = writeln!(out, "coverage {:?}{at}: {}", entry.kind, entry.message);
    }
    out
}

fn shown(files: &[(&str, &str)]) -> String {
    summary(&history(files, Platform::Supabase))
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../../snapshots/catalog", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn changes_are_net_effects() {
    let first = "create table t (id bigint primary key, a text, b text);
alter table t enable row level security;
create policy p on t for select to authenticated using (true);
create policy q on t using (a is not null);
create policy r on t using (a = b);
create function f() returns int language sql security definer set search_path = '' as 'select 1';
create view v with (security_invoker) as select a from t;
create table passing (id int);
drop table passing;";
    let second = "drop policy if exists p on t;
create policy p on t for select using (true);
create or replace function f() returns int language sql as 'select 2';
create or replace view v as select a from t;
alter table t drop column b cascade;
alter policy q on t to anon;
alter table t rename to u;
grant select on u to anon;
drop view v;
alter table u disable row level security;";
    let third = "drop table u cascade; create table u (id int);";
    snapshot("changes", &shown(&[("1.sql", first), ("2.sql", second), ("3.sql", third)]));
}

#[test]
fn what_was_never_created_is_assumed_once() {
    let text = "create policy p on public.tanks using (true);
alter table public.tanks enable row level security;
alter table public.tanks drop column secret;
drop policy other on tanks;
alter function public.f(uuid) security definer;
grant select on tanks to intern;
drop table elsewhere.gone;
drop table if exists never_there;
alter type mood add value 'sad';";
    snapshot("assumed", &shown(&[("1.sql", text)]));
}

/// Statements that ran before say that the table was there: `IF NOT EXISTS` then did nothing, and its columns, privileges
/// and row level security are those it had. Without `IF NOT EXISTS` they must have failed, and nothing protects it.
#[test]
fn a_table_used_before_it_is_created_may_have_been_there() {
    let before = "alter table public.tanks add column agent uuid;
revoke all on public.tanks from anon;
alter table public.tanks force row level security;
create policy p on public.tanks using (agent = auth.uid());
create index on public.tanks (site);";
    let history = |create: &str| history(&[("1.sql", before), ("2.sql", create)], Platform::Supabase);
    let there = history("create table if not exists public.tanks (id int primary key);");
    let created = history("create table public.tanks (id int primary key);");
    let message = |history: &History| {
        let said = history.coverage.iter().filter(|entry| entry.kind == CoverageKind::Assumed);
        said.map(|entry| entry.message.clone()).collect::<Vec<_>>()
    };
    let said = ["table public.tanks is used before the files create it (2.sql:1:1)"];
    assert_eq!(
        (message(&there), message(&created)),
        (said.map(str::to_owned).to_vec(), said.map(str::to_owned).to_vec())
    );
    let tanks = |history: &History| {
        let tanks = history.catalog.relations.values().find(|relation| relation.provenance.origin == Origin::Migration);
        let tanks = tanks.expect("one table");
        let columns: Vec<String> = tanks.columns.iter().map(|column| column.name.clone()).collect();
        (columns, tanks.columns_complete, tanks.acl.held("anon", Privilege::Select).is_some())
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(tanks(&there), (names(&["id", "agent", "site"]), false, false));
    assert_eq!(tanks(&created), (names(&["id"]), true, true));
    assert!(there.catalog.relations.values().any(|relation| relation.rls_forced.is(&true)));
    assert!(!created.catalog.relations.values().any(|relation| relation.rls_forced.is(&true)));
}

/// `IF EXISTS`, or a condition that could not be decided, is no sign that the table was there.
#[test]
fn a_statement_that_may_have_done_nothing_protects_no_table_created_later() {
    let guarded = "do $$ begin if (select count(*) from pg_stat_activity) > 3 then
        alter table public.tanks enable row level security; end if; end $$;";
    for before in ["alter table if exists public.tanks enable row level security;", guarded] {
        for (create, after, protected) in [
            ("create table public.tanks (id int);", "", false),
            ("create table if not exists public.tanks (id int);", "", false),
            (
                "create table if not exists public.tanks (id int);",
                "alter table public.tanks enable row level security;",
                true,
            ),
            (
                "create index on public.tanks (id); create table if not exists public.tanks (id int);",
                "",
                before != guarded,
            ),
        ] {
            let history = history(&[("1.sql", before), ("2.sql", create), ("3.sql", after)], Platform::Supabase);
            let tanks =
                history.catalog.relations.values().find(|relation| relation.provenance.origin == Origin::Migration);
            let enabled = &tanks.expect("one table").rls_enabled;
            assert_eq!(enabled.is(&true) && !enabled.conditional, protected, "{before} {create} {after}");
        }
    }
}

#[test]
fn what_the_server_would_refuse_is_said() {
    let text = "create table t (id int primary key);
create table t (other int);
create policy p on t using (id = 1);
create policy p on t using (true);
create view v as select id from t;
drop table t;
alter table t add column x int;
create type e as enum ('a');
create type e as enum ('b');";
    let history = history(&[("1.sql", text)], Platform::Postgres);
    snapshot("refused", &summary(&history));
}

#[test]
fn blocks_with_exception_arms_raise() {
    let text = "create type e as enum ('a');
do $$ begin create type e as enum ('b'); exception when duplicate_object then null; end $$;
create table t (id int);
do $$ begin
  alter table t add column x int;
  create table t (id int);
exception when others then
  alter table t enable row level security;
end $$;";
    let history = history(&[("1.sql", text)], Platform::Postgres);
    let relation = history.catalog.relations.values().next().expect("one table");
    assert_eq!(relation.columns.len(), 1, "the subtransaction was rolled back");
    assert!(relation.rls_enabled.is(&true), "the arm ran");
    assert!(history.coverage.is_empty(), "{:?}", history.coverage);
}

#[test]
fn an_undecided_drop_leaves_the_object_in_doubt() {
    let text = "create table t (id int);
create policy p on t using (true);
do $$ begin
  if (select count(*) from t) > 3 then drop policy p on t; alter table t enable row level security; end if;
end $$;";
    let history = history(&[("1.sql", text)], Platform::Postgres);
    let relation = history.catalog.relations.values().next().expect("one table");
    let policy = relation.policies.get("p").expect("still there");
    assert!(policy.provenance.conditional);
    assert!(relation.rls_enabled.conditional);
    assert!(history.coverage.iter().any(|entry| entry.kind.is_gap()));
}

#[test]
fn the_platform_is_recognised_and_said() {
    use gardefou::migrations::{FoldOptions, MigrationSet, fold};
    for (text, anon) in [
        ("create table t (id int);", false),
        ("create table t (id int); create policy p on t using (auth.uid() is not null);", true),
        ("create role anon; create table t (id int); create policy p on t to anon using (true);", false),
    ] {
        let set = MigrationSet { files: crate::fold_vs_postgres::files(&[("1.sql", text)]), ..MigrationSet::default() };
        let history = fold(&set, &FoldOptions::default());
        let table = history.catalog.relations.iter().find(|(name, _)| name.name == "t").expect("t").1;
        assert_eq!(table.acl.iter().any(|entry| entry.grantee == "anon"), anon, "{text}");
        assert!(history.coverage.iter().any(|entry| entry.message.starts_with("platform taken to be")), "{text}");
    }
}

#[test]
fn a_rolled_back_transaction_changes_nothing() {
    let text = "create table t (id int);
begin; alter table t enable row level security; create table u (id int); rollback;
begin; savepoint a; drop table t; rollback to a; create table w (id int); commit;
set local search_path to nowhere;";
    let history = history(&[("1.sql", text)], Platform::Postgres);
    let names: Vec<String> = history.catalog.relations.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["public.t", "public.w"]);
    assert!(history.catalog.relations.values().all(|relation| relation.rls_enabled.is(&false)));
}

#[test]
fn a_variable_may_stand_for_a_name() {
    let text = "create table t (id int);
grant select on t to :VISITOR;
create policy p on t to :\"visitor\" using (id = :id);
alter table t owner to :'owner';
select :'value';
insert into t values (:id);";
    let history = history(&[("1.sql", text)], Platform::Postgres);
    let table = &history.catalog.relations[&"public.t".parse().unwrap()];
    assert!(table.acl.held("_visitor", Privilege::Select).is_some(), "{:?}", table.acl);
    assert_eq!(table.policies["p"].roles.get().unwrap(), &["__visitor_"]);
    let said = history.coverage.iter().filter(|entry| entry.message.contains("stands for is not known"));
    let lines: Vec<u32> = said.map(|entry| entry.location.as_ref().unwrap().line.get()).collect();
    assert_eq!(lines, [2, 3, 3]);
    let errors: Vec<_> = history.migrations[0].syntax_errors.iter().map(|error| error.span.start).collect();
    assert_eq!(errors.len(), 1, "a text is no name: {errors:?}");
}
