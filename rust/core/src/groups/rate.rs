//! An independent Bradley-Terry for each group.
//!
//! Each group goes the way of a field of its own, step by step, so that its figures are, bit for
//! bit, those of rating its rows alone. What keeps a group from being rated is a state of that
//! group, and never fails the others.

use rayon::prelude::*;

use super::{Groups, small::Small};
use crate::{
    Error, Kinds, MEAN_RATING, Monitor, POINTS, Pairs, Standings, Tally, Ties,
    bootstrap::{Units, bootstrap},
    bradley_terry::{self, Settings},
    elo::stable_elo,
    graph::{self, Standing},
};

/// How groups are rated.
#[derive(Clone, Copy, Debug)]
pub struct Rating {
    /// How a tie counts.
    pub ties: Ties,
    /// Contestants with fewer matches are left out, until everyone left has as many.
    pub min_matches: u64,
    /// Whether the largest component is rated where the likelihood has no maximum.
    pub largest: bool,
    /// The contestant whose rating is given, and that rating.
    pub anchor: Option<(u32, f64)>,
    /// Of the fits.
    pub settings: Settings,
    /// Bootstrap replicates; none for no intervals.
    pub replicates: usize,
    /// Of the intervals.
    pub confidence: f64,
    /// Random orders behind Stable Elo; none for no Elo.
    pub shuffles: usize,
    /// The most points that a match moves an Elo rating.
    pub k: f64,
    /// Of everything that is drawn.
    pub seed: u64,
}

/// What came of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// It is rated.
    Rated = 0,
    /// It has no matches that count.
    NoMatches = 1,
    /// Its likelihood has no maximum.
    NoMaximum = 2,
    /// Its maximum could not be certified.
    NotConverged = 3,
    /// The anchor is not among its rated contestants.
    NoAnchor = 4,
}

/// What came of a contestant of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Rated.
    Rated = 0,
    /// Unrated because the group is.
    Unrated = 1,
    /// Outside the largest component; [`Outside`] says why.
    Outside = 2,
    /// Fewer matches than asked for.
    FewMatches = 3,
}

/// Why a contestant is outside the largest component.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outside {
    /// How many contestants share the reason: a strongly connected component, or a group that no
    /// match connects.
    pub members: u32,
    /// 0 inside, 1 above, 2 below, 3 unordered.
    pub standing: u8,
    /// Whether no match connects them to the component.
    pub apart: bool,
    /// Their matches against everyone else.
    pub matches: u64,
    /// Their points from those.
    pub won: f64,
    /// The points of the others.
    pub lost: f64,
}

/// The ratings of all groups, one row a contestant of a group; the rows of a group stand
/// together, rated ones first and best, those of equal ratings in the order of their codes.
#[derive(Clone, Debug, Default)]
pub struct Boards {
    /// The rows of each group.
    pub lengths: Vec<u32>,
    /// How many of them are rated.
    pub rated: Vec<u32>,
    /// What came of each group.
    pub status: Vec<u8>,
    /// The matches rated in each group.
    pub matches: Vec<u64>,
    /// All matches of each group.
    pub counted: Vec<u64>,
    /// The certificate of each group in points; not a number without a fit.
    pub distance: Vec<f64>,
    /// The iterations of each fit.
    pub iterations: Vec<u64>,
    /// The replicates of each group that had no maximum.
    pub without_maximum: Vec<u64>,
    /// The contestants.
    pub contestant: Vec<u32>,
    /// What came of them, as [`State`].
    pub state: Vec<u8>,
    /// Ratings in points; not a number where there is none.
    pub rating: Vec<f64>,
    /// Lower ends; empty without bootstrap.
    pub lower: Vec<f64>,
    /// Upper ends; empty without bootstrap.
    pub upper: Vec<f64>,
    /// Points won over points to win.
    pub win_rate: Vec<f64>,
    /// Matches.
    pub own_matches: Vec<u64>,
    /// Stable Elo; empty without shuffles.
    pub elo: Vec<f64>,
    /// Its deviation; empty without shuffles.
    pub elo_deviation: Vec<f64>,
    /// Rows of contestants outside the largest component, and why.
    pub outside: Vec<(u64, Outside)>,
}

/// Rates settled groups.
///
/// # Errors
/// [`Error::CountOverflow`] if a group has more matches than 64 bits can count;
/// [`Error::Interrupted`].
pub fn rate(groups: &Groups, rating: &Rating, monitor: &Monitor) -> Result<Boards, Error> {
    // Few groups go to the threads one by one, many in parts that are fitted together.
    let part = (groups.len() / 64).clamp(1, 64);
    let parts = groups.len().div_ceil(part);
    let boards: Vec<Boards> = (0..parts)
        .into_par_iter()
        .map(|at| {
            let (mut boards, mut small) = (Boards::default(), Small::new(groups, rating));
            let range = at * part..groups.len().min((at + 1) * part);
            small.fit(range.clone(), monitor)?;
            for (place, group) in range.enumerate() {
                monitor.check()?;
                if !small.write(place, &mut boards) {
                    let (contestants, tally) = groups.group(group)?;
                    Group::new(contestants, tally, rating)?.rate(&mut boards, monitor)?;
                }
                monitor.advance(1);
            }
            Ok(boards)
        })
        .collect::<Result<_, Error>>()?;
    let mut all = Boards::default();
    for boards in boards {
        all.append(boards);
    }
    Ok(all)
}

/// One group on its way.
struct Group<'a> {
    rating: &'a Rating,
    /// The code of each contestant that is left.
    contestants: Vec<u32>,
    tally: Tally,
    standings: Standings,
    counted: u64,
    unrated: Vec<Unrated>,
}

/// A contestant without a rating.
pub(super) struct Unrated {
    pub contestant: u32,
    pub state: State,
    pub matches: u64,
    pub win_rate: f64,
    pub outside: Option<Outside>,
}

impl<'a> Group<'a> {
    fn new(contestants: Vec<u32>, tally: Tally, rating: &'a Rating) -> Result<Self, Error> {
        Ok(Self {
            rating,
            contestants,
            standings: Standings::from_tally(&tally, rating.ties)?,
            counted: tally.matches()?,
            tally,
            unrated: Vec::new(),
        })
    }

    fn rate(mut self, boards: &mut Boards, monitor: &Monitor) -> Result<(), Error> {
        self.leave_few()?;
        if self.standings.total == 0 {
            self.close(boards, Status::NoMatches);
            return Ok(());
        }
        let mut pairs = Pairs::from_tally(&self.tally, self.rating.ties)?;
        if self.rating.settings.prior == 0.0 {
            let outsiders =
                graph::outsiders(&pairs, || Pairs::matches(&self.tally, self.rating.ties));
            let outside: usize = outsiders.iter().map(|of| of.contestants.len()).sum();
            if outside > 0 {
                let whole = self.contestants.len();
                let reason_of = reasons(&outsiders, whole);
                if !self.rating.largest || outside + 1 == whole {
                    self.close_with(boards, Status::NoMaximum, &reason_of);
                    return Ok(());
                }
                self.keep(|contestant| reason_of[contestant].is_none(), &reason_of)?;
                pairs = Pairs::from_tally(&self.tally, self.rating.ties)?;
            }
        }
        let shift_of = |contestants: &[u32]| match self.rating.anchor {
            None => Some((0, None)),
            Some((name, rating)) => {
                let at = contestants.iter().position(|&own| own == name)?;
                Some((at, Some(rating)))
            }
        };
        let Some((anchor, anchored)) = shift_of(&self.contestants) else {
            self.close(boards, Status::NoAnchor);
            return Ok(());
        };
        let fit = match bradley_terry::fit_connected(&pairs, None, self.rating.settings, monitor) {
            Err(Error::NotConverged { .. }) => {
                self.close(boards, Status::NotConverged);
                return Ok(());
            }
            fit => fit?,
        };
        let mut ratings: Vec<f64> = fit
            .strengths
            .iter()
            .map(|strength| MEAN_RATING + POINTS * strength)
            .collect();
        let shift = anchored.map_or(0.0, |rating| rating - ratings[anchor]);
        if anchored.is_some() {
            for rating in &mut ratings {
                *rating += shift;
            }
        }
        let fitted = Fitted {
            strengths: &fit.strengths,
            ratings,
            shift,
        };
        boards.distance.push(fit.distance);
        boards.iterations.push(fit.iterations as u64);
        self.draw(boards, &pairs, &fitted, monitor)
    }

    /// Leaves out contestants with too few matches.
    fn leave_few(&mut self) -> Result<(), Error> {
        let needed = self.rating.min_matches;
        while self
            .standings
            .matches
            .iter()
            .any(|&matches| matches < needed)
        {
            let enough: Vec<bool> = (self.standings.matches.iter())
                .map(|&matches| matches >= needed)
                .collect();
            let none = vec![None; enough.len()];
            self.keep(|contestant| enough[contestant], &none)?;
        }
        Ok(())
    }

    /// Goes on with some contestants; `outside` says why the others are outside the largest
    /// component, if that is what they are.
    fn keep(
        &mut self,
        stays: impl Fn(usize) -> bool,
        outside: &[Option<Outside>],
    ) -> Result<(), Error> {
        let mut codes = vec![None; self.contestants.len()];
        let mut left = Vec::new();
        for (contestant, code) in codes.iter_mut().enumerate() {
            if stays(contestant) {
                *code = Some(left.len() as u32);
                left.push(self.contestants[contestant]);
            } else {
                let state = match outside[contestant] {
                    Some(_) => State::Outside,
                    None => State::FewMatches,
                };
                let unrated = self.unrated_row(contestant, state, outside[contestant]);
                self.unrated.push(unrated);
            }
        }
        let mut tally = self.tally.relabel(&codes)?;
        tally.grow(left.len());
        self.standings = Standings::from_tally(&tally, self.rating.ties)?;
        self.tally = tally;
        self.contestants = left;
        Ok(())
    }

    fn unrated_row(&self, contestant: usize, state: State, outside: Option<Outside>) -> Unrated {
        Unrated {
            contestant: self.contestants[contestant],
            state,
            matches: self.standings.matches[contestant],
            win_rate: self.standings.points[contestant] / self.standings.weight[contestant],
            outside,
        }
    }

    /// Writes down a group that is not rated.
    fn close(self, boards: &mut Boards, status: Status) {
        let none = vec![None; self.contestants.len()];
        self.close_with(boards, status, &none);
    }

    /// The same, where some are `outside` the largest component.
    fn close_with(mut self, boards: &mut Boards, status: Status, outside: &[Option<Outside>]) {
        for (contestant, outside) in outside.iter().enumerate() {
            let state = match outside {
                Some(_) => State::Outside,
                None => State::Unrated,
            };
            let unrated = self.unrated_row(contestant, state, *outside);
            self.unrated.push(unrated);
        }
        boards.push_no_fit();
        self.finish(boards, status, 0);
    }

    /// Intervals and Elo of a fitted group, and its rows.
    fn draw(
        self,
        boards: &mut Boards,
        pairs: &Pairs,
        fitted: &Fitted,
        monitor: &Monitor,
    ) -> Result<(), Error> {
        let rating = self.rating;
        let mut without_maximum = 0;
        let (mut intervals, mut elo) = (None, None);
        if rating.replicates > 0 || rating.shuffles > 0 {
            let kinds = Kinds::from_tally(&self.tally, rating.ties)?;
            if rating.replicates > 0 {
                let drawn = bootstrap(
                    pairs,
                    Units::Matches(&kinds),
                    fitted.strengths,
                    rating.settings,
                    rating.replicates,
                    rating.seed,
                    monitor,
                );
                let drawn = match drawn {
                    Err(Error::NotConverged { .. }) => {
                        self.close(boards, Status::NotConverged);
                        return Ok(());
                    }
                    drawn => drawn?,
                };
                without_maximum = drawn.without_maximum;
                intervals = Some(drawn.intervals(rating.confidence));
            }
            if rating.shuffles > 0 {
                let (k, shuffles) = (rating.k, rating.shuffles);
                elo = Some(stable_elo(
                    pairs,
                    &kinds,
                    k,
                    shuffles,
                    rating.seed,
                    monitor,
                )?);
            }
        }
        let ratings = &fitted.ratings;
        let mut order: Vec<usize> = (0..ratings.len()).collect();
        order.sort_by(|&a, &b| ratings[b].total_cmp(&ratings[a]));
        for &at in &order {
            boards.contestant.push(self.contestants[at]);
            boards.state.push(State::Rated as u8);
            boards.rating.push(ratings[at]);
            let standings = &self.standings;
            boards
                .win_rate
                .push(standings.points[at] / standings.weight[at]);
            boards.own_matches.push(standings.matches[at]);
            if let Some(intervals) = &intervals {
                boards.lower.push(intervals[at].0 + fitted.shift);
                boards.upper.push(intervals[at].1 + fitted.shift);
            }
            if let Some(elo) = &elo {
                boards.elo.push(elo.mean[at]);
                boards.elo_deviation.push(elo.deviation[at]);
            }
        }
        boards.without_maximum.push(without_maximum as u64);
        boards.rated.push(order.len() as u32);
        boards.matches.push(self.standings.total);
        self.finish(boards, Status::Rated, order.len());
        Ok(())
    }

    /// The rows of those who are not rated, in the order of their codes, and the end of the group.
    fn finish(mut self, boards: &mut Boards, status: Status, rated: usize) {
        self.unrated
            .sort_unstable_by_key(|unrated| unrated.contestant);
        let length = rated + self.unrated.len();
        for unrated in &self.unrated {
            boards.push_unrated(unrated, self.rating);
        }
        boards.close(length, status, self.counted);
    }
}

struct Fitted<'a> {
    strengths: &'a [f64],
    ratings: Vec<f64>,
    shift: f64,
}

/// How [`Outside`] writes a standing.
pub(super) fn standing_code(standing: Standing) -> u8 {
    match standing {
        Standing::Inside => 0,
        Standing::Above => 1,
        Standing::Below => 2,
        Standing::Unordered => 3,
    }
}

/// Why each contestant is outside the largest component, if it is.
pub(super) fn reasons(outsiders: &[graph::Outsiders], contestants: usize) -> Vec<Option<Outside>> {
    let mut out = vec![None; contestants];
    for group in outsiders {
        for &contestant in &group.contestants {
            out[contestant as usize] = Some(Outside {
                members: group.contestants.len() as u32,
                standing: standing_code(group.standing),
                apart: group.apart,
                matches: group.matches,
                won: group.points.0,
                lost: group.points.1,
            });
        }
    }
    out
}

impl Boards {
    /// Writes down that a group has no fit.
    pub(super) fn push_no_fit(&mut self) {
        self.distance.push(f64::NAN);
        self.iterations.push(0);
        self.without_maximum.push(0);
        self.rated.push(0);
        self.matches.push(0);
    }

    pub(super) fn push_unrated(&mut self, unrated: &Unrated, rating: &Rating) {
        if let Some(outside) = unrated.outside {
            self.outside.push((self.contestant.len() as u64, outside));
        }
        self.contestant.push(unrated.contestant);
        self.state.push(unrated.state as u8);
        self.rating.push(f64::NAN);
        self.win_rate.push(unrated.win_rate);
        self.own_matches.push(unrated.matches);
        if rating.replicates > 0 {
            self.lower.push(f64::NAN);
            self.upper.push(f64::NAN);
        }
        if rating.shuffles > 0 {
            self.elo.push(f64::NAN);
            self.elo_deviation.push(f64::NAN);
        }
    }

    /// Ends a group of this many rows.
    pub(super) fn close(&mut self, length: usize, status: Status, counted: u64) {
        self.lengths.push(length as u32);
        self.status.push(status as u8);
        self.counted.push(counted);
    }

    fn append(&mut self, mut other: Self) {
        let before = self.contestant.len() as u64;
        let outside = other.outside.drain(..);
        self.outside
            .extend(outside.map(|(row, reason)| (before + row, reason)));
        self.lengths.append(&mut other.lengths);
        self.rated.append(&mut other.rated);
        self.status.append(&mut other.status);
        self.matches.append(&mut other.matches);
        self.counted.append(&mut other.counted);
        self.distance.append(&mut other.distance);
        self.iterations.append(&mut other.iterations);
        self.without_maximum.append(&mut other.without_maximum);
        self.contestant.append(&mut other.contestant);
        self.state.append(&mut other.state);
        self.rating.append(&mut other.rating);
        self.lower.append(&mut other.lower);
        self.upper.append(&mut other.upper);
        self.win_rate.append(&mut other.win_rate);
        self.own_matches.append(&mut other.own_matches);
        self.elo.append(&mut other.elo);
        self.elo_deviation.append(&mut other.elo_deviation);
    }
}
