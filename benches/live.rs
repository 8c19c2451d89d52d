//! `gardefou audit` on a generated database of 10,000 tables, 20,000 policies, 5,000 functions and 3,000 views, beside
//! splinter's combined lint query on the same database: `SPLINTER=splinter.sql cargo bench --bench live`. Prints seconds
//! and ratios of one run; asserts nothing. Needs PostgreSQL's programs.
//!
//! `SCALE=0.1` makes a tenth of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints its figures and stops at the first thing that is wrong"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gardefou::migrations::{DefaultGrants, Platform};
use gardefou::replay::Server;
use postgres::Client;

const RUNS: usize = 3;

fn main() {
    let scale: f64 = std::env::var("SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(1.0);
    let server = Server::start().expect("a throwaway server");
    let target = server.target().expect("its address");
    let mut client = target.connect().expect("a connection");
    let started = Instant::now();
    fill(&mut client, scale);
    println!("generated in {:.1} s: {}", started.elapsed().as_secs_f64(), counts(&mut client));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = server.url();
    let audit = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
        command.args(["audit", "--no-config", "--database-url", &url, "--timeout", "600", "--output-dir"]);
        command.arg(folder.path());
        command
    };
    let snapshot = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
        command.args(["snapshot", "--database-url", &url, "--timeout", "600", "-o"]).arg(folder.path().join("s.json"));
        command
    };
    let (own, peak) = best(audit);
    println!("audit: {:.2} s, peak memory {:.0} MB", own.as_secs_f64(), peak / 1e3);
    let (read, peak) = best(snapshot);
    println!("snapshot: {:.2} s, peak memory {:.0} MB", read.as_secs_f64(), peak / 1e3);
    if let Some(path) = std::env::var_os("SPLINTER") {
        let sql = std::fs::read_to_string(path).expect("splinter.sql");
        let theirs = (0..RUNS).map(|_| splinter(&mut client, &sql)).min().unwrap_or_default();
        println!(
            "splinter: {:.2} s; the audit takes {:.2} of that",
            theirs.as_secs_f64(),
            own.as_secs_f64() / theirs.as_secs_f64()
        );
    } else {
        println!("SPLINTER is not set: no comparison");
    }
}

fn splinter(client: &mut Client, sql: &str) -> Duration {
    let start = Instant::now();
    let mut transaction = client.transaction().expect("a transaction");
    let rows = transaction.simple_query(sql).expect("splinter runs");
    println!("splinter: {} rows", rows.len());
    drop(transaction);
    start.elapsed()
}

fn counts(client: &mut Client) -> String {
    let row = client
        .query_one(
            "select format('%s tables, %s policies, %s functions, %s views, %s indexes',
                (select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace),
                (select count(*) from pg_policy), (select count(*) from pg_proc where pronamespace = 'public'::regnamespace),
                (select count(*) from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace),
                (select count(*) from pg_class where relkind = 'i' and relnamespace = 'public'::regnamespace))",
            &[],
        )
        .expect("counts");
    row.get(0)
}

/// Tables of twelve columns with a key, a foreign key and an index; two policies on each; functions of which a third
/// are SECURITY DEFINER; views over two tables.
fn fill(client: &mut Client, scale: f64) {
    for script in gardefou::platform::sql(Platform::Supabase, DefaultGrants::Legacy).iter().skip(1) {
        client.batch_execute(script).expect("the platform's own SQL");
    }
    let count = |n: f64| (n * scale) as usize;
    let table = |i: usize| {
        let parent = i / 2;
        let reference = if i > 0 { format!("references public.t{parent} (id)") } else { String::new() };
        let invoker = if i.is_multiple_of(3) { "(select auth.uid())" } else { "auth.uid()" };
        let rls = if i.is_multiple_of(10) { "" } else { "alter table public.T enable row level security;" };
        format!(
            "create table public.T (id bigint generated always as identity primary key, parent bigint {reference},
               user_id uuid not null default auth.uid(), name text not null, code varchar(20) unique, amount numeric(12,3),
               day date, made timestamptz not null default now(), changed timestamptz, open boolean default true,
               tags text[], more jsonb default '{{}}', check (amount >= 0));
             {rls}
             create index on public.T (user_id, day);
             create policy r on public.T for select to authenticated using (user_id = {invoker});
             create policy w on public.T for update to authenticated using (user_id = {invoker}
               and exists (select 1 from public.t0 p where p.id = parent and p.user_id = auth.uid())) with check (user_id = {invoker});"
        )
        .replace("public.T", &format!("public.t{i}"))
    };
    batches(client, count(10_000.0), table);
    let function = |i: usize| {
        let definer = if i.is_multiple_of(3) { "security definer" } else { "" };
        let path = if i.is_multiple_of(2) { "set search_path = ''" } else { "" };
        format!(
            "create function public.f{i} (a bigint, b text default 'x') returns bigint language plpgsql {definer} {path}
             as $$ declare n bigint; begin select count(*) into n from public.t0 where id = a; return n; end $$;"
        )
    };
    batches(client, count(5_000.0), function);
    let tables = count(10_000.0).max(2);
    let view = |i: usize| {
        let invoker = if i.is_multiple_of(2) { "with (security_invoker = true)" } else { "" };
        let (a, b) = (i % tables, (i * 7 + 1) % tables);
        format!(
            "create view public.v{i} {invoker} as select a.id, a.name, b.amount, coalesce(b.code, 'none') as code
             from public.t{a} a left join public.t{b} b on b.user_id = a.user_id where a.open;"
        )
    };
    batches(client, count(3_000.0), view);
    client.batch_execute("vacuum analyze").expect("statistics");
}

fn batches(client: &mut Client, n: usize, statement: impl Fn(usize) -> String) {
    for start in (0..n).step_by(250) {
        let text: String = (start..n.min(start + 250)).map(&statement).collect();
        client.batch_execute(&text).expect("generated SQL");
    }
}

/// The fastest of several runs, and the highest peak memory in kB.
fn best(command: impl Fn() -> Command) -> (Duration, f64) {
    let runs = (0..RUNS).map(|_| timed(command()));
    runs.fold((Duration::MAX, 0.0), |(time, memory), (t, m)| (time.min(t), f64::max(memory, m)))
}

fn timed(mut command: Command) -> (Duration, f64) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    loop {
        peak = f64::max(peak, peak_memory(&status).unwrap_or(0.0));
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            _ => return (start.elapsed(), peak),
        }
    }
}

/// `VmHWM` in kB, on Linux.
fn peak_memory(status: &str) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}
