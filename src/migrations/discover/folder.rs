//! One folder: its names, whose conventions they follow, its files read in that order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::convention::{self, Convention, Hints, Plan, Step};
use super::place::Root;
use super::read::{self, Text};
use super::{DiscoverError, names, supabase, walk};
use crate::coverage::{Coverage, CoverageKind};
use crate::migrations::Layout;

/// Extensions of migrations written in a programming language.
const CODE: [&str; 11] = ["ts", "js", "mjs", "cjs", "py", "rb", "php", "go", "kt", "java", "exs"];

/// A folder's files in order, and what was left out.
pub(super) struct Folder {
    pub(super) layout: Layout,
    pub(super) files: Vec<Planned>,
    pub(super) sections: bool,
    pub(super) coverage: Vec<Coverage>,
}

/// A file with its text.
pub(super) struct Planned {
    pub(super) step: Step,
    pub(super) text: Text,
}

/// Reads the folder at `base` under the conventions of `layout`, or those its names follow.
pub(super) fn read(base: &Path, root: &Root, layout: Option<Layout>) -> Result<Folder, DiscoverError> {
    let files = walk::files(base)?;
    let convention = match layout {
        Some(layout) => convention::of_layout(layout),
        None => convention::detect(&files, hints(base, root, &files)?),
    };
    let mut plan = convention::plan(&convention, &files);
    let mut texts = texts(base, root, &plan.steps)?;
    let mut coverage = Vec::new();
    if layout.is_none() && convention == Convention::Plain && looks_like_supabase(&plan.steps, &texts) {
        plan = convention::plan(&Convention::Supabase, &files);
        let message =
            format!("`{}` is read as a Supabase migrations folder: its names and roles are", root.print(base));
        coverage.push(Coverage { kind: CoverageKind::Assumption, location: None, object: None, message });
    }
    if let Some(message) = run_by_something_else(&mut plan) {
        let message = format!("`{}`: {message}", root.print(base));
        coverage.push(Coverage { kind: CoverageKind::Assumption, location: None, object: None, message });
    }
    if plan.steps.is_empty() {
        return Err(DiscoverError::Empty { path: root.print(base) });
    }
    if convention == Convention::Plain
        && let Some(message) = order_by_name(&plan)
    {
        let message = format!("`{}`: {message}", root.print(base));
        coverage.push(Coverage { kind: CoverageKind::Assumption, location: None, object: None, message });
    }
    coverage.extend(left_out(&plan, base, root, &files));
    let planned = plan.steps.into_iter().filter_map(|step| Some(Planned { text: texts.remove(&step.name)?, step }));
    Ok(Folder { layout: plan.layout, files: planned.collect(), sections: plan.sections, coverage })
}

fn texts(base: &Path, root: &Root, steps: &[Step]) -> Result<BTreeMap<String, Text>, DiscoverError> {
    let read = |step: &Step| {
        let path = base.join(&step.name);
        Ok((step.name.clone(), read::file(&path, &root.print(&path))?))
    };
    steps.par_iter().map(read).collect()
}

fn hints(base: &Path, root: &Root, files: &[String]) -> Result<Hints, DiscoverError> {
    let text = |name: &str| {
        let path = base.join(name);
        files.iter().any(|file| file == name).then(|| read::file(&path, &root.print(&path))).transpose()
    };
    let journal = match text("meta/_journal.json")? {
        Some(read) => Some(journal(&read.text).map_err(|message| DiscoverError::Journal {
            path: root.print(&base.join("meta/_journal.json")),
            message,
        })?),
        None => None,
    };
    let sqitch = text("sqitch.plan")?.map(|read| sqitch_changes(&read.text));
    Ok(Hints { supabase: supabase::is_project(base), journal, sqitch })
}

/// Names stamped to the second, as the CLI writes them, and text that only makes sense on Supabase.
fn looks_like_supabase(steps: &[Step], texts: &BTreeMap<String, Text>) -> bool {
    let stamped = |step: &&Step| names::supabase_version(&step.name).is_some_and(|version| version.len() == 14);
    let speaks = |text: &Text| ["auth.uid()", "service_role"].iter().any(|word| text.text.contains(word));
    steps.iter().filter(stamped).count() * 2 >= steps.len()
        && !texts.values().any(|text| super::sections::up_sections(&text.text).is_some())
        && texts.values().any(speaks)
}

/// Tags of `meta/_journal.json`, by index.
fn journal(text: &str) -> Result<Vec<String>, String> {
    #[derive(serde::Deserialize)]
    struct Journal {
        entries: Vec<Entry>,
    }
    #[derive(serde::Deserialize)]
    struct Entry {
        idx: u64,
        tag: String,
    }
    let mut journal: Journal = serde_json::from_str(text).map_err(|error| error.to_string())?;
    journal.entries.sort_by_key(|entry| entry.idx);
    Ok(journal.entries.into_iter().map(|entry| entry.tag).collect())
}

/// Change names of a sqitch plan; lines starting with `%`, `@` or `#` are pragmas, tags and comments.
fn sqitch_changes(plan: &str) -> Vec<String> {
    plan.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| !word.starts_with(['%', '@', '#', '-']))
        .map(|word| word.trim_start_matches('+').to_owned())
        .collect()
}

/// Where a tool would skip most of a folder, that tool is not what runs it (hosted builders write names the Supabase
/// CLI rejects; a drizzle journal goes stale): everything is read, since "all clear" over a few files would be a lie.
fn run_by_something_else(plan: &mut Plan) -> Option<String> {
    let beside = |step: &&mut Step| !step.name.contains('/');
    let all = plan.steps.iter_mut().filter(beside).count();
    let unrun: Vec<&mut Step> = plan.steps.iter_mut().filter(beside).filter(|step| step.skipped.is_some()).collect();
    let count = unrun.len();
    if count * 2 <= all {
        return None;
    }
    let reasons: Vec<String> = unrun.into_iter().filter_map(|step| step.skipped.take()).collect();
    let why = reasons.into_iter().next().unwrap_or_default();
    if plan.layout == Layout::Plain {
        plan.steps.sort_by(|a, b| names::natural(&a.name, &b.name));
    }
    Some(format!(
        "{count} of {all} files have a name of which this is so: {why}; something else must run them, so all are read"
    ))
}

/// Where names begin with no number, the order they give may not be the one the files were run in.
fn order_by_name(plan: &Plan) -> Option<String> {
    let numbered = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    let unnumbered = |step: &&Step| !step.name.split('/').any(numbered);
    let count = plan.steps.iter().filter(unnumbered).count();
    let all = plan.steps.len();
    (plan.layout == Layout::Plain && all > 1 && count * 2 > all).then(|| {
        format!(
            "{count} of {all} files have no number in front of their names; they are read in the order of the names"
        )
    })
}

fn left_out(plan: &Plan, base: &Path, root: &Root, files: &[String]) -> Vec<Coverage> {
    let entry = |kind, message| Coverage { kind, location: None, object: None, message };
    let skipped = |message| entry(CoverageKind::Skipped, message);
    let printed = |name: &str| root.print(&base.join(name));
    let mut coverage: Vec<Coverage> =
        plan.left_out.iter().map(|(name, why)| skipped(format!("`{}` was not read: {why}", printed(name)))).collect();
    if plan.down > 0 {
        // The CLI knows no way down: it runs what its pattern matches, in name order.
        let but = if plan.layout == Layout::Supabase { "; the Supabase CLI would run a file so named" } else { "" };
        coverage.push(skipped(downs(plan.down) + but));
    }
    if plan.foreign > 0 {
        let files = if plan.foreign == 1 { "1 file was" } else { &format!("{} files were", plan.foreign) };
        coverage.push(skipped(format!("{files} not folded: their names say that they are for other databases")));
    }
    coverage.extend(plan.missing.iter().map(|name| {
        entry(CoverageKind::Unreadable, format!("`{}` is listed to be run and is not there", printed(name)))
    }));
    coverage.extend(code(files).map(|found| skipped(format!("`{}` also holds {found}: not read", root.print(base)))));
    coverage
}

/// Coverage for files that take a migration back.
pub(super) fn downs(count: usize) -> String {
    let files = if count == 1 { "1 down migration was" } else { &format!("{count} down migrations were") };
    format!("{files} not folded")
}

/// Files of programs beside the SQL, counted by extension: they may change the schema, too.
fn code(files: &[String]) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, extension) in files.iter().filter_map(|path| names::file_name(path).rsplit_once('.')) {
        // Ordinary helpers (`index.ts`, `env.py`) do not start with a number.
        if CODE.contains(&extension) && !names::leading_digits(name).is_empty() {
            *counts.entry(extension).or_default() += 1;
        }
    }
    let found: Vec<String> = counts.iter().map(|(extension, count)| format!("{count} .{extension}")).collect();
    (!found.is_empty()).then(|| format!("migrations that are not SQL ({})", found.join(", ")))
}

/// Files named one by one.
pub(super) struct Named {
    pub(super) layout: Layout,
    pub(super) steps: Vec<(PathBuf, Step)>,
    pub(super) sections: bool,
    pub(super) down: usize,
}

/// Files in the order given. A way down is left out where its way up is named too; a name its tool would skip stays
/// skipped unless nothing else was named.
pub(super) fn named(files: &[PathBuf], layout: Option<Layout>) -> Named {
    let supabase = |path: &PathBuf| path.parent().is_some_and(supabase::is_project);
    let layout = layout.unwrap_or_else(|| if files.iter().any(supabase) { Layout::Supabase } else { Layout::Plain });
    let shared = shared_folder(files);
    let below = |path: &Path| text_of(path.strip_prefix(&shared).unwrap_or(path));
    let given: BTreeSet<String> = files.iter().map(|path| below(path)).collect();
    // A way down named alone is what somebody wants to look at.
    let forward = |path: &&PathBuf| files.len() == 1 || !names::is_down(&below(path), |other| given.contains(other));
    let forward: Vec<&PathBuf> = files.iter().filter(forward).collect();
    let mut steps: Vec<(PathBuf, Step)> =
        forward.iter().map(|path| ((*path).clone(), named_step(path, layout == Layout::Supabase))).collect();
    if steps.iter().all(|(_, step)| step.skipped.is_some()) {
        steps.iter_mut().for_each(|(_, step)| step.skipped = None);
    }
    let sections = matches!(layout, Layout::Plain | Layout::UpDown);
    Named { layout, down: files.len() - steps.len(), steps, sections }
}

/// The deepest folder that holds all `files`.
fn shared_folder(files: &[PathBuf]) -> PathBuf {
    let mut shared = files.first().and_then(|path| path.parent()).unwrap_or(Path::new("")).to_path_buf();
    while !files.iter().all(|path| path.starts_with(&shared)) && shared.pop() {}
    shared
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn named_step(path: &Path, supabase: bool) -> Step {
    let full = text_of(path);
    let name = names::file_name(&full);
    if supabase && path.parent().is_some_and(supabase::is_project) {
        let planned = convention::plan(&Convention::Supabase, &[name.to_owned()]);
        if let Some(step) = planned.steps.into_iter().next() {
            return step;
        }
    }
    Step { name: name.to_owned(), version: names::numeric_version(name).map(str::to_owned), skipped: None }
}
