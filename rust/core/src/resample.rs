//! One multinomial draw over kinds of match: as many matches as there were, each of a kind with
//! probability proportional to its count.
//!
//! Independent Poisson numbers, given their sum m, are one multinomial draw of m matches; and
//! a draw of m and one of N - m make one of N. So each kind gets a Poisson number, with means
//! that aim a little below N in all (a sum beyond N is drawn again), and the matches that are
//! missing then are drawn one by one. The cost is a few nanoseconds a kind, and the square root
//! of N, whatever N is.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson};

use crate::{Error, pairs::Kinds};

/// Above this many matches, not every number of them is a float. The Poisson numbers are then
/// left as they are: their sum differs from N by one part in 10^8.
const MOST_FLOAT: u64 = 1 << 52;

/// How many standard deviations of the sum the aim stays below N.
const MARGIN: f64 = 2.0;

/// A sampler of resamples.
pub struct Resampler {
    counts: Vec<u64>,
    matches: u64,
    means: Vec<Mean>,
    tables: Vec<Alias>,
    /// Where to begin looking for the kind of the match with a given number, by its leading
    /// part; and the number of matches before each kind.
    guide: Vec<u32>,
    before: Vec<u64>,
}

/// Counts below this share tables, one for each count, from which a number is read at once.
const TABLED: u64 = 64;

/// How a kind's Poisson number is drawn.
enum Mean {
    /// From the table with this index.
    Table(u32),
    /// By rejection.
    Large(Box<Poisson<f64>>),
}

/// Walker's alias method: a column is chosen evenly, and holds its own number or another.
struct Alias {
    /// Of each column: the chance, of 2^56, that its own number is taken; and the other one.
    columns: Vec<(u64, u32)>,
}

impl Alias {
    /// Twice the count and more is beyond any Poisson number of a smaller mean that 2^56 draws
    /// would show; the power of two lets the low bits choose.
    const COLUMNS: usize = 256;

    fn poisson(mean: f64) -> Self {
        let mut chance = (-mean).exp();
        let chances: Vec<f64> = (0..Self::COLUMNS)
            .map(|number| {
                if number > 0 {
                    chance *= mean / number as f64;
                }
                chance * Self::COLUMNS as f64
            })
            .collect();
        let mut left = chances.clone();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..Self::COLUMNS).partition(|&number| chances[number] < 1.0);
        let mut columns: Vec<(u64, u32)> = (0..Self::COLUMNS as u32)
            .map(|number| (1 << 56, number))
            .collect();
        while let (Some(own), Some(&other)) = (small.pop(), large.last()) {
            columns[own] = ((left[own] * (1_u64 << 56) as f64) as u64, other as u32);
            left[other] -= 1.0 - left[own];
            if left[other] < 1.0 {
                large.pop();
                small.push(other);
            }
        }
        Self { columns }
    }

    fn draw(&self, random: &mut impl Rng) -> u64 {
        let bits = random.next_u64();
        let column = (bits & (Self::COLUMNS as u64 - 1)) as usize;
        let (own, other) = self.columns[column];
        if bits >> 8 < own {
            column as u64
        } else {
            u64::from(other)
        }
    }
}

impl Resampler {
    /// Prepares for resampling these kinds.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more matches than 64 bits can count.
    pub fn new(kinds: &Kinds) -> Result<Self, Error> {
        let counts: Vec<u64> = kinds.kinds.iter().map(|kind| kind.count).collect();
        let matches = kinds.matches()?;
        let mut out = Self {
            counts,
            matches,
            means: Vec::new(),
            tables: Vec::new(),
            guide: Vec::new(),
            before: Vec::new(),
        };
        let margin = if matches > MOST_FLOAT { 0.0 } else { MARGIN };
        let aim = (matches as f64 - margin * (matches as f64).sqrt()).max(0.0);
        let share = aim / matches as f64;
        out.tables = (0..TABLED)
            .map(|count| Alias::poisson(count as f64 * share))
            .collect();
        out.means = out
            .counts
            .iter()
            .map(|&count| {
                let large = (count >= TABLED).then(|| Poisson::new(count as f64 * share));
                match large {
                    Some(Ok(poisson)) => Mean::Large(Box::new(poisson)),
                    // A mean below the largest float is always valid.
                    _ => Mean::Table(count.min(TABLED - 1) as u32),
                }
            })
            .collect();
        out.before = out
            .counts
            .iter()
            .scan(0, |sum, &count| {
                *sum += count;
                Some(*sum - count)
            })
            .collect();
        let cells = out.counts.len().max(1) as u64;
        let (mut kind, width) = (0, matches as f64 / cells as f64);
        out.guide = (0..cells)
            .map(|cell| {
                // A little early does no harm: from there on kinds are looked at one by one.
                let number = ((cell as f64 * width) as u64).saturating_sub(1);
                while out
                    .before
                    .get(kind + 1)
                    .is_some_and(|&before| before <= number)
                {
                    kind += 1;
                }
                kind as u32
            })
            .collect();
        Ok(out)
    }

    /// Draws how many matches of each kind a resample holds.
    pub fn draw(&self, random: &mut impl Rng, out: &mut Vec<u64>) {
        let mut missing = loop {
            out.clear();
            out.extend(self.means.iter().map(|mean| match mean {
                Mean::Table(table) => self.tables[*table as usize].draw(random),
                Mean::Large(poisson) => poisson.sample(random) as u64,
            }));
            if self.matches > MOST_FLOAT {
                return;
            }
            if let Some(missing) = self.matches.checked_sub(out.iter().sum()) {
                break missing;
            }
        };
        let narrow = self.guide.len() as f64 / self.matches as f64;
        while missing > 0 {
            let number = random.random_range(0..self.matches);
            let cell = ((number as f64 * narrow) as usize).min(self.guide.len() - 1);
            let mut kind = self.guide[cell.saturating_sub(1)] as usize;
            while kind + 1 < self.before.len() && self.before[kind + 1] <= number {
                kind += 1;
            }
            out[kind] += 1;
            missing -= 1;
        }
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
