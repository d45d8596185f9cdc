//! Which comparisons a tournament makes next: rounds of (first, second, prompt) under a budget.
//!
//! A comparison is an unordered pair of contestants on a prompt, made at most once. A round is a
//! function of the settings and of what was scheduled, taken and recorded before, in that order.

mod information;
mod ledger;
mod permutation;
mod random;
mod round_robin;
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
use round_robin::RoundRobin;
use swiss::Swiss;

/// Changes whenever the same settings and verdicts would give another schedule.
pub const VERSION: u32 = 1;

/// Up to so many contestants the information schedule can hold what it knows of all pairs.
pub const MOST_INFORMED: u32 = information::MOST_CONTESTANTS;

/// How the next comparisons are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neighbours by running Elo, among the pairs that are under-sampled.
    Swiss,
    /// Every pair on prompt after prompt.
    RoundRobin,
    /// Any pair on any prompt, without replacement.
    Random,
    /// The pairs whose matches say most about the order.
    Information,
}

/// Settings of a schedule.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How the next comparisons are chosen.
    pub kind: Kind,
    /// Of every random choice.
    pub seed: u64,
    /// By how much a pair of the Swiss schedule may be ahead of the least-played pair.
    pub slack: u32,
    /// How many prompts a pairing plays at a time.
    pub prompts_per_pairing: u32,
    /// The most points that a match moves the running Elo.
    pub elo_k: f64,
    /// The prior of the information schedule's fit.
    pub prior: f64,
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// A contestant.
    pub first: u32,
    /// Another one.
    pub second: u32,
    /// What they meet on.
    pub prompt: u32,
}

/// The comparisons of a round, in the order of the schedule, as columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// One contestant of each comparison.
    pub first: Vec<u32>,
    /// The other.
    pub second: Vec<u32>,
    /// What they meet on.
    pub prompt: Vec<u32>,
    /// Who had no opponent while there was budget left.
    pub byes: Vec<u32>,
}

impl Round {
    fn push(&mut self, first: u32, second: u32, prompt: u32) {
        self.first.push(first);
        self.second.push(second);
        self.prompt.push(prompt);
    }

    /// The number of comparisons.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

/// A way to choose comparisons. It may count on arguments that are in range.
trait Schedule: Send + Sync {
    /// At most `budget` comparisons, none of them used up; at least one if there is one left.
    fn next_round(&mut self, budget: u64, elo: &[f64]) -> Round;

    /// Learns a verdict.
    fn record(&mut self, _first: u32, _second: u32, _score: f64) {}

    /// Uses up a comparison, which is counted as played or not; says whether it was not used up yet.
    fn take(&mut self, comparison: Comparison, played: bool) -> bool;

    /// From now on there are so many contestants and prompts, no fewer than before.
    fn extend(&mut self, contestants: u32, prompts: u32);
}

/// A schedule, its running Elo, and how much of it is used up.
pub struct Scheduler {
    schedule: Box<dyn Schedule>,
    elo: Elo,
    informed: bool,
    prompts: u32,
    played: u64,
    used: u64,
}

impl Scheduler {
    /// A schedule for so many contestants and prompts.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
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

    /// The next comparisons, at most `budget`; none only if none is left or the budget is 0.
    pub fn next_round(&mut self, budget: u64) -> Round {
        if budget == 0 || self.possible() == 0 {
            return Round::default();
        }
        let round = self.schedule.next_round(budget, &self.elo.ratings);
        self.played += round.len() as u64;
        self.used += round.len() as u64;
        round
    }

    /// Learns the verdict of a comparison; `score` is that of the first.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn record(&mut self, first: u32, second: u32, score: f64) -> Result<(), Error> {
        if !self.is_pair(first, second) || !(0.0..=1.0).contains(&score) {
            return Err(Error::OutOfRange);
        }
        self.elo.play(first, second, score, 1.0);
        self.schedule.record(first, second, score);
        Ok(())
    }

    /// Never schedules a comparison (again): one that was made, which counts as played, or one that
    /// cannot be made, which does not. Says whether it was not used up yet; if it was, nothing changes.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn take(&mut self, comparison: Comparison, played: bool) -> Result<bool, Error> {
        if !self.is_pair(comparison.first, comparison.second) || comparison.prompt >= self.prompts {
            return Err(Error::OutOfRange);
        }
        let new = self.schedule.take(comparison, played);
        self.used += u64::from(new);
        self.played += u64::from(new && played);
        Ok(new)
    }

    /// From now on there are so many contestants and prompts.
    ///
    /// # Errors
    /// [`Error::TooLarge`]; [`Error::OutOfRange`] if there would be fewer than before.
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

    /// The running Elo of everyone.
    #[must_use]
    pub fn elo(&self) -> &[f64] {
        &self.elo.ratings
    }

    /// How many contestants there are.
    #[must_use]
    pub fn contestants(&self) -> u32 {
        self.elo.ratings.len() as u32
    }

    /// How many prompts there are.
    #[must_use]
    pub fn prompts(&self) -> u32 {
        self.prompts
    }

    /// How many comparisons were scheduled, or taken as played.
    #[must_use]
    pub fn played(&self) -> u64 {
        self.played
    }

    /// How many comparisons are left.
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
    if comparisons > 1 << 62 || (informed && contestants > MOST_INFORMED) {
        return Err(Error::TooLarge);
    }
    Ok(())
}
