//! Privileges: who holds what, from whom, and where that was granted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ObjectKind, QualifiedName};
use crate::location::Location;

/// The grantee that stands for everybody.
pub const PUBLIC: &str = "public";

/// Privileges on objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are SQL's own")]
pub enum Privilege {
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    Maintain,
    Usage,
    Create,
    Execute,
    Connect,
    Temporary,
    Set,
    #[serde(rename = "ALTER SYSTEM")]
    AlterSystem,
}

impl Privilege {
    /// As SQL spells it.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE",
            Self::References => "REFERENCES",
            Self::Trigger => "TRIGGER",
            Self::Maintain => "MAINTAIN",
            Self::Usage => "USAGE",
            Self::Create => "CREATE",
            Self::Execute => "EXECUTE",
            Self::Connect => "CONNECT",
            Self::Temporary => "TEMPORARY",
            Self::Set => "SET",
            Self::AlterSystem => "ALTER SYSTEM",
        }
    }

    /// What `ALL` means for a kind of object (PostgreSQL 15; 17 adds `MAINTAIN` on tables).
    #[must_use]
    pub const fn all_on(kind: ObjectKind) -> &'static [Self] {
        match kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => &[
                Self::Select,
                Self::Insert,
                Self::Update,
                Self::Delete,
                Self::Truncate,
                Self::References,
                Self::Trigger,
            ],
            ObjectKind::Column => &[Self::Select, Self::Insert, Self::Update, Self::References],
            ObjectKind::Sequence => &[Self::Select, Self::Update, Self::Usage],
            ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Aggregate | ObjectKind::Routine => {
                &[Self::Execute]
            }
            ObjectKind::Schema => &[Self::Usage, Self::Create],
            ObjectKind::Type | ObjectKind::Domain => &[Self::Usage],
            _ => &[],
        }
    }
}

/// One granted privilege.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AclEntry {
    /// Role, or [`PUBLIC`].
    pub grantee: String,
    /// What may be done.
    pub privilege: Privilege,
    /// `WITH GRANT OPTION`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grantable: bool,
    /// Who granted it; for the owner's own privileges the owner.
    pub grantor: String,
    /// The statement that granted it; `None` for built-in, default-privilege and live grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// Came from default privileges when the object was created; on the platform's own objects of a live database, is
    /// the platform's own grant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_default: bool,
    /// Granted under a condition that could not be decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conditional: bool,
}

/// An access control list, the owner's own privileges included, as `aclexplode` shows it. Sorted. Thousands of tables
/// have the same one: copies share it until one is changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Acl {
    entries: Arc<Vec<AclEntry>>,
}

impl Acl {
    /// All entries, sorted by grantee, privilege and grantor.
    pub fn iter(&self) -> impl Iterator<Item = &AclEntry> {
        self.entries.iter()
    }

    /// True where nobody holds anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a grant; granting twice keeps one entry, and grant option once given stays.
    pub fn grant(&mut self, entry: AclEntry) {
        let order = |one: &AclEntry, other: &AclEntry| {
            let by_privilege = || one.privilege.cmp(&other.privilege);
            one.grantee.cmp(&other.grantee).then_with(by_privilege).then_with(|| one.grantor.cmp(&other.grantor))
        };
        let entries = Arc::make_mut(&mut self.entries);
        match entries.binary_search_by(|old| order(old, &entry)) {
            Ok(at) => {
                if let Some(old) = entries.get_mut(at) {
                    let grantable = old.grantable || entry.grantable;
                    let conditional = old.conditional && entry.conditional;
                    // A second GRANT of the same thing changes nothing: the first statement stays the reason.
                    if entry.grantable && !old.grantable || old.by_default {
                        *old = entry;
                    }
                    old.grantable = grantable;
                    old.conditional = conditional;
                }
            }
            Err(at) => entries.insert(at, entry),
        }
    }

    /// Takes away entries that `matches`; says whether there were any.
    pub fn revoke(&mut self, matches: impl Fn(&AclEntry) -> bool) -> bool {
        let any = self.entries.iter().any(&matches);
        if any {
            Arc::make_mut(&mut self.entries).retain(|entry| !matches(entry));
        }
        any
    }

    /// Rewrites entries (renamed roles, a new owner), keeping the order.
    pub fn rewrite(&mut self, change: impl Fn(&mut AclEntry)) {
        for mut entry in Arc::unwrap_or_clone(std::mem::take(&mut self.entries)) {
            change(&mut entry);
            self.grant(entry);
        }
    }

    /// Whether the two share their entries, which says that they are equal; equal ones need not share.
    #[must_use]
    pub fn shares_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries)
    }

    /// The entry by which `grantee` itself (not through PUBLIC or membership) holds `privilege`.
    #[must_use]
    pub fn held(&self, grantee: &str, privilege: Privilege) -> Option<&AclEntry> {
        self.entries.iter().find(|entry| entry.grantee == grantee && entry.privilege == privilege)
    }
}

/// `ALTER DEFAULT PRIVILEGES FOR ROLE role [IN SCHEMA schema]`: as `pg_default_acl`, where an entry without a schema
/// *replaces* the built-in defaults and an entry with one adds to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DefaultPrivileges {
    /// Role whose new objects get them.
    pub role: String,
    /// Schema, or everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// `Table`, `Sequence`, `Function`, `Type` or `Schema`.
    pub objects: ObjectKind,
    /// Privileges given.
    pub acl: Acl,
    /// The platform's own, not set by a migration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub platform: bool,
}

/// A grant together with the object it is on, for rules that look at grants one by one.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantOn<'a> {
    /// Kind of object.
    pub kind: ObjectKind,
    /// Its name; a schema's stands in `name.name` with an empty `schema`.
    pub name: QualifiedName,
    /// Column, for a column privilege.
    pub column: Option<&'a str>,
    /// The grant.
    pub entry: &'a AclEntry,
}
