//! The settings and the results of rating groups.

use crate::{Ties, bradley_terry::Settings};

/// The settings of rating groups.
#[derive(Clone, Copy, Debug)]
pub struct Rating {
    /// The treatment of ties.
    pub ties: Ties,
    /// Contestants with fewer matches are removed until all remaining ones have at least this many.
    pub min_matches: u64,
    /// Whether to rate the largest component if the likelihood has no maximum.
    pub largest: bool,
    /// The contestant whose rating is fixed, and that rating.
    pub anchor: Option<(u32, f64)>,
    /// The settings of the fits.
    pub settings: Settings,
    /// The number of bootstrap replicates. With 0, no intervals are computed.
    pub replicates: usize,
    /// The confidence level of the intervals.
    pub confidence: f64,
    /// The number of random orders of Stable Elo. With 0, no Elo ratings are computed.
    pub shuffles: usize,
    /// The maximum change of an Elo rating in one match.
    pub k: f64,
    /// The seed of all random draws.
    pub seed: u64,
}

/// The result of rating a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// The group is rated.
    Rated = 0,
    /// The group has no matches that count.
    NoMatches = 1,
    /// The likelihood of the group has no maximum.
    NoMaximum = 2,
    /// The maximum of the group could not be certified.
    NotConverged = 3,
    /// The anchor is not among the rated contestants of the group.
    NoAnchor = 4,
}

/// The result of rating a contestant of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// The contestant is rated.
    Rated = 0,
    /// The contestant is unrated because the group is unrated.
    Unrated = 1,
    /// The contestant is outside the largest component, for the reason given by [`Outside`].
    Outside = 2,
    /// The contestant has fewer matches than required.
    FewMatches = 3,
}

/// The reason why a contestant is outside the largest component.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outside {
    /// The number of contestants with the same reason: those of a strongly connected component, or
    /// of a group that no match connects to the largest component.
    pub members: u32,
    /// The code of their [`Standing`](crate::graph::Standing).
    pub standing: u8,
    /// Whether no match connects them to the largest component.
    pub apart: bool,
    /// The number of their matches against all others.
    pub matches: u64,
    /// The points they won in those matches.
    pub won: f64,
    /// The points the others won in those matches.
    pub lost: f64,
}

/// The ratings of all groups, one row per contestant of a group. The rows of a group are
/// contiguous. Rated contestants come first, in descending order of rating; equal ratings are in
/// the order of the codes.
#[derive(Clone, Debug, Default)]
pub struct Boards {
    /// The number of rows of each group.
    pub lengths: Vec<u32>,
    /// The number of rated contestants of each group.
    pub rated: Vec<u32>,
    /// The [`Status`] of each group.
    pub status: Vec<u8>,
    /// The number of rated matches of each group.
    pub matches: Vec<u64>,
    /// The number of all matches of each group.
    pub counted: Vec<u64>,
    /// The certificate of each group in points; NaN without a fit.
    pub distance: Vec<f64>,
    /// The number of iterations of each fit.
    pub iterations: Vec<u64>,
    /// The number of replicates of each group without a maximum.
    pub without_maximum: Vec<u64>,
    /// The contestants.
    pub contestant: Vec<u32>,
    /// The [`State`] of each contestant.
    pub state: Vec<u8>,
    /// The ratings in points; NaN for unrated contestants.
    pub rating: Vec<f64>,
    /// The lower ends of the intervals; empty without bootstrap.
    pub lower: Vec<f64>,
    /// The upper ends of the intervals; empty without bootstrap.
    pub upper: Vec<f64>,
    /// The points won divided by the points that could have been won.
    pub win_rate: Vec<f64>,
    /// The number of matches of each contestant.
    pub own_matches: Vec<u64>,
    /// The mean Stable Elo ratings; empty without shuffles.
    pub elo: Vec<f64>,
    /// The standard deviations of the Stable Elo ratings; empty without shuffles.
    pub elo_deviation: Vec<f64>,
    /// The rows of contestants outside the largest component, with the reasons.
    pub outside: Vec<(u64, Outside)>,
}

/// A contestant without a rating.
pub(super) struct Unrated {
    pub contestant: u32,
    pub state: State,
    pub matches: u64,
    pub win_rate: f64,
    pub outside: Option<Outside>,
}

impl Boards {
    /// Appends the entries of a group without a fit.
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

    /// Ends a group with `length` rows.
    pub(super) fn close(&mut self, length: usize, status: Status, counted: u64) {
        self.lengths.push(length as u32);
        self.status.push(status as u8);
        self.counted.push(counted);
    }

    pub(super) fn append(&mut self, mut other: Self) {
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
