//! `query:` rules and rules about statistics: run on a database, said to be not run on migrations.

use std::path::Path;

use serde_json::Value;

use crate::live::{code, err, json, run_in};
use crate::support::pg;

fn rule(folder: &Path, name: &str, text: &str) {
    let group = folder.join("rules/ours");
    std::fs::create_dir_all(&group).unwrap();
    let tail = "severity: warning\ntags: [ours]\nrationale: because\nremediation: do not\n";
    std::fs::write(group.join(format!("{name}.yaml")), format!("{text}\n{tail}")).unwrap();
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gardefou.yaml"), "rule-folders: [rules]\nexposed-schemas: [public]\n").unwrap();
    folder
}

fn messages(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter();
    all.map(|f| format!("{} | {} | {}", f["object"]["kind"], f["object"]["name"], f["message"])).collect()
}

fn not_run(report: &Value) -> Vec<String> {
    let all = report["coverage"].as_array().unwrap().iter();
    let kinds = ["not-run", "not-applicable"];
    all.filter(|c| kinds.contains(&c["kind"].as_str().unwrap()))
        .map(|c| c["message"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_query_rule_finds_a_violation_per_row_and_can_change_nothing() {
    let Some((url, mut client)) = pg::fresh() else { return };
    client
        .batch_execute(
            "create table public.\"O'Brien\" (id int); create table public.small (id int);
             insert into public.\"O'Brien\" select generate_series(1, 5); create table public.log (id int)",
        )
        .unwrap();
    let folder = project();
    rule(
        folder.path(),
        "named",
        "title: Names\ntarget: table\nparams: {names: [\"O'Brien\", 'back\\slash'], least: 3, word: \"it's\"}\n\
         query: |\n  select format('%I.%I', n.nspname, c.relname) as object, n.nspname as schema, {params.word} as comment,\n\
        \n         c.relrowsecurity as \"rls.enabled\", 'x' as discriminator\n    from pg_catalog.pg_class c\n\
        \n    join pg_catalog.pg_namespace n on n.oid = c.relnamespace\n\
        \n   where c.relname = any ({params.names}) and n.nspname = any ({config.exposed_schemas}) and {params.least} = 3 -- the end\n\
         message: \"`{table.schema}` {table.rls.enabled} {table.comment} {params.least}\"",
    );
    rule(folder.path(), "broken", "title: Broken\ntarget: table\nquery: select 1 / 0 as object\nmessage: x");
    rule(folder.path(), "nameless", "title: Nameless\ntarget: table\nquery: select 1 as n\nmessage: x");
    rule(
        folder.path(),
        "writes",
        "title: Writes\ntarget: table\nquery: \"select 'x' as object) q; commit; drop table public.log; select ('x'\"\nmessage: x",
    );
    rule(
        folder.path(),
        "sneaks",
        "title: Sneaks\ntarget: table\nquery: with gone as (delete from public.log returning 1) select 'x' as object from gone\nmessage: x",
    );
    let select = ["--select", "ours", "--format", "json"];
    let output = run_in(folder.path(), &[&["check", "--database-url", &url], &select[..]].concat(), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report = json(&output);
    assert_eq!(messages(&report), [r#""table" | "public.\"O'Brien\"" | "`public` false it's 3""#]);
    let said = not_run(&report).join("\n");
    for words in [
        "`ours/broken` was not run: its query failed: division by zero",
        "`ours/nameless` was not run: its query must return a column `object`",
        "`ours/writes` was not run: its query failed: cannot insert multiple commands into a prepared statement",
        "`ours/sneaks` was not run: its query failed",
    ] {
        assert!(said.contains(words), "`{words}` in:\n{said}");
    }
    client.batch_execute("select * from public.log").expect("the table is still there");

    // On migrations and on a snapshot it is not run, and that is said.
    let migrations = folder.path().join("migrations");
    std::fs::create_dir_all(&migrations).unwrap();
    std::fs::write(migrations.join("1.sql"), "create table public.small (id int);").unwrap();
    let folded = json(&run_in(folder.path(), &[&["check", "migrations"], &select[..]].concat(), &[]));
    assert!(messages(&folded).is_empty());
    assert!(not_run(&folded)[0].starts_with("5 rules not run (ours/broken, ours/named, ours/nameless, …)"), "{folded}");
    run_in(folder.path(), &["snapshot", "--database-url", &url, "-o", "s.json"], &[]);
    let snap = json(&run_in(folder.path(), &[&["check", "--snapshot", "s.json"], &select[..]].concat(), &[]));
    assert!(
        not_run(&snap).iter().any(|m| m.starts_with("rule `ours/named` was not run: it asks the database itself")),
        "{snap}"
    );
}

#[test]
fn a_placeholder_that_stands_for_nothing_is_refused_when_the_rule_is_loaded() {
    let folder = project();
    rule(
        folder.path(),
        "typo",
        "title: T\ntarget: table\nparams: {least: 3}\nquery: select {params.leest}\nmessage: x",
    );
    std::fs::write(folder.path().join("a.sql"), "select 1;").unwrap();
    let output = run_in(folder.path(), &["check", "a.sql"], &[]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("`{params.leest}` in the query"), "{}", err(&output));
}

#[test]
fn what_the_database_does_not_have_is_coverage() {
    let Some(cluster) = pg::own_cluster("-live-coverage") else { return };
    let database = cluster.create();
    let url = cluster.url("postgres", &database);
    let mut client = cluster.connect(&database);
    client.batch_execute("create table public.t (id int primary key)").unwrap();
    let check = |more: &[&str]| {
        run_in(Path::new("/"), &[&["check", "--no-config", "--database-url", &url], more].concat(), &[])
    };
    let said = |report: &Value| -> Vec<String> {
        let all = report["coverage"].as_array().unwrap().iter();
        all.map(|c| format!("{} {}: {}", c["kind"].as_str().unwrap(), c["gap"], c["message"].as_str().unwrap()))
            .collect()
    };
    let plain = said(&json(&check(&["--format", "json"])));
    insta::with_settings!({snapshot_path => "../../snapshots/live", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("coverage-plain", plain.join("\n"));
    });
    // Every format that is not a list of findings alone says it.
    for format in ["human", "json", "sarif", "markdown"] {
        let output = check(&["--format", format, "--verbose"]);
        assert!(
            crate::live::out(&output).contains("pgrst.db_schemas is not set")
                || crate::live::out(&output).contains("pgrst.db\\_schemas is not set"),
            "{format}"
        );
        assert!(crate::live::out(&output).contains("role `anon` does not exist"), "{format}");
    }
    assert_eq!(code(&check(&["--require-coverage"])), 2);

    client.batch_execute("create role anon; create role authenticator; create schema api; grant usage on schema api to anon; create table api.open (id int); grant select on api.open to anon").unwrap();
    client.batch_execute("alter role authenticator set pgrst.db_schemas = 'api, missing'").unwrap();
    let set = json(&check(&["--format", "json"]));
    let lines = said(&set).join("\n");
    assert!(lines.contains("exposed schema `missing` does not exist") && !lines.contains("is not set"), "{lines}");
    let open = set["findings"]
        .as_array()
        .unwrap()
        .iter()
        .any(|f| f["object"]["name"] == "api.open" && f["rule"] == "rls/rls-disabled");
    assert!(open, "the schema PostgREST serves is the exposed one: {set}");
    client
        .batch_execute(&format!("alter role authenticator in database {database} set pgrst.db_schemas = 'public'"))
        .unwrap();
    let own = said(&json(&check(&["--format", "json"]))).join("\n");
    assert!(!own.contains("missing"), "the database's own setting wins: {own}");
}

/// pgmq makes a queue's table a part of itself; what it made for itself stays its own business.
#[test]
fn a_queue_that_belongs_to_its_extension_is_looked_at() {
    let Some((url, mut client)) = pg::fresh() else { return };
    client
        .batch_execute(
            "drop role if exists queue_reader; create role queue_reader; create schema pgmq; create table pgmq.q_orders (msg_id bigint primary key); create table pgmq.meta (queue_name text);
             alter extension plpgsql add table pgmq.q_orders; alter extension plpgsql add table pgmq.meta;
             grant usage on schema pgmq to queue_reader; grant all on pgmq.q_orders, pgmq.meta to queue_reader",
        )
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("gardefou.yaml"),
        "exposed-schemas: [public, pgmq_public]\nexposed-roles: [queue_reader]\n",
    )
    .unwrap();
    let output = run_in(
        folder.path(),
        &["check", "--database-url", &url, "--select", "rls/queue-exposed", "--format", "json"],
        &[],
    );
    assert_eq!(code(&output), 1, "{}", err(&output));
    let found = messages(&json(&output));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(r#""table" | "pgmq.q_orders" |"#), "{found:?}");
}
