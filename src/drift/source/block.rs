//! Many rows as columns: numbers side by side for the batch engine, products and groups as small numbers, and of a key
//! nothing but its place, because only wrong rows are asked for it.

use rustc_hash::FxHashMap;

use super::Row;
use crate::drift::DriftError;

/// Rows in a block.
pub const ROWS: usize = 4096;

/// A product or group that has no number: the row is to be looked at in full.
pub const UNNUMBERED: u32 = u32::MAX;

/// More different products or groups than this get no number, to keep memory constant.
const MOST_NUMBERS: usize = 16_384;

/// Rows as columns. Reused: filling overwrites it.
#[derive(Debug, Default)]
pub struct Block {
    /// How many.
    pub rows: usize,
    /// Numbers of the products; empty where there is no such column.
    pub products: Vec<u32>,
    /// Numbers of the groups; empty where rows are not grouped.
    pub groups: Vec<u32>,
    /// Days since 1970-01-01; empty where there is no such column.
    pub days: Vec<Option<i32>>,
    /// Volume, temperature, density, density15, vcf, volume15: NaN where it is no plain number, empty where there is no
    /// such column.
    pub cells: [Vec<f64>; 6],
}

impl Block {
    /// Without rows.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.products.clear();
        self.groups.clear();
        self.days.clear();
        self.cells.iter_mut().for_each(Vec::clear);
    }
}

/// A source that reads many rows at once.
pub trait Blocks {
    /// Reads up to [`ROWS`] rows; false, and none read, at the end.
    ///
    /// # Errors
    /// As [`super::Source::read`].
    fn fill(&mut self, block: &mut Block) -> Result<bool, DriftError>;

    /// Row `at` of the block read last, in full.
    fn row(&self, at: usize, row: &mut Row);

    /// Values of the `group-by` columns behind a number.
    fn group(&self, id: u32) -> Vec<String>;

    /// The product behind a number; `None` where it is NULL.
    fn product(&self, id: u32) -> Option<String>;
}

/// Small numbers for byte strings that come again and again.
#[derive(Debug, Default)]
pub struct Numbers {
    known: FxHashMap<Box<[u8]>, u32>,
    all: Vec<Box<[u8]>>,
}

impl Numbers {
    /// The number of `bytes`; [`UNNUMBERED`] where there are too many different ones.
    pub fn number(&mut self, bytes: &[u8]) -> u32 {
        if let Some(number) = self.known.get(bytes) {
            return *number;
        }
        let Some(number) = u32::try_from(self.all.len()).ok().filter(|_| self.all.len() < MOST_NUMBERS) else {
            return UNNUMBERED;
        };
        self.known.insert(bytes.into(), number);
        self.all.push(bytes.into());
        number
    }

    /// The bytes behind a number.
    #[must_use]
    pub fn bytes(&self, number: u32) -> &[u8] {
        usize::try_from(number).ok().and_then(|at| self.all.get(at)).map_or(&[], |bytes| bytes)
    }
}
