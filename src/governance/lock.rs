//! `gardefou.lock`: the protected objects as they were when somebody last agreed to them, in a form made for review.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::definition::{Definition, Describer, digest};
use super::pattern::Pattern;
use super::sections::Sections;
use crate::catalog::{Catalog, ObjectRef};
use crate::config::ConfigError;
use crate::location::{Location, Span};
use crate::migrations::Migration;
use crate::report::escape;

/// The shape's version.
const VERSION: u32 = 1;

/// The file's first lines.
const HEAD: &str = "\
# Written by `gardefou lock` from the migrations. Every object under `protected:` of gardefou.yaml stands here as it
# was agreed to; `gardefou check` fails where one is different. Change this file only by running `gardefou lock` again,
# in the pull request that changes the object, and review it there.
";

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The file, as printed.
    pub path: Arc<str>,
    /// Its text, for code frames.
    pub text: Arc<str>,
    /// Entries by object.
    pub entries: BTreeMap<ObjectRef, Entry>,
}

/// One locked object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Digest of its canonical definition.
    pub digest: String,
    /// Where it was defined: a file and a line, as text.
    pub defined: Option<String>,
    /// Who owned it.
    pub owner: Option<String>,
    /// The definition the digest is over.
    pub lines: Vec<String>,
    /// Where the entry stands.
    pub at: Location,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    objects: Vec<Spanned<FileEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    object: String,
    digest: String,
    #[serde(default)]
    defined: Option<String>,
    #[serde(default)]
    owner: Option<String>,
    definition: String,
}

impl Lock {
    /// Reads a lock file; `printed` is its path as reports show it.
    ///
    /// # Errors
    /// A file that cannot be read, or is not a lock.
    pub fn read(path: &Path, printed: &str) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: printed.to_owned(), source })?;
        Self::parse(&text, printed)
    }

    /// Reads a lock's text.
    ///
    /// # Errors
    /// Text that is not a lock.
    pub fn parse(text: &str, printed: &str) -> Result<Self, ConfigError> {
        let file: File = serde_saphyr::from_str(text).map_err(|error| ConfigError::yaml(printed, &error))?;
        let shape = |place: &str, message: String| ConfigError::Shape { place: place.to_owned(), message };
        if file.version != VERSION {
            let message = format!("is of version {}; write it again with `gardefou lock`", file.version);
            return Err(shape(printed, message));
        }
        let path: Arc<str> = Arc::from(printed);
        let mut entries = BTreeMap::new();
        for entry in file.objects {
            let at = place(&path, text, &entry.referenced);
            let entry = entry.value;
            let object = Pattern::parse(&entry.object)
                .map_err(|message| shape(&at.to_string(), format!("{message}; write it again with `gardefou lock`")))?;
            let lines: Vec<String> = entry.definition.lines().map(ToOwned::to_owned).collect();
            let (digest, defined, owner) = (entry.digest, entry.defined, entry.owner);
            let object = ObjectRef::new(object.kind, object.name);
            entries.insert(object, Entry { digest, defined, owner, lines, at });
        }
        Ok(Self { path, text: Arc::from(text), entries })
    }

    /// The protected objects of `catalog` as they stand, and those that cannot be locked, with the reason.
    #[must_use]
    pub fn of(
        catalog: &Catalog,
        migrations: &[Migration],
        sections: &Sections,
    ) -> (BTreeMap<ObjectRef, Definition>, Vec<(ObjectRef, String)>) {
        let patterns: Vec<&Pattern> = sections.protected.iter().map(|placed| &placed.value.object).collect();
        let found = Describer::new(catalog, migrations).matching(&patterns);
        let (known, unknown): (BTreeMap<_, _>, BTreeMap<_, _>) =
            found.into_iter().partition(|(_, definition)| definition.unknown.is_none());
        let unknown = unknown.into_iter();
        (known, unknown.map(|(object, found)| (object, found.unknown.unwrap_or_default().to_owned())).collect())
    }

    /// The text of a lock file; `path` says what a migration is called in it.
    #[must_use]
    pub fn write(objects: &BTreeMap<ObjectRef, Definition>, path: impl Fn(&str) -> String) -> String {
        let mut out = format!("{HEAD}version: {VERSION}\nobjects:");
        if objects.is_empty() {
            out.push_str(" []");
        }
        out.push('\n');
        for (object, definition) in objects {
            out.push_str(&format!("  - object: {}\n", quoted(&object.to_string())));
            out.push_str(&format!("    digest: {}\n", definition.digest()));
            if let Some(at) = &definition.at {
                out.push_str(&format!("    defined: {}\n", quoted(&format!("{}:{}", path(&at.file), at.line))));
            }
            if let Some(owner) = &definition.owner {
                out.push_str(&format!("    owner: {}\n", quoted(owner)));
            }
            out.push_str("    definition: |\n");
            for line in &definition.lines {
                out.push_str(&format!("      {}\n", escape::line(line).trim_end()));
            }
        }
        out
    }
}

/// A lock of what stands in memory: for examples and tests.
#[must_use]
pub fn in_memory(objects: &BTreeMap<ObjectRef, Definition>) -> Option<Lock> {
    Lock::parse(&Lock::write(objects, ToOwned::to_owned), super::LOCK_FILE).ok()
}

/// Whether a locked definition is of something switched off.
#[must_use]
pub fn is_off(lines: &[String]) -> bool {
    lines.iter().any(|line| {
        is_switch(line) && !line.ends_with(" on") && !line.ends_with("origin mode") && !line.ends_with("always")
    })
}

/// Whether a line says on or off.
#[must_use]
pub fn is_switch(line: &str) -> bool {
    line.starts_with("fires ") || line.starts_with("row level security ") && !line.contains("forced")
}

/// Whether the lines are those the digest is over.
#[must_use]
pub fn is_intact(entry: &Entry) -> bool {
    digest(&entry.lines) == entry.digest
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn place(path: &Arc<str>, text: &str, at: &serde_saphyr::Location) -> Location {
    let number = |n: u64| u32::try_from(n).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    let (line, column) = (number(at.line()), number(at.column()));
    let before: usize = text.split_inclusive('\n').take(line.get() as usize - 1).map(str::len).sum();
    let rest = text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let start = before + (column.get() as usize - 1).min(rest.len());
    let bytes = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Location { file: Arc::clone(path), line, column, span: Span::new(bytes(start), bytes(before + rest.len())) }
}
