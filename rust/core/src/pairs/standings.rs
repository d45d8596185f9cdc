//! The matches and points of each contestant.

use rayon::prelude::*;

use super::matches::{Plain, Ties, specials};
use crate::{Error, Tally};

/// The matches and points of each contestant.
#[derive(Clone, Debug)]
pub struct Standings {
    /// The number of matches.
    pub matches: Vec<u64>,
    /// The points won.
    pub points: Vec<f64>,
    /// The maximum points that could have been won: the sum of the weights of the matches.
    pub weight: Vec<f64>,
    /// The number of all matches, each counted once.
    pub total: u64,
}

/// The number of parts of a large field that are summed concurrently.
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

    /// Returns the standings of a settled tally.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the number of matches exceeds 64 bits.
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
