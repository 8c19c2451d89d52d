//! Which way of computing explains the whole table best: how many rows each gives exactly, result by result.

use super::judge::{HalfUnits, Judged, Stored, computed};
use crate::volumetrics::{
    Base, DensityKind, Hydrometer, Measurement, MethodName, Precision, Procedure, VcfDecimals, zone_778,
};

/// One way of computing and its tally.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// In words.
    pub name: String,
    how: How,
    /// Rows with exactly this density at base.
    pub density15: usize,
    /// Rows with exactly this factor.
    pub vcf: usize,
    /// Rows with exactly this volume at base.
    pub volume15: usize,
    /// Rows where everything stored is exactly this.
    pub all: usize,
    /// Rows with the volume this way makes with its own factor, not only with the stored one: decides between ways that
    /// differ in digits the factor is not stored with.
    pub volume15_own: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum How {
    Procedure(Procedure),
    ObservedAsBase(Procedure),
    Base(Procedure, Base),
    Zone778,
    Nothing,
}

/// Counts rows for every way.
#[derive(Debug, Clone)]
pub struct Inference {
    /// By way.
    pub tallies: Vec<Tally>,
    /// Rows counted.
    pub rows: usize,
}

impl Inference {
    /// Every way, with the section's grid if it has one.
    #[must_use]
    pub fn new(own: &Procedure) -> Self {
        let mut ways = Vec::new();
        for precision in [Precision::Full, Precision::Table] {
            for hydrometer in [Hydrometer::None, Hydrometer::Glass15, Hydrometer::Glass20] {
                for vcf_decimals in [VcfDecimals::Computational, VcfDecimals::Four, VcfDecimals::Five] {
                    let method = MethodName::D1250_1980;
                    ways.push(Procedure { method, precision, hydrometer, vcf_decimals, grid: None });
                }
            }
        }
        for hydrometer in [Hydrometer::None, Hydrometer::Glass15, Hydrometer::Glass20] {
            ways.push(Procedure { method: MethodName::D1250_2004, hydrometer, ..Procedure::default() });
        }
        if own.grid.is_some() {
            ways.push(Procedure { method: MethodName::Grid, grid: own.grid.clone(), ..Procedure::default() });
        }
        let full = Procedure::default;
        let mut named: Vec<(String, How)> = vec![
            ("observed density used as density at 15 °C".to_owned(), How::ObservedAsBase(full())),
            ("base 20 °C, d1250-1980".to_owned(), How::Base(full(), Base::C20)),
            ("the \"778\" variant".to_owned(), How::Zone778),
            ("no correction".to_owned(), How::Nothing),
        ];
        named.splice(0..0, ways.into_iter().map(|way| (way.describe(), How::Procedure(way))));
        let tally = |(name, how)| Tally { name, how, density15: 0, vcf: 0, volume15: 0, all: 0, volume15_own: 0 };
        Self { tallies: named.into_iter().map(tally).collect(), rows: 0 }
    }

    /// Counts one row.
    pub fn add(&mut self, row: &Judged, half: HalfUnits) {
        let Some(measurement) = &row.measurement else { return };
        self.rows += 1;
        for tally in &mut self.tallies {
            if let Some((density15, vcf)) = tally.how.apply(measurement) {
                tally.count(&row.stored, half, density15, vcf);
            }
        }
    }

    /// Best first: by rows explained in full, then result by result.
    #[must_use]
    pub fn ranked(&self) -> Vec<&Tally> {
        let mut ranked: Vec<&Tally> = self.tallies.iter().collect();
        let matches = |tally: &Tally| (tally.all, tally.density15 + tally.vcf + tally.volume15, tally.volume15_own);
        ranked.sort_by_key(|tally| std::cmp::Reverse(matches(tally)));
        ranked
    }
}

impl How {
    fn apply(&self, measurement: &Measurement) -> Option<(f64, f64)> {
        let correction = match self {
            Self::Procedure(procedure) => procedure.correct(measurement),
            Self::ObservedAsBase(procedure) => {
                let density_kind = DensityKind::At(measurement.base);
                procedure.correct(&Measurement { density_kind, ..*measurement })
            }
            Self::Base(procedure, base) => procedure.correct(&Measurement { base: *base, ..*measurement }),
            Self::Zone778 => zone_778(measurement),
            Self::Nothing => return Some((measurement.density.kg_m3(), 1.0)),
        };
        correction.ok().map(|done| {
            let done = computed(&done, &Stored::default());
            (done.density15, done.vcf)
        })
    }
}

impl Tally {
    fn count(&mut self, stored: &Stored, half: HalfUnits, density15: f64, vcf: f64) {
        let exact =
            |stored: Option<f64>, value: f64, half: f64| stored.is_none_or(|s| (s - value).abs() <= half + 1e-9);
        let density = exact(stored.density15, density15, half.density15);
        let factor = exact(stored.vcf, vcf, half.vcf);
        let own = stored.volume.is_none_or(|volume| exact(stored.volume15, volume * vcf, half.volume15));
        let volume = stored.volume.is_none_or(|volume| {
            // Multiplied with the full factor, or with the one that is stored.
            own || factor && stored.vcf.is_some_and(|vcf| exact(stored.volume15, volume * vcf, half.volume15))
        });
        self.density15 += usize::from(density && stored.density15.is_some());
        self.vcf += usize::from(factor && stored.vcf.is_some());
        self.volume15 += usize::from(volume && stored.volume15.is_some());
        self.all += usize::from(density && factor && volume);
        self.volume15_own += usize::from(own && stored.volume15.is_some());
    }
}
