//! The settings of a fit, and the required distance to its maximum.

/// The algorithm that finds the maximum. The result does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Damped Newton steps.
    Newton,
    /// Minorization-maximization sweeps.
    Mm,
}

/// Settings of a fit.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The weight of the prior: half a win and half a loss against a fixed opponent of strength 0
    /// are added for each contestant, this many times.
    pub prior: f64,
    /// The algorithm that finds the maximum.
    pub solver: Solver,
    /// Whether one fit may use all threads. This is not necessary if many fits run concurrently.
    pub parallel: bool,
    /// Whether to compute the certificate at the end instead of only bounding it.
    pub certify: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prior: 0.0,
            solver: Solver::Newton,
            parallel: true,
            certify: true,
        }
    }
}

/// A fit continues until its certificate is below this many points.
pub const TOLERANCE: f64 = 1e-6;

/// A fit whose certificate cannot be reduced below this many points is an error.
pub const LIMIT: f64 = 1e-4;
