//! `gardefou snapshot`: a database's schema as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Args;

use crate::live::{ReadOptions, read};
use crate::snapshot::Snapshot;

use super::{DatabaseArguments, terminal};

/// Write a database's schema to a file: no rows, no secrets; `check --snapshot` and `diff` read it.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    database: DatabaseArguments,
    /// File to write; `-` is standard output.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let target = arguments.database.target()?;
    let target = target.ok_or_else(|| anyhow!("no database is named; give --database-url"))?;
    let options = ReadOptions { limits: arguments.database.limits(), statistics: true, ..ReadOptions::default() };
    let snapshot = Snapshot::of(read(&target, &options)?);
    let text = snapshot.to_json();
    if arguments.output.as_os_str() == "-" {
        terminal::print(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = &arguments.output;
    std::fs::write(path, text).with_context(|| format!("{} cannot be written; name another file", path.display()))?;
    terminal::say(&format!("{} written to {}", target.describe(), path.display()));
    Ok(ExitCode::SUCCESS)
}
