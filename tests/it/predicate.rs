//! PostgreSQL is the judge of verdicts: `Always` must be true of every row, `Never` of none, whoever asks.

use gardefou::catalog::{Catalog, QualifiedName};
use gardefou::location::Span;
use gardefou::migrations::{self, DefaultGrants, FoldOptions, MigrationFile, MigrationSet, Platform};
use gardefou::predicate::{Analyser, Analysis, Options, RoleContext, Verdict};
use gardefou::sql;
use postgres::Client;

use crate::support::pg;

mod generated;
mod shapes;

const SCHEMA: &str = include_str!("predicate/schema.sql");
const ROWS: &str = include_str!("predicate/rows.sql");
const AUTH: &str = include_str!("predicate/auth.sql");
const TABLE: &str = include_str!("predicate/table.txt");

/// Sessions the role contexts stand for: role and claims.
const SESSIONS: [(&str, &str); 6] = [
    ("anon", r#"{"role":"anon"}"#),
    ("anon", r#"{"role":"anon","iss":"supabase","ref":"abc","iat":1,"exp":2}"#),
    (
        "authenticated",
        r#"{"role":"authenticated","sub":"11111111-1111-1111-1111-111111111111","email":"a@example.com","app_metadata":{"role":"admin","admin":true}}"#,
    ),
    ("authenticated", r#"{"role":"authenticated","sub":"22222222-2222-2222-2222-222222222222","is_anonymous":true}"#),
    (
        "authenticated",
        r#"{"role":"authenticated","sub":"33333333-3333-3333-3333-333333333333","user_metadata":{"admin":"true"}}"#,
    ),
    ("authenticated", r#"{"role":"authenticated","sub":"44444444-4444-4444-4444-444444444444"}"#),
];

fn fold(sql: &str, platform: Platform) -> Catalog {
    let file = MigrationFile {
        path: "1_schema.sql".into(),
        text: sql.into(),
        sections: vec![Span::new(0, u32::try_from(sql.len()).expect("a small file"))],
        version: None,
        skipped: None,
        changed: true,
    };
    let set = MigrationSet { files: vec![file], ..MigrationSet::default() };
    migrations::fold(&set, &FoldOptions { platform: Some(platform), default_grants: Some(DefaultGrants::Legacy) })
        .catalog
}

/// The catalog as a Supabase project has it, and as one where the migrations make `auth.*` themselves.
fn catalogs() -> [Catalog; 2] {
    [fold(SCHEMA, Platform::Supabase), fold(&format!("{AUTH}\n{SCHEMA}"), Platform::Postgres)]
}

fn items() -> QualifiedName {
    QualifiedName::new("public", "items")
}

fn context(role: &str) -> RoleContext {
    if role == "anon" { RoleContext::anon() } else { RoleContext::authenticated() }
}

fn analyse(catalog: &Catalog, text: &str, role: &str) -> Analysis {
    let expr = sql::parse_expr(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    Analyser::new(catalog, Options::default()).analyse(&expr, &items(), &context(role)).as_ref().clone()
}

fn cases() -> Vec<(&'static str, [&'static str; 2])> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let parts: Vec<&str> = line.rsplitn(3, " | ").collect();
            match parts[..] {
                [authenticated, anon, text] => (text.trim(), [anon.trim(), authenticated.trim()]),
                _ => panic!("{line}: not of the form expression | anon | authenticated"),
            }
        })
        .collect()
}

#[test]
fn verdicts() {
    let mut wrong = Vec::new();
    for (at, catalog) in catalogs().iter().enumerate() {
        for (text, expected) in cases() {
            for (role, expected) in ["anon", "authenticated"].into_iter().zip(expected) {
                let found = analyse(catalog, text, role);
                if found.verdict.word() != expected {
                    wrong.push(format!(
                        "[{at}] {role}: {text}\n  expected {expected}, found {}: {}",
                        found.verdict.word(),
                        found.reason
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong verdicts\n{}", wrong.len(), wrong.join("\n"));
}

/// A database with the schema, rows of every kind, and the functions a Supabase project has.
fn database() -> Option<pg::Database> {
    let mut client = pg::fresh_database()?;
    if pg::older(&mut client, 14, "functions in standard SQL") {
        return None;
    }
    for sql in [AUTH, SCHEMA, ROWS] {
        client.batch_execute(sql).expect("set up the database");
    }
    Some(client)
}

/// For each expression: rows there are, and rows it is true for; `None` where it raises an error.
fn count(client: &mut Client, session: (&str, &str), texts: &[String]) -> Vec<Option<(i64, i64)>> {
    let (role, claims) = session;
    let mut transaction = client.transaction().expect("begin");
    transaction
        .batch_execute(&format!("set local role {role}; set local request.jwt.claims = '{claims}'"))
        .expect("take on a role");
    let mut counts = Vec::new();
    for part in texts.chunks(10) {
        let columns: Vec<String> = part.iter().map(|text| format!("count(*) filter (where ({text}))")).collect();
        let query = format!("select count(*), {} from public.items", columns.join(", "));
        let mut savepoint = transaction.savepoint("batch").expect("savepoint");
        let row = savepoint.query_one(&query, &[]);
        savepoint.rollback().expect("rollback");
        match row {
            Ok(row) => counts.extend((0..part.len()).map(|at| Some((row.get(0), row.get(at + 1))))),
            Err(_) if part.len() > 1 => {
                for text in part {
                    let mut savepoint = transaction.savepoint("single").expect("savepoint");
                    let query = format!("select count(*), count(*) filter (where ({text})) from public.items");
                    let row = savepoint.query_one(&query, &[]).ok();
                    savepoint.rollback().expect("rollback");
                    counts.push(row.map(|row| (row.get(0), row.get(1))));
                }
            }
            Err(_) => counts.push(None),
        }
    }
    transaction.rollback().expect("rollback");
    counts
}

/// Whether the server contradicts a verdict.
fn contradicts(verdict: Verdict, counted: Option<(i64, i64)>) -> bool {
    match (verdict, counted) {
        (Verdict::Always, Some((all, some))) => all != some,
        (Verdict::Never, Some((_, some))) => some != 0,
        // An error lets no row through.
        (Verdict::Always | Verdict::Never, None) | (Verdict::Rows | Verdict::Unknown, _) => false,
    }
}

#[test]
fn postgres_agrees_with_the_verdicts() {
    let Some(mut client) = database() else { return };
    let texts: Vec<String> = cases().iter().map(|(text, _)| (*text).to_owned()).collect();
    let mut wrong = Vec::new();
    for session in SESSIONS {
        let counts = count(&mut client, session, &texts);
        for catalog in &catalogs() {
            for (text, counted) in texts.iter().zip(&counts) {
                let found = analyse(catalog, text, session.0);
                if counted.is_none() {
                    wrong.push(format!("{text}: an error on the server"));
                } else if contradicts(found.verdict, *counted) {
                    wrong.push(format!(
                        "{}: {text}\n  {}, but (rows, true) = {counted:?}: {}",
                        session.1,
                        found.verdict.word(),
                        found.reason
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
