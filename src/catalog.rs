//! The model of a schema: plain, ordered, serialisable data. Whatever the source (migrations, a live database, a
//! snapshot), the same facts stand in the same types, and every fact says where it was last set, where that is known.

mod acl;
mod fact;
mod function;
mod object;
mod relation;
mod role;
mod shared;

pub use acl::*;
pub use fact::*;
pub use function::*;
pub use object::*;
pub use relation::*;
pub use role::*;
pub use shared::Shared;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A whole schema.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Catalog {
    /// Roles by name; `PUBLIC` is not among them.
    pub roles: BTreeMap<String, Role>,
    /// Schemas by name.
    pub schemas: BTreeMap<String, Schema>,
    /// Tables, views, materialized views, foreign tables.
    pub relations: BTreeMap<QualifiedName, Relation>,
    /// Indexes; the table they are on is inside.
    pub indexes: BTreeMap<QualifiedName, Index>,
    /// Sequences.
    pub sequences: BTreeMap<QualifiedName, Sequence>,
    /// Functions, procedures and aggregates by name and argument types.
    pub functions: BTreeMap<FunctionKey, Function>,
    /// Enums, composites, domains, ranges, base types.
    pub types: BTreeMap<QualifiedName, Type>,
    /// Event triggers by name.
    pub event_triggers: BTreeMap<String, EventTrigger>,
    /// Extensions by name.
    pub extensions: BTreeMap<String, Extension>,
    /// Publications by name.
    pub publications: BTreeMap<String, Publication>,
    /// `ALTER DEFAULT PRIVILEGES`, sorted.
    pub default_privileges: Vec<DefaultPrivileges>,
}

impl Catalog {
    /// The routines of one name, whatever their arguments.
    pub fn overloads(&self, name: &QualifiedName) -> impl Iterator<Item = (&FunctionKey, &Function)> + use<'_> {
        let first = FunctionKey { name: name.clone(), args: Vec::new() };
        let wanted = name.clone();
        self.functions.range(first..).take_while(move |(key, _)| key.name == wanted)
    }

    /// The default privileges of `role` for new `objects`, in `schema` or (with `None`) everywhere.
    #[must_use]
    pub fn default_privileges_of(
        &self,
        role: &str,
        schema: Option<&str>,
        objects: ObjectKind,
    ) -> Option<&DefaultPrivileges> {
        self.default_privileges
            .iter()
            .find(|entry| entry.role == role && entry.schema.as_deref() == schema && entry.objects == objects)
    }
}
