//! splinter's own test suite as a conformance test: each file runs statement by statement in the transaction its author
//! wrote; wherever it looks at a lint, that lint is the oracle and our findings on the same uncommitted state must be
//! the same set, or a line of the ledger says why not. Runs where `SPLINTER_DIR` is a checkout of supabase/splinter.

mod keys;
mod ledger;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gardefou::check::{self, CheckConfig, CheckInput};
use gardefou::finding::Finding;
use gardefou::live::{self, LiveFacts, Server};
use gardefou::migrations::Platform;
use gardefou::rule::{self, Param, Rule};
use gardefou::sql;
use postgres::{Client, SimpleQueryMessage};
use serde_json::Value;

use crate::support::pg;
use keys::{LINTS, Lint};
use ledger::{LEDGER, Side};

/// Enough of pg_graphql for a lint that only asks whether it is installed; the extension itself is not packaged.
const PG_GRAPHQL: &str = "insert into pg_catalog.pg_extension \
    select 99991, 'pg_graphql', 10, 2200, false, '1.5', null, null";

/// Statements of a script, as psql would send them, with their offsets.
fn statements(text: &str) -> Vec<String> {
    let file = sql::parse(text);
    let spans = file.statements.iter().map(|statement| statement.span);
    let mut spans: Vec<_> = spans.chain(file.errors.iter().map(|error| error.statement)).collect();
    spans.sort_by_key(|span| span.start);
    spans.into_iter().map(|span| span.slice(text).to_owned()).collect()
}

fn sorted(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

pub(crate) fn rows(client: &mut Client, sql: &str) -> Vec<Value> {
    let messages = client.simple_query(&format!("select to_json(q)::text from ({sql}) q"));
    let messages = messages.unwrap_or_else(|error| panic!("{sql}: {}", live::connect::plain(&error)));
    let value = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(|text| serde_json::from_str(text).unwrap()),
        _ => None,
    };
    messages.iter().filter_map(value).collect()
}

/// The rules that answer for the lints, set as splinter sees the world: any unused index counts, however small.
pub(crate) fn rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> = rule::built_in().unwrap().iter().cloned().collect();
    rules.retain(|rule| LINTS.iter().any(|lint| lint.rules.contains(&rule.id.as_str())));
    for lint in LINTS {
        for id in lint.rules {
            assert!(rules.iter().any(|rule| rule.id == *id), "{}: there is no rule {id}", lint.name);
        }
    }
    for rule in &mut rules {
        if let Some(least) = rule.params.get_mut("min_rows") {
            *least = Param::Int(0);
        }
    }
    rules
}

/// Our findings on the state of an open transaction. Exposed is what PostgREST's setting says, else `public`: what an
/// unset setting means is the first difference the ledger would otherwise have to name.
pub(crate) fn findings(client: &mut Client, rules: &[Rule]) -> Vec<Finding> {
    let settings =
        "select current_setting('pgrst.db_schemas', true) as schemas, current_setting('search_path') as path";
    let settings = rows(client, settings);
    client.batch_execute("set local search_path to ''").unwrap();
    let mut catalog = live::introspect(client).unwrap();
    let (facts, _): (LiveFacts, _) = live::statistics(client).unwrap();
    let path = live::literal(settings[0]["path"].as_str().unwrap_or_default());
    client.batch_execute(&format!("select set_config('search_path', {path}, true)")).unwrap();
    let schemas = settings[0]["schemas"].as_str();
    let mut config = CheckConfig::default();
    if let Some(schemas) = schemas {
        config.exposed_schemas = schemas.split(',').map(|name| name.trim().to_owned()).collect();
    }
    let _ = live::prepare(
        &mut catalog,
        &Server::default(),
        Some(Platform::Supabase),
        &mut config,
        crate::support::CONFIGURED,
    );
    let input = CheckInput {
        catalog: &catalog,
        migrations: &[],
        coverage: &[],
        rules,
        config: &config,
        changed_only: false,
        before: None,
        live: Some(&facts),
    };
    check::run(&input).findings
}

/// One look at a lint.
struct Checkpoint {
    file: String,
    number: usize,
    lint: &'static Lint,
    missing: BTreeSet<String>,
    extra: BTreeSet<String>,
}

impl Checkpoint {
    fn at(file: &str, number: usize, lint: &'static Lint, client: &mut Client, rules: &[Rule]) -> Self {
        let oracle = rows(client, &format!("select cache_key, metadata, detail from lint.\"{}\"", lint.name));
        let theirs: BTreeSet<String> = oracle.iter().flat_map(|row| (lint.theirs)(row)).collect();
        let found = findings(client, rules);
        let of_lint = found.iter().filter(|finding| lint.rules.contains(&finding.rule.as_str()));
        let ours: BTreeSet<String> = of_lint.flat_map(|finding| (lint.ours)(finding)).collect();
        let missing = theirs.difference(&ours).cloned().collect();
        let extra = ours.difference(&theirs).cloned().collect();
        Self { file: file.to_owned(), number, lint, missing, extra }
    }

    fn differences(&self) -> impl Iterator<Item = (Side, &String)> {
        let missing = self.missing.iter().map(|key| (Side::OnlySplinter, key));
        missing.chain(self.extra.iter().map(|key| (Side::OnlyGardefou, key)))
    }
}

/// Which lint a statement looks at.
fn looked_at(statement: &str) -> Option<&'static Lint> {
    let mut names = statement.split("from lint.\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    let first = names.next()?;
    // The file that only joins all lints together is about their columns.
    names.next().is_none().then_some(())?;
    Some(LINTS.iter().find(|lint| lint.name == first).unwrap_or_else(|| panic!("no rule answers for lint {first}")))
}

fn run_file(client: &mut Client, path: &Path, rules: &[Rule]) -> Vec<Checkpoint> {
    let (file, text) = (name(path), std::fs::read_to_string(path).unwrap());
    let mut checkpoints = Vec::new();
    for statement in statements(&text) {
        if let Some(lint) = looked_at(&statement) {
            checkpoints.push(Checkpoint::at(&file, checkpoints.len() + 1, lint, client, rules));
            continue;
        }
        let sent =
            if statement.trim_start().starts_with("create extension pg_graphql") { PG_GRAPHQL } else { &statement };
        client.batch_execute(sent).unwrap_or_else(|e| panic!("{file}: {statement}: {}", live::connect::plain(&e)));
    }
    checkpoints
}

/// A database with splinter's fixtures and lints, as its own runner makes it.
fn prepared(cluster: &pg::Cluster, folder: &Path) -> Client {
    let database = cluster.create();
    let mut client = cluster.connect(&database);
    let mut scripts = vec![folder.join("test/fixtures.sql")];
    scripts.extend(sorted(&folder.join("lints")));
    for script in scripts {
        let text = std::fs::read_to_string(&script).unwrap();
        client.batch_execute(&text).unwrap_or_else(|e| panic!("{}: {}", script.display(), live::connect::plain(&e)));
    }
    client.batch_execute("reset all").unwrap();
    drop(client);
    // Settings made with `set local` leave a session's other transactions an empty string behind.
    cluster.connect(&database)
}

#[test]
fn splinters_suite_finds_what_we_find() {
    let Some(folder) = std::env::var_os("SPLINTER_DIR") else {
        println!("skipped: SPLINTER_DIR does not name a checkout of supabase/splinter");
        return;
    };
    let folder = Path::new(&folder);
    let Some(cluster) = pg::own_cluster("-splinter") else { return };
    let rules = rules();
    let database = {
        let mut first = prepared(&cluster, folder);
        let row = rows(&mut first, "select current_database() as name");
        row[0]["name"].as_str().unwrap().to_owned()
    };
    let mut all = Vec::new();
    for path in sorted(&folder.join("test/sql")) {
        let mut client = cluster.connect(&database);
        all.extend(run_file(&mut client, &path, &rules));
    }
    judge(&all);
}

fn judge(all: &[Checkpoint]) {
    let (mut used, mut unexplained, mut by_lint) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
    let (mut equal, mut explained) = (0, 0);
    for checkpoint in all {
        let mut open = 0;
        for (side, key) in checkpoint.differences() {
            let line = LEDGER.iter().position(|line| line.explains(checkpoint.lint.name, side, key));
            match line {
                Some(line) => drop(used.insert(line)),
                None => {
                    open += 1;
                    let Checkpoint { file, number, .. } = checkpoint;
                    unexplained.push(format!("{file} checkpoint {number}: {side:?} {key}"));
                }
            }
        }
        let same = checkpoint.differences().next().is_none();
        equal += usize::from(same);
        explained += usize::from(!same && open == 0);
        let entry: &mut (usize, usize) = by_lint.entry(checkpoint.lint.name).or_default();
        entry.0 += usize::from(same);
        entry.1 += 1;
    }
    for (lint, (same, of)) in &by_lint {
        println!("{lint}: {same} / {of}");
    }
    println!("splinter: {equal} of {} checkpoints equal, {explained} more differ as the ledger says", all.len());
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    let idle: Vec<_> = (0..LEDGER.len()).filter(|at| !used.contains(at)).map(|at| LEDGER[at].reason).collect();
    assert!(idle.is_empty(), "lines of the ledger explain nothing any more: {idle:?}");
    assert!(all.len() >= 130, "only {} checkpoints were seen", all.len());
}
