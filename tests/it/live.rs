//! The live source from the command line: checks, snapshots and comparisons of a running database, and every way in which
//! it may not be reached.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gardefou::migrations::{DefaultGrants, Platform};
use postgres::Client;
use serde_json::Value;

use crate::support::pg::{self, Cluster};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

pub fn run(arguments: &[&str]) -> Output {
    run_in(&root().join("examples"), arguments, &[])
}

pub fn run_in(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command.envs(environment.iter().copied());
    command.output().unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).unwrap_or_else(|_| panic!("{}{}", out(output), err(output)))
}

/// A database that the example's migrations built, on a Supabase-like start; before PostgreSQL 15 its views run with
/// their owner's rights.
pub fn depot(cluster: &Cluster) -> (String, Client) {
    let database = cluster.create();
    let mut client = cluster.connect(&database);
    let old = pg::lacks_security_invoker(&mut client);
    for script in gardefou::platform::sql(Platform::Supabase, DefaultGrants::Legacy).iter().skip(1) {
        client.batch_execute(script).expect("the platform's own SQL");
    }
    client.batch_execute("set search_path to \"$user\", public, extensions").unwrap();
    let folder = root().join("examples/depot/supabase/migrations");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // The Supabase CLI runs no file whose name does not begin with a version.
    let version = |file: &Path| file.file_name().unwrap().to_str().unwrap().split('_').next().unwrap().len() == 14;
    for file in files.into_iter().filter(|file| version(file)) {
        let mut text = std::fs::read_to_string(&file).unwrap();
        if old {
            text = text.replace("with (security_invoker = true) as", "as");
        }
        client.batch_execute(&text).unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
    }
    (cluster.url("postgres", &database), client)
}

/// Rules that ask whether a grant was made by name, and gates, which ask about files and database at once.
fn by_default(finding: &str) -> bool {
    ["grants/anon-write-grant", "functions/revoke-public-only", "governance/gate-closed"]
        .iter()
        .any(|rule| finding.starts_with(rule))
}

/// Findings as `rule object`, those that count.
fn counted(report: &Value) -> Vec<String> {
    let new = report["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == "new");
    new.map(|finding| format!("{} {}", finding["rule"].as_str().unwrap(), finding["object"]["name"].as_str().unwrap()))
        .collect()
}

#[test]
fn the_depot_live_has_the_findings_of_its_migrations_at_their_places() {
    let Some(cluster) = pg::own_cluster("-live-depot") else { return };
    if pg::too_old(&cluster) {
        return;
    }
    let (url, mut client) = depot(&cluster);
    let folded = json(&run(&["check", "depot", "--format", "json"]));
    let both = run(&["check", "depot", "--database-url", &url, "--format", "json"]);
    assert_eq!(code(&both), 1, "{}", err(&both));
    let both = json(&both);
    let about_state = |report: &Value| -> Vec<(String, Value)> {
        let rules = ["destructive/", "migrations/", "access/", "config/", "views/lost-", "functions/definer-lost"];
        // Those about statements and files, and those about rows.
        let history = ["canonical-", "classification-", "freeze-", "gate-", "flow-bypassed", "no-reset"];
        let history = history.map(|name| format!("governance/{name}"));
        let rules: Vec<&str> = rules.into_iter().chain(history.iter().map(String::as_str)).collect();
        let findings = report["findings"].as_array().unwrap().iter();
        let state = findings.filter(|finding| {
            let rule = finding["rule"].as_str().unwrap();
            finding["state"] == "new" && !rules.iter().any(|prefix| rule.starts_with(prefix))
        });
        let mut all: Vec<(String, Value)> =
            state.map(|f| (format!("{} {}", f["rule"], f["object"]["name"]), f["location"].clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    assert_eq!(about_state(&both), about_state(&folded), "same findings, same file and line");
    assert!(about_state(&both).len() > 10);

    // Without migrations there is no place, and it cannot be told whether a GRANT repeated what defaults gave.
    let live = json(&run(&["check", "--config", "depot/gardefou.yaml", "--database-url", &url, "--format", "json"]));
    let told: Vec<String> = counted(&both).into_iter().filter(|one| !by_default(one)).collect();
    let mut untold: Vec<String> = counted(&live).into_iter().filter(|one| !by_default(one)).collect();
    untold.sort();
    assert_eq!(untold, {
        let mut told = told;
        told.sort();
        told
    });
    assert!(live["findings"].as_array().unwrap().iter().all(|finding| {
        // What is declared has its place in the configuration and in the lock.
        finding["location"].is_null() || finding["rule"].as_str().unwrap().starts_with("governance/")
    }));

    // What somebody did by hand is found, and said to be nobody's migration.
    client
        .batch_execute("create table public.hand_made (id int); alter table public.citernes disable row level security")
        .unwrap();
    let both =
        json(&run(&["check", "depot", "--database-url", &url, "--format", "json", "--select", "rls/rls-disabled"]));
    let found: Vec<(&str, bool)> = both["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["rule"] == "rls/rls-disabled")
        .map(|f| (f["message"].as_str().unwrap(), f["location"].is_null()))
        .collect();
    assert!(
        found
            .iter()
            .any(|(m, none)| m.contains("hand_made") && m.ends_with("(no migration explains this object)") && *none),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(m, none)| m.contains("citernes") && m.ends_with("(the migrations alone do not show this)") && !none),
        "{found:?}"
    );
}

#[test]
fn a_snapshot_says_what_the_database_says_and_keeps_no_secret() {
    let Some(cluster) = pg::own_cluster("-live-snapshot") else { return };
    let (url, mut client) = depot(&cluster);
    let jwt =
        format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", "eyJyb2xlIjoic2VydmljZV9yb2xlIn0", "abcdefghijklmnopqrstuvwxyz012345");
    client
        .batch_execute(&format!(
            "alter role anon set app.jwt_secret = 'geheim-in-role'; alter role anon set statement_timeout = '3s';
             create function public.call() returns void language plpgsql as $$ begin perform '{jwt}'; end $$;
             comment on table public.citernes is 'postgres://admin:geheim-in-comment@db/x'"
        ))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let take = |name: &str| {
        let output = run_in(folder.path(), &["snapshot", "--database-url", &url, "-o", name], &[]);
        assert_eq!(code(&output), 0, "{}", err(&output));
        std::fs::read_to_string(folder.path().join(name)).unwrap()
    };
    let (first, second) = (take("a.json"), take("b.json"));
    assert_eq!(first, second, "the same schema makes the same bytes");
    for secret in ["geheim", "eyJyb2xl"] {
        assert!(!first.contains(secret), "{secret} is in the snapshot");
    }
    assert!(first.contains("\"statement_timeout\": \"3s\""));

    let config = root().join("examples/depot/gardefou.yaml");
    let config = config.to_str().unwrap();
    let live = json(&run_in(folder.path(), &["check", "--config", config, "--database-url", &url, "-f", "json"], &[]));
    let snap = json(&run_in(folder.path(), &["check", "--config", config, "--snapshot", "a.json", "-f", "json"], &[]));
    // A snapshot holds no rows.
    let without_rows = |report: &Value| -> Vec<Value> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings.filter(|finding| finding["rule"] != "governance/canonical-drift").cloned().collect()
    };
    assert_eq!(without_rows(&live), without_rows(&snap));
    assert!(counted(&snap).len() > 10);

    let same = run_in(folder.path(), &["diff", "a.json", &url], &[]);
    assert_eq!((code(&same), out(&same).lines().count()), (0, 1), "{}{}", out(&same), err(&same));

    for (text, wanted) in [("{\"version\": 9}", "version 9"), ("{", "take it again"), ("[]", "take it again")] {
        std::fs::write(folder.path().join("bad.json"), text).unwrap();
        let bad = run_in(folder.path(), &["check", "--snapshot", "bad.json"], &[]);
        assert_eq!(code(&bad), 2);
        assert!(err(&bad).contains(wanted) && err(&bad).contains("bad.json"), "{}", err(&bad));
    }
}

#[test]
fn migrations_and_the_database_they_built_do_not_differ() {
    let Some(cluster) = pg::own_cluster("-live-diff") else { return };
    if pg::too_old(&cluster) {
        return;
    }
    let (url, mut client) = depot(&cluster);
    let migrations = "depot/supabase/migrations";
    let same = run(&["diff", migrations, &url]);
    assert_eq!(code(&same), 0, "{}{}", out(&same), err(&same));
    assert!(out(&same).starts_with("no difference; "), "{}", out(&same));

    client
        .batch_execute(
            "drop policy \"lecture citernes\" on public.citernes;
             create policy \"lecture citernes\" on public.citernes for select to authenticated using (1 = 1);
             grant create on schema public to anon;
             create table public.hand_made (id int primary key);
             alter table public.citernes add column note text;
             create or replace view public.v_mouvements with (security_invoker = true) as
               select r.id, 'entree' as sens, r.citerne_id, r.produit_id, r.jour, r.statut, r.volume_ambiant, r.volume_15c
                 from public.receptions r
               union all
               select s.id, 'sortie', s.citerne_id, s.produit_id, s.jour, s.statut, s.volume_ambiant, s.volume_15c
                 from public.sorties_produit s where s.volume_15c > 0;
             drop trigger if exists inexistent on public.citernes",
        )
        .unwrap();
    let different = run(&["diff", migrations, &url]);
    assert_eq!(code(&different), 1, "{}", err(&different));
    let text = out(&different).replace(&url, "URL");
    let text = text.replace(cluster.data().parent().unwrap().to_str().unwrap(), "SOCKET");
    insta::with_settings!({snapshot_path => "../../snapshots/live", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("diff", text);
    });
    let json = json(&run(&["diff", migrations, &url, "--format", "json"]));
    assert_eq!(json["version"], 1);
    assert!(!out(&different).contains("postgres@"), "no connection string is printed");
}

/// PostgreSQL 17 grants MAINTAIN with ALL: that makes the platform's own grants nobody else's.
#[test]
fn a_newer_server_does_not_make_the_platform_look_like_the_project() {
    use gardefou::catalog::{AclEntry, ObjectKind, Privilege};
    let Some(cluster) = pg::own_cluster("-live-maintain") else { return };
    let (_, mut client) = depot(&cluster);
    client.batch_execute("set search_path to ''").unwrap();
    let mut catalog = gardefou::live::introspect(&mut client).unwrap();
    let with = |grantee: &str| AclEntry {
        grantee: grantee.to_owned(),
        privilege: Privilege::Maintain,
        grantable: false,
        grantor: "postgres".to_owned(),
        at: None,
        by_default: false,
        conditional: false,
    };
    for entry in catalog.default_privileges.iter_mut().filter(|entry| entry.objects == ObjectKind::Table) {
        for role in ["anon", "authenticated", "service_role"] {
            entry.acl.grant(with(role));
        }
    }
    let mut check = gardefou::check::CheckConfig::default();
    let _ = gardefou::live::prepare(&mut catalog, &Default::default(), None, &mut check, crate::support::CONFIGURED);
    let own: Vec<_> = catalog.default_privileges.iter().filter(|entry| !entry.platform).collect();
    // The one the example's migrations changed.
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(own[0].schema.as_deref(), Some("public"));
}

/// On plain PostgreSQL the application's own role runs the migrations.
#[test]
fn who_ran_the_migrations_is_no_difference() {
    let Some(cluster) = pg::own_cluster("-live-runner") else { return };
    let database = cluster.create();
    let mut client = cluster.connect(&database);
    // Before PostgreSQL 15 everybody may create in `public`.
    client.batch_execute("create role app login superuser; revoke create on schema public from public").unwrap();
    let sql = "create role reader; create schema s; create table s.a (id serial primary key, n text check (n <> ''), m int default 1 + 1);
        create view s.v as select id from s.a where n = any (array['x', 'y']); grant select on s.a to reader;
        create index on s.a (lower(n)) where id > 0; alter default privileges in schema s grant select on tables to reader;
        create function s.f(a int) returns int language sql as 'select a'; create type s.e as enum ('x', 'y');
        create domain s.d as text check (value like 'a%');
        alter table s.a enable row level security;
        create policy p on s.a to reader using (n in ('x', 'y') and id = coalesce(nullif(current_setting('app.id', true), '')::int, 0));";
    client.batch_execute(&format!("set session authorization app; {sql}")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1.sql"), sql).unwrap();
    let url = cluster.url("app", &database);
    let output = run_in(folder.path(), &["diff", "1.sql", &url, "--no-config", "--platform", "postgres"], &[]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("run by app"), "{}", out(&output));
    client.batch_execute("alter table s.a owner to reader").unwrap();
    let output = run_in(folder.path(), &["diff", &url, "1.sql", "--no-config", "--platform", "postgres"], &[]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("table s.a\n  owner: reader → app"), "{}", out(&output));
}

/// What somebody did by hand to the tables of the storage and auth services; PostgreSQL says who reaches what.
#[test]
fn the_platforms_tables_are_looked_at_for_what_a_hand_did() {
    let Some(cluster) = pg::own_cluster("-live-platform") else { return };
    let (url, mut client) = depot(&cluster);
    let of_platform = |url: &str| -> Vec<String> {
        let report = json(&run(&["check", "--database-url", url, "--format", "json"]));
        let findings = report["findings"].as_array().unwrap().iter();
        let told = findings.filter(|finding| finding["rule"].as_str().unwrap().contains("/platform-"));
        told.map(|f| {
            format!(
                "{} {} {}",
                f["severity"].as_str().unwrap(),
                f["rule"].as_str().unwrap(),
                f["message"].as_str().unwrap()
            )
        })
        .collect()
    };
    assert_eq!(of_platform(&url), Vec::<String>::new(), "as the platform makes it");
    client
        .batch_execute(
            "alter table storage.objects disable row level security;
             alter table auth.sessions disable row level security;
             grant select on auth.users to authenticated;
             grant select on auth.flow_state to service_role;
             grant usage on schema vault to anon;
             create table auth.oauth_clients (id uuid primary key, secret text);
             alter table auth.oauth_clients owner to supabase_auth_admin;
             grant select on auth.oauth_clients to anon, dashboard_user;",
        )
        .unwrap();
    assert_eq!(
        of_platform(&url),
        [
            "error grants/platform-secrets `auth.oauth_clients` is granted SELECT to anon",
            "error rls/platform-rls-disabled `auth.oauth_clients` has no row level security, and anon can reach it",
            "error rls/platform-rls-disabled `storage.objects` has no row level security, and anon, authenticated can reach it",
            "warning grants/platform-secrets `auth.users` is granted SELECT to authenticated",
        ]
    );
    client.batch_execute("insert into storage.objects (name) values ('bon.pdf'); insert into auth.oauth_clients values (gen_random_uuid(), 's')").unwrap();
    let mut seen = |role: &str, table: &str| -> Result<i64, String> {
        client.batch_execute(&format!("set role {role}")).unwrap();
        let count = client.query_one(&format!("select count(*) from {table}"), &[]);
        client.batch_execute("reset role").unwrap();
        count.map(|row| row.get(0)).map_err(|error| error.code().unwrap().code().to_owned())
    };
    assert_eq!(seen("anon", "storage.objects"), Ok(1));
    assert_eq!(seen("anon", "auth.oauth_clients"), Ok(1));
    assert_eq!(seen("authenticated", "auth.users"), Ok(0), "row level security is left");
    assert_eq!(seen("anon", "auth.sessions"), Err("42501".to_owned()), "nobody was granted it");
}
