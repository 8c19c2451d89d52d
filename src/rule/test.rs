//! Runs the examples in rule files: each is a test of its rule.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::Rule;
use crate::access::contract::Expectation;
use crate::check::{self, CheckConfig, CheckInput};
use crate::config::Config;
use crate::date::Date;
use crate::governance::Governance;
use crate::governance::lock::{self, Lock};
use crate::migrations::discover::in_memory;
use crate::migrations::{FoldOptions, Layout, MigrationSet, Platform, fold};

/// What became of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Rule id.
    pub rule: String,
    /// Example name.
    pub example: String,
    /// Nothing, where it went as written; else what went wrong, one line.
    pub problem: Option<String>,
}

/// Runs every example of `rules`; rules that need a database (`query:`, statistics) are left out.
#[must_use]
pub fn run<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for rule in rules.into_iter().filter(|rule| !rule.needs_database()) {
        for example in &rule.examples.fail {
            let input = Input::new(&example.sql, example.platform, example.config.as_deref());
            let wanted: BTreeSet<String> = example.finds.iter().cloned().collect();
            outcomes.push(outcome(rule, &example.name, difference(&wanted, &input.found(rule))));
        }
        for example in &rule.examples.pass {
            let input = Input::new(&example.sql, example.platform, example.config.as_deref());
            let found = input.found(rule);
            let vacuous = found.looked_at == 0 && !example.vacuous;
            let nothing = || format!("looked at nothing; change the SQL, or say `vacuous: true`{}", found.not_seen());
            let problem = difference(&BTreeSet::new(), &found).or_else(|| vacuous.then(nothing));
            outcomes.push(outcome(rule, &example.name, problem));
        }
    }
    outcomes
}

/// The migrations of an example.
struct Input {
    set: MigrationSet,
    options: FoldOptions,
    /// The governance sections, or why they cannot be read.
    governance: Result<Option<Arc<Governance>>, String>,
    /// The access contract.
    contract: Vec<Expectation>,
}

impl Input {
    fn new(sql: &str, platform: Option<Platform>, config: Option<&str>) -> Self {
        let files = split(sql);
        let texts = files.iter().map(|file| (file.name.clone(), file.text.clone())).collect();
        let mut set = in_memory(&texts, Layout::Supabase);
        if files.iter().any(|file| file.added) {
            for file in &mut set.files {
                file.changed = files.iter().any(|one| one.added && *one.name == *file.path);
            }
        }
        let platform = Some(platform.unwrap_or(Platform::Supabase));
        let options = FoldOptions { platform, default_grants: None };
        let governance = config.map(|config| governance(config, &set, &options)).transpose();
        let parsed = config.and_then(|text| Config::parse(text, "gardefou.yaml", Path::new(".")).ok());
        let contract = parsed.map(|config| config.access).unwrap_or_default();
        Self { set, options, governance, contract }
    }

    /// The schema before the last migration.
    fn before(&self) -> crate::catalog::Catalog {
        let mut set = self.set.clone();
        set.files.pop();
        fold(&set, &self.options).catalog
    }

    fn found(&self, rule: &Rule) -> Found {
        let history = fold(&self.set, &self.options);
        let governance = match &self.governance {
            Ok(governance) => governance.clone(),
            Err(problem) => return Found { gaps: vec![problem.clone()], ..Found::default() },
        };
        let (rules, config) =
            ([rule.clone()], CheckConfig { governance, contract: self.contract.clone(), ..CheckConfig::default() });
        let before = (rule.target.name == "access").then(|| self.before());
        let input = CheckInput { before: before.as_ref(), ..CheckInput::of_history(&history, &rules, &config) };
        let output = check::run(&input);
        let gaps = history.coverage.iter().filter(|entry| entry.kind.is_gap()).chain(&output.coverage);
        Found {
            objects: output.findings.into_iter().map(|finding| finding.object.name).collect(),
            looked_at: output.looked_at.get(&rule.id).copied().unwrap_or(0),
            gaps: gaps.map(|entry| entry.message.clone()).collect(),
        }
    }
}

/// What an example's configuration declares; locked is the schema before the files that are added.
fn governance(text: &str, set: &MigrationSet, options: &FoldOptions) -> Result<Arc<Governance>, String> {
    let config = Config::parse(text, "gardefou.yaml", Path::new(".")).map_err(|error| error.to_string())?;
    let mut before = set.clone();
    if before.files.iter().any(|file| !file.changed) {
        before.files.retain(|file| !file.changed);
    }
    let sections = config.governance;
    let before = fold(&before, options);
    let (objects, _) = Lock::of(&before.catalog, &before.migrations, &sections);
    let lock = lock::in_memory(&objects);
    let governance = Governance { sections, lock, ..Governance::none(Date::today()) };
    let history = fold(set, options);
    crate::governance::validate(&governance, &history.catalog, &history.migrations)
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(governance))
}

/// One migration of an example.
struct File {
    name: String,
    text: String,
    added: bool,
}

/// The migrations of an example; what stands before the first `-- file:` line is one too.
fn split(sql: &str) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    for line in sql.lines() {
        if let Some(name) = line.trim().strip_prefix("-- file:") {
            let (name, added) = name.trim().strip_suffix("(added)").map_or((name, false), |name| (name, true));
            files.push(File { name: name.trim().to_owned(), text: String::new(), added });
            continue;
        }
        if files.is_empty() {
            files.push(File { name: "1_example.sql".to_owned(), text: String::new(), added: false });
        }
        if let Some(file) = files.last_mut() {
            file.text.push_str(line);
            file.text.push('\n');
        }
    }
    files
}

/// What a rule found in an example.
#[derive(Default)]
struct Found {
    objects: BTreeSet<String>,
    looked_at: usize,
    gaps: Vec<String>,
}

impl Found {
    fn not_seen(&self) -> String {
        if self.gaps.is_empty() { String::new() } else { format!(" (not seen: {})", self.gaps.join("; ")) }
    }
}

fn outcome(rule: &Rule, example: &str, problem: Option<String>) -> Outcome {
    Outcome { rule: rule.id.clone(), example: example.to_owned(), problem }
}

fn difference(wanted: &BTreeSet<String>, found: &Found) -> Option<String> {
    if *wanted == found.objects {
        return None;
    }
    let list = |names: &BTreeSet<String>| match names.len() {
        0 => "nothing".to_owned(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    Some(format!("should find {}, found {}{}", list(wanted), list(&found.objects), found.not_seen()))
}
