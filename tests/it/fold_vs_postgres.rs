//! PostgreSQL is the judge: the same SQL is applied to an empty database and folded, and every fact must agree.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use gardefou::location::Span;
use gardefou::migrations::{DefaultGrants, FoldOptions, History, MigrationFile, MigrationSet, Platform, fold};

use crate::facts;

pub(crate) fn history(files: &[(&str, &str)], platform: Platform) -> History {
    let files = files.iter().map(|(path, text)| MigrationFile {
        path: Arc::from(*path),
        text: Arc::from(*text),
        sections: vec![Span::new(0, text.len() as u32)],
        version: None,
        skipped: None,
        changed: true,
    });
    let set = MigrationSet { files: files.collect(), ..MigrationSet::default() };
    fold(&set, &FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) })
}

/// Connection settings of a running server, from `GARDEFOU_TEST_PG` (`host port`).
fn psql(database: &str, args: &[&str], input: &str) -> Result<String, String> {
    let server = std::env::var("GARDEFOU_TEST_PG").map_err(|e| e.to_string())?;
    let (host, port) = server.split_once(' ').ok_or("host port")?;
    let mut child = Command::new("/usr/lib/postgresql/15/bin/psql")
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

/// Ad hoc: folds and replays the migrations in `GARDEFOU_CORPUS` and prints what differs.
#[test]
#[ignore = "needs a server and a checked-out history"]
fn corpus() {
    let Ok(folder) = std::env::var("GARDEFOU_CORPUS") else { return };
    let platform = if std::env::var("GARDEFOU_PLAIN").is_ok() { Platform::Postgres } else { Platform::Supabase };
    let mut paths: Vec<PathBuf> = Vec::new();
    collect(Path::new(&folder), &mut paths);
    paths.sort();
    let template = std::env::var("GARDEFOU_TEMPLATE").unwrap_or_else(|_| "template1".to_owned());
    psql("postgres", &[], "drop database if exists corpus").expect("drop");
    psql("postgres", &[], &format!("create database corpus template {template}")).expect("create");
    let mut files = Vec::new();
    for path in &paths {
        let text = String::from_utf8_lossy(&std::fs::read(path).expect("read")).into_owned();
        let whole: &[&str] = if text.to_lowercase().contains("concurrently") {
            &["-v", "ON_ERROR_STOP=1"]
        } else {
            &["-v", "ON_ERROR_STOP=1", "-1"]
        };
        match psql("corpus", whole, &text) {
            Ok(_) => files.push((path.display().to_string(), text)),
            Err(e) => println!("FAILED {}: {}", path.display(), e.lines().next().unwrap_or("")),
        }
    }
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let started = std::time::Instant::now();
    let history = history(&borrowed, platform);
    println!("applied {} of {} files; folded in {:?}", files.len(), paths.len(), started.elapsed());
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

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder").flatten() {
        let path = entry.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, paths);
        } else if name.ends_with(".sql") && !name.contains(".down.") && name != "down.sql" {
            paths.push(path);
        }
    }
}
