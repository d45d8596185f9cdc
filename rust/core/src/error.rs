//! Errors of the engine on input that has already been validated.

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller requested to stop.
    #[error("interrupted")]
    Interrupted,
    /// The distance of a fit to the maximum stayed above the limit.
    #[error("{}", not_converged(*distance, *iterations))]
    NotConverged {
        /// The last certificate, in rating points.
        distance: f64,
        /// The number of iterations performed.
        iterations: usize,
    },
    /// The likelihood has no maximum (see [`crate::graph`]).
    #[error("the likelihood has no maximum: the field is not strongly connected")]
    NoMaximum,
    /// A row contains a contestant outside the field, a contestant matched with itself, or an
    /// outcome that is not plain.
    #[error("a row has a code or an outcome that is out of range")]
    OutOfRange,
    /// A row of clusters contains two contestants that never met.
    #[error("a cluster contains a match of contestants that never met in the field")]
    NotAPair,
    /// There are more matches than 64 bits can count.
    #[error("the counts add up to more than 2^64 - 1 matches")]
    CountOverflow,
    /// A tournament has more comparisons or contestants than its schedule can hold.
    #[error("too many contestants or prompts for this schedule")]
    TooLarge,
}

fn not_converged(distance: f64, iterations: usize) -> String {
    if distance.is_finite() {
        format!(
            "the fit stayed {distance:.1e} points from the maximum after {iterations} iterations"
        )
    } else {
        "the fit cannot be computed: the numbers of matches differ by too many orders of magnitude \
         for floating-point numbers"
            .to_owned()
    }
}
