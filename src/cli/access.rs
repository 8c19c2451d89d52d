//! `gardefou access`: who can reach what.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};

use crate::access::{Access, Command, Delta, Row, Scope, Table, render};
use crate::catalog::{Catalog, QualifiedName};
use crate::live::connect::{Target, plain};
use crate::live::{Limits, Session};
use crate::report::escape;
use crate::run::{self, Source};

use super::{Color, DatabaseArguments, SourceArguments, terminal};

/// Print who can reach what: each role, relation and command, with the derivation.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    database: DatabaseArguments,
    /// Ask a snapshot taken by `gardefou snapshot`.
    #[arg(long, value_name = "FILE", conflicts_with = "database_url")]
    snapshot: Option<std::path::PathBuf>,
    /// Only these roles (`public` is PUBLIC) [default: PUBLIC, exposed roles and the project's own].
    #[arg(long, value_name = "ROLE", value_delimiter = ',')]
    role: Vec<String>,
    /// Only relations that match, e.g. 'public.*' [default: those outside the platform's schemas].
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    relation: Vec<String>,
    /// Output format.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Explain one verdict step by step: anon select public.citernes.
    #[arg(long, num_args = 3, value_names = ["ROLE", "COMMAND", "RELATION"])]
    explain: Vec<String>,
    /// Ask the database's planner what it would filter, and report any disagreement; needs --database-url.
    #[arg(long, requires = "database_url")]
    prove: bool,
    /// Print what each migration did to access, in order.
    #[arg(long, conflicts_with_all = ["explain", "prove", "database_url", "snapshot", "write_contract"])]
    by_migration: bool,
    /// Print an `access:` section for gardefou.yaml that holds today.
    #[arg(long, conflicts_with_all = ["explain", "prove"])]
    write_contract: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For comments.
    Markdown,
    /// A heat map.
    Html,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> anyhow::Result<ExitCode> {
    let config = arguments.source.config()?;
    let mut options = arguments.source.options(None)?;
    if arguments.by_migration {
        return by_migration(&run::access_by_migration(&config, &options)?);
    }
    options.source = match (arguments.database.target()?, &arguments.snapshot) {
        (Some(target), _) => Source::Live(target, arguments.database.limits()),
        (None, Some(path)) => Source::Snapshot(path.clone()),
        (None, None) => Source::Migrations,
    };
    let (catalog, check) = run::read_catalog(&config, &options)?;
    let scope = Scope { roles: arguments.role.clone(), relations: arguments.relation.clone(), ..Scope::of(&check) };
    let access = Access::new(&catalog, &check.access);
    unknown_roles(&catalog, &arguments.role)?;
    if let [role, command, relation] = arguments.explain.as_slice() {
        let row = explained(&access, role, command, relation)?;
        terminal::print(&match arguments.format {
            Format::Json => render::json(&Table { version: 1, rows: vec![row], ..Table::default() }),
            _ => render::explanation(&row),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let named_roles = crate::access::contract::roles(&config.access).cloned().collect();
    let table = access.table(&Scope { named_roles, ..scope });
    if let (true, Source::Live(target, limits)) = (arguments.prove, &options.source) {
        return prove(&access, &table, target, *limits);
    }
    if arguments.write_contract {
        terminal::print(&crate::access::contract::proposal(&table))?;
        return Ok(ExitCode::SUCCESS);
    }
    terminal::print(&match arguments.format {
        Format::Table => render::human(&table, terminal::colored(color)),
        Format::Json => render::json(&table),
        Format::Markdown => render::markdown(&table),
        Format::Html => render::html(&table),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// One section for each migration that changed access.
fn by_migration(migrations: &[(std::sync::Arc<str>, Vec<Delta>)]) -> anyhow::Result<ExitCode> {
    let mut out = String::new();
    for (file, deltas) in migrations.iter().filter(|(_, deltas)| !deltas.is_empty()) {
        out.push_str(&format!("{}\n{}", escape::line(file), render::delta_lines(deltas)));
    }
    terminal::print(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Asks the planner, and says where it sees things differently.
fn prove(access: &Access<'_>, table: &Table, target: &Target, limits: Limits) -> anyhow::Result<ExitCode> {
    let mut session = Session::open(target, limits)?;
    let proof = crate::access::prove::prove(session.client(), access, table)
        .map_err(|error| anyhow!("{}: {}; nothing was proved", target.describe(), plain(&error)))?;
    let mut out: String = proof.disagreements.iter().map(|line| format!("{}\n", escape::line(line))).collect();
    out.extend(proof.skipped.iter().map(|line| format!("not asked: {}\n", escape::line(line))));
    let (asked, agreed) = (proof.asked, proof.agreed);
    out.push_str(&format!("the planner was asked about {asked} verdicts and agrees with {agreed}\n"));
    terminal::print(&out)?;
    Ok(if proof.disagreements.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn explained(access: &Access<'_>, role: &str, command: &str, relation: &str) -> anyhow::Result<Row> {
    let Some(command) = Command::named(command) else {
        bail!("`{command}` is not a command; say select, insert, update or delete");
    };
    let written = if relation.contains('.') { relation.to_owned() } else { format!("public.{relation}") };
    let name: QualifiedName = written.parse().map_err(|error: String| anyhow!("{error}; say public.citernes"))?;
    access.row(role, &name, command).ok_or_else(|| {
        let known = access.catalog().relations.keys().map(ToString::to_string);
        let known: Vec<String> = known.collect();
        let hint = crate::suggest::hint(&name.to_string(), known.iter().map(String::as_str));
        anyhow!("there is no relation `{name}`, or no role `{role}`{hint}")
    })
}

fn unknown_roles(catalog: &Catalog, roles: &[String]) -> anyhow::Result<()> {
    let unknown = roles.iter().find(|role| *role != crate::catalog::PUBLIC && !catalog.roles.contains_key(*role));
    match unknown {
        Some(role) => bail!(
            "there is no role `{role}`; name one of: {}",
            catalog.roles.keys().cloned().collect::<Vec<_>>().join(", ")
        ),
        None => Ok(()),
    }
}
