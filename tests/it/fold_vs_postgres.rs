//! PostgreSQL is the judge: the same SQL is applied to an empty database and folded, and every fact must agree.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot reach its server must say so")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use gardefou::location::Span;
use gardefou::migrations::discover::{DiscoverOptions, discover};
use gardefou::migrations::{DefaultGrants, FoldOptions, History, MigrationFile, MigrationSet, Platform, fold};

use crate::facts;
use crate::support::pg;

/// Whole files, all of them changed.
pub(crate) fn files(files: &[(&str, &str)]) -> Vec<MigrationFile> {
    let files = files.iter().map(|(path, text)| MigrationFile {
        path: Arc::from(*path),
        text: Arc::from(*text),
        sections: vec![Span::new(0, text.len() as u32)],
        version: None,
        skipped: None,
        changed: true,
    });
    files.collect()
}

pub(crate) fn history(texts: &[(&str, &str)], platform: Platform) -> History {
    let set = MigrationSet { files: files(texts), ..MigrationSet::default() };
    fold(&set, &FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) })
}

/// Connection settings of a running server, from `GARDEFOU_TEST_PG` (`host port`).
fn psql(database: &str, args: &[&str], input: &str) -> Result<String, String> {
    let server = std::env::var("GARDEFOU_TEST_PG").map_err(|e| e.to_string())?;
    let (host, port) = server.split_once(' ').ok_or("host port")?;
    let mut child = Command::new("psql")
        .args(["-X", "-q", "-A", "-t", "-U", "postgres", "-h", host, "-p", port, "-d", database])
        .args(args)
        .env("PGOPTIONS", "-c client_min_messages=error")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    use std::io::Write;
    let mut stdin = child.stdin.take().ok_or("stdin")?;
    let text = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let out = child.wait_with_output().map_err(|e| e.to_string())?;
    let _ = writer.join();
    let (stdout, stderr) =
        (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned());
    if out.status.success() { Ok(stdout) } else { Err(stderr) }
}

/// Facts the database has that the Catalog has not (`-`), and the other way round (`+`).
fn difference(database: &str, history: &History) -> Vec<String> {
    let server = psql(database, &["-v", "ON_ERROR_STOP=1"], include_str!("facts.sql")).expect("facts");
    let server: std::collections::BTreeSet<&str> = server.lines().map(str::trim_end).collect();
    let folded = facts::lines(&history.catalog);
    let folded: std::collections::BTreeSet<&str> = folded.iter().map(|line| line.trim_end()).collect();
    let missing = server.difference(&folded).map(|line| format!("- {line}"));
    missing.chain(folded.difference(&server).map(|line| format!("+ {line}"))).collect()
}

fn server_facts(client: &mut postgres::Client) -> BTreeSet<String> {
    let rows = client.simple_query(include_str!("facts.sql")).expect("facts");
    let rows = rows.iter().filter_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => row.get(0).map(|line| line.trim_end().to_owned()),
        _ => None,
    });
    rows.collect()
}

pub(crate) const FILES: &[(&str, &str)] = &[
    ("01_tables.sql", include_str!("../fixtures/fold/01_tables.sql")),
    ("02_security.sql", include_str!("../fixtures/fold/02_security.sql")),
    ("03_grants.sql", include_str!("../fixtures/fold/03_grants.sql")),
    ("04_drops.sql", include_str!("../fixtures/fold/04_drops.sql")),
    ("05_blocks.sql", include_str!("../fixtures/fold/05_blocks.sql")),
];

/// Each file is applied on top of the platform and those before it; after each the two must agree.
#[test]
fn every_fact_agrees_with_the_server() {
    // The facts hold every role of the server, and another test may create some on the shared one.
    let Some(cluster) = pg::own_cluster("-facts") else { return };
    let mut client = cluster.connect(&cluster.create());
    if pg::older(&mut client, 15, "the public schema the fold starts from") {
        return;
    }
    let platform = gardefou::platform::sql(Platform::Supabase, DefaultGrants::Legacy);
    for script in platform.iter().skip(1) {
        client.batch_execute(script).expect("the platform's own SQL");
    }
    let mut wrong = Vec::new();
    for upto in 0..=FILES.len() {
        if let Some((path, text)) = upto.checked_sub(1).and_then(|at| FILES.get(at)) {
            client.batch_execute("reset all; discard temp").expect("a session like a new one");
            client.batch_execute("set search_path to \"$user\", public, extensions").expect("search_path");
            client.batch_execute(text).unwrap_or_else(|e| panic!("{path}: {e:?}"));
            client.batch_execute("discard temp").expect("discard");
        }
        let history = history(&FILES[..upto], Platform::Supabase);
        let server = server_facts(&mut client);
        let folded: BTreeSet<String> =
            facts::lines(&history.catalog).iter().map(|line| line.trim_end().to_owned()).collect();
        assert!(server.len() > 1000 + upto * 50, "facts were compared: {}", server.len());
        wrong.extend(server.difference(&folded).map(|line| format!("{upto} - {line}")));
        wrong.extend(folded.difference(&server).map(|line| format!("{upto} + {line}")));
        crate::governance::lock::compare(&mut client, &history, if upto == 0 { 0 } else { upto * 20 });
    }
    assert!(wrong.is_empty(), "the server (-) and the fold (+) disagree:\n{}", wrong.join("\n"));
    // Roles belong to the whole server, so the live source is held against the same database here.
    the_live_source_reads_the_same(&mut client);
    crate::governance::lock::the_example_depot_locks_alike();
}

fn the_live_source_reads_the_same(client: &mut postgres::Client) {
    let server = server_facts(client);
    client.batch_execute("set search_path to ''").expect("search_path");
    let catalog = gardefou::live::introspect(client).expect("the catalog");
    let read: BTreeSet<String> = facts::lines(&catalog).iter().map(|line| line.trim_end().to_owned()).collect();
    let missing = server.difference(&read).map(|line| format!("- {line}"));
    let wrong: Vec<String> = missing.chain(read.difference(&server).map(|line| format!("+ {line}"))).collect();
    assert!(wrong.is_empty(), "the server (-) and the live Catalog (+) disagree:\n{}", wrong.join("\n"));
}

/// Ad hoc: folds and replays the migrations in `GARDEFOU_CORPUS` and prints what differs.
#[test]
#[ignore = "needs a server and a checked-out history"]
fn corpus() {
    let Ok(folder) = std::env::var("GARDEFOU_CORPUS") else { return };
    let platform = if std::env::var("GARDEFOU_PLAIN").is_ok() { Platform::Postgres } else { Platform::Supabase };
    let options = DiscoverOptions { root: PathBuf::from(&folder), since: None, layout: None };
    let mut set = discover(&[PathBuf::from(&folder)], &options).expect("migrations");
    let template = std::env::var("GARDEFOU_TEMPLATE").unwrap_or_else(|_| "template1".to_owned());
    psql("postgres", &[], "drop database if exists corpus").expect("drop");
    psql("postgres", &[], &format!("create database corpus template {template}")).expect("create");
    let total = set.files.len();
    set.files.retain(|file| {
        let text: Vec<&str> = file.sections.iter().map(|section| section.slice(&file.text)).collect();
        let text = text.join("\n");
        let run = |args: &[&str]| psql("corpus", args, &text);
        let alone = text.to_lowercase().contains("concurrently");
        let done = file.skipped.is_none().then(|| match run(&["-v", "ON_ERROR_STOP=1", "-1"]) {
            Err(_) if alone => run(&["-v", "ON_ERROR_STOP=1"]),
            done => done,
        });
        if let Some(Err(e)) = &done {
            println!("FAILED {} {}: {}", if alone { "IN PART" } else { "" }, file.path, e.lines().next().unwrap_or(""));
        }
        matches!(done, Some(Ok(_)))
    });
    let started = std::time::Instant::now();
    let options = FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) };
    let history = fold(&set, &options);
    println!("applied {} of {total} files; folded in {:?}", set.files.len(), started.elapsed());
    println!("facts {}", facts::lines(&history.catalog).len());
    let difference = difference("corpus", &history);
    println!("differences {}", difference.len());
    for line in difference {
        println!("{line}");
    }
    for entry in &history.coverage {
        println!(
            "COVERAGE {:?} {} {}",
            entry.kind,
            entry.location.as_ref().map_or(String::new(), ToString::to_string),
            entry.message
        );
    }
}
