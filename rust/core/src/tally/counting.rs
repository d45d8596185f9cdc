//! Functions shared by the dense and the sparse counts.

use crate::Error;

pub fn add_counts(a: u64, b: u64) -> Result<u64, Error> {
    a.checked_add(b).ok_or(Error::CountOverflow)
}

#[allow(
    clippy::needless_bitwise_bool,
    reason = "without branches it is vectorized"
)]
pub fn in_range(first: &[u32], second: &[u32], outcome: &[u8], contestants: u32) -> bool {
    let bad = (first.iter().zip(second).zip(outcome)).fold(
        false,
        |bad, ((&first, &second), &outcome)| {
            bad | (first.max(second) >= contestants) | (first == second) | (outcome > 3)
        },
    );
    !bad
}
