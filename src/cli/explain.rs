//! `gardefou explain`: what a rule finds, why, and what to do.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use owo_colors::{OwoColorize, Style};
use serde::Serialize;

use crate::finding::Severity;
use crate::report::{RuleDoc, escape, json};
use crate::rule::{Rule, RuleSet};
use crate::suggest::hint;
use crate::{run, silence};

use super::{Color, ConfigArguments, terminal};

/// Explain a rule: what it finds, why that matters, what to do, with examples.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Rule id, as reports print it.
    rule: String,
    /// Output format.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    #[command(flatten)]
    config: ConfigArguments,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A rule's documentation, as printed.
#[derive(Debug, Serialize)]
struct Page {
    id: String,
    title: String,
    severity: Severity,
    tags: Vec<String>,
    rationale: String,
    remediation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    examples: Vec<Example>,
    references: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Example {
    name: String,
    sql: String,
    finds: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> anyhow::Result<ExitCode> {
    let config = arguments.config.load(&[])?;
    let page = page(&run::load_rules(&config)?, &arguments.rule)?;
    terminal::print(&match arguments.format {
        Format::Text => text(&page, terminal::colored(color)),
        Format::Json => json::pretty(&page),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn page(rules: &RuleSet, id: &str) -> anyhow::Result<Page> {
    let mut silencing = silence::docs();
    if let Some(rule) = rules.get(id) {
        return Ok(new_page(run::doc(rule), examples(rule)));
    }
    if let Some(doc) = silencing.remove(id) {
        return Ok(new_page(doc, Vec::new()));
    }
    let known = rules.iter().map(|rule| rule.id.as_str()).chain(silencing.keys().map(String::as_str));
    bail!("`{id}` is no rule{} (`gardefou rules list` shows all)", hint(id, known))
}

fn new_page(doc: RuleDoc, examples: Vec<Example>) -> Page {
    let RuleDoc { id, title, severity, rationale, remediation, fix, references, tags } = doc;
    Page { id, title, severity, tags, rationale, remediation, fix, examples, references }
}

fn examples(rule: &Rule) -> Vec<Example> {
    let fail = rule.examples.fail.iter().map(|example| Example {
        name: example.name.clone(),
        sql: example.sql.clone(),
        finds: example.finds.clone(),
    });
    let pass = rule.examples.pass.iter().map(|example| Example {
        name: example.name.clone(),
        sql: example.sql.clone(),
        finds: Vec::new(),
    });
    fail.chain(pass).collect()
}

fn text(page: &Page, color: bool) -> String {
    let bold = |text: &str| if color { text.style(Style::new().bold()).to_string() } else { text.to_owned() };
    let severity = format!("{:?}", page.severity).to_lowercase();
    let tags = if page.tags.is_empty() { String::new() } else { format!(" · {}", page.tags.join(", ")) };
    let mut out = format!("{}: {}\n", bold(&escape::line(&page.id)), escape::line(&page.title));
    out.push_str(&format!("{severity}{}\n", escape::line(&tags)));
    let fix = page.fix.clone().unwrap_or_default();
    let sections = [("Why", &page.rationale), ("What to do", &page.remediation), ("In SQL, for each finding", &fix)];
    for (title, body) in sections.iter().filter(|(_, body)| !body.trim().is_empty()) {
        out.push_str(&format!("\n{}\n{}", bold(title), indented(body)));
    }
    for example in &page.examples {
        let finds = match example.finds.as_slice() {
            [] => "finds nothing".to_owned(),
            finds => format!("finds {}", finds.join(", ")),
        };
        let title = bold(&format!("Example: {}", escape::line(&example.name)));
        out.push_str(&format!("\n{title} ({})\n{}", escape::line(&finds), indented(&example.sql)));
    }
    if !page.references.is_empty() {
        out.push_str(&format!("\n{}\n{}", bold("References"), indented(&page.references.join("\n"))));
    }
    out
}

fn indented(body: &str) -> String {
    let line = |line: &str| match line.trim_end() {
        "" => "\n".to_owned(),
        line => format!("    {}\n", escape::line(&line.replace('\t', "    "))),
    };
    body.trim_end().lines().map(line).collect()
}
