//! Fold = server: generated histories of DDL are applied to a server, statement by statement; those it accepts are
//! folded, and the two schemas must agree fact by fact. What the server refuses is in neither.
//!
//! `GARDEFOU_HISTORIES` (200) histories of `GARDEFOU_STATEMENTS` (40) statements from `GARDEFOU_SEED` (1) on.

mod generate;
mod projects;
mod written;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use gardefou::catalog::{Catalog, Origin};
use gardefou::diff::{self, Change, Schema, Side};
use gardefou::live;
use gardefou::migrations::{History, Platform};
use postgres::{Client, SimpleQueryMessage};

use crate::facts;
use crate::fold_vs_postgres::history;
use crate::support::pg;
use generate::Generator;

/// Differences that are right, each with its reason; a line is explained where it contains all the words.
const LEDGER: &[(&[&str], &str)] = &[];

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

/// A server that tells what it passed over.
struct Server {
    client: Client,
    notices: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn connect(cluster: &pg::Cluster) -> Self {
        let database = cluster.create();
        let notices = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&notices);
        let url = cluster.url("postgres", &database);
        let mut config: postgres::Config = url.parse().expect("a URL");
        config.notice_callback(move |notice| own.lock().unwrap().push(notice.message().to_owned()));
        let client = config.connect(postgres::NoTls).expect("connect to the throwaway server");
        Self { client, notices }
    }

    /// Whether the server takes the statement, and does something. What `ALTER … IF EXISTS` or a guarded statement names
    /// and these files do not have, the fold takes for something made elsewhere, and says so: the server alone knows
    /// that there is no elsewhere.
    fn takes(&mut self, statement: &str) -> bool {
        self.notices.lock().unwrap().clear();
        let done = self.client.batch_execute(statement).is_ok();
        let notices = self.notices.lock().unwrap();
        let skipped = notices.iter().any(|notice| notice.contains("does not exist, skipping"));
        let missed = notices.iter().any(|notice| notice.starts_with("caught: ") && notice.ends_with("does not exist"));
        done && !missed && !(skipped && statement.contains("alter "))
    }
}

/// The statements the server accepts, in a transaction that stays open.
fn apply(client: &mut Server, statements: impl IntoIterator<Item = String>, wanted: usize) -> (Vec<String>, usize) {
    client.client.batch_execute("begin").unwrap();
    let (mut accepted, mut tried) = (Vec::new(), 0);
    for statement in statements {
        tried += 1;
        client.client.batch_execute("savepoint s").unwrap();
        if client.takes(&statement) {
            client.client.batch_execute("release savepoint s").unwrap();
            accepted.push(statement);
        } else {
            client.client.batch_execute("rollback to savepoint s").unwrap();
        }
        if accepted.len() == wanted {
            break;
        }
    }
    (accepted, tried)
}

fn folded(statements: &[String]) -> History {
    let text: String = statements.iter().map(|statement| format!("{statement};\n")).collect();
    history(&[("1_history.sql", &text)], Platform::Postgres)
}

/// Memberships and attributes of the roles a history made, which `facts.sql` leaves to the roles of one server.
fn role_lines(catalog: &Catalog) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (name, role) in catalog.roles.iter().filter(|(name, _)| generate::ROLES.contains(&name.as_str())) {
        let on = |fact: &gardefou::catalog::Fact<bool>| fact.get().map_or("?".to_owned(), ToString::to_string);
        lines.insert(format!(
            "role {name} login={} super={} bypass={} inherit={} createrole={}",
            on(&role.login),
            on(&role.superuser),
            on(&role.bypass_rls),
            on(&role.inherit),
            on(&role.create_role)
        ));
        let member = |(group, of): (&String, &gardefou::catalog::Membership)| {
            format!("member {name} of {group} admin={}", of.admin)
        };
        lines.extend(role.member_of.iter().map(member));
    }
    lines
}

/// What the fold has and the server has not (`+`), the other way round (`-`), and what differs in meaning (`~`).
fn differences(client: &mut Client, statements: &[String]) -> (Vec<String>, usize) {
    compared(client, &folded(statements))
}

fn compared(client: &mut Client, history: &History) -> (Vec<String>, usize) {
    let (mut out, read, facts) = printed(client, history);
    out.extend(in_meaning(history, read));
    let doubtful = doubtful(&history.catalog);
    out.retain(|line| !doubtful.iter().any(|name| mentions(line, name)));
    (out, facts)
}

/// The differences in facts, and what the live source read.
fn printed(client: &mut Client, history: &History) -> (Vec<String>, Catalog, usize) {
    client.batch_execute("reset session authorization; reset role; set local search_path to ''").unwrap();
    let rows = client.simple_query(include_str!("facts.sql")).expect("facts");
    let server: BTreeSet<String> = rows.iter().filter_map(line).collect();
    let read = live::introspect(client).expect("the catalog");
    let mut ours: BTreeSet<String> = facts::lines(&history.catalog).iter().map(|l| l.trim_end().to_owned()).collect();
    let mut theirs = server;
    let seen: BTreeSet<String> = facts::lines(&read).iter().map(|l| l.trim_end().to_owned()).collect();
    let mut out: Vec<String> = theirs.symmetric_difference(&seen).map(|l| format!("live source: {l}")).collect();
    ours.extend(role_lines(&history.catalog));
    theirs.extend(role_lines(&read));
    let (missing, extra) = (theirs.difference(&ours), ours.difference(&theirs));
    let (mut missing, mut extra): (Vec<_>, Vec<_>) = (missing.cloned().collect(), extra.cloned().collect());
    // What the fold says it does not know is no difference.
    extra.retain(|line| match missing.iter().position(|other| unknown_in(line, other)) {
        Some(at) if line.contains('?') => {
            missing.remove(at);
            false
        }
        _ => true,
    });
    out.extend(missing.iter().map(|l| format!("- {l}")));
    out.extend(extra.iter().map(|l| format!("+ {l}")));
    (out, read, theirs.len())
}

/// Relations the fold knows by use alone, or parts of which hang on a condition it could not decide: said in Coverage.
fn doubtful(catalog: &Catalog) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, relation) in &catalog.relations {
        let parts =
            relation.policies.values().any(|p| p.provenance.conditional || p.using.conditional || p.roles.conditional)
                || relation.triggers.values().any(|t| t.provenance.conditional || t.enabled.conditional)
                || relation.columns.iter().any(|c| c.not_null.conditional || c.ty.conditional)
                || relation.acl.iter().any(|entry| entry.conditional);
        let whole = relation.provenance.is_assumed()
            || relation.provenance.conditional
            || relation.rls_enabled.conditional
            || relation.rls_forced.conditional
            || relation.owner.conditional;
        if parts || whole {
            names.insert(format!("{}.{}", name.schema, name.name));
        }
    }
    let schemas = catalog.schemas.iter().filter(|(_, schema)| schema.provenance.is_assumed());
    names.extend(schemas.flat_map(|(name, _)| [format!("schema {name}"), format!("{name}.")]));
    let roles = catalog.roles.iter().filter(|(_, role)| role.provenance.is_assumed());
    names.extend(roles.map(|(name, _)| format!("role {name}")));
    names
}

fn mentions(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let next = line[at + name.len()..].chars().next();
        name.ends_with('.') || next.is_none_or(|c| !(c.is_alphanumeric() || c == '_'))
    })
}

/// Whether the two lines differ only where the first says `?`.
fn unknown_in(line: &str, other: &str) -> bool {
    let (a, b): (Vec<_>, Vec<_>) = (line.split(' ').collect(), other.split(' ').collect());
    let same =
        |(a, b): (&&str, &&str)| a == b || *a == "?" || a.strip_suffix('?').is_some_and(|head| b.starts_with(head));
    line.contains('?') && a.len() == b.len() && a.iter().zip(&b).all(same)
}

fn line(message: &SimpleQueryMessage) -> Option<String> {
    match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(|line| line.trim_end().to_owned()),
        _ => None,
    }
}

/// As `gardefou diff` compares: expressions, queries and bodies too, whatever their spelling.
fn in_meaning(history: &History, mut read: Catalog) -> Vec<String> {
    let folded = &history.catalog;
    for (name, role) in &mut read.roles {
        let known = folded.roles.get(name).is_some_and(|known| known.provenance.origin == Origin::Platform);
        // Later versions bring more of the server's own roles.
        if known || name.starts_with("pg_") {
            role.provenance.origin = Origin::Platform;
        }
    }
    let folded = Schema { catalog: folded, side: Side::Migrations, migrations: &history.migrations };
    let read = Schema { catalog: &read, side: Side::Database(150_000), migrations: &[] };
    let diff = diff::diff(&folded, &read);
    let mut out = Vec::new();
    for one in diff.objects {
        match one.change {
            Change::Facts(facts) => out.extend(facts.into_iter().map(|fact| {
                format!("~ {} {}: fold {:?}, server {:?}", one.object, fact.fact, fact.first, fact.second)
            })),
            change => out.push(format!("~ {} {change:?}", one.object)),
        }
    }
    out
}

fn unexplained(lines: Vec<String>, used: &mut BTreeSet<usize>) -> Vec<String> {
    let explains = |line: &str| LEDGER.iter().position(|(words, _)| words.iter().all(|word| line.contains(word)));
    let mut left = Vec::new();
    for line in lines {
        match explains(&line) {
            Some(at) => drop(used.insert(at)),
            None => left.push(line),
        }
    }
    left
}

/// The statements without which the difference is no longer there.
fn smallest(client: &mut Server, mut statements: Vec<String>, line: &str) -> Vec<String> {
    let mut shows = |some: &[String]| {
        let (accepted, _) = apply(client, some.iter().cloned(), usize::MAX);
        let there =
            accepted.len() == some.len() && differences(&mut client.client, some).0.iter().any(|found| found == line);
        client.client.batch_execute("rollback").unwrap();
        there
    };
    let mut chunk = statements.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < statements.len() {
            let mut fewer = statements.clone();
            fewer.drain(at..(at + chunk).min(fewer.len()));
            if shows(&fewer) { statements = fewer } else { at += chunk }
        }
        if chunk == 1 {
            return statements;
        }
        chunk = chunk.div_ceil(2);
    }
}

#[test]
fn generated_histories_fold_as_the_server_runs_them() {
    let Some(cluster) = pg::own_cluster("-differential") else { return };
    let mut client = Server::connect(&cluster);
    if pg::older(&mut client.client, 15, "the public schema the fold starts from") {
        return;
    }
    let (histories, length) = (number("GARDEFOU_HISTORIES", 200), number("GARDEFOU_STATEMENTS", 40) as usize);
    let (first, started) = (number("GARDEFOU_SEED", 1), Instant::now());
    let (mut equal, mut facts, mut accepted, mut tried, mut report) = (0, 0, 0, 0, Vec::new());
    let mut used = BTreeSet::new();
    let mut said: BTreeSet<String> = BTreeSet::new();
    for seed in first..first + histories {
        let generator = Generator::new(seed);
        let (statements, of) = apply(&mut client, generator.take(length * 6), length);
        accepted += statements.len();
        tried += of;
        let (lines, compared) = differences(&mut client.client, &statements);
        client.client.batch_execute("rollback").unwrap();
        facts += compared;
        let left = unexplained(lines, &mut used);
        equal += usize::from(left.is_empty());
        if let Some(line) = left.iter().find(|line| said.insert(kind(line))) {
            let least = if report.len() < 25 { smallest(&mut client, statements, line) } else { Vec::new() };
            report.push(format!("seed {seed}: {line}\n    {}", least.join(";\n    ")));
        }
    }
    println!(
        "differential: {equal} of {histories} histories equal; {accepted} statements accepted of {tried}, {facts} facts compared, {:.1} s",
        started.elapsed().as_secs_f64()
    );
    report.iter().for_each(|line| println!("{line}"));
    let open = |line: &String| OPEN.iter().any(|seed| line.starts_with(&format!("seed {seed}:")));
    let new: Vec<&String> = report.iter().filter(|line| !open(line)).collect();
    assert!(new.is_empty(), "{new:#?}");
    assert!(report.len() <= OPEN.len(), "{report:#?}");
    assert!(accepted as u64 >= histories * length as u64 * 9 / 10, "too few statements were accepted: {accepted}");
}

/// Seeds of the usual run whose history the fold reads otherwise than the server runs it, and why.
/// 180: `LIKE … INCLUDING INDEXES` names the new index by an INCLUDE column's name before that column was renamed.
const OPEN: &[u64] = &[180];

/// Differences of one kind are reported once: the line without names.
fn kind(line: &str) -> String {
    line.split_whitespace().take(3).filter(|word| !word.contains('.')).collect::<Vec<_>>().join(" ")
}
