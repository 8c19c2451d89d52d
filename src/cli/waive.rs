//! `gardefou waive`: accepts a finding for a time.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use crate::config::{self, RuleNames};
use crate::date::Date;
use crate::waiver::{self, NewWaiver};
use crate::{run, silence};

use super::{ConfigArguments, cwd, terminal};

/// Add a waiver to gardefou.yaml; its comments stay.
///
/// A waiver accepts one rule's findings on one object, for a reason and until a day. It is counted in every report, an
/// error once it has expired, and a warning where it matches nothing.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Rule id, as reports print it.
    rule: String,
    /// The object, as reports print it; `*` stands for any characters.
    object: String,
    /// Why the finding is acceptable.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The last day it holds, YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// Who answers for it.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    #[command(flatten)]
    config: ConfigArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let cwd = cwd()?;
    let config = arguments.config.load(&[])?;
    let Some(printed) = &config.path else { bail!("there is no gardefou.yaml; write one with `gardefou init`") };
    if arguments.until < Date::today() {
        bail!("{} has passed; choose a later day", arguments.until)
    }
    if arguments.reason.trim().is_empty() {
        bail!("--reason is empty; say why the finding is acceptable")
    }
    let rules = run::load_rules(&config)?;
    let names = RuleNames { rules: rules.iter().map(|rule| (rule.id.clone(), rule.tags.clone())).collect() };
    if !names.rules.contains_key(&arguments.rule) {
        if silence::docs().contains_key(&arguments.rule) {
            bail!("`{}` is about silencing itself and cannot be waived", arguments.rule)
        }
        let hint = crate::suggest::hint(&arguments.rule, names.rules.keys().map(String::as_str));
        bail!("`{}` is no rule{hint} (`gardefou rules list` shows all)", arguments.rule)
    }
    let waiver = NewWaiver {
        rule: arguments.rule.clone(),
        object: arguments.object.clone(),
        reason: arguments.reason.trim().to_owned(),
        owner: arguments.owner.clone(),
        until: arguments.until.to_string(),
    };
    let path: PathBuf = cwd.join(printed);
    let edited = waiver::add(&config.text, printed, &waiver)?;
    std::fs::write(&path, edited).with_context(|| format!("{printed} cannot be written; make room for it"))?;
    terminal::say(&format!(
        "{}: waived `{}` on `{}` until {}",
        config::printed(&path, &cwd),
        waiver.rule,
        waiver.object,
        waiver.until
    ));
    Ok(ExitCode::SUCCESS)
}
