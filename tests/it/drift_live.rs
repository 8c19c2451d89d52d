//! Tables that would show less than they hold, and columns that are more than they seem.

use crate::drift::{code, err, folder, json, run};
use crate::support::pg;

const SECTION: &str = "  - name: r\n    table: public.receptions\n    key: id\n    columns: { volume: v, temperature: t, density: d, density15: d15, vcf: f, volume15: v15 }\n    product: { column: p, groups: { go: refined } }\n    method: d1250-1980\n    vcf-decimals: 5\n";

const TABLE: &str = "
    create domain public.densite as numeric(6,1) check (value > 0);
    create domain public.densite_15 as public.densite;
    create type public.produit as enum ('go', 'ess');
    create table public.receptions (id uuid primary key default gen_random_uuid(), v bigint, t real, d public.densite,
        d15 public.densite_15, f numeric(7,5), v15 double precision, p public.produit default 'go', owner text);
    insert into public.receptions values
        ('11111111-1111-1111-1111-111111111111', 40160, 31.0, 824.5, 835.9, 0.98633, 39611.0, 'go', 'reader'),
        ('22222222-2222-2222-2222-222222222222', 40160, 31.0, 824.5, 835.9, 0.98633, 39661.0, 'go', 'other');
    drop role if exists reader_of_volumes; create role reader_of_volumes login; grant select on public.receptions to reader_of_volumes;";

#[test]
fn rows_hidden_by_policies_are_no_all_clear() {
    let Some((database, mut client)) = pg::fresh() else { return };
    client.batch_execute(TABLE).unwrap();
    let folder = folder(SECTION, "");
    let check = |user: &str| {
        let url = if user == "postgres" { database.clone() } else { pg::as_user(&database, user) };
        run(folder.path(), &["--format", "json", "--database-url", &url])
    };
    for user in ["postgres", "reader_of_volumes"] {
        let output = check(user);
        assert_eq!(code(&output), 1, "{user}: {}", err(&output));
        let report = json(&output);
        assert_eq!(report["sections"][0]["rows"], 2);
        assert_eq!(report["findings"][0]["object"]["name"], "r/22222222-2222-2222-2222-222222222222");
        assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    }
    // The wrong row is the one this role does not see.
    client
        .batch_execute(
            "alter table public.receptions enable row level security;
             create policy own on public.receptions for select using (owner = 'reader');",
        )
        .unwrap();
    let output = check("reader_of_volumes");
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("row-level security") && err(&output).contains("BYPASSRLS"), "{}", err(&output));
    assert_eq!(code(&check("postgres")), 1);
}

/// A table that takes three seconds to read.
#[test]
fn progress_is_shown_to_a_terminal_and_to_nobody_else() {
    let Some((url, mut client)) = pg::fresh() else { return };
    client
        .batch_execute(
            "create table public.receptions as select id, 40160 as v, 31.0 as t, 824.5 as d, 835.9 as d15, 0.98633 as f,
               39611.0 as v15, 'go' as p from generate_series(1, 10000) id",
        )
        .unwrap();
    let slow = SECTION.replace("    key: id\n", "    key: id\n    where: pg_catalog.pg_sleep(0.0002) is not null\n");
    let folder = folder(&slow, "");
    let output = run(folder.path(), &["--database-url", &url]);
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    let program = env!("CARGO_BIN_EXE_gardefou");
    let line = format!("'{program}' drift --database-url '{url}' > /dev/null");
    let shown = std::process::Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::null())
        .output();
    let Ok(shown) = shown else {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return;
    };
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success() && text.contains(" rows, 0.0 M a second"), "{text}");
    assert!(text.trim_end_matches([' ', '\r', '\n']).ends_with("a second"), "cleared at the end: {text:?}");
}
