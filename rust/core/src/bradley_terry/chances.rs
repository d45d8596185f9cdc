//! The probability that one contestant beats another.

/// Returns (p, q) = (logistic(d), logistic(-d)), each to full relative accuracy.
pub fn logistic(difference: f64) -> (f64, f64) {
    let small = (-difference.abs()).exp();
    let large = 1.0 / (1.0 + small);
    if difference >= 0.0 {
        (large, small * large)
    } else {
        (small * large, large)
    }
}

/// Returns (p, q) for two strengths, each to full relative accuracy.
#[inline]
pub fn chance(one: f64, other: f64) -> (f64, f64) {
    let scale = 1.0 / (one + other);
    (one * scale, other * scale)
}

/// The win probabilities of any two contestants at given strengths.
pub enum Chances<'a> {
    /// exp(strength), if these fit a float.
    Strengths(Vec<f64>),
    /// Log strengths that are too far apart for their exponentials.
    Logs(&'a [f64]),
}

/// The maximum difference of log strengths whose exponentials, and sums of these, fit a float.
const WIDEST: f64 = 600.0;

impl<'a> Chances<'a> {
    pub fn at(strengths: &'a [f64]) -> Self {
        let (min, max) = strengths.iter().fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(min, max), &strength| (strength.min(min), strength.max(max)),
        );
        if max - min > WIDEST {
            return Self::Logs(strengths);
        }
        let middle = f64::midpoint(min, max);
        Self::Strengths(strengths.iter().map(|s| (s - middle).exp()).collect())
    }

    /// The arguments of [`chance`] or [`logistic`], and whether they are those of [`chance`].
    pub fn coordinates(&self) -> (&[f64], bool) {
        match self {
            Self::Strengths(p) => (p, true),
            Self::Logs(strengths) => (strengths, false),
        }
    }

    /// Returns (P(i beats j), P(j beats i)), each to full relative accuracy.
    #[inline]
    pub fn of(&self, i: usize, j: usize) -> (f64, f64) {
        match self {
            Self::Strengths(p) => chance(p[i], p[j]),
            Self::Logs(strengths) => logistic(strengths[i] - strengths[j]),
        }
    }
}
