//! The alias method of Walker (1977): a uniformly chosen column yields its own number or its alias.

use rand::Rng;

/// A distribution over the numbers from 0 on.
pub struct Alias {
    /// The columns, a power of two. The high bits of a column are the probability, in units of
    /// 2^-64, that its own number is taken. As many low bits as select a column are the alias.
    columns: Vec<u64>,
}

impl Alias {
    /// Creates a distribution that gives each number a probability proportional to its weight.
    pub fn new(weights: &[f64]) -> Self {
        const WHOLE: f64 = (1_u128 << 64) as f64;
        let columns = weights.len().next_power_of_two().max(2);
        assert!(columns < 1 << 32);
        let mask = columns as u64 - 1;
        let scale = columns as f64 / weights.iter().sum::<f64>();
        let mut left: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
        left.resize(columns, 0.0);
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..columns).partition(|&number| left[number] < 1.0);
        // The remaining columns are full, except for rounding errors.
        let mut out: Vec<u64> = (0..columns as u64).map(|own| !mask | own).collect();
        while let (Some(own), Some(&other)) = (small.pop(), large.last()) {
            out[own] = ((left[own] * WHOLE) as u64 & !mask) | other as u64;
            left[other] -= 1.0 - left[own];
            if left[other] < 1.0 {
                large.pop();
                small.push(other);
            }
        }
        Self { columns: out }
    }

    pub fn columns(&self) -> Columns<'_> {
        Columns(&self.columns)
    }
}

/// The columns of a distribution, from which numbers are read.
#[derive(Clone, Copy)]
pub struct Columns<'a>(&'a [u64]);

impl Columns<'_> {
    /// The number selected by 32 random bits, and by 64 additional ones if these are not
    /// sufficient.
    #[inline]
    pub fn number(self, bits: u32, more: impl FnOnce() -> u64) -> u64 {
        let mask = self.0.len() as u64 - 1;
        let own = u64::from(bits) & mask;
        let column = self.0[own as usize];
        // The fraction that is compared with the probability. Only the bits that did not select the
        // column are known, which is nearly always sufficient.
        let known = !mask << 32;
        let mut place = u64::from(bits) << 32;
        if (place ^ column) & known == 0 {
            place = (place & known) | (rarely(more) & !known) | mask;
        }
        if place < column { own } else { column & mask }
    }
}

#[cold]
fn rarely<T>(call: impl FnOnce() -> T) -> T {
    call()
}

/// The maximum number of values drawn at once.
pub const BATCH: usize = 128;

/// A buffer for the random bits of a batch. Generating them in advance keeps the state of the
/// generator in registers.
pub struct Bits([[u32; 2]; BATCH / 2]);

impl Bits {
    pub fn new() -> Self {
        Self([[0; 2]; BATCH / 2])
    }

    /// Draws 32 bits for each of the given number of values.
    #[inline]
    pub fn draw(&mut self, random: &mut impl Rng, numbers: usize) -> &[u32] {
        for halves in &mut self.0[..numbers.div_ceil(2)] {
            let word = random.next_u64();
            *halves = [word as u32, (word >> 32) as u32];
        }
        &self.0.as_flattened()[..numbers]
    }
}

#[cfg(test)]
impl Alias {
    /// The probability of each number.
    pub fn chances(&self) -> Vec<f64> {
        let mask = self.columns.len() as u64 - 1;
        let mut chances = vec![0.0; self.columns.len()];
        for (own, &column) in self.columns.iter().enumerate() {
            let taken = (column & !mask) as f64 / (1_u128 << 64) as f64;
            chances[own] += taken / self.columns.len() as f64;
            chances[(column & mask) as usize] += (1.0 - taken) / self.columns.len() as f64;
        }
        chances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn chances_are_in_proportion_to_the_weights() {
        for weights in [
            vec![1.0],
            vec![5.0, 0.0, 20.0, 75.0],
            vec![1.0; 7],
            vec![1e12, 3.0, 1e6, 5e11],
            (0..1000).map(f64::from).collect(),
        ] {
            let chances = Alias::new(&weights).chances();
            let total: f64 = weights.iter().sum();
            for (number, found) in chances.iter().enumerate() {
                let truth = weights.get(number).unwrap_or(&0.0) / total;
                assert!((found - truth).abs() < 1e-15, "{number}: {found}");
            }
        }
    }

    #[test]
    fn numbers_are_decided_by_all_bits_of_the_chance() {
        let alias = Alias::new(&[1.0, 2.0, 4.0, 1.0 / 3.0, 0.0]);
        let mask = alias.columns.len() as u64 - 1;
        let mut divided = 0;
        for (own, &column) in alias.columns.iter().enumerate() {
            let (chance, other) = (column & !mask, column & mask);
            if chance == 0 || other == own as u64 {
                continue;
            }
            divided += 1;
            let number = |place: u64| {
                let bits = ((place >> 32) & !mask) as u32 | own as u32;
                alias.columns().number(bits, || place)
            };
            assert_eq!(number(chance - mask - 1), own as u64);
            assert_eq!(number(chance), other);
            assert_eq!(number(chance - (1 << 40)), own as u64);
            assert_eq!(number(chance + (1 << 40)), other);
        }
        assert!(divided >= 3);
    }

    #[test]
    fn numbers_come_as_often_as_their_chances_say() {
        let weights = [1.0, 2.0, 3.0, 10.0, 0.5];
        let alias = Alias::new(&weights);
        let mut random = stream(1, Purpose::Bootstrap, 0, 0);
        let mut bits = Bits::new();
        let mut seen = [0.0; 5];
        for _ in 0..10_000 {
            for &bits in bits.draw(&mut random, 99) {
                seen[alias.columns().number(bits, || 0) as usize] += 1.0;
            }
        }
        let chi_square: f64 = (seen.iter().zip(weights))
            .map(|(seen, weight)| (seen, weight / 16.5 * 990_000.0))
            .map(|(seen, truth)| (seen - truth).powi(2) / truth)
            .sum();
        // The 99.99 % quantile with 4 degrees of freedom.
        assert!(chi_square < 23.5, "{chi_square}");
    }
}
