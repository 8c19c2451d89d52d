//! Looks at what lies on the disk: archives through `pg_restore --list`, simulations through the digest they carry.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::Looked;
use crate::config::Config;
use crate::date::Date;
use crate::drift::run::{plans, with_source_at};
use crate::drift::simulate::{self, Simulated, Unordered};
use crate::governance::sections::{Gate, Requirement, seconds};
use crate::live::connect::{ConnectError, Target};

/// Where and when evidence is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The configuration: its folder is where paths start, its `volumetrics` are what simulations are about.
    pub config: &'a Config,
    /// Where the run started.
    pub cwd: &'a Path,
    /// The time ages are counted from.
    pub now: SystemTime,
    /// The database with the tables that simulations are about.
    pub database: Option<&'a Target>,
}

impl Surroundings<'_> {
    fn folder(&self) -> PathBuf {
        let path = self.config.path.as_ref().map(|path| self.cwd.join(path));
        path.as_deref().and_then(Path::parent).unwrap_or(self.cwd).to_path_buf()
    }

    fn today(&self) -> Date {
        Date::from_days(self.now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400))
    }
}

/// Looks at everything a gate requires.
#[must_use]
pub fn look(gate: &Gate, around: Surroundings<'_>) -> Vec<Looked> {
    gate.require.iter().map(|requirement| requirement_of(requirement, around)).collect()
}

fn requirement_of(requirement: &Requirement, around: Surroundings<'_>) -> Looked {
    match (&requirement.backup, &requirement.evidence) {
        (Some(pattern), _) => backup(pattern, requirement, around),
        (None, Some(pattern)) => simulation(pattern, requirement, around),
        (None, None) => {
            Looked { asked: "nothing".to_owned(), file: None, problems: Vec::new(), unverified: Vec::new() }
        }
    }
}

/// Files a pattern means, sorted: `*` and `?` in every part but the first.
fn files(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![folder.to_path_buf()];
    for part in pattern.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if !part.contains(['*', '?']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let entries = found.iter().filter_map(|path| std::fs::read_dir(path).ok()).flatten().flatten();
        let named = entries.filter(|entry| {
            entry.file_name().to_str().is_some_and(|name| crate::governance::pattern::matches(part, name))
        });
        found = named.map(|entry| entry.path()).collect();
    }
    found.retain(|path| path.exists());
    found.sort();
    found
}

fn modified(path: &Path) -> SystemTime {
    std::fs::metadata(path).and_then(|data| data.modified()).unwrap_or(UNIX_EPOCH)
}

fn backup(pattern: &str, requirement: &Requirement, around: Surroundings<'_>) -> Looked {
    let age = requirement.max_age.as_ref().map(|age| format!(" no older than {age}")).unwrap_or_default();
    let lists = requirement.lists.join(", ");
    let lists = if lists.is_empty() { lists } else { format!(" with the rows of {lists}") };
    let mut looked = Looked {
        asked: format!("a backup `{pattern}`{age}{lists}"),
        file: None,
        problems: Vec::new(),
        unverified: Vec::new(),
    };
    let newest = files(&around.folder(), pattern).into_iter().max_by_key(|path| modified(path));
    let Some(newest) = newest else {
        looked.problems.push(format!("there is no backup `{pattern}`: make one with `pg_dump -Fc`"));
        return looked;
    };
    let printed = crate::config::printed(&newest, &around.folder());
    looked.file = Some(printed.clone());
    match contents(&newest) {
        Ok(contents) => judge_backup(&contents, (&newest, &printed), requirement, around, &mut looked.problems),
        Err(why) => looked.problems.push(format!("`{printed}` is not known to be a backup: {why}")),
    }
    looked
}

/// Clocks and time zones differ by less.
const A_DAY: Duration = Duration::from_secs(86_400);

fn judge_backup(
    contents: &Contents,
    (path, printed): (&Path, &str),
    requirement: &Requirement,
    around: Surroundings<'_>,
    problems: &mut Vec<String>,
) {
    if let Some(limit) = requirement.max_age.as_deref().and_then(seconds) {
        // A checkout or copy makes a file look new: the archive says itself when it was made.
        let made = contents.created.unwrap_or_else(|| modified(path)).min(modified(path));
        let age = around.now.duration_since(made).unwrap_or(Duration::ZERO).as_secs();
        if made.duration_since(around.now).is_ok_and(|ahead| ahead > A_DAY) {
            problems
                .push(format!("`{printed}` says that it was made in the future: make a new one with `pg_dump -Fc`"));
        }
        if age > limit {
            let max = requirement.max_age.as_deref().unwrap_or_default();
            problems
                .push(format!("`{printed}` is {} old, more than {max}: make a new one with `pg_dump -Fc`", hours(age)));
        }
    }
    for table in &requirement.lists {
        let (schema, name) = table.split_once('.').unwrap_or(("public", table));
        if !contents.tables.iter().any(|(s, n)| s == schema && n == name) {
            problems.push(format!("`{printed}` does not hold the rows of `{table}`: dump it, too"));
        }
    }
}

fn hours(seconds: u64) -> String {
    if seconds < 2 * 86_400 { format!("{} h", seconds / 3_600) } else { format!("{} days", seconds / 86_400) }
}

/// What `pg_restore --list` says of an archive.
struct Contents {
    created: Option<SystemTime>,
    tables: Vec<(String, String)>,
}

fn contents(path: &Path) -> Result<Contents, String> {
    let mut command = Command::new(program());
    // The archive's time is read as UTC, the clock of servers.
    let output = command.arg("--list").arg(path).env("TZ", "UTC").stdin(Stdio::null()).output();
    let output = match output {
        Ok(output) => output,
        Err(_) => return Err("`pg_restore` was not found; install the PostgreSQL client programs".to_owned()),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("no reason").trim_start_matches("pg_restore: error: ").to_owned();
        return Err(format!("`pg_restore --list` says: {said}"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let created =
        text.lines().find_map(|line| time(line.trim_start_matches(';').trim().strip_prefix("Archive created at ")?));
    let tables = text.lines().filter_map(|line| {
        let mut words = line.split_once(" TABLE DATA ")?.1.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    });
    Ok(Contents { created, tables: tables.collect() })
}

/// In the path, or where Debian keeps it.
fn program() -> PathBuf {
    let in_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("pg_restore")).find(|path| path.is_file())
    });
    let debian = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        versions.map(|entry| entry.path().join("bin/pg_restore")).filter(|path| path.is_file()).max()
    };
    in_path.or_else(debian).unwrap_or_else(|| PathBuf::from("pg_restore"))
}

/// `2026-02-20 18:00:05 UTC`.
fn time(text: &str) -> Option<SystemTime> {
    let mut words = text.split_whitespace();
    let day: Date = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let seconds = u64::from(day.days()) * 86_400 + hour * 3_600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// What a simulation says of itself.
#[derive(Deserialize)]
struct Report {
    section: String,
    method: String,
    digest: String,
    #[serde(default)]
    gardefou: Option<String>,
    computed: usize,
    not_computable: usize,
    delta_l: f64,
    #[serde(default)]
    rows: Vec<serde::de::IgnoredAny>,
}

fn simulation(pattern: &str, requirement: &Requirement, around: Surroundings<'_>) -> Looked {
    let mut looked = Looked {
        asked: format!("an approved simulation `{pattern}`"),
        file: None,
        problems: Vec::new(),
        unverified: Vec::new(),
    };
    approval(pattern, requirement, around.today(), &mut looked.problems);
    let Some(path) = files(&around.folder(), pattern).pop() else {
        let problem =
            format!("there is no report `{pattern}`: write one with `gardefou drift --simulate METHOD --format json`");
        looked.problems.push(problem);
        return looked;
    };
    let printed = crate::config::printed(&path, &around.folder());
    looked.file = Some(printed.clone());
    let read = std::fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str::<Report>(&text).ok());
    let Some(report) = read else {
        looked.problems.push(format!(
            "`{printed}` is no simulation report: write it with `gardefou drift --simulate METHOD --format json`"
        ));
        return looked;
    };
    if report.rows.len() != report.computed + report.not_computable {
        let problem = format!(
            "`{printed}` holds {} rows and counts {}: write it again",
            report.rows.len(),
            report.computed + report.not_computable
        );
        looked.problems.push(problem);
    }
    if let Some(approved) = requirement.digest.as_ref().filter(|digest| **digest != report.digest) {
        looked.problems.push(format!(
            "`{printed}` has the digest {}, approved was {approved}: have it approved again",
            report.digest
        ));
    }
    compare(&report, (&path, &printed), requirement, around, &mut looked);
    looked
}

/// A report that cannot be compared with the data counts where its digest is the one that was approved, and that is
/// said; otherwise nothing vouches for it.
fn compare(
    report: &Report,
    (path, printed): (&Path, &str),
    requirement: &Requirement,
    around: Surroundings<'_>,
    looked: &mut Looked,
) {
    match recomputed(report, around) {
        Ok((done, _)) if done.digest != report.digest => looked.problems.push(format!(
            "`{printed}` is not about the data there is: its digest is {}, the data's {}; simulate again and have it approved",
            report.digest, done.digest
        )),
        Ok((done, lines)) => {
            let mut own = Lines::default();
            let read = std::fs::read(path).and_then(|bytes| own.write_all(&bytes));
            let close = (done.litres - report.delta_l).abs() <= 1e-6 * report.delta_l.abs().max(1.0);
            if read.is_err() || own.finish() != lines || !close || done.computed != report.computed {
                looked.problems.push(format!(
                    "`{printed}` was edited: its rows are not what the simulation says; write it again and have it approved"
                ));
            }
        }
        Err(why) if requirement.digest.as_ref() == Some(&report.digest) => {
            looked.unverified.push(format!(
                "`{printed}` has the digest that was approved, and was not compared with the data: {why}"
            ));
        }
        Err(why) => looked.problems.push(format!(
            "`{printed}` was not compared with the data: {why}; do that where the database is, and pin what was approved with `digest: {}`",
            report.digest
        )),
    }
}

/// The lines of a report, in any order: rows of a table have none.
#[derive(Default)]
struct Lines {
    all: Unordered,
    begun: Vec<u8>,
}

impl Lines {
    fn end(&mut self) {
        let line = std::mem::take(&mut self.begun);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        let text = text.strip_suffix(b",").unwrap_or(text);
        // The sums behind the rows depend on their order in the last digits; they are compared as numbers.
        if text.starts_with(b"{") {
            self.all.add(text);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.end();
        self.all.finish()
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            if *byte == b'\n' { self.end() } else { self.begun.push(*byte) }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn approval(pattern: &str, requirement: &Requirement, today: Date, problems: &mut Vec<String>) {
    if requirement.approved_by.as_ref().is_none_or(|by| by.trim().is_empty()) {
        problems.push(format!("nobody approved `{pattern}`: have it read, and name who did under `approved-by`"));
    }
    match requirement.approved_on {
        None => problems.push(format!("`{pattern}` has no day of approval: add `approved-on`")),
        Some(day) if day > today => {
            problems.push(format!("`{pattern}` is approved on {day}, which is to come: correct it"))
        }
        Some(_) => {}
    }
}

/// A simulation made now, over the same section by the same method, and the lines of its report.
fn recomputed(report: &Report, around: Surroundings<'_>) -> Result<(Simulated, Vec<u8>), String> {
    let own = env!("CARGO_PKG_VERSION");
    if let Some(other) = report.gardefou.as_ref().filter(|version| *version != own) {
        return Err(format!("gardefou {other} wrote it, this is {own}"));
    }
    let plans = plans(around.config, std::slice::from_ref(&report.section)).map_err(|error| error.to_string())?;
    let Some(mut plan) = plans.into_iter().next() else { return Err("there is no such section".to_owned()) };
    let file = plan.section.csv.is_some() || plan.section.parquet.is_some();
    if !file && around.database.is_none() {
        let why = "reads a table, and no database is at hand (`gardefou gate status --database-url …`)";
        return Err(format!("section `{}` {why}", report.section));
    }
    // `d1250-1980, precision table` as it was asked for: `d1250-1980,precision=table`.
    let mut parts = report.method.split(", ");
    let method = parts.next().unwrap_or_default().to_owned();
    let method = parts.fold(method, |method, part| format!("{method},{}", part.replacen(' ', "=", 1)));
    plan.procedure = simulate::procedure(&method, &plan.procedure)?;
    let target = || around.database.cloned().ok_or(ConnectError::Missing);
    let mut lines = Lines::default();
    let done = with_source_at(&plan, around.cwd, &target, &mut |source| {
        simulate::run(&plan, source, simulate::Format::Json, &mut lines)
    });
    done.map(|done| (done, lines.finish())).map_err(|error| error.to_string())
}

/// What is looked at, by gate.
pub(super) type ByGate = BTreeMap<String, Vec<Looked>>;
