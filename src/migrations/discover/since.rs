//! Which files a branch changed: asks `git`, with its hooks and helpers off.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{DiscoverError, walk};

/// What differs between the working tree and the place where this branch left the ref.
#[derive(Debug)]
pub(super) struct Since {
    top: PathBuf,
    /// The common ancestor.
    base: String,
    /// Paths, from the top of the repository, that the common ancestor holds.
    known: BTreeSet<String>,
    /// Paths changed since: committed, staged or not.
    changed: BTreeSet<String>,
}

impl Since {
    /// Asks git in `root`. Refused: no git, no repository, an unknown ref, no common ancestor (a shallow clone).
    pub(super) fn new(root: &Path, reference: &str) -> Result<Self, DiscoverError> {
        let top = git(root, &["rev-parse", "--show-toplevel"]).map_err(|failed| {
            failed.into_error(|_| DiscoverError::NoRepository { root: root.display().to_string() })
        })?;
        let top = walk::canonical(Path::new(top.trim_end_matches(['\n', '\r'])));
        let base = merge_base(&top, reference)?;
        let list = |arguments: &[&str]| {
            let listed = git(&top, arguments).map_err(|failed| failed.into_error(failed_git))?;
            Ok(listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect::<BTreeSet<_>>())
        };
        let known = list(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", &base])?;
        let changed = list(&["diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", &base, "--"])?;
        Ok(Self { top, base, known, changed })
    }

    /// Is `path` new or different since the ref? A renamed file is new under its name; so is one outside the
    /// repository.
    pub(super) fn is_changed(&self, path: &Path) -> bool {
        // A migration reached through a link differs when what the link leads to does.
        let resolved = walk::canonical(path);
        let Ok(inside) = resolved.strip_prefix(&self.top) else { return true };
        let inside = inside.to_string_lossy().replace('\\', "/");
        !self.known.contains(&inside) || self.changed.contains(&inside)
    }

    /// A file as the ancestor held it; `None` where it did not.
    pub(super) fn text_of(&self, path: &Path) -> Option<String> {
        let resolved = walk::canonical(path);
        let inside = resolved.strip_prefix(&self.top).ok()?.to_string_lossy().replace('\\', "/");
        self.known.contains(&inside).then(|| self.text_at(&inside)).flatten()
    }

    /// The same by its path from the top of the repository.
    pub(super) fn text_at(&self, inside: &str) -> Option<String> {
        git(&self.top, &["show", "--no-textconv", &format!("{}:{inside}", self.base)]).ok()
    }

    /// Where a path from the top of the repository is.
    pub(super) fn place(&self, inside: &str) -> PathBuf {
        self.top.join(inside)
    }

    /// SQL files below `folder` that the ancestor held and that are gone.
    pub(super) fn deleted_below(&self, folder: &Path) -> Vec<String> {
        let Ok(inside) = walk::canonical(folder).strip_prefix(&self.top).map(Path::to_path_buf) else {
            return Vec::new();
        };
        let prefix = inside.to_string_lossy().replace('\\', "/");
        let below = |path: &&String| prefix.is_empty() || path.starts_with(&format!("{prefix}/"));
        let gone = |path: &&String| path.ends_with(".sql") && !self.top.join(path.as_str()).exists();
        self.changed.iter().filter(below).filter(gone).cloned().collect()
    }
}

fn merge_base(top: &Path, reference: &str) -> Result<String, DiscoverError> {
    let unknown = || DiscoverError::UnknownRef { reference: reference.to_owned() };
    // A ref that looks like an option must not become one.
    if reference.is_empty() || reference.starts_with('-') {
        return Err(unknown());
    }
    let commit = git(top, &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")])
        .map_err(|failed| failed.into_error(|_| unknown()))?;
    let base = git(top, &["merge-base", commit.trim(), "HEAD"])
        .map_err(|failed| failed.into_error(|_| DiscoverError::NoMergeBase { reference: reference.to_owned() }))?;
    Ok(base.trim().to_owned())
}

fn failed_git(message: String) -> DiscoverError {
    DiscoverError::Git { message }
}

/// Why a git command gave nothing.
enum Failed {
    Spawn(std::io::Error),
    Refused(String),
}

impl Failed {
    fn into_error(self, refused: impl FnOnce(String) -> DiscoverError) -> DiscoverError {
        match self {
            Self::Spawn(source) => DiscoverError::NoGit { source },
            // Git's own refusal to read a repository of another owner has nothing to do with the question asked.
            Self::Refused(message) if message.contains("dubious ownership") => failed_git(message),
            Self::Refused(message) => refused(message),
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .map_err(Failed::Spawn)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failed::Refused(said.lines().next().unwrap_or("no reason given").to_owned()))
    }
}
