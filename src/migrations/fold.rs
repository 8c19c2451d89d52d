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

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

pub use start::detect_platform;

use super::{Comment, FoldOptions, History, Migration, MigrationFile, MigrationSet};
use crate::catalog::{Catalog, Origin};
use crate::coverage::{Coverage, CoverageKind};
use crate::location::{LineIndex, Span};
use crate::sql::SyntaxError;
use state::Fold;
use syntax::Parsed;

/// Stack of a thread that parses: nested SQL is walked on it, deeper nesting gets a stack of its own.
const STACK: usize = 16 << 20;
/// Fewer files than this are not worth a thread.
const FEW: usize = 4;

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
    let (slots, next) = (set.files.iter().map(|_| Slot::default()).collect::<Vec<_>>(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Threads of their own: whoever folds on a thread of a pool must not wait for that same pool.
        let wanted = std::thread::available_parallelism().map_or(1, usize::from);
        let reader =
            || std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || read_ahead(set, &slots, &next));
        let readers = (0..wanted).filter_map(|_| reader().ok()).count();
        if readers == 0 {
            read_ahead(set, &slots, &next);
        }
        fold_read(set, options, watch, |at| slots.get(at).map(Slot::take).unwrap_or_default())
    })
}

/// Where a parsed file is handed over.
#[derive(Default)]
struct Slot {
    parsed: Mutex<Option<Vec<Parsed>>>,
    ready: Condvar,
}

impl Slot {
    fn put(&self, parsed: Vec<Parsed>) {
        *self.parsed.lock().unwrap_or_else(PoisonError::into_inner) = Some(parsed);
        self.ready.notify_one();
    }

    fn take(&self) -> Vec<Parsed> {
        let mut held = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(parsed) = held.take() {
                return parsed;
            }
            held = self.ready.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Parses files in order, each one that no other thread has begun.
fn read_ahead(set: &MigrationSet, slots: &[Slot], next: &AtomicUsize) {
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some((file, slot)) = set.files.get(at).zip(slots.get(at)) else { return };
        // Whoever waits for the slot must not wait for ever.
        slot.put(catch_unwind(AssertUnwindSafe(|| parse(file))).unwrap_or_else(|_| unreadable(file)));
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
        let catalog = self.catalog();
        let relations: Vec<_> = catalog.relations.keys().filter(|name| name.schema == names::TEMP).cloned().collect();
        let sequences: Vec<_> = catalog.sequences.keys().filter(|name| name.schema == names::TEMP).cloned().collect();
        let indexes: Vec<_> = catalog.indexes.keys().filter(|name| name.schema == names::TEMP).cloned().collect();
        let functions: Vec<_> =
            catalog.functions.keys().filter(|key| key.name.schema == names::TEMP).cloned().collect();
        let types: Vec<_> = catalog.types.keys().filter(|name| name.schema == names::TEMP).cloned().collect();
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
