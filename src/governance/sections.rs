//! The shape of the governance sections of `gardefou.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::date::Date;
use crate::location::Location;

use super::pattern::Pattern;

/// Something of the configuration with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// What is said.
    pub value: T,
    /// Where.
    pub at: Location,
}

/// All sections; empty where nothing is declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sections {
    /// Objects that must stay as they are locked.
    pub protected: Vec<Placed<Protected>>,
    /// Rows every other table and program refers to.
    pub canonical: Vec<Placed<Canonical>>,
    /// Every migration says what class of change it is.
    pub classification: Option<Placed<Classification>>,
    /// Groups of objects, and which may depend on which.
    pub modules: Option<Placed<Modules>>,
    /// The chain of tables that data goes through.
    pub flow: Option<Placed<Flow>>,
    /// Operations that rest for a time.
    pub freezes: Vec<Placed<Freeze>>,
    /// Evidence that must be there before something is touched.
    pub gates: Vec<Placed<Gate>>,
    /// The team's table of findings.
    pub alerts: Option<Placed<Alerts>>,
}

impl Sections {
    /// Nothing is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An object that must stay as it is locked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProtectedEntry {
    /// Kind and name: `view public.v_stock`, `trigger public.receptions.*`; `*` stands for any characters.
    pub object: String,
    /// Why it is protected.
    #[serde(default)]
    pub reason: Option<String>,
    /// What a migration may do to it all the same.
    #[serde(default)]
    pub allow: Vec<Allowed>,
}

/// The same, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// Which objects.
    pub object: Pattern,
    /// Why.
    pub reason: Option<String>,
    /// What is allowed.
    pub allow: Vec<Allowed>,
}

/// What may be done to a protected object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// New objects of that name need not be locked.
    Create,
    /// Its definition may change.
    Replace,
    /// It may be dropped.
    Drop,
    /// It may be switched off.
    Disable,
    /// It may change hands.
    Owner,
}

/// Rows every other table and program refers to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Canonical {
    /// What the set is called.
    pub name: String,
    /// The table that holds it.
    pub table: String,
    /// Its key column.
    pub key: String,
    /// The column with the label; without one labels are not compared.
    #[serde(default)]
    pub label: Option<String>,
    /// Keys by label.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub values: BTreeMap<String, Key>,
    /// Which columns refer to it: `foreign-keys`, or a list of `schema.table.column`.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub referenced_by: ReferencedBy,
}

/// A key of any type, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(pub String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            serde_json::Value::Number(number) => Ok(Self(number.to_string())),
            serde_json::Value::Bool(flag) => Ok(Self(flag.to_string())),
            _ => Err(serde::de::Error::custom("a key is a text or a number; write one")),
        }
    }
}

/// Which columns refer to a canonical set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReferencedBy {
    /// Those with a foreign key to its table.
    #[default]
    ForeignKeys,
    /// Those, and these.
    Columns(Vec<String>),
}

impl<'de> Deserialize<'de> for ReferencedBy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(word) if word == "foreign-keys" => Ok(Self::ForeignKeys),
            serde_json::Value::Array(columns) => {
                let text = |value: &serde_json::Value| value.as_str().map(ToOwned::to_owned);
                let columns: Option<Vec<String>> = columns.iter().map(text).collect();
                columns.map(Self::Columns).ok_or_else(|| D::Error::custom("columns are texts: schema.table.column"))
            }
            _ => Err(D::Error::custom("write foreign-keys, or a list of schema.table.column")),
        }
    }
}

/// Every migration says what class of change it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Classification {
    /// The word before the class: `-- post-prod: AUDIT`.
    pub header: String,
    /// The classes there are.
    pub values: Vec<String>,
    /// What a migration of a class may not do.
    #[serde(default)]
    pub rules: BTreeMap<String, Limits>,
    /// Files with an earlier version are exempt.
    #[serde(default)]
    pub since: Option<Version>,
}

/// A version or date, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "serde_json::Value")]
pub struct Version(pub String);

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Key::deserialize(deserializer).map(|key| Self(key.0))
    }
}

/// One limit or several.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema)]
#[schemars(with = "LimitsSchema")]
pub struct Limits(pub Vec<Limit>);

#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum LimitsSchema {
    One(Limit),
    Several(Vec<Limit>),
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;
        impl<'de> serde::de::Visitor<'de> for OneOrSeveral {
            type Value = Limits;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a limit, or a list of limits")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Limits, E> {
                let limit = Limit::deserialize(serde::de::value::StrDeserializer::<E>::new(word))?;
                Ok(Limits(vec![limit]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Limits, A::Error> {
                let mut limits = Vec::new();
                while let Some(limit) = list.next_element()? {
                    limits.push(limit);
                }
                Ok(Limits(limits))
            }
        }
        deserializer.deserialize_any(OneOrSeveral)
    }
}

/// What a migration may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Queries only.
    ReadOnly,
    /// No tables.
    NoNewTables,
    /// Nothing is dropped.
    NoDrops,
    /// No rows are written.
    NoData,
    /// No privileges, roles, policies or row security are changed.
    NoAccess,
    /// No object is created, altered or dropped.
    NoSchema,
}

/// Groups of objects, and which may depend on which.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Modules {
    /// Tables, views and functions of each module, as names with `*`.
    pub members: BTreeMap<String, Vec<Placed<String>>>,
    /// Pairs `from -> to`: what may depend on what. A module may always depend on itself.
    pub allow: Vec<(String, String)>,
}

/// The chain of tables that data goes through.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Flow {
    /// Tables in order.
    pub steps: Vec<String>,
    /// Roles, files and routines that may write a step that triggers keep, by name with `*`.
    #[serde(default)]
    pub writers: Vec<String>,
}

/// Operations that rest for a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Freeze {
    /// What it is called.
    pub name: String,
    /// Tables.
    pub tables: Vec<String>,
    /// What may not be done to them.
    pub operations: Vec<Operation>,
    /// First day.
    #[schemars(with = "String", extend("format" = "date"))]
    pub since: Date,
    /// Last day; open where null.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub until: Option<Date>,
    /// Why.
    pub reason: String,
    /// The column with the time a row was made, to count rows made since; found by its name where left out.
    #[serde(default)]
    pub created: Option<String>,
}

/// An operation on rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// `INSERT`, `COPY … FROM`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`, `TRUNCATE`.
    Delete,
}

impl Operation {
    /// The word SQL has for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Evidence that must be there before something is touched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gate {
    /// What it is called.
    pub name: String,
    /// When it stands closed.
    pub when: GateWhen,
    /// What opens it: all of these.
    pub require: Vec<Requirement>,
    /// Migrations with an earlier version are exempt.
    #[serde(default)]
    pub since: Option<Version>,
}

/// When a gate stands closed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GateWhen {
    /// Tables or columns: `schema.table`, `schema.table.column`.
    pub touches: Vec<String>,
}

/// One piece of evidence: a backup, or a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Requirement {
    /// Archives of `pg_dump -Fc`, `-Fd` or `-Ft`: a path with `*`, relative to this file.
    pub backup: Option<String>,
    /// How old the newest may be: `24h`, `7d`, `90m`.
    pub max_age: Option<String>,
    /// Tables it must hold the data of.
    pub lists: Vec<String>,
    /// Reports: a path with `*`, relative to this file.
    pub evidence: Option<String>,
    /// What the report is.
    pub kind: Option<EvidenceKind>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When it was approved.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub approved_on: Option<Date>,
    /// The digest that was approved.
    pub digest: Option<String>,
}

/// Kinds of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// `gardefou drift --simulate … --format json`.
    Simulation,
}

/// The team's table of findings: what its columns are called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Alerts {
    /// The table.
    pub table: String,
    /// Columns by what they hold, where they are not called so.
    #[serde(default)]
    pub columns: BTreeMap<AlertColumn, String>,
}

/// What a column of the table of findings holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlertColumn {
    /// The rule.
    CheckCode,
    /// `error`, `warning` or `note`.
    Severity,
    /// Kind of object.
    EntityType,
    /// Name of the object.
    EntityId,
    /// One line.
    Message,
    /// The finding as JSON.
    Payload,
    /// `OPEN`, `ACK` or `RESOLVED`.
    Status,
    /// When it was first seen.
    FirstDetectedAt,
    /// When it was last seen.
    LastDetectedAt,
    /// Who acknowledged it.
    AcknowledgedBy,
    /// The finding's fingerprint, unique.
    Fingerprint,
}

/// Seconds of `90m`, `24h`, `7d`.
#[must_use]
pub fn seconds(age: &str) -> Option<u64> {
    let unit = match age.chars().last()? {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    age.get(..age.len() - 1)?.parse::<u64>().ok()?.checked_mul(unit)
}
