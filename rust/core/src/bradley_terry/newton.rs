//! Newton's method with damping adapted to the logistic likelihood.

use super::{
    settings::{LIMIT, TOLERANCE},
    system::System,
    vector::in_points,
};
use crate::{Error, Monitor, POINTS};

/// Even from the opposite side of a barely connected field, each step gains at least ln 2 on the
/// widest difference, so 10,000 steps exceed any field that floats can represent.
const MAX_STEPS: usize = 10_000;

/// Relative accuracy of the first steps, of later ones, and of the last one, which is the
/// certificate.
const ROUGH: f64 = 0.1;
const CLOSE: f64 = 1e-3;
const FINE: f64 = 1e-5;

/// Undamped steps that change no difference by more than this converge quadratically.
const NEAR: f64 = 0.5;

/// Steps longer than this are tamed, as long as this makes each step shorter than the previous ones
/// by this factor.
const LONGEST: f64 = 0.5;
const PROGRESS: f64 = 0.7;

/// Performs `alone_steps` steps of [`System::alone_step`] and then Newton steps until the next one
/// is shorter than [`TOLERANCE`]. Takes that step as well, and returns its length in points and the
/// number of steps before it.
///
/// A step that changes the widest difference by d is shortened to ln(1 + d)/d of its length. The
/// log likelihood is generalized self-concordant with constant 1, and for such functions this
/// damping converges from any starting point, and quadratically in the end; see Sun and Tran-Dinh
/// (2019).
pub fn climb(
    system: &mut System,
    strengths: &mut [f64],
    alone_steps: usize,
    monitor: &Monitor,
) -> Result<(f64, usize), Error> {
    let mut best = f64::INFINITY;
    let mut accuracy = ROUGH;
    let mut stalled = 0;
    for _ in 0..alone_steps {
        monitor.check()?;
        system.alone_step(strengths);
        advance(strengths, 1.0, &system.step);
    }
    for taken in alone_steps..MAX_STEPS {
        monitor.check()?;
        system.newton_step(strengths, accuracy, monitor)?;
        let mut distance = in_points(&system.step);
        let progresses = distance < PROGRESS * best;
        // The distance that remains after this step: the inaccuracy of its solution, and its
        // square.
        let left = distance * (accuracy + distance / POINTS);
        if !system.settings.certify && distance < NEAR * POINTS && left < LIMIT {
            advance(strengths, 1.0, &system.step);
            return Ok((left, taken));
        }
        if distance < 1e2 * TOLERANCE && !system.is_exact() {
            system.solve(FINE, monitor)?;
            distance = in_points(&system.step);
        }
        // Rounding errors limit how short a step can become. Three steps without progress near this
        // limit mean that it has been reached.
        stalled = if distance < best { 0 } else { stalled + 1 };
        best = best.min(distance);
        if distance < TOLERANCE || !distance.is_finite() || (stalled == 3 && best < 1.0) {
            // The step is already computed and removes the remaining distance.
            advance(strengths, 1.0, &system.step);
            return Ok((distance, taken));
        }
        let tamed = progresses && system.tame_step(LONGEST);
        // Steps that converge quadratically are solved to a corresponding accuracy.
        accuracy = (distance / POINTS).clamp(CLOSE, ROUGH);
        let spread = if tamed {
            NEAR
        } else {
            system.step_spread(NEAR)
        };
        let length = if spread > NEAR {
            spread.ln_1p() / spread
        } else {
            1.0
        };
        advance(strengths, length, &system.step);
    }
    Ok((best, MAX_STEPS))
}

fn advance(strengths: &mut [f64], length: f64, step: &[f64]) {
    for (strength, step) in strengths.iter_mut().zip(step) {
        *strength += length * step;
    }
}
