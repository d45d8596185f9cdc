//! Hunter's minorization-maximization.

use super::{
    chances::logistic,
    settings::{LIMIT, TOLERANCE},
    system::System,
    vector::{centre, in_points},
};
use crate::{Error, Monitor};

/// The paper's tolerance: the largest change of a log strength in one sweep.
const FIRST_TOLERANCE: f64 = 1e-6;

/// Sweeps after which the climb is given up.
const MAX_SWEEPS: usize = 1_000_000;

/// Sweeps `p_i <- W_i / sum_j n_ij / (p_i + p_j)`, in logs, until the largest change is under
/// the tolerance; then asks for the certificate, and goes on with a tenth of the tolerance
/// while that is too large. Returns the certificate and the number of sweeps.
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
        // sum_j n_ij / (p_i + p_j) is the expected points over p_i.
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
