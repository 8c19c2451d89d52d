//! The subject model: everything a rule may say. Rules name these fields and no others; a field not listed here is
//! an error when the rule is loaded.

mod fields;
mod history;

pub use fields::{CONFIG, TARGETS};

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Text.
    String,
    /// A list of texts.
    Strings,
}

impl FieldType {
    /// As it stands in reference pages and error messages.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::String => "string",
            Self::Strings => "list of strings",
        }
    }
}

/// One field of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Dotted path after the target's name: `using.always_true`.
    pub path: &'static str,
    /// Type.
    pub ty: FieldType,
    /// One line for the reference page.
    pub doc: &'static str,
    /// Only a running database knows it: rules that name it are not run on migrations.
    pub live: bool,
}

/// One target: what kind of subject a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Name in rule files, and the root of its fields in CEL.
    pub name: &'static str,
    /// What one subject is.
    pub doc: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// Targets that only migrations have.
pub const HISTORY: &[&str] = &["migration", "syntax_error", "secret", "opaque", "statement", "change", "access"];

impl Target {
    /// The target called `name`.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Position of the field at `path`.
    #[must_use]
    pub fn position(&self, path: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.path == path)
    }
}
