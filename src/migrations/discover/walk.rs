//! Files below a folder, symlink loops and all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::DiscoverError;

/// Nobody nests migrations deeper; a guard against trees that never end.
const MAX_DEPTH: usize = 32;

/// Folders that hold other people's files.
const FOREIGN: [&str; 5] = ["node_modules", "target", "vendor", "dist", "build"];

/// Paths of all files below `base`, relative to it, `/` between the parts, in byte order. Links are followed once;
/// hidden and foreign folders are left out.
pub(super) fn files(base: &Path) -> Result<Vec<String>, DiscoverError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut pending = vec![(base.to_path_buf(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = pending.pop() {
        if !seen.insert(canonical(&folder)) {
            continue;
        }
        for path in entries(&folder)? {
            let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
            if !path.is_dir() {
                found.push(name);
            } else if depth < MAX_DEPTH && !is_foreign(&path) {
                pending.push((path, format!("{name}/"), depth + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Sub-folders of `base` worth looking into, in byte order; none where it cannot be read.
pub(super) fn folders(base: &Path) -> Vec<PathBuf> {
    let all = entries(base).unwrap_or_default();
    all.into_iter().filter(|path| path.is_dir() && !is_foreign(path)).collect()
}

/// The path with links resolved, or itself where that fails.
pub(super) fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, DiscoverError> {
    let read = |source| DiscoverError::Read { path: folder.display().to_string().replace('\\', "/"), source };
    let mut paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
        .map_err(read)?;
    paths.sort();
    Ok(paths)
}

fn is_foreign(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || FOREIGN.contains(&name.as_ref())
}
