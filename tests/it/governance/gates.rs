//! Gates: a real backup, a real simulation, and what is said where one is missing.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use gardefou::config::Config;
use gardefou::governance::gates::{Status, Surroundings, checklist, statuses};
use gardefou::live::connect::Target;

use crate::support::pg;

const YAML: &str = "\
volumetrics:
  - name: receptions
    csv: stored.csv
    key: id
    columns: { volume: v, temperature: t, density: d, vcf: f }
    product: { group: refined }
    method: d1250-1980
gates:
  - name: volumetric migration
    when: { touches: [public.receptions.volume_15c] }
    require:
      - { backup: backups/*.dump, max-age: 24h, lists: [receptions, depot.sorties] }
      - { evidence: evidence/simulation-*.json, kind: simulation, approved-by: R. Martin, approved-on: 2026-02-20 }
";

fn look(folder: &Path, yaml: &str, now: SystemTime) -> Vec<Status> {
    let config = Config::parse(yaml, "gardefou.yaml", folder).unwrap();
    statuses(&config.governance.gates, Surroundings { config: &config, cwd: folder, now, database: None })
}

#[test]
fn a_gate_opens_on_its_evidence_and_on_nothing_less() {
    let Some((url, mut client)) = pg::fresh() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let now = SystemTime::now();
    let mut page = format!("== nothing there\n{}", checklist(&look(root, YAML, now)));
    std::fs::create_dir_all(root.join("backups")).unwrap();
    std::fs::create_dir_all(root.join("evidence")).unwrap();
    std::fs::write(root.join("stored.csv"), "id,v,t,d,f\nA,1000,25,0.83,0.99\nB,1000,20,0.84,0.99\n").unwrap();
    std::fs::write(root.join("backups/a.dump"), "not an archive").unwrap();
    std::fs::write(root.join("evidence/simulation-1.json"), "{}").unwrap();
    page.push_str(&format!("== nonsense\n{}", checklist(&look(root, YAML, now))));

    client
        .batch_execute("create schema depot; create table receptions (id int); create table depot.sorties (id int)")
        .unwrap();
    if !pg::dump(&url, &["--table=public.receptions"], &root.join("backups/a.dump")) {
        return;
    }
    simulate(root, "evidence/simulation-1.json");
    page.push_str(&format!("== a table is missing\n{}", checklist(&look(root, YAML, now))));

    assert!(pg::dump(&url, &[], &root.join("backups/b.dump")));
    let open = look(root, YAML, now);
    assert!(open.iter().all(Status::is_open), "{}", checklist(&open));
    page.push_str(&format!("== open\n{}", checklist(&open)));

    let late = now + Duration::from_secs(3 * 86_400);
    std::fs::write(root.join("stored.csv"), "id,v,t,d,f\nA,1000,25,0.83,0.99\nB,1001,20,0.84,0.99\n").unwrap();
    page.push_str(&format!("== three days later, and a row was changed\n{}", checklist(&look(root, YAML, late))));
    let unapproved = YAML.replace(", approved-by: R. Martin, approved-on: 2026-02-20", "");
    page.push_str(&format!("== nobody approved\n{}", checklist(&look(root, &unapproved, now))));
    let page = regex::Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(&page, "sha256:…").into_owned();
    // The file's time has its part of a day, which the clock of the test does not know.
    let page = regex::Regex::new("is [0-9]+ days old").unwrap().replace_all(&page, "is … days old").into_owned();
    insta::with_settings!({snapshot_path => "../../../snapshots/governance", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("gates", page);
    });
}

/// The report as the program itself writes it.
fn simulate(root: &Path, output: &str) {
    std::fs::write(root.join("gardefou.yaml"), YAML).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_gardefou"))
        .current_dir(root)
        .args(["drift", ".", "--simulate", "d1250-2004", "--format", "json", "--output", output])
        .output()
        .unwrap();
    assert!(root.join(output).is_file(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn looked(root: &Path, yaml: &str, url: Option<&str>) -> String {
    let config = Config::parse(yaml, "gardefou.yaml", root).unwrap();
    let database = url.map(|url| Target::new(Some(url), &|_| None).unwrap());
    let around = Surroundings { config: &config, cwd: root, now: SystemTime::now(), database: database.as_ref() };
    checklist(&statuses(&config.governance.gates, around))
}

/// A simulation over a table: compared with the rows where a database is named, and not believed where none is.
#[test]
fn a_simulation_over_a_table_is_compared_with_the_table() {
    let Some((url, mut client)) = pg::fresh() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("evidence")).unwrap();
    std::fs::create_dir_all(root.join("migrations")).unwrap();
    std::fs::create_dir_all(root.join(".git")).unwrap();
    let schema = "create table public.receptions (id text primary key, v numeric, t numeric, d numeric, f numeric);\n";
    client.batch_execute(schema).unwrap();
    client.batch_execute("insert into receptions select 'R' || n, 1000 + n * 0.7, 15 + n % 9, 830, 0.99 from generate_series(1, 50) n").unwrap();
    let yaml = "\
platform: postgres
select: [governance]
migrations: [migrations]
volumetrics:
  - name: receptions
    table: public.receptions
    key: id
    columns: { volume: v, temperature: t, density: d, vcf: f }
    product: { group: refined }
    method: d1250-1980
gates:
  - name: volumetric migration
    when: { touches: [public.receptions.v] }
    since: 2
    require: [{ evidence: evidence/*.json, kind: simulation, approved-by: R. Martin, approved-on: 2026-02-20 }]
";
    let report = root.join("evidence/1.json");
    std::fs::write(root.join("gardefou.yaml"), yaml).unwrap();
    std::fs::write(root.join("migrations/1_a.sql"), schema).unwrap();
    std::fs::write(root.join("migrations/2_b.sql"), "update public.receptions set v = v * 1.001 where id = 'R1';")
        .unwrap();
    let arguments = [
        "drift",
        ".",
        "--database-url",
        &url,
        "--simulate",
        "d1250-2004",
        "--format",
        "json",
        "--output",
        "evidence/1.json",
    ];
    run(root, &arguments);
    let text = std::fs::read_to_string(&report).unwrap();
    let digest = text.split("\"digest\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let pinned = yaml.replace("approved-on", &format!("digest: '{digest}', approved-on"));

    let mut page = format!("== no database\n{}", looked(root, yaml, None));
    page.push_str(&format!("== no database, the digest approved\n{}", looked(root, &pinned, None)));
    page.push_str(&format!("== the database\n{}", looked(root, yaml, Some(&url))));
    assert_eq!(run(root, &["gate", "status", ".", "--database-url", &url]).0, 0);
    assert_eq!(
        run(root, &["check", ".", "--database-url", &url]).0,
        0,
        "{}",
        run(root, &["check", ".", "--database-url", &url]).1
    );
    let (code, said) = run(root, &["check", "."]);
    assert!(code == 1 && said.contains("governance/gate-closed") && said.contains("no database is at hand"), "{said}");
    std::fs::write(root.join("gardefou.yaml"), &pinned).unwrap();
    let (code, said) = run(root, &["check", "."]);
    assert!(code == 0 && said.contains("was not compared with the data"), "{said}");
    std::fs::write(root.join("gardefou.yaml"), yaml).unwrap();

    // The same rows in another order are the same data.
    client.batch_execute("create table t as table receptions; truncate receptions; insert into receptions select * from t order by id desc").unwrap();
    page.push_str(&format!("== the rows in another order\n{}", looked(root, yaml, Some(&url))));

    std::fs::write(&report, text.replacen("\"vcf_after\":0.", "\"vcf_after\":1.", 1)).unwrap();
    assert_ne!(std::fs::read_to_string(&report).unwrap(), text);
    page.push_str(&format!("== a figure of the report edited\n{}", looked(root, yaml, Some(&url))));
    std::fs::write(&report, &text).unwrap();

    client.batch_execute("update receptions set v = v + 0.1 where id = 'R7'").unwrap();
    page.push_str(&format!("== a row changed\n{}", looked(root, yaml, Some(&url))));
    let (code, said) = run(root, &["check", ".", "--database-url", &url]);
    assert!(code == 1 && said.contains("is not about the data there is"), "{said}");
    page.push_str(&format!("== approved, and changed since\n{}", looked(root, &pinned, Some(&url))));
    let page = regex::Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(&page, "sha256:…").into_owned();
    insta::with_settings!({snapshot_path => "../../../snapshots/governance", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("gates_live", page);
    });
}

fn run(root: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    let output =
        command.current_dir(root).args(arguments).env("NO_COLOR", "1").env_remove("DATABASE_URL").output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}
