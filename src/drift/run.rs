//! All sections of a configuration: sources opened, rows checked, findings made and silenced, once each.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::judge::Fault;
use super::section::Plan;
use super::source::Source;
use super::source::copy::Copy;
use super::source::csv_file::CsvFile;
use super::{DriftError, Outcome, Progress, Wrong, check};
use crate::baseline::Baseline;
use crate::config::Config;
use crate::coverage::{Coverage, CoverageKind};
use crate::date::Date;
use crate::finding::{Finding, Severity, State};
use crate::live::connect::{ConnectError, Target};
use crate::location::{Location, Span};
use crate::report::{FailOn, LookedAt, Report, many};
use crate::rule::Rule;
use crate::run::{RunError, doc, load_rules, select_rules};
use crate::silence::{self, Silencing};
use crate::suggest::hint;
use crate::suppression::KnownRules;

/// The target of rules about stored measurements.
pub const TARGET: &str = "measurement";

/// What to check and when.
pub struct Options<'a> {
    /// Relative paths are printed relative to it.
    pub cwd: PathBuf,
    /// The day waivers are compared with.
    pub today: Date,
    /// Connection URL; `None`: from the environment.
    pub database_url: Option<String>,
    /// Reads the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Only these sections; none: all.
    pub sections: Vec<String>,
    /// Tally every way of computing.
    pub infer: bool,
}

/// Everything there is to say.
#[derive(Debug)]
pub struct DriftReport {
    /// Findings, silenced and sorted.
    pub report: Report,
    /// Section by section.
    pub outcomes: Vec<Outcome>,
    /// Severity of the worst row that is not listed, and so cannot be silenced.
    pub unlisted: Option<Severity>,
}

impl DriftReport {
    /// Whether the run fails: on what is listed and not silenced, and on what is not listed.
    #[must_use]
    pub fn fails(&self, fail_on: FailOn) -> bool {
        self.report.fails(fail_on)
            || fail_on.threshold().zip(self.unlisted).is_some_and(|(threshold, severity)| severity >= threshold)
    }
}

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
pub enum DriftRunError {
    /// A section or its source.
    #[error(transparent)]
    Drift(#[from] DriftError),
    /// Rules, configuration or baseline.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Checks all sections asked for.
///
/// # Errors
/// Anything that keeps a section from being checked: a report over part of them would look like an all clear.
pub fn run(
    config: &Config,
    options: &Options<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<DriftReport, DriftRunError> {
    let rules = load_rules(config)?;
    let chosen: Vec<Rule> =
        select_rules(&rules, config)?.into_iter().filter(|rule| rule.target.name == TARGET).collect();
    if chosen.is_empty() {
        return Err(RunError::NoRules.into());
    }
    let baseline = config.baseline.as_deref().map(Baseline::read).transpose().map_err(RunError::from)?;
    let plans = plans(config, &options.sections)?;
    let mut outcomes = Vec::new();
    for plan in &plans {
        let mut outcome = with_source(plan, options, &mut |source| check(plan, source, options.infer, progress))?;
        if let Some(path) = plan.section.csv.as_ref().or(plan.section.parquet.as_ref()) {
            outcome.source = crate::config::printed(path, &options.cwd);
        }
        outcomes.push(outcome);
    }
    let findings = outcomes.iter().flat_map(|outcome| findings(outcome, &chosen)).collect();
    let all = rules.iter().map(|rule| rule.id.clone()).collect();
    let ran: BTreeSet<String> = chosen.iter().map(|rule| rule.id.clone()).collect();
    let silencing = Silencing {
        migrations: &[],
        config,
        baseline: baseline.as_ref(),
        known: KnownRules { all: &all, ran: &ran },
        date: options.today,
        whole: options.sections.is_empty(),
    };
    let findings = silence::apply(findings, &silencing);
    let rows = outcomes.iter().map(|outcome| outcome.rows).sum();
    let looked_at = LookedAt { files: 0, statements: 0, objects: BTreeMap::from([(TARGET.to_owned(), rows)]) };
    let docs = chosen.iter().map(|rule| (rule.id.clone(), doc(rule))).collect();
    let unlisted = outcomes.iter().flat_map(|outcome| outcome.unlisted.keys());
    let unlisted = unlisted.filter_map(|faults| rule_for(faults, &chosen)).map(|rule| rule.severity).max();
    let coverage = outcomes.iter().flat_map(notes).collect();
    let report = Report::new(findings, coverage, looked_at, docs, BTreeMap::new());
    Ok(DriftReport { report, outcomes, unlisted })
}

/// The sections to run, names resolved.
///
/// # Errors
/// None configured, an unknown name, a section that does not hold together.
pub fn plans(config: &Config, names: &[String]) -> Result<Vec<Plan>, DriftError> {
    if config.volumetrics.is_empty() {
        return Err(DriftError::NoSections);
    }
    let known = || config.volumetrics.iter().map(|(section, _)| section.name.as_str());
    if let Some(name) = names.iter().find(|name| known().all(|known| known != name.as_str())) {
        return Err(DriftError::UnknownSection { name: name.clone(), hint: hint(name, known()) });
    }
    let mut seen = BTreeSet::new();
    for (section, at) in &config.volumetrics {
        if !seen.insert(&section.name) {
            let message = "stands twice; rename one".to_owned();
            return Err(DriftError::Section { place: at.to_string(), name: section.name.clone(), message });
        }
    }
    let asked = |name: &String| names.is_empty() || names.contains(name);
    config
        .volumetrics
        .iter()
        .filter(|(section, _)| asked(&section.name))
        .map(|(section, at)| section.plan(at))
        .collect()
}

/// Opens the section's source and hands it over.
///
/// # Errors
/// As the source and `work`.
pub fn with_source<T>(
    plan: &Plan,
    options: &Options<'_>,
    work: &mut dyn FnMut(&mut dyn Source) -> Result<T, DriftError>,
) -> Result<T, DriftError> {
    let target = || Target::new(options.database_url.as_deref(), options.variable);
    with_source_at(plan, &options.cwd, &target, work)
}

/// The same, with the database where `target` says; it is asked only for tables.
///
/// # Errors
/// As the source and `work`.
pub fn with_source_at<T>(
    plan: &Plan,
    cwd: &Path,
    target: &dyn Fn() -> Result<Target, ConnectError>,
    work: &mut dyn FnMut(&mut dyn Source) -> Result<T, DriftError>,
) -> Result<T, DriftError> {
    if let Some(path) = &plan.section.csv {
        let printed = crate::config::printed(path, cwd);
        return work(&mut CsvFile::open(path, &printed, &plan.section)?);
    }
    if let Some(path) = &plan.section.parquet {
        let printed = crate::config::printed(path, cwd);
        return work(&mut *super::source::parquet::open(path, &printed, &plan.section)?);
    }
    let table = plan.section.table.as_deref().unwrap_or_default();
    work(&mut Copy::start(target()?, &plan.section, table)?)
}

/// What the list of findings does not show.
fn notes(outcome: &Outcome) -> Vec<Coverage> {
    let Outcome { name, unlisted, repeated, totals, .. } = outcome;
    let note = |kind, message| Coverage { kind, location: None, object: None, message };
    let mut notes = Vec::new();
    let unlisted: usize = unlisted.values().sum();
    if unlisted > 0 {
        let message =
            format!("section `{name}`: {unlisted} more rows are wrong or not computable and not listed one by one");
        notes.push(note(CoverageKind::NotRun, message));
    }
    if let Some(key) = repeated.first() {
        let keys = many(repeated.len(), "key");
        let message = format!(
            "section `{name}`: {keys} of wrong rows stand more than once (`{key}`); name a column that is unique"
        );
        notes.push(note(CoverageKind::Assumption, message));
    }
    if totals.undated > 0 {
        let rows = many(totals.undated, "row");
        let message = format!("section `{name}`: {rows} without a readable day (YYYY-MM-DD) are in no month");
        notes.push(note(CoverageKind::Unreadable, message));
    }
    notes
}

fn findings(outcome: &Outcome, rules: &[Rule]) -> Vec<Finding> {
    outcome.wrong.iter().filter_map(|wrong| finding(outcome, wrong, rules)).collect()
}

/// The rules a row violates, most basic first: the first that runs makes the finding.
fn rule_for<'r>(faults: &[Fault], rules: &'r [Rule]) -> Option<&'r Rule> {
    let name = |fault: &Fault| match fault {
        Fault::VolumeMismatch => "volumetrics/volume-mismatch",
        Fault::DensityMismatch => "volumetrics/density-mismatch",
        Fault::Drift => "volumetrics/drift",
    };
    let find = |id: &str| rules.iter().find(|rule| rule.id == id);
    if faults.is_empty() { find("volumetrics/not-computable") } else { faults.iter().map(name).find_map(find) }
}

fn finding(outcome: &Outcome, wrong: &Wrong, rules: &[Rule]) -> Option<Finding> {
    let rule = rule_for(&wrong.faults, rules)?;
    let object = outcome.object(&wrong.key);
    let message = message(&object.name, wrong);
    Some(Finding {
        rule: rule.id.clone(),
        severity: rule.severity,
        message,
        object,
        location: Some(place(outcome, wrong)),
        state: State::New,
        silenced_by: None,
        related: Vec::new(),
        detail: None,
        fix: None,
        discriminator: String::new(),
    })
}

fn place(outcome: &Outcome, wrong: &Wrong) -> Location {
    let line = wrong.line.and_then(|line| u32::try_from(line).ok()).and_then(NonZeroU32::new);
    line.map_or_else(
        || outcome.at.clone(),
        |line| Location {
            file: Arc::from(outcome.source.as_str()),
            line,
            column: NonZeroU32::MIN,
            span: Span::new(0, 0),
        },
    )
}

/// One line: what is stored, what is right, the litres, and why.
fn message(name: &str, wrong: &Wrong) -> String {
    let why = &wrong.cause.text;
    let Some(computed) = &wrong.computed else {
        return if wrong.faults.is_empty() {
            format!("`{name}` cannot be computed: {why}")
        } else {
            format!("`{name}`: V15 {:.1} L stored: {why}", wrong.stored.volume15.unwrap_or(0.0))
        };
    };
    let mut parts = Vec::new();
    if let Some(vcf) = wrong.stored.vcf {
        parts.push(format!("VCF {vcf} stored, {:.6} computed", computed.vcf));
    }
    if let Some(density) = wrong.stored.density15 {
        parts.push(format!("density {density} kg/m³ stored, {:.2} computed", computed.density15));
    }
    if let Some(litres) = wrong.residuals.litres {
        parts.push(format!("{litres:+.1} L"));
    }
    let (given, of) = wrong.cause.explains;
    format!("`{name}`: {}: {why} ({given} of {of} stored results fit)", parts.join("; "))
}
