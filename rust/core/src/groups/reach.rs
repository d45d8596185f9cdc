//! Who is outside the largest component of a small group. It is what `graph.rs` finds, by sets of
//! contestants that are the bits of one number.

use super::boards::Outside;
use crate::{bradley_terry::SMALL, graph::Standing};

/// Whom chains of wins lead to in a group of few contestants.
pub struct Reach {
    size: usize,
    /// Of each contestant, itself included.
    below: [u32; SMALL],
}

fn members(set: u32) -> impl Iterator<Item = usize> {
    (0..SMALL).filter(move |member| set >> member & 1 == 1)
}

impl Reach {
    /// By the points that each contestant won from each other.
    pub fn new(points: &[f64], size: usize) -> Self {
        let mut below = [0_u32; SMALL];
        for (place, row) in points.chunks_exact(size).enumerate() {
            below[place] = beaten(row) | 1 << place;
        }
        // Warshall's algorithm.
        for between in 0..size {
            let further = below[between];
            for below in &mut below[..size] {
                *below |= further & (*below >> between & 1).wrapping_neg();
            }
        }
        Self { size, below }
    }

    fn all(&self) -> u32 {
        u32::MAX >> (SMALL - self.size)
    }

    /// Whether chains of wins lead from everyone to everyone.
    pub fn is_connected(&self) -> bool {
        self.below[..self.size]
            .iter()
            .all(|&below| below == self.all())
    }

    /// Why each contestant is outside the largest component, if it is.
    pub fn reasons(&self, points: &[f64]) -> [Option<Outside>; SMALL] {
        let size = self.size;
        let won = |winner: usize, loser: usize| points[winner * size + loser];
        let (mut above, mut met) = ([0_u32; SMALL], [0_u32; SMALL]);
        for one in 0..size {
            for other in members(self.below[one]) {
                above[other] |= 1 << one;
            }
            for other in members(beaten(&points[one * size..(one + 1) * size])) {
                met[one] |= 1 << other;
                met[other] |= 1 << one;
            }
        }
        let component = |place: usize| self.below[place] & above[place];
        let size_of = |&place: &usize| (component(place).count_ones(), std::cmp::Reverse(place));
        let inside = (0..size).max_by_key(size_of).map_or(0, component);
        let outside = self.all() & !inside;
        let mut out = [None; SMALL];
        for place in members(outside) {
            if out[place].is_some() {
                continue;
            }
            // Those outside whom matches among them connect, and whom all of these have met.
            let (mut whole, mut known) = (0, 1 << place);
            let mut all_met = 0;
            while whole != known {
                whole = known;
                all_met = members(whole).fold(0, |all, member| all | met[member]);
                known |= all_met & outside;
            }
            let apart = all_met & inside == 0;
            let group = if apart { whole } else { component(place) };
            let mut reason = Outside {
                members: group.count_ones(),
                standing: (if self.below[place] & inside != 0 {
                    Standing::Above
                } else if above[place] & inside != 0 {
                    Standing::Below
                } else {
                    Standing::Unordered
                }) as u8,
                apart,
                ..Outside::default()
            };
            for own in members(group) {
                for other in members(self.all() & !group) {
                    reason.won += won(own, other);
                    reason.lost += won(other, own);
                }
            }
            reason.matches = (reason.won + reason.lost) as u64;
            for own in members(group) {
                out[own] = Some(reason);
            }
        }
        out
    }
}

/// Whom the contestant of this row has points from.
fn beaten(row: &[f64]) -> u32 {
    let others = row.iter().enumerate();
    others.fold(0, |set, (other, &points)| {
        set | u32::from(points > 0.0) << other
    })
}
