//! Plain matches of groups: sorted runs, and rows that were not merged in yet.

use std::ops::Range;

use rayon::prelude::*;

use super::{Rows, pack, unpack};
use crate::{Error, Monitor};

/// A plain match of a group.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub key: u64,
    pub group: u32,
}

/// How many matches a row stands for: one, or a number.
trait Amount: Copy + Send + Sync {
    fn value(self) -> u64;
}

impl Amount for () {
    fn value(self) -> u64 {
        1
    }
}

impl Amount for u64 {
    fn value(self) -> u64 {
        self
    }
}

/// Sorted cells by group, and rows that were not merged in yet.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The cells of some groups each.
    buckets: Vec<Cells>,
    /// How they were put there.
    layout: Layout,
    /// The number that each group had then; empty where it still has that one.
    former: Vec<u32>,
    /// Rows of one match each, in the layout [`Layout::ARRIVAL`].
    parts: Vec<Buckets<()>>,
    /// Rows that came one by one, or do not fit that layout.
    pending: Vec<Row>,
    /// How many matches each pending row stands for; empty while it is one each.
    pending_counts: Vec<u64>,
}

/// Sorted cells of some groups.
#[derive(Clone, Debug, Default)]
struct Cells {
    /// Where the cells of each group start, and the end of the last one's.
    starts: Vec<usize>,
    /// The key of each cell, and how many matches.
    cells: Vec<(u64, u64)>,
}

/// Rows are merged in once they are as many as the cells, which keeps the total work at n log n,
/// and not before they are this many.
const SHORTEST_BUFFER: usize = 1 << 22;

/// Rows that a thread puts into buckets in one go.
const PART: usize = 1 << 16;

/// Bits of a digit, and from how many rows on they are sorted digit by digit.
const DIGIT: u32 = 11;
const SHORTEST_RADIX: usize = 1 << 12;

/// Whether every row is one that can be counted.
#[allow(
    clippy::needless_bitwise_bool,
    reason = "without branches it is vectorized"
)]
pub fn in_range(rows: &Rows, contestants: usize) -> bool {
    let most = contestants as u32;
    let good = |from: usize, to: usize| {
        let plain = if rows.score.is_some() { 4 } else { 3 };
        let mut bad = false;
        for ((&first, &second), &outcome) in (rows.first[from..to].iter())
            .zip(&rows.second[from..to])
            .zip(&rows.outcome[from..to])
        {
            bad |= (first >= most) | (second >= most) | (first == second) | (outcome > plain);
        }
        if let Some(score) = rows.score {
            let soft = rows.outcome[from..to].iter().zip(&score[from..to]);
            bad |= soft
                .filter(|(outcome, _)| **outcome == 4)
                .any(|(_, score)| !(0.0..=1.0).contains(score));
        }
        if let Some(weight) = rows.weight {
            bad |= weight[from..to]
                .iter()
                .any(|weight| !(0.0..f64::INFINITY).contains(weight));
        }
        !bad
    };
    let length = rows.first.len();
    (0..length.div_ceil(PART))
        .into_par_iter()
        .all(|part| good(part * PART, length.min((part + 1) * PART)))
}

impl Runs {
    /// Whether it is time to merge.
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

    /// Gives every pending row a count of its own.
    fn count_pending(&mut self) {
        if self.pending_counts.is_empty() {
            self.pending_counts = vec![1; self.pending.len()];
        }
    }

    /// Takes in rows without score and weight, of so many groups and contestants.
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

    /// Marks what `marks` finds in each row: true in the results, of this length.
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

    /// The number of matches; none if it does not fit.
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

    /// Visits everything: cells, then rows.
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

    /// The cells of a group, once everything is settled.
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

    /// Merges the rows into the cells of `groups` groups, where there are some.
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

    /// Merges everything into the cells of `groups` groups, with other codes in place of those
    /// of groups and contestants.
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
        // Groups that only change their numbers can stay where they are.
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

    /// Makes pending rows of everything.
    fn unmerge(&mut self) {
        let settled = std::mem::take(self);
        if settled.cell_count() > 0 {
            self.count_pending();
        }
        settled.for_each(|row, count| self.push(row, count));
    }
}

/// Settled ones.
impl PartialEq for Runs {
    fn eq(&self, other: &Self) -> bool {
        self.cell_count() == other.cell_count() && self.all_cells().eq(other.all_cells())
    }
}

/// How rows are put into buckets: by the last bits of their groups, so that groups may become
/// more; and how a row of a bucket is written in one number: the other bits of its group, its
/// contestants and its outcome.
#[derive(Clone, Copy, Debug, Default)]
struct Layout {
    /// Bits of the number of a bucket.
    bucket: u32,
    /// Bits of a contestant.
    contestant: u32,
}

/// Bits of an outcome.
const OUTCOME: u32 = 2;

fn bits(codes: usize) -> u32 {
    usize::BITS - codes.saturating_sub(1).leading_zeros()
}

impl Layout {
    /// As many buckets as writing to each of them in turn finds in the cache, and contestants
    /// that leave room for a billion groups.
    const ARRIVAL: Self = Self {
        bucket: 8,
        contestant: 20,
    };

    /// The layout for so many groups and contestants.
    fn new(groups: usize, contestants: usize) -> Self {
        let contestant = bits(contestants);
        let room = u64::BITS - 2 * contestant - OUTCOME;
        Self {
            bucket: bits(groups).saturating_sub(room).max(Self::ARRIVAL.bucket),
            contestant,
        }
    }

    fn fits(self, groups: usize, contestants: usize) -> bool {
        let places = bits(groups).saturating_sub(self.bucket);
        bits(contestants) <= self.contestant && self.bits(places) <= u64::BITS
    }

    /// Bits of a row, where those of its place in the bucket are so many.
    fn bits(self, places: u32) -> u32 {
        places + 2 * self.contestant + OUTCOME
    }

    fn buckets(self) -> usize {
        1 << self.bucket
    }

    fn bucket(self, group: u32) -> usize {
        group as usize & (self.buckets() - 1)
    }

    fn place(self, group: u32) -> usize {
        group as usize >> self.bucket
    }

    fn pack(self, row: Row) -> u64 {
        let (first, second, outcome) = unpack(row.key);
        self.packed(self.place(row.group), (first, second), outcome as u64)
    }

    fn packed(self, place: usize, (first, second): (u32, u32), outcome: u64) -> u64 {
        // The place may be all there is beside 64 bits of nothing.
        let place = (place as u64).checked_shl(self.bits(0)).unwrap_or(0);
        let pair = u64::from(first) << self.contestant | u64::from(second);
        place | pair << OUTCOME | outcome
    }

    /// The place, contestants and outcome of a row.
    fn unpacked(self, packed: u64) -> (usize, (u32, u32), u64) {
        let mask = (1 << self.contestant) - 1;
        let place = packed.checked_shr(self.bits(0)).unwrap_or(0) as usize;
        let first = (packed >> (self.contestant + OUTCOME)) as u32 & mask;
        let second = (packed >> OUTCOME) as u32 & mask;
        (place, (first, second), packed & ((1 << OUTCOME) - 1))
    }

    fn row(self, bucket: usize, packed: u64) -> Row {
        let (place, (first, second), outcome) = self.unpacked(packed);
        Row {
            key: pack(first, second, outcome as u8),
            group: (place << self.bucket | bucket) as u32,
        }
    }
}

/// Packed rows bucket by bucket.
#[derive(Clone, Debug)]
struct Buckets<C> {
    starts: Vec<u32>,
    rows: Vec<(u64, C)>,
}

/// Puts rows into buckets, some at a time.
fn in_parts<C: Amount>(
    rows: usize,
    layout: Layout,
    row: impl Fn(usize) -> (Row, C) + Sync,
) -> Vec<Buckets<C>> {
    let part = |part: usize| {
        let range = part * PART..rows.min((part + 1) * PART);
        Buckets::new(range, layout, &row)
    };
    (0..rows.div_ceil(PART)).into_par_iter().map(part).collect()
}

impl<C: Amount> Buckets<C> {
    /// Sorts by counting.
    fn new(range: Range<usize>, layout: Layout, row: impl Fn(usize) -> (Row, C)) -> Self {
        let mut starts = vec![0; layout.buckets() + 1];
        for at in range.clone() {
            starts[layout.bucket(row(at).0.group) + 1] += 1;
        }
        for bucket in 0..layout.buckets() {
            starts[bucket + 1] += starts[bucket];
        }
        let mut next = starts.clone();
        let packed = |at: usize| {
            let (row, count) = row(at);
            (layout.bucket(row.group), (layout.pack(row), count))
        };
        let mut rows = vec![packed(range.start).1; range.len()];
        for at in range {
            let (bucket, row) = packed(at);
            let slot = &mut next[bucket];
            rows[*slot as usize] = row;
            *slot += 1;
        }
        Self { starts, rows }
    }

    fn of(&self, bucket: usize) -> &[(u64, C)] {
        &self.rows[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

impl Buckets<()> {
    /// Visits rows that came in the layout of arrival.
    fn for_each(&self, mut visit: impl FnMut(Row)) {
        for bucket in 0..Layout::ARRIVAL.buckets() {
            for &(packed, ()) in self.of(bucket) {
                visit(Layout::ARRIVAL.row(bucket, packed));
            }
        }
    }
}

/// The cells of the buckets of all parts, with other codes in place of those of contestants.
fn merged<C: Amount>(
    parts: &[Buckets<C>],
    layout: Layout,
    groups: usize,
    code_of: impl Fn(u32) -> u32 + Sync,
    contestants: usize,
    monitor: &Monitor,
) -> Result<Vec<Cells>, Error> {
    // The same buckets, but no more bits than are needed.
    let narrow = Layout {
        contestant: bits(contestants),
        ..layout
    };
    let bucket = |bucket: usize| {
        monitor.check()?;
        let places = (groups + layout.buckets() - 1 - bucket) >> layout.bucket;
        let rows = parts.iter().flat_map(|part| part.of(bucket));
        let rows = rows.map(|&(packed, count)| {
            let (place, (first, second), outcome) = layout.unpacked(packed);
            (
                narrow.packed(place, (code_of(first), code_of(second)), outcome),
                count,
            )
        });
        let rows = by_key(rows.collect(), narrow.bits(bits(places)));
        cells(&rows, places, narrow)
    };
    let buckets = layout.buckets().min(groups);
    (0..buckets).into_par_iter().map(bucket).collect()
}

/// Rows in the order of their keys, which have so many bits.
fn by_key<C: Amount>(mut one: Vec<(u64, C)>, bits: u32) -> Vec<(u64, C)> {
    if one.len() < SHORTEST_RADIX {
        one.sort_unstable_by_key(|row| row.0);
        return one;
    }
    let mut other = one.clone();
    for digit in 0..bits.div_ceil(DIGIT) {
        let of = |key: u64| (key >> (digit * DIGIT)) as usize & ((1 << DIGIT) - 1);
        let mut next = [0_u32; 1 << DIGIT];
        for row in &one {
            next[of(row.0)] += 1;
        }
        let mut before = 0;
        for next in &mut next {
            before += std::mem::replace(next, before);
        }
        for &row in &one {
            let place = &mut next[of(row.0)];
            other[*place as usize] = row;
            *place += 1;
        }
        std::mem::swap(&mut one, &mut other);
    }
    one
}

/// The cells of the sorted rows of a bucket of so many groups.
fn cells<C: Amount>(rows: &[(u64, C)], groups: usize, layout: Layout) -> Result<Cells, Error> {
    let mut out = Cells {
        starts: vec![0; groups + 1],
        cells: Vec::with_capacity(rows.len()),
    };
    let mut ended = 0;
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        let (group, (first, second), outcome) = layout.unpacked(equal[0].0);
        while ended < group {
            ended += 1;
            out.starts[ended] = out.cells.len();
        }
        let mut sum = 0_u64;
        for (_, count) in equal {
            sum = sum.checked_add(count.value()).ok_or(Error::CountOverflow)?;
        }
        out.cells.push((pack(first, second, outcome as u8), sum));
    }
    out.starts[ended + 1..].fill(out.cells.len());
    out.cells.shrink_to_fit();
    Ok(out)
}
