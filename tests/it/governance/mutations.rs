//! A thousand changes to protected objects, every one caught; as many other spellings, none taken for a change.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use gardefou::catalog::ObjectRef;
use gardefou::check::{self, CheckConfig, CheckInput};
use gardefou::config::Config;
use gardefou::date::Date;
use gardefou::governance::Governance;
use gardefou::governance::lock::{self, Lock};
use gardefou::migrations::{History, Platform};
use gardefou::rule::{self, Rule};

use super::lock::{everything, live};
use crate::fold_vs_postgres::history;
use crate::support::pg;

const CORE: &str = include_str!("core.sql");
const PROTECTED: &str = "protected:\n  - { object: table * }\n  - { object: view * }\n  - { object: function * }\n  - { object: trigger *, allow: [create] }\n  - { object: policy *, allow: [create] }\n  - { object: index * }\n";

/// A small generator, the same on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

fn rules() -> Vec<Rule> {
    rule::built_in().unwrap().iter().filter(|rule| rule.id.starts_with("governance/protected-")).cloned().collect()
}

fn locked() -> Arc<Governance> {
    let sections = Config::parse(PROTECTED, "gardefou.yaml", Path::new(".")).unwrap().governance;
    let before = history(&[("1_core.sql", CORE)], Platform::Postgres);
    let (objects, unknown) = Lock::of(&before.catalog, &before.migrations, &sections);
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(objects.len() >= 17, "{}", objects.len());
    Arc::new(Governance {
        sections,
        lock: lock::in_memory(&objects),
        ..Governance::none(Date::new(2026, 1, 1).unwrap())
    })
}

fn judge(governance: &Arc<Governance>, rules: &[Rule], history: &History) -> BTreeSet<ObjectRef> {
    let config = CheckConfig { governance: Some(Arc::clone(governance)), ..CheckConfig::default() };
    let output = check::run(&CheckInput::of_history(history, rules, &config));
    output.findings.into_iter().map(|finding| finding.object).collect()
}

/// The text of a statement of the core that creates `name`.
fn statement(begins: &str) -> &'static str {
    let parsed = gardefou::sql::parse(CORE);
    let text = parsed.statements.iter().map(|statement| statement.span.slice(CORE));
    text.into_iter().find(|text| text.starts_with(begins)).unwrap_or_else(|| panic!("{begins}"))
}

const VIEWS: [&str; 3] = ["v_stock", "v_mouvements", "v_mois"];
const FUNCTIONS: [(&str, &str); 4] =
    [("porter", "uuid, date, numeric, numeric"), ("valider_reception", ""), ("valider_sortie", ""), ("solde", "uuid")];
const TABLES: [&str; 4] = ["produits", "receptions", "sorties", "stocks"];

/// Pairs of words: replacing the first by the second changes what a definition says.
const TWISTS: [(&str, &str); 24] = [
    ("sum(", "max("),
    ("+", "-"),
    (" - ", " + "),
    ("desc", "asc"),
    ("'valide'", "'annule'"),
    ("'entree'", "'autre'"),
    ("'sortie'", "'x'"),
    (">=", ">"),
    ("> 3", "> 4"),
    ("limit 24", "limit 12"),
    ("union all", "union"),
    ("'month'", "'week'"),
    ("-litres", "litres"),
    ("new.litres", "0"),
    ("new.jour", "current_date"),
    ("= 'valide'", "<> 'valide'"),
    ("count(*)", "count(m.sens)"),
    ("p.code", "upper(p.code) as code"),
    ("join produits", "left join produits"),
    ("'2025-01-01'", "'2026-01-01'"),
    ("excluded.entrees", "0"),
    ("s.produit_id, p.code", "s.produit_id, 'x' as code"),
    ("distinct on (s.produit_id) ", ""),
    ("return new", "return null"),
];

/// One change, and the object it is a change of (its end, as printed).
fn mutation(dice: &mut Dice) -> Option<(String, String)> {
    let (view, table) = (VIEWS[dice.below(3)], TABLES[dice.below(4)]);
    let (function, args) = FUNCTIONS[dice.below(4)];
    let (trigger, on) = [("t_reception", "receptions"), ("t_sortie", "sorties")][dice.below(2)];
    let (policy, of) = [("lecture", "receptions"), ("saisie", "receptions"), ("lecture", "stocks")][dice.below(3)];
    let f = format!("public.{function}({args})");
    let n = dice.below(900) + 10;
    Some(match dice.below(34) {
        0 => (format!("drop view {view} cascade"), format!("public.{view}")),
        1 => (format!("alter view {view} rename to v_autre{n}"), format!("public.{view}")),
        2 => (format!("alter view {view} owner to pg_monitor"), format!("public.{view}")),
        3 => (format!("alter view {view} set (security_barrier = {})", view != "v_mois"), format!("public.{view}")),
        4 => ("alter view v_stock reset (security_invoker)".to_owned(), "public.v_stock".to_owned()),
        5 => (format!("create schema s{n}; alter view {view} set schema s{n}"), format!("public.{view}")),
        6..=11 => return twist(dice, statement(&format!("create view {view}")), "create view", &format!("public.{view}")),
        12 => (format!("drop function {f} cascade"), f),
        13 => (format!("alter function {f} rename to f{n}"), f),
        14 => (format!("alter function {f} {}", if function == "solde" { "security definer" } else { "security invoker" }), f),
        15 => (format!("alter function {f} {}", dice.pick(&["reset search_path", "set search_path = public", "reset all"])), f),
        16 => (format!("alter function {f} {}", dice.pick(&["immutable", "strict", "set work_mem = '8MB'"])), f),
        17 => (format!("alter function {f} owner to pg_monitor"), f),
        18..=20 => return twist(dice, statement(&format!("create function {function}(")), "create function", &f),
        21 => (format!("drop trigger {trigger} on {on}"), format!("public.{on}.{trigger}")),
        22 => (format!("alter table {on} disable trigger {}", dice.pick(&[trigger, "all", "user"])), format!("public.{on}.{trigger}")),
        23 => (format!("alter table {on} enable {} trigger {trigger}", dice.pick(&["replica", "always"])), format!("public.{on}.{trigger}")),
        24 => (format!("alter trigger {trigger} on {on} rename to t{n}"), format!("public.{on}.{trigger}")),
        25 => (format!("drop trigger {trigger} on {on}; create trigger {trigger} before update on {on} for each row execute function valider_sortie()"), format!("public.{on}.{trigger}")),
        26 => (format!("drop policy {policy} on {of}"), format!("public.{of}.{policy}")),
        27 => (format!("alter policy {policy} on {of} {}", if policy == "saisie" { format!("with check (litres < {n})") } else { format!("using ({n} = {n})") }), format!("public.{of}.{policy}")),
        28 => (format!("alter policy {policy} on {of} {}", dice.pick(&["to pg_monitor", "rename to autre"])), format!("public.{of}.{policy}")),
        29 => (format!("alter table {of} disable row level security"), format!("public.{of}")),
        30 => (format!("alter table {table} add column c{n} integer"), format!("public.{table}")),
        31 => (format!("alter table {table} {}", dice.pick(&["add constraint k check (1 = 1)", "rename to t_autre", "owner to pg_monitor", "force row level security"])), format!("public.{table}")),
        32 => (dice.pick(&["alter table receptions drop column note", "alter table receptions alter statut drop not null", "alter table receptions alter statut set default 'valide'", "alter table receptions drop constraint receptions_litres_check", "alter table receptions alter note type varchar(20)", "alter table receptions drop constraint receptions_produit_id_fkey"]).to_owned(), "public.receptions".to_owned()),
        _ => (dice.pick(&["drop index receptions_jour", "drop index receptions_jour; create index receptions_jour on receptions (jour, produit_id) where statut = 'valide'", "alter index receptions_jour rename to i2", "drop index receptions_jour; create unique index receptions_jour on receptions (jour desc, produit_id) where statut = 'valide'"]).to_owned(), "public.receptions_jour".to_owned()),
    })
}

/// The statement written again with one word of it another.
fn twist(dice: &mut Dice, text: &str, begins: &str, object: &str) -> Option<(String, String)> {
    let (from, to) = TWISTS[dice.below(TWISTS.len())];
    let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).filter(|at| *at > begins.len() + 20).collect();
    if places.is_empty() {
        return None;
    }
    let at = places[dice.below(places.len())];
    let twisted = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
    let replaced = twisted.replacen(begins, &begins.replace("create", "create or replace"), 1);
    // Column names and types may not change that way: drop and create.
    let sql = if begins == "create view" { format!("drop view {} cascade; {twisted}", object) } else { replaced };
    (!same_words(text, &twisted)).then(|| (sql, object.to_owned()))
}

fn same_words(a: &str, b: &str) -> bool {
    gardefou::sql::words(a) == gardefou::sql::words(b)
}

#[test]
fn a_thousand_mutations_are_all_caught() {
    let (governance, rules) = (locked(), rules());
    let unchanged = judge(&governance, &rules, &history(&[("1_core.sql", CORE)], Platform::Postgres));
    assert!(unchanged.is_empty(), "{unchanged:?}");
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut done, mut missed) = (0, Vec::new());
    while done < 1_000 {
        let Some((sql, object)) = mutation(&mut dice) else { continue };
        let found = judge(&governance, &rules, &history(&[("1_core.sql", CORE), ("2.sql", &sql)], Platform::Postgres));
        if !found.iter().any(|found| found.name == object) {
            missed.push(format!("{object}: {sql}: {found:?}"));
        }
        done += 1;
    }
    missed.sort();
    missed.dedup();
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

/// A statement in another spelling: case, white space, comments, schema names, parentheses.
fn respelled(dice: &mut Dice, text: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for word in text.split_inclusive(|c: char| c.is_whitespace() || c == '(' || c == ',') {
        let bare = word.trim_end_matches(|c: char| c.is_whitespace() || c == '(' || c == ',');
        quoted ^= bare.matches('\'').count() % 2 == 1;
        let keyword = [
            "select", "from", "where", "and", "or", "create", "view", "function", "join", "on", "order", "by", "group",
            "having", "as", "desc", "insert", "into", "returns", "language", "policy", "trigger", "for", "each",
        ];
        if !quoted && keyword.contains(&bare) && dice.below(2) == 0 {
            out.push_str(&word.to_uppercase());
        } else if !quoted
            && matches!(bare, "stocks" | "produits" | "receptions" | "sorties")
            && out.to_lowercase().ends_with("from ")
        {
            out.push_str(&format!("public.{word}"));
        } else {
            out.push_str(word);
        }
        let blank = word.ends_with(char::is_whitespace) && !quoted && !text.starts_with("create function solde");
        if blank && dice.below(4) == 0 {
            out.push_str(dice.pick(&["  ", "\n", "/* … */ ", "-- note\n"]));
        }
    }
    out
}

#[test]
fn another_spelling_is_no_change() {
    let (governance, rules) = (locked(), rules());
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let mut wrong = Vec::new();
    for round in 0..1_000 {
        let view = VIEWS[round % 3];
        let (function, _) = FUNCTIONS[round % 4];
        let (policy, of) = [("lecture", "receptions"), ("saisie", "receptions"), ("lecture", "stocks")][round % 3];
        let sql = match round % 4 {
            0 | 1 => respelled(&mut dice, statement(&format!("create view {view}")))
                .replacen("view", "or replace view", 1)
                .replacen("VIEW", "OR REPLACE VIEW", 1),
            2 => respelled(&mut dice, statement(&format!("create function {function}(")))
                .replacen("function", "or replace function", 1)
                .replacen("FUNCTION", "OR REPLACE FUNCTION", 1),
            _ => format!(
                "drop policy {policy} on {of}; {}",
                respelled(&mut dice, statement(&format!("create policy {policy} on {of}")))
            ),
        };
        let found = judge(&governance, &rules, &history(&[("1_core.sql", CORE), ("2.sql", &sql)], Platform::Postgres));
        if !found.is_empty() {
            wrong.push(format!("{sql}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} false:\n{}", wrong.len(), wrong.first().unwrap());
}

/// The same on a server: the lock from the files, the schema from the running database.
#[test]
fn a_sample_of_mutations_is_caught_live() {
    let Some(mut client) = pg::fresh_database() else { return };
    if pg::lacks_security_invoker(&mut client) {
        eprintln!("skipped: views with security_invoker came with PostgreSQL 15");
        return;
    }
    client.batch_execute(CORE).unwrap();
    let (governance, rules) = (locked(), rules());
    let judge_live = |client: &mut postgres::Client| {
        let catalog = live(client);
        let config = CheckConfig { governance: Some(Arc::clone(&governance)), ..CheckConfig::default() };
        let input = CheckInput {
            catalog: &catalog,
            migrations: &[],
            coverage: &[],
            rules: &rules,
            config: &config,
            live: None,
            changed_only: false,
            before: None,
        };
        check::run(&input).findings.into_iter().map(|finding| finding.object.name).collect::<BTreeSet<String>>()
    };
    assert_eq!(judge_live(&mut client), BTreeSet::new(), "the lock made from migrations verifies the database");
    let mut dice = Dice(0x0BAD_CAFE_1234_5678);
    let (mut done, mut refused, mut missed) = (0, 0, Vec::new());
    while done < 150 {
        let Some((sql, object)) = mutation(&mut dice) else { continue };
        client.batch_execute("begin; set local search_path to public").unwrap();
        if client.batch_execute(&sql).is_err() {
            client.batch_execute("rollback").unwrap();
            refused += 1;
            assert!(refused < 400, "the server refuses too much: {sql}");
            continue;
        }
        let found = judge_live(&mut client);
        if !found.contains(&object) {
            missed.push(format!("{object}: {sql}: {found:?}"));
        }
        client.batch_execute("rollback").unwrap();
        done += 1;
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

/// Histories made by dice: whatever the server accepts locks alike.
#[test]
fn generated_histories_lock_alike() {
    let mut dice = Dice(0x1F83_D9AB_FB41_BD6B);
    let mut compared = 0;
    for _ in 0..25 {
        let Some(mut client) = pg::fresh_database() else { return };
        let mut accepted: Vec<String> = Vec::new();
        for n in 0..60 {
            let sql = generated(&mut dice, n);
            if client.batch_execute(&sql).is_ok() {
                accepted.push(sql);
            }
        }
        let text = accepted.join(";\n") + ";\n";
        let history = history(&[("1.sql", &text)], Platform::Postgres);
        let folded = everything(&history.catalog, &history.migrations);
        let read = everything(&live(&mut client), &[]);
        for (object, definition) in folded.iter().filter(|(_, definition)| definition.unknown.is_none()) {
            let theirs = read.get(object).unwrap_or_else(|| panic!("{object} is not there:\n{text}"));
            assert_eq!(definition.lines, theirs.lines, "{object}:\n{text}");
            compared += 1;
        }
        assert!(read.keys().all(|object| folded.contains_key(object)), "{text}");
    }
    assert!(compared > 400, "{compared}");
}

fn generated(dice: &mut Dice, n: usize) -> String {
    let t = format!("t{}", dice.below(5));
    let u = format!("t{}", dice.below(5));
    let (a, b) = (dice.pick(&["a", "b", "c"]), dice.pick(&["a", "b", "c"]));
    let op = dice.pick(&["=", "<>", ">", "<="]);
    let k = dice.below(100);
    let expr = match dice.below(6) {
        0 => format!("{a} {op} {k}"),
        1 => format!("{a} + {b} {op} {k}"),
        2 => format!("coalesce({a}, {k}) {op} {b}"),
        3 => format!("{a} in ({k}, {}) or {b} is null", k + 1),
        4 => format!("d like 'x{k}%' and not ({a} between {k} and {})", k + 9),
        _ => format!("case when {a} > {k} then d else 'z' end = 'z'"),
    };
    match dice.below(18) {
        0..=3 => format!(
            "create table {t} (id int primary key, a int not null default {k}, b bigint, c numeric(10, 2), d text check (d <> 'q{k}'), e date default current_date)"
        ),
        4 => format!("create view v{n} as select * from {t} where {expr}"),
        5 => format!(
            "create view v{n} as select x.{a}, sum(x.{b}) as s, count(*) from {t} x join {u} y on x.id = y.id group by x.{a} having sum(x.{b}) {op} {k} order by 2 desc"
        ),
        6 => format!(
            "create view v{n} (un, deux) as select {a}, {b} from {t} union all select {b}, {a} from {u} order by un limit {k}"
        ),
        7 => format!("create or replace view v{} as select id, {a} from {t}", dice.below(n + 1)),
        8 => format!(
            "create function f{}(x int, y int default {k}) returns int language sql {} as 'select x + y + {k}'",
            dice.below(3),
            dice.pick(&["immutable", "stable", "security definer", "set search_path = ''"])
        ),
        9 => format!(
            "alter function f{}(int, int) {}",
            dice.below(3),
            dice.pick(&["security definer", "strict", "reset all", "set work_mem = '4MB'", "volatile"])
        ),
        10 => format!(
            "create policy p{} on {t} for {} using ({expr})",
            dice.below(3),
            dice.pick(&["select", "update", "delete", "all"])
        ),
        11 => format!(
            "alter table {t} {}",
            dice.pick(&[
                "enable row level security",
                "disable row level security",
                "force row level security",
                "add column if not exists g int",
                "alter a drop default",
                "alter b set not null",
                "drop constraint if exists k"
            ])
        ),
        12 => format!("alter table {t} add constraint k{k} check ({expr})"),
        13 => format!("create index i{n} on {t} ({a} {}, {b}) where {expr}", dice.pick(&["", "desc"])),
        14 => "create function tg() returns trigger language plpgsql as 'begin return new; end'".to_owned(),
        15 => format!(
            "create trigger tr{} {} on {t} for each row execute function tg()",
            dice.below(3),
            dice.pick(&["after insert", "before update of a, b", "after insert or delete"])
        ),
        16 => format!("alter table {t} {} trigger all", dice.pick(&["disable", "enable"])),
        _ => format!("drop view if exists v{}", dice.below(n + 1)),
    }
}
