//! A run over a database or a snapshot of one. Where migrations are given beside it, they say where in the files a
//! finding comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::{RunError, RunOptions, places};
use crate::access;
use crate::baseline::Baseline;
use crate::catalog::Catalog;
use crate::check::{self, CheckConfig, CheckInput, CheckOutput};
use crate::config::Config;
use crate::coverage::{Coverage, CoverageKind};
use crate::exposure;
use crate::finding::Finding;
use crate::governance::{self, Governance};
use crate::live::connect::Target;
use crate::live::{self, Limits, Live, LiveFacts, Query, ReadOptions, Server};
use crate::migrations::{History, MigrationSet};
use crate::replay::{self, Start, Wanted};
use crate::report::Report;
use crate::rule::Rule;
use crate::silence::{self, Silencing};
use crate::snapshot::Snapshot;
use crate::suppression::{self, KnownRules};

/// Where the schema to check is.
#[derive(Debug, Clone, Default)]
#[allow(clippy::large_enum_variant, reason = "a run has one of them")]
pub enum Source {
    /// Migration files.
    #[default]
    Migrations,
    /// A running database.
    Live(Target, Limits),
    /// A file written by `gardefou snapshot`.
    Snapshot(PathBuf),
    /// A server that the migrations are applied to.
    Replay(Wanted, Limits),
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
    /// Who can reach what, in brief, where it was asked for.
    pub access: Option<Arc<access::Table>>,
}

/// Checks a database or a snapshot.
///
/// # Errors
/// [`RunError`].
pub fn check_database(config: &Config, options: &RunOptions) -> Result<Checked, RunError> {
    checked(config, options, false)
}

/// As [`check_database`], and who can reach what. The schema itself is given up before anything is written about it.
///
/// # Errors
/// [`RunError`].
pub fn audit_database(config: &Config, options: &RunOptions) -> Result<Checked, RunError> {
    checked(config, options, true)
}

fn checked(config: &Config, options: &RunOptions, with_access: bool) -> Result<Checked, RunError> {
    let rules = super::load_rules(config)?;
    let mut chosen = super::select_rules(&rules, config)?;
    chosen.retain(|rule| rule.target.name != crate::drift::run::TARGET);
    let baseline = config.baseline.as_deref().map(Baseline::read).transpose()?;
    let mut check = super::check_config(config);
    let target = match &options.source {
        Source::Live(target, _) => Some(target),
        _ => None,
    };
    check.governance = Governance::load(config, &options.cwd, options.today, target)?;
    chosen.retain(|rule| governance::applies(rule, check.governance.as_deref()));
    let replayed = matches!(options.source, Source::Replay(..));
    let wanted = replayed || !options.paths.is_empty();
    let history = if wanted { Some(super::read_history(config, options)?) } else { None };
    let configured = super::configured(config);
    exposure::widen(&mut check, configured, history.as_ref().and_then(|(set, _)| set.api.as_ref()));
    let mut source = obtain(config, &options.source, history.as_ref(), &chosen, &check)?;
    let history = history.map(|(_, history)| history);
    let said = live::prepare(&mut source.catalog, &source.server, config.platform, &mut check, configured);
    if let Some(governance) = &mut check.governance {
        governance::validate(governance, &source.catalog, &[])?;
        Arc::make_mut(governance).live = source.measured.take();
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
    if let Some(history) = history.as_ref().filter(|_| replayed) {
        of_history(history, &chosen, &check, &mut output);
    }
    // Gates ask about files and database at once: with both at hand they are judged, too.
    let gates: Vec<Rule> = chosen.iter().filter(|rule| governance::is_about_both(rule)).cloned().collect();
    if let Some(history) = history.as_ref().filter(|_| target.is_some() && !gates.is_empty()) {
        let found = check::run(&CheckInput::of_history(history, &gates, &check));
        output.findings.extend(found.findings);
        output.coverage.extend(found.coverage);
    }
    let judged = if replayed { &chosen } else { &state };
    let mut ran: BTreeSet<String> = judged.iter().map(|rule| rule.id.clone()).collect();
    if history.is_some() && target.is_some() {
        ran.extend(gates.iter().map(|rule| rule.id.clone()));
    }
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
    let findings: Vec<Finding> = findings.into_iter().filter(|finding| replayed || !about_comments(finding)).collect();
    let coverage: Vec<Coverage> = source.coverage.into_iter().chain(said).chain(output.coverage.clone()).collect();
    let (files, statements) = history.as_ref().map_or((0, 0), extent);
    let looked_at = super::looked_at(&output, files, statements);
    let documented: Vec<Rule> = chosen.iter().filter(|rule| ran.contains(&rule.id)).cloned().collect();
    let docs = super::docs(&documented, &findings);
    let sources = super::sources(
        history.as_ref().map_or(&[], |history| &history.migrations),
        config,
        check.governance.as_deref(),
    );
    let report = Report::new(findings, coverage, looked_at, docs, sources);
    let counts = counts(&source.catalog);
    let access =
        with_access.then(|| output.table.take().unwrap_or_else(|| who_reaches_what(&source.catalog, &check).into()));
    Ok(Checked { report, server: source.server, counts, ran, access })
}

/// In brief: nobody reads every derivation on one page.
fn who_reaches_what(catalog: &Catalog, config: &CheckConfig) -> access::Table {
    let named_roles = access::contract::roles(&config.contract).cloned().collect();
    let scope = access::Scope { named_roles, brief: true, ..access::Scope::of(config) };
    access::Access::new(catalog, &config.access).table(&scope)
}

/// The schema alone, from wherever it is, with what counts as exposed there.
///
/// # Errors
/// [`RunError`].
pub fn read_catalog(config: &Config, options: &RunOptions) -> Result<(Catalog, CheckConfig), RunError> {
    let mut check = super::check_config(config);
    if matches!(options.source, Source::Migrations) {
        let (set, history) = super::read_history(config, options)?;
        let (check, _) = super::for_files(config, &set, &history.catalog);
        return Ok((history.catalog, check));
    }
    let replayed = matches!(options.source, Source::Replay(..));
    let history =
        if replayed || !options.paths.is_empty() { Some(super::read_history(config, options)?) } else { None };
    let configured = super::configured(config);
    exposure::widen(&mut check, configured, history.as_ref().and_then(|(set, _)| set.api.as_ref()));
    let mut source = obtain(config, &options.source, history.as_ref(), &[], &check)?;
    let _ = live::prepare(&mut source.catalog, &source.server, config.platform, &mut check, configured);
    if let Some((_, history)) = &history {
        places::adopt_grants(&mut source.catalog, &history.catalog);
    }
    Ok((source.catalog, check))
}

fn input<'a>(catalog: &'a Catalog, facts: &'a LiveFacts, rules: &'a [Rule], config: &'a CheckConfig) -> CheckInput<'a> {
    CheckInput {
        catalog,
        migrations: &[],
        coverage: &[],
        rules,
        config,
        changed_only: false,
        live: Some(facts),
        before: None,
    }
}

/// What rules about files, statements and changes find: a replay has these too.
fn of_history(history: &History, rules: &[Rule], check: &CheckConfig, output: &mut CheckOutput) {
    let rules: Vec<Rule> = rules.iter().filter(|rule| rule.is_about_history()).cloned().collect();
    let found = check::run(&CheckInput::of_history(history, &rules, check));
    output.findings.extend(found.findings);
    output.looked_at.extend(found.looked_at);
    output.coverage.retain(|entry| entry.kind != CoverageKind::NotApplicable);
    output.coverage.extend(found.coverage);
}

/// Reads the database, or the file; or makes the database first.
fn obtain(
    config: &Config,
    source: &Source,
    history: Option<&(MigrationSet, History)>,
    rules: &[Rule],
    check: &CheckConfig,
) -> Result<Live, RunError> {
    let options = |limits: &Limits| {
        let query = |rule: &Rule| check::query::sql(rule, check).map(|sql| Query { rule: rule.id.clone(), sql });
        let queries = rules.iter().filter_map(query).collect();
        ReadOptions { limits: *limits, queries, statistics: rules.iter().any(Rule::needs_database), governance: None }
    };
    match source {
        Source::Migrations => Ok(Live::default()),
        Source::Live(target, limits) => {
            // Of a replay there are no rows but those the files insert: nothing to count.
            let options = ReadOptions { governance: check.governance.clone(), ..options(limits) };
            Ok(live::read(target, &options)?)
        }
        Source::Replay(wanted, limits) => {
            let Some((set, history)) = history else { return Ok(Live::default()) };
            if history.migrations.iter().map(super::statements).sum::<usize>() == 0 {
                return Err(RunError::NoStatements(crate::report::many(set.files.len(), "file")));
            }
            let platform = config.platform.unwrap_or_else(|| crate::migrations::detect_platform(set).0);
            let start = Start { platform, grants: config.default_grants.unwrap_or_default(), limits: *limits };
            let mut live = replay::replay(set, &start, wanted, &options(limits))?;
            // What was assumed about files and platform holds here, too; gaps in the fold do not.
            let assumed = history.coverage.iter().filter(|entry| !entry.kind.is_gap()).cloned();
            live.coverage.extend(assumed);
            Ok(live)
        }
        Source::Snapshot(path) => {
            let Snapshot { server, catalog, facts, coverage, .. } = Snapshot::read(path)?;
            Ok(Live { catalog, server, facts, coverage, measured: None })
        }
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
