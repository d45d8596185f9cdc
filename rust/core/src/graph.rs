//! Does the likelihood have a maximum, and who is outside if not?
//!
//! It has one if and only if the graph "has beaten or drawn with" is strongly connected
//! (Ford 1957). Components are found by Tarjan's algorithm, without recursion.

use crate::Pairs;

/// Lists of neighbours, end to end.
struct Adjacency {
    starts: Vec<usize>,
    neighbours: Vec<u32>,
}

impl Adjacency {
    fn new(contestants: usize, edges: impl Fn(&mut dyn FnMut(usize, u32))) -> Self {
        let mut starts = vec![0; contestants + 1];
        edges(&mut |from, _| starts[from + 1] += 1);
        for i in 0..contestants {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut neighbours = vec![0; starts[contestants]];
        edges(&mut |from, to| {
            neighbours[next[from]] = to;
            next[from] += 1;
        });
        Self { starts, neighbours }
    }

    fn of(&self, node: usize) -> &[u32] {
        &self.neighbours[self.starts[node]..self.starts[node + 1]]
    }

    fn reach(&self, from: impl Iterator<Item = usize>, reached: &mut [bool]) {
        let mut stack: Vec<usize> = from.collect();
        for &node in &stack {
            reached[node] = true;
        }
        while let Some(node) = stack.pop() {
            for &next in self.of(node) {
                if !std::mem::replace(&mut reached[next as usize], true) {
                    stack.push(next as usize);
                }
            }
        }
    }
}

/// Calls `edge(winner, loser)` for each direction in which points were won.
fn wins(pairs: &Pairs, edge: &mut dyn FnMut(usize, u32)) {
    for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
        if pairs.low_points[pair] > 0.0 {
            edge(low, high as u32);
        }
        if pairs.high_points[pair] > 0.0 {
            edge(high, low as u32);
        }
    }
}

/// Where a contestant stands towards the largest component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In it.
    Inside,
    /// A chain of wins leads from the contestant to the component, and none back.
    Above,
    /// A chain of wins leads from the component to the contestant, and none back.
    Below,
    /// No chain of wins leads either way.
    Unordered,
}

/// The strongly connected components of a field.
#[derive(Clone, Debug)]
pub struct Components {
    /// The component of each contestant, numbered by their lowest contestants.
    pub of: Vec<u32>,
    /// The number of contestants in each component.
    pub sizes: Vec<usize>,
    /// The largest component; of equal ones that with the lowest contestant.
    pub largest: u32,
}

impl Components {
    /// The components of "has beaten or drawn with".
    #[must_use]
    pub fn strong(pairs: &Pairs) -> Self {
        let adjacency = Adjacency::new(pairs.contestants, |edge| wins(pairs, edge));
        Self::numbered(&tarjan(pairs.contestants, &adjacency))
    }

    /// The components of "has met".
    #[must_use]
    pub fn weak(pairs: &Pairs) -> Self {
        let adjacency = Adjacency::new(pairs.contestants, |edge| {
            for (low, high) in pairs.contestants_of_pairs() {
                edge(low, high as u32);
                edge(high, low as u32);
            }
        });
        Self::numbered(&tarjan(pairs.contestants, &adjacency))
    }

    fn numbered(raw: &[u32]) -> Self {
        let mut number = vec![u32::MAX; raw.len()];
        let mut sizes = Vec::new();
        let of = raw
            .iter()
            .map(|&component| {
                let known = &mut number[component as usize];
                if *known == u32::MAX {
                    *known = sizes.len() as u32;
                    sizes.push(0);
                }
                sizes[*known as usize] += 1;
                *known
            })
            .collect();
        let largest = (0..sizes.len())
            .max_by_key(|&i| (sizes[i], std::cmp::Reverse(i)))
            .unwrap_or(0) as u32;
        Self { of, sizes, largest }
    }

    /// Whether everybody is in one component, so that the maximum exists.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.sizes.len() <= 1
    }

    /// Where each contestant stands towards the largest component.
    #[must_use]
    pub fn standings(&self, pairs: &Pairs) -> Vec<Standing> {
        let inside = |node: &usize| self.of[*node] == self.largest;
        let reached_by = |adjacency: &Adjacency| {
            let mut reached = vec![false; pairs.contestants];
            adjacency.reach((0..pairs.contestants).filter(inside), &mut reached);
            reached
        };
        let below = reached_by(&Adjacency::new(pairs.contestants, |edge| wins(pairs, edge)));
        let above = reached_by(&Adjacency::new(pairs.contestants, |edge| {
            wins(pairs, &mut |winner, loser| {
                edge(loser as usize, winner as u32);
            });
        }));
        (0..pairs.contestants)
            .map(|node| match (above[node], below[node]) {
                (true, true) => Standing::Inside,
                (true, false) => Standing::Above,
                (false, true) => Standing::Below,
                (false, false) => Standing::Unordered,
            })
            .collect()
    }
}

const UNSEEN: u32 = u32::MAX;

/// Tarjan's strongly connected components with an explicit stack.
fn tarjan(contestants: usize, adjacency: &Adjacency) -> Vec<u32> {
    let mut index = vec![UNSEEN; contestants];
    let mut low_link = vec![0_u32; contestants];
    let mut component = vec![UNSEEN; contestants];
    let mut next_edge = adjacency.starts.clone();
    let (mut open, mut path) = (Vec::new(), Vec::new());
    let (mut visited, mut components) = (0_u32, 0_u32);
    for root in 0..contestants {
        if index[root] != UNSEEN {
            continue;
        }
        path.push(root);
        while let Some(&node) = path.last() {
            if index[node] == UNSEEN {
                index[node] = visited;
                low_link[node] = visited;
                visited += 1;
                open.push(node);
            }
            if next_edge[node] < adjacency.starts[node + 1] {
                let next = adjacency.neighbours[next_edge[node]] as usize;
                next_edge[node] += 1;
                if index[next] == UNSEEN {
                    path.push(next);
                } else if component[next] == UNSEEN {
                    low_link[node] = low_link[node].min(index[next]);
                }
                continue;
            }
            path.pop();
            if let Some(&parent) = path.last() {
                low_link[parent] = low_link[parent].min(low_link[node]);
            }
            if low_link[node] == index[node] {
                while let Some(member) = open.pop() {
                    component[member] = components;
                    if member == node {
                        break;
                    }
                }
                components += 1;
            }
        }
    }
    component
}

#[cfg(test)]
#[allow(
    clippy::needless_range_loop,
    reason = "the closure is written by its indices"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs_of(contestants: usize, wins: &[(u32, u32)]) -> Pairs {
        let mut tally = crate::Tally::new(contestants);
        for &(winner, loser) in wins {
            if winner != loser {
                tally.add(winner, loser, crate::Outcome::First, 1).unwrap();
            }
        }
        Pairs::from_tally(&tally, crate::Ties::Half).unwrap().0
    }

    proptest! {
        #[test]
        fn components_and_standings_agree_with_the_transitive_closure(
            n in 1..12_usize, wins in prop::collection::vec((0..12_u32, 0..12_u32), 0..30),
        ) {
            let wins: Vec<_> = wins
                .into_iter()
                .map(|(a, b)| (a % n as u32, b % n as u32))
                .collect();
            let mut reach = vec![vec![false; n]; n];
            for i in 0..n { reach[i][i] = true; }
            for &(a, b) in &wins { reach[a as usize][b as usize] = true; }
            for k in 0..n { for i in 0..n { for j in 0..n {
                reach[i][j] |= reach[i][k] && reach[k][j];
            } } }
            let pairs = pairs_of(n, &wins);
            let components = Components::strong(&pairs);
            for i in 0..n { for j in 0..n {
                prop_assert_eq!(
                    components.of[i] == components.of[j],
                    reach[i][j] && reach[j][i]
                );
            } }
            let size = |i: usize| (0..n).filter(|&j| reach[i][j] && reach[j][i]).count();
            let best = (0..n).max_by_key(|&i| (size(i), std::cmp::Reverse(i))).unwrap();
            prop_assert_eq!(components.of[best], components.largest);
            for (i, standing) in components.standings(&pairs).into_iter().enumerate() {
                let want = match (reach[i][best], reach[best][i]) {
                    (true, true) => Standing::Inside,
                    (true, false) => Standing::Above,
                    (false, true) => Standing::Below,
                    (false, false) => Standing::Unordered,
                };
                prop_assert_eq!(standing, want);
            }
        }
    }

    #[test]
    fn a_long_chain_does_not_overflow_the_stack() {
        let n = 200_000;
        let wins: Vec<_> = (0..n - 1).map(|i| (i, i + 1)).collect();
        let components = Components::strong(&pairs_of(n as usize, &wins));
        assert_eq!(components.sizes.len(), n as usize);
        assert_eq!(
            Components::weak(&pairs_of(n as usize, &wins)).sizes,
            [n as usize]
        );
    }
}
