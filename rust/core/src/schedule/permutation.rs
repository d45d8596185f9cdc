//! Random permutations of any length that need no memory.
//!
//! The swap-or-not shuffle of Hoang, Morris and Rogaway (2012): in each round, an element and its
//! mirror image about a random point are swapped or not, depending on a random bit of the two. Each
//! round is its own inverse.

/// After this many rounds, the distribution of an element is uniform up to one part in 2^16.
const ROUNDS: u64 = 16;

/// A keyed permutation of `0..length`.
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    key: u64,
    length: u64,
}

/// The finalizer of `SplitMix64` of Steele, Lea and Flood (2014), which maps 64 bits to 64
/// well-mixed bits.
#[must_use]
pub fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// The odd number nearest to 2^64 divided by the golden ratio. Keys that differ by multiples of it
/// are far apart.
const STRIDE: u64 = 0x9E37_79B9_7F4A_7C15;

impl Permutation {
    /// The permutation of `0..length` given by `key`. `length` is at most 2^63.
    #[must_use]
    pub fn new(key: u64, length: u64) -> Self {
        Self { key, length }
    }

    /// The value at a position.
    #[must_use]
    pub fn at(self, place: u64) -> u64 {
        (0..ROUNDS).fold(place, |place, round| self.swap_or_not(place, round))
    }

    /// The position of a value.
    #[must_use]
    pub fn place_of(self, value: u64) -> u64 {
        (0..ROUNDS)
            .rev()
            .fold(value, |place, round| self.swap_or_not(place, round))
    }

    #[inline]
    fn swap_or_not(self, place: u64, round: u64) -> u64 {
        let key = mix(self.key.wrapping_add(STRIDE.wrapping_mul(2 * round + 1)));
        // A number below the length: the high half of the product with a random fraction.
        let turn = ((u128::from(key) * u128::from(self.length)) >> 64) as u64;
        let mirror = if turn >= place {
            turn - place
        } else {
            turn + self.length - place
        };
        // Half of the computation of `mix` is sufficient for one bit.
        let word = (place.max(mirror) ^ key).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bit = (word ^ (word >> 32)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 63;
        if bit == 1 { mirror } else { place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_holds_everything_once_and_is_undone() {
        for length in [1_u64, 2, 3, 5, 64, 300, 1001] {
            for key in 0..20 {
                let permutation = Permutation::new(mix(key), length);
                let mut seen = vec![false; length as usize];
                for place in 0..length {
                    let value = permutation.at(place);
                    assert!(!std::mem::replace(&mut seen[value as usize], true));
                    assert_eq!(permutation.place_of(value), place);
                }
            }
        }
        let long = Permutation::new(7, (1 << 63) - 1);
        for place in [0, 1, 1 << 40, (1 << 63) - 2] {
            assert_eq!(long.place_of(long.at(place)), place);
        }
    }

    #[test]
    fn all_orders_of_a_few_are_equally_likely() {
        // Chi-square over the orders of 4 elements, and over the first two elements of 7.
        let keys = 48_000_u64;
        for (length, prefix, cells) in [(4_u64, 4_u64, 24_u64), (7, 2, 42), (3, 3, 6), (2, 1, 2)] {
            let mut seen = std::collections::BTreeMap::new();
            for key in 0..keys {
                let permutation = Permutation::new(mix(key ^ 0xABCD), length);
                let order: Vec<u64> = (0..prefix).map(|place| permutation.at(place)).collect();
                *seen.entry(order).or_insert(0_u64) += 1;
            }
            assert_eq!(seen.len() as u64, cells);
            let expected = keys as f64 / cells as f64;
            let chi_square: f64 = seen
                .values()
                .map(|&count| (count as f64 - expected).powi(2) / expected)
                .sum();
            let freedom = (cells - 1) as f64;
            // Six standard deviations of a chi-square variable.
            assert!(
                chi_square < freedom + 6.0 * (2.0 * freedom).sqrt(),
                "{length}: {chi_square}"
            );
        }
    }
}
