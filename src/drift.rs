//! Stored volumes → recomputed → what differs, by how much, and why. Reads a CSV file or a live table row by row; keeps
//! sums and findings, never the rows.

pub mod hypothesis;
pub mod infer;
pub mod judge;
mod plain;
pub mod render;
pub mod run;
pub mod section;
pub mod simulate;
pub mod source;
pub mod totals;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{ObjectKind, ObjectRef};
use crate::location::Location;
use hypothesis::{Cause, Fitting, Neighbours};
use infer::Inference;
use judge::{Computed, Fault, Judge, Judged, Residuals, Stored};
use section::Plan;
use source::{Row, Sampled, Source};
use totals::Totals;

/// Findings kept per section and combination of faults, so that none crowds out another; rows beyond are counted.
pub const MOST_FINDINGS: usize = 10_000;
/// Worst rows shown.
const WORST: usize = 10;

/// Why stored volumes could not be checked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum DriftError {
    #[error("{place}: volumetrics section `{name}`: {message}")]
    Section { place: String, name: String, message: String },
    #[error("no stored volumes are named: the configuration has no `volumetrics:` section; write one")]
    NoSections,
    #[error("there is no volumetrics section `{name}`{hint}")]
    UnknownSection { name: String, hint: String },
    #[error("{path}: {message}")]
    File { path: String, message: String },
    #[error("table {table}: {message}")]
    Table { table: String, message: String },
    #[error("{0}")]
    Connect(#[from] crate::live::connect::ConnectError),
    #[error("section `{name}` has no rows; nothing was checked")]
    Empty { name: String },
    #[error("the output cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// A row that is wrong or cannot be computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// Key of the row.
    pub key: String,
    /// Line in a file.
    pub line: Option<u64>,
    /// What is wrong; none where the row cannot be computed.
    pub faults: Vec<Fault>,
    /// Why, or why it cannot be computed.
    pub cause: Cause,
    /// What is stored.
    pub stored: Stored,
    /// What the method gives.
    pub computed: Option<Computed>,
    /// The difference.
    pub residuals: Residuals,
    /// Every named mistake that gives all stored values of the row.
    fitting: Fitting,
}

/// What became of one section.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Table or file.
    pub source: String,
    /// Method and settings.
    pub method: String,
    /// Where the section stands.
    pub at: Location,
    /// Rows read.
    pub rows: usize,
    /// Rows that could not be computed.
    pub not_computable: usize,
    /// Wrong rows and rows that could not be computed, in order, up to [`MOST_FINDINGS`].
    pub wrong: Vec<Wrong>,
    /// Those beyond, by their faults.
    pub unlisted: BTreeMap<Vec<Fault>, usize>,
    /// Wrong rows of which each named mistake gives every stored value, whether or not it is the best for the row.
    pub fits: BTreeMap<&'static str, usize>,
    /// Keys that stand for more than one wrong row; such a row has its place behind its key.
    pub repeated: BTreeSet<String>,
    /// Wrong rows and litres by the cause's id.
    pub causes: BTreeMap<String, (usize, f64)>,
    /// Largest differences in litres.
    pub worst: Vec<Wrong>,
    /// Sums.
    pub totals: Totals,
    /// Ways of computing, if asked for.
    pub inference: Option<Inference>,
    /// Money per litre.
    pub price: Option<f64>,
}

impl Outcome {
    /// The one mistake that explains most wrong rows, and how many.
    #[must_use]
    pub fn best_cause(&self) -> Option<(&'static str, usize)> {
        // The first of equals: `max_by_key` takes the last.
        self.fits.iter().rev().max_by_key(|(_, rows)| **rows).map(|(id, rows)| (*id, *rows))
    }

    /// The object a finding about a row names.
    #[must_use]
    pub fn object(&self, key: &str) -> ObjectRef {
        ObjectRef::new(ObjectKind::Measurement, format!("{}/{key}", self.name))
    }
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Rows read.
    pub rows: usize,
    /// Part of all, 0 to 1, where that can be told.
    pub part: Option<f64>,
}

/// Checks all rows of `source`. `progress` is told how many rows have been read, now and then.
///
/// # Errors
/// What cannot be read; a source without rows.
pub fn check(
    plan: &Plan,
    source: &mut dyn Source,
    infer: bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, DriftError> {
    let mut sampled = Sampled::new(source, plan)?;
    let judge = Judge::new(plan, sampled.decimals);
    let outcome = empty(plan, infer);
    let mut run = Run {
        judge: &judge,
        before: None,
        pending: None,
        listed: Listed::default(),
        by_cause: BTreeMap::new(),
        outcome,
    };
    let mut row = Row::default();
    // Ways of computing are counted row by row.
    while (infer || !sampled.in_blocks()) && sampled.read(&mut row)? {
        run.row(&row);
        if run.outcome.rows.is_multiple_of(source::block::ROWS) {
            progress(Progress { rows: run.outcome.rows, part: sampled.part() });
        }
    }
    if !infer && sampled.in_blocks() {
        run.blocks(&mut sampled, progress)?;
    }
    run.settle(None);
    run.outcome.totals.settle();
    if run.outcome.rows == 0 {
        return Err(DriftError::Empty { name: plan.section.name.clone() });
    }
    run.prefer_the_common_cause();
    Ok(run.outcome)
}

fn empty(plan: &Plan, infer: bool) -> Outcome {
    let section = &plan.section;
    let file = section.csv.as_ref().or(section.parquet.as_ref()).map(|path| path.display().to_string());
    Outcome {
        name: section.name.clone(),
        source: section.table.clone().or(file).unwrap_or_default(),
        method: if plan.method_known {
            plan.procedure.describe()
        } else {
            format!("{} (not said; wide tolerances)", plan.procedure.describe())
        },
        at: plan.at.clone(),
        rows: 0,
        not_computable: 0,
        wrong: Vec::new(),
        unlisted: BTreeMap::new(),
        fits: BTreeMap::new(),
        repeated: BTreeSet::new(),
        causes: BTreeMap::new(),
        worst: Vec::new(),
        totals: Totals::default(),
        inference: infer.then(|| Inference::new(&plan.procedure)),
        price: section.price,
    }
}

/// A pass over the rows.
struct Run<'j> {
    judge: &'j Judge<'j>,
    /// What the row before should have held.
    before: Option<Computed>,
    /// A wrong row that waits for the one after it.
    pending: Option<Pending>,
    listed: Listed,
    /// Wrong rows and litres by cause and by all that would explain them.
    by_cause: BTreeMap<(String, Vec<&'static str>), (usize, f64)>,
    outcome: Outcome,
}

/// What has been listed so far.
#[derive(Default)]
struct Listed {
    /// Rows by their faults.
    by_faults: BTreeMap<Vec<Fault>, usize>,
    keys: BTreeSet<String>,
}

struct Pending {
    key: String,
    /// Its number.
    row: usize,
    line: Option<u64>,
    judged: Judged,
    before: Option<Computed>,
}

impl Run<'_> {
    fn row(&mut self, row: &Row) {
        self.outcome.rows += 1;
        let judged = match self.judge.judge(row) {
            Ok(judged) => judged,
            Err(why) => {
                self.settle(None);
                self.before = None;
                return self.not_computable(row, why);
            }
        };
        self.settle(judged.computed);
        self.outcome.totals.add(row, &judged, self.judge.plan.section.time.is_some());
        if let Some(inference) = &mut self.outcome.inference {
            inference.add(&judged, self.judge.half);
        }
        let computed = judged.computed;
        if !judged.faults.is_empty() {
            let (key, number) = (row.key.clone(), self.outcome.rows);
            self.pending = Some(Pending { key, row: number, line: row.line, judged, before: self.before });
        }
        self.before = computed;
    }

    fn not_computable(&mut self, row: &Row, why: String) {
        self.outcome.not_computable += 1;
        let number = self.outcome.rows;
        self.list(
            number,
            Wrong {
                key: row.key.clone(),
                line: row.line,
                faults: Vec::new(),
                cause: Cause { id: Cow::Borrowed("not-computable"), text: why, explains: (0, 0) },
                stored: Stored::default(),
                computed: None,
                residuals: Residuals::default(),
                fitting: Fitting::new(),
            },
        );
    }

    /// Explains the waiting row, now that the one after it is known.
    fn settle(&mut self, after: Option<Computed>) {
        let Some(Pending { key, row, line, judged, before }) = self.pending.take() else { return };
        let (cause, fitting) = hypothesis::explain(self.judge, &judged, Neighbours { before, after });
        let ids: Vec<&'static str> = fitting.keys().copied().collect();
        ids.iter().for_each(|id| *self.outcome.fits.entry(id).or_default() += 1);
        let (rows, litres) = self.by_cause.entry((cause.id.to_string(), ids)).or_default();
        *rows += 1;
        *litres += judged.residuals.litres.unwrap_or(0.0);
        let Judged { stored, computed, residuals, faults, .. } = judged;
        let wrong = Wrong { key, line, faults, cause, stored, computed, residuals, fitting };
        self.rank(&wrong);
        self.list(row, wrong);
    }

    /// A mistake that explains most of the wrong rows is taken for every row it explains: one row can fit others by
    /// chance.
    fn prefer_the_common_cause(&mut self) {
        let wrong = self.outcome.totals.all.wrong;
        let common = self.outcome.best_cause().filter(|(_, rows)| rows * 2 > wrong && *rows > 1).map(|(id, _)| id);
        for ((cause, fitting), (rows, litres)) in std::mem::take(&mut self.by_cause) {
            let id = common.filter(|id| fitting.contains(id)).map_or(cause, str::to_owned);
            let sum = self.outcome.causes.entry(id).or_default();
            *sum = (sum.0 + rows, sum.1 + litres);
        }
        let Outcome { wrong, worst, .. } = &mut self.outcome;
        for row in wrong.iter_mut().chain(worst) {
            if let Some((id, text)) = common.and_then(|id| row.fitting.get_key_value(id)) {
                row.cause.id = Cow::Borrowed(id);
                row.cause.text = text.to_string();
            }
        }
    }

    /// Two rows never share a finding: what silences one must not silence the other.
    fn list(&mut self, row: usize, mut wrong: Wrong) {
        let alike = self.listed.by_faults.entry(wrong.faults.clone()).or_default();
        if *alike >= MOST_FINDINGS {
            *self.outcome.unlisted.entry(wrong.faults).or_default() += 1;
            return;
        }
        *alike += 1;
        if !self.listed.keys.insert(wrong.key.clone()) {
            self.outcome.repeated.insert(wrong.key.clone());
            let place = wrong.line.map_or_else(|| format!("row {row}"), |line| format!("line {line}"));
            wrong.key.push_str(&format!(" ({place})"));
        }
        self.outcome.wrong.push(wrong);
    }

    fn rank(&mut self, wrong: &Wrong) {
        let size = |wrong: &Wrong| wrong.residuals.litres.unwrap_or(0.0).abs();
        let place = self.outcome.worst.partition_point(|other| size(other) >= size(wrong));
        if place < WORST {
            self.outcome.worst.insert(place, wrong.clone());
            self.outcome.worst.truncate(WORST);
        }
    }
}
