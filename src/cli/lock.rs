//! `gardefou lock`: records the protected objects as they stand.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use crate::governance::lock::Lock;
use crate::governance::{Governance, lock_path, validate};
use crate::report::many;
use crate::run;

use super::{SourceArguments, cwd, terminal};

/// Record the protected objects in gardefou.lock, beside gardefou.yaml.
///
/// Every object under `protected:` is written down as the migrations leave it; `gardefou check` fails where one is
/// different from then on. Commit the file, and review its changes.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Write nothing; exit 1 where the lock file is out of date.
    #[arg(long)]
    check: bool,
}

/// The lock is out of date.
const STALE: u8 = 1;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, cwd) = (arguments.source.config()?, cwd()?);
    let options = arguments.source.options(None)?;
    let Some(path) = lock_path(&config, &cwd) else {
        bail!("there is no gardefou.yaml; write one with `protected:` (`gardefou init` makes a start)")
    };
    if config.governance.protected.is_empty() {
        bail!("gardefou.yaml protects nothing; list objects under `protected:`")
    }
    let (_, history) = run::read_history(&config, &options)?;
    let governance = Governance { sections: config.governance.clone(), ..Governance::none(options.today) };
    validate(&governance, &history.catalog, &history.migrations)?;
    let (objects, unknown) = Lock::of(&history.catalog, &history.migrations, &config.governance);
    for (object, why) in &unknown {
        terminal::say(&format!("not locked: {object}: {why}"));
    }
    // The same file wherever it is written from.
    let folder = path.parent().unwrap_or(&cwd);
    let text = Lock::write(&objects, |file| crate::config::printed(&cwd.join(file), folder));
    let printed = crate::config::printed(&path, &cwd);
    let current = std::fs::read_to_string(&path).ok();
    if current.as_deref() == Some(text.as_str()) {
        terminal::say(&format!("{printed} is up to date: {}", many(objects.len(), "object")));
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.check {
        terminal::say(&format!("{printed} is out of date; run `gardefou lock`"));
        return Ok(ExitCode::from(STALE));
    }
    std::fs::write(&path, text).with_context(|| format!("{printed} cannot be written; make room for it"))?;
    terminal::say(&format!("locked {} in {printed}", many(objects.len(), "object")));
    Ok(ExitCode::SUCCESS)
}
