//! Counts of few contestants: a table with a slot for every cell.

use rayon::prelude::*;

use super::{Outcome, add_counts, in_range};
use crate::Error;

/// Up to this many contestants the plain matches are counted in a dense table.
pub(super) const DENSE_LIMIT: usize = 1024;

/// `counts[first * stride + second][outcome]`; the stride is a power of two.
#[derive(Clone, Debug, Default)]
pub(super) struct Dense {
    pub(super) stride: usize,
    pub(super) counts: Vec<[u64; 4]>,
}

impl Dense {
    /// A table with room for so many contestants.
    pub(super) fn new(contestants: usize) -> Self {
        let stride = contestants.next_power_of_two();
        Self {
            stride,
            counts: vec![[0; 4]; stride * stride],
        }
    }

    pub(super) fn slot(&mut self, first: u32, second: u32, outcome: Outcome) -> &mut u64 {
        &mut self.counts[first as usize * self.stride + second as usize][outcome as usize]
    }

    /// The cells that hold a match: first, second, outcome, count.
    pub(super) fn occupied(&self) -> impl Iterator<Item = (u32, u32, Outcome, u64)> + '_ {
        self.counts
            .iter()
            .enumerate()
            .flat_map(move |(at, outcomes)| {
                Outcome::PLAIN.into_iter().filter_map(move |outcome| {
                    let count = outcomes[outcome as usize];
                    let (first, second) = (at / self.stride, at % self.stride);
                    (count > 0).then_some((first as u32, second as u32, outcome, count))
                })
            })
    }

    /// Counts rows, one match each, on all threads.
    pub(super) fn add_columns(
        &mut self,
        first: &[u32],
        second: &[u32],
        outcome: &[u8],
        contestants: u32,
    ) -> Result<(), Error> {
        let (stride, cells) = (self.stride, self.counts.len() * 4);
        // A table of its own pays for a thread that counts more rows than it has cells.
        let parts = (first.len() / cells.max(1 << 14)).min(rayon::current_num_threads());
        if parts == 0 {
            if !in_range(first, second, outcome, contestants) {
                return Err(Error::OutOfRange);
            }
            for ((&first, &second), &outcome) in first.iter().zip(second).zip(outcome) {
                let at = first as usize * stride + second as usize;
                let slot = &mut self.counts[at][outcome as usize];
                *slot = add_counts(*slot, 1)?;
            }
            return Ok(());
        }
        let length = first.len().div_ceil(parts).min(u32::MAX as usize);
        let tables = (first.par_chunks(length))
            .zip(second.par_chunks(length))
            .zip(outcome.par_chunks(length))
            .map(|((first, second), outcome)| count(first, second, outcome, contestants, stride))
            .collect::<Option<Vec<_>>>()
            .ok_or(Error::OutOfRange)?;
        for table in tables {
            for (total, part) in self.counts.as_flattened_mut().iter_mut().zip(table) {
                *total = add_counts(*total, u64::from(part))?;
            }
        }
        Ok(())
    }

    /// Visits the pairs that met, as [`super::Tally::for_each_pair`] does.
    pub(super) fn for_each_pair(
        &self,
        contestants: usize,
        mut visit: impl FnMut(u32, u32, &[u64; 8]),
    ) {
        let (stride, counts) = (self.stride, &self.counts);
        let contestants = contestants.min(stride);
        for low in 0..contestants {
            for high in low + 1..contestants {
                let (ab, ba) = (&counts[low * stride + high], &counts[high * stride + low]);
                let both = [ab[0], ab[1], ab[2], ab[3], ba[0], ba[1], ba[2], ba[3]];
                if both != [0; 8] {
                    visit(low as u32, high as u32, &both);
                }
            }
        }
    }
}

/// Counts rows into a table of its own; none if a row is out of range.
fn count(
    first: &[u32],
    second: &[u32],
    outcome: &[u8],
    contestants: u32,
    stride: usize,
) -> Option<Vec<u32>> {
    let mut table = vec![0_u32; stride * stride * 4];
    let last = table.len().checked_sub(1)?;
    let mut bad = false;
    for ((&first, &second), &outcome) in first.iter().zip(second).zip(outcome) {
        bad |= first >= contestants || second >= contestants || first == second || outcome > 3;
        // The stride is a power of two, so the mask keeps every good row as it is.
        let at = (((first as usize * stride) + second as usize) << 2) | outcome as usize;
        table[at & last] += 1;
    }
    (!bad).then_some(table)
}
