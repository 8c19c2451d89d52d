//! The answers: verdicts, which columns they are about, and why.

use serde::Serialize;

use crate::catalog::{Privilege, Relation};
use crate::location::Location;

/// What a role does with a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// Rows it sees.
    Select,
    /// Rows it may add.
    Insert,
    /// Rows it may change by a statement that reads nothing (no `WHERE`, no `RETURNING`): the widest there is.
    Update,
    /// Rows it may delete by such a statement.
    Delete,
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Select, Self::Insert, Self::Update, Self::Delete];

    /// In lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The command called `word`, in either case.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.word().eq_ignore_ascii_case(word))
    }

    /// The privilege it needs.
    #[must_use]
    pub const fn privilege(self) -> Privilege {
        match self {
            Self::Select => Privilege::Select,
            Self::Insert => Privilege::Insert,
            Self::Update => Privilege::Update,
            Self::Delete => Privilege::Delete,
        }
    }

    /// It changes rows.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Select)
    }
}

/// How far a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every such statement fails: a privilege is missing, or the relation cannot do it.
    None,
    /// The statement runs and row level security lets no row through.
    Denied,
    /// Some rows, or all of them in some sessions only.
    Rows,
    /// Every row, in every session.
    #[default]
    All,
    /// It cannot be told; the derivation says why.
    Unknown,
}

impl Verdict {
    /// In lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Denied => "denied",
            Self::Rows => "rows",
            Self::All => "all",
            Self::Unknown => "unknown",
        }
    }

    /// Some row may get through.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Rows | Self::All | Self::Unknown)
    }

    /// Of two conditions that must both hold.
    pub(super) fn and(self, other: Self) -> Self {
        use Verdict::{All, Denied, None, Rows, Unknown};
        match (self, other) {
            (None, _) | (_, None) => None,
            (Denied, _) | (_, Denied) => Denied,
            // Whatever the unknown part says, it is not everything.
            (Rows, _) | (_, Rows) => Rows,
            (Unknown, _) | (_, Unknown) => Unknown,
            (All, All) => All,
        }
    }

    /// Of two sources of rows, each of which is enough for its own.
    pub(super) fn or(self, other: Self) -> Self {
        use Verdict::{All, Denied, None, Rows, Unknown};
        match (self, other) {
            (None, _) | (_, None) => None,
            (All, All) => All,
            (Denied, Denied) => Denied,
            (Unknown, _) | (_, Unknown) => Unknown,
            (Rows | Denied | All, Rows | Denied | All) => Rows,
        }
    }
}

/// Which columns a verdict is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Columns {
    /// All there are.
    #[default]
    All,
    /// These, by column privileges.
    Some(Vec<String>),
}

/// One step of a derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// One line, lower case, no final period.
    pub text: String,
    /// The statement that makes it so, where there is one.
    #[serde(rename = "location", skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
}

impl Step {
    pub(super) fn new(text: impl Into<String>, at: Option<&Location>) -> Self {
        Self { text: text.into(), at: at.cloned() }
    }
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judgement {
    /// How far.
    pub verdict: Verdict,
    /// On which columns.
    pub columns: Columns,
    /// What had to be taken for granted.
    pub assumptions: Vec<String>,
    /// Why, step by step.
    pub derivation: Vec<Step>,
    /// Something on the way may make the statement fail.
    pub(super) fragile: bool,
    /// It is `none` by a call in a condition: where no row gets as far, nothing fails.
    pub(super) late: bool,
}

impl Judgement {
    pub(super) fn of(verdict: Verdict, step: Step) -> Self {
        Self { verdict, derivation: vec![step], ..Self::default() }
    }

    /// What holds where both must be passed, this one first.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.late = match (self.verdict, other.verdict) {
            (Verdict::None, Verdict::None) => self.late && other.late,
            (Verdict::None, _) => self.late,
            _ => other.late,
        };
        self.verdict = self.verdict.and(other.verdict);
        self.columns = match (self.columns, other.columns) {
            (Columns::All, columns) | (columns, Columns::All) => columns,
            (Columns::Some(mine), Columns::Some(theirs)) => {
                Columns::Some(mine.into_iter().filter(|column| theirs.contains(column)).collect())
            }
        };
        for step in other.derivation {
            if !self.derivation.contains(&step) {
                self.derivation.push(step);
            }
        }
        self.fragile |= other.fragile;
        self.assume_all(other.assumptions);
        self
    }

    /// Where no row may get as far as what fails: nothing gets through, by failure or for want of rows.
    pub(super) fn soften(mut self) -> Self {
        if self.verdict == Verdict::None && self.late {
            // With other rows beside it the statement may fail or not.
            (self.verdict, self.late, self.fragile) = (Verdict::Denied, false, true);
            if let Some(step) = self.derivation.last() {
                self.assume(format!("the statement may also fail: {}", step.text.clone()));
            }
        }
        self
    }

    pub(super) fn step(&mut self, text: impl Into<String>, at: Option<&Location>) {
        self.derivation.push(Step::new(text, at));
    }

    pub(super) fn assume(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.assumptions.contains(&text) {
            self.assumptions.push(text);
        }
    }

    pub(super) fn assume_all(&mut self, texts: impl IntoIterator<Item = String>) {
        texts.into_iter().for_each(|text| self.assume(text));
    }

    /// Names of columns only where they are not all of them; nothing is reached without a privilege.
    pub(super) fn finish(mut self, relation: &Relation) -> Self {
        if let Columns::Some(columns) = &self.columns {
            let every = relation.columns.iter().all(|column| columns.contains(&column.name));
            if relation.columns_complete && every {
                self.columns = Columns::All;
            }
        }
        if self.fragile && self.verdict.is_open() {
            self.verdict = Verdict::Unknown;
        }
        if self.verdict == Verdict::None {
            self.columns = Columns::Some(Vec::new());
        }
        self
    }
}
