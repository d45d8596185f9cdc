//! Counts of rows of codes: how often each combination of codes occurs.
//!
//! A log has many rows but few distinct ones, so checking each distinct row once is sufficient.
//! Rows are counted in a dense table, with one dimension per column, while their codes are still in
//! the cache. They are never written to memory.

use crate::Columns;

/// The maximum number of cells of a table. With more, counting takes longer than returning the
/// rows.
pub const MOST_CELLS: usize = 1 << 22;
/// A table of this many cells is cheap for any number of rows.
pub const FEW_CELLS: usize = 1 << 16;
/// The number of rows whose cells are computed before they are counted, which fit the L1 cache.
pub const STEP: usize = 1 << 11;

/// A dense table of counts.
#[derive(Clone, Debug)]
pub struct Cells {
    sizes: Vec<usize>,
    counts: Vec<u32>,
}

/// The size of a table with the given numbers of codes per column, if it is at most `most`.
#[must_use]
pub fn size(sizes: &[usize], most: usize) -> Option<usize> {
    sizes
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size))
        .filter(|&size| size <= most)
}

impl Cells {
    /// Creates an empty table. The codes of column `i` must be below `sizes[i]`.
    #[must_use]
    pub fn new(sizes: Vec<usize>) -> Self {
        let counts = vec![0; sizes.iter().product()];
        Self { sizes, counts }
    }

    /// The number of codes of each column.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The distance between the cells of consecutive codes of a column.
    #[must_use]
    pub fn stride(&self, column: usize) -> u32 {
        self.sizes[column + 1..].iter().product::<usize>() as u32
    }

    /// Makes room for further codes.
    pub fn grow(&mut self, sizes: Vec<usize>) {
        let old = std::mem::replace(self, Self::new(sizes));
        old.for_each(|codes, count| {
            let at = codes.iter().zip(&self.sizes);
            let at = at.fold(0, |at, (&code, &size)| at * size + code as usize);
            self.counts[at] = count;
        });
    }

    /// Counts rows given by their cells.
    ///
    /// # Panics
    /// If a cell is outside the table.
    pub fn add(&mut self, cells: &[u32]) {
        for &cell in cells {
            self.counts[cell as usize] += 1;
        }
    }

    /// Adds another table of the same size.
    pub fn merge(&mut self, other: &Self) {
        for (count, &more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Sets all counts to 0 but keeps the size.
    pub fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// Visits the combinations that occurred, in the order of their codes.
    pub fn for_each(&self, mut visit: impl FnMut(&[u32], u32)) {
        let mut codes = vec![0; self.sizes.len()];
        for (at, &count) in self.counts.iter().enumerate() {
            if count == 0 {
                continue;
            }
            let mut rest = at;
            for (code, &size) in codes.iter_mut().zip(&self.sizes).rev() {
                *code = (rest % size) as u32;
                rest /= size;
            }
            visit(&codes, count);
        }
    }
}

/// Rows as columns of codes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// One column of codes for each requested column, all of equal length.
    pub columns: Columns,
    /// The number of occurrences of each row; `None` if the rows are in the order of the file and
    /// each occurred once.
    pub times: Option<Vec<u64>>,
}

impl From<Columns> for Rows {
    fn from(columns: Columns) -> Self {
        Self {
            columns,
            times: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_counted_is_what_was_added_whenever_the_table_grew(
            rows in prop::collection::vec((0u32..5, 0u32..3, 0u32..4), 0..200),
            grown in 0usize..200,
        ) {
            let mut cells = Cells::new(vec![5, 3, 4]);
            let mut expected = BTreeMap::new();
            for (row, &(a, b, c)) in rows.iter().enumerate() {
                if row == grown {
                    cells.grow(vec![6, 8, 4]);
                }
                let at = a * cells.stride(0) + b * cells.stride(1) + c * cells.stride(2);
                cells.add(&[at]);
                *expected.entry(vec![a, b, c]).or_insert(0) += 1;
            }
            let mut found = Vec::new();
            cells.for_each(|codes, count| found.push((codes.to_vec(), count)));
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_table_that_is_too_large_has_no_size() {
        assert_eq!(size(&[100, 100, 4], 40_000), Some(40_000));
        assert_eq!(size(&[100, 100, 4], 39_999), None);
        assert_eq!(size(&[usize::MAX, 2], usize::MAX), None);
    }
}
