//! `gardefou diff`: two schemas compared, whatever they are read from.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::catalog::Catalog;
use crate::config::Config;
use crate::diff::{Schema, Side, diff, render};
use crate::live::{self, Limits, ReadOptions, Server};
use crate::run;
use crate::snapshot::Snapshot;

use super::{ConfigArguments, cwd, target, terminal};
use crate::date::Date;
use crate::migrations::{Migration, Platform};

/// Say what differs between two schemas, object by object and fact by fact.
///
/// Each side is a folder of migrations, a snapshot (.json) or a database URL. Exit codes: 0 no difference, 1 a
/// difference, 2 the comparison could not be done.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Migrations, a snapshot or a database URL.
    first: String,
    /// The same for the other side.
    second: String,
    /// What the databases are before the first migration [default: told from each side].
    #[arg(long, value_enum, value_name = "PLATFORM")]
    platform: Option<Platform>,
    #[command(flatten)]
    config: ConfigArguments,
    /// Seconds one statement may take [default: 60].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
    /// Output format.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// The schemas differ.
const DIFFERENT: u8 = 1;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let first = One::read(&arguments.first, arguments)?;
    let second = One::read(&arguments.second, arguments)?;
    let result = diff(&first.schema(), &second.schema());
    let names = render::Names { first: &first.name, second: &second.name };
    terminal::print(&match arguments.format {
        Format::Human => render::human(&result, names),
        Format::Json => render::json(&result, names),
    })?;
    Ok(if result.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}

/// One side.
struct One {
    name: String,
    catalog: Catalog,
    side: Side,
    migrations: Vec<Migration>,
}

impl One {
    fn schema(&self) -> Schema<'_> {
        Schema { catalog: &self.catalog, side: self.side, migrations: &self.migrations }
    }

    fn read(text: &str, arguments: &Arguments) -> anyhow::Result<Self> {
        if text.contains("://") || text.starts_with("host=") {
            return Self::database(text, arguments);
        }
        let path = Path::new(text);
        if path.extension().is_some_and(|extension| extension == "json") {
            let Snapshot { server, mut catalog, .. } = Snapshot::read(path)?;
            let config = arguments.config.load(&[])?;
            prepare(&mut catalog, &server, arguments.platform.or(config.platform));
            return Ok(Self {
                name: text.to_owned(),
                catalog,
                side: Side::Database(server.version_num),
                migrations: Vec::new(),
            });
        }
        let config = arguments.config.load(&[PathBuf::from(path)])?;
        Self::migrations(path, Config { platform: arguments.platform.or(config.platform), ..config })
    }

    fn database(url: &str, arguments: &Arguments) -> anyhow::Result<Self> {
        let target = target(url)?;
        let mut limits = Limits::default();
        if let Some(seconds) = arguments.timeout {
            limits.statement = std::time::Duration::from_secs(seconds);
        }
        let options = ReadOptions { limits, ..ReadOptions::default() };
        let mut live = live::read(&target, &options)?;
        let config = arguments.config.load(&[])?;
        prepare(&mut live.catalog, &live.server, arguments.platform.or(config.platform));
        Ok(Self {
            name: target.describe(),
            catalog: live.catalog,
            side: Side::Database(live.server.version_num),
            migrations: Vec::new(),
        })
    }

    fn migrations(path: &Path, config: Config) -> anyhow::Result<Self> {
        let options = run::RunOptions {
            cwd: cwd()?,
            paths: vec![path.to_owned()],
            since: None,
            today: Date::today(),
            source: run::Source::Migrations,
        };
        let (_, history) = run::read_history(&config, &options)?;
        if history.migrations.iter().all(|migration| migration.statements.is_empty()) {
            anyhow::bail!(
                "{}: there is no statement in the migrations there; name the folder that holds them",
                path.display()
            );
        }
        let (catalog, migrations) = (history.catalog, history.migrations);
        Ok(Self { name: path.display().to_string(), catalog, side: Side::Migrations, migrations })
    }
}

/// Marks what is the platform's: it is not compared.
fn prepare(catalog: &mut Catalog, server: &Server, platform: Option<Platform>) {
    let _ = live::prepare(
        catalog,
        server,
        platform,
        &mut crate::check::CheckConfig::default(),
        crate::exposure::Configured { schemas: true, roles: true },
    );
}
