//! What a fit needs of a tally: points won between unordered pairs, and the kinds of
//! match behind them, from which the bootstrap and the Elo orders draw.

use std::ops::Range;

use crate::{Cell, Error, Outcome, Tally};

/// How a tie counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// Half a win to each side.
    Half,
    /// Not at all.
    Exclude,
}

/// Points between each pair of contestants that met, `low < high`, ordered by low, then high.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// The pairs of the lower-numbered contestant `i` are `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    /// The higher-numbered contestant of each pair.
    pub high: Vec<u32>,
    /// The points of both.
    pub points: Points,
}

/// Points of the lower- and the higher-numbered contestant of each pair.
#[derive(Clone, Debug)]
pub struct Sides<P> {
    /// Of the lower-numbered contestant.
    pub low: Vec<P>,
    /// Of the higher-numbered contestant.
    pub high: Vec<P>,
}

/// A float of either width.
pub(crate) trait Number: Copy + Send + Sync {
    /// The same number.
    fn wide(self) -> f64;

    /// The nearest weight, which is not 0 unless `wide` is.
    fn weight(wide: f64) -> Self;
}

impl Number for f64 {
    #[inline]
    fn wide(self) -> f64 {
        self
    }

    #[inline]
    fn weight(wide: f64) -> Self {
        wide
    }
}

impl Number for f32 {
    #[inline]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn weight(wide: f64) -> Self {
        let narrow = wide as Self;
        if narrow < Self::MIN_POSITIVE && wide > 0.0 {
            return Self::MIN_POSITIVE;
        }
        narrow
    }
}

/// The points of all pairs.
#[derive(Clone, Debug)]
pub enum Points {
    /// Any numbers.
    Wide(Sides<f64>),
    /// Those of a large field, as long as each is such a number; nearly all are small halves.
    Narrow(Sides<f32>),
}

/// Beyond this many contestants, points begin as narrow ones.
const NARROW: usize = 1 << 14;

impl<P> Sides<P> {
    fn with_room(pairs: usize) -> Self {
        Self {
            low: Vec::with_capacity(pairs),
            high: Vec::with_capacity(pairs),
        }
    }
}

impl Points {
    /// The points of the lower- and the higher-numbered contestant of a pair.
    #[must_use]
    #[inline]
    pub fn of(&self, pair: usize) -> (f64, f64) {
        match self {
            Self::Wide(sides) => (sides.low[pair], sides.high[pair]),
            Self::Narrow(sides) => (f64::from(sides.low[pair]), f64::from(sides.high[pair])),
        }
    }

    #[inline]
    fn push(&mut self, low: f64, high: f64) {
        if let Self::Narrow(sides) = self {
            if f64::from(low as f32) == low && f64::from(high as f32) == high {
                sides.low.push(low as f32);
                sides.high.push(high as f32);
                return;
            }
            let wide = |side: &[f32]| side.iter().copied().map(f64::from).collect();
            *self = Self::Wide(Sides {
                low: wide(&sides.low),
                high: wide(&sides.high),
            });
        }
        if let Self::Wide(sides) = self {
            sides.low.push(low);
            sides.high.push(high);
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Wide(sides) => {
                sides.low.clear();
                sides.high.clear();
            }
            Self::Narrow(sides) => {
                sides.low.clear();
                sides.high.clear();
            }
        }
    }
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

    fn is_none(&self) -> bool {
        self.low == 0 && self.high == 0 && self.ties == 0
    }
}

/// What is rated of a settled tally.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// The matches.
    pub tally: &'a Tally,
    /// What becomes of ties.
    pub ties: Ties,
    /// The new number of each contestant that stays, in the same order; all stay as they are if
    /// there is nothing here.
    pub codes: Option<&'a [Option<u32>]>,
}

impl<'a> Selection<'a> {
    /// All contestants.
    #[must_use]
    pub fn all(tally: &'a Tally, ties: Ties) -> Self {
        Self {
            tally,
            ties,
            codes: None,
        }
    }

    /// The number of contestants.
    #[must_use]
    pub fn contestants(&self) -> usize {
        match self.codes {
            Some(codes) => codes.iter().flatten().count(),
            None => self.tally.contestants(),
        }
    }

    /// The new numbers of a pair that stays.
    #[inline]
    fn code(&self, (low, high): (u32, u32)) -> Option<(u32, u32)> {
        match self.codes {
            Some(codes) => Some((codes[low as usize]?, codes[high as usize]?)),
            None => Some((low, high)),
        }
    }

    /// Matches by outcome: first, second, tie, both bad, soft; whatever becomes of ties.
    #[must_use]
    pub fn outcomes(&self) -> [u64; 5] {
        if self.codes.is_none() {
            return self.tally.outcomes();
        }
        let mut totals = [0_u64; 5];
        self.tally.for_each_pair(|low, high, counts| {
            if self.code((low, high)).is_some() {
                for (at, count) in counts.iter().enumerate() {
                    totals[at % 4] += count;
                }
            }
        });
        for cell in self.tally.special_cells() {
            if self.code((cell.first, cell.second)).is_some() {
                totals[cell.outcome as usize] += cell.count;
            }
        }
        totals
    }

    /// Visits the pairs in order, each with its plain and its special matches.
    fn for_each_pair(
        &self,
        mut visit: impl FnMut((u32, u32), &Plain, &[Special]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_tie = |cell: &Cell| matches!(cell.outcome, Outcome::Tie | Outcome::BothBad);
        let mut special: Vec<Special> = (self.tally.special_cells())
            .filter(|cell| self.ties == Ties::Half || !is_tie(cell))
            .filter_map(|cell| {
                let first = cell.weight * cell.score;
                let second = cell.weight * (1.0 - cell.score);
                let swapped = cell.first > cell.second;
                let pair = (cell.first.min(cell.second), cell.first.max(cell.second));
                Some(Special {
                    pair: self.code(pair)?,
                    points: if swapped {
                        (second, first)
                    } else {
                        (first, second)
                    },
                    count: cell.count,
                })
            })
            .collect();
        // Points are never negative, so their bits sort as they do.
        special.sort_unstable_by_key(|of| (of.pair, of.points.0.to_bits(), of.points.1.to_bits()));
        let mut groups = special.chunk_by(|a, b| a.pair == b.pair).peekable();
        let mut result = Ok(());
        self.tally.for_each_pair(|low, high, both| {
            let Some(pair) = self.code((low, high)) else {
                return;
            };
            if result.is_err() {
                return;
            }
            result = (|| {
                while let Some(group) = groups.next_if(|group| group[0].pair < pair) {
                    visit(group[0].pair, &Plain::NONE, group)?;
                }
                let group = groups.next_if(|group| group[0].pair == pair);
                let plain = Plain::new(both, self.ties)?;
                if plain.is_none() && group.is_none() {
                    return Ok(());
                }
                visit(pair, &plain, group.unwrap_or_default())
            })();
        });
        result?;
        groups.try_for_each(|group| visit(group[0].pair, &Plain::NONE, group))
    }

    /// Visits the pairs in the order of [`Pairs`], each with its number of matches.
    pub fn for_each_count(&self, mut visit: impl FnMut(u64)) {
        // Counts that overflow were refused when the pairs were made.
        let _ = self.for_each_pair(|_, plain, special| {
            let special: u64 = special.iter().map(|of| of.count).sum();
            visit(plain.low + plain.high + plain.ties + special);
            Ok(())
        });
    }
}

impl Default for Pairs {
    fn default() -> Self {
        Self::with_room(0, false)
    }
}

impl Pairs {
    /// The pairs of a settled tally, whichever contestant was shown first.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if an outcome of a pair no longer fits 64 bits.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        Self::of(&Selection::all(tally, ties))
    }

    /// The pairs of a selection.
    ///
    /// # Errors
    /// As [`Pairs::from_tally`].
    pub fn of(selection: &Selection) -> Result<Self, Error> {
        let contestants = selection.contestants();
        let mut pairs = Self::with_room(selection.tally.pairs_at_most(), contestants > NARROW);
        selection.for_each_pair(|pair, plain, special| {
            let half = plain.ties as f64 / 2.0;
            let (mut low, mut high) = (plain.low as f64 + half, plain.high as f64 + half);
            for of in special {
                low += of.count as f64 * of.points.0;
                high += of.count as f64 * of.points.1;
            }
            pairs.push(pair, low, high);
            Ok(())
        })?;
        pairs.close(contestants);
        Ok(pairs)
    }

    fn with_room(pairs: usize, narrow: bool) -> Self {
        Self {
            starts: vec![0],
            high: Vec::with_capacity(pairs),
            points: if narrow {
                Points::Narrow(Sides::with_room(pairs))
            } else {
                Points::Wide(Sides::with_room(pairs))
            },
        }
    }

    /// Forgets all pairs and contestants, but keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.starts.truncate(1);
        self.high.clear();
        self.points.clear();
    }

    /// Adds a pair, which must come after the ones before it.
    pub(crate) fn push(&mut self, (low, high): (u32, u32), low_points: f64, high_points: f64) {
        self.close(low as usize);
        self.high.push(high);
        self.points.push(low_points, high_points);
    }

    /// Ends the rows of the contestants below `contestants`.
    pub(crate) fn close(&mut self, contestants: usize) {
        if self.starts.len() <= contestants {
            self.starts.resize(contestants + 1, self.high.len());
        }
    }

    /// The number of contestants.
    #[must_use]
    pub fn contestants(&self) -> usize {
        self.starts.len() - 1
    }

    /// The pairs of which `low` is the lower-numbered contestant.
    #[must_use]
    pub fn row(&self, low: usize) -> Range<usize> {
        self.starts[low]..self.starts[low + 1]
    }

    /// Cuts the lower-numbered contestants into `parts` ranges of about as many pairs each.
    #[must_use]
    pub fn cut(&self, parts: usize) -> Vec<Range<usize>> {
        let mut begin = 0;
        (1..=parts)
            .map(|part| {
                let end = if part == parts {
                    self.contestants()
                } else {
                    let pairs = self.len() * part / parts;
                    self.starts.partition_point(|&start| start < pairs)
                };
                let range = begin..end.clamp(begin, self.contestants());
                begin = range.end;
                range
            })
            .collect()
    }

    /// Replaces the points by those of `counts[k]` matches of each kind `k`.
    pub fn set_points(&mut self, kinds: &Kinds, counts: &[u64]) {
        match &mut self.points {
            Points::Wide(sides) => {
                sides.low.fill(0.0);
                sides.high.fill(0.0);
                kinds.each_points(counts, |pair, low, high| {
                    sides.low[pair] += low;
                    sides.high[pair] += high;
                });
            }
            Points::Narrow(sides) => {
                sides.low.fill(0.0);
                sides.high.fill(0.0);
                kinds.each_points(counts, |pair, low, high| {
                    sides.low[pair] += low as f32;
                    sides.high[pair] += high as f32;
                });
            }
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
        (0..self.contestants()).flat_map(|low| {
            self.high[self.row(low)]
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
        let narrow = matches!(self.points, Points::Narrow(_));
        let mut out = Self::with_room(if all { self.len() } else { 0 }, narrow);
        for (low, code_of_low) in code.iter().enumerate() {
            let Some(code_of_low) = *code_of_low else {
                continue;
            };
            for pair in self.row(low) {
                if let Some(code_of_high) = code[self.high[pair] as usize] {
                    let (low_points, high_points) = self.points.of(pair);
                    out.push((code_of_low, code_of_high), low_points, high_points);
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
        Self::of(&Selection::all(tally, ties))
    }

    /// The kinds of match of a selection, over the pairs of [`Pairs::of`].
    ///
    /// # Errors
    /// As [`Kinds::from_tally`].
    pub fn of(selection: &Selection) -> Result<Self, Error> {
        let mut out = Self {
            kinds: Vec::new(),
            classes: vec![(1.0, 0.0), (0.0, 1.0), (0.5, 0.5)],
        };
        let mut class_of = std::collections::HashMap::new();
        let mut pair = 0;
        selection.for_each_pair(|_, plain, special| {
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

    /// Calls `add` with the pair and the points of `counts[k]` matches of each kind `k`.
    #[inline]
    fn each_points(&self, counts: &[u64], mut add: impl FnMut(usize, f64, f64)) {
        for (kind, &count) in self.kinds.iter().zip(counts) {
            let (low, high) = self.classes[kind.class as usize];
            add(kind.pair as usize, count as f64 * low, count as f64 * high);
        }
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

impl Standings {
    /// The standings of a settled tally.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more matches than 64 bits can count.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        Self::of(&Selection::all(tally, ties))
    }

    /// The standings of a selection.
    ///
    /// # Errors
    /// As [`Standings::from_tally`].
    pub fn of(selection: &Selection) -> Result<Self, Error> {
        let contestants = selection.contestants();
        let mut out = Self {
            matches: vec![0; contestants],
            points: vec![0.0; contestants],
            weight: vec![0.0; contestants],
            total: 0,
        };
        selection.for_each_pair(|(low, high), plain, special| {
            let plain = [
                (plain.low, (1.0, 0.0)),
                (plain.high, (0.0, 1.0)),
                (plain.ties, (0.5, 0.5)),
            ];
            let special = special.iter().map(|of| (of.count, of.points));
            for (count, points) in plain.into_iter().chain(special) {
                out.total = out.total.checked_add(count).ok_or(Error::CountOverflow)?;
                for (contestant, own) in [(low, points.0), (high, points.1)] {
                    let contestant = contestant as usize;
                    out.matches[contestant] += count;
                    out.points[contestant] += count as f64 * own;
                    out.weight[contestant] += count as f64 * (points.0 + points.1);
                }
            }
            Ok(())
        })?;
        Ok(out)
    }
}
