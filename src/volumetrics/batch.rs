//! Many measurements at once: slices in, columns out. Every row is what [`super::correct`] gives for it, to the bit.

use super::{
    Base, Correction, Density, DensityKind, Group, Measurement, Method, Notes, Precision, Pressure, Settings1980,
    Temperature, VolumetricError, Zone, correct, d1250_1980, d1250_2004,
};

/// Columns of measurements that share everything but density, temperature and pressure.
#[derive(Debug, Clone, Copy)]
pub struct BatchInput<'a> {
    /// Product group.
    pub group: Group,
    /// What the densities were measured at.
    pub density_kind: DensityKind,
    /// Base temperature of the results.
    pub base: Base,
    /// kg/m³.
    pub densities: &'a [f64],
    /// °C; as many as densities.
    pub temperatures: &'a [f64],
    /// psig; as many as densities, or none at all for atmospheric pressure.
    pub pressures: &'a [f64],
}

/// Columns of results, one entry per row. Reuse one value to save allocations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchOutput {
    /// kg/m³ at base; 0 where the row failed.
    pub densities: Vec<f64>,
    /// Volume correction factors; 0 where the row failed.
    pub vcfs: Vec<f64>,
    /// Zones used; `None` where the row failed.
    pub zones: Vec<Option<Zone>>,
    /// Rows with something to know about, in order.
    pub notes: Vec<(usize, Notes)>,
    /// Rows that failed, in order.
    pub failures: Vec<(usize, VolumetricError)>,
}

/// Computes all rows of `input` into `output`, replacing what was there. Columns of different length count as far as the
/// shortest.
pub fn correct_batch(method: &Method, input: &BatchInput<'_>, output: &mut BatchOutput) {
    output.reset(input.rows());
    match Lanes::for_input(method, input) {
        Some(lanes) => vectorised(&lanes, method, input, output),
        None => (0..input.rows()).for_each(|row| output.set(row, input.compute(method, row))),
    }
}

/// Rows per pass: small enough for every intermediate to stay in the first-level cache.
pub(super) const CHUNK: usize = 64;

/// Results of one chunk; where `sure` is false the row needs the scalar code (limits, notes, errors).
pub(super) struct Chunk {
    pub(super) density: [f64; CHUNK],
    pub(super) vcf: [f64; CHUNK],
    /// What the zone follows from.
    pub(super) key: [f64; CHUNK],
    pub(super) sure: [bool; CHUNK],
}

impl Chunk {
    const EMPTY: Self = Self { density: [0.0; CHUNK], vcf: [0.0; CHUNK], key: [0.0; CHUNK], sure: [false; CHUNK] };
}

/// The vectorised loops of a method.
enum Lanes {
    D1980(d1250_1980::batch::Lanes),
    D2004(d1250_2004::batch::Lanes),
}

impl Lanes {
    /// Where there are any: full precision, observed densities, atmospheric pressure; not every base and group.
    fn for_input(method: &Method, input: &BatchInput<'_>) -> Option<Self> {
        if input.density_kind != DensityKind::Observed || !input.pressures.is_empty() {
            return None;
        }
        match method {
            Method::D1250_1980(Settings1980 { precision: Precision::Full, hydrometer, vcf_decimals })
                if input.base != Base::C20 =>
            {
                d1250_1980::batch::Lanes::new(input.base, input.group, *hydrometer, *vcf_decimals).map(Self::D1980)
            }
            Method::D1250_2004 if !matches!(input.group, Group::Alpha(_)) => {
                Some(Self::D2004(d1250_2004::batch::Lanes { group: input.group, base: input.base }))
            }
            _ => None,
        }
    }

    fn run(&self, densities: &[f64], temperatures: &[f64], chunk: &mut Chunk) {
        match self {
            Self::D1980(lanes) => lanes.run(densities, temperatures, chunk),
            Self::D2004(lanes) => lanes.run(densities, temperatures, chunk),
        }
    }

    fn zone(&self, key: f64) -> Zone {
        match self {
            Self::D1980(lanes) => lanes.zone(key),
            Self::D2004(lanes) => lanes.zone(key),
        }
    }
}

fn vectorised(lanes: &Lanes, method: &Method, input: &BatchInput<'_>, output: &mut BatchOutput) {
    let mut chunk = Chunk::EMPTY;
    let rows = input.rows();
    let chunks = input.densities.chunks(CHUNK).zip(input.temperatures.chunks(CHUNK));
    for (at, (densities, temperatures)) in chunks.enumerate() {
        lanes.run(densities, temperatures, &mut chunk);
        let results = chunk.density.iter().zip(&chunk.vcf).zip(chunk.key.iter().zip(&chunk.sure));
        for (offset, ((density, vcf), (key, sure))) in results.enumerate().take(densities.len().min(temperatures.len()))
        {
            let row = at * CHUNK + offset;
            if *sure {
                output.put(row, *density, *vcf, lanes.zone(*key));
            } else if row < rows {
                output.set(row, input.compute(method, row));
            }
        }
    }
}

impl BatchInput<'_> {
    fn rows(&self) -> usize {
        let rows = self.densities.len().min(self.temperatures.len());
        if self.pressures.is_empty() { rows } else { rows.min(self.pressures.len()) }
    }

    fn compute(&self, method: &Method, row: usize) -> Result<Correction, VolumetricError> {
        let value = |column: &[f64]| column.get(row).copied().unwrap_or(f64::NAN);
        let pressure = match self.pressures.get(row) {
            Some(psig) => Pressure::from_psig(*psig)?,
            None => Pressure::ATMOSPHERIC,
        };
        let measurement = Measurement {
            group: self.group,
            density: Density::from_kg_m3(value(self.densities))?,
            density_kind: self.density_kind,
            temperature: Temperature::from_celsius(value(self.temperatures))?,
            pressure,
            base: self.base,
        };
        correct(method, &measurement)
    }
}

impl BatchOutput {
    fn reset(&mut self, rows: usize) {
        self.notes.clear();
        self.failures.clear();
        self.densities.clear();
        self.densities.resize(rows, 0.0);
        self.vcfs.clear();
        self.vcfs.resize(rows, 0.0);
        self.zones.clear();
        self.zones.resize(rows, None);
    }

    #[inline]
    fn put(&mut self, row: usize, density: f64, vcf: f64, zone: Zone) {
        let slots = (self.densities.get_mut(row), self.vcfs.get_mut(row), self.zones.get_mut(row));
        if let (Some(density_slot), Some(vcf_slot), Some(zone_slot)) = slots {
            (*density_slot, *vcf_slot, *zone_slot) = (density, vcf, Some(zone));
        }
    }

    /// Rounds every factor.
    pub(super) fn round_vcfs(&mut self, round: impl Fn(f64) -> f64) {
        for (vcf, _) in self.vcfs.iter_mut().zip(&self.zones).filter(|(_, zone)| zone.is_some()) {
            *vcf = round(*vcf);
        }
    }

    fn set(&mut self, row: usize, result: Result<Correction, VolumetricError>) {
        match result {
            Ok(correction) => {
                self.put(row, correction.density_base.kg_m3(), correction.vcf.factor(), correction.zone);
                if !correction.notes.is_empty() {
                    self.notes.push((row, correction.notes));
                }
            }
            Err(error) => self.failures.push((row, error)),
        }
    }
}
