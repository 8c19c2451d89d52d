//! GitHub workflow commands: one annotation per finding that counts, one notice with the summary. Annotations cannot
//! say "silenced", so silenced findings are in the summary's counts only.

use crate::finding::{Finding, Severity, State};

use super::{RenderOptions, Report, escape, help, place};

pub(super) fn render(report: &Report, options: &RenderOptions) -> String {
    let new = report.findings.iter().filter(|finding| finding.state == State::New);
    let mut out: String = new.map(|finding| annotation(report, finding, options)).collect();
    let gaps = report.gaps().count();
    if gaps > 0 {
        let kinds: std::collections::BTreeMap<_, usize> = report.gaps().fold(Default::default(), |mut kinds, gap| {
            *kinds.entry(gap.kind.word()).or_default() += 1;
            kinds
        });
        let kinds: Vec<_> = kinds.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        out.push_str(&format!("::warning title=gardefou: not everything was seen::{}\n", kinds.join(", ")));
    }
    out.push_str(&format!("::notice title=gardefou::{}\n", escape::github_data(&report.summary.line())));
    out
}

fn annotation(report: &Report, finding: &Finding, options: &RenderOptions) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = place::of(report, finding, &options.base);
    let mut properties =
        format!("file={},line={},col={}", escape::github_property(&place.path), place.line, place.column);
    if let Some((line, column)) = place.end {
        properties.push_str(&format!(",endLine={line}"));
        // GitHub takes an end column on the same line only.
        if line == place.line {
            properties.push_str(&format!(",endColumn={column}"));
        }
    }
    let help = help(report, finding).map(|help| format!("%0Ahelp: {}", escape::github_data(&help))).unwrap_or_default();
    let (rule, message) = (escape::github_property(&finding.rule), escape::github_data(&finding.message));
    format!("::{command} {properties},title={rule}::{message}{help}\n")
}
