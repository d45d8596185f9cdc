//! Exhaustive round robin: every pair on one prompt, then every pair on the next one.

use super::{
    ledger::{Deck, Ledger, pair},
    permutation::mix,
    round::{Comparison, Round, Schedule},
    settings::Settings,
};

/// The exhaustive schedule, in rounds of the circle method of Kirkman (1847): one contestant
/// stays, the others move on by one seat per round, and contestants on opposite seats meet.
///
/// A pass covers the pairs that have played least, so pairs with fewer matches catch up.
pub struct RoundRobin {
    ledger: Ledger,
    prompts_per_pairing: u32,
    key: u64,
    /// The contestant on each seat.
    seats: Vec<u32>,
    /// The first round of this pass that may still contain a match.
    turn: u32,
    /// The number of matches that the pairs of this pass have played.
    level: u32,
}

impl RoundRobin {
    pub fn new(contestants: u32, prompts: u32, settings: &Settings, key: u64) -> Self {
        let mut schedule = Self {
            ledger: Ledger::new(contestants, prompts, key, Deck::Shared),
            prompts_per_pairing: settings.prompts_per_pairing,
            key: mix(key),
            seats: Vec::new(),
            turn: 0,
            level: 0,
        };
        schedule.seat(contestants);
        schedule
    }

    fn seat(&mut self, contestants: u32) {
        self.seats = (0..contestants).collect();
        let key = self.key;
        self.seats
            .sort_unstable_by_key(|&contestant| (mix(key ^ u64::from(contestant)), contestant));
        self.turn = 0;
    }
}

impl Schedule for RoundRobin {
    fn next_round(&mut self, budget: u64, _elo: &[f64]) -> Round {
        let mut round = Round::default();
        let Some(least) = self.ledger.least() else {
            return round;
        };
        if least != self.level {
            self.level = least;
            self.turn = 0;
        }
        // An odd field has an empty seat, and the contestant opposite has a bye.
        let seats = self.ledger.contestants().next_multiple_of(2);
        let circle = seats - 1;
        let mut left = budget;
        while round.first.is_empty() && self.turn < circle {
            round.byes.clear();
            for i in 0..seats / 2 {
                if left == 0 {
                    break;
                }
                let across = (self.turn + circle - i) % circle;
                let here = if i == 0 {
                    circle
                } else {
                    (self.turn + i) % circle
                };
                let first = self.seats[across as usize];
                let Some(&second) = self.seats.get(here as usize) else {
                    round.byes.push(first);
                    continue;
                };
                let pair = pair(first, second);
                if self.ledger.open(pair).is_some_and(|played| played <= least) {
                    let prompts = left.min(u64::from(self.prompts_per_pairing));
                    self.ledger.deal(pair, prompts, |prompt| {
                        round.push(first, second, prompt);
                        left -= 1;
                    });
                } else {
                    round.byes.extend([first, second]);
                }
            }
            if round.first.is_empty() {
                self.turn += 1;
            }
        }
        round
    }

    fn take(&mut self, comparison: Comparison, played: bool) -> bool {
        self.ledger.take(comparison, played)
    }

    fn extend(&mut self, contestants: u32, prompts: u32) {
        self.ledger.extend(contestants, prompts);
        self.seat(contestants);
    }
}
