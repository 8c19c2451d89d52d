//! The example depot: `check` finds what its README says, at the place it says, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};

use serde_json::Value;

#[test]
fn the_example_has_exactly_its_known_mistakes() {
    let output = run(&["check", "examples/depot", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or("-").to_owned();
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let file = text(finding, "/location/file").rsplit('/').next().unwrap_or("-").to_owned();
        let line = format!(
            "{}:{} {} {}",
            file.split('_').next().unwrap_or("-"),
            finding["location"]["line"],
            text(finding, "/object/name"),
            text(finding, "/state"),
        );
        lines.entry(text(finding, "/rule")).or_default().push(line);
    }
    let page: String = lines.iter().map(|(rule, lines)| format!("{rule}\n  {}\n", lines.join("\n  "))).collect();
    insta::with_settings!({snapshot_path => "../../snapshots/depot", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("findings", page);
    });
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("DATABASE_URL")
        .output()
        .expect("the program runs")
}

const README: &str = include_str!("../../examples/depot/README.md");

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// `(rule, place)` of every row of the table, with the row.
fn rows() -> Vec<(String, String, &'static str)> {
    let section = README.split("## What it should find").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let mut found = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let mut file = "";
        for place in cells[1].split([';', ',']).map(str::trim) {
            let line = place.rsplit(':').next().unwrap();
            if let Some((name, _)) = place.rsplit_once(':') {
                file = name;
            }
            found.extend(quoted(cells[0]).map(|rule| (rule.to_owned(), format!("{file}:{line}"), row)));
        }
    }
    found
}

#[test]
fn the_readme_lists_every_finding_and_nothing_else() {
    let report: Value =
        serde_json::from_slice(&run(&["check", "examples/depot", "--format", "json"]).stdout).expect("JSON");
    let rows = rows();
    let mut seen = BTreeSet::new();
    for finding in report["findings"].as_array().expect("findings").iter().filter(|finding| finding["state"] == "new") {
        let (rule, at) = (finding["rule"].as_str().unwrap(), &finding["location"]);
        let file = at["file"].as_str().unwrap().rsplit('/').next().unwrap();
        let place = format!("{}:{}", file.split('_').next().unwrap(), at["line"]);
        let name = finding["object"]["name"].as_str().unwrap();
        let (schema, last) = (name.split('.').nth(1).unwrap_or(""), name.rsplit(['.', '/']).next().unwrap());
        let row = rows.iter().find(|(of, place_of, row)| {
            let word = if name.ends_with(".sql") || name.ends_with(".yaml") || rule.ends_with("to-public") {
                row.contains(name.rsplit('/').next().unwrap()) || row.contains(schema)
            } else {
                row.contains(last.trim_matches('"'))
            };
            of == rule && *place_of == place && word
        });
        assert!(row.is_some(), "the README does not say: {rule} at {place} of {name}");
        seen.insert((rule.to_owned(), place));
    }
    let said: BTreeSet<(String, String)> = rows.into_iter().map(|(rule, place, _)| (rule, place)).collect();
    assert_eq!(said.difference(&seen).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "the README says too much");
}

#[test]
fn the_readme_shows_what_gate_status_prints() {
    let printed = String::from_utf8(run(&["gate", "status", "examples/depot"]).stdout).unwrap();
    let shown: String = printed.trim_end().lines().map(|line| format!("    {line}\n")).collect();
    assert!(README.contains(&shown), "{shown}");
}
