//! Interprets migrations statement by statement over a Catalog, with PostgreSQL's own semantics. Files are parsed in
//! parallel and folded in order.
//!
//! Where the server would raise an error, the migration (and all after it) would not have been deployed, yet histories
//! that contain such statements exist: made twice, or repaired by hand. The fold goes on, says `would fail` in Coverage,
//! and takes the reading that hides least: a policy, view, trigger or function defined again has the latest text; a
//! table, type, constraint or index created again stays as it was first created; a `DROP` that dependents forbid is
//! applied, the dependents staying. Inside a block with an exception arm the error is raised instead.

mod acl;
mod alter;
mod assume;
mod changes;
mod columns;
mod constraints;
mod dependents;
mod drops;
mod functions;
mod grants;
mod hosting;
mod indexes;
mod names;
mod naming;
mod objects;
mod output;
mod owners;
mod policies;
mod refs;
mod removal;
mod rename;
mod rewrite;
mod roles;
mod run;
mod schemas;
mod session;
mod start;
mod state;
mod store;
mod syntax;
mod tables;
mod triggers;
mod typenames;
mod types;
mod views;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use start::detect_platform;

use super::{Comment, FoldOptions, History, Migration, MigrationFile, MigrationSet};
use crate::catalog::{Catalog, FunctionKey, Origin, QualifiedName};
use crate::coverage::{Coverage, CoverageKind};
use crate::location::{LineIndex, Span};
use crate::sql::SyntaxError;
use state::Fold;
use syntax::Parsed;

/// Stack of a thread that parses: nested SQL is walked on it, deeper nesting gets a stack of its own.
const STACK: usize = 16 << 20;
/// Fewer files than this are not worth a thread.
const FEW: usize = 4;
/// Files parsed before their turn: enough to keep the fold supplied, few enough that their trees stay in the cache.
const AHEAD: usize = 32;

/// The privileges of a new object of this owner, as default privileges stand.
pub(crate) fn privileges_of_new(
    catalog: &crate::catalog::Catalog,
    kind: crate::catalog::ObjectKind,
    owner: &str,
    schema: Option<&str>,
) -> crate::catalog::Acl {
    acl::of_new(catalog, kind, owner, schema, false)
}

/// Folds the files of `set`, in order, into a Catalog with the Changes of each.
#[must_use]
pub fn fold(set: &MigrationSet, options: &FoldOptions) -> History {
    fold_watched(set, options, &mut |_, _| {})
}

/// As [`fold`]; `watch` sees the Catalog before the first migration and after each.
#[must_use]
pub fn fold_watched(set: &MigrationSet, options: &FoldOptions, watch: &mut Watch<'_>) -> History {
    if set.files.len() < FEW {
        return fold_read(set, options, watch, |at| set.files.get(at).map(parse).unwrap_or_default());
    }
    let queue = Queue::new(set);
    std::thread::scope(|scope| {
        // Threads of their own: whoever folds on a thread of a pool must not wait for that same pool.
        let wanted = std::thread::available_parallelism().map_or(1, usize::from);
        let reader = || std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || queue.read_ahead());
        if (0..wanted).filter_map(|_| reader().ok()).count() == 0 {
            return fold_read(set, options, watch, |at| set.files.get(at).map(parse).unwrap_or_default());
        }
        let _end = End(&queue);
        fold_read(set, options, watch, |at| queue.take(at))
    })
}

/// Files on their way from the threads that parse to the one that folds.
struct Queue<'s> {
    set: &'s MigrationSet,
    state: Mutex<Progress>,
    moved: Condvar,
}

struct Progress {
    /// The next file nobody has begun to parse.
    next: usize,
    /// The file the fold is at.
    folding: usize,
    parsed: BTreeMap<usize, Vec<Parsed>>,
}

impl<'s> Queue<'s> {
    fn new(set: &'s MigrationSet) -> Self {
        let start = Progress { next: 0, folding: 0, parsed: BTreeMap::new() };
        Self { set, state: Mutex::new(start), moved: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parses files in order, each one that no other thread has begun, never far ahead of the fold.
    fn read_ahead(&self) {
        while let Some((at, file)) = self.begin() {
            // Whoever waits for the file must not wait for ever.
            let parsed = catch_unwind(AssertUnwindSafe(|| parse(file))).unwrap_or_else(|_| unreadable(file));
            self.lock().parsed.insert(at, parsed);
            self.moved.notify_all();
        }
    }

    fn begin(&self) -> Option<(usize, &'s MigrationFile)> {
        let far = |progress: &mut Progress| progress.next >= progress.folding.saturating_add(AHEAD);
        let mut progress = self.moved.wait_while(self.lock(), far).unwrap_or_else(PoisonError::into_inner);
        let at = progress.next;
        progress.next += 1;
        self.set.files.get(at).map(|file| (at, file))
    }

    fn take(&self, at: usize) -> Vec<Parsed> {
        let mut progress = self.lock();
        progress.folding = at;
        self.moved.notify_all();
        let absent = |progress: &mut Progress| !progress.parsed.contains_key(&at);
        let mut progress = self.moved.wait_while(progress, absent).unwrap_or_else(PoisonError::into_inner);
        progress.parsed.remove(&at).unwrap_or_default()
    }
}

/// Lets the readers go, also where the fold broke off.
struct End<'q>(&'q Queue<'q>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut progress = self.0.lock();
        progress.folding = usize::MAX;
        progress.next = progress.next.max(self.0.set.files.len());
        drop(progress);
        self.0.moved.notify_all();
    }
}

/// Who looks on while migrations are folded: the migration just folded, none before the first, and the Catalog.
pub type Watch<'w> = dyn FnMut(Option<&Migration>, &Catalog) + 'w;

/// Folds each file as soon as it is parsed.
fn fold_read(
    set: &MigrationSet,
    options: &FoldOptions,
    watch: &mut Watch<'_>,
    parsed: impl Fn(usize) -> Vec<Parsed>,
) -> History {
    let mut coverage = set.coverage.clone();
    let start = start::choose(set, options, &mut coverage);
    let mut fold = Fold::new(start.catalog, start.platform, Origin::Migration);
    fold.routines = start.routines;
    watch(None, fold.catalog());
    let mut migrations = Vec::with_capacity(set.files.len());
    for (at, file) in set.files.iter().enumerate() {
        let migration = fold.migrate(file, parsed(at));
        watch(Some(&migration), fold.catalog());
        migrations.push(migration);
    }
    coverage.append(&mut fold.coverage);
    History { catalog: fold.store.into_catalog(), migrations, coverage }
}

/// The sections of a file; a skipped file is not read.
fn parse(file: &MigrationFile) -> Vec<Parsed> {
    if file.skipped.is_some() {
        return Vec::new();
    }
    file.sections.iter().map(|section| syntax::parse_section(&file.text, *section)).collect()
}

/// What stands for a file that broke the reader.
fn unreadable(file: &MigrationFile) -> Vec<Parsed> {
    let error = |span: &Span| SyntaxError {
        span: Span::new(span.start, span.start),
        message: "the parser could not cope with this file".to_owned(),
        statement: *span,
    };
    vec![Parsed { errors: file.sections.iter().map(error).collect(), ..Parsed::default() }]
}

impl Fold {
    /// Runs one file as a session of its own.
    fn migrate(&mut self, file: &MigrationFile, sections: Vec<Parsed>) -> Migration {
        self.text = Arc::clone(&file.text);
        self.lines = LineIndex::new(Arc::clone(&file.path), &file.text);
        self.at = self.locate(Span::default());
        self.reset_session();
        self.store.open();
        let mut syntax_errors: Vec<SyntaxError> = Vec::new();
        let mut comments: Vec<Comment> = Vec::new();
        for section in sections {
            for error in &section.errors {
                let message = format!("a statement could not be parsed: {}", error.message);
                let at = self.part(error.span);
                self.cover_at(CoverageKind::Unparsed, at, message);
            }
            for include in &section.includes {
                let at = self.part(*include);
                self.cover_at(
                    CoverageKind::Opaque,
                    at,
                    "an included file is not read, so what it changes is not known".to_owned(),
                );
            }
            for template in &section.templates {
                let at = self.part(*template);
                self.cover_at(CoverageKind::Assumption, at, "a template piece stands in this statement".to_owned());
            }
            for variable in &section.variables {
                let at = self.part(*variable);
                let message = format!("what `{}` stands for is not known", variable.slice(&self.text));
                self.cover_at(CoverageKind::Assumption, at, message);
            }
            for statement in &section.statements {
                self.limits = crate::migrations::host::Limits::default();
                // Outside strict mode no error comes back.
                let _ = self.run(statement);
            }
            syntax_errors.extend(section.errors);
            comments.extend(section.comments);
        }
        self.drop_temporary();
        let frame = self.store.finish();
        let changes = self.changes(frame);
        self.executed.shrink_to_fit();
        Migration {
            file: file.clone(),
            lines: self.lines.clone(),
            statements: std::mem::take(&mut self.executed),
            changes,
            syntax_errors,
            comments,
        }
    }

    /// Temporary objects end with the session.
    fn drop_temporary(&mut self) {
        let (catalog, first) = (self.catalog(), QualifiedName::new(names::TEMP, ""));
        let temporary = |name: &&QualifiedName| name.schema == names::TEMP;
        let of =
            |names: &mut dyn Iterator<Item = &QualifiedName>| names.take_while(temporary).cloned().collect::<Vec<_>>();
        let relations = of(&mut catalog.relations.range(&first..).map(|(name, _)| name));
        let sequences = of(&mut catalog.sequences.range(&first..).map(|(name, _)| name));
        let indexes = of(&mut catalog.indexes.range(&first..).map(|(name, _)| name));
        let types = of(&mut catalog.types.range(&first..).map(|(name, _)| name));
        let functions = catalog.functions.range(FunctionKey { name: first.clone(), args: Vec::new() }..);
        let functions = functions.map(|(key, _)| key).take_while(|key| key.name.schema == names::TEMP);
        let functions: Vec<_> = functions.cloned().collect();
        functions.iter().for_each(|key| {
            self.store.remove_function(key);
            self.routines.remove(key);
        });
        types.iter().for_each(|name| {
            self.store.remove_type(name);
        });
        relations.iter().for_each(|name| {
            self.store.remove_relation(name);
        });
        sequences.iter().for_each(|name| {
            self.store.remove_sequence(name);
        });
        indexes.iter().for_each(|name| {
            self.store.remove_index(name);
        });
    }
}

/// An assumption about the whole run.
fn assumption(message: String) -> Coverage {
    Coverage { kind: CoverageKind::Assumption, location: None, object: None, message }
}
