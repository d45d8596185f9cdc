//! Existence of the maximum of the likelihood, and the contestants that prevent it.
//!
//! The likelihood has a maximum if and only if the graph "has beaten or drawn with" is strongly
//! connected; see Ford (1957). Components are found with the algorithm of Tarjan (1972), without
//! recursion.

use std::ops::Range;

use crate::Pairs;

mod equal;
#[cfg(test)]
mod tests;

pub use equal::{EqualComponents, Place};

/// Concatenated adjacency lists.
#[derive(Clone, Debug)]
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
        if pairs.low_points.get(pair) > 0.0 {
            edge(low, high as u32);
        }
        if pairs.high_points.get(pair) > 0.0 {
            edge(high, low as u32);
        }
    }
}

/// The position of a contestant relative to the largest component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    /// The contestant belongs to the component.
    Inside = 0,
    /// A chain of wins leads from the contestant to the component, but not back.
    Above = 1,
    /// A chain of wins leads from the component to the contestant, but not back.
    Below = 2,
    /// No chain of wins leads in either direction.
    Unordered = 3,
    /// Several components are equally large, so that there is no position relative to one of them.
    NoLargest = 4,
}

impl Standing {
    /// The name of each standing, indexed by its code.
    pub const NAMES: [&str; 5] = ["inside", "above", "below", "unordered", "no largest"];

    /// The name of the standing.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// The components of a field.
#[derive(Clone, Debug)]
pub struct Components {
    /// The component of each contestant. Components are numbered in the order of their lowest
    /// contestants.
    pub of: Vec<u32>,
    /// The number of contestants in each component.
    pub sizes: Vec<usize>,
}

impl Components {
    /// The strongly connected components of "has beaten or drawn with".
    #[must_use]
    pub fn strong(pairs: &Pairs) -> Self {
        let adjacency = Adjacency::new(pairs.contestants(), |edge| wins(pairs, edge));
        Self::numbered(&tarjan(pairs.contestants(), &adjacency))
    }

    /// The components of "has met".
    #[must_use]
    pub fn weak(pairs: &Pairs) -> Self {
        let adjacency = Adjacency::new(pairs.contestants(), |edge| {
            for (low, high) in pairs.contestants_of_pairs() {
                edge(low, high as u32);
                edge(high, low as u32);
            }
        });
        Self::numbered(&tarjan(pairs.contestants(), &adjacency))
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
        Self { of, sizes }
    }

    /// The components with the most contestants.
    #[must_use]
    pub fn largest(&self) -> Vec<u32> {
        largest_of(&self.sizes)
    }
}

fn largest_of(sizes: &[usize]) -> Vec<u32> {
    let most = sizes.iter().max();
    (0..)
        .zip(sizes)
        .filter(|&(_, size)| Some(size) == most)
        .map(|(component, _)| component)
        .collect()
}

/// The largest strongly connected component, or all of them if several are equally large.
#[derive(Clone, Debug)]
pub enum Largest {
    /// There is only one. The position of each contestant relative to it.
    One(Vec<Standing>),
    /// There are several.
    Several(EqualComponents),
}

impl Largest {
    /// Whether the component contains all contestants.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match self {
            Self::One(standings) => standings.iter().all(|&s| s == Standing::Inside),
            Self::Several(_) => false,
        }
    }
}

/// The number of sweeps over the pairs after which [`largest`] switches to Tarjan's algorithm.
/// Nearly all fields have short chains of wins and need two or three sweeps.
const SWEEPS: usize = 24;

/// Finds the largest strongly connected component.
///
/// Most fields have a component that contains most of the contestants, including the contestant
/// with the most opponents. The function therefore finds the component of that contestant by
/// sweeping over the pairs until no further contestant is reached, which is much cheaper than
/// finding all components.
#[must_use]
pub fn largest(pairs: &Pairs) -> Largest {
    let mut opponents = vec![0_u32; pairs.contestants()];
    for (low, high) in pairs.contestants_of_pairs() {
        opponents[low] += 1;
        opponents[high] += 1;
    }
    let Some(hub) = (0..pairs.contestants()).max_by_key(|&i| opponents[i]) else {
        return Largest::One(Vec::new());
    };
    let mut reach = vec![0_u8; pairs.contestants()];
    if sweep_from(pairs, hub, &mut reach) {
        let standings: Vec<Standing> = reach.iter().map(|&f| Standing::from_flags(f)).collect();
        let inside = standings.iter().filter(|&&s| s == Standing::Inside).count();
        if 2 * inside > pairs.contestants() {
            return Largest::One(standings);
        }
    }
    let components = EqualComponents::new(pairs);
    let [largest] = components.largest[..] else {
        return Largest::Several(components);
    };
    reach.fill(0);
    let inside = |node: &usize| components.of[*node] == largest;
    let mut reached = vec![false; pairs.contestants()];
    components
        .adjacency
        .reach((0..pairs.contestants()).filter(inside), &mut reached);
    for (flags, reached) in reach.iter_mut().zip(&mut reached) {
        *flags |= if std::mem::take(reached) { BELOW } else { 0 };
    }
    Adjacency::new(pairs.contestants(), |edge| {
        wins(pairs, &mut |winner, loser| {
            edge(loser as usize, winner as u32);
        });
    })
    .reach((0..pairs.contestants()).filter(inside), &mut reached);
    for (flags, reached) in reach.iter_mut().zip(reached) {
        *flags |= if reached { ABOVE } else { 0 };
    }
    Largest::One(reach.iter().map(|&f| Standing::from_flags(f)).collect())
}

/// A chain of wins leads from the component to the contestant.
const BELOW: u8 = 1;
/// A chain of wins leads from the contestant to the component.
const ABOVE: u8 = 2;
const BOTH: u8 = BELOW | ABOVE;

impl Standing {
    fn from_flags(flags: u8) -> Self {
        match flags {
            BOTH => Self::Inside,
            ABOVE => Self::Above,
            BELOW => Self::Below,
            _ => Self::Unordered,
        }
    }
}

/// Marks the contestants that chains of wins connect with `hub`. Returns false if [`SWEEPS`] sweeps
/// were not sufficient.
fn sweep_from(pairs: &Pairs, hub: usize, reach: &mut [u8]) -> bool {
    reach[hub] = BOTH;
    for sweep in 0..SWEEPS {
        let mut changed = false;
        let mut visit = |(low, row): (usize, Range<usize>)| {
            let mut low_flags = reach[low];
            for pair in row {
                let high = pairs.high[pair] as usize;
                let mut high_flags = reach[high];
                if low_flags & high_flags == BOTH {
                    continue;
                }
                let before = (low_flags, high_flags);
                if pairs.low_points.get(pair) > 0.0 {
                    high_flags |= low_flags & BELOW;
                    low_flags |= high_flags & ABOVE;
                }
                if pairs.high_points.get(pair) > 0.0 {
                    low_flags |= high_flags & BELOW;
                    high_flags |= low_flags & ABOVE;
                }
                changed |= before != (low_flags, high_flags);
                reach[high] = high_flags;
            }
            reach[low] = low_flags;
        };
        if sweep % 2 == 0 {
            pairs.rows().for_each(&mut visit);
        } else {
            pairs.rows().rev().for_each(&mut visit);
        }
        if !changed || reach.iter().all(|&flags| flags == BOTH) {
            return true;
        }
    }
    false
}

/// Whether the likelihood has a maximum.
#[must_use]
pub fn is_connected(pairs: &Pairs) -> bool {
    largest(pairs).is_whole()
}

/// A group of contestants outside the largest component, as shown in a message.
#[derive(Clone, Debug)]
pub struct Outsiders {
    /// The contestants, in ascending order.
    pub contestants: Vec<u32>,
    /// Their position relative to the largest component.
    pub standing: Standing,
    /// Whether no match connects them to the component, or to anyone else if several components are
    /// equally large.
    pub apart: bool,
    /// Points won from and lost to all contestants outside this group.
    pub points: (f64, f64),
    /// Matches against all contestants outside this group.
    pub matches: u64,
}

/// All groups outside the largest component: each weakly connected group that no match connects to
/// the component, and each strongly connected component among the others. If several components are
/// equally large, all contestants are outside. `matches` returns the number of matches of each pair
/// and is called only if such groups exist.
#[must_use]
pub fn outsiders(pairs: &Pairs, matches: impl FnOnce() -> Vec<u64>) -> Vec<Outsiders> {
    let largest = largest(pairs);
    if largest.is_whole() {
        return Vec::new();
    }
    let several = matches!(largest, Largest::Several(_));
    let standings = match largest {
        Largest::One(standings) => standings,
        Largest::Several(_) => vec![Standing::NoLargest; pairs.contestants()],
    };
    // Neither kind of component contains a contestant of the largest component, except the weak
    // component of those that have met one of its members. The pairs among the contestants outside
    // are therefore sufficient.
    let mut outside = 0..;
    let code: Vec<Option<u32>> = (standings.iter())
        .map(|&s| (s != Standing::Inside).then(|| outside.next()).flatten())
        .collect();
    let among = pairs.restrict(&code);
    let (strong, weak) = (Components::strong(&among), Components::weak(&among));
    let mut has_met_others = vec![several && weak.sizes.len() == 1; weak.sizes.len()];
    for (low, high) in pairs.contestants_of_pairs() {
        if let (Some(outside), None) | (None, Some(outside)) = (code[low], code[high]) {
            has_met_others[weak.of[outside as usize] as usize] = true;
        }
    }
    let mut groups: Vec<Outsiders> = Vec::new();
    let mut group_of = vec![u32::MAX; pairs.contestants()];
    let mut known = std::collections::BTreeMap::new();
    for (i, &standing) in standings.iter().enumerate() {
        let Some(outside) = code[i] else { continue };
        let whole = weak.of[outside as usize];
        let apart = !has_met_others[whole as usize];
        let component = if apart {
            whole
        } else {
            strong.of[outside as usize]
        };
        let group = *known.entry((apart, component)).or_insert_with(|| {
            groups.push(Outsiders {
                contestants: Vec::new(),
                standing,
                apart,
                points: (0.0, 0.0),
                matches: 0,
            });
            groups.len() - 1
        });
        groups[group].contestants.push(i as u32);
        group_of[i] = group as u32;
    }
    let matches = matches();
    for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
        if group_of[low] == group_of[high] {
            continue;
        }
        let (won, lost) = (pairs.low_points.get(pair), pairs.high_points.get(pair));
        for (group, won, lost) in [(group_of[low], won, lost), (group_of[high], lost, won)] {
            if let Some(group) = groups.get_mut(group as usize) {
                group.points.0 += won;
                group.points.1 += lost;
                group.matches += matches[pair];
            }
        }
    }
    groups
}

const UNSEEN: u32 = u32::MAX;

/// Tarjan's algorithm for strongly connected components with an explicit stack.
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
