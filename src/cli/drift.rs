//! `gardefou drift`: stored volumes against the method that should have made them.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use crate::config::Config;
use crate::date::Date;
use crate::drift::{Progress, render, run, simulate};
use crate::report::FailOn;

use super::{ConfigArguments, RuleArguments, cwd, terminal};

/// Recompute stored volumes and say which differ, by how much, and why.
///
/// What to check stands under `volumetrics:` in gardefou.yaml. Tables are read in a read-only transaction.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder from which gardefou.yaml is searched upward.
    path: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
    /// Database with the tables [default: the PG* variables].
    // The value of the variable must not appear in --help.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Only this section; may be repeated.
    #[arg(long, value_name = "NAME")]
    section: Vec<String>,
    #[command(flatten)]
    rules: RuleArguments,
    /// Tally every way of computing: which explains the whole table best.
    #[arg(long, conflicts_with = "simulate")]
    infer: bool,
    /// Print what this method would make of every row, and a digest: d1250-2004, or
    /// d1250-1980,precision=table,hydrometer=glass-15,vcf-decimals=5.
    #[arg(long, value_name = "METHOD")]
    simulate: Option<String>,
    /// Money per litre at base, to put a price on the differences.
    #[arg(long, value_name = "PRICE")]
    price: Option<f64>,
    /// Output format [default: human; csv for --simulate].
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write to a file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The least severity that makes the run fail [default: error].
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// One line per finding, or per row simulated.
    Csv,
    /// For a pull request.
    Markdown,
    /// A page with plots.
    Html,
}

/// Rows that differ, or could not be computed.
const FOUND: u8 = 1;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(anyhow!("{}: there is no such folder; name the one with gardefou.yaml", missing.display()));
    }
    let mut config = arguments.config.load(&paths)?;
    arguments.rules.apply(&mut config);
    if let Some(price) = arguments.price {
        config.volumetrics.iter_mut().for_each(|(section, _)| section.price = Some(price));
    }
    // A bare Supabase or libpq environment names a database too.
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let options = run::Options {
        cwd: cwd()?,
        today: Date::today(),
        database_url: arguments.database_url.clone().filter(|url| !url.is_empty()),
        variable: &variable,
        sections: arguments.section.clone(),
        infer: arguments.infer,
    };
    match &arguments.simulate {
        Some(method) => simulated(arguments, method, &config, &options),
        None => checked(arguments, &config, &options),
    }
}

fn checked(arguments: &Arguments, config: &Config, options: &run::Options<'_>) -> anyhow::Result<ExitCode> {
    let mut progress = Display::new();
    let report = run::run(config, options, &mut |now| progress.show(now));
    progress.clear();
    let report = report?;
    let format = match arguments.format.unwrap_or(Format::Human) {
        Format::Human => render::Format::Human,
        Format::Json => render::Format::Json,
        Format::Csv => render::Format::Csv,
        Format::Markdown => render::Format::Markdown,
        Format::Html => render::Format::Html,
    };
    let text = render::render(&report, format).map_err(|error| anyhow!("a plot cannot be drawn: {error}"))?;
    match &arguments.output {
        None => terminal::print(&text)?,
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
            terminal::say(&render::summary(&report));
        }
    }
    let fail_on = arguments.fail_on.or(config.fail_on).unwrap_or_default();
    Ok(if report.fails(fail_on) { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

fn simulated(
    arguments: &Arguments,
    method: &str,
    config: &Config,
    options: &run::Options<'_>,
) -> anyhow::Result<ExitCode> {
    let format = match arguments.format.unwrap_or(Format::Csv) {
        Format::Csv => simulate::Format::Csv,
        Format::Markdown => simulate::Format::Markdown,
        Format::Json => simulate::Format::Json,
        Format::Human | Format::Html => return Err(anyhow!("--simulate prints csv, markdown or json; choose one")),
    };
    let plans = run::plans(config, &options.sections)?;
    if plans.len() > 1 && format != simulate::Format::Markdown {
        return Err(anyhow!("--simulate prints one section; choose it with --section"));
    }
    let out: Box<dyn Write> = match &arguments.output {
        None => Box::new(std::io::stdout().lock()),
        Some(path) => Box::new(File::create(path).with_context(|| format!("{} cannot be written", path.display()))?),
    };
    let mut out = BufWriter::new(out);
    let mut failed = 0;
    for mut plan in plans {
        plan.procedure =
            simulate::procedure(method, &plan.procedure).map_err(|error| anyhow!("--simulate: {error}"))?;
        let done = run::with_source(&plan, options, &mut |source| simulate::run(&plan, source, format, &mut out))?;
        failed += done.not_computable;
        let rows = done.computed + done.not_computable;
        terminal::say(&format!(
            "{}: {} of {rows} rows computed by {}, {:+.1} L, {}",
            plan.section.name, done.computed, done.method, done.litres, done.digest
        ));
    }
    out.flush()?;
    Ok(if failed > 0 { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// Rows read so far, on standard error, where someone is looking and it takes long.
struct Display {
    started: std::time::Instant,
    /// When it was last written, in tenths of a second.
    tenth: u128,
    shown: bool,
}

impl Display {
    fn new() -> Self {
        Self { started: std::time::Instant::now(), tenth: 10, shown: false }
    }

    fn show(&mut self, Progress { rows, part }: Progress) {
        let tenth = self.started.elapsed().as_millis() / 100;
        if tenth > self.tenth && std::io::stderr().is_terminal() {
            (self.shown, self.tenth) = (true, tenth);
            let rate = rows as f64 / self.started.elapsed().as_secs_f64() / 1e6;
            let bar = part.map(bar).unwrap_or_default();
            let _ = write!(std::io::stderr().lock(), "\r{bar}{rows} rows, {rate:.1} M a second ");
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(std::io::stderr().lock(), "\r{:76}\r", "");
        }
    }
}

/// `[#########                     ]  31 % `
fn bar(part: f64) -> String {
    const WIDTH: usize = 30;
    let part = part.clamp(0.0, 1.0);
    let done = (part * WIDTH as f64) as usize;
    format!("[{}{}] {:>3.0} % ", "#".repeat(done), " ".repeat(WIDTH - done), part * 100.0)
}
