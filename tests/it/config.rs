//! `gardefou.yaml`: what is accepted, and what every mistake says.

use std::collections::BTreeMap;
use std::path::Path;

use gardefou::config::{self, Config, Level, RuleNames};
use gardefou::migrations::{DefaultGrants, Platform};
use gardefou::report::FailOn;

use crate::support::generated;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, "gardefou.yaml", Path::new("/project")).map_err(|error| error.to_string())
}

fn names() -> RuleNames {
    let rules = [
        ("rls/policy-to-public", "security"),
        ("rls/not-forced", "hardening"),
        ("views/not-security-invoker", "security"),
    ];
    RuleNames { rules: rules.map(|(id, tag)| (id.to_owned(), vec![tag.to_owned()])).into_iter().collect() }
}

#[test]
fn every_key() {
    let config = parse(
        "platform: supabase\n\
         default-grants: explicit\n\
         migrations: [db/migrations, /abs/x.sql]\n\
         exposed-schemas: [public, api]\n\
         exposed-roles: [anon]\n\
         rule-folders: [rules]\n\
         extends: [squawk]\n\
         select: [rls, security]\n\
         ignore: [rls/not-forced]\n\
         rules:\n  rls/not-forced: off\n  rls:\n    severity: note\n  rls/policy-to-public: {severity: warning, params: {roles: [a, b], limit: 3}}\n\
         fail-on: warning\n\
         require-coverage: true\n\
         waivers:\n  - rule: rls/policy-to-public\n    object: public.produits.*\n    reason: public on purpose\n    owner: data\n    until: 2027-06-30\n\
         baseline: baseline.json\n",
    )
    .unwrap();
    assert_eq!(config.platform, Some(Platform::Supabase));
    assert_eq!(config.default_grants, Some(DefaultGrants::Explicit));
    assert_eq!(config.migrations, [Path::new("/project/db/migrations"), Path::new("/abs/x.sql")]);
    assert_eq!(config.exposed_schemas, ["public", "api"]);
    assert_eq!(config.rule_folders, [Path::new("/project/rules")]);
    assert_eq!(config.extends, [config::Pack::Squawk]);
    assert_eq!(config.fail_on, Some(FailOn::Warning));
    assert!(config.require_coverage);
    assert_eq!(config.baseline.as_deref(), Some(Path::new("/project/baseline.json")));
    assert_eq!(config.level("rls/not-forced", &[]), Some(Level::Off));
    assert_eq!(config.level("rls/other", &[]), Some(Level::Note));
    assert_eq!(config.rules["rls/policy-to-public"].params["limit"], serde_json::json!(3));
    let waiver = &config.waivers[0];
    assert_eq!((waiver.at.line.get(), waiver.until.to_string().as_str()), (18, "2027-06-30"));
    config.check_names(&names()).unwrap();
}

#[test]
fn nothing_said_is_the_default() {
    for text in ["", "# only a comment\n", "{}\n", config::TEMPLATE, "\u{feff}# bom\n"] {
        let config = parse(text).unwrap();
        let (path, text) = (config.path.clone(), config.text.clone());
        assert_eq!(config, Config { path, text, ..Config::default() });
    }
}

/// Each line of the template that is commented out works when it is not.
#[test]
fn the_template_works_when_uncommented() {
    let live: String = config::TEMPLATE
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.starts_with("  ") || line.split_once(':').is_some_and(|(key, _)| !key.contains(' ')))
        .map(|line| format!("{line}\n"))
        .collect();
    let config = parse(&live).unwrap();
    assert_eq!(config.waivers.len(), 1);
    assert_eq!(config.rules.len(), 2);
    let properties = serde_json::to_value(config::schema()).unwrap()["properties"].as_object().unwrap().len();
    let keys = live.lines().filter(|line| !line.starts_with(' ')).count();
    assert_eq!(keys, properties, "the template shows every key\n{live}");
}

#[test]
fn the_most_specific_level_counts() {
    let config = parse("rules: {all: note, security: warning, rls: error, rls/not-forced: off}").unwrap();
    let level = |id: &str, tag: &str| config.level(id, &[tag.to_owned()]);
    let cases = [
        ("rls/not-forced", "security", Level::Off),
        ("rls/policy-to-public", "security", Level::Error),
        ("views/x", "security", Level::Warning),
        ("views/x", "other", Level::Note),
    ];
    for (id, tag, expected) in cases {
        assert_eq!(level(id, tag), Some(expected), "{id}");
    }
}

#[test]
fn mistakes_say_where_and_what() {
    let cases = [
        "plattform: supabase",
        "platform: supabse",
        "platform: [supabase]",
        "default-grants: none",
        "fail-on: errors",
        "rules:\n  rls/not-forced: offf",
        "rules:\n  rls/not-forced: on",
        "rules:\n  rls/not-forced: 3",
        "rules:\n  rls/not-forced:\n    level: note",
        "rules:\n  rls/not-forced: off\n  rls/not-forced: note",
        "waivers:\n  - rule: rls/not-forced\n    object: public.x",
        "waivers:\n  - {rule: rls/not-forced, object: public.x, reason: ' ', until: 2999-12-31}",
        "waivers:\n  - {rule: rls/not-forced, object: public.x, reason: y, until: 2026-02-30}",
        "waivers:\n  - {rule: rls/not-forced, object: public.x, reason: y, until: tomorrow}",
        "waivers:\n  - {rule: rls/not-forced, object: public.x, reason: y}",
        "protected:\n  - { object: vieuw public.v }",
        "protected:\n  - { object: view public.v, allow: [everything] }",
        "canonical:\n  - { name: p, table: public.p, key: id, values: { A: 1, B: 1 } }",
        "canonical:\n  - { name: p, table: public.p, key: id, values: { A: 1 }, referenced-by: keys }",
        "classification: { header: h, values: [AUDIT], rules: { AUDITS: read-only } }",
        "classification: { header: h, values: [AUDIT], rules: { AUDIT: readonly } }",
        "modules:\n  core: [public.a]\n  finance: [public.b, public.a]",
        "modules:\n  core: [public.a]\n  allow: [core -> finanse]",
        "modules:\n  core: [public.a]\n  allow: [core]",
        "flow: { steps: [receptions] }",
        "flow: { steps: [receptions, stocks, receptions] }",
        "freezes:\n  - { name: f, tables: [public.a], operations: [insert], since: 2026-02-30, reason: r }",
        "freezes:\n  - { name: f, tables: [public.a], operations: [insert], since: 2026-02-20, until: 2026-02-19, reason: r }",
        "freezes:\n  - { name: f, tables: [public.a], operations: [drop], since: 2026-02-20, reason: r }",
        "gates:\n  - { name: g, when: { touches: [public.a] }, require: [{ lists: [a] }] }",
        "gates:\n  - { name: g, when: { touches: [public.a] }, require: [{ backup: b, max-age: a day }] }",
        "gates:\n  - { name: g, when: { touches: [public.a] }, require: [{ evidence: e }] }",
        "alerts: { table: public.alertes, columns: { chek-code: code } }",
        "require-coverage: perhaps",
        "migrations: supabase/migrations",
        "extends: [squak]",
        "select: [rls\nignore: []",
        "rules: {\"a\u{1b}[31m\": 7}",
        "platform: supabase\n---\nplatform: postgres",
        "just text",
    ];
    let said: BTreeMap<&str, String> =
        cases.into_iter().map(|text| (text, parse(text).map(|_| ()).expect_err(text))).collect();
    assert!(said.values().all(|message| !message.contains('\u{1b}')));
    insta::with_settings!({snapshot_path => "../../snapshots/config", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_yaml_snapshot!("mistakes", said);
    });
}

#[test]
fn unknown_rule_names_are_errors_with_a_place() {
    let cases = [
        (
            "select: [policy-to-public]",
            "gardefou.yaml:1:10: `policy-to-public` is no rule, group or tag; did you mean `rls/policy-to-public`?",
        ),
        ("ignore:\n  - rsl", "gardefou.yaml:2:5: `rsl` is no rule, group or tag; did you mean `rls`?"),
        (
            "rules:\n  rls/not-force: off",
            "gardefou.yaml:2:18: `rls/not-force` is no rule, group or tag; did you mean `rls/not-forced`?",
        ),
        (
            "waivers: [{rule: rls, object: x, reason: y, until: 2999-12-31}]",
            "gardefou.yaml:1:11: `rls` is no rule, group or tag",
        ),
        ("select: [\"\\e[31m\"]", "gardefou.yaml:1:10: `\\u{1b}[31m` is no rule, group or tag"),
    ];
    for (text, expected) in cases {
        let error = parse(text).unwrap().check_names(&names()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn the_closest_file_upward_counts_alone() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path();
    let deep = root.join("repo/a/b");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::create_dir_all(root.join("repo/.git")).unwrap();
    let load = |start: &Path| Config::load(None, start, root);
    std::fs::write(root.join("gardefou.yaml"), "platform: postgres\n").unwrap();
    assert_eq!(load(&deep).unwrap(), Config::default(), "not beyond the repository");
    std::fs::write(root.join("repo/gardefou.yaml"), "platform: supabase\nfail-on: never\nmigrations: [m]\n").unwrap();
    let config = load(&deep).unwrap();
    assert_eq!(config.path.as_deref(), Some("repo/gardefou.yaml"));
    assert_eq!(config.migrations, [root.join("repo/m")]);
    std::fs::write(root.join("repo/a/gardefou.yaml"), "platform: postgres\n").unwrap();
    let config = load(&deep).unwrap();
    assert_eq!((config.platform, config.fail_on), (Some(Platform::Postgres), None), "nothing is merged");
    std::fs::write(deep.join("gardefou.yml"), "").unwrap();
    assert!(load(&deep).unwrap_err().to_string().contains("rename it to gardefou.yaml"));
    let missing = Config::load(Some(Path::new("nope.yaml")), root, root).unwrap_err().to_string();
    assert!(missing.starts_with("nope.yaml: ") && missing.ends_with("--no-config"), "{missing}");
}

#[test]
fn the_schema_accepts_what_the_program_accepts() {
    let schema = serde_json::to_value(config::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let yes = serde_json::json!({"platform": "supabase", "rules": {"rls": "off", "rls/x": {"severity": "note", "params": {"n": 1}}}});
    let no = serde_json::json!({"plattform": "supabase"});
    let bad_level = serde_json::json!({"rules": {"rls": "loud"}});
    assert_eq!([&yes, &no, &bad_level].map(|value| validator.is_valid(value)), [true, false, false]);
    generated("gardefou.schema.json", &schema);
}
