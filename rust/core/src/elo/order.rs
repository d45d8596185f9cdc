//! Random orders of a log, drawn from the number of matches of each kind.
//!
//! Conceptually, each match has a random number. The matches are played in the order of their
//! numbers, and matches with equal numbers in random order. The numbers are examined bit by bit. A
//! bit splits the matches into two halves: of c matches of a kind, a Binomial(c, 1/2) number belong
//! to the first half. Halves are split further until a half contains at most [`CHUNK`] matches. Its
//! matches are written out and get their next bits, at most eight and as many as necessary for
//! blocks of about [`BLOCK`] matches, which are then shuffled.
//!
//! Each half has its own random stream, numbered like the nodes of a binary heap: 1 for the whole,
//! 2i and 2i + 1 for the halves of i. A chunk reads from its stream first the words whose bytes,
//! lowest first, contain the bits of its matches, and then those for the shuffles of its blocks.

use std::{borrow::Cow, ops::Range};

use rand::{Rng, RngExt};
use rand_distr::{Binomial, Distribution};

use crate::{
    Error, Monitor,
    pairs::Kinds,
    random::{Purpose, Stream, stream},
};

/// The maximum number of matches that are written out at once. A larger chunk needs more memory; a
/// smaller one needs more halves, each of which costs one draw per kind.
const CHUNK: u64 = 1 << 20;

/// Blocks of about this many matches are shuffled within the cache of the processor.
const BLOCK: u64 = 1 << 12;

/// The number of kinds processed between checks of the monitor.
const KINDS_A_LOOK: usize = 1 << 20;

/// Equal matches: the kind, and the number of matches. A kind with more matches than this can count
/// is listed several times.
type Counted = (u32, u32);

/// The matches of each kind, from which all orders of a log are drawn.
pub struct Counts(Vec<Counted>);

impl Counts {
    /// Creates the counts from the kinds.
    pub fn new(kinds: &Kinds) -> Self {
        const MOST: u64 = u32::MAX as u64;
        let mut out = Vec::with_capacity(kinds.kinds.len());
        for (kind, of) in (0..).zip(&kinds.kinds) {
            let whole = (of.count / MOST) as usize;
            out.extend(std::iter::repeat_n((kind, u32::MAX), whole));
            let rest = (of.count % MOST) as u32;
            if rest > 0 {
                out.push((kind, rest));
            }
        }
        Self(out)
    }
}

/// One random order, produced block by block.
pub struct Order<'a, C> {
    /// The code to write for a match of each kind.
    codes: &'a [C],
    /// The seed and the shuffle, which select the stream of a node.
    random: (u64, u64),
    /// The halves that remain, with the next one last.
    pending: Vec<(u64, Cow<'a, [Counted]>)>,
    /// The blocks of the current chunk, concatenated.
    chunk: Vec<C>,
    /// The ranges of the blocks that remain, with the next one last.
    blocks: Vec<Range<usize>>,
    stream: Stream,
}

impl<'a, C: Copy + Default> Order<'a, C> {
    /// Creates the order with the given number under the seed. It does not depend on the codes.
    pub fn new(counts: &'a Counts, codes: &'a [C], seed: u64, shuffle: u64) -> Self {
        Self {
            codes,
            random: (seed, shuffle),
            pending: vec![(1, Cow::Borrowed(&counts.0))],
            chunk: Vec::new(),
            blocks: Vec::new(),
            stream: stream(seed, Purpose::EloOrder, shuffle, 0),
        }
    }

    /// Draws the next block and returns its range in [`Order::matches`]; `None` at the end.
    /// `scratch` is a temporary buffer.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the work is cancelled.
    pub fn draw(
        &mut self,
        scratch: &mut Vec<C>,
        monitor: &Monitor,
    ) -> Result<Option<Range<usize>>, Error> {
        loop {
            while let Some(block) = self.blocks.pop() {
                if !block.is_empty() {
                    shuffle(&mut self.chunk[block.clone()], &mut self.stream);
                    return Ok(Some(block));
                }
            }
            monitor.check()?;
            let Some((node, counts)) = self.pending.pop() else {
                return Ok(None);
            };
            self.stream = stream(self.random.0, Purpose::EloOrder, self.random.1, node);
            let matches: u64 = counts.iter().map(|&(_, count)| u64::from(count)).sum();
            if matches > CHUNK {
                let (first, second) = part(&counts, &mut self.stream, monitor)?;
                drop(counts);
                self.pending.push((2 * node + 1, Cow::Owned(second)));
                self.pending.push((2 * node, Cow::Owned(first)));
            } else {
                self.write(&counts, matches as usize, scratch);
            }
        }
    }

    /// The matches into which [`Order::draw`] returns ranges.
    pub fn matches(&self) -> &[C] {
        &self.chunk
    }

    /// Writes the matches of a chunk in the order of their next bits.
    fn write(&mut self, counts: &[Counted], matches: usize, scratch: &mut Vec<C>) {
        scratch.clear();
        for &(kind, count) in counts {
            let code = self.codes[kind as usize];
            scratch.extend(std::iter::repeat_n(code, count as usize));
        }
        let blocks = (matches as u64).div_ceil(BLOCK).next_power_of_two() as usize;
        if blocks == 1 {
            std::mem::swap(&mut self.chunk, scratch);
            self.blocks.push(0..matches);
            return;
        }
        let mask = blocks - 1;
        let mut lengths = [0_usize; 256];
        let mut bits = self.stream.clone();
        let words = scratch.chunks_exact(8);
        let rest = words.remainder().len();
        for _ in words {
            for byte in bits.next_u64().to_le_bytes() {
                lengths[byte as usize & mask] += 1;
            }
        }
        for byte in &bits.next_u64().to_le_bytes()[..rest] {
            lengths[*byte as usize & mask] += 1;
        }
        let mut begin = 0;
        let mut next = lengths.map(|length| {
            begin += length;
            begin - length
        });
        let ranges = next.iter().zip(lengths);
        self.blocks
            .extend(ranges.map(|(&begin, length)| begin..begin + length));
        self.blocks.reverse();
        self.chunk.resize(matches, C::default());
        for eight in scratch.chunks(8) {
            let bytes = self.stream.next_u64().to_le_bytes();
            for (&code, byte) in eight.iter().zip(bytes) {
                let place = &mut next[byte as usize & mask];
                self.chunk[*place] = code;
                *place += 1;
            }
        }
    }
}

/// Splits matches by their next bit.
fn part(
    counts: &[Counted],
    random: &mut Stream,
    monitor: &Monitor,
) -> Result<(Vec<Counted>, Vec<Counted>), Error> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for counts in counts.chunks(KINDS_A_LOOK) {
        monitor.check()?;
        for &(kind, count) in counts {
            let here = half(count, random);
            if here > 0 {
                first.push((kind, here));
            }
            if count > here {
                second.push((kind, count - here));
            }
        }
    }
    Ok((first, second))
}

/// Draws a Binomial(count, 1/2) number by counting the ones among as many random bits.
fn half(count: u32, random: &mut Stream) -> u32 {
    /// Beyond this many bits, drawing from the distribution is faster than counting bits.
    const COUNTED: u32 = 2048;
    if count > COUNTED {
        // One half is a valid probability.
        return Binomial::new(u64::from(count), 0.5)
            .map_or(0, |binomial| binomial.sample(random) as u32);
    }
    let ones: u32 = (0..count / 64)
        .map(|_| random.next_u64().count_ones())
        .sum();
    let rest = match count % 64 {
        0 => 0,
        bits => (random.next_u64() >> (64 - bits)).count_ones(),
    };
    ones + rest
}

/// The Fisher-Yates shuffle with three positions per random word, as in Brackett-Rozinsky and
/// Lemire (2024).
fn shuffle<C>(block: &mut [C], random: &mut Stream) {
    let mut left = block.len();
    while left > 2 {
        let n = left as u64;
        // A block has at most `CHUNK` matches, so this is below 2^63.
        let ways = n * (n - 1) * (n - 2);
        let places = loop {
            let (first, rest) = times(random.next_u64(), n);
            let (second, rest) = times(rest, n - 1);
            let (third, rest) = times(rest, n - 2);
            // Numbers in the last, incomplete interval would introduce a bias.
            if rest >= ways || rest >= ways.wrapping_neg() % ways {
                break [first, second, third];
            }
        };
        for place in places {
            left -= 1;
            block.swap(place as usize, left);
        }
    }
    if left == 2 && random.random() {
        block.swap(0, 1);
    }
}

/// The integer part and the fractional part, in units of 2^-64, of a fraction times `n`.
fn times(fraction: u64, n: u64) -> (u64, u64) {
    let product = u128::from(fraction) * u128::from(n);
    ((product >> 64) as u64, product as u64)
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

    /// Returns the order and the lengths of its blocks.
    fn drawn(kinds: &Kinds, seed: u64, shuffle: u64) -> (Vec<u32>, Vec<usize>) {
        let counts = Counts::new(kinds);
        let codes: Vec<u32> = (0..kinds.kinds.len() as u32).collect();
        let mut order = Order::new(&counts, &codes, seed, shuffle);
        let (mut scratch, monitor) = (Vec::new(), Monitor::new());
        let (mut out, mut lengths) = (Vec::new(), Vec::new());
        while let Some(block) = order.draw(&mut scratch, &monitor).unwrap() {
            lengths.push(block.len());
            out.extend_from_slice(&order.matches()[block]);
        }
        (out, lengths)
    }

    fn assert_uniform(seen: &[u64], quantile: f64) {
        let expected = seen.iter().sum::<u64>() as f64 / seen.len() as f64;
        let chi_square: f64 = seen
            .iter()
            .map(|&count| (count as f64 - expected).powi(2) / expected)
            .sum();
        assert!(chi_square < quantile, "{chi_square}");
    }

    #[test]
    fn an_order_plays_every_match_once() {
        for counts in [
            vec![3, 0, 7_000_000, 2049, 1, 64, 128, 63],
            vec![3, 0, 70_000, 2049, 1, 64, 128, 63],
            vec![5, 4091],
            vec![5, 4092],
            vec![1],
            vec![],
        ] {
            let mut seen = vec![0_u64; counts.len()];
            for kind in drawn(&kinds(&counts), 5, 0).0 {
                seen[kind as usize] += 1;
            }
            assert_eq!(seen, counts);
        }
    }

    #[test]
    fn all_orders_of_a_small_log_are_equally_likely() {
        let mut seen = std::collections::BTreeMap::new();
        for shuffle in 0..60_000 {
            let (order, _) = drawn(&kinds(&[1, 2, 1]), 0, shuffle);
            *seen.entry(order).or_insert(0_u64) += 1;
        }
        assert_eq!(seen.len(), 12);
        // The 99.99 % quantile with 11 degrees of freedom.
        assert_uniform(&seen.into_values().collect::<Vec<_>>(), 37.4);
    }

    #[test]
    fn all_shuffles_are_equally_likely() {
        let mut random = stream(4, Purpose::EloOrder, 0, 0);
        for (length, shuffles, quantile) in [(5, 120, 185.1), (6, 720, 868.7)] {
            let mut seen = std::collections::BTreeMap::new();
            for _ in 0..200 * shuffles {
                let mut block: Vec<u8> = (0..length).collect();
                shuffle(&mut block, &mut random);
                *seen.entry(block).or_insert(0_u64) += 1;
            }
            assert_eq!(seen.len(), shuffles);
            // The 99.99 % quantiles with 119 and 719 degrees of freedom.
            assert_uniform(&seen.into_values().collect::<Vec<_>>(), quantile);
        }
    }

    #[test]
    fn positions_are_uniform_when_the_log_is_parted() {
        // The position of a single match of kind 0 among many others is uniformly distributed.
        for common in [5 * BLOCK, CHUNK + CHUNK / 4] {
            let orders = if common > CHUNK { 100 } else { 400 };
            let mut places: Vec<f64> = (0..orders)
                .map(|shuffle| {
                    let (order, _) = drawn(&kinds(&[1, common]), 3, shuffle);
                    let place = order.iter().position(|&kind| kind == 0).unwrap();
                    place as f64 / order.len() as f64
                })
                .collect();
            places.sort_unstable_by(f64::total_cmp);
            let n = orders as f64;
            let distance = places
                .iter()
                .enumerate()
                .map(|(i, &u)| (u - i as f64 / n).abs().max((u - (i + 1) as f64 / n).abs()))
                .fold(0.0, f64::max);
            // The 99.99 % quantile of Kolmogorov's distribution.
            assert!(distance < 2.23 / n.sqrt(), "{common}: {distance}");
        }
    }

    #[test]
    fn blocks_are_parted_evenly_and_independently() {
        // Three chunks of matches are split twice, into the nodes 4, 5, 6 and 7.
        let of = kinds(&vec![64; 3 * CHUNK as usize / 64]);
        let (order, lengths) = drawn(&of, 11, 0);
        assert_eq!(lengths.len(), 4 * 256);
        let mean = order.len() as f64 / lengths.len() as f64;
        let excess: Vec<f64> = lengths.iter().map(|&length| length as f64 - mean).collect();
        // The lengths are approximately Poisson distributed.
        let spread: f64 = excess.iter().map(|x| x * x / mean).sum();
        assert!((spread / 1024.0 - 1.0).abs() < 0.25, "{spread}");
        // The numbers of matches of each kind in one block are independent of those in another
        // block.
        let mut begin = 0;
        let mut blocks = lengths.iter().map(|&length| {
            begin += length;
            let mut counts = vec![0.0; of.kinds.len()];
            for &kind in &order[begin - length..begin] {
                counts[kind as usize] += 1.0;
            }
            let mean = length as f64 / counts.len() as f64;
            for count in &mut counts {
                *count -= mean;
            }
            counts
        });
        let early: Vec<Vec<f64>> = blocks.by_ref().take(4).collect();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        for i in 0..4 {
            for j in 0..i {
                let scale = product(&early[i], &early[i]) * product(&early[j], &early[j]);
                let correlation = product(&early[i], &early[j]) / scale.sqrt();
                let bound = 5.0 / (of.kinds.len() as f64).sqrt();
                assert!(correlation.abs() < bound, "{i} {j}: {correlation}");
            }
        }
    }

    #[test]
    fn a_kind_of_more_matches_than_32_bits_count_is_kept_whole() {
        let many = 5 * u64::from(u32::MAX) + 17;
        let counts = Counts::new(&kinds(&[2, many]));
        let of_second = counts.0.iter().filter(|&&(kind, _)| kind == 1);
        assert_eq!(
            of_second.map(|&(_, count)| u64::from(count)).sum::<u64>(),
            many
        );
        assert_eq!(counts.0[0], (0, 2));
    }

    #[test]
    fn half_has_the_binomial_mean_and_variance() {
        for count in [1, 63, 64, 100, 2048, 5000, u32::MAX] {
            let draws = 20_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            let mut random = stream(9, Purpose::EloOrder, u64::from(count), 0);
            for _ in 0..draws {
                let apart = f64::from(half(count, &mut random)) - f64::from(count) / 2.0;
                sum += apart;
                squares += apart * apart;
            }
            let n = f64::from(draws);
            let (mean, truth) = (sum / n, f64::from(count) / 4.0);
            assert!(mean.abs() < 5.0 * (truth / n).sqrt());
            assert!(((squares / n - mean * mean) / truth - 1.0).abs() < 0.06);
        }
    }

    #[test]
    fn a_cancelled_order_stops() {
        let counts = Counts::new(&kinds(&[10, 20]));
        let monitor = Monitor::new();
        monitor.cancel();
        let stopped = Order::new(&counts, &[0_u32, 1], 0, 0).draw(&mut Vec::new(), &monitor);
        assert!(matches!(stopped, Err(Error::Interrupted)));
    }
}
