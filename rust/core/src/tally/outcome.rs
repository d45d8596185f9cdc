//! Outcomes of matches, and cells of identical matches.

/// The outcome of a match. The first contestant is the one that was shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The contestant shown first won.
    First = 0,
    /// The contestant shown second won.
    Second = 1,
    /// Neither contestant was better.
    Tie = 2,
    /// Neither contestant was good: a tie that is counted separately.
    BothBad = 3,
    /// The first contestant's share of the win is given as a number between 0 and 1.
    Soft = 4,
}

impl Outcome {
    /// The outcomes whose share of the win is fixed.
    pub const PLAIN: [Self; 4] = [Self::First, Self::Second, Self::Tie, Self::BothBad];

    /// The name of each outcome, indexed by its code.
    pub const NAMES: [&str; 5] = ["model_a", "model_b", "tie", "both_bad", "soft"];

    /// The first contestant's share of the win for each outcome, indexed by its code; NaN for
    /// [`Outcome::Soft`].
    pub const SHARES: [f64; 5] = [
        Self::First.score(f64::NAN),
        Self::Second.score(f64::NAN),
        Self::Tie.score(f64::NAN),
        Self::BothBad.score(f64::NAN),
        Self::Soft.score(f64::NAN),
    ];

    /// The outcome with the given code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            4 => Some(Self::Soft),
            _ => Self::PLAIN.get(code as usize).copied(),
        }
    }

    /// The first contestant's share of the win; `soft` if the outcome is given as a number.
    #[must_use]
    pub const fn score(self, soft: f64) -> f64 {
        match self {
            Self::First => 1.0,
            Self::Second => 0.0,
            Self::Tie | Self::BothBad => 0.5,
            Self::Soft => soft,
        }
    }

    /// The points that a plain outcome gives to the first and to the second contestant.
    #[must_use]
    pub(crate) const fn points(self) -> (f64, f64) {
        let first = Self::SHARES[self as usize];
        (first, 1.0 - first)
    }

    /// Whether the outcome is a tie of either sort.
    #[must_use]
    pub const fn is_tie(self) -> bool {
        matches!(self, Self::Tie | Self::BothBad)
    }
}

/// Identical matches: same ordered pair, same outcome, same weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The contestant shown first.
    pub first: u32,
    /// The contestant shown second.
    pub second: u32,
    /// The outcome of the matches.
    pub outcome: Outcome,
    /// The first contestant's share of the win, from 0 to 1.
    pub score: f64,
    /// The weight of each match, 1 by default.
    pub weight: f64,
    /// The number of matches.
    pub count: u64,
}

impl Cell {
    /// A cell of matches of weight 1 with a plain outcome.
    pub(crate) fn plain((first, second, outcome, count): (u32, u32, Outcome, u64)) -> Self {
        Self {
            first,
            second,
            outcome,
            score: outcome.score(0.5),
            weight: 1.0,
            count,
        }
    }
}
