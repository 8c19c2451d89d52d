//! PostgreSQL's binary values → numbers with the decimals they are stored with.

use super::Cell;

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A binary `numeric`: digits in base 10000.
pub(super) fn numeric(bytes: &[u8]) -> Cell {
    let word =
        |at: usize| bytes.get(at..at + 2).map_or(0, |pair| pair.iter().fold(0_u16, |n, b| n << 8 | u16::from(*b)));
    let (count, weight, sign, scale) = (usize::from(word(0)), word(2) as i16, word(4), word(6));
    let negative = match sign {
        0x0000 => false,
        0x4000 => true,
        0xC000 => return Cell::Bad("NaN".to_owned()),
        0xD000 => return Cell::Bad("Infinity".to_owned()),
        _ => return Cell::Bad("-Infinity".to_owned()),
    };
    let digits = (0..count).map(|i| word(8 + 2 * i));
    let value = exact(digits.clone(), count, weight).unwrap_or_else(|| summed(digits, weight));
    Cell::Number(if negative { -value } else { value }, u8::try_from(scale).unwrap_or(u8::MAX))
}

/// The value [`numeric`] gives; NaN where that is no number.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> f64 {
    short(bytes).unwrap_or_else(|| match numeric(bytes) {
        Cell::Number(value, _) => value,
        _ => f64::NAN,
    })
}

/// A positive number of up to three digits: nearly all there are.
#[inline(always)]
fn short(bytes: &[u8]) -> Option<f64> {
    let (head, digits) = bytes.split_first_chunk::<8>()?;
    let [_, _, weight_high, weight_low, 0, 0, _, _] = *head else { return None };
    let weight = i16::from_be_bytes([weight_high, weight_low]);
    let (total, count) = match *digits {
        [a, b] => (pair(a, b), 1),
        [a, b, c, d] => (pair(a, b) * 10_000 + pair(c, d), 2),
        [a, b, c, d, e, f] => (pair(a, b) * 100_000_000 + pair(c, d) * 10_000 + pair(e, f), 3),
        _ => return None,
    };
    scaled(total, count, weight)
}

#[inline(always)]
fn pair(high: u8, low: u8) -> u64 {
    u64::from(u16::from_be_bytes([high, low]))
}

/// The correctly rounded value, where all digits fit into the integers f64 holds exactly.
fn exact(digits: impl Iterator<Item = u16>, count: usize, weight: i16) -> Option<f64> {
    if count > 4 {
        let total = digits.map(u64::from).try_fold(0_u64, |n, digit| n.checked_mul(10_000)?.checked_add(digit))?;
        return scaled(total, count, weight);
    }
    scaled(digits.fold(0, |n, digit| n * 10_000 + u64::from(digit)), count, weight)
}

#[inline(always)]
fn scaled(total: u64, count: usize, weight: i16) -> Option<f64> {
    let exponent = 4 * (i32::from(weight) + 1 - i32::try_from(count).ok()?);
    let power = POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?)?;
    if total >= 1 << 53 {
        return None;
    }
    let total = total as f64;
    Some(if exponent < 0 { total / power } else { total * power })
}

/// The value of very long numbers, to a few ulps.
fn summed(digits: impl Iterator<Item = u16>, weight: i16) -> f64 {
    digits.zip(0..).map(|(digit, i): (u16, i32)| f64::from(digit) * 10_000_f64.powi(i32::from(weight) - i)).sum()
}

/// A float: its shortest decimal form tells the decimals.
pub(super) fn float(value: f64) -> Cell {
    if !value.is_finite() {
        return Cell::Bad(value.to_string());
    }
    Cell::Number(value, decimals(value))
}

/// Fewest decimals that give the value back, up to six; more do not matter to any check.
fn decimals(value: f64) -> u8 {
    let fits = |decimals: u8| {
        let scaled = value * POWERS.get(usize::from(decimals)).copied().unwrap_or(1.0);
        (scaled - scaled.round()).abs() <= scaled.abs() * 4.0 * f64::EPSILON
    };
    (0..6).find(|decimals| fits(*decimals)).unwrap_or(6)
}
