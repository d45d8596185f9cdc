//! Stable Elo: the mean rating over replays in random orders.

use rayon::prelude::*;

use super::{
    expected::expected,
    order::{Counts, Order},
    running::START,
};
use crate::{Error, Monitor, Pairs, pairs::Kinds};

/// The final ratings of replays in random orders.
#[derive(Clone, Debug)]
pub struct StableElo {
    /// The mean over the replays, for each contestant.
    pub mean: Vec<f64>,
    /// The population standard deviation over the replays, for each contestant.
    pub deviation: Vec<f64>,
}

/// A compact representation of a match.
trait Code: Copy + Default + Send + Sync {
    fn pack(low: u32, high: u32, class: u32, bits: u32) -> Self;

    /// The indices. Only their lowest bits are valid.
    fn unpack(self, bits: u32) -> [usize; 3];
}

/// Two contestants of `bits` bits each, followed by the class.
impl Code for u32 {
    fn pack(low: u32, high: u32, class: u32, bits: u32) -> Self {
        low | high << bits | class << (2 * bits)
    }

    #[inline]
    fn unpack(self, bits: u32) -> [usize; 3] {
        [
            self as usize,
            (self >> bits) as usize,
            (self >> (2 * bits)) as usize,
        ]
    }
}

impl Code for [u32; 3] {
    fn pack(low: u32, high: u32, class: u32, _: u32) -> Self {
        [low, high, class]
    }

    #[inline]
    fn unpack(self, _: u32) -> [usize; 3] {
        [self[0] as usize, self[1] as usize, self[2] as usize]
    }
}

/// The data shared by all replays.
struct Replays<'a, C> {
    counts: Counts,
    codes: Vec<C>,
    /// For each class: the score of the lower-numbered contestant, and K times the weight. The
    /// length is a power of two.
    classes: Vec<(f64, f64)>,
    contestants: usize,
    bits: u32,
    seed: u64,
    monitor: &'a Monitor,
}

/// Replays all matches in `shuffles` independent random orders.
///
/// # Errors
/// [`Error::Interrupted`] if the work is cancelled.
pub fn stable_elo(
    pairs: &Pairs,
    kinds: &Kinds,
    k: f64,
    shuffles: usize,
    seed: u64,
    monitor: &Monitor,
) -> Result<StableElo, Error> {
    let bits_of = |number: usize| number.max(2).next_power_of_two().trailing_zeros();
    let bits = bits_of(pairs.contestants());
    let finals = if 2 * bits + bits_of(kinds.classes.len()) <= u32::BITS {
        Replays::<u32>::new(pairs, kinds, k, bits, seed, monitor).finals(shuffles)
    } else {
        Replays::<[u32; 3]>::new(pairs, kinds, k, bits, seed, monitor).finals(shuffles)
    }?;
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
    let counts = Counts::new(kinds);
    let codes: Vec<u32> = (0..kinds.kinds.len() as u32).collect();
    let mut order = Order::new(&counts, &codes, seed, shuffle);
    let (mut scratch, monitor) = (Vec::new(), Monitor::new());
    let mut out = Vec::new();
    // This monitor is never cancelled.
    while let Ok(Some(block)) = order.draw(&mut scratch, &monitor) {
        out.extend_from_slice(&order.matches()[block]);
    }
    out
}

impl<'a, C: Code> Replays<'a, C> {
    fn new(
        pairs: &Pairs,
        kinds: &Kinds,
        k: f64,
        bits: u32,
        seed: u64,
        monitor: &'a Monitor,
    ) -> Self {
        let mut classes: Vec<(f64, f64)> = kinds
            .classes
            .iter()
            .map(|(low_points, high_points)| {
                let weight = low_points + high_points;
                let score = if weight > 0.0 {
                    low_points / weight
                } else {
                    0.5
                };
                (score, k * weight)
            })
            .collect();
        classes.resize(classes.len().next_power_of_two(), (0.5, 0.0));
        let mut contestants = pairs.contestants_of_pairs().enumerate();
        let mut codes = Vec::with_capacity(kinds.kinds.len());
        let mut met = contestants.next();
        for kind in &kinds.kinds {
            while met.is_some_and(|(pair, _)| pair < kind.pair as usize) {
                met = contestants.next();
            }
            let (low, high) = met.map_or((0, 0), |(_, met)| met);
            codes.push(C::pack(low as u32, high as u32, kind.class, bits));
        }
        Self {
            counts: Counts::new(kinds),
            codes,
            classes,
            contestants: pairs.contestants(),
            bits,
            seed,
            monitor,
        }
    }

    /// The final ratings of each replay.
    fn finals(&self, shuffles: usize) -> Result<Vec<Vec<f64>>, Error> {
        (0..shuffles)
            .into_par_iter()
            .map(|shuffle| {
                let mut order = Order::new(&self.counts, &self.codes, self.seed, shuffle as u64);
                let mut ratings = vec![START; 1 << self.bits];
                let mut scratch = Vec::new();
                while let Some(block) = order.draw(&mut scratch, self.monitor)? {
                    self.monitor.check()?;
                    self.monitor.advance(block.len() as u64);
                    self.play(&mut ratings, &order.matches()[block]);
                }
                ratings.truncate(self.contestants);
                Ok(ratings)
            })
            .collect()
    }

    fn play(&self, ratings: &mut [f64], matches: &[C]) {
        // The lengths are powers of two, so a mask does not change a valid index and makes every
        // index valid.
        let (Some(last), Some(last_class)) = (
            ratings.len().checked_sub(1),
            self.classes.len().checked_sub(1),
        ) else {
            return;
        };
        for code in matches {
            let [i, j, class] = code.unpack(self.bits);
            let (i, j) = (i & last, j & last);
            let (score, k) = self.classes[class & last_class];
            let (own, other) = (ratings[i], ratings[j]);
            let change = k * (score - expected(other - own));
            ratings[i] = own + change;
            ratings[j] = other - change;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, Tally, Ties, elo::Elo};

    fn field(contestants: u32, each: u64) -> (Pairs, Kinds) {
        let mut tally = Tally::new(contestants as usize);
        for i in 0..contestants {
            let other = (i + 1) % contestants;
            tally.add(i, other, Outcome::First, 3 * each).unwrap();
            tally.add(other, i, Outcome::First, each).unwrap();
            tally.add(i, other, Outcome::Tie, each).unwrap();
        }
        tally.settle().unwrap();
        (
            Pairs::from_tally(&tally, Ties::Half).unwrap(),
            Kinds::from_tally(&tally, Ties::Half).unwrap(),
        )
    }

    fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(work)
    }

    #[test]
    fn threads_leave_no_trace() {
        // With more contestants than 15 bits can represent, the codes are wider.
        for (contestants, each) in [(9, 2000), (40_000, 1)] {
            let (pairs, kinds) = field(contestants, each);
            let monitor = Monitor::new();
            for shuffles in [1, 2, 7, 10, 11] {
                let ratings = |threads| {
                    on(threads, || {
                        stable_elo(&pairs, &kinds, 32.0, shuffles, 7, &monitor).unwrap()
                    })
                };
                let one = ratings(1);
                for threads in [2, 8] {
                    let other = ratings(threads);
                    assert_eq!(one.mean, other.mean);
                    assert_eq!(one.deviation, other.deviation);
                }
            }
        }
    }

    #[test]
    fn stable_elo_replays_the_orders_that_can_be_read_out() {
        for (contestants, each) in [(9, 2000), (40_000, 1)] {
            let (pairs, kinds) = field(contestants, each);
            let met: Vec<_> = pairs.contestants_of_pairs().collect();
            let finals: Vec<Vec<f64>> = (0..3)
                .map(|shuffle| {
                    let mut elo = Elo::new(contestants as usize, 20.0, START);
                    for kind in order(&kinds, 5, shuffle) {
                        let kind = kinds.kinds[kind as usize];
                        let (low, high) = met[kind.pair as usize];
                        let (score, _) = kinds.classes[kind.class as usize];
                        elo.play(low as u32, high as u32, score, 1.0);
                    }
                    elo.ratings
                })
                .collect();
            let monitor = Monitor::new();
            let stable = stable_elo(&pairs, &kinds, 20.0, 3, 5, &monitor).unwrap();
            assert_eq!(monitor.done(), 3 * kinds.matches().unwrap());
            for (contestant, mean) in stable.mean.iter().enumerate() {
                let truth = finals
                    .iter()
                    .map(|ratings| ratings[contestant])
                    .sum::<f64>()
                    / 3.0;
                assert!((mean - truth).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn a_cancelled_replay_stops() {
        let (pairs, kinds) = field(9, 10);
        let monitor = Monitor::new();
        monitor.cancel();
        let stopped = stable_elo(&pairs, &kinds, 32.0, 4, 0, &monitor);
        assert!(matches!(stopped, Err(Error::Interrupted)));
    }
}
