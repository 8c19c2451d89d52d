//! Rounding as printed tables do it, and an exponential for the small arguments that occur here.

/// Largest argument of the polynomial in [`exp`].
const SMALL: f64 = 0.35;

/// `eˣ`. Up to |x| = 0.35 a Taylor polynomial of degree 13 in Horner form (relative error below 3e-16 there), which a
/// compiler can vectorise and which gives the same bits in scalar and batch code; `f64::exp` beyond.
pub(super) fn exp(x: f64) -> f64 {
    if x.abs() <= SMALL { exp_small(x) } else { x.exp() }
}

/// The polynomial of [`exp`] without the check of its range.
#[inline]
pub(super) fn exp_small(x: f64) -> f64 {
    const INVERSE_FACTORIALS: [f64; 14] = [
        1.0,
        1.0,
        0.5,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
        1.0 / 6_227_020_800.0,
    ];
    INVERSE_FACTORIALS.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// Rounds half away from zero to `decimals` places.
pub(super) fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    decimal(value * scale).round() / scale
}

/// Cuts off after `decimals` places, towards zero.
pub(super) fn trunc(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    decimal(value * scale).trunc() / scale
}

/// Rounds to the nearest multiple of `step`, half away from zero.
pub(super) fn round_to(value: f64, step: f64) -> f64 {
    decimal(value / step).round() * step
}

/// Binary noise in the last digits of a scaled decimal (`29.7 / 0.05 = 593.9999999999999`) would round or cut the
/// wrong way: snaps to the nearest integer or half when within a few ulps.
fn decimal(scaled: f64) -> f64 {
    let doubled = (scaled * 2.0).round() / 2.0;
    if (scaled - doubled).abs() <= 4.0 * f64::EPSILON * scaled.abs() { doubled } else { scaled }
}
