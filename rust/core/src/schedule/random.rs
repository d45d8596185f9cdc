//! Random comparisons, drawn from all pairs on all prompts without replacement.

use std::collections::HashSet;

use super::{
    ledger::{pair, pairs},
    permutation::{Permutation, mix},
    round::{Comparison, Round, Schedule},
    settings::Settings,
};

/// The random schedule: one random order of all comparisons.
///
/// A round is a number of comparisons, half as many as there are contestants. A contestant may
/// occur in several of them.
pub struct Random {
    key: u64,
    prompts_per_pairing: u32,
    order: Order,
    /// The orders from before comparisons were added.
    past: Vec<Order>,
    /// Comparisons that were used before their turn.
    ahead: HashSet<[u32; 3]>,
}

/// A random order of all comparisons, and how many of them have been dealt.
#[derive(Clone, Copy)]
struct Order {
    contestants: u32,
    prompts: u32,
    permutation: Permutation,
    dealt: u64,
}

/// The number of comparisons.
fn comparisons(contestants: u32, prompts: u32) -> u64 {
    pairs(contestants) * u64::from(prompts)
}

impl Order {
    fn new(contestants: u32, prompts: u32, key: u64) -> Self {
        let key = mix(key ^ u64::from(contestants)) ^ u64::from(prompts);
        Self {
            contestants,
            prompts,
            permutation: Permutation::new(mix(key), comparisons(contestants, prompts)),
            dealt: 0,
        }
    }

    /// The comparison at a position of the order.
    fn at(&self, place: u64) -> Comparison {
        let number = self.permutation.at(place);
        let (pair, prompt) = (
            number / u64::from(self.prompts),
            number % u64::from(self.prompts),
        );
        // The pair (low, high) has the index high (high - 1) / 2 + low.
        let mut high = f64::midpoint(1.0, (1.0 + 8.0 * pair as f64).sqrt()) as u64;
        while high * (high - 1) / 2 > pair {
            high -= 1;
        }
        while high * (high + 1) / 2 <= pair {
            high += 1;
        }
        Comparison {
            first: (pair - high * (high - 1) / 2) as u32,
            second: high as u32,
            prompt: prompt as u32,
        }
    }

    fn place_of(&self, comparison: Comparison) -> u64 {
        let [low, high] = pair(comparison.first, comparison.second).map(u64::from);
        let pair = high * (high - 1) / 2 + low;
        let number = pair * u64::from(self.prompts) + u64::from(comparison.prompt);
        self.permutation.place_of(number)
    }

    /// Whether this order has dealt a comparison.
    fn has_dealt(&self, comparison: Comparison) -> bool {
        comparison.first.max(comparison.second) < self.contestants
            && comparison.prompt < self.prompts
            && self.place_of(comparison) < self.dealt
    }

    fn ends(&self) -> bool {
        self.dealt == comparisons(self.contestants, self.prompts)
    }
}

impl Random {
    pub fn new(contestants: u32, prompts: u32, settings: &Settings, key: u64) -> Self {
        Self {
            key,
            prompts_per_pairing: settings.prompts_per_pairing,
            order: Order::new(contestants, prompts, key),
            past: Vec::new(),
            ahead: HashSet::new(),
        }
    }

    fn used_out_of_turn(&self, comparison: Comparison) -> bool {
        (!self.ahead.is_empty() && self.ahead.contains(&codes(comparison)))
            || self.past.iter().any(|order| order.has_dealt(comparison))
    }

    /// Skips used comparisons, and returns the next unused one.
    fn next_unused(&mut self) -> Option<Comparison> {
        while !self.order.ends() {
            let comparison = self.order.at(self.order.dealt);
            if !self.used_out_of_turn(comparison) {
                return Some(comparison);
            }
            self.ahead.remove(&codes(comparison));
            self.order.dealt += 1;
        }
        None
    }
}

fn codes(comparison: Comparison) -> [u32; 3] {
    let [low, high] = pair(comparison.first, comparison.second);
    [low, high, comparison.prompt]
}

impl Schedule for Random {
    fn next_round(&mut self, budget: u64, elo: &[f64]) -> Round {
        let mut round = Round::default();
        let size = (elo.len() as u64 / 2) * u64::from(self.prompts_per_pairing);
        for _ in 0..size.min(budget) {
            let Some(next) = self.next_unused() else {
                break;
            };
            self.order.dealt += 1;
            round.push(next.first, next.second, next.prompt);
        }
        round
    }

    fn take(&mut self, comparison: Comparison, _played: bool) -> bool {
        if self.order.has_dealt(comparison) || self.used_out_of_turn(comparison) {
            return false;
        }
        // Entries of comparisons whose turn is over are no longer necessary.
        self.next_unused();
        if self.order.place_of(comparison) == self.order.dealt {
            self.order.dealt += 1;
        } else {
            self.ahead.insert(codes(comparison));
        }
        true
    }

    fn extend(&mut self, contestants: u32, prompts: u32) {
        if self.order.dealt > 0 {
            self.past.push(self.order);
        }
        self.order = Order::new(contestants, prompts, self.key);
    }
}
