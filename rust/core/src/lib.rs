//! The rating engine of humorrank: from pairwise matches to ratings, independent of Python.
//!
//! Data flows in one direction. A [`Tally`] counts the matches. [`Pairs`] holds the statistics of
//! the tally that a fit needs. [`graph`] determines whether the likelihood has a maximum, and
//! [`bradley_terry`] finds and certifies it. [`bootstrap`] estimates its uncertainty, and [`elo`]
//! provides alternative ratings. [`groups`] rates each group of matches independently. [`schedule`]
//! selects the matches of a tournament. Every random draw comes from [`random::stream`], so a seed
//! gives the same bits for any number of threads.

pub mod bootstrap;
pub mod bradley_terry;
pub mod checksum;
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
