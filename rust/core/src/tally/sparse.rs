//! Counts of many contestants: the cells that hold a match, sorted.

use rayon::prelude::*;

use super::{Outcome, add_counts, key};
use crate::Error;

/// Sorted (key, count) entries, and buffers of what was not merged in yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Sparse {
    pub(super) merged: Vec<(u64, u64)>,
    /// Matches counted one by one.
    pub(super) single: Vec<u64>,
    /// Matches that came with a count.
    pub(super) counted: Vec<(u64, u64)>,
}

/// A buffer is merged in once it is as long as what is merged already, which keeps the total
/// work at n log n, and not before it is this long.
const SHORTEST_BUFFER: usize = 1 << 16;

/// And at this length at the latest, which bounds the memory for it (half a gigabyte).
const LONGEST_BUFFER: usize = 1 << 26;

impl Sparse {
    pub(super) fn push(&mut self, key: u64, count: u64) -> Result<(), Error> {
        if count == 1 {
            self.single.push(key);
        } else {
            self.counted.push((key, count));
        }
        if self.single.len() + self.counted.len() >= self.buffer() {
            self.settle()?;
        }
        Ok(())
    }

    fn buffer(&self) -> usize {
        self.merged.len().clamp(SHORTEST_BUFFER, LONGEST_BUFFER)
    }

    pub(super) fn settle(&mut self) -> Result<(), Error> {
        if !self.single.is_empty() {
            let mut keys = std::mem::take(&mut self.single);
            keys.par_sort_unstable();
            self.merge(keys.iter().map(|&key| (key, 1)), keys.len())?;
        }
        if !self.counted.is_empty() {
            let mut run = std::mem::take(&mut self.counted);
            run.par_sort_unstable();
            self.merge(run.iter().copied(), run.len())?;
        }
        Ok(())
    }

    /// Adds sorted entries, which may repeat a key.
    fn merge(&mut self, run: impl Iterator<Item = (u64, u64)>, length: usize) -> Result<(), Error> {
        let mut out: Vec<(u64, u64)> = Vec::with_capacity(self.merged.len() + length);
        let mut old = self.merged.iter().copied().peekable();
        let mut new = run.peekable();
        loop {
            let next = match (old.peek(), new.peek()) {
                (Some(a), Some(b)) if a.0 <= b.0 => old.next(),
                (Some(_), None) => old.next(),
                _ => new.next(),
            };
            let Some((key, count)) = next else { break };
            match out.last_mut() {
                Some(last) if last.0 == key => last.1 = add_counts(last.1, count)?,
                _ => out.push((key, count)),
            }
        }
        out.shrink_to_fit();
        self.merged = out;
        Ok(())
    }

    /// Counts rows that are in range, one match each.
    pub(super) fn add_columns(
        &mut self,
        first: &[u32],
        second: &[u32],
        outcome: &[u8],
    ) -> Result<(), Error> {
        let mut from = 0;
        while from < first.len() {
            let room = LONGEST_BUFFER.saturating_sub(self.single.len()).max(1);
            let to = first.len().min(from + room);
            self.single
                .par_extend((from..to).into_par_iter().map(|row| {
                    let outcome = Outcome::PLAIN[outcome[row] as usize];
                    key(first[row], second[row], outcome)
                }));
            if self.single.len() >= self.buffer() {
                self.settle()?;
            }
            from = to;
        }
        Ok(())
    }
}
