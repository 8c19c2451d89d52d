//! Comments, waivers and baselines: what they silence, and what is said when they do not.

use std::collections::BTreeSet;
use std::sync::Arc;

use gardefou::baseline::{self, Baseline};
use gardefou::catalog::{ObjectKind, ObjectRef};
use gardefou::date::Date;
use gardefou::finding::{Finding, Severity, State};
use gardefou::location::{LineIndex, Span};
use gardefou::migrations::{Comment, Executed, Migration, MigrationFile, Within};
use gardefou::suppression::{self, KnownRules};
use gardefou::waiver::{self, Today, Waiver};

const RULES: [&str; 3] = ["rls/policy-to-public", "rls/always-true-read", "rls/not-forced"];

fn rules() -> BTreeSet<String> {
    RULES.map(str::to_owned).into()
}

/// A migration in which every `@…;` or `@…$` is a statement, `{` to `}` a `DO` block, and `--` starts a comment.
fn migration(text: &str) -> Migration {
    let file: Arc<str> = Arc::from("m.sql");
    let lines = LineIndex::new(Arc::clone(&file), text);
    let span = |start: usize, end: usize| Span::new(u32::try_from(start).unwrap(), u32::try_from(end).unwrap());
    let block = text.find('{').map(|start| span(start, text.rfind('}').unwrap() + 1));
    let simple = text.match_indices('@').map(|(start, _)| span(start, start + text[start..].find(';').unwrap()));
    let mut statements: Vec<Span> = simple.chain(block).collect();
    statements.sort_by_key(|span| span.start);
    let in_block = |at: Span| block.filter(|block| block.start <= at.start && at.end <= block.end);
    let top = |at: Span| {
        let after = statements.iter().filter(|span| in_block(**span).is_none_or(|block| block == **span));
        in_block(at).or_else(|| after.copied().find(|span| span.end > at.start))
    };
    let comments = text.match_indices("--").map(|(start, _)| {
        let end = start + text[start..].find('\n').unwrap_or(text.len() - start);
        let at = span(start, end);
        Comment { span: at, text: text[start + 2..end].trim().to_owned(), statement: top(at) }
    });
    let executed = |span: &Span| Executed {
        at: lines.locate(text, *span),
        command: "create policy".to_owned(),
        objects: Vec::new(),
        has_where: false,
        cascade: false,
        setting: None,
        within: Within::File,
        conditional: false,
    };
    Migration {
        statements: statements.iter().map(executed).collect(),
        changes: Vec::new(),
        syntax_errors: Vec::new(),
        comments: comments.collect(),
        file: MigrationFile {
            path: file,
            text: Arc::from(text),
            sections: Vec::new(),
            version: None,
            skipped: None,
            changed: true,
        },
        lines,
    }
}

/// A finding of the first rule on every simple statement, named by the letter after `@`.
fn findings(migration: &Migration) -> Vec<Finding> {
    let named = migration.statements.iter().filter_map(|statement| {
        let name = statement.at.span.slice(&migration.file.text).strip_prefix('@')?;
        Some(finding(RULES[0], &format!("public.{}", &name[..1]), Some(statement.at.clone())))
    });
    named.collect()
}

fn finding(rule: &str, object: &str, location: Option<gardefou::location::Location>) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Error,
        message: format!("`{object}` is open"),
        object: ObjectRef::new(ObjectKind::Policy, object),
        location,
        state: State::New,
        silenced_by: None,
        related: Vec::new(),
        detail: None,
        fix: None,
        discriminator: String::new(),
    }
}

/// `a:suppressed b:new`, then what is said about the silencing.
fn outcome(text: &str) -> String {
    let migration = migration(text);
    let all = rules();
    let known = KnownRules { all: &all, ran: &all };
    let out = suppression::apply(findings(&migration), std::slice::from_ref(&migration), known);
    let line = |finding: &Finding| match finding.rule.strip_prefix("config/") {
        Some(rule) => format!("{rule}@{}", finding.location.as_ref().unwrap().line),
        None => format!("{}:{:?}", finding.object.name.trim_start_matches("public."), finding.state).to_lowercase(),
    };
    out.iter().map(line).collect::<Vec<_>>().join(" ")
}

#[test]
fn comments_silence_the_next_statement_only() {
    let ignore = "-- gardefou:ignore rls/policy-to-public fine";
    let cases = [
        (format!("{ignore}\n@a;\n@b;"), "a:suppressed b:new"),
        (format!("@a; {ignore}\n@b;"), "a:suppressed b:new"),
        (format!("@a; @b; {ignore}\n@c;"), "a:new b:suppressed c:new"),
        (format!("@a;\n\n  {ignore}\n\n@b;"), "a:new b:suppressed"),
        (format!("{ignore}\n{{ @a; @b; }}\n@c;"), "a:suppressed b:suppressed c:new"),
        (format!("{{ @a;\n{ignore}\n@b;\n@c; }}"), "a:new b:suppressed c:new"),
        (format!("{{ @a; {ignore}\n@b; }}"), "a:suppressed b:new"),
        (format!("{{ @a;\n{ignore}\n}}\n@b;"), "a:new b:new unused-suppression@2"),
        (format!("@a \n {ignore}\n rest;\n@b;"), "a:suppressed b:new"),
        (format!("@a;\n{ignore}\n"), "a:new unused-suppression@2"),
        (format!("{ignore}\n{ignore}\n@a;"), "a:suppressed"),
        ("-- gardefou:ignore rls/always-true-read fine\n@a;".to_owned(), "a:new unused-suppression@1"),
        (
            "-- gardefou:ignore rls/policy-to-public, rls/always-true-read fine\n@a;".to_owned(),
            "a:suppressed unused-suppression@1",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(outcome(&text), expected, "{text}");
    }
}

#[test]
fn a_comment_at_the_head_speaks_of_the_file() {
    let all = rules();
    let known = KnownRules { all: &all, ran: &all };
    let ignore = "-- gardefou:ignore rls/not-forced why";
    for (text, expected) in [
        (format!("{ignore}\n@a;"), State::Suppressed),
        (format!("-- x\n\n{ignore}\n"), State::Suppressed),
        (format!("@a;\n{ignore}\n@b;"), State::New),
    ] {
        let migration = migration(&text);
        let whole_file = migration.lines.locate(&text, Span::default());
        let found = vec![finding(RULES[2], "m.sql", Some(whole_file))];
        let out = suppression::apply(found, std::slice::from_ref(&migration), known);
        assert_eq!(out[0].state, expected, "{text}");
    }
}

#[test]
fn a_comment_that_is_not_understood_silences_nothing() {
    let cases = [
        "gardefou:ignore",
        "gardefou:ignore rls/policy-to-public",
        "gardefou:ignore rls/policy-to-public -- ",
        "gardefou:ignore rls/policy-to-pubic some reason",
        "gardefou:ignore all some reason",
        "gardefou:ignore * some reason",
        "gardefou:ignore rls some reason",
        "gardefou:ignore , some reason",
        "gardefou:ignore rls/policy-to-public, nonsense some reason",
        "gardefou: ignore rls/policy-to-public reason",
        "gardefou ignore rls/policy-to-public reason",
        "Gardefou:Ignore rls/policy-to-public reason",
        "gardefou:ignore[rls/policy-to-public] reason",
        "gardefou:disable rls/policy-to-public reason",
    ];
    for comment in cases {
        assert_eq!(outcome(&format!("-- {comment}\n@a;")), "a:new bad-suppression@1", "{comment}");
    }
    for prose in ["gardefou found this", "see gardefou:ignore in the docs", "gardefouignore x"] {
        assert_eq!(outcome(&format!("-- {prose}\n@a;")), "a:new", "{prose}");
    }
}

#[test]
fn what_is_said_about_suppressions() {
    let texts = [
        "-- gardefou:ignore rls/policy-to-pubic why\n@a;",
        "-- gardefou:ignore policy-to-public why\n@a;",
        "-- gardefou:ignore rls/policy-to-public\n@a;",
        "-- gardefou ignore\n@a;",
        "-- gardefou:ignore rls/not-forced why\n@a;",
        "-- gardefou:ignore rls/not-forced why\n",
    ];
    let all = rules();
    let known = KnownRules { all: &all, ran: &all };
    let said: Vec<String> = texts
        .iter()
        .flat_map(|text| suppression::apply(Vec::new(), &[migration(text)], known))
        .map(|finding| format!("{:?} {}: {}", finding.severity, finding.rule, finding.message))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    Error config/bad-suppression: suppression silences nothing: it names `rls/policy-to-pubic`, which is no rule; did you mean `rls/policy-to-public`?
    Error config/bad-suppression: suppression silences nothing: it names `policy-to-public`, which is no rule; did you mean `rls/policy-to-public`?
    Error config/bad-suppression: suppression silences nothing: it gives no reason
    Error config/bad-suppression: suppression silences nothing: it is not of the form `gardefou:ignore rule[, rule] reason`
    Warning config/unused-suppression: suppression of `rls/not-forced` silences nothing: the statement has no such finding
    Warning config/unused-suppression: suppression of `rls/not-forced` silences nothing: no statement follows it
    ");
}

#[test]
fn a_suppression_of_a_rule_that_did_not_run_is_not_unused() {
    let all = rules();
    let ran = BTreeSet::from([RULES[1].to_owned()]);
    let known = KnownRules { all: &all, ran: &ran };
    let text = "-- gardefou:ignore rls/policy-to-public why\n@a;";
    assert_eq!(suppression::apply(Vec::new(), &[migration(text)], known), []);
}

fn waived(rule: &str, object: &str, until: Option<&str>) -> Waiver {
    let at = LineIndex::new("gardefou.yaml", "x").locate("x", Span::new(0, 1));
    let until = until.unwrap_or("2999-12-31").parse().unwrap();
    Waiver { rule: rule.to_owned(), object: object.to_owned(), reason: "why".to_owned(), owner: None, until, at }
}

#[test]
fn waivers_need_rule_and_object_and_time() {
    let all = rules();
    let known = KnownRules { all: &all, ran: &all };
    let today = Today { date: "2026-06-30".parse().unwrap(), known, whole: true };
    let name = "public.citernes.\"read citernes\"";
    let cases = [
        (RULES[0], name, None, "Waived"),
        (RULES[0], "public.citernes.*", None, "Waived"),
        (RULES[0], "public.citernes.read citernes", None, "Waived"),
        (RULES[0], "*", None, "Waived"),
        (RULES[0], "public.citerne?.*", Some("2026-06-30"), "Waived"),
        (RULES[0], "public.*", Some("2026-06-29"), "New config/expired-waiver"),
        (RULES[0], "public.citernes", None, "New config/unused-waiver"),
        (RULES[0], "citernes.*", None, "New config/unused-waiver"),
        (RULES[0], "*.citernes", None, "New config/unused-waiver"),
        (RULES[1], name, None, "New config/unused-waiver"),
    ];
    for (rule, object, until, expected) in cases {
        let out = waiver::apply(vec![finding(RULES[0], name, None)], &[waived(rule, object, until)], today);
        let mut said = format!("{:?}", out[0].state);
        said.extend(out[1..].iter().map(|about| format!(" {}", about.rule)));
        assert_eq!(said, expected, "{rule} {object} {until:?}");
    }
    let partial = Today { whole: false, ..today };
    assert_eq!(
        waiver::apply(Vec::new(), &[waived(RULES[0], "x", None)], partial),
        [],
        "a part says nothing of the rest"
    );
}

#[test]
fn baselines_count_and_go_stale() {
    let all = rules();
    let known = KnownRules { all: &all, ran: &all };
    let one = finding(RULES[0], "public.a", None);
    let two = finding(RULES[1], "public.b", None);
    let baseline = Baseline::of(&[two.clone(), one.clone(), one.clone()]);
    let text = baseline.to_json();
    insta::assert_snapshot!(text, @r#"
    {
      "version": 1,
      "findings": [
        {
          "rule": "rls/always-true-read",
          "object": {
            "kind": "policy",
            "name": "public.b"
          },
          "fingerprint": "3dcdac455d495b051a86d0dff44f2159"
        },
        {
          "rule": "rls/policy-to-public",
          "object": {
            "kind": "policy",
            "name": "public.a"
          },
          "fingerprint": "3fa5a39669a1709b9a9e1a3c56616bcb",
          "count": 2
        }
      ]
    }
    "#);
    assert_eq!(Baseline::parse(&text, "b.json").unwrap(), baseline);
    assert_eq!(baseline.len(), 3);

    let states = |findings: Vec<Finding>, whole| {
        let out = baseline::apply(findings, &baseline, known, whole);
        out.iter().map(|f| format!("{}:{:?}", f.rule, f.state)).collect::<Vec<_>>().join(" ")
    };
    let three_ones = vec![one.clone(), one.clone(), one, two];
    assert_eq!(
        states(three_ones.clone(), true),
        "rls/policy-to-public:Baselined rls/policy-to-public:Baselined rls/policy-to-public:New rls/always-true-read:Baselined",
        "the third of two recorded is new"
    );
    assert_eq!(states(three_ones[..2].to_vec(), true).matches("config/stale-baseline:New").count(), 1);
    assert_eq!(states(Vec::new(), false), "", "a part says nothing of the rest");

    for (text, problem) in
        [("{", "EOF"), ("{\"version\": 2, \"findings\": []}", "version 2"), ("[]", "expected struct")]
    {
        let error = Baseline::parse(text, "b.json").unwrap_err().to_string();
        assert!(error.starts_with("baseline b.json") && error.contains(problem), "{error}");
        assert!(error.ends_with("write it again with `gardefou baseline -o b.json`"), "{error}");
    }
}

#[test]
fn dates() {
    for (text, valid) in [
        ("2026-01-31", true),
        ("2024-02-29", true),
        ("2026-02-29", false),
        ("2100-02-29", false),
        ("2000-02-29", true),
        ("2026-13-01", false),
        ("2026-1-01", false),
        ("2026-01-00", false),
        ("+026-01-01", false),
        ("2026/01/01", false),
        ("é026-01-1", false),
    ] {
        assert_eq!(text.parse::<Date>().is_ok(), valid, "{text}");
    }
    for (days, text) in
        [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_454, "2026-01-01"), (20_818, "2026-12-31")]
    {
        assert_eq!(Date::from_days(days).to_string(), text);
    }
}
