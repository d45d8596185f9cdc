//! The kinds of match of a field, from which resamples and random orders are drawn.

use super::matches::{Ties, for_each_pair};
use crate::{Error, Outcome, Tally};

/// The outcomes of the classes of plain matches; the lower-numbered contestant counts as the first.
const PLAIN: [Outcome; 3] = [Outcome::First, Outcome::Second, Outcome::Tie];

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

impl Kinds {
    /// The kinds of match of a settled tally, over the pairs of [`Pairs::from_tally`]: the
    /// plain ones of a pair first, then the others by their points.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a kind no longer fits 64 bits.
    pub fn from_tally(tally: &Tally, ties: Ties) -> Result<Self, Error> {
        let mut out = Self {
            kinds: Vec::new(),
            classes: PLAIN.map(Outcome::points).to_vec(),
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
