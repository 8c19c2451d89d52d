//! Whole blocks of rows through the batch engine: rows of which nothing has to be said are only summed up, every other
//! one is judged in full, exactly as a single row is.

use super::judge::{Computed, Judge, Stored};
use super::section::Groups;
use super::source::block::{Block, UNNUMBERED};
use super::source::{Row, Sampled};
use super::totals::{Entry, Totals};
use super::{DriftError, Progress, Run};
use crate::volumetrics::{BatchInput, BatchOutput, Group};

impl Run<'_> {
    /// The rest of the rows, a block at a time.
    pub(super) fn blocks(
        &mut self,
        source: &mut Sampled<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), DriftError> {
        let mut block = Block::default();
        let mut engine = Engine::new(self.judge);
        let mut names = Names::default();
        let mut row = Row::default();
        while source.fill(&mut block)? {
            engine.compute(self.judge, &block, source);
            names.meet(&block);
            for at in 0..block.rows {
                if !self.plain(&block, at, &engine, &mut names, source) {
                    source.row(at, &mut row);
                    self.row(&row);
                }
            }
            progress(Progress { rows: self.outcome.rows, part: source.part() });
        }
        Ok(())
    }

    /// Sums up row `at`, if nothing else is to be done with it.
    #[inline]
    fn plain(
        &mut self,
        block: &Block,
        at: usize,
        engine: &Engine,
        names: &mut Names,
        source: &mut Sampled<'_>,
    ) -> bool {
        let stored = Stored::from(block.cells.each_ref().map(|column| column.get(at).copied()));
        let computed = match engine.result(at, &stored) {
            Some(computed) => Some(computed),
            None if engine.applies => return false,
            None => None,
        };
        let Some(litres) = self.judge.right(&stored, computed.as_ref()) else { return false };
        let group = match block.groups.get(at) {
            Some(id) => match names.place(*id, &mut self.outcome.totals, source) {
                Some(place) => Some(place),
                None => return false,
            },
            None => None,
        };
        self.outcome.rows += 1;
        self.settle(computed);
        let day = block.days.get(at).copied().flatten();
        let timed = self.judge.plan.section.time.is_some();
        self.outcome.totals.enter(Entry { group, day, wrong: false, litres }, timed);
        self.before = computed;
        true
    }
}

/// The method applied to a block.
struct Engine {
    /// Whether the section has what a method needs.
    applies: bool,
    /// The groups that occur, each with its rows.
    groups: Vec<PerGroup>,
    /// Where each row's result is: group and place.
    places: Vec<(u32, u32)>,
    /// The group of every product met; `None` where it is not known.
    products: Vec<Option<u32>>,
    /// Densities corrected for the hydrometer.
    corrected: Vec<f64>,
}

struct PerGroup {
    group: Group,
    densities: Vec<f64>,
    temperatures: Vec<f64>,
    output: BatchOutput,
}

/// No result: the row's product is not known.
const NOWHERE: (u32, u32) = (u32::MAX, 0);

impl Engine {
    fn new(judge: &Judge<'_>) -> Self {
        let columns = &judge.plan.section.columns;
        let density = columns.density.is_some() || columns.density15.is_some();
        Self {
            applies: columns.temperature.is_some() && density,
            groups: Vec::new(),
            places: Vec::new(),
            products: Vec::new(),
            corrected: Vec::new(),
        }
    }

    fn compute(&mut self, judge: &Judge<'_>, block: &Block, source: &mut Sampled<'_>) {
        if !self.applies {
            return;
        }
        self.sort(judge, block, source);
        let [_, _, density, ..] = &block.cells;
        let [kind, other] = [judge.plan.density_kind, crate::volumetrics::DensityKind::At(judge.plan.base)];
        let density_kind = if density.is_empty() { other } else { kind };
        for PerGroup { group, densities, temperatures, output } in &mut self.groups {
            let base = judge.plan.base;
            let input = BatchInput { group: *group, density_kind, base, densities, temperatures, pressures: &[] };
            if judge.plan.procedure.correct_batch(&input, &mut self.corrected, output).is_err() {
                // A row without a result is judged in full, which says why.
                *output = BatchOutput::default();
            }
        }
    }

    /// Puts densities and temperatures to their groups.
    fn sort(&mut self, judge: &Judge<'_>, block: &Block, source: &mut Sampled<'_>) {
        let [_, celsius, density, density15, ..] = &block.cells;
        let densities = if density.is_empty() { density15 } else { density };
        self.places.clear();
        for per in &mut self.groups {
            per.densities.clear();
            per.temperatures.clear();
        }
        for (at, (density, celsius)) in densities.iter().zip(celsius).enumerate() {
            let group = match &judge.plan.groups {
                Groups::One(group) => Some(self.number(*group)),
                Groups::ByProduct(_) => block.products.get(at).and_then(|id| self.product(judge, *id, source)),
            };
            let slot = group.and_then(|group| Some((group, self.groups.get_mut(usize::try_from(group).ok()?)?)));
            let place = slot.and_then(|(group, per)| {
                let place = u32::try_from(per.densities.len()).ok()?;
                per.densities.push(*density);
                per.temperatures.push(*celsius);
                Some((group, place))
            });
            self.places.push(place.unwrap_or(NOWHERE));
        }
    }

    /// The number of a group.
    #[inline]
    fn number(&mut self, group: Group) -> u32 {
        let known = self.groups.iter().position(|per| per.group == group);
        let at = known.unwrap_or_else(|| {
            let (densities, temperatures, output) = Default::default();
            self.groups.push(PerGroup { group, densities, temperatures, output });
            self.groups.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The number of a product's group.
    #[inline]
    fn product(&mut self, judge: &Judge<'_>, id: u32, source: &mut Sampled<'_>) -> Option<u32> {
        let at = usize::try_from(id).ok().filter(|_| id != UNNUMBERED)?;
        // Products are numbered in the order they are met.
        while self.products.len() <= at {
            let next = u32::try_from(self.products.len()).ok()?;
            let group = match &judge.plan.groups {
                Groups::One(group) => Some(*group),
                Groups::ByProduct(groups) => source.product(next).and_then(|product| groups.get(&product).copied()),
            };
            let number = group.map(|group| self.number(group));
            self.products.push(number);
        }
        self.products.get(at).copied().flatten()
    }

    /// What the method gives for row `at`; `None` where it gives nothing.
    #[inline]
    fn result(&self, at: usize, stored: &Stored) -> Option<Computed> {
        let (group, place) = *self.places.get(at)?;
        let output = &self.groups.get(usize::try_from(group).ok()?)?.output;
        let place = usize::try_from(place).ok()?;
        (*output.zones.get(place)?)?;
        let (density15, vcf) = (*output.densities.get(place)?, *output.vcfs.get(place)?);
        Some(Computed { density15, vcf, volume15: stored.volume.map(|volume| volume * vcf) })
    }
}

/// Places of the groups' sums by the number the source gives them, once a row has been summed up.
#[derive(Default)]
struct Names {
    places: Vec<Option<usize>>,
}

impl Names {
    /// Makes room for the groups of a block.
    fn meet(&mut self, block: &Block) {
        let most = block.groups.iter().filter(|id| **id != UNNUMBERED).max();
        let most = most.and_then(|id| usize::try_from(*id).ok()).map_or(0, |id| id + 1);
        if self.places.len() < most {
            self.places.resize(most, None);
        }
    }

    #[inline]
    fn place(&mut self, id: u32, totals: &mut Totals, source: &mut Sampled<'_>) -> Option<usize> {
        let slot = self.places.get_mut(usize::try_from(id).ok()?)?;
        Some(*slot.get_or_insert_with(|| totals.place(&source.group(id))))
    }
}
