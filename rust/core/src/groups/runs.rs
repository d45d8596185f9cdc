//! The plain matches of groups: sorted cells, and rows that have not been merged yet.

use rayon::prelude::*;

use super::{
    buckets::{Buckets, Cells, in_parts, merged},
    layout::Layout,
    rows::{Row, Rows, pack, unpack},
};
use crate::{Error, Monitor};

/// Sorted cells by group, and rows that have not been merged yet.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The cells, each bucket containing those of some groups.
    buckets: Vec<Cells>,
    /// The layout of the cells.
    layout: Layout,
    /// The number that each group had when it was settled; empty if no number has changed.
    former: Vec<u32>,
    /// Rows of one match each, stored in [`Layout::ARRIVAL`].
    parts: Vec<Buckets<()>>,
    /// Rows that were added individually, or that do not fit that layout.
    pending: Vec<Row>,
    /// The number of matches of each pending row; empty while all are 1.
    pending_counts: Vec<u64>,
}

/// Rows are merged once there are as many of them as cells, which limits the total work to O(n log
/// n), but not before there are this many.
const SHORTEST_BUFFER: usize = 1 << 22;

impl Runs {
    /// Whether the rows should be merged.
    pub fn is_long(&self) -> bool {
        let parts: usize = self.parts.iter().map(|part| part.rows.len()).sum();
        parts + self.pending.len() >= self.cell_count().max(SHORTEST_BUFFER)
    }

    pub fn push(&mut self, row: Row, count: u64) {
        if count == 0 {
            return;
        }
        if count != 1 {
            self.count_pending();
        }
        self.pending.push(row);
        if !self.pending_counts.is_empty() || count != 1 {
            self.pending_counts.push(count);
        }
    }

    /// Stores the number of matches of each pending row explicitly.
    fn count_pending(&mut self) {
        if self.pending_counts.is_empty() {
            self.pending_counts = vec![1; self.pending.len()];
        }
    }

    /// Adds rows without score and weight, for the given numbers of groups and contestants.
    pub fn extend(&mut self, rows: &Rows, group: &[u32], groups: usize, contestants: usize) {
        let row = |at: usize| Row {
            key: pack(rows.first[at], rows.second[at], rows.outcome[at]),
            group: group[at],
        };
        if let Some(count) = rows.count {
            for (at, &count) in count.iter().enumerate() {
                self.push(row(at), count);
            }
        } else if Layout::ARRIVAL.fits(groups, contestants) {
            let parts = in_parts(group.len(), Layout::ARRIVAL, |at| (row(at), ()));
            self.parts.extend(parts);
        } else {
            self.pending
                .par_extend((0..group.len()).into_par_iter().map(row));
            if !self.pending_counts.is_empty() {
                self.pending_counts.resize(self.pending.len(), 1);
            }
        }
    }

    /// Returns flags of the given length, in which `marks` has set those that belong to each row.
    pub fn marked(&self, length: usize, marks: impl Fn(Row, &mut [bool]) + Sync) -> Vec<bool> {
        let none = || vec![false; length];
        let parts = self.parts.par_iter().fold(none, |mut marked, part| {
            part.for_each(|row| marks(row, &mut marked));
            marked
        });
        let mut marked = parts.reduce(none, |mut one, other| {
            one.iter_mut()
                .zip(other)
                .for_each(|(one, other)| *one |= other);
            one
        });
        for (group, key, _) in self.all_cells() {
            marks(Row { key, group }, &mut marked);
        }
        for &row in &self.pending {
            marks(row, &mut marked);
        }
        marked
    }

    /// The number of matches; `None` if it exceeds 64 bits.
    pub fn matches(&self) -> Option<u64> {
        let both = |one: u64, other: u64| one.checked_add(other);
        let settled = self.buckets.par_iter().map(|bucket| {
            let mut counts = bucket.cells.iter().map(|cell| cell.1);
            counts.try_fold(0, both)
        });
        let settled = settled.try_reduce(|| 0, both)?;
        let parts: usize = self.parts.iter().map(|part| part.rows.len()).sum();
        let pending = match &self.pending_counts[..] {
            [] => self.pending.len() as u64,
            counts => counts.iter().copied().try_fold(0, both)?,
        };
        both(settled, both(parts as u64, pending)?)
    }

    /// Visits all matches: first cells, then rows.
    pub fn for_each(&self, mut visit: impl FnMut(Row, u64)) {
        for (group, key, count) in self.all_cells() {
            visit(Row { key, group }, count);
        }
        for part in &self.parts {
            part.for_each(|row| visit(row, 1));
        }
        for (at, &row) in self.pending.iter().enumerate() {
            visit(row, self.pending_counts.get(at).copied().unwrap_or(1));
        }
    }

    /// Iterates over the cells of a group. All rows must have been settled.
    pub fn of(&self, group: usize) -> impl ExactSizeIterator<Item = (u64, u64)> + '_ {
        let group = (self.former.get(group)).map_or(group as u32, |&former| former);
        let (bucket, place) = (self.layout.bucket(group), self.layout.place(group));
        let cells = self.buckets.get(bucket).and_then(|bucket| {
            let range = bucket.starts.get(place..place + 2)?;
            Some(&bucket.cells[range[0]..range[1]])
        });
        cells.unwrap_or_default().iter().copied()
    }

    fn all_cells(&self) -> impl Iterator<Item = (u32, u64, u64)> + '_ {
        let groups = if self.former.is_empty() {
            (self.buckets.iter())
                .map(|bucket| bucket.starts.len() - 1)
                .sum()
        } else {
            self.former.len()
        };
        (0..groups)
            .flat_map(|group| (self.of(group)).map(move |(key, count)| (group as u32, key, count)))
    }

    fn cell_count(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.cells.len()).sum()
    }

    /// Merges the rows, if there are any, into the cells of `groups` groups.
    pub fn settle(
        &mut self,
        groups: usize,
        contestants: usize,
        monitor: &Monitor,
    ) -> Result<(), Error> {
        if self.parts.is_empty() && self.pending.is_empty() {
            return Ok(());
        }
        let same: Vec<u32> = (0..groups as u32).collect();
        self.arrange(&same, groups, None, contestants, monitor)
    }

    /// Merges everything into the cells of `groups` groups, and replaces the codes of groups and
    /// contestants.
    pub fn arrange(
        &mut self,
        group_of: &[u32],
        groups: usize,
        code_of: Option<&[u32]>,
        contestants: usize,
        monitor: &Monitor,
    ) -> Result<(), Error> {
        let mut own = std::mem::take(self);
        let code_of = |code: u32| code_of.map_or(code, |codes| codes[code as usize]);
        let mut former = vec![u32::MAX; groups];
        let mut kept = 0;
        for (old, &new) in group_of.iter().enumerate() {
            if let Some(former) = former.get_mut(new as usize) {
                *former = old as u32;
                kept += 1;
            }
        }
        // If the groups only change their numbers, their cells can remain where they are.
        let apart = kept == groups && own.buckets.is_empty() && own.pending.is_empty();
        if apart && Layout::ARRIVAL.fits(group_of.len(), contestants) {
            let layout = Layout::ARRIVAL;
            self.buckets = merged(
                &own.parts,
                layout,
                group_of.len(),
                code_of,
                contestants,
                monitor,
            )?;
            (self.layout, self.former) = (layout, former);
            return Ok(());
        }
        own.unmerge();
        let row = |at: usize| {
            let row = own.pending[at];
            let (first, second, outcome) = unpack(row.key);
            Row {
                key: pack(code_of(first), code_of(second), outcome as u8),
                group: group_of[row.group as usize],
            }
        };
        self.layout = Layout::new(groups, contestants);
        let (rows, layout, same) = (own.pending.len(), self.layout, |code| code);
        self.buckets = if own.pending_counts.is_empty() {
            let parts = in_parts(rows, layout, |at| (row(at), ()));
            merged(&parts, layout, groups, same, contestants, monitor)?
        } else {
            let parts = in_parts(rows, layout, |at| (row(at), own.pending_counts[at]));
            merged(&parts, layout, groups, same, contestants, monitor)?
        };
        Ok(())
    }

    /// Converts everything to pending rows.
    fn unmerge(&mut self) {
        let settled = std::mem::take(self);
        if settled.cell_count() > 0 {
            self.count_pending();
        }
        settled.for_each(|row, count| self.push(row, count));
    }
}

/// Compares settled matches.
impl PartialEq for Runs {
    fn eq(&self, other: &Self) -> bool {
        self.cell_count() == other.cell_count() && self.all_cells().eq(other.all_cells())
    }
}
