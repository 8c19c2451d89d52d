//! GitLab Code Quality: a flat list of the findings that count (the format cannot say "silenced").

use serde::Serialize;

use crate::finding::{Severity, State};

use super::{RenderOptions, Report, escape, json, place};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<u32>,
}

pub(super) fn render(report: &Report, options: &RenderOptions) -> String {
    let new = report.fingerprinted().filter(|(finding, _)| finding.state == State::New);
    let issues: Vec<Issue> = new
        .map(|(finding, fingerprint)| {
            let place = place::of(report, finding, &options.base);
            Issue {
                description: escape::line(&finding.message),
                check_name: escape::line(&finding.rule),
                fingerprint,
                severity: match finding.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "major",
                    Severity::Note => "info",
                },
                location: Place {
                    path: place.path,
                    lines: Lines { begin: place.line, end: place.end.map(|(line, _)| line) },
                },
            }
        })
        .collect();
    json::pretty(&issues)
}
