//! The statistics of a tally that a fit needs: the points won between unordered pairs, and the
//! kinds of match, from which the bootstrap and the Elo orders are drawn.

mod kinds;
mod matches;
mod point_column;
mod standings;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;

use crate::{
    Error, Tally,
    tally::{Cells, place, same_block},
};
pub use kinds::{Kind, Kinds};
pub use matches::Ties;
use matches::{for_each_pair, for_each_plain};
use point_column::MOST_HALVES;
pub use point_column::PointColumn;
pub use standings::Standings;

/// The points of each pair of contestants that met, `low < high`, in the order of [`place`].
///
/// The pairs are stored in rows. The pairs of a row share the lower-numbered contestant, and their
/// higher-numbered contestants belong to the same block.
#[derive(Clone, Debug)]
pub struct Pairs {
    contestants: usize,
    /// The lower-numbered contestant of each row.
    lows: Vec<u32>,
    /// The pairs of row `r` are `starts[r]..starts[r + 1]`.
    starts: Vec<usize>,
    /// The higher-numbered contestant of each pair.
    pub high: Vec<u32>,
    /// The points of the lower-numbered contestant.
    pub low_points: PointColumn,
    /// The points of the higher-numbered contestant.
    pub high_points: PointColumn,
}

/// The numbers of rows and pairs of a tile, and the maximum points of a contestant in a pair.
#[derive(Clone, Copy, Default)]
struct Size {
    rows: usize,
    pairs: usize,
    most_points: f64,
}

impl Size {
    fn of(tile: Cells<'_>, ties: Ties) -> Result<Self, Error> {
        let (mut out, mut last) = (Self::default(), None);
        for_each_plain(tile, ties, |(low, _), plain| {
            out.rows += usize::from(last != Some(low));
            out.pairs += 1;
            let points = plain.points();
            out.most_points = out.most_points.max(points.0).max(points.1);
            last = Some(low);
        })?;
        Ok(out)
    }

    fn and(self, other: &Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            pairs: self.pairs + other.pairs,
            most_points: self.most_points.max(other.most_points),
        }
    }
}

impl Default for Pairs {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl Pairs {
    /// Returns the pairs of a settled tally, regardless of which contestant was shown first.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of an outcome of a pair exceeds 64 bits.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        let mut pairs = match tally.tiles() {
            Some(tiles) if tally.special_cells().next().is_none() => {
                Self::from_tiles(&tiles, ties)?
            }
            _ => Self::from_each(tally, ties)?,
        };
        pairs.close(tally.contestants());
        Ok(pairs)
    }

    fn from_each(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        let mut pairs = Self::with_room(tally.pairs_at_most());
        for_each_pair(tally, ties, |pair, plain, special| {
            let (mut low, mut high) = plain.points();
            for of in special {
                low += of.count as f64 * of.points.0;
                high += of.count as f64 * of.points.1;
            }
            pairs.push(pair, low, high);
            Ok(())
        })?;
        Ok(pairs)
    }

    /// Returns the pairs of a tally with only plain matches, using all threads.
    fn from_tiles(tiles: &[Cells<'_>], ties: Ties) -> Result<Self, Error> {
        let sizes: Vec<Size> = (tiles.par_iter())
            .map(|&tile| Size::of(tile, ties))
            .collect::<Result<_, Error>>()?;
        let all = sizes.iter().fold(Size::default(), Size::and);
        let halves = all.most_points <= MOST_HALVES;
        let mut out = Self {
            contestants: 0,
            lows: vec![0; all.rows],
            starts: vec![0; all.rows + 1],
            high: vec![0; all.pairs],
            low_points: PointColumn::zeros(all.pairs, halves),
            high_points: PointColumn::zeros(all.pairs, halves),
        };
        let (mut lows, mut ends) = (&mut out.lows[..], &mut out.starts[1..]);
        let mut high = &mut out.high[..];
        let mut points = (out.low_points.as_mut(), out.high_points.as_mut());
        let mut begin = 0;
        let parts: Vec<_> = (tiles.iter().zip(sizes))
            .map(|(&tile, Size { rows, pairs, .. })| {
                let part = (
                    (tile, begin),
                    (
                        lows.split_off_mut(..rows).unwrap_or_default(),
                        ends.split_off_mut(..rows).unwrap_or_default(),
                    ),
                    high.split_off_mut(..pairs).unwrap_or_default(),
                    (points.0.split_off(pairs), points.1.split_off(pairs)),
                );
                begin += pairs;
                part
            })
            .collect();
        parts.into_par_iter().try_for_each(
            |((tile, begin), (lows, ends), highs, (mut low_points, mut high_points))| {
                let (mut row, mut pair) = (0, 0);
                for_each_plain(tile, ties, |(low, high), plain| {
                    if pair > 0 && lows[row] != low {
                        row += 1;
                    }
                    lows[row] = low;
                    highs[pair] = high;
                    let points = plain.points();
                    low_points.set(pair, points.0);
                    high_points.set(pair, points.1);
                    pair += 1;
                    ends[row] = begin + pair;
                })
            },
        )?;
        Ok(out)
    }

    /// The number of matches of each pair.
    #[must_use]
    pub fn matches(tally: &Tally, ties: Ties) -> Vec<u64> {
        let mut out = Vec::new();
        // Overflow was already rejected when the pairs were created.
        let _ = for_each_pair(tally, ties, |_, plain, special| {
            let special: u64 = special.iter().map(|of| of.count).sum();
            out.push(plain.low + plain.high + plain.ties + special);
            Ok(())
        });
        out
    }

    fn with_room(pairs: usize) -> Self {
        Self {
            contestants: 0,
            lows: Vec::new(),
            starts: vec![0],
            high: Vec::with_capacity(pairs),
            low_points: PointColumn::Any(Vec::with_capacity(pairs)),
            high_points: PointColumn::Any(Vec::with_capacity(pairs)),
        }
    }

    /// Removes all pairs and contestants but keeps the allocated memory.
    pub(crate) fn clear(&mut self) {
        self.contestants = 0;
        self.lows.clear();
        self.starts.truncate(1);
        self.high.clear();
        self.low_points.clear();
        self.high_points.clear();
    }

    /// Appends a pair, which must follow the existing ones in the order.
    pub(crate) fn push(&mut self, (low, high): (u32, u32), low_points: f64, high_points: f64) {
        let last = self.lows.last().zip(self.high.last());
        if last.is_none_or(|(&row, &other)| row != low || !same_block(other, high)) {
            self.lows.push(low);
            self.starts.push(self.high.len());
        }
        self.high.push(high);
        self.low_points.push(low_points);
        self.high_points.push(high_points);
        if let Some(end) = self.starts.last_mut() {
            *end = self.high.len();
        }
    }

    /// Sets the number of contestants after all pairs have been added.
    pub(crate) fn close(&mut self, contestants: usize) {
        self.contestants = contestants;
    }

    /// The number of contestants.
    #[must_use]
    pub fn contestants(&self) -> usize {
        self.contestants
    }

    /// Iterates over the rows, each as its lower-numbered contestant and the range of its pairs.
    #[must_use]
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = (usize, Range<usize>)> + '_ {
        self.some_rows(0..self.lows.len())
    }

    /// Iterates over a range of rows.
    #[must_use]
    pub fn some_rows(
        &self,
        rows: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (usize, Range<usize>)> + '_ {
        rows.map(|row| {
            let pairs = self.starts[row]..self.starts[row + 1];
            (self.lows[row] as usize, pairs)
        })
    }

    /// The range of the pairs of consecutive rows.
    #[must_use]
    pub fn pairs_of(&self, rows: &Range<usize>) -> Range<usize> {
        self.starts[rows.start]..self.starts[rows.end]
    }

    /// The index of the pair of two contestants if they met. The pairs must be those of a tally.
    #[must_use]
    pub fn find(&self, low: u32, high: u32) -> Option<usize> {
        let (mut row, mut end) = (0, self.lows.len());
        while row < end {
            let middle = usize::midpoint(row, end);
            if place(self.lows[middle], self.high[self.starts[middle]]) <= place(low, high) {
                row = middle + 1;
            } else {
                end = middle;
            }
        }
        let row = row.checked_sub(1)?;
        if self.lows[row] != low {
            return None;
        }
        let pairs = self.starts[row]..self.starts[row + 1];
        let at = self.high[pairs.clone()].binary_search(&high).ok()?;
        Some(pairs.start + at)
    }

    /// Splits the rows into `parts` ranges with about the same number of pairs.
    #[must_use]
    pub fn cut(&self, parts: usize) -> Vec<Range<usize>> {
        let mut begin = 0;
        (1..=parts)
            .map(|part| {
                let pairs = self.len() * part / parts;
                let end = if part == parts {
                    self.lows.len()
                } else {
                    self.starts.partition_point(|&start| start < pairs)
                };
                let range = begin..end.clamp(begin, self.lows.len());
                begin = range.end;
                range
            })
            .collect()
    }

    /// Replaces the points by those of `counts[k]` matches of each kind `k`.
    pub fn set_points(&mut self, kinds: &Kinds, counts: &[u64]) {
        let (low_points, high_points) = (self.low_points.as_any(), self.high_points.as_any());
        low_points.fill(0.0);
        high_points.fill(0.0);
        for (kind, &count) in kinds.kinds.iter().zip(counts) {
            let (low, high) = kinds.classes[kind.class as usize];
            low_points[kind.pair as usize] += count as f64 * low;
            high_points[kind.pair as usize] += count as f64 * high;
        }
    }

    /// The number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.high.len()
    }

    /// Whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.high.is_empty()
    }

    /// Iterates over the contestants of each pair, as indices.
    pub fn contestants_of_pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.rows().flat_map(|(low, pairs)| {
            self.high[pairs]
                .iter()
                .map(move |&high| (low, high as usize))
        })
    }

    /// Returns the pairs among the contestants to which `code` assigns a new number, in the same
    /// order. `code` must preserve the order of the contestants.
    #[must_use]
    pub fn restrict(&self, code: &[Option<u32>]) -> Self {
        let kept = code.iter().flatten().count();
        let all = 2 * kept > code.len();
        let room = if all { self.len() } else { 0 };
        let mut out = Self {
            low_points: PointColumn::with_room(&self.low_points, room),
            high_points: PointColumn::with_room(&self.high_points, room),
            high: Vec::with_capacity(room),
            ..Self::default()
        };
        for (low, pairs) in self.rows() {
            let Some(code_of_low) = code[low] else {
                continue;
            };
            for pair in pairs {
                if let Some(code_of_high) = code[self.high[pair] as usize] {
                    let points = (self.low_points.get(pair), self.high_points.get(pair));
                    out.push((code_of_low, code_of_high), points.0, points.1);
                }
            }
        }
        out.close(kept);
        out
    }
}
