//! `gardefou audit`.

use std::process::ExitCode;

use clap::Args;

/// Audit a running database.
#[derive(Debug, Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
