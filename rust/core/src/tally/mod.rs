//! The tally: counts of each outcome for each ordered pair of contestants.
//!
//! The tally is a sufficient statistic of a match log. Counts are integers, so tallies are added
//! exactly and the result does not depend on the order of the rows.

mod counting;
mod dense;
mod difference;
mod outcome;
mod place;
mod sparse;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::Error;
use counting::{add_counts, in_range};
use dense::{DENSE_LIMIT, Dense};
pub use difference::difference;
pub(crate) use difference::each as each_difference;
pub use outcome::{Cell, Outcome};
pub(crate) use place::same_block;
pub use place::{MOST_CONTESTANTS, place};
pub(crate) use sparse::Cells;
use sparse::Sparse;

/// The key of a match that is not plain: (first, second, outcome, score bits, weight bits).
type SpecialKey = (u32, u32, u8, u64, u64);

/// Exact counts of matches by ordered pair and outcome.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    contestants: usize,
    plain: Plain,
    special: BTreeMap<SpecialKey, u64>,
}

#[derive(Clone, Debug)]
enum Plain {
    Dense(Dense),
    Sparse(Sparse),
}

impl Default for Plain {
    fn default() -> Self {
        Self::Dense(Dense::default())
    }
}

impl Tally {
    /// Creates an empty tally of `contestants`, which can be enlarged with [`Tally::grow`].
    #[must_use]
    pub fn new(contestants: usize) -> Self {
        let mut tally = Self::default();
        tally.grow(contestants);
        tally
    }

    /// The number of contestants, including those without a match.
    #[must_use]
    pub fn contestants(&self) -> usize {
        self.contestants
    }

    /// Makes room for contestants with codes up to `contestants - 1`.
    pub fn grow(&mut self, contestants: usize) {
        if contestants <= self.contestants {
            return;
        }
        self.contestants = contestants;
        let Plain::Dense(old) = &self.plain else {
            return;
        };
        if contestants <= old.stride {
            return;
        }
        let cells: Vec<Cell> = self.plain_cells().collect();
        if contestants <= DENSE_LIMIT {
            self.plain = Plain::Dense(Dense::new(contestants));
            for cell in cells {
                // The counts fitted before, so they cannot overflow.
                let _ = self.add_cell(&cell);
            }
        } else {
            let mut sparse = Sparse::default();
            for cell in cells {
                // Each cell occurs once, so no sum can overflow.
                let _ = sparse.push(cell.first, cell.second, cell.outcome, cell.count);
            }
            self.plain = Plain::Sparse(sparse);
        }
    }

    /// Counts `count` matches of weight 1 with a plain outcome.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    ///
    /// # Panics
    /// If a contestant is outside the field, or the outcome is soft.
    pub fn add(
        &mut self,
        first: u32,
        second: u32,
        outcome: Outcome,
        count: u64,
    ) -> Result<(), Error> {
        assert!((first as usize) < self.contestants && (second as usize) < self.contestants);
        match &mut self.plain {
            Plain::Dense(dense) => dense.add(first, second, outcome, count),
            Plain::Sparse(_) if count == 0 => Ok(()),
            Plain::Sparse(sparse) => sparse.push(first, second, outcome, count),
        }
    }

    /// Counts plain matches of weight 1, one per row, using all threads.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits. [`Error::OutOfRange`] if a
    /// row contains a contestant outside the field, a contestant matched with itself, or an outcome
    /// that is not plain. In this case no row is counted.
    ///
    /// # Panics
    /// If the columns differ in length.
    pub fn add_columns(
        &mut self,
        first: &[u32],
        second: &[u32],
        outcome: &[u8],
    ) -> Result<(), Error> {
        assert!(first.len() == second.len() && first.len() == outcome.len());
        let contestants = self.contestants as u32;
        match &mut self.plain {
            Plain::Dense(dense) => dense.add_columns(first, second, outcome, contestants),
            Plain::Sparse(sparse) => {
                let good = (first.par_chunks(1 << 20))
                    .zip(second.par_chunks(1 << 20))
                    .zip(outcome.par_chunks(1 << 20))
                    .all(|((first, second), outcome)| {
                        in_range(first, second, outcome, contestants)
                    });
                if !good {
                    return Err(Error::OutOfRange);
                }
                sparse.add_columns(first, second, outcome)
            }
        }
    }

    /// Counts matches of any kind: soft, weighted or plain.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    ///
    /// # Panics
    /// If a contestant is outside the field.
    pub fn add_cell(&mut self, cell: &Cell) -> Result<(), Error> {
        if cell.outcome != Outcome::Soft && cell.weight == 1.0 {
            return self.add(cell.first, cell.second, cell.outcome, cell.count);
        }
        assert!(
            (cell.first as usize) < self.contestants && (cell.second as usize) < self.contestants
        );
        if cell.count > 0 {
            let key = (
                cell.first,
                cell.second,
                cell.outcome as u8,
                cell.score.to_bits(),
                cell.weight.to_bits(),
            );
            let slot = self.special.entry(key).or_insert(0);
            *slot = add_counts(*slot, cell.count)?;
        }
        Ok(())
    }

    /// Adds another tally over the same codes.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.grow(other.contestants);
        other.cells().try_for_each(|cell| self.add_cell(&cell))
    }

    /// Returns the same matches with other codes: contestant `i` becomes `codes[i]`. Matches of
    /// contestants whose code is `None` are omitted.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    pub fn relabel(&self, codes: &[Option<u32>]) -> Result<Self, Error> {
        let contestants = codes
            .iter()
            .flatten()
            .max()
            .map_or(0, |&max| max as usize + 1);
        let mut out = Self::new(contestants);
        let relabelled = |cell: Cell| {
            let (first, second) = (codes[cell.first as usize]?, codes[cell.second as usize]?);
            Some(Cell {
                first,
                second,
                ..cell
            })
        };
        if let (Plain::Sparse(from), Plain::Sparse(to)) = (&self.plain, &mut out.plain) {
            *to = from.relabel(codes, contestants as u32 - 1)?;
            self.special_cells()
                .filter_map(relabelled)
                .try_for_each(|cell| out.add_cell(&cell))?;
        } else {
            self.cells()
                .filter_map(relabelled)
                .try_for_each(|cell| out.add_cell(&cell))?;
        }
        out.settle()?;
        Ok(out)
    }

    /// Whether no rows are buffered.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match &self.plain {
            Plain::Dense(_) => true,
            Plain::Sparse(sparse) => sparse.is_settled(),
        }
    }

    /// Merges the buffered rows. Reading does not require this, but is cheaper afterwards.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    pub fn settle(&mut self) -> Result<(), Error> {
        match &mut self.plain {
            Plain::Dense(_) => Ok(()),
            Plain::Sparse(sparse) => sparse.settle(),
        }
    }

    /// Iterates over the cells that contain a match: the plain ones by pair, then the others. A
    /// sparse tally that is not settled may return a cell in several parts.
    #[must_use]
    pub fn cells(&self) -> Box<dyn Iterator<Item = Cell> + '_> {
        Box::new(self.plain_cells().chain(self.special_cells()))
    }

    /// Iterates over the cells of matches that are neither soft nor weighted, by unordered pair,
    /// then by the contestant that was shown first, then by outcome.
    fn plain_cells(&self) -> Box<dyn Iterator<Item = Cell> + '_> {
        match &self.plain {
            Plain::Dense(_) => {
                let mut cells = Vec::new();
                self.for_each_pair(|low, high, counts| {
                    for (at, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                        let (first, second) = if at < 4 { (low, high) } else { (high, low) };
                        cells.push(Cell::plain((first, second, Outcome::PLAIN[at % 4], count)));
                    }
                });
                Box::new(cells.into_iter())
            }
            Plain::Sparse(sparse) => Box::new(sparse.cells().map(Cell::plain)),
        }
    }

    /// Iterates over the buffered cells, one per row.
    fn unsettled(&self) -> impl Iterator<Item = Cell> + '_ {
        let sparse = match &self.plain {
            Plain::Dense(_) => None,
            Plain::Sparse(sparse) => Some(sparse),
        };
        sparse
            .into_iter()
            .flat_map(|sparse| sparse.fresh().map(Cell::plain))
    }

    /// Visits the plain matches of a settled tally by unordered pair, in order: the lower
    /// contestant, the higher contestant, and the count of each outcome, first for matches in which
    /// the lower contestant was shown first, then for the others.
    pub fn for_each_pair(&self, mut visit: impl FnMut(u32, u32, &[u64; 8])) {
        match &self.plain {
            Plain::Dense(dense) => dense.for_each_pair(self.contestants, visit),
            Plain::Sparse(sparse) => {
                for cells in sparse.settled() {
                    cells
                        .pairs()
                        .for_each(|(low, high, both)| visit(low, high, &both));
                }
            }
        }
    }

    /// Returns the plain matches of a settled sparse tally in parts, each in order.
    pub(crate) fn tiles(&self) -> Option<Vec<Cells<'_>>> {
        match &self.plain {
            Plain::Dense(_) => None,
            Plain::Sparse(sparse) => Some(sparse.settled().collect()),
        }
    }

    /// Iterates over the cells of soft or weighted matches.
    pub fn special_cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.special
            .iter()
            .map(|(&(first, second, outcome, score, weight), &count)| Cell {
                first,
                second,
                outcome: Outcome::from_code(outcome).unwrap_or(Outcome::Soft),
                score: f64::from_bits(score),
                weight: f64::from_bits(weight),
                count,
            })
    }

    /// Whether a tally of this many contestants is sparse, so that all threads work on it.
    #[must_use]
    pub fn is_sparse_with(contestants: usize) -> bool {
        contestants > DENSE_LIMIT
    }

    /// Whether the tally is sparse, so that all threads work on it.
    #[must_use]
    pub fn is_sparse(&self) -> bool {
        matches!(self.plain, Plain::Sparse(_))
    }

    /// An upper bound on the number of pairs that have met.
    #[must_use]
    pub fn pairs_at_most(&self) -> usize {
        match &self.plain {
            Plain::Dense(_) => self.special.len() + self.contestants * self.contestants / 2,
            Plain::Sparse(sparse) => self.special.len() + sparse.words(),
        }
    }

    /// Whether each contestant has a match.
    #[must_use]
    pub fn played(&self) -> Vec<bool> {
        let mut played = vec![false; self.contestants];
        match &self.plain {
            Plain::Dense(dense) => dense.mark_played(&mut played),
            Plain::Sparse(sparse) => sparse.settled().for_each(|cells| cells.mark(&mut played)),
        }
        for cell in self.unsettled().chain(self.special_cells()) {
            played[cell.first as usize] = true;
            played[cell.second as usize] = true;
        }
        played
    }

    /// The number of matches of each outcome: first, second, tie, both bad, soft.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the total number of matches exceeds 64 bits.
    pub fn outcomes(&self) -> Result<[u64; 5], Error> {
        let mut totals = [0_u128; 5];
        match &self.plain {
            Plain::Dense(dense) => totals[..4].copy_from_slice(&dense.outcomes()),
            Plain::Sparse(sparse) => {
                let tiles: Vec<Cells<'_>> = sparse.settled().collect();
                let sums: Vec<[u128; 8]> = tiles.par_iter().map(Cells::sums).collect();
                for (at, count) in sums.iter().flat_map(|sums| sums.iter().enumerate()) {
                    totals[at % 4] += count;
                }
            }
        }
        for cell in self.unsettled().chain(self.special_cells()) {
            totals[cell.outcome as usize] += u128::from(cell.count);
        }
        u64::try_from(totals.iter().sum::<u128>()).map_err(|_| Error::CountOverflow)?;
        Ok(totals.map(|total| total as u64))
    }

    /// The number of matches.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the number exceeds 64 bits.
    pub fn matches(&self) -> Result<u64, Error> {
        self.cells()
            .try_fold(0, |total, cell| add_counts(total, cell.count))
    }
}
