//! Rounding as printed tables do it, and an exponential for the small arguments that occur here.

/// Largest argument of the polynomial in [`exp`].
pub(super) const SMALL: f64 = 0.35;

/// `eˣ`. Up to |x| = 0.35 a Taylor polynomial of degree 13 (relative error below 4e-16 there), which a compiler can
/// vectorise and which gives the same bits in scalar and batch code; `f64::exp` beyond.
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    if x.abs() <= SMALL { exp_small(x) } else { x.exp() }
}

/// The polynomial of [`exp`] without the check of its range, in Estrin's form: short dependency chains.
#[inline(always)]
pub(super) fn exp_small(x: f64) -> f64 {
    let x2 = x * x;
    let x4 = x2 * x2;
    let low = (1.0 + x) + x2 * (1.0 / 2.0 + x * (1.0 / 6.0));
    let second = (1.0 / 24.0 + x * (1.0 / 120.0)) + x2 * (1.0 / 720.0 + x * (1.0 / 5040.0));
    let third = (1.0 / 40_320.0 + x * (1.0 / 362_880.0)) + x2 * (1.0 / 3_628_800.0 + x * (1.0 / 39_916_800.0));
    let fourth = 1.0 / 479_001_600.0 + x * (1.0 / 6_227_020_800.0);
    low + x4 * (second + x4 * (third + x4 * fourth))
}

/// `eˣ − 1` for |x| below 1e-3, without the loss of digits a subtraction would bring.
#[inline(always)]
pub(super) fn exp_m1_tiny(x: f64) -> f64 {
    x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0)))))
}

const POWERS: [f64; 11] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

/// Ten to `decimals`, at most ten.
#[inline(always)]
fn scale(decimals: usize) -> f64 {
    POWERS.get(decimals).copied().unwrap_or(1e10)
}

/// Rounds half away from zero to `decimals` places (at most ten).
#[inline]
pub(super) fn round(value: f64, decimals: usize) -> f64 {
    half_away(decimal(value * scale(decimals))) / scale(decimals)
}

/// Cuts off after `decimals` places (at most ten), towards zero.
#[inline]
pub(super) fn trunc(value: f64, decimals: usize) -> f64 {
    whole(decimal(value * scale(decimals))) / scale(decimals)
}

/// Rounds to the nearest of `per_unit` steps per unit, half away from zero.
#[inline]
pub(super) fn round_to(value: f64, per_unit: f64) -> f64 {
    half_away(decimal(value * per_unit)) / per_unit
}

/// Binary noise in the last digits of a scaled decimal (`29.7 / 0.05 = 593.9999999999999`) would round or cut the
/// wrong way: snaps to the nearest integer or half when within a few ulps.
#[inline]
fn decimal(scaled: f64) -> f64 {
    let doubled = half_away(scaled * 2.0) / 2.0;
    if (scaled - doubled).abs() <= 4.0 * f64::EPSILON * scaled.abs() { doubled } else { scaled }
}

/// `f64::trunc`, as one machine instruction where the value allows: the library's own is a call on older targets.
#[inline(always)]
fn whole(value: f64) -> f64 {
    if value.abs() < 4e15 { value as i64 as f64 } else { value.trunc() }
}

/// Nearest integer, half away from zero.
#[inline(always)]
fn half_away(value: f64) -> f64 {
    whole(value + 0.5_f64.copysign(value))
}
