//! Every output format, for a report made by hand: ordinary findings, silenced ones, and names chosen to do harm.

use std::collections::BTreeMap;
use std::sync::Arc;

use gardefou::catalog::{ObjectKind, ObjectRef, QualifiedName};
use gardefou::coverage::{Coverage, CoverageKind};
use gardefou::finding::{Finding, Severity, State};
use gardefou::location::{LineIndex, Location, Span};
use gardefou::report::{Base, FailOn, Format, LookedAt, RenderOptions, Report, RuleDoc, escape, json, render};
use proptest::prelude::*;

const FILE: &str = "supabase/migrations/20260101000000_tanks é.sql";
const SQL: &str = "\
create table public.citernes (id int);
alter table public.citernes enable row level security;
do $$ begin
\tcreate policy \"read citernes\" on public.citernes for select using (true);
end $$;
create view public.\"\u{1b}[31m::error::x\u{202e}\" as select 1; -- ##[error]boo
";
const FORMATS: [(Format, &str); 7] = [
    (Format::Human, "human"),
    (Format::Json, "json"),
    (Format::Sarif, "sarif"),
    (Format::Github, "github"),
    (Format::Gitlab, "gitlab"),
    (Format::Junit, "junit"),
    (Format::Markdown, "markdown"),
];
/// A name that tries everything: escapes, bidi, newlines with commands, Markdown, HTML, XML and log commands.
const HOSTILE: &str = "\u{1b}[31m\r\n::error file=x::pwned\n##[error]##vso[x]`|<script>]]>&amp;%0A@everyone\u{202e}\u{9b}2J\u{2028}[a](http://x)\u{0}";

fn locate(needle: &str) -> Location {
    let start = u32::try_from(SQL.find(needle).unwrap()).unwrap();
    let end = start + u32::try_from(needle.len()).unwrap();
    LineIndex::new(FILE, SQL).locate(SQL, Span::new(start, end))
}

fn finding(rule: &str, severity: Severity, message: &str, object: ObjectRef, at: Option<Location>) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        message: message.to_owned(),
        object,
        location: at,
        state: State::New,
        silenced_by: None,
        related: Vec::new(),
        detail: None,
        fix: None,
        discriminator: String::new(),
    }
}

fn policy(name: &str) -> ObjectRef {
    ObjectRef::on(ObjectKind::Policy, &QualifiedName::new("public", "citernes"), name)
}

fn doc(id: &str) -> (String, RuleDoc) {
    let doc = RuleDoc {
        id: id.to_owned(),
        title: format!("Title of {id}"),
        severity: Severity::Error,
        rationale: "Why it matters.\nIn two lines.".to_owned(),
        remediation: "Name the roles: add `to authenticated`.\n\nMore prose.".to_owned(),
        fix: Some("alter policy {policy.name} on {policy.table} to authenticated;".to_owned()),
        references: vec!["https://www.postgresql.org/docs/current/sql-createpolicy.html".to_owned()],
        tags: vec!["rls".to_owned(), "security".to_owned()],
    };
    (id.to_owned(), doc)
}

fn sample() -> Report {
    let statement = "create policy \"read citernes\" on public.citernes for select using (true)";
    let mut public = finding(
        "rls/policy-to-public",
        Severity::Error,
        "policy `read citernes` on `public.citernes` applies to PUBLIC (no TO clause)",
        policy("read citernes"),
        Some(locate(statement)),
    );
    public.related =
        vec![(locate("alter table public.citernes enable row level security"), "switched on here".to_owned())];
    public.fix = Some("alter policy \"read citernes\" on public.citernes to authenticated;\nselect 1;".to_owned());
    let view = ObjectRef::new(ObjectKind::View, QualifiedName::new("public", "\u{1b}[31m::error::x\u{202e}"));
    let view_message = format!("view `{}` runs as its owner", view.name);
    let create_view = locate("create view public.\"\u{1b}[31m::error::x\u{202e}\" as select 1; -- ##[error]boo");
    let hostile = finding("views/not-security-invoker", Severity::Warning, &view_message, view, Some(create_view));
    let unplaced = finding(
        "grants/public-grant",
        Severity::Note,
        &format!("`{HOSTILE}` is granted to PUBLIC"),
        ObjectRef::new(ObjectKind::Table, HOSTILE),
        None,
    );
    let silenced = [(State::Suppressed, 1), (State::Waived, 2), (State::Baselined, 3)].map(|(state, n)| {
        let mut silenced = public.clone();
        silenced.state = state;
        silenced.discriminator = n.to_string();
        silenced.silenced_by = Some(format!("reason {n}"));
        silenced.related.clear();
        silenced
    });
    let twin = public.clone();
    let mut coverage: Vec<Coverage> = (0..5)
        .map(|n| Coverage {
            kind: CoverageKind::Assumed,
            location: None,
            object: Some(ObjectRef::new(ObjectKind::Table, format!("public.t{n}"))),
            message: format!("table `public.t{n}` is used but never created here"),
        })
        .collect();
    coverage.push(Coverage {
        kind: CoverageKind::DynamicSql,
        location: Some(locate("do $$")),
        object: None,
        message: format!("dynamic SQL `{HOSTILE}`"),
    });
    let findings = [unplaced, hostile, twin, public].into_iter().chain(silenced).collect();
    let looked_at = LookedAt {
        files: 1,
        statements: 5,
        objects: ["table", "policy", "view"].map(|kind| (kind.to_owned(), 1)).into(),
    };
    let rules = ["rls/policy-to-public", "views/not-security-invoker", "grants/public-grant", "rls/rls-disabled"];
    let sources = BTreeMap::from([(Arc::from(FILE), Arc::from(SQL))]);
    Report::new(findings, coverage, looked_at, rules.map(doc).into_iter().collect(), sources)
}

fn options(format: Format) -> RenderOptions {
    let base =
        Base { root: "/repo".to_owned(), start: "/repo/db".to_owned(), anchor: Some("gardefou.yaml".to_owned()) };
    RenderOptions { format, base, ..RenderOptions::default() }
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/reports");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_format_as_printed() {
    for (format, name) in FORMATS {
        let text = render(&sample(), &options(format)).replace(env!("CARGO_PKG_VERSION"), "[version]");
        assert!(text.ends_with('\n'), "{name} ends without a newline");
        settings().bind(|| insta::assert_snapshot!(name, text));
    }
}

#[test]
fn human_with_everything_and_in_colour() {
    let mut options = options(Format::Human);
    options.verbose = true;
    settings().bind(|| insta::assert_snapshot!("human-verbose", render(&sample(), &options)));
    options.color = true;
    let text = render(&sample(), &options);
    assert!(text.contains("\u{1b}[1m"), "colour was asked for");
    assert!(!text.contains("\u{1b}[31m::"), "the name's own colour must not come through");
}

#[test]
fn a_report_of_nothing_still_says_how_much_was_looked_at() {
    let looked_at = LookedAt { files: 2, statements: 9, objects: BTreeMap::from([("table".to_owned(), 7)]) };
    let report = Report::new(Vec::new(), Vec::new(), looked_at, [doc("rls/x")].into(), BTreeMap::new());
    assert_eq!(render(&report, &options(Format::Human)), "0 findings in 7 objects (2 files, 9 statements, 1 rule)\n");
    for (format, name) in FORMATS {
        assert!(!render(&report, &options(format)).trim().is_empty(), "{name}");
    }
}

#[test]
fn order_does_not_depend_on_input_order() {
    let report = sample();
    let mut findings = report.findings.clone();
    findings.reverse();
    let mut coverage = report.coverage.clone();
    coverage.reverse();
    let again =
        Report::new(findings, coverage, report.summary.looked_at.clone(), report.rules.clone(), report.sources.clone());
    for (format, name) in FORMATS {
        assert_eq!(render(&report, &options(format)), render(&again, &options(format)), "{name}");
    }
}

#[test]
fn failing_depends_on_severity_of_new_findings_only() {
    let mut report = sample();
    let cases = [(FailOn::Error, true), (FailOn::Warning, true), (FailOn::Note, true), (FailOn::Never, false)];
    assert_eq!(cases.map(|(fail_on, _)| report.fails(fail_on)), cases.map(|(_, fails)| fails));
    let noted: Vec<_> = report
        .findings
        .drain(..)
        .filter(|finding| finding.state != State::New || finding.severity == Severity::Note)
        .collect();
    let report = Report::new(noted, Vec::new(), LookedAt::default(), BTreeMap::new(), BTreeMap::new());
    let cases = [(FailOn::Error, false), (FailOn::Warning, false), (FailOn::Note, true), (FailOn::Never, false)];
    assert_eq!(cases.map(|(fail_on, _)| report.fails(fail_on)), cases.map(|(_, fails)| fails));
}

#[test]
fn sarif_is_valid_and_every_result_is_placed() {
    let text = render(&sample(), &options(Format::Sarif));
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema = sarif_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut broken = log.clone();
    broken["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&broken), "the validator validates");

    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), sample().findings.len());
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            uri == "db/gardefou.yaml" || uri == "db/supabase/migrations/20260101000000_tanks%20%C3%A9.sql",
            "{uri}"
        );
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(fingerprints.insert(result["partialFingerprints"].to_string()), "fingerprints repeat");
    }
}

#[test]
fn fingerprints_do_not_move_with_lines() {
    let prints = |report: &Report| -> Vec<String> { report.fingerprinted().map(|(_, print)| print).collect() };
    let report = sample();
    let mut shifted = report.findings.clone();
    for finding in &mut shifted {
        if let Some(at) = &mut finding.location {
            at.line = at.line.saturating_add(40);
        }
    }
    let shifted = Report::new(shifted, Vec::new(), LookedAt::default(), BTreeMap::new(), BTreeMap::new());
    assert_eq!(prints(&report), prints(&shifted));
}

/// The schema shipped inside the `serde-sarif` package.
fn sarif_schema() -> serde_json::Value {
    // Packages for other platforms than this one may never have been downloaded.
    let rustc = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn json_matches_its_schema_and_the_schema_its_file() {
    let schema = serde_json::to_value(schemars::schema_for!(json::Document)).unwrap();
    let text = render(&sample(), &options(Format::Json));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(
        validator.is_valid(&document),
        "{:?}",
        validator.iter_errors(&document).map(|e| e.to_string()).collect::<Vec<_>>()
    );
    assert_eq!(document["version"], 1);
    let unplaced =
        document["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "grants/public-grant").unwrap();
    assert_eq!(unplaced["object"]["name"], HOSTILE, "data comes through unchanged");
    crate::support::generated("docs/report.schema.json", &schema);
}

#[test]
fn junit_counts_and_github_paths() {
    let junit = quick_junit::Report::deserialize_from_str(&render(&sample(), &options(Format::Junit))).unwrap();
    let suite = &junit.test_suites[0];
    // Four new findings, three silenced ones, and the rule that found nothing.
    assert_eq!(suite.test_cases.len(), 8);
    let text = render(&sample(), &options(Format::Github));
    assert!(text.contains("file=db/supabase/migrations/20260101000000_tanks é.sql,line=4,col=2,"), "{text}");
}

#[test]
fn gitlab_has_the_fields_the_format_requires() {
    let issues: serde_json::Value = serde_json::from_str(&render(&sample(), &options(Format::Gitlab))).unwrap();
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), 4, "silenced findings are not issues");
    for issue in issues {
        for key in ["description", "check_name", "fingerprint", "severity"] {
            assert!(issue[key].as_str().is_some_and(|text| !text.is_empty()), "{key} in {issue}");
        }
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
    }
}

/// A line of Markdown without its code spans, read as CommonMark reads it.
fn outside_code(line: &str) -> String {
    let run = |text: &str| text.len() - text.trim_start_matches('`').len();
    let (mut rest, mut out) = (line, String::new());
    while let Some(c) = rest.chars().next() {
        if c == '`' {
            let (ticks, behind) = rest.split_at(run(rest));
            let closers = behind.match_indices(ticks).map(|(at, _)| at);
            let alone = |at: &usize| !behind[..*at].ends_with('`') && run(&behind[*at..]) == ticks.len();
            rest = closers.into_iter().find(alone).map_or(behind, |at| &behind[at + ticks.len()..]);
            continue;
        }
        let taken = if c == '\\' { rest.chars().take(2).map(char::len_utf8).sum() } else { c.len_utf8() };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

/// Lines of Markdown without its fenced blocks; one that is not closed is all that follows.
fn outside_fences(text: &str) -> Vec<&str> {
    let run = |line: &str| line.len() - line.trim_start_matches('`').len();
    let (mut open, mut out) = (0, Vec::new());
    for line in text.lines() {
        match (open, run(line)) {
            (0, ticks @ 3..) if !line[ticks..].contains('`') => open = ticks,
            (0, _) => out.push(line),
            (fence, ticks) if ticks >= fence && line[ticks..].trim().is_empty() => open = 0,
            (_, _) => {}
        }
    }
    assert_eq!(open, 0, "a fence stays open in {text:?}");
    out
}

/// What must not be in any output, whatever the names.
fn assert_harmless(name: &str, text: &str) {
    for c in text.chars().filter(|c| *c != '\n') {
        assert!(!escape::is_hostile(c), "{name}: {c:?} in {text:?}");
    }
    if name != "json" && name != "sarif" && name != "gitlab" {
        assert!(!text.contains("##[") && !text.contains("##vso["), "{name}: log command in {text:?}");
    }
    for line in text.lines().filter(|line| line.trim_start().starts_with("::")) {
        let ours = [
            "::error file=",
            "::warning file=",
            "::notice file=",
            "::notice title=gardefou::",
            "::warning title=gardefou:",
        ];
        assert!(name == "github" && ours.iter().any(|start| line.starts_with(start)), "{name}: {line:?}");
    }
    if name == "markdown" {
        let prose: String = outside_fences(text).into_iter().map(outside_code).collect();
        assert!(!prose.contains("<script") && !prose.contains("@everyone"), "{text:?}");
    }
    if name == "junit" {
        assert!(quick_junit::Report::deserialize_from_str(text).is_ok(), "{text:?}");
    }
}

fn report_named(name: &str, sql: &str, start: usize) -> Report {
    let start = u32::try_from(start.min(sql.len())).unwrap();
    let at = LineIndex::new(name, sql).locate(sql, Span::new(start, u32::try_from(sql.len()).unwrap()));
    let mut found = finding(
        &format!("group/{name}"),
        Severity::Error,
        &format!("`{name}` is bad"),
        ObjectRef::new(ObjectKind::Table, name),
        Some(at.clone()),
    );
    found.related = vec![(at.clone(), name.to_owned())];
    found.fix = Some(name.to_owned());
    let unplaced = finding(name, Severity::Note, name, ObjectRef::new(ObjectKind::Other, name), None);
    let mut silenced = found.clone();
    silenced.state = State::Waived;
    silenced.silenced_by = Some(name.to_owned());
    let coverage =
        vec![Coverage { kind: CoverageKind::Opaque, location: Some(at), object: None, message: name.to_owned() }];
    let sources = BTreeMap::from([(Arc::from(name), Arc::from(sql))]);
    let mut rule = doc(name).1;
    rule.title = name.to_owned();
    rule.remediation = name.to_owned();
    let rules = BTreeMap::from([(name.to_owned(), rule)]);
    Report::new(vec![found, unplaced, silenced], coverage, LookedAt::default(), rules, sources)
}

fn assert_report_harmless(report: &Report) {
    for (format, name) in FORMATS {
        let mut options = options(format);
        options.verbose = true;
        assert_harmless(name, &render(report, &options));
    }
}

#[test]
fn a_hostile_name_reaches_no_output_raw() {
    assert_report_harmless(&report_named(HOSTILE, HOSTILE, 3));
    assert_report_harmless(&sample());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn no_text_reaches_an_output_raw(
        parts in prop::collection::vec(prop_oneof![
            any::<char>().prop_map(String::from),
            "[\u{0}-\u{a0}]{1,8}",
            prop::sample::select(vec!["::", "\n", "##[", "#", "`", "|", "<script>", "\u{1b}[2J", "\u{202e}", "\u{200d}", "]]>", "%0A", "\r", "\t"]).prop_map(str::to_owned),
        ], 0..12),
        start in 0usize..40,
    ) {
        let text = parts.concat();
        assert_report_harmless(&report_named(&text, &text, start));
    }
}

#[test]
fn a_very_long_line_is_shown_as_a_window() {
    let sql = format!("{}create policy p on t;{}", "select 1; ".repeat(50_000), " select 2;".repeat(50_000));
    let text = render(&report_named("long.sql", &sql, 500_000), &options(Format::Human));
    assert!(text.len() < 4_000, "{} bytes", text.len());
    assert!(text.contains("create policy p on t;"), "{text}");
}
