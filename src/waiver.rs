//! Waivers in the configuration: a finding accepted, for a reason and a time. Rule and object must both match; one
//! that has expired accepts nothing.

mod edit;

pub use edit::{EditError, NewWaiver, add};

use crate::catalog::{ObjectKind, ObjectRef};
use crate::date::Date;
use crate::finding::{Finding, Severity, State};
use crate::location::Location;
use crate::suppression::KnownRules;

/// Rule id of waivers past their date.
pub const EXPIRED: &str = "config/expired-waiver";
/// Rule id of waivers that match nothing.
pub const UNUSED: &str = "config/unused-waiver";

/// An entry of `waivers:`.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiver {
    /// Rule id.
    pub rule: String,
    /// Object name, `*` for any characters and `?` for one.
    pub object: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day it holds.
    pub until: Date,
    /// The entry.
    pub at: Location,
}

/// When and on what waivers are applied.
#[derive(Debug, Clone, Copy)]
pub struct Today<'a> {
    /// The day expiries are compared with.
    pub date: Date,
    /// Rules there are and rules that ran.
    pub known: KnownRules<'a>,
    /// The whole schema was checked: a waiver that matches nothing is unused.
    pub whole: bool,
}

/// Marks what `waivers` accept, and adds a finding for each that has expired or matches nothing.
#[must_use]
pub fn apply(mut findings: Vec<Finding>, waivers: &[Waiver], today: Today<'_>) -> Vec<Finding> {
    let mut about = Vec::new();
    for waiver in waivers {
        if waiver.until < today.date {
            about.push(expired(waiver));
        } else if !waive(&mut findings, waiver) && today.whole && today.known.ran.contains(&waiver.rule) {
            about.push(unused(waiver));
        }
    }
    findings.extend(about);
    findings
}

/// Whether anything matched, silenced before or not.
fn waive(findings: &mut [Finding], waiver: &Waiver) -> bool {
    let mut used = false;
    for finding in findings.iter_mut().filter(|finding| matches(waiver, finding)) {
        used = true;
        if finding.state == State::New {
            finding.state = State::Waived;
            finding.silenced_by = Some(match &waiver.owner {
                Some(owner) => format!("{} ({owner}, until {})", waiver.reason, waiver.until),
                None => format!("{} (until {})", waiver.reason, waiver.until),
            });
        }
    }
    used
}

fn matches(waiver: &Waiver, finding: &Finding) -> bool {
    finding.rule == waiver.rule
        && (glob(&waiver.object, &finding.object.name) || glob(&waiver.object, &finding.object.name.replace('"', "")))
}

/// Whether `pattern` matches all of `text`: `*` any characters, `?` one. Linear in memory, no recursion.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last `*`: behind it in the pattern, one further in the text.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(q) if *q == '?' || q == c => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((behind, from)) = retry else { return false };
                retry = Some((behind, from + 1));
                (p, t) = (behind, from + 1);
            }
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

fn expired(waiver: &Waiver) -> Finding {
    let until = waiver.until;
    let message = format!("waiver of `{}` on `{}` expired on {until} and accepts nothing", waiver.rule, waiver.object);
    finding(EXPIRED, Severity::Error, message, waiver)
}

fn unused(waiver: &Waiver) -> Finding {
    let message = format!("waiver of `{}` on `{}` matches no finding", waiver.rule, waiver.object);
    finding(UNUSED, Severity::Warning, message, waiver)
}

fn finding(rule: &str, severity: Severity, message: String, waiver: &Waiver) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        message,
        object: ObjectRef::new(ObjectKind::Other, &waiver.at.file),
        location: Some(waiver.at.clone()),
        state: State::New,
        silenced_by: None,
        related: Vec::new(),
        detail: None,
        fix: None,
        discriminator: format!("{} {}", waiver.rule, waiver.object),
    }
}
