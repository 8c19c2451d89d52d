//! Tables, views and what hangs on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Acl, Expression, Fact, ObjectKind, Privilege, Provenance, QualifiedName, Shared};
use crate::location::Location;
use crate::sql::ast::{PolicyCommand, RefAction, TriggerState};

/// A table, view, materialized view or foreign table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    /// Where it comes from.
    pub provenance: Provenance,
    /// `Table`, `View`, `MaterializedView` or `ForeignTable`.
    pub kind: ObjectKind,
    /// Owner.
    pub owner: Fact<String>,
    /// Columns in order. Of an assumed relation, those seen in use.
    pub columns: Shared<Vec<Shared<Column>>>,
    /// The column list is complete (not for assumed relations, nor for views whose query could not be resolved).
    pub columns_complete: bool,
    /// Constraints by name.
    pub constraints: Shared<BTreeMap<String, Shared<Constraint>>>,
    /// `ROW LEVEL SECURITY` enabled (tables only).
    pub rls_enabled: Fact<bool>,
    /// `FORCE ROW LEVEL SECURITY`.
    pub rls_forced: Fact<bool>,
    /// Policies by name.
    pub policies: Shared<BTreeMap<String, Shared<Policy>>>,
    /// Triggers by name.
    pub triggers: Shared<BTreeMap<String, Shared<Trigger>>>,
    /// Rewrite rules by name, a view's own `_RETURN` left out.
    pub rules: Shared<BTreeMap<String, Shared<RewriteRule>>>,
    /// Storage and view options (`security_invoker`, `security_barrier`, `fillfactor`, …), lower case.
    pub options: Fact<BTreeMap<String, String>>,
    /// Defining query of a view or materialized view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Fact<ViewDefinition>>,
    /// Inheritance parents, or the partitioned table this is a partition of.
    pub parents: Vec<QualifiedName>,
    /// It is a partition (rather than an inheritance child).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partition: bool,
    /// `PARTITION BY` as written, for a partitioned table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_by: Option<String>,
    /// `UNLOGGED`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlogged: bool,
    /// Privileges.
    pub acl: Acl,
    /// Of an assumed relation: what the files take away, by grantee; what it was granted before is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<(String, Privilege)>,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Relation {
    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name).map(|column| &**column)
    }

    /// A view with `security_invoker` on; `None` where the options are unknown.
    #[must_use]
    pub fn security_invoker(&self) -> Option<bool> {
        let options = self.options.get()?;
        Some(options.get("security_invoker").is_some_and(|value| {
            matches!(value.to_ascii_lowercase().as_str(), "true" | "on" | "yes" | "1" | "t" | "y")
        }))
    }
}

/// A view's query.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ViewDefinition {
    /// As written or deparsed.
    pub text: String,
    /// Canonical spelling of the query as written; the server's deparse qualifies and expands more than text can show,
    /// so it is comparable between migrations only.
    pub canonical: String,
    /// Relations the query reads, resolved, directly (not through other views).
    pub reads: Vec<QualifiedName>,
    /// Functions it calls, resolved to `schema.name`; built-in ones left out.
    pub calls: Vec<QualifiedName>,
    /// A relation or column it reads was renamed since: the text names what is no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
}

impl PartialEq for ViewDefinition {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type as `format_type` prints it, qualified unless built in.
    #[serde(rename = "type")]
    pub ty: Fact<String>,
    /// `NOT NULL`, by itself, a primary key or an identity.
    pub not_null: Fact<bool>,
    /// Default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
    /// `GENERATED ALWAYS AS (…)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Expression>,
    /// Identity: `always` or `by_default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Column privileges.
    #[serde(default, skip_serializing_if = "Acl::is_empty")]
    pub acl: Acl,
    /// Where it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Kinds of identity column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// `GENERATED ALWAYS`.
    Always,
    /// `GENERATED BY DEFAULT`.
    ByDefault,
}

/// A constraint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// Where it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// What it demands.
    #[serde(flatten)]
    pub kind: ConstraintRule,
    /// False after `NOT VALID`, until validated.
    pub validated: bool,
    /// `DEFERRABLE`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferrable: bool,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConstraintRule {
    /// `CHECK`.
    Check {
        /// Condition.
        expression: Expression,
    },
    /// `UNIQUE`.
    Unique {
        /// Columns.
        columns: Vec<String>,
    },
    /// `PRIMARY KEY`.
    PrimaryKey {
        /// Columns.
        columns: Vec<String>,
    },
    /// `FOREIGN KEY`.
    ForeignKey {
        /// Referencing columns.
        columns: Vec<String>,
        /// Referenced table.
        references: QualifiedName,
        /// Referenced columns; empty where the primary key is meant and not known.
        referenced_columns: Vec<String>,
        /// `ON DELETE`.
        on_delete: RefAction,
        /// `ON UPDATE`.
        on_update: RefAction,
    },
    /// `EXCLUDE`.
    Exclude {
        /// As written.
        text: String,
    },
}

/// A row-level security policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Where it comes from.
    pub provenance: Provenance,
    /// `PERMISSIVE` rather than `RESTRICTIVE`.
    pub permissive: bool,
    /// Command.
    pub command: PolicyCommand,
    /// Roles, sorted; PUBLIC is [`super::PUBLIC`].
    pub roles: Fact<Vec<String>>,
    /// No `TO` clause was written, so PUBLIC by omission. `None` where that cannot be told (live).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles_omitted: Option<bool>,
    /// `USING`; an inner `None` is "no such clause".
    pub using: Fact<Option<Expression>>,
    /// `WITH CHECK`; an inner `None` is "no such clause".
    pub check: Fact<Option<Expression>>,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Where it comes from.
    pub provenance: Provenance,
    /// `before`, `after`, `instead of`.
    pub timing: String,
    /// `insert`, `update`, `delete`, `truncate`.
    pub events: Vec<String>,
    /// `UPDATE OF` columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// `FOR EACH ROW`.
    pub row: bool,
    /// `WHEN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// Function.
    pub function: QualifiedName,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Constraint trigger.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub constraint: bool,
    /// When it fires.
    pub enabled: Fact<TriggerState>,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A rewrite rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RewriteRule {
    /// Where it comes from.
    pub provenance: Provenance,
    /// `select`, `insert`, `update`, `delete`.
    pub event: String,
    /// `INSTEAD`.
    pub instead: bool,
    /// When it fires.
    pub enabled: Fact<TriggerState>,
    /// Relations its commands write to, resolved.
    pub writes: Vec<QualifiedName>,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Table or materialized view.
    pub table: QualifiedName,
    /// `UNIQUE`.
    pub unique: bool,
    /// Access method.
    pub method: String,
    /// Canonical key columns or expressions, with their options.
    pub keys: Vec<String>,
    /// `INCLUDE` columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// `WHERE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Expression>,
    /// Belongs to the constraint of the same name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub constraint: bool,
    /// Comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}
