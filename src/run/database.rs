//! A run over a database or a snapshot of one. Where migrations are given beside it, they say where in the files a
//! finding comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{RunError, RunOptions, places};
use crate::baseline::Baseline;
use crate::catalog::Catalog;
use crate::check::{self, CheckConfig, CheckInput};
use crate::config::Config;
use crate::coverage::Coverage;
use crate::finding::Finding;
use crate::governance::{self, Governance};
use crate::live::connect::Target;
use crate::live::{self, Limits, Live, LiveFacts, Query, ReadOptions, Server};
use crate::migrations::History;
use crate::report::Report;
use crate::rule::Rule;
use crate::silence::{self, Silencing};
use crate::snapshot::Snapshot;
use crate::suppression::{self, KnownRules};

/// Where the schema to check is.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// Migration files.
    #[default]
    Migrations,
    /// A running database.
    Live(Target, Limits),
    /// A file written by `gardefou snapshot`.
    Snapshot(PathBuf),
    /// What was read already.
    Read(Box<Live>),
}

/// A run's report, with what it was about.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// The report.
    pub report: Report,
    /// The server that was read.
    pub server: Server,
    /// How many objects of each kind there are, the platform's included.
    pub counts: BTreeMap<&'static str, usize>,
    /// Rules that ran.
    pub ran: BTreeSet<String>,
}

/// Checks a database or a snapshot.
///
/// # Errors
/// [`RunError`].
pub fn check_database(config: &Config, options: &RunOptions) -> Result<Checked, RunError> {
    let rules = super::load_rules(config)?;
    let mut chosen = super::select_rules(&rules, config)?;
    chosen.retain(|rule| rule.target.name != crate::drift::run::TARGET);
    let baseline = config.baseline.as_deref().map(Baseline::read).transpose()?;
    let mut check = super::check_config(config);
    check.governance = Governance::load(config, &options.cwd, options.today)?;
    chosen.retain(|rule| governance::applies(rule, check.governance.as_deref()));
    let mut source = obtain(&options.source, &chosen, &check)?;
    let history = if options.paths.is_empty() { None } else { Some(super::read_history(config, options)?.1) };
    let configured = (!config.exposed_schemas.is_empty(), !config.exposed_roles.is_empty());
    let said = live::prepare(&mut source.catalog, &source.server, config.platform, &mut check, configured);
    if let Some(governance) = &check.governance {
        governance::validate(governance, &source.catalog, &[])?;
    }
    if let Some(history) = &history {
        places::adopt_grants(&mut source.catalog, &history.catalog);
    }
    let input = input(&source.catalog, &source.facts, &chosen, &check);
    let mut output = check::run(&input);
    let state: Vec<Rule> = chosen.iter().filter(|rule| !rule.is_about_history()).cloned().collect();
    if let Some(history) = &history {
        places::place(&mut output.findings, history, &state, &check);
    }
    let ran: BTreeSet<String> = state.iter().map(|rule| rule.id.clone()).collect();
    let all = rules.iter().map(|rule| rule.id.clone()).collect();
    let silencing = Silencing {
        migrations: history.as_ref().map_or(&[], |history| &history.migrations),
        config,
        baseline: baseline.as_ref(),
        known: KnownRules { all: &all, ran: &ran },
        date: options.today,
        whole: true,
    };
    let findings = silence::apply(std::mem::take(&mut output.findings), &silencing);
    // Comments in files are the migration run's to judge.
    let about_comments = |finding: &Finding| [suppression::UNUSED, suppression::BAD].contains(&finding.rule.as_str());
    let findings: Vec<Finding> = findings.into_iter().filter(|finding| !about_comments(finding)).collect();
    let coverage: Vec<Coverage> = source.coverage.into_iter().chain(said).chain(output.coverage.clone()).collect();
    let (files, statements) = history.as_ref().map_or((0, 0), extent);
    let looked_at = super::looked_at(&output, files, statements);
    let docs = super::docs(&state, &findings);
    let sources = super::sources(
        history.as_ref().map_or(&[], |history| &history.migrations),
        config,
        check.governance.as_deref(),
    );
    let report = Report::new(findings, coverage, looked_at, docs, sources);
    Ok(Checked { report, server: source.server, counts: counts(&source.catalog), ran })
}

/// The schema alone, from wherever it is, with what counts as exposed there.
///
/// # Errors
/// [`RunError`].
pub fn read_catalog(config: &Config, options: &RunOptions) -> Result<(Catalog, CheckConfig), RunError> {
    let mut check = super::check_config(config);
    if matches!(options.source, Source::Migrations) {
        return Ok((super::read_history(config, options)?.1.catalog, check));
    }
    let mut source = obtain(&options.source, &[], &check)?;
    let configured = (!config.exposed_schemas.is_empty(), !config.exposed_roles.is_empty());
    let _ = live::prepare(&mut source.catalog, &source.server, config.platform, &mut check, configured);
    if !options.paths.is_empty() {
        let history = super::read_history(config, options)?.1;
        places::adopt_grants(&mut source.catalog, &history.catalog);
    }
    Ok((source.catalog, check))
}

fn input<'a>(catalog: &'a Catalog, facts: &'a LiveFacts, rules: &'a [Rule], config: &'a CheckConfig) -> CheckInput<'a> {
    CheckInput { catalog, migrations: &[], coverage: &[], rules, config, changed_only: false, live: Some(facts), before: None }
}

/// Reads the database, or the file.
fn obtain(source: &Source, rules: &[Rule], check: &CheckConfig) -> Result<Live, RunError> {
    match source {
        Source::Migrations => Ok(Live::default()),
        Source::Live(target, limits) => {
            let query = |rule: &Rule| check::query::sql(rule, check).map(|sql| Query { rule: rule.id.clone(), sql });
            let queries = rules.iter().filter_map(query).collect();
            let statistics = rules.iter().any(Rule::needs_database);
            Ok(live::read(target, &ReadOptions { limits: *limits, queries, statistics })?)
        }
        Source::Snapshot(path) => {
            let Snapshot { server, catalog, facts, coverage, .. } = Snapshot::read(path)?;
            Ok(Live { catalog, server, facts, coverage })
        }
        Source::Read(live) => Ok(Live::clone(live)),
    }
}

fn extent(history: &History) -> (usize, usize) {
    let files = history.migrations.iter().filter(|migration| migration.file.skipped.is_none()).count();
    (files, history.migrations.iter().map(super::statements).sum())
}

/// Objects by kind.
fn counts(catalog: &Catalog) -> BTreeMap<&'static str, usize> {
    let in_relations = |n: fn(&crate::catalog::Relation) -> usize| catalog.relations.values().map(n).sum();
    BTreeMap::from([
        ("roles", catalog.roles.len()),
        ("schemas", catalog.schemas.len()),
        ("tables and views", catalog.relations.len()),
        ("columns", in_relations(|relation| relation.columns.len())),
        ("policies", in_relations(|relation| relation.policies.len())),
        ("constraints", in_relations(|relation| relation.constraints.len())),
        ("triggers", in_relations(|relation| relation.triggers.len())),
        ("indexes", catalog.indexes.len()),
        ("sequences", catalog.sequences.len()),
        ("functions", catalog.functions.len()),
        ("types", catalog.types.len()),
        ("extensions", catalog.extensions.len()),
    ])
}
