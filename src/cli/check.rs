//! `gardefou check`: the main job.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::config::Config;
use crate::replay::Wanted;
use crate::report::{Base, FailOn, Format, RenderOptions, Report, render};
use crate::run::Source;

use super::{Color, DatabaseArguments, RuleArguments, SourceArguments, cwd, target, terminal};

/// Check migrations, a running database or a snapshot of one, and report what is wrong.
///
/// With a database, migrations named beside it say in which file each finding comes from.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    database: DatabaseArguments,
    /// Check a snapshot taken by `gardefou snapshot`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["database_url", "since"])]
    snapshot: Option<PathBuf>,
    /// Apply the migrations to a throwaway PostgreSQL server and check what came of it.
    #[arg(long, value_enum, value_name = "SERVER", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "any", conflicts_with_all = ["database_url", "snapshot", "since"])]
    replay: Option<Wanted>,
    /// Replay on this server, in a database that is made and dropped there.
    #[arg(long, value_name = "URL", conflicts_with_all = ["database_url", "snapshot", "since"])]
    replay_url: Option<String>,
    #[command(flatten)]
    rules: RuleArguments,
    /// Fold the whole history, report only what files changed since this git ref caused.
    #[arg(long, value_name = "REF", conflicts_with = "database_url")]
    since: Option<String>,
    /// Output format.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write the report to a file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The least severity that makes the run fail [default: error].
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Findings recorded in this file do not count.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Fail (exit code 2) if part of the schema's state could not be seen.
    #[arg(long)]
    require_coverage: bool,
    /// Findings and summary only.
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Everything: all coverage, silenced findings.
    #[arg(long, short)]
    verbose: bool,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> anyhow::Result<ExitCode> {
    let mut config = arguments.source.config()?;
    arguments.rules.apply(&mut config);
    let cwd = cwd()?;
    if let Some(path) = &arguments.baseline {
        config.baseline = Some(path.clone());
    }
    let mut options = arguments.source.options(arguments.since.as_deref())?;
    if let Some(target) = arguments.database.target()? {
        options.source = Source::Live(target, arguments.database.limits());
    } else if let Some(path) = &arguments.snapshot {
        options.source = Source::Snapshot(path.clone());
    } else if let Some(url) = &arguments.replay_url {
        let wanted = Wanted::Given(Box::new(target(url)?));
        options.source = Source::Replay(wanted, arguments.database.limits());
    } else if let Some(wanted) = &arguments.replay {
        options.source = Source::Replay(wanted.clone(), arguments.database.limits());
    }
    let report = crate::run::check(&config, &options)?;
    write(arguments, &report, &render_options(arguments, &config, &cwd, color))?;
    Ok(exit_code(arguments, &config, &report))
}

fn render_options(arguments: &Arguments, config: &Config, cwd: &Path, color: Color) -> RenderOptions {
    RenderOptions {
        format: arguments.format,
        color: arguments.output.is_none() && terminal::colored(color),
        verbose: arguments.verbose,
        quiet: arguments.quiet,
        base: Base::of(cwd, config.path.as_deref()),
    }
}

fn write(arguments: &Arguments, report: &Report, options: &RenderOptions) -> anyhow::Result<()> {
    let text = render(report, options);
    let Some(path) = &arguments.output else { return Ok(terminal::print(&text)?) };
    std::fs::write(path, text).with_context(|| format!("{} cannot be written; name another file", path.display()))?;
    if !arguments.quiet {
        terminal::say(&report.summary.line());
    }
    Ok(())
}

fn exit_code(arguments: &Arguments, config: &Config, report: &Report) -> ExitCode {
    let gaps = report.gaps().count();
    if (arguments.require_coverage || config.require_coverage) && gaps > 0 {
        let gaps = crate::report::many(gaps, "coverage gap");
        return terminal::error(&format!("{gaps}, and --require-coverage allows none: the check is incomplete"));
    }
    let fail_on = arguments.fail_on.or(config.fail_on).unwrap_or_default();
    if report.fails(fail_on) { ExitCode::from(1) } else { ExitCode::SUCCESS }
}
