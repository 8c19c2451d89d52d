//! The access table is the same from the files and from the server that ran them.

use std::collections::BTreeSet;

use gardefou::access::{Access, AccessOptions, Scope};
use gardefou::catalog::Catalog;
use gardefou::check::CheckConfig;
use gardefou::migrations::{DefaultGrants, Platform};
use postgres::Client;

use crate::fold_vs_postgres::{FILES, history};
use crate::support::pg;
use crate::support::project::{Project, folders, is_stand_in};

/// One line per cell, but for relations no file makes; both sides are asked about the roles the files know.
fn lines(catalog: &Catalog, roles: &[String]) -> BTreeSet<String> {
    let scope = Scope { roles: roles.to_vec(), ..Scope::of(&CheckConfig::default()) };
    let table = Access::new(catalog, &AccessOptions::default()).table(&scope);
    let made = |row: &&gardefou::access::Row| !catalog.relations[&row.relation].provenance.is_assumed();
    let line = |row: &gardefou::access::Row| {
        let (command, verdict) = (row.command.word(), row.verdict.word());
        format!("{} {command} {}: {verdict} {:?}", row.role, row.relation, row.columns)
    };
    table.rows.iter().filter(made).map(line).collect()
}

/// Cells of the files (`-`) and of the server (`+`) that are not in the other, and how many were compared.
fn difference(folded: &Catalog, client: &mut Client) -> (Vec<String>, usize) {
    let roles = Access::new(folded, &AccessOptions::default()).roles(&Scope::of(&CheckConfig::default()));
    client.batch_execute("rollback; reset session authorization; reset all; set search_path = ''").expect("a session");
    let read = gardefou::live::introspect(client).expect("the catalog");
    let (files, server) = (lines(folded, &roles), lines(&read, &roles));
    let only = |sign: &'static str, a: &BTreeSet<String>, b: &BTreeSet<String>| {
        a.difference(b).map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
    };
    ([only("-", &files, &server), only("+", &server, &files)].concat(), files.len())
}

fn platform(client: &mut Client, platform: Platform) {
    for script in gardefou::platform::sql(platform, DefaultGrants::Legacy).iter().skip(1) {
        client.batch_execute(script).expect("the platform's own SQL");
    }
}

fn session(client: &mut Client, platform: Platform) {
    let more = if platform == Platform::Supabase { ", extensions" } else { "" };
    let text = format!("rollback; reset all; discard temp; set search_path to \"$user\", public{more}");
    client.batch_execute(&text).expect("a session like a new one");
}

#[test]
fn fixtures_give_the_same_table() {
    let Some(cluster) = pg::own_cluster("-access-live") else { return };
    if pg::too_old(&cluster) {
        return;
    }
    let mut client = cluster.connect(&cluster.create());
    platform(&mut client, Platform::Supabase);
    let mut compared = 0;
    for (upto, (path, text)) in FILES.iter().enumerate() {
        session(&mut client, Platform::Supabase);
        client.batch_execute(text).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        let (wrong, cells) = difference(&history(&FILES[..=upto], Platform::Supabase).catalog, &mut client);
        assert!(wrong.is_empty(), "after {path}\n{}", wrong.join("\n"));
        compared += cells;
    }
    assert!(compared > 500, "{compared} cells");
    // It can fail.
    session(&mut client, Platform::Supabase);
    client.batch_execute("grant select on all tables in schema public to public").expect("a grant");
    assert!(!difference(&history(FILES, Platform::Supabase).catalog, &mut client).0.is_empty());
}

/// `GARDEFOU_TEST_CORPUS=folder`: each folder in it is a project whose migrations are replayed and compared.
#[test]
fn projects_give_the_same_table() {
    let (mut all, mut compared) = (Vec::new(), 0);
    for (at, folder) in folders().iter().enumerate() {
        let Some(mut project) = Project::apply(folder, &format!("-corpus-{at}")) else { continue };
        let (mut wrong, cells) = difference(&project.fold().catalog, &mut project.client);
        wrong.retain(|line| !is_stand_in(line));
        println!("{}: {} files, {cells} cells, {} differ", folder.display(), project.set.files.len(), wrong.len());
        wrong.iter().for_each(|line| println!("  {line}"));
        all.extend(wrong);
        compared += cells;
    }
    println!("{compared} cells compared, {} differ", all.len());
    assert!(all.is_empty(), "{} of {compared} cells differ", all.len());
}
