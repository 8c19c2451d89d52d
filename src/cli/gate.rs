//! `gardefou gate`: what stands between a migration and production.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::governance::gates::{Surroundings, checklist, statuses};

use super::{ConfigArguments, cwd, target, terminal};

/// Look at the gates of gardefou.yaml.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Status(Arguments),
}

/// Print what each gate still asks for, as a checklist.
///
/// Backups are read with `pg_restore --list`, simulations are compared with the data they are about: files, or tables of
/// the database that is named. Exits 1 while a gate is closed.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder from which gardefou.yaml is searched upward.
    path: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
    /// Database with the tables that simulations are about; read in a read-only transaction.
    // The value of the variable must not appear in --help.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
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
    let url = arguments.database_url.as_deref().filter(|url| !url.is_empty());
    let database = url.map(target).transpose()?;
    let around = Surroundings { config: &config, cwd: &cwd, now: SystemTime::now(), database: database.as_ref() };
    let statuses = statuses(&config.governance.gates, around);
    terminal::print(&checklist(&statuses))?;
    let open = statuses.iter().all(crate::governance::gates::Status::is_open);
    Ok(if open { ExitCode::SUCCESS } else { ExitCode::from(CLOSED) })
}
