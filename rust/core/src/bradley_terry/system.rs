//! The score and information of the likelihood at a point, and the Newton step they give.

use std::ops::Range;

use rayon::prelude::*;

use super::Settings;
use crate::{Error, Monitor, Pairs};

/// Up to this many contestants the step is solved by Cholesky's method, beyond by
/// conjugate gradients.
const DENSE_LIMIT: usize = 128;

/// The likelihood of a field, with its score and information at the last point asked for.
pub struct System<'a> {
    pub pairs: &'a Pairs,
    pub settings: Settings,
    /// The gradient of the log likelihood.
    score: Vec<f64>,
    /// Its positive part: each win times the chance that it would have been lost.
    gain: Vec<f64>,
    /// The diagonal of the information.
    diagonal: Vec<f64>,
    /// n p q of each pair: minus its off-diagonal entry of the information.
    weights: Vec<f64>,
    matrix: Vec<f64>,
    krylov: Krylov,
    pub step: Vec<f64>,
}

/// The vectors of conjugate gradients.
#[derive(Default)]
struct Krylov {
    residual: Vec<f64>,
    preconditioned: Vec<f64>,
    direction: Vec<f64>,
    image: Vec<f64>,
}

/// (p, q) = logistic(d), logistic(-d), each to full relative accuracy.
pub fn logistic(difference: f64) -> (f64, f64) {
    let small = (-difference.abs()).exp();
    let large = 1.0 / (1.0 + small);
    if difference >= 0.0 {
        (large, small * large)
    } else {
        (small * large, large)
    }
}

/// The chances of any two contestants at some strengths.
pub enum Chances<'a> {
    /// exp(strength), where all of them can be held.
    Strengths(Vec<f64>),
    /// Log strengths too far apart for that.
    Logs(&'a [f64]),
}

/// The widest difference of log strengths whose exponentials, and their sums, fit a float.
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

    /// (P(i beats j), P(j beats i)), each to full relative accuracy.
    #[inline]
    pub fn of(&self, i: usize, j: usize) -> (f64, f64) {
        match self {
            Self::Strengths(p) => {
                let scale = 1.0 / (p[i] + p[j]);
                (p[i] * scale, p[j] * scale)
            }
            Self::Logs(strengths) => logistic(strengths[i] - strengths[j]),
        }
    }
}

/// Up to this many pairs are worked through in one go. The parts depend on the pairs alone, and
/// are added in their order, so that the sums do not depend on the threads.
const PART: usize = 1 << 16;
const MOST_PARTS: usize = 8;

fn parts(pairs: &Pairs) -> Vec<Range<usize>> {
    pairs.cut(pairs.len().div_ceil(PART).clamp(1, MOST_PARTS))
}

/// Runs a task for each part and returns the results in their order.
fn each_part<T: Send, R: Send>(
    tasks: Vec<T>,
    parallel: bool,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    if parallel && tasks.len() > 1 {
        tasks.into_par_iter().map(work).collect()
    } else {
        tasks.into_iter().map(work).collect()
    }
}

/// The weights of the pairs of each part.
fn split_mut<'s>(
    mut weights: &'s mut [f64],
    pairs: &Pairs,
    parts: &[Range<usize>],
) -> Vec<&'s mut [f64]> {
    parts
        .iter()
        .map(|lows| {
            let length = lows.clone().map(|low| pairs.row(low).len()).sum();
            let (part, rest) = std::mem::take(&mut weights).split_at_mut(length);
            weights = rest;
            part
        })
        .collect()
}

fn add(total: &mut [f64], part: &[f64]) {
    for (total, part) in total.iter_mut().zip(part) {
        *total += part;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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
            krylov: Krylov::default(),
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
        let pairs = self.pairs;
        let parts = parts(pairs);
        let weights = split_mut(&mut self.weights, pairs, &parts);
        let results = each_part(
            parts.into_iter().zip(weights).collect(),
            self.settings.parallel,
            |(lows, weights)| {
                let mut score = vec![0.0; strengths.len()];
                let mut gain = vec![0.0; strengths.len()];
                let mut diagonal = vec![0.0; strengths.len()];
                let mut out = weights.iter_mut();
                for low in lows {
                    let (mut own_score, mut own_gain, mut own_diagonal) = (0.0, 0.0, 0.0);
                    for (pair, out) in pairs.row(low).zip(&mut out) {
                        let high = pairs.high[pair] as usize;
                        let (p, q) = chances.of(low, high);
                        let (won, lost) = (pairs.low_points[pair], pairs.high_points[pair]);
                        // Equal to won - (won + lost) p, without its cancellation where p is
                        // near 1.
                        let (gained, given) = (won * q, lost * p);
                        let weight = (won + lost) * p * q;
                        own_score += gained - given;
                        own_gain += gained;
                        own_diagonal += weight;
                        score[high] -= gained - given;
                        gain[high] += given;
                        diagonal[high] += weight;
                        *out = weight;
                    }
                    score[low] += own_score;
                    gain[low] += own_gain;
                    diagonal[low] += own_diagonal;
                }
                (score, gain, diagonal)
            },
        );
        for (score, gain, diagonal) in results {
            add(&mut self.score, &score);
            add(&mut self.gain, &gain);
            add(&mut self.diagonal, &diagonal);
        }
    }

    /// Computes the Newton step at `strengths`, solved to `accuracy` (relative).
    pub fn newton_step(
        &mut self,
        strengths: &[f64],
        accuracy: f64,
        monitor: &Monitor,
    ) -> Result<(), Error> {
        self.evaluate(strengths);
        self.solve(accuracy, monitor)
    }

    /// Whether steps are solved as well as they can be, whatever accuracy is asked for.
    pub fn is_exact(&self) -> bool {
        self.pairs.contestants() <= DENSE_LIMIT
    }

    /// Solves the information times the step = the score, at the last point evaluated.
    pub fn solve(&mut self, accuracy: f64, monitor: &Monitor) -> Result<(), Error> {
        if self.is_exact() {
            self.solve_dense();
        } else {
            self.solve_sparse(accuracy, monitor)?;
        }
        if self.settings.prior == 0.0 {
            super::centre(&mut self.step);
        }
        Ok(())
    }

    /// Replaces the steps of those who would go further than `longest` by steps that look at
    /// nobody else's, unless they are more than half of all: Newman's ratio of gains to losses
    /// (2023, "Efficient computation of rankings from pairwise comparisons"), which is never far
    /// off, as Newton's step is for those of few matches who are not yet where they belong.
    /// Says whether it did.
    pub fn tame_step(&mut self, longest: f64) -> bool {
        let far = (self.step.iter())
            .filter(|step| step.abs() > longest)
            .count();
        if far == 0 || 2 * far > self.step.len() {
            return false;
        }
        for ((step, gain), score) in self.step.iter_mut().zip(&self.gain).zip(&self.score) {
            if step.abs() > longest {
                let alone = (gain / (gain - score)).ln();
                if alone.is_finite() {
                    *step = alone;
                }
            }
        }
        true
    }

    /// The largest change that the step makes to any difference that the data speak of, or, if
    /// that is at most `enough`, a bound for it.
    pub fn step_spread(&self, enough: f64) -> f64 {
        if 2.0 * super::largest(&self.step) <= enough {
            return enough;
        }
        let own = if self.settings.prior > 0.0 {
            super::largest(&self.step)
        } else {
            0.0
        };
        self.pairs
            .contestants_of_pairs()
            .map(|(low, high)| (self.step[low] - self.step[high]).abs())
            .fold(own, f64::max)
    }

    /// Fills the dense information matrix at the last point evaluated.
    fn assemble(&mut self) {
        let n = self.pairs.contestants();
        // Without a prior the information is singular along (1, ..., 1); the outer product of
        // its diagonal d takes that away, at everyone's own scale, and leaves steps for which
        // the sum of d x step is 0 as they are.
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

    /// The inverse of the information at `strengths`, row by row; without a prior, the
    /// generalized inverse up to a multiple of the matrix of ones.
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

    /// The information times `vector`.
    fn multiply(&self, vector: &[f64], image: &mut [f64]) {
        for ((image, diagonal), value) in image.iter_mut().zip(&self.diagonal).zip(vector) {
            *image = diagonal * value;
        }
        let pairs = self.pairs;
        let product = |lows: Range<usize>, image: &mut [f64]| {
            for low in lows {
                let (value, mut own) = (vector[low], 0.0);
                for pair in pairs.row(low) {
                    let (high, weight) = (pairs.high[pair] as usize, self.weights[pair]);
                    own += weight * vector[high];
                    image[high] -= weight * value;
                }
                image[low] -= own;
            }
        };
        let parts = parts(pairs);
        if let [whole] = &parts[..] {
            return product(whole.clone(), image);
        }
        let images = each_part(parts, self.settings.parallel, |range| {
            let mut image = vec![0.0; vector.len()];
            product(range, &mut image);
            image
        });
        for part in images {
            add(image, &part);
        }
    }

    /// Conjugate gradients, preconditioned by the diagonal.
    fn solve_sparse(&mut self, accuracy: f64, monitor: &Monitor) -> Result<(), Error> {
        let n = self.pairs.contestants();
        let mut krylov = std::mem::take(&mut self.krylov);
        let Krylov {
            residual,
            preconditioned,
            direction,
            image,
        } = &mut krylov;
        // Without a prior the information is singular along (1, ..., 1): residuals have sum 0
        // but for rounding, which no direction can take away, so that conjugate gradients would
        // never get below it, and wander off. Everyone bears as much as their information.
        let excess = if self.settings.prior > 0.0 {
            0.0
        } else {
            1.0 / self.diagonal.iter().sum::<f64>()
        };
        let project = |residual: &mut [f64]| {
            let share = excess * residual.iter().sum::<f64>();
            for (residual, diagonal) in residual.iter_mut().zip(&self.diagonal) {
                *residual -= share * diagonal;
            }
        };
        residual.clone_from(&self.score);
        project(residual);
        image.resize(n, 0.0);
        self.step.fill(0.0);
        let precondition = |residual: &[f64], out: &mut Vec<f64>| {
            out.clear();
            out.extend(residual.iter().zip(&self.diagonal).map(|(r, d)| r / d));
        };
        precondition(residual, preconditioned);
        direction.clone_from(preconditioned);
        let mut energy = dot(residual, preconditioned);
        let target = energy * accuracy * accuracy;
        // In exact arithmetic n iterations are enough; rounding may ask for a few times that.
        for iteration in 0..20 * n + 1000 {
            if energy <= target || energy == 0.0 {
                break;
            }
            if iteration % 64 == 0 {
                monitor.check()?;
            }
            self.multiply(direction, image);
            let curvature = dot(direction, image);
            if curvature <= 0.0 {
                break;
            }
            let length = energy / curvature;
            for (i, step) in self.step.iter_mut().enumerate() {
                *step += length * direction[i];
                residual[i] -= length * image[i];
            }
            project(residual);
            precondition(residual, preconditioned);
            let next = dot(residual, preconditioned);
            let ratio = next / energy;
            energy = next;
            for (direction, preconditioned) in direction.iter_mut().zip(preconditioned.iter()) {
                *direction = preconditioned + ratio * *direction;
            }
        }
        self.krylov = krylov;
        Ok(())
    }
}

/// Cholesky's factorization in place on the upper triangle, row by row so that the inner
/// loops run along memory.
fn factor(matrix: &mut [f64], n: usize) {
    for k in 0..n {
        let (above, below) = matrix.split_at_mut((k + 1) * n);
        let row = &mut above[k * n..];
        let pivot = row[k].sqrt();
        for value in &mut row[k..] {
            *value /= pivot;
        }
        for (offset, target) in below.chunks_exact_mut(n).enumerate() {
            let i = k + 1 + offset;
            let factor = row[i];
            for (target, value) in target[i..].iter_mut().zip(&row[i..]) {
                *target -= factor * value;
            }
        }
    }
}

/// Solves with the factor, in place of the right-hand side.
fn substitute(factor: &[f64], right: &mut [f64]) {
    let n = right.len();
    for k in 0..n {
        let row = &factor[k * n..(k + 1) * n];
        right[k] /= row[k];
        let (solved, rest) = right.split_at_mut(k + 1);
        for (value, factor) in rest.iter_mut().zip(&row[k + 1..]) {
            *value -= factor * solved[k];
        }
    }
    for k in (0..n).rev() {
        let row = &factor[k * n..(k + 1) * n];
        let known = dot(&row[k + 1..], &right[k + 1..]);
        right[k] = (right[k] - known) / row[k];
    }
}
