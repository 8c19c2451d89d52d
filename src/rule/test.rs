//! Runs the examples in rule files: each is a test of its rule.

use std::collections::BTreeSet;

use super::{Logic, Rule};
use crate::migrations::Platform;

/// What became of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleOutcome {
    /// Rule id.
    pub rule: String,
    /// Example name.
    pub example: String,
    /// Nothing, where it went as written; else what went wrong, one line.
    pub problem: Option<String>,
}

/// Folds an example's SQL (files separated by `-- file: name` lines) and says what the rule found in it: names of
/// objects, and how many subjects it looked at.
pub type Fold<'f> = &'f dyn Fn(&str, Platform, &Rule) -> Found;

/// What a rule found in an example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Names of the objects found.
    pub objects: BTreeSet<String>,
    /// Subjects its `when` let through.
    pub looked_at: usize,
    /// What the fold could not see.
    pub gaps: Vec<String>,
}

/// Runs every example of `rules`; rules with `query:` need a database and are left out.
#[must_use]
pub fn run<'r>(rules: impl IntoIterator<Item = &'r Rule>, fold: Fold<'_>) -> Vec<ExampleOutcome> {
    let mut outcomes = Vec::new();
    for rule in rules.into_iter().filter(|rule| !matches!(rule.logic, Logic::Query(_))) {
        for example in &rule.examples.fail {
            let found = fold(&example.sql, example.platform.unwrap_or(Platform::Supabase), rule);
            let wanted: BTreeSet<String> = example.finds.iter().cloned().collect();
            outcomes.push(outcome(rule, &example.name, difference(&wanted, &found)));
        }
        for example in &rule.examples.pass {
            let found = fold(&example.sql, example.platform.unwrap_or(Platform::Supabase), rule);
            let vacuous = found.looked_at == 0 && !example.vacuous;
            let nothing = || "looked at nothing; change the SQL, or say `vacuous: true`".to_owned();
            let problem = difference(&BTreeSet::new(), &found).or_else(|| vacuous.then(nothing));
            outcomes.push(outcome(rule, &example.name, problem));
        }
    }
    outcomes
}

fn outcome(rule: &Rule, example: &str, problem: Option<String>) -> ExampleOutcome {
    ExampleOutcome { rule: rule.id.clone(), example: example.to_owned(), problem }
}

fn difference(wanted: &BTreeSet<String>, found: &Found) -> Option<String> {
    if *wanted == found.objects {
        return None;
    }
    let list = |names: &BTreeSet<String>| match names.len() {
        0 => "nothing".to_owned(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    let gaps = if found.gaps.is_empty() { String::new() } else { format!(" (not seen: {})", found.gaps.join("; ")) };
    Some(format!("should find {}, found {}{gaps}", list(wanted), list(&found.objects)))
}
