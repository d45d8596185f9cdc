//! An independent Bradley-Terry fit for each group.
//!
//! Each group is processed exactly like a separate field, so its results are bit for bit equal to
//! those of rating its rows alone. If a group cannot be rated, the reason becomes its status, and
//! the other groups are not affected.

use rayon::prelude::*;

use super::{
    boards::{Boards, Outside, Rating, State, Status, Unrated},
    counts::Groups,
    small::Small,
};
use crate::{
    Error, Kinds, MEAN_RATING, Monitor, POINTS, Pairs, Standings, Tally,
    bootstrap::{Units, bootstrap},
    bradley_terry,
    elo::stable_elo,
    graph,
};

/// Rates settled groups.
///
/// # Errors
/// [`Error::CountOverflow`] if the number of matches of a group exceeds 64 bits.
/// [`Error::Interrupted`] if the work is cancelled.
pub fn rate(groups: &Groups, rating: &Rating, monitor: &Monitor) -> Result<Boards, Error> {
    // Few groups are distributed to the threads individually, many groups in parts that are fitted
    // together.
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

/// A group while it is being rated.
struct Group<'a> {
    rating: &'a Rating,
    /// The codes of the remaining contestants.
    contestants: Vec<u32>,
    tally: Tally,
    standings: Standings,
    counted: u64,
    unrated: Vec<Unrated>,
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
                if !self.rating.largest || outside + 1 >= whole {
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

    /// Removes contestants with too few matches.
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

    /// Keeps some contestants. `outside` contains the reason why each removed contestant is outside
    /// the largest component, if it is.
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

    /// Writes a group that is not rated.
    fn close(self, boards: &mut Boards, status: Status) {
        let none = vec![None; self.contestants.len()];
        self.close_with(boards, status, &none);
    }

    /// Writes a group that is not rated, some of whose contestants are `outside` the largest
    /// component.
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

    /// Computes the intervals and the Elo ratings of a fitted group, and writes its rows.
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

    /// Writes the rows of the unrated contestants, in the order of their codes, and ends the group.
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

/// The reason why each contestant is outside the largest component, if it is.
pub(super) fn reasons(outsiders: &[graph::Outsiders], contestants: usize) -> Vec<Option<Outside>> {
    let mut out = vec![None; contestants];
    for group in outsiders {
        for &contestant in &group.contestants {
            out[contestant as usize] = Some(Outside {
                members: group.contestants.len() as u32,
                standing: group.standing as u8,
                apart: group.apart,
                matches: group.matches,
                won: group.points.0,
                lost: group.points.1,
            });
        }
    }
    out
}
