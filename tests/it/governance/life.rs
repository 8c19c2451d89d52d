//! A finding's life from audit to audit, and the SQL for the team's table, judged by PostgreSQL.

use std::collections::BTreeMap;
use std::path::Path;

use gardefou::audit::alerts;
use gardefou::audit::lifecycle::{Life, Seen, advance};
use gardefou::config::Config;
use gardefou::finding::{Severity, State};
use gardefou::governance::sections::Alerts;
use gardefou::report::json::{JsonFinding, JsonObject};

use crate::support::pg;

fn finding(fingerprint: &str) -> JsonFinding {
    JsonFinding {
        rule: "rls/rls-disabled".to_owned(),
        severity: Severity::Error,
        message: format!("it's `{fingerprint}` \\ here"),
        object: JsonObject { kind: "table".to_owned(), name: "public.\"t'able\"".to_owned() },
        location: None,
        fingerprint: fingerprint.to_owned(),
        state: State::New,
        silenced_by: None,
        related: Vec::new(),
        detail: None,
        fix: None,
    }
}

fn audit(before: &[Life], present: &[(&str, bool)], resolved: &[&str], now: &str) -> Vec<Life> {
    let present: BTreeMap<String, bool> = present.iter().map(|(name, acked)| ((*name).to_owned(), *acked)).collect();
    let resolved: Vec<JsonFinding> = resolved.iter().map(|name| finding(name)).collect();
    advance(before, Seen { present: &present, resolved: &resolved, now })
}

fn told(lives: &[Life]) -> Vec<String> {
    let told = |life: &Life| {
        let resolved = life.resolved_at.as_deref().unwrap_or("-");
        format!(
            "{} {} {} {} {resolved} {}",
            life.fingerprint,
            life.status.word(),
            life.first_detected_at,
            life.last_detected_at,
            life.reopened
        )
    };
    lives.iter().map(told).collect()
}

/// Three audits and what each of them makes of four findings.
fn lives() -> [Vec<Life>; 4] {
    let first = audit(&[], &[("a", false), ("b", true), ("c", false)], &[], "t1");
    let second = audit(&first, &[("a", true), ("d", false)], &["b"], "t2");
    let third = audit(&second, &[("a", false), ("b", false)], &["d"], "t3");
    let fourth = audit(&third, &[("b", false)], &["a"], "t4");
    [first, second, third, fourth]
}

#[test]
fn open_acknowledged_resolved_reopened() {
    let [first, second, third, fourth] = lives();
    assert_eq!(told(&first), ["a OPEN t1 t1 - 0", "b ACK t1 t1 - 0", "c OPEN t1 t1 - 0"]);
    // c was not looked at: nothing is claimed about it.
    assert_eq!(told(&second), ["a ACK t1 t2 - 0", "b RESOLVED t1 t1 t2 0", "c OPEN t1 t1 - 0", "d OPEN t2 t2 - 0"]);
    assert_eq!(told(&third), ["a OPEN t1 t3 - 0", "b OPEN t1 t3 - 1", "c OPEN t1 t1 - 0", "d RESOLVED t2 t2 t3 0"]);
    assert_eq!(
        told(&fourth),
        ["a RESOLVED t1 t3 t4 0", "b OPEN t1 t4 - 1", "c OPEN t1 t1 - 0", "d RESOLVED t2 t2 t3 0"]
    );
}

/// What an audit finds, with whether it is accepted, and what it no longer finds.
type Step<'a> = (&'a [(&'a str, bool)], &'a [&'a str]);

fn table(yaml: &str) -> Alerts {
    Config::parse(yaml, "gardefou.yaml", Path::new(".")).unwrap().governance.alerts.unwrap().value
}

fn rows(client: &mut postgres::Client) -> Vec<String> {
    let sql = "select concat_ws(' ', payload ->> 'fingerprint', status, first_detected_at::date, last_detected_at::date) \
               from alertes order by 1";
    client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

#[test]
fn the_sql_does_once_what_it_does_twice() {
    let Some(mut client) = pg::fresh_database() else { return };
    client
        .batch_execute(
            "set timezone = 'UTC'; create table alertes (id bigint generated always as identity, code text, severity text, entity_type text,
             entity_id text, message text, payload jsonb, status text check (status in ('OPEN', 'ACK', 'RESOLVED')),
             first_detected_at timestamptz, last_detected_at timestamptz)",
        )
        .unwrap();
    let alerts_table = table("alerts: { table: alertes, columns: { check-code: code } }");
    let day = |n: usize| format!("2026-01-0{n} 00:00:00 UTC");
    let mut before: Vec<Life> = Vec::new();
    let steps: [Step<'_>; 4] = [
        (&[("a", false), ("b", true), ("c", false)], &[]),
        (&[("a", false), ("d", false)], &["b"]),
        (&[("a", false), ("b", false)], &["d"]),
        (&[("b", false)], &["a"]),
    ];
    let expected: [&[&str]; 4] = [
        &["a OPEN 2026-01-01 2026-01-01", "b ACK 2026-01-01 2026-01-01", "c OPEN 2026-01-01 2026-01-01"],
        &[
            "a ACK 2026-01-01 2026-01-02",
            "b RESOLVED 2026-01-01 2026-01-02",
            "c OPEN 2026-01-01 2026-01-01",
            "d OPEN 2026-01-02 2026-01-02",
        ],
        &[
            "a ACK 2026-01-01 2026-01-03",
            "b OPEN 2026-01-01 2026-01-03",
            "c OPEN 2026-01-01 2026-01-01",
            "d RESOLVED 2026-01-02 2026-01-03",
        ],
        &[
            "a RESOLVED 2026-01-01 2026-01-04",
            "b OPEN 2026-01-01 2026-01-04",
            "c OPEN 2026-01-01 2026-01-01",
            "d RESOLVED 2026-01-02 2026-01-03",
        ],
    ];
    let mut scripts = Vec::new();
    for (n, (present, resolved)) in steps.into_iter().enumerate() {
        before = audit(&before, present, resolved, &day(n + 1));
        let findings: Vec<JsonFinding> = present.iter().map(|(name, _)| finding(name)).collect();
        let sql = alerts::sql(&alerts_table, &findings, &before, &day(n + 1));
        for _ in 0..2 {
            client.batch_execute(&sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
            assert_eq!(rows(&mut client), expected[n], "audit {}", n + 1);
        }
        if n == 0 {
            // A person acknowledges: audits leave that alone while the finding is there.
            client.batch_execute("update alertes set status = 'ACK' where payload ->> 'fingerprint' = 'a'").unwrap();
        }
        scripts.push(sql);
    }
    // An old script run late changes nothing.
    for old in &scripts {
        client.batch_execute(old).unwrap();
        assert_eq!(rows(&mut client), expected[3]);
    }
    let odd: String =
        client.query_one("select message || entity_id from alertes where status = 'OPEN' limit 1", &[]).unwrap().get(0);
    assert!(odd.contains("it's `") && odd.contains("\\ here") && odd.contains("\"t'able\""), "{odd}");
}
