//! Which schemas count as served by the API, as the command prints it; PostgREST's own setting in a database and the
//! files that write it must come to the same.

use std::path::Path;

use serde_json::Value;

use crate::live::{code, err, json, run_in};
use crate::support::pg;

const TABLES: &str = "create schema ventes;
    create table ventes.commandes (id int primary key);
    create table public.cuves (id int primary key);
    grant usage on schema ventes to anon;
    grant select on ventes.commandes to anon;\n";

/// A Supabase project with one migration, and its `config.toml` where it has one.
fn project(sql: &str, config: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("supabase/migrations");
    std::fs::create_dir_all(&migrations).unwrap();
    std::fs::write(migrations.join("20260101000000_a.sql"), format!("{TABLES}{sql}")).unwrap();
    if let Some(config) = config {
        std::fs::write(folder.path().join("supabase/config.toml"), config).unwrap();
    }
    folder
}

/// Tables found open, and what was said about the API.
fn seen(folder: &Path, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let path = std::env::var("PATH").unwrap();
    let report = json(&run_in(folder, &[&["check", "--format", "json"], arguments].concat(), &[("PATH", &path)]));
    let list = |key: &str| report[key].as_array().unwrap().clone();
    let open = |finding: &&Value| finding["rule"] == "rls/rls-disabled";
    let mut tables: Vec<String> =
        list("findings").iter().filter(open).map(|f| f["object"]["name"].as_str().unwrap().to_owned()).collect();
    tables.sort();
    let said = list("coverage").into_iter().map(|gap| gap["message"].as_str().unwrap().to_owned());
    (tables, said.filter(|said| ["the API", "expose"].iter().any(|word| said.contains(word))).collect())
}

#[test]
fn what_the_files_do_not_say_is_said_to_be_assumed() {
    let folder = project("", None);
    let assumed = "no file says what the API serves: `public`, `graphql_public` taken to be what the API serves; write exposed-schemas to say otherwise";
    assert_eq!(seen(folder.path(), &[]), (vec!["public.cuves".to_owned()], vec![assumed.to_owned()]));
}

#[test]
fn the_projects_own_file_adds_what_it_serves() {
    let both = vec!["public.cuves".to_owned(), "ventes.commandes".to_owned()];
    let config = "project_id = \"depot\"\n[api]\nport = 54321\nschemas = [\"ventes\"]\n[db.pooler]\nenabled = false\n";
    let folder = project("", Some(config));
    let (open, said) = seen(folder.path(), &[]);
    assert_eq!(open, both);
    assert_eq!(
        said,
        [
            "supabase/config.toml: `public`, `graphql_public`, `ventes` taken to be what the API serves; write exposed-schemas to say otherwise"
        ]
    );
    let (open, _) = seen(folder.path(), &["supabase/migrations/20260101000000_a.sql"]);
    assert_eq!(open, both, "the file alone");
    std::fs::write(folder.path().join("gardefou.yaml"), "exposed-schemas: [public]\n").unwrap();
    assert_eq!(
        seen(folder.path(), &[]),
        (vec!["public.cuves".to_owned()], vec![]),
        "the configuration has the last word"
    );
    let folder = project("", Some("[api]\nschemas = [\"ventes\"\n"));
    let (open, said) = seen(folder.path(), &[]);
    assert_eq!(open, ["public.cuves"]);
    assert!(said.iter().any(|said| said.starts_with("`supabase/config.toml` could not be understood")), "{said:?}");
}

/// The same files folded, replayed, and in a database beside them.
#[test]
fn a_migration_that_sets_what_the_api_serves_is_believed() {
    let Some(cluster) = pg::own_cluster("-exposure") else { return };
    for (setting, expected) in [
        ("'public, ventes'", vec!["public.cuves", "ventes.commandes"]),
        ("'ventes'", vec!["ventes.commandes"]),
        ("'\"ventes\",public'", vec!["public.cuves", "ventes.commandes"]),
    ] {
        let folder = project(&format!("alter role authenticator set pgrst.db_schemas = {setting};"), None);
        let (open, said) = seen(folder.path(), &[]);
        assert_eq!(open, expected, "{setting}");
        assert_eq!(said, Vec::<String>::new());
        let (open, _) = seen(folder.path(), &["--replay"]);
        assert_eq!(open, expected, "{setting}, replayed");
    }
    drop(cluster);
}

#[test]
fn a_setting_of_the_whole_database_is_said_not_to_be_followed() {
    let folder = project("alter database postgres set pgrst.db_schemas = 'public, ventes';", None);
    let (open, said) = seen(folder.path(), &[]);
    assert_eq!(open, ["public.cuves"]);
    assert!(said.iter().any(|said| said.starts_with("what the API serves is set for the whole database")), "{said:?}");
    let output = run_in(folder.path(), &["check", "--require-coverage"], &[]);
    assert_eq!(code(&output), 2, "{}", err(&output));
}

#[test]
fn a_schema_or_role_that_nothing_makes_is_a_gap() {
    let folder = project("", None);
    std::fs::write(folder.path().join("gardefou.yaml"), "exposed-schemas: [pubic]\n").unwrap();
    assert_eq!(seen(folder.path(), &[]), (vec![], vec!["exposed schema `pubic` is made by no file".to_owned()]));
    let output = run_in(folder.path(), &["check", "--require-coverage"], &[]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    std::fs::write(folder.path().join("plain.sql"), "create table public.cuves (id int primary key);\n").unwrap();
    let (open, said) = seen(folder.path(), &["plain.sql", "--platform", "postgres", "--no-config"]);
    assert_eq!(open, Vec::<String>::new());
    assert!(said[0].starts_with("no file makes a role `anon`, `authenticated`: nothing counts as exposed"), "{said:?}");
}
