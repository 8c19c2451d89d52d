//! `gardefou gate`: what stands between a migration and production.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::governance::gates::{Surroundings, checklist, statuses};

use super::{ConfigArguments, cwd, terminal};

/// Look at the gates of gardefou.yaml.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Status(Arguments),
}

/// Print what each gate still asks for, as a checklist.
///
/// Backups are read with `pg_restore --list`, simulations are compared with the data they are about. Exits 1 while a
/// gate is closed.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder from which gardefou.yaml is searched upward.
    path: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
}

/// A gate is closed.
const CLOSED: u8 = 1;

pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Status(arguments) = command;
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let (config, cwd) = (arguments.config.load(&paths)?, cwd()?);
    if config.governance.gates.is_empty() {
        bail!("gardefou.yaml has no gates; describe one under `gates:`")
    }
    let around = Surroundings { config: &config, cwd: &cwd, now: SystemTime::now() };
    let statuses = statuses(&config.governance.gates, around);
    terminal::print(&checklist(&statuses))?;
    let open = statuses.iter().all(crate::governance::gates::Status::is_open);
    Ok(if open { ExitCode::SUCCESS } else { ExitCode::from(CLOSED) })
}
