//! `JUnit` XML: each rule that ran is a test; it passes, or fails once per finding. Silenced findings are skipped
//! tests, and what could not be seen is the suite's output.

use std::collections::BTreeSet;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use crate::finding::{Finding, State};

use super::{RenderOptions, Report, escape, help, place, word};

pub(super) fn render(report: &Report, options: &RenderOptions) -> String {
    let mut suite = TestSuite::new("gardefou");
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    for rule in report.rules.keys().filter(|rule| !found.contains(rule.as_str())) {
        let mut case = TestCase::new(xml(rule), TestCaseStatus::success());
        case.set_classname(xml(group(rule)));
        suite.add_test_case(case);
    }
    suite.add_test_cases(report.findings.iter().map(|finding| case(report, finding, options)));
    suite.set_system_out(output(report));
    let mut junit = Junit::new("gardefou");
    junit.add_test_suite(suite);
    // Writing to memory does not fail.
    junit.to_string().unwrap_or_default()
}

fn case(report: &Report, finding: &Finding, options: &RenderOptions) -> TestCase {
    let place = place::of(report, finding, &options.base);
    let mut status = match finding.state {
        State::New => TestCaseStatus::non_success(NonSuccessKind::Failure),
        State::Baselined | State::Suppressed | State::Waived => TestCaseStatus::skipped(),
    };
    let message = xml(&finding.message);
    let at = format!("{}:{}:{}", xml(&place.path), place.line, place.column);
    let reason = finding.silenced_by.as_deref().map(xml);
    status.set_message(reason.unwrap_or_else(|| message.clone()));
    status.set_type(word(finding.severity));
    let help = help(report, finding).map(|help| format!("\nhelp: {}", xml(&help))).unwrap_or_default();
    status.set_description(format!("{at}: {message}{help}"));
    let mut case = TestCase::new(format!("{}: {}", xml(&finding.rule), xml(&finding.object.name)), status);
    case.set_classname(xml(group(&finding.rule)));
    case.extra.insert("file".into(), xml(&place.path).into());
    case.extra.insert("line".into(), place.line.to_string().into());
    case
}

fn output(report: &Report) -> String {
    let mut out = escape::line(&report.summary.line()) + "\n";
    for entry in &report.coverage {
        let at = entry.location.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
        out.push_str(&format!("{}: {}\n", entry.kind.word(), xml(&format!("{at}{}", entry.message))));
    }
    out
}

/// One safe line that XML 1.0 can hold: noncharacters are dropped.
fn xml(text: &str) -> String {
    escape::line(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn group(rule: &str) -> &str {
    rule.split_once('/').map_or(rule, |(group, _)| group)
}
