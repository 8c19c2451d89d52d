//! Quantities as people write them: a number, with or without a unit behind it.

use crate::volumetrics::{Density, Temperature, Volume, VolumetricError};

/// A density: `837.3`, `837.3 kg/m3`, `0.8373 g/cm3`. Without a unit it is kg/m³.
///
/// # Errors
/// No number, an unknown unit, or a value that looks like another unit.
pub fn density(text: &str) -> Result<Density, String> {
    let (number, unit) = split(text)?;
    said(match unit.as_str() {
        "" | "kg/m3" => Density::from_kg_m3(number),
        "g/cm3" | "g/ml" | "kg/l" => Density::from_g_cm3(number),
        other => return Err(unknown(other, "kg/m3 or g/cm3")),
    })
}

/// A temperature: `29.7`, `29.7 C`, `85.5 °F`. Without a unit it is °C.
///
/// # Errors
/// As [`density`].
pub fn temperature(text: &str) -> Result<Temperature, String> {
    let (number, unit) = split(text)?;
    said(match unit.as_str() {
        "" | "c" => Temperature::from_celsius(number),
        "f" => Temperature::from_fahrenheit(number),
        other => return Err(unknown(other, "C or F")),
    })
}

/// A volume: `39296`, `39296 L`, `39.296 m3`. Without a unit it is litres.
///
/// # Errors
/// As [`density`].
pub fn volume(text: &str) -> Result<Volume, String> {
    let (number, unit) = split(text)?;
    said(match unit.as_str() {
        "" | "l" => Volume::from_litres(number),
        "m3" => Volume::from_m3(number),
        other => return Err(unknown(other, "L or m3")),
    })
}

/// A plain number.
///
/// # Errors
/// A line that names the text.
pub fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let hint = if text.contains(',') { "; write a decimal point" } else { "" };
    text.parse().map_err(|_| format!("`{text}` is no number{hint}"))
}

/// The number in front and the unit behind it, lower case, without `°` and with plain digits.
fn split(text: &str) -> Result<(f64, String), String> {
    let text = text.trim();
    // `1e3` is a number, `85.5F` one with a unit: the longest part in front that reads as a number counts.
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
    let found = ends
        .filter_map(|end| text.split_at_checked(end))
        .find_map(|(head, tail)| head.trim().parse::<f64>().ok().map(|number| (number, tail)));
    let Some((value, unit)) = found else { return number(text).map(|value| (value, String::new())) };
    let unit = unit.trim().replace('°', "").replace('³', "3").to_lowercase();
    if unit.starts_with(',') { number(text).map(|value| (value, unit)) } else { Ok((value, unit)) }
}

fn unknown(unit: &str, known: &str) -> String {
    format!("unknown unit `{unit}`; write {known}")
}

fn said<T>(result: Result<T, VolumetricError>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}
