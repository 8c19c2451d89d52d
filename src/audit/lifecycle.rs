//! What becomes of a finding from audit to audit: open, acknowledged, resolved, and open again.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::json::JsonFinding;

/// States of a finding over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It is there and counts.
    Open,
    /// It is there and accepted: by a waiver, a comment or the baseline.
    Ack,
    /// It was there and was looked for in vain.
    Resolved,
}

impl Status {
    /// As reports and tables of alerts spell it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Ack => "ACK",
            Self::Resolved => "RESOLVED",
        }
    }
}

/// A finding's life so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Life {
    /// Which finding.
    pub fingerprint: String,
    /// What it is now.
    pub status: Status,
    /// When an audit first found it.
    pub first_detected_at: String,
    /// When one last did.
    pub last_detected_at: String,
    /// When one first looked for it in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
    /// How often it came back after that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reopened: u32,
    /// The finding as it last was, once it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<JsonFinding>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// What one audit saw.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Findings there are: fingerprint and whether they are accepted.
    pub present: &'a BTreeMap<String, bool>,
    /// Findings of the last audit that are gone.
    pub resolved: &'a [JsonFinding],
    /// Its time.
    pub now: &'a str,
}

/// Every life after an audit, given those before it. What was not looked at stays as it was.
#[must_use]
pub fn advance(before: &[Life], seen: Seen<'_>) -> Vec<Life> {
    let mut lives: BTreeMap<String, Life> =
        before.iter().map(|life| (life.fingerprint.clone(), life.clone())).collect();
    for (fingerprint, accepted) in seen.present {
        let status = if *accepted { Status::Ack } else { Status::Open };
        let life = lives.entry(fingerprint.clone()).or_insert_with(|| Life {
            fingerprint: fingerprint.clone(),
            status,
            first_detected_at: seen.now.to_owned(),
            last_detected_at: seen.now.to_owned(),
            resolved_at: None,
            reopened: 0,
            finding: None,
        });
        if life.status == Status::Resolved {
            life.reopened += 1;
        }
        life.status = status;
        life.last_detected_at = seen.now.to_owned();
        life.resolved_at = None;
        life.finding = None;
    }
    let gone: BTreeSet<&str> = seen.resolved.iter().map(|finding| finding.fingerprint.as_str()).collect();
    for finding in seen.resolved {
        let life = lives.entry(finding.fingerprint.clone()).or_insert_with(|| Life {
            fingerprint: finding.fingerprint.clone(),
            status: Status::Open,
            first_detected_at: seen.now.to_owned(),
            last_detected_at: seen.now.to_owned(),
            resolved_at: None,
            reopened: 0,
            finding: None,
        });
        if life.status != Status::Resolved {
            life.status = Status::Resolved;
            life.resolved_at = Some(seen.now.to_owned());
        }
        life.finding = Some(finding.clone());
    }
    debug_assert!(gone.iter().all(|fingerprint| !seen.present.contains_key(*fingerprint)), "there and gone");
    lives.into_values().collect()
}
