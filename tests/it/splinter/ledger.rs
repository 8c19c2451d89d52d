//! Where we differ from splinter on purpose, and why; the tests below show on a server that the reason holds.

/// Who finds something the other does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    OnlySplinter,
    OnlyGardefou,
}

/// One intended difference.
pub(crate) struct Line {
    lint: &'static str,
    side: Side,
    keys: &'static [&'static str],
    pub(crate) reason: &'static str,
}

impl Line {
    pub(crate) fn explains(&self, lint: &str, side: Side, key: &str) -> bool {
        self.lint == lint && self.side == side && self.keys.contains(&key)
    }
}

pub(crate) const LEDGER: &[Line] = &[];
