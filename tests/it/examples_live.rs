//! Every rule's examples a second time: applied to a server and introspected, they must yield what the fold yields, not
//! from the rule they belong to only but from all rules about the state of a schema.

use std::collections::{BTreeMap, BTreeSet};

use gardefou::access::{Access, AccessOptions, Row, Scope};
use gardefou::catalog::Catalog;
use gardefou::check::{self, CheckConfig, CheckInput};
use gardefou::live::{self, LiveFacts, Server};
use gardefou::migrations::discover::in_memory;
use gardefou::migrations::{DefaultGrants, FoldOptions, History, Layout, Platform, fold};
use gardefou::rule::{self, Rule};
use postgres::Client;

use crate::support::pg;

/// Where the two sources differ, and why that is right: rule, example, the difference, its reason.
const LEDGER: &[(&str, &str, &str, &str)] = &[
    (
        "migrations/opaque-dynamic-sql",
        "names from a data table",
        "only the server: rls/rls-disabled table public.a_proteger",
        "the server has run the dynamic SQL over an empty table and knows what came of it",
    ),
    (
        "migrations/opaque-dynamic-sql",
        "names from a data table",
        "only the fold: access ",
        "what the dynamic SQL did is not known to the fold",
    ),
    (
        "migrations/opaque-dynamic-sql",
        "names from a data table",
        "only the server: access ",
        "the server has run the dynamic SQL over an empty table and knows what came of it",
    ),
    (
        "access/anon-gained",
        "row level security switched off",
        "only the server: grants/anon-write-grant table public.citernes anon",
        "where some of the default grants were revoked, a database does not tell the others from grants written out",
    ),
    (
        "grants/pii-readable",
        "other columns granted",
        "only the server: grants/anon-write-grant table public.annuaire anon",
        "where some of the default grants were revoked, a database does not tell the others from grants written out",
    ),
    (
        "functions/definer-reaches-protected",
        "for signed-in users",
        "only the fold: functions/revoke-public-only",
        "a database does not tell a default grant from one written out",
    ),
    (
        "governance/protected-reowned",
        "a view given away",
        "only the server: grants/anon-write-grant view public.v_stock anon",
        "a new owner's default privileges are others: the database does not tell that the grants were the old one's",
    ),
    (
        "governance/protected-reowned",
        "another object given away",
        "only the server: grants/anon-write-grant table public.stocks anon",
        "a new owner's default privileges are others: the database does not tell that the grants were the old one's",
    ),
];

#[derive(Debug)]
struct Example {
    rule: String,
    name: String,
    sql: String,
}

fn examples(platform: Platform) -> Vec<Example> {
    let rules = rule::built_in().unwrap();
    let mut all = Vec::new();
    // What squawk says is about the text of files.
    for rule in rules.iter().filter(|rule| rule.group() != "squawk") {
        let of = |p: Option<Platform>| p.unwrap_or(Platform::Supabase) == platform;
        let one = |name: &str, sql: &str| Example { rule: rule.id.clone(), name: name.to_owned(), sql: sql.to_owned() };
        all.extend(rule.examples.fail.iter().filter(|e| of(e.platform)).map(|e| one(&e.name, &e.sql)));
        all.extend(rule.examples.pass.iter().filter(|e| of(e.platform)).map(|e| one(&e.name, &e.sql)));
    }
    all
}

fn state_rules() -> Vec<Rule> {
    let rules = rule::built_in().unwrap();
    let of_schema =
        |rule: &&Rule| !rule.is_about_history() && !rule.needs_database() && rule.target.name != "measurement";
    rules.iter().filter(of_schema).cloned().collect()
}

/// Rule, object and discriminator of each finding.
type Found = BTreeSet<String>;

fn found(output: check::CheckOutput) -> Found {
    let line = |f: gardefou::finding::Finding| format!("{} {} {}", f.rule, f.object, f.discriminator);
    output.findings.into_iter().map(line).collect()
}

fn folded(sql: &str, platform: Platform, rules: &[Rule]) -> (Found, History) {
    let texts: BTreeMap<String, String> = BTreeMap::from([("1_example.sql".to_owned(), sql.to_owned())]);
    let options = FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) };
    let history = fold(&in_memory(&texts.into_iter().collect(), Layout::Supabase), &options);
    let config = CheckConfig::default();
    let mut found = found(check::run(&CheckInput::of_history(&history, rules, &config)));
    found.extend(access(&history.catalog));
    (found, history)
}

/// Applies the example in a transaction that is rolled back, and reads the schema from within it.
fn introspected(client: &mut Client, sql: &str, platform: Platform, rules: &[Rule]) -> Result<Found, String> {
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("set local search_path to \"$user\", public, extensions").unwrap();
    transaction.batch_execute(sql).map_err(|error| live::connect::plain(&error))?;
    transaction.batch_execute("set local search_path to ''").unwrap();
    let mut catalog = live::introspect(&mut transaction).unwrap();
    transaction.rollback().unwrap();
    let mut config = CheckConfig::default();
    let _ = live::prepare(&mut catalog, &Server::default(), Some(platform), &mut config, crate::support::CONFIGURED);
    let facts = LiveFacts::default();
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
    let mut found = found(check::run(&input));
    found.extend(access(&catalog));
    Ok(found)
}

/// Who can reach what, a line for each cell.
fn access(catalog: &Catalog) -> Found {
    let roles = ["anon", "authenticated", "public"].map(str::to_owned).to_vec();
    let scope = Scope { roles, relations: vec!["public.*".to_owned()], ..Scope::default() };
    let table = Access::new(catalog, &AccessOptions::default()).table(&scope);
    let rows = table.rows.iter();
    let line = |row: &Row| {
        format!("access {} {} {}: {} {:?}", row.role, row.command.word(), row.relation, row.verdict.word(), row.columns)
    };
    rows.map(line).collect()
}

#[test]
fn fold_and_server_agree_on_every_example() {
    let Some(cluster) = pg::own_cluster("-examples") else { return };
    let rules = state_rules();
    let (mut compared, mut refused, mut wrong, mut used) = (0, Vec::new(), Vec::new(), BTreeSet::new());
    for platform in [Platform::Postgres, Platform::Supabase] {
        let database = cluster.create();
        let mut client = cluster.connect(&database);
        // The first script is what the server itself brings.
        for script in gardefou::platform::sql(platform, DefaultGrants::Legacy).iter().skip(1) {
            client.batch_execute(script).expect("the platform's own SQL");
        }
        for example in examples(platform) {
            let (fold, _) = folded(&example.sql, platform, &rules);
            let server = match introspected(&mut client, &example.sql, platform, &rules) {
                Ok(server) => server,
                Err(message) => {
                    refused.push(format!("{} `{}`: {message}", example.rule, example.name));
                    continue;
                }
            };
            compared += 1;
            let both = fold.difference(&server).map(|line| format!("only the fold: {line}"));
            for line in both.chain(server.difference(&fold).map(|line| format!("only the server: {line}"))) {
                let entry = LEDGER.iter().position(|(rule, name, what, _)| {
                    *rule == example.rule && *name == example.name && line.trim_end().starts_with(what)
                });
                match entry {
                    Some(entry) => drop(used.insert(entry)),
                    None => wrong.push(format!("{} `{}`: {line}", example.rule, example.name)),
                }
            }
        }
    }
    println!("{compared} examples compared, {} refused by the server", refused.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let version: i32 = cluster
        .connect("postgres")
        .query_one("select current_setting('server_version_num')::int", &[])
        .expect("the version")
        .get(0);
    // Older ones refuse more (security_invoker came with 15), and in other words.
    if version >= 150_000 {
        insta::with_settings!({snapshot_path => "../../snapshots/live", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!("examples-the-server-refuses", refused.join("\n"));
        });
        assert_eq!(used.len(), LEDGER.len(), "a line of the ledger explains nothing any more: {used:?}");
    }
    live_rules_keep_their_examples(&cluster);
    assert!(compared > 100, "only {compared} examples were compared");
}

/// Rules about statistics and positions: here their examples are tests of them.
fn live_rules_keep_their_examples(cluster: &pg::Cluster) {
    let rules = rule::built_in().unwrap();
    let database = cluster.create();
    let mut client = cluster.connect(&database);
    let mut seen = 0;
    for rule in rules.iter().filter(|rule| rule.needs_database()) {
        let fail = rule.examples.fail.iter().map(|e| (&e.name, &e.sql, e.finds.clone()));
        let pass = rule.examples.pass.iter().map(|e| (&e.name, &e.sql, Vec::new()));
        for (name, sql, finds) in fail.chain(pass) {
            let mut transaction = client.transaction().unwrap();
            transaction.batch_execute(sql).unwrap();
            transaction.batch_execute("set local search_path to ''").unwrap();
            let catalog = live::introspect(&mut transaction).unwrap();
            let (facts, said) = live::statistics(&mut transaction).unwrap();
            assert!(said.is_empty(), "{said:?}");
            transaction.rollback().unwrap();
            let (config, rules) = (CheckConfig::default(), [rule.clone()]);
            let input = CheckInput {
                catalog: &catalog,
                migrations: &[],
                coverage: &[],
                rules: &rules,
                config: &config,
                changed_only: false,
                before: None,
                live: Some(&facts),
            };
            let found: Vec<String> = check::run(&input).findings.into_iter().map(|f| f.object.name).collect();
            assert_eq!(found, finds, "{} `{name}`", rule.id);
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen}");
}
