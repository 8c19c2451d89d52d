//! Finds migration files, puts them in the order their tool runs them, and reads them: paths in, [`MigrationSet`]
//! out. Whose conventions apply is told from the names; what was left out or could not be read is Coverage.

mod convention;
mod folder;
mod names;
mod place;
mod read;
mod sections;
mod since;
mod supabase;
mod walk;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::coverage::{Coverage, CoverageKind};
use crate::location::{LineIndex, Location, Span};
use crate::migrations::{Layout, MigrationFile, MigrationSet};

use convention::Step;
use place::{Place, Root};
use since::Since;

/// How to look for migrations.
#[derive(Debug, Clone, Default)]
pub struct DiscoverOptions {
    /// Where the run started: relative paths start here, printed paths are relative to it.
    pub root: PathBuf,
    /// Mark only files changed since this git ref.
    pub since: Option<String>,
    /// Conventions to apply, instead of those the names suggest.
    pub layout: Option<Layout>,
}

/// Why there are no migrations to check.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum DiscoverError {
    #[error("no migrations found: looked for {looked_for} below `{root}`; name the folder or the .sql files to check")]
    NotFound { root: String, looked_for: String },
    #[error(
        "`{path}` holds several migration folders: {found}; name the one to check, or several, in the order they apply to one database"
    )]
    Ambiguous { path: String, found: String },
    #[error("`{path}` does not exist; name a folder of migrations or an .sql file")]
    Missing { path: String },
    #[error("`{path}` holds no migration: no .sql file its tool would run; name the folder that holds them")]
    Empty { path: String },
    #[error("`{path}` cannot be read: {source}; make it readable, or leave it out")]
    Read { path: String, source: std::io::Error },
    #[error("`{path}` is too large: {bytes} bytes, the limit is 4 GiB; split it, or leave its data out")]
    TooLarge { path: String, bytes: u64 },
    #[error("`{path}` is not a drizzle journal: {message}; restore it, or name the .sql files")]
    Journal { path: String, message: String },
    #[error("git could not be started: {source}; install git, or run without --since")]
    NoGit { source: std::io::Error },
    #[error("`{root}` is not in a git repository; run inside one, or without --since")]
    NoRepository { root: String },
    #[error(
        "git does not know `{reference}`; fetch it (a CI checkout often holds one commit only), or name another ref for --since"
    )]
    UnknownRef { reference: String },
    #[error(
        "`{reference}` and HEAD have no common commit here; fetch the whole history (checkout with `fetch-depth: 0`), or name another ref for --since"
    )]
    NoMergeBase { reference: String },
    #[error("git failed: {message}; mend that, or run without --since")]
    Git { message: String },
}

/// Finds, orders and reads the migrations at `paths`: folders, parents of a migrations folder, `.sql` files, or `-`
/// for standard input; with none, the usual places below `options.root`. Several are read in the order given, as
/// one database.
pub fn discover(paths: &[PathBuf], options: &DiscoverOptions) -> Result<MigrationSet, DiscoverError> {
    let root = Root::new(&options.root);
    let places = place::resolve(paths, &root)?;
    let since = options.since.as_deref().map(|reference| Since::new(root.path(), reference)).transpose()?;
    let before = since.is_some().then(Vec::new);
    let mut gathering = Gathering {
        root: &root,
        since,
        set: MigrationSet { before, ..MigrationSet::default() },
        layout: None,
        seen: BTreeSet::new(),
        gone: Vec::new(),
    };
    for place in &places {
        match place {
            Place::Stdin => gathering.stdin()?,
            Place::Files(files) => gathering.named_files(files, options.layout)?,
            Place::Folder(folder) => gathering.folder(folder, options.layout)?,
        }
    }
    gathering.finish()
}

/// The same for files that stand in memory: names below the folder → texts. All count as changed.
#[must_use]
pub fn in_memory(files: &std::collections::BTreeMap<String, String>, layout: Layout) -> MigrationSet {
    let names: Vec<String> = files.keys().cloned().collect();
    let plan = convention::plan(&convention::of_layout(layout), &names);
    let mut set = MigrationSet { layout: plan.layout, ..MigrationSet::default() };
    for step in plan.steps {
        let text: std::sync::Arc<str> = files.get(&step.name).map_or("", String::as_str).into();
        let sections = vec![Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX))];
        let Step { name, version, skipped } = step;
        set.files.push(MigrationFile { path: name.into(), text, sections, version, skipped, changed: true });
    }
    set
}

/// The set as it grows, place by place.
struct Gathering<'a> {
    root: &'a Root,
    since: Option<Since>,
    set: MigrationSet,
    layout: Option<Layout>,
    seen: BTreeSet<PathBuf>,
    /// Files that are gone: path, text, and whether it may be divided into sections.
    gone: Vec<(String, String, bool)>,
}

impl Gathering<'_> {
    fn stdin(&mut self) -> Result<(), DiscoverError> {
        let path = "<stdin>";
        let text = read::stream(std::io::stdin().lock(), path)?;
        self.push(Step { name: path.to_owned(), version: None, skipped: None }, text, true, true);
        Ok(())
    }

    fn folder(&mut self, base: &Path, layout: Option<Layout>) -> Result<(), DiscoverError> {
        let folder = folder::read(base, self.root, layout)?;
        self.layout.get_or_insert(folder.layout);
        self.set.coverage.extend(folder.coverage);
        self.api(base);
        for deleted in self.since.as_ref().map(|since| since.deleted_below(base)).unwrap_or_default() {
            let message = format!("`{deleted}` was deleted since the ref: what it did is not in the history read here");
            self.note(CoverageKind::Assumption, None, message);
            self.deleted(&deleted, folder.sections);
        }
        for file in folder.files {
            self.file(&base.join(&file.step.name), file.step, file.text, folder.sections);
        }
        Ok(())
    }

    /// The first project that says what its API serves is the one.
    fn api(&mut self, base: &Path) {
        match supabase::api_schemas(base, self.root) {
            Ok(found) => self.set.api = self.set.api.take().or(found),
            Err(said) => self.set.coverage.push(said),
        }
    }

    /// Files named one by one keep their order; the conventions of their folder say what is a way down.
    fn named_files(&mut self, files: &[PathBuf], layout: Option<Layout>) -> Result<(), DiscoverError> {
        let plan = folder::named(files, layout);
        self.layout.get_or_insert(plan.layout);
        if let Some(base) = files.first().and_then(|file| file.parent()) {
            self.api(base);
        }
        if plan.down > 0 {
            self.note(CoverageKind::Skipped, None, folder::downs(plan.down));
        }
        for (path, step) in plan.steps {
            let text = read::file(&path, &self.root.print(&path))?;
            self.file(&path, step, text, plan.sections);
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, step: Step, text: read::Text, sections: bool) {
        if !self.seen.insert(walk::canonical(path)) {
            return;
        }
        let changed = self.since.as_ref().is_none_or(|since| since.is_changed(path));
        let name = self.root.print(path);
        let was = match (&self.since, changed) {
            (Some(since), true) => since.text_of(path).map(|old| old.into()),
            (Some(_), false) => Some(std::sync::Arc::clone(&text.text)),
            (None, _) => None,
        };
        if let (Some(text), None) = (was, &step.skipped) {
            self.was(name.as_str().into(), text, step.version.clone(), sections);
        }
        self.push(Step { name, ..step }, text, sections, changed);
    }

    /// Adds a file as it was.
    fn was(&mut self, path: std::sync::Arc<str>, text: std::sync::Arc<str>, version: Option<String>, sections: bool) {
        let sections = self::sections(&text, sections).0;
        let file = MigrationFile { path, text, sections, version, skipped: None, changed: false };
        self.set.before.iter_mut().for_each(|files| files.push(file.clone()));
    }

    /// Adds a file that is gone.
    fn deleted(&mut self, inside: &str, sections: bool) {
        let Some(since) = &self.since else { return };
        let Some(text) = since.text_at(inside) else { return };
        let name = self.root.print(&since.place(inside));
        self.gone.push((name, text, sections));
    }

    fn push(&mut self, step: Step, read: read::Text, sections: bool, changed: bool) {
        let path = step.name.into();
        if let Some(reason) = &step.skipped {
            let at = start_of(&path, &read.text);
            self.note(CoverageKind::Skipped, Some(at), format!("not read as part of the schema: {reason}"));
        }
        self.set.coverage.extend(read.coverage);
        let (sections, divided) = self::sections(&read.text, sections);
        if divided && self.layout.is_none_or(|layout| layout == Layout::Plain) {
            self.layout = Some(Layout::UpDown);
        }
        let Step { version, skipped, .. } = step;
        self.set.files.push(MigrationFile { path, text: read.text, sections, version, skipped, changed });
    }

    fn note(&mut self, kind: CoverageKind, location: Option<Location>, message: String) {
        self.set.coverage.push(Coverage { kind, location, object: None, message });
    }

    /// Puts the files that are gone where their names belong.
    fn insert_gone(&mut self) {
        for (path, text, sections) in std::mem::take(&mut self.gone) {
            let sections = self::sections(&text, sections).0;
            let file = MigrationFile {
                path: path.into(),
                text: text.into(),
                sections,
                version: None,
                skipped: None,
                changed: false,
            };
            if let Some(files) = &mut self.set.before {
                let at = files.iter().position(|other| other.path > file.path).unwrap_or(files.len());
                files.insert(at, file);
            }
        }
    }

    fn finish(mut self) -> Result<MigrationSet, DiscoverError> {
        self.insert_gone();
        self.set.layout = self.layout.unwrap_or_default();
        self.set.coverage.sort();
        Ok(self.set)
    }
}

/// The parts of a text that run forward, and whether it is divided into parts at all.
fn sections(text: &str, sections: bool) -> (Vec<Span>, bool) {
    let divided = if sections { sections::up_sections(text) } else { None };
    let is_divided = divided.is_some();
    (divided.unwrap_or_else(|| vec![Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX))]), is_divided)
}

fn start_of(path: &std::sync::Arc<str>, text: &str) -> Location {
    LineIndex::new(std::sync::Arc::clone(path), "").locate(text, Span::default())
}
