//! One run from configuration to report: files are found and folded, rules evaluated, findings silenced, once each
//! and in this order.

mod database;
mod places;
mod select;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::access::{self, Delta, Scope};
use crate::baseline::{Baseline, BaselineError};
use crate::catalog::Catalog;
use crate::check::{self, CheckConfig, CheckInput, CheckOutput};
use crate::config::{Config, ConfigError, RuleNames};
use crate::coverage::Coverage;
use crate::date::Date;
use crate::exposure::{self, Configured};
use crate::finding::{Finding, State};
use crate::governance::{self, Governance};
use crate::migrations::discover::{DiscoverError, DiscoverOptions, discover};
use crate::migrations::{FoldOptions, History, MigrationSet, Platform, fold, fold_watched};
use crate::report::{LookedAt, Report, RuleDoc};
use crate::rule::{self, Rule, RuleError, RuleSet};
use crate::silence::{self, Silencing};
use crate::suppression::KnownRules;

pub use database::{Checked, Source, audit_database, check_database, read_catalog};

/// What to check and when.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where the run started: relative paths start here, printed paths are relative to it.
    pub cwd: PathBuf,
    /// Migration folders and files; none: those of the configuration, else the usual places.
    pub paths: Vec<PathBuf>,
    /// Report only what files changed since this git ref caused.
    pub since: Option<String>,
    /// The day waivers are compared with.
    pub today: Date,
    /// Where the schema is; beside a database, `paths` only say where things come from.
    pub source: Source,
}

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The migrations.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// The baseline.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// The database.
    #[error(transparent)]
    Live(#[from] crate::live::LiveError),
    /// The replay.
    #[error(transparent)]
    Replay(#[from] crate::replay::ReplayError),
    /// The snapshot.
    #[error(transparent)]
    Snapshot(#[from] crate::snapshot::SnapshotError),
    /// Rules that cannot be used.
    #[error("{}", lines(.0))]
    Rules(Vec<RuleError>),
    /// A parameter of a rule that is neither a flag, a number, a text nor a list of texts.
    #[error("{place}: parameter `{name}` is {problem}; write true, false, a whole number, a text or a list of texts")]
    Param {
        /// Where the rule is configured.
        place: String,
        /// The parameter.
        name: String,
        /// What the reader says.
        problem: String,
    },
    /// Every rule is switched off.
    #[error("no rule is left to run: `select`, `ignore` and `rules` leave none; `gardefou rules list` shows all")]
    NoRules,
    /// Files were found and none of them has a statement.
    #[error("there is nothing to check: {0} without a statement; name the folder that holds the migrations")]
    NoStatements(String),
}

fn lines(errors: &[RuleError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Loads built-in rules and the user's, and checks every name the configuration uses.
pub fn load_rules(config: &Config) -> Result<RuleSet, RunError> {
    let rules = rule::load_all(&config.rule_folders).map_err(RunError::Rules)?;
    config.check_names(&names(&rules))?;
    Ok(rules)
}

/// The rules to run, as configured.
pub fn select_rules(rules: &RuleSet, config: &Config) -> Result<Vec<Rule>, RunError> {
    let chosen = rules.apply(&select::selection(rules, config)?).map_err(RunError::Rules)?;
    if chosen.is_empty() { Err(RunError::NoRules) } else { Ok(chosen) }
}

fn names(rules: &RuleSet) -> RuleNames {
    let loaded = rules.iter().map(|rule| (rule.id.clone(), rule.tags.clone()));
    let silencing = silence::docs().into_values().map(|doc| (doc.id, doc.tags));
    RuleNames { rules: loaded.chain(silencing).collect() }
}

/// Finds and folds the migrations.
pub fn read_history(config: &Config, options: &RunOptions) -> Result<(MigrationSet, History), RunError> {
    let set = read_set(config, options)?;
    let history = fold(&set, &fold_options(config));
    Ok((set, history))
}

fn read_set(config: &Config, options: &RunOptions) -> Result<MigrationSet, RunError> {
    let paths = if options.paths.is_empty() { &config.migrations } else { &options.paths };
    let discovery = DiscoverOptions { root: options.cwd.clone(), since: options.since.clone(), layout: None };
    Ok(discover(paths, &discovery)?)
}

fn fold_options(config: &Config) -> FoldOptions {
    FoldOptions { platform: config.platform, default_grants: config.default_grants }
}

/// Runs the examples of `rules`.
#[must_use]
pub fn test_examples(rules: &RuleSet) -> Vec<rule::test::Outcome> {
    rule::test::run(rules.iter())
}

/// Checks the migrations, or another source: the main job.
pub fn check(config: &Config, options: &RunOptions) -> Result<Report, RunError> {
    if !matches!(options.source, Source::Migrations) {
        return check_database(config, options).map(|checked| checked.report);
    }
    let (rules, history) = rayon::join(|| load_rules(config), || read_history(config, options));
    let rules = rules?;
    let mut chosen = select_rules(&rules, config)?;
    // Rules about stored measurements are `gardefou drift`'s.
    chosen.retain(|rule| rule.target.name != crate::drift::run::TARGET);
    let baseline = config.baseline.as_deref().map(Baseline::read).transpose()?;
    let (set, history) = history?;
    let statements: usize = history.migrations.iter().map(statements).sum();
    if statements == 0 {
        return Err(RunError::NoStatements(crate::report::many(set.files.len(), "file")));
    }
    let governance = Governance::load(config, &options.cwd, options.today, None)?;
    if let Some(governance) = &governance {
        governance::validate(governance, &history.catalog, &history.migrations)?;
    }
    chosen.retain(|rule| governance::applies(rule, governance.as_deref()));
    let (settings, said) = for_files(config, &set, &history.catalog);
    let settings = CheckConfig { governance, ..settings };
    let before = before(&set, &history, config);
    let input = CheckInput { before: before.as_ref(), ..input(&history, &chosen, &settings, options) };
    let output = check::run(&input);
    let files = history.migrations.iter().filter(|migration| migration.file.skipped.is_none()).count();
    let looked_at = looked_at(&output, files, statements);
    let access = output.access;
    let all = rules.iter().map(|rule| rule.id.clone()).collect();
    let ran = chosen.iter().map(|rule| rule.id.clone()).collect();
    let silencing = Silencing {
        migrations: &history.migrations,
        config,
        baseline: baseline.as_ref(),
        known: KnownRules { all: &all, ran: &ran },
        date: options.today,
        whole: options.since.is_none() && is_whole(config, options),
    };
    let findings = silence::apply(output.findings, &silencing);
    let findings = if options.since.is_some() { caused_by_changes(findings, &history) } else { findings };
    let coverage: Vec<Coverage> = history.coverage.iter().cloned().chain(said).chain(output.coverage).collect();
    let docs = docs(&chosen, &findings);
    let sources = sources(&history.migrations, config, settings.governance.as_deref());
    let mut report = Report::new(findings, coverage, looked_at, docs, sources);
    report.access = access;
    // Nobody waits for the memory.
    rayon::spawn(move || drop(history));
    Ok(report)
}

fn input<'a>(history: &'a History, rules: &'a [Rule], config: &'a CheckConfig, options: &RunOptions) -> CheckInput<'a> {
    CheckInput { changed_only: options.since.is_some(), ..CheckInput::of_history(history, rules, config) }
}

/// The schema as the files stood at the ref of `--since`.
fn before(set: &MigrationSet, history: &History, config: &Config) -> Option<Catalog> {
    let files = set.before.clone()?;
    let platform = config.platform.unwrap_or_else(|| platform_of(history));
    let was = MigrationSet { files, layout: set.layout, ..MigrationSet::default() };
    let options = FoldOptions { platform: Some(platform), default_grants: config.default_grants };
    Some(fold(&was, &options).catalog)
}

/// What one migration did to access: its path and each verdict it changed.
pub type MigrationAccess = (Arc<str>, Vec<Delta>);

/// What each migration did to access, in order; each is folded with all before it.
///
/// # Errors
/// [`RunError`] where the migrations cannot be found.
pub fn access_by_migration(config: &Config, options: &RunOptions) -> Result<Vec<MigrationAccess>, RunError> {
    let set = read_set(config, options)?;
    let check = check_config(config);
    let mut access = access::History::new(Scope::of(&check), check.access.clone());
    let mut deltas = Vec::new();
    let _ = fold_watched(&set, &fold_options(config), &mut |migration, catalog| match migration {
        None => access.begin(catalog),
        Some(migration) if migration.changes.is_empty() => {}
        Some(migration) => {
            let touched = migration.changes.iter().map(|change| (&change.object, change.renamed_from.as_deref()));
            deltas.push((Arc::clone(&migration.file.path), access.step(catalog, touched)));
        }
    });
    Ok(deltas)
}

/// What was taken for the platform: told by the schema it brings.
fn platform_of(history: &History) -> Platform {
    let auth = history.catalog.schemas.get("auth");
    let supabase = auth.is_some_and(|schema| schema.provenance.origin == crate::catalog::Origin::Platform);
    if supabase { Platform::Supabase } else { Platform::Postgres }
}

/// Statements of a migration, those that could not be parsed too.
fn statements(migration: &crate::migrations::Migration) -> usize {
    migration.statements.len() + migration.syntax_errors.len()
}

fn check_config(config: &Config) -> CheckConfig {
    let mut check = CheckConfig::default();
    if !config.exposed_schemas.is_empty() {
        check.exposed_schemas.clone_from(&config.exposed_schemas);
    }
    if !config.exposed_roles.is_empty() {
        check.exposed_roles.clone_from(&config.exposed_roles);
    }
    check.contract.clone_from(&config.access);
    check.access.contexts.clone_from(&config.contexts);
    check.lint.clone_from(&config.squawk);
    check
}

/// The settings for a schema that files make, and what was assumed about what the API serves.
fn for_files(config: &Config, set: &MigrationSet, catalog: &Catalog) -> (CheckConfig, Vec<Coverage>) {
    let mut check = check_config(config);
    let configured = configured(config);
    exposure::widen(&mut check, configured, set.api.as_ref());
    let said = exposure::of_files(&mut check, configured, set.api.as_ref(), catalog);
    (check, said)
}

const fn configured(config: &Config) -> Configured {
    Configured { schemas: !config.exposed_schemas.is_empty(), roles: !config.exposed_roles.is_empty() }
}

/// Whether the paths are everything the configuration speaks of: no paths, folders that hold the configuration file,
/// or the configured migrations themselves.
fn is_whole(config: &Config, options: &RunOptions) -> bool {
    let folder = config.path.as_ref().map(|path| options.cwd.join(path));
    let folder = folder.as_deref().and_then(Path::parent);
    let paths: BTreeSet<PathBuf> = options.paths.iter().map(|path| options.cwd.join(path)).collect();
    let configured: BTreeSet<PathBuf> = config.migrations.iter().cloned().collect();
    paths.is_empty()
        || paths == configured
        || paths.iter().any(|path| folder.is_some_and(|folder| folder.starts_with(path)))
}

/// Findings about comments in files that did not change are not this change's.
fn caused_by_changes(findings: Vec<Finding>, history: &History) -> Vec<Finding> {
    let unchanged: BTreeSet<&str> =
        history.migrations.iter().filter(|m| !m.file.changed).map(|m| m.file.path.as_ref()).collect();
    let about_unchanged = |finding: &Finding| {
        finding.rule.starts_with("config/")
            && finding.location.as_ref().is_some_and(|at| unchanged.contains(at.file.as_ref()))
    };
    findings.into_iter().filter(|finding| finding.state != State::New || !about_unchanged(finding)).collect()
}

fn looked_at(output: &CheckOutput, files: usize, statements: usize) -> LookedAt {
    // Changes, statements and files are counted apart, or are not objects.
    let objects =
        output.subjects.iter().filter(|(target, _)| !matches!(**target, "change" | "statement" | "migration"));
    LookedAt { files, statements, objects: objects.map(|(target, n)| ((*target).to_owned(), *n)).collect() }
}

/// Documentation of the rules that ran, and of those about silencing that found something.
fn docs(rules: &[Rule], findings: &[Finding]) -> BTreeMap<String, RuleDoc> {
    let found: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    let silencing = silence::docs().into_iter().filter(|(id, _)| found.contains(id.as_str()));
    rules.iter().map(|rule| (rule.id.clone(), doc(rule))).chain(silencing).collect()
}

/// What reports say about a rule.
#[must_use]
pub fn doc(rule: &Rule) -> RuleDoc {
    RuleDoc {
        id: rule.id.clone(),
        title: rule.title.clone(),
        severity: rule.severity,
        rationale: rule.rationale.clone(),
        remediation: rule.remediation.clone(),
        fix: rule.fix.as_ref().map(|fix| fix.text().to_owned()),
        references: rule.references.clone(),
        tags: rule.tags.clone(),
    }
}

fn sources(
    migrations: &[crate::migrations::Migration],
    config: &Config,
    governance: Option<&Governance>,
) -> BTreeMap<Arc<str>, Arc<str>> {
    let files = migrations.iter().map(|m| (Arc::clone(&m.file.path), Arc::clone(&m.file.text)));
    let config = config.path.iter().map(|path| (Arc::from(path.as_str()), Arc::clone(&config.text)));
    let lock = governance.and_then(|governance| governance.lock.as_ref());
    let lock = lock.map(|lock| (Arc::clone(&lock.path), Arc::clone(&lock.text)));
    files.chain(config).chain(lock).collect()
}
