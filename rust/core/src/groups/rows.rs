//! The rows counted by groups, and the packed representation of plain matches.

use rayon::prelude::*;

use crate::{Outcome, tally::MOST_CONTESTANTS};

/// The rows to count, as columns. `keys` has one column per key of the groups.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The codes of each key, [`NO_KEY`](super::NO_KEY) for a missing one.
    pub keys: &'a [&'a [u32]],
    /// The contestants shown first.
    pub first: &'a [u32],
    /// The contestants shown second.
    pub second: &'a [u32],
    /// The codes of the outcomes.
    pub outcome: &'a [u8],
    /// The first contestants' shares of the win, used if the outcome is soft.
    pub score: Option<&'a [f64]>,
    /// The weight of each match; 1 if not given.
    pub weight: Option<&'a [f64]>,
    /// The number of matches of each row; 1 if not given.
    pub count: Option<&'a [u64]>,
}

/// A plain match of a group.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub key: u64,
    pub group: u32,
}

/// Packs the contestants and the outcome of a plain match into one number of 30, 30 and 3 bits.
pub fn pack(first: u32, second: u32, outcome: u8) -> u64 {
    u64::from(first) << 33 | u64::from(second) << 3 | u64::from(outcome)
}

pub fn unpack(key: u64) -> (u32, u32, Outcome) {
    let second = (key >> 3) as u32 & (MOST_CONTESTANTS as u32 - 1);
    let outcome = Outcome::from_code((key & 7) as u8).unwrap_or(Outcome::Tie);
    ((key >> 33) as u32, second, outcome)
}

/// The number of rows that a thread checks at once.
const PART: usize = 1 << 16;

/// Whether all rows are valid.
#[allow(
    clippy::needless_bitwise_bool,
    reason = "without branches it is vectorized"
)]
pub fn in_range(rows: &Rows, contestants: usize) -> bool {
    let most = contestants as u32;
    let good = |from: usize, to: usize| {
        let plain = if rows.score.is_some() { 4 } else { 3 };
        let mut bad = false;
        for ((&first, &second), &outcome) in (rows.first[from..to].iter())
            .zip(&rows.second[from..to])
            .zip(&rows.outcome[from..to])
        {
            bad |= (first >= most) | (second >= most) | (first == second) | (outcome > plain);
        }
        if let Some(score) = rows.score {
            let soft = rows.outcome[from..to].iter().zip(&score[from..to]);
            bad |= soft
                .filter(|(outcome, _)| **outcome == 4)
                .any(|(_, score)| !(0.0..=1.0).contains(score));
        }
        if let Some(weight) = rows.weight {
            bad |= weight[from..to]
                .iter()
                .any(|weight| !(0.0..f64::INFINITY).contains(weight));
        }
        !bad
    };
    let length = rows.first.len();
    (0..length.div_ceil(PART))
        .into_par_iter()
        .all(|part| good(part * PART, length.min((part + 1) * PART)))
}
