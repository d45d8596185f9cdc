//! A small set of wins that connects a field, and therefore proves that a resample is connected.

use crate::Pairs;

/// In larger fields, choosing the wins takes too long.
const MOST_CONTESTANTS: usize = 1024;

/// Wins along which one contestant reaches every other contestant, and every other contestant
/// reaches that one.
pub struct Links {
    /// The pair of each win, and whether its lower-numbered contestant won.
    wins: Vec<(usize, bool)>,
}

impl Links {
    /// Chooses wins with many points, so that a resample is likely to contain all of them. Returns
    /// `None` if the field is not connected, or large.
    pub fn new(pairs: &Pairs) -> Option<Self> {
        let contestants = pairs.contestants();
        if contestants > MOST_CONTESTANTS {
            return None;
        }
        let mut from = vec![Vec::new(); contestants];
        let mut to = from.clone();
        for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
            for (won, winner, loser, points) in [
                (true, low, high, pairs.low_points.get(pair)),
                (false, high, low, pairs.high_points.get(pair)),
            ] {
                from[winner].push((loser, points, (pair, won)));
                to[loser].push((winner, points, (pair, won)));
            }
        }
        let mut wins = tree(&from)?;
        wins.extend(tree(&to)?);
        Some(Self { wins })
    }

    /// Whether `pairs` contain all of the wins.
    pub fn hold(&self, pairs: &Pairs) -> bool {
        self.wins.iter().all(|&(pair, low)| {
            let points = if low {
                pairs.low_points.get(pair)
            } else {
                pairs.high_points.get(pair)
            };
            points > 0.0
        })
    }
}

/// The edges of a tree that reaches every contestant from the first one, grown by Prim's algorithm:
/// the largest edge that leads out of the tree is added until every contestant is reached.
fn tree<Edge: Copy>(edges: &[Vec<(usize, f64, Edge)>]) -> Option<Vec<Edge>> {
    let mut best: Vec<Option<(f64, Edge)>> = vec![None; edges.len()];
    let mut left: Vec<usize> = (1..edges.len()).collect();
    let mut out = Vec::with_capacity(left.len());
    let mut last = 0;
    while !left.is_empty() {
        for &(to, points, edge) in &edges[last] {
            if points > best[to].map_or(0.0, |(points, _)| points) {
                best[to] = Some((points, edge));
            }
        }
        let points = |contestant: usize| best[contestant].map_or(0.0, |(points, _)| points);
        let at = (0..left.len()).max_by(|&a, &b| points(left[a]).total_cmp(&points(left[b])))?;
        last = left.swap_remove(at);
        out.push(best[last]?.1);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Outcome, Tally, Ties, graph};

    fn field(wins: &[(u32, u32)], contestants: usize) -> Pairs {
        let mut tally = Tally::new(contestants);
        for &(winner, loser) in wins {
            if winner != loser {
                tally.add(winner, loser, Outcome::First, 1).unwrap();
            }
        }
        Pairs::from_tally(&tally, Ties::Half).unwrap()
    }

    proptest! {
        #[test]
        fn there_are_links_if_and_only_if_the_field_is_connected(
            wins in prop::collection::vec((0..6_u32, 0..6_u32), 0..40), lost in 0..40_usize,
        ) {
            let mut pairs = field(&wins, 6);
            let links = Links::new(&pairs);
            prop_assert_eq!(links.is_some(), graph::is_connected(&pairs));
            if let Some(links) = links {
                prop_assert!(links.hold(&pairs));
                prop_assert!(links.wins.len() == 10);
                // If the links hold without a win, the field is connected.
                let pair = lost / 2 % pairs.len();
                if lost % 2 == 0 {
                    pairs.low_points.as_any()[pair] = 0.0;
                } else {
                    pairs.high_points.as_any()[pair] = 0.0;
                }
                prop_assert!(!links.hold(&pairs) || graph::is_connected(&pairs));
            }
        }
    }

    #[test]
    fn links_have_many_points() {
        let rounds = [(0, 1), (1, 2), (2, 0)];
        let mut wins = rounds.repeat(5);
        wins.extend([(1, 0), (2, 1), (0, 2)]);
        let mut pairs = field(&wins, 3);
        let links = Links::new(&pairs).unwrap();
        for points in pairs
            .low_points
            .as_any()
            .iter_mut()
            .chain(pairs.high_points.as_any())
        {
            *points -= 1.0;
        }
        assert!(links.hold(&pairs));
    }
}
