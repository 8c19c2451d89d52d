//! Quantities that cannot be mistaken for one another.

use super::error::VolumetricError;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $get:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            #[doc = concat!("The value in ", $unit, ".")]
            #[must_use]
            pub const fn $get(self) -> f64 {
                self.0
            }
        }
    };
}

quantity!(
    /// A density. Always finite, 100 to 2000 kg/m³: anything else is a wrong unit or not a liquid.
    Density,
    kg_m3,
    "kg/m³"
);
quantity!(
    /// A temperature. Always finite.
    Temperature,
    celsius,
    "°C"
);
quantity!(
    /// A gauge pressure. Always finite, never negative.
    Pressure,
    psig,
    "psig"
);
quantity!(
    /// A volume. Always finite.
    Volume,
    litres,
    "litres"
);
quantity!(
    /// A volume correction factor. Always finite and positive.
    Vcf,
    factor,
    "1"
);
quantity!(
    /// A coefficient of thermal expansion at 60 °F.
    ThermalExpansion,
    per_fahrenheit,
    "1/°F"
);

impl Density {
    /// From kg/m³.
    ///
    /// # Errors
    /// Not finite, or outside 100–2000 kg/m³; what looks like g/cm³ or a shifted decimal point is named as such.
    pub fn from_kg_m3(value: f64) -> Result<Self, VolumetricError> {
        if !value.is_finite() {
            return Err(VolumetricError::NotFinite { quantity: "density" });
        }
        if (100.0..=2000.0).contains(&value) {
            return Ok(Self(value));
        }
        let hint = match value {
            v if (0.3..2.0).contains(&v) => "it looks like g/cm³: say so, or multiply by 1000",
            v if (30.0..100.0).contains(&v) => "it looks like a shifted decimal point (or API gravity)",
            _ => "petroleum liquids lie between about 450 and 1210 kg/m³",
        };
        Err(VolumetricError::WrongUnit { quantity: "density", value, unit: "kg/m³", hint })
    }

    /// From g/cm³ (kg/L).
    ///
    /// # Errors
    /// As [`Density::from_kg_m3`].
    pub fn from_g_cm3(value: f64) -> Result<Self, VolumetricError> {
        if (100.0..=2000.0).contains(&value) {
            let hint = "it looks like kg/m³ already";
            return Err(VolumetricError::WrongUnit { quantity: "density", value, unit: "g/cm³", hint });
        }
        Self::from_kg_m3(value * 1000.0)
    }

    /// A computed value known to be in range.
    pub(super) const fn computed(value: f64) -> Self {
        Self(value)
    }
}

impl Temperature {
    /// From °C.
    ///
    /// # Errors
    /// Not finite, or below absolute zero.
    pub fn from_celsius(value: f64) -> Result<Self, VolumetricError> {
        if !value.is_finite() {
            return Err(VolumetricError::NotFinite { quantity: "temperature" });
        }
        if value < -273.15 {
            let hint = "below absolute zero";
            return Err(VolumetricError::WrongUnit { quantity: "temperature", value, unit: "°C", hint });
        }
        Ok(Self(value))
    }

    /// From °F.
    ///
    /// # Errors
    /// As [`Temperature::from_celsius`].
    pub fn from_fahrenheit(value: f64) -> Result<Self, VolumetricError> {
        Self::from_celsius((value - 32.0) / 1.8)
    }
}

impl Pressure {
    /// Atmospheric pressure.
    pub const ATMOSPHERIC: Self = Self(0.0);

    /// From psig; a negative gauge pressure counts as zero.
    ///
    /// # Errors
    /// Not finite.
    pub fn from_psig(value: f64) -> Result<Self, VolumetricError> {
        if value.is_finite() {
            Ok(Self(value.max(0.0)))
        } else {
            Err(VolumetricError::NotFinite { quantity: "pressure" })
        }
    }
}

impl Volume {
    /// From litres.
    ///
    /// # Errors
    /// Not finite.
    pub fn from_litres(value: f64) -> Result<Self, VolumetricError> {
        if value.is_finite() { Ok(Self(value)) } else { Err(VolumetricError::NotFinite { quantity: "volume" }) }
    }

    /// From m³.
    ///
    /// # Errors
    /// Not finite.
    pub fn from_m3(value: f64) -> Result<Self, VolumetricError> {
        Self::from_litres(value * 1000.0)
    }

    /// This volume at base conditions.
    #[must_use]
    pub fn at_base(self, vcf: Vcf) -> Self {
        Self(self.0 * vcf.0)
    }
}

impl Vcf {
    /// A stored or computed factor.
    ///
    /// # Errors
    /// Not finite, or not between 0.4 and 1.6.
    pub fn new(value: f64) -> Result<Self, VolumetricError> {
        if !value.is_finite() {
            return Err(VolumetricError::NotFinite { quantity: "VCF" });
        }
        if (0.4..=1.6).contains(&value) {
            return Ok(Self(value));
        }
        let hint = "a volume correction factor lies near 1";
        Err(VolumetricError::WrongUnit { quantity: "VCF", value, unit: "1", hint })
    }

    /// A computed value known to be in range.
    pub(super) const fn computed(value: f64) -> Self {
        Self(value)
    }
}

impl ThermalExpansion {
    /// From 1/°F.
    ///
    /// # Errors
    /// Not finite, or outside the standard's 230e-6 to 930e-6 per °F.
    pub fn from_per_fahrenheit(value: f64) -> Result<Self, VolumetricError> {
        if !value.is_finite() {
            return Err(VolumetricError::NotFinite { quantity: "coefficient of thermal expansion" });
        }
        if (230e-6..=930e-6).contains(&value) {
            return Ok(Self(value));
        }
        let hint = if (230e-6..=930e-6).contains(&(value / 1.8)) {
            "it looks like a value per °C: divide by 1.8"
        } else {
            "the standard takes 0.00023 to 0.00093 per °F"
        };
        Err(VolumetricError::WrongUnit { quantity: "coefficient of thermal expansion", value, unit: "1/°F", hint })
    }
}
