//! `gardefou audit --format alerts-sql` from end to end: what it prints is run on PostgreSQL, audit after audit.

use std::path::Path;
use std::process::Command;

use postgres::Client;

use crate::support::pg;

const YAML: &str = "\
platform: postgres
exposed-roles: [lecteur_alertes]
select: [rls/rls-disabled, governance/alerts-table]
alerts:
  table: suivi.alertes
  columns: { check-code: code, acknowledged-by: vu_par, fingerprint: empreinte }
waivers:
  # none yet
";

const TABLE: &str = "\
create schema suivi;
create table suivi.alertes (code text, severity text, entity_type text, entity_id text, message text, payload jsonb,
  status text not null check (status in ('OPEN', 'ACK', 'RESOLVED')), vu_par text, empreinte text unique,
  first_detected_at timestamptz, last_detected_at timestamptz);
do $$ begin create role lecteur_alertes; exception when duplicate_object then null; end $$;
create table public.citernes (id int);
grant select on public.citernes to lecteur_alertes;
";

/// An audit: prints the SQL, keeps report.json for the next.
fn audit(root: &Path, url: &str, yaml: &str) -> String {
    std::fs::write(root.join("gardefou.yaml"), yaml).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.current_dir(root).env("NO_COLOR", "1");
    command.args(["audit", "--database-url", url, "--format", "alerts-sql", "--output-dir", "out"]);
    if root.join("last.json").is_file() {
        command.args(["--since", "last.json"]);
    }
    // Audits tell their time in seconds.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    std::fs::rename(root.join("out/report.json"), root.join("last.json")).unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn rows(client: &mut Client) -> Vec<String> {
    let sql = "select concat_ws(' ', code, entity_type, entity_id, status, empreinte is not null, first_detected_at <= last_detected_at)
               from suivi.alertes order by 1";
    client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

/// Runs the script twice: both times there is this one row.
fn applied(client: &mut Client, sql: &str, status: &str) {
    for round in 1..=2 {
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
        let expected = format!("rls/rls-disabled table public.citernes {status} t t");
        assert_eq!(rows(client), [expected], "round {round}\n{sql}");
    }
}

#[test]
fn one_row_lives_through_audits() {
    let Some((url, mut client)) = pg::fresh() else { return };
    client.batch_execute(TABLE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join(".git")).unwrap();
    let yaml = YAML.replace("waivers:\n  # none yet\n", "");

    let first = audit(root, &url, &yaml);
    assert!(!first.contains("rls/not-forced"), "{first}");
    applied(&mut client, &first, "OPEN");

    let waived = format!(
        "{yaml}waivers:\n  - {{ rule: rls/rls-disabled, object: public.citernes, reason: reference data, until: 2999-01-01 }}\n"
    );
    applied(&mut client, &audit(root, &url, &waived), "ACK");
    assert!(std::fs::read_to_string(root.join("last.json")).unwrap().contains("\"ACK\""));

    // The waiver is taken back: what nobody but it accepted is open again.
    applied(&mut client, &audit(root, &url, &yaml), "OPEN");

    client.batch_execute("alter table public.citernes enable row level security").unwrap();
    applied(&mut client, &audit(root, &url, &yaml), "RESOLVED");

    client.batch_execute("alter table public.citernes disable row level security").unwrap();
    applied(&mut client, &audit(root, &url, &yaml), "OPEN");
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(root.join("last.json")).unwrap()).unwrap();
    let lives = report.pointer("/audit/lifecycle").and_then(serde_json::Value::as_array).unwrap();
    let reopened: Vec<u64> = lives.iter().filter_map(|life| life["reopened"].as_u64()).filter(|n| *n > 0).collect();
    assert_eq!(reopened, [1], "{lives:?}");

    // A person acknowledges; the next audit leaves that alone, and so does an old script run late.
    client.batch_execute("update suivi.alertes set status = 'ACK', vu_par = 'chef de dépôt'").unwrap();
    applied(&mut client, &audit(root, &url, &yaml), "ACK");
    applied(&mut client, &first, "ACK");
}
