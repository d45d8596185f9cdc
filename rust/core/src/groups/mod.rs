//! The tally of many groups: counts of each outcome for each ordered pair of contestants,
//! separately for each group of matches with the same keys (prompt, judge, ...), and the ratings of
//! each group.
//!
//! Counts are integers and cells are sorted, so the result does not depend on the order of the
//! rows.

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
