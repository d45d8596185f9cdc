//! Equally large components, and the position of each contestant relative to them.

use super::{Adjacency, largest_of, tarjan, wins};
use crate::Pairs;

/// Strongly connected components, several of which are the largest.
#[derive(Clone, Debug)]
pub struct EqualComponents {
    pub(super) adjacency: Adjacency,
    /// The component of each contestant. A component has a higher number than those that it beat.
    pub(super) of: Vec<u32>,
    components: usize,
    /// The largest components, in ascending order.
    pub(super) largest: Vec<u32>,
}

/// The position of a contestant relative to several equally large components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Chains of wins lead from the contestant to all of the components, and it is in none of them.
    Above,
    /// Chains of wins lead from the contestant to all of the components, and it is in one of them.
    Top,
    /// Chains of wins lead from all of the components to the contestant, and it is in one of them.
    Bottom,
    /// Chains of wins lead from all of the components to the contestant, and it is in none of them.
    Below,
    /// None of the above.
    Between,
}

impl EqualComponents {
    pub(super) fn new(pairs: &Pairs) -> Self {
        let adjacency = Adjacency::new(pairs.contestants(), |edge| wins(pairs, edge));
        let of = tarjan(pairs.contestants(), &adjacency);
        let components = of.iter().max().map_or(0, |&last| last as usize + 1);
        let mut sizes = vec![0; components];
        for &component in &of {
            sizes[component as usize] += 1;
        }
        Self {
            adjacency,
            of,
            components,
            largest: largest_of(&sizes),
        }
    }

    /// The position of each contestant relative to the largest components.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let order = self.order();
        let mut is_largest = vec![false; self.components];
        for &component in &self.largest {
            is_largest[component as usize] = true;
        }
        // A component that another one of them reaches need not be reached on its own.
        let first = |direction: Direction| -> Vec<u32> {
            let mut beyond = vec![false; self.components];
            self.sweep(&order, direction.reversed(), |from, to| {
                beyond[to] |= beyond[from] || is_largest[from];
            });
            let ends = self.largest.iter().copied();
            ends.filter(|&end| !beyond[end as usize]).collect()
        };
        let up = self.connected_to_all(&order, &first(Direction::Up), Direction::Up);
        let down = self.connected_to_all(&order, &first(Direction::Down), Direction::Down);
        self.of
            .iter()
            .map(|&component| component as usize)
            .map(|at| match (up[at], down[at], is_largest[at]) {
                (true, _, false) => Place::Above,
                (true, _, true) => Place::Top,
                (_, true, true) => Place::Bottom,
                (_, true, false) => Place::Below,
                _ => Place::Between,
            })
            .collect()
    }

    /// The contestants in ascending order of their components.
    fn order(&self) -> Vec<u32> {
        let mut next = vec![0; self.components + 1];
        for &component in &self.of {
            next[component as usize + 1] += 1;
        }
        for component in 0..self.components {
            next[component + 1] += next[component];
        }
        let mut order = vec![0; self.of.len()];
        for (contestant, &component) in (0..).zip(&self.of) {
            let place: &mut usize = &mut next[component as usize];
            order[*place] = contestant;
            *place += 1;
        }
        order
    }

    /// Calls `step(from, to)` for each win between two components, in an order in which chains of
    /// wins are followed completely: from losers to winners, or from winners to losers.
    fn sweep(&self, order: &[u32], direction: Direction, mut step: impl FnMut(usize, usize)) {
        let mut visit = |&contestant: &u32| {
            let winner = self.of[contestant as usize] as usize;
            for &loser in self.adjacency.of(contestant as usize) {
                let loser = self.of[loser as usize] as usize;
                if loser != winner {
                    match direction {
                        Direction::Up => step(loser, winner),
                        Direction::Down => step(winner, loser),
                    }
                }
            }
        };
        match direction {
            Direction::Up => order.iter().for_each(&mut visit),
            Direction::Down => order.iter().rev().for_each(&mut visit),
        }
    }

    /// The components that chains of wins in the given direction connect with all `ends`.
    fn connected_to_all(&self, order: &[u32], ends: &[u32], direction: Direction) -> Vec<bool> {
        let mut all = vec![true; self.components];
        let mut known = vec![0_u64; self.components];
        for some in ends.chunks(u64::BITS as usize) {
            known.fill(0);
            for (bit, &end) in some.iter().enumerate() {
                known[end as usize] |= 1 << bit;
            }
            self.sweep(order, direction, |from, to| known[to] |= known[from]);
            let every = u64::MAX >> (u64::BITS as usize - some.len());
            for (all, known) in all.iter_mut().zip(&known) {
                *all &= *known == every;
            }
            if !all.contains(&true) {
                break;
            }
        }
        all
    }
}

/// A direction along chains of wins.
#[derive(Clone, Copy, Debug)]
enum Direction {
    /// From losers to winners.
    Up,
    /// From winners to losers.
    Down,
}

impl Direction {
    fn reversed(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}
