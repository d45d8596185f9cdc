//! Elo ratings: one replay in a given order, and Stable Elo over random orders.

mod expected;
mod order;
mod running;
mod stable;

pub use running::{Elo, START};
pub use stable::{StableElo, order, stable_elo};
