//! What the catalog queries answer, row by row.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `[schema, name]`.
pub(super) type NamePair = (String, String);

#[derive(Deserialize)]
pub(super) struct RoleRow {
    pub name: String,
    pub login: bool,
    pub superuser: bool,
    pub bypass_rls: bool,
    pub inherit: bool,
    pub create_role: bool,
    pub create_db: bool,
    pub replication: bool,
    pub settings: Vec<String>,
    pub bootstrap: bool,
}

#[derive(Deserialize)]
pub(super) struct MembershipRow {
    pub role: String,
    pub member: String,
    pub admin: bool,
    pub inherit: Option<bool>,
    pub set: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct SchemaRow {
    pub name: String,
    pub owner: String,
    pub acl: Option<Vec<String>>,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RelationRow {
    pub schema: String,
    pub name: String,
    pub kind: String,
    pub owner: String,
    pub rls_enabled: bool,
    pub rls_forced: bool,
    pub options: Vec<String>,
    pub definition: Option<String>,
    pub is_partition: bool,
    pub partition_by: Option<String>,
    pub unlogged: bool,
    pub parents: Vec<NamePair>,
    pub acl: Option<Vec<String>>,
    pub comment: Option<String>,
    pub of_extension: bool,
}

#[derive(Deserialize)]
pub(super) struct ViewReadRow {
    pub schema: String,
    pub name: String,
    pub target_schema: String,
    pub target: String,
    pub is_function: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct ColumnRow {
    pub schema: String,
    pub relation: String,
    pub number: i16,
    pub name: String,
    #[serde(rename = "type")]
    pub ty: String,
    pub not_null: bool,
    pub default: Option<String>,
    pub generated: Option<String>,
    pub identity: String,
    pub acl: Option<Vec<String>>,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ConstraintRow {
    pub schema: String,
    pub relation: String,
    pub name: String,
    #[serde(rename = "type")]
    pub ty: String,
    pub columns: Option<Vec<i16>>,
    pub referenced_schema: Option<String>,
    pub referenced_relation: Option<String>,
    pub referenced_columns: Option<Vec<i16>>,
    pub on_delete: String,
    pub on_update: String,
    pub validated: bool,
    pub deferrable: bool,
    pub expression: Option<String>,
    pub definition: String,
}

#[derive(Deserialize)]
pub(super) struct PolicyRow {
    pub schema: String,
    pub relation: String,
    pub name: String,
    pub permissive: bool,
    pub command: String,
    pub roles: Option<Vec<String>>,
    pub using: Option<String>,
    pub check: Option<String>,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TriggerRow {
    pub schema: String,
    pub relation: String,
    pub name: String,
    pub enabled: String,
    pub definition: String,
    pub function_schema: String,
    pub function: String,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RuleRow {
    pub schema: String,
    pub relation: String,
    pub name: String,
    pub enabled: String,
    pub event: String,
    pub instead: bool,
    pub writes: Vec<NamePair>,
}

#[derive(Deserialize)]
pub(super) struct IndexRow {
    pub schema: String,
    pub name: String,
    pub table_schema: String,
    pub table: String,
    pub definition: Option<String>,
    pub constraint: bool,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SequenceRow {
    pub schema: String,
    pub name: String,
    pub owner: String,
    pub table_schema: Option<String>,
    pub table: Option<String>,
    pub column: Option<String>,
    pub identity: Option<bool>,
    pub acl: Option<Vec<String>>,
    pub comment: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct FunctionRow {
    pub schema: String,
    pub name: String,
    pub kind: String,
    pub owner: String,
    pub language: String,
    pub volatility: String,
    pub security_definer: bool,
    pub strict: bool,
    pub leakproof: bool,
    pub settings: Vec<String>,
    pub source: Option<String>,
    pub sql_body: Option<String>,
    pub arg_types: Vec<String>,
    pub params: Vec<ParamRow>,
    pub returns: Option<String>,
    pub acl: Option<Vec<String>>,
    pub comment: Option<String>,
    pub of_extension: bool,
    pub(super) signature: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ParamRow {
    pub name: Option<String>,
    pub mode: String,
    #[serde(rename = "type")]
    pub ty: String,
}

#[derive(Deserialize)]
pub(super) struct TypeRow {
    pub schema: String,
    pub name: String,
    pub kind: String,
    pub owner: String,
    pub labels: Vec<String>,
    pub attributes: Vec<NamePair>,
    pub base: Option<String>,
    pub not_null: bool,
    pub default: Option<String>,
    pub checks: BTreeMap<String, String>,
    pub acl: Option<Vec<String>>,
    pub comment: Option<String>,
    pub of_extension: bool,
}

#[derive(Deserialize)]
pub(super) struct EventTriggerRow {
    pub name: String,
    pub owner: String,
    pub event: String,
    pub tags: Vec<String>,
    pub function_schema: String,
    pub function: String,
    pub enabled: String,
}

#[derive(Deserialize)]
pub(super) struct ExtensionRow {
    pub name: String,
    pub schema: String,
    pub version: String,
}

#[derive(Deserialize)]
pub(super) struct PublicationRow {
    pub name: String,
    pub owner: String,
    pub all_tables: bool,
    pub tables: Vec<NamePair>,
    pub schemas: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct DefaultPrivilegesRow {
    pub role: String,
    pub schema: Option<String>,
    pub objects: String,
    pub acl: Option<Vec<String>>,
}
