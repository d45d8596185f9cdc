//! Running Elo ratings, which are updated after each match.

use super::expected::expected;
use crate::MEAN_RATING;

/// The initial rating of each contestant.
pub const START: f64 = MEAN_RATING;

/// Running Elo ratings.
#[derive(Clone, Debug)]
pub struct Elo {
    /// The current ratings.
    pub ratings: Vec<f64>,
    k: f64,
}

impl Elo {
    /// Creates ratings that all equal `start`. A match changes a rating by at most `k`.
    #[must_use]
    pub fn new(contestants: usize, k: f64, start: f64) -> Self {
        Self {
            ratings: vec![start; contestants],
            k,
        }
    }

    /// Plays one match: R <- R + K (S - E), with K multiplied by the weight of the match.
    ///
    /// # Panics
    /// If a contestant is outside the field.
    #[inline]
    pub fn play(&mut self, i: u32, j: u32, score: f64, weight: f64) {
        let (i, j) = (i as usize, j as usize);
        let (own, other) = (self.ratings[i], self.ratings[j]);
        let change = self.k * weight * (score - expected(other - own));
        self.ratings[i] = own + change;
        self.ratings[j] = other - change;
    }
}
