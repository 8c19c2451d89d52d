//! What another method would make of every row, beside what is stored: nothing is written to the source. The digest over
//! inputs, method and version lets someone else check that the evidence is about these rows.

use std::io::Write;

use sha2::{Digest, Sha256};

use super::judge::{Judge, Judged};
use super::section::Plan;
use super::source::{Cell, Row, Sampled, Source};
use super::{DriftError, judge};
use crate::volumetrics::Procedure;

/// Output formats of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Comma-separated, the digest in a last line that begins with `#`.
    #[default]
    Csv,
    /// A table.
    Markdown,
    /// One document.
    Json,
}

/// What a simulation came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// Rows computed.
    pub computed: usize,
    /// Rows that could not be.
    pub not_computable: usize,
    /// Litres after minus litres before.
    pub litres: f64,
    /// `sha256:…`.
    pub digest: String,
    /// Method and settings.
    pub method: String,
}

const COLUMNS: [&str; 12] = [
    "key",
    "volume_l",
    "temperature_c",
    "density_kgm3",
    "density15_before",
    "vcf_before",
    "volume15_before",
    "density15_after",
    "vcf_after",
    "volume15_after",
    "delta_l",
    "status",
];

/// A procedure as written after `--simulate`: `d1250-2004`, `d1250-1980,precision=table,hydrometer=glass-15`.
///
/// # Errors
/// An unknown name, with what to write.
pub fn procedure(text: &str, own: &Procedure) -> Result<Procedure, String> {
    let mut parts = text.split(',').map(str::trim);
    let mut procedure = Procedure { method: parts.next().unwrap_or("").parse()?, ..Procedure::default() };
    procedure.grid.clone_from(&own.grid);
    for part in parts {
        match part.split_once('=') {
            Some(("precision", value)) => procedure.precision = value.parse()?,
            Some(("hydrometer", value)) => procedure.hydrometer = value.parse()?,
            Some(("vcf-decimals", value)) => procedure.vcf_decimals = value.parse()?,
            _ => return Err(format!("`{part}` is no setting; write precision=, hydrometer= or vcf-decimals=")),
        }
    }
    procedure.check().map_err(|error| error.to_string())?;
    Ok(procedure)
}

/// Computes every row with the plan's procedure and writes it beside what is stored.
///
/// # Errors
/// What cannot be read or written; a source without rows.
pub fn run(plan: &Plan, source: &mut dyn Source, format: Format, out: &mut dyn Write) -> Result<Simulated, DriftError> {
    let mut sampled = Sampled::new(source, plan)?;
    let judge = Judge::new(plan, sampled.decimals);
    let (mut digest, mut rows) = (Sha256::new(), Unordered::default());
    let method = plan.procedure.describe();
    digest.update(format!("gardefou {}\n{method}\n{}\n", env!("CARGO_PKG_VERSION"), plan.section.name));
    // What else the results follow from; its form may change with the version, which is above.
    digest.update(format!("{:?}\n", (plan.base, plan.density_kind, &plan.groups, &plan.procedure.grid)));
    let mut done = Simulated { computed: 0, not_computable: 0, litres: 0.0, digest: String::new(), method };
    header(format, &done.method, plan, out)?;
    let mut row = Row::default();
    while sampled.read(&mut row)? {
        rows.add(canonical(&row).as_bytes());
        let judged = judge.judge(&row);
        let first = done.computed + done.not_computable == 0;
        match &judged {
            Ok(judged) => {
                done.computed += 1;
                done.litres -= judged.residuals.litres.unwrap_or(0.0);
            }
            Err(_) => done.not_computable += 1,
        }
        line(format, &cells(&row, &judged), first, out)?;
    }
    if done.computed + done.not_computable == 0 {
        return Err(DriftError::Empty { name: plan.section.name.clone() });
    }
    digest.update(rows.finish());
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    done.digest = format!("sha256:{hex}");
    footer(format, &done, out)?;
    Ok(done)
}

/// A digest of a bag of things, whatever order they come in: a table has none.
#[derive(Debug, Clone, Default)]
pub struct Unordered {
    sum: [u64; 4],
    count: u64,
}

impl Unordered {
    /// Adds one.
    pub fn add(&mut self, thing: &[u8]) {
        let hash = Sha256::digest(thing);
        let mut carry = false;
        for (lane, bytes) in self.sum.iter_mut().zip(hash.chunks_exact(8)) {
            let part = bytes.iter().rev().fold(0_u64, |part, byte| part << 8 | u64::from(*byte));
            let (with_carry, first) = part.overflowing_add(u64::from(carry));
            let (sum, second) = lane.overflowing_add(with_carry);
            (*lane, carry) = (sum, first || second);
        }
        self.count += 1;
    }

    /// What was added, in 40 bytes.
    #[must_use]
    pub fn finish(&self) -> Vec<u8> {
        self.sum.iter().chain([&self.count]).flat_map(|lane| lane.to_le_bytes()).collect()
    }
}

/// The row as the digest sees it: every value with all its bits.
fn canonical(row: &Row) -> String {
    let mut text = row.key.clone();
    text.push('\u{1f}');
    text.push_str(row.product.as_deref().unwrap_or(""));
    for cell in &row.cells {
        text.push('\u{1f}');
        match cell {
            Cell::Absent => {}
            Cell::Null => text.push('~'),
            Cell::Number(value, _) => text.push_str(&value.to_string()),
            Cell::Bad(word) => text.extend(["?", word]),
        }
    }
    text.push('\n');
    text
}

fn cells(row: &Row, judged: &Result<Judged, String>) -> [String; 12] {
    let value = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let [volume, celsius, density, density15, vcf, volume15] = row.cells.each_ref().map(|cell| match cell {
        Cell::Number(value, _) => Some(*value),
        _ => None,
    });
    let computed = judged.as_ref().ok().and_then(|judged| judged.computed);
    let after = |pick: fn(&judge::Computed) -> Option<f64>| value(computed.as_ref().and_then(pick));
    let delta = judged.as_ref().ok().and_then(|judged| judged.residuals.litres).map(|litres| -litres);
    let status = match judged {
        Err(why) => format!("error: {why}"),
        Ok(_) if computed.is_none() => "error: no temperature or density to compute from".to_owned(),
        Ok(_) => "ok".to_owned(),
    };
    [
        row.key.clone(),
        value(volume),
        value(celsius),
        value(density),
        value(density15),
        value(vcf),
        value(volume15),
        after(|done| Some(done.density15)),
        after(|done| Some(done.vcf)),
        after(|done| done.volume15),
        value(delta),
        status,
    ]
}

fn header(format: Format, method: &str, plan: &Plan, out: &mut dyn Write) -> std::io::Result<()> {
    match format {
        Format::Csv => writeln!(out, "{}", COLUMNS.join(",")),
        Format::Markdown => {
            writeln!(out, "### `{}` by {method}\n", plan.section.name)?;
            writeln!(out, "| {} |\n|{}", COLUMNS.join(" | "), " --- |".repeat(COLUMNS.len()))
        }
        Format::Json => {
            let version = env!("CARGO_PKG_VERSION");
            let (name, method) = (serde_json::json!(plan.section.name), serde_json::json!(method));
            write!(out, "{{\"version\":1,\"gardefou\":\"{version}\",\"section\":{name},\"method\":{method},\"rows\":[")
        }
    }
}

fn line(format: Format, cells: &[String; 12], first: bool, out: &mut dyn Write) -> std::io::Result<()> {
    match format {
        Format::Csv => {
            let mut writer = csv::WriterBuilder::new().from_writer(&mut *out);
            writer.write_record(cells).map_err(std::io::Error::other)?;
            writer.flush()
        }
        Format::Markdown => {
            let cells: Vec<String> = cells.iter().map(|cell| crate::report::escape::markdown_text(cell)).collect();
            writeln!(out, "| {} |", cells.join(" | "))
        }
        Format::Json => {
            let pairs = COLUMNS.iter().zip(cells).map(|(name, cell)| {
                let text = matches!(*name, "key" | "status");
                let number = cell.parse::<f64>().ok().filter(|_| !text);
                let empty = cell.is_empty() && !text;
                let value = match number {
                    Some(number) => serde_json::json!(number),
                    None if empty => serde_json::Value::Null,
                    None => serde_json::json!(cell),
                };
                ((*name).to_owned(), value)
            });
            let object: serde_json::Map<String, serde_json::Value> = pairs.collect();
            write!(out, "{}\n{}", if first { "" } else { "," }, serde_json::Value::Object(object))
        }
    }
}

fn footer(format: Format, done: &Simulated, out: &mut dyn Write) -> std::io::Result<()> {
    let Simulated { computed, not_computable, litres, digest, method } = done;
    let version = env!("CARGO_PKG_VERSION");
    match format {
        Format::Csv => writeln!(
            out,
            "# rows={computed} not_computable={not_computable} delta_l={litres:.3} method=\"{method}\" gardefou={version} digest={digest}"
        ),
        Format::Markdown => writeln!(
            out,
            "\n{computed} rows computed, {not_computable} not computable, {litres:+.1} L in all. gardefou {version}, digest `{digest}`."
        ),
        Format::Json => writeln!(
            out,
            "\n],\"computed\":{computed},\"not_computable\":{not_computable},\"delta_l\":{litres},\"digest\":\"{digest}\"}}"
        ),
    }
}
