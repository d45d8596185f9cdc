//! Counts of few contestants: a table with a slot for every cell.

use std::{collections::BTreeMap, ops::Range};

use rayon::prelude::*;

use super::{
    counting::{add_counts, in_range},
    outcome::Outcome,
};
use crate::Error;

/// Up to this many contestants, plain matches are counted in a dense table.
pub(super) const DENSE_LIMIT: usize = 1024;

/// The number of rows that are converted to slots before any of them is counted.
const BLOCK: usize = 128;

/// Fewer rows than this are counted faster than other threads start.
const FEW_ROWS: usize = 1 << 15;

/// `counts[low * stride + high][4 * swapped + outcome]`, where `swapped` means that the
/// higher-numbered contestant was shown first. All counts of a pair are adjacent, and half of the
/// table is never accessed. The stride is a power of two.
///
/// Most counts are small, and the memory traffic of a large table takes longer than the counting.
/// The table therefore holds the lowest 16 bits of each count, and the carries are stored
/// separately.
#[derive(Clone, Debug, Default)]
pub(super) struct Dense {
    pub(super) stride: usize,
    counts: Vec<[u16; 8]>,
    /// The carry of each slot of the flat table, in multiples of 2^16.
    carried: BTreeMap<u32, u64>,
}

/// The number of bits of a count that the table holds.
const CARRY: u32 = u16::BITS;

/// The slot of a cell in the flat table; an arbitrary slot if a contestant is out of range.
#[inline]
fn slot_of(first: u32, second: u32, outcome: u8, shift: u32) -> u32 {
    let (low, high) = (first.min(second), first.max(second));
    let swapped = u32::from(first > second);
    (((low << shift) | high) << 3) | (swapped << 2) | u32::from(outcome)
}

/// Adds a multiple of 2^16 to the carry of a slot.
#[cold]
fn carry(carried: &mut BTreeMap<u32, u64>, slot: u32, times: u64) -> Result<(), Error> {
    let carried = carried.entry(slot).or_default();
    let total = *carried + times;
    if total > u64::MAX >> CARRY {
        return Err(Error::CountOverflow);
    }
    *carried = total;
    Ok(())
}

impl Dense {
    /// Returns an empty table with capacity for `contestants`.
    pub(super) fn new(contestants: usize) -> Self {
        let stride = contestants.next_power_of_two();
        Self {
            stride,
            counts: vec![[0; 8]; stride * stride],
            carried: BTreeMap::new(),
        }
    }

    /// Counts `count` matches.
    pub(super) fn add(
        &mut self,
        first: u32,
        second: u32,
        outcome: Outcome,
        count: u64,
    ) -> Result<(), Error> {
        self.add_to(slot_of(first, second, outcome as u8, self.shift()), count)
    }

    #[inline]
    fn add_to(&mut self, slot: u32, count: u64) -> Result<(), Error> {
        let held = &mut self.counts.as_flattened_mut()[slot as usize];
        let sum = add_counts(u64::from(*held), count)?;
        let low = sum as u16;
        if u64::from(low) != sum {
            carry(&mut self.carried, slot, sum >> CARRY)?;
        }
        *held = low;
        Ok(())
    }

    /// Counts rows, one match each, on all threads.
    pub(super) fn add_columns(
        &mut self,
        first: &[u32],
        second: &[u32],
        outcome: &[u8],
        contestants: u32,
    ) -> Result<(), Error> {
        if first.len() < FEW_ROWS || contestants == 0 {
            if !in_range(first, second, outcome, contestants) {
                return Err(Error::OutOfRange);
            }
            let shift = self.shift();
            for ((&first, &second), &outcome) in first.iter().zip(second).zip(outcome) {
                self.add_to(slot_of(first, second, outcome, shift), 1)?;
            }
            return Ok(());
        }
        let rows = (first, second, outcome);
        // A separate table pays off for a thread that counts more rows than the table has cells.
        let cells = 4 * contestants as usize * contestants as usize;
        let threads = rayon::current_num_threads();
        match (first.len() / cells.max(FEW_ROWS)).min(threads) {
            0 => self.add_by_pair(rows, contestants, threads),
            parts => self.add_by_part(rows, contestants, parts),
        }
    }

    fn shift(&self) -> u32 {
        self.stride.trailing_zeros()
    }

    /// Counts rows by splitting them between the threads, each of which uses its own table.
    fn add_by_part(&mut self, rows: Rows, contestants: u32, parts: usize) -> Result<(), Error> {
        let (first, second, outcome) = rows;
        let length = first.len().div_ceil(parts).min(u32::MAX as usize);
        let shift = self.shift();
        let tables = (first.par_chunks(length))
            .zip(second.par_chunks(length))
            .zip(outcome.par_chunks(length))
            .map(|((first, second), outcome)| count((first, second, outcome), contestants, shift))
            .collect::<Option<Vec<_>>>()
            .ok_or(Error::OutOfRange)?;
        let (stride, n) = (self.stride, contestants as usize);
        for table in tables {
            for low in 0..n {
                let row = 8 * (low * stride + low + 1)..8 * (low * stride + n);
                for (slot, &part) in (row.start as u32..).zip(&table[row]) {
                    self.add_to(slot, u64::from(part))?;
                }
            }
        }
        Ok(())
    }

    /// Counts rows by splitting the pairs between the threads: each thread reads all rows and
    /// counts those of its own lower-numbered contestants.
    fn add_by_pair(&mut self, rows: Rows, contestants: u32, parts: usize) -> Result<(), Error> {
        let (first, second, outcome) = rows;
        let good = (first.par_chunks(FEW_ROWS))
            .zip(second.par_chunks(FEW_ROWS))
            .zip(outcome.par_chunks(FEW_ROWS))
            .all(|((first, second), outcome)| in_range(first, second, outcome, contestants));
        if !good {
            return Err(Error::OutOfRange);
        }
        let shift = self.shift();
        let width = 8 << shift;
        let mut rest = self.counts.as_flattened_mut();
        let mut tasks = Vec::with_capacity(parts);
        for lows in cut(contestants, parts) {
            let (own, behind) = rest.split_at_mut(lows.len() * width);
            tasks.push((lows, own));
            rest = behind;
        }
        let counted = tasks.into_par_iter().map(|(lows, counts)| {
            let begin = (lows.start as u32) << (shift + 3);
            let end = (lows.end as u32) << (shift + 3);
            let mut carried = Vec::new();
            let mut slots = [0_u32; BLOCK];
            let blocks = (first.chunks(BLOCK))
                .zip(second.chunks(BLOCK))
                .zip(outcome.chunks(BLOCK));
            for ((first, second), outcome) in blocks {
                let mut found = 0;
                for ((&first, &second), &outcome) in first.iter().zip(second).zip(outcome) {
                    let slot = slot_of(first, second, outcome, shift);
                    slots[found] = slot.wrapping_sub(begin);
                    found += usize::from(slot >= begin && slot < end);
                }
                for &slot in &slots[..found] {
                    let count = &mut counts[slot as usize];
                    *count = count.wrapping_add(1);
                    if *count == 0 {
                        carried.push(begin + slot);
                    }
                }
            }
            carried
        });
        let carried: Vec<Vec<u32>> = counted.collect();
        let mut result = Ok(());
        for slot in carried.into_iter().flatten() {
            let added = self.add_to(slot, 1 << CARRY);
            if added.is_err() {
                // The largest possible count, as it was before its lowest bits wrapped around.
                self.counts.as_flattened_mut()[slot as usize] = u16::MAX;
                result = added;
            }
        }
        result
    }

    /// Visits the pairs that met, like [`super::Tally::for_each_pair`].
    pub(super) fn for_each_pair(
        &self,
        contestants: usize,
        mut visit: impl FnMut(u32, u32, &[u64; 8]),
    ) {
        let contestants = contestants.min(self.stride);
        let mut carried = self.carried.iter().peekable();
        for low in 0..contestants {
            let row = low * self.stride;
            for high in low + 1..contestants {
                let pair = row + high;
                let held = &self.counts[pair];
                let of_pair = |(slot, _): &(&u32, &u64)| **slot as usize / 8 == pair;
                if *held == [0; 8] && !carried.peek().is_some_and(of_pair) {
                    continue;
                }
                let mut both = held.map(u64::from);
                while let Some((slot, times)) = carried.next_if(of_pair) {
                    both[*slot as usize % 8] += times << CARRY;
                }
                visit(low as u32, high as u32, &both);
            }
        }
    }

    /// Marks the contestants that have a match.
    pub(super) fn mark_played(&self, played: &mut [bool]) {
        let contestants = played.len().min(self.stride);
        for low in 0..contestants {
            let row = &self.counts[low * self.stride..][..contestants];
            for (high, both) in row.iter().enumerate().skip(low + 1) {
                if !(played[low] && played[high]) && *both != [0; 8] {
                    played[low] = true;
                    played[high] = true;
                }
            }
        }
        for &slot in self.carried.keys() {
            let pair = slot as usize / 8;
            played[pair / self.stride] = true;
            played[pair % self.stride] = true;
        }
    }

    /// The number of matches of each outcome.
    pub(super) fn outcomes(&self) -> [u128; 4] {
        let mut totals = [0_u128; 4];
        for low in 0..self.stride {
            let row = &self.counts[low * self.stride..][low + 1..self.stride];
            // Few enough that their sum fits 32 bits.
            let mut sums = [0_u32; 8];
            for counts in row {
                for (sum, &count) in sums.iter_mut().zip(counts) {
                    *sum += u32::from(count);
                }
            }
            for (at, sum) in sums.into_iter().enumerate() {
                totals[at % 4] += u128::from(sum);
            }
        }
        for (&slot, times) in &self.carried {
            totals[slot as usize % 4] += u128::from(times << CARRY);
        }
        totals
    }
}

type Rows<'a> = (&'a [u32], &'a [u32], &'a [u8]);

/// Splits the lower-numbered contestants into parts with about the same number of pairs.
fn cut(contestants: u32, parts: usize) -> Vec<Range<usize>> {
    let n = contestants as usize;
    let mut begin = 0;
    (1..=parts)
        .map(|part| {
            // The pairs after the first x of n contestants are (1 - x / n)^2 of all pairs.
            let behind = (1.0 - part as f64 / parts as f64).sqrt();
            let end = if part == parts {
                n
            } else {
                n - (n as f64 * behind) as usize
            };
            let lows = begin..end.max(begin);
            begin = lows.end;
            lows
        })
        .collect()
}

/// Counts rows in a separate table. Returns `None` if a row is out of range.
#[allow(
    clippy::needless_bitwise_bool,
    reason = "without branches it is vectorized"
)]
fn count((first, second, outcome): Rows, contestants: u32, shift: u32) -> Option<Vec<u32>> {
    let mut table = vec![0_u32; 8 << (2 * shift)];
    let last = table.len().checked_sub(1)?;
    let mut bad = false;
    let mut slots = [0_u32; BLOCK];
    let blocks = (first.chunks(BLOCK))
        .zip(second.chunks(BLOCK))
        .zip(outcome.chunks(BLOCK));
    for ((first, second), outcome) in blocks {
        let rows = first.iter().zip(second).zip(outcome);
        for (slot, ((&first, &second), &outcome)) in slots.iter_mut().zip(rows) {
            bad |= (first.max(second) >= contestants) | (first == second) | (outcome > 3);
            *slot = slot_of(first, second, outcome, shift);
        }
        for &slot in &slots[..first.len()] {
            // The length is a power of two, so the mask does not change the slot of a valid row.
            table[slot as usize & last] += 1;
        }
    }
    (!bad).then_some(table)
}
