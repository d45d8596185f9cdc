//! Newton's method for a small field: that of `newton.rs`, with all it needs in a few kilobytes
//! on the stack, so that a hundred thousand small fields cost no more than their arithmetic.

use super::{Settings, TOLERANCE, system::logistic};
use crate::{Error, Monitor, POINTS, Pairs};

/// Up to this many contestants a field is small.
pub const MOST_CONTESTANTS: usize = 32;

/// The widest difference of log strengths whose exponentials, and their sums, fit a float.
const WIDEST: f64 = 600.0;

const MAX_STEPS: usize = 10_000;

type Column = [f64; MOST_CONTESTANTS];

/// The upper triangle of the information, row by row; the lower one is never looked at.
type Matrix = [Column; MOST_CONTESTANTS];

/// Climbs as `newton::climb` does, and returns the same.
pub fn climb(
    pairs: &Pairs,
    settings: Settings,
    strengths: &mut [f64],
    monitor: &Monitor,
) -> Result<(f64, usize), Error> {
    let n = strengths.len();
    let mut matrix: Matrix = [[0.0; MOST_CONTESTANTS]; MOST_CONTESTANTS];
    let mut step: Column = [0.0; MOST_CONTESTANTS];
    let mut best = f64::INFINITY;
    let mut stalled = 0;
    for taken in 0..MAX_STEPS {
        monitor.check()?;
        evaluate(pairs, settings.prior, strengths, &mut matrix, &mut step);
        factor(&mut matrix, n);
        substitute(&matrix, &mut step, n);
        let step = &mut step[..n];
        if settings.prior == 0.0 {
            super::centre(step);
        }
        let distance = super::largest(step) * POINTS;
        // Rounding sets a floor under the step length; three steps without progress near
        // it mean that the floor is reached.
        stalled = if distance < best { 0 } else { stalled + 1 };
        best = best.min(distance);
        if distance < TOLERANCE || !distance.is_finite() || (stalled == 3 && best < 1.0) {
            advance(strengths, 1.0, step);
            return Ok((distance, taken));
        }
        let own = if settings.prior > 0.0 {
            super::largest(step)
        } else {
            0.0
        };
        let spread = (pairs.contestants_of_pairs())
            .map(|(low, high)| (step[low] - step[high]).abs())
            .fold(own, f64::max);
        let length = if spread > 0.0 {
            spread.ln_1p() / spread
        } else {
            1.0
        };
        advance(strengths, length, step);
    }
    Ok((best, MAX_STEPS))
}

fn advance(strengths: &mut [f64], length: f64, step: &[f64]) {
    for (strength, step) in strengths.iter_mut().zip(step) {
        *strength += length * step;
    }
}

/// Fills the information and, into `score`, the gradient of the log likelihood.
fn evaluate(pairs: &Pairs, prior: f64, strengths: &[f64], matrix: &mut Matrix, score: &mut Column) {
    let n = strengths.len();
    let mut diagonal: Column = [0.0; MOST_CONTESTANTS];
    score.fill(0.0);
    for row in &mut matrix[..n] {
        row[..n].fill(0.0);
    }
    if prior > 0.0 {
        for (i, &strength) in strengths.iter().enumerate() {
            let (p, q) = logistic(strength);
            score[i] = prior * 0.5 * (q - p);
            diagonal[i] = prior * p * q;
        }
    }
    let (min, max) = strengths.iter().fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(min, max), &strength| (strength.min(min), strength.max(max)),
    );
    let narrow = max - min <= WIDEST;
    let middle = f64::midpoint(min, max);
    let mut power: Column = [0.0; MOST_CONTESTANTS];
    if narrow {
        for (power, strength) in power.iter_mut().zip(strengths) {
            *power = (strength - middle).exp();
        }
    }
    let points = pairs.low_points.iter().zip(pairs.high_points.iter());
    for ((low, high), (won, lost)) in pairs.contestants_of_pairs().zip(points) {
        let (p, q) = if narrow {
            let scale = 1.0 / (power[low] + power[high]);
            (power[low] * scale, power[high] * scale)
        } else {
            logistic(strengths[low] - strengths[high])
        };
        // Equal to won - (won + lost) p, without its cancellation where p is near 1.
        let surplus = won * q - lost * p;
        let weight = (won + lost) * p * q;
        score[low] += surplus;
        score[high] -= surplus;
        diagonal[low] += weight;
        diagonal[high] += weight;
        matrix[low][high] = -weight;
    }
    // Without a prior the information is singular along (1, ..., 1); the outer product of its
    // diagonal takes that away, at everyone's own scale.
    let ground = if prior > 0.0 {
        0.0
    } else {
        1.0 / diagonal[..n].iter().sum::<f64>()
    };
    for i in 0..n {
        let scale = ground * diagonal[i];
        for (value, other) in matrix[i][i..n].iter_mut().zip(&diagonal[i..n]) {
            *value += scale * other;
        }
        matrix[i][i] += diagonal[i];
    }
}

/// Cholesky's factorization in place on the upper triangle; the diagonal holds the inverses of
/// the factor's.
fn factor(matrix: &mut Matrix, n: usize) {
    for k in 0..n {
        let (above, below) = matrix.split_at_mut(k + 1);
        let row = &mut above[k];
        let inverse = 1.0 / row[k].sqrt();
        row[k] = inverse;
        for value in &mut row[k + 1..n] {
            *value *= inverse;
        }
        for (i, target) in (k + 1..n).zip(below) {
            let factor = row[i];
            for (target, value) in target[i..n].iter_mut().zip(&row[i..n]) {
                *target -= factor * value;
            }
        }
    }
}

/// Solves with the factor, in place of the right-hand side.
fn substitute(factor: &Matrix, right: &mut Column, n: usize) {
    for k in 0..n {
        let row = &factor[k];
        right[k] *= row[k];
        let solved = right[k];
        for (value, factor) in right[k + 1..n].iter_mut().zip(&row[k + 1..n]) {
            *value -= factor * solved;
        }
    }
    for k in (0..n).rev() {
        let row = &factor[k];
        let known: f64 = (row[k + 1..n].iter().zip(&right[k + 1..n]))
            .map(|(factor, value)| factor * value)
            .sum();
        right[k] = (right[k] - known) * row[k];
    }
}
