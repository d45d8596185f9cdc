//! Adaptive Swiss pairing: neighbors by running Elo among the pairs that are under-sampled
//! (algorithm 1 of arXiv 2604.19786).

use super::{
    ledger::{Deck, Ledger, pair},
    permutation::mix,
    round::{Round, Schedule},
    settings::Settings,
};

/// The Swiss schedule.
///
/// A pair is under-sampled if it has prompts left and its number of matches exceeds that of the
/// least-played pair with prompts left by no more than the slack.
pub struct Swiss {
    pub(super) ledger: Ledger,
    slack: u32,
    prompts_per_pairing: u32,
    key: u64,
    /// The sort key of each contestant: the rating, a random number, then the code.
    ranks: Vec<Rank>,
    /// The next unmatched place after each place of the ranking.
    next: Vec<u32>,
}

/// The rank of a contestant: descending ratings, with equal ratings in random order. It is stored
/// in one number, which can be sorted without branches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(u128);

impl Rank {
    fn new(rating: f64, tie: u32, contestant: u32) -> Self {
        Self(u128::from(descending(rating)) << 64 | u128::from(tie) << 32 | u128::from(contestant))
    }

    fn contestant(self) -> u32 {
        self.0 as u32
    }

    fn tie(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// A number that decreases as the rating increases.
fn descending(rating: f64) -> u64 {
    let bits = (rating + 0.0).to_bits();
    if bits >> 63 == 1 {
        bits
    } else {
        !bits ^ (1 << 63)
    }
}

impl Swiss {
    pub fn new(contestants: u32, prompts: u32, settings: &Settings, key: u64) -> Self {
        Self {
            ledger: Ledger::new(contestants, prompts, key, Deck::Own),
            slack: settings.slack,
            prompts_per_pairing: settings.prompts_per_pairing,
            key: mix(key),
            ranks: Vec::new(),
            next: Vec::new(),
        }
    }

    /// Sorts the contestants.
    fn rank(&mut self, elo: &[f64]) {
        for contestant in self.ranks.len()..elo.len() {
            let tie = (mix(self.key ^ contestant as u64) >> 32) as u32;
            self.ranks.push(Rank::new(0.0, tie, contestant as u32));
        }
        for rank in &mut self.ranks {
            let contestant = rank.contestant();
            *rank = Rank::new(elo[contestant as usize], rank.tie(), contestant);
        }
        self.ranks.sort_unstable();
    }
}

impl Schedule for Swiss {
    fn next_round(&mut self, budget: u64, elo: &[f64]) -> Round {
        let mut round = Round::default();
        let Some(least) = self.ledger.least() else {
            return round;
        };
        self.rank(elo);
        let most = least.saturating_add(self.slack);
        let end = self.ranks.len() as u32;
        self.next.clear();
        self.next.extend(1..=end);
        // No contestant is paired twice in a round, so the pairings can be made before any prompt
        // is dealt.
        let prompts = u64::from(self.prompts_per_pairing);
        let mut pairings: Vec<(u32, u32)> = Vec::with_capacity(elo.len() / 2);
        let enough = budget.div_ceil(prompts);
        let mut top = 0;
        while top != end && (pairings.len() as u64) < enough {
            let first = self.ranks[top as usize].contestant();
            let mut before = top;
            let mut place = self.next[top as usize];
            // All contestants above are matched, so the next eligible one has the nearest rating.
            while place != end {
                let second = self.ranks[place as usize].contestant();
                let played = self.ledger.open(pair(first, second));
                if played.is_some_and(|played| played <= most) {
                    pairings.push((first, second));
                    break;
                }
                before = place;
                place = self.next[place as usize];
            }
            if place == end {
                round.byes.push(first);
            } else {
                self.next[before as usize] = self.next[place as usize];
            }
            top = self.next[top as usize];
        }
        let mut left = budget;
        for (first, second) in pairings {
            let most = left.min(prompts);
            self.ledger.deal(pair(first, second), most, |prompt| {
                round.push(first, second, prompt);
                left -= 1;
            });
        }
        round
    }

    fn take(&mut self, comparison: super::Comparison, played: bool) -> bool {
        self.ledger.take(comparison, played)
    }

    fn extend(&mut self, contestants: u32, prompts: u32) {
        self.ledger.extend(contestants, prompts);
    }
}
