//! Newton's method for several small fields at once. Each instruction processes the same entry of
//! several fields, so that a hundred thousand small fields cost little more than their arithmetic.
//!
//! The result of a field depends neither on its lane nor on the fields in the other lanes.

use std::{
    array,
    ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign},
};

use super::{
    newton,
    settings::{Settings, TOLERANCE},
    system::System,
    vector::centre,
};
use crate::{Error, Monitor, POINTS, Pairs};

/// A field is small if it has at most this many contestants.
pub const MOST_CONTESTANTS: usize = 32;

/// Log strengths up to this size have exponentials whose sums and products fit a float.
const WIDEST: f64 = 300.0;

/// Undamped steps that change no difference by more than this converge quadratically.
const NEAR: f64 = 0.5;

/// A field that needs more steps is left to `newton::climb`.
const MAX_STEPS: usize = 100;

/// One number for each field.
#[derive(Clone, Copy)]
struct Lanes<const L: usize>([f64; L]);

impl<const L: usize> Lanes<L> {
    const ZERO: Self = Self([0.0; L]);
    const ONE: Self = Self([1.0; L]);

    fn map(self, of: impl Fn(f64) -> f64) -> Self {
        Self(self.0.map(of))
    }

    fn zip(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Self(array::from_fn(|lane| of(self.0[lane], other.0[lane])))
    }

    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
}

macro_rules! operator {
    ($name:ident, $method:ident, $sign:tt) => {
        impl<const L: usize> $name for Lanes<L> {
            type Output = Self;

            #[inline]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $sign b)
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl<const L: usize> Neg for Lanes<L> {
    type Output = Self;

    fn neg(self) -> Self {
        self.map(|value| -value)
    }
}

impl<const L: usize> AddAssign for Lanes<L> {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const L: usize> SubAssign for Lanes<L> {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// One field per lane. Fields with fewer contestants are padded with inactive ones.
pub struct Batch<const L: usize> {
    /// The number of contestants of the largest field.
    size: usize,
    sizes: [usize; L],
    /// 1 for each contestant, 0 for padding.
    real: Vec<Lanes<L>>,
    /// The points of each pair, sorted by the lower, then by the higher contestant: those of the
    /// lower one, and those of the higher one.
    points: Vec<[Lanes<L>; 2]>,
    /// The log strengths.
    strengths: Vec<Lanes<L>>,
    powers: Vec<Lanes<L>>,
    score: Vec<Lanes<L>>,
    diagonal: Vec<Lanes<L>>,
    /// The upper triangle of the information in row-major order. The lower triangle is never read.
    matrix: Vec<Lanes<L>>,
    step: Vec<Lanes<L>>,
}

/// The result of the iterations of a field.
#[derive(Clone, Copy)]
pub struct End {
    /// The length of the last step in points; NaN if there is none.
    pub distance: f64,
    /// The number of steps before it.
    pub steps: usize,
}

/// The progress of a field.
#[derive(Clone, Copy)]
struct Course {
    end: Option<End>,
    best: f64,
    stalled: usize,
    /// The factor by which the last step should be shortened.
    damped: f64,
}

/// Fits one field. Equivalent to `newton::climb`, with the same return values.
pub fn climb(
    pairs: &Pairs,
    settings: Settings,
    start: Option<&[f64]>,
    strengths: &mut [f64],
    monitor: &Monitor,
) -> Result<(f64, usize), Error> {
    let mut batch = Batch::<1>::default();
    batch.clear([strengths.len()]);
    let points = pairs.low_points.iter().zip(pairs.high_points.iter());
    for ((low, high), (won, lost)) in pairs.contestants_of_pairs().zip(points) {
        batch.set(0, (low, high), won, lost);
    }
    match start {
        None => batch.start(settings.prior),
        Some(start) => {
            for (own, strength) in batch.strengths.iter_mut().zip(start) {
                own.0 = [*strength];
            }
        }
    }
    let [end] = batch.climb(settings.prior, monitor)?;
    if end.distance.is_nan() {
        return newton::climb(&mut System::new(pairs, settings), strengths, 1, monitor);
    }
    for (own, strength) in batch.strengths.iter().zip(strengths) {
        *strength = own.0[0];
    }
    Ok((end.distance, end.steps))
}

impl<const L: usize> Default for Batch<L> {
    fn default() -> Self {
        Self {
            size: 0,
            sizes: [0; L],
            real: Vec::new(),
            points: Vec::new(),
            strengths: Vec::new(),
            powers: Vec::new(),
            score: Vec::new(),
            diagonal: Vec::new(),
            matrix: Vec::new(),
            step: Vec::new(),
        }
    }
}

impl<const L: usize> Batch<L> {
    /// Resizes for fields of the given sizes, without any points.
    pub fn clear(&mut self, sizes: [usize; L]) {
        let size = sizes.into_iter().max().unwrap_or(0);
        (self.size, self.sizes) = (size, sizes);
        self.real.clear();
        self.real.extend(
            (0..size).map(|contestant| {
                Lanes(sizes.map(|size| if contestant < size { 1.0 } else { 0.0 }))
            }),
        );
        self.points.clear();
        self.points
            .resize(size * size.saturating_sub(1) / 2, [Lanes::ZERO; 2]);
        for column in [
            &mut self.strengths,
            &mut self.powers,
            &mut self.score,
            &mut self.diagonal,
            &mut self.step,
        ] {
            column.clear();
            column.resize(size, Lanes::ZERO);
        }
        self.matrix.resize(size * size, Lanes::ZERO);
    }

    /// Sets the points of a pair of one field, with the lower contestant first.
    pub fn set(&mut self, lane: usize, (low, high): (usize, usize), won: f64, lost: f64) {
        let before = low * (2 * self.size - low - 1) / 2;
        let points = &mut self.points[before + high - low - 1];
        points[0].0[lane] = won;
        points[1].0[lane] = lost;
    }

    /// The log strengths of one field, with mean 0.
    pub fn strengths_of(&self, lane: usize) -> Vec<f64> {
        let strengths = &self.strengths[..self.sizes[lane]];
        let mut strengths: Vec<f64> = strengths.iter().map(|all| all.0[lane]).collect();
        centre(&mut strengths);
        strengths
    }

    /// Sets each starting strength to the one the contestant would have if all others were equal.
    pub fn start(&mut self, prior: f64) {
        let fixed = Lanes([0.5 * prior; L]);
        let (won, lost) = (&mut self.score, &mut self.diagonal);
        won.fill(fixed);
        lost.fill(fixed);
        let mut points = self.points.iter();
        for low in 0..self.size {
            for (high, [low_points, high_points]) in (low + 1..self.size).zip(&mut points) {
                won[low] += *low_points;
                lost[high] += *low_points;
                won[high] += *high_points;
                lost[low] += *high_points;
            }
        }
        for (strength, (won, lost)) in self.strengths.iter_mut().zip(won.iter().zip(lost)) {
            *strength = won.zip(*lost, |won, lost| {
                let strength = (won / lost).ln();
                if strength.is_finite() { strength } else { 0.0 }
            });
        }
    }

    /// Finds the maximum of each field, starting from the current strengths.
    ///
    /// Every other step is a Newton step. A Newton step that changes the widest difference by d may
    /// be too long. If the likelihood decreases at its end, it is shortened to ln(1 + d)/d of its
    /// length, which converges from any starting point (see `newton::climb`); otherwise the full
    /// step increases the likelihood even more. The step in between uses the same information
    /// again, so that both together converge cubically.
    pub fn climb(&mut self, prior: f64, monitor: &Monitor) -> Result<[End; L], Error> {
        let mut courses = [Course {
            end: None,
            best: f64::INFINITY,
            stalled: 0,
            damped: 1.0,
        }; L];
        for taken in 0..MAX_STEPS {
            monitor.check()?;
            let is_newton = taken % 2 == 0;
            let widest = if is_newton {
                let widest = self.evaluate::<true>(prior);
                self.factor();
                widest
            } else {
                self.evaluate::<false>(prior)
            };
            let slope = self.slope();
            let retreats = array::from_fn(|lane| {
                !is_newton && courses[lane].damped < 1.0 && slope.0[lane] < 0.0
            });
            self.substitute(prior, retreats);
            let (longest, spread, total) = self.measure(prior);
            let mut length = Lanes::ZERO;
            for (lane, course) in courses.iter_mut().enumerate() {
                if course.end.is_some() {
                    continue;
                }
                if retreats[lane] {
                    length.0[lane] = course.damped - 1.0;
                    continue;
                }
                let (distance, spread) = (longest.0[lane] * POINTS, spread.0[lane]);
                let mut end = |distance: f64| {
                    course.end = Some(End {
                        distance,
                        steps: taken,
                    });
                };
                if widest.0[lane] > WIDEST || !total.0[lane].is_finite() {
                    end(f64::NAN);
                    continue;
                }
                if is_newton {
                    course.damped = if spread > NEAR {
                        spread.ln_1p() / spread
                    } else {
                        1.0
                    };
                } else if spread > NEAR {
                    continue;
                }
                length.0[lane] = 1.0;
                // Rounding errors limit how short a step can become. Three steps without progress
                // near this limit mean that it has been reached.
                course.stalled = if distance < course.best {
                    0
                } else {
                    course.stalled + 1
                };
                course.best = course.best.min(distance);
                if distance < TOLERANCE || (course.stalled == 3 && course.best < 1.0) {
                    end(distance);
                }
            }
            for (strength, step) in self.strengths.iter_mut().zip(&self.step) {
                // A finished lane keeps its strengths, even if its step is NaN.
                *strength += length.zip(*step, |by, step| if by == 0.0 { 0.0 } else { by * step });
            }
            if courses.iter().all(|course| course.end.is_some()) {
                break;
            }
        }
        let none = End {
            distance: f64::NAN,
            steps: MAX_STEPS,
        };
        Ok(courses.map(|course| course.end.unwrap_or(none)))
    }

    /// Computes the gradient of the log likelihood and, if requested, the information. Returns the
    /// largest strength.
    fn evaluate<const INFORMATION: bool>(&mut self, prior: f64) -> Lanes<L> {
        let n = self.size;
        let mut widest = Lanes::ZERO;
        let (powers, score) = (&mut self.powers[..n], &mut self.score[..n]);
        let (diagonal, matrix) = (&mut self.diagonal[..n], &mut self.matrix[..n * n]);
        for (power, &strength) in powers.iter_mut().zip(&self.strengths) {
            widest = widest.max(strength.map(f64::abs));
            *power = strength.map(f64::exp);
        }
        if prior > 0.0 {
            let prior = Lanes([prior; L]);
            for i in 0..n {
                let q = Lanes::ONE / (powers[i] + Lanes::ONE);
                let p = powers[i] * q;
                score[i] = self.real[i] * prior * Lanes([0.5; L]) * (q - p);
                diagonal[i] = self.real[i] * prior * p * q;
            }
        } else {
            score.fill(Lanes::ZERO);
            diagonal.fill(Lanes::ZERO);
        }
        let mut points = &self.points[..];
        for i in 0..n {
            let own = powers[i];
            let (mut own_score, mut own_diagonal) = (score[i], diagonal[i]);
            let (row, rest) = points.split_at(n - i - 1);
            points = rest;
            let others = powers[i + 1..].iter().zip(&mut score[i + 1..]);
            let others = others.zip(&mut diagonal[i + 1..]);
            let cells = row.iter().zip(&mut matrix[i * n + i + 1..(i + 1) * n]);
            for (((power, score), diagonal), ([won, lost], cell)) in others.zip(cells) {
                let scale = Lanes::ONE / (own + *power);
                let (p, q) = (own * scale, *power * scale);
                // Equal to won - (won + lost) p, but without cancellation if p is near 1.
                let surplus = *won * q - *lost * p;
                own_score += surplus;
                *score -= surplus;
                if INFORMATION {
                    let weight = (*won + *lost) * p * q;
                    own_diagonal += weight;
                    *diagonal += weight;
                    *cell = -weight;
                }
            }
            score[i] = own_score;
            diagonal[i] = own_diagonal;
        }
        if !INFORMATION {
            return widest;
        }
        // Without a prior the information is singular along (1, ..., 1). Adding the outer product
        // of its diagonal makes it regular, at the scale of each contestant.
        let ground = if prior > 0.0 {
            Lanes::ZERO
        } else {
            let total = diagonal.iter().fold(Lanes::ZERO, |sum, &own| sum + own);
            Lanes::ONE / total
        };
        for i in 0..n {
            let scale = ground * diagonal[i];
            let row = &mut matrix[i * n + i..(i + 1) * n];
            row[0] = diagonal[i] + (Lanes::ONE - self.real[i]);
            for (value, &other) in row.iter_mut().zip(&diagonal[i..]) {
                *value += scale * other;
            }
        }
        widest
    }

    /// The directional derivative of the log likelihood at the end of the last step.
    fn slope(&self) -> Lanes<L> {
        let products = self.step.iter().zip(&self.score);
        products.fold(Lanes::ZERO, |sum, (&step, &score)| sum + step * score)
    }

    /// In-place Cholesky factorization of the upper triangle. The diagonal contains the reciprocals
    /// of that of the factor.
    fn factor(&mut self) {
        let n = self.size;
        for k in 0..n {
            let (above, below) = self.matrix.split_at_mut((k + 1) * n);
            let row = &mut above[k * n + k..];
            let inverse = Lanes::ONE / row[0].map(f64::sqrt);
            row[0] = inverse;
            for value in &mut row[1..] {
                *value = *value * inverse;
            }
            for i in k + 1..n {
                let start = (i - k - 1) * n;
                let factor = row[i - k];
                let target = &mut below[start + i..start + n];
                for (target, value) in target.iter_mut().zip(&row[i - k..]) {
                    *target -= factor * *value;
                }
            }
        }
    }

    /// Solves (information) x (step) = (score), except in lanes that keep the last step.
    fn substitute(&mut self, prior: f64, keeps: [bool; L]) {
        let n = self.size;
        let right = &mut self.score[..n];
        for k in 0..n {
            let row = &self.matrix[k * n + k..(k + 1) * n];
            let solved = right[k] * row[0];
            right[k] = solved;
            for (value, &factor) in right[k + 1..].iter_mut().zip(&row[1..]) {
                *value -= factor * solved;
            }
        }
        for k in (0..n).rev() {
            let row = &self.matrix[k * n + k..(k + 1) * n];
            let known = row[1..].iter().zip(&right[k + 1..]);
            let known = known.fold(Lanes::ZERO, |sum, (&factor, &value)| sum + factor * value);
            right[k] = (right[k] - known) * row[0];
        }
        if prior == 0.0 {
            let total = right.iter().fold(Lanes::ZERO, |sum, &step| sum + step);
            let mean = total / Lanes(self.sizes.map(|size| size as f64));
            for (step, &real) in right.iter_mut().zip(&self.real) {
                *step -= mean * real;
            }
        }
        for (step, &solved) in self.step.iter_mut().zip(&*right) {
            *step = Lanes(array::from_fn(|lane| {
                if keeps[lane] {
                    step.0[lane]
                } else {
                    solved.0[lane]
                }
            }));
        }
    }

    /// The longest step of a contestant, the widest difference between two steps, and the sum of
    /// all steps.
    fn measure(&self, prior: f64) -> (Lanes<L>, Lanes<L>, Lanes<L>) {
        let none = if prior > 0.0 { 0.0 } else { f64::NEG_INFINITY };
        let (mut up, mut down) = (Lanes([none; L]), Lanes([none; L]));
        let mut total = Lanes::ZERO;
        for &step in &self.step {
            up = up.max(step);
            down = down.max(-step);
            total += step.map(f64::abs);
        }
        (up.max(down), up + down, total)
    }
}
