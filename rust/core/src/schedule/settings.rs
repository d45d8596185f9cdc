//! The settings of a schedule.

/// The method of selecting comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neighbors by running Elo, among the pairs that are under-sampled.
    Swiss,
    /// Every pair on one prompt, then every pair on the next one.
    RoundRobin,
    /// Any pair on any prompt, without replacement.
    Random,
    /// The pairs whose matches are most informative about the order.
    Information,
}

/// Settings of a schedule.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The method of selecting comparisons.
    pub kind: Kind,
    /// The seed of all random choices.
    pub seed: u64,
    /// The maximum number of matches by which a pair of the Swiss schedule may exceed the
    /// least-played pair.
    pub slack: u32,
    /// The number of prompts that a pairing plays at a time.
    pub prompts_per_pairing: u32,
    /// The maximum change of the running Elo in one match.
    pub elo_k: f64,
    /// The prior of the fit of the information schedule.
    pub prior: f64,
}
