//! What a fit needs of a tally: points won between unordered pairs, and the kinds of
//! match behind them, from which the bootstrap draws.

use crate::{Error, Outcome, Tally};

/// How a tie counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// Half a win to each side.
    Half,
    /// Not at all.
    Exclude,
}

/// Identical matches between an unordered pair.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Index of the pair in [`Pairs`].
    pub pair: u32,
    /// Points of the lower-numbered contestant in each match: weight times score.
    pub low: f64,
    /// Points of the higher-numbered contestant in each match.
    pub high: f64,
    /// How many such matches there were.
    pub count: u64,
}

/// Points between each pair of contestants that met, `low < high`, in order.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// The number of contestants.
    pub contestants: usize,
    /// The lower-numbered contestant of each pair.
    pub low: Vec<u32>,
    /// The higher-numbered contestant of each pair.
    pub high: Vec<u32>,
    /// Points of the lower-numbered contestant.
    pub low_points: Vec<f64>,
    /// Points of the higher-numbered contestant.
    pub high_points: Vec<f64>,
}

impl Pairs {
    /// The pairs of a tally and the kinds of match between them, ordered by pair and points,
    /// whichever contestant was shown first.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a kind no longer fits 64 bits.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<(Self, Vec<Kind>), Error> {
        let mut cells: Vec<(u32, u32, f64, f64, u64)> = tally
            .cells()
            .filter(|cell| {
                ties == Ties::Half || !matches!(cell.outcome, Outcome::Tie | Outcome::BothBad)
            })
            .map(|cell| {
                let first = cell.weight * cell.score;
                let second = cell.weight * (1.0 - cell.score);
                if cell.first < cell.second {
                    (cell.first, cell.second, first, second, cell.count)
                } else {
                    (cell.second, cell.first, second, first, cell.count)
                }
            })
            .collect();
        // Points are never negative, so their bits sort as they do.
        cells.sort_unstable_by_key(|cell| (cell.0, cell.1, cell.2.to_bits(), cell.3.to_bits()));
        let mut pairs = Self {
            contestants: tally.contestants(),
            ..Self::default()
        };
        let mut kinds: Vec<Kind> = Vec::with_capacity(cells.len());
        for (low, high, low_points, high_points, count) in cells {
            if pairs.low.last() != Some(&low) || pairs.high.last() != Some(&high) {
                pairs.low.push(low);
                pairs.high.push(high);
            }
            let pair = pairs.low.len() as u32 - 1;
            match kinds.last_mut() {
                Some(last)
                    if last.pair == pair
                        && last.low.to_bits() == low_points.to_bits()
                        && last.high.to_bits() == high_points.to_bits() =>
                {
                    last.count = last.count.checked_add(count).ok_or(Error::CountOverflow)?;
                }
                _ => kinds.push(Kind {
                    pair,
                    low: low_points,
                    high: high_points,
                    count,
                }),
            }
        }
        pairs.low_points = vec![0.0; pairs.low.len()];
        pairs.high_points = vec![0.0; pairs.low.len()];
        pairs.set_points(&kinds, kinds.iter().map(|kind| kind.count));
        Ok((pairs, kinds))
    }

    /// Replaces the points by those of `counts[k]` matches of each kind `k`.
    pub fn set_points(&mut self, kinds: &[Kind], counts: impl Iterator<Item = u64>) {
        self.low_points.fill(0.0);
        self.high_points.fill(0.0);
        for (kind, count) in kinds.iter().zip(counts) {
            let pair = kind.pair as usize;
            self.low_points[pair] += count as f64 * kind.low;
            self.high_points[pair] += count as f64 * kind.high;
        }
    }

    /// The number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.low.len()
    }

    /// Whether nobody met anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.low.is_empty()
    }

    /// The contestants of each pair, as indices.
    pub fn contestants_of_pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.low
            .iter()
            .zip(&self.high)
            .map(|(&low, &high)| (low as usize, high as usize))
    }

    /// The pairs among the contestants for which `code` gives a new number, in the same order.
    /// `code` must keep the order of the contestants.
    #[must_use]
    pub fn restrict(&self, code: &[Option<u32>]) -> Self {
        let mut out = Self {
            contestants: code.iter().flatten().count(),
            ..Self::default()
        };
        for (pair, (low, high)) in self.contestants_of_pairs().enumerate() {
            if let (Some(low), Some(high)) = (code[low], code[high]) {
                out.low.push(low);
                out.high.push(high);
                out.low_points.push(self.low_points[pair]);
                out.high_points.push(self.high_points[pair]);
            }
        }
        out
    }
}
