//! The engine of humorrank: from pairwise matches to ratings, with no Python in it.
//!
//! Data walks one way: matches are counted in a [`Tally`]; [`Pairs`] is what a fit
//! needs of it; [`graph`] says whether the likelihood has a maximum; [`bradley_terry`]
//! finds and certifies it; [`bootstrap`] says how far to trust it; [`elo`] is the second
//! opinion. [`schedule`] picks the matches of a tournament in the first place. Every random draw comes from [`random::stream`], so a seed gives the same
//! bits whatever the number of threads.

pub mod bootstrap;
pub mod bradley_terry;
pub mod elo;
mod error;
pub mod graph;
pub mod groups;
pub mod monitor;
pub mod names;
pub mod pairs;
pub mod random;
pub mod resample;
mod scale;
pub mod schedule;
pub mod tally;

pub use error::Error;
pub use groups::Groups;
pub use monitor::Monitor;
pub use names::Interner;
pub use pairs::{Kinds, Pairs, PointColumn, Standings, Ties};
pub use scale::{MEAN_RATING, POINTS};
pub use tally::{Cell, Outcome, Tally};
