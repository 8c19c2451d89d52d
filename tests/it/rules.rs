//! Rule files: what they may say, what is refused at load, and that every built-in rule keeps its own promises.

#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

use std::collections::{BTreeMap, BTreeSet};

use gardefou::catalog::{
    Acl, AclEntry, Catalog, Fact, ObjectKind, Origin, Policy, Privilege, Provenance, QualifiedName, Relation, Role,
    Schema,
};
use gardefou::check::{self, CheckConfig, CheckInput, CheckOutput};
use gardefou::coverage::CoverageKind;
use gardefou::finding::Severity;
use gardefou::location::{LineIndex, Location, Span};
use gardefou::rule::{self, Logic, Param, Rule, RuleSet, Selection, schema};
use gardefou::sql::ast::PolicyCommand;

fn built_in() -> RuleSet {
    rule::built_in().unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("built-in rules do not load:\n{}", lines.join("\n"))
    })
}

/// A rule file with one key's line replaced.
fn file(target: &str, lines: &str) -> String {
    format!(
        "title: A test\nseverity: error\ntags: [test]\ntarget: {target}\n{lines}\nrationale: because\nremediation: do not\n"
    )
}

fn load(text: &str) -> Result<Rule, String> {
    rule::parse("rules/test/a-rule.yaml", text, false)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn rule(target: &str, lines: &str) -> Rule {
    load(&file(target, lines)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn mistakes_are_refused_at_load() {
    let cases = [
        ("unknown field", "policy", "assert: policy.using.always_tru\nmessage: x"),
        ("field without its clause", "policy", "assert: policy.always_true\nmessage: x"),
        ("group of fields", "policy", "assert: policy.using\nmessage: x"),
        ("typo behind an absorbing true", "table", "assert: 'true || table.rls.enabld'\nmessage: x"),
        ("another target's field", "table", "assert: policy.permissive\nmessage: x"),
        ("unknown root", "table", "assert: tabel.exposed\nmessage: x"),
        ("the target itself", "table", "assert: table == 'x'\nmessage: x"),
        ("unknown function", "table", "assert: table.name.startWith('a')\nmessage: x"),
        ("wrong argument", "table", "assert: table.name.startsWith(1)\nmessage: x"),
        ("wrong operands", "table", "assert: table.exposed == 'yes'\nmessage: x"),
        ("list against text", "policy", "assert: policy.roles == 'anon'\nmessage: x"),
        ("element of another type", "policy", "assert: 1 in policy.roles\nmessage: x"),
        ("not a condition", "table", "assert: table.name\nmessage: x"),
        ("has()", "table", "assert: has(table.name)\nmessage: x"),
        ("null", "table", "assert: table.name == null\nmessage: x"),
        ("field of a macro variable", "policy", "assert: policy.roles.exists(r, r.name == 'x')\nmessage: x"),
        ("macro over text", "policy", "assert: policy.name.exists(r, r == 'x')\nmessage: x"),
        ("unknown config", "table", "assert: table.schema in config.exposed_shemas\nmessage: x"),
        ("unknown parameter", "table", "params: {limit: 3}\nassert: size(table.columns) < params.limits\nmessage: x"),
        ("not CEL", "table", "assert: table.exposed &&\nmessage: x"),
        ("in the message", "table", "assert: table.exposed\nmessage: '{table.nam} is bad'"),
        ("brace never closed", "table", "assert: table.exposed\nmessage: 'x {table.name'"),
        ("brace never opened", "table", "assert: table.exposed\nmessage: 'x }'"),
        ("unknown key", "table", "asert: table.exposed\nmessage: x"),
        ("unknown target", "tabel", "assert: table.exposed\nmessage: x"),
        ("unknown check", "table", "check: nonsense\nmessage: x"),
        ("nothing to check", "table", "when: table.exposed\nmessage: x"),
        ("two ways to check", "table", "assert: table.exposed\nquery: select 1\nmessage: x"),
        ("no message", "table", "assert: table.exposed"),
        ("wrong type", "table", "assert: table.exposed\nmessage: [x]"),
        (
            "unknown severity",
            "table",
            "severity_when: [{if: 'true', severity: eror}]\nassert: table.exposed\nmessage: x",
        ),
    ];
    let fixes = [
        ("quotes round a name", "table", r#"drop table "{table.name}";"#),
        ("a literal round a name", "table", "select '{table.name}';"),
        ("a comment", "table", "alter table {table.name} force row level security; -- owner too"),
        ("a dollar quote", "table", "do $$ begin {table.name} end $$;"),
        ("a quote in an expression", "table", r#"drop table {"'" + table.name};"#),
        ("text that is no name", "policy", "alter policy {policy.name} on {policy.table} using ({policy.using.text});"),
        ("a type that may be anything", "column", "alter table {column.table} alter {column.name} type {column.type};"),
        ("cutting", "table", "drop table {table.name.replace('a', 'b')};"),
        ("configuration", "table", "revoke all on {table.name} from {config.exposed_roles};"),
        ("an unknown field", "table", "drop table {table.nam};"),
    ];
    let mut report = String::new();
    for (name, target, fix) in fixes {
        let text = file(target, &format!("assert: 'true'\nmessage: x\nfix: |\n  {fix}"));
        let error = load(&text).err().unwrap_or_else(|| panic!("`{name}` was accepted"));
        report.push_str(&format!("fix with {name}: {error}\n"));
    }
    let text =
        file("table", "check: access-child-bypass\nmessage: x\nfix: alter table {table.name} owner to {table.owner};");
    report.push_str(&format!("fix of a check: {}\n", load(&text).expect_err("a check knows no owner")));
    for (name, target, lines) in cases {
        let error = load(&file(target, lines)).err().unwrap_or_else(|| panic!("`{name}` was accepted"));
        report.push_str(&format!("{name}: {error}\n"));
    }
    let error = rule::parse("Rules/Bad Name.yaml", &file("table", "assert: table.exposed\nmessage: x"), false);
    report.push_str(&format!("file name: {}\n", error.err().map(|e| e[0].to_string()).unwrap_or_default()));
    insta::with_settings!({snapshot_path => "../../snapshots/rules", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("load-errors", report);
    });
}

#[test]
fn good_expressions_are_accepted() {
    let cases = [
        ("policy", "policy.roles.exists(r, r in config.exposed_roles) || !policy.permissive"),
        ("policy", "policy.roles.filter(r, r != 'public').map(r, r + '!').join(', ') == ''"),
        ("policy", "policy.roles.all(r, policy.overlaps.exists(o, o == r))"),
        ("policy", "policy.roles.exists_one(r, r == 'anon')"),
        ("policy", "size(policy.using.columns) > 0 ? policy.using.always_true : policy.name.matches('^a')"),
        ("function", "function.signature.startsWith('public.') && function.name != 'function'"),
        ("table", "!(table.name in ['a', 'b']) && size(table.columns) <= 3 + 1"),
        ("change", "change.before.permissive && change.after.type.lowerAscii() == 'text'"),
    ];
    for (target, condition) in cases {
        let text = file(target, &format!("assert: \"{condition}\"\nmessage: a message"));
        assert!(load(&text).is_ok(), "{condition}: {:?}", load(&text).err());
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Built-in rules

#[test]
fn built_in_rules_keep_the_conventions() {
    let mut broken = Vec::new();
    let mut ids = BTreeSet::new();
    for rule in built_in().iter() {
        for problem in problems(rule) {
            broken.push(format!("{}: {problem}", rule.file));
        }
        assert!(ids.insert(rule.id.clone()), "{} twice", rule.id);
    }
    assert!(ids.len() >= 54, "only {} rules", ids.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_example_of_every_built_in_rule_holds() {
    let rules = built_in();
    let outcomes = rule::test::run(rules.iter());
    assert!(
        outcomes.len() >= 2 * rules.iter().filter(|rule| rule.target.name != "measurement").count(),
        "only {} examples",
        outcomes.len()
    );
    let failed: Vec<String> = outcomes
        .into_iter()
        .filter_map(|outcome| Some(format!("{}: {}: {}", outcome.rule, outcome.example, outcome.problem?)))
        .collect();
    assert!(failed.is_empty(), "{} examples fail:\n{}", failed.len(), failed.join("\n"));
}

fn problems(rule: &Rule) -> Vec<&'static str> {
    let message = &rule.message.text;
    let first = message.chars().next().unwrap_or(' ');
    // Examples are SQL; stored volumes have their own tests in `drift`.
    let stored = rule.target.name == "measurement" || rule.tags.iter().any(|tag| tag == "live");
    // What splinter's own suite shows: a bloated table is too large for an example, the others need the platform's queues
    // and buckets.
    let stored = stored
        || ["performance/table-bloat", "rls/public-bucket-listing", "rls/queue-exposed"].contains(&rule.id.as_str());
    let checks = [
        (first.is_lowercase() || first == '`' || first == '{', "the message starts in lower case, or with the object"),
        // A check in code says its own, about the object it found.
        (
            message.contains('`') || rule.id == "migrations/syntax-error" || matches!(rule.logic, Logic::Code(_)),
            "the message names its object in backticks",
        ),
        (!message.ends_with('.') && !message.contains('\n'), "the message is one line without a final period"),
        (first_line_is_sentence(&rule.remediation), "the remediation's first line stands alone"),
        (rule.rationale.trim().len() > 40, "the rationale says why"),
        (!rule.title.ends_with('.') && rule.title.len() < 80, "the title is one short line without a period"),
        (rule.title.starts_with(char::is_uppercase), "the title starts with a capital"),
        (rule.references.iter().all(|link| link.starts_with("https://")), "references are https links"),
        (!rule.references.is_empty(), "there is a reference"),
        (!rule.tags.is_empty(), "there is a tag"),
        (stored || !rule.examples.fail.is_empty(), "there is a failing example"),
        (stored || !rule.examples.pass.is_empty(), "there is a passing example"),
        (rule.examples.fail.iter().all(|example| !example.finds.is_empty()), "a failing example finds something"),
    ];
    checks.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

fn first_line_is_sentence(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.len() > 10 && line.len() < 140)
}

#[test]
fn json_schema_is_up_to_date() {
    crate::support::generated("rules/schema.json", &rule::json_schema());
}

// ---------------------------------------------------------------------------------------------------------------
// Selection

#[test]
fn selection_by_id_group_and_tag() {
    let rules = built_in();
    let ids = |selection: &Selection| -> Vec<String> {
        rules.apply(selection).unwrap().into_iter().map(|rule| rule.id).collect()
    };
    let select = |names: &[&str]| Selection { select: owned(names), ..Selection::default() };
    assert_eq!(ids(&select(&["rls/policy-to-public"])), ["rls/policy-to-public"]);
    assert!(ids(&select(&["destructive"])).iter().all(|id| id.starts_with("destructive/")));
    assert!(ids(&select(&["destructive"])).len() > 10);
    assert!(ids(&select(&["cwe-862"])).contains(&"rls/policy-to-public".to_owned()));
    let all = ids(&Selection::default()).len();
    let ignore = Selection { ignore: owned(&["rls", "rls/rls-disabled"]), ..Selection::default() };
    assert!(ids(&ignore).len() < all && !ids(&ignore).iter().any(|id| id.starts_with("rls/")));
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn selection_refuses_what_does_not_exist() {
    let rules = RuleSet::from(vec![rule(
        "table",
        "params: {limit: 3}\nassert: size(table.columns) < params.limit\nmessage: x",
    )]);
    let error = |selection: Selection| {
        let errors = rules.apply(&selection).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let params = |name: &str, value: Param| Selection {
        params: BTreeMap::from([("test/a-rule".to_owned(), BTreeMap::from([(name.to_owned(), value)]))]),
        ..Selection::default()
    };
    let cases = [
        Selection { ignore: owned(&["test/a-rul"]), ..Selection::default() },
        Selection { select: owned(&["a-rule"]), ..Selection::default() },
        Selection { severity: BTreeMap::from([("tset".to_owned(), Severity::Note)]), ..Selection::default() },
        params("limits", Param::Int(4)),
        params("limit", Param::Text("four".to_owned())),
        Selection { params: BTreeMap::from([("test/a-rules".to_owned(), BTreeMap::new())]), ..Selection::default() },
    ];
    let report: Vec<String> = cases.into_iter().map(error).collect();
    insta::with_settings!({snapshot_path => "../../snapshots/rules", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("selection-errors", report.join("\n"));
    });
    let applied = rules.apply(&params("limit", Param::Int(4))).unwrap();
    assert_eq!(applied[0].params["limit"], Param::Int(4));
}

// ---------------------------------------------------------------------------------------------------------------
// Evaluation

fn at(line: u32) -> Location {
    let text = "\n".repeat(100);
    LineIndex::new("1.sql", &text).locate(&text, Span::new(line - 1, line - 1))
}

fn made(line: u32) -> Provenance {
    Provenance { origin: Origin::Migration, defined: Some(at(line)), conditional: false }
}

fn table(provenance: Provenance, rls: Fact<bool>) -> Relation {
    let mut acl = Acl::default();
    acl.grant(AclEntry {
        grantee: "anon".into(),
        privilege: Privilege::Select,
        grantable: false,
        grantor: "postgres".into(),
        at: None,
        by_default: true,
        conditional: false,
    });
    Relation {
        provenance,
        kind: ObjectKind::Table,
        owner: Fact::known("postgres".into(), None),
        columns: Vec::new().into(),
        columns_complete: true,
        constraints: BTreeMap::new().into(),
        rls_enabled: rls,
        rls_forced: Fact::known(false, None),
        policies: BTreeMap::new().into(),
        triggers: BTreeMap::new().into(),
        rules: BTreeMap::new().into(),
        options: Fact::known(BTreeMap::new(), None),
        definition: None,
        parents: Vec::new(),
        is_partition: false,
        partition_by: None,
        unlogged: false,
        acl,
        revoked: Vec::new(),
        comment: None,
    }
}

fn catalog(tables: Vec<(&str, Relation)>) -> Catalog {
    let mut catalog = Catalog::default();
    catalog.roles.insert("anon".into(), Role::default());
    let mut public =
        Schema { provenance: Provenance { origin: Origin::Platform, ..Provenance::default() }, ..Schema::default() };
    public.acl.grant(AclEntry {
        grantee: "anon".into(),
        privilege: Privilege::Usage,
        grantable: false,
        grantor: "postgres".into(),
        at: None,
        by_default: false,
        conditional: false,
    });
    catalog.schemas.insert("public".into(), public);
    for (name, relation) in tables {
        catalog.relations.insert(QualifiedName::new("public", name), relation);
    }
    catalog
}

fn run(catalog: &Catalog, rules: &[Rule]) -> CheckOutput {
    let config = CheckConfig::default();
    let input = CheckInput {
        catalog,
        migrations: &[],
        coverage: &[],
        rules,
        config: &config,
        changed_only: false,
        live: None,
        before: None,
    };
    check::run(&input)
}

fn messages(output: &CheckOutput) -> Vec<&str> {
    output.findings.iter().map(|finding| finding.message.as_str()).collect()
}

#[test]
fn a_rule_finds_places_and_renders() {
    let lines = "when: table.exposed\nassert: table.rls.enabled\nmessage: '`{table.name}` {{{table.exposed_to}}} {size(table.columns)} {table.rls.forced}'";
    let off = table(made(3), Fact::known(false, Some(at(7))));
    let output =
        run(&catalog(vec![("off", off), ("on", table(made(4), Fact::known(true, None)))]), &[rule("table", lines)]);
    assert_eq!(messages(&output), ["`public.off` {anon} 0 false"]);
    let finding = &output.findings[0];
    assert_eq!((finding.object.kind, finding.object.name.as_str()), (ObjectKind::Table, "public.off"));
    assert_eq!(finding.location.as_ref().map(|at| at.line.get()), Some(7), "where the fact was set, not the table");
    assert_eq!(output.looked_at["test/a-rule"], 2);
    assert_eq!(output.subjects["table"], 2);
}

#[test]
fn an_unknown_fact_makes_no_claim_and_is_said_once_per_object() {
    let unknown = || catalog(vec![("t", table(made(3), Fact::unknown(None)))]);
    let conditions = [
        // condition over an unknown fact, findings, objects in Coverage
        ("assert: table.rls.enabled", 0, 1),
        ("assert: '!table.rls.enabled'", 0, 1),
        ("assert: table.rls.enabled || true", 0, 0),
        ("assert: true || table.rls.enabled", 0, 0),
        ("assert: table.rls.enabled && false", 1, 0),
        ("assert: false && table.rls.enabled", 1, 0),
        ("assert: 'table.rls.enabled ? true : false'", 0, 1),
        ("when: table.rls.enabled\nassert: 'false'", 0, 1),
        ("when: table.rls.enabled\nassert: 'true'", 0, 0),
        ("when: table.rls.enabled && table.name == 'other'\nassert: 'false'", 0, 0),
        ("when: size(table.policies) == 0\nassert: 'false'", 0, 1),
        ("assert: table.policies.exists(p, p == 'x') || table.name == 'public.t'", 0, 0),
    ];
    for (lines, findings, gaps) in conditions {
        let output = run(&unknown(), &[rule("table", &format!("{lines}\nmessage: found"))]);
        assert_eq!((output.findings.len(), output.coverage.len()), (findings, gaps), "{lines}");
    }
    let many = ["a", "b", "c", "d", "e"].map(|name| (name, table(made(3), Fact::unknown(None)))).into();
    let output = run(&catalog(many), &[rule("table", "assert: table.rls.enabled\nmessage: x")]);
    let lines: Vec<&str> = output.coverage.iter().map(|entry| entry.message.as_str()).collect();
    let many =
        "`public.a`, `public.b` and 3 more of kind table: 1 rule could not judge them, facts are unknown: test/a-rule";
    assert_eq!(lines, [many]);
    let two: Vec<Rule> = ["test/one", "test/two"]
        .map(|id| Rule { id: id.to_owned(), ..rule("table", "assert: table.rls.enabled\nmessage: x") })
        .into();
    let output = run(&unknown(), &two);
    assert_eq!(output.coverage.len(), 1);
    assert_eq!(output.coverage[0].kind, CoverageKind::NotRun);
    assert_eq!(
        output.coverage[0].message,
        "`public.t`: 2 rules could not judge it, facts are unknown: test/one, test/two"
    );
}

#[test]
fn an_assumed_table_is_not_judged_on_what_it_does_not_show() {
    let provenance = Provenance { origin: Origin::Assumed, ..made(3) };
    let mut relation = table(provenance, Fact::unknown(None));
    relation.acl = Acl::default();
    relation.columns_complete = false;
    relation.policies.insert("open".into(), policy(Fact::known(vec!["public".into()], Some(at(9)))).into());
    let rules = built_in().apply(&Selection { ignore: owned(&["migrations"]), ..Selection::default() }).unwrap();
    let output = run(&catalog(vec![("made_elsewhere", relation)]), &rules);
    let found: BTreeSet<&str> = output.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert!(found.contains("rls/policy-to-public"), "{found:?}");
    for silent in ["rls/rls-disabled", "rls/policy-without-rls", "rls/not-forced", "rls/rls-without-policy"] {
        assert!(!found.contains(silent), "{silent} claims what is not known");
    }
    assert!(output.coverage.iter().any(|entry| entry.kind == CoverageKind::Assumed));
}

fn policy(roles: Fact<Vec<String>>) -> Policy {
    Policy {
        provenance: made(9),
        permissive: true,
        command: PolicyCommand::Select,
        roles,
        roles_omitted: Some(true),
        using: Fact::unknown(None),
        check: Fact::known(None, None),
        comment: None,
    }
}

#[test]
fn a_conditional_fact_says_so() {
    let rules = [
        rule("table", "assert: table.rls.enabled\nmessage: off"),
        rule("table", "assert: '!table.exposed'\nmessage: out"),
    ];
    let fact = Fact { value: Some(false), at: Some(at(7)), conditional: true };
    let output = run(&catalog(vec![("t", table(made(3), fact))]), &rules);
    assert_eq!(messages(&output), ["off (in a branch that may not run)", "out"]);
    let whole = table(Provenance { conditional: true, ..made(3) }, Fact::known(true, None));
    assert_eq!(messages(&run(&catalog(vec![("t", whole)]), &rules)), ["out (in a branch that may not run)"]);
}

#[test]
fn the_platforms_own_objects_are_no_subjects() {
    let relation = table(Provenance { origin: Origin::Platform, ..Provenance::default() }, Fact::known(false, None));
    let output = run(&catalog(vec![("t", relation)]), &[rule("table", "assert: 'false'\nmessage: found")]);
    assert_eq!((output.findings.len(), output.subjects["table"]), (0, 0));
}

#[test]
fn severity_follows_the_first_condition_that_holds() {
    let lines = "severity_when: [{if: table.exposed, severity: note}, {if: 'true', severity: warning}]\nassert: 'false'\nmessage: x";
    let output = run(&catalog(vec![("t", table(made(3), Fact::known(false, None)))]), &[rule("table", lines)]);
    assert_eq!(output.findings[0].severity, Severity::Note);
    let rules = RuleSet::from(vec![rule("table", lines)]);
    let severity = BTreeMap::from([("test".to_owned(), Severity::Error)]);
    let configured = rules.apply(&Selection { severity, ..Selection::default() }).unwrap();
    let output = run(&catalog(vec![("t", table(made(3), Fact::known(false, None)))]), &configured);
    assert_eq!(output.findings[0].severity, Severity::Error, "what the user says counts");
}

#[test]
fn a_rule_that_needs_a_database_is_said_not_to_run() {
    let output = run(&Catalog::default(), &[rule("table", "query: select 1\nmessage: x")]);
    let said = "1 rule not run (test/a-rule): they need a database; check one with --database-url for these";
    assert_eq!(output.coverage[0].message, said);
    let failing = rule("table", "assert: table.columns[5] == 'x'\nmessage: x");
    let output = run(&catalog(vec![("t", table(made(3), Fact::known(true, None)))]), &[failing]);
    assert!(output.coverage[0].message.starts_with("rule `test/a-rule` was not run: failed on `public.t`"));
    assert!(output.findings.is_empty());
}

#[test]
fn every_field_of_every_target_is_computed() {
    let catalog = rich_catalog();
    let config = CheckConfig::default();
    let input = CheckInput {
        catalog: &catalog,
        migrations: &[],
        coverage: &[],
        rules: &[],
        config: &config,
        changed_only: false,
        before: None,
        live: None,
    };
    let mut seen = 0;
    for target in schema::TARGETS {
        for subject in check::subjects(&input, target).iter().take(1) {
            seen += 1;
            for (position, field) in target.fields.iter().enumerate() {
                assert!(subject.is_computed(position), "{}.{} is never set", target.name, field.path);
            }
        }
    }
    assert!(seen >= 4, "only {seen} targets had a subject");
}

fn rich_catalog() -> Catalog {
    let mut relation = table(made(3), Fact::known(true, None));
    relation.policies.insert("p".into(), policy(Fact::known(vec!["public".into()], None)).into());
    let mut catalog = catalog(vec![("t", relation)]);
    catalog.roles.insert("mine".into(), Role { provenance: made(5), ..Role::default() });
    catalog.schemas.insert("own".into(), Schema { provenance: made(6), ..Schema::default() });
    catalog.extensions.insert("citext".into(), Default::default());
    catalog
}

#[test]
fn fields_have_unique_paths_and_one_line_docs() {
    for target in schema::TARGETS {
        let mut paths = BTreeSet::new();
        for field in target.fields {
            assert!(paths.insert(field.path), "{}.{} twice", target.name, field.path);
            assert!(!field.doc.is_empty() && !field.doc.contains('\n') && !field.doc.ends_with('.'), "{}", field.path);
        }
    }
}

/// 10,000 columns, 5,000 grants, 1,000 policies: run with `--ignored --nocapture` and `--release` for a figure.
#[test]
#[ignore = "a measurement, not a check"]
fn speed_of_all_rules_on_a_large_catalog() {
    let catalog = large_catalog(500, 20);
    let rules = built_in().apply(&Selection { select: owned(&["all"]), ..Selection::default() }).unwrap();
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let output = run(&catalog, &rules);
        println!(
            "{:?}: {} rules, {:?}, {} findings",
            start.elapsed(),
            rules.len(),
            output.subjects,
            output.findings.len()
        );
    }
    for rule in &rules {
        let start = std::time::Instant::now();
        run(&catalog, std::slice::from_ref(rule));
        println!("{:>8.2?} {}", start.elapsed(), rule.id);
    }
}

fn large_catalog(tables: usize, columns: usize) -> Catalog {
    let mut catalog = catalog(Vec::new());
    for number in 0..tables {
        let mut relation = table(made(3), Fact::known(true, None));
        relation.columns = (0..columns).map(|column| column_named(&format!("column_{column}")).into()).collect();
        for privilege in [Privilege::Insert, Privilege::Update, Privilege::Delete, Privilege::Truncate] {
            for (line, grantee) in [(11, "anon"), (12, "authenticated")] {
                let entry = AclEntry { grantee: grantee.into(), privilege, by_default: false, ..granted(line) };
                relation.acl.grant(entry);
            }
        }
        for name in ["read", "write"] {
            relation.policies.insert(name.into(), policy(Fact::known(vec!["public".into()], None)).into());
        }
        catalog.relations.insert(QualifiedName::new("public", format!("table_{number}")), relation);
    }
    catalog
}

fn granted(line: u32) -> AclEntry {
    AclEntry {
        grantee: "anon".into(),
        privilege: Privilege::Select,
        grantable: false,
        grantor: "postgres".into(),
        at: Some(at(line)),
        by_default: true,
        conditional: false,
    }
}

fn column_named(name: &str) -> gardefou::catalog::Column {
    gardefou::catalog::Column {
        name: name.into(),
        ty: Fact::known("text".into(), None),
        not_null: Fact::known(false, None),
        default: None,
        generated: None,
        identity: None,
        acl: Acl::default(),
        at: Some(at(4)),
        comment: None,
    }
}
