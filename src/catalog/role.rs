//! Roles, schemas, types and the objects that belong to no relation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Acl, Expression, Fact, Provenance, QualifiedName};
use crate::location::Location;
use crate::sql::ast::TriggerState;

/// A role.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Role {
    /// Where it comes from.
    pub provenance: Provenance,
    /// `LOGIN`.
    pub login: Fact<bool>,
    /// `SUPERUSER`.
    pub superuser: Fact<bool>,
    /// `BYPASSRLS`.
    pub bypass_rls: Fact<bool>,
    /// `INHERIT`.
    pub inherit: Fact<bool>,
    /// `CREATEROLE`.
    pub create_role: Fact<bool>,
    /// `CREATEDB`.
    pub create_db: Fact<bool>,
    /// `REPLICATION`.
    pub replication: Fact<bool>,
    /// Roles it is a member of.
    pub member_of: BTreeMap<String, Membership>,
    /// `ALTER ROLE … SET`: name → value.
    pub settings: BTreeMap<String, String>,
}

/// One membership.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Membership {
    /// `WITH ADMIN OPTION`.
    pub admin: bool,
    /// Privileges are inherited; before PostgreSQL 16 this is the member's `INHERIT` attribute (`None`).
    pub inherit: Option<bool>,
    /// `SET ROLE` allowed (always, before PostgreSQL 16).
    pub set: bool,
    /// Where it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Owner.
    pub owner: Fact<String>,
    /// Privileges.
    pub acl: Acl,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Type {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Owner.
    pub owner: Fact<String>,
    /// What it is.
    pub kind: TypeKind,
    /// Privileges.
    pub acl: Acl,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Kinds of type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TypeKind {
    /// An enum.
    Enum {
        /// Labels in order.
        labels: Vec<String>,
    },
    /// A composite.
    Composite {
        /// Attribute names and types in order.
        attributes: Vec<(String, String)>,
    },
    /// A domain.
    Domain {
        /// Base type.
        base: String,
        /// `NOT NULL`.
        not_null: bool,
        /// Default.
        default: Option<Expression>,
        /// Check constraints by name.
        checks: BTreeMap<String, Expression>,
    },
    /// A range.
    Range,
    /// A base or shell type.
    Base,
    /// Only known to exist.
    Unknown,
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sequence {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Owner.
    pub owner: Fact<String>,
    /// Table and column it is owned by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<(QualifiedName, String)>,
    /// Created by an identity column (not listed by `pg_dump`, dropped with the column).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identity: bool,
    /// Privileges.
    pub acl: Acl,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// An extension.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Extension {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Schema it is installed in.
    pub schema: Fact<String>,
    /// Version, where one is known.
    pub version: Fact<String>,
}

/// An event trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventTrigger {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Owner.
    pub owner: Fact<String>,
    /// Event.
    pub event: String,
    /// `WHEN TAG IN (…)`.
    pub tags: Vec<String>,
    /// Function.
    pub function: QualifiedName,
    /// When it fires.
    pub enabled: Fact<TriggerState>,
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Publication {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Owner.
    pub owner: Fact<String>,
    /// `FOR ALL TABLES`.
    pub all_tables: bool,
    /// Tables; where each was added.
    pub tables: BTreeMap<QualifiedName, Fact<()>>,
    /// `FOR TABLES IN SCHEMA`.
    pub schemas: Vec<String>,
}
