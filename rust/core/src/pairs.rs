//! What a fit needs of a tally: points won between unordered pairs, and the kinds of
//! match behind them, from which the bootstrap and the Elo orders draw.

use std::ops::Range;

use rayon::prelude::*;

use crate::{
    Cell, Error, Outcome, PointColumn, Tally,
    point_column::MOST_HALVES,
    tally::{Cells, place, same_block},
};

/// How a tie counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// Half a win to each side.
    Half,
    /// Not at all.
    Exclude,
}

/// Points between each pair of contestants that met, `low < high`, in the order of [`place`].
///
/// They stand in rows of one lower-numbered contestant each, and higher-numbered ones of one block.
#[derive(Clone, Debug)]
pub struct Pairs {
    contestants: usize,
    /// The lower-numbered contestant of each row.
    lows: Vec<u32>,
    /// The pairs of row `r` are `starts[r]..starts[r + 1]`.
    starts: Vec<usize>,
    /// The higher-numbered contestant of each pair.
    pub high: Vec<u32>,
    /// Points of the lower-numbered contestant.
    pub low_points: PointColumn,
    /// Points of the higher-numbered contestant.
    pub high_points: PointColumn,
}

/// Identical matches between an unordered pair.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// How many such matches there were.
    pub count: u64,
    /// Index of the pair in [`Pairs`].
    pub pair: u32,
    /// Index of the points in [`Kinds`].
    pub class: u32,
}

/// The kinds of match of a field, ordered by pair and points.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// Points of the lower- and the higher-numbered contestant in one match of each class.
    pub classes: Vec<(f64, f64)>,
}

/// A soft or weighted cell as its unordered pair sees it.
#[derive(Clone, Copy, Debug)]
struct Special {
    pair: (u32, u32),
    points: (f64, f64),
    count: u64,
}

/// How many plain matches of a pair the lower and the higher contestant won, and ties.
struct Plain {
    low: u64,
    high: u64,
    ties: u64,
}

impl Plain {
    const NONE: Self = Self {
        low: 0,
        high: 0,
        ties: 0,
    };

    fn new(both: &[u64; 8], ties: Ties) -> Result<Self, Error> {
        let [
            ab_first,
            ab_second,
            ab_tie,
            ab_bad,
            ba_first,
            ba_second,
            ba_tie,
            ba_bad,
        ] = *both;
        let sum = |counts: &[u64]| {
            counts
                .iter()
                .try_fold(0_u64, |sum, &count| sum.checked_add(count))
                .ok_or(Error::CountOverflow)
        };
        Ok(Self {
            low: sum(&[ab_first, ba_second])?,
            high: sum(&[ab_second, ba_first])?,
            ties: match ties {
                Ties::Half => sum(&[ab_tie, ab_bad, ba_tie, ba_bad])?,
                Ties::Exclude => 0,
            },
        })
    }

    /// Points of the lower and the higher contestant.
    fn points(&self) -> (f64, f64) {
        let half = self.ties as f64 / 2.0;
        (self.low as f64 + half, self.high as f64 + half)
    }

    fn is_none(&self) -> bool {
        self.low == 0 && self.high == 0 && self.ties == 0
    }
}

/// The soft and weighted cells of a tally, by pair, then by points.
fn specials(tally: &Tally, ties: Ties) -> Vec<Special> {
    let is_tie = |cell: &Cell| matches!(cell.outcome, Outcome::Tie | Outcome::BothBad);
    let mut special: Vec<Special> = tally
        .special_cells()
        .filter(|cell| ties == Ties::Half || !is_tie(cell))
        .map(|cell| {
            let first = cell.weight * cell.score;
            let second = cell.weight * (1.0 - cell.score);
            let swapped = cell.first > cell.second;
            Special {
                pair: (cell.first.min(cell.second), cell.first.max(cell.second)),
                points: if swapped {
                    (second, first)
                } else {
                    (first, second)
                },
                count: cell.count,
            }
        })
        .collect();
    // Points are never negative, so their bits sort as they do.
    special.sort_unstable_by_key(|of| {
        (
            place(of.pair.0, of.pair.1),
            of.points.0.to_bits(),
            of.points.1.to_bits(),
        )
    });
    special
}

/// Visits the pairs of a settled tally in order, each with its plain and its special matches.
fn for_each_pair(
    tally: &Tally,
    ties: Ties,
    mut visit: impl FnMut((u32, u32), &Plain, &[Special]) -> Result<(), Error>,
) -> Result<(), Error> {
    let special = specials(tally, ties);
    let at = |(low, high)| place(low, high);
    let mut groups = special.chunk_by(|a, b| a.pair == b.pair).peekable();
    let mut result = Ok(());
    tally.for_each_pair(|low, high, both| {
        if result.is_err() {
            return;
        }
        result = (|| {
            let pair = (low, high);
            while let Some(group) = groups.next_if(|group| at(group[0].pair) < at(pair)) {
                visit(group[0].pair, &Plain::NONE, group)?;
            }
            let group = groups.next_if(|group| group[0].pair == pair);
            let plain = Plain::new(both, ties)?;
            if plain.is_none() && group.is_none() {
                return Ok(());
            }
            visit(pair, &plain, group.unwrap_or_default())
        })();
    });
    result?;
    groups.try_for_each(|group| visit(group[0].pair, &Plain::NONE, group))
}

/// How much of everything the pairs of a tile have.
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

/// Visits the pairs of a tile that have a match.
fn for_each_plain(
    tile: Cells<'_>,
    ties: Ties,
    mut visit: impl FnMut((u32, u32), &Plain),
) -> Result<(), Error> {
    for (low, high, both) in tile.pairs() {
        let plain = Plain::new(&both, ties)?;
        if !plain.is_none() {
            visit((low, high), &plain);
        }
    }
    Ok(())
}

impl Default for Pairs {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl Pairs {
    /// The pairs of a settled tally, whichever contestant was shown first.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if an outcome of a pair no longer fits 64 bits.
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

    /// The same of plain matches only, on all threads.
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
        // Counts that overflow were refused when the pairs were made.
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

    /// Forgets all pairs and contestants, but keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.contestants = 0;
        self.lows.clear();
        self.starts.truncate(1);
        self.high.clear();
        self.low_points.clear();
        self.high_points.clear();
    }

    /// Adds a pair, which must come after the ones before it.
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

    /// Says how many contestants there are, once all pairs are there.
    pub(crate) fn close(&mut self, contestants: usize) {
        self.contestants = contestants;
    }

    /// The number of contestants.
    #[must_use]
    pub fn contestants(&self) -> usize {
        self.contestants
    }

    /// The lower-numbered contestant and the pairs of each row.
    #[must_use]
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = (usize, Range<usize>)> + '_ {
        self.some_rows(0..self.lows.len())
    }

    /// The same of some rows.
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

    /// The pairs of some rows, which follow each other.
    #[must_use]
    pub fn pairs_of(&self, rows: &Range<usize>) -> Range<usize> {
        self.starts[rows.start]..self.starts[rows.end]
    }

    /// The index of the pair of two contestants, if they met; for the pairs of a tally.
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

    /// Cuts the rows into `parts` ranges of about as many pairs each.
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

    /// Whether nobody met anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.high.is_empty()
    }

    /// The contestants of each pair, as indices.
    pub fn contestants_of_pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.rows().flat_map(|(low, pairs)| {
            self.high[pairs]
                .iter()
                .map(move |&high| (low, high as usize))
        })
    }

    /// The pairs among the contestants for which `code` gives a new number, in the same order.
    /// `code` must keep the order of the contestants.
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

impl Kinds {
    /// The kinds of match of a settled tally, over the pairs of [`Pairs::from_tally`]: the
    /// plain ones of a pair first, then the others by their points.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a kind no longer fits 64 bits.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        let mut out = Self {
            kinds: Vec::new(),
            classes: vec![(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)],
        };
        let mut class_of = std::collections::HashMap::new();
        let mut pair = 0;
        for_each_pair(tally, ties, |_, plain, special| {
            for (class, count) in (0..).zip([plain.low, plain.high, plain.ties]) {
                if count > 0 {
                    out.kinds.push(Kind { count, pair, class });
                }
            }
            for equal in special.chunk_by(|a, b| a.points == b.points) {
                let points = equal[0].points;
                let bits = (points.0.to_bits(), points.1.to_bits());
                let class = *class_of.entry(bits).or_insert_with(|| {
                    out.classes.push(points);
                    out.classes.len() as u32 - 1
                });
                let count = equal
                    .iter()
                    .try_fold(0_u64, |sum, of| sum.checked_add(of.count))
                    .ok_or(Error::CountOverflow)?;
                out.kinds.push(Kind { count, pair, class });
            }
            pair += 1;
            Ok(())
        })?;
        Ok(out)
    }

    /// The number of matches.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more than 64 bits can count.
    pub fn matches(&self) -> Result<u64, Error> {
        self.kinds
            .iter()
            .try_fold(0_u64, |total, kind| total.checked_add(kind.count))
            .ok_or(Error::CountOverflow)
    }
}

/// Matches and points of each contestant.
#[derive(Clone, Debug)]
pub struct Standings {
    /// The number of matches.
    pub matches: Vec<u64>,
    /// Points won.
    pub points: Vec<f64>,
    /// Points that there were to win: the weights of the matches.
    pub weight: Vec<f64>,
    /// All matches, each once.
    pub total: u64,
}

/// Parts of a large field that are added up at the same time.
const PARTS: usize = 2;

impl Standings {
    fn none(contestants: usize) -> Self {
        Self {
            matches: vec![0; contestants],
            points: vec![0.0; contestants],
            weight: vec![0.0; contestants],
            total: 0,
        }
    }

    /// The standings of a settled tally.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more matches than 64 bits can count.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        let contestants = tally.contestants();
        let mut out = Self::none(contestants);
        if let Some(tiles) = tally.tiles() {
            let parts: Vec<Self> = (tiles.par_chunks(tiles.len().div_ceil(PARTS).max(1)))
                .map(|tiles| {
                    let mut part = Self::none(contestants);
                    for cells in tiles {
                        for (low, high, both) in cells.pairs() {
                            part.add_plain((low, high), &Plain::new(&both, ties)?)?;
                        }
                    }
                    Ok(part)
                })
                .collect::<Result<_, Error>>()?;
            parts.iter().try_for_each(|part| out.join(part))?;
        } else {
            let mut result = Ok(());
            tally.for_each_pair(|low, high, both| {
                if result.is_ok() {
                    result =
                        Plain::new(both, ties).and_then(|plain| out.add_plain((low, high), &plain));
                }
            });
            result?;
        }
        for special in specials(tally, ties) {
            let (low, high) = special.points;
            let times = special.count as f64;
            let points = (times * low, times * high);
            out.add(special.pair, special.count, points, times * (low + high))?;
        }
        Ok(out)
    }

    fn add_plain(&mut self, pair: (u32, u32), plain: &Plain) -> Result<(), Error> {
        let count = (plain.low.checked_add(plain.high))
            .and_then(|count| count.checked_add(plain.ties))
            .ok_or(Error::CountOverflow)?;
        self.add(pair, count, plain.points(), count as f64)
    }

    #[inline]
    fn add(
        &mut self,
        (low, high): (u32, u32),
        count: u64,
        points: (f64, f64),
        weight: f64,
    ) -> Result<(), Error> {
        self.total = self.total.checked_add(count).ok_or(Error::CountOverflow)?;
        for (contestant, own) in [(low, points.0), (high, points.1)] {
            let contestant = contestant as usize;
            self.matches[contestant] += count;
            self.points[contestant] += own;
            self.weight[contestant] += weight;
        }
        Ok(())
    }

    fn join(&mut self, other: &Self) -> Result<(), Error> {
        self.total = (self.total.checked_add(other.total)).ok_or(Error::CountOverflow)?;
        for i in 0..self.matches.len() {
            self.matches[i] += other.matches[i];
            self.points[i] += other.points[i];
            self.weight[i] += other.weight[i];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Monitor,
        bradley_terry::{Settings, fit},
    };

    type Row = (u32, u32, Outcome, u64);

    const FEW: u32 = 12;
    /// Enough for several blocks.
    const MANY: usize = 200_000;

    /// The same order, in blocks of their own or beside another.
    fn spread(contestant: u32) -> u32 {
        contestant / 2 * 33_000 + contestant % 2
    }

    fn tally(rows: &[Row], contestants: usize, code: impl Fn(u32) -> u32) -> Tally {
        let mut tally = Tally::new(contestants);
        for &(first, second, outcome, count) in rows {
            tally
                .add(code(first), code(second), outcome, count)
                .unwrap();
        }
        tally.settle().unwrap();
        tally
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let counts = prop_oneof![1..4_u64, Just(40_000), Just(1 << 40)];
        let row = (0..FEW, 1..FEW, 0..4_u8, counts);
        let opponent = |(first, step, outcome, count)| {
            let outcome = Outcome::from_code(outcome).unwrap();
            (first, (first + step) % FEW, outcome, count)
        };
        prop::collection::vec(row.prop_map(opponent), 0..60)
    }

    proptest! {
        #[test]
        fn many_contestants_have_the_pairs_of_few(rows in rows(), excluded in any::<bool>()) {
            let ties = if excluded { Ties::Exclude } else { Ties::Half };
            let few = tally(&rows, FEW as usize, |code| code);
            let many = tally(&rows, MANY, spread);
            let truth = Pairs::from_tally(&few, ties).unwrap();
            let pairs = Pairs::from_tally(&many, ties).unwrap();
            prop_assert_eq!(pairs.contestants(), MANY);
            prop_assert_eq!(pairs.len(), truth.len());
            let places: Vec<_> = (pairs.contestants_of_pairs())
                .map(|(low, high)| place(low as u32, high as u32))
                .collect();
            prop_assert!(places.is_sorted());
            for (pair, (low, high)) in truth.contestants_of_pairs().enumerate() {
                let at = pairs.find(spread(low as u32), spread(high as u32)).unwrap();
                prop_assert_eq!(pairs.low_points.get(at), truth.low_points.get(pair));
                prop_assert_eq!(pairs.high_points.get(at), truth.high_points.get(pair));
            }
            let strangers = (0..FEW).flat_map(|low| (low + 1..FEW).map(move |high| (low, high)));
            for (low, high) in strangers.filter(|&(low, high)| truth.find(low, high).is_none()) {
                prop_assert!(pairs.find(spread(low), spread(high)).is_none());
            }
            // Pair by pair, as where there are soft or weighted matches.
            let mut each = Pairs::from_each(&many, ties).unwrap();
            each.close(MANY);
            prop_assert_eq!(&each.lows, &pairs.lows);
            prop_assert_eq!(&each.starts, &pairs.starts);
            prop_assert_eq!(&each.high, &pairs.high);
            prop_assert!(each.low_points.iter().eq(pairs.low_points.iter()));
            prop_assert!(each.high_points.iter().eq(pairs.high_points.iter()));

            let kinds = Kinds::from_tally(&many, ties).unwrap();
            let mut resampled = pairs.clone();
            let counts: Vec<u64> = kinds.kinds.iter().map(|kind| kind.count).collect();
            resampled.set_points(&kinds, &counts);
            prop_assert!(resampled.low_points.iter().eq(pairs.low_points.iter()));
            prop_assert!(resampled.high_points.iter().eq(pairs.high_points.iter()));

            let (of_few, of_many) = (
                Standings::from_tally(&few, ties).unwrap(),
                Standings::from_tally(&many, ties).unwrap(),
            );
            prop_assert_eq!(of_few.total, of_many.total);
            for code in 0..FEW {
                let (few, many) = (code as usize, spread(code) as usize);
                prop_assert_eq!(of_few.matches[few], of_many.matches[many]);
                prop_assert_eq!(of_few.points[few], of_many.points[many]);
                prop_assert_eq!(of_few.weight[few], of_many.weight[many]);
            }
            let code: Vec<_> = (0..MANY as u32)
                .map(|of| (0..FEW).find(|&code| spread(code) == of))
                .collect();
            let restricted = pairs.restrict(&code);
            prop_assert_eq!(restricted.contestants(), FEW as usize);
            let sorted = |pairs: &Pairs| {
                let points = pairs.low_points.iter().zip(pairs.high_points.iter());
                let mut all: Vec<_> = pairs.contestants_of_pairs().zip(points).collect();
                all.sort_by_key(|pair| pair.0);
                all
            };
            prop_assert_eq!(sorted(&restricted), sorted(&truth));
        }
    }

    #[test]
    fn many_contestants_are_fitted_as_few_are() {
        let rows: Vec<Row> = (0..FEW)
            .flat_map(|low| (low + 1..FEW).map(move |high| (low, high)))
            .flat_map(|(low, high)| {
                [
                    (
                        low,
                        high,
                        Outcome::First,
                        u64::from(1 + (7 * low + high) % 5),
                    ),
                    (
                        low,
                        high,
                        Outcome::Second,
                        u64::from(1 + (low + 3 * high) % 4),
                    ),
                    (high, low, Outcome::Tie, u64::from(low % 2)),
                ]
            })
            .collect();
        let settings = Settings {
            prior: 1.0,
            ..Settings::default()
        };
        let strengths = |tally: &Tally| {
            let pairs = Pairs::from_tally(tally, Ties::Half).unwrap();
            fit(&pairs, None, settings, &Monitor::new())
                .unwrap()
                .strengths
        };
        let few = strengths(&tally(&rows, FEW as usize, |code| code));
        let many = strengths(&tally(&rows, MANY, spread));
        let played: Vec<f64> = (0..FEW).map(|code| many[spread(code) as usize]).collect();
        let mean = played.iter().sum::<f64>() / f64::from(FEW);
        for (few, many) in few.iter().zip(played) {
            assert!((few - (many - mean)).abs() < 1e-7);
        }
    }
}
