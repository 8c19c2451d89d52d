//! That reading a database changes nothing in it, needs no privilege, and fails in words: with the database's name, never
//! with a password.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gardefou::live::connect::Target;
use gardefou::live::{Limits, Session, introspect};
use postgres::Client;

use crate::live::{code, depot, err, out, root, run, run_in};
use crate::support::pg::{self, Cluster};

const SECRET: &str = "geheim-8731";

/// What would show that something was written.
fn marks(client: &mut Client, database: &str) -> Vec<String> {
    let wal: String = client.query_one("select pg_current_wal_insert_lsn()::text", &[]).unwrap().get(0);
    client.batch_execute("select pg_stat_clear_snapshot()").unwrap();
    let row = client
        .query_one(
            "select (tup_inserted, tup_updated, tup_deleted, temp_files, deadlocks)::text from pg_stat_database where datname = $1",
            &[&database],
        )
        .unwrap();
    vec![wal, row.get(0)]
}

#[test]
fn a_role_that_may_only_connect_audits_everything_and_nothing_is_written() {
    let options = "-c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off -c log_statement=all";
    let Some(cluster) = pg::own_cluster_with("-live-read-only", 5432, options) else { return };
    let (url, mut client) = depot(&cluster);
    let database: String = client.query_one("select current_database()", &[]).unwrap().get(0);
    client.batch_execute("create role auditor login; revoke all on database postgres from public").unwrap();
    // Reading may tidy pages up; after a VACUUM there is nothing to tidy.
    client.batch_execute("vacuum").unwrap();
    client.batch_execute("checkpoint").unwrap();
    let url = url.replace("postgres@", "auditor@");
    let folder = tempfile::tempdir().unwrap();
    let out_dir = folder.path().join("audit");
    let out_dir = out_dir.to_str().unwrap();

    let mut observer = cluster.connect("postgres");
    // What that session did is counted when it ends.
    drop(client);
    let open = "select count(*) from pg_stat_activity where datname = $1";
    while observer.query_one(open, &[&database]).unwrap().get::<_, i64>(0) > 0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = marks(&mut observer, &database);
    let done = AtomicBool::new(false);
    let modes = std::thread::scope(|scope| {
        let watch = scope.spawn(|| watch_locks(&mut cluster.connect("postgres"), &done));
        let audit = run(&["audit", "--config", "depot/gardefou.yaml", "--database-url", &url, "--output-dir", out_dir]);
        let check = run(&["check", "--config", "depot/gardefou.yaml", "--database-url", &url]);
        done.store(true, Ordering::Relaxed);
        assert_eq!((code(&audit), code(&check)), (1, 1), "{}{}", err(&audit), err(&check));
        assert!(!out(&check).contains("permission"), "{}", out(&check));
        watch.join().unwrap()
    });
    // Counters of a session are flushed when it ends.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(marks(&mut observer, &database), before, "WAL position and tuple counters");
    assert_eq!(modes, BTreeSet::from(["AccessShareLock".to_owned()]), "locks taken");
    let log = cluster.log();
    let writes = ["insert ", "update ", "delete ", "create ", "alter ", "drop ", "grant ", "lock "];
    let by_us = log.lines().filter(|line| line.contains("from (select") || line.contains("gardefou_"));
    assert!(by_us.clone().count() > 20);
    for line in by_us {
        let statement = line.split("statement: ").last().unwrap().trim_start().to_lowercase();
        assert!(!writes.iter().any(|word| statement.starts_with(word)), "{line}");
    }
}

/// The modes of all locks our sessions hold on anything but their own transaction; every log-in holds one on its
/// database for a moment.
fn watch_locks(client: &mut Client, done: &AtomicBool) -> BTreeSet<String> {
    let mut modes = BTreeSet::new();
    while !done.load(Ordering::Relaxed) {
        let rows = client
            .query(
                "select distinct l.mode from pg_locks l join pg_stat_activity a using (pid)
                  where a.application_name = 'gardefou' and l.locktype <> 'virtualxid'
                    and l.classid is distinct from 'pg_database'::regclass",
                &[],
            )
            .unwrap();
        modes.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    }
    modes
}

#[test]
fn a_session_cannot_write_and_says_so_to_the_server() {
    let Some((url, _client)) = pg::fresh() else { return };
    let target = Target::new(Some(&url), &|_| None).unwrap();
    let mut session = Session::open(&target, Limits::default()).unwrap();
    let client = session.client();
    introspect(client).unwrap();
    let held = client
        .query_typed(
            "select coalesce(string_agg(distinct mode, ','), '') from pg_catalog.pg_locks
              where pid = pg_catalog.pg_backend_pid() and locktype <> 'virtualxid'",
            &[],
        )
        .unwrap();
    assert_eq!(held[0].get::<_, String>(0), "AccessShareLock");
    for (setting, value) in [
        ("transaction_read_only", "on"),
        ("default_transaction_read_only", "on"),
        ("transaction_isolation", "repeatable read"),
        ("statement_timeout", "1min"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "2min"),
        ("search_path", ""),
        ("application_name", "gardefou"),
    ] {
        let rows = client.simple_query(&format!("show {setting}")).unwrap();
        let shown = rows.iter().find_map(|row| match row {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        assert_eq!(shown.as_deref().map(|v| v.trim_matches('"')), Some(value), "{setting}");
    }
    let write = client.batch_execute("create table public.x ()").unwrap_err();
    assert!(write.as_db_error().unwrap().message().contains("read-only transaction"));
}

#[test]
fn the_number_of_round_trips_does_not_depend_on_the_schema() {
    let Some(cluster) = pg::own_cluster_with("-live-trips", 5432, "-c log_statement=all -c log_line_prefix='%a '")
    else {
        return;
    };
    let empty = cluster.create();
    let (full, mut client) = depot(&cluster);
    let mut counts = Vec::new();
    for url in [cluster.url("postgres", &empty), full] {
        let before = sent(&cluster);
        run(&["check", "--no-config", "--database-url", &url]);
        // The last message of a session is not waited for by whoever sent it.
        let open = "select count(*) from pg_stat_activity where application_name = 'gardefou'";
        while client.query_one(open, &[]).unwrap().get::<_, i64>(0) > 0 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        counts.push(sent(&cluster) - before);
    }
    // One message to begin, one about the server, those of the catalog, one to end; and three for each of the
    // rules that ask a question of their own.
    let schema = 3 + gardefou::live::ROUND_TRIPS;
    assert!(counts[0] <= counts[1] && counts[1] <= schema + 9, "{counts:?}");
    // An empty database has no sequences, buckets and queues to ask about: four messages fewer.
    assert!(counts[1] - counts[0] <= 4, "{counts:?}");
}

/// Messages our sessions sent, as the server logged them.
fn sent(cluster: &Cluster) -> usize {
    let log = cluster.log();
    log.lines().filter(|line| line.starts_with("gardefou LOG:") && line.contains("statement:")).count()
}

/// Exit code 2, the words, and no password anywhere.
fn refused(arguments: &[&str], environment: &[(&str, &str)], words: &[&str]) {
    let output = run_in(&root(), arguments, environment);
    let (text, said) = (out(&output), err(&output));
    assert_eq!(code(&output), 2, "{arguments:?}\n{text}{said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} should say `{word}`:\n{said}");
    }
    assert!(said.contains("no check was performed") || arguments[0] == "snapshot", "{said}");
    assert!(!said.contains(SECRET) && !text.contains(SECRET), "{said}{text}");
}

#[test]
fn what_cannot_be_connected_to_is_said() {
    let url = |rest: &str| format!("postgres://u:{SECRET}@{rest}");
    let check = |url: &str, words: &[&str]| refused(&["check", "--no-config", "--database-url", url], &[], words);
    check("not a url", &["not understood"]);
    check(&url("host:port/db"), &["not understood"]);
    check(&url("localhost/db?sslmode=maybe"), &["sslmode `maybe`"]);
    check(&url("localhost/db?sslmode=verify-full&sslrootcert=/nowhere.pem"), &["/nowhere.pem", "sslrootcert"]);
    check(&url("127.0.0.1:1/depot"), &["database depot on 127.0.0.1", "cannot be reached"]);
    check(&url("[::1]:1/depot"), &["database depot on ::1", "cannot be reached"]);
    check(&url("no-such-host.invalid/depot"), &["database depot on no-such-host.invalid"]);
    refused(
        &["snapshot", "--database-url", &url("127.0.0.1:1/depot"), "-o", "-"],
        &[],
        &["database depot on 127.0.0.1"],
    );
    refused(
        &["diff", "examples/depot/supabase/migrations", &url("127.0.0.1:1/depot"), "--no-config"],
        &[],
        &["database depot on 127.0.0.1"],
    );
    // A name in the environment alone is not a wish to connect.
    let output = run_in(&root(), &["check", "examples/depot"], &[("DATABASE_URL", &url("127.0.0.1:1/depot"))]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    // Asked for, the PG* variables name it all.
    let variables =
        [("PGHOST", "127.0.0.1"), ("PGPORT", "1"), ("PGDATABASE", "depot"), ("PGUSER", "u"), ("PGPASSWORD", SECRET)];
    refused(
        &["check", "--no-config", "--database-url", "postgres://"],
        &variables,
        &["database depot on 127.0.0.1", "cannot be reached"],
    );
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_given_up_on() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url =
        format!("postgres://u:{SECRET}@127.0.0.1:{}/depot?sslmode=disable", listener.local_addr().unwrap().port());
    let started = Instant::now();
    refused(
        &["check", "--no-config", "--timeout", "1", "--database-url", &url],
        &[],
        &["database depot on 127.0.0.1", "no log-in within 2 s"],
    );
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn passwords_privileges_and_certificates_that_do_not_fit_are_said() {
    let port = pg::free_port();
    let Some(cluster) = pg::own_cluster_with("-live-auth", port, "") else { return };
    let database = cluster.create();
    let mut client = cluster.connect(&database);
    client
        .batch_execute(&format!(
            "set password_encryption to 'scram-sha-256'; create role bob login password '{SECRET}'; create role shut login; create role weak login;
             revoke connect on database {database} from public; grant connect on database {database} to bob, weak"
        ))
        .unwrap();
    cluster.write(
        "pg_hba.conf",
        "local all bob scram-sha-256\nlocal all all trust\nhost all bob 127.0.0.1/32 scram-sha-256\nhost all all all trust\n",
    );
    let local = |user: &str| cluster.url(user, &database);
    let tcp = |user: &str, rest: &str| format!("postgres://{user}@127.0.0.1:{port}/{database}{rest}");
    // The certificate is for another name.
    let (key, certificate) = certificate("db.example.org");
    cluster.write("server.key", &key);
    cluster.write("server.crt", &certificate);
    let reload = |client: &mut Client| {
        client.batch_execute("select pg_reload_conf()").unwrap();
        std::thread::sleep(Duration::from_millis(300));
    };
    reload(&mut client);
    let check = |url: &str, words: &[&str]| refused(&["check", "--no-config", "--database-url", url], &[], words);
    let named = format!("database {database} on");
    let wrong = local("bob").replace("bob@", &format!("bob:{SECRET}x@"));
    check(&wrong, &[&named, "password authentication failed for user \"bob\""]);
    check(&local("bob"), &[&named, "password"]);
    check(&local("nobody"), &[&named, "role \"nobody\" does not exist"]);
    check(&local("shut"), &[&named, "permission denied for database"]);
    check(&cluster.url("postgres", "elsewhere"), &["database elsewhere on", "does not exist"]);

    // Passwords as people have them: in the URL, the environment, .pgpass.
    let passes = |url: &str, environment: &[(&str, &str)]| {
        let output = run_in(&root(), &["check", "--no-config", "--database-url", url], environment);
        assert_ne!(code(&output), 2, "{}", err(&output));
        assert!(!out(&output).contains(SECRET));
    };
    passes(&local("bob").replace("bob@", &format!("bob:{SECRET}@")), &[]);
    passes(&local("bob"), &[("PGPASSWORD", SECRET)]);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    std::fs::write(&file, format!("# ours\n*:*:other:bob:no\n*:{port}:{database}:bob:{SECRET}\n")).unwrap();
    let home = home.path().to_str().unwrap();
    check(&local("bob"), &["password"]);
    use std::os::unix::fs::PermissionsExt;
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    refused(&["check", "--no-config", "--database-url", &local("bob")], &[("HOME", home)], &["password"]);
    mode(0o600);
    passes(&local("bob"), &[("HOME", home)]);
    passes(&tcp("bob", ""), &[("HOME", home)]);

    // TLS: not offered, then offered with a certificate of nobody's, for another name.
    check(&tcp("weak", "?sslmode=require"), &[&named, "TLS"]);
    client.batch_execute("alter system set ssl = on").unwrap();
    reload(&mut client);
    let folder = tempfile::tempdir().unwrap();
    let root_file = folder.path().join("root.pem");
    std::fs::write(&root_file, &certificate).unwrap();
    let root_file = root_file.to_str().unwrap();
    passes(&tcp("weak", "?sslmode=require"), &[]);
    passes(&tcp("weak", "?sslmode=allow"), &[]);
    passes(&tcp("weak", "?sslmode=prefer"), &[]);
    check(&tcp("weak", "?sslmode=verify-full"), &[&named, "certificate"]);
    check(&tcp("weak", &format!("?sslmode=verify-full&sslrootcert={root_file}")), &[&named, "certificate", "name"]);
    passes(&tcp("weak", &format!("?sslmode=verify-ca&sslrootcert={root_file}")), &[]);
    check(&tcp("weak", "?sslmode=verify-ca"), &[&named, "certificate"]);

    // A hardened catalog.
    client.batch_execute("revoke select on pg_catalog.pg_policy from public").unwrap();
    check(&local("weak"), &[&named, "reading policies failed", "permission denied for table pg_policy"]);
}

/// A key and a self-signed certificate, made by `openssl`, which PostgreSQL's packages bring.
fn certificate(name: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key"), folder.path().join("crt"));
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext", &format!("subjectAltName=DNS:{name}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "openssl is needed to make a certificate: install it");
    (std::fs::read_to_string(key).unwrap(), std::fs::read_to_string(certificate).unwrap())
}

/// A check that waits for a lock, and what it is waiting with.
struct Waiting {
    child: Child,
    pid: i32,
}

#[allow(clippy::zombie_processes, reason = "who asked for it waits for it")]
fn waiting(cluster: &Cluster, url: &str, timeout: &str) -> Waiting {
    let child = Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .args(["check", "--no-config", "--timeout", timeout, "--database-url", url])
        .current_dir(root())
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut observer = cluster.connect("postgres");
    let started = Instant::now();
    loop {
        let row = observer
            .query_opt(
                "select pid from pg_stat_activity where application_name = 'gardefou' and wait_event_type = 'Lock'",
                &[],
            )
            .unwrap();
        if let Some(row) = row {
            return Waiting { child, pid: row.get(0) };
        }
        assert!(started.elapsed() < Duration::from_secs(20), "the check never came to wait");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Waiting {
    fn fails(self, words: &[&str]) {
        let output = self.child.wait_with_output().unwrap();
        assert_eq!(code(&output), 2, "{}", err(&output));
        for word in words {
            assert!(err(&output).contains(word), "should say `{word}`: {}", err(&output));
        }
        assert!(!err(&output).contains("postgres://"), "{}", err(&output));
    }
}

#[test]
fn a_server_that_dies_a_connection_that_is_cut_and_a_lock_that_stays_end_in_words() {
    let Some(cluster) = pg::own_cluster("-live-cut") else { return };
    let database = cluster.create();
    let url = cluster.url("postgres", &database);
    let mut client = cluster.connect(&database);
    client.batch_execute("create table t (id int); create view v as select * from t").unwrap();
    // Deparsing the view waits for this.
    client.batch_execute("begin; lock table t in access exclusive mode").unwrap();
    let named = format!("database {database} on");

    let locked = waiting(&cluster, &url, "1");
    locked.fails(&[&named, "reading relations failed", "timeout"]);

    let cut = waiting(&cluster, &url, "30");
    cluster.connect("postgres").execute("select pg_terminate_backend($1)", &[&cut.pid]).unwrap();
    cut.fails(&[&named, "reading relations failed"]);

    let killed = waiting(&cluster, &url, "30");
    cluster.pg_ctl(&["stop", "-m", "immediate"]);
    killed.fails(&[&named, "reading relations failed"]);
}
