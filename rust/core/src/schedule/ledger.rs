//! The used comparisons, the number of matches of each pair, and the minimum of these numbers.
//!
//! Each pair has its own order of the prompts, which is dealt like a deck of cards, so the number
//! of prompts dealt determines which ones they are. Only pairs that have played occupy memory.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

use super::{
    permutation::{Permutation, mix},
    round::Comparison,
};

/// An unordered pair of contestants, the lower-numbered one first.
pub type Pair = [u32; 2];

/// The unordered pair of two contestants.
#[must_use]
pub fn pair(first: u32, second: u32) -> Pair {
    [first.min(second), first.max(second)]
}

/// A hasher for codes, which are not chosen by an adversary.
#[derive(Default)]
pub struct CodeHasher(u64);

impl Hasher for CodeHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, code: u32) {
        self.0 = self.0 << 32 ^ self.0 >> 17 ^ u64::from(code);
    }

    fn write_usize(&mut self, _: usize) {
        // The length of an array of codes is constant and need not be hashed.
    }

    fn finish(&self) -> u64 {
        mix(self.0)
    }
}

type ByCodes = BuildHasherDefault<CodeHasher>;
type Codes<K, V> = HashMap<K, V, ByCodes>;

/// The use of the prompts of a pair.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    /// The number of prompts that are used: played, or unavailable.
    used: u32,
    /// The number of prompts played.
    played: u32,
    /// The number of prompts of the current deck that have been dealt.
    dealt: u32,
}

/// Whether the pairs share one order of the prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deck {
    /// Each pair has its own order.
    Own,
    /// All pairs have the same order, so that a pass over all pairs uses one prompt.
    Shared,
}

/// The record of the comparisons of a tournament.
pub struct Ledger {
    contestants: u32,
    prompts: u32,
    key: u64,
    deck: Deck,
    samples: Codes<Pair, Sample>,
    /// The decks from before prompts were added: the number of prompts, and how many each pair was
    /// dealt.
    past: Vec<(u32, Codes<Pair, u32>)>,
    /// Prompts that were used before they were dealt.
    ahead: HashSet<[u32; 3], ByCodes>,
    /// The number of pairs with prompts left, by the number of matches they have played.
    open: Vec<u64>,
    /// The smallest number of matches for which there is such a pair.
    least: u32,
}

/// The number of pairs of this many contestants.
#[must_use]
pub fn pairs(contestants: u32) -> u64 {
    u64::from(contestants) * u64::from(contestants.saturating_sub(1)) / 2
}

impl Ledger {
    /// Creates a ledger without any matches.
    #[must_use]
    pub fn new(contestants: u32, prompts: u32, key: u64, deck: Deck) -> Self {
        let mut ledger = Self {
            contestants: 0,
            prompts,
            key,
            deck,
            samples: Codes::default(),
            past: Vec::new(),
            ahead: HashSet::default(),
            open: vec![0],
            least: 0,
        };
        ledger.extend(contestants, prompts);
        ledger
    }

    /// The number of contestants.
    #[must_use]
    pub fn contestants(&self) -> u32 {
        self.contestants
    }

    /// The number of matches of the least-played pair with prompts left; `None` if no pair has
    /// prompts left.
    #[must_use]
    pub fn least(&self) -> Option<u32> {
        (self.open[self.least as usize] > 0).then_some(self.least)
    }

    /// The number of matches of a pair, if it has prompts left.
    #[inline]
    #[must_use]
    pub fn open(&self, pair: Pair) -> Option<u32> {
        match self.samples.get(&pair) {
            None => (self.prompts > 0).then_some(0),
            Some(sample) => (sample.used < self.prompts).then_some(sample.played),
        }
    }

    /// Deals at most `most` of the remaining prompts to a pair.
    pub fn deal(&mut self, pair: Pair, most: u64, mut play: impl FnMut(u32)) {
        let order = self.order(pair, self.prompts);
        // If no prompt was used out of turn, no look-up is necessary.
        let in_turn = self.ahead.is_empty() && self.past.is_empty();
        let sample = self.samples.entry(pair).or_default();
        let before = *sample;
        let most = most.min(u64::from(self.prompts - before.used)) as u32;
        if in_turn {
            for place in before.dealt..before.dealt + most {
                play(order.at(u64::from(place)) as u32);
            }
            sample.dealt += most;
            sample.used += most;
            sample.played += most;
            let after = *sample;
            return self.count(before, after);
        }
        let mut after = before;
        for _ in 0..most {
            let prompt = loop {
                let prompt = order.at(u64::from(after.dealt)) as u32;
                after.dealt += 1;
                if !self.used_out_of_turn(pair, prompt) {
                    break prompt;
                }
                self.ahead.remove(&[pair[0], pair[1], prompt]);
            };
            after.used += 1;
            after.played += 1;
            play(prompt);
        }
        self.samples.insert(pair, after);
        self.count(before, after);
    }

    /// Marks a comparison as used, counting it as played or not. Returns whether it was unused.
    pub fn take(&mut self, comparison: Comparison, played: bool) -> bool {
        let Comparison {
            first,
            second,
            prompt,
        } = comparison;
        let pair = pair(first, second);
        let order = self.order(pair, self.prompts);
        let sample = self.samples.get(&pair).copied().unwrap_or_default();
        let place = order.place_of(u64::from(prompt)) as u32;
        if place < sample.dealt || self.used_out_of_turn(pair, prompt) {
            return false;
        }
        let mut after = sample;
        // Entries of prompts that have been dealt are no longer necessary.
        while after.dealt < place {
            let next = order.at(u64::from(after.dealt)) as u32;
            if !self.used_out_of_turn(pair, next) {
                break;
            }
            self.ahead.remove(&[pair[0], pair[1], next]);
            after.dealt += 1;
        }
        if place == after.dealt {
            after.dealt += 1;
        } else {
            self.ahead.insert([pair[0], pair[1], prompt]);
        }
        after.used += 1;
        after.played += u32::from(played);
        self.samples.insert(pair, after);
        self.count(sample, after);
        true
    }

    /// Adds contestants and prompts. The unused prompts of each pair, old and new, are shuffled
    /// again.
    pub fn extend(&mut self, contestants: u32, prompts: u32) {
        if prompts > self.prompts {
            if !self.samples.is_empty() {
                let dealt = self.samples.iter_mut().map(|(&pair, sample)| {
                    let dealt = std::mem::take(&mut sample.dealt);
                    (pair, dealt)
                });
                self.past.push((self.prompts, dealt.collect()));
            }
            let full = self.prompts;
            self.prompts = prompts;
            for sample in self.samples.values() {
                if sample.used == full {
                    add(&mut self.open, sample.played);
                }
            }
            if full == 0 {
                self.open[0] = pairs(self.contestants);
            }
        }
        if prompts > 0 {
            self.open[0] += pairs(contestants) - pairs(self.contestants);
        }
        self.contestants = contestants;
        self.least = 0;
        self.advance();
    }

    /// The order in which the prompts are dealt to a pair.
    fn order(&self, pair: Pair, prompts: u32) -> Permutation {
        let key = mix(self.key ^ u64::from(prompts));
        let key = match self.deck {
            Deck::Own => mix(key ^ (u64::from(pair[0]) << 32 | u64::from(pair[1]))),
            Deck::Shared => key,
        };
        Permutation::new(key, u64::from(prompts))
    }

    /// Whether a prompt is used although the current deck has not dealt it.
    fn used_out_of_turn(&self, pair: Pair, prompt: u32) -> bool {
        let dealt_before = |(prompts, dealt): &(u32, Codes<Pair, u32>)| {
            prompt < *prompts
                && dealt.get(&pair).is_some_and(|&dealt| {
                    self.order(pair, *prompts).place_of(u64::from(prompt)) < u64::from(dealt)
                })
        };
        (!self.ahead.is_empty() && self.ahead.contains(&[pair[0], pair[1], prompt]))
            || self.past.iter().any(dealt_before)
    }

    fn count(&mut self, before: Sample, after: Sample) {
        if before.used == self.prompts {
            return;
        }
        self.open[before.played as usize] -= 1;
        if after.used < self.prompts {
            add(&mut self.open, after.played);
        }
        self.advance();
    }

    fn advance(&mut self) {
        while self.open[self.least as usize] == 0 && (self.least as usize) < self.open.len() - 1 {
            self.least += 1;
        }
    }
}

fn add(open: &mut Vec<u64>, played: u32) {
    let played = played as usize;
    if played >= open.len() {
        open.resize(played + 1, 0);
    }
    open[played] += 1;
}
