//! How a fit is made, and how close to the maximum it must come.

/// How to climb to the maximum; the result does not depend on it.
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
    /// Times half a won game against a fixed opponent of strength 0, added for everyone.
    pub prior: f64,
    /// Which way to the maximum.
    pub solver: Solver,
    /// Whether one fit may use all threads; many fits at once keep them busy without.
    pub parallel: bool,
    /// Whether to measure the certificate at the end, and not only to bound it.
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

/// A fit goes on until its certificate is below this many points.
pub const TOLERANCE: f64 = 1e-6;

/// A fit whose certificate cannot be brought below this many points is an error.
pub const LIMIT: f64 = 1e-4;
