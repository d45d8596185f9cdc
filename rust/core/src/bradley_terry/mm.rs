//! The minorization-maximization algorithm of Hunter (2004).

use super::{
    chances::logistic,
    settings::{LIMIT, TOLERANCE},
    system::System,
    vector::{centre, in_points},
};
use crate::{Error, Monitor};

/// The tolerance used in the paper: the largest change of a log strength in one sweep.
const FIRST_TOLERANCE: f64 = 1e-6;

/// The maximum number of sweeps.
const MAX_SWEEPS: usize = 1_000_000;

/// Performs sweeps `p_i <- W_i / sum_j n_ij / (p_i + p_j)`, on the log scale, until the largest
/// change is below the tolerance, and then computes the certificate. While the certificate is too
/// large, continues with a tenth of the tolerance. Returns the certificate and the number of
/// sweeps.
pub fn climb(
    system: &mut System,
    strengths: &mut [f64],
    monitor: &Monitor,
) -> Result<(f64, usize), Error> {
    let pairs = system.pairs;
    let half_prior = system.settings.prior / 2.0;
    let mut points = vec![half_prior; strengths.len()];
    for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
        points[low] += pairs.low_points.get(pair);
        points[high] += pairs.high_points.get(pair);
    }
    let mut tolerance = FIRST_TOLERANCE;
    let mut expected = vec![0.0; strengths.len()];
    for sweep in 1..=MAX_SWEEPS {
        if sweep % 64 == 0 {
            monitor.check()?;
        }
        for (expected, &strength) in expected.iter_mut().zip(strengths.iter()) {
            *expected = system.settings.prior * logistic(strength).0;
        }
        for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
            let matches = pairs.low_points.get(pair) + pairs.high_points.get(pair);
            let (p, q) = logistic(strengths[low] - strengths[high]);
            expected[low] += matches * p;
            expected[high] += matches * q;
        }
        // sum_j n_ij / (p_i + p_j) equals the expected points divided by p_i.
        let mut change = 0.0_f64;
        for (i, strength) in strengths.iter_mut().enumerate() {
            let step = (points[i] / expected[i]).ln();
            *strength += step;
            change = change.max(step.abs());
        }
        if system.settings.prior == 0.0 {
            centre(strengths);
        }
        if change < tolerance {
            system.newton_step(strengths, 1e-9, monitor)?;
            let distance = in_points(&system.step);
            if distance < TOLERANCE || (change == 0.0 || tolerance < 1e-16) && distance < LIMIT {
                return Ok((distance, sweep));
            }
            tolerance /= 10.0;
        }
    }
    system.newton_step(strengths, 1e-9, monitor)?;
    Ok((in_points(&system.step), MAX_SWEEPS))
}
