//! `gardefou init`: a configuration to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use crate::config::{FILE_NAME, TEMPLATE};

use super::terminal;

/// Write a commented gardefou.yaml; an existing one is left alone.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder to write it to.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = arguments.folder.join(FILE_NAME);
    let printed = path.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{printed} exists; edit it, or remove it first")
        }
        opened => opened.with_context(|| format!("{printed} cannot be written; name another folder"))?,
    };
    file.write_all(TEMPLATE.as_bytes()).with_context(|| format!("{printed} cannot be written; free some space"))?;
    terminal::say(&format!("wrote {printed}"));
    Ok(ExitCode::SUCCESS)
}
