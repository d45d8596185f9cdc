//! Rounds of comparisons, and the interface of the schedules that select them.

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// A contestant.
    pub first: u32,
    /// Its opponent.
    pub second: u32,
    /// The prompt of the comparison.
    pub prompt: u32,
}

/// The comparisons of a round, in the order of the schedule, as columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// One contestant of each comparison.
    pub first: Vec<u32>,
    /// The opponent in each comparison.
    pub second: Vec<u32>,
    /// The prompt of each comparison.
    pub prompt: Vec<u32>,
    /// The contestants without an opponent although budget was left.
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

    /// Whether there are no comparisons.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

/// A way to select comparisons. All arguments must be in range.
pub trait Schedule: Send + Sync {
    /// Returns at most `budget` unused comparisons, and at least one if any is left.
    fn next_round(&mut self, budget: u64, elo: &[f64]) -> Round;

    /// Records a verdict.
    fn record(&mut self, _first: u32, _second: u32, _score: f64) {}

    /// Marks a comparison as used, counting it as played or not. Returns whether it was unused.
    fn take(&mut self, comparison: Comparison, played: bool) -> bool;

    /// Sets the numbers of contestants and prompts, neither of which may decrease.
    fn extend(&mut self, contestants: u32, prompts: u32);
}
