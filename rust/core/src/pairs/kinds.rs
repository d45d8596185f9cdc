//! The kinds of match of a field, from which resamples and random orders are drawn.

use super::matches::{Ties, for_each_pair};
use crate::{Error, Outcome, Tally};

/// The outcomes of the plain classes. The lower-numbered contestant counts as the first one.
const PLAIN: [Outcome; 3] = [Outcome::First, Outcome::Second, Outcome::Tie];

/// Identical matches of an unordered pair.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The number of such matches.
    pub count: u64,
    /// The index of the pair in [`Pairs`](super::Pairs).
    pub pair: u32,
    /// The index of the points in [`Kinds::classes`].
    pub class: u32,
}

/// The kinds of match of a field, sorted by pair and points.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// The points of the lower- and the higher-numbered contestant in one match of each class.
    pub classes: Vec<(f64, f64)>,
}

impl Kinds {
    /// Returns the kinds of match of a settled tally, with the pair indices of
    /// [`Pairs::from_tally`](super::Pairs::from_tally). For each pair the plain kinds come first,
    /// followed by the others in the order of their points.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a kind exceeds 64 bits.
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
    /// [`Error::CountOverflow`] if the number exceeds 64 bits.
    pub fn matches(&self) -> Result<u64, Error> {
        self.kinds
            .iter()
            .try_fold(0_u64, |total, kind| total.checked_add(kind.count))
            .ok_or(Error::CountOverflow)
    }
}
