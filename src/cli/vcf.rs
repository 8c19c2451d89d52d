//! `gardefou vcf`: volume correction on the command line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use crate::vcf::{self, Request, batch, grid, units};
use crate::volumetrics::{Measurement, Pressure, Procedure};

use super::terminal;

/// Compute volume correction factors: ASTM D1250 of 1980 and 2004, or a table of your own.
///
/// One computation (--density, --temperature), a lookup table (--table), or a CSV file (--csv). Exit codes: 0 computed,
/// 1 rows of a CSV file that could not be, 2 nothing could be.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Density in kg/m³; another unit stands behind it: 0.8373g/cm3.
    #[arg(long, value_name = "DENSITY", allow_negative_numbers = true)]
    density: Option<String>,
    /// What the density is: observed, at-15, at-20 or at-60f.
    #[arg(long, value_name = "KIND", default_value = "observed")]
    density_kind: String,
    /// Temperature in °C; °F where said: 85.5F.
    #[arg(long, short, value_name = "TEMPERATURE", allow_negative_numbers = true)]
    temperature: Option<String>,
    /// Observed volume in litres, or m³ where said: 39.296m3.
    #[arg(long, value_name = "VOLUME", allow_negative_numbers = true)]
    volume: Option<String>,
    /// Gauge pressure in psig (d1250-2004 only).
    #[arg(long, value_name = "PSIG", allow_negative_numbers = true)]
    pressure: Option<String>,
    /// Product group: refined, crude, lube, or alpha with --alpha60.
    #[arg(long, value_name = "GROUP", default_value = "refined")]
    group: String,
    /// Coefficient of thermal expansion at 60 °F, per °F.
    #[arg(long, value_name = "PER_F")]
    alpha60: Option<String>,
    /// Base temperature: 15, 20 or 60f.
    #[arg(long, value_name = "BASE", default_value = "15")]
    base: String,
    /// d1250-1980, d1250-2004 or grid.
    #[arg(long, value_name = "METHOD", default_value = "d1250-1980")]
    method: String,
    /// full, or table for the rounding of the printed tables (d1250-1980 only).
    #[arg(long, value_name = "PRECISION", default_value = "full")]
    precision: String,
    /// Glass hydrometer the density was read with: none, glass-15 or glass-20.
    #[arg(long, value_name = "GLASS", default_value = "none")]
    hydrometer: String,
    /// Decimals of the VCF: computational, 4 or 5.
    #[arg(long, value_name = "DECIMALS", default_value = "computational")]
    vcf_decimals: String,
    /// The table of method grid: CSV with density_kgm3, temperature_c, density15_kgm3, vcf.
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,
    /// Show every intermediate value.
    #[arg(long)]
    explain: bool,
    /// Compute every row of a CSV file; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["table", "explain"])]
    csv: Option<PathBuf>,
    /// Write a lookup table of observed density by temperature.
    #[arg(long, requires_all = ["from", "to", "step", "temps"])]
    table: bool,
    /// First density of the table, kg/m³.
    #[arg(long, value_name = "DENSITY", requires = "table")]
    from: Option<f64>,
    /// Last density of the table.
    #[arg(long, value_name = "DENSITY", requires = "table")]
    to: Option<f64>,
    /// Step between densities.
    #[arg(long, value_name = "STEP", requires = "table")]
    step: Option<f64>,
    /// Temperatures of the table, °C: from:to:step.
    #[arg(long, value_name = "RANGE", requires = "table", allow_hyphen_values = true)]
    temps: Option<String>,
    /// Output format [default: human; csv for --csv and --table].
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write to a file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
    /// Comma-separated.
    Csv,
}

/// Rows that could not be computed.
const SOME_FAILED: u8 = 1;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.csv {
        Some(path) => arguments.batch(path),
        None if arguments.table => arguments.table(),
        None => arguments.single(),
    }
}

fn said<T>(option: &str, result: Result<T, String>) -> anyhow::Result<T> {
    result.map_err(|message| anyhow!("--{option}: {message}"))
}

impl Arguments {
    fn procedure(&self) -> anyhow::Result<Procedure> {
        Ok(Procedure {
            method: said("method", self.method.parse())?,
            precision: said("precision", self.precision.parse())?,
            hydrometer: said("hydrometer", self.hydrometer.parse())?,
            vcf_decimals: said("vcf-decimals", self.vcf_decimals.parse())?,
            grid: self.grid.as_deref().map(grid::read).transpose()?.map(Arc::new),
        })
    }

    fn number(&self, option: &str, text: Option<&String>) -> anyhow::Result<Option<f64>> {
        said(option, text.map(|text| units::number(text)).transpose())
    }

    fn group(&self) -> anyhow::Result<crate::volumetrics::Group> {
        let alpha60 = self.number("alpha60", self.alpha60.as_ref())?;
        said("group", vcf::group(&self.group, alpha60))
    }

    fn request(&self) -> anyhow::Result<Request> {
        let missing = |option: &str| anyhow!("--{option} is missing; give it, or a file with --csv");
        let density = self.density.as_deref().ok_or_else(|| missing("density"))?;
        let temperature = self.temperature.as_deref().ok_or_else(|| missing("temperature"))?;
        let psig = self.number("pressure", self.pressure.as_ref())?.unwrap_or(0.0);
        let measurement = Measurement {
            group: self.group()?,
            density: said("density", units::density(density))?,
            density_kind: said("density-kind", self.density_kind.parse())?,
            temperature: said("temperature", units::temperature(temperature))?,
            pressure: Pressure::from_psig(psig)?,
            base: said("base", self.base.parse())?,
        };
        let volume = said("volume", self.volume.as_deref().map(units::volume).transpose())?;
        Ok(Request { procedure: self.procedure()?, measurement, volume })
    }

    fn single(&self) -> anyhow::Result<ExitCode> {
        let request = self.request()?;
        let (answer, steps) = request.explain();
        let steps = if self.explain { steps } else { Vec::new() };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.write(&human_steps(&steps))?;
                return Err(error.into());
            }
        };
        let text = match self.format.unwrap_or(Format::Human) {
            Format::Human => human_steps(&steps) + &human(&answer),
            Format::Json => json(&answer, &steps)?,
            Format::Csv => {
                let row = batch::cells(&Ok(answer));
                csv_text([batch::RESULTS.map(str::to_owned), row].iter())?
            }
        };
        self.write(&text)?;
        Ok(ExitCode::SUCCESS)
    }

    fn table(&self) -> anyhow::Result<ExitCode> {
        let (Some(from), Some(to), Some(step), Some(temps)) = (self.from, self.to, self.step, &self.temps) else {
            return Err(anyhow!("--table needs --from, --to, --step and --temps; give them"));
        };
        let temps = said("temps", temps.parse())?;
        let nodes = grid::nodes(&self.procedure()?, self.group()?, grid::Range { from, to, step }, temps)?;
        let text = match self.format.unwrap_or(Format::Csv) {
            Format::Json => serde_json::to_string_pretty(&nodes)? + "\n",
            Format::Csv | Format::Human => {
                let cells = |n: &grid::Node| {
                    [n.density_kgm3, n.temperature_c, n.density15_kgm3, n.vcf].map(|value| value.to_string())
                };
                csv_text(
                    std::iter::once(&grid::COLUMNS.map(str::to_owned))
                        .chain(&nodes.iter().map(cells).collect::<Vec<_>>()),
                )?
            }
        };
        self.write(&text)?;
        Ok(ExitCode::SUCCESS)
    }

    fn batch(&self, path: &std::path::Path) -> anyhow::Result<ExitCode> {
        let printed = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
        let input: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            Box::new(File::open(path).with_context(|| format!("{printed} cannot be read; name another file"))?)
        };
        let (input, defaults) = (BufReader::new(input), self.defaults()?);
        let output: Box<dyn Write> = match &self.output {
            None => Box::new(std::io::stdout().lock()),
            Some(path) => {
                Box::new(File::create(path).with_context(|| format!("{} cannot be written", path.display()))?)
            }
        };
        let mut output = BufWriter::new(output);
        let tally = match self.format.unwrap_or(Format::Csv) {
            Format::Json => json_rows(input, &printed, &defaults, &mut output)?,
            Format::Csv | Format::Human => batch::run(input, &printed, &defaults, &mut output)?,
        };
        output.flush()?;
        if tally.failed == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        let failed = crate::report::many(tally.failed, "row");
        terminal::say(&format!("{failed} of {} could not be computed", tally.failed + tally.computed));
        Ok(ExitCode::from(SOME_FAILED))
    }

    /// The command line's values, for what rows do not say.
    fn defaults(&self) -> anyhow::Result<batch::Defaults> {
        let grid = self.procedure()?.grid;
        let given = [
            ("density_kgm3", self.density.as_ref()),
            ("density_kind", Some(&self.density_kind)),
            ("temperature_c", self.temperature.as_ref()),
            ("volume_l", self.volume.as_ref()),
            ("pressure_psig", self.pressure.as_ref()),
            ("group", Some(&self.group)),
            ("alpha60_per_f", self.alpha60.as_ref()),
            ("base", Some(&self.base)),
            ("method", Some(&self.method)),
            ("precision", Some(&self.precision)),
            ("hydrometer", Some(&self.hydrometer)),
            ("vcf_decimals", Some(&self.vcf_decimals)),
        ];
        let values = given.into_iter().filter_map(|(name, value)| value.map(|value| (name, value.clone())));
        Ok(batch::Defaults { values: values.collect::<BTreeMap<_, _>>(), grid })
    }

    fn write(&self, text: &str) -> anyhow::Result<()> {
        match &self.output {
            None => Ok(terminal::print(text)?),
            Some(path) => std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display())),
        }
    }
}

fn human_steps(steps: &[(&'static str, f64)]) -> String {
    steps.iter().map(|(name, value)| format!("  {name:<24} {value}\n")).collect()
}

fn human(answer: &vcf::Answer) -> String {
    let mut text = format!("density at base  {:.3} kg/m³\nVCF              {:.6}\n", answer.density15_kgm3, answer.vcf);
    if let Some(litres) = answer.volume15_l {
        text.push_str(&format!("volume at base   {litres:.1} L\n"));
    }
    text.push_str(&format!("zone             {}\nmethod           {}\n", answer.zone, answer.method));
    for note in &answer.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

fn json(answer: &vcf::Answer, steps: &[(&'static str, f64)]) -> anyhow::Result<String> {
    #[derive(serde::Serialize)]
    struct Document<'a> {
        #[serde(flatten)]
        answer: &'a vcf::Answer,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        steps: Vec<serde_json::Value>,
    }
    let steps = steps.iter().map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
    Ok(serde_json::to_string_pretty(&Document { answer, steps })? + "\n")
}

fn csv_text<'a, const N: usize>(rows: impl Iterator<Item = &'a [String; N]>) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// One object per line in an array.
fn json_rows(
    input: impl Read,
    path: &str,
    defaults: &batch::Defaults,
    output: &mut impl Write,
) -> anyhow::Result<batch::Tally> {
    let id = std::cell::Cell::new(None);
    let mut first = true;
    output.write_all(b"[")?;
    let each = |record: &csv::StringRecord, row: &batch::Row| {
        let mut value = match row {
            Ok(answer) => serde_json::to_value(answer).map_err(std::io::Error::from)?,
            Err(_) => serde_json::json!({ "density15_kgm3": null, "vcf": null, "volume15_l": null }),
        };
        value["id"] = id.get().and_then(|at| record.get(at)).into();
        value["status"] = batch::status(row).into();
        write!(output, "{}\n{value}", if std::mem::take(&mut first) { "" } else { "," })?;
        Ok(())
    };
    let tally = batch::read(input, path, defaults, each, |header| {
        id.set(header.iter().position(|name| name == "id"));
        Ok(())
    })?;
    output.write_all(b"\n]\n")?;
    Ok(tally)
}
