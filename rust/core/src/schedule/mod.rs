//! The selection of the next comparisons of a tournament: rounds of (first, second, prompt) under a
//! budget.
//!
//! A comparison is an unordered pair of contestants on a prompt and takes place at most once. A
//! round is a function of the settings and of the sequence of previous rounds, takes and verdicts.

mod information;
mod ledger;
mod permutation;
mod random;
mod round;
mod round_robin;
mod settings;
mod swiss;
#[cfg(test)]
mod tests;

use crate::{
    Error,
    elo::{Elo, START},
    random::{Purpose, stream},
};
use information::Information;
use rand::Rng;
use random::Random;
use round::Schedule;
pub use round::{Comparison, Round};
use round_robin::RoundRobin;
pub use settings::{Kind, Settings};
use swiss::Swiss;

/// The version of the schedules. It changes when the same settings and verdicts give another
/// schedule.
pub const VERSION: u32 = 1;

/// The maximum number of contestants of the information schedule, which stores data for all pairs.
pub const MOST_INFORMED: u32 = information::MOST_CONTESTANTS;

/// The maximum number of comparisons of a schedule.
pub const MOST_COMPARISONS: u64 = 1 << 62;

/// A schedule with its running Elo and its usage.
pub struct Scheduler {
    schedule: Box<dyn Schedule>,
    elo: Elo,
    informed: bool,
    prompts: u32,
    played: u64,
    used: u64,
}

impl Scheduler {
    /// Creates a schedule.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if there are too many contestants or comparisons.
    pub fn new(contestants: u32, prompts: u32, settings: &Settings) -> Result<Self, Error> {
        check_size(settings.kind == Kind::Information, contestants, prompts)?;
        let key = stream(settings.seed, Purpose::Schedule, 0, 0).next_u64();
        let schedule: Box<dyn Schedule> = match settings.kind {
            Kind::Swiss => Box::new(Swiss::new(contestants, prompts, settings, key)),
            Kind::RoundRobin => Box::new(RoundRobin::new(contestants, prompts, settings, key)),
            Kind::Random => Box::new(Random::new(contestants, prompts, settings, key)),
            Kind::Information => Box::new(Information::new(contestants, prompts, settings, key)),
        };
        Ok(Self {
            schedule,
            elo: Elo::new(contestants as usize, settings.elo_k, START),
            informed: settings.kind == Kind::Information,
            prompts,
            played: 0,
            used: 0,
        })
    }

    /// Returns the next comparisons, at most `budget`. The round is empty only if no comparison is
    /// left or the budget is 0.
    pub fn next_round(&mut self, budget: u64) -> Round {
        if budget == 0 || self.possible() == 0 {
            return Round::default();
        }
        let round = self.schedule.next_round(budget, &self.elo.ratings);
        self.played += round.len() as u64;
        self.used += round.len() as u64;
        round
    }

    /// Records the verdict of a comparison. `score` is that of the first contestant.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a contestant or the score is invalid.
    pub fn record(&mut self, first: u32, second: u32, score: f64) -> Result<(), Error> {
        if !self.is_pair(first, second) || !(0.0..=1.0).contains(&score) {
            return Err(Error::OutOfRange);
        }
        self.elo.play(first, second, score, 1.0);
        self.schedule.record(first, second, score);
        Ok(())
    }

    /// Excludes a comparison from the schedule: one that took place, which counts as played, or one
    /// that cannot take place, which does not. Returns whether it was unused; if it was used,
    /// nothing changes.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the comparison is invalid.
    pub fn take(&mut self, comparison: Comparison, played: bool) -> Result<bool, Error> {
        if !self.is_pair(comparison.first, comparison.second) || comparison.prompt >= self.prompts {
            return Err(Error::OutOfRange);
        }
        let new = self.schedule.take(comparison, played);
        self.used += u64::from(new);
        self.played += u64::from(new && played);
        Ok(new)
    }

    /// Sets the numbers of contestants and prompts.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if there are too many contestants or comparisons. [`Error::OutOfRange`]
    /// if a number would decrease.
    pub fn extend(&mut self, contestants: u32, prompts: u32) -> Result<(), Error> {
        if contestants < self.contestants() || prompts < self.prompts {
            return Err(Error::OutOfRange);
        }
        check_size(self.informed, contestants, prompts)?;
        if (contestants, prompts) != (self.contestants(), self.prompts) {
            self.schedule.extend(contestants, prompts);
            self.elo.ratings.resize(contestants as usize, START);
            self.prompts = prompts;
        }
        Ok(())
    }

    /// The running Elo ratings of all contestants.
    #[must_use]
    pub fn elo(&self) -> &[f64] {
        &self.elo.ratings
    }

    /// The number of contestants.
    #[must_use]
    pub fn contestants(&self) -> u32 {
        self.elo.ratings.len() as u32
    }

    /// The number of prompts.
    #[must_use]
    pub fn prompts(&self) -> u32 {
        self.prompts
    }

    /// The number of comparisons that were scheduled, or taken as played.
    #[must_use]
    pub fn played(&self) -> u64 {
        self.played
    }

    /// The number of comparisons that are left.
    #[must_use]
    pub fn possible(&self) -> u64 {
        ledger::pairs(self.contestants()) * u64::from(self.prompts) - self.used
    }

    fn is_pair(&self, first: u32, second: u32) -> bool {
        first != second && first.max(second) < self.contestants()
    }
}

fn check_size(informed: bool, contestants: u32, prompts: u32) -> Result<(), Error> {
    let comparisons = u128::from(ledger::pairs(contestants)) * u128::from(prompts);
    if comparisons > u128::from(MOST_COMPARISONS) || (informed && contestants > MOST_INFORMED) {
        return Err(Error::TooLarge);
    }
    Ok(())
}
