//! Stored volumes → recomputed → what differs, by how much, and why. Reads a CSV file or a live table row by row; keeps
//! sums and findings, never the rows.

pub mod hypothesis;
pub mod infer;
pub mod judge;
pub mod render;
pub mod run;
pub mod section;
pub mod simulate;
pub mod source;
pub mod totals;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::catalog::{ObjectKind, ObjectRef};
use crate::location::Location;
use hypothesis::{Cause, Neighbours};
use infer::Inference;
use judge::{Computed, Fault, Judge, Judged, Residuals, Stored};
use section::Plan;
use source::{Row, Sampled, Source};
use totals::Totals;

/// Findings kept per section; rows beyond are counted.
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
    Csv { path: String, message: String },
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
    /// Those beyond.
    pub unlisted: usize,
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
    /// The object a finding about a row names.
    #[must_use]
    pub fn object(&self, key: &str) -> ObjectRef {
        ObjectRef::new(ObjectKind::Measurement, format!("{}/{key}", self.name))
    }
}

/// Checks all rows of `source`. `progress` is told how many rows have been read, now and then.
///
/// # Errors
/// What cannot be read; a source without rows.
pub fn check(
    plan: &Plan,
    source: &mut dyn Source,
    infer: bool,
    progress: &mut dyn FnMut(usize),
) -> Result<Outcome, DriftError> {
    let mut sampled = Sampled::new(source, plan)?;
    let judge = Judge::new(plan, sampled.decimals);
    let mut run = Run { judge: &judge, before: None, pending: None, outcome: empty(plan, infer) };
    let mut row = Row::default();
    while sampled.read(&mut row)? {
        run.row(&row);
        if run.outcome.rows.is_multiple_of(65_536) {
            progress(run.outcome.rows);
        }
    }
    run.settle(None);
    if run.outcome.rows == 0 {
        return Err(DriftError::Empty { name: plan.section.name.clone() });
    }
    Ok(run.outcome)
}

fn empty(plan: &Plan, infer: bool) -> Outcome {
    let section = &plan.section;
    let file = section.csv.as_ref().map(|path| path.display().to_string());
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
        unlisted: 0,
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
    outcome: Outcome,
}

struct Pending {
    key: String,
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
            self.pending = Some(Pending { key: row.key.clone(), line: row.line, judged, before: self.before });
        }
        self.before = computed;
    }

    fn not_computable(&mut self, row: &Row, why: String) {
        self.outcome.not_computable += 1;
        self.list(Wrong {
            key: row.key.clone(),
            line: row.line,
            faults: Vec::new(),
            cause: Cause { id: Cow::Borrowed("not-computable"), text: why, explains: (0, 0) },
            stored: Stored::default(),
            computed: None,
            residuals: Residuals::default(),
        });
    }

    /// Explains the waiting row, now that the one after it is known.
    fn settle(&mut self, after: Option<Computed>) {
        let Some(Pending { key, line, judged, before }) = self.pending.take() else { return };
        let cause = hypothesis::explain(self.judge, &judged, Neighbours { before, after });
        let (rows, litres) = self.outcome.causes.entry(cause.id.to_string()).or_default();
        *rows += 1;
        *litres += judged.residuals.litres.unwrap_or(0.0);
        let Judged { stored, computed, residuals, faults, .. } = judged;
        let wrong = Wrong { key, line, faults, cause, stored, computed, residuals };
        self.rank(&wrong);
        self.list(wrong);
    }

    fn list(&mut self, wrong: Wrong) {
        if self.outcome.wrong.len() < MOST_FINDINGS {
            self.outcome.wrong.push(wrong);
        } else {
            self.outcome.unlisted += 1;
        }
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
