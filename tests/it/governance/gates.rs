//! Gates: a real backup, a real simulation, and what is said where one is missing.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use gardefou::config::Config;
use gardefou::governance::gates::{Status, Surroundings, checklist, statuses};

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
    pg::dump(&url, &["--table=public.receptions"], &root.join("backups/a.dump"));
    simulate(root, "evidence/simulation-1.json");
    page.push_str(&format!("== a table is missing\n{}", checklist(&look(root, YAML, now))));

    pg::dump(&url, &[], &root.join("backups/b.dump"));
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
