//! Sums over rows, in constant memory: by group, by month, by day, by cause, and how the differences are spread.

use std::collections::BTreeMap;

use super::judge::Judged;
use super::source::{Row, civil};

/// More groups than this are summed up as one.
const MOST_GROUPS: usize = 10_000;

/// Edges of the histogram of litres.
pub const EDGES: [f64; 16] =
    [-500.0, -100.0, -50.0, -10.0, -5.0, -1.0, -0.5, -0.1, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0, 500.0];

/// The bin from -0.1 to 0.1.
const MIDDLE: usize = 8;

/// Sums of one group or month.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sum {
    /// Rows computed.
    pub rows: usize,
    /// Rows found wrong.
    pub wrong: usize,
    /// Stored minus computed, litres at base.
    pub litres: f64,
}

impl Sum {
    fn add(&mut self, wrong: bool, litres: f64) {
        self.rows += 1;
        self.wrong += usize::from(wrong);
        self.litres += litres;
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.wrong += other.wrong;
        self.litres += other.litres;
    }
}

/// All sums.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Totals {
    /// Everything.
    pub all: Sum,
    /// By the values of the `group-by` columns; complete once settled.
    pub groups: BTreeMap<String, Sum>,
    /// By days since 1970-01-01.
    pub days: BTreeMap<i32, Sum>,
    /// Rows by difference in litres, between the edges of [`EDGES`].
    pub histogram: [usize; EDGES.len() + 1],
    /// Rows without a day, where a time column is given.
    pub undated: usize,
    /// Place of every group in `sums`, by name: rows are added without a look at names where their group is known.
    places: BTreeMap<String, usize>,
    sums: Vec<Sum>,
    /// A group's name, while it is put together.
    name: String,
    /// The last row's day and its sum, not yet in `days`: rows mostly arrive in order of time.
    today: Option<(i32, Sum)>,
}

/// What one row adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// Its group's place, from [`Totals::place`].
    pub group: Option<usize>,
    /// Its day.
    pub day: Option<i32>,
    /// Whether it is wrong.
    pub wrong: bool,
    /// Stored minus computed, where both are known.
    pub litres: Option<f64>,
}

impl Totals {
    /// Adds one computed row.
    pub fn add(&mut self, row: &Row, judged: &Judged, timed: bool) {
        let group = (!row.group.is_empty()).then(|| self.place(&row.group));
        let (wrong, litres) = (!judged.faults.is_empty(), judged.residuals.litres);
        self.enter(Entry { group, day: row.day, wrong, litres }, timed);
    }

    /// Adds one computed row whose group is known.
    pub fn enter(&mut self, entry: Entry, timed: bool) {
        let Entry { group, day, wrong, litres: known } = entry;
        let litres = known.unwrap_or(0.0);
        self.all.add(wrong, litres);
        if let Some(sum) = group.and_then(|place| self.sums.get_mut(place)) {
            sum.add(wrong, litres);
        }
        if let Some(day) = day {
            self.on(day).add(wrong, litres);
        } else {
            self.undated += usize::from(timed);
        }
        if known.is_some() {
            // Most rows are right: the middle.
            let right = (-0.1..0.1).contains(&litres);
            let bin = if right { MIDDLE } else { EDGES.partition_point(|edge| *edge <= litres) };
            if let Some(count) = self.histogram.get_mut(bin) {
                *count += 1;
            }
        }
    }

    /// The sum of a day.
    fn on(&mut self, day: i32) -> &mut Sum {
        if self.today.as_ref().is_none_or(|(today, _)| *today != day) {
            self.close_day();
        }
        &mut self.today.get_or_insert((day, Sum::default())).1
    }

    fn close_day(&mut self) {
        if let Some((day, sum)) = self.today.take() {
            self.days.entry(day).or_default().merge(sum);
        }
    }

    /// Puts together what is kept apart while rows are added; to be called behind the last row.
    pub fn settle(&mut self) {
        self.close_day();
        let sums = self.places.iter().filter_map(|(name, place)| Some((name.clone(), *self.sums.get(*place)?)));
        self.groups = sums.collect();
    }

    /// The place of a group's sum, without an allocation once there is one. A place stays the same.
    pub fn place(&mut self, values: &[String]) -> usize {
        let mut name = std::mem::take(&mut self.name);
        name.clear();
        for (at, value) in values.iter().enumerate() {
            name.push_str(if at > 0 { " / " } else { "" });
            name.push_str(value);
        }
        if self.places.len() >= MOST_GROUPS && !self.places.contains_key(&name) {
            "(other groups)".clone_into(&mut name);
        }
        let next = self.sums.len();
        let place = self.places.get(&name).copied().unwrap_or(next);
        if place == next {
            self.sums.push(Sum::default());
            self.places.insert(name.clone(), next);
        }
        self.name = name;
        place
    }

    /// By (year, month).
    fn months(&self) -> BTreeMap<(i32, i32), Sum> {
        let mut months: BTreeMap<(i32, i32), Sum> = BTreeMap::new();
        for (day, sum) in &self.days {
            let (year, month, _) = civil(*day);
            let all = months.entry((year, month)).or_default();
            all.merge(*sum);
        }
        months
    }

    /// Months with the litres up to their end.
    pub fn cumulative(&self) -> impl Iterator<Item = (String, Sum, f64)> {
        let mut total = 0.0;
        self.months().into_iter().map(move |((year, month), sum)| {
            total += sum.litres;
            (format!("{year}-{month:02}"), sum, total)
        })
    }

    /// Bins of the histogram that hold rows, in words.
    pub fn bins(&self) -> impl Iterator<Item = (String, usize)> {
        let words = |bin: usize| match (bin.checked_sub(1).and_then(|below| EDGES.get(below)), EDGES.get(bin)) {
            (Some(low), Some(high)) => format!("{low} to {high} L"),
            (None, Some(high)) => format!("below {high} L"),
            (Some(low), None) => format!("from {low} L"),
            (None, None) => String::new(),
        };
        self.histogram.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(bin, count)| (words(bin), *count))
    }
}
