//! Where to look: arguments, or the usual folders → places that exist.

use std::path::{Component, Path, PathBuf};

use super::{DiscoverError, names, walk};

/// Where tools keep migrations.
const USUAL: [&str; 4] = ["supabase/migrations", "migrations", "db/migrations", "prisma/migrations"];

/// Folders whose sub-folders are projects of their own.
const WORKSPACES: [&str; 5] = ["packages", "apps", "services", "crates", "libs"];

/// One thing to read.
#[derive(Debug)]
pub(super) enum Place {
    Stdin,
    /// Files named one after another.
    Files(Vec<PathBuf>),
    /// A folder of migrations.
    Folder(PathBuf),
}

/// Where the run started.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
}

impl Root {
    /// An empty path is the current directory.
    pub(super) fn new(path: &Path) -> Self {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Self { path: normal(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// `path` as a person would write it from here: relative where it lies below, `/` between the parts.
    pub(super) fn print(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.path).unwrap_or(path).to_string_lossy().replace('\\', "/");
        if below.is_empty() { ".".to_owned() } else { below }
    }

    fn join(&self, path: &Path) -> PathBuf {
        normal(&self.path.join(path))
    }
}

/// Takes out `.` and `..` without asking the file system.
fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// The places `paths` name, in order; without any, the one usual folder below the root.
pub(super) fn resolve(paths: &[PathBuf], root: &Root) -> Result<Vec<Place>, DiscoverError> {
    if paths.is_empty() {
        let found = usual_below(root.path());
        let looked_for = format!("{} (also one project folder down)", USUAL.join(", "));
        let missing = || DiscoverError::NotFound { root: root.path().display().to_string(), looked_for };
        return Ok(vec![Place::Folder(single(found, root.path(), root)?.ok_or_else(missing)?)]);
    }
    let mut places = Vec::new();
    for path in paths {
        match (place(path, root)?, places.last_mut()) {
            (Place::Files(file), Some(Place::Files(files))) => files.extend(file),
            (place, _) => places.push(place),
        }
    }
    Ok(places)
}

fn place(path: &Path, root: &Root) -> Result<Place, DiscoverError> {
    if path == Path::new("-") {
        return Ok(Place::Stdin);
    }
    let full = root.join(path);
    if full.is_dir() {
        return Ok(Place::Folder(migrations_of(&full, root)?));
    }
    if full.exists() {
        return Ok(Place::Files(vec![full]));
    }
    Err(DiscoverError::Missing { path: root.print(&full) })
}

/// The folder itself, or the migrations folder of the project it is.
fn migrations_of(folder: &Path, root: &Root) -> Result<PathBuf, DiscoverError> {
    if folder.file_name().is_some_and(|name| name == "migrations") {
        return Ok(folder.to_path_buf());
    }
    let direct = at(folder);
    let found = if direct.is_empty() && !holds_sql_itself(folder) { usual_below(folder) } else { direct };
    Ok(single(found, folder, root)?.unwrap_or_else(|| folder.to_path_buf()))
}

fn single(found: Vec<PathBuf>, below: &Path, root: &Root) -> Result<Option<PathBuf>, DiscoverError> {
    if found.len() > 1 {
        let found: Vec<String> = found.iter().map(|path| format!("`{}`", root.print(path))).collect();
        return Err(DiscoverError::Ambiguous { path: root.print(below), found: found.join(", ") });
    }
    Ok(found.into_iter().next())
}

/// Usual folders at `base`; else one folder down; else one project of a workspace down.
fn usual_below(base: &Path) -> Vec<PathBuf> {
    let direct = at(base);
    if !direct.is_empty() {
        return direct;
    }
    let projects = walk::folders(base);
    let nested = |projects: Vec<PathBuf>| projects.iter().flat_map(|project| at(project)).collect::<Vec<_>>();
    let workspaces = WORKSPACES.iter().flat_map(|workspace| walk::folders(&base.join(workspace))).collect();
    let mut found = nested(projects);
    for path in nested(workspaces) {
        // `packages/db/migrations` is `db/migrations` of `packages`, too.
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

fn at(base: &Path) -> Vec<PathBuf> {
    USUAL.iter().map(|usual| base.join(usual)).filter(|path| path.is_dir() && holds_sql(path)).collect()
}

fn holds_sql(folder: &Path) -> bool {
    walk::files(folder).is_ok_and(|files| files.iter().any(|path| names::is_sql(path)))
}

fn holds_sql_itself(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| names::is_sql(&entry.file_name().to_string_lossy()) && entry.path().is_file())
}
