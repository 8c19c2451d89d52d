//! `gardefou check --replay`: the fold's findings at the fold's places, what a server refuses named, nothing left behind.

use std::path::Path;

use serde_json::Value;

use crate::live::{code, err, json, out, run_in};
use crate::support::pg;

fn examples() -> std::path::PathBuf {
    crate::live::root().join("examples")
}

fn check(folder: &Path, arguments: &[&str]) -> std::process::Output {
    run_in(folder, &[&["check"], arguments].concat(), &[("PATH", &path())])
}

/// A folder for temporary files that the server's user can write to, too.
fn open_room() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let room = tempfile::tempdir().unwrap();
    std::fs::set_permissions(room.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    room
}

fn is_empty(room: &tempfile::TempDir) -> bool {
    std::fs::read_dir(room.path()).unwrap().next().is_none()
}

/// Where the tests' own server comes from.
fn path() -> String {
    std::env::var("PATH").expect("a PATH")
}

fn findings(report: &Value) -> Vec<(String, String, Value, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = report["findings"].as_array().unwrap().iter();
    let mut all: Vec<_> = all
        .map(|f| (text(&f["rule"]), text(&f["object"]["name"]), f["location"].clone(), f["state"].clone()))
        .collect();
    all.sort_by_key(|(rule, object, ..)| (rule.clone(), object.clone()));
    all
}

#[test]
fn the_depot_replayed_has_the_folds_findings_at_the_folds_places() {
    let Some(mut client) = pg::fresh_database() else { return };
    if pg::older(&mut client, 15, "views with security_invoker") {
        return;
    }
    let folded = json(&check(&examples(), &["depot", "--format", "json"]));
    let room = open_room();
    let env = [("PATH", path()), ("TMPDIR", room.path().display().to_string())];
    let env = env.each_ref().map(|(name, value)| (*name, value.as_str()));
    let replayed = run_in(&examples(), &["check", "depot", "--replay", "--format", "json"], &env);
    assert_eq!(code(&replayed), 1, "{}", err(&replayed));
    let replayed = json(&replayed);
    assert_eq!(findings(&replayed), findings(&folded));
    assert!(findings(&replayed).len() > 20);
    assert!(is_empty(&room), "something is left behind");
}

const FILES: [(&str, &str); 2] = [
    (
        "20260101000000_a.sql",
        "begin;\ncreate table public.a (id int primary key);\ncreate index on public.missing (id);\n\
         create table public.b (id int primary key);\ncommit;\n",
    ),
    (
        "20260102000000_b.sql",
        "create table public.names (n text);\ninsert into public.names values ('by_data');\n\
         do $$ declare r record; begin for r in select n from public.names loop\n\
         execute format('create table public.%I (id int)', r.n); end loop; end $$;\n",
    ),
];

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("supabase/migrations");
    std::fs::create_dir_all(&migrations).unwrap();
    for (name, text) in FILES {
        std::fs::write(migrations.join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_refused_statement_is_named_and_dynamic_sql_is_known() {
    let Some(cluster) = pg::own_cluster("-replay-url") else { return };
    let folder = project();
    let folded = json(&check(folder.path(), &["--format", "json", "--no-config"]));
    let coverage = |report: &Value, kind: &str| -> Vec<Value> {
        report["coverage"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind).cloned().collect()
    };
    assert!(!coverage(&folded, "dynamic-sql").is_empty(), "the fold cannot know what the loop makes");

    let mut client = cluster.connect("postgres");
    client.batch_execute("create role maker login createdb createrole superuser").unwrap();
    let mut state = || {
        let query = "select string_agg(x, ' ' order by x) from (select datname x from pg_database union all select rolname from pg_roles) s";
        client.query_one(query, &[]).unwrap().get::<_, String>(0)
    };
    let before = state();
    let url = cluster.url("maker", "postgres");
    for arguments in [vec!["--replay"], vec!["--replay-url", &url]] {
        let replayed = check(folder.path(), &[&arguments[..], &["--format", "json", "--no-config"]].concat());
        assert_eq!(code(&replayed), 1, "{}", err(&replayed));
        let replayed = json(&replayed);
        assert!(coverage(&replayed, "dynamic-sql").is_empty());
        let refused = coverage(&replayed, "refused");
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0]["message"].as_str().unwrap().contains("relation \"public.missing\" does not exist"));
        assert_eq!(refused[0]["location"]["line"], 3);
        let open: Vec<String> = findings(&replayed)
            .into_iter()
            .filter(|(rule, ..)| rule == "rls/rls-disabled")
            .map(|(_, object, ..)| object)
            .collect();
        assert_eq!(open, ["public.a", "public.b", "public.by_data", "public.names"]);
    }
    assert_eq!(state(), before, "database and roles are gone again");
}

#[test]
fn a_replay_that_cannot_be_done_says_so() {
    if pg::fresh().is_none() {
        return;
    }
    let folder = project();
    let url = "postgres://u:geheim@127.0.0.1:1/depot";
    let output = check(folder.path(), &["--no-config", "--replay-url", url]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("database depot on 127.0.0.1") && !err(&output).contains("geheim"),
        "{}",
        err(&output)
    );
    let empty = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(empty.path().join("supabase/migrations")).unwrap();
    std::fs::write(empty.path().join("supabase/migrations/20260101000000_a.sql"), "-- nothing\n").unwrap();
    let output = check(empty.path(), &["--no-config", "--replay"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("nothing to check"), "{}{}", out(&output), err(&output));
}

fn said(report: &Value, text: &str) -> bool {
    report["coverage"].as_array().unwrap().iter().any(|entry| entry["message"].as_str().unwrap().contains(text))
}

#[test]
fn the_report_says_which_server_replayed() {
    if pg::fresh().is_none() {
        return;
    }
    let report = json(&check(&examples(), &["depot", "--replay=local", "--format", "json"]));
    assert!(said(&report, ", local, replayed the files"), "{}", report["coverage"]);
}

#[cfg(not(feature = "embedded-postgres"))]
#[test]
fn a_build_without_the_embedded_server_says_so() {
    let output = check(&examples(), &["depot", "--replay=embedded"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("build with `--features embedded-postgres`"), "{}", err(&output));
}

#[cfg(feature = "embedded-postgres")]
#[test]
fn the_depot_on_the_embedded_server_has_the_folds_findings() {
    let folded = json(&check(&examples(), &["depot", "--format", "json"]));
    let replayed = check(&examples(), &["depot", "--replay=embedded", "--format", "json"]);
    assert_eq!(code(&replayed), 1, "{}", err(&replayed));
    let replayed = json(&replayed);
    assert_eq!(findings(&replayed), findings(&folded));
    assert!(findings(&replayed).len() > 20);
    assert!(said(&replayed, "PostgreSQL 17.5, embedded, replayed the files"), "{}", replayed["coverage"]);
    assert!(!said(&replayed, "refused"), "{}", replayed["coverage"]);
}

#[cfg(feature = "embedded-postgres")]
#[test]
fn the_embedded_server_names_what_it_refuses_and_knows_dynamic_sql() {
    let folder = project();
    let replayed = check(folder.path(), &["--replay=embedded", "--format", "json", "--no-config"]);
    assert_eq!(code(&replayed), 1, "{}", err(&replayed));
    let replayed = json(&replayed);
    assert!(said(&replayed, "relation \"public.missing\" does not exist"), "{}", replayed["coverage"]);
    let open = findings(&replayed).into_iter().filter(|(rule, ..)| rule == "rls/rls-disabled");
    let open: Vec<String> = open.map(|(_, object, ..)| object).collect();
    assert_eq!(open, ["public.a", "public.b", "public.by_data", "public.names"]);
}

/// Extensions it has inside, and those it has stand-ins for.
#[cfg(feature = "embedded-postgres")]
#[test]
fn the_embedded_server_takes_the_extensions_migrations_create() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("supabase/migrations")).unwrap();
    let file = folder.path().join("supabase/migrations/20260101000000_a.sql");
    let sql = "create extension if not exists pgcrypto;\n\
        create extension if not exists pg_trgm with schema extensions;\n\
        create extension citext with schema extensions;\n\
        create table public.a (id uuid primary key default extensions.uuid_generate_v4(), n extensions.citext, t text,\n\
          h bytea generated always as (extensions.digest(t, 'sha256')) stored);\n\
        create index on public.a using gin (t extensions.gin_trgm_ops);\n\
        insert into public.a (n) values ('x');\n\
        insert into public.a (n, t) values ('y', 'z');\n";
    std::fs::write(file, sql).unwrap();
    let replayed = check(folder.path(), &["--replay=embedded", "--format", "json", "--no-config"]);
    assert_eq!(code(&replayed), 1, "{}", err(&replayed));
    let replayed = json(&replayed);
    let refused = replayed["coverage"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "refused");
    let refused: Vec<&Value> = refused.collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0]["message"].as_str().unwrap().contains("not in the embedded server"), "{refused:?}");
    assert_eq!(refused[0]["location"]["line"], 8);
}

/// Every dump begins by switching the server's own limit off.
fn endless() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("supabase/migrations");
    std::fs::create_dir_all(&migrations).unwrap();
    let first = "set statement_timeout = 0;\ncreate table public.a (id int);\nselect pg_sleep(100000);\n";
    std::fs::write(migrations.join("20260101000000_a.sql"), first).unwrap();
    std::fs::write(migrations.join("20260102000000_b.sql"), "create table public.b (id int);").unwrap();
    folder
}

#[test]
fn a_file_that_does_not_end_is_ended_and_the_rest_is_known() {
    if pg::own_cluster("-replay-endless").is_none() {
        return;
    }
    let folder = endless();
    let started = std::time::Instant::now();
    let output = check(folder.path(), &["--replay=local", "--timeout", "1", "--format", "json", "--no-config"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let report = json(&output);
    assert!(said(&report, "the server refused this statement: not done within 2 s"), "{}", report["coverage"]);
    let refused = report["coverage"].as_array().unwrap().iter().find(|gap| gap["kind"] == "refused").unwrap();
    assert_eq!(refused["location"]["line"], 3);
    let open: Vec<String> = findings(&report).into_iter().filter(|f| f.0 == "rls/rls-disabled").map(|f| f.1).collect();
    assert_eq!(open, ["public.a", "public.b"]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// What `pg_dump` writes: rows behind `COPY`, and a file that ends in the middle of them.
#[test]
fn the_rows_of_a_dump_are_loaded() {
    if pg::own_cluster("-replay-copy").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file(
        "1_dump.sql",
        "\\restrict abc\nbegin;\ncreate table public.produits (id int primary key, nom text);\n\
         COPY public.produits (id, nom) FROM stdin;\n1\tgazole\n2\tessence \\\\ \\N\n\\.\n\
         copy (select 1) to stdout;\ncommit;\n",
    );
    file(
        "2_by_rows.sql",
        "do $$ begin execute (select 'create table public.' || nom || ' (id int)' from public.produits where id = 1); end $$;",
    );
    file(
        "3_wrong.sql",
        "copy public.produits (id, prix) from stdin;\n1\t2\n\\.\ncopy public.produits from stdin;\nx\ty\n\\.\ncreate table public.after_rows (id int);\ncopy public.produits from stdin;\n3\tpetrole\n",
    );
    file(
        "4_after.sql",
        "do $$ begin execute (select 'create table public.' || nom || ' (id int)' from public.produits where id = 3); end $$;",
    );
    let report = json(&check(
        folder.path(),
        &[".", "--replay=local", "--format", "json", "--no-config", "--platform", "supabase"],
    ));
    let refused: Vec<String> = report["coverage"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == "refused")
        .map(|entry| {
            format!(
                "{} {} {}",
                entry["location"]["file"].as_str().unwrap(),
                entry["location"]["line"],
                entry["message"].as_str().unwrap()
            )
        })
        .collect();
    let said = "3_wrong.sql 1 the server refused this statement: column \"prix\" does not exist";
    assert_eq!(refused[0], said);
    assert!(refused[1].contains("3_wrong.sql 4 the server refused this statement: invalid input"), "{refused:?}");
    assert_eq!(refused.len(), 2, "{refused:?}");
    let open: Vec<String> = findings(&report).into_iter().filter(|f| f.0 == "rls/rls-disabled").map(|f| f.1).collect();
    assert_eq!(open, ["public.after_rows", "public.gazole", "public.petrole", "public.produits"]);
}

/// A trigger function keeps the plan it made for a column of another type, for as long as the session lasts.
#[test]
fn a_file_is_not_held_to_the_plans_of_earlier_ones() {
    if pg::own_cluster("-replay-plans").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file(
        "1_a.sql",
        "create table public.a (id int, prix int);\n\
         create function public.t() returns trigger language plpgsql as $$\n\
         begin new.prix := coalesce(new.prix, 0); return new; end $$;\n\
         create trigger t before insert on public.a for each row execute function public.t();\n\
         insert into public.a values (1, 2);\n",
    );
    file("2_b.sql", "alter table public.a alter column prix type bigint;\n");
    file("3_c.sql", "insert into public.a values (2, 3);\ncreate table public.c (id int);\n");
    let report = json(&check(
        folder.path(),
        &[".", "--replay=local", "--format", "json", "--no-config", "--platform", "supabase"],
    ));
    let gaps = report["coverage"].as_array().unwrap();
    assert!(gaps.iter().all(|gap| gap["kind"] != "refused"), "{gaps:?}");
}

/// What the server refuses to replace stays, with its owner's rights; the fold must not let it vanish.
#[test]
fn a_function_that_cannot_be_replaced_is_still_there() {
    if pg::own_cluster("-replay-replace").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let make = |name: &str, params: &str, returns: &str, rights: &str| {
        let body = if returns == "record" { "select 1, 2" } else { "select null" };
        format!(
            "create or replace function public.{name}({params}) returns {returns} language sql {rights} set search_path = '' as '{body}';\n"
        )
    };
    let pairs = [
        ("renamed", ("a int", "text"), ("b int", "text")),
        ("unnamed", ("a int", "text"), ("int", "text")),
        ("returned", ("a int", "text"), ("a int", "int")),
        ("no_default", ("a int default 1", "text"), ("a int", "text")),
        ("outs", ("out a int, out b int", "record"), ("out a int, out c int", "record")),
        ("named", ("int", "text"), ("a int", "text")),
        ("same", ("a int", "text"), ("a int default 1", "text")),
    ];
    let all = |which: usize, rights: &str| -> String {
        let of = |(name, before, after): &(&str, (&str, &str), (&str, &str))| {
            let (params, returns) = [before, after][which];
            make(name, params, returns, rights)
        };
        pairs.iter().map(of).collect()
    };
    file("1_before.sql", &all(0, "security definer"));
    file("2_after.sql", &all(1, "security invoker"));
    let arguments = [".", "--format", "json", "--no-config", "--platform", "supabase"];
    let exposed = |more: &[&str]| -> Vec<String> {
        let report = json(&check(folder.path(), &[&arguments[..], more].concat()));
        let found = findings(&report).into_iter().filter(|f| f.0 == "functions/definer-exposed").map(|f| f.1);
        found.map(|name| name.split('(').next().unwrap().to_owned()).collect()
    };
    let names = ["public.no_default", "public.outs", "public.renamed", "public.returned", "public.unnamed"];
    let sorted = |mut found: Vec<String>| {
        found.sort();
        found
    };
    assert_eq!(sorted(exposed(&["--replay=local"])), names, "as the server has it");
    assert_eq!(sorted(exposed(&[])), names);
    let report = json(&check(folder.path(), &arguments));
    assert!(
        said(&report, "would fail: function public.renamed(integer) cannot change the name of parameter a"),
        "{}",
        report["coverage"]
    );
}

/// The same of a view that runs with its owner's rights.
#[test]
fn a_view_that_cannot_be_replaced_is_still_there() {
    let Some(cluster) = pg::own_cluster("-replay-view") else { return };
    let mut client = cluster.connect("postgres");
    if pg::lacks_security_invoker(&mut client) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let views = [
        ("fewer", "select id, nom from public.t", "select id from public.t"),
        ("renamed", "select id, nom from public.t", "select id as numero, nom from public.t"),
        ("turned", "select id, nom from public.t", "select nom, id from public.t"),
        ("more", "select id, nom from public.t", "select id, nom, prix from public.t"),
        ("star", "select * from public.t", "select t.id, t.nom, t.prix from public.t"),
    ];
    let table = "create table public.t (id int primary key, nom text, prix int);\nalter table public.t enable row level security;\n";
    let before: String =
        views.iter().map(|(name, query, _)| format!("create view public.{name} as {query};\n")).collect();
    let after = views.iter().map(|(name, _, query)| {
        format!("create or replace view public.{name} with (security_invoker = on) as {query};\n")
    });
    file("1_before.sql", &format!("{table}{before}"));
    file("2_after.sql", &after.collect::<String>());
    let arguments = [".", "--format", "json", "--no-config", "--platform", "supabase"];
    let open = |more: &[&str]| -> Vec<String> {
        let report = json(&check(folder.path(), &[&arguments[..], more].concat()));
        let mut found: Vec<String> =
            findings(&report).into_iter().filter(|f| f.0 == "views/not-security-invoker").map(|f| f.1).collect();
        found.sort();
        found
    };
    assert_eq!(open(&["--replay=local"]), ["public.fewer", "public.renamed", "public.turned"], "as the server has it");
    assert_eq!(open(&[]), ["public.fewer", "public.renamed", "public.turned"]);
}

/// A statement that takes the connection along is named; the files after it are run.
#[test]
fn a_connection_that_ends_is_said_and_the_next_file_runs() {
    if pg::own_cluster("-replay-ends").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file(
        "1_ends.sql",
        "create table public.a (id int);\nselect pg_terminate_backend(pg_backend_pid());\ncreate table public.never (id int);\n",
    );
    file("2_next.sql", "create table public.b (id int);\n");
    let report = json(&check(
        folder.path(),
        &[".", "--replay=local", "--format", "json", "--no-config", "--platform", "supabase"],
    ));
    let refused = report["coverage"].as_array().unwrap().iter().find(|gap| gap["kind"] == "refused").unwrap();
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("the connection ended here, and the rest of this file was not run"),
        "{refused}"
    );
    assert_eq!(refused["location"]["line"], 2);
    let open: Vec<String> = findings(&report).into_iter().filter(|f| f.0 == "rls/rls-disabled").map(|f| f.1).collect();
    assert_eq!(open, ["public.a", "public.b"]);
}

#[cfg(feature = "embedded-postgres")]
#[test]
fn a_file_that_does_not_end_on_the_embedded_server_is_named() {
    let folder = endless();
    let output = check(folder.path(), &["--replay=embedded", "--timeout", "1", "--format", "json", "--no-config"]);
    assert_eq!(code(&output), 2);
    let said = err(&output);
    assert!(said.contains("supabase/migrations/20260101000000_a.sql: not done within 5 s"), "{said}");
}

/// Ctrl-C, and a runner that cancels a job, signal the whole process group.
#[test]
fn a_replay_that_is_interrupted_leaves_no_server_behind() {
    use std::os::unix::process::CommandExt;
    if pg::own_cluster("-replay-interrupted").is_none() {
        return;
    }
    let folder = endless();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.args(["check", "--replay=local", "--no-config"]).current_dir(folder.path()).process_group(0);
    let room = open_room();
    command.env("TMPDIR", room.path());
    let mut child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let within = |seconds: u64, done: &dyn Fn() -> bool| {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
        while !done() && std::time::Instant::now() < until {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        done()
    };
    // Without a look into the folder, which is the server's own: the log is made when it starts.
    assert!(within(60, &|| !is_empty(&room)), "the server starts");
    std::thread::sleep(std::time::Duration::from_secs(8));
    let group = format!("-{}", child.id());
    let sent = std::process::Command::new("kill").args(["-s", "TERM", "--", &group]).status().unwrap();
    assert!(sent.success() && !child.wait().unwrap().success());
    assert!(within(20, &|| is_empty(&room)), "a server is left behind");
}
