//! `gardefou completions`: a script for the shell.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::{command, terminal};

/// Print a completion script for a shell.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "gardefou", &mut script);
    terminal::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
