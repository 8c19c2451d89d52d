//! `gardefou rules`: the rules there are, and their tests.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::config::{Config, Level};
use crate::finding::Severity;
use crate::report::{RuleDoc, escape, json, many};
use crate::rule::{Rule, RuleSet};
use crate::{run, silence};

use super::{ConfigArguments, terminal};

/// List rules, or run their examples.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    List(ListArguments),
    Test(TestArguments),
}

/// List all rules, as configured.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Output format.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    #[command(flatten)]
    config: ConfigArguments,
}

/// Run the examples in rule files: each is a test of its rule.
#[derive(Debug, Args)]
pub(super) struct TestArguments {
    /// Folder of rules [default: the built-in rules and those configured].
    folder: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Aligned columns.
    #[default]
    Table,
    /// For programs.
    Json,
    /// A Markdown table.
    Markdown,
}

/// A rule, as listed.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    severity: Severity,
    runs: bool,
    built_in: bool,
    title: String,
    tags: Vec<String>,
}

pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Test(arguments) => test(arguments),
    }
}

fn list(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.load(&[])?;
    let rules = run::load_rules(&config)?;
    let chosen = match run::select_rules(&rules, &config) {
        Err(run::RunError::NoRules) => Vec::new(),
        chosen => chosen?,
    };
    let mut rows: Vec<Row> = rules.iter().map(|rule| row(rule, &chosen)).collect();
    rows.extend(silence::docs().into_values().map(|doc| about_silencing(doc, &config)));
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    terminal::print(&match arguments.format {
        Format::Table => table(&rows),
        Format::Json => json::pretty(&rows),
        Format::Markdown => markdown(&rows),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn row(rule: &Rule, chosen: &[Rule]) -> Row {
    let configured = chosen.iter().find(|chosen| chosen.id == rule.id);
    Row {
        id: rule.id.clone(),
        severity: configured.unwrap_or(rule).severity,
        runs: configured.is_some(),
        built_in: rule.built_in,
        title: rule.title.clone(),
        tags: rule.tags.clone(),
    }
}

/// Rules about silencing run whenever something is silenced, unless they are off.
fn about_silencing(doc: RuleDoc, config: &Config) -> Row {
    let level = config.level(&doc.id, &doc.tags);
    Row {
        severity: level.and_then(Level::severity).unwrap_or(doc.severity),
        runs: level != Some(Level::Off),
        built_in: true,
        id: doc.id,
        title: doc.title,
        tags: doc.tags,
    }
}

impl Row {
    fn level(&self) -> String {
        if self.runs { format!("{:?}", self.severity).to_lowercase() } else { "off".to_owned() }
    }
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| escape::line(&row.id).chars().count()).max().unwrap_or(0);
    let line = |row: &Row| {
        let (id, title) = (escape::line(&row.id), escape::line(&row.title));
        format!("{id:width$}  {:7}  {title}\n", row.level())
    };
    let on = rows.iter().filter(|row| row.runs).count();
    rows.iter().map(line).collect::<String>() + &format!("{}, {on} on\n", many(rows.len(), "rule"))
}

fn markdown(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let (id, title) = (escape::markdown_text(&row.id), escape::markdown(&row.title));
        format!("| {id} | {} | {title} |\n", row.level())
    };
    "| rule | level | finds |\n| --- | --- | --- |\n".to_owned() + &rows.iter().map(line).collect::<String>()
}

fn test(arguments: &TestArguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.load(&[])?;
    let rules: RuleSet = match &arguments.folder {
        Some(folder) => crate::rule::load_folder(folder).map_err(run::RunError::Rules)?,
        None => run::load_rules(&config)?,
    };
    let outcomes = run::test_examples(&rules);
    if outcomes.is_empty() {
        bail!("no rule has an example to run; add `examples:` to the rule files");
    }
    let mut out = String::new();
    for outcome in &outcomes {
        if let Some(problem) = &outcome.problem {
            let (rule, example) = (escape::line(&outcome.rule), escape::line(&outcome.example));
            out.push_str(&format!("{rule}: example `{example}` {}\n", escape::line(problem)));
        }
    }
    let failed = outcomes.iter().filter(|outcome| outcome.problem.is_some()).count();
    let (examples, count) = (many(outcomes.len(), "example"), many(rules.iter().count(), "rule"));
    out.push_str(&format!("{examples} of {count}: {failed} failed\n"));
    terminal::print(&out)?;
    Ok(if failed > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
