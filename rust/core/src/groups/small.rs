//! The way of most groups: few contestants, plain matches, a maximum, and nothing drawn.
//!
//! The same steps as a field of its own takes, in the same order of additions, but in buffers that
//! a thread keeps for all its groups.

use super::{
    Boards, Groups, Rating, State, Status,
    rate::{Unrated, reasons},
};
use crate::{
    Error, MEAN_RATING, Monitor, Outcome, POINTS, Pairs, Ties,
    bradley_terry::{self, SMALL},
    graph,
};

/// Buffers for one group after the other.
#[derive(Default)]
pub struct Small {
    contestants: Vec<u32>,
    /// Of each pair, the lower one first: wins of the lower, wins of the higher, ties.
    table: Vec<[u64; 3]>,
    pairs: Pairs,
    pair_matches: Vec<u64>,
    matches: Vec<u64>,
    points: Vec<f64>,
    weight: Vec<f64>,
    ratings: Vec<f64>,
    order: Vec<u32>,
}

fn add(sum: &mut u64, count: u64) -> Result<(), Error> {
    *sum = sum.checked_add(count).ok_or(Error::CountOverflow)?;
    Ok(())
}

impl Small {
    /// Rates a group if it is of this kind; else it has to go the long way.
    pub fn rate(
        &mut self,
        groups: &Groups,
        group: usize,
        rating: &Rating,
        boards: &mut Boards,
        monitor: &Monitor,
    ) -> Result<bool, Error> {
        let drawn = rating.replicates > 0 || rating.shuffles > 0;
        let changed = rating.min_matches > 0 || rating.anchor.is_some();
        if drawn || changed || groups.special.of(group as u32).len() > 0 {
            return Ok(false);
        }
        if !self.find_contestants(groups, group) {
            return Ok(false);
        }
        let counted = self.count(groups, group, rating.ties)?;
        let total = self.stand()?;
        let prior = rating.settings.prior;
        if total == 0 {
            return Ok(false);
        }
        if prior == 0.0 && !self.is_connected() {
            if rating.largest {
                return Ok(false);
            }
            self.close(boards, rating, counted);
            return Ok(true);
        }
        let fit = bradley_terry::fit_connected(&self.pairs, None, rating.settings, monitor);
        let fit = match fit {
            Err(Error::NotConverged { .. }) => return Ok(false),
            fit => fit?,
        };
        self.ratings.clear();
        let ratings = fit.strengths.iter();
        self.ratings
            .extend(ratings.map(|strength| MEAN_RATING + POINTS * strength));
        self.order.clear();
        self.order.extend(0..self.contestants.len() as u32);
        let ratings = &self.ratings;
        self.order
            .sort_by(|&a, &b| ratings[b as usize].total_cmp(&ratings[a as usize]));
        for &at in &self.order {
            let at = at as usize;
            boards.contestant.push(self.contestants[at]);
            boards.state.push(State::Rated as u8);
            boards.rating.push(self.ratings[at]);
            boards.win_rate.push(self.points[at] / self.weight[at]);
            boards.own_matches.push(self.matches[at]);
        }
        let size = self.contestants.len();
        boards.rated.push(size as u32);
        boards.matches.push(total);
        boards.close(size, Status::Rated, counted);
        boards.distance.push(fit.distance);
        boards.iterations.push(fit.iterations as u64);
        boards.without_maximum.push(0);
        Ok(true)
    }

    /// Writes down a group without a maximum.
    fn close(&self, boards: &mut Boards, rating: &Rating, counted: u64) {
        let outsiders = graph::outsiders(&self.pairs, || self.pair_matches.clone());
        let reasons = reasons(&outsiders, self.contestants.len());
        boards.push_no_fit();
        for (at, (&contestant, outside)) in self.contestants.iter().zip(reasons).enumerate() {
            let unrated = Unrated {
                contestant,
                state: match outside {
                    Some(_) => State::Outside,
                    None => State::Unrated,
                },
                matches: self.matches[at],
                win_rate: self.points[at] / self.weight[at],
                outside,
            };
            boards.push_unrated(&unrated, rating);
        }
        boards.close(self.contestants.len(), Status::NoMaximum, counted);
    }

    /// Who plays, in order; false if they are too many.
    fn find_contestants(&mut self, groups: &Groups, group: usize) -> bool {
        let known = &mut self.contestants;
        known.clear();
        for (key, _) in groups.plain.of(group) {
            let (first, second, _) = super::unpack(key);
            for code in [first, second] {
                let place = known.partition_point(|&other| other < code);
                if known.get(place) != Some(&code) {
                    if known.len() == SMALL {
                        return false;
                    }
                    known.insert(place, code);
                }
            }
        }
        true
    }

    /// Counts what each pair won; returns the number of matches, ties included.
    fn count(&mut self, groups: &Groups, group: usize, ties: Ties) -> Result<u64, Error> {
        let size = self.contestants.len();
        self.table.clear();
        self.table.resize(size * size, [0; 3]);
        let mut counted = 0;
        for (key, count) in groups.plain.of(group) {
            let (first, second, outcome) = super::unpack(key);
            let place = |code: u32| self.contestants.partition_point(|&other| other < code);
            let (first, second) = (place(first), place(second));
            add(&mut counted, count)?;
            let slot = match outcome {
                Outcome::First => usize::from(first > second),
                Outcome::Second => usize::from(first < second),
                _ if ties == Ties::Exclude => continue,
                _ => 2,
            };
            let pair = first.min(second) * size + first.max(second);
            add(&mut self.table[pair][slot], count)?;
        }
        Ok(counted)
    }

    /// The points of each pair, and the standings; returns the number of matches that count.
    fn stand(&mut self) -> Result<u64, Error> {
        let size = self.contestants.len();
        let pairs = &mut self.pairs;
        pairs.clear();
        self.pair_matches.clear();
        self.matches.clear();
        self.matches.resize(size, 0);
        for sums in [&mut self.points, &mut self.weight] {
            sums.clear();
            sums.resize(size, 0.0);
        }
        let mut total = 0;
        for low in 0..size {
            for high in low + 1..size {
                let [won, lost, tied] = self.table[low * size + high];
                if won == 0 && lost == 0 && tied == 0 {
                    continue;
                }
                let half = tied as f64 / 2.0;
                let points = (won as f64 + half, lost as f64 + half);
                pairs.push((low as u32, high as u32), points.0, points.1);
                let before = total;
                for (count, own) in [(won, (1.0, 0.0)), (lost, (0.0, 1.0)), (tied, (0.5, 0.5))] {
                    add(&mut total, count)?;
                    for (contestant, own) in [(low, own.0), (high, own.1)] {
                        self.matches[contestant] += count;
                        self.points[contestant] += count as f64 * own;
                        self.weight[contestant] += count as f64;
                    }
                }
                self.pair_matches.push(total - before);
            }
        }
        pairs.close(size);
        Ok(total)
    }

    /// Whether chains of wins lead from everyone to everyone.
    fn is_connected(&self) -> bool {
        let size = self.contestants.len();
        let mut beaten = [0_u32; SMALL];
        let mut lost_to = [0_u32; SMALL];
        for (pair, (low, high)) in self.pairs.contestants_of_pairs().enumerate() {
            if self.pairs.low_points.get(pair) > 0.0 {
                beaten[low] |= 1 << high;
                lost_to[high] |= 1 << low;
            }
            if self.pairs.high_points.get(pair) > 0.0 {
                beaten[high] |= 1 << low;
                lost_to[low] |= 1 << high;
            }
        }
        let all = u32::MAX >> (SMALL - size);
        reached(&beaten) & reached(&lost_to) & all == all
    }
}

/// Whom steps along these edges reach from the first one.
fn reached(edges: &[u32; SMALL]) -> u32 {
    let (mut seen, mut open) = (1_u32, 1_u32);
    while open != 0 {
        let node = open.trailing_zeros() as usize;
        open &= open - 1;
        open |= edges[node] & !seen;
        seen |= edges[node];
    }
    seen
}
