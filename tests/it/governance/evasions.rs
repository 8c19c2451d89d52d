//! Ways around the rules that a hurried person finds: each is seen on files, and PostgreSQL says that it would have run.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use gardefou::check::{self, CheckConfig, CheckInput};
use gardefou::config::Config;
use gardefou::date::Date;
use gardefou::governance::lock::{self, Lock};
use gardefou::governance::{Governance, live};
use gardefou::migrations::{History, Platform};
use gardefou::rule::{self, Rule};

use crate::fold_vs_postgres::history;
use crate::support::pg;

const BASE: &str = include_str!("evasions.sql");
const CONFIG: &str = "\
protected:
  - { object: table public.receptions }
  - { object: table public.stocks }
  - { object: column public.sorties.litres }
  - { object: view public.v_stock }
  - { object: function public.carry }
  - { object: trigger public.receptions.* }
  - { object: policy public.*.*, allow: [create] }
canonical:
  - { name: products, table: produits, key: id, label: code, values: { GASOIL: 22222222-2222-2222-2222-222222222222, ESSENCE: 11111111-1111-1111-1111-111111111111 } }
  - { name: depots, table: depots, key: num, values: { A: 1, B: 2 } }
  - { name: kinds, table: kinds, key: code, values: { IN: in, OUT: out } }
classification: { header: post-prod, values: [SCALE, AUDIT, MAINTENANCE], rules: { AUDIT: read-only, MAINTENANCE: no-access }, since: 2 }
flow: { steps: [receptions, stocks, sorties] }
freezes: [{ name: deliveries, tables: [sorties], operations: [insert], since: 2026-01-01, reason: counted }]
gates: [{ name: volumes, since: 2, when: { touches: [public.receptions.volume] }, require: [{ backup: none/*.dump }] }]
";

/// A non-canonical product.
const X: &str = "'99999999-9999-9999-9999-999999999999'";
const K: &str = "'22222222-2222-2222-2222-222222222222'";

fn governance() -> Arc<Governance> {
    let config = Config::parse(CONFIG, "gardefou.yaml", Path::new(".")).unwrap();
    let before = history(&[("1_base.sql", BASE)], Platform::Postgres);
    let (objects, unknown) = Lock::of(&before.catalog, &before.migrations, &config.governance);
    assert!(unknown.is_empty(), "{unknown:?}");
    let today = Date::new(2026, 3, 10).unwrap();
    Arc::new(Governance { sections: config.governance, lock: lock::in_memory(&objects), ..Governance::none(today) })
}

fn rules() -> Vec<Rule> {
    rule::built_in().unwrap().iter().filter(|rule| rule.id.starts_with("governance/")).cloned().collect()
}

/// What is found, as `rule object`; what could not be seen, as `? rule`.
fn judge(governance: &Arc<Governance>, rules: &[Rule], history: &History) -> BTreeSet<String> {
    let config = CheckConfig { governance: Some(Arc::clone(governance)), ..CheckConfig::default() };
    let output = check::run(&CheckInput::of_history(history, rules, &config));
    let short = |id: &str| id.trim_start_matches("governance/").to_owned();
    let found = output.findings.iter().map(|finding| format!("{} {}", short(&finding.rule), finding.object.name));
    let gaps = output.coverage.iter().filter(|entry| entry.message.contains("was not run"));
    let gaps = gaps.filter(|entry| !entry.message.contains("freeze `deliveries`"));
    found.chain(gaps.map(|entry| format!("? {}", entry.message))).collect()
}

fn scripts() -> Vec<(&'static str, String)> {
    let text = include_str!("evasions.txt").replace("$X", X).replace("$K", K);
    let parts: Vec<String> = text.split("\n== ").map(|part| part.trim_start_matches("== ").to_owned()).collect();
    let named = parts.into_iter().map(|part| {
        let (name, sql) = part.split_once('\n').unwrap();
        (&*name.to_owned().leak(), sql.to_owned())
    });
    named.collect()
}

#[test]
fn ways_around_are_seen() {
    let (governance, rules) = (governance(), rules());
    let mut page = String::new();
    for (name, sql) in scripts() {
        let class = if name.starts_with("audit") {
            "AUDIT"
        } else if name.starts_with("access") {
            "MAINTENANCE"
        } else {
            "SCALE"
        };
        let file = format!("-- post-prod: {class}\n{sql}");
        let history = history(&[("1_base.sql", BASE), ("20260301_x.sql", &file)], Platform::Postgres);
        let found = judge(&governance, &rules, &history);
        let fine = name.ends_with("(fine)");
        assert_eq!(found.is_empty(), fine, "{name}: {found:?}");
        page.push_str(&format!("== {name}\n"));
        found.iter().for_each(|line| page.push_str(&format!("{line}\n")));
    }
    insta::with_settings!({snapshot_path => "../../../snapshots/governance", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("evasions", page);
    });
}

/// Every one of them runs; and what writes identifiers that do not exist is counted afterwards, so it did write them.
#[test]
fn the_server_runs_them_all() {
    let Some(mut client) = pg::fresh_database() else { return };
    if pg::older(&mut client, 15, "views with security_invoker") {
        return;
    }
    client.batch_execute(BASE).unwrap();
    let sections = governance().sections.clone();
    let catalog = super::lock::live(&mut client);
    client.batch_execute("set search_path to public; set session_replication_role = replica").unwrap();
    for (name, sql) in scripts() {
        // `COPY` data comes by another way; vacuum cannot run in a transaction.
        let sql: Vec<&str> = sql.lines().filter(|line| !line.starts_with("vacuum")).collect();
        if name.starts_with("copy") {
            continue;
        }
        client.batch_execute("begin").unwrap();
        client.batch_execute(&sql.join("\n")).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        if name.starts_with("ids") {
            client.batch_execute("set search_path to public").unwrap();
            let today = Date::new(2026, 3, 10).unwrap();
            let measured = live::measure(&mut *client, &sections, &catalog, today, &mut || ());
            let outside = measured.canonical.iter().flat_map(|facts| facts.outside.values()).any(|it| it.count > 0);
            assert!(outside, "{name}: {measured:?}");
        }
        client.batch_execute("rollback; set session_replication_role = replica").unwrap();
    }
}

/// What the server stores and prints is read as what was written: lists as arrays with casts, defaults, bodies.
#[test]
fn constants_the_server_prints_are_read() {
    let Some(mut client) = pg::fresh_database() else { return };
    if pg::older(&mut client, 15, "views with security_invoker") {
        return;
    }
    client.batch_execute(BASE).unwrap();
    client
        .batch_execute(&format!(
            "create view w_in as select * from kind_uses where kind in ('in', 'sideways');
             create view w_any as select * from kind_uses where kind = any (array['in', 'upwards']);
             create view w_text as select * from kind_uses where kind = any ('{{in,downwards}}'::text[]);
             create view w_row as select * from stocks where (depot, produit_id) = (7, {X}::uuid);
             create view w_case as select case kind when 'back' then 1 end as n from kind_uses;
             alter table kind_uses add constraint listed check (kind in ('in', 'out', 'aside')) not valid;
             alter table kind_uses alter kind set default 'nowhere';
             create policy seen on kind_uses using (kind = any (array['in', 'within']));
             create function written() returns void begin atomic insert into kind_uses (kind) values ('atomic'); end;
             create function quoted() returns void language plpgsql as $$ declare v text := 'declared'; begin
               insert into kind_uses (kind) values (v); execute 'update kind_uses set kind = ''executed'''; end $$"
        ))
        .unwrap();
    let catalog = super::lock::live(&mut client);
    let (governance, all) = (governance(), rules());
    let rules: Vec<Rule> = all.into_iter().filter(|rule| rule.id == "governance/canonical-reference").collect();
    let config = CheckConfig { governance: Some(governance), ..CheckConfig::default() };
    let history = history(&[("1_base.sql", BASE)], Platform::Postgres);
    let input = CheckInput { catalog: &catalog, migrations: &[], ..CheckInput::of_history(&history, &rules, &config) };
    let found: BTreeSet<String> = check::run(&input).findings.into_iter().map(|finding| finding.message).collect();
    let page: String = found.iter().map(|message| format!("{message}\n")).collect();
    for word in [
        "sideways",
        "upwards",
        "downwards",
        "`7`",
        "back",
        "aside",
        "nowhere",
        "within",
        "atomic",
        "declared",
        "executed",
    ] {
        assert!(page.contains(word), "{word} is missing:\n{page}");
    }
    assert_eq!(found.len(), 12, "{page}");
}
