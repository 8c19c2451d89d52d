//! Everything that keeps a finding from counting, applied once and in one order: comments, waivers, baseline. What is
//! wrong with the silencing itself becomes findings of the `config/` group.

use std::collections::BTreeMap;

use crate::baseline::{self, Baseline};
use crate::config::Config;
use crate::date::Date;
use crate::finding::{Finding, Severity};
use crate::migrations::Migration;
use crate::report::RuleDoc;
use crate::suppression::{self, KnownRules};
use crate::waiver::{self, Today};

/// What silences findings in a run.
#[derive(Debug, Clone, Copy)]
pub struct Silencing<'a> {
    /// Whose comments are read.
    pub migrations: &'a [Migration],
    /// Waivers, and levels of the `config/` rules.
    pub config: &'a Config,
    /// The recorded findings, if any.
    pub baseline: Option<&'a Baseline>,
    /// Rules there are and rules that ran.
    pub known: KnownRules<'a>,
    /// Today.
    pub date: Date,
    /// The whole schema was checked, so what matches nothing is unused.
    pub whole: bool,
}

/// The findings with their state, and those about the silencing itself.
#[must_use]
pub fn apply(findings: Vec<Finding>, silencing: &Silencing<'_>) -> Vec<Finding> {
    let Silencing { migrations, config, baseline, known, date, whole } = *silencing;
    let findings = suppression::apply(findings, migrations, known);
    let findings = waiver::apply(findings, &config.waivers, Today { date, known, whole });
    let findings = match baseline {
        Some(baseline) => baseline::apply(findings, baseline, known, whole),
        None => findings,
    };
    let docs = docs();
    findings.into_iter().filter_map(|finding| relevel(finding, &docs, config)).collect()
}

/// A finding about silencing at the level configured for it; others as they are.
fn relevel(mut finding: Finding, docs: &BTreeMap<String, RuleDoc>, config: &Config) -> Option<Finding> {
    if let Some(doc) = docs.get(&finding.rule)
        && let Some(level) = config.level(&doc.id, &doc.tags)
    {
        finding.severity = level.severity()?;
    }
    Some(finding)
}

/// The rules of the `config/` group by id.
#[must_use]
pub fn docs() -> BTreeMap<String, RuleDoc> {
    let doc = |id: &str, title: &str, severity, rationale: &str, remediation: &str| {
        let doc = RuleDoc {
            id: id.to_owned(),
            title: title.to_owned(),
            severity,
            rationale: rationale.to_owned(),
            remediation: remediation.to_owned(),
            fix: None,
            references: Vec::new(),
            tags: vec!["silencing".to_owned()],
        };
        (id.to_owned(), doc)
    };
    BTreeMap::from([
        doc(
            suppression::BAD,
            "Suppression comment is not understood",
            Severity::Error,
            "A comment that was meant to silence one finding must never silence everything, or seem to work and do \
             nothing. One with an unknown rule, without a reason, or in another form silences nothing.",
            "Write `-- gardefou:ignore rule[, rule] reason`, with rule ids as reports print them.",
        ),
        doc(
            suppression::UNUSED,
            "Suppression comment silences nothing",
            Severity::Warning,
            "The finding it was written for is gone, or the comment stands before the wrong statement. Left in place \
             it would hide the next finding there.",
            "Remove the comment, or move it before the statement it is meant for.",
        ),
        doc(
            waiver::EXPIRED,
            "Waiver has expired",
            Severity::Error,
            "A waiver accepts a finding for a time. After its last day it accepts nothing, so that someone decides again.",
            "Fix what was waived and remove the waiver, or decide again and set a new date.",
        ),
        doc(
            waiver::UNUSED,
            "Waiver matches no finding",
            Severity::Warning,
            "What it accepted is gone, or its rule or object does not match. Left in place it would hide the next \
             finding of that name.",
            "Remove the waiver, or correct its rule and object.",
        ),
        doc(
            baseline::STALE,
            "Baseline records a finding that is gone",
            Severity::Note,
            "The recorded finding was fixed. As long as the entry stays, the same problem may come back unseen.",
            "Write the baseline again with `gardefou baseline`.",
        ),
    ])
}
