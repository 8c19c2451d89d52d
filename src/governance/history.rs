//! Questions about migrations that several sections ask: when a file was made, what it writes.

use crate::date::Date;
use crate::location::Location;
use crate::migrations::{Executed, Migration, MigrationFile};

use super::sections::{Operation, Version};
use super::writes::{self, Written};
use crate::check::Model;

/// The digits a file is ordered by: its version's, or those its name begins with.
fn digits(file: &MigrationFile) -> String {
    let name = file.path.rsplit('/').next().unwrap_or("");
    let text = file.version.as_deref().unwrap_or(name);
    let digits: String = text.chars().filter(|c| *c != '-' && *c != '.').take_while(char::is_ascii_digit).collect();
    digits
}

/// Whether a file is older than `since`; one without a version never is.
pub(super) fn is_before(file: &MigrationFile, since: Option<&Version>) -> bool {
    let Some(since) = since else { return false };
    let since: String = since.0.chars().filter(char::is_ascii_digit).collect();
    let version = digits(file);
    if version.is_empty() {
        return false;
    }
    // A time and a day compare by their common digits; plain numbers by their size.
    let dated = |text: &str| text.len() >= 8 && (text.starts_with("19") || text.starts_with("20"));
    if dated(&version) && dated(&since) {
        let length = version.len().min(since.len());
        return version.get(..length) < since.get(..length);
    }
    let number = |text: &str| text.parse::<u128>().unwrap_or(u128::MAX);
    number(&version) < number(&since)
}

/// The day a file was made, as its version says it.
pub(super) fn day(file: &MigrationFile) -> Option<Date> {
    let digits = digits(file);
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u16>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    (year >= 1990).then(|| Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)).flatten()
}

/// What a statement does to rows.
pub(super) fn operation(executed: &Executed) -> Option<&'static [Operation]> {
    match executed.command.as_str() {
        "insert" | "copy" => Some(&[Operation::Insert]),
        "update" => Some(&[Operation::Update]),
        "delete" | "truncate" => Some(&[Operation::Delete]),
        "merge" => Some(&[Operation::Insert, Operation::Update, Operation::Delete]),
        _ => None,
    }
}

/// The first byte of a file.
pub(super) fn top(migration: &Migration) -> Location {
    migration.lines.locate(&migration.file.text, crate::location::Span::new(0, 0))
}

/// Files that run, with what they write.
pub(super) fn writing<'a>(model: &'a Model<'_>) -> impl Iterator<Item = (&'a Migration, &'a [Written])> {
    let files = model.migrations().iter().zip(writes::of(model));
    files
        .filter(|(migration, _)| migration.file.skipped.is_none())
        .map(|(migration, written)| (migration, written.as_slice()))
}

/// Files that run.
pub(super) fn run(migrations: &[Migration]) -> impl Iterator<Item = &Migration> {
    migrations.iter().filter(|migration| migration.file.skipped.is_none())
}
