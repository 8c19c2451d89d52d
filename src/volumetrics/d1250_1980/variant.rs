//! A mistake that circulates in public code, kept to recognise its results: transition zone from 770 to 778 kg/m³, jet
//! fuels from 778, with a constant to match.

use super::super::numeric::round;
use super::super::{Base, Correction, Density, DensityKind, Measurement, Notes, Vcf, VolumetricError, Zone};
use super::zones::{Constants, Units};

static TRANSITION: Constants = Constants { zone: Zone::Transition, a: -0.003_361_2, b: 0.0, c: 2680.3206 };

/// What the "778 variant" makes of an observed density of a refined product at base 15 °C, in full precision.
///
/// # Errors
/// [`VolumetricError::Unsupported`] for other measurements, else as the method itself.
pub fn zone_778(measurement: &Measurement) -> Result<Correction, VolumetricError> {
    if measurement.base != Base::C15 || measurement.density_kind != DensityKind::Observed {
        return Err(VolumetricError::Unsupported { what: "this input of the 778 variant" });
    }
    let units = Units::of(Base::C15);
    let (observed, dt) = (measurement.density.kg_m3(), measurement.temperature.celsius() - 15.0);
    let named = |zone| units.refined_named(zone);
    let zones =
        [(839.0, named(Zone::Fuel)), (778.0, named(Zone::Jet)), (770.0, &TRANSITION), (0.0, named(Zone::Gasoline))];
    let found = zones.iter().find_map(|(from, constants)| {
        constants.invert(observed, dt).filter(|solution| round(solution.density, 3) >= *from)
    });
    let solution = found.ok_or(VolumetricError::NoConvergence { iterations: 4 })?;
    Ok(Correction {
        density_base: Density::computed(solution.density),
        vcf: Vcf::computed(solution.vcf),
        zone: solution.constants.zone,
        notes: Notes::default(),
    })
}
