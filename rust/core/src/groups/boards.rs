//! How groups are rated, and what comes of each of them.

use crate::{Ties, bradley_terry::Settings};

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
    /// The code of their [`Standing`](crate::graph::Standing).
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

/// A contestant without a rating.
pub(super) struct Unrated {
    pub contestant: u32,
    pub state: State,
    pub matches: u64,
    pub win_rate: f64,
    pub outside: Option<Outside>,
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
