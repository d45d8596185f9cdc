//! Rounds of comparisons, and what chooses them.

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
    pub(super) fn push(&mut self, first: u32, second: u32, prompt: u32) {
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
pub trait Schedule: Send + Sync {
    /// At most `budget` comparisons, none of them used up; at least one if there is one left.
    fn next_round(&mut self, budget: u64, elo: &[f64]) -> Round;

    /// Learns a verdict.
    fn record(&mut self, _first: u32, _second: u32, _score: f64) {}

    /// Uses up a comparison, which is counted as played or not; says whether it was not used up yet.
    fn take(&mut self, comparison: Comparison, played: bool) -> bool;

    /// From now on there are so many contestants and prompts, no fewer than before.
    fn extend(&mut self, contestants: u32, prompts: u32);
}
