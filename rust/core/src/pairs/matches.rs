//! The plain, soft and weighted matches of a tally, by unordered pair.

use crate::{
    Error, Tally,
    tally::{Cells, place},
};

/// The treatment of ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// A tie counts as half a win for each contestant.
    Half,
    /// A tie is ignored.
    Exclude,
}

/// A soft or weighted cell, by unordered pair.
#[derive(Clone, Copy, Debug)]
pub struct Special {
    pub pair: (u32, u32),
    pub points: (f64, f64),
    pub count: u64,
}

/// The plain matches of a pair: wins of the lower-numbered contestant, wins of the higher-numbered
/// contestant, and ties.
pub struct Plain {
    pub low: u64,
    pub high: u64,
    pub ties: u64,
}

impl Plain {
    const NONE: Self = Self {
        low: 0,
        high: 0,
        ties: 0,
    };

    pub fn new(both: &[u64; 8], ties: Ties) -> Result<Self, Error> {
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

    /// The points of the lower- and the higher-numbered contestant.
    pub fn points(&self) -> (f64, f64) {
        let half = self.ties as f64 / 2.0;
        (self.low as f64 + half, self.high as f64 + half)
    }

    pub fn is_none(&self) -> bool {
        self.low == 0 && self.high == 0 && self.ties == 0
    }
}

/// Returns the soft and weighted cells of a tally, sorted by pair, then by points.
pub fn specials(tally: &Tally, ties: Ties) -> Vec<Special> {
    let mut special: Vec<Special> = tally
        .special_cells()
        .filter(|cell| ties == Ties::Half || !cell.outcome.is_tie())
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
    // Points are not negative, so their bit patterns have the same order.
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
pub fn for_each_pair(
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

/// Visits the pairs of a tile that have a match.
pub fn for_each_plain(
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
