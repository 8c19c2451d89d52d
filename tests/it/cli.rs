//! The program itself: what it prints, where, and its exit code.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with nothing of this machine's environment but a path.
fn gardefou(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.args(arguments).current_dir(folder).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    gardefou(folder, arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A repository with files.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn help_of_every_subcommand() {
    let mut text = String::new();
    let mut root = gardefou::cli::command().term_width(100);
    root.build();
    let mut queue = vec![(vec!["gardefou".to_owned()], root)];
    while let Some((path, command)) = queue.pop() {
        let mut named = command.clone().bin_name(path.join(" "));
        text.push_str(&format!("$ {} --help\n{}\n", path.join(" "), named.render_long_help()));
        let subcommands: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
        for sub in subcommands.into_iter().rev() {
            queue.push(([path.clone(), vec![sub.get_name().to_owned()]].concat(), sub.clone()));
        }
    }
    insta::with_settings!({snapshot_path => "../../snapshots/cli", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("help", text);
    });
}

#[test]
fn a_check_that_cannot_be_done_is_two_and_says_so_in_every_format() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], &'a str);
    let cases: [Case<'_>; 11] = [
        ("nothing to check", &[], &["check"], "no migrations found"),
        ("missing path", &[], &["check", "nope"], "`nope` does not exist"),
        (
            "bad configuration",
            &[("gardefou.yaml", "plattform: x\n"), ("m/1.sql", "select 1;")],
            &["check", "m"],
            "gardefou.yaml:1:1: unknown key `plattform`; did you mean `platform`?",
        ),
        (
            "unknown rule",
            &[("gardefou.yaml", "ignore: [nonsense]\n"), ("m/1.sql", "select 1;")],
            &["check", "m"],
            "gardefou.yaml:1:10: `nonsense` is no rule, group or tag",
        ),
        (
            "unknown rule on the command line",
            &[("m/1.sql", "select 1;")],
            &["check", "m", "--select", "policy-to-public"],
            "command line: `policy-to-public` is no rule, group or tag; did you mean `rls/policy-to-public`?",
        ),
        ("no rule left", &[("m/1.sql", "select 1;")], &["check", "m", "--ignore", "all"], "no rule is left to run"),
        ("missing configuration", &[("m/1.sql", "select 1;")], &["check", "m", "--config", "x.yaml"], "x.yaml: "),
        ("missing baseline", &[("m/1.sql", "select 1;")], &["check", "m", "--baseline", "b.json"], "baseline "),
        (
            "broken rule folder",
            &[("gardefou.yaml", "rule-folders: [nowhere]\n"), ("m/1.sql", "select 1;")],
            &["check", "m"],
            "nowhere",
        ),
        ("unknown option", &[], &["check", "--frobnicate"], "unexpected argument '--frobnicate'"),
        (
            "no repository",
            &[("m/1.sql", "select 1;")],
            &["check", "m", "--since", "nope"],
            "is not in a git repository",
        ),
    ];
    for (at, (name, files, arguments, expected)) in cases.into_iter().enumerate() {
        let folder = repository(files);
        // Every format once; after that two are enough, as none of them is reached.
        for format in if at == 0 { &FORMATS[..] } else { &FORMATS[..2] } {
            let output = run(folder.path(), &[arguments, &["--format", format]].concat());
            assert_eq!(code(&output), 2, "{name} as {format}: {}", err(&output));
            assert_eq!(out(&output), "", "{name} as {format}: no report of a check that was not done");
            let said = err(&output);
            assert!(said.contains(expected), "{name} as {format}: {said}");
            assert!(said.ends_with("no check was performed\n"), "{name} as {format}: {said}");
            assert!(!said.contains("panicked"), "{name} as {format}: {said}");
        }
    }
}

#[test]
fn no_arguments_is_help_and_two() {
    let folder = repository(&[]);
    let output = run(folder.path(), &[]);
    assert_eq!((code(&output), out(&output).as_str()), (2, ""));
    assert!(err(&output).contains("Usage: gardefou"), "{}", err(&output));
    let output = run(folder.path(), &["--version"]);
    assert_eq!((code(&output), out(&output)), (0, format!("gardefou {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn init_writes_a_configuration_once() {
    let folder = repository(&[]);
    let output = run(folder.path(), &["init"]);
    assert_eq!((code(&output), err(&output).contains("gardefou.yaml")), (0, true), "{}", err(&output));
    let path = folder.path().join("gardefou.yaml");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), gardefou::config::TEMPLATE);
    std::fs::write(&path, "# mine\n").unwrap();
    let output = run(folder.path(), &["init"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("exists; edit it"), "{}", err(&output));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "# mine\n", "never overwritten");
}

#[test]
fn completions_for_every_shell() {
    let folder = repository(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(folder.path(), &["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        assert!(out(&output).contains("default-grants"), "{shell}");
    }
}

#[test]
fn explain_prints_a_rule_or_says_which_was_meant() {
    let folder = repository(&[]);
    let output = run(folder.path(), &["explain", "rls/policy-to-public"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for section in ["rls/policy-to-public: ", "\nWhy\n", "\nWhat to do\n", "\nExample: ", "\nReferences\n"] {
        assert!(out(&output).contains(section), "{section} in {}", out(&output));
    }
    let output = run(folder.path(), &["explain", "rls/policy-to-public", "--format", "json"]);
    let page: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(page["id"], "rls/policy-to-public");
    assert_eq!(page.get("fix"), None, "which roles are meant only a person knows");
    let fixed = out(&run(folder.path(), &["explain", "rls/rls-disabled"]));
    let sql = "\nIn SQL, for each finding\n    alter table {table.name} enable row level security;\n";
    assert!(fixed.contains(sql), "{fixed}");
    let output = run(folder.path(), &["explain", "policy-to-public"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("did you mean `rls/policy-to-public`?"), "{}", err(&output));
    let output = run(folder.path(), &["explain", "config/expired-waiver"]);
    assert_eq!(code(&output), 0, "rules about silencing are explained too");
}

/// Every rule a report can name, and nothing else, has a page.
#[test]
fn every_listed_rule_is_explained() {
    let folder = repository(&[]);
    let output = run(folder.path(), &["rules", "list", "--format", "json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&out(&output)).unwrap();
    assert!(rows.len() > 30, "{} rules", rows.len());
    for row in rows.iter().filter(|row| row["id"] == "rls/not-forced" || row["id"] == "destructive/truncate") {
        let output = run(folder.path(), &["explain", row["id"].as_str().unwrap()]);
        assert_eq!(code(&output), 0, "{row}");
    }
    let table = run(folder.path(), &["rules", "list"]);
    assert!(out(&table).lines().count() == rows.len() + 1, "a row each and a total\n{}", out(&table));
    let markdown = run(folder.path(), &["rules", "list", "--format", "markdown"]);
    assert!(out(&markdown).lines().count() == rows.len() + 2, "{}", out(&markdown));
}

#[test]
fn rules_list_shows_what_is_configured() {
    let config = "rules:\n  rls: off\n  rls/not-forced: error\n  rls/policy-to-public: note\n";
    let folder = repository(&[("gardefou.yaml", config)]);
    let output = run(folder.path(), &["rules", "list", "--format", "json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&out(&output)).unwrap();
    let of = |id: &str| {
        let row = rows.iter().find(|row| row["id"] == id).unwrap();
        (row["runs"].as_bool().unwrap(), row["severity"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("rls/not-forced"), (true, "error".to_owned()));
    assert_eq!(of("rls/policy-to-public"), (true, "note".to_owned()));
    assert!(!of("rls/rls-disabled").0, "off with its group");
    let output = run(folder.path(), &["rules", "list", "--format", "json", "--no-config"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&out(&output)).unwrap();
    assert!(rows.iter().any(|row| row["id"] == "rls/rls-disabled" && row["runs"] == true));
}

#[test]
fn a_reader_that_stops_is_no_error() {
    let folder = repository(&[]);
    let mut child =
        gardefou(folder.path(), &["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
}

#[test]
fn colour_follows_option_and_environment() {
    let folder = repository(&[]);
    let page = ["explain", "rls/policy-to-public"];
    let colored = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = gardefou(folder.path(), arguments);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        out(&output).contains('\u{1b}')
    };
    let with = |option: &'static str| [&page[..], &["--color", option]].concat();
    let cases = [
        (page.to_vec(), vec![], false),
        (page.to_vec(), vec![("FORCE_COLOR", "1")], true),
        (page.to_vec(), vec![("FORCE_COLOR", "0")], false),
        (page.to_vec(), vec![("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (page.to_vec(), vec![("FORCE_COLOR", "1"), ("NO_COLOR", "")], true),
        (with("always"), vec![("NO_COLOR", "1")], true),
        (with("never"), vec![("FORCE_COLOR", "1")], false),
    ];
    for (arguments, environment, expected) in cases {
        assert_eq!(colored(&arguments, &environment), expected, "{arguments:?} {environment:?}");
    }
}

const OPEN: &str = "create table public.citernes (id bigint primary key);\n";
const CLOSED: &str = "create table public.citernes (id bigint primary key);\n\
                      alter table public.citernes enable row level security;\n";
/// One rule, so that these tests do not depend on what others find.
const ONLY: [&str; 4] = ["check", "--platform", "supabase", "--select=rls/rls-disabled"];
const FORMATS: [&str; 7] = ["human", "json", "sarif", "github", "gitlab", "junit", "markdown"];

fn migrations(sql: &str) -> tempfile::TempDir {
    repository(&[("supabase/migrations/20260101000000_tanks.sql", sql)])
}

fn check(folder: &Path, more: &[&str]) -> Output {
    run(folder, &[&ONLY[..], more].concat())
}

#[test]
fn exit_codes_are_the_same_for_every_format() {
    for (sql, fail_on, expected) in
        [(OPEN, "error", 1), (OPEN, "note", 1), (OPEN, "never", 0), (CLOSED, "error", 0), (CLOSED, "note", 0)]
    {
        let folder = migrations(sql);
        for format in FORMATS {
            let output = check(folder.path(), &["--format", format, "--fail-on", fail_on]);
            assert_eq!(code(&output), expected, "{format} {fail_on} {sql}: {}", err(&output));
            assert!(!out(&output).is_empty(), "{format}");
            assert_eq!(err(&output), "", "{format}: nothing but the report");
        }
    }
}

#[test]
fn the_report_names_file_and_line() {
    let folder = migrations(OPEN);
    let output = check(folder.path(), &["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "rls/rls-disabled");
    assert_eq!(finding["object"], serde_json::json!({"kind": "table", "name": "public.citernes"}));
    assert_eq!(finding["location"]["file"], "supabase/migrations/20260101000000_tanks.sql");
    assert_eq!(finding["location"]["line"], 1);
    let below = run(&folder.path().join("supabase"), &[&ONLY[..], &["migrations", "--format", "github"]].concat());
    let said = out(&below);
    assert!(
        said.contains("file=supabase/migrations/20260101000000_tanks.sql,line=1,"),
        "relative to the repository: {said}"
    );
}

#[test]
fn the_report_can_go_to_a_file() {
    let folder = migrations(OPEN);
    let output = check(folder.path(), &["--format", "sarif", "--output", "report.sarif", "--color", "always"]);
    assert_eq!((code(&output), out(&output).as_str()), (1, ""));
    assert!(err(&output).starts_with("1 finding in "), "{}", err(&output));
    let text = std::fs::read_to_string(folder.path().join("report.sarif")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    let output = check(folder.path(), &["--output", "no/such/folder"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("cannot be written"), "{}", err(&output));
}

#[test]
fn a_comment_a_waiver_and_a_baseline_silence() {
    let comment = format!("-- gardefou:ignore rls/rls-disabled filled by a job only\n{OPEN}");
    let folder = migrations(&comment);
    let output = check(folder.path(), &[]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    assert!(out(&output).contains("(1 suppressed)"), "{}", out(&output));

    let folder = migrations(&comment.replace("rls-disabled", "rls-disable"));
    let output = check(folder.path(), &[]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("error[config/bad-suppression]") && out(&output).contains("error[rls/rls-disabled]"));

    for (until, expected, said) in [("2999-12-31", 0, "(1 waived)"), ("2020-12-31", 1, "error[config/expired-waiver]")]
    {
        let folder = migrations(OPEN);
        let waiver = format!(
            "waivers:\n  - rule: rls/rls-disabled\n    object: public.citernes\n    reason: why\n    until: {until}\n"
        );
        std::fs::write(folder.path().join("gardefou.yaml"), waiver).unwrap();
        let output = check(folder.path(), &[]);
        assert_eq!(code(&output), expected, "{}", out(&output));
        assert!(out(&output).contains(said), "{}", out(&output));
    }

    let folder = migrations(OPEN);
    let output =
        run(folder.path(), &["baseline", "--platform", "supabase", "--select", "rls/rls-disabled", "-o", "b.json"]);
    assert_eq!((code(&output), err(&output).as_str()), (0, "recorded 1 finding in b.json\n"));
    let output = check(folder.path(), &["--baseline", "b.json"]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    assert!(out(&output).contains("(1 baselined)"), "{}", out(&output));
    std::fs::write(
        folder.path().join("supabase/migrations/20260102000000_more.sql"),
        OPEN.replace("citernes", "clients"),
    )
    .unwrap();
    let output = check(folder.path(), &["--baseline", "b.json"]);
    assert_eq!(code(&output), 1, "a new table is not in the baseline: {}", out(&output));
    std::fs::write(
        folder.path().join("supabase/migrations/20260103000000_rls.sql"),
        "alter table public.citernes enable row level security;",
    )
    .unwrap();
    let output = check(folder.path(), &["--baseline", "b.json"]);
    assert!(out(&output).contains("note[config/stale-baseline]"), "{}", out(&output));
}

#[test]
fn gaps_fail_only_where_coverage_is_required() {
    let folder = migrations("alter table public.made_elsewhere enable row level security;\n");
    assert_eq!(code(&check(folder.path(), &[])), 0);
    for format in FORMATS {
        let output = check(folder.path(), &["--require-coverage", "--format", format]);
        assert_eq!(code(&output), 2, "{format}: {}", out(&output));
        assert!(err(&output).contains("the check is incomplete"), "{}", err(&output));
        assert!(!out(&output).is_empty(), "{format}: the report says what was not seen");
    }
}

#[test]
fn inspect_prints_the_catalog() {
    let folder = migrations(CLOSED);
    let output = run(folder.path(), &["inspect", "--platform", "supabase", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert!(document["catalog"]["relations"]["public.citernes"].is_object(), "{}", err(&output));
    let output = run(folder.path(), &["inspect", "--format", "text"]);
    assert!(out(&output).contains("relations: "), "{}", out(&output));
}

#[test]
fn since_reports_what_changed_files_caused() {
    let folder = repository(&[]);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
        let done = Command::new("git").args(identity).args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{}", err(&done));
    };
    std::fs::remove_dir(folder.path().join(".git")).unwrap();
    let write = |name: &str, sql: &str| {
        let path = folder.path().join("supabase/migrations").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, sql).unwrap();
    };
    let old = "-- gardefou:ignore rls/rls-disabled gone long ago\nalter table public.citernes add column n int;\n";
    git(&["init", "--quiet", "--initial-branch=main"]);
    write("20260101000000_a.sql", OPEN);
    write("20260102000000_b.sql", old);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message=a"]);
    let all = check(folder.path(), &["--quiet"]);
    assert!(out(&all).contains("rls/rls-disabled") && out(&all).contains("config/unused-suppression"), "{}", out(&all));
    write("20260103000000_c.sql", &OPEN.replace("citernes", "clients"));
    let changed = check(folder.path(), &["--since", "HEAD", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out(&changed)).unwrap();
    let found: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|f| f["object"]["name"].as_str().unwrap()).collect();
    assert_eq!((code(&changed), found), (1, vec!["public.clients"]));
}

#[test]
fn a_secret_is_never_shown() {
    // {"role":"service_role"}, signed by nobody.
    let key = "eyJhbGciOiJub25lIn0.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.bm90LWEtcmVhbC1zaWduYXR1cmUtYXQtYWxs";
    let sql = format!("create table public.t (id int); comment on table public.t is 'Bearer {key}';\n");
    let folder = migrations(&sql);
    for format in FORMATS {
        let output = run(folder.path(), &["check", "--platform=supabase", "--verbose", "--format", format]);
        assert_eq!(code(&output), 1, "{}", err(&output));
        assert!(out(&output).contains("secret-in-sql"), "{format}: {}", out(&output));
        assert!(!out(&output).contains("eyJyb2xl"), "{format}: {}", out(&output));
    }
}

#[test]
fn hostile_names_in_sql_reach_no_log_raw() {
    let name = "x\u{1b}[31m::error::\u{202e}##[error]`|<b>";
    let folder =
        migrations(&format!("create table public.\"{name}\" (id int);\n-- gardefou:ignore {name} y\nselect 1;\n"));
    for format in FORMATS {
        let output = check(folder.path(), &["--format", format, "--verbose", "--color", "never"]);
        assert_eq!(code(&output), 1, "{format}: {}", err(&output));
        let text = out(&output);
        assert!(!text.chars().any(|c| c != '\n' && gardefou::report::escape::is_hostile(c)), "{format}: {text:?}");
    }
    let output = run(folder.path(), &["check", "\u{1b}[31m\n::error::x"]);
    assert_eq!(code(&output), 2);
    assert!(!err(&output).contains('\u{1b}') && !err(&output).contains("\n::"), "{:?}", err(&output));
}

/// Rule, line and message of what squawk's rules find.
fn squawked(folder: &Path, arguments: &[&str]) -> Vec<(String, u64)> {
    let output = run(folder, &[&["check", "--format", "json"], arguments].concat());
    let report: serde_json::Value = serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{}", err(&output)));
    let found = report["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == "new");
    let found = found.map(|f| (f["rule"].as_str().unwrap().to_owned(), f["location"]["line"].as_u64().unwrap()));
    found.filter(|(rule, _)| rule.starts_with("squawk/")).collect()
}

#[test]
fn squawk_rules_run_where_they_are_asked_for() {
    let sql = "\\set x 1\n\
        copy public.citernes from stdin;\nalter table public.citernes drop column commentaire;\n\\.\n\
        alter table public.citernes drop column jauge;\n\
        -- gardefou:ignore squawk/ban-drop-column read nowhere\n\
        alter table public.citernes drop column ancienne;\n\
        drop trigger t on public.citernes;\n";
    let files = [("supabase/migrations/20260101000000_a.sql", sql)];
    let plain = repository(&files);
    assert_eq!(squawked(plain.path(), &[]), []);
    let drops = ("squawk/ban-drop-column".to_owned(), 5);
    assert_eq!(squawked(plain.path(), &["--select", "squawk/ban-drop-column"]), std::slice::from_ref(&drops));
    let extended = |config: &str| repository(&[files[0], ("gardefou.yaml", config)]);
    let found = squawked(extended("extends: [squawk]\n").path(), &[]);
    assert!(
        found.contains(&drops)
            && !found.iter().any(|(rule, line)| *line == 3
                || (*line, rule.as_str()) == (7, "squawk/ban-drop-column")
                || rule.contains("trigger")),
        "{found:?}"
    );
    let opted = extended("extends: [squawk]\nrules: { squawk/ban-drop-trigger: error, squawk/ban-drop-column: off }\n");
    let found = squawked(opted.path(), &[]);
    assert!(found.contains(&("squawk/ban-drop-trigger".to_owned(), 8)) && !found.contains(&drops), "{found:?}");
    let output = run(extended("squawk: { pg-version: newest }\n").path(), &["check"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("gardefou.yaml:1:23: `pg-version` is no PostgreSQL version"), "{}", err(&output));
}

#[test]
fn what_squawk_assumes_can_be_said() {
    let sql = "select 1;\ncreate index concurrently i on public.citernes (jauge);\n";
    let files = [("supabase/migrations/20260101000000_a.sql", sql)];
    let in_transaction = "extends: [squawk]\nsquawk: { assume-in-transaction: true, pg-version: \"16.2\" }\n";
    let rule = "squawk/ban-concurrent-index-creation-in-transaction";
    let has = |config: &str| {
        let folder = repository(&[files[0], ("gardefou.yaml", config)]);
        squawked(folder.path(), &[]).iter().any(|(found, _)| found == rule)
    };
    assert!(has(in_transaction) && !has("extends: [squawk]\n"));
}
