//! Plain matches of groups: sorted runs, and rows that were not merged in yet.

use rayon::prelude::*;

use super::{Rows, pack};
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

/// Sorted cells by group, and rows in the order of their arrival.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The cells of some groups each: those whose numbers are equal but for their last bits.
    buckets: Vec<Cells>,
    /// How many of the last bits.
    shift: u32,
    pending: Vec<Row>,
    /// How many matches each pending row stands for; empty while it is one each.
    pending_counts: Vec<u64>,
}

/// Sorted cells of groups that follow each other.
#[derive(Clone, Debug, Default)]
struct Cells {
    /// Where the cells of each group start, and the end of the last one's.
    starts: Vec<usize>,
    keys: Vec<u64>,
    counts: Vec<u64>,
}

/// Rows are merged in once they are as many as the cells, which keeps the total work at n log n,
/// and not before they are this many.
const SHORTEST_BUFFER: usize = 1 << 22;

/// Rows that a thread puts into buckets in one go, and how many buckets there are at most: as
/// many as writing to each of them in turn finds in the cache.
const PART: usize = 1 << 18;
const MOST_BUCKETS: usize = 1 << 8;

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
        self.pending.len() >= self.cell_count().max(SHORTEST_BUFFER)
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

    /// Takes in rows without score and weight.
    pub fn extend(&mut self, rows: &Rows, group: &[u32]) {
        let row = |at: usize| Row {
            key: pack(rows.first[at], rows.second[at], rows.outcome[at]),
            group: group[at],
        };
        if let Some(count) = rows.count {
            for (at, &count) in count.iter().enumerate() {
                self.push(row(at), count);
            }
        } else {
            self.pending
                .par_extend((0..group.len()).into_par_iter().map(row));
            if !self.pending_counts.is_empty() {
                self.pending_counts.resize(self.pending.len(), 1);
            }
        }
    }

    /// Visits everything: cells, then rows.
    pub fn for_each(&self, mut visit: impl FnMut(Row, u64)) {
        for (group, cells) in self.groups() {
            for (key, count) in cells {
                visit(Row { key, group }, count);
            }
        }
        for (at, &row) in self.pending.iter().enumerate() {
            visit(row, self.pending_counts.get(at).copied().unwrap_or(1));
        }
    }

    /// The cells of a group, once everything is settled.
    pub fn of(&self, group: usize) -> impl ExactSizeIterator<Item = (u64, u64)> + '_ {
        let place = group & ((1 << self.shift) - 1);
        let cells = self.buckets.get(group >> self.shift).and_then(|bucket| {
            let range = bucket.starts.get(place..place + 2)?;
            let range = range[0]..range[1];
            Some((&bucket.keys[range.clone()], &bucket.counts[range]))
        });
        let (keys, counts) = cells.unwrap_or_default();
        keys.iter().copied().zip(counts.iter().copied())
    }

    /// The settled groups that there are, and their cells.
    fn groups(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = (u64, u64)> + '_)> + '_ {
        let groups = match self.buckets.last() {
            Some(last) => ((self.buckets.len() - 1) << self.shift) + last.starts.len() - 1,
            None => 0,
        };
        (0..groups).map(|group| (group as u32, self.of(group)))
    }

    fn all_cells(&self) -> impl Iterator<Item = (u32, u64, u64)> + '_ {
        self.groups()
            .flat_map(|(group, cells)| cells.map(move |(key, count)| (group, key, count)))
    }

    fn cell_count(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.keys.len()).sum()
    }

    /// Puts other codes in place of those of groups and contestants; not settled afterwards.
    pub fn relabel(&mut self, group_of: &[u32], contestants: Option<&[u32]>) {
        self.unmerge();
        self.pending.par_iter_mut().for_each(|row| {
            row.group = group_of[row.group as usize];
            if let Some(codes) = contestants {
                let (first, second, outcome) = super::unpack(row.key);
                let (first, second) = (codes[first as usize], codes[second as usize]);
                row.key = pack(first, second, outcome as u8);
            }
        });
    }

    /// Makes rows of the cells.
    fn unmerge(&mut self) {
        let settled = Self {
            buckets: std::mem::take(&mut self.buckets),
            shift: self.shift,
            ..Self::default()
        };
        if settled.cell_count() == 0 {
            return;
        }
        self.count_pending();
        self.pending.reserve(settled.cell_count());
        settled.for_each(|row, count| {
            self.pending.push(row);
            self.pending_counts.push(count);
        });
    }

    /// Merges the rows into the cells of `groups` groups.
    pub fn settle(
        &mut self,
        groups: usize,
        contestants: usize,
        monitor: &Monitor,
    ) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.unmerge();
        let pending = std::mem::take(&mut self.pending);
        let counts = std::mem::take(&mut self.pending_counts);
        *self = if counts.is_empty() {
            sorted(
                pending.par_iter().map(|&row| (row, ())),
                groups,
                contestants,
                monitor,
            )?
        } else {
            let counts = counts.par_iter().copied();
            sorted(
                pending.par_iter().copied().zip(counts),
                groups,
                contestants,
                monitor,
            )?
        };
        Ok(())
    }
}

/// Settled ones.
impl PartialEq for Runs {
    fn eq(&self, other: &Self) -> bool {
        self.cell_count() == other.cell_count() && self.all_cells().eq(other.all_cells())
    }
}

/// How a row of one of some hundred groups is written in one number: the place of its group
/// among them, its contestants in as many bits as the field needs, and its outcome.
#[derive(Clone, Copy)]
struct Layout {
    /// Bits of a contestant.
    width: u32,
    /// Bits of the place of a group.
    shift: u32,
}

impl Layout {
    fn new(contestants: usize, groups: usize) -> Self {
        let width = usize::BITS - contestants.saturating_sub(1).leading_zeros();
        let most = groups.div_ceil(MOST_BUCKETS).next_power_of_two();
        let room = u64::BITS - (2 * width + 3);
        let shift = most.trailing_zeros().min(room);
        Self { width, shift }
    }

    fn bucket(self, group: u32) -> usize {
        (group >> self.shift) as usize
    }

    fn pack(self, row: Row) -> u64 {
        let (first, second, outcome) = super::unpack(row.key);
        let place = u64::from(row.group) & ((1 << self.shift) - 1);
        let pair = u64::from(first) << self.width | u64::from(second);
        // The place may be all there is beside 64 bits of nothing.
        place.checked_shl(2 * self.width + 3).unwrap_or(0) | pair << 3 | outcome as u64
    }

    fn place(self, packed: u64) -> usize {
        packed.checked_shr(2 * self.width + 3).unwrap_or(0) as usize
    }

    fn key(self, packed: u64) -> u64 {
        let mask = (1 << self.width) - 1;
        let first = (packed >> (self.width + 3)) & mask;
        let second = (packed >> 3) & mask;
        pack(first as u32, second as u32, (packed & 7) as u8)
    }
}

/// Cells of rows: first the rows of some hundred groups together, then those of each group.
fn sorted<C: Amount>(
    rows: impl IndexedParallelIterator<Item = (Row, C)>,
    groups: usize,
    contestants: usize,
    monitor: &Monitor,
) -> Result<Runs, Error> {
    let layout = Layout::new(contestants, groups);
    let buckets = layout.bucket(groups as u32 - 1) + 1;
    let parts: Vec<Buckets<C>> = rows
        .chunks(PART)
        .map(|part| {
            in_buckets(
                &part,
                buckets,
                |(row, _)| layout.bucket(row.group),
                |(row, count)| (layout.pack(row), count),
            )
        })
        .collect();
    monitor.check()?;
    let buckets = (0..buckets)
        .into_par_iter()
        .map(|bucket| {
            monitor.check()?;
            let length = parts.iter().map(|part| part.of(bucket).len()).sum();
            let mut rows = Vec::with_capacity(length);
            for part in &parts {
                rows.extend_from_slice(part.of(bucket));
            }
            let from = bucket << layout.shift;
            let count = groups.min(from + (1 << layout.shift)) - from;
            bucket_cells(&rows, count, layout)
        })
        .collect::<Result<_, Error>>()?;
    Ok(Runs {
        buckets,
        shift: layout.shift,
        ..Runs::default()
    })
}

/// Packed rows bucket by bucket.
struct Buckets<C> {
    starts: Vec<usize>,
    rows: Vec<(u64, C)>,
}

impl<C> Buckets<C> {
    fn of(&self, bucket: usize) -> &[(u64, C)] {
        &self.rows[self.starts[bucket]..self.starts[bucket + 1]]
    }
}

/// Counting sort.
fn in_buckets<T: Copy, C: Amount>(
    rows: &[T],
    buckets: usize,
    bucket_of: impl Fn(&T) -> usize,
    packed: impl Fn(T) -> (u64, C),
) -> Buckets<C> {
    let mut starts = vec![0; buckets + 1];
    for row in rows {
        starts[bucket_of(row) + 1] += 1;
    }
    for bucket in 0..buckets {
        starts[bucket + 1] += starts[bucket];
    }
    let mut next = starts.clone();
    let mut out: Vec<(u64, C)> = match rows.first() {
        Some(&row) => vec![packed(row); rows.len()],
        None => Vec::new(),
    };
    for row in rows {
        let slot = &mut next[bucket_of(row)];
        out[*slot] = packed(*row);
        *slot += 1;
    }
    Buckets { starts, rows: out }
}

/// The cells of a bucket of some groups.
fn bucket_cells<C: Amount>(
    rows: &[(u64, C)],
    groups: usize,
    layout: Layout,
) -> Result<Cells, Error> {
    let Buckets {
        mut starts,
        mut rows,
    } = in_buckets(rows, groups, |row| layout.place(row.0), |row| row);
    let mut out = Cells {
        keys: Vec::with_capacity(rows.len()),
        counts: Vec::with_capacity(rows.len()),
        ..Cells::default()
    };
    let mut begin = 0;
    for end in &mut starts {
        let group = &mut rows[begin..*end];
        begin = *end;
        group.sort_unstable_by_key(|row| row.0);
        for equal in group.chunk_by(|a, b| a.0 == b.0) {
            let mut sum = 0_u64;
            for (_, count) in equal {
                sum = sum.checked_add(count.value()).ok_or(Error::CountOverflow)?;
            }
            out.keys.push(layout.key(equal[0].0));
            out.counts.push(sum);
        }
        // From the end of a group's rows to the end of its cells.
        *end = out.keys.len();
    }
    out.starts = starts;
    out.keys.shrink_to_fit();
    out.counts.shrink_to_fit();
    Ok(out)
}
