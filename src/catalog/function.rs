//! Functions, procedures and aggregates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Acl, Expression, Fact, ObjectKind, Provenance};
use crate::sql::ast::{ParamMode, Volatility};

/// A routine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Where it comes from.
    pub provenance: Provenance,
    /// `Function`, `Procedure` or `Aggregate`.
    pub kind: ObjectKind,
    /// Owner.
    pub owner: Fact<String>,
    /// All parameters in order, `OUT` and `TABLE` columns too.
    pub params: Vec<FunctionParam>,
    /// Return type as `format_type` prints it (`SETOF …`, `TABLE(a integer)`, `trigger`); `None` for procedures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// Lower-case language.
    pub language: String,
    /// Volatility.
    pub volatility: Fact<Volatility>,
    /// `SECURITY DEFINER`.
    pub security_definer: Fact<bool>,
    /// `STRICT`.
    pub strict: Fact<bool>,
    /// `LEAKPROOF`.
    pub leakproof: Fact<bool>,
    /// `SET name = value`: names lower case, lists joined by `, `, an empty string as `""` (as `proconfig` has it).
    pub settings: Fact<BTreeMap<String, String>>,
    /// The body.
    pub body: Fact<FunctionSource>,
    /// Privileges.
    pub acl: Acl,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A routine's parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionParam {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Mode; a `RETURNS TABLE` column is `Out`.
    pub mode: ParamMode,
    /// Type as `format_type` prints it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
}

/// A routine's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum FunctionSource {
    /// Text in the routine's language (`prosrc`).
    Text {
        /// The text.
        text: String,
    },
    /// A standard-SQL body, `RETURN expr` or `BEGIN ATOMIC … END`, as written or deparsed.
    Sql {
        /// The text.
        text: String,
    },
    /// In a library (`C`, `internal`), or an aggregate.
    External,
}
