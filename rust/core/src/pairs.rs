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
    /// Points of the lower-numbered contestant.
    pub low_points: Vec<f64>,
    /// Points of the higher-numbered contestant.
    pub high_points: Vec<f64>,
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

/// Visits the pairs of a settled tally in order, each with its plain and its special matches.
fn for_each_pair(
    tally: &Tally,
    ties: Ties,
    mut visit: impl FnMut((u32, u32), &Plain, &[Special]) -> Result<(), Error>,
) -> Result<(), Error> {
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
    special.sort_unstable_by_key(|of| (of.pair, of.points.0.to_bits(), of.points.1.to_bits()));
    let mut groups = special.chunk_by(|a, b| a.pair == b.pair).peekable();
    let mut result = Ok(());
    tally.for_each_pair(|low, high, both| {
        if result.is_err() {
            return;
        }
        result = (|| {
            let pair = (low, high);
            while let Some(group) = groups.next_if(|group| group[0].pair < pair) {
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
        let mut pairs = Self::with_room(tally.pairs_at_most());
        for_each_pair(tally, ties, |pair, plain, special| {
            let half = plain.ties as f64 / 2.0;
            let (mut low, mut high) = (plain.low as f64 + half, plain.high as f64 + half);
            for of in special {
                low += of.count as f64 * of.points.0;
                high += of.count as f64 * of.points.1;
            }
            pairs.push(pair, low, high);
            Ok(())
        })?;
        pairs.close(tally.contestants());
        Ok(pairs)
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
            starts: vec![0],
            high: Vec::with_capacity(pairs),
            low_points: Vec::with_capacity(pairs),
            high_points: Vec::with_capacity(pairs),
        }
    }

    /// Forgets all pairs and contestants, but keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.starts.truncate(1);
        self.high.clear();
        self.low_points.clear();
        self.high_points.clear();
    }

    /// Adds a pair, which must come after the ones before it.
    pub(crate) fn push(&mut self, (low, high): (u32, u32), low_points: f64, high_points: f64) {
        self.close(low as usize);
        self.high.push(high);
        self.low_points.push(low_points);
        self.high_points.push(high_points);
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

    /// The index of the pair of two contestants, if they met.
    #[must_use]
    pub fn find(&self, low: u32, high: u32) -> Option<usize> {
        let row = self
            .starts
            .get(low as usize + 1)
            .map(|_| self.row(low as usize))?;
        let place = self.high[row.clone()].binary_search(&high).ok()?;
        Some(row.start + place)
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
        self.low_points.fill(0.0);
        self.high_points.fill(0.0);
        for (kind, &count) in kinds.kinds.iter().zip(counts) {
            let (low, high) = kinds.classes[kind.class as usize];
            self.low_points[kind.pair as usize] += count as f64 * low;
            self.high_points[kind.pair as usize] += count as f64 * high;
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
        let mut out = Self::with_room(if all { self.len() } else { 0 });
        for (low, code_of_low) in code.iter().enumerate() {
            let Some(code_of_low) = *code_of_low else {
                continue;
            };
            for pair in self.row(low) {
                if let Some(code_of_high) = code[self.high[pair] as usize] {
                    let (low_points, high_points) = (self.low_points[pair], self.high_points[pair]);
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

impl Standings {
    /// The standings of a settled tally.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more matches than 64 bits can count.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        let contestants = tally.contestants();
        let mut out = Self {
            matches: vec![0; contestants],
            points: vec![0.0; contestants],
            weight: vec![0.0; contestants],
            total: 0,
        };
        for_each_pair(tally, ties, |(low, high), plain, special| {
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
