//! Queues of pgmq: what its functions make is in the Catalog of a migrations run, as on a server.

use std::collections::BTreeSet;
use std::path::Path;

use gardefou::coverage::CoverageKind;
use gardefou::migrations::History;
use gardefou::migrations::Platform;
use serde_json::Value;

use crate::facts;
use crate::fold_vs_postgres::history;
use crate::live::{code, err, json, run_in};
use crate::support::pg;

/// Every way to call them; run by the server, too.
const CALLS: &str = r#"
    create role reader;
    select pgmq.create('orders');
    select from pgmq.create('My-Queue');
    select * from pgmq.create(queue_name => 'named');
    select pgmq.create(queue_name := 'old_style'), pgmq.create('second'), pgmq.send('orders', '{}');
    select pgmq.create_non_partitioned('plain');
    select pgmq.create_unlogged('Fast');
    select pgmq.create('twice'); select pgmq.create('twice');
    do $$ begin perform pgmq.create('in_do'); end $$;
    do $$ declare name text; ok boolean; begin
      foreach name in array array['loop_a', 'loop_b'] loop perform pgmq.create(name); end loop;
      begin perform pgmq.create('no;name'); exception when others then perform pgmq.create('after_error'); end;
      if exists (select from pg_tables where schemaname = 'pgmq' and tablename = 'q_in_do') then
        perform pgmq.create('guarded');
      end if;
      ok := pgmq.drop_queue('loop_b');
    end $$;
    create function new_queue(name text) returns void language plpgsql as
      $f$ begin perform pgmq.create('h_' || name); execute format('alter table pgmq.%I enable row level security', 'q_h_' || name); end $f$;
    create function drop_it(name text) returns void language plpgsql as $f$ begin perform pgmq.drop_queue(name); end $f$;
    select new_queue('helper');
    select pgmq.create('gone'), pgmq.create('gone_too'), pgmq.create('gone_by_helper');
    select pgmq.drop_queue('gone');
    select pgmq.drop_queue('gone_too', false);
    select pgmq.drop_queue('never_was');
    select drop_it('gone_by_helper');
    alter default privileges in schema pgmq grant select on tables to reader;
    select pgmq.create('granted');
    set role reader;
    reset role;
    alter table pgmq.q_orders enable row level security;
    create policy of_reader on pgmq."q_my-queue" to reader using (true);
"#;

/// `PGMQ_SQL` names the extension's own script, to be run in place of the stand-in.
fn pgmq() -> String {
    std::env::var("PGMQ_SQL")
        .map_or_else(|_| include_str!("queues.sql").to_owned(), |path| std::fs::read_to_string(path).expect("PGMQ_SQL"))
}

fn folded(sql: &str) -> History {
    history(&[("1_queues.sql", &format!("create extension pgmq;\n{sql}"))], Platform::Postgres)
}

/// Facts about queues.
fn of_queues<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let words = ["pgmq.q_", "pgmq.a_", "pgmq.archived_at_idx_", " in pgmq "];
    let wanted = lines.filter(|line| words.iter().any(|word| line.contains(word)) && !line.starts_with("default "));
    wanted.map(|line| line.trim_end().to_owned()).filter(|line| !line.contains("pg_monitor")).collect()
}

fn tables(history: &History) -> Vec<String> {
    history.catalog.relations.keys().filter(|name| name.schema == "pgmq").map(|name| name.name.clone()).collect()
}

#[test]
fn the_fold_makes_what_the_server_makes() {
    let Some(cluster) = pg::own_cluster("-queues") else { return };
    let mut client = cluster.connect(&cluster.create());
    client.batch_execute(&pgmq()).unwrap();
    client.batch_execute(CALLS).unwrap();
    let rows = client.simple_query(include_str!("facts.sql")).unwrap();
    let server: Vec<String> = rows
        .iter()
        .filter_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect();
    let server = of_queues(server.iter().map(String::as_str));
    let history = folded(CALLS);
    let ours = of_queues(facts::lines(&history.catalog).iter().map(String::as_str));
    let missing = server.difference(&ours).map(|line| format!("- {line}"));
    let wrong: Vec<String> = missing.chain(ours.difference(&server).map(|line| format!("+ {line}"))).collect();
    assert!(wrong.is_empty(), "the server (-) and the fold (+) disagree:\n{}", wrong.join("\n"));
    let queues = tables(&history).iter().filter(|name| name.starts_with("q_")).count();
    assert!(queues == 14 && server.len() > 14 * 20, "{queues} queues, {} facts", server.len());
    assert!(history.coverage.iter().all(|gap| !gap.message.contains("pgmq")), "{:#?}", history.coverage);
}

#[test]
fn a_queue_stands_at_the_statement_that_made_it() {
    let history = folded("\nselect pgmq.create('a');\n\ndo $$ begin\n  perform pgmq.create('b');\nend $$;\n");
    let line = |name: &str| {
        let found = history.catalog.relations.iter().find(|(table, _)| table.name == name);
        found.and_then(|(_, table)| table.provenance.defined.as_ref()).map(|at| at.line.get())
    };
    assert_eq!((line("q_a"), line("a_a"), line("q_b")), (Some(3), Some(3), Some(6)));
}

#[test]
fn a_version_asked_for_has_its_columns() {
    for (version, columns) in [("1.4.4", 5), ("1.5.1", 6), ("1.10.0", 7)] {
        let sql = format!("create extension pgmq version '{version}'; select pgmq.create('a')");
        let history = history(&[("1.sql", &sql)], Platform::Postgres);
        assert_eq!(history.catalog.extensions["pgmq"].schema.value.as_deref(), Some("pgmq"), "not public");
        let table = history.catalog.relations.iter().find(|(name, _)| name.name == "q_a").unwrap().1;
        assert_eq!(table.columns.len(), columns, "{version}");
    }
}

#[test]
fn what_cannot_be_followed_is_said() {
    let opaque = CoverageKind::Opaque;
    let dynamic = CoverageKind::DynamicSql;
    for (sql, kind, said, left) in [
        ("select pgmq.create(name) from names", dynamic, "which queue is made is not known", &[] as &[&str]),
        (
            "select pgmq.create('a'), pgmq.drop_queue(current_setting('x.y'))",
            dynamic,
            "which queue is dropped",
            &["a_a", "q_a"],
        ),
        ("select pgmq.create_partitioned('p', '1 day', '7 days')", opaque, "pg_partman", &["a_p", "q_p"]),
        ("select pgmq.create('c'); select pgmq.convert_archive_partitioned('c')", opaque, "archive", &["a_c", "q_c"]),
        (
            "create table public.names (name text); select pgmq.create(name) from public.names",
            dynamic,
            "is not known",
            &[],
        ),
    ] {
        let history = folded(sql);
        let gap = history.coverage.iter().find(|gap| gap.kind == kind && gap.message.contains(said));
        assert!(gap.is_some(), "{sql}: {:#?}", history.coverage);
        assert_eq!(tables(&history), left, "{sql}");
    }
    let partitioned = folded("select pgmq.create_partitioned('p', '1 day'); select pgmq.create_partitioned('n')");
    let by: Vec<_> = partitioned.catalog.relations.values().filter_map(|table| table.partition_by.clone()).collect();
    assert_eq!(by.len(), 4, "{by:?}");
}

fn found(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output =
        run_in(folder, &[&["check", "--select", "rls/queue-exposed", "--format", "json"], arguments].concat(), &[]);
    assert!(code(&output) < 2, "{}", err(&output));
    let report = json(&output);
    let all = report["findings"].as_array().unwrap().iter();
    let at =
        |finding: &Value| format!("{}:{}", finding["object"]["name"].as_str().unwrap(), finding["location"]["line"]);
    all.map(at).collect()
}

/// Anon reaches a queue through `pgmq_public` where it was granted the table and no row level security stands before it.
#[test]
fn an_exposed_queue_is_found_in_migrations_as_on_the_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("supabase/migrations")).unwrap();
    std::fs::write(folder.path().join("gardefou.yaml"), "exposed-schemas: [public, pgmq_public]\n").unwrap();
    let sql = "select pgmq.create('Open');\nselect pgmq.create('closed');\nselect pgmq.create('private');\n\
        select pgmq.create('dropped');\ngrant usage on schema pgmq to anon;\n\
        grant select, insert on pgmq.q_open, pgmq.q_closed, pgmq.q_dropped to anon;\n\
        alter table pgmq.q_closed enable row level security;\nselect pgmq.drop_queue('dropped');\n";
    let file = folder.path().join("supabase/migrations/20260101000000_queues.sql");
    std::fs::write(&file, format!("create extension pgmq;\n{sql}")).unwrap();
    assert_eq!(found(folder.path(), &["supabase/migrations"]), ["pgmq.q_open:2"]);

    let Some(cluster) = pg::own_cluster("-queues-live") else { return };
    let database = cluster.create();
    let mut client = cluster.connect(&database);
    client.batch_execute("create role anon; create role authenticated").unwrap();
    client.batch_execute(&pgmq()).unwrap();
    client.batch_execute(sql).unwrap();
    let url = cluster.url("postgres", &database);
    assert_eq!(found(folder.path(), &["--database-url", &url]), ["pgmq.q_open:null"]);
    // The database's finding has the place of the call.
    assert_eq!(found(folder.path(), &["supabase/migrations", "--database-url", &url]), ["pgmq.q_open:2"]);
}
