//! The SQL rules offer: PostgreSQL runs it, and what it was offered for is gone.

use std::collections::{BTreeMap, BTreeSet};

use gardefou::check::{self, CheckConfig, CheckInput};
use gardefou::finding::Finding;
use gardefou::live::{self, LiveFacts, Server};
use gardefou::migrations::discover::in_memory;
use gardefou::migrations::{DefaultGrants, FoldOptions, Layout, Platform, fold};
use gardefou::rule::{self, Rule};
use postgres::{Client, GenericClient};

use crate::support::pg;

/// What goes otherwise, and why: rule, example, how what is said begins, reason.
const LEDGER: &[(&str, &str, &str, &str)] = &[
    (
        "access/table-in-graphql",
        "readable by default",
        "the server refuses the example: ",
        "a throwaway server has no pg_graphql; over migrations the fix is tried",
    ),
    ("access/view-in-graphql", "readable by default", "the server refuses the example: ", "the same"),
];

fn fixing() -> Vec<Rule> {
    rule::built_in().unwrap().iter().filter(|rule| rule.fix.is_some()).cloned().collect()
}

/// The files of an example; one where it has no `-- file:` lines.
fn files(sql: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut name = "0_example.sql".to_owned();
    for line in sql.lines() {
        match line.trim().strip_prefix("-- file:") {
            Some(next) => next.trim().trim_end_matches("(added)").trim().clone_into(&mut name),
            None => {
                let text: &mut String = files.entry(name.clone()).or_default();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    files
}

fn folded(files: &BTreeMap<String, String>, platform: Platform, rule: &Rule) -> Vec<Finding> {
    let options = FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) };
    let set = in_memory(&files.clone().into_iter().collect(), Layout::Plain);
    let history = fold(&set, &options);
    let (config, rules) = (CheckConfig::default(), [rule.clone()]);
    check::run(&CheckInput::of_history(&history, &rules, &config)).findings
}

/// What a rule finds in the database as it is.
fn found(client: &mut impl GenericClient, platform: Option<Platform>, rules: &[Rule]) -> Vec<Finding> {
    found_with(client, platform, rules, CheckConfig::default())
}

fn found_with(
    client: &mut impl GenericClient,
    platform: Option<Platform>,
    rules: &[Rule],
    mut config: CheckConfig,
) -> Vec<Finding> {
    client.batch_execute("set search_path to ''").unwrap();
    let mut transaction = client.transaction().unwrap();
    let mut catalog = live::introspect(&mut transaction).unwrap();
    let facts: LiveFacts = live::statistics(&mut transaction).unwrap().0;
    transaction.rollback().unwrap();
    let _ = live::prepare(&mut catalog, &Server::default(), platform, &mut config, crate::support::CONFIGURED);
    let input = CheckInput {
        catalog: &catalog,
        migrations: &[],
        coverage: &[],
        rules,
        config: &config,
        changed_only: false,
        before: None,
        live: Some(&facts),
    };
    check::run(&input).findings
}

fn prints(findings: &[Finding]) -> BTreeSet<String> {
    findings.iter().map(Finding::fingerprint).collect()
}

/// Distinct fixes, in order.
fn fixes(findings: &[Finding]) -> Vec<String> {
    let mut fixes: Vec<String> = Vec::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.clone()) {
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    fixes
}

fn still(before: &[Finding], after: &[Finding]) -> Vec<String> {
    let after = prints(after);
    before.iter().filter(|finding| after.contains(&finding.fingerprint())).map(|f| f.message.clone()).collect()
}

/// Applies an example, runs what is offered, and says what is wrong with that.
fn on_server(client: &mut Client, sql: &str, platform: Platform, rule: &Rule) -> Result<(), String> {
    let plain = |error: postgres::Error| live::connect::plain(&error);
    client.batch_execute("set search_path to \"$user\", public, extensions").unwrap();
    client.batch_execute(sql).map_err(|error| format!("the server refuses the example: {}", plain(error)))?;
    let history = rule.is_about_history();
    let before = match history {
        true => folded(&files(sql), platform, rule),
        false => found(client, Some(platform), std::slice::from_ref(rule)),
    };
    if before.is_empty() {
        return Err("nothing is found".to_owned());
    }
    client.batch_execute("set search_path to ''").unwrap();
    for fix in fixes(&before) {
        for statement in fix.lines() {
            client.batch_execute(statement).map_err(|error| format!("`{statement}`: {}", plain(error)))?;
        }
    }
    let unfixed = before.iter().filter(|finding| finding.fix.is_none()).count();
    let after = if history { Vec::new() } else { found(client, Some(platform), std::slice::from_ref(rule)) };
    match (unfixed, still(&before, &after).as_slice()) {
        (0, []) => Ok(()),
        (0, still) => Err(format!("still found after {:?}: {}", fixes(&before), still.join("; "))),
        (_, _) => Err(format!("{unfixed} findings without a fix")),
    }
}

/// The same over migrations: the fix as one more of them.
fn on_files(sql: &str, platform: Platform, rule: &Rule) -> Result<(), String> {
    let mut files = files(sql);
    let before = folded(&files, platform, rule);
    files.insert("9_fix.sql".to_owned(), fixes(&before).join("\n"));
    let after = folded(&files, platform, rule);
    match still(&before, &after).as_slice() {
        [] if !before.is_empty() => Ok(()),
        [] => Err("the fold finds nothing".to_owned()),
        still => Err(format!("the fold still finds after {:?}: {}", fixes(&before), still.join("; "))),
    }
}

#[test]
fn every_fix_removes_what_it_is_offered_for() {
    let Some(cluster) = pg::own_cluster("-fixes") else { return };
    let version: i32 = cluster
        .connect("postgres")
        .query_one("select current_setting('server_version_num')::int", &[])
        .expect("the version")
        .get(0);
    let (mut wrong, mut used, mut done, mut bare) = (Vec::new(), BTreeSet::new(), 0, Vec::new());
    for platform in [Platform::Postgres, Platform::Supabase] {
        let template = cluster.create();
        let mut client = cluster.connect(&template);
        for script in gardefou::platform::sql(platform, DefaultGrants::Legacy).iter().skip(1) {
            client.batch_execute(script).expect("the platform's own SQL");
        }
        let keep = roles(&mut client);
        drop(client);
        for rule in fixing() {
            for example in rule.examples.fail.iter().filter(|e| e.platform.unwrap_or(Platform::Supabase) == platform) {
                let name = format!("x{done}_{}", wrong.len());
                let mut admin = cluster.connect("postgres");
                admin.batch_execute(&format!("create database {name} template {template}")).unwrap();
                let mut client = cluster.connect(&name);
                let server = on_server(&mut client, &example.sql, platform, &rule);
                drop(client);
                admin.batch_execute(&format!("drop database {name}")).unwrap();
                drop_roles(&mut admin, &keep);
                let fold = if rule.needs_database() { Ok(()) } else { on_files(&example.sql, platform, &rule) };
                done += 1;
                // Views have `security_invoker`, and publications whole schemas, from PostgreSQL 15 on.
                let refused = |problem: &str| {
                    problem.contains("security_invoker") || problem.starts_with("the server refuses the example: ")
                };
                let fits = |problem: &String| version >= 150_000 || !refused(problem);
                for problem in [server, fold].into_iter().filter_map(Result::err).filter(fits) {
                    let entry = LEDGER.iter().position(|(id, name, what, _)| {
                        *id == rule.id && *name == example.name && problem.starts_with(what)
                    });
                    match entry {
                        Some(entry) => drop(used.insert(entry)),
                        None => wrong.push(format!("{} `{}`: {problem}", rule.id, example.name)),
                    }
                }
            }
        }
    }
    bare.extend(fixing().iter().filter(|rule| rule.examples.fail.is_empty()).map(|rule| rule.id.clone()));
    println!("{done} fixes tried, {} examples in the ledger; without an example: {}", LEDGER.len(), bare.join(", "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        version < 150_000 || used.len() == LEDGER.len(),
        "a line of the ledger explains nothing any more: {used:?}"
    );
    assert!(done >= 40, "{done}");
}

/// Rules whose findings need a server's own figures, or its queues.
const SERVER_ONLY: &[&str] = &["rls/queue-exposed", "schema/extension-outdated", "schema/sequence-exhaustion"];

#[test]
fn every_fix_is_sql() {
    let rules = fixing();
    let (mut seen, mut server_only) = (0, Vec::new());
    for rule in &rules {
        let of_example = |example: &rule::FailExample| {
            fixes(&folded(&files(&example.sql), example.platform.unwrap_or(Platform::Supabase), rule))
        };
        let offered: Vec<String> = rule.examples.fail.iter().flat_map(of_example).collect();
        if offered.is_empty() {
            server_only.push(rule.id.as_str());
        }
        for fix in offered {
            let file = gardefou::sql::parse(&fix);
            let errors: Vec<&str> = file.errors.iter().map(|error| error.message.as_str()).collect();
            assert!(errors.is_empty() && !file.statements.is_empty(), "{}: {fix}: {errors:?}", rule.id);
            assert!(fix.ends_with(';') && fix.lines().count() == file.statements.len(), "{}: {fix}", rule.id);
            seen += 1;
        }
    }
    server_only.sort_unstable();
    assert_eq!(server_only, SERVER_ONLY);
    println!("{} rules with a fix, {seen} fixes parsed", rules.len());
    assert!(rules.len() >= 30 && seen >= 40, "{} {seen}", rules.len());
}

/// It has no example: pgmq is nowhere to be installed from, but its queues are tables with a known name.
#[test]
fn a_queue_is_closed_by_its_fix() {
    let Some(cluster) = pg::own_cluster("-fix-queue") else { return };
    let mut client = cluster.connect(&cluster.create());
    client
        .batch_execute(
            "create role anon nologin; create schema pgmq; create table pgmq.\"q_my-queue\" (msg_id bigint primary key);
             grant usage on schema pgmq to anon; grant select, insert on pgmq.\"q_my-queue\" to anon",
        )
        .unwrap();
    let rules: Vec<Rule> = fixing().into_iter().filter(|rule| rule.id == "rls/queue-exposed").collect();
    let config = || {
        let mut config = CheckConfig::default();
        config.exposed_schemas.push("pgmq_public".to_owned());
        config
    };
    let before = found_with(&mut client, None, &rules, config());
    assert_eq!(fixes(&before), ["alter table pgmq.\"q_my-queue\" enable row level security;"]);
    client.batch_execute(&fixes(&before)[0]).unwrap();
    assert_eq!(found_with(&mut client, None, &rules, config()), []);
}

/// Dropping one of two equal ones must leave the other, and stripping the last superuser leaves nobody to undo it.
#[test]
fn a_fix_takes_nothing_that_is_needed() {
    let rules = fixing();
    let offered = |id: &str, sql: &str| {
        let rule = rules.iter().find(|rule| rule.id == id).unwrap();
        let findings = folded(&files(sql), Platform::Postgres, rule);
        (findings.len(), fixes(&findings))
    };
    let twins = "create table public.t (a int, b int); create unique index t_b on public.t (a);
                 create unique index t_a on public.t (a); create index t_0 on public.t (a);";
    assert_eq!(
        offered("performance/duplicate-index", twins),
        (2, vec!["drop index concurrently public.t_0;".to_owned(), "drop index concurrently public.t_b;".to_owned()])
    );
    let policies = "create table public.t (a int); alter table public.t enable row level security;
                    create policy a on public.t using (a = 1); create policy b on public.t using (a = 1);";
    assert_eq!(offered("rls/duplicate-policy", policies), (1, vec!["drop policy b on public.t;".to_owned()]));
    let keys = "create table public.t (a int primary key, constraint t_u unique (a));";
    assert_eq!(offered("performance/duplicate-index", keys).1, Vec::<String>::new());
    assert_eq!(offered("grants/bypassrls-role", "create role root2 superuser bypassrls;"), (1, Vec::new()));
}

/// Roles are the cluster's: an example's must not meet the next one.
fn drop_roles(admin: &mut Client, keep: &BTreeSet<String>) {
    for name in roles(admin).difference(keep) {
        let dropped = admin.batch_execute(&format!("drop role {}", quoted(name)));
        dropped.unwrap_or_else(|error| panic!("role {name} stays: {error}"));
    }
}

fn roles(admin: &mut Client) -> BTreeSet<String> {
    admin.query("select rolname from pg_roles", &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

/// Names that would be statements, comments, ends of quotes or of lines.
const NAMES: &[&str] = &[
    "x\"; drop table public.witness; --",
    "a'; drop table public.witness; --",
    "-- comment",
    "/* open",
    "line\nbreak; drop table public.witness;",
    "return\rhere",
    "back\\slash \\0041 \\+000041",
    "$$ dollar $body$",
    "U&\"\\0041\"",
    "dot.ted",
    "paren(theses) text",
    "```fence",
    "##[group]log",
    "rtl\u{202e}x\u{200b}y",
    "Order",
    "order",
    "user",
    "été",
    "日本",
    "%I %s {brace} {{x}}",
];

/// Rules whose fix names what the names above were given to.
const OVER_NAMES: &[&str] = &[
    "rls/rls-disabled",
    "rls/duplicate-policy",
    "rls/policy-without-rls",
    "performance/unindexed-foreign-key",
    "performance/duplicate-index",
    "grants/anon-write-grant",
    "grants/public-grant",
    "grants/grant-option",
    "functions/definer-search-path",
    "functions/definer-exposed",
    "views/not-security-invoker",
    "views/materialized-view-exposed",
    "schema/sequence-exhaustion",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Everything a name can be given to, called `name`.
fn hostile(name: &str, n: usize) -> String {
    let q = quoted(name);
    format!(
        "create schema {q};
         grant usage on schema {q} to anon with grant option;
         create table public.{q} ({q} int primary key, other int);
         grant insert ({q}) on public.{q} to anon with grant option;
         create table public.{ref} (id int, {q} int references public.{q} ({q}));
         create index {one} on public.{ref} (id, {q});
         create index {two} on public.{ref} (id, {q});
         create table public.{pol} ({q} int);
         create policy {q} on public.{pol} for select to authenticated using ({q} = 1);
         create policy {qq} on public.{pol} for select to authenticated using ({q} = 1);
         create type public.{ty} as (a int);
         create function public.{q}(public.{ty}, \"char\", character varying[]) returns int language sql security definer
           as 'select 1';
         create procedure public.{proc}(text) language sql security definer as 'select 1';
         alter table public.{pol} enable row level security;
         create table public.{off} ({q} int);
         create policy {q} on public.{off} for select to authenticated using ({q} = 1);
         create view public.{view} as select * from public.{pol};
         grant select on public.{view} to public;
         create materialized view public.{mat} as select 1 as a;
         create table public.{ser} ({q} int generated by default as identity (start with 2000000000));
         insert into public.{ser} values (default);",
        qq = quoted(&format!("{name}2")),
        ref = quoted(&format!("{name}_r")),
        one = quoted(&format!("{name}_i")),
        two = quoted(&format!("{name}_j")),
        pol = quoted(&format!("{name}_p")),
        off = quoted(&format!("{name}_o")),
        ty = quoted(&format!("{name}_t")),
        proc = quoted(&format!("{name}_f")),
        view = quoted(&format!("{name}_v")),
        mat = quoted(&format!("{name}_m")),
        ser = quoted(&format!("{name}_s{n}")),
    )
}

#[test]
fn no_name_escapes_from_a_fix() {
    let Some(cluster) = pg::own_cluster("-fix-names") else { return };
    let database = cluster.create();
    let mut client = cluster.connect(&database);
    for script in gardefou::platform::sql(Platform::Supabase, DefaultGrants::Legacy).iter().skip(1) {
        client.batch_execute(script).expect("the platform's own SQL");
    }
    client.batch_execute("create table public.witness (id int primary key)").unwrap();
    for (n, name) in NAMES.iter().enumerate() {
        client.batch_execute(&hostile(name, n)).unwrap_or_else(|error| panic!("{name:?}: {error}"));
    }
    let mut rules: Vec<Rule> = fixing().into_iter().filter(|rule| OVER_NAMES.contains(&rule.id.as_str())).collect();
    assert_eq!(rules.len(), OVER_NAMES.len());
    if pg::lacks_security_invoker(&mut client) {
        rules.retain(|rule| rule.id != "views/not-security-invoker");
    }
    let before = found(&mut client, Some(Platform::Supabase), &rules);
    for rule in &rules {
        let count = before.iter().filter(|finding| finding.rule == rule.id).count();
        assert!(count >= NAMES.len(), "{}: only {count} findings", rule.id);
    }
    for fix in fixes(&before) {
        assert_eq!(gardefou::report::escape::line(&fix.replace('\n', " ")), fix.replace('\n', " "));
        assert!(!fix.contains('`'), "{fix}");
        for statement in fix.lines() {
            let one = client.batch_execute(statement);
            one.unwrap_or_else(|error| panic!("{statement}: {}", live::connect::plain(&error)));
        }
    }
    let after = found(&mut client, Some(Platform::Supabase), &rules);
    assert_eq!(still(&before, &after), Vec::<String>::new());
    client.batch_execute("select id from public.witness").expect("the witness is there");
}
