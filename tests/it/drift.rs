//! `gardefou drift`: exactly the wrong rows, each with its cause, from a file and from a table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::pg;

pub(crate) fn depot() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/depot")
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
    command.arg("drift").args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command.output().unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).unwrap_or_else(|_| panic!("{}", err(output)))
}

/// What is wrong in the example, and why.
const WRONG: &[(&str, &str)] = &[
    ("R-2026-008", "observed-density-as-base"),
    ("R-2026-014", "volume15-altered"),
    ("R-2026-019", "vcf-altered"),
    ("R-2026-032", "linear"),
    ("R-2026-034", "no-correction"),
    ("R-2026-036", "celsius-read-as-fahrenheit"),
    ("R-2026-037", "fahrenheit-used-as-celsius"),
    ("R-2026-039", "base-20"),
    ("R-2026-041", "zone-778"),
    ("R-2026-043", "vcf-rounded-3"),
    ("R-2026-045", "vcf-rounded-4"),
    ("R-2026-047", "hydrometer-glass-15"),
    ("R-2026-049", "table-precision"),
    ("R-2026-051", "values-of-previous-row"),
    ("R-2026-054", "method-2004"),
];

pub(crate) fn causes(report: &Value) -> Vec<(String, String)> {
    let rows = report["sections"][0]["rows_wrong"].as_array().unwrap();
    rows.iter().map(|row| (text(&row["key"]), text(&row["cause"]["id"]))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn found(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["object"]["kind"] == "measurement"));
    findings.iter().map(|finding| text(&finding["object"]["name"])).collect()
}

pub(crate) fn expected() -> Vec<(String, String)> {
    WRONG.iter().map(|(key, cause)| ((*key).to_owned(), (*cause).to_owned())).collect()
}

#[test]
fn the_example_depot_has_exactly_the_wrong_rows_with_their_causes() {
    let output = run(depot().parent().unwrap(), &["depot", "--format", "json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let report = json(&output);
    assert_eq!(causes(&report), expected());
    let names: Vec<String> = WRONG.iter().map(|(key, _)| format!("receptions/{key}")).collect();
    assert_eq!(found(&report), names);
    assert_eq!(report["sections"][0]["rows"], 58);
}

#[test]
fn the_example_in_every_format() {
    for format in ["human", "csv", "markdown"] {
        let output = run(depot().parent().unwrap(), &["depot", "--format", format, "--price", "0.85"]);
        assert_eq!(code(&output), 1);
        insta::with_settings!({snapshot_path => "../../snapshots/drift", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("depot.{format}"), out(&output));
        });
    }
    let html = out(&run(depot().parent().unwrap(), &["depot", "--format", "html"]));
    assert_eq!(html.matches("<svg").count(), 2);
    assert_eq!(html.matches("<tr><td>receptions/").count(), WRONG.len());
    assert!(!html.contains("<script") && html.ends_with("</html>\n"));
}

#[test]
fn infer_names_the_method_of_the_table() {
    let report = json(&run(&depot(), &["--infer", "--format", "json"]));
    let best = &report["sections"][0]["inference"]["ways"][0];
    assert_eq!((text(&best["way"]).as_str(), best["all"].as_u64()), ("d1250-1980, vcf-decimals 5", Some(43)));
}

#[test]
fn simulate_shows_before_and_after_and_a_digest() {
    let first = run(&depot(), &["--simulate", "d1250-2004"]);
    assert_eq!(code(&first), 0, "{}", err(&first));
    let text = out(&first);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 60);
    assert!(
        lines[0].starts_with("key,volume_l,") && lines[1].starts_with("R-2026-001,40160,31,824.5,835.9,0.98633,39611,")
    );
    assert!(lines[59].starts_with("# rows=58 not_computable=0 ") && lines[59].contains("digest=sha256:"));
    let digest = |text: &str| text.split("digest=").nth(1).unwrap().trim().to_owned();
    assert_eq!(digest(&text), digest(&out(&run(&depot(), &["--simulate", "d1250-2004"]))));
    let other = out(&run(&depot(), &["--simulate", "d1250-1980,precision=table"]));
    assert_ne!(digest(&text), digest(&other));
    let document = json(&run(&depot(), &["--simulate", "d1250-2004", "--format", "json"]));
    assert_eq!(document["rows"].as_array().unwrap().len(), 58);
    assert_eq!(text_of_digest(&document), digest(&text));
}

#[test]
fn simulate_says_the_same_in_every_format() {
    let markdown = out(&run(&depot(), &["--simulate", "d1250-2004", "--format", "markdown"]));
    let document = json(&run(&depot(), &["--simulate", "d1250-2004", "--format", "json"]));
    assert!(markdown.contains("### `receptions` by d1250-2004") && markdown.contains("| R-2026-001 | 40160 |"));
    assert!(markdown.contains(&text_of_digest(&document)), "{markdown}");
    assert_eq!((document["method"].as_str(), document["computed"].as_u64()), (Some("d1250-2004"), Some(58)));
    // One digit of one input, a setting, the base: each gives another digest.
    let digest = |section: &str, rows: &str, method: &str| {
        let folder = folder(section, rows);
        let output = run(folder.path(), &["--simulate", method, "--format", "json"]);
        assert!(code(&output) < 2, "{}", err(&output));
        let before = std::fs::read_to_string(folder.path().join("rows.csv")).unwrap();
        assert_eq!(before, rows, "nothing is written");
        text_of_digest(&json(&output))
    };
    let rows = format!("{HEADER}{RIGHT}");
    let digests = [
        digest(SECTION, &rows, "d1250-2004"),
        digest(SECTION, &rows.replace("824.5", "824.6"), "d1250-2004"),
        digest(SECTION, &rows.replace("39611.0", ""), "d1250-2004"),
        digest(SECTION, &rows, "d1250-2004,hydrometer=glass-15"),
        digest(SECTION, &rows, "d1250-1980"),
        digest(&format!("{SECTION}    base: 20\n"), &rows, "d1250-2004"),
        digest(&SECTION.replace("refined", "crude"), &rows, "d1250-2004"),
    ];
    let distinct: std::collections::BTreeSet<&String> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
    assert_eq!(digests[0], digest(SECTION, &rows, "d1250-2004"));
}

fn text_of_digest(document: &Value) -> String {
    text(&document["digest"])
}

/// A folder with a configuration and a file of rows.
pub(crate) fn folder(section: &str, rows: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    std::fs::write(folder.path().join("gardefou.yaml"), format!("volumetrics:\n{section}")).unwrap();
    std::fs::write(folder.path().join("rows.csv"), rows).unwrap();
    folder
}

pub(crate) const SECTION: &str = "  - name: r\n    csv: rows.csv\n    key: id\n    columns: { volume: v, temperature: t, density: d, density15: d15, vcf: f, volume15: v15 }\n    product: { group: refined }\n    method: d1250-1980\n    vcf-decimals: 5\n";
pub(crate) const HEADER: &str = "id,v,t,d,d15,f,v15\n";
/// A right row.
pub(crate) const RIGHT: &str = "a,40160,31.0,824.5,835.9,0.98633,39611.0\n";

#[test]
fn a_row_that_cannot_be_computed_is_listed_never_dropped() {
    let rows = [
        ("null", "40160,31.0,824.5,835.9,,39611.0", "vcf is NULL"),
        ("nan", "40160,31.0,824.5,835.9,NaN,39611.0", "vcf is NaN"),
        ("word", "40160,31.0,824.5,835.9,x,39611.0", "vcf is `x`, no number"),
        ("zero", "0,31.0,824.5,835.9,0.98633,39611.0", "volume is 0 L"),
        ("negative", "-40160,31.0,824.5,835.9,0.98633,39611.0", "volume is -40160 L"),
        ("unit", "40160,31.0,0.8245,0.8359,0.98633,39611.0", "looks like g/cm³"),
        ("range", "40160,310,824.5,835.9,0.98633,39611.0", "outside -50 to 150 °C"),
        ("factor", "40160,31.0,824.5,835.9,9.8633,39611.0", "lies near 1"),
    ];
    let text: String = rows.iter().map(|(key, cells, _)| format!("{key},{cells}\n")).collect();
    let folder = folder(SECTION, &format!("{HEADER}{RIGHT}{text}"));
    let output = run(folder.path(), &["--format", "json"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let report = json(&output);
    assert_eq!(report["sections"][0]["not_computable"], rows.len());
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), rows.len());
    for ((key, _, why), finding) in rows.iter().zip(findings) {
        assert_eq!(finding["rule"], "volumetrics/not-computable");
        assert_eq!(finding["object"]["name"], format!("r/{key}"));
        assert!(text_in(&finding["message"]).contains(why), "{key}: {}", finding["message"]);
    }
}

fn text_in(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn it_checks_what_is_there() {
    // (columns that exist, the row, wrong or not)
    let cases = [
        ("volume: v, vcf: f, volume15: v15", "a,40160,31,824.5,835.9,0.98633,39611.0", false),
        ("volume: v, vcf: f, volume15: v15", "a,40160,31,824.5,835.9,0.98633,39661.0", true),
        ("temperature: t, density: d, vcf: f", "a,40160,31,824.5,835.9,0.98633,39611.0", false),
        ("temperature: t, density: d, vcf: f", "a,40160,31,824.5,835.9,0.98635,39611.0", true),
        ("volume: v, temperature: t, density: d, volume15: v15", "a,40160,31,824.5,835.9,0.98633,39611.0", false),
        ("volume: v, temperature: t, density: d, volume15: v15", "a,40160,31,824.5,835.9,0.98633,39612.0", true),
        ("volume: v, temperature: t, density15: d15, vcf: f", "a,40160,31,824.5,835.9,0.98633,39611.0", false),
        ("temperature: t, density: d, density15: d15", "a,40160,31,824.5,836.4,0.98633,39611.0", true),
    ];
    for (columns, row, wrong) in cases {
        let section = format!(
            "  - {{ name: r, csv: rows.csv, key: id, columns: {{ {columns} }}, product: {{ group: refined }}, method: d1250-1980, vcf-decimals: 5 }}\n"
        );
        let folder = folder(&section, &format!("{HEADER}{row}\n"));
        let output = run(folder.path(), &[]);
        assert_eq!(code(&output), i32::from(wrong), "{columns}: {}{}", out(&output), err(&output));
    }
}

#[test]
fn bad_input_is_one_line_and_exit_code_two() {
    let good = format!("{HEADER}{RIGHT}");
    let change = |from: &str, to: &str| SECTION.replace(from, to);
    let cases = [
        (change("rows.csv", "none.csv"), good.clone(), "none.csv"),
        (change("f, volume15", "vcff, volume15"), good.clone(), "there is no column `vcff`"),
        (SECTION.to_owned(), format!("{good}b,1,2\n"), "rows.csv: line 3: 3 fields where the header has 7"),
        (SECTION.to_owned(), HEADER.to_owned(), "section `r` has no rows"),
        (change("d1250-1980", "d1250-1999"), good.clone(), "`d1250-1999` is no method"),
        (change("{ group: refined }", "{ group: wine }"), good.clone(), "`wine` is no product group"),
        (change("    method", "    grid: rows.csv\n    method"), good.clone(), "column `density_kgm3` is missing"),
        (change("key: id", "key: id\n    where: v > 3"), good.clone(), "`where` is SQL"),
        (change("csv: rows.csv", "table: public.r"), good.clone(), "no database is named"),
        (change("key: id", "kee: id"), good.clone(), "unknown key `kee`"),
        ("  []\n".to_owned(), good, "no `volumetrics:` section"),
    ];
    for (section, rows, said) in cases {
        let folder = folder(&section, &rows);
        let output = run(folder.path(), &[]);
        let error = err(&output);
        assert_eq!(code(&output), 2, "{said}: {error}{}", out(&output));
        assert!(error.contains(said), "{said}: {error}");
        assert_eq!(out(&output), "", "{said}");
        assert_eq!(error.trim_end().lines().count(), 2, "one line, and that no check was performed: {error}");
    }
}

#[test]
fn waivers_and_levels_apply() {
    let wrong = "b,40160,31.0,824.5,835.9,0.98633,39661.0\n";
    let folder = folder(SECTION, &format!("{HEADER}{RIGHT}{wrong}"));
    assert_eq!(code(&run(folder.path(), &[])), 1);
    assert_eq!(code(&run(folder.path(), &["--fail-on", "never"])), 0);
    let config = folder.path().join("gardefou.yaml");
    let waiver = format!(
        "volumetrics:\n{SECTION}waivers:\n  - {{ rule: volumetrics/volume-mismatch, object: r/b, reason: corrected by hand, until: 2999-12-31 }}\n"
    );
    std::fs::write(&config, waiver).unwrap();
    let output = run(folder.path(), &[]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("0 findings in 2 rows of 1 section (1 waived)"), "{}", out(&output));
}

#[test]
fn a_table_gives_what_the_file_gives() {
    let Some((database, mut client)) = pg::fresh() else { return };
    client
        .batch_execute(
            "create table public.receptions (n serial, id text, date timestamptz, citerne text, produit text, statut text default 'validee',
               densite_observee numeric(6,1), temperature_c double precision, volume_ambiant integer,
               densite_15 numeric(6,1), vcf numeric(7,5), volume_15c numeric(12,1));
             drop role if exists reader; create role reader login; create table public.hidden (id int, vcf numeric);",
        )
        .unwrap();
    let mut reader = csv::Reader::from_path(depot().join("stored_volumes.csv")).unwrap();
    for record in reader.records().map(Result::unwrap) {
        let quoted: Vec<String> = record.iter().map(|cell| format!("'{cell}'")).collect();
        let sql = format!(
            "insert into public.receptions (id, date, citerne, produit, densite_observee, temperature_c, volume_ambiant, densite_15, vcf, volume_15c)
             values ({})",
            quoted.join(", ")
        );
        client.batch_execute(&sql).unwrap();
    }
    client.batch_execute("insert into public.receptions (id, statut, vcf) values ('draft', 'brouillon', 7)").unwrap();
    let url = |user: &str| if user == "postgres" { database.clone() } else { pg::as_user(&database, user) };
    let config = std::fs::read_to_string(depot().join("gardefou.yaml")).unwrap();
    let section = config.split_once("volumetrics:\n").unwrap().1;
    let section =
        section.replace("csv: stored_volumes.csv", "table: public.receptions\n    where: statut = 'validee' -- only");
    let folder = folder(&section, "");
    let check = |url: &str| run(folder.path(), &["--format", "json", "--database-url", url]);
    let output = check(&url("postgres"));
    assert_eq!(code(&output), 1, "{}", err(&output));
    let report = json(&output);
    assert_eq!(causes(&report), expected());
    let file = json(&run(&depot(), &["--format", "json"]));
    for part in ["rows", "months", "groups", "causes", "total", "distribution"] {
        assert_eq!(report["sections"][0][part], file["sections"][0][part], "{part}");
    }
    // What can go wrong, each one line with exit code 2; a password is never shown.
    let write = |section: &str| {
        std::fs::write(folder.path().join("gardefou.yaml"), format!("volumetrics:\n{section}")).unwrap()
    };
    let mut cases = BTreeMap::from([
        ("permission denied for table receptions", (section.clone(), url("reader"))),
        ("there is no such table", (section.replace("public.receptions", "public.reception"), url("postgres"))),
        ("there is no column `vcff`; did you mean `vcf`?", (section.replace("vcf: vcf", "vcf: vcff"), url("postgres"))),
        (
            "column `citerne` is of type text, not a number",
            (section.replace("vcf: vcf", "vcf: citerne"), url("postgres")),
        ),
        ("cannot be reached", (section.clone(), "postgres://u:geheim@127.0.0.1:1/x".to_owned())),
        ("database URL is not understood", (section.clone(), "postgres://u:geheim@[/x".to_owned())),
        ("column \"nix\" does not exist", (section.replace("statut =", "nix ="), url("postgres"))),
    ]);
    let write_attempt = section.replace("statut = 'validee'", "(select setval('public.receptions_n_seq', 1)) > 0");
    cases.insert("cannot execute setval() in a read-only transaction", (write_attempt, url("postgres")));
    for (said, (section, url)) in cases {
        write(&section);
        let output = check(&url);
        let error = err(&output);
        assert_eq!(code(&output), 2, "{said}: {error}");
        assert!(error.contains(said) && !error.contains("geheim"), "{said}: {error}");
    }
}
