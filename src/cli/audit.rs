//! `gardefou audit`: the weekly look at production.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use crate::audit::{self, Audit};
use crate::report::{Base, FailOn, RenderOptions};
use crate::run::{Source, audit_database};

use super::{DatabaseArguments, RuleArguments, SourceArguments, cwd, terminal};

/// Audit a running database, read-only, and write report.html, report.md, report.json and report.sarif.
///
/// Migrations named beside it say in which file each finding comes from. Keep report.json: the next audit's --since
/// takes it, and says what is new, still open and resolved.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    database: DatabaseArguments,
    /// Audit a snapshot taken by `gardefou snapshot`.
    #[arg(long, value_name = "FILE", conflicts_with = "database_url")]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    rules: RuleArguments,
    /// Folder to write the reports into; made where it is missing.
    #[arg(long, short, value_name = "DIR", required_unless_present = "format")]
    output_dir: Option<PathBuf>,
    /// Print this to standard output.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Printed>,
    /// The report.json of an earlier audit.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// The least severity that makes the run fail [default: error].
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Findings recorded in this file do not count.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Fail (exit code 2) if part of the schema's state could not be seen.
    #[arg(long)]
    require_coverage: bool,
}

/// What is printed rather than written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Printed {
    /// SQL that brings the table under `alerts:` up to date; a person or a job runs it, this program does not.
    AlertsSql,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut config = arguments.source.config()?;
    arguments.rules.apply(&mut config);
    if let Some(path) = &arguments.baseline {
        config.baseline = Some(path.clone());
    }
    let mut options = arguments.source.options(None)?;
    options.source = match (arguments.database.target()?, &arguments.snapshot) {
        (Some(target), _) => Source::Live(target, arguments.database.limits()),
        (None, Some(path)) => Source::Snapshot(path.clone()),
        (None, None) => return Err(anyhow!("no database is named; give --database-url or --snapshot")),
    };
    let previous = arguments.since.as_deref().map(audit::previous).transpose()?;
    let started = audit::now();
    let checked = audit_database(&config, &options)?;
    let audit = Audit::new(checked, previous.as_ref(), &started, &audit::now());
    let render = RenderOptions { base: Base::of(&cwd()?, config.path.as_deref()), ..RenderOptions::default() };
    if arguments.format.is_some() {
        let Some(alerts) = &config.governance.alerts else {
            return Err(anyhow!("gardefou.yaml names no table of alerts; add `alerts:` with its `table`"));
        };
        terminal::print(&audit.alerts_sql(&alerts.value))?;
    }
    if let Some(folder) = &arguments.output_dir {
        write(folder, arguments.format.is_some(), &audit, &render)?;
    }
    let gaps = audit.report().gaps().count();
    if (arguments.require_coverage || config.require_coverage) && gaps > 0 {
        let gaps = crate::report::many(gaps, "coverage gap");
        return Ok(terminal::error(&format!("{gaps}, and --require-coverage allows none: the audit is incomplete")));
    }
    let fail_on = arguments.fail_on.or(config.fail_on).unwrap_or_default();
    Ok(if audit.report().fails(fail_on) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn write(folder: &Path, quiet: bool, audit: &Audit, options: &RenderOptions) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be written; name another folder", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    for name in audit::FILES {
        let mut file = BufWriter::new(std::fs::File::create(folder.join(name)).with_context(failed)?);
        audit.write(name, options, &mut file).and_then(|()| file.flush()).with_context(failed)?;
    }
    let facts = audit.facts();
    let mut line = audit.report().summary.line();
    if facts.since.is_some() {
        let (new, open, resolved) = (facts.new.len(), facts.still_open.len(), facts.resolved.len());
        line.push_str(&format!("; {new} new, {open} still open, {resolved} resolved"));
    }
    if quiet {
        return Ok(());
    }
    terminal::print(&format!("{line}\n{}: report.html, report.md, report.json, report.sarif\n", folder.display()))?;
    Ok(())
}
