//! A method with all its settings, by the names configuration and command line use, and the one way to apply it.

use std::sync::Arc;

use super::{
    Base, BatchInput, BatchOutput, Correction, Density, DensityKind, Grid, Hydrometer, Measurement, Method, Precision,
    Settings1980, Vcf, VcfDecimals, VolumetricError, correct, correct_batch, explain,
};

/// Names of a setting's values.
macro_rules! named {
    ($(#[$doc:meta])* $type:ty, $what:literal, { $($name:literal => $value:path),+ $(,)? }) => {
        impl $type {
            /// Every name, in order.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name configuration and reports use.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $($value => $name,)+
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text.trim() {
                    $($name => Ok($value),)+
                    other => Err(format!("`{other}` is no {}; write {}", $what, Self::NAMES.join(" or "))),
                }
            }
        }
    };
}

/// Which method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum MethodName {
    /// ASTM D1250-80.
    #[default]
    D1250_1980,
    /// ASTM D1250-04.
    D1250_2004,
    /// A user's table.
    Grid,
}

named!(MethodName, "method", {
    "d1250-1980" => Self::D1250_1980, "d1250-2004" => Self::D1250_2004, "grid" => Self::Grid,
});
named!(Precision, "precision", { "full" => Self::Full, "table" => Self::Table });
named!(Hydrometer, "hydrometer", { "none" => Self::None, "glass-15" => Self::Glass15, "glass-20" => Self::Glass20 });
named!(VcfDecimals, "number of VCF decimals", {
    "computational" => Self::Computational, "4" => Self::Four, "5" => Self::Five,
});
named!(Base, "base", { "15" => Self::C15, "20" => Self::C20, "60f" => Self::F60 });

impl std::str::FromStr for DensityKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "observed" => Ok(Self::Observed),
            "at-15" => Ok(Self::At(Base::C15)),
            "at-20" => Ok(Self::At(Base::C20)),
            "at-60f" => Ok(Self::At(Base::F60)),
            other => Err(format!("`{other}` is no kind of density; write observed, at-15, at-20 or at-60f")),
        }
    }
}

/// A method and its settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Procedure {
    /// Which method.
    pub method: MethodName,
    /// Full precision or printed table (1980 only).
    pub precision: Precision,
    /// Glass hydrometer the observed density was read with. The 2004 procedure knows none: the reading is corrected
    /// before it.
    pub hydrometer: Hydrometer,
    /// Decimals of the VCF.
    pub vcf_decimals: VcfDecimals,
    /// The table of method `grid`.
    pub grid: Option<Arc<Grid>>,
}

impl Procedure {
    /// One line: `d1250-1980, precision table, hydrometer glass-15`.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut words = self.method.name().to_owned();
        let settings = [
            (self.precision != Precision::Full, "precision", self.precision.name()),
            (self.hydrometer != Hydrometer::None, "hydrometer", self.hydrometer.name()),
            (self.vcf_decimals != VcfDecimals::Computational, "vcf-decimals", self.vcf_decimals.name()),
        ];
        for (_, setting, value) in settings.iter().filter(|(said, ..)| *said) {
            words.push_str(&format!(", {setting} {value}"));
        }
        words
    }

    /// Whether the method has these settings at all.
    ///
    /// # Errors
    /// [`VolumetricError::Unsupported`] names the one it does not have.
    pub fn check(&self) -> Result<(), VolumetricError> {
        if self.method != MethodName::D1250_1980 && self.precision == Precision::Table {
            return Err(VolumetricError::Unsupported { what: "precision `table`" });
        }
        if self.method == MethodName::Grid && self.grid.is_none() {
            return Err(VolumetricError::Unsupported { what: "computing without its table" });
        }
        Ok(())
    }

    /// Computes one measurement. Does not allocate.
    ///
    /// # Errors
    /// [`VolumetricError`], also for settings the method does not have.
    pub fn correct(&self, measurement: &Measurement) -> Result<Correction, VolumetricError> {
        let (method, measurement) = self.prepare(measurement)?;
        correct(&method, &measurement).map(|correction| self.finish(correction))
    }

    /// As [`Procedure::correct`] for all rows of `input`, into `output`. `corrected` is room for densities corrected for
    /// the hydrometer.
    ///
    /// # Errors
    /// Settings the method does not have; rows that fail are in `output`.
    pub fn correct_batch(
        &self,
        input: &BatchInput<'_>,
        corrected: &mut Vec<f64>,
        output: &mut BatchOutput,
    ) -> Result<(), VolumetricError> {
        let method = self.method()?;
        let mut input = *input;
        if self.corrects_reading(input.density_kind) {
            let factor = |celsius: f64| self.hydrometer.factor(celsius, input.base);
            corrected.clear();
            let rows = input.densities.iter().zip(input.temperatures);
            corrected.extend(rows.map(|(density, celsius)| density * factor(*celsius)));
            input.densities = corrected;
        }
        correct_batch(&method, &input, output);
        if self.method != MethodName::D1250_1980 && self.vcf_decimals != VcfDecimals::Computational {
            output.round_vcfs(|vcf| self.vcf_decimals.apply(vcf, Precision::Full));
        }
        Ok(())
    }

    /// As [`Procedure::correct`], with the intermediate values by name.
    pub fn explain(
        &self,
        measurement: &Measurement,
    ) -> (Result<Correction, VolumetricError>, Vec<(&'static str, f64)>) {
        match self.prepare(measurement) {
            Ok((method, prepared)) => {
                let (result, mut steps) = explain(&method, &prepared);
                if prepared.density != measurement.density {
                    steps.insert(0, ("density_corrected_kgm3", prepared.density.kg_m3()));
                }
                (result.map(|correction| self.finish(correction)), steps)
            }
            Err(error) => (Err(error), Vec::new()),
        }
    }

    #[inline]
    fn prepare(&self, measurement: &Measurement) -> Result<(Method, Measurement), VolumetricError> {
        let method = self.method()?;
        let mut prepared = *measurement;
        if self.corrects_reading(measurement.density_kind) {
            let factor = self.hydrometer.factor(measurement.temperature.celsius(), measurement.base);
            prepared.density = Density::from_kg_m3(measurement.density.kg_m3() * factor)?;
        }
        Ok((method, prepared))
    }

    #[inline]
    fn method(&self) -> Result<Method, VolumetricError> {
        let Self { precision, hydrometer, vcf_decimals, .. } = *self;
        match (self.method, &self.grid) {
            (MethodName::D1250_1980, _) => Ok(Method::D1250_1980(Settings1980 { precision, hydrometer, vcf_decimals })),
            _ if precision == Precision::Table => Err(VolumetricError::Unsupported { what: "precision `table`" }),
            (MethodName::Grid, Some(grid)) => Ok(Method::Grid(Arc::clone(grid))),
            (MethodName::Grid, None) => Err(VolumetricError::Unsupported { what: "computing without its table" }),
            (MethodName::D1250_2004, _) => Ok(Method::D1250_2004),
        }
    }

    /// Whether the reading is corrected before the method, which knows no hydrometer.
    #[inline]
    fn corrects_reading(&self, kind: DensityKind) -> bool {
        self.method != MethodName::D1250_1980 && self.hydrometer != Hydrometer::None && kind == DensityKind::Observed
    }

    /// 1980 rounds by itself.
    #[inline]
    fn finish(&self, correction: Correction) -> Correction {
        if self.method == MethodName::D1250_1980 {
            return correction;
        }
        let vcf = Vcf::computed(self.vcf_decimals.apply(correction.vcf.factor(), Precision::Full));
        Correction { vcf, ..correction }
    }
}
