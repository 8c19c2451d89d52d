//! `gardefou access` and the access diff of `gardefou check --since`, on the example depot.

use std::path::Path;
use std::process::Command;

use gardefou::access::render::{Bounds, heat_map};
use gardefou::access::{Row, Table, Verdict};
use serde_json::Value;

use crate::live::{code, depot, err, out, root, run_in};
use crate::support::pg;

fn depot_access(arguments: &[&str]) -> String {
    let output = run_in(&root(), &[&["access", "examples/depot"], arguments].concat(), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    out(&output)
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../../../snapshots/access", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn the_depot_at_a_glance() {
    snapshot("table", &depot_access(&[]));
    snapshot("table.md", &depot_access(&["--format", "markdown", "--role", "anon"]));
    snapshot("map.html", &depot_access(&["--format", "html", "--role", "anon,authenticated"]));
    snapshot("contract", &depot_access(&["--write-contract"]));
}

fn row(role: &str, relation: &str, verdict: Verdict) -> Row {
    Row {
        role: role.to_owned(),
        relation: relation.parse().unwrap(),
        command: gardefou::access::Command::Select,
        verdict,
        columns: vec!["*".to_owned()],
        assumptions: Vec::new(),
        derivation: Vec::new(),
        kind: gardefou::catalog::ObjectKind::Table,
    }
}

#[test]
fn a_bounded_map_shows_what_is_most_open_and_counts_the_rest() {
    let rows = [
        ("public.a_closed", Verdict::Denied, Verdict::Denied),
        ("public.b_quiet", Verdict::None, Verdict::All),
        ("public.\"<b>open\"", Verdict::All, Verdict::None),
        ("public.d_some", Verdict::Rows, Verdict::None),
    ];
    let rows = rows.iter().flat_map(|(name, one, two)| [row("anon", name, *one), row("o'neil", name, *two)]);
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by(|a, b| a.relation.cmp(&b.relation));
    let table = Table { rows, roles: vec!["anon".to_owned(), "o'neil".to_owned()], ..Table::default() };
    let map = heat_map(&table, Bounds { relations: 2, roles: 1 });
    assert!(map.contains("public.&quot;&lt;b&gt;open&quot;</th><td class=\"all\">all</td>"), "{map}");
    assert!(map.contains("public.d_some") && !map.contains("a_closed") && !map.contains("b_quiet"), "{map}");
    assert!(!map.contains("neil"), "{map}");
    let left_out = "Not shown: 1 relation on which none of these roles has a privilege; \
        1 relation less open than these, for length; 1 role; `gardefou access --format html` shows all.";
    assert!(map.contains(left_out), "{map}");
    let whole = heat_map(&table, Bounds::NONE);
    assert!(whole.contains("o&#39;neil") && whole.contains("b_quiet") && !whole.contains("Not shown"), "{whole}");
    assert!(!heat_map(&Table::default(), Bounds::NONE).contains("<table"));
}

#[test]
fn anon_reaches_exactly_what_leaks() {
    let table: Value = serde_json::from_str(&depot_access(&["--role", "anon", "--format", "json"])).unwrap();
    let rows = table["rows"].as_array().unwrap();
    let keys: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["assumptions", "columns", "command", "derivation", "relation", "role", "verdict"]);
    let all = rows.iter().filter(|row| row["verdict"] == "all");
    let all: Vec<String> = all.map(|row| format!("{} {}", row["command"], row["relation"]).replace('"', "")).collect();
    assert_eq!(
        all,
        [
            "select public.citernes",
            "select public.stocks_journaliers",
            "select public.transporteurs",
            "insert public.transporteurs",
            "update public.transporteurs",
            "delete public.transporteurs",
        ]
    );
    assert!(rows.iter().all(|row| row["verdict"] != "unknown"));
}

#[test]
fn one_verdict_step_by_step() {
    snapshot("explain-citernes", &depot_access(&["--explain", "anon", "select", "public.citernes"]));
    snapshot("explain-clients", &depot_access(&["--explain", "authenticated", "update", "clients"]));
    snapshot("explain-view", &depot_access(&["--explain", "authenticated", "select", "public.v_stock_actuel"]));
    for wrong in [["anon", "select", "public.citerne"], ["anon", "merge", "public.citernes"], ["nobody", "select", "x"]]
    {
        let arguments = [&["access", "examples/depot", "--explain"][..], &wrong].concat();
        let output = run_in(&root(), &arguments, &[]);
        assert_eq!(code(&output), 2);
        assert!(
            err(&output).contains("did you mean")
                || err(&output).contains("say select")
                || err(&output).contains("no role"),
            "{}",
            err(&output)
        );
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

const MIGRATIONS: &str = "supabase/migrations";
const LEAK: &str = "20250318100000_lecture_citernes_et_stocks.sql";

/// The depot's repository: `main` without the migration that leaks, a branch that adds it.
fn depot_with_history() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (root().join("examples/depot").join(MIGRATIONS), folder.path().join(MIGRATIONS));
    std::fs::create_dir_all(&to).unwrap();
    std::fs::write(folder.path().join("gardefou.yaml"), "platform: supabase\ndefault-grants: legacy\n").unwrap();
    for file in std::fs::read_dir(&from).unwrap().map(|file| file.unwrap().path()) {
        std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
    std::fs::rename(to.join(LEAK), folder.path().join("leak")).unwrap();
    git(folder.path(), &["init", "-q", "-b", "main"]);
    git(folder.path(), &["add", "supabase", "gardefou.yaml"]);
    git(folder.path(), &["commit", "-qm", "depot"]);
    git(folder.path(), &["checkout", "-qb", "work"]);
    std::fs::rename(folder.path().join("leak"), to.join(LEAK)).unwrap();
    folder
}

#[test]
fn a_leaking_migration_shows_in_the_access_diff() {
    let folder = depot_with_history();
    let check = |format: &str| {
        run_in(
            folder.path(),
            &["check", "--since", "main", "--format", format],
            &[("PATH", &std::env::var("PATH").unwrap())],
        )
    };
    let human = check("human");
    assert_eq!(code(&human), 1, "{}", err(&human));
    let diff: Vec<String> = out(&human).lines().skip_while(|line| *line != "access:").map(str::to_owned).collect();
    snapshot("diff", &diff.join("\n"));
    snapshot("diff.md", &out(&check("markdown")));
    let json: Value = serde_json::from_str(&out(&check("json"))).unwrap();
    let of_anon = json["access"].as_array().unwrap().iter().find(|delta| delta["role"] == "anon").unwrap();
    assert_eq!(of_anon["after"], "all");
    assert_eq!(of_anon["location"]["line"], 9);
    let rules: Vec<&str> =
        json["findings"].as_array().unwrap().iter().filter_map(|finding| finding["rule"].as_str()).collect();
    assert!(rules.contains(&"access/anon-gained"), "{rules:?}");
}

#[test]
fn an_edited_and_a_deleted_file_are_compared_with_what_they_were() {
    let folder = depot_with_history();
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "the leak"]);
    // Edited in place: the policy is for signed-in users now. Deleted: transporteurs and what hangs on it.
    let leak = folder.path().join(MIGRATIONS).join(LEAK);
    let text = std::fs::read_to_string(&leak)
        .unwrap()
        .replace("for select using (true)", "for select to authenticated using (true)");
    std::fs::write(&leak, text).unwrap();
    let output = run_in(
        folder.path(),
        &["check", "--since", "work", "--format", "json"],
        &[("PATH", &std::env::var("PATH").unwrap())],
    );
    let json: Value = serde_json::from_str(&out(&output)).unwrap();
    let deltas: Vec<String> = json["access"]
        .as_array()
        .unwrap()
        .iter()
        .map(|delta| {
            format!(
                "{} {} {} {} {}",
                delta["role"], delta["command"], delta["relation"], delta["before"], delta["after"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(deltas, ["anon select public.citernes all denied", "anon select public.stocks_journaliers all denied"]);
}

#[test]
fn the_planner_agrees_on_the_depot() {
    let Some(cluster) = pg::own_cluster("-access") else { return };
    if crate::support::pg::too_old(&cluster) {
        return;
    }
    let (url, mut client) = depot(&cluster);
    let config = root().join("examples/depot/gardefou.yaml");
    let arguments = ["access", "--config", config.to_str().unwrap(), "--database-url", &url];
    let proof = run_in(&root(), &[&arguments[..], &["--prove"]].concat(), &[]);
    assert_eq!(code(&proof), 0, "{}{}", out(&proof), err(&proof));
    assert!(out(&proof).starts_with("the planner was asked about "), "{}", out(&proof));
    // The same table from the files and from the server.
    let only = ["--role", "anon,authenticated,public", "--relation", "public.*", "--format", "markdown"];
    let live = run_in(&root(), &[&arguments[..], &only].concat(), &[]);
    let rows = |text: &str| text.lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&out(&live)), rows(&depot_access(&only)));
    // The test can fail: a table whose security is off in truth is no longer what the snapshot says.
    let snapshot = tempfile::NamedTempFile::new().unwrap();
    let path = snapshot.path().to_str().unwrap();
    let taken = run_in(&root(), &["snapshot", "--database-url", &url, "--output", path], &[]);
    assert_eq!(code(&taken), 0, "{}", err(&taken));
    let from_snapshot = run_in(
        &root(),
        &[&["access", "--config", config.to_str().unwrap(), "--snapshot", path], &only[..]].concat(),
        &[],
    );
    assert_eq!(rows(&out(&from_snapshot)), rows(&out(&live)), "{}", err(&from_snapshot));
    client.batch_execute("alter table public.clients disable row level security").unwrap();
    let changed = run_in(&root(), &[&arguments[..], &only].concat(), &[]);
    assert_ne!(rows(&out(&changed)), rows(&out(&live)));
}

/// What the configuration says of a role's sessions decides a condition on `current_setting`.
#[test]
fn a_context_says_what_a_session_carries() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("migrations")).unwrap();
    write(
        "migrations/1.sql",
        "create role app; create table t (id int); grant select on t to app; alter table t enable row level security;
         create policy p on t to app using (current_setting('app.mode', true) = 'open');",
    );
    let verdict = |context: &str| {
        write("gardefou.yaml", &format!("platform: postgres\n{context}"));
        let output = run_in(folder.path(), &["access", "--role", "app", "--format", "json"], &[]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        let table: Value = serde_json::from_str(&out(&output)).unwrap();
        let select = table["rows"].as_array().unwrap().iter().find(|row| row["command"] == "select").unwrap();
        select["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(""), "rows");
    assert_eq!(verdict("contexts: { app: { settings: { app.mode: { is: open } } } }"), "all");
    assert_eq!(verdict("contexts: { app: { settings: { App.Mode: { is: shut } } } }"), "denied");
    assert_eq!(verdict("contexts: { app: { other-settings: absent } }"), "denied");
    assert_eq!(verdict("contexts: { other: { other-settings: absent } }"), "rows");

    write("gardefou.yaml", "contexts: { app: { setings: {} } }");
    let output = run_in(folder.path(), &["access"], &[]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("gardefou.yaml:1"), "{}", err(&output));
}

#[test]
fn who_may_write_a_table_made_elsewhere_is_not_claimed() {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("1_a.sql");
    let sql = "create table public.comptes (email text primary key);
        alter table public.comptes enable row level security;
        create table public.invites (email text references public.comptes (email));
        alter table public.ailleurs add column email text references public.comptes (email);";
    std::fs::write(&file, sql).unwrap();
    let arguments = ["check", "--no-config", "--platform", "supabase", "--format", "json", "1_a.sql"];
    let report: Value = serde_json::from_str(&out(&run_in(room.path(), &arguments, &[]))).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let oracle = findings.iter().filter(|finding| finding["rule"] == "rls/fk-existence-oracle");
    let named: Vec<&Value> = oracle.map(|finding| &finding["object"]["name"]).collect();
    assert_eq!(named, ["public.invites.invites_email_fkey"]);
}
