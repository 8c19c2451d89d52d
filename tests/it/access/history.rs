//! A history judged step by step says what judging everything after each migration says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gardefou::access::{Access, AccessOptions, Delta, History, Scope, Table, diff};
use gardefou::check::CheckConfig;
use gardefou::migrations::discover::{DiscoverOptions, discover, in_memory};
use gardefou::migrations::{FoldOptions, Layout, MigrationSet, Platform, fold_watched};

use super::{AUTH, generate, number};

/// Both ways, compared: migrations, deltas, and relations judged step by step and in full.
#[derive(Debug, Default)]
struct Compared {
    migrations: usize,
    deltas: usize,
    judged: usize,
    whole: usize,
}

fn compare(set: &MigrationSet, options: &FoldOptions, what: &str) -> Compared {
    let scope = Scope::of(&CheckConfig::default());
    let mut watched = History::new(scope.clone(), AccessOptions::default());
    let (mut before, mut compared) = (Table::default(), Compared::default());
    let _ = fold_watched(set, options, &mut |migration, catalog| {
        let Some(migration) = migration else {
            watched.begin(catalog);
            before = Access::new(catalog, &AccessOptions::default()).table(&scope);
            return;
        };
        let touched = migration.changes.iter().map(|change| (&change.object, change.renamed_from.as_deref()));
        let found = watched.step(catalog, touched);
        let after = Access::new(catalog, &AccessOptions::default()).table(&scope);
        let wanted = diff(&before, &after);
        let lines = |deltas: &[Delta]| deltas.iter().map(Delta::line).collect::<Vec<_>>();
        assert_eq!(lines(&found), lines(&wanted), "{what}: {}", migration.file.path);
        assert_eq!(found, wanted, "{what}: {}", migration.file.path);
        compared.migrations += 1;
        compared.deltas += found.len();
        compared.whole += after.rows.len() / after.roles.len().max(1) / 4;
        before = after;
    });
    compared.judged = watched.judged();
    compared
}

/// For long histories: all cells compared, 20 times on the way and at the end.
fn now_and_then(set: &MigrationSet, what: &str) -> Compared {
    let scope = Scope::of(&CheckConfig::default());
    let mut watched = History::new(scope.clone(), AccessOptions::default());
    let (mut at, mut compared) = (0, Compared::default());
    let every = (set.files.len() / 20).max(1);
    let _ = fold_watched(set, &FoldOptions::default(), &mut |migration, catalog| {
        let Some(migration) = migration else { return watched.begin(catalog) };
        at += 1;
        let touched = migration.changes.iter().map(|change| (&change.object, change.renamed_from.as_deref()));
        compared.deltas += watched.step(catalog, touched).len();
        if at % every == 0 || at == set.files.len() {
            let whole = Access::new(catalog, &AccessOptions::default()).table(&scope);
            let (found, wanted) = (watched.rows(), whole.rows.iter().collect::<Vec<_>>());
            let differs = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted);
            assert!(found == wanted, "{what}, after {}: {differs:#?}", migration.file.path);
            compared.whole += whole.rows.len();
        }
    });
    Compared { migrations: at, judged: watched.judged(), ..compared }
}

/// Each statement of a generated schema as a migration of its own, and statements that undo some of them.
fn migrations(seed: u64) -> BTreeMap<String, String> {
    let schema = generate::schema(seed);
    let mut statements: Vec<String> = vec![AUTH.to_owned()];
    // One statement a line.
    statements.extend(schema.sql.lines().map(str::to_owned));
    let s = format!("s{seed}");
    statements.extend(
        [
            "alter table {s}.t0 rename to renamed",
            "alter table {s}.t1 disable row level security",
            "revoke all on {s}.renamed from public, anon, authenticated",
            "alter table {s}.renamed rename to t0",
            "alter table {s}.t0 rename column owner to holder",
            "create or replace function {s}.is_admin() returns boolean language sql stable as 'select true'",
            "alter table {s}.t0 drop column flag cascade",
            "create table {s}.later (id int)",
            "grant select on {s}.later to anon",
            "revoke usage on schema {s} from public, anon",
            "alter schema {s} rename to moved",
            "drop function moved.is_admin() cascade",
            "drop table moved.t1 cascade",
            "create role fresh login",
            "drop schema moved cascade",
        ]
        .map(|text| text.replace("{s}", &s)),
    );
    statements.into_iter().enumerate().map(|(at, text)| (format!("{at:04}.sql"), text)).collect()
}

#[test]
fn step_by_step_is_as_all_at_once() {
    let mut all = Compared::default();
    for seed in 1..=number("GARDEFOU_TEST_HISTORIES", 15) {
        let set = in_memory(&migrations(seed), Layout::Plain);
        let options = FoldOptions { platform: Some(Platform::Postgres), default_grants: None };
        let one = compare(&set, &options, &format!("seed {seed}"));
        all.migrations += one.migrations;
        all.deltas += one.deltas;
        all.judged += one.judged;
        all.whole += one.whole;
    }
    println!("{all:?}");
    assert!(all.migrations > 1000 && all.deltas > 1000, "{all:?}");
    assert!(all.judged * 2 < all.whole, "most of it is not judged again: {all:?}");
}

/// `GARDEFOU_TEST_CORPUS=folder`: each folder in it is a project whose history is compared.
#[test]
fn projects_step_by_step() {
    let Ok(corpus) = std::env::var("GARDEFOU_TEST_CORPUS") else { return };
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(corpus).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    for folder in folders {
        let options = DiscoverOptions { root: folder.clone(), since: None, layout: None };
        let Ok(set) = discover(std::slice::from_ref(&folder), &options) else { continue };
        let name = folder.file_name().map(Path::new).unwrap_or(&folder).display().to_string();
        println!("{name}: {:?}", now_and_then(&set, &name));
    }
}
