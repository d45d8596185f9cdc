//! The engine of humorrank: from pairwise matches to ratings, with no Python in it.
//!
//! Data walks one way: matches are counted in a [`Tally`]; [`Pairs`] is what a fit
//! needs of it; [`graph`] says whether the likelihood has a maximum; [`bradley_terry`]
//! finds and certifies it; [`bootstrap`] says how far to trust it; [`elo`] is the second
//! opinion. [`schedule`] picks the matches of a tournament in the first place. Every random draw comes from [`random::stream`], so a seed gives the same
//! bits whatever the number of threads.

pub mod bootstrap;
pub mod bradley_terry;
pub mod difference;
pub mod elo;
mod error;
pub mod graph;
pub mod groups;
mod links;
pub mod monitor;
pub mod names;
pub mod pairs;
mod point_column;
pub mod random;
pub mod resample;
pub mod schedule;
pub mod tally;

pub use error::Error;
pub use groups::Groups;
pub use monitor::Monitor;
pub use names::Interner;
pub use pairs::{Kinds, Pairs, Standings, Ties};
pub use point_column::PointColumn;
pub use tally::{Cell, Outcome, Tally};

/// Rating points in one natural-log unit of strength: 400 / ln 10.
pub const POINTS: f64 = 400.0 / std::f64::consts::LN_10;

/// The mean of the ratings of a field that is not anchored.
pub const MEAN_RATING: f64 = 1000.0;
