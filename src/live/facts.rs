//! What only a running database can say: its statistics, its sequences' positions, the answers to `query:` rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalog::QualifiedName;
use crate::exposure::ApiSchemas;

/// The server that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Server {
    /// As the server says it: `15.14`.
    pub version: String,
    /// As a number: `150014`.
    pub version_num: i32,
    /// Database.
    pub database: String,
    /// Host, or the folder of the socket.
    #[serde(default)]
    pub host: String,
    /// Schemas the API is configured to serve, where the database says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_schemas: Option<ApiSchemas>,
}

/// Facts that no migration can state.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LiveFacts {
    /// By table.
    pub tables: BTreeMap<QualifiedName, TableFacts>,
    /// By index.
    pub indexes: BTreeMap<QualifiedName, IndexFacts>,
    /// By sequence.
    pub sequences: BTreeMap<QualifiedName, SequenceFacts>,
    /// Installed extensions: the version the server would install now, where it knows the installed one.
    #[serde(default)]
    pub extensions: BTreeMap<String, String>,
    /// Public storage buckets; `None` where there may be some that could not be read.
    #[serde(default)]
    pub public_buckets: Option<Vec<String>>,
    /// Answers to `query:` rules, by rule id; not part of a snapshot.
    #[serde(skip)]
    pub queries: BTreeMap<String, Answer>,
}

/// A table's statistics.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableFacts {
    /// Estimated rows: of the last ANALYZE or, where there was none, as counted since statistics began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// ANALYZE was run at least once.
    pub analyzed: bool,
    /// Day of the last ANALYZE, by hand or automatic; `None` where there was none since statistics began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_analyze: Option<String>,
    /// What its rows take up on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// What as many rows of the average width need; `None` without statistics on every column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_bytes: Option<i64>,
}

/// An index's statistics.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IndexFacts {
    /// Scans since statistics began.
    pub scans: i64,
}

/// Where a sequence stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SequenceFacts {
    /// `smallint`, `integer` or `bigint`.
    #[serde(rename = "type")]
    pub ty: String,
    /// The last value it can give.
    pub limit: i64,
    /// `CYCLE`.
    pub cycles: bool,
    /// The position could be read.
    pub read: bool,
    /// The last value given; `None` where none was yet, or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_value: Option<i64>,
}

/// What a `query:` rule got.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One row per violation.
    Rows(Vec<Map<String, Value>>),
    /// The server's words.
    Failed(String),
}
