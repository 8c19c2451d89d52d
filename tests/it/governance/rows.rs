//! Rows of a live database: canonical sets, freezes, the table of alerts.

use std::path::Path;
use std::sync::Arc;

use gardefou::check::{self, CheckConfig, CheckInput};
use gardefou::config::Config;
use gardefou::date::Date;
use gardefou::governance::{Governance, live};
use gardefou::rule;
use postgres::Client;

use super::lock;
use crate::support::pg;

const CONFIG: &str = "\
canonical:
  - name: products
    table: produits
    key: id
    label: code
    values: { GASOIL: 22222222-2222-2222-2222-22222222222A, ESSENCE: 11111111-1111-1111-1111-111111111111, JET: 33333333-3333-3333-3333-333333333333 }
  - name: depots
    table: depots
    key: id
    values: { NORD: 1, LAC: 2 }
    referenced-by: [public.receptions.depot]
freezes:
  - { name: outgoing, tables: [receptions], operations: [insert], since: 2026-02-21, reason: figures are migrated }
  - { name: ended, tables: [receptions], operations: [insert], since: 2025-02-21, until: 2025-03-01, reason: done }
  - { name: blind, tables: [produits], operations: [insert], since: 2025-02-21, reason: no column says when }
alerts: { table: alertes, columns: { acknowledged-by: vu_par } }
";

const SCHEMA: &str = "\
create table produits (id uuid primary key, code text, libelle text);
create table depots (id int primary key);
create table receptions (id int primary key, produit_id uuid, depot int, cree_le timestamptz default now());
create table alertes (check_code text, severity text, entity_type text, entity_id text, message text, payload jsonb,
  status text, vu_par text, first_detected_at timestamptz, last_detected_at timestamptz);
insert into produits values ('22222222-2222-2222-2222-22222222222a', 'GAZOLE', ''), ('11111111-1111-1111-1111-111111111111', 'ESSENCE', ''),
  ('99999999-9999-9999-9999-999999999999', 'AUTRE', '');
insert into depots values (1), (2);
alter table receptions add foreign key (produit_id) references produits (id);
insert into receptions values (1, '22222222-2222-2222-2222-22222222222A', 1, '2026-02-20'), (2, '99999999-9999-9999-9999-999999999999', 7, '2026-02-22'),
  (3, '99999999-9999-9999-9999-999999999999', 8, '2026-03-01'), (4, null, null, '2026-03-02');
insert into alertes values ('a', 'error', 't', 'x', 'm', '{}', 'ACK', null, '2026-01-01', '2026-01-02'), ('b', 'error', 't', 'y', 'm', '{}', 'CLOSED', 'moi', '2026-01-03', '2026-01-02');
";

fn measured(client: &mut Client) -> (Governance, Vec<(String, String)>, Vec<String>) {
    let sections = Config::parse(CONFIG, "gardefou.yaml", Path::new(".")).unwrap().governance;
    let catalog = lock::live(client);
    client.batch_execute("begin transaction read only").unwrap();
    let today = Date::new(2026, 3, 10).unwrap();
    let mut answers = 0;
    let measured = live::measure(client, &sections, &catalog, today, &mut || answers += 1);
    client.batch_execute("rollback").unwrap();
    assert!(answers > 5);
    let governance = Governance { sections, live: Some(measured), ..Governance::none(today) };
    let rules = [
        "governance/canonical-drift",
        "governance/freeze-rows",
        "governance/alerts-table",
        "governance/freeze-expired",
    ];
    let all = rule::built_in().unwrap();
    let rules: Vec<_> = rules.iter().map(|id| all.get(id).unwrap().clone()).collect();
    let config = CheckConfig { governance: Some(Arc::new(governance.clone())), ..CheckConfig::default() };
    let input = CheckInput {
        catalog: &catalog,
        migrations: &[],
        coverage: &[],
        rules: &rules,
        config: &config,
        changed_only: false,
        before: None,
        live: None,
    };
    let output = check::run(&input);
    let found = output.findings.into_iter().map(|finding| (finding.rule, finding.message)).collect();
    (governance, found, output.coverage.into_iter().map(|entry| entry.message).collect())
}

#[test]
fn rows_are_counted_exactly() {
    let Some(mut client) = pg::fresh_database() else { return };
    client.batch_execute(SCHEMA).unwrap();
    let (_, mut found, coverage) = measured(&mut client);
    found.sort();
    let said: String = found.iter().map(|(rule, message)| format!("{rule}: {message}\n")).collect();
    let gaps: String = coverage.iter().map(|message| format!("not seen: {message}\n")).collect();
    insta::with_settings!({snapshot_path => "../../../snapshots/governance", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("rows", said + &gaps);
    });
}

/// Rows that a policy hides are not taken for rows that are not there.
#[test]
fn hidden_rows_are_an_error_not_an_all_clear() {
    let Some(mut client) = pg::fresh_database() else { return };
    client.batch_execute(SCHEMA).unwrap();
    client
        .batch_execute(
            "do $$ begin create role lecteur_rls; exception when duplicate_object then null; end $$;
             grant select on all tables in schema public to lecteur_rls;
             alter table receptions enable row level security;
             set role lecteur_rls",
        )
        .unwrap();
    let (_, found, coverage) = measured(&mut client);
    assert!(coverage.iter().any(|message| message.contains("`products` was not counted")), "{coverage:?}");
    assert!(!found.iter().any(|(_, message)| message.contains("products")), "{found:?}");
}
