//! Names in the sections that mean nothing in the schema, and the commands end to end.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use gardefou::config::Config;
use gardefou::date::Date;
use gardefou::governance::{Governance, validate};
use gardefou::migrations::Platform;

use crate::fold_vs_postgres::history;

const SCHEMA: &str = "\
create table receptions (id int primary key, volume_15c numeric);
create table produits (id int primary key, code text);
create view v_stock as select id from receptions;
create table ancienne (id int);
";

#[test]
fn names_that_mean_nothing_are_errors_with_a_place() {
    let cases = [
        "protected: [{ object: view public.v_stok }]",
        "protected: [{ object: view public.receptions }]",
        "protected: [{ object: trigger public.receptions.* }]",
        "canonical: [{ name: p, table: public.produit, key: id, values: { A: 1 } }]",
        "canonical: [{ name: p, table: public.produits, key: id, label: cod, values: { A: 1 } }]",
        "canonical: [{ name: p, table: produits, key: id, values: { A: 1 }, referenced-by: [produits.id] }]",
        "modules: { core: [public.receptions], finance: [public.facture*] }",
        "modules: { core: [public.receptions], finance: [public.r*] }",
        "flow: { steps: [receptions, sorties] }",
        "freezes: [{ name: f, tables: [public.reception], operations: [insert], since: 2026-02-21, reason: r }]",
        "gates: [{ name: g, when: { touches: [public.receptions.volume_15] }, require: [{ backup: b }] }]",
        "alerts: { table: public.produits }",
        // What there was once is known: its loss is a finding, not a mistake in the configuration.
        "protected: [{ object: table public.ancienne }]",
        "flow: { steps: [receptions, ancienne] }",
    ];
    let history = history(&[("1.sql", SCHEMA), ("2.sql", "drop table ancienne")], Platform::Postgres);
    let said: BTreeMap<&str, String> = cases
        .into_iter()
        .map(|text| {
            let sections = Config::parse(text, "gardefou.yaml", Path::new(".")).unwrap().governance;
            let governance = Governance { sections, ..Governance::none(Date::new(2026, 1, 1).unwrap()) };
            let judged = validate(&governance, &history.catalog, &history.migrations);
            (text, judged.map_or_else(|error| error.to_string(), |()| "fine".to_owned()))
        })
        .collect();
    insta::with_settings!({snapshot_path => "../../../snapshots/governance", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_yaml_snapshot!("names", said);
    });
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

#[test]
fn lock_check_relock_waive() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join(".git")).unwrap();
    std::fs::create_dir_all(root.join("db/migrations")).unwrap();
    std::fs::write(root.join("db/migrations/1_a.sql"), SCHEMA).unwrap();
    let yaml = "platform: postgres\nselect: [governance]\nmigrations: [migrations]\nprotected: [{ object: view public.v_stock }]\n";
    std::fs::write(root.join("db/gardefou.yaml"), yaml).unwrap();
    let (code, said) = run(root, &["check", "db"]);
    assert!(code == 1 && said.contains("there is no `gardefou.lock`"), "{said}");
    assert_eq!(run(root, &["lock", "db", "--check"]).0, 1, "nothing is locked yet");
    let (code, said) = run(root, &["lock", "db"]);
    assert!(code == 0 && said.contains("locked 1 object in db/gardefou.lock"), "{said}");
    let lock = std::fs::read_to_string(root.join("db/gardefou.lock")).unwrap();
    assert!(lock.contains("defined: \"migrations/1_a.sql:3\""), "{lock}");
    assert_eq!(run(&root.join("db"), &["lock", "--check"]).0, 0, "the same from another folder");
    assert_eq!(run(root, &["check", "db"]).0, 0);

    std::fs::write(
        root.join("db/migrations/2_b.sql"),
        "create or replace view v_stock as select id from receptions where id > 0;",
    )
    .unwrap();
    let (code, said) = run(root, &["check", "db"]);
    assert!(
        code == 1 && said.contains("db/migrations/2_b.sql:1:1") && said.contains("+  where receptions.id > 0"),
        "{said}"
    );
    let (code, said) = run(
        &root.join("db"),
        &["waive", "governance/protected-changed", "public.v_stock", "--reason", "trial", "--until", "2999-01-01"],
    );
    assert_eq!(code, 0, "{said}");
    let (code, said) = run(root, &["check", "db"]);
    assert!(
        code == 0 && said.contains("(1 waived)") && said.contains("waived[governance/protected-changed]"),
        "{said}"
    );
    assert_eq!(run(root, &["lock", "db"]).0, 0);
    let (code, said) = run(root, &["check", "db"]);
    assert!(code == 0 && said.contains("matches no finding"), "the waiver is unused now: {said}");
    for (arguments, expected) in [
        (["waive", "governance/protected-chnged", "x", "--reason", "r", "--until", "2999-01-01"], "did you mean"),
        (["waive", "governance/protected-changed", "x", "--reason", "r", "--until", "2020-01-01"], "has passed"),
        (["waive", "config/unused-waiver", "x", "--reason", "r", "--until", "2999-01-01"], "cannot be waived"),
    ] {
        let (code, said) = run(&root.join("db"), &arguments);
        assert!(code == 2 && said.contains(expected), "{said}");
    }
    let lock = std::fs::read_to_string(root.join("db/gardefou.lock")).unwrap();
    std::fs::write(root.join("db/gardefou.lock"), lock.replace("where receptions.id > 0", "where receptions.id > 1"))
        .unwrap();
    let (code, said) = run(root, &["check", "db"]);
    assert!(code == 1 && said.contains("was edited by hand"), "{said}");
    std::fs::write(root.join("db/gardefou.lock"), "version: 1\nobjects: [{object: view public.v, digest: x}]\n")
        .unwrap();
    let (code, said) = run(root, &["check", "db"]);
    assert!(code == 2 && said.contains("db/gardefou.lock:2:35: key `definition` is missing"), "{said}");
}
