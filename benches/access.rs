//! The access table of a large schema: 10,000 tables, 20,000 policies, 5 roles; and a tenth of it, which should take a
//! tenth of the time.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![allow(clippy::print_stdout, reason = "figures are what it is for")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gardefou::access::{Access, AccessOptions, Scope};
use gardefou::catalog::Catalog;
use gardefou::location::Span;
use gardefou::migrations::{DefaultGrants, FoldOptions, MigrationFile, MigrationSet, Platform, fold};

/// Rounds; the fastest counts.
const ROUNDS: usize = 5;

fn main() {
    let small = fastest(1_000);
    let large = fastest(10_000);
    println!("  10,000 tables take {:.1} times as long as 1,000", large.as_secs_f64() / small.as_secs_f64());
}

/// The fastest of some rounds, the dropping of the answer left out.
fn fastest(tables: usize) -> Duration {
    let catalog = catalog(tables);
    let roles = ["anon", "authenticated", "lecteur", "chef", "public"].map(str::to_owned).to_vec();
    let scope = Scope { roles, ..Scope::of(&gardefou::check::CheckConfig::default()) };
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            let table = Access::new(&catalog, &AccessOptions::default()).table(&scope);
            let took = started.elapsed();
            assert_eq!(table.rows.len(), tables * 5 * 4);
            took
        })
        .collect();
    times.sort();
    println!(
        "{tables:>6} tables, {:>6} policies, 5 roles: {:.3} s to {:.3} s",
        tables * 2,
        times.first().unwrap().as_secs_f64(),
        times.last().unwrap().as_secs_f64()
    );
    times.first().copied().unwrap()
}

fn catalog(tables: usize) -> Catalog {
    let mut sql = "create role lecteur login; create role chef login; grant lecteur to chef;\n".to_owned();
    for at in 0..tables {
        let name = format!("public.t{at}");
        writeln!(
            sql,
            "create table {name} (id int primary key, owner uuid, tag text, flag boolean not null default false);"
        )
        .unwrap();
        writeln!(sql, "alter table {name} enable row level security;").unwrap();
        let condition = match at % 4 {
            0 => "owner = (select auth.uid())".to_owned(),
            1 => "flag or owner = auth.uid()".to_owned(),
            2 => format!(
                "exists (select 1 from public.t{} m where m.owner = auth.uid() and m.id = t{at}.id)",
                at.saturating_sub(1)
            ),
            _ => "tag = 'public'".to_owned(),
        };
        writeln!(sql, "create policy lecture on {name} for select using ({condition});").unwrap();
        writeln!(sql, "create policy ecriture on {name} for all to authenticated, lecteur using (owner = auth.uid()) with check (owner = auth.uid() and flag);").unwrap();
    }
    let file = MigrationFile {
        path: "1.sql".into(),
        sections: vec![Span::new(0, u32::try_from(sql.len()).unwrap())],
        text: sql.into(),
        version: None,
        skipped: None,
        changed: true,
    };
    let set = MigrationSet { files: vec![file], ..MigrationSet::default() };
    let options = FoldOptions { platform: Some(Platform::Supabase), default_grants: Some(DefaultGrants::Legacy) };
    fold(&set, &options).catalog
}
