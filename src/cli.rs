//! Arguments → calls → exit code. The only room that prints and exits.

mod access;
mod audit;
mod baseline;
mod check;
mod completions;
mod diff;
mod drift;
mod explain;
mod gate;
mod init;
mod inspect;
mod lock;
mod modules;
mod rules;
mod snapshot;
mod terminal;
mod vcf;
mod waive;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Config, Named};
use crate::date::Date;
use crate::live::Limits;
use crate::live::connect::Target;
use crate::migrations::{DefaultGrants, Platform};
use crate::run::{RunOptions, Source};

pub use terminal::failed;

/// Bytes of stack per thread: deeply nested SQL is walked on it. Reserved, not used, until it is needed.
pub const STACK: usize = 256 << 20;

/// Says who can reach what in a PostgreSQL or Supabase schema, before it is deployed.
///
/// Reads migration files, folds them into one model of the schema, evaluates rules on it, and fails CI on what they
/// find. Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 the check could not be done.
#[derive(Debug, Parser)]
#[command(name = "gardefou", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colour on the terminal (`NO_COLOR` and `FORCE_COLOR` are honoured).
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "one value in a program's life")]
enum Command {
    Check(check::Arguments),
    Access(access::Arguments),
    Audit(audit::Arguments),
    Snapshot(snapshot::Arguments),
    Diff(diff::Arguments),
    Explain(explain::Arguments),
    #[command(subcommand)]
    Rules(rules::Command),
    Inspect(inspect::Arguments),
    Baseline(baseline::Arguments),
    Lock(lock::Arguments),
    #[command(subcommand)]
    Gate(gate::Command),
    Modules(modules::Arguments),
    Waive(waive::Arguments),
    Init(init::Arguments),
    Vcf(vcf::Arguments),
    Drift(drift::Arguments),
    Completions(completions::Arguments),
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which configuration.
#[derive(Debug, Args)]
struct ConfigArguments {
    /// Configuration file [default: the closest gardefou.yaml upward].
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long)]
    no_config: bool,
}

/// What to read, and as what.
#[derive(Debug, Args)]
struct SourceArguments {
    /// Migration folders or .sql files [default: those configured, else supabase/migrations, migrations, …].
    paths: Vec<PathBuf>,
    /// What the database is before the first migration [default: told from the files].
    #[arg(long, value_enum, value_name = "PLATFORM")]
    platform: Option<Platform>,
    /// What Supabase grants on new objects in `public` [default: legacy].
    #[arg(long, value_enum, value_name = "GRANTS")]
    default_grants: Option<DefaultGrants>,
    #[command(flatten)]
    config: ConfigArguments,
}

/// Which database, and how long to wait for it.
#[derive(Debug, Args)]
struct DatabaseArguments {
    /// Check a running database, read-only: postgres://user@host:port/database?sslmode=verify-full. What the URL leaves
    /// open, the whole of it for `postgres://`, comes from the PG* variables and .pgpass.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Seconds one statement may take [default: 60].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
}

impl DatabaseArguments {
    fn target(&self) -> anyhow::Result<Option<Target>> {
        self.database_url.as_deref().map(target).transpose()
    }

    fn limits(&self) -> Limits {
        let given = self.timeout.map(std::time::Duration::from_secs);
        let Limits { connect, statement } = Limits::default();
        let at_least = std::time::Duration::from_secs(2);
        let connect = given.map_or(connect, |given| connect.min(given.max(at_least)));
        Limits { connect, statement: given.unwrap_or(statement) }
    }
}

/// Where a URL leads; variables of the environment fill in what it leaves open.
fn target(url: &str) -> anyhow::Result<Target> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Ok(Target::new(Some(url), &variable)?)
}

/// Which rules run.
#[derive(Debug, Args)]
struct RuleArguments {
    /// Run only these rules, groups or tags.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    select: Vec<String>,
    /// Do not run these rules, groups or tags.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    ignore: Vec<String>,
}

impl ConfigArguments {
    /// The configuration, searched upward from the first of `paths`, or from the working directory.
    fn load(&self, paths: &[PathBuf]) -> anyhow::Result<Config> {
        if self.no_config {
            return Ok(Config::default());
        }
        let cwd = cwd()?;
        let first = paths.first().filter(|path| path.as_os_str() != "-").map(|path| cwd.join(path));
        let start = match first {
            Some(path) if path.is_dir() => path,
            Some(path) => path.parent().map_or_else(|| cwd.clone(), ToOwned::to_owned),
            None => cwd.clone(),
        };
        // A path may go up (`../db`); the search needs the real parents.
        let start = start.canonicalize().unwrap_or(start);
        Ok(Config::load(self.config.as_deref(), &start, &cwd)?)
    }
}

impl SourceArguments {
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = self.config.load(&self.paths)?;
        config.platform = self.platform.or(config.platform);
        config.default_grants = self.default_grants.or(config.default_grants);
        Ok(config)
    }

    fn options(&self, since: Option<&str>) -> anyhow::Result<RunOptions> {
        let since = since.map(ToOwned::to_owned);
        Ok(RunOptions {
            cwd: cwd()?,
            paths: self.paths.clone(),
            since,
            today: Date::today(),
            source: Source::Migrations,
        })
    }
}

impl RuleArguments {
    /// `--select` replaces what is configured, `--ignore` adds to it.
    fn apply(&self, config: &mut Config) {
        let named = |name: &String| Named { name: name.clone(), at: None };
        if !self.select.is_empty() {
            config.select = self.select.iter().map(named).collect();
        }
        config.ignore.extend(self.ignore.iter().map(named));
    }
}

fn cwd() -> anyhow::Result<PathBuf> {
    use anyhow::Context;
    let cwd = std::env::current_dir().context("the working directory cannot be read; change to another")?;
    Ok(cwd.canonicalize().unwrap_or(cwd))
}

/// Reads the arguments, does what they say, and says how it went.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return terminal::usage(&error),
    };
    // Files are parsed in parallel: those threads walk nested SQL on their stacks, too.
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
    let color = cli.color;
    let checks = matches!(
        cli.command,
        Command::Check(_)
            | Command::Audit(_)
            | Command::Diff(_)
            | Command::Baseline(_)
            | Command::Drift(_)
            | Command::Lock(_)
    );
    let done = match cli.command {
        Command::Check(arguments) => check::run(&arguments, color),
        Command::Access(arguments) => access::run(&arguments, color),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Snapshot(arguments) => snapshot::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments, color),
        Command::Rules(command) => rules::run(&command),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Baseline(arguments) => baseline::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Lock(arguments) => lock::run(&arguments),
        Command::Gate(command) => gate::run(&command),
        Command::Modules(arguments) => modules::run(&arguments),
        Command::Waive(arguments) => waive::run(&arguments),
        Command::Drift(arguments) => drift::run(&arguments),
        Command::Vcf(arguments) => vcf::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) if terminal::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if checks => failed(&format!("{error:#}")),
        Err(error) => terminal::error(&format!("{error:#}")),
    }
}

/// The command tree, for documentation and tests.
#[must_use]
pub fn command() -> clap::Command {
    use clap::CommandFactory;
    Cli::command()
}
