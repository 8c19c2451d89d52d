//! Rules as data: the YAML shape, the fields rules may name, and their compiled conditions.

mod error;
mod expression;
mod file;
mod fix;
mod load;
mod quick;
pub mod schema;
mod selection;
pub mod test;
mod typing;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use error::RuleError;
pub use expression::{Expression, Outcome, Template, cel_root, context};
pub use file::{Examples, FailExample, PassExample, json_schema};
pub use fix::Fix;
pub use load::{built_in, load_all, load_folder, parse};
pub use selection::Selection;
pub use value::{Param, Value};

use crate::check::code::Check;
use crate::finding::Severity;
use schema::Target;

/// A rule, compiled.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `group/name`.
    pub id: String,
    /// One line: what a finding means.
    pub title: String,
    /// Severity of its findings.
    pub severity: Severity,
    /// Severities for particular subjects; the first whose condition holds counts.
    pub severity_when: Vec<(Expression, Severity)>,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// On unless switched off.
    pub enabled: bool,
    /// What it looks at.
    pub target: &'static Target,
    /// How it finds violations.
    pub logic: Logic,
    /// What a finding says.
    pub message: Arc<Template>,
    /// Why it matters.
    pub rationale: String,
    /// What to do; the first line stands alone.
    pub remediation: String,
    /// SQL that does it, for each finding.
    pub fix: Option<Arc<Fix>>,
    /// Where to read more.
    pub references: Vec<String>,
    /// Parameters, as configured.
    pub params: BTreeMap<String, Param>,
    /// Its tests.
    pub examples: Arc<Examples>,
    /// File it was read from.
    pub file: String,
    /// Comes with the program.
    pub built_in: bool,
}

/// How a rule finds violations.
#[derive(Debug, Clone)]
pub enum Logic {
    /// Conditions over a subject's fields.
    Conditions {
        /// Which subjects it looks at.
        when: Option<Expression>,
        /// What must hold.
        assert: Expression,
    },
    /// A check written in code.
    Code(Check),
    /// SQL for a live database.
    Query(String),
}

impl Rule {
    /// The part of the id before the slash.
    #[must_use]
    pub fn group(&self) -> &str {
        self.id.split_once('/').map_or("", |(group, _)| group)
    }

    /// The part of the id after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.split_once('/').map_or(&self.id, |(_, name)| name)
    }

    /// Whether `name` is its id, its group or one of its tags.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.group() == name || self.tags.iter().any(|tag| tag == name)
    }

    /// Whether only a running database can answer it.
    #[must_use]
    pub fn needs_database(&self) -> bool {
        let live = |position: usize| self.target.fields.get(position).is_some_and(|field| field.live);
        matches!(self.logic, Logic::Query(_)) || self.judged_fields().into_iter().any(live)
    }

    /// Whether it is about how a schema came about (files, statements, changes) rather than what it is.
    #[must_use]
    pub fn is_about_history(&self) -> bool {
        schema::HISTORY.contains(&self.target.name)
    }

    /// Positions of the target's fields it needs: conditions, severities, message and fix.
    #[must_use]
    pub fn fields(&self) -> Vec<usize> {
        let mut fields = self.judged_fields();
        fields.extend(self.fix.iter().flat_map(|fix| fix.fields()));
        fields
    }

    fn judged_fields(&self) -> Vec<usize> {
        let mut fields: Vec<usize> = self.message.fields().collect();
        fields.extend(self.severity_when.iter().flat_map(|(condition, _)| condition.fields.iter().copied()));
        if let Logic::Conditions { when, assert } = &self.logic {
            fields.extend(when.iter().flat_map(|when| when.fields.iter().copied()));
            fields.extend(assert.fields.iter().copied());
        }
        fields
    }
}

/// Rules by id.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

impl RuleSet {
    /// All rules, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Adds rules; an id already there is an error.
    pub fn add(&mut self, more: Self) -> Vec<RuleError> {
        let mut errors = Vec::new();
        for rule in more.rules {
            match self.get(&rule.id) {
                Some(first) => {
                    let (id, first, second) = (rule.id.clone(), first.file.clone(), rule.file.clone());
                    errors.push(RuleError::Duplicate { id, first, second });
                }
                None => self.rules.push(rule),
            }
        }
        self.rules.sort_by(|a, b| a.id.cmp(&b.id));
        errors
    }
}

impl From<Vec<Rule>> for RuleSet {
    fn from(mut rules: Vec<Rule>) -> Self {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Self { rules }
    }
}
