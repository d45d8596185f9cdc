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
    /// Where the cells of each group start, and the end of the last one's.
    starts: Vec<usize>,
    keys: Vec<u64>,
    counts: Vec<u64>,
    pending: Vec<Row>,
    /// How many matches each pending row stands for; empty while it is one each.
    pending_counts: Vec<u64>,
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
        self.pending.len() >= self.keys.len().max(SHORTEST_BUFFER)
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
        for (group, range) in self.starts.windows(2).enumerate() {
            let group = group as u32;
            for at in range[0]..range[1] {
                let key = self.keys[at];
                visit(Row { key, group }, self.counts[at]);
            }
        }
        for (at, &row) in self.pending.iter().enumerate() {
            visit(row, self.pending_counts.get(at).copied().unwrap_or(1));
        }
    }

    /// The cells of a group, once everything is settled.
    pub fn of(&self, group: usize) -> impl ExactSizeIterator<Item = (u64, u64)> + '_ {
        let range = match self.starts.get(group..group + 2) {
            Some(range) => range[0]..range[1],
            None => 0..0,
        };
        let keys = self.keys[range.clone()].iter().copied();
        keys.zip(self.counts[range].iter().copied())
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
        if self.keys.is_empty() {
            return;
        }
        let starts = std::mem::take(&mut self.starts);
        let keys = std::mem::take(&mut self.keys);
        let counts = std::mem::take(&mut self.counts);
        self.count_pending();
        self.pending.reserve(keys.len());
        for (group, range) in starts.windows(2).enumerate() {
            let group = group as u32;
            let rows = keys[range[0]..range[1]].iter();
            self.pending.extend(rows.map(|&key| Row { key, group }));
        }
        self.pending_counts.extend(counts);
    }

    /// Merges the rows into the cells of `groups` groups.
    pub fn settle(&mut self, groups: usize, monitor: &Monitor) -> Result<(), Error> {
        if self.pending.is_empty() {
            let end = self.keys.len();
            self.starts.resize(groups + 1, end);
            return Ok(());
        }
        self.unmerge();
        let pending = std::mem::take(&mut self.pending);
        let counts = std::mem::take(&mut self.pending_counts);
        *self = if counts.is_empty() {
            sorted(pending.par_iter().map(|&row| (row, ())), groups, monitor)?
        } else {
            let counts = counts.par_iter().copied();
            sorted(pending.par_iter().copied().zip(counts), groups, monitor)?
        };
        Ok(())
    }
}

impl PartialEq for Runs {
    fn eq(&self, other: &Self) -> bool {
        self.starts == other.starts && self.keys == other.keys && self.counts == other.counts
    }
}

/// Cells of rows: first the rows of some hundred groups together, then those of each group.
fn sorted<C: Amount>(
    rows: impl IndexedParallelIterator<Item = (Row, C)>,
    groups: usize,
    monitor: &Monitor,
) -> Result<Runs, Error> {
    let shift = (groups.div_ceil(MOST_BUCKETS).max(1) as u32)
        .next_power_of_two()
        .trailing_zeros();
    let buckets = ((groups - 1) >> shift) + 1;
    let parts: Vec<Buckets<C>> = rows
        .chunks(PART)
        .map(|part| in_buckets(&part, buckets, |row| (row.group >> shift) as usize))
        .collect();
    monitor.check()?;
    let cells: Vec<Runs> = (0..buckets)
        .into_par_iter()
        .map(|bucket| {
            monitor.check()?;
            let of_part = parts
                .iter()
                .map(|(starts, rows)| &rows[starts[bucket]..starts[bucket + 1]]);
            let rows: Vec<(Row, C)> = of_part.flatten().copied().collect();
            let from = bucket << shift;
            bucket_cells(&rows, from, groups.min(from + (1 << shift)))
        })
        .collect::<Result<_, Error>>()?;
    let total = cells.iter().map(|part| part.keys.len()).sum();
    let mut out = Runs {
        starts: Vec::with_capacity(groups + 1),
        keys: Vec::with_capacity(total),
        counts: Vec::with_capacity(total),
        ..Runs::default()
    };
    for part in cells {
        let before = out.keys.len();
        let groups = part.starts.len() - 1;
        out.starts
            .extend(part.starts[..groups].iter().map(|start| before + start));
        out.keys.extend(part.keys);
        out.counts.extend(part.counts);
    }
    out.starts.push(total);
    Ok(out)
}

/// Where each bucket starts, and the rows bucket by bucket.
type Buckets<C> = (Vec<usize>, Vec<(Row, C)>);

/// Rows by bucket.
fn in_buckets<C: Amount>(
    rows: &[(Row, C)],
    buckets: usize,
    bucket_of: impl Fn(&Row) -> usize,
) -> Buckets<C> {
    let mut starts = vec![0; buckets + 1];
    for (row, _) in rows {
        starts[bucket_of(row) + 1] += 1;
    }
    for bucket in 0..buckets {
        starts[bucket + 1] += starts[bucket];
    }
    let mut next = starts.clone();
    let mut out = rows.to_vec();
    for row in rows {
        let slot = &mut next[bucket_of(&row.0)];
        out[*slot] = *row;
        *slot += 1;
    }
    (starts, out)
}

/// The cells of the groups `from..to`.
fn bucket_cells<C: Amount>(rows: &[(Row, C)], from: usize, to: usize) -> Result<Runs, Error> {
    let (mut starts, mut rows) = in_buckets(rows, to - from, |row| row.group as usize - from);
    let mut out = Runs {
        keys: Vec::with_capacity(rows.len()),
        counts: Vec::with_capacity(rows.len()),
        ..Runs::default()
    };
    let mut begin = 0;
    for end in &mut starts {
        let group = &mut rows[begin..*end];
        begin = *end;
        group.sort_unstable_by_key(|(row, _)| row.key);
        let first = out.keys.len();
        for (row, count) in group {
            match out.counts.last_mut() {
                Some(last) if out.keys.len() > first && out.keys[out.keys.len() - 1] == row.key => {
                    let sum = last.checked_add(count.value());
                    *last = sum.ok_or(Error::CountOverflow)?;
                }
                _ => {
                    out.keys.push(row.key);
                    out.counts.push(count.value());
                }
            }
        }
        // From the end of a group's rows to the end of its cells.
        *end = out.keys.len();
    }
    out.starts = starts;
    Ok(out)
}
