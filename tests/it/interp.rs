//! PL/pgSQL run against the fold. PostgreSQL is the judge: every case is applied to an empty database too, and every
//! fact must agree.

#![allow(clippy::panic, clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use gardefou::coverage::CoverageKind;
use gardefou::migrations::{History, Platform};

use postgres::SimpleQueryMessage;

use crate::facts;
use crate::fold_vs_postgres::history;
use crate::support::pg::{fresh_database, older};

mod cases;

use cases::{CASES, GAPS};

/// What every case starts from.
const START: &str = "
do $$ begin
  if not exists (select from pg_roles where rolname = 'interp_anon') then create role interp_anon nologin; end if;
  if not exists (select 1 from pg_catalog.pg_roles where rolname = 'interp_user') then
    create role interp_user nologin;
  end if;
end $$;
create schema app;
create table tanks (id int primary key, name text not null, owner uuid);
create table stocks (id int primary key, tank int references tanks (id), volume numeric);
create table app.logs (id int, note text);
create view v_tanks as select id, name from tanks;
create function bump() returns trigger language plpgsql as $f$ begin return new; end $f$;
create function total(t int) returns numeric language sql security definer as 'select 1.0';
";

/// One idiom.
pub(crate) struct Case {
    /// What it is about.
    pub(crate) name: &'static str,
    /// Run after [`START`].
    pub(crate) sql: &'static str,
    /// Facts it must leave, as beginnings of lines.
    pub(crate) has: &'static [&'static str],
    /// Facts it must not leave.
    pub(crate) lacks: &'static [&'static str],
}

fn folded(sql: &str) -> History {
    let sql = format!("{START}\n{sql}");
    history(&[("1.sql", &sql)], Platform::Postgres)
}

fn gaps(history: &History) -> Vec<String> {
    let gaps = history.coverage.iter().filter(|entry| entry.kind.is_gap());
    gaps.map(|entry| format!("{:?}: {}", entry.kind, entry.message)).collect()
}

#[test]
fn idioms_have_their_effect_and_leave_no_gap() {
    let mut wrong = Vec::new();
    for case in CASES {
        let history = folded(case.sql);
        let lines = facts::lines(&history.catalog);
        let there = |start: &str| lines.iter().any(|line| line.starts_with(start));
        wrong.extend(case.has.iter().filter(|fact| !there(fact)).map(|fact| format!("{}: lacks {fact}", case.name)));
        wrong.extend(case.lacks.iter().filter(|fact| there(fact)).map(|fact| format!("{}: has {fact}", case.name)));
        wrong.extend(gaps(&history).into_iter().map(|gap| format!("{}: {gap}", case.name)));
        let conditional = history.migrations.iter().flat_map(|m| &m.changes).filter(|change| change.conditional);
        wrong.extend(conditional.map(|change| format!("{}: {} is conditional", case.name, change.object)));
        assert!(!case.has.is_empty() || !case.lacks.is_empty(), "{} checks nothing", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn idioms_do_what_postgresql_does() {
    let mut wrong = Vec::new();
    for case in CASES {
        let Some(mut database) = fresh_database() else { return };
        if older(&mut database, 15, "the public schema the fold starts from") {
            return;
        }
        if let Err(error) = database.batch_execute(&format!("{START}\n{}", case.sql)) {
            wrong.push(format!("{}: PostgreSQL refuses it: {error:?}", case.name));
            continue;
        }
        let messages = database.simple_query(include_str!("facts.sql")).expect("facts");
        let line = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(|line| line.trim_end().to_owned()),
            _ => None,
        };
        let server: BTreeSet<String> = messages.iter().filter_map(line).collect();
        let lines = facts::lines(&folded(case.sql).catalog);
        let folded: BTreeSet<String> = lines.iter().map(|line| line.trim_end().to_owned()).collect();
        wrong.extend(server.difference(&folded).map(|line| format!("{}: only the server has {line}", case.name)));
        wrong.extend(folded.difference(&server).map(|line| format!("{}: only the fold has {line}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What cannot be known is said, at its place, and nothing is claimed about it.
pub(crate) struct Gap {
    /// What it is about.
    pub(crate) name: &'static str,
    /// Run after [`START`].
    pub(crate) sql: &'static str,
    /// Kind and a part of the message of each gap, in order.
    pub(crate) says: &'static [(CoverageKind, &'static str)],
    /// Facts it must leave, as beginnings of lines; `?` is unknown.
    pub(crate) has: &'static [&'static str],
}

#[test]
fn what_is_not_known_is_said() {
    let mut wrong = Vec::new();
    for case in GAPS {
        let history = folded(case.sql);
        let said: Vec<_> = history.coverage.iter().filter(|entry| entry.kind.is_gap()).collect();
        let as_expected = said.len() == case.says.len()
            && said
                .iter()
                .zip(case.says)
                .all(|(entry, (kind, part))| entry.kind == *kind && entry.message.contains(part));
        if !as_expected {
            let said: Vec<String> = said.iter().map(|entry| format!("{:?}: {}", entry.kind, entry.message)).collect();
            wrong.push(format!("{}: says {said:#?}", case.name));
        }
        let lines = facts::lines(&history.catalog);
        let missing = case.has.iter().filter(|fact| !lines.iter().any(|line| line.starts_with(**fact)));
        wrong.extend(missing.map(|fact| format!("{}: lacks {fact}", case.name)));
        let placed = said.iter().all(|entry| entry.location.as_ref().is_some_and(|at| at.line.get() > 15));
        if !placed {
            wrong.push(format!("{}: a gap has no place in the block", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_policy_made_in_a_loop_stands_at_its_execute() {
    let sql = "do $$
declare t text;
begin
  foreach t in array array['tanks', 'stocks'] loop
    execute format('create policy %I on %I for select using (true)', t || '_read', t);
  end loop;
end $$;";
    let history = history(&[("1.sql", START), ("2.sql", sql)], Platform::Postgres);
    let relation = history.catalog.relations.values().find(|relation| relation.policies.contains_key("stocks_read"));
    let policy = relation.and_then(|relation| relation.policies.get("stocks_read")).expect("the policy");
    let at = policy.provenance.defined.as_ref().expect("a place");
    assert_eq!((at.file.as_ref(), at.line.get()), ("2.sql", 5));
    assert!(policy.using.get().is_some_and(|using| using.is_some()));
    assert_eq!((policy.roles_omitted, policy.provenance.conditional), (Some(true), false));
}

#[test]
fn a_guard_on_a_table_the_files_do_not_create_stays_open() {
    let sql = "alter table elsewhere enable row level security;
do $$ begin
  if not exists (select from information_schema.columns where table_name = 'elsewhere' and column_name = 'a') then
    alter table elsewhere add column a int;
  end if;
  if not exists (select from information_schema.columns where table_name = 'tanks' and column_name = 'name') then
    drop table tanks;
  end if;
end $$;";
    let history = history(&[("1.sql", START), ("2.sql", sql)], Platform::Postgres);
    let undecided: Vec<&str> = (history.coverage.iter())
        .filter(|entry| entry.kind == CoverageKind::Undecided)
        .map(|entry| entry.message.as_str())
        .collect();
    assert_eq!(undecided.len(), 1, "{undecided:?}");
    assert!(undecided.iter().all(|message| message.contains("public.elsewhere")), "{undecided:?}");
    assert!(facts::lines(&history.catalog).iter().any(|line| line.starts_with("relation public.tanks ")));
}

/// No body, however hostile, takes the fold down or keeps it busy.
#[test]
fn endless_bodies_come_to_an_end() {
    let nested = format!("do $$ begin {} null; {} end $$;", "if true then ".repeat(300), "end if; ".repeat(300));
    let sums = format!("do $$ declare n int; begin n := {}1; end $$;", "1 + ".repeat(20_000));
    let hostile = [
        "do $$ begin loop null; end loop; end $$;",
        "do $$ declare n int := 0; begin while n >= 0 loop n := n + 1; end loop; end $$;",
        "do $$ begin for i in 1..1000000000 loop execute 'select 1'; end loop; end $$;",
        "do $$ declare s text := 'x'; begin loop s := s || s; end loop; end $$;",
        "create function f() returns int language plpgsql as $f$ begin execute 'select f()'; return f(); end $f$; select f();",
        "create function g(n int) returns int language plpgsql as
           $f$ begin create table if not exists x (a int); perform g(n); return g(n + 1); end $f$;
         select g(1);",
        "do $$ begin execute null; end $$;",
        "do $$ begin end $$;",
        "do $$ this is no body $$;",
        "do $$ begin execute format('%I %s %L', 1); end $$;",
        &nested,
        &sums,
    ];
    for sql in hostile {
        let history = folded(sql);
        assert!(history.catalog.relations.len() >= 4, "{sql}");
    }
}
