//! The fast path for most groups: few contestants, only plain matches, and no random draws.
//!
//! It performs the same steps as the fit of a separate field, but for several groups at once and
//! with shared buffers.

use std::ops::Range;

use super::{
    boards::{Boards, Rating, State, Status, Unrated},
    counts::Groups,
    reach::Reach,
    rows::unpack,
};
use crate::{
    Error, MEAN_RATING, Monitor, Outcome, POINTS, Pairs, Ties,
    bradley_terry::{self, Batch, LIMIT, SMALL, Solver},
};

/// The number of groups that are fitted at once.
const LANES: usize = 4;

/// Sums of fewer halves than this are exact in any order of summation.
const EXACT: u64 = 1 << 51;

/// Fits groups that qualify for the fast path.
pub struct Small<'a> {
    groups: &'a Groups,
    rating: &'a Rating,
    seats: Seats,
    /// The sorted contestants of each group, concatenated.
    contestants: Vec<u32>,
    /// The points that each contestant won from each other, concatenated by group.
    points: Vec<f64>,
    /// The ratings of each group in descending order, each with the place of its contestant,
    /// concatenated.
    ratings: Vec<(f64, u32)>,
    fields: Vec<Option<Field>>,
    batch: Batch<LANES>,
    pairs: Pairs,
}

/// A group of few contestants.
struct Field {
    contestants: Range<usize>,
    /// The start of its points.
    points: usize,
    counted: u64,
    fit: Fit,
}

#[derive(Clone, Copy, PartialEq)]
enum Fit {
    NoMaximum,
    /// Not fitted yet, or not fitted on the fast path.
    Awaited,
    Found {
        distance: f64,
        iterations: usize,
    },
}

impl Field {
    /// The points that each contestant won from each other, out of the points of all groups.
    fn points<'p>(&self, points: &'p [f64]) -> &'p [f64] {
        let size = self.contestants.len();
        &points[self.points..self.points + size * size]
    }
}

/// Visits the pairs of a group with the points of both contestants.
fn for_each_pair(points: &[f64], size: usize, mut visit: impl FnMut((usize, usize), f64, f64)) {
    for low in 0..size {
        for high in low + 1..size {
            let (won, lost) = (points[low * size + high], points[high * size + low]);
            visit((low, high), won, lost);
        }
    }
}

impl<'a> Small<'a> {
    pub fn new(groups: &'a Groups, rating: &'a Rating) -> Self {
        Self {
            groups,
            rating,
            seats: Seats::default(),
            contestants: Vec::new(),
            points: Vec::new(),
            ratings: Vec::new(),
            fields: Vec::new(),
            batch: Batch::default(),
            pairs: Pairs::default(),
        }
    }

    /// Fits those groups of a range that qualify for the fast path.
    pub fn fit(&mut self, range: Range<usize>, monitor: &Monitor) -> Result<(), Error> {
        let rating = self.rating;
        let drawn = rating.replicates > 0 || rating.shuffles > 0;
        let changed = rating.min_matches > 0 || rating.anchor.is_some();
        let simple = !drawn && !changed;
        self.contestants.clear();
        self.points.clear();
        self.fields.clear();
        for group in range {
            let field = simple.then(|| self.field(group)).flatten();
            self.fields.push(field);
        }
        self.ratings.clear();
        self.ratings.resize(self.contestants.len(), (0.0, 0));
        let mut awaited: Vec<(usize, usize)> = (self.fields.iter().enumerate())
            .filter_map(|(at, field)| Some((field.as_ref()?, at)))
            .filter(|(field, _)| field.fit == Fit::Awaited)
            .map(|(field, at)| (field.contestants.len(), at))
            .collect();
        // Fields of similar size are fitted together.
        awaited.sort_unstable();
        let awaited: Vec<usize> = awaited.into_iter().map(|(_, at)| at).collect();
        for some in awaited.chunks(LANES) {
            match rating.settings.solver {
                Solver::Newton => self.climb(some, monitor)?,
                Solver::Mm => (some.iter()).try_for_each(|&at| self.fit_alone(at, monitor))?,
            }
        }
        Ok(())
    }

    /// Counts the points of a group; `None` if it does not qualify for the fast path.
    fn field(&mut self, group: usize) -> Option<Field> {
        if self.groups.special.of(group as u32).len() > 0 {
            return None;
        }
        self.seats.clear();
        let counted = self.seats.count(self.groups, group, self.rating.ties)?;
        let start = self.contestants.len();
        self.contestants.extend_from_slice(&self.seats.codes);
        let contestants = start..self.contestants.len();
        self.contestants[contestants.clone()].sort_unstable();
        let points = self.points.len();
        self.seats
            .points_into(&self.contestants[start..], &mut self.points);
        let own = &self.points[points..];
        if own.iter().all(|&points| points == 0.0) {
            return None;
        }
        let mut fit = Fit::Awaited;
        if self.rating.settings.prior == 0.0 && !Reach::new(own, contestants.len()).is_connected() {
            if self.rating.largest {
                return None;
            }
            fit = Fit::NoMaximum;
        }
        Some(Field {
            contestants,
            points,
            counted,
            fit,
        })
    }

    /// Fits several groups at once.
    fn climb(&mut self, some: &[usize], monitor: &Monitor) -> Result<(), Error> {
        let mut sizes = [0; LANES];
        let fields = some.iter().filter_map(|&at| self.fields[at].as_ref());
        for (size, field) in sizes.iter_mut().zip(fields.clone()) {
            *size = field.contestants.len();
        }
        self.batch.clear(sizes);
        for (lane, field) in fields.enumerate() {
            for_each_pair(
                field.points(&self.points),
                sizes[lane],
                |pair, won, lost| {
                    self.batch.set(lane, pair, won, lost);
                },
            );
        }
        let prior = self.rating.settings.prior;
        self.batch.start(prior);
        let ends = self.batch.climb(prior, monitor)?;
        for (lane, (&at, end)) in some.iter().zip(ends).enumerate() {
            if end.distance <= LIMIT {
                let strengths = self.batch.strengths_of(lane);
                self.found(at, &strengths, end.distance, end.steps);
            } else {
                self.fit_alone(at, monitor)?;
            }
        }
        Ok(())
    }

    /// Fits a group separately, so that the others need not wait for it.
    fn fit_alone(&mut self, at: usize, monitor: &Monitor) -> Result<(), Error> {
        let Some(field) = &self.fields[at] else {
            return Ok(());
        };
        let (pairs, size) = (&mut self.pairs, field.contestants.len());
        pairs.clear();
        for_each_pair(
            field.points(&self.points),
            size,
            |(low, high), won, lost| {
                if won + lost > 0.0 {
                    pairs.push((low as u32, high as u32), won, lost);
                }
            },
        );
        pairs.close(size);
        match bradley_terry::fit_connected(pairs, None, self.rating.settings, monitor) {
            Ok(fit) => self.found(at, &fit.strengths, fit.distance, fit.iterations),
            Err(Error::NotConverged { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn found(&mut self, at: usize, strengths: &[f64], distance: f64, iterations: usize) {
        let Some(field) = &mut self.fields[at] else {
            return;
        };
        field.fit = Fit::Found {
            distance,
            iterations,
        };
        let ratings = &mut self.ratings[field.contestants.clone()];
        for (place, (rating, strength)) in (0..).zip(ratings.iter_mut().zip(strengths)) {
            *rating = (MEAN_RATING + POINTS * strength, place);
        }
        ratings.sort_by(|a, b| b.0.total_cmp(&a.0));
    }

    /// Writes a group of the last range if it is fitted or has no maximum. Returns false if it must
    /// take the general path.
    pub fn write(&self, at: usize, boards: &mut Boards) -> bool {
        let Some(field) = &self.fields[at] else {
            return false;
        };
        let contestants = &self.contestants[field.contestants.clone()];
        let size = contestants.len();
        let points = field.points(&self.points);
        let standing = |place: usize| {
            let won: f64 = points[place * size..(place + 1) * size].iter().sum();
            let lost: f64 = (0..size).map(|other| points[other * size + place]).sum();
            (won, won + lost)
        };
        match field.fit {
            Fit::NoMaximum => {
                let outside = Reach::new(points, size).reasons(points);
                boards.push_no_fit();
                for (place, (&contestant, outside)) in contestants.iter().zip(outside).enumerate() {
                    let (won, matches) = standing(place);
                    let unrated = Unrated {
                        contestant,
                        state: match outside {
                            Some(_) => State::Outside,
                            None => State::Unrated,
                        },
                        matches: matches as u64,
                        win_rate: won / matches,
                        outside,
                    };
                    boards.push_unrated(&unrated, self.rating);
                }
                boards.close(size, Status::NoMaximum, field.counted);
            }
            Fit::Found {
                distance,
                iterations,
            } => {
                let mut total = 0.0;
                for &(rating, place) in &self.ratings[field.contestants.clone()] {
                    let (won, matches) = standing(place as usize);
                    total += won;
                    boards.contestant.push(contestants[place as usize]);
                    boards.state.push(State::Rated as u8);
                    boards.rating.push(rating);
                    boards.win_rate.push(won / matches);
                    boards.own_matches.push(matches as u64);
                }
                boards.rated.push(size as u32);
                boards.matches.push(total as u64);
                boards.close(size, Status::Rated, field.counted);
                boards.distance.push(distance);
                boards.iterations.push(iterations as u64);
                boards.without_maximum.push(0);
            }
            Fit::Awaited => return false,
        }
        true
    }
}

/// The number of slots of the hash table, four times the maximum number of contestants, so that
/// collisions are rare.
const SLOTS: usize = 4 * SMALL;

/// The points of a group whose contestants are assigned seats in order of appearance.
struct Seats {
    /// A hash table from the code to the seat of a contestant.
    slots: [(u32, u32); SLOTS],
    /// The contestant of each seat.
    codes: Vec<u32>,
    /// The points that each seat won from each other.
    points: Box<[[f64; SMALL]; SMALL]>,
}

const FREE: u32 = u32::MAX;

impl Default for Seats {
    fn default() -> Self {
        Self {
            slots: [(FREE, 0); SLOTS],
            codes: Vec::new(),
            points: Box::new([[0.0; SMALL]; SMALL]),
        }
    }
}

impl Seats {
    fn clear(&mut self) {
        self.slots.fill((FREE, 0));
        for row in &mut self.points[..self.codes.len()] {
            row[..self.codes.len()].fill(0.0);
        }
        self.codes.clear();
    }

    /// The seat of a contestant; `None` if no seat is left.
    fn of(&mut self, code: u32) -> Option<usize> {
        let mut slot = code.wrapping_mul(0x9E37_79B9) as usize >> (u32::BITS - SLOTS.ilog2());
        loop {
            let (known, seat) = self.slots[slot];
            if known == code {
                return Some(seat as usize);
            }
            if known == FREE {
                break;
            }
            slot = (slot + 1) % SLOTS;
        }
        let seat = self.codes.len();
        if seat == SMALL {
            return None;
        }
        self.codes.push(code);
        self.slots[slot] = (code, seat as u32);
        Some(seat)
    }

    /// Counts the points of a group. Returns its number of matches, or `None` if there are too many
    /// contestants or matches.
    fn count(&mut self, groups: &Groups, group: usize, ties: Ties) -> Option<u64> {
        let points = Outcome::PLAIN.map(|outcome| match ties {
            Ties::Exclude if outcome.is_tie() => (0.0, 0.0),
            _ => outcome.points(),
        });
        let mut counted = 0_u64;
        for (key, count) in groups.plain.of(group) {
            let (first, second, outcome) = unpack(key);
            let (first, second) = (self.of(first)?, self.of(second)?);
            counted = counted.saturating_add(count);
            let (count, points) = (count as f64, points[outcome as usize & 3]);
            self.points[first][second] += count * points.0;
            self.points[second][first] += count * points.1;
        }
        (counted < EXACT).then_some(counted)
    }

    /// Appends the points with the contestants in the given order.
    fn points_into(&mut self, contestants: &[u32], out: &mut Vec<f64>) {
        let mut seats = [0; SMALL];
        for (seat, &code) in seats.iter_mut().zip(contestants) {
            *seat = self.of(code).unwrap_or(0);
        }
        let seats = &seats[..contestants.len()];
        for &seat in seats {
            let row = &self.points[seat];
            out.extend(seats.iter().map(|&other| row[other]));
        }
    }
}
