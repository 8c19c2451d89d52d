//! The shape of a rule file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::value::Param;
use crate::finding::Severity;
use crate::migrations::Platform;

/// A rule: what it looks at, what must hold, what to say and do where it does not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// One line: what a finding means.
    pub title: String,
    /// How bad a finding is, unless `severity_when` says otherwise.
    pub severity: Severity,
    /// Severities for particular subjects; the first whose condition holds counts.
    #[serde(default)]
    pub severity_when: Vec<SeverityWhen>,
    /// Words to select rules by.
    pub tags: Vec<String>,
    /// Runs unless switched off; `false` runs only where selected by name, group or tag.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What kind of subject it looks at.
    #[schemars(with = "String")]
    pub target: Spanned<String>,
    /// Which subjects it looks at (CEL); all, where left out.
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
    /// What must hold (CEL): true is fine.
    #[schemars(with = "Option<String>")]
    pub assert: Option<Spanned<String>>,
    /// A check written in code, in place of `when` and `assert`.
    #[schemars(with = "Option<String>")]
    pub check: Option<Spanned<String>>,
    /// SQL returning one row per violation, for a live database only, in place of `when` and `assert`.
    pub query: Option<String>,
    /// One line for a finding; CEL in braces.
    #[schemars(with = "String")]
    pub message: Spanned<String>,
    /// Why it matters.
    pub rationale: String,
    /// What to do; its first line goes into reports.
    pub remediation: String,
    /// SQL that does it, one or more statements; CEL in braces, in which names arrive quoted. Shown, never run.
    #[schemars(with = "Option<String>")]
    pub fix: Option<Spanned<String>>,
    /// Where to read more.
    #[serde(default)]
    pub references: Vec<String>,
    /// Parameters with their defaults, `params.name` in CEL.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// Tests, and examples for the reader.
    #[serde(default)]
    pub examples: Examples,
}

const fn yes() -> bool {
    true
}

/// One entry of `severity_when`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeverityWhen {
    /// Condition (CEL).
    #[serde(rename = "if")]
    #[schemars(with = "String")]
    pub condition: Spanned<String>,
    /// Severity where it holds.
    pub severity: Severity,
}

/// Examples, each a test.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// SQL in which the rule finds something.
    #[serde(default)]
    pub fail: Vec<FailExample>,
    /// SQL in which it looks at something and finds nothing.
    #[serde(default)]
    pub pass: Vec<PassExample>,
}

/// An example with findings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailExample {
    /// What is wrong here.
    pub name: String,
    /// One migration, or several, each after a line `-- file: name.sql`; `-- file: name.sql (added)` marks those the
    /// change under review adds (all, where none is marked).
    pub sql: String,
    /// The objects found, exactly.
    pub finds: Vec<String>,
    /// Starting point; Supabase where left out.
    pub platform: Option<Platform>,
    /// Governance sections of `gardefou.yaml`; locked is the schema before the files marked `(added)`.
    pub config: Option<String>,
}

/// An example without findings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PassExample {
    /// What is right here.
    pub name: String,
    /// One migration, or several, each after a line `-- file: name.sql`; `-- file: name.sql (added)` marks those the
    /// change under review adds (all, where none is marked).
    pub sql: String,
    /// The rule need not have looked at anything.
    #[serde(default)]
    pub vacuous: bool,
    /// Starting point; Supabase where left out.
    pub platform: Option<Platform>,
    /// Governance sections of `gardefou.yaml`; locked is the schema before the files marked `(added)`.
    pub config: Option<String>,
}

/// The JSON Schema of a rule file, for editors.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(RuleFile).to_value();
    let targets: Vec<&str> = super::schema::TARGETS.iter().map(|target| target.name).collect();
    if let Some(target) = schema.pointer_mut("/properties/target") {
        target["enum"] = targets.into();
    }
    schema
}
