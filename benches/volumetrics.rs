//! Rows per second and core of the volumetric engine, with a plain loop of `f64::exp` in the same run as the floor.
//!
//!     cargo bench --bench volumetrics

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints its figures and stops at the first thing that is wrong"
)]

use std::hint::black_box;
use std::time::Instant;

use gardefou::volumetrics::{
    Base, BatchInput, BatchOutput, Density, DensityKind, Group, Hydrometer, Measurement, Method, Precision, Pressure,
    Settings1980, Temperature, VcfDecimals, correct, correct_batch,
};

const ROWS: usize = 8_192;
const ROUNDS: usize = 600;

fn main() {
    let (densities, temperatures) = deliveries();
    let exponents: Vec<f64> = temperatures.iter().map(|t| -8.4e-4 * (t - 15.0)).collect();
    let mut sink = vec![0.0; ROWS];
    report("plain f64::exp loop (floor)", || {
        for (slot, x) in sink.iter_mut().zip(&exponents) {
            *slot = x.exp();
        }
        black_box(&mut sink);
    });
    let full = settings(Precision::Full, Hydrometer::None);
    let glass = settings(Precision::Full, Hydrometer::Glass15);
    let table = settings(Precision::Table, Hydrometer::Glass15);
    for (name, method) in [("1980 full", &full), ("1980 full + glass", &glass), ("2004", &Method::D1250_2004)] {
        let mut output = BatchOutput::default();
        let input = input(&densities, &temperatures);
        report(&format!("{name}: inversion, batch"), || correct_batch(method, &input, black_box(&mut output)));
        assert!(output.failures.is_empty(), "{name}: {:?}", output.failures.first());
    }
    for (name, method) in [("1980 full", &full), ("1980 table + glass", &table), ("2004", &Method::D1250_2004)] {
        report(&format!("{name}: inversion, scalar"), || scalar(method, &densities, &temperatures));
    }
}

/// Petrol, kerosine and gasoil as a depot sees them: densities in steps of 0.1, 10 to 45 °C.
fn deliveries() -> (Vec<f64>, Vec<f64>) {
    let mut state = 88_172_645_463_325_252_u64;
    let mut draw = |low: f64, high: f64, step: f64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
        low + ((high - low) * unit / step).floor() * step
    };
    (0..ROWS)
        .map(|row| {
            let (low, high) = [(715.0, 755.0), (790.0, 812.0), (820.0, 860.0)][row % 3];
            (draw(low, high, 0.1), draw(10.0, 45.0, 0.1))
        })
        .unzip()
}

fn settings(precision: Precision, hydrometer: Hydrometer) -> Method {
    Method::D1250_1980(Settings1980 { precision, hydrometer, vcf_decimals: VcfDecimals::Computational })
}

fn input<'a>(densities: &'a [f64], temperatures: &'a [f64]) -> BatchInput<'a> {
    let (group, density_kind) = (Group::Refined, DensityKind::Observed);
    BatchInput { group, density_kind, base: Base::C15, densities, temperatures, pressures: &[] }
}

fn scalar(method: &Method, densities: &[f64], temperatures: &[f64]) {
    for (density, celsius) in densities.iter().zip(temperatures) {
        let measurement = Measurement {
            group: Group::Refined,
            density: Density::from_kg_m3(*density).unwrap(),
            density_kind: DensityKind::Observed,
            temperature: Temperature::from_celsius(*celsius).unwrap(),
            pressure: Pressure::ATMOSPHERIC,
            base: Base::C15,
        };
        let _ = black_box(correct(method, &measurement));
    }
}

/// Best of several rounds: the machine's other load only ever slows a round down.
fn report(name: &str, mut run: impl FnMut()) {
    let best = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    let seconds = best.fold(f64::INFINITY, f64::min);
    println!("{name:<36} {:>8.1} M rows/s  {:>7.1} ns/row", ROWS as f64 / seconds / 1e6, seconds * 1e9 / ROWS as f64);
}
