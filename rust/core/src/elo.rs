//! Elo ratings: one replay in a given order, and Stable Elo over random orders.
//!
//! A random order of a log depends on the log only through how many matches of each kind it
//! holds, so the orders are drawn from those counts and need neither the log nor memory for
//! it. Think of every match as holding a random number, whose bits are looked at one by
//! one; the matches are played in the order of their numbers. The first bit parts them into
//! two halves: of c matches of a kind, a Binomial(c, 1/2) number goes to the first half.
//! Halves are parted again until one is at most [`BLOCK`] matches long, and such a block is
//! written out and shuffled. Each half has its own random stream, numbered as the nodes of
//! a binary heap are: 1 for the whole, 2i and 2i + 1 for the halves of i.

use rand::{Rng, seq::SliceRandom};
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use crate::{
    Error, MEAN_RATING, Monitor, Pairs,
    pairs::Kinds,
    random::{Purpose, Stream, stream},
};

/// Blocks of this many matches are shuffled in the processor's cache.
const BLOCK: u64 = 1 << 15;

/// Where everybody starts.
pub const START: f64 = MEAN_RATING;

/// Running Elo ratings.
#[derive(Clone, Debug)]
pub struct Elo {
    /// The ratings as they stand.
    pub ratings: Vec<f64>,
    k: f64,
}

impl Elo {
    /// Everyone at `start`; a match moves a rating by at most `k`.
    #[must_use]
    pub fn new(contestants: usize, k: f64, start: f64) -> Self {
        Self {
            ratings: vec![start; contestants],
            k,
        }
    }

    /// Plays one match: R <- R + K (S - E), K times the importance of the match.
    ///
    /// # Panics
    /// If a contestant is outside the field.
    pub fn play(&mut self, i: u32, j: u32, score: f64, weight: f64) {
        let difference = self.ratings[j as usize] - self.ratings[i as usize];
        let expected = 1.0 / (1.0 + (difference * (std::f64::consts::LN_10 / 400.0)).exp());
        let change = self.k * weight * (score - expected);
        self.ratings[i as usize] += change;
        self.ratings[j as usize] -= change;
    }
}

/// Final ratings of replays in random orders.
#[derive(Clone, Debug)]
pub struct StableElo {
    /// The mean over the replays, a contestant each.
    pub mean: Vec<f64>,
    /// The population standard deviation over the replays, a contestant each.
    pub deviation: Vec<f64>,
}

/// Replays all matches in `shuffles` independent random orders.
///
/// # Errors
/// [`Error::Interrupted`].
pub fn stable_elo(
    pairs: &Pairs,
    kinds: &Kinds,
    k: f64,
    shuffles: usize,
    seed: u64,
    monitor: &Monitor,
) -> Result<StableElo, Error> {
    let contestants: Vec<(usize, usize)> = pairs.contestants_of_pairs().collect();
    let players: Vec<(u32, u32, f64, f64)> = kinds
        .kinds
        .iter()
        .map(|kind| {
            let (low_points, high_points) = kinds.classes[kind.class as usize];
            let weight = low_points + high_points;
            let score = if weight > 0.0 {
                low_points / weight
            } else {
                0.5
            };
            let (low, high) = contestants[kind.pair as usize];
            (low as u32, high as u32, score, weight)
        })
        .collect();
    let finals: Vec<Vec<f64>> = (0..shuffles)
        .into_par_iter()
        .map(|shuffle| {
            let mut elo = Elo::new(pairs.contestants(), k, START);
            for_each_block(kinds, seed, shuffle as u64, &mut |block| {
                for &kind in block {
                    let (low, high, score, weight) = players[kind as usize];
                    elo.play(low, high, score, weight);
                }
                monitor.advance(block.len() as u64);
                monitor.check()
            })?;
            Ok(elo.ratings)
        })
        .collect::<Result<_, Error>>()?;
    let moments = |contestant: usize| {
        let values = finals.iter().map(|ratings| ratings[contestant]);
        let mean = values.clone().sum::<f64>() / shuffles as f64;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / shuffles as f64;
        (mean, variance.sqrt())
    };
    let (mean, deviation) = (0..pairs.contestants()).map(moments).unzip();
    Ok(StableElo { mean, deviation })
}

/// The kinds of all matches in the order of one shuffle.
#[must_use]
pub fn order(kinds: &Kinds, seed: u64, shuffle: u64) -> Vec<u32> {
    let mut out = Vec::new();
    // Writing down never fails.
    let _: Result<(), Error> = for_each_block(kinds, seed, shuffle, &mut |block| {
        out.extend_from_slice(block);
        Ok(())
    });
    out
}

type Visit<'a> = &'a mut dyn FnMut(&[u32]) -> Result<(), Error>;

fn for_each_block(kinds: &Kinds, seed: u64, shuffle: u64, visit: Visit) -> Result<(), Error> {
    let counts: Vec<(u32, u64)> = (0..)
        .zip(&kinds.kinds)
        .map(|(kind, of)| (kind, of.count))
        .collect();
    let random = |node| stream(seed, Purpose::EloOrder, shuffle, node);
    part(&counts, 1, &random, visit)
}

fn part(
    counts: &[(u32, u64)],
    node: u64,
    random: &dyn Fn(u64) -> Stream,
    visit: Visit,
) -> Result<(), Error> {
    let mut stream = random(node);
    let matches: u64 = counts.iter().map(|&(_, count)| count).sum();
    if matches <= BLOCK {
        let mut block: Vec<u32> = counts
            .iter()
            .flat_map(|&(kind, count)| std::iter::repeat_n(kind, count as usize))
            .collect();
        block.shuffle(&mut stream);
        return visit(&block);
    }
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for &(kind, count) in counts {
        let here = half(count, &mut stream);
        if here > 0 {
            first.push((kind, here));
        }
        if count > here {
            second.push((kind, count - here));
        }
    }
    part(&first, 2 * node, random, visit)?;
    drop(first);
    part(&second, 2 * node + 1, random, visit)
}

/// A Binomial(count, 1/2) number: the ones among as many random bits.
fn half(count: u64, random: &mut impl Rng) -> u64 {
    /// Beyond this many bits, drawing from the distribution is cheaper than counting them.
    const COUNTED: u64 = 2048;
    if count > COUNTED {
        // One half is a valid probability.
        return Binomial::new(count, 0.5).map_or(0, |binomial| binomial.sample(random));
    }
    let ones: u32 = (0..count / 64)
        .map(|_| random.next_u64().count_ones())
        .sum();
    let rest = match count % 64 {
        0 => 0,
        bits => (random.next_u64() >> (64 - bits)).count_ones(),
    };
    u64::from(ones + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairs::Kind;

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
    fn an_order_plays_every_match_once() {
        let counts = [3, 0, 70_000, 2049, 1, 64, 128, 63];
        let order = order(&kinds(&counts), 5, 0);
        let mut seen = [0_u64; 8];
        for kind in order {
            seen[kind as usize] += 1;
        }
        assert_eq!(seen, counts);
    }

    #[test]
    fn all_orders_of_a_small_log_are_equally_likely() {
        let mut seen = std::collections::BTreeMap::new();
        let shuffles = 60_000;
        for shuffle in 0..shuffles {
            *seen
                .entry(order(&kinds(&[1, 2, 1]), 0, shuffle))
                .or_insert(0_u64) += 1;
        }
        assert_eq!(seen.len(), 12);
        let expected = shuffles as f64 / 12.0;
        let chi_square: f64 = seen
            .values()
            .map(|&count| (count as f64 - expected).powi(2) / expected)
            .sum();
        // The 99.99 % point of 11 degrees of freedom.
        assert!(chi_square < 37.4, "{chi_square}");
    }

    #[test]
    fn positions_are_uniform_when_the_log_is_parted() {
        // One match of kind 0 among many: where it lands is uniform over the order.
        let (rare, common) = (1, 5 * BLOCK);
        let places: Vec<f64> = (0..400)
            .map(|shuffle| {
                let order = order(&kinds(&[rare, common]), 3, shuffle);
                let place = order.iter().position(|&kind| kind == 0).unwrap();
                place as f64 / order.len() as f64
            })
            .collect();
        let mut sorted = places.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let distance = sorted
            .iter()
            .enumerate()
            .map(|(i, &u)| {
                (u - i as f64 / 400.0)
                    .abs()
                    .max((u - (i + 1) as f64 / 400.0).abs())
            })
            .fold(0.0, f64::max);
        // Kolmogorov's 99.99 % point for 400 draws.
        assert!(distance < 2.23 / 20.0, "{distance}");
    }

    #[test]
    fn halves_are_parted_independently() {
        // Three blocks' worth is parted twice: into the nodes 4, 5, 6 and 7.
        let of = kinds(&vec![64; 3 * BLOCK as usize / 64]);
        let mut blocks: Vec<Vec<f64>> = Vec::new();
        for_each_block(&of, 11, 0, &mut |block| {
            let mut counts = vec![0.0; of.kinds.len()];
            for &kind in block {
                counts[kind as usize] += 1.0;
            }
            blocks.push(counts);
            Ok(())
        })
        .unwrap();
        assert_eq!(blocks.len(), 4);
        let excess = |a: usize, b: usize| {
            let difference = blocks[a].iter().zip(&blocks[b]).map(|(x, y)| x - y);
            difference.collect::<Vec<_>>()
        };
        let (left, right) = (excess(0, 1), excess(2, 3));
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let scale = (product(&left, &left) * product(&right, &right)).sqrt();
        let correlation = product(&left, &right) / scale;
        assert!(
            correlation.abs() < 5.0 / (left.len() as f64).sqrt(),
            "{correlation}"
        );
    }

    #[test]
    fn half_has_the_binomial_mean_and_variance() {
        for count in [1, 63, 64, 100, 2048, 5000] {
            let draws = 20_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            let mut random = stream(9, Purpose::EloOrder, count, 0);
            for _ in 0..draws {
                let drawn = half(count, &mut random) as f64;
                sum += drawn;
                squares += drawn * drawn;
            }
            let n = f64::from(draws);
            let (mean, truth) = (sum / n, count as f64 / 4.0);
            assert!((mean - count as f64 / 2.0).abs() < 5.0 * (truth / n).sqrt());
            assert!(((squares / n - mean * mean) / truth - 1.0).abs() < 0.06);
        }
    }
}
