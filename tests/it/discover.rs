//! Finding, ordering and reading migration files, one folder convention after another.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gardefou::coverage::CoverageKind;
use gardefou::migrations::discover::{DiscoverError, DiscoverOptions, discover};
use gardefou::migrations::{Layout, MigrationFile, MigrationSet};
use tempfile::TempDir;

/// A folder holding `files`; text after `=` in an entry is the content, else a comment.
fn tree(files: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in files {
        let (path, text) = entry.split_once('=').unwrap_or((entry, "-- nothing\n"));
        write(&dir, path, text.as_bytes());
    }
    dir
}

fn write(dir: &TempDir, path: &str, bytes: &[u8]) {
    let path = dir.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn options(dir: &TempDir) -> DiscoverOptions {
    DiscoverOptions { root: dir.path().to_path_buf(), ..DiscoverOptions::default() }
}

fn find(dir: &TempDir, paths: &[&str]) -> Result<MigrationSet, DiscoverError> {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    discover(&paths, &options(dir))
}

fn folded(set: &MigrationSet) -> Vec<&str> {
    set.files.iter().filter(|file| file.skipped.is_none()).map(|file| file.path.as_ref()).collect()
}

fn skipped(set: &MigrationSet) -> Vec<&str> {
    set.files.iter().filter(|file| file.skipped.is_some()).map(|file| file.path.as_ref()).collect()
}

fn said(set: &MigrationSet, kind: CoverageKind) -> Vec<String> {
    set.coverage.iter().filter(|entry| entry.kind == kind).map(|entry| entry.message.clone()).collect()
}

fn folded_text(file: &MigrationFile) -> String {
    file.sections.iter().map(|section| section.slice(&file.text)).collect()
}

struct Case {
    files: &'static [&'static str],
    path: &'static str,
    layout: Layout,
    order: &'static [&'static str],
    versions: &'static [Option<&'static str>],
    skipped: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        files: &[
            "supabase/config.toml",
            "supabase/seed.sql",
            "supabase/schemas/public.sql",
            "supabase/migrations/20250102000000_b.sql",
            "supabase/migrations/20250101000000_a.sql",
            "supabase/migrations/2025-01-03_dashed.sql",
            "supabase/migrations/README.md",
            "supabase/migrations/archive/20240101000000_old.sql",
        ],
        path: "supabase/migrations",
        layout: Layout::Supabase,
        order: &["supabase/migrations/20250101000000_a.sql", "supabase/migrations/20250102000000_b.sql"],
        versions: &[Some("20250101000000"), Some("20250102000000")],
        skipped: &["supabase/migrations/2025-01-03_dashed.sql", "supabase/migrations/archive/20240101000000_old.sql"],
    },
    Case {
        // The CLI reads the folder in byte order, whatever the numbers are worth.
        files: &["supabase/migrations/2_x.sql", "supabase/migrations/10_x.sql", "supabase/migrations/1a_x.sql"],
        path: "supabase",
        layout: Layout::Supabase,
        order: &["supabase/migrations/10_x.sql", "supabase/migrations/2_x.sql"],
        versions: &[Some("10"), Some("2")],
        skipped: &["supabase/migrations/1a_x.sql"],
    },
    Case {
        files: &[
            "prisma/schema.prisma",
            "prisma/migrations/migration_lock.toml",
            "prisma/migrations/20240201000000_b/migration.sql",
            "prisma/migrations/20240101000000_a/migration.sql",
            "prisma/migrations/20240101000000_a/notes.sql",
            "prisma/migrations/20240101000000_b/migration.sql",
        ],
        path: "prisma",
        layout: Layout::Prisma,
        order: &[
            "prisma/migrations/20240101000000_a/migration.sql",
            "prisma/migrations/20240101000000_b/migration.sql",
            "prisma/migrations/20240201000000_b/migration.sql",
        ],
        versions: &[Some("20240101000000_a"), Some("20240101000000_b"), Some("20240201000000_b")],
        skipped: &[],
    },
    Case {
        files: &[
            "sql/V1.10__c.sql",
            "sql/V1.2__b.sql",
            "sql/V1__a.sql",
            "sql/U1.2__b.sql",
            "sql/R__views.sql",
            "sql/R__a_grants.sql",
            "sql/deep/V2_1__d.sql",
            "sql/B1.2__base.sql",
        ],
        path: "sql",
        layout: Layout::Flyway,
        order: &[
            "sql/V1__a.sql",
            "sql/V1.2__b.sql",
            "sql/V1.10__c.sql",
            "sql/deep/V2_1__d.sql",
            "sql/R__a_grants.sql",
            "sql/R__views.sql",
        ],
        versions: &[Some("1"), Some("1.2"), Some("1.10"), Some("2.1"), None, None],
        skipped: &[],
    },
    Case {
        files: &[
            "db/migrations/10_c.up.sql",
            "db/migrations/10_c.down.sql",
            "db/migrations/2_b.up.sql",
            "db/migrations/2_b.down.sql",
        ],
        path: "db",
        layout: Layout::UpDown,
        order: &["db/migrations/2_b.up.sql", "db/migrations/10_c.up.sql"],
        versions: &[Some("2"), Some("10")],
        skipped: &[],
    },
    Case {
        files: &[
            "migrations/00000000000000_diesel_initial_setup/up.sql",
            "migrations/00000000000000_diesel_initial_setup/down.sql",
            "migrations/2021-03-01-000000_b/up.sql",
            "migrations/2021-03-01-000000_b/down.sql",
            "migrations/2021-01-01-000000_a/up.sql",
            "migrations/2021-01-01-000000_a/down.sql",
        ],
        path: "migrations",
        layout: Layout::UpDown,
        order: &[
            "migrations/00000000000000_diesel_initial_setup/up.sql",
            "migrations/2021-01-01-000000_a/up.sql",
            "migrations/2021-03-01-000000_b/up.sql",
        ],
        versions: &[Some("00000000000000"), Some("2021-01-01-000000"), Some("2021-03-01-000000")],
        skipped: &[],
    },
    Case {
        // sqlx simple names: nothing but an order.
        files: &["m/20220102030405_b.sql", "m/20210102030405_a.sql"],
        path: "m",
        layout: Layout::Plain,
        order: &["m/20210102030405_a.sql", "m/20220102030405_b.sql"],
        versions: &[Some("20210102030405"), Some("20220102030405")],
        skipped: &[],
    },
    Case {
        files: &["migrations/1_a.sql=-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n"],
        path: "migrations",
        layout: Layout::UpDown,
        order: &["migrations/1_a.sql"],
        versions: &[Some("1")],
        skipped: &[],
    },
    Case {
        files: &[
            "m/10_c.sql",
            "m/2_b.sql",
            "m/sub/1_e.sql",
            "m/views.sql",
            "m/2_b.txt",
            "m/.git/x.sql",
            "m/node_modules/x.sql",
        ],
        path: "m",
        layout: Layout::Plain,
        order: &["m/2_b.sql", "m/10_c.sql", "m/sub/1_e.sql", "m/views.sql"],
        versions: &[Some("2"), Some("10"), Some("1"), None],
        skipped: &[],
    },
    Case {
        // A dashed date orders, but is no version: two files of one day are no duplicates.
        files: &["m/2026-02-03_b.sql", "m/2026-02-03_a.sql", "m/2026-01-30_z.sql"],
        path: "m",
        layout: Layout::Plain,
        order: &["m/2026-01-30_z.sql", "m/2026-02-03_a.sql", "m/2026-02-03_b.sql"],
        versions: &[None, None, None],
        skipped: &[],
    },
    Case {
        // A number that begins a word is no version.
        files: &["m/3nf_b.sql", "m/3nf_a.sql", "m/4.sql"],
        path: "m",
        layout: Layout::Plain,
        order: &["m/3nf_a.sql", "m/3nf_b.sql", "m/4.sql"],
        versions: &[None, None, Some("4")],
        skipped: &[],
    },
    Case {
        files: &[
            r#"drizzle/meta/_journal.json={"version":"7","entries":[{"idx":1,"tag":"0001_b"},{"idx":0,"tag":"0002_a"}]}"#,
            "drizzle/0001_b.sql",
            "drizzle/0002_a.sql",
            "drizzle/0003_unlisted.sql",
        ],
        path: "drizzle",
        layout: Layout::Plain,
        order: &["drizzle/0002_a.sql", "drizzle/0001_b.sql"],
        versions: &[Some("0002_a"), Some("0001_b")],
        skipped: &["drizzle/0003_unlisted.sql"],
    },
    Case {
        files: &[
            "migrations/committed/000002.sql",
            "migrations/committed/000001.sql",
            "migrations/current.sql",
            "migrations/afterReset.sql",
        ],
        path: ".",
        layout: Layout::Plain,
        order: &["migrations/committed/000001.sql", "migrations/committed/000002.sql", "migrations/current.sql"],
        versions: &[Some("000001"), Some("000002"), None],
        skipped: &[],
    },
    Case {
        files: &[
            "s/sqitch.plan=%project=x\n\nzeta 2020-01-01T00:00:00Z me <me> # first\n@v1 2020-01-01T00:00:00Z me <me> # t\nalpha [zeta] 2020-01-02T00:00:00Z me <me> # second\n",
            "s/deploy/alpha.sql",
            "s/deploy/zeta.sql",
            "s/revert/alpha.sql",
            "s/verify/alpha.sql",
        ],
        path: "s",
        layout: Layout::Plain,
        order: &["s/deploy/zeta.sql", "s/deploy/alpha.sql"],
        versions: &[Some("zeta"), Some("alpha")],
        skipped: &[],
    },
    Case {
        // pop: a file for one database stands in the place of the one for all.
        files: &[
            "p/1_a.up.sql",
            "p/1_a.postgres.up.sql",
            "p/1_a.mysql.up.sql",
            "p/1_a.mysql.down.sql",
            "p/2_b.up.sql",
            "p/2_b.sqlite3.up.sql",
            "p/2_b.down.sql",
            "p/3_c.postgres.autocommit.up.sql",
            "p/v1.0/4_d.up.sql",
            "p/v1.0/5_e.postgres.up.sql",
        ],
        path: "p",
        layout: Layout::UpDown,
        order: &[
            "p/1_a.postgres.up.sql",
            "p/2_b.up.sql",
            "p/3_c.postgres.autocommit.up.sql",
            "p/v1.0/4_d.up.sql",
            "p/v1.0/5_e.postgres.up.sql",
        ],
        versions: &[Some("1"), Some("2"), Some("3"), Some("4"), Some("5")],
        skipped: &[],
    },
    Case {
        // A way back next to its way there is left out; a migration that happens to be called rollback is not.
        files: &[
            "m/1_a.sql",
            "m/1_a_rollback.sql",
            "m/2_b.sql",
            "m/rollback_2_b.sql",
            "m/3_rollback_of_b.sql",
            "m/4_x_rollback.sql",
            "m/down/2_b.sql",
        ],
        path: "m",
        layout: Layout::Plain,
        order: &["m/1_a.sql", "m/2_b.sql", "m/3_rollback_of_b.sql", "m/4_x_rollback.sql"],
        versions: &[Some("1"), Some("2"), Some("3"), Some("4")],
        skipped: &[],
    },
];

#[test]
fn each_convention_has_its_order() {
    for case in CASES {
        let dir = tree(case.files);
        let set = find(&dir, &[case.path]).unwrap();
        let versions: Vec<_> =
            set.files.iter().filter(|file| file.skipped.is_none()).map(|file| file.version.as_deref()).collect();
        assert_eq!(folded(&set), case.order, "{:?}", case.files);
        assert_eq!(skipped(&set), case.skipped, "{:?}", case.files);
        assert_eq!(set.layout, case.layout, "{:?}", case.files);
        assert_eq!(versions, case.versions, "{:?}", case.files);
        assert!(set.files.iter().all(|file| file.changed));
    }
}

#[test]
fn skipped_files_say_why_and_are_coverage_not_a_gap() {
    let dir = tree(&[
        "supabase/migrations/1_a.sql",
        "supabase/migrations/2025-01-03_dashed.sql",
        "supabase/migrations/x.down.sql",
    ]);
    let set = find(&dir, &[]).unwrap();
    let reason = set.files.iter().find_map(|file| file.skipped.clone()).unwrap();
    assert_eq!(reason, "the Supabase CLI never runs it: its name does not match `<timestamp>_name.sql`");
    insta::assert_debug_snapshot!(said(&set, CoverageKind::Skipped), @r#"
    [
        "1 down migration was not folded; the Supabase CLI would run a file so named",
        "not read as part of the schema: the Supabase CLI never runs it: its name does not match `<timestamp>_name.sql`",
    ]
    "#);
    assert!(set.coverage.iter().all(|entry| !entry.kind.is_gap()));
}

#[test]
fn usual_folders_are_found_below_the_start() {
    for folder in [
        "supabase/migrations",
        "migrations",
        "db/migrations",
        "prisma/migrations",
        "backend/supabase/migrations",
        "packages/db/migrations",
    ] {
        let file = format!("{folder}/1_a.sql");
        let dir = tree(&[&file, "README.md", "app/migrations/0001_initial.py"]);
        for paths in [&[][..], &["."][..]] {
            assert_eq!(folded(&find(&dir, paths).unwrap()), [file.as_str()]);
        }
    }
}

#[test]
fn a_parent_folder_leads_to_its_migrations() {
    let dir =
        tree(&["examples/depot/supabase/migrations/1_a.sql", "examples/depot/rules/x.yaml", "examples/other/y.sql"]);
    let set = find(&dir, &["examples/depot"]).unwrap();
    assert_eq!(folded(&set), ["examples/depot/supabase/migrations/1_a.sql"]);
    assert_eq!(set.layout, Layout::Supabase);
}

#[test]
fn the_example_is_found_in_the_order_the_supabase_cli_runs_it() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let options = DiscoverOptions { root, ..DiscoverOptions::default() };
    let set = discover(&[PathBuf::from("examples/depot")], &options).unwrap();
    assert_eq!((set.layout, folded(&set).len()), (Layout::Supabase, 19));
    assert_eq!(skipped(&set), ["examples/depot/supabase/migrations/2026-02-03_ajout_index.sql"]);
    assert!(folded(&set).is_sorted());
}

#[test]
fn several_places_keep_the_order_given_and_no_file_comes_twice() {
    let dir = tree(&["b/2_x.sql", "b/1_x.sql", "a.sql", "z.sql"]);
    assert_eq!(
        folded(&find(&dir, &["z.sql", "b", "./b/../a.sql", "b/1_x.sql"]).unwrap()),
        ["z.sql", "b/1_x.sql", "b/2_x.sql", "a.sql"]
    );
}

#[test]
fn paths_outside_the_start_are_printed_as_they_are() {
    let (dir, other) = (tree(&["x.sql"]), tree(&["m/1_a.sql"]));
    let path = other.path().join("m");
    let set = discover(std::slice::from_ref(&path), &options(&dir)).unwrap();
    assert_eq!(folded(&set), [path.join("1_a.sql").to_string_lossy()]);
}

#[test]
fn files_named_one_by_one() {
    let dir = tree(&[
        "supabase/migrations/1_a.sql",
        "supabase/migrations/2025-01-03_dashed.sql",
        "rollback/m/1_a.up.sql",
        "rollback/m/1_a.down.sql",
        "rollback/m/dump.psql",
    ]);
    let both = find(&dir, &["supabase/migrations/1_a.sql", "supabase/migrations/2025-01-03_dashed.sql"]).unwrap();
    assert_eq!((folded(&both).len(), skipped(&both).len(), both.layout), (1, 1, Layout::Supabase));
    // Named alone, a file is what somebody wants checked, whatever its tool would do with it.
    let alone = find(&dir, &["supabase/migrations/2025-01-03_dashed.sql"]).unwrap();
    assert_eq!(folded(&alone), ["supabase/migrations/2025-01-03_dashed.sql"]);
    assert_eq!(folded(&find(&dir, &["rollback/m/1_a.down.sql"]).unwrap()), ["rollback/m/1_a.down.sql"]);
    // What a shell makes of `*`.
    let all = find(&dir, &["rollback/m/1_a.down.sql", "rollback/m/1_a.up.sql", "rollback/m/dump.psql"]).unwrap();
    assert_eq!(folded(&all), ["rollback/m/1_a.up.sql", "rollback/m/dump.psql"]);
}

#[test]
fn a_layout_can_be_chosen() {
    let dir = tree(&["m/V2__b.sql", "m/V10__a.sql", "m/1_x.down.sql", "m/2025-01-01_x.sql"]);
    let with =
        |layout| discover(&[PathBuf::from("m")], &DiscoverOptions { layout: Some(layout), ..options(&dir) }).unwrap();
    assert_eq!(folded(&with(Layout::Flyway)), ["m/V2__b.sql", "m/V10__a.sql"]);
    assert_eq!(folded(&with(Layout::Plain)), ["m/2025-01-01_x.sql", "m/V10__a.sql", "m/V2__b.sql"]);
    assert_eq!(with(Layout::Supabase).layout, Layout::Supabase);
}

#[test]
fn stamped_names_with_supabase_roles_are_supabase() {
    let files = ["m/20250101000000_a.sql=create policy p on t using (auth.uid() = id);", "m/2025-01-02_b.sql"];
    let set = find(&tree(&files), &["m"]).unwrap();
    assert_eq!((set.layout, skipped(&set)), (Layout::Supabase, vec!["m/2025-01-02_b.sql"]));
    assert_eq!(said(&set, CoverageKind::Assumption).len(), 1);
    // The same names without those roles may be anybody's.
    let plain = find(&tree(&["m/20250101000000_a.sql=select 1;", "m/2025-01-02_b.sql"]), &["m"]).unwrap();
    assert_eq!((plain.layout, skipped(&plain).len()), (Layout::Plain, 0));
}

#[test]
fn a_tool_that_would_skip_most_of_a_folder_is_not_what_runs_it() {
    let built = tree(&[
        "supabase/migrations/20250101000000_a.sql",
        "supabase/migrations/20250102000000-b-c.sql",
        "supabase/migrations/20250103000000-d.sql",
    ]);
    let stale =
        tree(&[r#"m/meta/_journal.json={"entries":[{"idx":0,"tag":"0000_a"}]}"#, "m/0010_x.sql", "m/0002_x.sql"]);
    for (dir, path, count) in [(&built, "supabase", 3), (&stale, "m", 2)] {
        let set = find(dir, &[path]).unwrap();
        assert_eq!((folded(&set).len(), skipped(&set).len()), (count, 0));
        assert_eq!(said(&set, CoverageKind::Assumption).len(), 1, "{:?}", set.coverage);
        assert!(folded(&set).is_sorted());
    }
}

#[test]
fn an_order_taken_from_names_without_numbers_is_said() {
    let named = find(&tree(&["m/tables.sql", "m/policies.sql", "m/1_first.sql"]), &["m"]).unwrap();
    let message = "`m`: 2 of 3 files have no number in front of their names; they are read in the order of the names";
    assert_eq!(said(&named, CoverageKind::Assumption), [message]);
    for told in [["m/1_a.sql", "m/2_b.sql", "m/seed.sql"], ["m/01/up.sql", "m/02/up.sql", "m/03/up.sql"]] {
        let set = find(&tree(&told), &["m"]).unwrap();
        assert_eq!(said(&set, CoverageKind::Assumption), [""; 0], "{told:?}");
    }
}

#[test]
fn sections_hold_the_way_up() {
    let cases = [
        ("-- migrate:up transaction:false\nA\n-- migrate:down\nB\n", "-- migrate:up transaction:false\nA\n"),
        (
            "-- header\r\n-- +goose Up\r\n-- +goose StatementBegin\r\nA\r\n-- +goose StatementEnd\r\n-- +goose Down\r\nB",
            "-- header\r\n-- +goose Up\r\n-- +goose StatementBegin\r\nA\r\n-- +goose StatementEnd\r\n",
        ),
        ("-- +goose Down\nB\n-- +goose Up\nA\n", "-- +goose Up\nA\n"),
        ("-- +migrate Up\nA\n-- +migrate Down\nB\n-- +migrate Up\nC\n", "-- +migrate Up\nA\n-- +migrate Up\nC\n"),
        ("-- Up Migration\nA\n-- Down Migration\nB\n", "-- Up Migration\nA\n"),
        ("# --- !Ups\nA\n# --- !Downs\nB\n", "# --- !Ups\nA\n"),
        // Prose, or one marker that nothing answers, divides nothing.
        ("A\n-- Down Migration\nB\n", "A\n-- Down Migration\nB\n"),
        ("A\n-- migrate:down\nB\n", "A\n-- migrate:down\nB\n"),
        (
            "A\n-- down migration of the old stock\n-- up migration of it\nB\n",
            "A\n-- down migration of the old stock\n-- up migration of it\nB\n",
        ),
        ("", ""),
    ];
    for (text, up) in cases {
        let dir = tempfile::tempdir().unwrap();
        write(&dir, "m/1_a.sql", text.as_bytes());
        let set = find(&dir, &["m"]).unwrap();
        assert_eq!(folded_text(&set.files[0]), up, "{text:?}");
        assert_eq!(set.layout == Layout::UpDown, text != up, "{text:?}");
    }
}

#[test]
fn tools_that_know_no_sections_run_the_whole_file() {
    let dir = tree(&["supabase/migrations/1_a.sql=-- migrate:up\nA\n-- migrate:down\nB\n"]);
    let set = find(&dir, &[]).unwrap();
    assert_eq!(folded_text(&set.files[0]), set.files[0].text.as_ref());
}

#[test]
fn encodings() {
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect::<Vec<u8>>()
    };
    let sql = "select 'é';\r\n";
    let cases = [
        (sql.as_bytes().to_vec(), sql, false),
        ([b"\xEF\xBB\xBF", sql.as_bytes()].concat(), sql, false),
        (utf16(sql, u16::to_le_bytes, [0xFF, 0xFE]), sql, false),
        (utf16(sql, u16::to_be_bytes, [0xFE, 0xFF]), sql, false),
        (b"a\n  \xE9b".to_vec(), "a\n  \u{FFFD}b", true),
        (b"\xFF\xFEa\0\0\xD8".to_vec(), "a\u{FFFD}", true),
        (b"\xFF\xFEa\0x".to_vec(), "a", true),
        (b"a\0b\0".to_vec(), "a\0b\0", true),
        (Vec::new(), "", false),
    ];
    for (bytes, text, gap) in cases {
        let dir = tempfile::tempdir().unwrap();
        write(&dir, "m/1_a.sql", &bytes);
        let set = find(&dir, &["m"]).unwrap();
        assert_eq!(set.files[0].text.as_ref(), text, "{bytes:?}");
        assert_eq!(set.coverage.iter().any(|entry| entry.kind.is_gap()), gap, "{bytes:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    write(&dir, "m/1_a.sql", b"a\n  \xE9b");
    let set = find(&dir, &["m"]).unwrap();
    assert_eq!(set.coverage[0].location.as_ref().unwrap().to_string(), "m/1_a.sql:2:3");
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_broken_ones_are_errors() {
    use std::os::unix::fs::symlink;
    let dir = tree(&["m/1_a.sql", "elsewhere/2_b.sql"]);
    symlink(dir.path().join("m"), dir.path().join("m/loop")).unwrap();
    symlink(dir.path().join("elsewhere"), dir.path().join("m/there")).unwrap();
    assert_eq!(folded(&find(&dir, &["m"]).unwrap()), ["m/1_a.sql", "m/there/2_b.sql"]);
    symlink(dir.path().join("gone"), dir.path().join("m/3_gone.sql")).unwrap();
    assert!(matches!(find(&dir, &["m"]), Err(DiscoverError::Read { path, .. }) if path == "m/3_gone.sql"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_beyond_four_gigabytes_is_refused() {
    let dir = tree(&["m/1_a.sql"]);
    fs::File::options().write(true).open(dir.path().join("m/1_a.sql")).unwrap().set_len(1 << 32).unwrap();
    assert!(matches!(find(&dir, &["m"]), Err(DiscoverError::TooLarge { bytes, .. }) if bytes == 1 << 32));
}

#[test]
fn what_cannot_be_checked_is_an_error_that_says_what_to_do() {
    let dir = tree(&["docs/x.md", "only/1_a.down.sql", "bad/meta/_journal.json={", "bad/1_a.sql"]);
    let two = tree(&["supabase/migrations/1_a.sql", "migrations/1_a.sql"]);
    let root = dir.path().canonicalize().unwrap();
    let errors =
        [(&dir, &[][..]), (&dir, &["nowhere"]), (&dir, &["docs"]), (&dir, &["only"]), (&dir, &["bad"]), (&two, &[])]
            .map(|(dir, paths)| find(dir, paths).unwrap_err().to_string());
    let errors = errors
        .map(|error| error.replace(&*root.to_string_lossy(), "ROOT").replace(&*dir.path().to_string_lossy(), "ROOT"));
    insta::assert_debug_snapshot!(errors, @r#"
    [
        "no migrations found: looked for supabase/migrations, migrations, db/migrations, prisma/migrations (also one project folder down) below `ROOT`; name the folder or the .sql files to check",
        "`nowhere` does not exist; name a folder of migrations or an .sql file",
        "`docs` holds no migration: no .sql file its tool would run; name the folder that holds them",
        "`only` holds no migration: no .sql file its tool would run; name the folder that holds them",
        "`bad/meta/_journal.json` is not a drizzle journal: EOF while parsing an object at line 1 column 1; restore it, or name the .sql files",
        "`.` holds several migration folders: `supabase/migrations`, `migrations`; name the one to check, or several, in the order they apply to one database",
    ]
    "#);
}

#[test]
fn listed_files_that_are_missing_and_migrations_in_code_are_said() {
    let dir = tree(&[
        r#"m/meta/_journal.json={"entries":[{"idx":0,"tag":"0000_a"},{"idx":1,"tag":"0001_b"}]}"#,
        "m/0000_a.sql",
    ]);
    let set = find(&dir, &["m"]).unwrap();
    assert_eq!(said(&set, CoverageKind::Unreadable), ["`m/0001_b.sql` is listed to be run and is not there"]);
    let code = tree(&["m/1_a.sql", "m/2_b.ts", "m/3_c.ts", "m/index.ts"]);
    let set = find(&code, &["m"]).unwrap();
    assert_eq!(said(&set, CoverageKind::Skipped), ["`m` also holds migrations that are not SQL (2 .ts): not read"]);
}

fn git(dir: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(status.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&status.stderr));
}

/// A repository with `main`, and a branch that left it before `main` moved on.
fn repository() -> TempDir {
    let dir = tree(&[
        "app/migrations/1_old.sql",
        "app/migrations/2_edited.sql",
        "app/migrations/3_moved.sql",
        "app/migrations/9_gone.sql=gone",
    ]);
    for arguments in
        [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-qm", "one"], &["checkout", "-qb", "work"]]
    {
        git(dir.path(), arguments);
    }
    git(dir.path(), &["checkout", "-q", "main"]);
    write(&dir, "app/migrations/1_old.sql", b"-- changed on main only\n");
    git(dir.path(), &["commit", "-qam", "two"]);
    git(dir.path(), &["checkout", "-q", "work"]);
    write(&dir, "app/migrations/4_committed.sql", b"-- x\n");
    git(dir.path(), &["mv", "app/migrations/3_moved.sql", "app/migrations/5_renamed.sql"]);
    git(dir.path(), &["rm", "-q", "app/migrations/9_gone.sql"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "three"]);
    write(&dir, "app/migrations/2_edited.sql", b"-- not committed\n");
    write(&dir, "app/migrations/6_untracked é.sql", b"-- x\n");
    dir
}

fn since(root: PathBuf, reference: &str) -> Result<MigrationSet, DiscoverError> {
    discover(&[], &DiscoverOptions { root, since: Some(reference.to_owned()), layout: None })
}

#[test]
fn since_marks_what_the_branch_changed() {
    let dir = repository();
    let set = since(dir.path().join("app"), "main").unwrap();
    let marked: Vec<(&str, bool)> = set.files.iter().map(|file| (file.path.as_ref(), file.changed)).collect();
    let expected = [
        ("migrations/1_old.sql", false),
        ("migrations/2_edited.sql", true),
        ("migrations/4_committed.sql", true),
        ("migrations/5_renamed.sql", true),
        ("migrations/6_untracked é.sql", true),
    ];
    assert_eq!(marked, expected);
    let deleted: Vec<String> = said(&set, CoverageKind::Assumption);
    assert!(deleted.iter().any(|message| message.contains("app/migrations/9_gone.sql")), "{deleted:?}");
}

#[test]
fn since_without_a_usable_ref_is_an_error() {
    let dir = repository();
    let root = || dir.path().to_path_buf();
    for reference in ["nowhere", "--help", ""] {
        assert!(matches!(since(root(), reference), Err(DiscoverError::UnknownRef { .. })), "{reference}");
    }
    git(dir.path(), &["checkout", "-q", "--orphan", "alone"]);
    git(dir.path(), &["commit", "-qm", "no common ancestor"]);
    assert!(matches!(since(root(), "main"), Err(DiscoverError::NoMergeBase { .. })));
    let outside = tree(&["migrations/1_a.sql"]);
    assert!(matches!(since(outside.path().to_path_buf(), "main"), Err(DiscoverError::NoRepository { .. })));
}
