//! How a schedule chooses.

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
