//! `gardefou baseline`: records what is found now, so that only new findings count.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::baseline::Baseline;
use crate::report::many;

use super::{RuleArguments, SourceArguments, terminal};

/// Record the findings there are, so that `check --baseline` fails on new ones only.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    rules: RuleArguments,
    /// File to write; `-` is standard output [default: the configured baseline, else gardefou-baseline.json].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut config = arguments.source.config()?;
    arguments.rules.apply(&mut config);
    let configured = config.baseline.take();
    let report = crate::run::check(&config, &arguments.source.options(None)?)?;
    let baseline = Baseline::of(&report.findings);
    let output = arguments.output.clone().or(configured).unwrap_or_else(|| PathBuf::from("gardefou-baseline.json"));
    if arguments.output.as_ref().is_some_and(|path| path.as_os_str() == "-") {
        terminal::print(&baseline.to_json())?;
        return Ok(ExitCode::SUCCESS);
    }
    std::fs::write(&output, baseline.to_json())
        .with_context(|| format!("{} cannot be written; name another file", output.display()))?;
    terminal::say(&format!("recorded {} in {}", many(baseline.len(), "finding"), output.display()));
    Ok(ExitCode::SUCCESS)
}
