//! What can be wrong with a configuration, with its place and what to do about it.

use serde_saphyr::Error as Yaml;

use crate::report::escape;
use crate::suggest::hint;

/// Why there is no usable configuration.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ConfigError {
    #[error("{path}: {source}; name a file that can be read, or run with --no-config")]
    Read { path: String, source: std::io::Error },
    #[error("{path} would not be read; rename it to gardefou.yaml")]
    Extension { path: String },
    #[error("{place}: {message}")]
    Shape { place: String, message: String },
    #[error("{place}: `{name}` is no rule, group or tag{hint} (`gardefou rules list` shows all)", name = escape::line(.name))]
    UnknownRule { place: String, name: String, hint: String },
}

impl ConfigError {
    /// An error of the YAML reader, told with file, line and column.
    pub(crate) fn yaml(path: &str, error: &Yaml) -> Self {
        let error = error.without_snippet();
        let at = error.location().filter(|at| at.line() > 0);
        let place = at.map_or_else(|| path.to_owned(), |at| format!("{path}:{}:{}", at.line(), at.column()));
        Self::Shape { place, message: message(error) }
    }
}

fn message(error: &Yaml) -> String {
    match error {
        Yaml::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{}`{}", escape::line(field), or_list(field, expected, "keys"))
        }
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown value `{}`{}", escape::line(variant), or_list(variant, expected, "values"))
        }
        Yaml::SerdeMissingField { field, .. } => format!("key `{field}` is missing; add it"),
        Yaml::DuplicateMappingKey { key, .. } => {
            format!("key `{}` stands twice; keep one", escape::line(key.as_deref().unwrap_or("?")))
        }
        Yaml::SerdeInvalidType { unexpected, expected, .. } | Yaml::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("{} where {} is expected; correct it", escape::line(unexpected), escape::line(expected))
        }
        Yaml::Message { msg, .. } => escape::line(msg),
        Yaml::Unexpected { expected, .. } => format!("{} is expected here; correct it", shape(expected)),
        Yaml::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => "one word is expected here; correct it".to_owned(),
        Yaml::InvalidBooleanStrict { .. } => "true or false is expected here; correct it".to_owned(),
        Yaml::MultipleDocuments { .. } => "a second YAML document starts here; keep one".to_owned(),
        other => format!("{}; correct the YAML", escape::line(&own_words(other))),
    }
}

/// The YAML reader's word for a shape, in the user's.
fn shape(expected: &str) -> &str {
    match expected {
        "sequence start" => "a list",
        "mapping start" => "a mapping of keys",
        other => other,
    }
}

/// What the YAML reader says, without the place, which stands in front.
fn own_words(error: &Yaml) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    first.split_once(" at line ").map_or(first, |(message, _)| message).to_owned()
}

/// The nearest expected word, or all of them.
fn or_list(word: &str, expected: &[&'static str], noun: &str) -> String {
    let hint = hint(word, expected.iter().copied());
    if hint.is_empty() { format!("; {noun} are {}", expected.join(", ")) } else { hint }
}
