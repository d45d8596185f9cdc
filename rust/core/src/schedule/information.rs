//! The pairs whose matches are most informative about the order, given the current Bradley-Terry
//! fit.
//!
//! Kendall's tau counts the pairs in the wrong order. If the true differences are uniformly
//! distributed around 0, an estimate of a difference with variance v has the wrong sign with a
//! probability proportional to sqrt(v). The criterion is therefore the sum over pairs of w v, with
//! w = exp(-d^2 / 2v) / sqrt(v) for an estimated difference d, which gives weight to the pairs
//! whose order is uncertain. (A small constant is added for the other pairs; otherwise ratings far
//! from all others would never settle.) The sum is the trace of L C, where C is the covariance of
//! the fit and L the Laplacian of the weights w. A match between i and j adds h = p q to the
//! information along `x = e_i - e_j`, which lowers the trace by
//!
//! ```text
//! h x'C L C x / (1 + h x'C x)
//! ```
//!
//! by the formula of Sherman and Morrison (1950). This is an L-optimal design; see section 10.5 of
//! Atkinson, Donev and Tobias (2007). A round takes pairs in descending order of this gain, each
//! contestant at most once.

use std::collections::VecDeque;

use super::{
    ledger::{Deck, Ledger, pair},
    permutation::mix,
    round::{Comparison, Round, Schedule},
    settings::Settings,
};
use crate::{
    MEAN_RATING, POINTS,
    bradley_terry::{
        dense::{factor, invert, substitute},
        logistic,
    },
};

/// The maximum number of contestants. The time of a round is proportional to its cube.
pub const MOST_CONTESTANTS: u32 = 1024;

/// A round ends with the pairs whose gain is below this fraction of the largest one.
const LEAST_GAIN: f64 = 0.5;

/// The constant added to exp(-d^2 / 2v). In simulations, a value of 0.02 halves the error of the
/// ratings at a tau of 0.95 and needs 2 % more matches to reach that tau; 0.1 needs 30 % more.
const DECIDED: f64 = 0.02;

/// The fit has converged when a step changes no log strength by more than this.
const TOLERANCE: f64 = 1e-6;

/// The maximum number of steps. From equal strengths or from the running Elo, a dozen are
/// sufficient.
const MOST_STEPS: usize = 100;

/// The information schedule.
pub struct Information {
    ledger: Ledger,
    prompts_per_pairing: u32,
    prior: f64,
    key: u64,
    contestants: usize,
    /// The recorded points of each contestant (row) against each other (column).
    points: Vec<f64>,
    /// The number of outstanding matches of each pair, which are scheduled but neither recorded nor
    /// abandoned.
    pending: Vec<u32>,
    /// The outstanding matches, in the order in which they were scheduled.
    queue: VecDeque<(u32, u32)>,
}

/// A pair that can be scheduled next.
struct Candidate {
    gain: f64,
    first: u32,
    second: u32,
}

impl Information {
    pub fn new(contestants: u32, prompts: u32, settings: &Settings, key: u64) -> Self {
        let n = contestants as usize;
        Self {
            ledger: Ledger::new(contestants, prompts, key, Deck::Own),
            prompts_per_pairing: settings.prompts_per_pairing,
            prior: settings.prior,
            key: mix(key),
            contestants: n,
            points: vec![0.0; n * n],
            pending: vec![0; n * n],
            queue: VecDeque::new(),
        }
    }

    /// The number of outstanding matches.
    #[cfg(test)]
    pub fn on_the_way(&self) -> usize {
        self.queue.len()
    }

    /// The index of the pair in `pending`.
    fn cell(&self, first: u32, second: u32) -> usize {
        let [low, high] = pair(first, second);
        low as usize * self.contestants + high as usize
    }

    fn schedule(&mut self, first: u32, second: u32) {
        let cell = self.cell(first, second);
        self.pending[cell] += 1;
        self.queue.push_back((first, second));
    }

    /// The upper triangle of the information, and the score, at the given log strengths. With
    /// `pending`, outstanding matches contribute to the information.
    fn evaluate(&self, strengths: &[f64], pending: bool) -> (Vec<f64>, Vec<f64>) {
        let n = self.contestants;
        let (mut matrix, mut score) = (vec![0.0; n * n], vec![0.0; n]);
        for i in 0..n {
            let (p, q) = logistic(strengths[i]);
            matrix[i * n + i] += self.prior * p * q;
            score[i] += self.prior * 0.5 * (q - p);
            for j in i + 1..n {
                let (won, lost) = (self.points[i * n + j], self.points[j * n + i]);
                let on_the_way = if pending { self.pending[i * n + j] } else { 0 };
                let matches = won + lost + f64::from(on_the_way);
                if matches > 0.0 {
                    let (p, q) = logistic(strengths[i] - strengths[j]);
                    let (weight, surplus) = (matches * p * q, won * q - lost * p);
                    matrix[i * n + j] = -weight;
                    matrix[i * n + i] += weight;
                    matrix[j * n + j] += weight;
                    score[i] += surplus;
                    score[j] -= surplus;
                }
            }
        }
        (matrix, score)
    }

    /// The log strengths of the fit. It starts from the running Elo, so the result depends on the
    /// recorded verdicts but not on the times at which rounds were requested.
    fn fit(&self, elo: &[f64]) -> Vec<f64> {
        let n = self.contestants;
        let mut strengths: Vec<f64> = elo.iter().map(|elo| (elo - MEAN_RATING) / POINTS).collect();
        for _ in 0..MOST_STEPS {
            let (mut matrix, mut step) = self.evaluate(&strengths, false);
            factor(&mut matrix, n);
            substitute(&matrix, &mut step);
            let longest = step
                .iter()
                .fold(0.0, |most: f64, step| most.max(step.abs()));
            // The damping of `bradley_terry::newton`.
            let length = if longest > 0.0 {
                (2.0 * longest).ln_1p() / (2.0 * longest)
            } else {
                1.0
            };
            for (strength, step) in strengths.iter_mut().zip(&step) {
                *strength += length * step;
            }
            if longest < TOLERANCE {
                break;
            }
        }
        strengths
    }

    /// The pairs that have prompts left, with the gain of a match.
    fn candidates(&self, elo: &[f64]) -> Vec<Candidate> {
        let n = self.contestants;
        let strengths = self.fit(elo);
        let (mut covariance, _) = self.evaluate(&strengths, true);
        invert(&mut covariance, n);
        let variance = |i: usize, j: usize| {
            covariance[i * n + i] + covariance[j * n + j] - 2.0 * covariance[i * n + j]
        };
        let mut laplacian = vec![0.0; n * n];
        for i in 0..n {
            for j in i + 1..n {
                let variance = variance(i, j);
                let difference = strengths[i] - strengths[j];
                let open = (-difference * difference / (2.0 * variance)).exp();
                let weight = (open + DECIDED) / variance.sqrt();
                laplacian[i * n + j] = -weight;
                laplacian[j * n + i] = -weight;
                laplacian[i * n + i] += weight;
                laplacian[j * n + j] += weight;
            }
        }
        let effect = product(&covariance, &product(&laplacian, &covariance, n), n);
        let mut candidates = Vec::with_capacity(n * n / 2);
        for i in 0..n {
            for j in i + 1..n {
                let pair = [i as u32, j as u32];
                let Some(played) = self.ledger.open(pair) else {
                    continue;
                };
                let variance = variance(i, j);
                // The mean of p q over the posterior distribution of the difference [Mac92].
                let shrink = 1.0 / (1.0 + std::f64::consts::PI / 8.0 * variance).sqrt();
                let (p, q) = logistic(shrink * (strengths[i] - strengths[j]));
                let weight = shrink * p * q;
                let effect = effect[i * n + i] + effect[j * n + j] - 2.0 * effect[i * n + j];
                // Ties, up to rounding, are broken at random.
                let random = mix(self.key ^ mix((i * n + j) as u64) ^ u64::from(played)) >> 11;
                let jitter = 1.0 + 1e-3 * (random as f64 / (1_u64 << 53) as f64);
                candidates.push(Candidate {
                    gain: jitter * weight * effect / (1.0 + weight * variance),
                    first: pair[0],
                    second: pair[1],
                });
            }
        }
        candidates.sort_unstable_by(|a, b| {
            b.gain
                .total_cmp(&a.gain)
                .then((a.first, a.second).cmp(&(b.first, b.second)))
        });
        candidates
    }
}

/// The product of two square matrices, computed by rows so that the inner loop accesses memory
/// contiguously.
fn product(left: &[f64], right: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for (row, out) in left.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
        for (&factor, right) in row.iter().zip(right.chunks_exact(n)) {
            for (out, right) in out.iter_mut().zip(right) {
                *out += factor * right;
            }
        }
    }
    out
}

impl Schedule for Information {
    fn next_round(&mut self, budget: u64, elo: &[f64]) -> Round {
        let mut round = Round::default();
        let mut left = budget;
        let mut free = vec![true; self.contestants];
        let candidates = self.candidates(elo);
        let least = candidates
            .first()
            .map_or(0.0, |best| LEAST_GAIN * best.gain);
        for &Candidate {
            gain,
            first,
            second,
        } in &candidates
        {
            if left == 0 || gain < least {
                break;
            }
            if free[first as usize] && free[second as usize] {
                free[first as usize] = false;
                free[second as usize] = false;
                let prompts = left.min(u64::from(self.prompts_per_pairing));
                self.ledger.deal(pair(first, second), prompts, |prompt| {
                    round.push(first, second, prompt);
                    left -= 1;
                });
            }
        }
        for (&first, &second) in round.first.iter().zip(&round.second) {
            self.schedule(first, second);
        }
        if left > 0 {
            let byes = (0..).zip(&free).filter(|&(_, &free)| free);
            round.byes.extend(byes.map(|(contestant, _)| contestant));
        }
        round
    }

    fn record(&mut self, first: u32, second: u32, score: f64) {
        let n = self.contestants;
        let (i, j) = (first as usize, second as usize);
        self.points[i * n + j] += score;
        self.points[j * n + i] += 1.0 - score;
        let cell = self.cell(first, second);
        if self.pending[cell] == 0 {
            return;
        }
        // Verdicts arrive in the order of the schedule, so the matches that are skipped have
        // failed.
        while let Some((a, b)) = self.queue.pop_front() {
            let passed = self.cell(a, b);
            self.pending[passed] -= 1;
            if passed == cell {
                break;
            }
        }
    }

    fn take(&mut self, comparison: Comparison, played: bool) -> bool {
        let new = self.ledger.take(comparison, played);
        if new && played {
            self.schedule(comparison.first, comparison.second);
        }
        new
    }

    fn extend(&mut self, contestants: u32, prompts: u32) {
        self.ledger.extend(contestants, prompts);
        let (old, new) = (self.contestants, contestants as usize);
        self.points = widen(&self.points, old, new);
        self.pending = widen(&self.pending, old, new);
        self.contestants = new;
    }
}

/// Enlarges a square matrix.
fn widen<T: Copy + Default>(matrix: &[T], old: usize, new: usize) -> Vec<T> {
    let mut out = vec![T::default(); new * new];
    for i in 0..old {
        out[i * new..i * new + old].copy_from_slice(&matrix[i * old..(i + 1) * old]);
    }
    out
}
