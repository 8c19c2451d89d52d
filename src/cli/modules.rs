//! `gardefou modules`: what depends on what.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use crate::governance::modules::{Format, Graph, crossings, draw};
use crate::governance::{Governance, validate};
use crate::run;

use super::{SourceArguments, terminal};

/// Draw the modules of gardefou.yaml and what depends on what between them.
///
/// Dependencies are foreign keys, views, functions, triggers and policies; directions that `allow` does not name are
/// red. The output is text for Graphviz or Mermaid.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Language of the drawing.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.source.config()?;
    let options = arguments.source.options(None)?;
    let Some(modules) = &config.governance.modules else {
        bail!("gardefou.yaml has no modules; list them under `modules:`")
    };
    let (_, history) = run::read_history(&config, &options)?;
    let governance = Governance { sections: config.governance.clone(), ..Governance::none(options.today) };
    validate(&governance, &history.catalog, &history.migrations)?;
    let crossings = crossings(&Graph::of(&history.catalog), &modules.value);
    terminal::print(&draw(&history.catalog, &modules.value, &crossings, arguments.format))?;
    Ok(ExitCode::SUCCESS)
}
