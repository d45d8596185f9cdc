//! Poisson numbers, drawn from a table or, for a mean without a table, by the transformed rejection
//! method of Hörmann (1993, algorithm PTRS).
//!
//! Six in seven numbers are accepted at the first test, at the cost of two random words and one
//! division. The method of Ahrens and Dieter, which `rand_distr` implements, draws a normal number
//! each time.

use rand::Rng;

use super::alias::Alias;

/// A table of the values of a Poisson distribution.
pub struct Table {
    /// The minimum value.
    pub least: u64,
    /// The distribution of the excess over the minimum.
    pub excess: Alias,
}

impl Table {
    pub fn new(mean: f64) -> Self {
        // Values whose probability relative to that of the mode is below this are negligible.
        const SMALLEST: f64 = 1.0 / (1_u64 << 60) as f64;
        let mode = mean.floor();
        let (mut number, mut weight) = (mode, 1.0);
        let mut weights = vec![weight];
        while number > 0.0 && weight > SMALLEST {
            weight *= number / mean;
            number -= 1.0;
            weights.push(weight);
        }
        weights.reverse();
        let least = number as u64;
        (number, weight) = (mode, 1.0);
        while weight > SMALLEST {
            number += 1.0;
            weight *= mean / number;
            weights.push(weight);
        }
        let excess = Alias::new(&weights);
        Self { least, excess }
    }
}

/// A Poisson distribution with a mean of at least 10.
pub struct Poisson {
    mean: f64,
    a: f64,
    b: f64,
    /// Below this threshold, a value from the center is accepted immediately.
    accepted: f64,
}

/// A uniform number in [0, 1).
fn uniform(random: &mut impl Rng) -> f64 {
    (random.next_u64() >> 11) as f64 * (0.5_f64).powi(53)
}

impl Poisson {
    pub fn new(mean: f64) -> Self {
        let b = 0.931 + 2.53 * mean.sqrt();
        Self {
            mean,
            a: -0.059 + 0.02483 * b,
            b,
            accepted: 0.9277 - 3.6224 / (b - 2.0),
        }
    }

    #[inline]
    pub fn draw(&self, random: &mut impl Rng) -> u64 {
        loop {
            let u = uniform(random) - 0.5;
            let v = uniform(random);
            let edge = 0.5 - u.abs();
            let number = (2.0 * self.a / edge + self.b) * u + self.mean + 0.43;
            if edge >= 0.07 && v <= self.accepted || self.accepts(number, edge, v) {
                return number as u64;
            }
        }
    }

    #[cold]
    fn accepts(&self, number: f64, edge: f64, v: f64) -> bool {
        // For means of this size, the probability of 0 is negligible.
        if number < 1.0 || (edge < 0.013 && v > edge) {
            return false;
        }
        let k = number.floor();
        let inverse_alpha = 1.1239 + 1.1328 / (self.b - 3.4);
        let hat = inverse_alpha / (self.a / (edge * edge) + self.b);
        // The large terms of the logarithm of the probability of k cancel. What remains, with
        // Stirling's series for k!, is this expression.
        let apart = (self.mean - k) / k;
        let series = (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * k * k)) / (k * k)) / k;
        let logarithm =
            -k * (apart - apart.ln_1p()) - 0.5 * (2.0 * std::f64::consts::PI * k).ln() - series;
        (v * hat).ln() <= logarithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn tables_give_poisson_chances() {
        for mean in [
            0.0,
            1e-3,
            0.7,
            3.99,
            63.0,
            64.5,
            1000.25,
            4031.9,
            258_000.7_f64,
        ] {
            let table = Table::new(mean);
            let chances = table.excess.chances();
            let total: f64 = chances.iter().sum();
            assert!((total - 1.0).abs() < 1e-13, "{mean}: {total}");
            // Together with the sum, the ratios of neighbors determine all probabilities.
            let below = [0.0].into_iter().chain(chances.iter().copied());
            for (number, (below, &chance)) in (table.least..).zip(below.zip(&chances)) {
                let error = (chance - below * mean / number as f64).abs();
                let first = number == table.least && (number == 0 || chance < 1e-18);
                assert!(first || error < 1e-14, "{mean} {number}: {error}");
            }
            let spread = (chances.iter().zip(table.least..))
                .map(|(chance, number)| chance * (number as f64 - mean).powi(2))
                .sum::<f64>();
            assert!((spread - mean).abs() <= 1e-9 * mean, "{mean}: {spread}");
        }
    }

    #[test]
    fn numbers_have_the_poisson_chances() {
        for mean in [20.0, 63.4, 200.0, 7000.5_f64] {
            let draws = 1_000_000;
            // Cells of at least a tenth of a standard deviation, from -4 to 4 standard deviations.
            let width = (mean.sqrt() / 10.0).ceil();
            let from = (mean - 4.0 * mean.sqrt()).floor();
            let cells = (8.0 * mean.sqrt() / width).ceil() as usize;
            let cell = |k: f64| ((k - from) / width).floor().clamp(-1.0, cells as f64) as isize + 1;
            let (mut seen, mut truth) = (vec![0.0; cells + 2], vec![0.0; cells + 2]);
            let mut random = stream(3, Purpose::Bootstrap, mean as u64, 0);
            let poisson = Poisson::new(mean);
            for _ in 0..draws {
                seen[cell(poisson.draw(&mut random) as f64) as usize] += 1.0;
            }
            let mut logarithm = -mean;
            for k in 0..20_000 {
                if k > 0 {
                    logarithm += (mean / f64::from(k)).ln();
                }
                truth[cell(f64::from(k)) as usize] += logarithm.exp() * f64::from(draws);
            }
            let chi_square: f64 = seen
                .iter()
                .zip(&truth)
                .map(|(seen, truth)| (seen - truth).powi(2) / truth)
                .sum();
            // The 99.99 % quantile for this number of degrees of freedom, by the
            // approximation of [WH31].
            let freedom = seen.len() as f64 - 1.0;
            let cube = 1.0 - 2.0 / (9.0 * freedom) + 3.719 * (2.0 / (9.0 * freedom)).sqrt();
            let bound = freedom * cube.powi(3);
            assert!(chi_square < bound, "{mean}: {chi_square} of {bound}");
        }
    }

    #[test]
    fn the_largest_means_keep_their_spread() {
        let mean = 1e15;
        let poisson = Poisson::new(mean);
        let mut random = stream(3, Purpose::Bootstrap, 0, 0);
        let draws = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..draws {
            let apart = (poisson.draw(&mut random) as f64 - mean) / mean.sqrt();
            sum += apart;
            squares += apart * apart;
        }
        let n = f64::from(draws);
        assert!((sum / n).abs() < 5.0 / n.sqrt());
        assert!((squares / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
    }
}
