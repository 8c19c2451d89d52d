//! Whose folder is it, and in what order would that tool run its files? Names in, plan out.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Flyway};
use crate::migrations::Layout;

/// The tools told apart; several share a [`Layout`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Convention {
    Supabase,
    Prisma,
    Flyway,
    UpDown,
    /// `meta/_journal.json` lists the file stems.
    Drizzle(Vec<String>),
    /// `sqitch.plan` lists the changes below `deploy/`.
    Sqitch(Vec<String>),
    /// graphile-migrate: `committed/`, then the current migration.
    Graphile,
    Plain,
}

/// One file of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Path below the folder.
    pub(super) name: String,
    pub(super) version: Option<String>,
    /// Why the tool does not run it.
    pub(super) skipped: Option<String>,
}

/// The files of a folder in the order they run.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) layout: Layout,
    pub(super) steps: Vec<Step>,
    /// Files may be divided into a way up and a way down by comments.
    pub(super) sections: bool,
    /// How many files that take a migration back were left out.
    pub(super) down: usize,
    /// How many files for other databases were left out.
    pub(super) foreign: usize,
    /// Files left out that are neither, with the reason.
    pub(super) left_out: Vec<(String, String)>,
    /// Files the tool's own list names and that are not there.
    pub(super) missing: Vec<String>,
}

/// What a folder tells besides its file names.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// It is the `migrations` folder of a Supabase project.
    pub(super) supabase: bool,
    /// File stems of `meta/_journal.json`, in order.
    pub(super) journal: Option<Vec<String>>,
    /// Changes of `sqitch.plan`, in order.
    pub(super) sqitch: Option<Vec<String>>,
}

/// Tells the tool from the names of all files below a folder.
pub(super) fn detect(files: &[String], hints: Hints) -> Convention {
    let sql = || files.iter().filter(|path| names::is_sql(path));
    let share = |is: &dyn Fn(&str) -> bool| sql().filter(|path| is(path)).count();
    let top_level = |path: &str| !path.contains('/');
    let prisma =
        files.iter().any(|path| path == "migration_lock.toml") || (share(&is_prisma) > 0 && share(&top_level) == 0);
    let pairs =
        |path: &str| names::stem(names::file_name(path)).is_some_and(|stem| stem == "up" || stem.ends_with(".up"));
    if hints.supabase {
        Convention::Supabase
    } else if let Some(journal) = hints.journal {
        Convention::Drizzle(journal)
    } else if let Some(changes) = hints.sqitch {
        Convention::Sqitch(changes)
    } else if prisma {
        Convention::Prisma
    } else if is_flyway(sql()) {
        Convention::Flyway
    } else if sql().any(|path| path.starts_with("committed/")) {
        Convention::Graphile
    } else if share(&pairs) > 0 {
        Convention::UpDown
    } else {
        Convention::Plain
    }
}

/// Most files have a Flyway name, and some carry a version.
fn is_flyway<'a>(sql: impl Iterator<Item = &'a String>) -> bool {
    let kinds: Vec<_> = sql.map(|path| names::flyway(names::file_name(path))).collect();
    let versioned = |kind: &Option<Flyway<'_>>| matches!(kind, Some(Flyway::Versioned(_) | Flyway::Baseline(_)));
    kinds.iter().any(versioned) && kinds.iter().flatten().count() * 2 > kinds.len()
}

/// The convention a layout stands for, where somebody chose it.
pub(super) const fn of_layout(layout: Layout) -> Convention {
    match layout {
        Layout::Supabase => Convention::Supabase,
        Layout::Prisma => Convention::Prisma,
        Layout::Flyway => Convention::Flyway,
        Layout::UpDown => Convention::UpDown,
        Layout::Plain => Convention::Plain,
    }
}

/// Orders the SQL files among `files` (given in byte order) as `convention` runs them.
pub(super) fn plan(convention: &Convention, files: &[String]) -> Plan {
    let sql: Vec<&str> = files.iter().map(String::as_str).filter(|path| names::is_sql(path)).collect();
    match convention {
        Convention::Supabase => supabase(&sql),
        Convention::Prisma => prisma(&sql),
        Convention::Flyway => flyway(&sql),
        Convention::UpDown => by_name(&sql, Layout::UpDown),
        Convention::Plain => by_name(&sql, Layout::Plain),
        Convention::Graphile => graphile(&sql),
        Convention::Drizzle(journal) => {
            listed(&sql, journal, "", "meta/_journal.json does not list it: drizzle never runs it")
        }
        Convention::Sqitch(changes) => {
            listed(&sql, changes, "deploy/", "sqitch.plan does not list it: sqitch never runs it")
        }
    }
}

fn step(name: &str, version: Option<&str>) -> Step {
    Step { name: name.to_owned(), version: version.map(str::to_owned), skipped: None }
}

/// The Supabase CLI reads the folder itself, not below it, in byte order.
fn supabase(sql: &[&str]) -> Plan {
    let (down, rest) = part_downs(sql);
    let steps = rest.into_iter().map(|path| {
        let version = names::supabase_version(path).filter(|_| !path.contains('/'));
        let skipped = version.is_none().then(|| supabase_skips(path));
        Step { skipped, ..step(path, version) }
    });
    Plan { layout: Layout::Supabase, steps: steps.collect(), down, ..Plan::default() }
}

fn supabase_skips(path: &str) -> String {
    let why = if path.contains('/') {
        "it stands in a sub-folder of supabase/migrations"
    } else {
        "its name does not match `<timestamp>_name.sql`"
    };
    format!("the Supabase CLI never runs it: {why}")
}

fn is_prisma(path: &str) -> bool {
    names::file_name(path) == "migration.sql" && path.matches('/').count() == 1
}

fn prisma(sql: &[&str]) -> Plan {
    let mut plan = Plan { layout: Layout::Prisma, ..Plan::default() };
    for path in sql {
        if is_prisma(path) {
            // Prisma records the folder's whole name: two of the same second are two migrations.
            plan.steps.push(step(path, Some(names::folder(path))));
        } else {
            let why = "Prisma runs `<folder>/migration.sql` only";
            plan.left_out.push(((*path).to_owned(), why.to_owned()));
        }
    }
    plan
}

fn flyway(sql: &[&str]) -> Plan {
    let mut plan = Plan { layout: Layout::Flyway, ..Plan::default() };
    let (mut versioned, mut baselines, mut repeatable) = (Vec::new(), Vec::new(), Vec::new());
    for path in sql {
        match names::flyway(names::file_name(path)) {
            Some(Flyway::Versioned(version)) => versioned.push((version, *path)),
            Some(Flyway::Baseline(version)) => baselines.push((version, *path)),
            Some(Flyway::Repeatable(description)) => repeatable.push((description, *path)),
            Some(Flyway::Undo) => plan.down += 1,
            None => plan.left_out.push(((*path).to_owned(), "Flyway does not run a file of this name".to_owned())),
        }
    }
    let oldest = versioned.iter().map(|(version, _)| *version).min_by(|a, b| names::flyway_order(a, b));
    for (version, path) in baselines {
        // A baseline repeats the versions it replaces: folded only where those are gone.
        if oldest.is_none_or(|oldest| names::flyway_order(oldest, version).is_gt()) {
            versioned.push((version, path));
        } else {
            plan.left_out.push((path.to_owned(), "a baseline of versions that are read one by one".to_owned()));
        }
    }
    versioned.sort_by(|a, b| names::flyway_order(a.0, b.0).then_with(|| a.1.cmp(b.1)));
    repeatable.sort_unstable();
    plan.steps = versioned.iter().map(|(version, path)| step(path, Some(&version.replace('_', ".")))).collect();
    plan.steps.extend(repeatable.iter().map(|(_, path)| step(path, None)));
    plan
}

/// Numbers as numbers, the rest as text; the way down and what is for other databases left out.
fn by_name(sql: &[&str], layout: Layout) -> Plan {
    let (down, mut rest) = part_downs(sql);
    let (own, all) = (names::own(&rest), rest.len());
    rest.retain(|path| !names::is_foreign(path, &own));
    let foreign = all - rest.len();
    rest.sort_by(|a, b| names::natural(a, b));
    let steps = rest.into_iter().map(|path| step(path, version_of(path))).collect();
    Plan { layout, steps, down, foreign, sections: true, ..Plan::default() }
}

/// `up.sql` has its version in the folder's name, any other file in its own.
fn version_of(path: &str) -> Option<&str> {
    let name = names::file_name(path);
    if name.eq_ignore_ascii_case("up.sql") {
        names::version_before_underscore(names::file_name(names::folder(path)))
    } else {
        names::numeric_version(name)
    }
}

fn graphile(sql: &[&str]) -> Plan {
    let mut plan = Plan::default();
    let current = |path: &str| path == "current.sql" || path.starts_with("current/");
    let (committed, rest): (Vec<&str>, Vec<&str>) = sql.iter().partition(|path| path.starts_with("committed/"));
    let (current, others): (Vec<&str>, Vec<&str>) = rest.into_iter().partition(|path| current(path));
    let version = |path: &str| names::numeric_version(names::file_name(path)).map(str::to_owned);
    plan.steps.extend(committed.into_iter().map(|path| step(path, version(path).as_deref())));
    plan.steps.extend(current.into_iter().map(|path| step(path, None)));
    let why = "graphile-migrate runs `committed/` and the current migration only";
    plan.left_out.extend(others.into_iter().map(|path| (path.to_owned(), why.to_owned())));
    plan
}

/// Files in the order of the tool's own list; SQL files beside them are never run.
fn listed(sql: &[&str], list: &[String], below: &str, why: &str) -> Plan {
    let (down, rest) = part_downs(sql);
    let mut unlisted: BTreeMap<&str, &str> = BTreeMap::new();
    for path in rest {
        if let Some(stem) = path.strip_prefix(below).and_then(names::stem) {
            unlisted.insert(stem, path);
        }
    }
    let mut plan = Plan { down, ..Plan::default() };
    let mut seen = BTreeSet::new();
    for entry in list.iter().filter(|entry| seen.insert(entry.as_str())) {
        match unlisted.remove(entry.as_str()) {
            Some(path) => plan.steps.push(step(path, Some(entry))),
            None => plan.missing.push(format!("{below}{entry}.sql")),
        }
    }
    plan.steps.extend(unlisted.into_values().map(|path| Step { skipped: Some(why.to_owned()), ..step(path, None) }));
    plan
}

/// How many of the files take a migration back, and the others.
fn part_downs<'a>(sql: &[&'a str]) -> (usize, Vec<&'a str>) {
    let all: BTreeSet<&str> = sql.iter().copied().collect();
    let rest: Vec<&str> =
        sql.iter().copied().filter(|path| !names::is_down(path, |other| all.contains(other))).collect();
    (sql.len() - rest.len(), rest)
}
