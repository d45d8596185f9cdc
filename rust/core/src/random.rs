//! Counter-based random streams.
//!
//! A stream is `xoshiro256++`, seeded with the first 32 bytes of a `ChaCha8` stream whose key is
//! (seed, purpose, replicate, node). The four numbers determine the bits, on any thread and in any
//! order. The cipher makes the streams independent, and the generator makes them fast.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// A stream of random bits.
pub type Stream = Xoshiro256PlusPlus;

/// The purpose of a stream. Streams of different purposes never share bits.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Purpose {
    /// The multinomial draw of a bootstrap replicate.
    Bootstrap = 1,
    /// The order of a shuffled Elo replay.
    EloOrder = 2,
    /// A simulated match log.
    Simulation = 3,
    /// The random choices of a schedule.
    Schedule = 4,
}

/// Returns the stream of (seed, purpose, replicate, node).
#[must_use]
pub fn stream(seed: u64, purpose: Purpose, replicate: u64, node: u64) -> Stream {
    let mut key = [0_u8; 32];
    for (bytes, word) in key
        .chunks_exact_mut(8)
        .zip([seed, purpose as u64, replicate, node])
    {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut state = [0_u8; 32];
    ChaCha8Rng::from_seed(key).fill_bytes(&mut state);
    Stream::from_seed(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_in_every_coordinate() {
        let first =
            |seed, purpose, replicate, node| stream(seed, purpose, replicate, node).next_u64();
        let reference = first(0, Purpose::Bootstrap, 0, 0);
        assert_eq!(reference, first(0, Purpose::Bootstrap, 0, 0));
        for other in [
            first(1, Purpose::Bootstrap, 0, 0),
            first(0, Purpose::EloOrder, 0, 0),
            first(0, Purpose::Bootstrap, 1, 0),
            first(0, Purpose::Bootstrap, 0, 1),
        ] {
            assert_ne!(reference, other);
        }
    }
}
