//! The chord method: Newton's method with the information of a nearby fit instead of that of the
//! current point.

use super::{
    chances::{Chances, logistic},
    settings::{Settings, TOLERANCE},
    system::System,
    vector::{centre, in_points},
};
use crate::{Pairs, PointColumn};

/// With more contestants than this, a product with the inverse costs more than it saves.
const MOST_CONTESTANTS: usize = 256;

/// After this many steps, Newton's method is the better choice.
const MOST_STEPS: usize = 40;

/// The inverse information of one fit, used for fits of slightly different data.
pub struct Chord {
    inverse: Vec<f64>,
    prior: f64,
}

impl Chord {
    /// Inverts the information at `strengths`; `None` for a large field.
    #[must_use]
    pub fn new(pairs: &Pairs, strengths: &[f64], settings: Settings) -> Option<Self> {
        (pairs.contestants() > 1 && pairs.contestants() <= MOST_CONTESTANTS).then(|| Self {
            inverse: System::new(pairs, settings).inverse(strengths),
            prior: settings.prior,
        })
    }

    /// Returns the maximum near `start`, to [`TOLERANCE`]; `None` if the steps do not shrink fast
    /// enough.
    #[must_use]
    pub fn fit(&self, pairs: &Pairs, start: &[f64]) -> Option<Vec<f64>> {
        let mut strengths = start.to_vec();
        let mut score = vec![0.0; strengths.len()];
        let mut step = vec![0.0; strengths.len()];
        let mut last = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            self.score(pairs, &strengths, &mut score);
            self.solve(&score, &mut step);
            if self.prior == 0.0 {
                centre(&mut step);
            }
            for (strength, step) in strengths.iter_mut().zip(&step) {
                *strength += step;
            }
            let distance = in_points(&step);
            // Steps shrink by an approximately constant factor, which predicts the length of the
            // next one. The prediction is multiplied by ten for safety.
            let next = 10.0 * distance * distance / last;
            if distance < TOLERANCE || (last.is_finite() && next < TOLERANCE) {
                centre(&mut strengths);
                return Some(strengths);
            }
            if distance.is_nan() || distance > 0.7 * last {
                return None;
            }
            last = distance;
        }
        None
    }

    /// Multiplies a score by the inverse, which gives the step.
    fn solve(&self, score: &[f64], step: &mut [f64]) {
        let n = score.len();
        step.fill(0.0);
        // Processing four rows at once reads the step from memory a quarter as often.
        let mut rows = self.inverse.chunks_exact(4 * n);
        let mut scores = score.chunks_exact(4);
        for (rows, score) in (&mut rows).zip(&mut scores) {
            let (first, rest) = rows.split_at(n);
            let (second, rest) = rest.split_at(n);
            let (third, fourth) = rest.split_at(n);
            let columns = first.iter().zip(second).zip(third).zip(fourth);
            for (step, (((a, b), c), d)) in step.iter_mut().zip(columns) {
                *step += (a * score[0] + b * score[1]) + (c * score[2] + d * score[3]);
            }
        }
        let rest = rows.remainder().chunks_exact(n).zip(scores.remainder());
        for (row, score) in rest {
            for (step, factor) in step.iter_mut().zip(row) {
                *step += factor * score;
            }
        }
    }

    fn score(&self, pairs: &Pairs, strengths: &[f64], score: &mut [f64]) {
        for (score, &strength) in score.iter_mut().zip(strengths) {
            let (p, q) = logistic(strength);
            *score = self.prior * 0.5 * (q - p);
        }
        // A field this small can have points of either variant.
        match (
            Chances::at(strengths),
            &pairs.low_points,
            &pairs.high_points,
        ) {
            (Chances::Strengths(powers), PointColumn::Any(won), PointColumn::Any(lost)) => {
                add_surplus(pairs, (won, lost), &powers, score);
            }
            (chances, won, lost) => {
                for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
                    let (p, q) = chances.of(low, high);
                    let surplus = won.get(pair) * q - lost.get(pair) * p;
                    score[low] += surplus;
                    score[high] -= surplus;
                }
            }
        }
    }
}

/// Adds the points won minus the expected points, for strengths given as powers of e.
fn add_surplus(pairs: &Pairs, (won, lost): (&[f64], &[f64]), powers: &[f64], score: &mut [f64]) {
    for (low, row) in pairs.rows() {
        let high = &pairs.high[row.clone()];
        let (won, lost) = (&won[row.clone()], &lost[row]);
        let (Some(&first), Some(&last)) = (high.first(), high.last()) else {
            continue;
        };
        let power = powers[low];
        let others = first as usize..last as usize + 1;
        // A contestant that has met all contestants between two others has a contiguous row.
        if others.len() == high.len() {
            score[low] += surplus_along(
                power,
                (won, lost),
                &powers[others.clone()],
                &mut score[others],
            );
            continue;
        }
        let mut own = 0.0;
        for ((&high, won), lost) in high.iter().zip(won).zip(lost) {
            let other = powers[high as usize];
            let surplus = (won * other - lost * power) / (power + other);
            own += surplus;
            score[high as usize] -= surplus;
        }
        score[low] += own;
    }
}

/// Subtracts from each of `score` the points that the contestant of this power has won from it
/// beyond expectation, and returns their sum.
// As a separate function, it is vectorized regardless of the caller.
#[inline(never)]
fn surplus_along(
    power: f64,
    (won, lost): (&[f64], &[f64]),
    powers: &[f64],
    score: &mut [f64],
) -> f64 {
    /// The number of partial sums, which fit one vector register.
    const LANES: usize = 4;
    let surplus = |won: f64, lost: f64, other: f64| (won * other - lost * power) / (power + other);
    let mut own = [0.0; LANES];
    let (won, won_rest) = won.as_chunks::<LANES>();
    let (lost, lost_rest) = lost.as_chunks::<LANES>();
    let (powers, powers_rest) = powers.as_chunks::<LANES>();
    let (score, score_rest) = score.as_chunks_mut::<LANES>();
    for (((won, lost), powers), score) in won.iter().zip(lost).zip(powers).zip(score) {
        for lane in 0..LANES {
            let surplus = surplus(won[lane], lost[lane], powers[lane]);
            own[lane] += surplus;
            score[lane] -= surplus;
        }
    }
    let mut total: f64 = own.iter().sum();
    let rest = won_rest.iter().zip(lost_rest).zip(powers_rest);
    for (((&won, &lost), &other), score) in rest.zip(score_rest) {
        let surplus = surplus(won, lost, other);
        total += surplus;
        *score -= surplus;
    }
    total
}
