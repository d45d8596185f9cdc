//! The contestants outside the largest component of a small group. The result equals that of
//! [`crate::graph`], but sets of contestants are represented by the bits of one number.

use super::boards::Outside;
use crate::{bradley_terry::SMALL, graph::Standing};

/// The contestants that chains of wins reach in a group of few contestants.
pub struct Reach {
    size: usize,
    /// The contestants that each contestant reaches, including itself.
    below: [u32; SMALL],
}

fn members(set: u32) -> impl Iterator<Item = usize> {
    (0..SMALL).filter(move |member| set >> member & 1 == 1)
}

impl Reach {
    /// Computes the reachable contestants from the points that each contestant won from each other.
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

    /// Whether chains of wins lead from every contestant to every other one.
    pub fn is_connected(&self) -> bool {
        self.below[..self.size]
            .iter()
            .all(|&below| below == self.all())
    }

    /// The reason why each contestant is outside the largest component, if it is.
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
        let most = (0..size).map(|place| component(place).count_ones()).max();
        let mut largest = (0..size)
            .map(component)
            .filter(|set| Some(set.count_ones()) == most);
        let first = largest.next().unwrap_or(0);
        let several = largest.any(|set| set != first);
        let inside = if several { 0 } else { first };
        let outside = self.all() & !inside;
        let mut out = [None; SMALL];
        for place in members(outside) {
            if out[place].is_some() {
                continue;
            }
            // `whole` are the contestants outside that are connected by matches among themselves.
            // `all_met` are all contestants that they have met.
            let (mut whole, mut known) = (0, 1 << place);
            let mut all_met = 0;
            while whole != known {
                whole = known;
                all_met = members(whole).fold(0, |all, member| all | met[member]);
                known |= all_met & outside;
            }
            let apart = if several {
                whole != self.all()
            } else {
                all_met & inside == 0
            };
            let group = if apart { whole } else { component(place) };
            let mut reason = Outside {
                members: group.count_ones(),
                standing: (if several {
                    Standing::NoLargest
                } else if self.below[place] & inside != 0 {
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

/// The contestants from whom the contestant of this row won points.
fn beaten(row: &[f64]) -> u32 {
    let others = row.iter().enumerate();
    others.fold(0, |set, (other, &points)| {
        set | u32::from(points > 0.0) << other
    })
}
