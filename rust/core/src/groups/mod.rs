//! The tally of many groups: how often each outcome was seen between each ordered pair of
//! contestants, apart for each group of matches that share their keys (prompt, judge, ...).
//!
//! Counts are integers and cells are sorted, so that the order of the rows leaves no trace.

mod boards;
mod buckets;
mod counts;
mod finder;
mod layout;
mod rate;
mod reach;
mod rows;
mod runs;
mod small;
mod special;
#[cfg(test)]
mod tests;

pub use boards::{Boards, Outside, Rating, State, Status};
pub use counts::{Groups, Missing};
pub use finder::NO_KEY;
pub use rate::rate;
pub use rows::Rows;
