//! What can go wrong in the engine once its input has been checked.

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A fit whose distance to the maximum stayed above the limit.
    #[error("the fit stayed {distance:e} points from the maximum after {iterations} iterations")]
    NotConverged {
        /// The last certificate, in rating points.
        distance: f64,
        /// Iterations spent.
        iterations: usize,
    },
    /// The likelihood has no maximum: see [`crate::graph`].
    #[error("the likelihood has no maximum: the field is not strongly connected")]
    NoMaximum,
    /// A row holds a contestant outside the field, twice the same one, or no plain outcome.
    #[error("a row has a code or an outcome that is out of range")]
    OutOfRange,
    /// A row of clusters is of contestants that never met.
    #[error("a cluster holds matches of contestants that never met")]
    NotAPair,
    /// More matches than 64 bits can count.
    #[error("the counts add up to more than 2^64 - 1 matches")]
    CountOverflow,
    /// A tournament of more comparisons, or contestants, than its schedule can hold.
    #[error("too many contestants or prompts for this schedule")]
    TooLarge,
}
