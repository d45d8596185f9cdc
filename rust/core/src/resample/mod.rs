//! Multinomial draws over the kinds of match: as many matches as in the data, each of a kind with
//! probability proportional to its count.
//!
//! Independent Poisson numbers, conditioned on their sum m, are one multinomial draw of m matches,
//! and independent draws of m and of N - m matches together are a draw of N. Each kind therefore
//! gets a Poisson number, with means whose sum is slightly below N. If the sum exceeds N, all are
//! drawn again; the missing matches are then drawn one by one. The cost is a few nanoseconds per
//! kind plus a term proportional to the square root of N.
//!
//! Sums of independent Poisson numbers are Poisson numbers. The number of a kind is therefore
//! composed of one for each digit of its count in base 64, and kinds that have a digit in common
//! share a table.

mod alias;
mod clusters;
mod links;
mod poisson;

use std::collections::BTreeMap;

use rand::Rng;

use crate::{Error, pairs::Kinds};
use alias::{Alias, BATCH, Bits};
pub use clusters::{Clusters, Points};
pub(crate) use links::Links;
use poisson::{Poisson, Table};

/// Above this many matches, not every count can be represented as a float. The Poisson numbers are
/// then used without correction: their sum differs from N by one part in 10^8.
const MOST_FLOAT: u64 = 1 << 52;

/// The number of standard deviations by which the mean of the sum is below N. With a smaller
/// margin, more sums are drawn again; with a larger one, more matches are missing.
const MARGIN: f64 = 1.5;

/// The number of bits of a digit of a count.
const DIGIT: u32 = 6;

/// The largest count of one digit.
const ONE_DIGIT: u64 = (1 << DIGIT) - 1;

/// The largest count of three digits.
const THREE_DIGITS: u64 = (1 << (3 * DIGIT)) - 1;

/// A sampler of resamples.
pub struct Resampler {
    matches: u64,
    /// The minimum number of matches of each kind that its tables yield.
    least: Vec<u64>,
    /// The tables of the numbers in excess of the minimum, each with its kinds.
    tabled: Vec<(Alias, Vec<u32>)>,
    /// The kinds whose counts are too large for tables.
    large: Vec<(u32, Poisson)>,
    /// The distribution of the kinds of all matches.
    shares: Alias,
}

impl Resampler {
    /// Creates a sampler of the given kinds.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the number of matches exceeds 64 bits.
    pub fn new(kinds: &Kinds) -> Result<Self, Error> {
        // The length of a table is about 18 times the square root of its count, and there are at
        // most 63 tables per digit. They pay off if they serve many kinds.
        let most = (kinds.kinds.len() as u64 / 8).pow(2);
        Self::with_tables(kinds, most.clamp(ONE_DIGIT, THREE_DIGITS))
    }

    /// Creates a sampler with tables for counts of at most `most`.
    fn with_tables(kinds: &Kinds, most: u64) -> Result<Self, Error> {
        let matches = kinds.matches()?;
        let margin = if matches > MOST_FLOAT { 0.0 } else { MARGIN };
        let aim = (matches as f64 - margin * (matches as f64).sqrt()).max(0.0);
        let share = aim / matches as f64;
        let mut least = vec![0; kinds.kinds.len()];
        let mut digits: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        let mut large = Vec::new();
        for (number, kind) in (0..).zip(&kinds.kinds) {
            if kind.count > most {
                large.push((number, Poisson::new(kind.count as f64 * share)));
                continue;
            }
            for shift in [0, DIGIT, 2 * DIGIT] {
                let digit = kind.count & (ONE_DIGIT << shift);
                if digit > 0 {
                    digits.entry(digit).or_default().push(number);
                }
            }
        }
        let tabled = digits.into_iter().map(|(digit, kinds)| {
            let table = Table::new(digit as f64 * share);
            for &kind in &kinds {
                least[kind as usize] += table.least;
            }
            (table.excess, kinds)
        });
        let tabled = tabled.collect();
        let counts: Vec<f64> = (kinds.kinds.iter()).map(|kind| kind.count as f64).collect();
        Ok(Self {
            matches,
            least,
            tabled,
            large,
            shares: Alias::new(&counts),
        })
    }

    /// Draws the number of matches of each kind in a resample.
    pub fn draw(&self, random: &mut impl Rng, out: &mut Vec<u64>) {
        let mut missing = loop {
            self.draw_poisson(random, out);
            if self.matches > MOST_FLOAT {
                return;
            }
            if let Some(missing) = self.matches.checked_sub(out.iter().sum()) {
                break missing;
            }
        };
        let columns = self.shares.columns();
        let mut bits = Bits::new();
        while missing > 0 {
            let batch = missing.min(BATCH as u64);
            for &bits in bits.draw(random, batch as usize) {
                out[columns.number(bits, || random.next_u64()) as usize] += 1;
            }
            missing -= batch;
        }
    }

    /// Draws a Poisson number for each kind.
    // Without inlining, the function has enough registers.
    #[inline(never)]
    fn draw_poisson(&self, random: &mut impl Rng, out: &mut Vec<u64>) {
        out.clone_from(&self.least);
        let out = &mut out[..];
        let mut bits = Bits::new();
        for (excess, kinds) in &self.tabled {
            let columns = excess.columns();
            for kinds in kinds.chunks(BATCH) {
                for (&kind, &bits) in kinds.iter().zip(bits.draw(random, kinds.len())) {
                    out[kind as usize] += columns.number(bits, || random.next_u64());
                }
            }
        }
        for (kind, poisson) in &self.large {
            out[*kind as usize] = poisson.draw(random);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        pairs::Kind,
        random::{Purpose, stream},
    };

    fn kinds(counts: &[u64]) -> Kinds {
        Kinds {
            kinds: counts
                .iter()
                .map(|&count| Kind {
                    count,
                    pair: 0,
                    class: 0,
                })
                .collect(),
            classes: vec![(1.0, 0.0)],
        }
    }

    #[test]
    fn draws_have_the_multinomial_means_and_covariances() {
        for (counts, most) in [
            (vec![5, 20, 75], ONE_DIGIT),
            (vec![1, 1, 1, 1], ONE_DIGIT),
            (vec![1000, 3, 40_000, 250, 1], ONE_DIGIT),
            (vec![1000, 3, 40_000, 250, 1], THREE_DIGITS),
            (vec![64, 65, 4096, 200_000, 262_144], THREE_DIGITS),
        ] {
            let resampler = Resampler::with_tables(&kinds(&counts), most).unwrap();
            let total: u64 = counts.iter().sum();
            let draws = 20_000_u32;
            let cells = counts.len();
            let mut sum = vec![0.0; cells];
            let mut product = vec![0.0; cells * cells];
            let mut drawn = Vec::new();
            let shifted = |drawn: &[u64], k: usize| drawn[k] as f64 - counts[k] as f64;
            for replicate in 0..draws {
                let mut random = stream(1, Purpose::Bootstrap, u64::from(replicate), 0);
                resampler.draw(&mut random, &mut drawn);
                assert_eq!(drawn.iter().sum::<u64>(), total);
                for i in 0..cells {
                    sum[i] += shifted(&drawn, i);
                    for j in 0..cells {
                        product[i * cells + j] += shifted(&drawn, i) * shifted(&drawn, j);
                    }
                }
            }
            let n = f64::from(draws);
            let share = |k: usize| counts[k] as f64 / total as f64;
            for i in 0..cells {
                let variance = total as f64 * share(i) * (1.0 - share(i));
                assert!(
                    (sum[i] / n).abs() <= 5.0 * (variance / n).sqrt(),
                    "{counts:?} {i}"
                );
                for j in 0..cells {
                    let own = if i == j { share(i) } else { 0.0 };
                    let truth = total as f64 * (own - share(i) * share(j));
                    let scale = (total as f64) * (share(i) * share(j)).sqrt();
                    let error = (product[i * cells + j] / n - truth).abs() / scale.max(1.0);
                    assert!(error < 0.08, "{counts:?} {i} {j}: {error}");
                }
            }
        }
    }

    #[test]
    fn counts_beyond_floats_are_drawn_too() {
        let resampler = Resampler::new(&kinds(&[u64::MAX / 4, u64::MAX / 2, 7])).unwrap();
        let mut drawn = Vec::new();
        let mut last = 0;
        for replicate in 0..1000 {
            resampler.draw(&mut stream(3, Purpose::Bootstrap, replicate, 0), &mut drawn);
            let share = drawn[0] as f64 / (drawn[0] + drawn[1]) as f64;
            assert!((share - 1.0 / 3.0).abs() < 1e-8);
            last += drawn[2];
        }
        assert!((6500..7500).contains(&last));
    }

    /// The deviation of the draws of the first of two kinds from the binomial distribution, in
    /// standard deviations of chi-square.
    fn distance_from_binomial(first: u64, second: u64, most: u64) -> f64 {
        let resampler = Resampler::with_tables(&kinds(&[first, second]), most).unwrap();
        let matches = first + second;
        let chance = first as f64 / matches as f64;
        let mean = first as f64;
        let spread = (mean * (1.0 - chance)).sqrt();
        let (low, high) = (mean - 3.5 * spread, mean + 3.5 * spread);
        // At least a fiftieth of the range, with one cell for each end.
        let width = ((high - low) / 50.0).ceil();
        let cells = ((high - low) / width).ceil() as usize + 2;
        let cell = |number: f64| {
            (((number - low) / width).floor() + 1.0).clamp(0.0, cells as f64 - 1.0) as usize
        };
        let mut truth = vec![0.0; cells];
        let mut logarithm = matches as f64 * (1.0 - chance).ln();
        for number in 0..=matches {
            truth[cell(number as f64)] += logarithm.exp();
            logarithm += ((matches - number) as f64 / (number + 1) as f64).ln();
            logarithm += (chance / (1.0 - chance)).ln();
        }
        let mut seen = vec![0.0; cells];
        let draws = 200_000;
        let mut drawn = Vec::new();
        for replicate in 0..draws {
            resampler.draw(&mut stream(4, Purpose::Bootstrap, replicate, 0), &mut drawn);
            seen[cell(drawn[0] as f64)] += 1.0;
        }
        let chi_square: f64 = (seen.iter().zip(&truth))
            .map(|(seen, truth)| (seen, truth * draws as f64))
            .filter(|(_, truth)| *truth > 0.0)
            .map(|(seen, truth)| (seen - truth).powi(2) / truth)
            .sum();
        let freedom = truth.iter().filter(|&&truth| truth > 0.0).count() as f64 - 1.0;
        (chi_square - freedom) / (2.0 * freedom).sqrt()
    }

    #[test]
    fn each_way_of_drawing_follows_the_binomial_distribution() {
        for (first, second) in [(1, 3), (63, 64), (100, 30), (5000, 3000), (12_345, 70_000)] {
            for most in [ONE_DIGIT, THREE_DIGITS] {
                let distance = distance_from_binomial(first, second, most);
                assert!(distance < 4.5, "{first} {second} {most}: {distance}");
            }
        }
    }

    #[test]
    fn small_means_follow_the_multinomial_exactly() {
        // Four matches of two kinds: Binomial(4, 1/4) for the first kind.
        let resampler = Resampler::new(&kinds(&[1, 3])).unwrap();
        let mut seen = [0.0_f64; 5];
        let draws = 100_000;
        let mut drawn = Vec::new();
        for replicate in 0..draws {
            resampler.draw(&mut stream(2, Purpose::Bootstrap, replicate, 0), &mut drawn);
            seen[drawn[0] as usize] += 1.0;
        }
        let chances = [81.0, 108.0, 54.0, 12.0, 1.0].map(|ways| ways / 256.0 * draws as f64);
        let chi_square: f64 = seen
            .iter()
            .zip(chances)
            .map(|(seen, chance)| (seen - chance).powi(2) / chance)
            .sum();
        // The 99.99 % quantile with 4 degrees of freedom.
        assert!(chi_square < 23.5, "{chi_square}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn as_many_matches_are_drawn_as_there_were(
            counts in proptest::collection::vec(
                prop_oneof![1_u64..5, 1_u64..300, 1_u64..20_000, 1_u64..400_000, 1_u64 << 30..1 << 32],
                1..300,
            ),
            tables in any::<bool>(),
            seed in any::<u64>(),
        ) {
            let most = if tables { THREE_DIGITS } else { ONE_DIGIT };
            let resampler = Resampler::with_tables(&kinds(&counts), most).unwrap();
            let mut drawn = Vec::new();
            for replicate in 0..3 {
                resampler.draw(&mut stream(seed, Purpose::Bootstrap, replicate, 0), &mut drawn);
                prop_assert_eq!(drawn.len(), counts.len());
                prop_assert_eq!(drawn.iter().sum::<u64>(), counts.iter().sum());
            }
        }
    }
}
