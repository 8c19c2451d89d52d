//! What file names say: versions, and the orders tools derive from them. Pure text, no file system.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The part of `path` after the last `/`.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The part of `path` before the last `/`, empty for a bare name.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `name` without its `.sql`, in whatever case that is written.
pub(super) fn stem(name: &str) -> Option<&str> {
    let at = name.len().checked_sub(4)?;
    let (stem, extension) = (name.get(..at)?, name.get(at..)?);
    (extension.eq_ignore_ascii_case(".sql") && !stem.is_empty()).then_some(stem)
}

/// Is this an SQL file by its name?
pub(super) fn is_sql(path: &str) -> bool {
    stem(file_name(path)).is_some()
}

/// The ASCII digits `text` starts with.
pub(super) fn leading_digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or("")
}

/// The names the Supabase CLI runs: digits, an underscore, anything, `.sql`.
pub(super) fn supabase_version(name: &str) -> Option<&str> {
    let digits = leading_digits(name);
    let rest = name.get(digits.len()..)?;
    (!digits.is_empty() && rest.starts_with('_') && rest.ends_with(".sql")).then_some(digits)
}

/// A version number in front of `name`. A dashed date is none, since two files of one day are two versions, nor is a
/// number that begins a word (`3nf_…`).
pub(super) fn numeric_version(name: &str) -> Option<&str> {
    let digits = leading_digits(name);
    let after = name.get(digits.len()..)?;
    let dashed_date = after.starts_with('-') && after.get(1..).is_some_and(|rest| !leading_digits(rest).is_empty());
    let word = after.starts_with(char::is_alphabetic);
    (!digits.is_empty() && !dashed_date && !word).then_some(digits)
}

/// Everything before the first underscore: `2021-01-01-000000` of a diesel folder, `0001` of a plain name.
pub(super) fn version_before_underscore(name: &str) -> Option<&str> {
    let version = name.split_once('_').map_or(name, |(version, _)| version);
    let numeric = version.chars().all(|c| c.is_ascii_digit() || c == '-' || c == '.');
    (numeric && version.starts_with(|c: char| c.is_ascii_digit())).then_some(version)
}

/// Orders paths component by component; numbers in front of a component compare as numbers (`2_x` before `10_x`).
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    a.split('/').map(component_key).cmp(b.split('/').map(component_key)).then_with(|| a.cmp(b))
}

/// Numbered components first, by value; then the rest as text.
fn component_key(component: &str) -> (bool, usize, &str, &str) {
    let digits = leading_digits(component);
    let value = digits.trim_start_matches('0');
    (digits.is_empty(), value.len(), value, component.get(digits.len()..).unwrap_or(""))
}

/// What a Flyway file name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flyway<'a> {
    /// `V1.2__x.sql`.
    Versioned(&'a str),
    /// `B1.2__x.sql`: stands for everything up to that version.
    Baseline(&'a str),
    /// `U1.2__x.sql`.
    Undo,
    /// `R__x.sql`.
    Repeatable(&'a str),
}

/// Reads a Flyway name; `None` for files Flyway does not run as migrations.
pub(super) fn flyway(name: &str) -> Option<Flyway<'_>> {
    let (prefix, description) = stem(name)?.split_once("__")?;
    if prefix == "R" {
        return Some(Flyway::Repeatable(description));
    }
    let version = prefix.get(1..)?;
    let valid = version.starts_with(|c: char| c.is_ascii_digit())
        && version.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '_');
    match prefix.get(..1)? {
        "V" if valid => Some(Flyway::Versioned(version)),
        "B" if valid => Some(Flyway::Baseline(version)),
        "U" if valid => Some(Flyway::Undo),
        _ => None,
    }
}

/// Compares Flyway versions part by part: `1.2` < `1.10`, `1` = `1.0`.
pub(super) fn flyway_order(a: &str, b: &str) -> Ordering {
    flyway_parts(a).cmp(&flyway_parts(b))
}

fn flyway_parts(version: &str) -> Vec<(usize, &str)> {
    let digits = version.split(['.', '_']).map(|part| part.trim_start_matches('0'));
    let mut parts: Vec<_> = digits.map(|part| (part.len(), part)).collect();
    while parts.last().is_some_and(|(length, _)| *length == 0) {
        parts.pop();
    }
    parts
}

/// Marks of files for other databases, as pop writes them before `.up.sql`.
const OTHER_DATABASES: [&str; 8] =
    ["cockroach", "cockroachdb", "mariadb", "mssql", "mysql", "sqlite", "sqlite3", "sqlserver"];

/// Is `path` for another database: `1_a.mysql.up.sql`, or `1_a.up.sql` where `1_a.postgres.up.sql` stands in its place?
pub(super) fn is_foreign(path: &str, own: &BTreeSet<&str>) -> bool {
    let (base, mut marks) = marks(path);
    marks.clone().any(|mark| OTHER_DATABASES.contains(&mark)) || own.contains(base) && !marks.any(is_postgres)
}

/// What stands before the marks of files for PostgreSQL alone.
pub(super) fn own<'a>(files: &[&'a str]) -> BTreeSet<&'a str> {
    let marked = files.iter().map(|path| marks(path));
    marked.filter_map(|(base, mut marks)| marks.any(is_postgres).then_some(base)).collect()
}

fn is_postgres(mark: &str) -> bool {
    matches!(mark, "postgres" | "postgresql")
}

/// The path up to the first dot of the file's name, and what stands between its dots.
fn marks(path: &str) -> (&str, impl Iterator<Item = &str> + Clone) {
    let name = file_name(path);
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    (path.get(..path.len() - name.len() + first.len()).unwrap_or(path), rest.split('.'))
}

/// Stem suffixes and folders that mean "takes a migration back".
const DOWN_SUFFIXES: [&str; 10] =
    [".down", "_down", "-down", ".rollback", "_rollback", "-rollback", ".undo", "_undo", ".revert", "_revert"];
const UP_SUFFIXES: [&str; 5] = ["", ".up", "_up", "-up", ".do"];
const DOWN_FOLDERS: [&str; 5] = ["down", "downs", "rollback", "rollbacks", "revert"];

/// Is `path` the way back of an up/down pair? `exists` answers for sibling paths: a `_rollback` file without the
/// file it takes back is an ordinary migration.
pub(super) fn is_down(path: &str, exists: impl Fn(&str) -> bool) -> bool {
    let Some(stem) = stem(file_name(path)) else { return false };
    if stem == "down" || stem.ends_with(".down") || folder(path).split('/').any(|part| DOWN_FOLDERS.contains(&part)) {
        return true;
    }
    if matches!(stem, "rollback" | "revert" | "undo") {
        return ["up", "migration", "deploy", "apply"].iter().any(|up| exists(&sibling(path, up)));
    }
    let forward = DOWN_SUFFIXES.iter().find_map(|suffix| stem.strip_suffix(suffix));
    forward
        .or_else(|| stem.strip_prefix("rollback_"))
        .is_some_and(|forward| UP_SUFFIXES.iter().any(|up| exists(&sibling(path, &format!("{forward}{up}")))))
}

fn sibling(path: &str, stem: &str) -> String {
    match folder(path) {
        "" => format!("{stem}.sql"),
        folder => format!("{folder}/{stem}.sql"),
    }
}
