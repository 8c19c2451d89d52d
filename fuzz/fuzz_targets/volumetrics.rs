//! Any bits at all through the volumetric engine: a value or an error, never NaN, never a panic; a batch gives what
//! single rows give.
#![no_main]

use gardefou::volumetrics::{
    Base, BatchInput, BatchOutput, Density, DensityKind, Group, Hydrometer, Measurement, MethodName, Precision, Pressure,
    Procedure, Temperature, ThermalExpansion, VcfDecimals, Volume, correct_batch, zone_778, Method, Settings1980,
};
use libfuzzer_sys::fuzz_target;

/// Bytes taken from the front, noughts behind the end.
struct Bits<'a>(&'a [u8]);

impl Bits<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn double(&mut self) -> f64 {
        f64::from_bits((0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte())))
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }
}

const BASES: [Base; 3] = [Base::C15, Base::C20, Base::F60];

/// Half of the inputs lie where the formulas are defined: bits alone hardly ever do.
fn plausible(bits: &mut Bits<'_>, low: f64, high: f64) -> f64 {
    let raw = bits.double();
    if bits.byte() % 2 == 0 { raw } else { low + (high - low) * (raw.to_bits() as f64 / u64::MAX as f64) }
}

fuzz_target!(|data: &[u8]| {
    let mut bits = Bits(data);
    let density = plausible(&mut bits, 450.0, 1250.0);
    let celsius = plausible(&mut bits, -60.0, 160.0);
    let psig = plausible(&mut bits, -10.0, 1600.0);
    let alpha = plausible(&mut bits, 2e-4, 1e-3);
    let group = match bits.byte() % 4 {
        0 => Group::Crude,
        1 => Group::Refined,
        2 => Group::Lube,
        _ => ThermalExpansion::from_per_fahrenheit(alpha).map_or(Group::Refined, Group::Alpha),
    };
    let kinds = [DensityKind::Observed, DensityKind::At(Base::C15), DensityKind::At(Base::C20), DensityKind::At(Base::F60)];
    let (density_kind, base) = (bits.pick(&kinds), bits.pick(&BASES));
    let precision = bits.pick(&[Precision::Full, Precision::Table]);
    let hydrometer = bits.pick(&[Hydrometer::None, Hydrometer::Glass15, Hydrometer::Glass20]);
    let vcf_decimals = bits.pick(&[VcfDecimals::Computational, VcfDecimals::Four, VcfDecimals::Five]);
    let method = bits.pick(&[MethodName::D1250_1980, MethodName::D1250_2004, MethodName::Grid]);
    let _ = Volume::from_litres(celsius);
    let settings = Settings1980 { precision, hydrometer, vcf_decimals };
    let batch = if method == MethodName::D1250_2004 { Method::D1250_2004 } else { Method::D1250_1980(settings) };
    let mut output = BatchOutput::default();
    let input =
        BatchInput { group, density_kind, base, densities: &[density], temperatures: &[celsius], pressures: &[psig] };
    correct_batch(&batch, &input, &mut output);
    assert!(output.densities[0].is_finite() && output.vcfs[0].is_finite());
    let quantities = (Density::from_kg_m3(density), Temperature::from_celsius(celsius), Pressure::from_psig(psig));
    let (Ok(density), Ok(temperature), Ok(pressure)) = quantities else { return };
    let measurement = Measurement { group, density, density_kind, temperature, pressure, base };
    let _ = zone_778(&measurement);
    let procedure = Procedure { method, precision, hydrometer, vcf_decimals, grid: None };
    let (explained, _) = procedure.explain(&measurement);
    match procedure.correct(&measurement) {
        Ok(done) => {
            let (density, vcf) = (done.density_base.kg_m3(), done.vcf.factor());
            assert!(density.is_finite() && density > 0.0 && vcf.is_finite() && vcf > 0.0, "{measurement:?}: {done:?}");
            assert_eq!(explained.ok(), Some(done));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
