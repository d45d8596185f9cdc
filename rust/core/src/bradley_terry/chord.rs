//! The chord method: Newton's, with the information of a nearby fit instead of its own.

use super::{
    Settings, TOLERANCE, centre, in_points,
    system::{Chances, System, logistic},
};
use crate::Pairs;

/// Beyond this many contestants a product with the inverse costs more than it saves.
const MOST_CONTESTANTS: usize = 256;

/// Steps after which Newton's own method is the better way.
const MOST_STEPS: usize = 40;

/// The inverse information of one fit, for fits of data that differ a little.
pub struct Chord {
    inverse: Vec<f64>,
    prior: f64,
}

impl Chord {
    /// Inverts the information at `strengths`; none for a large field.
    #[must_use]
    pub fn new(pairs: &Pairs, strengths: &[f64], settings: Settings) -> Option<Self> {
        (pairs.contestants() > 1 && pairs.contestants() <= MOST_CONTESTANTS).then(|| Self {
            inverse: System::new(pairs, settings).inverse(strengths),
            prior: settings.prior,
        })
    }

    /// The maximum near `start`, to [`TOLERANCE`]; none where the steps do not shrink as they
    /// should.
    #[must_use]
    pub fn fit(&self, pairs: &Pairs, start: &[f64]) -> Option<Vec<f64>> {
        let mut strengths = start.to_vec();
        let mut score = vec![0.0; strengths.len()];
        let mut step = vec![0.0; strengths.len()];
        let mut last = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            self.score(pairs, &strengths, &mut score);
            step.fill(0.0);
            for (row, &score) in self.inverse.chunks_exact(score.len()).zip(&score) {
                for (step, factor) in step.iter_mut().zip(row) {
                    *step += factor * score;
                }
            }
            if self.prior == 0.0 {
                centre(&mut step);
            }
            for (strength, step) in strengths.iter_mut().zip(&step) {
                *strength += step;
            }
            let distance = in_points(&step);
            if distance < TOLERANCE {
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

    fn score(&self, pairs: &Pairs, strengths: &[f64], score: &mut [f64]) {
        for (score, &strength) in score.iter_mut().zip(strengths) {
            let (p, q) = logistic(strength);
            *score = self.prior * 0.5 * (q - p);
        }
        let chances = Chances::at(strengths);
        for low in 0..pairs.contestants() {
            let mut own = 0.0;
            for pair in pairs.row(low) {
                let high = pairs.high[pair] as usize;
                let (p, q) = chances.of(low, high);
                let surplus = pairs.low_points[pair] * q - pairs.high_points[pair] * p;
                own += surplus;
                score[high] -= surplus;
            }
            score[low] += own;
        }
    }
}
