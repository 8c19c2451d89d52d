//! The `contexts:` section: what is known of the sessions of a role.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::predicate::{Claim, Claims, RoleContext, Setting};

/// What is known of a role's sessions.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct ContextEntry {
    /// The user that logged in, where it is another (`session_user`).
    session_user: Option<String>,
    /// Claims of the token (`auth.jwt()`, `request.jwt.claims`): present, absent, unknown, or `{ is: text }`.
    claims: Option<BTreeMap<String, ClaimEntry>>,
    /// Claims that are not listed: unknown (default) or absent.
    other_claims: Others,
    /// What `current_setting` says: unset, unknown, or `{ is: text }`.
    settings: BTreeMap<String, SettingEntry>,
    /// Custom settings that are not listed: unknown (default) or absent, that is never set.
    other_settings: Others,
}

/// What is not listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Others {
    /// There or not.
    #[default]
    Unknown,
    /// Not there.
    Absent,
}

/// One claim.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ClaimEntry {
    /// Some value that is not null.
    Present,
    /// Not there.
    Absent,
    /// There or not.
    Unknown,
    /// This text.
    Is(String),
}

/// One custom setting.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SettingEntry {
    /// Never set.
    Unset,
    /// Not known.
    Unknown,
    /// This text.
    Is(String),
}

impl ContextEntry {
    /// The session of `role`.
    pub(super) fn of(self, role: &str) -> RoleContext {
        let open = self.other_claims == Others::Unknown;
        let known = |claims: BTreeMap<String, ClaimEntry>| claims.into_iter().map(|(name, claim)| (name, claim.into()));
        RoleContext {
            session_user: self.session_user,
            claims: self.claims.map(|claims| Claims { optional: false, known: known(claims).collect(), open }),
            settings: self.settings.into_iter().map(|(name, is)| (name.to_lowercase(), is.into())).collect(),
            other_settings: if self.other_settings == Others::Absent { Setting::Unset } else { Setting::Unknown },
            ..RoleContext::postgres(role)
        }
    }
}

impl From<ClaimEntry> for Claim {
    fn from(entry: ClaimEntry) -> Self {
        match entry {
            ClaimEntry::Present => Self::Present,
            ClaimEntry::Absent => Self::Absent,
            ClaimEntry::Unknown => Self::Unknown,
            ClaimEntry::Is(text) => Self::Text(text),
        }
    }
}

impl From<SettingEntry> for Setting {
    fn from(entry: SettingEntry) -> Self {
        match entry {
            SettingEntry::Unset => Self::Unset,
            SettingEntry::Unknown => Self::Unknown,
            SettingEntry::Is(text) => Self::Value(text),
        }
    }
}
