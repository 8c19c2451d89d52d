//! The lock made from migrations verifies the live database: same digests, whatever the spelling.

use std::collections::BTreeMap;

use gardefou::catalog::{Catalog, ObjectRef};
use gardefou::governance::definition::{Definition, Describer};
use gardefou::governance::pattern::Pattern;
use gardefou::migrations::{DefaultGrants, History, Migration, Platform};
use postgres::Client;

use crate::fold_vs_postgres::history;
use crate::support::pg;

const KINDS: [&str; 14] = [
    "table *",
    "view *",
    "materialized view *",
    "foreign table *",
    "column *",
    "constraint *",
    "policy *",
    "trigger *",
    "function *",
    "procedure *",
    "index *",
    "sequence *",
    "type *",
    "domain *",
];

pub(crate) fn everything(catalog: &Catalog, migrations: &[Migration]) -> BTreeMap<ObjectRef, Definition> {
    let patterns: Vec<Pattern> = KINDS.iter().map(|text| Pattern::parse(text).unwrap()).collect();
    let patterns: Vec<&Pattern> = patterns.iter().collect();
    let mut all = Describer::new(catalog, migrations).matching(&patterns);
    // What the platform brings is not the project's.
    all.retain(|object, _| {
        ![
            "auth.",
            "storage.",
            "extensions.",
            "realtime.",
            "vault.",
            "net.",
            "cron.",
            "graphql.",
            "graphql_public.",
            "supabase_functions.",
            "supabase_migrations.",
            "pgbouncer.",
            "pgsodium.",
        ]
        .iter()
        .any(|schema| object.name.starts_with(schema))
    });
    all
}

pub(crate) fn live(client: &mut Client) -> Catalog {
    client.batch_execute("set search_path to ''").unwrap();
    gardefou::live::introspect(client).unwrap()
}

/// Objects whose definition folded is another than the definition read.
fn differences(folded: &BTreeMap<ObjectRef, Definition>, read: &BTreeMap<ObjectRef, Definition>) -> Vec<String> {
    let mut out = Vec::new();
    for (object, definition) in folded {
        let Some(theirs) = read.get(object) else {
            out.push(format!("- {object}"));
            continue;
        };
        if definition.unknown.is_none() && definition.digest() != theirs.digest() {
            out.push(format!("{object}\n  ours:   {:#?}\n  theirs: {:#?}", definition.lines, theirs.lines));
        }
    }
    out.extend(read.keys().filter(|object| !folded.contains_key(*object)).map(|object| format!("+ {object}")));
    out
}

fn platform(client: &mut Client) {
    let scripts = gardefou::platform::sql(Platform::Supabase, DefaultGrants::Legacy);
    for script in scripts.iter().skip(1) {
        // Roles belong to the server: another test may have made them.
        for statement in gardefou::sql::parse(script).statements {
            let text = statement.span.slice(script);
            if let Err(error) = client.batch_execute(text) {
                let message = error.as_db_error().map(|error| error.message().to_owned()).unwrap_or_default();
                assert!(message.contains("already exists"), "{text}: {message}");
            }
        }
    }
}

/// Applies the files and compares every object after the last.
fn judged(files: &[(&str, &str)], supabase: bool, least: usize) {
    let Some(mut client) = pg::fresh_database() else { return };
    if pg::older(&mut client, 15, "views with security_invoker") {
        return;
    }
    if supabase {
        platform(&mut client);
    }
    for (path, text) in files {
        client.batch_execute("reset all; discard temp").unwrap();
        if supabase {
            client.batch_execute("set search_path to \"$user\", public, extensions").unwrap();
        }
        client.batch_execute(text).unwrap_or_else(|e| panic!("{path}: {e:?}"));
        client.batch_execute("discard temp").unwrap();
    }
    let history = history(files, if supabase { Platform::Supabase } else { Platform::Postgres });
    compare(&mut client, &history, least);
}

/// Holds a folded history against the database it was applied to, in the room of the one test that may make roles.
pub(crate) fn compare(client: &mut Client, history: &History, least: usize) {
    let folded = everything(&history.catalog, &history.migrations);
    let known = folded.values().filter(|definition| definition.unknown.is_none()).count();
    let wrong = differences(&folded, &everything(&live(client), &[]));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), folded.len(), wrong.join("\n"));
    for (object, definition) in folded.iter().filter(|(_, definition)| definition.unknown.is_some()) {
        println!("not compared: {object}: {}", definition.unknown.unwrap_or_default());
    }
    assert!(known >= least, "only {known} of {} objects were compared", folded.len());
}

#[test]
fn views_lock_alike() {
    judged(&[("views.sql", include_str!("views.sql"))], false, 40);
}

/// Called by the one test that may make roles.
pub(crate) fn the_example_depot_locks_alike() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/depot/supabase/migrations");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        // The tool would not run this one.
        .filter(|(name, _)| !name.starts_with("2026-02-03"))
        .collect();
    files.sort();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    judged(&files, true, 60);
}

/// Ad hoc: the lock of real histories against a server they were applied to. `GARDEFOU_CORPUS_ROOT` is a folder of projects.
#[test]
#[ignore = "needs checked-out histories"]
fn locks_of_real_histories() {
    use gardefou::migrations::discover::{DiscoverOptions, discover};
    let Some(root) = std::env::var_os("GARDEFOU_CORPUS_ROOT") else { return };
    let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let (mut total, mut unknown, mut wrong) = (0, 0, 0);
    for (number, folder) in folders.iter().enumerate() {
        let options = DiscoverOptions { root: folder.clone(), since: None, layout: None };
        let Ok(mut set) = discover(std::slice::from_ref(folder), &options) else {
            println!("{number}: no migrations");
            continue;
        };
        let (platform, _) = gardefou::migrations::detect_platform(&set);
        let Some(mut client) = pg::fresh_database() else { return };
        if platform == Platform::Supabase {
            self::platform(&mut client);
        }
        let files = set.files.len();
        set.files.retain(|file| {
            let text: Vec<&str> = file.sections.iter().map(|section| section.slice(&file.text)).collect();
            client.batch_execute("rollback; reset all; discard temp").unwrap();
            if platform == Platform::Supabase {
                client.batch_execute("set search_path to \"$user\", public, extensions").unwrap();
            }
            let done = file.skipped.is_none()
                && client.batch_execute("begin").is_ok()
                && client.batch_execute(&text.join("\n")).is_ok();
            let done = done && client.batch_execute("commit").is_ok();
            client.batch_execute("rollback; discard temp").unwrap();
            done
        });
        let options =
            gardefou::migrations::FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) };
        let history = gardefou::migrations::fold(&set, &options);
        let folded = everything(&history.catalog, &history.migrations);
        let differ = differences(&folded, &everything(&live(&mut client), &[]));
        let unknowns = folded.values().filter(|definition| definition.unknown.is_some()).count();
        println!(
            "{number}: {platform:?}, {} of {files} files applied, {} objects, {unknowns} not compared, {} differ",
            set.files.len(),
            folded.len(),
            differ.len()
        );
        (total, unknown, wrong) = (total + folded.len(), unknown + unknowns, wrong + differ.len());
        for line in differ.iter().take(12) {
            println!("    {line}");
        }
    }
    println!("{total} objects, {unknown} not compared, {wrong} differ");
}
