//! Paths as CI systems want them: relative to the repository, with `/`, without `..`.

use std::num::NonZeroU32;

use crate::finding::Finding;

use super::Report;

/// Where the run's paths stand in the repository.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// Absolute path of the repository root, `/` separators; empty where there is none.
    pub root: String,
    /// Absolute path that relative paths start from.
    pub start: String,
    /// The file findings without a place are put on, as a path like any other (the configuration file).
    pub anchor: Option<String>,
}

/// A file and a position in it, for formats in which every result must have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Repository-relative path where the file is in the repository, else absolute.
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
    /// Last line and the column after the last character, where the span is known.
    pub(super) end: Option<(u32, u32)>,
}

impl Base {
    /// For a run that started in `start`, with the configuration file as anchor.
    #[must_use]
    pub fn of(start: &std::path::Path, anchor: Option<&str>) -> Self {
        let slashed = |path: &std::path::Path| path.display().to_string().replace('\\', "/");
        let root = start.ancestors().find(|folder| folder.join(".git").exists());
        Self { root: root.map(slashed).unwrap_or_default(), start: slashed(start), anchor: anchor.map(str::to_owned) }
    }

    /// `path`, relative to the repository root if it is inside.
    #[must_use]
    pub fn relative(&self, path: &str) -> String {
        let path = path.replace('\\', "/");
        let absolute = if is_absolute(&path) { path } else { format!("{}/{path}", self.start) };
        let parts = normal(&absolute);
        let root = normal(&self.root);
        match parts.strip_prefix(root.as_slice()) {
            Some(inside) if !inside.is_empty() => inside.join("/"),
            _ if is_absolute(&absolute) && !self.root.is_empty() => format!("/{}", parts.join("/")),
            _ => parts.join("/"),
        }
    }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.get(1..3) == Some(":/")
}

fn normal(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts
}

/// Where `finding` stands; without a place of its own: the anchor, or the first file, line 1.
pub(super) fn of(report: &Report, finding: &Finding, base: &Base) -> Place {
    let Some(at) = &finding.location else { return unplaced(report, base) };
    Place {
        path: base.relative(&at.file),
        line: at.line.get(),
        column: at.column.get(),
        end: report.sources.get(&at.file).and_then(|text| end(text, at)),
    }
}

fn unplaced(report: &Report, base: &Base) -> Place {
    let first = || report.sources.keys().next().map(ToString::to_string);
    let path = base.anchor.clone().or_else(first).unwrap_or_else(|| "gardefou.yaml".to_owned());
    Place { path: base.relative(&path), line: 1, column: 1, end: None }
}

/// The position after the last character of the span.
fn end(text: &str, at: &crate::location::Location) -> Option<(u32, u32)> {
    let covered = text.get(at.span.start as usize..at.span.end as usize).filter(|covered| !covered.is_empty())?;
    let newlines = u32::try_from(covered.matches('\n').count()).ok()?;
    let last = covered.rsplit('\n').next().unwrap_or(covered);
    let length = u32::try_from(last.chars().count()).ok()?;
    let start = if newlines == 0 { at.column } else { NonZeroU32::MIN };
    Some((at.line.get().saturating_add(newlines), start.get().saturating_add(length)))
}
