//! Buckets of rows, which are sorted and merged into cells.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    layout::{Layout, bits},
    rows::{Row, pack},
};
use crate::{Error, Monitor};

/// The number of matches of a row: always one, or a number.
pub trait Amount: Copy + Send + Sync {
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

/// The sorted cells of some groups.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// The start of the cells of each group, followed by the end of the last group.
    pub starts: Vec<usize>,
    /// The key and the number of matches of each cell.
    pub cells: Vec<(u64, u64)>,
}

/// The number of rows that a thread distributes at once.
const PART: usize = 1 << 16;

/// The number of bits of a digit, and the minimum number of rows for a radix sort.
const DIGIT: u32 = 11;
const SHORTEST_RADIX: usize = 1 << 12;

/// Packed rows, grouped by bucket.
#[derive(Clone, Debug)]
pub struct Buckets<C> {
    starts: Vec<u32>,
    pub rows: Vec<(u64, C)>,
}

/// Distributes rows to buckets, in parts.
pub fn in_parts<C: Amount>(
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
    /// Distributes rows with a counting sort.
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
    /// Visits rows that are stored in [`Layout::ARRIVAL`].
    pub fn for_each(&self, mut visit: impl FnMut(Row)) {
        for bucket in 0..Layout::ARRIVAL.buckets() {
            for &(packed, ()) in self.of(bucket) {
                visit(Layout::ARRIVAL.row(bucket, packed));
            }
        }
    }
}

/// Merges each bucket of all parts into cells and replaces the codes of contestants.
pub fn merged<C: Amount>(
    parts: &[Buckets<C>],
    layout: Layout,
    groups: usize,
    code_of: impl Fn(u32) -> u32 + Sync,
    contestants: usize,
    monitor: &Monitor,
) -> Result<Vec<Cells>, Error> {
    // The same buckets with the minimum number of bits.
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

/// Sorts rows by their keys, which have `bits` bits.
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

/// Merges the sorted rows of a bucket with `groups` groups into cells.
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
