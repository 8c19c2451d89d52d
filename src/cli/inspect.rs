//! `gardefou inspect`: the model of the schema, as folded.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::catalog::Catalog;
use crate::coverage::Coverage;
use crate::report::json;
use crate::run;

use super::{SourceArguments, terminal};

/// Print the schema as the migrations make it: what rules look at.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Output format.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Every fact, with its place.
    #[default]
    Json,
    /// Counts, and what was not seen.
    Text,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    version: u32,
    catalog: &'a Catalog,
    coverage: &'a [Coverage],
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.source.config()?;
    let (_, history) = run::read_history(&config, &arguments.source.options(None)?)?;
    let (catalog, coverage) = (&history.catalog, history.coverage.as_slice());
    terminal::print(&match arguments.format {
        Format::Json => json::pretty(&Document { version: 1, catalog, coverage }),
        Format::Text => text(catalog, coverage),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(catalog: &Catalog, coverage: &[Coverage]) -> String {
    let policies = catalog.relations.values().map(|relation| relation.policies.len()).sum();
    let counts = [
        ("schemas", catalog.schemas.len()),
        ("roles", catalog.roles.len()),
        ("relations", catalog.relations.len()),
        ("policies", policies),
        ("functions", catalog.functions.len()),
        ("types", catalog.types.len()),
        ("extensions", catalog.extensions.len()),
    ];
    let mut out: String = counts.map(|(noun, n)| format!("{noun}: {n}\n")).concat();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in coverage {
        *kinds.entry(entry.kind.word()).or_default() += 1;
    }
    out.extend(kinds.iter().map(|(kind, n)| format!("not seen, or assumed: {n} {kind}\n")));
    out
}
