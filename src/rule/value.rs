//! Values of facts, parameters and configuration, held the way CEL reads them so that evaluation copies nothing.

use cel::common::types::{CelBool, CelInt, CelList, CelString};
use cel::common::value::{CowVal, Val};
use serde::{Deserialize, Serialize};

use super::schema::FieldType;

/// A value of one of the field types.
#[derive(Debug, Clone)]
pub enum Value {
    /// `true` or `false`.
    Bool(CelBool),
    /// A whole number.
    Int(CelInt),
    /// Text.
    Text(CelString<'static>),
    /// A list of texts.
    Texts(CelList<'static>),
}

impl Value {
    /// As CEL sees it, borrowed.
    #[must_use]
    pub fn as_cel(&self) -> CowVal<'_, '_> {
        match self {
            Self::Bool(value) => CowVal::Borrowed(value),
            Self::Int(value) => CowVal::Borrowed(value),
            Self::Text(value) => CowVal::Borrowed(value),
            Self::Texts(value) => CowVal::Borrowed(value),
        }
    }

    /// Its texts, each made another; `None` where one cannot be.
    pub(super) fn mapped(&self, change: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        match self {
            Self::Bool(_) | Self::Int(_) => Some(self.clone()),
            Self::Text(text) => change(text.inner()).map(Self::from),
            Self::Texts(list) => {
                let texts = list.inner().iter().map(|item| change(item.downcast_ref::<CelString>()?.inner()));
                texts.collect::<Option<Vec<String>>>().map(Self::from)
            }
        }
    }

    /// Its type.
    #[must_use]
    pub const fn field_type(&self) -> FieldType {
        match self {
            Self::Bool(_) => FieldType::Bool,
            Self::Int(_) => FieldType::Int,
            Self::Text(_) => FieldType::String,
            Self::Texts(_) => FieldType::Strings,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX).into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned().into())
    }
}

impl<T: Into<String>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        let boxed = |value: T| -> Box<dyn Val> { Box::new(CelString::from(value.into())) };
        Self::Texts(values.into_iter().map(boxed).collect::<Vec<_>>().into())
    }
}

/// A rule parameter as YAML writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Param {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

impl Param {
    /// As CEL reads it.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::Texts(values) => values.clone().into(),
        }
    }
}
