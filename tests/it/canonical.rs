//! The canonical spelling, judged by PostgreSQL: what was written and what the server prints must come out the same.

use std::collections::BTreeMap;

use gardefou::sql::ast::Name;
use gardefou::sql::{Surroundings, canonical_in, parse_expr};

use crate::support::pg;

const SCHEMA: &str = include_str!("canonical/schema.sql");
const EXPRESSIONS: &str = include_str!("canonical/policies.sql");
const DIFFERENT: &str = include_str!("canonical/different.sql");

/// One expression a line; `--` starts a comment.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"))
}

fn columns() -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    for statement in SCHEMA.split(';') {
        let Some((_, rest)) = statement.split_once("create table ") else { continue };
        let Some((name, body)) = rest.split_once('(') else { continue };
        let first = |line: &str| line.split_whitespace().next().map(|word| word.trim_matches('"').to_owned());
        tables.insert(name.trim().to_owned(), body.lines().filter_map(first).filter(|word| word != ")").collect());
    }
    tables
}

fn spelled(text: &str) -> String {
    let tables = columns();
    let lookup = |name: &Name| tables.get(&name.name).cloned();
    let table = Name::bare("items");
    match parse_expr(text) {
        Ok(expr) => canonical_in(
            &expr,
            Surroundings { relation: Some(&table), columns: Some(&lookup), ..Surroundings::default() },
        ),
        Err(error) => format!("cannot parse {text}: {}", error.message),
    }
}

#[test]
fn written_and_deparsed_policies_are_spelled_the_same() {
    let Some(mut client) = pg::fresh_database() else { return };
    client.batch_execute(SCHEMA).expect("the schema");
    let mut failures = Vec::new();
    let mut seen = 0;
    for written in lines(EXPRESSIONS) {
        let policy = format!("create policy p on items using ({written})");
        if let Err(error) = client.batch_execute(&policy) {
            failures.push(format!("PostgreSQL refuses: {written}\n  {error:?}"));
            continue;
        }
        for path in ["public", "pg_catalog"] {
            client.batch_execute(&format!("set search_path = {path}; set timezone = 'UTC'")).expect("settings");
            let query = "select pg_get_expr(polqual, polrelid) from pg_catalog.pg_policy where polname = 'p'";
            let deparsed: String = client.query_one(query, &[]).expect("the policy").get(0);
            let (ours, theirs) = (spelled(written), spelled(&deparsed));
            if ours != theirs || ours.starts_with("cannot parse") {
                failures.push(format!(
                    "written:  {written}\n  deparsed: {deparsed}\n  ours:     {ours}\n  theirs:   {theirs}"
                ));
                break;
            }
        }
        client.batch_execute("set search_path = public; drop policy p on items").expect("the policy goes");
        seen += 1;
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), seen, failures.join("\n"));
    assert!(seen >= 120, "only {seen} policies were judged");
}

#[test]
fn different_meanings_are_spelled_differently() {
    for line in lines(DIFFERENT) {
        let (left, right) = line.split_once(" <> ! ").expect("a pair");
        assert_ne!(spelled(left), spelled(right), "{line}");
    }
}

#[test]
fn a_canonical_spelling_is_its_own() {
    for written in lines(EXPRESSIONS).chain(lines(DIFFERENT).flat_map(|line| line.split(" <> ! "))) {
        let once = spelled(written);
        assert!(!once.starts_with("cannot parse"), "{once}");
        assert_eq!(spelled(&once), once, "{written}");
    }
}
