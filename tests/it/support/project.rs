//! A project of `GARDEFOU_TEST_CORPUS` in a database of its own: the files a server takes whole. Extensions it lacks are
//! left out of them, and stand-ins made for what they bring.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gardefou::migrations::discover::{DiscoverOptions, discover};
use gardefou::migrations::{
    DefaultGrants, FoldOptions, History, MigrationFile, MigrationSet, Platform, detect_platform, fold,
};
use postgres::Client;
use regex::Regex;

use super::pg;

/// What pg_cron and pg_net bring, for files that call it.
const STAND_INS: &str = "
    create schema cron; create schema net;
    create table cron.job (jobid bigint, schedule text, command text, jobname text, active boolean);
    create table cron.job_run_details (jobid bigint, runid bigint, status text, start_time timestamptz, end_time timestamptz);
    create function cron.schedule(text, text) returns bigint language sql as 'select 1::bigint';
    create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as 'select 1::bigint';
    create function cron.unschedule(text) returns boolean language sql as 'select true';
    create function cron.unschedule(bigint) returns boolean language sql as 'select true';
    create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds int default 5000)
      returns bigint language sql as 'select 1::bigint';";

/// What a server made of a project's files.
pub struct Project {
    pub client: Client,
    pub platform: Platform,
    /// The files it took.
    pub set: MigrationSet,
    /// How many files there are.
    pub total: usize,
    _cluster: pg::Cluster,
}

/// The projects to try, in order; none without the variable.
pub fn folders() -> Vec<PathBuf> {
    let Ok(corpus) = std::env::var("GARDEFOU_TEST_CORPUS") else { return Vec::new() };
    let entries = std::fs::read_dir(corpus).expect("the folder");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    let only = std::env::var("GARDEFOU_TEST_PROJECT").unwrap_or_default();
    folders.retain(|folder| folder.to_string_lossy().contains(&only));
    folders
}

impl Project {
    /// `None` where there are no migrations, or no server can be had.
    pub fn apply(folder: &Path, label: &str) -> Option<Self> {
        let options = DiscoverOptions { root: folder.to_owned(), since: None, layout: None };
        // Of several folders, the one most have.
        let usual = || discover(&[folder.join("supabase/migrations")], &options);
        let mut set = discover(&[folder.to_owned()], &options).or_else(|_| usual()).ok()?;
        let platform = detect_platform(&set).0;
        let cluster = pg::own_cluster(label)?;
        let mut client = cluster.connect(&cluster.create());
        for script in gardefou::platform::sql(platform, DefaultGrants::Legacy).iter().skip(1) {
            client.batch_execute(script).expect("the platform's own SQL");
        }
        if platform == Platform::Supabase {
            client.batch_execute(STAND_INS).unwrap();
            client.batch_execute(include_str!("../queues.sql")).unwrap();
        }
        let total = applied(&mut client, &mut set, platform);
        Some(Self { client, platform, set, total, _cluster: cluster })
    }

    pub fn fold(&self) -> History {
        let options = FoldOptions { platform: Some(self.platform), default_grants: Some(DefaultGrants::Legacy) };
        fold(&self.set, &options)
    }
}

/// Whether a line is about a stand-in rather than the project.
pub fn is_stand_in(line: &str) -> bool {
    const OURS: &[&str] = &[
        " cron.",
        " net.",
        " pgmq.",
        "schema cron ",
        "schema net ",
        "schema pgmq ",
        "~ schema cron",
        "~ schema net",
        "~ schema pgmq",
    ];
    let queue = ["pgmq.q_", "pgmq.a_"].iter().any(|part| line.contains(part));
    !queue && OURS.iter().any(|part| line.contains(part))
}

/// The file without `CREATE EXTENSION` of what the server does not have, and without what would leave half of it behind
/// where it fails; everything else is at its place.
fn without_missing(file: &mut MigrationFile, there: &BTreeSet<String>, pattern: &Regex) {
    let mut text = file.text.to_string();
    let missing: Vec<std::ops::Range<usize>> = pattern
        .captures_iter(&file.text)
        .filter(|found| found.get(1).is_none_or(|name| !there.contains(&name.as_str().to_lowercase())))
        .filter_map(|found| found.get(0).map(|all| all.range()))
        .collect();
    for range in missing {
        let blank: String =
            text[range.clone()].chars().flat_map(|c| vec![if c == '\n' { '\n' } else { ' ' }; c.len_utf8()]).collect();
        text.replace_range(range, &blank);
    }
    file.text = Arc::from(text);
}

fn applied(client: &mut Client, set: &mut MigrationSet, platform: Platform) -> usize {
    let rows = client.query("select name::text from pg_available_extensions", &[]).unwrap();
    let there: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let pattern = Regex::new(
        r#"(?i)\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([a-z0-9_-]+)[^;]*;|\bcommit(?:\s+and\s+chain)?\s*;"#,
    )
    .unwrap();
    let path = if platform == Platform::Supabase { ", extensions" } else { "" };
    let total = set.files.len();
    set.files.iter_mut().for_each(|file| without_missing(file, &there, &pattern));
    set.files.retain(|file| {
        let text: Vec<&str> = file.sections.iter().map(|section| section.slice(&file.text)).collect();
        let fresh = format!("rollback; reset all; discard temp; set search_path to \"$user\", public{path}");
        client.batch_execute(&fresh).unwrap();
        let whole = text.join("\n");
        let done = file.skipped.is_none() && (client.batch_execute(&format!("begin; {whole}\n; commit")).is_ok());
        if !done {
            let _ = client.batch_execute("rollback");
        }
        done
    });
    client.batch_execute("rollback; reset all; discard temp").unwrap();
    total
}
