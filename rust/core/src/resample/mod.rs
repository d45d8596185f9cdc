//! One multinomial draw over kinds of match: as many matches as there were, each of a kind with
//! probability proportional to its count.
//!
//! Independent Poisson numbers, given their sum m, are one multinomial draw of m matches; and
//! a draw of m and one of N - m make one of N. So each kind gets a Poisson number, with means
//! that aim a little below N in all (a sum beyond N is drawn again), and the matches that are
//! missing then are drawn one by one. The cost is a few nanoseconds a kind, and the square root
//! of N, whatever N is.

mod alias;
mod clusters;
mod poisson;

use rand::Rng;

use crate::{Error, pairs::Kinds};
use alias::{Shares, small_poisson};
pub use clusters::{Clusters, Points};
use poisson::Poisson;

/// Above this many matches, not every number of them is a float. The Poisson numbers are then
/// left as they are: their sum differs from N by one part in 10^8.
const MOST_FLOAT: u64 = 1 << 52;

/// How many standard deviations of the sum the aim stays below N.
const MARGIN: f64 = 2.0;

/// A sampler of resamples.
pub struct Resampler {
    matches: u64,
    small: Vec<Small>,
    large: Vec<(u32, Poisson)>,
    /// The columns of all tables, end to end.
    columns: Vec<u64>,
    /// The kinds by their shares of all matches.
    shares: Shares,
}

/// Counts below this share tables, one for each count, from which a number is read at once.
const TABLED: u64 = 64;

/// A kind whose Poisson number is read from a table.
struct Small {
    kind: u32,
    /// Where the table begins.
    begin: u32,
    /// Its number of columns, a power of two, less one.
    mask: u32,
}

impl Resampler {
    /// Prepares for resampling these kinds.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more matches than 64 bits can count.
    pub fn new(kinds: &Kinds) -> Result<Self, Error> {
        let counts: Vec<u64> = kinds.kinds.iter().map(|kind| kind.count).collect();
        let matches = kinds.matches()?;
        let margin = if matches > MOST_FLOAT { 0.0 } else { MARGIN };
        let aim = (matches as f64 - margin * (matches as f64).sqrt()).max(0.0);
        let share = aim / matches as f64;
        let mut columns = Vec::new();
        let tables: Vec<(u32, u32)> = (0..TABLED)
            .map(|count| {
                let begin = columns.len() as u32;
                columns.extend(small_poisson(count as f64 * share));
                (begin, columns.len() as u32 - begin - 1)
            })
            .collect();
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for (kind, &count) in (0..).zip(&counts) {
            if count < TABLED {
                let (begin, mask) = tables[count as usize];
                small.push(Small { kind, begin, mask });
            } else {
                large.push((kind, Poisson::new(count as f64 * share)));
            }
        }
        Ok(Self {
            matches,
            small,
            large,
            columns,
            shares: Shares::new(&counts, matches),
        })
    }

    /// Draws how many matches of each kind a resample holds.
    pub fn draw(&self, random: &mut impl Rng, out: &mut Vec<u64>) {
        out.clear();
        out.resize(self.shares.len(), 0);
        let missing = loop {
            let sum = self.draw_poisson(random, out);
            if self.matches > MOST_FLOAT {
                return;
            }
            if let Some(missing) = self.matches.checked_sub(sum) {
                break missing;
            }
        };
        for _ in 0..missing {
            out[self.shares.draw(random)] += 1;
        }
    }

    /// Draws a Poisson number for each kind, and returns their sum, or the largest one that there
    /// is if that is less.
    fn draw_poisson(&self, random: &mut impl Rng, out: &mut [u64]) -> u64 {
        let mut sum = 0_u64;
        for &Small { kind, begin, mask } in &self.small {
            let bits = random.next_u64();
            let own = bits & u64::from(mask);
            let column = self.columns[begin as usize + own as usize];
            let number = if bits >> 8 < column >> 8 {
                own
            } else {
                column & 0xff
            };
            out[kind as usize] = number;
            sum += number;
        }
        for (kind, poisson) in &self.large {
            let number = poisson.draw(random);
            out[*kind as usize] = number;
            sum = sum.saturating_add(number);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
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
        for counts in [
            vec![5, 20, 75],
            vec![1, 1, 1, 1],
            vec![1000, 3, 40_000, 250, 1],
        ] {
            let resampler = Resampler::new(&kinds(&counts)).unwrap();
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

    #[test]
    fn small_means_follow_the_multinomial_exactly() {
        // Four matches of two kinds: Binomial(4, 1/4) for the first.
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
        // The 99.99 % point of 4 degrees of freedom.
        assert!(chi_square < 23.5, "{chi_square}");
    }
}
