//! What can be wrong with rules.

/// A mistake in a rule file, or in a reference to a rule. Ends in what to do where that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The folder or file cannot be read.
    #[error("{path}: {message}; check the `rules` folders in the configuration")]
    Read {
        /// Path.
        path: String,
        /// What the system says.
        message: String,
    },
    /// Not YAML, or not of a rule's shape.
    #[error("{file}:{line}:{column}: {message}")]
    Shape {
        /// File.
        file: String,
        /// 1-based line.
        line: u64,
        /// 1-based column.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// A condition or message that does not compile.
    #[error("{file}:{line}: `{key}`: {message}")]
    Expression {
        /// File.
        file: String,
        /// 1-based line of the key's value.
        line: u64,
        /// Key in the file.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// Two files give one id.
    #[error("{second}: rule `{id}` is already defined in {first}; rename one of the files")]
    Duplicate {
        /// Rule id.
        id: String,
        /// First file.
        first: String,
        /// Second file.
        second: String,
    },
    /// A selection names a rule, group or tag that does not exist.
    #[error("unknown rule, group or tag `{name}` in {place}{hint}")]
    UnknownRule {
        /// As written.
        name: String,
        /// Where it was written, in words.
        place: String,
        /// `; did you mean …?`
        hint: String,
    },
    /// A parameter the rule does not have, or of another type.
    #[error("rule `{rule}`: {message}")]
    Param {
        /// Rule id.
        rule: String,
        /// What is wrong.
        message: String,
    },
}
