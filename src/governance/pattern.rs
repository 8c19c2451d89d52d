//! Names of objects as the configuration writes them: `view public.v_stock`, `trigger public.receptions.*`.

use crate::catalog::{ObjectKind, ObjectRef, QualifiedName};

/// Kinds that can be protected, longest words first.
const KINDS: [ObjectKind; 15] = [
    ObjectKind::MaterializedView,
    ObjectKind::ForeignTable,
    ObjectKind::Constraint,
    ObjectKind::Procedure,
    ObjectKind::Function,
    ObjectKind::Sequence,
    ObjectKind::Trigger,
    ObjectKind::Column,
    ObjectKind::Domain,
    ObjectKind::Policy,
    ObjectKind::Schema,
    ObjectKind::Index,
    ObjectKind::Table,
    ObjectKind::View,
    ObjectKind::Type,
];

/// A kind and a name, in which `*` stands for any characters and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The kind.
    pub kind: ObjectKind,
    /// The name, as reports print it.
    pub name: String,
}

impl Pattern {
    /// Reads `view public.v_stock`.
    ///
    /// # Errors
    /// What is wrong, with what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let found = KINDS.iter().find_map(|kind| {
            let rest = text.strip_prefix(kind.words())?;
            rest.starts_with(char::is_whitespace).then(|| (*kind, rest.trim()))
        });
        match found {
            Some((kind, name)) if !name.is_empty() => Ok(Self { kind, name: name.to_owned() }),
            _ => {
                let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.words()).collect();
                let first = text.split_whitespace().next().unwrap_or("");
                let hint = crate::suggest::hint(first, kinds.iter().copied());
                let kinds = if hint.is_empty() { format!("; write one of {}", kinds.join(", ")) } else { hint };
                Err(format!("`{text}` does not begin with a kind of object{kinds}"))
            }
        }
    }

    /// Whether the object is meant; a routine without its arguments means all of that name.
    #[must_use]
    pub fn matches(&self, object: &ObjectRef) -> bool {
        let routine = matches!(self.kind, ObjectKind::Function | ObjectKind::Procedure) && !self.name.contains('(');
        let name = if routine { object.name.split('(').next().unwrap_or("") } else { object.name.as_str() };
        self.kind == object.kind && (matches(&self.name, name) || matches(&self.name, &name.replace('"', "")))
    }

    /// Whether it stands for more than one name.
    #[must_use]
    pub fn is_glob(&self) -> bool {
        self.name.contains(['*', '?'])
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// Whether `pattern` matches all of `text`.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    crate::waiver::glob(pattern, text)
}

/// A table as the configuration writes it: without a schema it is `public`'s.
#[must_use]
pub fn table(text: &str) -> QualifiedName {
    text.trim().parse().unwrap_or_else(|_| QualifiedName::new("public", text.trim().replace('"', "")))
}
