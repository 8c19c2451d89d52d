//! Exact small decimals: enough to tell the constants of a policy apart, and nothing that rounds.

use std::cmp::Ordering;

/// `mantissa / 10^scale` without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Decimal {
    mantissa: i64,
    scale: u32,
}

/// Digits a double holds without loss, so that two constants differ in PostgreSQL where they differ here.
const MAX_DIGITS: usize = 15;

impl Decimal {
    /// Reads `-12.50`; `None` for other notations and for more digits than are exact in every numeric type.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let joined = format!("{whole}{fraction}");
        if joined.is_empty() || joined.len() > MAX_DIGITS || !joined.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mantissa: i64 = joined.parse().ok()?;
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// Has no fraction.
    pub(super) const fn is_integer(self) -> bool {
        self.scale == 0
    }

    pub(super) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scaled = |number: &Self, scale: u32| i128::from(number.mantissa) * 10_i128.pow(scale);
        scaled(self, other.scale).cmp(&scaled(other, self.scale))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
