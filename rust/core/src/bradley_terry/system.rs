//! The score and the information of the likelihood at a point, and the Newton step that results
//! from them.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    chances::{Chances, chance, logistic},
    dense::{factor, substitute},
    settings::Settings,
    vector::{centre, largest},
};
use crate::{Error, Monitor, Pairs};

/// With at most this many contestants, the step is solved by Cholesky factorization; with more, by
/// conjugate gradients.
const DENSE_LIMIT: usize = 128;

/// The likelihood of a field, with its score and information at the point of the last evaluation.
pub struct System<'a> {
    pub pairs: &'a Pairs,
    pub settings: Settings,
    /// The gradient of the log likelihood.
    score: Vec<f64>,
    /// The positive part of the gradient: each win times the probability that it would have been
    /// lost.
    gain: Vec<f64>,
    /// The diagonal of the information.
    diagonal: Vec<f64>,
    /// n p q of each pair, the negative of its off-diagonal entry of the information.
    weights: Vec<f64>,
    matrix: Vec<f64>,
    parts: Vec<Part>,
    pub step: Vec<f64>,
}

/// The contributions of the pairs to one contestant. Storing them together needs one memory access
/// per pair instead of three.
#[derive(Clone, Copy, Default)]
struct Sums {
    score: f64,
    gain: f64,
    diagonal: f64,
}

/// Rows of pairs that are processed together, and their contributions to each contestant.
#[derive(Default)]
struct Part {
    rows: Range<usize>,
    sums: Vec<Sums>,
    /// The contributions to a product with the information.
    image: Vec<f64>,
}

/// The maximum number of pairs that are processed together. The parts depend only on the pairs and
/// are added in order, so the sums do not depend on the number of threads.
const PART: usize = 1 << 16;
const MOST_PARTS: usize = 4;

fn parts(pairs: &Pairs, settings: Settings) -> Vec<Part> {
    let most = if settings.parallel { MOST_PARTS } else { 1 };
    (pairs
        .cut(pairs.len().div_ceil(PART).clamp(1, most))
        .into_iter())
    .map(|rows| Part {
        rows,
        ..Part::default()
    })
    .collect()
}

/// Runs one task for each part.
fn each_part<T: Send>(tasks: Vec<T>, parallel: bool, work: impl Fn(T) + Sync + Send) {
    if parallel && tasks.len() > 1 {
        tasks.into_par_iter().for_each(work);
    } else {
        tasks.into_iter().for_each(work);
    }
}

/// The weights of the pairs of each part.
fn split_mut<'s>(mut weights: &'s mut [f64], pairs: &Pairs, parts: &[Part]) -> Vec<&'s mut [f64]> {
    parts
        .iter()
        .map(|part| {
            let length = pairs.pairs_of(&part.rows).len();
            let (part, rest) = std::mem::take(&mut weights).split_at_mut(length);
            weights = rest;
            part
        })
        .collect()
}

impl<'a> System<'a> {
    pub fn new(pairs: &'a Pairs, settings: Settings) -> Self {
        let n = pairs.contestants();
        Self {
            pairs,
            settings,
            score: vec![0.0; n],
            gain: vec![0.0; n],
            diagonal: vec![0.0; n],
            weights: vec![0.0; pairs.len()],
            matrix: Vec::new(),
            parts: parts(pairs, settings),
            step: vec![0.0; n],
        }
    }

    /// Evaluates the score and the information at `strengths`.
    fn evaluate(&mut self, strengths: &[f64]) {
        for (i, &strength) in strengths.iter().enumerate() {
            let (p, q) = logistic(strength);
            self.gain[i] = self.settings.prior * 0.5 * q;
            self.score[i] = self.settings.prior * 0.5 * (q - p);
            self.diagonal[i] = self.settings.prior * p * q;
        }
        let chances = Chances::at(strengths);
        let (coordinates, narrow) = chances.coordinates();
        let pairs = self.pairs;
        let weights = split_mut(&mut self.weights, pairs, &self.parts);
        each_part(
            self.parts.iter_mut().zip(weights).collect(),
            self.settings.parallel,
            |(part, weights)| {
                if narrow {
                    add_sums(pairs, part, coordinates, weights, chance);
                } else {
                    add_sums(pairs, part, coordinates, weights, |one, other| {
                        logistic(one - other)
                    });
                }
            },
        );
        for part in &self.parts {
            for (i, sums) in part.sums.iter().enumerate() {
                self.score[i] += sums.score;
                self.gain[i] += sums.gain;
                self.diagonal[i] += sums.diagonal;
            }
        }
    }

    /// Replaces the step by one in which each contestant ignores the steps of the others: the ratio
    /// of gains to losses of Newman (2023). Far from the maximum, it makes more progress than a
    /// Newton step and needs only one pass over the pairs.
    pub fn alone_step(&mut self, strengths: &[f64]) {
        self.evaluate(strengths);
        for (i, step) in self.step.iter_mut().enumerate() {
            *step = alone(self.gain[i], self.score[i]).unwrap_or(0.0);
        }
    }

    /// Computes the Newton step at `strengths`, solved to the relative accuracy `accuracy`.
    pub fn newton_step(
        &mut self,
        strengths: &[f64],
        accuracy: f64,
        monitor: &Monitor,
    ) -> Result<(), Error> {
        self.evaluate(strengths);
        self.step.fill(0.0);
        self.solve(accuracy, monitor)
    }

    /// Whether steps are solved as accurately as possible, regardless of the requested accuracy.
    pub fn is_exact(&self) -> bool {
        self.pairs.contestants() <= DENSE_LIMIT
    }

    /// Solves (information) x (step) = (score) at the point of the last evaluation, starting from
    /// the current step.
    pub fn solve(&mut self, accuracy: f64, monitor: &Monitor) -> Result<(), Error> {
        if self.is_exact() {
            self.solve_dense();
        } else {
            self.solve_sparse(accuracy, monitor)?;
        }
        if self.settings.prior == 0.0 {
            centre(&mut self.step);
        }
        Ok(())
    }

    /// Shortens each step d that is longer than `longest` to ln(1 + d), unless this concerns more
    /// than half of the contestants. A few contestants far from their final strength then do not
    /// slow down the others, as damping all steps would. Returns whether any step was shortened.
    pub fn tame_step(&mut self, longest: f64) -> bool {
        let far = (self.step.iter())
            .filter(|step| step.abs() > longest)
            .count();
        if far == 0 || 2 * far > self.step.len() {
            return false;
        }
        for step in self.step.iter_mut().filter(|step| step.abs() > longest) {
            *step = step.abs().ln_1p().copysign(*step);
        }
        true
    }

    /// The largest change of a difference between contestants of a pair due to the step, or an
    /// upper bound of it if that is at most `enough`.
    pub fn step_spread(&self, enough: f64) -> f64 {
        if 2.0 * largest(&self.step) <= enough {
            return enough;
        }
        let own = if self.settings.prior > 0.0 {
            largest(&self.step)
        } else {
            0.0
        };
        self.pairs
            .contestants_of_pairs()
            .map(|(low, high)| (self.step[low] - self.step[high]).abs())
            .fold(own, f64::max)
    }

    /// Fills the dense information matrix at the point of the last evaluation.
    fn assemble(&mut self) {
        let n = self.pairs.contestants();
        // Without a prior the information is singular along (1, ..., 1). Adding the outer product
        // of its diagonal d makes it regular, at the scale of each contestant, and does not change
        // steps for which the sum of d x step is 0.
        let ground = if self.settings.prior > 0.0 {
            0.0
        } else {
            1.0 / self.diagonal.iter().sum::<f64>()
        };
        self.matrix.clear();
        for (i, diagonal) in self.diagonal.iter().enumerate() {
            let row = self.diagonal.iter().map(|other| ground * diagonal * other);
            self.matrix.extend(row);
            self.matrix[i * n + i] += diagonal;
        }
        for (&weight, (low, high)) in self.weights.iter().zip(self.pairs.contestants_of_pairs()) {
            self.matrix[low * n + high] -= weight;
        }
    }

    fn solve_dense(&mut self) {
        self.assemble();
        self.step.copy_from_slice(&self.score);
        factor(&mut self.matrix, self.pairs.contestants());
        substitute(&self.matrix, &mut self.step);
    }

    /// The inverse of the information at `strengths` in row-major order; without a prior, the
    /// generalized inverse up to a multiple of the all-ones matrix.
    pub fn inverse(&mut self, strengths: &[f64]) -> Vec<f64> {
        let n = self.pairs.contestants();
        self.evaluate(strengths);
        self.assemble();
        factor(&mut self.matrix, n);
        let mut inverse = vec![0.0; n * n];
        for (i, row) in inverse.chunks_exact_mut(n).enumerate() {
            row[i] = 1.0;
            substitute(&self.matrix, row);
        }
        inverse
    }

    /// Multiplies the information by `values`. Returns the inner product of `values` and the
    /// result.
    fn multiply(&self, parts: &mut [Part], values: &[f64], image: &mut [f64]) -> f64 {
        let (pairs, weights) = (self.pairs, &self.weights);
        each_part(parts.iter_mut().collect(), self.settings.parallel, |part| {
            part.image.clear();
            part.image.resize(values.len(), 0.0);
            let image = &mut part.image[..];
            for (low, row) in pairs.some_rows(part.rows.clone()) {
                let (value, mut own) = (values[low], 0.0);
                for (&high, &weight) in pairs.high[row.clone()].iter().zip(&weights[row]) {
                    own += weight * values[high as usize];
                    image[high as usize] -= weight * value;
                }
                image[low] -= own;
            }
        });
        let mut curvature = 0.0;
        for (i, total) in image.iter_mut().enumerate() {
            *total = self.diagonal[i] * values[i];
            for part in parts.iter() {
                *total += part.image[i];
            }
            curvature += *total * values[i];
        }
        curvature
    }

    /// Solves for the step by conjugate gradients with diagonal preconditioning, until the residual
    /// is small compared with the step, both in the norm of the information and for each
    /// contestant.
    fn solve_sparse(&mut self, accuracy: f64, monitor: &Monitor) -> Result<(), Error> {
        let n = self.pairs.contestants();
        let mut step = std::mem::take(&mut self.step);
        let mut parts = std::mem::take(&mut self.parts);
        // Without a prior the information is singular along (1, ..., 1). The residuals sum to 0
        // except for rounding errors, which no direction can remove, so conjugate gradients would
        // stall at that level and diverge. The excess is distributed in proportion to the
        // information of each contestant.
        let excess = if self.settings.prior > 0.0 {
            0.0
        } else {
            1.0 / self.diagonal.iter().sum::<f64>()
        };
        // Removes the excess. Returns the remaining residual times the inverse of the diagonal: its
        // inner product with the residual, and its maximum.
        let project = |residual: &mut [f64]| {
            let share = excess * residual.iter().sum::<f64>();
            let (mut energy, mut largest) = (0.0, 0.0_f64);
            for (residual, diagonal) in residual.iter_mut().zip(&self.diagonal) {
                *residual -= share * diagonal;
                let preconditioned = *residual / diagonal;
                energy += *residual * preconditioned;
                largest = largest.max(preconditioned.abs());
            }
            (energy, largest)
        };
        let mut residual = self.score.clone();
        let mut image = vec![0.0; n];
        let (mut energy, mut left) = project(&mut residual);
        let target = energy * accuracy * accuracy;
        if step.iter().any(|&step| step != 0.0) {
            self.multiply(&mut parts, &step, &mut image);
            for (residual, image) in residual.iter_mut().zip(&image) {
                *residual -= image;
            }
            (energy, left) = project(&mut residual);
        }
        let precondition = |(residual, diagonal): (&f64, &f64)| residual / diagonal;
        let mut direction: Vec<f64> = (residual.iter().zip(&self.diagonal))
            .map(precondition)
            .collect();
        let mut result = Ok(());
        // In exact arithmetic n iterations are sufficient. With rounding errors, a few times as
        // many can be necessary.
        for iteration in 0..20 * n + 1000 {
            let close = energy <= target && left <= accuracy * largest(&step);
            if close || energy == 0.0 {
                break;
            }
            if iteration % 8 == 0 {
                result = monitor.check();
                if result.is_err() {
                    break;
                }
            }
            let curvature = self.multiply(&mut parts, &direction, &mut image);
            if curvature <= 0.0 || curvature.is_nan() {
                break;
            }
            let length = energy / curvature;
            for (i, step) in step.iter_mut().enumerate() {
                *step += length * direction[i];
                residual[i] -= length * image[i];
            }
            let before = energy;
            (energy, left) = project(&mut residual);
            let ratio = energy / before;
            let preconditioned = residual.iter().zip(&self.diagonal).map(precondition);
            for (direction, preconditioned) in direction.iter_mut().zip(preconditioned) {
                *direction = preconditioned + ratio * *direction;
            }
        }
        self.step = step;
        self.parts = parts;
        result
    }
}

/// Newman's step of one contestant.
fn alone(gain: f64, score: f64) -> Option<f64> {
    let step = (gain / (gain - score)).ln();
    step.is_finite().then_some(step)
}

/// The number of pairs of a contestant that are evaluated together.
const BLOCK: usize = 32;

/// Computes the contributions of the pairs of a part to all contestants, and the weights of the
/// pairs.
#[inline]
fn add_sums(
    pairs: &Pairs,
    part: &mut Part,
    coordinates: &[f64],
    weights: &mut [f64],
    chance: impl Fn(f64, f64) -> (f64, f64),
) {
    part.sums.clear();
    part.sums.resize(coordinates.len(), Sums::default());
    let sums = &mut part.sums[..];
    let mut rest = weights;
    for (low, row) in pairs.some_rows(part.rows.clone()) {
        let (own, behind) = std::mem::take(&mut rest).split_at_mut(row.len());
        rest = behind;
        let coordinate = coordinates[low];
        let (mut score, mut gain, mut diagonal) = (0.0, 0.0, 0.0);
        let blocks = (row.clone().step_by(BLOCK))
            .zip(pairs.high[row].chunks(BLOCK))
            .zip(own.chunks_mut(BLOCK));
        for ((begin, high), weights) in blocks {
            let block = begin..begin + high.len();
            let (mut won, mut lost) = ([0.0; BLOCK], [0.0; BLOCK]);
            let won = pairs.low_points.of(block.clone(), &mut won);
            let lost = pairs.high_points.of(block, &mut lost);
            // Three short loops: the first one has many memory reads in flight at once, the second
            // one performs arithmetic on contiguous values, and the third one adds to values that
            // are in the cache by then.
            let mut others = [0.0; BLOCK];
            for (other, &high) in others.iter_mut().zip(high) {
                *other = coordinates[high as usize];
            }
            let (mut gained, mut given) = ([0.0; BLOCK], [0.0; BLOCK]);
            for (at, ((&won, &lost), weight)) in won.iter().zip(lost).zip(&mut *weights).enumerate()
            {
                let (p, q) = chance(coordinate, others[at]);
                // Equal to won - (won + lost) p, but without cancellation if p is near 1.
                (gained[at], given[at]) = (won * q, lost * p);
                *weight = (won + lost) * p * q;
            }
            for (at, (&high, &weight)) in high.iter().zip(&*weights).enumerate() {
                let other = &mut sums[high as usize];
                let (gained, given) = (gained[at], given[at]);
                score += gained - given;
                gain += gained;
                diagonal += weight;
                other.score -= gained - given;
                other.gain += given;
                other.diagonal += weight;
            }
        }
        let own = &mut sums[low];
        own.score += score;
        own.gain += gain;
        own.diagonal += diagonal;
    }
}
